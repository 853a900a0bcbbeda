package gpkg_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
)

// sqlFile makes a GeoPackage with a layer of points, every tenth of which has no geometry, and returns its name.
func sqlFile(t *testing.T, n int) string {
	t.Helper()
	ctx := context.Background()
	name := filepath.Join(t.TempDir(), "x.gpkg")
	ds, err := gpkg.New().Open(ctx, name, driver.Create, nil)
	if err != nil {
		t.Fatal(err)
	}
	srs := feature.SRS{Authority: "EPSG", Code: 4326}
	var rows []row
	for i := range n {
		r := row{null, []feature.Value{
			feature.Text(fmt.Sprint("place ", i)), feature.Int(int64(i)), feature.Days(int64(i)), feature.Bool(i%2 == 0),
		}, feature.AppendPoint(nil, float64(i), 1)}
		if i%10 == 9 {
			r.geom = nil
		}
		rows = append(rows, r)
	}
	createRows(t, ds, "places", &feature.Schema{
		Geoms: []feature.GeomField{{Name: "geom", Type: feature.Point, SRS: srs}},
		Fields: []feature.Field{
			{Name: "name", Width: 20, NotNull: true},
			{Name: "pop", Type: feature.Integer64},
			{Name: "day", Type: feature.DateField},
			{Name: "even", Type: feature.Integer, Subtype: feature.Boolean},
		},
	}, nil, rows)
	if err := ds.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func openSQL(t *testing.T, name string, mode driver.Mode) *gpkg.Dataset {
	t.Helper()
	ds, err := gpkg.New().Open(context.Background(), name, mode, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ds.Close() })
	return ds.(*gpkg.Dataset)
}

// rowsOf prints the rows of a layer: FID[values].
func rowsOf(t *testing.T, l layer.Layer) string {
	t.Helper()
	var rows []string
	for f, err := range l.Features(context.Background(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprint(f.FID, f.Values))
	}
	return strings.Join(rows, " ")
}

func TestQuery(t *testing.T) {
	d := openSQL(t, sqlFile(t, 20), driver.Read)
	for _, x := range []struct{ sql, schema, rows string }{
		{
			"SELECT * FROM places WHERE pop IN (3, 9)", "fid geom:POINT EPSG:4326 name:String(20) pop:Integer64(0) day:Date(0) even:Integer(Boolean)(0)",
			"4 [place 3 3 1970/01/04 0] 10 [place 9 9 1970/01/10 0]",
		},
		{"SELECT fid AS id, day FROM places LIMIT 1", "id day:Date(0)", "1 [1970/01/01]"},
		{
			"SELECT even, count(*) AS n, sum(pop) AS s, avg(pop) a FROM places GROUP BY 1", " even:Integer(Boolean)(0) n:Integer64(0) s:Integer64(0) a:Real(0)",
			"0 [0 10 100 10] 1 [1 10 90 9]",
		},
		{"SELECT max(day) AS m, min(name) n FROM places", " m:String(0) n:String(0)", "0 [1970-01-20 place 0]"},
		{"SELECT count(*) AS n FROM places WHERE ST_Intersects(geom, ST_MakeEnvelope(2, 0, 12, 3))", " n:Integer64(0)", "0 [10]"},
		{"SELECT count(*) AS n FROM places p JOIN rtree_places_geom r ON p.fid = r.id WHERE r.minx > 15", " n:Integer64(0)", "0 [3]"},
		{"SELECT ST_Centroid(geom) AS c, pop FROM places WHERE pop = 4", " c:POINT EPSG:4326 pop:Integer64(0)", "0 [4]"},
		{"SELECT table_name, srs_id FROM gpkg_contents", " table_name:String(0) srs_id:Integer64(0)", "0 [places 4326]"},
		{"WITH x AS (SELECT pop FROM places WHERE pop < 2) SELECT a.pop + b.pop AS s FROM x a, x b ORDER BY 1", " s:Integer64(0)", "0 [0] 1 [1] 2 [1] 3 [2]"},
		{"SELECT name, row_number() OVER (ORDER BY pop DESC) AS r FROM places LIMIT 1", " name:String(20) r:Integer64(0)", "0 [place 19 1]"},
		{"PRAGMA user_version", " user_version:Integer64(0)", "0 [10200]"},
	} {
		t.Run(x.sql, func(t *testing.T) {
			l, err := d.Query(t.Context(), x.sql)
			if err != nil {
				t.Fatal(err)
			}
			s := l.Schema()
			text := s.FIDColumn
			for _, g := range s.Geoms {
				text += fmt.Sprintf(" %s:%s %s", g.Name, g.Type, g.SRS)
			}
			for _, f := range s.Fields {
				text += fmt.Sprintf(" %s:%s(%d)", f.Name, f.TypeName(), f.Width)
			}
			if text != x.schema {
				t.Errorf("schema %s, want %s", text, x.schema)
			}
			if got := rowsOf(t, l); got != x.rows {
				t.Errorf("rows %s, want %s", got, x.rows)
			}
			if l.Name() != "SELECT" {
				t.Errorf("its name is %s", l.Name())
			}
		})
	}
}

// TestQueryAgainstOGR compares the schema that ogrinfo finds.
func TestQueryAgainstOGR(t *testing.T) {
	name := sqlFile(t, 20)
	d := openSQL(t, name, driver.Read)
	for _, sql := range []string{
		"SELECT * FROM places", "SELECT fid AS id, name, day, even FROM places", "SELECT name FROM places ORDER BY pop DESC",
		"SELECT ST_Centroid(geom) AS c, name || 'x' AS n FROM places", "SELECT geom, fid + 0 AS fid FROM places",
		"SELECT ST_MinX(geom) x, ST_GeometryType(geom) t, NULL e FROM places",
	} {
		out := testpeer.Output(t, "ogrinfo", "-so", "-sql", sql, name, "SELECT")
		l, err := d.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		s := l.Schema()
		var want []string
		if s.FIDColumn != "" {
			want = append(want, "FID Column = "+s.FIDColumn+"\n")
		}
		for _, g := range s.Geoms {
			want = append(want, "Geometry Column = "+g.Name+"\n", "Geometry: "+g.Type.OGRName()+"\n")
		}
		for _, f := range s.Fields {
			want = append(want, fmt.Sprintf("\n%s: %s (%d.0)\n", f.Name, f.TypeName(), f.Width))
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: OGR does not have %q:\n%s", sql, w, out)
			}
		}
	}
}

// TestQueryRefuses what would change something or leave the file, and leaves no trace.
func TestQueryRefuses(t *testing.T) {
	name := sqlFile(t, 5)
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, mode := range []driver.Mode{driver.Read, driver.Update} {
		d := openSQL(t, name, mode)
		for _, x := range []struct{ sql, want string }{
			{"DELETE FROM places", "would change something"},
			{"INSERT INTO places (name) VALUES ('x') RETURNING fid", "would change something"},
			{"CREATE TABLE x (a)", "would change something"},
			{"CREATE TEMP TABLE x (a)", "would change something"},
			{"VACUUM INTO '" + dir + "/y.db'", "would change something"},
			{"ATTACH '" + dir + "/z.db' AS z", "not allowed here"},
			{"BEGIN", "not allowed here"},
			{"PRAGMA journal_mode = WAL", "not allowed here"},
			{"SELECT 1; DELETE FROM places", "text after the statement"},
			{"SELECT nam FROM places", "x.gpkg: SQL: character 8: no such column: nam\n  SELECT nam FROM places\n         ^"},
			{"SELECT * FROM nowhere", "no such table: nowhere"},
		} {
			if _, err := d.Query(t.Context(), x.sql); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%s: %v, want %s", x.sql, err, x.want)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Query(t.Context(), "SELECT 1"); !errors.Is(err, os.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	}
	after, err := os.ReadFile(name)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file has changed (%v)", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("files were made: %v, %v", list, err)
	}
}

func TestExec(t *testing.T) {
	name := sqlFile(t, 20)
	d := openSQL(t, name, driver.Update)
	for _, x := range []struct {
		sql  string
		rows int64
		err  string
	}{
		{"UPDATE places SET pop = pop + 1000 WHERE pop >= 15", 5, ""},
		{"DELETE FROM places WHERE pop = 3", 1, ""},
		{"INSERT INTO places (name, geom) VALUES ('new', ST_Point(500, 5, 4326))", 1, ""},
		{"CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)", 0, ""},
		{"INSERT INTO notes (text) VALUES ('a'), ('b')", 2, ""},
		{"CREATE INDEX i ON notes (text)", 0, ""},
		{"VACUUM", 0, ""},
		{"UPDATE places SET name = NULL", 0, "NOT NULL constraint failed"},
		{"SELECT 1", 0, "changes nothing"},
		{"BEGIN", 0, "not allowed here"},
		{"ATTACH 'x' AS y", 0, "not allowed here"},
		{"VACUUM INTO '" + t.TempDir() + "/x.db'", 0, "not allowed here"},
		{"PRAGMA writable_schema = 1", 0, "not allowed here"},
		{"UPDATE sqlite_master SET sql = 'x'", 0, "may not be modified"},
		{"DELETE FROM rtree_places_geom_node", 0, "may not be modified"},
		{"UPDATE placs SET pop = 1", 0, "no such table: placs"},
		{"DELETE FROM places; DELETE FROM notes", 0, "text after the statement"},
	} {
		rows, err := d.Exec(t.Context(), x.sql)
		if x.err == "" && err != nil || x.err != "" && (err == nil || !strings.Contains(err.Error(), x.err)) || rows != x.rows {
			t.Errorf("%s: %d rows, %v; want %d, %q", x.sql, rows, err, x.rows, x.err)
		}
	}
	// The triggers have kept the R-tree.
	l, err := d.Layer(t.Context(), "places")
	if err != nil {
		t.Fatal(err)
	}
	n, err := layer.Count(t.Context(), l, layer.Query{Box: &feature.Bounds{MinX: 400, MinY: 0, MaxX: 600, MaxY: 9}})
	if err != nil || n != 1 {
		t.Errorf("%d features in the box, %v", n, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	testpeer.Validate(t, name)
	d = openSQL(t, name, driver.Read)
	if _, err := d.Exec(t.Context(), "DELETE FROM places"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("opened for reading: %v", err)
	}
	got, err := d.Query(t.Context(), "SELECT count(*) a, sum(pop > 999) b, (SELECT count(*) FROM notes) c FROM places")
	if err != nil {
		t.Fatal(err)
	}
	if s := rowsOf(t, got); s != "0 [20 5 2]" {
		t.Errorf("in the end there is %s", s)
	}
}

// TestExecCancelled undoes a statement whose context ends.
func TestExecCancelled(t *testing.T) {
	d := openSQL(t, sqlFile(t, 5), driver.Update)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Exec(ctx, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO places (name, pop) SELECT 'x', i FROM n"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want context.DeadlineExceeded", err)
	}
	l, err := d.Query(t.Context(), "SELECT count(*) n FROM places")
	if err != nil {
		t.Fatal(err)
	}
	if s := rowsOf(t, l); s != "0 [5]" {
		t.Errorf("in the end there is %s", s)
	}
}

// TestQueryCancelled ends one iteration while another one goes on.
func TestQueryCancelled(t *testing.T) {
	d := openSQL(t, sqlFile(t, 100), driver.Read)
	l, err := d.Query(t.Context(), "SELECT a.pop * b.pop * c.pop AS p FROM places a, places b, places c")
	if err != nil {
		t.Fatal(err)
	}
	places, err := d.Layer(t.Context(), "places")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range places.Features(t.Context(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		ctx, cancel := context.WithCancel(t.Context())
		var last error
		rows := 0
		for _, last = range l.Features(ctx, layer.Query{}) {
			rows++
			cancel()
		}
		cancel()
		if !errors.Is(last, context.Canceled) || rows > 1000 {
			t.Fatalf("%v after %d rows", last, rows)
		}
	}
	if n != 100 {
		t.Errorf("%d rows of the other one", n)
	}
}

func ExampleDataset_Query() {
	ctx := context.Background()
	ds, err := gpkg.New().Open(ctx, filepath.Join(os.TempDir(), "ogrcarto-example-query.gpkg"), driver.Replace, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = driver.Discard(ds) }()
	result, err := ds.(driver.SQLer).Query(ctx, "SELECT ST_AsText(ST_Centroid(ST_MakeEnvelope(0, 0, 4, 2))) AS middle")
	if err != nil {
		fmt.Println(err)
		return
	}
	for f, err := range result.Features(ctx, layer.Query{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f.Values[0])
	}
	// Output: POINT (2 1)
}
