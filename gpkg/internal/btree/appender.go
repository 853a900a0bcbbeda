package btree

import (
	"fmt"
	"io"
)

const (
	// maxPage is the largest page number, section 1.3.
	maxPage = 1<<32 - 2
	// lockByteOffset is the position of the byte that SQLite locks, section 1.4: the page that holds it is never used. It
	// is not even written, as it may be locked on Windows.
	lockByteOffset = 1 << 30
	// bufferSize is the number of bytes written at once. Of a million rows of 90 bytes, 64 KiB cost a quarter more time
	// and 1 MiB gained none; nor did a second buffer that is written in the background, as the page cache takes the bytes
	// at the speed of memory.
	bufferSize = 512 << 10
)

// appender numbers the pages that are appended to a file and writes them in large runs.
type appender struct {
	w        io.WriterAt
	size     int64 // of a page
	original int64 // pages in the database when it was opened
	lockByte int64 // the page that must not be used
	last     int64 // the number of the last page: the number of pages
	next     int64 // the number of the next page
	buf      []byte
	at       int64 // offset in the file of the buffer
	err      error // the first error, for good
}

func (a *appender) init(w io.WriterAt, pageSize int, pageCount int64) {
	*a = appender{
		w: w, size: int64(pageSize), original: pageCount, lockByte: lockByteOffset/int64(pageSize) + 1, last: pageCount,
	}
	a.next = a.after(pageCount)
	a.at = a.offset(a.next)
}

// offset returns the position in the file of a page.
func (a *appender) offset(page int64) int64 { return (page - 1) * a.size }

// after returns the number of the page that comes after page.
func (a *appender) after(page int64) int64 {
	if page+1 == a.lockByte {
		return page + 2
	}
	return page + 1
}

// page appends a page and returns its number and its bytes to be filled before the next call. They hold anything.
func (a *appender) page() (uint32, []byte, error) {
	if a.err != nil {
		return 0, nil, a.err
	}
	if a.next > maxPage {
		a.err = fmt.Errorf("btree: database is full: it has %d pages", int64(maxPage))
		return 0, nil, a.err
	}
	if a.buf == nil {
		a.buf = make([]byte, 0, bufferSize)
	}
	n := len(a.buf)
	if n+int(a.size) > cap(a.buf) || a.offset(a.next) != a.at+int64(n) { // full, or the lock-byte page comes between
		if err := a.flush(); err != nil {
			return 0, nil, err
		}
		n = 0
	}
	a.buf = a.buf[:n+int(a.size)]
	no := a.next
	a.last, a.next = no, a.after(no)
	return uint32(no), a.buf[n:], nil
}

// flush writes what is buffered.
func (a *appender) flush() error {
	if a.err != nil || len(a.buf) == 0 {
		a.at = a.offset(a.next)
		return a.err
	}
	if _, err := a.w.WriteAt(a.buf, a.at); err != nil {
		a.err = fmt.Errorf("btree: pages from %d on: %w", a.at/a.size+1, err)
	}
	a.buf = a.buf[:0]
	a.at = a.offset(a.next)
	return a.err
}
