package carto_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/carto"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
	"github.com/ogrcarto/ogrcarto/sqlapi/sqlapitest"
)

// openService opens the account of a service with a key ("" for none).
func openService(t *testing.T, s *sqlapitest.Service, key, more string) driver.Dataset {
	t.Helper()
	t.Setenv("CARTO_API_URL", s.URL+"/api/v2/sql")
	t.Setenv("CARTO_API_KEY", key)
	ds, err := carto.New().Open(t.Context(), "Carto:"+s.Name+more, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ds.Close() })
	return ds
}

// read returns the rows of a layer as text.
func read(t *testing.T, l layer.Layer, q layer.Query) []string {
	t.Helper()
	var rows []string
	for f, err := range l.Features(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		b.WriteString(feature.Int(f.FID).String())
		for _, g := range f.Geoms {
			b.WriteString(" | ")
			if g == nil {
				b.WriteString("null")
				continue
			}
			wkt, err := feature.AppendWKT(nil, g)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(wkt)
		}
		for _, v := range f.Values {
			b.WriteString(" | " + v.String())
		}
		rows = append(rows, b.String())
	}
	return rows
}

const everything = `CREATE TABLE everything(cartodb_id serial primary key, the_geom geometry(Geometry,4326), the_geom_webmercator geometry(Geometry,3857),
	created_at timestamptz, small int2, n int4 NOT NULL DEFAULT 7, big int8, f float8, num numeric(20,5), txt text, v varchar(20), b bool, d date, ti time, ts timestamp, tz timestamptz,
	j jsonb, bin bytea, u uuid, l int4[], iv interval, ip inet, other geometry(PointZ,3857));
	INSERT INTO everything(the_geom, small, n, big, f, num, txt, v, b, d, ti, ts, tz, j, bin, u, l, iv, ip, other) VALUES
	(ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))',4326), -1, 2, 9007199254740993, 0.1, 1.5, E'a\tb\\c"é😀', 'v', true, '2020-01-02', '03:04:05.678', '2020-01-02 03:04:05.678901', '2020-01-02 03:04:05.678901+02',
		'{"a": 1}', '\x00ff', '00000000-0000-0000-0000-000000000001', '{1,2}', '1 day', '10.0.0.1', ST_SetSRID(ST_MakePoint(1,2,3),3857)),
	(null, null, 3, null, 'NaN', null, '', null, false, 'infinity', null, null, '-infinity', null, null, null, null, null, null, null)`

func TestRead(t *testing.T) {
	s := sqlapitest.Start(t)
	s.Exec(t, everything+"; ALTER TABLE everything OWNER TO "+s.Owner())
	ds := openService(t, s, s.Master, "")
	names, err := ds.LayerNames(t.Context())
	if err != nil || strings.Join(names, ",") != "everything" {
		t.Fatalf("layers %v, %v", names, err)
	}
	l, err := ds.Layer(t.Context(), "everything")
	if err != nil {
		t.Fatal(err)
	}
	var schema []string
	for _, g := range l.Schema().Geoms {
		schema = append(schema, g.Name+" "+g.Type.String()+" "+g.SRS.String())
	}
	for _, f := range l.Schema().Fields {
		schema = append(schema, f.Name+" "+f.TypeName())
	}
	wantSchema := "the_geom GEOMETRY EPSG:4326, other POINT Z EPSG:3857, small Integer(Int16), n Integer, big Integer64, f Real, num Real, txt String, v String, " +
		"b Integer(Boolean), d Date, ti Time, ts DateTime, tz DateTime, j String(JSON), bin Binary, u String(UUID), l IntegerList, iv String, ip String"
	if got := strings.Join(schema, ", "); got != wantSchema {
		t.Errorf("schema\n%s\nwant\n%s", got, wantSchema)
	}
	if i := l.Schema().FieldIndex("n"); !l.Schema().Fields[i].NotNull || l.Schema().Fields[i].Default != "7" {
		t.Errorf("field n: %+v", l.Schema().Fields[i])
	}
	rows := read(t, l, layer.Query{})
	want := []string{
		`1 | POLYGON ((0 0,1 0,1 1,0 0)) | POINT Z (1 2 3) | -1 | 2 | 9007199254740993 | 0.1 | 1.5 | ` + "a\tb\\c\"é😀" + ` | v | 1 | 2020/01/02 | 03:04:05.678 | 2020/01/02 03:04:05.678901 | 2020/01/02 01:04:05.678901+00 | {"a": 1} | 00FF | 00000000-0000-0000-0000-000000000001 | (2:1,2) | 1 day | 10.0.0.1/32`,
		`2 | null | null | (null) | 3 | (null) | nan | (null) |  | (null) | 0 | (null) | (null) | (null) | (null) | (null) | (null) | (null) | (null) | (null) | (null)`,
	}
	for i := range want {
		if i >= len(rows) || rows[i] != want[i] {
			t.Errorf("row %d\n%s\nwant\n%s", i, rows[i], want[i])
		}
	}

	// Filters go to the server, and mean the same.
	where, err := filter.Parse("n > 2 AND b = false")
	if err != nil {
		t.Fatal(err)
	}
	q := layer.Query{Where: where, Columns: []string{"txt"}}
	if got := read(t, l, q); len(got) != 1 || !strings.HasPrefix(got[0], "2 | ") {
		t.Errorf("filtered: %q", got)
	}
	e, err := layer.Explain(t.Context(), l, q)
	if err != nil || !strings.Contains(e.SQL, "COPY") || e.Residual != nil {
		t.Errorf("explained: %+v, %v", e, err)
	}
	if n, err := layer.Count(t.Context(), l, layer.Query{Where: where}); err != nil || n != 1 {
		t.Errorf("count %d, %v", n, err)
	}
	box := feature.Bounds{MinX: 0.5, MinY: 0.5, MaxX: 2, MaxY: 2}
	if got := read(t, l, layer.Query{Box: &box}); len(got) != 1 {
		t.Errorf("box: %q", got)
	}

	if _, err := ds.Layer(t.Context(), "nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown layer: %v", err)
	}

	// A key without access to the catalogs.
	reader := s.AddKey(t, "reader", account.Grant{Table: "everything", Privileges: []string{"select"}})
	limited := openService(t, s, reader, " tables=everything")
	ll, err := limited.Layer(t.Context(), "everything")
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, ll, layer.Query{}); len(got) != 2 || got[0] != want[0] {
		t.Errorf("limited key:\n%s\nwant\n%s", got[0], want[0])
	}
	if _, err := limited.Layer(t.Context(), "nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("limited key, unknown layer: %v", err)
	}
	wrong := openService(t, s, "wrong", "")
	if _, err := wrong.LayerNames(t.Context()); err == nil || strings.Contains(err.Error(), "wrong:") {
		t.Errorf("a wrong key: %v", err)
	}
}
