package shapefile

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/layer"
)

const benchRows = 200_000

// benchPoints makes points with five attributes, as bench/ does.
var benchPoints = sync.OnceValue(func() memSet {
	rnd := rand.New(rand.NewPCG(1, 2))
	s := shpBuilder{typ: point, box: [4]float64{-180, -90, 180, 90}}
	rows := make([][]string, benchRows)
	for i := range rows {
		s.add(le(xy{rnd.Float64()*360 - 180, rnd.Float64()*180 - 90}))
		rows[i] = []string{
			fmt.Sprintf("%10d", i), fmt.Sprintf("place number %d", i), fmt.Sprintf("%9d", rnd.IntN(1e9)),
			fmt.Sprintf("%24.15f", rnd.Float64()*1e4), fmt.Sprintf("%04d%02d%02d", 1970+i%50, 1+i%12, 1+i%28),
		}
	}
	set := s.files()
	set["t.dbf"] = makeDBF(0, []dbfColumn{{"id", 'N', 10, 0}, {"name", 'C', 40, 0}, {"n", 'N', 9, 0}, {"x", 'N', 24, 15}, {"d", 'D', 8, 0}},
		rows...)
	return set
})

// benchPolygons makes polygons of 5 to 40 vertices with three attributes.
var benchPolygons = sync.OnceValue(func() memSet {
	rnd := rand.New(rand.NewPCG(1, 2))
	s := shpBuilder{typ: polygon, box: [4]float64{-180, -90, 180, 90}}
	rows := make([][]string, benchRows/10)
	for i := range rows {
		x, y := rnd.Float64()*360-180, rnd.Float64()*180-90
		ring := make([]xy, 5+rnd.IntN(36))
		for j := range ring {
			ring[j] = xy{x + rnd.Float64(), y + rnd.Float64()}
		}
		ring[len(ring)-1] = ring[0]
		s.add(partsBody(ring))
		rows[i] = []string{fmt.Sprintf("%10d", i), fmt.Sprintf("area number %d", i), fmt.Sprintf("%18d", rnd.IntN(1e9))}
	}
	set := s.files()
	set["t.dbf"] = makeDBF(0, []dbfColumn{{"id", 'N', 10, 0}, {"name", 'C', 40, 0}, {"n", 'N', 18, 0}}, rows...)
	return set
})

func BenchmarkRead(b *testing.B) {
	for _, bench := range []struct {
		name string
		set  func() memSet
		q    layer.Query
	}{
		{"points", benchPoints, layer.Query{}},
		{"points/geometry", benchPoints, layer.Query{Columns: []string{}}},
		{"points/attributes", benchPoints, layer.Query{NoGeometry: true}},
		{"polygons", benchPolygons, layer.Query{}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			dir := b.TempDir()
			write(b, dir, bench.set())
			ds, err := New().Open(context.Background(), filepath.Join(dir, "t.shp"), driver.Read, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer ds.Close()
			l := openLayerOf(b, ds, "t")
			rows := 0
			b.ReportAllocs()
			for b.Loop() {
				rows = 0
				for _, err := range l.Features(context.Background(), bench.q) {
					if err != nil {
						b.Fatal(err)
					}
					rows++
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
