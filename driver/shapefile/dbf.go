package shapefile

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/ogrcarto/ogrcarto/feature"
)

// The .dbf's header, of dBase III and its kin: 32 bytes, then 32 for each field, then 0x0D.
const (
	dbfHeaderSize = 32
	dbfFieldSize  = 32
	dbfNameSize   = 11
	dbfFieldsEnd  = 0x0D
	dbfDeleted    = '*'
)

// dbfField describes one field of a .dbf.
type dbfField struct {
	name          string
	typ           byte // 'C', 'N', ...
	width, dec    int
	off           int // in the record, whose first byte is the deletion flag
	read          reading
	column        feature.Field
	stays         bool // false: a system's own column, which is left out
	wide, unknown bool // for warnings
}

// reading says how a field's bytes become a value.
type reading uint8

const (
	readNull reading = iota // cannot be read: null in every row
	readText
	readInt     // decimal digits
	readReal    // decimal number
	readDate    // YYYYMMDD
	readLogical // T, F, ?
	readInt32   // four bytes
	readDouble  // eight bytes
	readCents   // eight bytes, ten-thousandths
	readStamp   // Julian day and milliseconds
)

// dbfFile is a .dbf's header.
type dbfFile struct {
	n         int64 // records that are announced
	there     int64 // records that are in the file
	headerLen int64
	recLen    int64
	ldid      byte // language driver
	fields    []dbfField
}

// readDBF reads the header. Names are not decoded yet.
func readDBF(b blob) (*dbfFile, error) {
	size := b.Size()
	if size < dbfHeaderSize {
		return nil, fmt.Errorf("file of %d bytes, want at least %d for the header", size, dbfHeaderSize)
	}
	var h [dbfHeaderSize]byte
	if n, err := b.ReadAt(h[:], 0); n < len(h) {
		return nil, err
	}
	d := &dbfFile{
		n:         int64(binary.LittleEndian.Uint32(h[4:])),
		headerLen: int64(binary.LittleEndian.Uint16(h[8:])),
		recLen:    int64(binary.LittleEndian.Uint16(h[10:])),
		ldid:      h[29],
	}
	if h[0]&7 == 4 && h[0]&0x80 == 0 {
		return nil, fmt.Errorf("version byte %#02x: tables of dBase 7 are laid out differently and cannot be read", h[0])
	}
	if d.headerLen < dbfHeaderSize || d.headerLen > size {
		return nil, fmt.Errorf("header of %d bytes at byte 8, want 32 to %s, the size of the file", d.headerLen, commas(size))
	}
	if d.recLen == 0 && d.n > 0 {
		return nil, fmt.Errorf("%s records of 0 bytes at byte 10", commas(d.n))
	}
	buf := make([]byte, d.headerLen-dbfHeaderSize)
	if n, err := b.ReadAt(buf, dbfHeaderSize); n < len(buf) {
		return nil, err
	}
	for len(buf) >= dbfFieldSize && buf[0] != dbfFieldsEnd {
		name, _, _ := bytes.Cut(buf[:dbfNameSize], []byte{0})
		d.fields = append(d.fields, dbfField{name: string(name), typ: buf[11], width: int(buf[16]), dec: int(buf[17])})
		buf = buf[dbfFieldSize:]
	}
	d.layOut()
	if d.recLen > 0 {
		d.there = min(d.n, (size-d.headerLen)/d.recLen)
	}
	for i := range d.fields {
		d.fields[i].interpret(h[0])
	}
	return d, nil
}

// layOut settles where each field stands. Clipper and FoxPro have texts of more than 255 bytes and put the width's high
// byte where the decimals are; others put any number there, so it is believed only where the record's length bears it out.
func (d *dbfFile) layOut() {
	sum, wide := 1, 1
	for _, f := range d.fields {
		sum += f.width
		wide += f.width
		if f.typ == 'C' {
			wide += f.dec << 8
		}
	}
	off := 1
	for i := range d.fields {
		f := &d.fields[i]
		if f.typ == 'C' {
			if sum != wide && int64(wide) == d.recLen {
				f.width += f.dec << 8
			}
			f.dec = 0
		}
		f.off = off
		off += f.width
	}
}

// interpret settles the type of the column. Widths are OGR's: an integer of up to 9 digits is Integer, of up to 18
// Integer64, and a wider one Real.
func (f *dbfField) interpret(version byte) {
	f.stays = true
	c := &f.column
	switch f.typ {
	case 'C':
		f.read, c.Width = readText, f.width
	case 'N', 'F':
		c.Width, c.Precision = f.width, f.dec
		switch {
		case f.dec > 0:
			f.read, c.Type = readReal, feature.Real
		case f.width <= 9:
			f.read, c.Type = readInt, feature.Integer
		case f.width <= 18:
			f.read, c.Type = readInt, feature.Integer64
		default:
			f.read, c.Type, f.wide = readReal, feature.Real, true
		}
	case 'D':
		f.read, c.Type, c.Width = readDate, feature.DateField, f.width+2 // printed with two slashes
	case 'L':
		f.read, c.Type, c.Subtype, c.Width = readLogical, feature.Integer, feature.Boolean, f.width
	case 'I':
		f.read, c.Type = readInt32, feature.Integer
		f.unknown = f.width != 4
	case 'O':
		f.read, c.Type = readDouble, feature.Real
		f.unknown = f.width != 8
	case 'B': // a double in Visual FoxPro, a memo's number in dBase
		f.read, c.Type = readDouble, feature.Real
		f.unknown = f.width != 8
	case 'Y':
		f.read, c.Type = readCents, feature.Real
		f.unknown = f.width != 8
	case '@', 'T':
		f.read, c.Type = readStamp, feature.DateTimeField
		f.unknown = f.width != 8
	case '0':
		f.stays = version&0xF0 != 0x30 // Visual FoxPro's _NullFlags
		f.unknown = true
	default:
		f.unknown = true
	}
	if f.unknown {
		f.read, *c = readNull, feature.Field{Width: f.width}
	}
}

// record returns where record k begins; ok is false behind the last that is in the file.
func (d *dbfFile) record(k int64) (off int64, ok bool) {
	return d.headerLen + k*d.recLen, k < d.there
}
