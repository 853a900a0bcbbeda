package sqlquery_test

import (
	"context"
	"encoding/csv"
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/shapefile"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlquery"
)

func open(t testing.TB, d driver.Driver, name string) driver.Dataset {
	t.Helper()
	ds, err := d.Open(context.Background(), name, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ds.Close() })
	return ds
}

func query(t testing.TB, ds driver.Dataset, sql string) *sqlquery.Result {
	t.Helper()
	r, err := sqlquery.Query(context.Background(), ds, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// table returns the fields of all rows as text, null as "".
func table(t testing.TB, l layer.Layer, q layer.Query) [][]string {
	t.Helper()
	rows := [][]string{}
	for f, err := range l.Features(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		row := []string{}
		for _, v := range f.Values {
			if v.IsNull() {
				row = append(row, "")
			} else {
				row = append(row, v.String())
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// ogrTable returns what OGR has for the statement in its SQLite dialect, or that of a GeoPackage.
func ogrTable(t *testing.T, file, sql string) [][]string {
	t.Helper()
	out := testpeer.Output(t, "ogr2ogr", "-f", "CSV", "/vsistdout/", "-dialect", "SQLite", "-sql", sql, file)
	r := csv.NewReader(strings.NewReader(out))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatal("OGR has no columns")
	}
	if h := rows[0]; len(h) == 2 && h[1] == "" { // a single column has a comma behind its name
		rows[0] = h[:1]
	}
	for i := range rows {
		rows[i] = rows[i][:min(len(rows[i]), len(rows[0]))]
	}
	return rows[1:]
}

// statements of which OGR 3.6.2 has the same result. It takes the type of a column from its first row, so that a later
// integer beyond 32 bits is cut: sums are made text here. It hands LIKE on to the Shapefile, which tells upper from lower
// case, and it fails where a text is compared with a number: these are in TestStatements.
var statements = []struct{ name, sql string }{
	{"issue", "select continent, count(*) n, sum(pop_est) p from naturalearth_lowres group by 1 order by p desc"},
	{"columns", "select name, pop_est, gdp_md_est from naturalearth_lowres"},
	{"comparison", "select name, pop_est from naturalearth_lowres where pop_est >= 60000000 and continent <> 'Asia' order by name"},
	{"real", "select name from naturalearth_lowres where gdp_md_est < 1000.5 or gdp_md_est = 8374"},
	{"text as number", "select count(*) n from naturalearth_lowres where pop_est > '1000000'"},
	{"nocase", "select name from naturalearth_lowres where name = 'FIJI' collate nocase"},
	{"in", "select name from naturalearth_lowres where iso_a3 in ('FJI', 'TZA', 'nix')"},
	{"in subquery", "select name from naturalearth_lowres where continent in (select continent from naturalearth_lowres where pop_est < 1000)"},
	{"rowid", "select rowid + 0 as r, name from naturalearth_lowres where rowid between 3 and 6 or rowid = 100"},
	{"rowid in", "select name from naturalearth_lowres where rowid in (1, 2, 2000)"},
	{"order by rowid", "select name from naturalearth_lowres order by rowid limit 4 offset 2"},
	{"self-join", "select a.name x, b.name y from naturalearth_lowres a join naturalearth_lowres b on a.continent = b.continent and a.rowid < b.rowid where a.pop_est > 100000000 order by 1, 2"},
	{"left join", "select a.name x, b.name y from naturalearth_lowres a left join naturalearth_lowres b on b.iso_a3 = a.continent or b.rowid = a.rowid + 170 order by 1, 2"},
	{"cross join", "select count(*) n from naturalearth_lowres, naturalearth_lowres b, naturalearth_lowres c where a.rowid < 3 and c.rowid < 3"},
	{"correlated", "select name from naturalearth_lowres a where pop_est = (select max(pop_est) from naturalearth_lowres b where b.continent = a.continent) order by 1"},
	{"exists", "select name from naturalearth_lowres a where not exists (select 1 from naturalearth_lowres b where b.pop_est > a.pop_est)"},
	{"window", "select name, rank() over (partition by continent order by pop_est desc) r, cast(sum(pop_est) over (order by pop_est rows 2 preceding) as text) s from naturalearth_lowres order by continent, r"},
	{"with", "with big as (select * from naturalearth_lowres where pop_est > 100000000) select b.name, count(*) n from big b join naturalearth_lowres using (continent) group by 1 order by 1"},
	{"recursive", "with recursive n(i) as (select 0 union all select i + 1 from n where i < 5) select i, (select name from naturalearth_lowres where rowid = i) m from n"},
	{"union", "select name from naturalearth_lowres where continent = 'Oceania' union select continent from naturalearth_lowres union all select 'x' order by 1"},
	{"except", "select continent from naturalearth_lowres except select 'Asia' order by 1"},
	{"spatial join", "select a.name x, b.name y from naturalearth_lowres a join naturalearth_lowres b on st_intersects(a.geometry, b.geometry) where a.continent = 'South America' order by 1, 2"},
	{"box", "select name from naturalearth_lowres where st_intersects(geometry, st_geomfromtext('POLYGON((0 40,20 40,20 50,0 50,0 40))', 4326)) order by 1"},
	{"within", "select name from naturalearth_lowres where st_within(geometry, st_geomfromtext('POLYGON((-30 -40,60 -40,60 40,-30 40,-30 -40))', 4326)) = 1 order by 1"},
	{"contains", "select name from naturalearth_lowres where st_contains(geometry, st_geomfromtext('POINT(2.3 48.8)', 4326))"},
	{"geometry functions", "select name, round(st_area(geometry), 6) a, st_geometrytype(geometry) = 'POLYGON' or 1 t, st_srid(geometry) s, round(st_minx(geometry), 9) x, round(st_y(st_centroid(geometry)), 6) y from naturalearth_lowres"},
	{"empty", "select name from naturalearth_lowres where 0"},
}

// TestAgainstOGR compares every value with what OGR has.
func TestAgainstOGR(t *testing.T) {
	file := testpeer.Shared(t, "data/naturalearth_lowres.shp")
	testpeer.Command(t, "ogr2ogr")
	ds := open(t, shapefile.New(), file)
	packed := filepath.Join(t.TempDir(), "naturalearth_lowres.gpkg")
	testpeer.Output(t, "ogr2ogr", "-f", "GPKG", packed, file, "-nlt", "PROMOTE_TO_MULTI", "-preserve_fid", "-lco", "GEOMETRY_NAME=geometry")
	store := open(t, gpkg.New(), packed)
	for _, x := range statements {
		x.sql = strings.Replace(x.sql, "naturalearth_lowres, naturalearth_lowres b", "naturalearth_lowres a, naturalearth_lowres b", 1)
		t.Run(x.name, func(t *testing.T) {
			want := ogrTable(t, file, x.sql)
			if d := cmp.Diff(want, table(t, query(t, ds, x.sql), layer.Query{})); d != "" {
				t.Errorf("Shapefile: OGR's -, ours +:\n%s", d)
			}
			// OGR cannot run all of these on a GeoPackage.
			if d := cmp.Diff(want, table(t, query(t, store, x.sql), layer.Query{})); d != "" {
				t.Errorf("GeoPackage: OGR's of the Shapefile -, ours +:\n%s", d)
			}
		})
	}
}

// TestStatements has what OGR gets wrong or does not have.
func TestStatements(t *testing.T) {
	ds := open(t, shapefile.New(), testpeer.Shared(t, "data/naturalearth_lowres.shp"))
	for _, x := range []struct {
		sql  string
		want [][]string
	}{
		{"select name from naturalearth_lowres where name like 'united%' order by 1", [][]string{
			{"United Arab Emirates"}, {"United Kingdom"}, {"United States of America"},
		}},
		{"select count(*) from naturalearth_lowres where name > 5", [][]string{{"177"}}},
		{"select sum(pop_est) over (order by pop_est) s from naturalearth_lowres where pop_est > 1000000000", [][]string{
			{"1281935911"}, {"2661238682"},
		}},
		{"select fid + 0 n, name from naturalearth_lowres where fid = 3", [][]string{{"3", "Canada"}}},
		{"select geometry is null g, * from naturalearth_lowres where name = 'Fiji'", [][]string{
			{"0", "920938", "Oceania", "Fiji", "FJI", "8374"},
		}},
	} {
		if d := cmp.Diff(x.want, table(t, query(t, ds, x.sql), layer.Query{})); d != "" {
			t.Errorf("%s: want -, got +:\n%s", x.sql, d)
		}
	}
	r := query(t, ds, "select fid, name, rowid from naturalearth_lowres where fid > 2")
	if r.Schema().FIDColumn != "fid" || len(r.Schema().Fields) != 2 {
		t.Errorf("%+v", r.Schema())
	}
	for f, err := range r.Features(context.Background(), layer.Query{}) {
		if err != nil || f.FID != f.Values[1].Int() {
			t.Fatalf("%+v, %v", f, err)
		}
	}
}

// TestResultQuery applies a query to a result, several times over.
func TestResultQuery(t *testing.T) {
	ds := open(t, shapefile.New(), "../testdata/countries.shp")
	r := query(t, ds, "SELECT name, area_deg2 a, geometry, st_centroid(geometry) c FROM countries ORDER BY name DESC")
	if r.Name() != "SELECT" || len(r.Schema().Geoms) != 2 || len(r.Schema().Fields) != 2 {
		t.Fatalf("%s: %+v", r.Name(), r.Schema())
	}
	if got := r.Schema().Geoms[1]; got.Type != feature.Point || got.SRS.Code != 4326 {
		t.Errorf("the centroid's column is %+v", got)
	}
	all := table(t, r, layer.Query{})
	for range 2 {
		got := table(t, r, layer.Query{Columns: []string{"name"}, NoGeometry: true, Offset: 1, Limit: 2})
		if want := [][]string{{all[1][0], ""}, {all[2][0], ""}}; !cmp.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	got := table(t, r, layer.Query{Where: filter.Field("name").Eq("Fiji"), Columns: []string{"a"}})
	if len(got) != 1 || got[0][0] != "" || got[0][1] == "" {
		t.Errorf("got %v", got)
	}
	n, err := layer.Count(context.Background(), r, layer.Query{Geom: 1, Box: &feature.Bounds{MinX: -180, MinY: 0, MaxX: 180, MaxY: 90}})
	if err != nil || n == 0 || n >= int64(len(all)) {
		t.Errorf("%d of %d north of the equator, %v", n, len(all), err)
	}
}

func TestErrors(t *testing.T) {
	ds := open(t, shapefile.New(), "../testdata/countries.shp")
	for _, x := range []struct{ name, sql, want string }{
		{"column", "SELECT name,\n  nam FROM countries", "SQL: character 16: no such column: nam\n    nam FROM countries\n    ^"},
		{"table", "SELECT * FROM counties", "no such table: counties: there are countries"},
		{"syntax", "SELEC 1", "SQL: character 1: near \"SELEC\": syntax error\n  SELEC 1\n  ^"},
		{"two statements", "SELECT 1; SELECT 2", "text after the statement"},
		{"none", " -- nothing", "no statement"},
		{"insert", "INSERT INTO countries VALUES (1)", "may not be modified"},
		{"create", "CREATE TABLE x (a)", "would change something"},
		{"attach", "ATTACH 'x.db' AS x", "not allowed here"},
		{"vacuum", "VACUUM INTO '/tmp/x.db'", "would change something"},
		{"begin", "BEGIN", "not allowed here"},
		{"pragma", "PRAGMA trusted_schema = 1", "not allowed here"},
		{"extension", "SELECT load_extension('x')", "load_extension"},
		{"quotes", `SELECT name FROM countries WHERE name = "Fiji"`, "no such column"},
		{"WKT", "SELECT ST_GeomFromText('POINT (1') FROM countries", "ST_GeomFromText: WKT"},
		{"nul", "SELECT '\x00'", "NUL"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, err := sqlquery.Query(context.Background(), ds, x.sql)
			if err == nil {
				_ = r.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), x.want) && x.name != "nul" {
				t.Errorf("got %v, want %s", err, x.want)
			}
		})
	}
	if _, err := sqlquery.Query(context.Background(), ds, "SELECT * FROM x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want fs.ErrNotExist", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := sqlquery.Query(ctx, ds, "SELECT * FROM countries"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

// TestCancel ends statements that would run for years, one within SQLite and one that reads a layer.
func TestCancel(t *testing.T) {
	ds := open(t, shapefile.New(), "../testdata/countries.shp")
	for _, sql := range []string{
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e15) SELECT 'x' AS x FROM countries LIMIT (SELECT 1 + 0 * count(*) FROM n)",
		"SELECT count(*) AS n FROM countries a, countries b, countries c, countries d, countries e, countries f, countries g, countries h, countries i",
	} {
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		_, err := sqlquery.Query(ctx, ds, sql)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want context.DeadlineExceeded", sql, err)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s: it took %v", sql, d)
		}
	}
	r := query(t, ds, "SELECT a.name FROM countries a, countries b")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	for _, last = range r.Features(ctx, layer.Query{}) {
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("%v, want context.Canceled", last)
	}
}

// TestNothingIsLeft opens and closes results, some in the midst of an iteration.
func TestNothingIsLeft(t *testing.T) {
	ds := open(t, shapefile.New(), "../testdata/countries.shp")
	ctx := context.Background()
	before := runtime.NumGoroutine()
	for i := range 300 {
		r, err := sqlquery.Query(ctx, ds, "SELECT a.name, b.geometry FROM countries a JOIN countries b ON ST_Intersects(a.geometry, b.geometry)")
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range r.Features(ctx, layer.Query{}) {
			if err != nil && i%3 != 1 {
				t.Fatal(err)
			}
			if i%3 == 0 {
				break
			}
			if i%3 == 1 {
				if err := r.Close(); err != nil { // the next step is an error
					t.Fatal(err)
				}
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}
