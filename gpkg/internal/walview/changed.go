package walview

import (
	"bytes"
	"fmt"
	"io"
)

// mark is a place in the log that is written by whoever begins the log anew or adds to it.
type mark struct {
	at   int64
	size int
	was  []byte // shorter at the end of the file
}

// markEnd notes what follows the last commit: the next transaction writes the frame after it; and one that has already
// written frames, of which first is the header of the first, goes on with the frame after them, as each commit adds a
// frame. Together with the header of the log, which is written when that is begun anew, these tell of any commit before
// a checkpoint takes its pages to the database, section 4.3. What was read of the frame that is not valid is end.
func (l *log) markEnd(end, first []byte, open uint32) {
	if open > 0 {
		l.marks = append(l.marks, mark{l.offset(l.count), frameHeaderSize, first})
	}
	m := mark{l.offset(l.count + open), frameHeaderSize, end[:min(frameHeaderSize, len(end))]}
	if len(end) >= frameHeaderSize && [8]byte(end[8:]) == l.salts {
		m.size, m.was = frameHeaderSize+l.pageSize, end // it may be just being written: header first, then the page
	}
	l.marks = append(l.marks, m)
}

// Check returns an error that matches ErrChanged if there may have been a commit since Open. ReadAt does the same for each
// page that it reads from the database. It does not notice that the log was deleted, nor that there is one now if there was
// no file at Open.
func (v *View) Check() error {
	for i := range v.log.marks {
		if err := v.checkMark(&v.log.marks[i]); err != nil {
			return err
		}
	}
	return nil
}

func (v *View) checkMark(m *mark) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	if len(*buf) < m.size {
		*buf = make([]byte, m.size)
	}
	n, err := v.wal.ReadAt((*buf)[:m.size], m.at)
	if n < m.size && err != io.EOF {
		return fmt.Errorf("walview: write-ahead log: byte %d: %w", m.at, err)
	}
	if !bytes.Equal((*buf)[:n], m.was) {
		return fmt.Errorf("%w: byte %d of the write-ahead log", ErrChanged, m.at)
	}
	return nil
}
