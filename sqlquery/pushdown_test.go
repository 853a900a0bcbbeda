package sqlquery_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlquery"
)

// TestPushDown: the layer is asked for what the statement needs, and no less.
func TestPushDown(t *testing.T) {
	const box = "(1.000000, -3.000000) - (3.000000, -1.000000)"
	for _, x := range []struct{ sql, rows, asked string }{
		{"SELECT count(*) n FROM places", "20", ""},
		{"SELECT name FROM places WHERE pop = 300", "place 3", "name,pop where pop = 300"},
		{"SELECT sum(pop) s FROM places WHERE pop < 300.5", "600", "pop where pop < 300.5"},
		{"SELECT sum(pop) s FROM places WHERE pop BETWEEN 100 AND 300", "600", "pop where pop >= 100 AND pop <= 300"},
		{"SELECT pop FROM places WHERE name = 'place 4'", "400", "name,pop where name = 'place 4'"},
		{"SELECT pop FROM places WHERE name = 'PLACE 4' COLLATE NOCASE", "400", "name,pop"},
		{"SELECT pop FROM places WHERE name > 'place 8'", "900", "name,pop where name > 'place 8'"},
		{"SELECT count(*) n FROM places WHERE name <> 'place 8'", "19", "name where name <> 'place 8'"},
		{"SELECT pop FROM places WHERE name IN ('place 4', 'nowhere', NULL)", "400", "name,pop where name IN ('nowhere', 'place 4')"},
		{"SELECT count(*) n FROM places WHERE pop > '1700'", "2", "pop"}, // SQL makes a number of it
		{"SELECT count(*) n FROM places WHERE name > 5", "20", "name"},
		{"SELECT pop FROM places WHERE area = 1", "400", "pop,area where area = 1"},
		{"SELECT count(*) n FROM places WHERE area IS NULL", "0", "area"}, // NaN is null in SQL only
		{"SELECT count(*) n FROM places WHERE name IS NULL", "0", "name where name IS NULL"},
		{"SELECT count(*) n FROM places WHERE name IS NOT NULL", "20", "name where name IS NOT NULL"},
		{"SELECT count(*) n FROM places WHERE capital", "10", "capital"},
		{"SELECT count(*) n FROM places WHERE capital = 1", "10", "capital where capital = 1"},
		{"SELECT count(*) n FROM places WHERE day > '1990'", "12", "day"},
		{"SELECT name FROM places WHERE rowid = 13", "place 3", "name where FID = 13"},
		{"SELECT name FROM places WHERE fid = 13", "place 3", "name where FID = 13"},
		{"SELECT name FROM places WHERE fid >= 29 ORDER BY fid", "place 19", "name where FID >= 29"},
		{"SELECT name FROM places WHERE fid IN (13, 99)", "place 3", "name where FID IN (13, 99)"},
		{"SELECT count(*) n FROM places WHERE fid = 'x' OR pop = 100", "1", "pop"},
		{"SELECT count(*) n FROM places WHERE pop = NULL", "0", ""},
		{"SELECT count(*) n FROM places WHERE ST_Intersects(geom, ST_MakeEnvelope(1, -1, 3, -3))", "3", "+geom box 0 " + box},
		{"SELECT count(*) n FROM places WHERE MbrIntersects(geom, ST_MakeEnvelope(1, -1, 3, -3)) AND pop > 100", "2", "pop+geom box 0 " + box + " where pop > 100"},
		{"SELECT count(*) n FROM places WHERE ST_Within(geom, ST_MakeEnvelope(1, -1, 3, -3))", "1", "+geom box 0 " + box},
		{"SELECT count(*) n FROM places WHERE NOT ST_Intersects(geom, ST_MakeEnvelope(1, -1, 3, -3))", "17", "+geom"},
		{"SELECT count(*) n FROM places WHERE ST_Intersects(geom, NULL)", "0", ""},
		{"SELECT count(*) n FROM places WHERE ST_Intersects(geom, x'00')", "0", ""},
		{"SELECT count(*) n FROM places WHERE ST_Intersects(geom, ST_GeomFromText('POLYGON EMPTY'))", "0", ""},
		{"SELECT count(*) n FROM places WHERE pop = 100 OR name = 'place 7'", "2", "name,pop"},
		{"SELECT name FROM places ORDER BY rowid LIMIT 1", "place 0", "name"},
		{"SELECT name FROM places LIMIT 1", "place 0", "name"},
	} {
		t.Run(x.sql, func(t *testing.T) {
			l := places(20)
			r := query(t, &fake{layers: []*fakeLayer{l}}, x.sql)
			described := len(l.asked)
			got := table(t, r, layer.Query{})
			if len(l.asked) > described { // else the result was kept
				l.asked = l.asked[described:]
			}
			var rows []string
			for _, row := range got {
				rows = append(rows, strings.Join(row, "|"))
			}
			if s := strings.Join(rows, "\n"); s != x.rows {
				t.Errorf("got %s, want %s", s, x.rows)
			}
			if asked := strings.Join(l.asked, "\n"); asked != x.asked {
				t.Errorf("asked for %s, want %s", asked, x.asked)
			}
			if l.reading != 0 {
				t.Errorf("%d iterations are under way", l.reading)
			}
		})
	}
}

// TestPushDownGet: a feature that is asked for by its FID is got by it, where the layer can.
func TestPushDownGet(t *testing.T) {
	a := places(20)
	b := a.sameRows("others")
	b.getter = true
	r := query(t, &fake{layers: []*fakeLayer{a, b}}, "SELECT b.name FROM places a JOIN others b ON b.fid = a.pop / 100 + 10 AND a.pop < 300")
	b.asked = nil
	if got := fmt.Sprint(table(t, r, layer.Query{})); got != "[[place 0] [place 1] [place 2]]" {
		t.Errorf("got %s", got)
	}
	if got := strings.Join(b.asked, ", "); got != "get 10, get 11, get 12" {
		t.Errorf("asked for %s", got)
	}
}

// TestJoinReadsOnce: a table that is joined is read a few times and then kept.
func TestJoinReadsOnce(t *testing.T) {
	for _, x := range []struct {
		on   string
		want string
	}{
		{"a.name = b.name", "100"},
		{"a.pop = b.pop", "100"},
		{"a.area = b.area", "100"},
		{"a.fid = b.fid", "100"},
		{"a.pop = b.area * 400", "100"},
		{"ST_Intersects(a.geom, b.geom)", "100"},
		{"ST_Intersects(b.geom, a.geom)", "100"},
		{"a.fid < b.fid", "4950"},
		{"a.day = b.day", "100"},
		{"a.capital = b.capital AND a.pop < 200", "100"},
		{"1", "10000"},
		{"a.name IN (b.name, 'place 3')", "199"},
		{"+a.pop = b.pop", "100"},
	} {
		a := places(100)
		b := a.sameRows("others")
		r := query(t, &fake{layers: []*fakeLayer{a, b}}, "SELECT count(*) n FROM places a JOIN others b ON "+x.on)
		a.asked, b.asked = nil, nil
		if got := table(t, r, layer.Query{})[0][0]; got != x.want {
			t.Errorf("%s: %s rows, want %s", x.on, got, x.want)
		}
		if n := len(a.asked) + len(b.asked); n > 5 {
			t.Errorf("%s: layers were read %d times", x.on, n)
		}
	}
}

// TestExactNumbers: no row is lost where integers and reals meet.
func TestExactNumbers(t *testing.T) {
	const big = 1 << 53
	l := &fakeLayer{name: "t", schema: &feature.Schema{Fields: []feature.Field{
		{Name: "i", Type: feature.Integer64}, {Name: "r", Type: feature.Real},
	}}}
	for n, v := range []int64{big - 1, big, big + 1, big + 2, math.MaxInt64, math.MinInt64, 0} {
		l.rows = append(l.rows, &feature.Feature{FID: int64(n), Values: []feature.Value{feature.Int(v), feature.Float(float64(v))}})
	}
	l.rows = append(l.rows,
		&feature.Feature{FID: 7, Values: []feature.Value{feature.Null(), feature.Float(math.NaN())}},
		&feature.Feature{FID: 8, Values: []feature.Value{{}, feature.Float(math.Copysign(0, -1))}},
		&feature.Feature{FID: 9, Values: []feature.Value{feature.Int(1), feature.Float(math.Inf(1))}})
	ds := &fake{layers: []*fakeLayer{l}}
	for sql, want := range map[string]string{
		"SELECT i FROM t WHERE i = 9007199254740993":             "[[9007199254740993]]",
		"SELECT i FROM t WHERE i = 9007199254740992.0":           "[[9007199254740992]]",
		"SELECT count(*) n FROM t WHERE r = 9007199254740993":    "[[0]]",
		"SELECT count(*) n FROM t WHERE r = 9007199254740992":    "[[2]]",
		"SELECT count(*) n FROM t WHERE i > 9007199254740992.5":  "[[3]]",
		"SELECT count(*) n FROM t WHERE i > 1e300":               "[[0]]",
		"SELECT count(*) n FROM t WHERE i > -1e300":              "[[8]]",
		"SELECT count(*) n FROM t WHERE r IS NULL":               "[[1]]",
		"SELECT count(*) n FROM t WHERE r = 0":                   "[[2]]",
		"SELECT count(*) n FROM t WHERE r > 1e300":               "[[1]]",
		"SELECT count(*) n FROM t WHERE i IS NULL":               "[[2]]",
		"SELECT count(*) n FROM t a JOIN t b ON a.i = b.r":       "[[7]]",
		"SELECT count(*) n FROM t a JOIN t b ON a.i = b.i":       "[[8]]",
		"SELECT count(*) n FROM t a JOIN t b ON a.r = b.r":       "[[13]]",
		"SELECT max(i) m FROM t":                                 "[[9223372036854775807]]",
		"SELECT r FROM t WHERE fid = 7":                          "[[]]",
		"SELECT count(*) n FROM t WHERE i = 9223372036854775807": "[[1]]",
	} {
		if got := fmt.Sprint(table(t, query(t, ds, sql), layer.Query{})); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

// TestValues: a value of every kind comes out of a statement as it was, or as SQL has it where it is computed with.
func TestValues(t *testing.T) {
	l := places(5)
	l.rows[3].Values = make([]feature.Value, len(l.schema.Fields))
	l.rows[3].Geoms[0] = nil
	ds := &fake{layers: []*fakeLayer{l}}
	r := query(t, ds, "SELECT * FROM places")
	i := 0
	for f, err := range r.Features(context.Background(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range f.Values {
			want := l.rows[i].Values[j]
			switch {
			case want.IsUnset():
				want = feature.Null()
			case l.schema.Fields[j].Name == "list": // JSON in SQL
				want = feature.JSON(want.AppendJSON(nil, feature.NoSubtype))
			}
			if !v.Equal(want) {
				t.Errorf("row %d, %s: %s %v, want %s %v", i, l.schema.Fields[j].Name, v.Kind(), v, want.Kind(), want)
			}
		}
		if string(f.Geoms[0]) != string(l.rows[i].Geoms[0]) || f.FID != int64(i) {
			t.Errorf("row %d: FID %d, geometry %x", i, f.FID, f.Geoms[0])
		}
		i++
	}
	want := l.schema.Clone()
	want.Fields[8] = feature.Field{Name: "list", Subtype: feature.JSONText}
	if d := cmp.Diff(want, r.Schema()); i != 5 || d != "" {
		t.Errorf("%d rows; schema: want -, got +:\n%s", i, d)
	}
	got := table(t, query(t, ds, "SELECT '' || day, '' || at, '' || hour, capital + 0, hex(data), list || '', json || '', "+
		"st_astext(geom), st_srid(geom) FROM places LIMIT 2 OFFSET 1"), layer.Query{})
	if d := cmp.Diff([][]string{
		{"1972-09-27", "1972-09-27T01:02:03.500+01:00", "00:00:01", "0", "0100", "[1,2]", `{"a": 1}`, "POINT (1 -1)", "3857"},
		{"1975-06-24", "1975-06-24T01:02:03.500+02:00", "00:00:02", "1", "0200", "[2,2]", `{"a": 1}`, "POINT (2 -2)", "3857"},
	}, got); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}

// TestFailure: an error of the layer is the statement's, wherever it comes up.
func TestFailure(t *testing.T) {
	want := errors.New("the disk is on fire")
	for _, sql := range []string{
		"SELECT name FROM places", "SELECT name FROM places ORDER BY name", "SELECT sum(pop) s FROM places",
		"SELECT a.name FROM others a JOIN places b ON a.fid = b.fid", "SELECT name FROM others WHERE pop IN (SELECT pop FROM places)",
	} {
		l := places(20)
		ds := &fake{layers: []*fakeLayer{l, l.sameRows("others")}}
		l.failAt, l.err = 12, want
		r, err := sqlquery.Query(context.Background(), ds, sql)
		if err != nil { // in the rows that describe the result
			if !errors.Is(err, want) || l.reading != 0 {
				t.Errorf("%s: %v, want %v; %d iterations are under way", sql, err, want, l.reading)
			}
			continue
		}
		rows := 0
		for _, e := range r.Features(context.Background(), layer.Query{}) {
			if err = e; err == nil {
				rows++
			}
		}
		if !errors.Is(err, want) || rows > 11 {
			t.Errorf("%s: %v after %d rows, want %v", sql, err, rows, want)
		}
		if l.reading != 0 {
			t.Errorf("%s: %d iterations are under way", sql, l.reading)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNames reads layers and fields whose names are odd.
func TestNames(t *testing.T) {
	names := []string{
		`a"b`, "it's", "x; DROP TABLE y; --", "Größe", "größe 2", "日本", "select", "a b", "sqlite_master", "sqlite_x", "json_each",
		"main.x", "[x]", "`x`", "x\ny", "%s", "fid", "pragma_table_info", " lead",
	}
	ds := &fake{}
	for i, name := range names {
		l := places(i + 1)
		l.name = name
		l.schema.Fields[0].Name, l.schema.Geoms[0].Name = name, name
		ds.layers = append(ds.layers, l)
	}
	for i, name := range names {
		q := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		if name == "sqlite_master" {
			continue // SQLite's own
		}
		r := query(t, ds, fmt.Sprintf("SELECT x.%s AS v, count(*) n FROM %s AS x", q, q))
		if got := fmt.Sprint(table(t, r, layer.Query{})); got != fmt.Sprintf("[[place 0 %d]]", i+1) {
			t.Errorf("%q: %s", name, got)
		}
	}
}

// TestSchemaName: a table may be named with the name of the database.
func TestSchemaName(t *testing.T) {
	a, b := places(1), places(2)
	b.name = "main.places"
	ds := &fake{layers: []*fakeLayer{a, b}}
	got := table(t, query(t, ds, `SELECT (SELECT count(*) FROM main.places) a, (SELECT count(*) FROM "main.places") b`), layer.Query{})
	if fmt.Sprint(got) != "[[1 2]]" {
		t.Errorf("got %v", got)
	}
}

// TestCaseClash tells layers apart that differ in case only, or says that it cannot.
func TestCaseClash(t *testing.T) {
	ds := &fake{}
	for i, name := range []string{"Roads", "roads", "other", "ROADS"} {
		l := places(i + 1)
		l.name = name
		ds.layers = append(ds.layers, l)
	}
	for sql, want := range map[string]string{
		"SELECT count(*) n FROM Roads":                                             "[[1]]",
		"SELECT count(*) n FROM roads":                                             "[[2]]",
		"SELECT count(*) n FROM ROADS":                                             "[[4]]",
		"SELECT count(*) n FROM Roads_1":                                           "[[1]]",
		"SELECT count(*) n FROM ROADS_2":                                           "[[2]]",
		"SELECT count(*) n FROM roads_3":                                           "[[4]]",
		"SELECT count(*) n FROM Other":                                             "[[3]]",
		"SELECT (SELECT count(*) FROM roads_1) + (SELECT count(*) FROM roads_3) n": "[[5]]",
	} {
		if got := fmt.Sprint(table(t, query(t, ds, sql), layer.Query{})); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	for _, sql := range []string{"SELECT * FROM rOADS", "SELECT * FROM Roads, roads"} {
		if _, err := sqlquery.Query(context.Background(), ds, sql); err == nil || !strings.Contains(err.Error(), "ambiguous") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// TestAllocs: a row allocates nothing once warm, beside what the layer and the statement do.
func TestAllocs(t *testing.T) {
	l := places(5000)
	r := query(t, &fake{layers: []*fakeLayer{l}}, "SELECT name, pop, area, day, at, data, geom FROM places WHERE pop >= 0")
	count := func(limit int64) float64 {
		return testing.AllocsPerRun(2, func() {
			for _, err := range r.Features(context.Background(), layer.Query{Limit: limit}) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if few, many := count(1000), count(5000); many > few+10 {
		t.Errorf("1000 rows allocate %v times, 5000 rows %v", few, many)
	}
}
