package pgcopy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
)

// What appendText does with a byte, where it is not the letter that stands for it behind a backslash.
const (
	plain    = 0
	refused  = 1
	multiple = 2
)

// escapes are the bytes that COPY's text has other bytes for (PostgreSQL, COPY, File Formats, Text Format).
var escapes = func() (t [256]byte) {
	t[0] = refused
	t['\b'], t['\f'], t['\n'], t['\r'], t['\t'], t['\v'], t['\\'] = 'b', 'f', 'n', 'r', 't', 'v', '\\'
	for i := utf8.RuneSelf; i < len(t); i++ {
		t[i] = multiple
	}
	return t
}()

var errNUL = errors.New("the text has a NUL, which PostgreSQL's do not")

// appendText adds a text.
func appendText(dst, b []byte) ([]byte, error) {
	from := 0
	for i := 0; i < len(b); {
		switch c := escapes[b[i]]; c {
		case plain:
			i++
		case multiple:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				return dst, fmt.Errorf("the text has the byte %#x at %d, which is not UTF-8", b[i], i)
			}
			i += n
		case refused:
			return dst, errNUL
		default:
			dst = append(append(dst, b[from:i]...), '\\', c)
			i++
			from = i
		}
	}
	return append(dst, b[from:]...), nil
}

// appendReal adds a number with as many digits as bring it back.
func appendReal(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	return feature.AppendReal(dst, f)
}

// appendList adds a list as an array (PostgreSQL, section 8.15.6, Array Input and Output Syntax).
func appendList(dst []byte, f *feature.Field, v *feature.Value) ([]byte, error) {
	out := append(dst, '{')
	comma := func(i int) {
		if i > 0 {
			out = append(out, ',')
		}
	}
	switch v.Kind() {
	case feature.KindIntList:
		booleans := f.Type == feature.IntegerList && f.Subtype == feature.Boolean
		for i, n := range v.IntList() {
			comma(i)
			if booleans {
				out = append(out, boolText(n != 0, false))
			} else {
				out = strconv.AppendInt(out, n, 10)
			}
		}
	case feature.KindFloatList:
		for i, x := range v.FloatList() {
			comma(i)
			out = appendReal(out, x)
		}
	case feature.KindTextList:
		for i, s := range v.TextList() {
			comma(i)
			var err error
			if out, err = appendElement(out, s); err != nil {
				return dst, err
			}
		}
	default:
		return dst, fmt.Errorf("a value of kind %s goes into no column", v.Kind())
	}
	return append(out, '}'), nil
}

// appendElement adds a text as an element of an array: in quotes, with backslashes that COPY's text has to double.
func appendElement(dst []byte, s string) ([]byte, error) {
	out := append(dst, '"')
	from := 0
	var err error
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '"' || c == '\\' {
			if out, err = appendText(out, []byte(s[from:i])); err != nil {
				return dst, err
			}
			out = append(out, `\\`...) // the array's, for COPY
			from = i
		}
	}
	if out, err = appendText(out, []byte(s[from:])); err != nil {
		return dst, err
	}
	return append(out, '"'), nil
}

// appendJSONArray adds a JSON array as PostgreSQL's. What is none is added as it is: it may be an array's text.
func appendJSONArray(dst, b []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var list []any
	if d.Decode(&list) == nil && !d.More() {
		if out, ok, err := appendElements(dst, list, 1); ok {
			return out, err
		}
	}
	return appendText(dst, b)
}

func appendElements(dst []byte, list []any, depth int) (out []byte, ok bool, err error) {
	if depth > maxDims {
		return dst, false, nil
	}
	out = append(dst, '{')
	for i, v := range list {
		if i > 0 {
			out = append(out, ',')
		}
		switch v := v.(type) {
		case nil:
			out = append(out, "NULL"...)
		case bool:
			out = append(out, boolText(v, false))
		case json.Number:
			out = append(out, v...)
		case string:
			if out, err = appendElement(out, v); err != nil {
				return dst, true, err
			}
		case []any:
			if out, ok, err = appendElements(out, v, depth+1); !ok || err != nil {
				return dst, ok, err
			}
		default:
			return dst, false, nil
		}
	}
	return append(out, '}'), true, nil
}
