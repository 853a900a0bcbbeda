package gpkg

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/sqlite"
)

// readValue returns column i of the row as a value of the field. SQLite lets any value stand in any column: what can
// be turned into the field's type without loss is, and the rest is null with a warning. Text and bytes are the row's own
// memory.
func readValue(s *sqlite.Stmt, i int, f *feature.Field, warn *driver.WarningLog) feature.Value {
	class := s.Type(i)
	if class == sqlite.Null {
		return feature.Null()
	}
	switch f.Type {
	case feature.Integer, feature.Integer64:
		switch class {
		case sqlite.Integer:
			n := s.Int(i)
			if f.Subtype == feature.Boolean && (n == 0 || n == 1) {
				return feature.Bool(n != 0)
			}
			return feature.Int(n)
		case sqlite.Float:
			if r := s.Float(i); r == math.Trunc(r) && math.Abs(r) < 1<<63 {
				return feature.Int(int64(r))
			}
		case sqlite.Text:
			if n, err := strconv.ParseInt(strings.TrimSpace(s.Text(i)), 10, 64); err == nil {
				return feature.Int(n)
			}
			if f.Subtype == feature.Boolean {
				switch strings.ToLower(s.Text(i)) {
				case "true", "t", "yes":
					return feature.Bool(true)
				case "false", "f", "no":
					return feature.Bool(false)
				}
			}
		}
	case feature.Real:
		switch class {
		case sqlite.Integer, sqlite.Float:
			return feature.Float(s.Float(i))
		case sqlite.Text:
			if r, err := strconv.ParseFloat(strings.TrimSpace(s.Text(i)), 64); err == nil {
				return feature.Float(r)
			}
		}
	case feature.String:
		if class == sqlite.Blob && !utf8.Valid(s.Bytes(i)) {
			break
		}
		if f.Subtype == feature.JSONText {
			return feature.JSON(s.TextBytes(i))
		}
		return feature.TextBytes(s.TextBytes(i))
	case feature.Binary:
		return feature.Bytes(s.TextBytes(i))
	case feature.DateField:
		if class == sqlite.Text {
			if v, ok := parseDate(s.TextBytes(i)); ok {
				return v
			}
		}
	case feature.DateTimeField:
		if class == sqlite.Text {
			if v, ok := parseDateTime(s.TextBytes(i)); ok {
				return v
			}
		}
	case feature.TimeField:
		if class == sqlite.Text {
			if v, ok := parseTime(s.TextBytes(i)); ok {
				return v
			}
		}
	}
	warn.Warn("field %s: %.40q is not a %s and was read as null", f.Name, s.Text(i), f.Type)
	return feature.Null()
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
		e.buf = appendJSONList(e.buf[:0], v)
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
			if r := v.Float(); r == math.Trunc(r) && math.Abs(r) < 1<<63 {
				return feature.Int(int64(r)), true
			}
		}
	case feature.Real:
		switch k {
		case feature.KindFloat:
			return v, true
		case feature.KindInt, feature.KindBool:
			n := v.Int()
			if r := float64(n); math.Abs(r) < 1<<63 && int64(r) == n {
				return feature.Float(r), true
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

// appendJSONList writes a list as a JSON array. Numbers that JSON does not have become null.
func appendJSONList(dst []byte, v *feature.Value) []byte {
	dst = append(dst, '[')
	sep := func(i int) {
		if i > 0 {
			dst = append(dst, ',')
		}
	}
	for i, n := range v.IntList() {
		sep(i)
		dst = strconv.AppendInt(dst, n, 10)
	}
	for i, r := range v.FloatList() {
		sep(i)
		if math.IsNaN(r) || math.IsInf(r, 0) {
			dst = append(dst, "null"...)
		} else {
			dst = strconv.AppendFloat(dst, r, 'g', -1, 64)
		}
	}
	for i, s := range v.TextList() {
		sep(i)
		dst = appendJSONString(dst, s)
	}
	return append(dst, ']')
}

func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
