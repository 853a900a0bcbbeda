package feature

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendJSON adds the value as JSON to b. sub is the subtype of its field: it tells booleans and single-precision
// numbers apart. Null and unset are null; dates and times are text in OGR's form; binary data are base64; numbers that
// JSON does not have are null; JSON that is not valid is text.
func (v Value) AppendJSON(b []byte, sub Subtype) []byte {
	switch v.Kind() {
	case KindUnset, KindNull:
		return append(b, "null"...)
	case KindBool:
		return strconv.AppendBool(b, v.Bool())
	case KindInt:
		if sub == Boolean {
			return strconv.AppendBool(b, v.Int() != 0)
		}
		return strconv.AppendInt(b, v.Int(), 10)
	case KindFloat:
		return AppendJSONNumber(b, v.Float(), jsonBits(sub))
	case KindJSON:
		if json.Valid(v.Bytes()) {
			return append(b, v.Bytes()...)
		}
	case KindBytes:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	case KindIntList, KindFloatList, KindTextList:
		return v.appendListJSON(b, sub)
	}
	return AppendJSONString(b, v.String())
}

func (v Value) appendListJSON(b []byte, sub Subtype) []byte {
	b = append(b, '[')
	comma := func(i int) {
		if i > 0 {
			b = append(b, ',')
		}
	}
	for i, n := range v.IntList() {
		comma(i)
		if sub == Boolean {
			b = strconv.AppendBool(b, n != 0)
			continue
		}
		b = strconv.AppendInt(b, n, 10)
	}
	for i, n := range v.FloatList() {
		comma(i)
		b = AppendJSONNumber(b, n, jsonBits(sub))
	}
	for i, s := range v.TextList() {
		comma(i)
		b = AppendJSONString(b, s)
	}
	return append(b, ']')
}

// jsonBits returns how many bits the reals of a field have.
func jsonBits(sub Subtype) int {
	if sub == Float32 {
		return 32
	}
	return 64
}

// AppendJSONNumber adds a number of 32 or 64 bits with as few digits as bring it back; NaN and infinities are null.
func AppendJSONNumber(b []byte, f float64, bits int) []byte {
	switch a := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(b, "null"...)
	case a != 0 && (a < 1e-6 || a >= 1e21):
		return strconv.AppendFloat(b, f, 'e', -1, bits)
	}
	return strconv.AppendFloat(b, f, 'f', -1, bits)
}

// AppendJSONString adds a text as a JSON string to b. Bytes that are not UTF-8 become U+FFFD.
func AppendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		} else if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c < ' ':
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		default:
			b = append(b, "\ufffd"...)
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
