package btree

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Type is what a value is. The numbers are those of SQLite, sqlite3_column_type, but for Absent and Damaged.
type Type int32

// The types of values.
const (
	Damaged Type = -1 // see Row.Err
	Absent  Type = 0  // the record ends before the column, which was added later: the value is the column's default
	Integer Type = 1
	Float   Type = 2
	Text    Type = 3
	Blob    Type = 4
	Null    Type = 5 // also the column that is an alias of the rowid
)

// Row is the row that a Cursor is at. Columns count from 0, in the order of the table, the generated ones that are not
// stored left out. A record is looked at only as far as columns are asked for.
type Row struct {
	r    *Reader
	page []byte // the leaf
	no   uint32
	at   int // where the record begins in the leaf
	end  int // where its part in the leaf ends
	size int // of the record

	head   int // the length of the record's header; 0 until a column is asked for
	pos    int // where the type of the column after the parsed ones is
	body   int // where its value is
	parsed int // the number of columns in cols that are of this row
	cols   []column

	overflow
	err error
}

// column is a value: its serial type, section 2.1, and where it begins in the record.
type column struct{ serial, at uint32 }

// maxHeader is the longest header of a record that SQLite takes.
const maxHeader = 98307

// serialSize is the length of the values of the serial types of one byte.
var serialSize = makeSerialSize()

func makeSerialSize() (sizes [0x80]uint8) {
	copy(sizes[:], []uint8{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0})
	for i := typeBlob; i < len(sizes); i++ {
		sizes[i] = uint8((i - typeBlob) / 2)
	}
	return sizes
}

// length returns the length of a value of the serial type.
func (c column) length() int {
	if c.serial < 0x80 {
		return int(serialSize[c.serial])
	}
	return int(c.serial-typeBlob) / 2
}

// Err returns what was wrong with the row, as far as it was looked at: ask after Type told Damaged, and after Int, Float
// and Bytes of long rows, which may have to be read. The cursor ends with the same error.
func (r *Row) Err() error { return r.err }

func (r *Row) fail(format string, args ...any) bool {
	if r.err == nil {
		r.err = fmt.Errorf("btree: page %d: record: "+format, append([]any{r.no}, args...)...)
	}
	r.parsed = 0
	return false
}

// clear makes the row one that there is nothing of.
func (r *Row) clear() { r.at, r.end, r.size, r.head, r.parsed = 0, 0, 0, 0, 0 }

// parse finds the columns up to number i and tells whether there is one. A column that is not there is no error.
func (r *Row) parse(i int) bool {
	if r.err != nil {
		return false
	}
	h := r.page[r.at:r.end]
	if r.head == 0 {
		if len(h) > 0 && h[0] < 0x80 && h[0] > 0 && int(h[0]) <= len(h) {
			r.head, r.pos, r.body = int(h[0]), 1, int(h[0])
		} else if !r.parseHead(h) {
			return false
		}
	}
	if r.head > len(h) {
		h = r.buf
	}
	h = h[:r.head]
	pos, body, n := r.pos, r.body, r.parsed
	if i >= len(r.cols) {
		r.growColumns(i)
	}
	cols := r.cols
	for ; n <= i && pos < len(h); n++ {
		serial := uint32(h[pos])
		cols[n] = column{serial, uint32(body)}
		if serial < 0x80 {
			pos++
			body += int(serialSize[serial])
			continue
		}
		var size int
		if pos+1 < len(h) && serial > 0x80 && h[pos+1] < 0x80 { // two bytes: as short geometries have it
			serial = serial&0x7f<<7 | uint32(h[pos+1])
			cols[n].serial = serial
			body += int(serial-typeBlob) / 2
			pos += 2
			continue
		}
		if size, pos = longSerial(h, pos); pos == 0 {
			return r.fail("the type of column %d", n)
		}
		cols[n].serial = uint32(2*size+typeBlob) | uint32(h[pos-1]&1)
		body += size
		if body > r.size {
			break
		}
	}
	if body > r.size {
		return r.fail("column %d ends behind the %d bytes", n, r.size)
	}
	r.pos, r.body, r.parsed = pos, body, n
	return i < n
}

// longSerial returns the length of a text or blob whose type has more than one byte, and where the next type begins: 0 if
// the type is none.
func longSerial(h []byte, pos int) (size, next int) {
	v, n := uvarint(h[pos:])
	if n == 0 || v < typeBlob || v > 2*maxPayload+typeText {
		return 0, 0
	}
	return int(v-typeBlob) / 2, pos + n
}

// parseHead reads the length of the header, and the header where it is not in the leaf.
func (r *Row) parseHead(h []byte) bool {
	head, n := uvarint(h)
	if n == 0 || head < uint64(n) || head > maxHeader || head > uint64(r.size) {
		return r.fail("a header of %d bytes in %d", head, r.size)
	}
	if int(head) > len(h) && !r.load(int(head)) {
		return false
	}
	r.head, r.pos, r.body = int(head), n, int(head)
	return true
}

func (r *Row) growColumns(i int) {
	cols := make([]column, max(i+1, 2*len(r.cols), 16))
	copy(cols, r.cols)
	r.cols = cols
}

// bytes returns the n bytes of a value: nil if they cannot be read.
func (r *Row) bytes(c column, n int) []byte {
	at := r.at + int(c.at)
	if at+n <= r.end {
		return r.page[at : at+n : at+n]
	}
	if !r.load(int(c.at) + n) {
		return nil
	}
	return r.buf[c.at : int(c.at)+n : int(c.at)+n]
}

// Type returns what column i is.
func (r *Row) Type(i int) Type {
	if i >= r.parsed && !r.parse(i) {
		if r.err != nil {
			return Damaged
		}
		return Absent
	}
	c := r.cols[i]
	if c.serial >= typeBlob {
		return Blob - Type(c.serial&1)
	}
	t := shortTypes[c.serial]
	if t == Float { // SQLite has no NaN
		if f := r.Float(i); f != f {
			return Null
		}
	}
	if t == Damaged || r.err != nil {
		r.fail("column %d: serial type %d", i, c.serial)
		return Damaged
	}
	return t
}

// shortTypes are the types of the serial types below those of blobs and texts. 10 and 11 are not used.
var shortTypes = [typeBlob]Type{Null, Integer, Integer, Integer, Integer, Integer, Integer, Float, Integer, Integer, Damaged, Damaged}

// Int returns column i as an integer: 0 if it is not one.
func (r *Row) Int(i int) int64 {
	if i >= r.parsed && !r.parse(i) {
		return 0
	}
	return r.int(r.cols[i])
}

func (r *Row) int(c column) int64 {
	switch c.serial {
	case typeInt8, typeInt16, typeInt24, typeInt32, typeInt48, typeInt64:
	case typeOne:
		return 1
	default:
		return 0
	}
	n := int(serialSize[c.serial])
	// The 8 bytes that end with the value are in the leaf: its header comes before.
	if end := r.at + int(c.at) + n; end <= r.end {
		v := binary.BigEndian.Uint64(r.page[end-8:])
		shift := uint(64-8*n) & 63
		return int64(v<<shift) >> shift
	}
	var v int64
	for k, b := range r.bytes(c, n) {
		if v = v<<8 | int64(b); k == 0 {
			v = int64(int8(b))
		}
	}
	return v
}

// Float returns column i as a real: 0 if it is no number. SQLite keeps whole numbers in columns of type REAL as integers.
func (r *Row) Float(i int) float64 {
	if i >= r.parsed && !r.parse(i) {
		return 0
	}
	c := r.cols[i]
	if c.serial != typeFloat {
		return float64(r.int(c))
	}
	b := r.bytes(c, 8)
	if len(b) < 8 {
		return 0
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b))
}

// Bytes returns the bytes of a text or blob: nil if column i is neither. They are valid until the cursor moves, and not to be
// written to. An empty text or blob is not nil.
func (r *Row) Bytes(i int) []byte {
	if i >= r.parsed && !r.parse(i) {
		return nil
	}
	c := r.cols[i]
	if c.serial < typeBlob {
		return nil
	}
	return r.bytes(c, c.length())
}
