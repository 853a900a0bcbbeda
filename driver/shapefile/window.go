package shapefile

import (
	"fmt"
	"io"
)

const (
	// maxAhead is how much is read at once while reading goes forward: large beside what a system call costs, small
	// enough to stay in the processor's cache.
	maxAhead = 256 << 10
	// minAhead is how much is read at once after a jump.
	minAhead = 4 << 10
	// maxKept is the largest buffer that is kept: one huge record must not be paid for until the end.
	maxKept = 8 << 20
)

// window is a view on a file. It slides forward, reading larger and larger pieces; after a jump it begins with a small
// one, so that records that lie about in any order do not cost a large piece each.
type window struct {
	r     io.ReaderAt
	size  int64
	buf   []byte // the bytes at off
	off   int64
	ahead int64
}

func newWindow(b blob) window { return window{r: b, size: b.Size(), ahead: minAhead} }

// at returns the n bytes at off. They are valid until the next call. The caller has seen to it that they lie in the file.
func (w *window) at(off, n int64) ([]byte, error) {
	if i := off - w.off; i >= 0 && i+n <= int64(len(w.buf)) {
		return w.buf[i : i+n : i+n], nil
	}
	return w.fill(off, n)
}

func (w *window) fill(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || n > w.size-off {
		return nil, fmt.Errorf("%d bytes wanted at byte %s of %s: %w", n, commas(off), commas(w.size), io.ErrUnexpectedEOF)
	}
	if end := w.off + int64(len(w.buf)); off >= w.off && off <= end+w.ahead {
		w.ahead = min(2*w.ahead, maxAhead)
	} else {
		w.ahead = minAhead
	}
	want := max(n, min(w.ahead, w.size-off))
	w.off, w.buf = off, w.buf[:0]
	if int64(cap(w.buf)) < want || (cap(w.buf) > maxKept && want <= maxAhead) {
		w.buf = make([]byte, 0, want)
	}
	got, err := w.r.ReadAt(w.buf[:want], off)
	w.buf = w.buf[:got]
	if int64(got) >= n {
		return w.buf[:n:n], nil
	}
	if err == nil || err == io.EOF { // it was there when the file was opened
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("byte %s: %w", commas(off+int64(got)), err)
}

// commas prints a number with a comma between thousands.
func commas(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
