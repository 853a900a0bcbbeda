package shapefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// grid is a layer of side*side points with their column and row, of which every fifth is deleted.
func grid(side int) memSet {
	s := &shpBuilder{typ: point, box: [4]float64{0, 0, float64(side - 1), float64(side - 1)}}
	var rows [][]string
	for i := range side * side {
		s.add(le(xy{float64(i % side), float64(i / side)}))
		row := []string{fmt.Sprint(i % side), fmt.Sprint("row ", i/side)}
		if i%5 == 4 {
			row = append([]string{"*"}, row...)
		}
		rows = append(rows, row)
	}
	set := s.files()
	set["t.dbf"] = makeDBF(0, []dbfColumn{{"column", 'N', 5, 0}, {"row", 'C', 10, 0}}, rows...)
	return set
}

func TestQueries(t *testing.T) {
	ctx := context.Background()
	for _, scan := range []bool{false, true} {
		set := grid(20)
		if scan {
			delete(set, "t.shx")
		}
		l := openLayerOf(t, openMem(t, set, nil), "t")
		all := fids(t, l, layer.Query{})
		if len(all) != 320 || slices.Contains(all, 4) || all[4] != 5 {
			t.Fatalf("%d rows: %v", len(all), all[:6])
		}
		for _, q := range []layer.Query{{Offset: 3}, {Offset: 4, Limit: 7}, {Limit: 320}, {Offset: 319}, {Offset: 320}, {Offset: math.MaxInt64}} {
			want := all[min(q.Offset, 320):]
			if q.Limit > 0 {
				want = want[:min(q.Limit, int64(len(want)))]
			}
			if got := fids(t, l, q); !slices.Equal(got, want) {
				t.Errorf("scan %v, offset %d limit %d: %v, want %v", scan, q.Offset, q.Limit, got, want)
			}
			if n, ok, err := l.(layer.Counter).Count(ctx, q); err != nil || !ok || n != int64(len(want)) {
				t.Errorf("scan %v, offset %d limit %d: count %d, %v, %v, want %d", scan, q.Offset, q.Limit, n, ok, err, len(want))
			}
			q.OnBadRow = func(err error) { t.Error(err) }
			if got := fids(t, l, q); !slices.Equal(got, want) {
				t.Errorf("scan %v, offset %d limit %d with OnBadRow: %v, want %v", scan, q.Offset, q.Limit, got, want)
			}
		}
		box := feature.Bounds{MinX: 2, MinY: 3, MaxX: 4, MaxY: 3.5}
		if got := fids(t, l, layer.Query{Box: &box}); !slices.Equal(got, []int64{62, 63}) {
			t.Errorf("scan %v, box: %v", scan, got)
		}
		rows, err := readAll(l, layer.Query{Box: &box, Columns: []string{"ROW"}, NoGeometry: true, Offset: 1})
		if err != nil || len(rows) != 1 || rows[0].Geometry() != nil || !rows[0].Values[0].IsUnset() || rows[0].Values[1].Text() != "row 3" {
			t.Errorf("scan %v, box, column, offset: %v, %v", scan, rows, err)
		}
		var bad []error
		q := layer.Query{Where: filter.Field("column").Mod(2).Eq(0), Box: &box, Columns: []string{"row"}, OnBadRow: func(err error) { bad = append(bad, err) }}
		rows, err = readAll(l, q)
		if err != nil || len(rows) != 1 || !rows[0].Values[0].IsUnset() || len(bad) != 0 {
			t.Errorf("scan %v, expression: %v, %v", scan, rows, err)
		}
		q.Box = nil
		rows, err = readAll(l, q)
		if err != nil || len(rows) != 160 || len(bad) != 0 {
			t.Errorf("scan %v, expression: %d rows, %d bad, %v", scan, len(rows), len(bad), err)
		}
		var de *driver.Error
		if _, err := readAll(l, layer.Query{Where: filter.Field("rows").Eq(1)}); !errors.As(err, &de) {
			t.Errorf("error %v, want one of the driver", err)
		}
		f, err := layer.Get(ctx, l, 62)
		if err != nil || f.FID != 62 || f.Values[0].Int() != 2 || wkt(t, f.Geometry()) != "POINT (2 3)" {
			t.Errorf("scan %v, Get(62): %v, %v", scan, f, err)
		}
		for _, fid := range []int64{4, 400, -1, math.MinInt64, math.MaxInt64} {
			if _, err := layer.Get(ctx, l, fid); !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &de) || de.FID != fid {
				t.Errorf("scan %v, Get(%d): %v", scan, fid, err)
			}
		}
		done, total := l.(layer.Progresser).Progress()
		if done > total || total != int64(len(set["t.shp"])) {
			t.Errorf("progress %d of %d", done, total)
		}
	}
}

func TestExtent(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct {
		box  [4]float64
		want feature.Bounds
		ok   bool
	}{
		{[4]float64{0, 0, 5, 6}, feature.Bounds{MaxX: 5, MaxY: 6}, true},
		{[4]float64{}, feature.Bounds{}, false},
		{[4]float64{nan, nan, nan, nan}, feature.Bounds{}, false},
		{[4]float64{5, 5, 0, 0}, feature.Bounds{}, false},
		{[4]float64{-math.MaxFloat64, -math.MaxFloat64, math.MaxFloat64, math.MaxFloat64}, feature.Bounds{}, false},
	} {
		s := (&shpBuilder{typ: point, box: test.box}).add(le(xy{1, 2})).add(le(xy{3, 4}))
		l := openLayerOf(t, openMem(t, s.files(), nil), "t")
		b, ok, err := l.(layer.Extenter).Extent(context.Background(), 0)
		if err != nil || ok != test.ok || ok && b != test.want {
			t.Errorf("header %v: %v, %v, %v", test.box, b, ok, err)
		}
		want := test.want
		if !ok {
			want = feature.Bounds{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4}
		}
		if b, err := layer.Extent(context.Background(), l, 0); err != nil || b != want {
			t.Errorf("header %v: extent %v, %v", test.box, b, err)
		}
	}
	l := openLayerOf(t, openMem(t, (&shpBuilder{typ: point}).files(), nil), "t")
	if b, err := layer.Extent(context.Background(), l, 0); err != nil || !b.IsEmpty() {
		t.Errorf("extent of nothing: %v, %v", b, err)
	}
}

// TestNested reads two rows of one layer at a time, in an encoding that has a state.
func TestNested(t *testing.T) {
	set := grid(30)
	set["t.cpg"] = []byte("ISO-2022-JP")
	l := openLayerOf(t, openMem(t, set, nil), "t")
	n := 0
	for a, err := range l.Features(context.Background(), layer.Query{Limit: 40}) {
		if err != nil {
			t.Fatal(err)
		}
		m := 0
		for b, err := range l.Features(context.Background(), layer.Query{Offset: 600}) {
			if err != nil {
				t.Fatal(err)
			}
			if b.Values[1].String() != fmt.Sprint("row ", b.FID/30) || a.Values[1].String() != fmt.Sprint("row ", a.FID/30) {
				t.Fatalf("%v and %v", a.Values, b.Values)
			}
			m++
		}
		if m != 120 {
			t.Fatalf("%d rows within, want 120", m)
		}
		n++
	}
	if n != 40 {
		t.Errorf("%d rows, want 40", n)
	}
}

// TestAllocations iterates over few rows and over many: all that is allocated is for the iteration.
func TestAllocations(t *testing.T) {
	polygons := &shpBuilder{typ: polygonZ}
	rings := partsBody(square(0, 0, 9), hole(1, 1, 2), hole(5, 5, 2))
	z := block(make([]float64, 15)...)
	names := [][]string{}
	for range 20_000 {
		polygons.add(rings, z)
		names = append(names, []string{"\x93\x8C", "1.25", "20200101"})
	}
	cols := []dbfColumn{{"a", 'C', 10, 0}, {"b", 'N', 20, 10}, {"c", 'D', 8, 0}}
	sets := map[string]memSet{"points": grid(150), "polygons": polygons.files(), "latin": grid(150), "shift": {}}
	sets["polygons"]["t.dbf"] = makeDBF(0, cols, names...)
	sets["shift"]["t.dbf"] = makeDBF(0x13, cols, names...)
	sets["latin"]["t.dbf"] = makeDBF(0xC9, cols, names...)
	box := feature.Bounds{MinX: -1, MinY: -1, MaxX: 1e3, MaxY: 1e3}
	for name, set := range sets {
		for _, q := range []layer.Query{{}, {Columns: []string{}}, {NoGeometry: true}, {Box: &box}} {
			l := openLayerOf(t, openMem(t, set, nil), "t")
			if q.Box != nil && len(l.Schema().Geoms) == 0 {
				continue
			}
			ctx := context.Background()
			allocs := func(limit int64) float64 {
				q.Limit = limit
				return testing.AllocsPerRun(3, func() {
					for _, err := range l.Features(ctx, q) {
						if err != nil {
							t.Fatal(err)
						}
					}
				})
			}
			few, many := allocs(6000), allocs(12000)
			if many > few+8 { // buffers grow for a while
				t.Errorf("%s: %v allocations for 6,000 rows, %v for 12,000", name, few, many)
			}
		}
	}
}
