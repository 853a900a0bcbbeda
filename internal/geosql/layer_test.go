package geosql_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/geosql"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// source has a table t whose columns are known: id is its FID, d a date, b a boolean, g a geometry, w a text of width 5.
func source(t testing.TB) *geosql.Source {
	t.Helper()
	c := memory(t)
	if err := c.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, d DATE, b BOOLEAN, g BLOB, w TEXT NOT NULL DEFAULT 'x', odd INTEGER);
		INSERT INTO t VALUES (3, '2024-02-29', 1, ST_Point(1, 2, 28992), 'a', 1), (5, NULL, 0, NULL, 'b', 'two'),
			(9, '2024/03/01', 7, ST_Point(3, 4, 28992), 'c', 3.5)`); err != nil {
		t.Fatal(err)
	}
	return &geosql.Source{
		Conn: func() (*sqlite.Conn, error) { return c, nil },
		Origin: func(table, column, _ string) (geosql.Origin, bool) {
			if table != "t" {
				return geosql.Origin{}, false
			}
			switch column {
			case "id":
				return geosql.Origin{FID: true}, true
			case "d":
				return geosql.Origin{Field: &feature.Field{Name: "d", Type: feature.DateField}}, true
			case "b":
				return geosql.Origin{Field: &feature.Field{Name: "b", Type: feature.Integer, Subtype: feature.Boolean}}, true
			case "g":
				return geosql.Origin{Geom: &feature.GeomField{Name: "g", Type: feature.Point, SRS: feature.SRS{Name: "ours"}}}, true
			case "w":
				return geosql.Origin{Field: &feature.Field{Name: "w", Width: 5, NotNull: true, Unique: true, Default: "'x'"}}, true
			}
			return geosql.Origin{Field: &feature.Field{Name: column, Type: feature.Integer64}}, true
		},
		SRS:  func(id int32) feature.SRS { return feature.SRS{Name: fmt.Sprint(id)} },
		Wrap: func(err error) error { return err },
	}
}

// shape prints a schema: fields as name:type, geometry columns as name:type/SRS, the FID as !name.
func shape(s *feature.Schema) string {
	var parts []string
	if s.FIDColumn != "" {
		parts = append(parts, "!"+s.FIDColumn)
	}
	for _, g := range s.Geoms {
		parts = append(parts, fmt.Sprintf("%s:%s/%s", g.Name, g.Type, g.SRS))
	}
	for _, f := range s.Fields {
		parts = append(parts, f.Name+":"+f.TypeName())
	}
	return strings.Join(parts, " ")
}

func TestSchema(t *testing.T) {
	const many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "
	for _, x := range []struct{ sql, shape, rows string }{
		{"SELECT 1 a, 1.5 b, 'x' c, x'00' d, NULL e", "a:Integer64 b:Real c:String d:Binary e:String", "0[1 1.5 x 00 (null)]"},
		{"SELECT 1 v UNION ALL SELECT 2.5 UNION ALL SELECT NULL", "v:Real", "0[1] 1[2.5] 2[(null)]"},
		{"SELECT 1 v UNION ALL SELECT 'x' UNION ALL SELECT 0.1", "v:String", "0[1] 1[x] 2[0.1]"},
		{"SELECT 'x' v UNION ALL SELECT x'ff'", "v:Binary", "0[78] 1[FF]"},
		{"SELECT 9223372036854775807 v", "v:Integer64", "0[9223372036854775807]"},
		{"SELECT 1 a, 2 a, 3 A, 4 ''", "a:Integer64 a_2:Integer64 A_3:Integer64 column_4:Integer64", "0[1 2 3 4]"},
		{"SELECT count(*), max(w) FROM t", "count(*):Integer64 max(w):String", "0[3 c]"},
		{
			"SELECT * FROM t", "!id g:POINT/ours d:Date b:Integer(Boolean) w:String odd:String",
			"3[2024/02/29 1 a 1] 5[(null) 0 b two] 9[2024/03/01 7 c 3.5]",
		},
		{"SELECT id AS x, w FROM t WHERE id > 3", "!x w:String", "5[b] 9[c]"},
		{"SELECT id, w FROM t ORDER BY id DESC", "id:Integer64 w:String", "0[9 c] 1[5 b] 2[3 a]"},
		{"SELECT id + 1 AS FID, w FROM t", "!FID w:String", "4[a] 6[b] 10[c]"},
		{"SELECT w AS fid FROM t", "fid:String", "0[a] 1[b] 2[c]"},
		{"SELECT id fid, id FROM t", "!fid id:Integer64", "3[3] 5[5] 9[9]"},
		{"SELECT a.id, b.id FROM t a, t b WHERE a.id = 3", "id:Integer64 id_2:Integer64", "0[3 3] 1[3 5] 2[3 9]"},
		{"SELECT max(d) m, d || '' n FROM t", "m:String n:String", "0[2024/03/01 2024/03/01]"},
		{"SELECT ST_Point(id, 1, 7) p FROM t", "p:POINT/7", "0[] 1[] 2[]"},
		{"SELECT ST_Point(1, 1, 7) p UNION ALL SELECT ST_GeomFromText('LINESTRING Z(1 2 3,4 5 6)', 8)", "p:GEOMETRY/unknown", "0[] 1[]"},
		{
			"SELECT ST_Point(1, 1, 7) p UNION ALL SELECT x'00'", "p:Binary",
			"0[47500001070000000101000000000000000000F03F000000000000F03F] 1[00]",
		},
		{"SELECT g, ST_Centroid(g) c, g AS g FROM t WHERE 0", "g:POINT/ours g_2:POINT/ours c:String", ""},
		{"SELECT a.w FROM t b LEFT JOIN t a ON a.id = b.id + 2", "w:String", "0[b] 1[(null)] 2[(null)]"},
		{
			"PRAGMA table_info(t)", "cid:Integer64 name:String type:String notnull:Integer64 dflt_value:String pk:Integer64",
			"0[0 id INTEGER 0 (null) 1] 1[1 d DATE 0 (null) 0] 2[2 b BOOLEAN 0 (null) 0] 3[3 g BLOB 0 (null) 0] 4[4 w TEXT 1 'x' 0] 5[5 odd INTEGER 0 (null) 0]",
		},
		// Behind the first page.
		{many + "SELECT CASE WHEN i < 550 THEN 1 ELSE 2.0 END v FROM n", "v:Integer64", "column v: 2.0 is not a value of type Integer64: CAST"},
		{many + "SELECT CASE WHEN i < 550 THEN 1.5 ELSE 'x' END v FROM n", "v:Real", "row 550: column v: the text \"x\" is not a value of type Real"},
		{many + "SELECT CASE WHEN i < 550 THEN 1.5 ELSE 9007199254740993 END v FROM n", "v:Real", "9007199254740993 is not"},
		{many + "SELECT CASE WHEN i < 550 THEN 'x' ELSE x'00' END v FROM n", "v:String", "the blob x'00' is not"},
		{many + "SELECT CASE WHEN i < 550 THEN i END fid FROM n", "!fid", "column fid: null is not an integer"},
		{many + "SELECT CASE WHEN i < 550 THEN ST_Point(1, 2) ELSE x'00' END v FROM n", "v:POINT/0", "geometry of 1 bytes"},
		{many + "SELECT CASE WHEN i < 550 THEN ST_Point(1, 2) ELSE ST_MakeEnvelope(1, 2, 3, 4) END v FROM n", "v:POINT/0", "is a POLYGON"},
		{many + "SELECT CASE WHEN i < 550 THEN ST_Point(1, 2) ELSE 5 END v FROM n", "v:POINT/0", "5 is not a geometry"},
	} {
		t.Run(x.sql, func(t *testing.T) {
			l, err := geosql.New(t.Context(), source(t), x.sql)
			if err != nil {
				t.Fatal(err)
			}
			if got := shape(l.Schema()); got != x.shape {
				t.Errorf("schema: %s, want %s", got, x.shape)
			}
			for range 2 {
				var rows []string
				for f, err := range l.Features(t.Context(), layer.Query{}) {
					if err != nil {
						if !strings.Contains(err.Error(), x.rows) {
							t.Errorf("%v, want %s", err, x.rows)
						}
						return
					}
					rows = append(rows, fmt.Sprint(f.FID, f.Values))
				}
				if got := strings.ReplaceAll(strings.Join(rows, " "), " [", "["); got != x.rows {
					t.Errorf("rows: %s, want %s", got, x.rows)
				}
			}
		})
	}
}

// TestBadRows passes over rows that do not fit, and tells of them.
func TestBadRows(t *testing.T) {
	l, err := geosql.New(t.Context(), source(t), "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "+
		"SELECT CASE WHEN i % 10 = 0 AND i > 500 THEN 'x' ELSE i END v FROM n")
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	n, err := layer.Count(t.Context(), l, layer.Query{OnBadRow: func(error) { bad++ }})
	if err != nil || n != 600 || bad != 0 { // nobody looks at a value
		t.Errorf("%d rows, %d bad, %v", n, bad, err)
	}
	n = 0
	for _, err := range l.Features(t.Context(), layer.Query{OnBadRow: func(error) { bad++ }}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 590 || bad != 10 {
		t.Errorf("%d rows, %d bad, want 590 and 10", n, bad)
	}
}

// TestInterleaved iterates a result twice at the same time, and ends one of the two.
func TestInterleaved(t *testing.T) {
	src := source(t)
	l, err := geosql.New(t.Context(), src, "SELECT a.id * b.id * c.id n FROM t a, t b, t c")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	outer := 0
	for _, err := range l.Features(t.Context(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		outer++
		var inner error
		for _, inner = range l.Features(ctx, layer.Query{}) {
			cancel()
		}
		if outer > 1 && !errors.Is(inner, context.Canceled) {
			t.Errorf("inner: %v", inner)
		}
	}
	if outer != 27 {
		t.Errorf("%d rows, want 27", outer)
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := geosql.New(ctx, source(t), "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) s FROM n")
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// TestLayerAllocs: a row allocates nothing once warm.
func TestLayerAllocs(t *testing.T) {
	l, err := geosql.New(t.Context(), source(t), "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "+
		"SELECT i fid, i a, i / 2.0 b, 'text' c, x'00' d, g, CASE i % 2 WHEN 0 THEN 'x' ELSE 1.5 END e FROM n, t")
	if err != nil {
		t.Fatal(err)
	}
	count := func(limit int64) float64 {
		return testing.AllocsPerRun(2, func() {
			for _, err := range l.Features(context.Background(), layer.Query{Limit: limit}) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if few, many := count(100), count(5000); many > few+5 {
		t.Errorf("100 rows allocate %v times, 5000 rows %v", few, many)
	}
}

func TestErrorText(t *testing.T) {
	_, err := geosql.New(t.Context(), source(t), "SELECT id,\n\t\"naïve\", nix(1)\nFROM t")
	if d := cmp.Diff("SQL: character 22: no such function: nix\n   \"naïve\", nix(1)\n            ^", fmt.Sprint(err)); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}
