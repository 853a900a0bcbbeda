package gpkg_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// TestReadAllocs: once warm, iterating allocates nothing for a row.
func TestReadAllocs(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	const few, many = 20_000, 45_000 // a few of a parallel scan's units, which each keep their memory
	writePoints(t, file, many, nil, nil)
	l := mustLayer(t, mustOpen(t, file, driver.Read, nil), "points")
	small, large := feature.Bounds{MinX: 0, MinY: 0, MaxX: 90, MaxY: 45}, feature.Bounds{MinX: -1e9, MinY: -1e9, MaxX: 1e9, MaxY: 1e9}
	for name, q := range map[string]layer.Query{
		"all": {}, "columns": {Columns: []string{"name", "day"}, NoGeometry: true}, "box by index": {Box: &small}, "box by scan": {Box: &large},
	} {
		run := func(limit int64) float64 {
			q.Limit = limit
			return testing.AllocsPerRun(2, func() {
				for _, err := range l.Features(ctx, q) {
					if err != nil {
						t.Fatal(err)
					}
				}
			})
		}
		// Whatever it takes to begin, it takes for few rows and for many.
		if a, b := run(few), run(many); b > a+2 {
			t.Errorf("%s: %v allocations for at most %d rows and %v for %d, want no more", name, a, few, b, many)
		}
	}
}

// TestWriteAllocs: writing by pages allocates next to nothing for a row.
func TestWriteAllocs(t *testing.T) {
	for name, lco := range map[string]driver.Options{"index": nil, "noindex": {"SPATIAL_INDEX": "NO"}} {
		ds := mustOpen(t, filepath.Join(t.TempDir(), "x.gpkg"), driver.Create, nil)
		w, err := ds.Create(context.Background(), "points", pointSchema, lco)
		if err != nil {
			t.Fatal(err)
		}
		p := newPoints()
		write := func() {
			if err := w.Write(p.next(7)); err != nil {
				t.Fatal(err)
			}
		}
		for range 20_000 {
			write()
		}
		// Buffers that grow, chunks of the index: a few in thousands of rows.
		const rows = 20_000
		if n := testing.AllocsPerRun(1, func() {
			for range rows {
				write()
			}
		}); n > rows/100 {
			t.Errorf("%s: %v allocations for %d rows", name, n, rows)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// benchRows is how many rows a benchmark's file has.
const benchRows = 200_000

// polygonSchema is that of small polygons of 5 to 40 vertices with three attributes.
var polygonSchema = &feature.Schema{
	Geoms: []feature.GeomField{{Type: feature.Polygon, SRS: wgs84}},
	Fields: []feature.Field{
		{Name: "id", Type: feature.Integer64}, {Name: "name", Type: feature.String, Width: 24}, {Name: "area", Type: feature.Real},
	},
}

// somePolygons returns polygons to write over and over.
func somePolygons() []feature.WKB {
	rng := rand.New(rand.NewPCG(7, 7))
	list := make([]feature.WKB, 1000)
	for i := range list {
		list[i] = polygonAt(rng.Float64()*360-180, rng.Float64()*180-90, 0.01, 5+rng.IntN(36))
	}
	return list
}

func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	file := filepath.Join(b.TempDir(), "x.gpkg")
	writePoints(b, file, benchRows, nil, nil)
	l := mustLayer(b, mustOpen(b, file, driver.Read, nil), "points")
	box := feature.Bounds{MinX: 0, MinY: 0, MaxX: 36, MaxY: 18} // 1 %
	for _, c := range []struct {
		name string
		q    layer.Query
	}{
		{"points7", layer.Query{}},
		{"points-geometry", layer.Query{Columns: []string{}}},
		{"points-box", layer.Query{Box: &box}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				for _, err := range l.Features(ctx, c.q) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	polygons := somePolygons()
	for _, c := range []struct {
		name   string
		schema *feature.Schema
		lco    driver.Options
	}{
		{"points-index", pointSchema, nil},
		{"points-noindex", pointSchema, driver.Options{"SPATIAL_INDEX": "NO"}},
		{"polygons-index", polygonSchema, nil},
		{"polygons-noindex", polygonSchema, driver.Options{"SPATIAL_INDEX": "NO"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			file := filepath.Join(b.TempDir(), "x.gpkg")
			for b.Loop() {
				ds := mustOpen(b, file, driver.Replace, nil)
				w, err := ds.Create(context.Background(), "t", c.schema, c.lco)
				if err != nil {
					b.Fatal(err)
				}
				p, f := newPoints(), feature.New(c.schema)
				for i := range benchRows {
					row := f
					if c.schema == pointSchema {
						row = p.next(i)
					} else {
						f.FID, f.Geoms[0] = null, polygons[i%len(polygons)]
						f.Values[0], f.Values[1], f.Values[2] = feature.Int(int64(i)), feature.TextBytes(p.text), feature.Float(0.5)
					}
					if err := w.Write(row); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Commit(); err != nil {
					b.Fatal(err)
				}
				mustClose(b, ds)
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			_ = os.Remove(file)
		})
	}
}
