package btree

import "encoding/binary"

const (
	// maxBuffer is the largest memory for a long row that is kept for the next one.
	maxBuffer = 16 << 20
	// overflowAhead is how many bytes of neighbouring overflow pages are read at once, in the hope that they follow each
	// other.
	overflowAhead = 128 << 10
)

// overflow is what a Row has for records that go on in overflow pages, section 1.7.
type overflow struct {
	buf   []byte // the record's beginning, as far as it was needed
	next  uint32 // the overflow page that comes next
	pages []byte // what is read into
	guess int    // how many pages are read at once
}

// load makes buf hold the first n bytes of the record, of which it has some in the leaf.
func (r *Row) load(n int) bool {
	if r.err != nil {
		return false
	}
	data := r.r.usable - overflowPointer // bytes of the record in an overflow page
	if len(r.buf) == 0 {
		if cap(r.buf) > maxBuffer && r.size <= maxBuffer {
			r.buf = nil
		}
		if rest := r.size - (r.end - r.at); int64(rest) > r.r.count*int64(data) {
			return r.fail("%d bytes in a database of %d pages", r.size, r.r.count)
		}
		r.buf = append(r.buf, r.page[r.at:r.end]...)
		r.next = binary.BigEndian.Uint32(r.page[r.end:])
		r.guess = 1
	}
	for len(r.buf) < n {
		if !r.r.isPage(r.next) {
			return r.fail("overflow page %d of a database of %d pages, after %d of %d bytes", r.next, r.r.count, len(r.buf), r.size)
		}
		k := min(r.guess, (n-len(r.buf)+data-1)/data, int(min(r.r.count-int64(r.next)+1, 1<<20)))
		if !r.loadPages(k, data) {
			return false
		}
	}
	return true
}

// loadPages adds the overflow page that comes next to buf, and those of the k-1 behind it that follow it.
func (r *Row) loadPages(k, data int) bool {
	size := r.r.size
	if cap(r.pages) < k*size {
		r.pages = make([]byte, k*size)
	}
	b := r.pages[:k*size]
	if err := r.r.read(b, r.next); err != nil {
		if r.err == nil {
			r.err = err
		}
		return false
	}
	for i := range k {
		page := b[i*size:]
		no := r.next
		r.buf = append(r.buf, page[overflowPointer:overflowPointer+min(data, r.size-len(r.buf))]...)
		r.next = binary.BigEndian.Uint32(page)
		if r.next != no+1 {
			r.guess = 1
			return true
		}
	}
	r.guess = min(2*r.guess, max(1, overflowAhead/size))
	return true
}
