package gpkg_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/layer"
)

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

func writePoints(tb testing.TB, name string, n int, lco driver.Options) {
	tb.Helper()
	ctx := context.Background()
	ds, err := gpkg.New().Open(ctx, name, driver.Create, nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer ds.Close()
	w, err := ds.Create(ctx, "points", pointSchema, lco)
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	f := feature.New(pointSchema)
	var buf, text []byte
	for i := range n {
		f.FID = feature.NullFID
		buf = feature.AppendPoint(buf[:0], rng.Float64()*360-180, rng.Float64()*180-90)
		f.Geoms[0] = buf
		text = fmt.Appendf(text[:0], "name of %d", i)
		f.Values[0] = feature.Int(int64(i))
		f.Values[1] = feature.TextBytes(text)
		f.Values[2] = feature.Float(rng.Float64())
		f.Values[3] = feature.Int(int64(i % 10))
		f.Values[4] = feature.Days(int64(i % 20000))
		if err := w.Write(f); err != nil {
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

func TestSmoke(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, name, 10_000, nil)
	out, _ := exec.Command("ogrinfo", "-so", "-al", name).CombinedOutput()
	t.Logf("%s", out)
	out, _ = exec.Command("sqlite3", name, "pragma integrity_check; select rtreecheck('rtree_points_geom'); select count(*) from rtree_points_geom where minx>0").CombinedOutput()
	t.Logf("%s", out)
	out, _ = exec.Command("/usr/bin/python3", "-m", "osgeo_utils.samples.validate_gpkg", "-k", "--extra", name).CombinedOutput()
	t.Logf("%s", out)
	ctx := context.Background()
	ds, err := gpkg.New().Open(ctx, name, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	l, err := ds.Layer(ctx, "points")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for f, err := range l.Features(ctx, layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			t.Log(f.FID, f.Values)
		}
		n++
	}
	t.Log(n)
}

func BenchmarkWritePoints(b *testing.B) {
	for _, c := range []struct {
		name string
		lco  driver.Options
	}{{"index", nil}, {"noindex", driver.Options{"SPATIAL_INDEX": "NO"}}} {
		b.Run(c.name, func(b *testing.B) {
			const n = 1_000_000
			for b.Loop() {
				writePoints(b, filepath.Join(b.TempDir(), "x.gpkg"), n, c.lco)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkReadPoints(b *testing.B) {
	const n = 200_000
	name := filepath.Join(b.TempDir(), "x.gpkg")
	writePoints(b, name, n, nil)
	ctx := context.Background()
	ds, err := gpkg.New().Open(ctx, name, driver.Read, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer ds.Close()
	l, err := ds.Layer(ctx, "points")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range l.Features(ctx, layer.Query{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
