package feature

// Batch packs rows of one schema, so that another goroutine can read them while the Feature that they came from goes on
// to the next row. It is a page of a layer: 500 rows unless somebody asks otherwise.
//
// A Batch is used by one goroutine at a time. Reset keeps its memory, so that a pair of batches that go back and forth
// allocates nothing once warm. The zero value is ready for use.
type Batch struct {
	ngeom, nfield int
	fids          []int64
	geoms         []WKB
	values        []Value

	// Bytes are kept in chunks that never move, since geometries and values point into them.
	chunks [][]byte
	chunk  int // the one that is being filled
	size   int
}

// batchChunk is the least size of a chunk: large beside a row, small beside the memory of two pages.
const batchChunk = 64 << 10

// maxKeptChunk is the largest chunk that Reset keeps: one huge geometry must not be paid for until the end.
const maxKeptChunk = 4 << 20

// Reset forgets all rows.
func (b *Batch) Reset() {
	b.fids, b.geoms, b.values = b.fids[:0], b.geoms[:0], b.values[:0]
	kept := b.chunks[:0]
	for _, c := range b.chunks {
		if cap(c) <= maxKeptChunk {
			kept = append(kept, c[:0])
		}
	}
	clear(b.chunks[len(kept):])
	b.chunks = kept
	b.chunk, b.size = 0, 0
}

// Len returns the number of rows.
func (b *Batch) Len() int { return len(b.fids) }

// Size returns about how many bytes the rows take.
func (b *Batch) Size() int { return b.size }

// Append adds a copy of f. All rows between two Resets must have the same number of geometries and values.
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
	for ; b.chunk < len(b.chunks); b.chunk++ {
		if c := b.chunks[b.chunk]; cap(c)-len(c) >= len(p) {
			at := len(c)
			c = append(c, p...)
			b.chunks[b.chunk] = c
			return c[at:len(c):len(c)]
		}
	}
	c := append(make([]byte, 0, max(batchChunk, len(p))), p...)
	b.chunks = append(b.chunks, c)
	return c[:len(c):len(c)]
}

// Row makes f the row i, from 0. f shares the batch's memory: it is valid until Reset, and must not be appended to.
func (b *Batch) Row(i int, f *Feature) {
	f.FID = b.fids[i]
	f.Geoms = b.geoms[i*b.ngeom : (i+1)*b.ngeom : (i+1)*b.ngeom]
	f.Values = b.values[i*b.nfield : (i+1)*b.nfield : (i+1)*b.nfield]
}
