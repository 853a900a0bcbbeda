package gpkg

import (
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
)

// maxEntriesInMemory is how many entries of an R-tree are held in memory; beyond that they go to a temporary file. Each
// takes about 50 bytes while the tree is packed.
const maxEntriesInMemory = 1 << 20

// entryChunk is how many entries are allocated at a time: a slice that grows would leave its former selves behind.
const entryChunk = 1 << 16

// rtreeEntries gathers the entries of an R-tree while rows are written.
type rtreeEntries struct {
	dir    string // where a temporary file may be made
	limit  int    // maxEntriesInMemory, but for tests
	n      int
	bounds box
	chunks [][]entry  // those in memory, in the order in which they came
	free   [][]entry  // chunks that were emptied
	spill  *spillFile // those that came before, or nil
	sorted bool       // ids came in increasing order
	last   int64
}

func newRTreeEntries(dir string) *rtreeEntries {
	return &rtreeEntries{dir: dir, limit: maxEntriesInMemory, sorted: true}
}

// add adds an entry.
func (t *rtreeEntries) add(id int64, b feature.Bounds) error { return t.addEntry(entry{id, boxOf(b)}) }

func (t *rtreeEntries) addEntry(e entry) error {
	if t.n == 0 {
		t.bounds = e.box
	} else {
		t.bounds.union(e.box)
		t.sorted = t.sorted && e.id > t.last
	}
	t.last = e.id
	t.n++
	i := len(t.chunks) - 1
	if i < 0 || len(t.chunks[i]) == entryChunk {
		if len(t.chunks)*entryChunk >= t.limit {
			if err := t.spillOut(); err != nil {
				return err
			}
		}
		var chunk []entry
		if n := len(t.free); n > 0 {
			chunk, t.free = t.free[n-1], t.free[:n-1]
		} else {
			chunk = make([]entry, 0, entryChunk)
		}
		t.chunks = append(t.chunks, chunk)
		i = len(t.chunks) - 1
	}
	t.chunks[i] = append(t.chunks[i], e)
	return nil
}

// each hands over the entries in the order in which they came.
func (t *rtreeEntries) each(f func(entry) error) error {
	if t.spill != nil {
		if err := t.spill.each(0, t.spill.n, func(r record) error { return f(r.entry) }); err != nil {
			return err
		}
	}
	for _, c := range t.chunks {
		for _, e := range c {
			if err := f(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// pack writes the R-tree's tables.
func (t *rtreeEntries) pack(out rtreeTables) error {
	if t.spill == nil {
		return packRTree(t.sortInMemory(), out)
	}
	s, err := t.sortOnDisk()
	if err != nil {
		return err
	}
	defer s.close()
	return packRTree(s, out)
}

// close removes the temporary file, if there is one.
func (t *rtreeEntries) close() {
	t.chunks, t.free = nil, nil
	if t.spill != nil {
		t.spill.close()
		t.spill = nil
	}
}

// memoryEntries are entries sorted in memory.
type memoryEntries struct {
	t     *rtreeEntries
	order []uint32 // the entries' numbers along the curve
	leaf  []int64  // by the entry's number
	next  int      // of order, for inLeaf
}

func (t *rtreeEntries) sortInMemory() *memoryEntries {
	c := newCurve(t.bounds)
	keys := make([]uint64, 0, t.n) // the place on the curve above the entry's number
	for _, chunk := range t.chunks {
		for _, e := range chunk {
			keys = append(keys, uint64(c.place(e.box))<<32|uint64(len(keys)))
		}
	}
	radixSort(keys)
	m := &memoryEntries{t: t, order: make([]uint32, t.n)}
	for i, k := range keys {
		m.order[i] = uint32(k)
	}
	return m
}

func (m *memoryEntries) at(i uint32) *entry { return &m.t.chunks[i/entryChunk][i%entryChunk] }

func (m *memoryEntries) len() int { return m.t.n }

func (m *memoryEntries) each(f func(entry) error) error {
	for _, i := range m.order {
		if err := f(*m.at(i)); err != nil {
			return err
		}
	}
	return nil
}

func (m *memoryEntries) inLeaf(_, leaf int64) error {
	if m.leaf == nil {
		m.leaf = make([]int64, m.t.n)
	}
	m.leaf[m.order[m.next]] = leaf
	m.next++
	return nil
}

func (m *memoryEntries) eachByID(f func(id, leaf int64) error) error {
	if !m.t.sorted {
		slices.SortFunc(m.order, func(a, b uint32) int {
			if m.at(a).id < m.at(b).id {
				return -1
			}
			return 1
		})
	}
	for i := range m.t.n {
		n := uint32(i)
		if !m.t.sorted {
			n = m.order[i]
		}
		if err := f(m.at(n).id, m.leaf[n]); err != nil {
			return err
		}
	}
	return nil
}
