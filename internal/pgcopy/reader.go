package pgcopy

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// bufferSize is how much is read at once, as far as the source has it.
	bufferSize = 128 << 10
	// kept is how many bytes stay in the buffer in front of the row at hand: a server's error may have begun there, and have
	// been taken for a part of the row before.
	kept = 4 << 10
	// maxMessage is how far a malformed stream is read on, to see whether it ends in a server's error.
	maxMessage = 64 << 10
	// maxExtension is the greatest length of the header's extension. PostgreSQL has none so far.
	maxExtension = 1 << 20
	// shown is how many bytes of what should not be there an error shows.
	shown = 200
)

// signature begins a stream of the format binary. Its last bytes tell whether somebody changed line ends or cut the eighth bit.
const signature = "PGCOPY\n\xff\r\n\x00"

// Bits of the header's flags. A reader passes over those below 1<<16 that it does not know.
const (
	flagOIDs     = 1 << 16
	flagCritical = 0xffff << 16
)

// Reader reads rows of the format binary. It is for one goroutine.
type Reader struct {
	src    io.Reader
	maxRow int

	buf        []byte
	start, end int   // buf[start:end] are the bytes from the row at hand on
	next       int   // where the row behind it starts, relative to buf
	offset     int64 // of buf[0] in the stream
	srcErr     error // of src, io.EOF included: it is not read any more

	header  bool // has been read
	columns int  // of each row, -1 before the first
	lengths []int32
	values  [][]byte
	rows    int64
	err     error // of the last Next, for all that follow
}

// NewReader returns a Reader. A row of more than maxRow bytes, the lengths of its values included, is an error; the Reader
// holds a few times the longest row, and not more than maxRow and a little. PostgreSQL sends none over 1 GiB, which is the most that maxRow can be.
func NewReader(r io.Reader, maxRow int) *Reader {
	return &Reader{src: r, maxRow: min(max(maxRow, 0), 1<<30), columns: -1}
}

// Rows is how many rows there were so far.
func (r *Reader) Rows() int64 { return r.rows }

// Next returns the values of the next row, nil for NULL. They are valid until the next call. All rows have as many values as
// the first.
//
// io.EOF comes behind the stream's end mark, and only there: a stream that breaks off is io.ErrUnexpectedEOF, in an error that
// says behind how many rows and bytes. Anything behind the end mark is an error that shows its beginning. A stream that ends
// in an error of the server, with or without the end mark, is a *ServerError.
func (r *Reader) Next() ([][]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	err := r.row()
	switch {
	case err == nil:
		r.rows++
		return r.values, nil
	case err != io.EOF:
		err = r.explain(err)
	}
	r.err = err
	return nil, err
}

// row reads the next row into values, or returns io.EOF behind the end mark.
func (r *Reader) row() error {
	if !r.header {
		if err := r.readHeader(); err != nil {
			return err
		}
		r.header = true
	}
	r.start = r.next
	if err := r.need(2); err != nil {
		return err
	}
	n := int(int16(binary.BigEndian.Uint16(r.buf[r.start:])))
	switch {
	case n == -1:
		return r.trailer()
	case n < 0:
		return fmt.Errorf("%w: a row of %d values", ErrFormat, n)
	case r.columns < 0:
		if 2+4*n > r.maxRow {
			return fmt.Errorf("%w: a row of %d values: it may have %d bytes at most", ErrFormat, n, r.maxRow)
		}
		r.columns, r.lengths, r.values = n, make([]int32, n), make([][]byte, n)
	case n != r.columns:
		return fmt.Errorf("%w: a row of %d values: those before have %d", ErrFormat, n, r.columns)
	}
	size := 2
	for i := range r.lengths {
		if r.end-r.start < size+4 {
			if err := r.need(size + 4); err != nil {
				return err
			}
		}
		length := int32(binary.BigEndian.Uint32(r.buf[r.start+size:]))
		r.lengths[i] = length
		size += 4
		switch {
		case length < -1:
			return fmt.Errorf("%w: value %d has the length %d", ErrFormat, i+1, length)
		case length > 0:
			if int64(length) > int64(r.maxRow-size) {
				return fmt.Errorf("%w: value %d has %d bytes: a row may have %d at most", ErrFormat, i+1, length, r.maxRow)
			}
			size += int(length)
		}
	}
	if size > r.maxRow {
		return fmt.Errorf("%w: a row of %d bytes: it may have %d at most", ErrFormat, size, r.maxRow)
	}
	if err := r.need(size); err != nil {
		return err
	}
	r.next = r.start + size
	// Only now does the buffer stay where it is.
	at := r.start + 2
	for i, length := range r.lengths {
		at += 4
		if length < 0 {
			r.values[i] = nil
			continue
		}
		to := at + int(length)
		r.values[i] = r.buf[at:to:to]
		at = to
	}
	return nil
}

// readHeader reads what is in front of the rows.
func (r *Reader) readHeader() error {
	err := r.need(len(signature))
	if got := r.buf[:min(r.end, len(signature))]; string(got) != signature[:len(got)] {
		_ = r.need(shown + 1)
		return fmt.Errorf("%w: it begins with %s, want %q", ErrFormat, r.beginning(), signature)
	}
	if err == nil {
		err = r.need(len(signature) + 8)
	}
	if err != nil {
		return err
	}
	flags := binary.BigEndian.Uint32(r.buf[len(signature):])
	extension := binary.BigEndian.Uint32(r.buf[len(signature)+4:])
	switch {
	case flags&flagOIDs != 0:
		return fmt.Errorf("%w: rows with OIDs, as PostgreSQL up to 11 had them, are not read", ErrFormat)
	case flags&flagCritical != 0:
		return fmt.Errorf("%w: the header has the flags %#x: what bits 16 to 31 stand for must be known to read on", ErrFormat, flags)
	case extension > maxExtension:
		return fmt.Errorf("%w: the header's extension has %d bytes: want %d at most", ErrFormat, extension, maxExtension)
	}
	r.start += len(signature) + 8
	for rest := int(extension); rest > 0; {
		if err := r.need(1); err != nil {
			return err
		}
		n := min(rest, r.end-r.start)
		r.start += n
		rest -= n
	}
	r.next = r.start
	return nil
}

// trailer checks that nothing follows the end mark.
func (r *Reader) trailer() error {
	r.start += 2
	r.next = r.start
	if err := r.need(1); err != nil {
		if r.srcErr == io.EOF {
			return io.EOF
		}
		return err
	}
	_ = r.need(shown + 1)
	return fmt.Errorf("%w: behind the end mark follows %s", ErrFormat, r.beginning())
}

// need reads until n bytes of the row are in the buffer.
func (r *Reader) need(n int) error {
	for r.end-r.start < n {
		if err := r.fill(); err != nil {
			return err
		}
	}
	return nil
}

// fill reads once. It may move the buffer. The source's end is io.ErrUnexpectedEOF.
func (r *Reader) fill() error {
	if r.end == len(r.buf) {
		r.makeRoom()
	}
	for empty := 0; r.srcErr == nil; empty++ {
		if empty == 100 {
			return io.ErrNoProgress
		}
		var n int
		n, r.srcErr = r.src.Read(r.buf[r.end:])
		if n > 0 {
			r.end += n
			return nil
		}
	}
	if r.srcErr == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return r.srcErr
}

// makeRoom moves the row to the buffer's beginning, or into a larger buffer if it takes half of it. The buffer grows as bytes
// come, not as lengths promise.
func (r *Reader) makeRoom() {
	from := max(r.start-kept, 0)
	to := r.buf
	if from < len(r.buf)/2 || len(r.buf) == 0 {
		// More than that no row needs, and no message behind it.
		if size := min(max(2*len(r.buf), bufferSize), r.maxRow+kept+maxMessage+bufferSize); size > len(r.buf) {
			to = make([]byte, size)
		}
	}
	copy(to, r.buf[from:r.end])
	r.buf = to
	r.offset += int64(from)
	r.start -= from
	r.next -= from
	r.end -= from
}

// beginning shows what is in the buffer.
func (r *Reader) beginning() string {
	b := r.buf[r.start:r.end]
	if len(b) > shown {
		return fmt.Sprintf("%q...", b[:shown])
	}
	return fmt.Sprintf("%q", b)
}

// explain adds the place to an error, or returns the server's that is the cause of it.
func (r *Reader) explain(err error) error {
	at := r.offset + int64(r.start)
	malformed := errors.Is(err, ErrFormat)
	if malformed { // otherwise there is nothing to read any more
		_ = r.need(r.end - r.start + maxMessage)
	}
	if r.srcErr != nil {
		if e := serverError(r.buf[max(r.start-kept, 0):r.end]); e != nil {
			return fmt.Errorf("behind %d rows, the COPY data end in an error of the server: %w", r.rows, e)
		}
	}
	if err == io.ErrUnexpectedEOF {
		at = r.offset + int64(r.end)
		return fmt.Errorf("the COPY data break off behind %d rows and %d bytes: %w", r.rows, at, err)
	}
	return fmt.Errorf("behind %d rows and %d bytes: %w", r.rows, at, err)
}

// serverError returns the error that the bytes end in, or nil.
func serverError(b []byte) *ServerError {
	// In a JSON text the quotes would be escaped, so it is not a part of the message.
	i := bytes.LastIndex(b, []byte(`{"error"`))
	if i < 0 {
		return nil
	}
	var answer struct {
		Error        json.RawMessage
		Detail, Hint any
	}
	if json.Unmarshal(b[i:], &answer) != nil {
		return nil
	}
	e := &ServerError{}
	var list []string
	if json.Unmarshal(answer.Error, &list) == nil {
		e.Message = strings.Join(list, "; ")
	} else if json.Unmarshal(answer.Error, &e.Message) != nil {
		e.Message = string(answer.Error)
	}
	e.Detail, _ = answer.Detail.(string)
	e.Hint, _ = answer.Hint.(string)
	if e.Message == "" {
		e.Message = "no message"
	}
	return e
}
