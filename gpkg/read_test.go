package gpkg_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/all"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/layer"
)

// layerNames returns the names of a file's layers and the warnings.
func layerNames(t *testing.T, file string, o driver.Options) ([]string, []string) {
	t.Helper()
	ds := mustOpen(t, file, driver.Read, o)
	defer ds.Close()
	names, err := ds.LayerNames(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return names, ds.Warnings()
}

// TestTables reads tables and views of every make.
func TestTables(t *testing.T) {
	t.Parallel()
	const register = "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES "
	for _, c := range []struct {
		name     string
		sql      string
		layer    string
		fid      string // of the schema
		fields   string
		want     string // rows
		warnings []string
	}{
		{
			name:  "view with geometry",
			sql:   "CREATE VIEW v AS SELECT fid AS ogc_fid, geom, name FROM points WHERE fid < 3; " + register + "('v', 'features', 'v'); INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POINT', 4326, 0, 0)",
			layer: "v", fid: "ogc_fid", fields: "geom POINT; name String",
			want: "1|name of 0\n2|name of 1\n",
		},
		{
			name:  "view whose first column is an integer",
			sql:   "CREATE VIEW v AS SELECT fid * 10 AS n, name, value + 1 AS x, class FROM points ORDER BY fid DESC LIMIT 2; " + register + "('v', 'attributes', 'v')",
			layer: "v", fid: "", fields: "n Integer64; name String; x Real; class Integer",
			want: "1|50|name of 4|1.70|4\n2|40|name of 3|1.93|3\n",
		},
		{
			name:  "view without key",
			sql:   "CREATE VIEW v AS SELECT name, fid FROM points LIMIT 1; " + register + "('v', 'attributes', 'v')",
			layer: "v", fid: "", fields: "name String; fid Integer64",
			want: "1|name of 0|1\n",
		},
		{
			name:  "attributes with text key",
			sql:   "CREATE TABLE a (code TEXT PRIMARY KEY, n INT); INSERT INTO a VALUES ('x', 1), ('a', 2); " + register + "('a', 'attributes', 'a')",
			layer: "a", fields: "code String; n Integer64",
			want: "1|x|1\n2|a|2\n",
		},
		{
			name:  "WITHOUT ROWID, integer key",
			sql:   "CREATE TABLE a (n TEXT, id INTEGER PRIMARY KEY) WITHOUT ROWID; INSERT INTO a VALUES ('x', 9), ('a', 2); " + register + "('a', 'attributes', 'a')",
			layer: "a", fid: "id", fields: "n String",
			want: "2|a\n9|x\n",
		},
		{
			name:  "WITHOUT ROWID, text key",
			sql:   "CREATE TABLE a (code TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO a VALUES ('x'), ('a'); " + register + "('a', 'attributes', 'a')",
			layer: "a", fields: "code String",
			want: "1|a\n2|x\n",
		},
		{
			name:  "key of two columns",
			sql:   "CREATE TABLE a (x INTEGER, y INTEGER, PRIMARY KEY (x, y)); INSERT INTO a VALUES (5, 6), (1, 2); " + register + "('a', 'aspatial', 'a')",
			layer: "a", fields: "x Integer64; y Integer64",
			want: "1|5|6\n2|1|2\n",
		},
		{
			name:  "a column called rowid that is none",
			sql:   "CREATE TABLE a (rowid TEXT, v TEXT); INSERT INTO a VALUES ('r', 'x'), (NULL, 'y'); " + register + "('a', 'attributes', 'a')",
			layer: "a", fields: "rowid String; v String",
			want: "1|r|x\n2|(null)|y\n",
		},
		{
			name:  "a key that is not the rowid",
			sql:   "CREATE TABLE a (id INTEGER(8) PRIMARY KEY, v TEXT); INSERT INTO a VALUES (7, 'x'), (NULL, 'y'); " + register + "('a', 'attributes', 'a')",
			layer: "a", fields: "id Integer64; v String",
			want: "1|7|x\n2|(null)|y\n",
		},
		{
			name:  "generated columns",
			sql:   "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT, u TEXT AS (upper(v)), s TEXT AS (v || v) STORED); INSERT INTO a VALUES (4, 'x'); " + register + "('a', 'attributes', 'a')",
			layer: "a", fid: "id", fields: "v String; u String; s String",
			want: "4|x|X|xx\n",
		},
		{
			name:  "no columns but the key",
			sql:   "CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (4), (2); " + register + "('a', 'attributes', 'a')",
			layer: "a", fid: "id",
			want: "2\n4\n",
		},
		{
			name:  "unlisted table with a geometry",
			sql:   "CREATE TABLE a (id INTEGER PRIMARY KEY, g POINT, v TEXT); INSERT INTO a VALUES (4, x'0001', 'x')",
			layer: "a", fid: "id", fields: "g Binary; v String",
			want: "4|0001|x\n",
		},
		{
			name:  "names in another case",
			sql:   "CREATE TABLE Abc (Id INTEGER PRIMARY KEY, Geom POINT); " + register + "('aBC', 'FEATURES', 'a'); INSERT INTO gpkg_geometry_columns VALUES ('abc', 'GEOM', 'Point', 4326, 0, 0)",
			layer: "aBC", fid: "Id", fields: "Geom POINT",
		},
		{
			name:  "two tables whose names differ in the case of a letter that SQLite does not fold",
			sql:   "CREATE TABLE É (id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE é (id INTEGER PRIMARY KEY, b TEXT); " + register + "('É', 'attributes', 'x'), ('é', 'attributes', 'y')",
			layer: "é", fid: "id", fields: "b String",
		},
		{
			name:  "features without row in gpkg_geometry_columns",
			sql:   "CREATE TABLE a (id INTEGER PRIMARY KEY, geom BLOB); " + register + "('a', 'features', 'a')",
			layer: "a", fid: "id", fields: "geom Binary",
			warnings: []string{"no row in gpkg_geometry_columns"},
		},
		{
			name:  "geometry column that is not there",
			sql:   "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); " + register + "('a', 'features', 'a'); INSERT INTO gpkg_geometry_columns VALUES ('a', 'geom', 'POINT', 4326, 0, 0)",
			layer: "a", fid: "id", fields: "v String",
			warnings: []string{"has no column geom"},
		},
		{
			name:  "unknown geometry type",
			sql:   "CREATE TABLE a (id INTEGER PRIMARY KEY, geom BLOB); " + register + "('a', 'features', 'a'); INSERT INTO gpkg_geometry_columns VALUES ('a', 'geom', 'BLOB', 4326, 0, 0)",
			layer: "a", fid: "id", fields: "geom GEOMETRY",
			warnings: []string{`"BLOB" is not a geometry type`},
		},
		{
			name:  "GEOMCOLLECTION",
			sql:   "CREATE TABLE a (id INTEGER PRIMARY KEY, geom BLOB); " + register + "('a', 'features', 'a'); INSERT INTO gpkg_geometry_columns VALUES ('a', 'geom', 'GEOMCOLLECTION', 4326, 1, 0)",
			layer: "a", fid: "id", fields: "geom GEOMETRYCOLLECTION Z",
		},
		{
			name:  "a table that is gone",
			sql:   register + "('gone', 'features', 'x'); INSERT INTO gpkg_geometry_columns VALUES ('gone', 'geom', 'POINT', 4326, 0, 0)",
			layer: "points", fid: "fid", fields: "geom POINT; id Integer64; name String; value Real; class Integer; day Date",
			warnings: []string{"a table gone that does not exist"},
		},
		{
			name:  "a view of what is not there",
			sql:   "CREATE VIEW v AS SELECT * FROM missing; " + register + "('v', 'attributes', 'v')",
			layer: "points", fid: "fid", fields: "geom POINT; id Integer64; name String; value Real; class Integer; day Date",
			warnings: []string{"table v is left out"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			writePoints(t, file, 5, nil, nil)
			sql(t, file, c.sql)
			ds := mustOpen(t, file, driver.Read, driver.Options{"LIST_ALL_TABLES": "YES"})
			l := mustLayer(t, ds, c.layer)
			s := l.Schema()
			if s.FIDColumn != c.fid {
				t.Errorf("the FID's column is %q, want %q", s.FIDColumn, c.fid)
			}
			var fields []string
			for _, g := range s.Geoms {
				fields = append(fields, g.Name+" "+g.Type.String())
			}
			for _, f := range s.Fields {
				fields = append(fields, f.Name+" "+f.TypeName())
			}
			if got := strings.Join(fields, "; "); got != c.fields {
				t.Errorf("fields are %s, want %s", got, c.fields)
			}
			if c.layer != "points" {
				var b strings.Builder
				for _, f := range rows(t, l, layer.Query{}) {
					fmt.Fprint(&b, f.FID)
					for _, v := range f.Values {
						if v.Kind() == feature.KindFloat {
							fmt.Fprintf(&b, "|%.2f", v.Float())
						} else {
							fmt.Fprintf(&b, "|%s", v)
						}
					}
					b.WriteByte('\n')
					if got, err := l.Get(context.Background(), f.FID); err != nil || !got.Equal(f) {
						t.Errorf("Get(%d) is %v (%v), want %v", f.FID, got, err, f)
					}
				}
				if diff := cmp.Diff(c.want, b.String()); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
			}
			if _, err := l.Get(context.Background(), 999); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Get(999): %v, want fs.ErrNotExist", err)
			}
			onlyWarnings(t, ds.Warnings(), c.warnings...)
			consistent(t, file)
			// What cannot be written to says so, and what can can.
			up := mustOpen(t, file, driver.Update, driver.Options{"LIST_ALL_TABLES": "YES"})
			w, err := up.Append(context.Background(), c.layer)
			if err == nil {
				f := feature.New(w.Schema())
				f.FID = 999 // not every key numbers itself
				err = errors.Join(w.Write(f), w.Commit())
			}
			if err != nil && !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("Append: %v", err)
			}
			mustClose(t, up)
			consistent(t, file)
		})
	}
}

// TestListAllTables lists tables that gpkg_contents does not name.
func TestListAllTables(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 5, nil, nil)
	sql(t, file, "CREATE TABLE extra (id INTEGER PRIMARY KEY)", "CREATE VIEW seen AS SELECT * FROM extra",
		"CREATE TABLE gpkg_own (a)", "CREATE TABLE layer_styles (a)", "CREATE VIRTUAL TABLE ft USING fts5(a)")
	ours := []string{"points"}
	for _, c := range []struct {
		option     string
		attributes bool
		want       []string
	}{
		{"YES", false, []string{"points", "extra", "seen"}},
		{"AUTO", false, []string{"points", "extra", "seen"}},
		{"NO", false, ours},
		{"AUTO", true, []string{"points", "attr"}},
	} {
		if c.attributes {
			sql(t, file, "CREATE TABLE attr (id INTEGER PRIMARY KEY)", "INSERT INTO gpkg_contents (table_name, data_type) VALUES ('attr', 'attributes')")
		}
		got, _ := layerNames(t, file, driver.Options{"LIST_ALL_TABLES": c.option})
		var kept []string
		for _, n := range got {
			if !strings.HasPrefix(n, "ft_") { // the tables of the full-text index
				kept = append(kept, n)
			}
		}
		if diff := cmp.Diff(c.want, kept); diff != "" {
			t.Errorf("%s, attributes %v (-want +got):\n%s", c.option, c.attributes, diff)
		}
	}
}

// TestForeignSRS reads systems of every make.
func TestForeignSRS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 1, nil, nil)
	const local = `LOCAL_CS["Somewhere",UNIT["metre",1]]`
	sql(t, file, `INSERT INTO gpkg_spatial_ref_sys VALUES ('mine', 7, 'me', 1, '`+local+`', NULL),
		('', 8, 'NONE', 8, 'PROJCS["RGF93 / Lambert-93"]', NULL), ('undefined code', 9, 'epsg', 2154, 'undefined', NULL),
		('ESRI:54009', 10, 'ESRI', 54009, 'PROJCS["World_Mollweide"]', NULL), ('nothing', 11, 'none', 0, 'undefined', NULL)`)
	for id, want := range map[int]string{
		0: "unknown", -1: "unknown", 4326: "EPSG:4326", 7: "mine", 9: "EPSG:2154", 10: "ESRI:54009", 11: "unknown", 12345: "unknown",
	} {
		sql(t, file, fmt.Sprint("UPDATE gpkg_geometry_columns SET srs_id = ", id))
		srs := mustLayer(t, mustOpen(t, file, driver.Read, nil), "points").Schema().Geoms[0].SRS
		if srs.String() != want {
			t.Errorf("srs_id %d is %s (%+v), want %s", id, srs, srs, want)
		}
		switch id {
		case 7:
			if srs.WKT != local {
				t.Errorf("the definition is %s", srs.WKT)
			}
		case 9:
			if !strings.Contains(srs.WKT, "Lambert") {
				t.Errorf("an undefined EPSG code has the definition %q", srs.WKT)
			}
		}
	}
}

// TestTilesOnly opens a file without tables of features.
func TestTilesOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 1, nil, nil)
	ds := mustOpen(t, file, driver.Update, nil)
	if err := ds.DeleteLayer(context.Background(), "points"); err != nil {
		t.Fatal(err)
	}
	mustClose(t, ds)
	sql(t, file, "CREATE TABLE pics (id INTEGER PRIMARY KEY, tile_data BLOB)",
		"INSERT INTO gpkg_contents (table_name, data_type) VALUES ('pics', 'tiles'), ('dem', '2d-gridded-coverage')")
	names, warnings := layerNames(t, file, nil)
	if len(names) != 0 {
		t.Errorf("layers are %v, want none", names)
	}
	onlyWarnings(t, warnings)
	_, err := mustOpen(t, file, driver.Read, nil).Layer(context.Background(), "pics")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Layer: %v, want fs.ErrNotExist", err)
	}
}

// TestApplicationID opens files that say, or do not say, that they are GeoPackages.
func TestApplicationID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, ext string
		id        uint32
		want      driver.Confidence
	}{
		{"1.2 and later", "gpkg", 0x47504B47, driver.Certain},
		{"1.0", "gpkg", 0x47503130, driver.Certain},
		{"1.1", "gpkg", 0x47503131, driver.Certain},
		{"1.0, any name", "db", 0x47503130, driver.Certain},
		{"none", "gpkg", 0, driver.ByName},
		{"another", "GPKG", 0x12345678, driver.ByName},
		{"none, any name", "db", 0, driver.No},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x."+c.ext)
			writePoints(t, file, 3, nil, nil)
			sql(t, file, fmt.Sprint("PRAGMA application_id = ", c.id), "PRAGMA user_version = 0")
			head, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := gpkg.New().Probe(file, head[:driver.ProbeSize]); got != c.want {
				t.Errorf("Probe is %d, want %d", got, c.want)
			}
			if n := countLayer(t, mustOpen(t, file, driver.Read, nil)); n != 3 {
				t.Errorf("%d rows, want 3", n)
			}
			up := mustOpen(t, file, driver.Update, nil)
			appendPoints(t, up, 2)
			createRows(t, up, "more", pointSchema, nil, []row{{fid: null, geom: pointAt(1, 1)}})
			mustClose(t, up)
			intact(t, file)
		})
	}
}

// TestNotAGeoPackage opens what is none.
func TestNotAGeoPackage(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	plain := filepath.Join(dir, "plain.gpkg")
	sql(t, plain, "CREATE TABLE t (a)")
	spatialite := filepath.Join(dir, "gpkg_contents.gpkg")
	sql(t, spatialite, "CREATE TABLE gpkg_contents (a)", "CREATE TABLE gpkg_spatial_ref_sys (b)")
	for _, c := range []struct{ name, file, want string }{
		{"plain SQLite", plain, "an SQLite file, but not a GeoPackage"},
		{"tables with other columns", spatialite, "no such column"},
		{"empty", write("empty.gpkg", ""), "want the magic of an SQLite file"},
		{"one byte", write("one.gpkg", "S"), "want the magic of an SQLite file"},
		{"magic alone", write("magic.gpkg", "SQLite format 3\x00"), "want"},
		{"header alone", write("header.gpkg", "SQLite format 3\x00"+strings.Repeat("\x00", 84)), ""},
		{"text", write("text.gpkg", strings.Repeat("hello ", 100)), `begins with "hello hello hell"`},
		{"a folder", dir, "is a folder"},
		{"missing", filepath.Join(dir, "no.gpkg"), "no such file"},
	} {
		for _, mode := range []driver.Mode{driver.Read, driver.Update} {
			t.Run(c.name+"/"+mode.String(), func(t *testing.T) {
				before := listing(t, dir)
				_, err := gpkg.New().Open(context.Background(), c.file, mode, nil)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("the error is %v, want %q", err, c.want)
				}
				var de *driver.Error
				if !errors.As(err, &de) || de.Name != c.file || de.Driver != "gpkg" {
					t.Errorf("%#v is no driver.Error of the file", err)
				}
				if errors.Is(err, fs.ErrNotExist) != (c.name == "missing") {
					t.Errorf("%v: whether it matches fs.ErrNotExist is wrong", err)
				}
				t.Log(err)
				if diff := cmp.Diff(before, listing(t, dir)); diff != "" {
					t.Errorf("the folder changed (-before +after):\n%s", diff)
				}
			})
		}
	}
	// The registry takes a plain SQLite file by no driver's name.
	if d, err := all.Drivers().Find(write("x.sqlite", "SQLite format 3\x00"+strings.Repeat("\x00", 1000)), driver.Read); err == nil {
		t.Errorf("%s takes any SQLite file", d.Info().Name)
	}
}

// TestReadOnlyFolder reads a file in a folder where nothing may be written, and looks whether anything was.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.gpkg")
	writePoints(t, file, 500, nil, nil)
	if err := errors.Join(os.Chmod(file, 0o444), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(dir, 0o777) }()
	before := listing(t, dir)
	st, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := readAll(context.Background(), file, nil); err != nil {
		t.Error(err)
	}
	consistent(t, file)
	after, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, listing(t, dir)); diff != "" || !after.ModTime().Equal(st.ModTime()) {
		t.Errorf("reading changed the folder or the time of the file (-before +after):\n%s", diff)
	}
	// A dataset that is opened for reading refuses to be changed.
	ctx := context.Background()
	ds := mustOpen(t, file, driver.Read, nil)
	l := mustLayer(t, ds, "points")
	_, cerr := ds.Create(ctx, "t", pointSchema, nil)
	_, aerr := ds.Append(ctx, "points")
	f := feature.New(l.Schema())
	f.FID = 1
	for what, err := range map[string]error{
		"Create": cerr, "Append": aerr, "SetFeature": l.SetFeature(ctx, f), "DeleteFeature": l.DeleteFeature(ctx, 1),
		"CreateField": l.CreateField(ctx, feature.Field{Name: "x"}), "DeleteLayer": ds.DeleteLayer(ctx, "points"),
	} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v, want errors.ErrUnsupported", what, err)
		}
	}
}

// TestOddFileNames opens and makes files with names that an URI or a shell would take for something else.
func TestOddFileNames(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"a b.gpkg", "a?mode=memory.gpkg", "a#b.gpkg", "100%.gpkg", "Größe 🌍.gpkg", "file:x.gpkg", ":memory:", "x", "-x.gpkg", "'q\".gpkg"} {
		t.Run(name, func(t *testing.T) {
			writePoints(t, name, 2, nil, nil)
			if n := countLayer(t, mustOpen(t, name, driver.Read, nil)); n != 2 {
				t.Errorf("%d rows, want 2", n)
			}
			up := mustOpen(t, name, driver.Update, nil)
			appendPoints(t, up, 1)
			mustClose(t, up)
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
			if n := countLayer(t, mustOpen(t, filepath.Join(dir, name), driver.Read, nil)); n != 3 {
				t.Errorf("%d rows, want 3", n)
			}
		})
	}
	if _, err := gpkg.New().Open(context.Background(), "a\x00b.gpkg", driver.Create, nil); err == nil {
		t.Error("a name with a NUL was taken")
	}
}

// TestStaleStatistics reads files whose extent or number of rows is wrong or missing.
func TestStaleStatistics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql string
	}{
		{"extent too small", "UPDATE gpkg_contents SET max_x = 0"},
		{"extent too large", "UPDATE gpkg_contents SET max_x = 1000"},
		{"extent missing", "UPDATE gpkg_contents SET max_x = NULL"},
		{"extent is text", "UPDATE gpkg_contents SET max_x = 'wide'"},
		{"no count", "UPDATE gpkg_ogr_contents SET feature_count = NULL"},
		{"no row for the count", "DELETE FROM gpkg_ogr_contents"},
		{"no table of counts", "DROP TABLE gpkg_ogr_contents"},
		{"a trigger is missing and the count wrong", "DROP TRIGGER trigger_delete_feature_count_points; UPDATE gpkg_ogr_contents SET feature_count = 7"},
		{"no triggers at all", "DROP TRIGGER trigger_delete_feature_count_points; DROP TRIGGER trigger_insert_feature_count_points; DELETE FROM points WHERE fid = 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			writePoints(t, file, 200, nil, nil)
			sql(t, file, c.sql)
			consistent(t, file)
			up := mustOpen(t, file, driver.Update, nil)
			appendPoints(t, up, 10)
			mustClose(t, up)
			consistent(t, file)
		})
	}
}
