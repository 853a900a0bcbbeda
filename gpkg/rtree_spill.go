package gpkg

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"slices"
)

// A layer of more entries than memory should hold sorts them on disk: runs that fit are sorted and written, and all runs
// are merged while they are read.

// record is an entry in a temporary file, with the key that it is sorted by.
type record struct {
	key uint64
	entry
}

const recordSize = 8 + 8 + 16

// spillFile is a temporary file of records.
type spillFile struct {
	f   *os.File
	w   *bufio.Writer
	n   int
	buf [recordSize]byte
}

// newSpillFile makes a temporary file in the folder in which the GeoPackage is made, since there is room for that.
func newSpillFile(dir string) (*spillFile, error) {
	f, err := os.CreateTemp(dir, ".ogrcarto-rtree-*.tmp")
	if err != nil {
		return nil, err
	}
	// Where the system lets go of a name while the file is open, nothing is left even if this process is killed.
	_ = os.Remove(f.Name())
	return &spillFile{f: f, w: bufio.NewWriterSize(f, 1<<20)}, nil
}

func (s *spillFile) close() {
	_ = s.f.Close()
	_ = os.Remove(s.f.Name())
}

func (s *spillFile) add(r record) error {
	b := s.buf[:]
	binary.LittleEndian.PutUint64(b, r.key)
	binary.LittleEndian.PutUint64(b[8:], uint64(r.id))
	for i, v := range [4]float32{r.box.minX, r.box.maxX, r.box.minY, r.box.maxY} {
		binary.LittleEndian.PutUint32(b[16+4*i:], math.Float32bits(v))
	}
	s.n++
	_, err := s.w.Write(b)
	return err
}

// reader reads the records from number from to number to, through a buffer of that size.
func (s *spillFile) reader(from, to, buffer int) *spillReader {
	section := io.NewSectionReader(s.f, int64(from)*recordSize, int64(to-from)*recordSize)
	return &spillReader{r: bufio.NewReaderSize(section, buffer), left: to - from}
}

// each hands over the records from number from to number to. All must have been flushed.
func (s *spillFile) each(from, to int, f func(record) error) error {
	for r := s.reader(from, to, 1<<20); ; {
		rec, ok, err := r.next()
		if !ok || err != nil {
			return err
		}
		if err := f(rec); err != nil {
			return err
		}
	}
}

type spillReader struct {
	r    *bufio.Reader
	left int
	buf  [recordSize]byte
}

func (r *spillReader) next() (rec record, ok bool, err error) {
	if r.left == 0 {
		return rec, false, nil
	}
	r.left--
	b := r.buf[:]
	if _, err := io.ReadFull(r.r, b); err != nil {
		return rec, false, err
	}
	f := func(i int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b[16+4*i:])) }
	rec.key = binary.LittleEndian.Uint64(b)
	rec.id = int64(binary.LittleEndian.Uint64(b[8:]))
	rec.box = box{f(0), f(1), f(2), f(3)}
	return rec, true, nil
}

// spillOut moves the entries in memory to the temporary file.
func (t *rtreeEntries) spillOut() error {
	if t.spill == nil {
		var err error
		if t.spill, err = newSpillFile(t.dir); err != nil {
			return err
		}
	}
	for _, c := range t.chunks {
		for _, e := range c {
			if err := t.spill.add(record{entry: e}); err != nil {
				return err
			}
		}
		t.free = append(t.free, c[:0])
	}
	t.chunks = t.chunks[:0]
	return t.spill.w.Flush()
}

// sorter sorts records on disk.
type sorter struct {
	file *spillFile
	runs []int // the number of the first record of each run
	run  []record
	size int // of a run
}

// runLength is how many records are sorted at a time, in 16 MB of memory.
const runLength = 512 << 10

func newSorter(dir string, size int) (*sorter, error) {
	f, err := newSpillFile(dir)
	return &sorter{file: f, size: size}, err
}

func (s *sorter) add(r record) error {
	if s.run == nil {
		s.run = make([]record, 0, s.size)
	}
	s.run = append(s.run, r)
	if len(s.run) >= s.size {
		return s.endRun()
	}
	return nil
}

func (s *sorter) endRun() error {
	slices.SortFunc(s.run, func(a, b record) int {
		if a.key < b.key || a.key == b.key && a.id < b.id {
			return -1
		}
		return 1
	})
	s.runs = append(s.runs, s.file.n)
	for _, r := range s.run {
		if err := s.file.add(r); err != nil {
			return err
		}
	}
	s.run = s.run[:0]
	return nil
}

// finish ends the last run; no more can be added.
func (s *sorter) finish() error {
	if err := s.endRun(); err != nil {
		return err
	}
	s.run = nil
	return s.file.w.Flush()
}

// each merges the runs and hands over all records in order.
func (s *sorter) each(f func(record) error) error {
	type source struct {
		r   *spillReader
		rec record
	}
	buffer := min(max(32<<20/len(s.runs), 4<<10), 256<<10)
	var heap []source
	less := func(a, b int) bool {
		x, y := &heap[a].rec, &heap[b].rec
		return x.key < y.key || x.key == y.key && x.id < y.id
	}
	down := func(i int) {
		for {
			c := 2*i + 1
			if c >= len(heap) {
				return
			}
			if c+1 < len(heap) && less(c+1, c) {
				c++
			}
			if !less(c, i) {
				return
			}
			heap[i], heap[c] = heap[c], heap[i]
			i = c
		}
	}
	for i, from := range s.runs {
		to := s.file.n
		if i+1 < len(s.runs) {
			to = s.runs[i+1]
		}
		r := s.file.reader(from, to, buffer)
		rec, ok, err := r.next()
		if err != nil {
			return err
		}
		if ok {
			heap = append(heap, source{r, rec})
		}
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		down(i)
	}
	for len(heap) > 0 {
		if err := f(heap[0].rec); err != nil {
			return err
		}
		rec, ok, err := heap[0].r.next()
		if err != nil {
			return err
		}
		if ok {
			heap[0].rec = rec
		} else {
			heap[0] = heap[len(heap)-1]
			heap = heap[:len(heap)-1]
		}
		down(0)
	}
	return nil
}

// diskEntries are entries sorted on disk.
type diskEntries struct {
	n       int
	byPlace *sorter // along the curve
	byID    *sorter // with the leaf in place of the id; the key is the id
}

func (t *rtreeEntries) sortOnDisk() (*diskEntries, error) {
	if err := t.spillOut(); err != nil {
		return nil, err
	}
	t.chunks, t.free = nil, nil
	size := min(runLength, t.limit)
	var errs [2]error
	d := &diskEntries{n: t.n}
	d.byPlace, errs[0] = newSorter(t.dir, size)
	d.byID, errs[1] = newSorter(t.dir, size)
	err := errors.Join(errs[:]...)
	if err == nil {
		c := newCurve(t.bounds)
		err = t.each(func(e entry) error { return d.byPlace.add(record{uint64(c.place(e.box)), e}) })
	}
	if err == nil {
		err = d.byPlace.finish()
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *diskEntries) close() {
	for _, s := range []*sorter{d.byPlace, d.byID} {
		if s.file != nil {
			s.file.close()
		}
	}
}

func (d *diskEntries) len() int { return d.n }

func (d *diskEntries) each(f func(entry) error) error {
	return d.byPlace.each(func(r record) error { return f(r.entry) })
}

// idBias makes the order of unsigned keys that of signed ids.
const idBias = 1 << 63

func (d *diskEntries) inLeaf(id, leaf int64) error {
	return d.byID.add(record{key: uint64(id) ^ idBias, entry: entry{id: leaf}})
}

func (d *diskEntries) eachByID(f func(id, leaf int64) error) error {
	if err := d.byID.finish(); err != nil {
		return err
	}
	return d.byID.each(func(r record) error { return f(int64(r.key^idBias), r.id) })
}
