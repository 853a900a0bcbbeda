package sqlapi_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlapi"
)

// TestGeoPackage: a result as a GeoPackage has all its columns with their types, and passes the validator.
func TestGeoPackage(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := serve(t, func(c *sqlapi.Config) { c.TempDir = temp })
	s.must(t, `CREATE TABLE t(cartodb_id serial primary key, the_geom geometry(MultiPolygon,4326), the_geom_webmercator geometry(MultiPolygon,3857),
		small int2, n int4, big int8, f float8, num numeric(20,5), txt text, b bool, d date, ts timestamp, tz timestamptz, j jsonb, bin bytea, u uuid, fid int, "Fid" text);
		INSERT INTO t(the_geom, small, n, big, f, num, txt, b, d, ts, tz, j, bin, u, fid, "Fid") VALUES
		(ST_Multi(ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))',4326)), 1, 2, 9007199254740993, 0.1, 1.5, 'é"', true, '2020-01-02', '2020-01-02 03:04:05.678', '2020-01-02 03:04:05.678+02',
			'{"a": 1}', '\x00ff', '00000000-0000-0000-0000-000000000001', 7, 'x'),
		(null, null, null, null, 'NaN', null, '', false, null, null, null, null, null, null, null, null)`)
	fetch := func(name, sql string, params ...string) (string, layer.Layer) {
		t.Helper()
		r := s.must(t, sql, append([]string{"format", "gpkg", "filename", name}, params...)...)
		if got := r.header.Get("Content-Type"); got != "application/x-sqlite3" {
			t.Errorf("Content-Type %s", got)
		}
		if got := r.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename="+name+".gpkg;") {
			t.Errorf("Content-Disposition %s", got)
		}
		file := filepath.Join(t.TempDir(), name+".gpkg")
		if err := os.WriteFile(file, []byte(r.body), 0o644); err != nil {
			t.Fatal(err)
		}
		testpeer.Validate(t, file)
		ds, err := gpkg.New().Open(t.Context(), file, driver.Read, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ds.Close() })
		l, err := ds.Layer(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return file, l
	}

	_, l := fetch("everything", "SELECT * FROM t ORDER BY cartodb_id")
	var types []string
	for _, f := range l.Schema().Fields {
		types = append(types, f.Name+" "+f.TypeName())
	}
	want := "cartodb_id Integer, small Integer(Int16), n Integer, big Integer64, f Real, num Real, txt String, b Integer(Boolean), " +
		"d Date, ts DateTime, tz DateTime, j String(JSON), bin Binary, u String, fid Integer, Fid_1 String"
	if got := strings.Join(types, ", "); got != want {
		t.Errorf("fields\n%s\nwant\n%s", got, want)
	}
	if g := l.Schema().Geoms[0]; g.Name != "the_geom" || g.Type != feature.MultiPolygon || g.SRS.Code != 4326 {
		t.Errorf("geometry %+v", g)
	}
	var rows []string
	for f, err := range l.Features(t.Context(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, v := range f.Values {
			values = append(values, v.String())
		}
		wkt := "null"
		if g := f.Geometry(); g != nil {
			b, err := feature.AppendWKT(nil, g)
			if err != nil {
				t.Fatal(err)
			}
			wkt = string(b)
		}
		rows = append(rows, wkt+" | "+strings.Join(values, " | "))
	}
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	// SQLite has no NaN, and a GeoPackage's times are UTC.
	for i, want := range []string{
		`MULTIPOLYGON (((0 0,1 0,1 1,0 0))) | 1 | 1 | 2 | 9007199254740993 | 0.1 | 1.5 | é" | 1 | 2020/01/02 | 2020/01/02 03:04:05.678+00 | 2020/01/02 01:04:05.678+00 | {"a": 1} | 00FF | 00000000-0000-0000-0000-000000000001 | 7 | x`,
		`null | 2 | (null) | (null) | (null) | (null) | (null) |  | 0 | (null) | (null) | (null) | (null) | (null) | (null) | (null) | (null)`,
	} {
		if rows[i] != want {
			t.Errorf("row %d\n%s\nwant\n%s", i, rows[i], want)
		}
	}

	// Geometries with Z, of which the column's type says nothing; no rows; no geometry.
	_, l = fetch("z", "SELECT ST_SetSRID(ST_MakePoint(a,2,3),3857) AS the_geom, a FROM generate_series(1,1000) a")
	if g := l.Schema().Geoms[0]; g.SRS.Code != 3857 {
		t.Errorf("z: geometry %+v", g)
	}
	if n, err := layer.Count(t.Context(), l, layer.Query{}); err != nil || n != 1000 {
		t.Errorf("z: %d rows, %v", n, err)
	}
	if _, l = fetch("zm", "SELECT ST_SetSRID(ST_MakePoint(1,2,3,4),4326)::geometry(PointZM,4326) AS the_geom"); !l.Schema().Geoms[0].Type.HasZ() {
		t.Errorf("zm: %+v", l.Schema().Geoms[0])
	}
	fetch("empty", "SELECT * FROM t WHERE false")
	fetch("plain", "SELECT 1 AS a, 'x' AS b", "skipfields", "b")

	for sql, want := range map[string]string{
		"SELECT 1 AS a; SELECT 2 AS b":                             "more than one has rows",
		"CREATE TABLE x(a int)":                                    "returns rows",
		"SELECT 1/(900-a) AS v FROM generate_series(1,1000) a":     "division by zero", // however many rows came before: nothing was sent yet
		"SELECT ST_GeomFromText('POINT(1 2)') AS the_geom, nosuch": "does not exist",
	} {
		if r := s.sql(t, s.Master, sql, "format", "gpkg"); r.status != 400 || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %.200s", sql, r.status, r.body)
		}
	}
	r := s.sql(t, s.Master, "SELECT 1 AS a", "format", "gpkg", "filename", "gpkg_contents")
	if r.status != 400 || !strings.Contains(r.body, "GeoPackage") || strings.Contains(r.body, temp) {
		t.Errorf("a name that a layer cannot have: %d %s", r.status, r.body)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// TestManyRows: what is sent in many pieces is whole, in every format.
func TestManyRows(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const n = 50_000
	sql := `SELECT a, 'row ' || a AS name, ST_SetSRID(ST_MakePoint(a / 1000.0, 1), 4326) AS the_geom FROM generate_series(1, 50000) a`
	if rows := s.must(t, sql).rows(t); len(rows) != n || rows[n-1]["name"] != "row 50000" {
		t.Errorf("json: %d rows", len(rows))
	}
	lines, err := csv.NewReader(strings.NewReader(s.must(t, sql, "format", "csv").body)).ReadAll()
	if err != nil || len(lines) != n+1 || lines[n][2] != "row 50000" {
		t.Errorf("csv: %d lines, %v", len(lines), err)
	}
	var collection struct {
		Features []struct {
			Geometry   struct{ Coordinates []float64 }
			Properties map[string]any
		}
	}
	if err := json.Unmarshal([]byte(s.must(t, sql, "format", "geojson").body), &collection); err != nil || len(collection.Features) != n ||
		collection.Features[n-1].Geometry.Coordinates[0] != 50 || collection.Features[n-1].Properties["name"] != "row 50000" {
		t.Errorf("geojson: %d features, %v", len(collection.Features), err)
	}
	if r := s.copyTo(t, s.Master, "COPY ("+sql+") TO STDOUT"); strings.Count(r.body, "\n") != n || r.err != nil {
		t.Errorf("copyto: %d lines, %v", strings.Count(r.body, "\n"), r.err)
	}
}
