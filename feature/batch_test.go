package feature_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

var batchSchema = &Schema{
	Geoms:  []GeomField{{Name: "geom"}, {Name: "other"}},
	Fields: []Field{{Name: "a"}, {Name: "b"}, {Name: "c", Type: Integer64}, {Name: "d", Type: StringList}},
}

// fill makes f the row i, in the memory of f, with pieces of size bytes.
func fill(f *Feature, i, size int) {
	spoil(f)
	f.FID = int64(i)
	f.Geoms[0] = append(AppendPoint(f.Geoms[0][:0], float64(i), 2), make([]byte, size)...)
	f.Geoms[1] = nil
	if i%3 == 0 {
		f.Geoms[1] = WKB{}
	}
	f.Values[0] = TextBytes(fmt.Appendf(f.Values[0].Bytes()[:0], "row %d of some", i))
	f.Values[1] = Value{}
	f.Values[2] = Int(int64(i))
	if i%2 == 0 {
		f.Values[1] = Null()
		f.Values[2] = Float(math.NaN())
	}
	f.Values[3] = TextList("x", fmt.Sprint(i))
}

// spoil overwrites the memory of a row, as the next row of an iteration does.
func spoil(f *Feature) {
	for _, g := range f.Geoms {
		for i := range g {
			g[i] = 0xEE
		}
	}
	for _, v := range f.Values {
		for i := range v.Bytes() {
			v.Bytes()[i] = 0xEE
		}
	}
}

func TestBatch(t *testing.T) {
	var b Batch
	f, row := New(batchSchema), new(Feature)
	// Pages of rows that are small, large, huge and small again, and of other numbers.
	for page, size := range []int{10, 0, 70_000, 5_000, 1 << 20, 10, 3_000_000, 100} {
		b.Reset()
		if b.Len() != 0 || b.Size() != 0 {
			t.Fatalf("page %d: Len %d and Size %d after Reset", page, b.Len(), b.Size())
		}
		n, sum := 20+page*7, 0
		var want []*Feature
		for i := range n {
			of := size * (i % 4) / 3
			fill(f, i, of)
			b.Append(f)
			want = append(want, f.Clone())
			sum += of
		}
		spoil(f)
		if b.Len() != n || b.Size() < sum || b.Size() > sum+n*1000 {
			t.Errorf("page %d: Len %d, want %d; Size %d of %d bytes of geometry", page, b.Len(), n, b.Size(), sum)
		}
		for i := range n {
			if b.Row(i, row); !row.Equal(want[i]) {
				t.Fatalf("page %d: row %d is %v, want %v", page, i, row.Values, want[i].Values)
			}
			if (row.Geoms[1] == nil) != (i%3 != 0) || row.Values[1].IsUnset() != (i%2 != 0) {
				t.Fatalf("page %d: row %d: no geometry and an empty one, or null and unset, are confused", page, i)
			}
		}
	}
}

// TestBatchRowsAreApart: appending to what a row gave does not run into another.
func TestBatchRowsAreApart(t *testing.T) {
	var b Batch
	f := New(batchSchema)
	for i := range 3 {
		fill(f, i, 0)
		b.Append(f)
	}
	row := new(Feature)
	b.Row(1, row)
	want := row.Clone()
	var first Feature
	b.Row(0, &first)
	_ = append(first.Geoms, WKB("x"))
	_ = append(first.Values, Int(1))
	_ = append(first.Geoms[0], 1, 2, 3)
	_ = append(first.Values[0].Bytes(), 1, 2, 3)
	if b.Row(1, row); !row.Equal(want) {
		t.Errorf("row 1 became %v, want %v", row, want)
	}
}

func TestBatchOfAnotherSchema(t *testing.T) {
	var b Batch
	b.Append(New(batchSchema))
	defer func() {
		if recover() == nil {
			t.Error("a row of another schema does not panic")
		}
		b.Reset()
		b.Append(New(&Schema{})) // after Reset it may be another
		var f Feature
		if b.Row(0, &f); b.Len() != 1 || len(f.Geoms) != 0 || len(f.Values) != 0 {
			t.Errorf("a row of nothing is %v", f)
		}
	}()
	b.Append(New(&Schema{}))
}

// TestBatchWarm: a pair of batches that go back and forth allocates nothing, whatever the order of sizes.
func TestBatchWarm(t *testing.T) {
	var b Batch
	f, row := New(batchSchema), new(Feature)
	sizes := []int{10, 100, 3000, 10, 60_000, 20, 200_000, 5000}
	fill(f, 1, sizes[6])
	large := f.Clone()
	page := 0
	run := func() {
		b.Reset()
		page++
		for i := range 100 {
			large.Geoms[0] = large.Geoms[0][:21+sizes[(i+page)%len(sizes)]]
			b.Append(large)
		}
		for i := range 100 {
			b.Row(i, row)
		}
	}
	for range 20 {
		run()
	}
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations a page once warm", n)
	}
}

// TestBatchMemory: what a batch holds is bounded, even when each page has a row larger than any before, and huge rows are
// given back.
func TestBatchMemory(t *testing.T) {
	var b Batch
	f := New(&Schema{Geoms: []GeomField{{}}})
	memory := make([]byte, 20<<20)
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	for n := 1 << 10; n < len(memory); n += 400 << 10 {
		b.Reset()
		for _, size := range []int{100, n, 100} {
			f.Geoms[0] = memory[:size]
			b.Append(f)
		}
	}
	b.Reset()
	if grown := int64(live()) - int64(before); grown > 9<<20 {
		t.Errorf("a batch holds %d MiB after Reset", grown>>20)
	}
	runtime.KeepAlive(memory)
	b.Append(f)
}

func BenchmarkBatchAppend(b *testing.B) {
	f := New(&Schema{Geoms: []GeomField{{}}, Fields: make([]Field, 6)})
	f.Geoms[0] = polygon(20)
	for i := range f.Values {
		f.Values[i] = Int(int64(i))
	}
	f.Values[1], f.Values[4] = Text("a name of a place"), Text("another")
	var batch Batch
	for b.Loop() {
		if batch.Len() == 500 {
			batch.Reset()
		}
		batch.Append(f)
	}
}
