package gpkg_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
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

// sound fails the test unless intact and GDAL's validator are content with the file.
func sound(tb testing.TB, name string) {
	tb.Helper()
	intact(tb, name)
	if !testing.Short() {
		testpeer.Validate(tb, name)
	}
}

// intact fails the test unless SQLite, its R-tree module and consistent are content with the file. It is for files that
// the validator takes for wrong: with an empty geometry, for which it looks at bit 3 of the header's flags, want 4 (OGC
// 12-128r18, 2.1.3.1).
func intact(tb testing.TB, name string) {
	tb.Helper()
	out := testpeer.Output(tb, "sqlite3", "-readonly", name, `PRAGMA integrity_check; PRAGMA foreign_key_check;
		SELECT 'rtreecheck ' || name, rtreecheck(name) FROM sqlite_master
		WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING rtree%' AND rtreecheck(name) <> 'ok'`)
	if out != "ok\n" {
		tb.Errorf("integrity_check, foreign_key_check, rtreecheck: %s", out)
	}
	consistent(tb, name)
}

// sameExtent tells whether got is want, but for what OGR makes of it: it writes 15 digits, or takes an R-tree's float32.
func sameExtent(got, want feature.Bounds) bool {
	if got.IsEmpty() || want.IsEmpty() {
		return got.IsEmpty() && want.IsEmpty()
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= 4e-7*math.Abs(b) }
	const digits = 1e-14
	grown := feature.Bounds{
		MinX: got.MinX - digits*math.Abs(got.MinX), MinY: got.MinY - digits*math.Abs(got.MinY),
		MaxX: got.MaxX + digits*math.Abs(got.MaxX), MaxY: got.MaxY + digits*math.Abs(got.MaxY),
	}
	return grown.Contains(want) && near(got.MinX, want.MinX) && near(got.MinY, want.MinY) && near(got.MaxX, want.MaxX) &&
		near(got.MaxY, want.MaxY)
}

// consistent fails the test unless what the file says of each layer is so: its extent, its number of rows, and that its
// R-tree has a box around every geometry and no other.
func consistent(tb testing.TB, name string) {
	tb.Helper()
	ctx := context.Background()
	ds := mustOpen(tb, name, driver.Read, nil)
	defer ds.Close()
	names, err := ds.LayerNames(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	for _, n := range names {
		l := mustLayer(tb, ds, n)
		boxes := make(map[int64]feature.Bounds)
		count, extent := int64(0), feature.EmptyBounds()
		for f, err := range l.Features(ctx, layer.Query{Columns: []string{}}) {
			if err != nil {
				tb.Fatal(err)
			}
			count++
			if len(f.Geoms) > 0 && f.Geoms[0] != nil {
				b, err := f.Geoms[0].Bounds()
				if err != nil {
					tb.Fatalf("layer %s: feature %d: %v", n, f.FID, err)
				}
				if !b.IsEmpty() {
					boxes[f.FID] = b
				}
				extent = extent.Union(b)
			}
		}
		if got, ok, err := l.Count(ctx, layer.Query{}); !ok || err != nil || got != count {
			tb.Errorf("layer %s: Count returns %d, %v, %v, want %d", n, got, ok, err, count)
		}
		if len(l.Schema().Geoms) == 0 {
			continue
		}
		if got, err := layer.Extent(ctx, l, 0); err != nil || !sameExtent(got, extent) {
			tb.Errorf("layer %s: Extent returns %.17g, %v, want %.17g", n, got, err, extent)
		}
		tree, err := l.IndexBoxes()
		if err != nil {
			tb.Fatal(err)
		}
		if tree == nil {
			continue
		}
		for fid, b := range boxes {
			got, ok := tree[fid]
			if !ok || !got.Contains(b) {
				tb.Errorf("layer %s: feature %d: the R-tree has %v (%v), want a box around %v", n, fid, got, ok, b)
			}
		}
		for fid := range tree {
			if _, ok := boxes[fid]; !ok {
				tb.Errorf("layer %s: the R-tree has a box for feature %d, which has no geometry or is not there", n, fid)
			}
		}
	}
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
	p.text = strconv.AppendInt(append(p.text[:0], "name of "...), int64(i), 10)
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
		Reject: &feature.Feature{ // a line in a layer of points
			FID: 7, Geoms: []feature.WKB{feature.AppendHeader(nil, feature.LineString, 0)}, Values: []feature.Value{feature.Int(1)},
		},
		Equal: sameInstant,
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
