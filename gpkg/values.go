package gpkg

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// readValue returns column i of the row as a value of the field. SQLite lets any value stand in any column: what can
// be turned into the field's type without loss is, and the rest is null with a warning. Text and bytes are the row's own
// memory.
func readValue(s storedRow, i int, f *feature.Field, warn *driver.WarningLog) feature.Value {
	class := s.Type(i)
	if class == sqlite.Null {
		return feature.Null()
	}
	switch f.Type {
	case feature.Integer, feature.Integer64:
		switch class {
		case sqlite.Integer:
			return integer(s.Int(i), f)
		case sqlite.Float:
			if n, ok := wholeNumber(s.Float(i)); ok {
				return integer(n, f)
			}
		case sqlite.Text:
			if n, err := strconv.ParseInt(strings.TrimSpace(string(s.TextBytes(i))), 10, 64); err == nil {
				return integer(n, f)
			}
			if f.Subtype == feature.Boolean {
				switch strings.ToLower(string(s.TextBytes(i))) {
				case "true", "t", "yes":
					return feature.Bool(true)
				case "false", "f", "no":
					return feature.Bool(false)
				}
			}
		}
	case feature.Real:
		switch class {
		case sqlite.Float:
			return feature.Float(s.Float(i))
		case sqlite.Integer:
			n := s.Int(i)
			if !exactFloat(n) {
				warn.Warn("field %s: the integer %d was read as the nearest Real", f.Name, n)
			}
			return feature.Float(float64(n))
		case sqlite.Text:
			if r, err := strconv.ParseFloat(strings.TrimSpace(string(s.TextBytes(i))), 64); err == nil {
				return feature.Float(r)
			}
		}
	case feature.String:
		var b []byte
		switch class {
		case sqlite.Blob:
			// Not as text, which would take it for the database's encoding.
			if b = s.Bytes(i); !utf8.Valid(b) {
				warn.Warn("field %s: a blob that is not UTF-8 was read as null", f.Name)
				return feature.Null()
			}
		case sqlite.Float:
			b = appendFloat(nil, s.Float(i)) // SQLite prints 15 digits
		default:
			if b = s.TextBytes(i); !utf8.Valid(b) {
				warn.Warn("field %s: %.40q is not UTF-8: what is wrong in it was read as U+FFFD", f.Name, b)
				b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
			}
		}
		if f.Subtype == feature.JSONText {
			return feature.JSON(b)
		}
		return feature.TextBytes(b)
	case feature.Binary:
		if class == sqlite.Blob {
			return feature.Bytes(s.Bytes(i))
		}
		return feature.Bytes(s.TextBytes(i))
	case feature.DateField:
		if class == sqlite.Text {
			if v, ok := feature.ParseDate(s.TextBytes(i)); ok {
				return v
			}
		}
	case feature.DateTimeField:
		if class == sqlite.Text {
			if v, ok := feature.ParseDateTime(s.TextBytes(i)); ok {
				return v
			}
		}
	case feature.TimeField:
		if class == sqlite.Text {
			if v, ok := feature.ParseTime(s.TextBytes(i)); ok {
				return v
			}
		}
	}
	warn.Warn("field %s: %.40q is not a %s and was read as null", f.Name, s.TextBytes(i), f.Type)
	return feature.Null()
}

// integer returns n as a value of a field of integers.
func integer(n int64, f *feature.Field) feature.Value {
	if f.Subtype == feature.Boolean && (n == 0 || n == 1) {
		return feature.Bool(n != 0)
	}
	return feature.Int(n)
}

// wholeNumber returns r as an integer; ok is false when it is not one.
func wholeNumber(r float64) (n int64, ok bool) {
	if r != math.Trunc(r) || r < math.MinInt64 || r >= -math.MinInt64 {
		return 0, false
	}
	return int64(r), true
}

// exactFloat tells whether a float64 holds n.
func exactFloat(n int64) bool {
	r, ok := wholeNumber(float64(n))
	return ok && r == n
}

// appendFloat prints r with as many digits as it takes to read it back.
func appendFloat(dst []byte, r float64) []byte {
	if a := math.Abs(r); a == 0 || a >= 1e-5 && a < 1e15 {
		return strconv.AppendFloat(dst, r, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, r, 'g', -1, 64)
}

// cell is a value in SQLite's terms.
type cell struct {
	class sqlite.Type
	n     int64
	r     float64
	b     []byte
}

// encoder turns values into cells. It keeps the memory of texts that it makes itself; a cell is valid until the next
// one is made.
type encoder struct{ buf []byte }

// cell returns the value as a cell. An unset value is null here; who writes sees to defaults.
func (e *encoder) cell(v *feature.Value) cell {
	switch v.Kind() {
	case feature.KindBool, feature.KindInt:
		return cell{class: sqlite.Integer, n: v.Int()}
	case feature.KindFloat:
		r := v.Float()
		if math.IsNaN(r) { // SQLite has none
			return cell{class: sqlite.Null}
		}
		return cell{class: sqlite.Float, r: r}
	case feature.KindText, feature.KindJSON:
		return cell{class: sqlite.Text, b: v.Bytes()}
	case feature.KindBytes:
		return cell{class: sqlite.Blob, b: v.Bytes()}
	case feature.KindDate:
		e.buf = appendDate(e.buf[:0], *v)
	case feature.KindDateTime:
		e.buf = appendDateTime(e.buf[:0], *v)
	case feature.KindTime:
		e.buf = appendTime(e.buf[:0], *v)
	case feature.KindIntList, feature.KindFloatList, feature.KindTextList:
		e.buf = v.AppendJSON(e.buf[:0], feature.NoSubtype)
	default:
		return cell{class: sqlite.Null}
	}
	return cell{class: sqlite.Text, b: e.buf}
}

// fits returns v as a value of the field, and false when it is not one and cannot be turned into one without loss. So a
// number never lands in a text column by mistake, nor a text in a column of dates.
func fits(v feature.Value, f *feature.Field) (feature.Value, bool) {
	k := v.Kind()
	switch k {
	case feature.KindUnset, feature.KindNull:
		return v, true
	}
	switch f.Type {
	case feature.Integer, feature.Integer64:
		switch k {
		case feature.KindInt, feature.KindBool:
			return v, true
		case feature.KindFloat:
			if n, ok := wholeNumber(v.Float()); ok {
				return feature.Int(n), true
			}
		}
	case feature.Real:
		switch k {
		case feature.KindFloat:
			return v, true
		case feature.KindInt, feature.KindBool:
			if n := v.Int(); exactFloat(n) {
				return feature.Float(float64(n)), true
			}
		}
	case feature.String:
		switch k {
		case feature.KindText, feature.KindJSON:
			return v, true
		case feature.KindIntList, feature.KindFloatList, feature.KindTextList:
			return v, f.Subtype == feature.JSONText
		case feature.KindTime:
			return v, true
		case feature.KindBytes:
			return v, false
		case feature.KindFloat:
			return feature.TextBytes(appendFloat(nil, v.Float())), true
		}
		return feature.Text(v.String()), true
	case feature.Binary:
		return v, k == feature.KindBytes
	case feature.DateField:
		return v, k == feature.KindDate
	case feature.TimeField:
		return v, k == feature.KindTime
	case feature.DateTimeField:
		if k == feature.KindDate {
			return feature.WallClock(v.Micros(), feature.ZoneUnknown), true
		}
		return v, k == feature.KindDateTime
	}
	return v, false
}
