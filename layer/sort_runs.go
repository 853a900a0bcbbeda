package layer

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// runs are sorted records in temporary files. Earlier runs hold rows that came earlier.
//
// As soon as there are as many runs in a file as are merged at a time they become one, in a file of its own: so there
// are few files and few runs, however many rows there are.
type runs struct {
	file   *tempFile // with the latest runs
	latest []run
	merged []run // each with a file of its own, earlier than the latest
}

// run is a part of a file.
type run struct {
	file     *tempFile
	from, to int64
}

func (r *runs) none() bool { return len(r.latest)+len(r.merged) == 0 }

// add writes a run: what fill gives to its argument, which is in order.
func (r *runs) add(fanIn, memory int, fill func(write func(key, row []byte) error) error) error {
	if len(r.latest) >= fanIn {
		if err := r.mergeLatest(memory); err != nil {
			return err
		}
	}
	if r.file == nil {
		var err error
		if r.file, err = newTempFile(); err != nil {
			return err
		}
	}
	n, err := r.file.write(fill)
	r.latest = append(r.latest, n)
	return err
}

// mergeLatest makes one run of the latest ones.
func (r *runs) mergeLatest(memory int) error {
	file, err := newTempFile()
	if err != nil {
		return err
	}
	r.merged = append(r.merged, run{file: file}) // to be closed, whatever happens
	one, err := file.write(func(write func(key, row []byte) error) error {
		m, err := newMerge(r.latest, memory)
		for ; err == nil && m.more(); err = m.next() {
			if err = write(m.record()); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	r.merged[len(r.merged)-1] = one
	r.file.close()
	r.file, r.latest = nil, r.latest[:0]
	return nil
}

// merge returns all records in order.
func (r *runs) merge(memory int) (*merge, error) {
	return newMerge(append(r.merged[:len(r.merged):len(r.merged)], r.latest...), memory)
}

func (r *runs) close() {
	for _, m := range r.merged {
		m.file.close()
	}
	if r.file != nil {
		r.file.close()
	}
}

// tempFile is a file that nobody but its process sees, where the system allows that, and that is gone when it is closed.
type tempFile struct {
	f    *os.File
	size int64
	gone bool // it has no name any more
}

func newTempFile() (*tempFile, error) {
	f, err := os.CreateTemp("", "ogrcarto-sort-*")
	if err != nil {
		return nil, fmt.Errorf("sort: %w", err)
	}
	return &tempFile{f: f, gone: os.Remove(f.Name()) == nil}, nil
}

// close removes the file. That it is no longer readable is nobody's concern.
func (t *tempFile) close() {
	_ = t.f.Close()
	if !t.gone {
		_ = os.Remove(t.f.Name())
	}
}

// write appends a run.
func (t *tempFile) write(fill func(write func(key, row []byte) error) error) (run, error) {
	n := run{file: t, from: t.size, to: t.size}
	w := bufio.NewWriterSize(t.f, 256<<10)
	var head []byte
	err := fill(func(key, row []byte) error {
		head = binary.AppendUvarint(head[:0], uint64(len(key)))
		head = binary.AppendUvarint(head, uint64(len(row)))
		n.to += int64(len(head) + len(key) + len(row))
		for _, b := range [3][]byte{head, key, row} {
			if _, err := w.Write(b); err != nil {
				return fmt.Errorf("sort: %w", err)
			}
		}
		return nil
	})
	if err == nil {
		if err = w.Flush(); err != nil {
			err = fmt.Errorf("sort: %w", err)
		}
	}
	t.size = n.to
	return n, err
}

// merge gives the records of several runs in order: a heap of the runs, by their next record.
type merge struct{ heap []*runReader }

const (
	leastAhead = 16 << 10
	mostAhead  = 1 << 20
)

// newMerge begins with the first record of each run.
func newMerge(list []run, memory int) (*merge, error) {
	m := &merge{}
	ahead := min(mostAhead, max(leastAhead, memory/max(1, len(list))))
	for i, n := range list {
		r := &runReader{r: n.file.f, order: i, from: n.from, to: n.to, buf: make([]byte, 0, ahead)}
		switch more, err := r.next(); {
		case err != nil:
			return nil, err
		case more:
			m.heap = append(m.heap, r)
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m, nil
}

func (m *merge) more() bool { return len(m.heap) > 0 }

// record returns the first record of those that are left. It is valid until next.
func (m *merge) record() (key, row []byte) { return m.heap[0].key, m.heap[0].row }

// next goes on to the record behind.
func (m *merge) next() error {
	more, err := m.heap[0].next()
	if !more {
		last := len(m.heap) - 1
		m.heap[0] = m.heap[last]
		m.heap = m.heap[:last]
	}
	if len(m.heap) > 1 {
		m.down(0)
	}
	return err
}

// down moves the i-th reader to where it belongs among those below it.
func (m *merge) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(m.heap) {
			return
		}
		if c+1 < len(m.heap) && m.heap[c+1].before(m.heap[c]) {
			c++
		}
		if !m.heap[c].before(m.heap[i]) {
			return
		}
		m.heap[i], m.heap[c] = m.heap[c], m.heap[i]
		i = c
	}
}

// runReader reads the records of one run.
type runReader struct {
	r        io.ReaderAt
	order    int   // among the runs
	from, to int64 // of what is not read yet
	buf      []byte
	at       int // of the next record in buf
	key, row []byte
}

func (r *runReader) before(o *runReader) bool {
	c := bytes.Compare(r.key, o.key)
	return c < 0 || c == 0 && r.order < o.order
}

// next reads the next record into key and row; more is false at the end.
func (r *runReader) next() (more bool, err error) {
	for {
		key, row, n := cutRecord(r.buf[r.at:])
		if n > 0 && n <= len(r.buf)-r.at {
			r.key, r.row = key, row
			r.at += n
			return true, nil
		}
		if r.from == r.to {
			if r.at < len(r.buf) {
				return false, fmt.Errorf("sort: %w", io.ErrUnexpectedEOF)
			}
			return false, nil
		}
		if err := r.fill(n); err != nil {
			return false, fmt.Errorf("sort: %w", err)
		}
	}
}

// fill reads on, so that a record of n bytes has room.
func (r *runReader) fill(n int) error {
	left := copy(r.buf, r.buf[r.at:])
	if int64(n-left) > r.to-r.from {
		return io.ErrUnexpectedEOF
	}
	if n > cap(r.buf) {
		r.buf = append(make([]byte, 0, n), r.buf[:left]...)
	}
	want := int(min(int64(cap(r.buf)-left), r.to-r.from))
	r.buf, r.at = r.buf[:left+want], 0
	got, err := r.r.ReadAt(r.buf[left:], r.from)
	r.from += int64(got)
	if got < want {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}
