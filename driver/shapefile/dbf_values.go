package shapefile

import (
	"encoding/binary"
	"time"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
)

const (
	blanks   = 0x2020202020202020
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// trimBlanks cuts blanks and NULs from both ends.
func trimBlanks(b []byte) []byte {
	for len(b) >= 8 && binary.LittleEndian.Uint64(b[len(b)-8:]) == blanks {
		b = b[:len(b)-8]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == 0) {
		b = b[:len(b)-1]
	}
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

// plainASCII tells whether b has neither NULs nor bytes beyond ASCII.
func plainASCII(b []byte) bool {
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if (w-lowBits|w)&highBits != 0 { // a byte of 0 borrows, one beyond ASCII has its high bit
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c-1 >= 0x7F {
			return false
		}
	}
	return true
}

// value reads one field of a record. Null is what OGR takes for null: an empty text; blanks or a leading asterisk in a
// number; blanks, 00000000 or 0 in a date; blanks or a question mark in a logical field.
func (r *rowReader) value(f *dbfField, rec []byte) feature.Value {
	if f.off+f.width > len(rec) {
		return feature.Null() // the file ends in the record, or the record's length does not hold all of its fields
	}
	b := rec[f.off : f.off+f.width]
	switch f.read {
	case readText:
		return r.text(f, b)
	case readInt:
		b = trimBlanks(b)
		if v, ok := parseInt(b); ok {
			return feature.Int(v)
		}
		return r.oddInt(f, b)
	case readReal:
		b = trimBlanks(b)
		if v, ok := parseReal(b); ok {
			return feature.Float(v)
		}
		return r.oddReal(f, b)
	case readDate:
		return r.date(f, trimBlanks(b))
	case readLogical:
		return r.logical(f, trimBlanks(b))
	case readInt32:
		return feature.Int(int64(int32(binary.LittleEndian.Uint32(b))))
	case readDouble:
		return feature.Float(f64(b))
	case readCents:
		return feature.Float(float64(int64(binary.LittleEndian.Uint64(b))) / 1e4)
	case readStamp:
		return stamp(b)
	}
	return feature.Null()
}

// text reads a text: up to the first NUL, without blanks at its ends.
func (r *rowReader) text(f *dbfField, b []byte) feature.Value {
	if r.enc.name == "UTF-8" {
		b = r.whole(f, b)
	}
	b = trimBlanks(b)
	if len(b) == 0 {
		return feature.Null()
	}
	if plainASCII(b) && r.enc.ascii {
		return feature.TextBytes(b[:len(b):len(b)])
	}
	for i, c := range b {
		if c == 0 {
			if b = trimBlanks(b[:i]); len(b) == 0 {
				return feature.Null()
			}
			break
		}
	}
	start := len(r.textBuf)
	out, ok := r.enc.decode(r.textBuf, b)
	r.textBuf = out
	if !ok {
		r.l.warn("field %s: row %d has bytes that are not %s: %q", f.column.Name, r.f.FID, r.enc.name, b)
	}
	return feature.TextBytes(out[start:len(out):len(out)])
}

// whole leaves out the beginning of a character at the end of a full field, whose writer counted bytes and not
// characters.
func (r *rowReader) whole(f *dbfField, b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax+1; i-- {
		if b[i] < utf8.RuneSelf {
			break
		}
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				break
			}
			r.l.warn("field %s: row %d ends within a character, which is left out: %q", f.column.Name, r.f.FID, b)
			return b[:i]
		}
	}
	return b
}

// oddInt reads what is in an integer field and is not digits.
func (r *rowReader) oddInt(f *dbfField, b []byte) feature.Value {
	if len(b) == 0 || b[0] == '*' || b[0] == 0 {
		return feature.Null()
	}
	x, ok := parseRealLeniently(b)
	const bound = 1 << 63
	if !ok || !(x > -bound && x < bound) {
		r.l.warn("field %s: row %d has %q, which is not an integer: null", f.column.Name, r.f.FID, b)
		return feature.Null()
	}
	v := int64(x)
	if f.column.Type == feature.Integer && v != int64(int32(v)) {
		r.l.warn("field %s: row %d has %q, which is beyond 32 bits: null", f.column.Name, r.f.FID, b)
		return feature.Null()
	}
	if float64(v) != x {
		r.l.warn("field %s: row %d has %q in a field of integers: what is behind the point is cut", f.column.Name, r.f.FID, b)
	}
	return feature.Int(v)
}

// oddReal reads what is in a field of reals and is not a number.
func (r *rowReader) oddReal(f *dbfField, b []byte) feature.Value {
	if len(b) == 0 || b[0] == '*' || b[0] == 0 {
		return feature.Null()
	}
	if x, ok := parseRealLeniently(b); ok {
		return feature.Float(x)
	}
	r.l.warn("field %s: row %d has %q, which is not a number: null", f.column.Name, r.f.FID, b)
	return feature.Null()
}

// date reads YYYYMMDD, and leniently what some programs write: YYYY-MM-DD with any separator, MM/DD/YYYY, blanks for
// leading zeros.
func (r *rowReader) date(f *dbfField, b []byte) feature.Value {
	if len(b) == 0 || b[0] == 0 || (len(b) == 1 && b[0] == '0') || string(b) == "00000000" {
		return feature.Null()
	}
	y, m, d := -1, -1, -1
	switch {
	case len(b) == 8:
		y, m, d = digits(b[:4]), digits(b[4:6]), digits(b[6:])
	case len(b) == 10 && isSeparator(b[4]) && isSeparator(b[7]):
		y, m, d = digits(b[:4]), digits(b[5:7]), digits(b[8:])
	case len(b) == 10 && b[2] == '/' && b[5] == '/':
		m, d, y = digits(b[:2]), digits(b[3:5]), digits(b[6:])
	}
	if y < 0 || m < 1 || m > 12 || d < 1 || d > 31 {
		r.l.warn("field %s: row %d has %q, which is not a date: null", f.column.Name, r.f.FID, b)
		return feature.Null()
	}
	days, ok := civilDays(y, m, d)
	if !ok {
		r.l.warn("field %s: row %d has %q, a day that the month does not have: null", f.column.Name, r.f.FID, b)
		return feature.Null()
	}
	return feature.Days(days)
}

func isSeparator(c byte) bool { return c == '-' || c == '/' || c == '.' }

// digits returns a number of digits, of which the first may be blanks, or -1.
func digits(b []byte) int {
	n, seen := 0, false
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			n, seen = n*10+int(c-'0'), true
		case c != ' ' || seen:
			return -1
		}
	}
	if !seen {
		return -1
	}
	return n
}

// civilDays returns the days from 1970-01-01 to a day of the proleptic Gregorian calendar, by counting years from March.
// Month and day are 1 to 12 and 1 to 31; ok tells whether the month has the day.
func civilDays(y, m, d int) (days int64, ok bool) {
	if d > 28 && d > time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return 0, false
	}
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	if y < 0 {
		era = -1
	}
	ofEra := y - era*400
	ofYear := (153*(m-3)+2)/5 + d - 1
	return int64(era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468), true
}

// logical reads T, t, Y, y and F, f, N, n, and 1 and 0.
func (r *rowReader) logical(f *dbfField, b []byte) feature.Value {
	if len(b) == 0 {
		return feature.Null()
	}
	switch b[0] {
	case 'T', 't', 'Y', 'y', '1':
		return feature.Bool(true)
	case 'F', 'f', 'N', 'n', '0':
		return feature.Bool(false)
	case '?', 0:
		return feature.Null()
	}
	r.l.warn("field %s: row %d has %q, which is neither true nor false: null", f.column.Name, r.f.FID, b)
	return feature.Null()
}

// stamp reads a date-time: a Julian day and the milliseconds since midnight. It is nobody's time zone.
func stamp(b []byte) feature.Value {
	const (
		first = 1721060 // the Julian day of 0000-01-01
		epoch = 2440588 // of 1970-01-01
		last  = 5373484 // of 9999-12-31
	)
	day, ms := int64(int32(binary.LittleEndian.Uint32(b))), int64(int32(binary.LittleEndian.Uint32(b[4:])))
	if day < first || day > last { // 0 is how nothing is written
		return feature.Null()
	}
	return feature.WallClock(((day-epoch)*86_400_000+ms)*1000, feature.ZoneUnknown)
}
