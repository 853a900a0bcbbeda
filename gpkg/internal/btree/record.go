package btree

import (
	"encoding/binary"
	"math"
	"slices"
)

// Serial types, section 2.1. Those of text and blobs hold the length too.
const (
	typeNull  = 0
	typeInt8  = 1
	typeInt16 = 2
	typeInt24 = 3
	typeInt32 = 4
	typeInt48 = 5
	typeInt64 = 6
	typeFloat = 7
	typeZero  = 8
	typeOne   = 9
	typeBlob  = 12
	typeText  = 13
)

// headroom is what is left free in front of the body for the header. A record of more columns gets more, once.
const headroom = 64

// Record builds the record of one row, section 2.1: a header with the serial type of each value, then the values. The
// values are added in the order of the table's columns; trailing ones, but not all, may be left out,
// which is as if they had the column's default value. The zero value is an empty record. A Record is made to be reused: once its buffer has grown,
// it allocates nothing.
type Record struct {
	buf   []byte // the body, behind start bytes left free for the header
	start int
	types []byte // the header without its size
}

// Reset makes the record empty. It keeps the memory.
func (r *Record) Reset() {
	r.buf = r.buf[:r.start]
	r.types = r.types[:0]
}

// Bytes returns the record. It is valid until the next call of a method other than Bytes.
func (r *Record) Bytes() []byte {
	n := len(r.types) + 1
	for n != len(r.types)+varintLen(uint64(n)) { // the size counts its own bytes
		n = len(r.types) + varintLen(uint64(n))
	}
	if n > r.start {
		r.moveBody(n)
	}
	rec := r.buf[r.start-n:]
	copy(rec[putVarint(rec, uint64(n)):], r.types)
	return rec
}

// moveBody leaves n bytes and more free in front of the body.
func (r *Record) moveBody(n int) {
	body := r.buf[r.start:]
	start := max(headroom, 2*n)
	buf := make([]byte, start+len(body), start+max(2*len(body), 256))
	copy(buf[start:], body)
	r.buf, r.start = buf, start
}

// body adds n bytes to the body and returns them. They hold anything.
func (r *Record) body(n int) []byte {
	if r.start == 0 {
		r.moveBody(headroom)
	}
	at := len(r.buf)
	if cap(r.buf)-at < n {
		r.buf = slices.Grow(r.buf, n)
	}
	r.buf = r.buf[:at+n]
	return r.buf[at:]
}

// Null adds a NULL. It stands for the column that is an alias of the rowid too.
func (r *Record) Null() { r.types = append(r.types, typeNull) }

// Int adds an integer in the smallest encoding, as SQLite does.
func (r *Record) Int(v int64) {
	magnitude := uint64(v ^ v>>63) // of a negative number the one below: -128 fits where 127 does
	switch {
	case v == 0:
		r.types = append(r.types, typeZero)
	case v == 1:
		r.types = append(r.types, typeOne)
	case magnitude < 1<<7:
		r.types = append(r.types, typeInt8)
		r.body(1)[0] = byte(v)
	case magnitude < 1<<15:
		r.types = append(r.types, typeInt16)
		binary.BigEndian.PutUint16(r.body(2), uint16(v))
	case magnitude < 1<<23:
		r.types = append(r.types, typeInt24)
		b := r.body(3)
		b[0], b[1], b[2] = byte(v>>16), byte(v>>8), byte(v)
	case magnitude < 1<<31:
		r.types = append(r.types, typeInt32)
		binary.BigEndian.PutUint32(r.body(4), uint32(v))
	case magnitude < 1<<47:
		r.types = append(r.types, typeInt48)
		b := r.body(6)
		binary.BigEndian.PutUint16(b, uint16(v>>32))
		binary.BigEndian.PutUint32(b[2:], uint32(v))
	default:
		r.types = append(r.types, typeInt64)
		binary.BigEndian.PutUint64(r.body(8), uint64(v))
	}
}

// Float adds a floating-point number in 8 bytes, for a column of any affinity. SQLite has no NaN: it is added as NULL.
func (r *Record) Float(v float64) {
	if v != v {
		r.Null()
		return
	}
	r.types = append(r.types, typeFloat)
	binary.BigEndian.PutUint64(r.body(8), math.Float64bits(v))
}

// Real adds a floating-point number to a column of REAL affinity: as SQLite does there, a whole number that is shorter as
// an integer is stored as one ("Type Affinity", https://www.sqlite.org/datatype3.html, section 3), and is a REAL again
// when it is read. In a column of another affinity it would stay an integer: use Float. NaN is added as NULL.
func (r *Record) Real(v float64) {
	if v == math.Trunc(v) && math.Abs(v) < 1<<47 && (v != 0 || !math.Signbit(v)) {
		r.Int(int64(v))
		return
	}
	r.Float(v)
}

// Text adds a text, which should be UTF-8. The bytes are copied.
func (r *Record) Text(s string) {
	r.types = appendVarint(r.types, typeText+2*uint64(len(s)))
	copy(r.body(len(s)), s)
}

// TextBytes is Text for bytes.
func (r *Record) TextBytes(s []byte) {
	r.types = appendVarint(r.types, typeText+2*uint64(len(s)))
	copy(r.body(len(s)), s)
}

// Blob adds a blob. The bytes are copied.
func (r *Record) Blob(b []byte) { copy(r.BlobSpace(len(b)), b) }

// BlobSpace adds a blob of n bytes and returns it to be filled, before any other call: what is made of several parts needs
// no copy of its own. The bytes hold anything, not zeros.
func (r *Record) BlobSpace(n int) []byte {
	r.types = appendVarint(r.types, typeBlob+2*uint64(n))
	return r.body(n)
}
