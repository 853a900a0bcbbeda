package layer

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
)

const (
	// sortMemory is how many bytes of rows are held while they are sorted, and how many are read ahead while sorted runs
	// are merged.
	sortMemory = 64 << 20
	// sortFanIn is how many runs are merged at a time.
	sortFanIn = 256
	// trimAtLeast is how many rows more than are wanted are held at least before those behind are dropped.
	trimAtLeast = 1024
)

// sorted yields the rows in the plan's order, and equal ones in the order in which they come. Of rows beyond the query's
// offset and limit it may yield none. More rows than memory should hold go to a temporary file.
func sorted(rows iter.Seq2[*feature.Feature, error], p *Plan) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		s := sorter{p: p, memory: sortMemory, fanIn: sortFanIn}
		s.sort(rows, yield)
	}
}

// sorter sorts the rows of one iteration: in memory as long as they fit, and otherwise in runs that it merges.
//
// A row is a record: a key whose order as bytes is that of the rows, and the row itself, encoded.
type sorter struct {
	p             *Plan
	memory, fanIn int

	keep  int64  // so many of the first rows are wanted; 0 is all
	worst []byte // the last key of the first ones, once there are so many: who does not come before it is not wanted
	held  records
	spare records // for trim, which changes them over
	runs  runs

	key, row []byte // of the row that is being added
}

// sort adds all rows and yields them in order.
func (s *sorter) sort(rows iter.Seq2[*feature.Feature, error], yield func(*feature.Feature, error) bool) {
	defer s.runs.close()
	if q := &s.p.Query; q.Limit > 0 && q.Limit < math.MaxInt32 && q.Offset < math.MaxInt32 {
		s.keep = max(0, q.Offset) + q.Limit
	}
	for f, err := range rows {
		if err == nil {
			err = s.add(f)
		}
		if err != nil {
			yield(nil, err)
			return
		}
	}
	if err := s.each(yield); err != nil {
		yield(nil, err)
	}
}

func (s *sorter) add(f *feature.Feature) error {
	s.key = s.appendKey(s.key[:0], f)
	if s.worst != nil && bytes.Compare(s.key, s.worst) >= 0 {
		return nil
	}
	s.row = s.appendRow(s.row[:0], f)
	s.held.add(s.key, s.row)
	full := s.held.size() >= s.memory
	if s.keep > 0 && (full || int64(len(s.held.list)) >= s.keep+max(s.keep, trimAtLeast)) {
		s.trim()
		full = s.held.size() >= s.memory/2
	}
	if full {
		return s.spill()
	}
	return nil
}

// trim drops the rows behind the first that are wanted.
func (s *sorter) trim() {
	s.held.sort()
	if int64(len(s.held.list)) < s.keep {
		return
	}
	s.held.list = s.held.list[:s.keep]
	last, _ := s.held.record(s.held.list[s.keep-1])
	s.worst = append(s.worst[:0], last...)
	if s.held.kept() >= s.memory/2 { // it is about to be spilled, and there is no room for two
		return
	}
	s.spare.reset()
	for _, r := range s.held.list {
		s.spare.add(s.held.record(r))
	}
	s.held, s.spare = s.spare, s.held
	s.spare.reset()
}

// spill writes what is held to a run.
func (s *sorter) spill() error {
	s.held.sort()
	err := s.runs.add(s.fanIn, s.memory, func(write func(key, row []byte) error) error {
		for _, r := range s.held.list {
			if err := write(s.held.record(r)); err != nil {
				return err
			}
		}
		return nil
	})
	s.held.reset()
	return err
}

// each yields the rows in order. The error is one that was not yielded.
func (s *sorter) each(yield func(*feature.Feature, error) bool) error {
	f := feature.New(s.p.Schema)
	d := rowDecoder{f: f, geoms: f.Geoms, values: f.Values}
	if s.runs.none() {
		s.held.sort()
		for _, r := range s.held.list {
			_, row := s.held.record(r)
			if err := d.decode(row); err != nil {
				return err
			}
			if !yield(f, nil) {
				return nil
			}
		}
		return nil
	}
	if len(s.held.list) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.held, s.spare = records{}, records{} // their memory is the readers'
	m, err := s.runs.merge(s.memory)
	for ; err == nil && m.more(); err = m.next() {
		_, row := m.record()
		if err = d.decode(row); err != nil {
			return err
		}
		if !yield(f, nil) {
			return nil
		}
	}
	return err
}

// records are held in memory in chunks that never move.
type records struct {
	chunks [][]byte
	used   int // chunks that hold records: the last of them is being filled
	bytes  int // that the used chunks take
	list   []record
}

// record is where a record is, and the first bytes of its key. What came earlier is in an earlier place.
type record struct {
	prefix    uint64
	chunk, at uint32
}

const (
	recordSize    = 16
	smallestChunk = 16 << 10
	largestChunk  = 1 << 20
)

func (h *records) add(key, row []byte) {
	n := 2*binary.MaxVarintLen64 + len(key) + len(row)
	if h.used == 0 || cap(h.chunks[h.used-1])-len(h.chunks[h.used-1]) < n {
		h.grow(n)
	}
	i := h.used - 1
	h.list = append(h.list, record{prefix(key), uint32(i), uint32(len(h.chunks[i]))})
	h.chunks[i] = appendRecord(h.chunks[i], key, row)
}

// grow begins a chunk that has room for n bytes.
func (h *records) grow(n int) {
	if h.used == len(h.chunks) {
		h.chunks = append(h.chunks, nil)
	}
	c := &h.chunks[h.used]
	if cap(*c) < n {
		*c = make([]byte, 0, max(n, min(largestChunk, max(smallestChunk, h.bytes))))
	}
	*c = (*c)[:0]
	h.used++
	h.bytes += cap(*c)
}

// size returns how much memory the records take.
func (h *records) size() int { return h.bytes + recordSize*len(h.list) }

// kept returns how many bytes the records in the list have.
func (h *records) kept() int {
	n := 0
	for _, r := range h.list {
		key, row := h.record(r)
		n += recordSize + len(key) + len(row)
	}
	return n
}

// reset forgets the records and keeps the memory, but for chunks of huge rows.
func (h *records) reset() {
	h.chunks = slices.DeleteFunc(h.chunks, func(c []byte) bool { return cap(c) > largestChunk })
	h.used, h.bytes, h.list = 0, 0, h.list[:0]
}

func (h *records) sort() {
	slices.SortFunc(h.list, func(a, b record) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		x, _ := h.record(a)
		y, _ := h.record(b)
		if c := bytes.Compare(x, y); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.chunk, b.chunk), cmp.Compare(a.at, b.at))
	})
}

func (h *records) record(r record) (key, row []byte) {
	key, row, _ = cutRecord(h.chunks[r.chunk][r.at:])
	return key, row
}

// prefix returns the first bytes of a key as a number. Keys come in the order of their prefixes, or are to be compared.
func prefix(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}
