package pgvalue

import "bytes"

// maxDims is how many dimensions an array of PostgreSQL has at most (src/include/utils/array.h, MAXDIM).
const maxDims = 6

// appendArray adds an array in its text format (PostgreSQL, section 8.15.6, Array Input and Output Syntax) as an array of arrays.
// Lower bounds other than 1, "[0:1]={1,2}", are not shown.
func (e *Encoder) appendArray(dst []byte, k kind, v []byte) []byte {
	start := len(dst)
	rest := v
	if len(v) > 0 && v[0] == '[' {
		i := bytes.IndexByte(v, '=')
		if i < 0 {
			return appendString(dst, v)
		}
		rest = v[i+1:]
	}
	dst, rest, ok := e.appendDimension(dst, k, rest, 1)
	if !ok || len(rest) > 0 {
		return appendString(dst[:start], v)
	}
	return dst
}

// appendDimension adds what stands between braces, and returns what stands behind them.
func (e *Encoder) appendDimension(dst []byte, k kind, v []byte, depth int) (out, rest []byte, ok bool) {
	if len(v) < 2 || v[0] != '{' || depth > maxDims {
		return dst, v, false
	}
	dst = append(dst, '[')
	v = v[1:]
	if v[0] == '}' {
		return append(dst, ']'), v[1:], true
	}
	for {
		if len(v) == 0 {
			return dst, v, false
		}
		switch v[0] {
		case '{':
			dst, v, ok = e.appendDimension(dst, k, v, depth+1)
		case '"':
			dst, v, ok = e.appendQuoted(dst, k, v)
		default:
			dst, v, ok = appendUnquoted(dst, k, v)
		}
		if !ok || len(v) == 0 {
			return dst, v, false
		}
		switch v[0] {
		case ',':
			dst = append(dst, ',')
			v = v[1:]
		case '}':
			return append(dst, ']'), v[1:], true
		default:
			return dst, v, false
		}
	}
}

// appendUnquoted adds an element that ends with a comma or a brace.
func appendUnquoted(dst []byte, k kind, v []byte) (out, rest []byte, ok bool) {
	i := 0
	for ; i < len(v) && v[i] != ',' && v[i] != '}'; i++ {
		if c := v[i]; c == '"' || c == '\\' || c == '{' {
			return dst, v, false
		}
	}
	switch {
	case i == 0:
		return dst, v, false
	case string(v[:i]) == "NULL":
		return append(dst, "null"...), v[i:], true
	}
	return appendValue(dst, k, v[:i]), v[i:], true
}

// appendQuoted adds an element between quotes.
func (e *Encoder) appendQuoted(dst []byte, k kind, v []byte) (out, rest []byte, ok bool) {
	v = v[1:]
	i := 0
	for i < len(v) && v[i] != '"' && v[i] != '\\' {
		i++
	}
	if i < len(v) && v[i] == '"' {
		return appendValue(dst, k, v[:i]), v[i+1:], true
	}
	e.scratch = append(e.scratch[:0], v[:i]...)
	for ; i < len(v); i++ {
		switch v[i] {
		case '"':
			return appendValue(dst, k, e.scratch), v[i+1:], true
		case '\\':
			if i++; i == len(v) {
				return dst, v, false
			}
		}
		e.scratch = append(e.scratch, v[i])
	}
	return dst, v, false
}
