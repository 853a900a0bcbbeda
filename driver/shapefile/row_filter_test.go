package shapefile

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// countingSet counts the bytes that are read of each file.
type countingSet struct {
	memSet
	read map[string]int64
}

func (s countingSet) open(name string) (blob, error) {
	b, err := s.memSet.open(name)
	return countingBlob{b, name, s.read}, err
}

type countingBlob struct {
	blob
	name string
	read map[string]int64
}

func (b countingBlob) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.blob.ReadAt(p, off)
	b.read[b.name] += int64(n)
	return n, err
}

// wideSquares is a layer of n polygons of which each has a record of about 4 KiB, with its number and a text.
func wideSquares(n int) memSet {
	s := &shpBuilder{typ: polygon, box: [4]float64{0, 0, float64(n), 1}}
	var rows [][]string
	for i := range n {
		ring := square(float64(i), 0, 0.5)
		for len(ring) < 250 {
			ring = append(ring, ring[len(ring)-1])
		}
		s.add(partsBody(ring))
		rows = append(rows, []string{fmt.Sprintf("%10d", i), fmt.Sprint("text ", i%7)})
	}
	set := s.files()
	set["t.dbf"] = makeDBF(0, []dbfColumn{{"number", 'N', 10, 0}, {"text", 'C', 40, 0}}, rows...)
	return set
}

// TestFilterReads: what a filter rejects by its attributes or its FID is not read in the .shp.
func TestFilterReads(t *testing.T) {
	const n = 3000
	number, text := filter.Field("number"), filter.Field("text")
	box := &feature.Bounds{MinX: 100, MinY: 0, MaxX: 101.2, MaxY: 1}
	around := feature.AppendBounds(nil, *box)
	squares := wideSquares(n)
	for _, test := range []struct {
		name     string
		q        layer.Query
		rows     int
		shp, dbf int64 // at most so many bytes are read
	}{
		{"nothing", layer.Query{Where: number.Lt(0)}, 0, 0, math.MaxInt64},
		{"one", layer.Query{Where: number.Eq(2000)}, 1, 16 << 10, math.MaxInt64},
		{"nothing in a box", layer.Query{Where: number.Lt(0), Box: box}, 0, 0, math.MaxInt64},
		{"nothing that meets a polygon", layer.Query{Where: number.Lt(0).And(filter.Field("geometry").Intersects(around))}, 0, 0, math.MaxInt64},
		{"no geometry", layer.Query{Where: text.Eq("text 1"), NoGeometry: true}, 429, 0, math.MaxInt64},
		{"in order", layer.Query{Where: number.Ge(2998), OrderBy: []layer.Order{{Field: "text"}}}, 2, 40 << 10, math.MaxInt64},
		{"FIDs", layer.Query{Where: filter.FID().In(5, 2999, 5, 1500, 3000, -1)}, 3, 50 << 10, 20 << 10},
		{"a range of FIDs", layer.Query{Where: filter.FID().Between(1000, 1003)}, 4, 80 << 10, 12 << 10},
		{"no FIDs", layer.Query{Where: filter.FID().Lt(-1)}, 0, 0, 0},
		{"FIDs beyond", layer.Query{Where: filter.FID().Ge(n)}, 0, 0, 0},
		{"FIDs and attributes", layer.Query{Where: filter.FID().Ge(2900).And(number.Lt(0))}, 0, 0, 20 << 10},
	} {
		set := countingSet{squares, map[string]int64{}}
		l := openLayerOf(t, openMem(t, set, nil), "t")
		clear(set.read)
		rows, err := readAll(l, test.q)
		if err != nil || len(rows) != test.rows {
			t.Errorf("%s: %d rows, %v; want %d", test.name, len(rows), err, test.rows)
		}
		if set.read["t.shp"] > test.shp || set.read["t.dbf"] > test.dbf {
			t.Errorf("%s: %d bytes of the .shp and %d of the .dbf are read, want %d and %d at most", test.name, set.read["t.shp"],
				set.read["t.dbf"], test.shp, test.dbf)
		}
	}
}

// TestFilterSpoiled holds filters against the reference on files whose .shx, .shp and .dbf do not go together.
func TestFilterSpoiled(t *testing.T) {
	const n = 300
	spoil := map[string]func(memSet){
		"nothing":       func(memSet) {},
		"no .shx":       func(s memSet) { delete(s, "t.shx") },
		"no .shp":       func(s memSet) { delete(s, "t.shp"); delete(s, "t.shx") },
		"no .dbf":       func(s memSet) { delete(s, "t.dbf") },
		"a short .dbf":  func(s memSet) { s["t.dbf"][4], s["t.dbf"][5] = 100, 0 },
		"wrong entries": func(s memSet) { copy(s["t.shx"][headerSize+8*40:], make([]byte, 16)) },
		"lost records": func(s memSet) {
			delete(s, "t.shx")
			copy(s["t.shp"][len(s["t.shp"])/2:], make([]byte, 3000))
		},
		"lost rows": func(s memSet) { s["t.dbf"] = s["t.dbf"][:len(s["t.dbf"])*3/4] },
	}
	squares := wideSquares(n)
	for name, spoil := range spoil {
		set := memSet{}
		for file, b := range squares {
			set[file] = slices.Clone(b)
		}
		set["t.dbf"][len(set["t.dbf"])-1-51*20] = dbfDeleted
		spoil(set)
		l := openLayerOf(t, openMem(t, set, nil), "t")
		ignore := func(error) {}
		all, err := readAll(l, layer.Query{OnBadRow: ignore})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			if got, err := layer.Get(context.Background(), l, f.FID); err != nil || !got.Equal(f) {
				t.Errorf("%s: Get(%d): %v, %v; want %v", name, f.FID, got, err, f)
			}
		}
		fid := filter.FID()
		list := []*filter.Expr{
			fid.Mod(2).Eq(0), fid.In(0, 39, 40, 41, 42, 150, 151, 280, 299, 300, 1000), fid.Between(38, 44), fid.Gt(140), fid.Ge(298), fid.Le(41),
			fid.Gt(120).And(fid.Lt(200)), fid.In(),
		}
		if len(l.Schema().Fields) > 1 {
			number, text := filter.Field("number"), filter.Field("text")
			list = append(list, number.Ge(40), number.IsNull(), text.Like("%3"), text.IsNull().And(fid.Gt(100)), number.Mod(40).Le(1), number.Gt(30).And(fid.In(38, 41, 42, 160)))
		}
		if len(l.Schema().Geoms) > 0 {
			g := filter.Field("geometry").Intersects(feature.AppendBounds(nil, feature.Bounds{MinX: 30, MaxX: 160, MaxY: 1}))
			list = append(list, g, g.Not(), g.And(fid.Gt(39)), g.And(fid.In(38, 41, 299)))
		}
		for _, where := range list {
			q := layer.Query{Where: where, OnBadRow: ignore}
			p, err := q.Plan(l.Schema())
			if err != nil {
				t.Fatal(err)
			}
			var want []int64
			for _, f := range all {
				if ok, err := p.Matches(f); err != nil {
					t.Fatal(err)
				} else if ok {
					want = append(want, f.FID)
				}
			}
			if got := fids(t, l, q); !slices.Equal(got, want) {
				t.Errorf("%s: %v gives %v, want %v", name, where, got, want)
			}
		}
	}
}

// TestFilterBadRows: a broken record is reported unless the filter has no need of it.
func TestFilterBadRows(t *testing.T) {
	s := &shpBuilder{typ: polygon}
	var rows [][]string
	for i := range 20 {
		if i%5 == 2 {
			s.raw(le(int32(point), xy{1, 2}))
		} else {
			s.add(partsBody(square(float64(i), 0, 1)))
		}
		rows = append(rows, []string{fmt.Sprintf("%5d", i)})
	}
	set := s.files()
	set["t.dbf"] = makeDBF(0, []dbfColumn{{"number", 'N', 5, 0}}, rows...)
	for _, test := range []struct {
		where      *filter.Expr
		noGeometry bool
		good, bad  int
	}{
		{filter.Field("number").Lt(10), false, 8, 2},
		{filter.Field("number").Ge(18), false, 2, 0},
		{filter.FID().In(2, 3), false, 1, 1},
		{filter.Field("number").Lt(10), true, 10, 0},
		{filter.Field("geometry").IsNotNull(), false, 16, 4},
	} {
		l := openLayerOf(t, openMem(t, set, nil), "t")
		var bad []error
		q := layer.Query{Where: test.where, NoGeometry: test.noGeometry, OnBadRow: func(err error) { bad = append(bad, err) }}
		got, err := readAll(l, q)
		if err != nil || len(got) != test.good || len(bad) != test.bad {
			t.Errorf("%v: %d rows, %d bad ones, %v; want %d and %d", test.where, len(got), len(bad), err, test.good, test.bad)
		}
		for _, err := range bad {
			if !strings.Contains(err.Error(), "record ") {
				t.Errorf("%v: %v", test.where, err)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	set := wideSquares(50)
	scanned := wideSquares(50)
	delete(scanned, "t.shx")
	table := memSet{"t.dbf": set["t.dbf"]}
	number, fid := filter.Field("number"), filter.FID()
	g := filter.Field("geometry").Intersects(feature.AppendPoint(nil, 1, 2))
	for _, test := range []struct {
		set  memSet
		q    layer.Query
		uses []string
	}{
		{set, layer.Query{}, nil},
		{set, layer.Query{OrderBy: []layer.Order{{Field: "number"}}}, nil},
		{set, layer.Query{Where: number.Gt(3)}, []string{"the .dbf, before the .shp"}},
		{set, layer.Query{Box: &feature.Bounds{}}, []string{"the records' bounding boxes"}},
		{set, layer.Query{Where: g}, []string{"the records' bounding boxes"}},
		{set, layer.Query{Where: g.And(fid.Ge(40))}, []string{"the .shx: 10 records", "the .dbf, before the .shp", "the records' bounding boxes"}},
		{set, layer.Query{Where: fid.In(1, 7, 7, 50)}, []string{"the .shx: 2 records", "the .dbf, before the .shp"}},
		{set, layer.Query{Where: fid.Ge(math.MaxInt64).And(fid.Le(math.MinInt64))}, []string{"the .shx: 0 records", "the .dbf, before the .shp"}},
		{set, layer.Query{Where: fid.Ge(0)}, []string{"the .dbf, before the .shp"}},
		{scanned, layer.Query{Where: g.And(fid.Ge(40))}, []string{"the records' bounding boxes"}},
		{table, layer.Query{Where: fid.Eq(40)}, []string{"the .dbf: 1 records"}},
	} {
		l := openLayerOf(t, openMem(t, test.set, nil), "t")
		e, err := layer.Explain(context.Background(), l, test.q)
		if err != nil || !slices.Equal(e.Uses, test.uses) || e.Residual != test.q.Where || e.ResidualBox != (test.q.Box != nil) ||
			e.Sorted != (test.q.OrderBy != nil) || e.SQL != "" || e.Recheck != nil {
			t.Errorf("%v: %+v, %v; want %q", test.q.Where, e, err, test.uses)
		}
		if _, err := layer.Explain(context.Background(), l, layer.Query{Where: filter.Field("none").Eq(1)}); err == nil {
			t.Error("an unknown field is explained")
		}
	}
}

// TestFilterAllocations: nothing is allocated for a row, be it kept or rejected.
func TestFilterAllocations(t *testing.T) {
	text, number, g := filter.Field("row"), filter.Field("column"), filter.Field("geometry")
	for _, where := range []*filter.Expr{
		number.Eq(3), text.Like("row 1%"), text.Eq("none"), filter.Call("UPPER", text).Eq("ROW 7"), filter.FID().Mod(2).Eq(0), number.Gt(-1),
		number.Gt(5).And(text.IsNull()), g.IsNull(), text.Like("%5").Or(g.IsNull()), filter.FID().Ge(1),
	} {
		few, many := math.Inf(1), 0.0
		for _, side := range []int{50, 150} {
			dir := t.TempDir()
			write(t, dir, grid(side))
			ds, err := New().Open(context.Background(), dir+"/t.shp", driver.Read, nil)
			if err != nil {
				t.Fatal(err)
			}
			l := openLayerOf(t, ds, "t")
			ctx := context.Background()
			n := testing.AllocsPerRun(3, func() {
				for _, err := range l.Features(ctx, layer.Query{Where: where}) {
					if err != nil {
						t.Fatal(err)
					}
				}
			})
			if side == 50 {
				few = n
			} else {
				many = n
			}
			if err := ds.Close(); err != nil {
				t.Error(err)
			}
		}
		if many > few+12 { // buffers grow for a while
			t.Errorf("%v: %v allocations for 2,500 records, %v for 22,500", where, few, many)
		}
	}
}
