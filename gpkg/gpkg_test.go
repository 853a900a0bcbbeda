package gpkg_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/drivertest"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
)

func mustOpen(tb testing.TB, name string, m driver.Mode, o driver.Options) *gpkg.Dataset {
	tb.Helper()
	ds, err := gpkg.New().Open(context.Background(), name, m, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ds.Close() })
	return ds.(*gpkg.Dataset)
}

func mustLayer(tb testing.TB, ds driver.Dataset, name string) *gpkg.Layer {
	tb.Helper()
	l, err := ds.Layer(context.Background(), name)
	if err != nil {
		tb.Fatal(err)
	}
	return l.(*gpkg.Layer)
}

// rows returns copies of all features that satisfy q.
func rows(tb testing.TB, l layer.Layer, q layer.Query) []*feature.Feature {
	tb.Helper()
	var list []*feature.Feature
	for f, err := range l.Features(context.Background(), q) {
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, f.Clone())
	}
	return list
}

// sound fails the test unless SQLite, its R-tree module and GDAL's validator are content with the file.
func sound(tb testing.TB, name string) {
	tb.Helper()
	if out := testpeer.Output(tb, "sqlite3", "-readonly", name, "PRAGMA integrity_check"); out != "ok\n" {
		tb.Errorf("integrity_check: %s", out)
	}
	trees := testpeer.Output(tb, "sqlite3", "-readonly", name,
		"SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING rtree%'")
	for _, tree := range strings.Split(strings.TrimSpace(trees), "\n") {
		if tree == "" {
			continue
		}
		if out := testpeer.Output(tb, "sqlite3", "-readonly", name, "SELECT rtreecheck('"+tree+"')"); out != "ok\n" {
			tb.Errorf("rtreecheck %s: %s", tree, out)
		}
	}
	testpeer.Validate(tb, name)
}

var pointSchema = &feature.Schema{
	Geoms: []feature.GeomField{{Type: feature.Point, SRS: feature.SRS{Authority: "EPSG", Code: 4326}}},
	Fields: []feature.Field{
		{Name: "id", Type: feature.Integer64},
		{Name: "name", Type: feature.String, Width: 24},
		{Name: "value", Type: feature.Real},
		{Name: "class", Type: feature.Integer},
		{Name: "day", Type: feature.DateField},
	},
}

// points hands out features of pointSchema, always the same ones in the same order.
type points struct {
	rng  *rand.Rand
	f    *feature.Feature
	wkb  []byte
	text []byte
}

func newPoints() *points {
	return &points{rng: rand.New(rand.NewPCG(1, 2)), f: feature.New(pointSchema)}
}

func (p *points) next(i int) *feature.Feature {
	p.wkb = feature.AppendPoint(p.wkb[:0], p.rng.Float64()*360-180, p.rng.Float64()*180-90)
	p.text = fmt.Appendf(p.text[:0], "name of %d", i)
	p.f.FID = feature.NullFID
	p.f.Geoms[0] = p.wkb
	p.f.Values[0] = feature.Int(int64(i))
	p.f.Values[1] = feature.TextBytes(p.text)
	p.f.Values[2] = feature.Float(p.rng.Float64())
	p.f.Values[3] = feature.Int(int64(i % 10))
	p.f.Values[4] = feature.Days(int64(i % 20_000))
	return p.f
}

// writePoints makes a GeoPackage with a layer "points" of n features.
func writePoints(tb testing.TB, name string, n int, dsco, lco driver.Options) {
	tb.Helper()
	ctx := context.Background()
	ds := mustOpen(tb, name, driver.Create, dsco)
	w, err := ds.Create(ctx, "points", pointSchema, lco)
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Close()
	p := newPoints()
	for i := range n {
		if err := w.Write(p.next(i)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
	if err := ds.Close(); err != nil {
		tb.Fatal(err)
	}
}

func TestContract(t *testing.T) {
	name := filepath.Join(t.TempDir(), "points.gpkg")
	writePoints(t, name, 3000, nil, nil)
	drivertest.Run(t, drivertest.Config{
		Driver: gpkg.New(),
		Name:   name,
		Rows:   map[string]int{"points": 3000},
		Target: func(t testing.TB) string { return filepath.Join(t.TempDir(), "new.gpkg") },
		Fields: []feature.Field{
			{Name: "i32", Type: feature.Integer},
			{Name: "flag", Type: feature.Integer, Subtype: feature.Boolean},
			{Name: "i16", Type: feature.Integer, Subtype: feature.Int16},
			{Name: "i64", Type: feature.Integer64},
			{Name: "real", Type: feature.Real},
			{Name: "text", Type: feature.String},
			{Name: "text10", Type: feature.String, Width: 10},
			{Name: "json", Type: feature.String, Subtype: feature.JSONText},
			{Name: "day", Type: feature.DateField},
			{Name: "moment", Type: feature.DateTimeField},
			{Name: "blob", Type: feature.Binary},
		},
		Geoms: []feature.GeomType{
			feature.Geometry, feature.Point, feature.LineString, feature.Polygon, feature.MultiPoint,
			feature.MultiLineString, feature.MultiPolygon, feature.GeometryCollection, feature.Point + 1000,
			feature.MultiPolygon + 2000, feature.LineString + 3000, feature.CircularString, feature.CurvePolygon,
		},
		NoGeometry: true,
		SRS:        feature.SRS{Authority: "EPSG", Code: 4326},
		Equal:      sameInstant,
	})
}

// sameInstant: a GeoPackage keeps date-times in UTC.
func sameInstant(f feature.Field, wrote, read feature.Value) bool {
	if wrote.Kind() == feature.KindDateTime && read.Kind() == feature.KindDateTime {
		return wrote.Instant() == read.Instant() && read.Zone() == feature.ZoneUTC
	}
	return wrote.Equal(read)
}

func TestVersions(t *testing.T) {
	for version, user := range map[string]string{"1.2": "10200", "1.3": "10300", "1.4": "10400"} {
		t.Run(version, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "x.gpkg")
			writePoints(t, name, 5000, driver.Options{"VERSION": version}, nil)
			sound(t, name)
			if out := testpeer.Output(t, "sqlite3", name, "PRAGMA user_version; PRAGMA application_id"); out != user+"\n1196444487\n" {
				t.Errorf("user_version and application_id are %q", out)
			}
			out := testpeer.Output(t, "ogrinfo", "-so", "-ro", name, "points")
			for _, want := range []string{
				"Geometry: Point\n", "Feature Count: 5000\n", "ID[\"EPSG\",4326]", "FID Column = fid\n",
				"Geometry Column = geom\n", "id: Integer64 (0.0)\n", "name: String (24.0)\n", "day: Date (0.0)\n",
			} {
				if !strings.Contains(out, want) {
					t.Errorf("ogrinfo does not say %q:\n%s", want, out)
				}
			}
			triggers := testpeer.Output(t, "sqlite3", name, "SELECT replace(name, 'rtree_points_geom_', '') FROM sqlite_master "+
				"WHERE type = 'trigger' AND name LIKE 'rtree%' ORDER BY 1")
			want := "delete insert update1 update2 update3 update4"
			if version == "1.4" {
				want = "delete insert update2 update4 update5 update6 update7"
			}
			if got := strings.Join(strings.Fields(triggers), " "); got != want {
				t.Errorf("triggers are %s, want %s", got, want)
			}
		})
	}
}

// TestReproducible writes the same rows twice with the same time.
func TestReproducible(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a.gpkg"), filepath.Join(dir, "b.gpkg"), filepath.Join(dir, "c.gpkg")
	stamp := driver.Options{"TIMESTAMP": "2001-02-03T04:05:06Z"}
	writePoints(t, a, 1000, stamp, nil)
	writePoints(t, b, 1000, stamp, nil)
	t.Setenv("SOURCE_DATE_EPOCH", "981173106") // the same time
	writePoints(t, c, 1000, nil, nil)
	first, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(first), "2001-02-03T04:05:06.000Z") {
		t.Error("the timestamp is not in the file")
	}
	for _, name := range []string{b, c} {
		if other, err := os.ReadFile(name); err != nil || string(other) != string(first) {
			t.Errorf("%s differs from a.gpkg (%v)", filepath.Base(name), err)
		}
	}
}
