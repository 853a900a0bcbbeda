package feature

// Batch packs rows of one schema, so that another goroutine can read them while the Feature that they came from goes on
// to the next row. It is a page of a layer: 500 rows unless somebody asks otherwise.
//
// A Batch is used by one goroutine at a time. Reset keeps its memory, up to 8 MiB, so that a pair of batches that go back
// and forth allocates nothing once warm. The zero value is ready for use.
type Batch struct {
	ngeom, nfield int
	fids          []int64
	geoms         []WKB
	values        []Value

	// Bytes are kept in chunks that never move, since geometries and values point into them.
	chunks [][]byte
	chunk  int // the one that small pieces go into
	size   int
}

const (
	// batchChunk is the unit of a chunk's size: large beside a row, small beside the memory of two pages.
	batchChunk = 64 << 10
	// batchSmall is the largest piece that takes the next chunk rather than look for room in all of them.
	batchSmall = batchChunk / 16
	// batchKept is how many bytes Reset keeps in all: one page of huge geometries must not be paid for until the end.
	batchKept = 8 << 20
)

// Reset forgets all rows.
func (b *Batch) Reset() {
	kept, total := b.chunks[:0], 0
	for _, c := range b.chunks {
		if total+cap(c) <= batchKept {
			total += cap(c)
			kept = append(kept, c[:0])
		}
	}
	if len(kept) < len(b.chunks) {
		// What is dropped must not be held by the rows that pointed to it.
		clear(b.chunks[len(kept):])
		clear(b.geoms)
		clear(b.values)
	}
	b.chunks = kept
	b.fids, b.geoms, b.values = b.fids[:0], b.geoms[:0], b.values[:0]
	b.chunk, b.size = 0, 0
}

// Len returns the number of rows.
func (b *Batch) Len() int { return len(b.fids) }

// Size returns about how many bytes the rows take.
func (b *Batch) Size() int { return b.size }

// Append adds a copy of f. All rows between two Resets must have the same number of geometries and values: another is a
// mistake of the caller and panics.
func (b *Batch) Append(f *Feature) {
	if len(b.fids) == 0 {
		b.ngeom, b.nfield = len(f.Geoms), len(f.Values)
	} else if len(f.Geoms) != b.ngeom || len(f.Values) != b.nfield {
		panic("feature: Batch.Append: a row of another schema")
	}
	b.fids = append(b.fids, f.FID)
	b.size += 8 + 24*b.ngeom + 40*b.nfield
	for _, g := range f.Geoms {
		if g != nil {
			g = b.keep(g)
		}
		b.geoms = append(b.geoms, g)
	}
	for i := range f.Values {
		v := f.Values[i]
		if v.b != nil {
			v.b = b.keep(v.b)
		}
		b.values = append(b.values, v)
	}
}

// keep copies p into a chunk.
func (b *Batch) keep(p []byte) []byte {
	b.size += len(p)
	for i := b.chunk; i < len(b.chunks); i++ {
		if c := b.chunks[i]; cap(c)-len(c) >= len(p) {
			at := len(c)
			c = append(c, p...)
			b.chunks[i] = c
			return c[at:len(c):len(c)]
		}
		// A small piece that does not fit leaves a chunk that is full enough; a large one leaves it to the small ones.
		if len(p) <= batchSmall {
			b.chunk = i + 1
		}
	}
	size := (len(p) + batchChunk - 1) / batchChunk * batchChunk
	c := append(make([]byte, 0, max(batchChunk, size)), p...)
	b.chunks = append(b.chunks, c)
	return c[:len(c):len(c)]
}

// Row makes f the row i, from 0; what f held before is dropped. f shares the batch's memory: it is valid until Reset, and
// whoever changes its geometries or values changes the batch's.
func (b *Batch) Row(i int, f *Feature) {
	f.FID = b.fids[i]
	f.Geoms = b.geoms[i*b.ngeom : (i+1)*b.ngeom : (i+1)*b.ngeom]
	f.Values = b.values[i*b.nfield : (i+1)*b.nfield : (i+1)*b.nfield]
}
