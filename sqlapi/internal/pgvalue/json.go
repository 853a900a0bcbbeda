package pgvalue

import (
	"encoding/binary"
	"unicode/utf8"
)

// maxDepth is how deep JSON may nest to be embedded. encoding/json refuses what is deeper than 10,000, and so do others.
const maxDepth = 9000

// appendJSON adds a value of json or jsonb as it is, but for U+2028, U+2029 and bytes that are not UTF-8, which are changed as in
// appendString. PostgreSQL has checked it, yet an encoding that the client asked for may have spoiled it since.
func appendJSON(dst, v []byte) []byte {
	i, ok := skipValue(v, skipSpace(v, 0), 0)
	if !ok || skipSpace(v, i) != len(v) {
		return appendString(dst, v)
	}
	from := 0
	for i := beyondASCII(v, 0); i < len(v); i = beyondASCII(v, i) { // which is inside a string
		escape, n := escapeRune(v[i:])
		if escape != "" {
			dst = append(dst, v[from:i]...)
			dst = append(dst, escape...)
			from = i + n
		}
		i += n
	}
	return append(dst, v[from:]...)
}

// beyondASCII returns the index, from i on, of the first byte that is not ASCII, or the length.
func beyondASCII(v []byte, i int) int {
	for i+8 <= len(v) && binary.LittleEndian.Uint64(v[i:])&highs == 0 {
		i += 8
	}
	for i < len(v) && v[i] < utf8.RuneSelf {
		i++
	}
	return i
}

func skipSpace(v []byte, i int) int {
	for i < len(v) && (v[i] == ' ' || v[i] == '\n' || v[i] == '\t' || v[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the end of the JSON value that begins at i, and whether there is one.
func skipValue(v []byte, i, depth int) (int, bool) {
	if i >= len(v) || depth > maxDepth {
		return i, false
	}
	switch c := v[i]; c {
	case '"':
		return skipString(v, i)
	case '{', '[':
		end := c + 2 // '}' or ']'
		i = skipSpace(v, i+1)
		if i < len(v) && v[i] == end {
			return i + 1, true
		}
		for {
			var ok bool
			if c == '{' {
				if i, ok = skipString(v, i); !ok {
					return i, false
				}
				if i = skipSpace(v, i); i >= len(v) || v[i] != ':' {
					return i, false
				}
				i = skipSpace(v, i+1)
			}
			if i, ok = skipValue(v, i, depth+1); !ok {
				return i, false
			}
			i = skipSpace(v, i)
			switch {
			case i >= len(v):
				return i, false
			case v[i] == end:
				return i + 1, true
			case v[i] != ',':
				return i, false
			}
			i = skipSpace(v, i+1)
		}
	case 't':
		return skipWord(v, i, "true")
	case 'f':
		return skipWord(v, i, "false")
	case 'n':
		return skipWord(v, i, "null")
	}
	return skipNumber(v, i)
}

func skipWord(v []byte, i int, word string) (int, bool) {
	end := i + len(word)
	return end, end <= len(v) && string(v[i:end]) == word
}

func skipString(v []byte, i int) (int, bool) {
	if i >= len(v) || v[i] != '"' {
		return i, false
	}
	for i = plain(v, i+1); i < len(v); i = plain(v, i) {
		switch c := v[i]; {
		case c == '"':
			return i + 1, true
		case c < ' ':
			return i, false
		case c != '\\':
			i++
		case i+1 >= len(v):
			return i, false
		case v[i+1] == 'u':
			if i+6 > len(v) {
				return i, false
			}
			for _, d := range v[i+2 : i+6] {
				if nibbles[d] > 15 {
					return i, false
				}
			}
			i += 6
		default:
			switch v[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			default:
				return i, false
			}
		}
	}
	return i, false
}

// isNumber tells whether a text is a number of JSON: PostgreSQL's numbers are, but for NaN and infinities.
func isNumber(v []byte) bool {
	i, ok := skipNumber(v, 0)
	return ok && i == len(v)
}

// skipNumber returns the end of the JSON number that begins at i, and whether there is one (RFC 8259, section 6).
func skipNumber(v []byte, i int) (int, bool) {
	if i < len(v) && v[i] == '-' {
		i++
	}
	start := i
	i = skipDigits(v, i)
	if i == start || v[start] == '0' && i > start+1 {
		return i, false
	}
	if i < len(v) && v[i] == '.' {
		start = i + 1
		if i = skipDigits(v, start); i == start {
			return i, false
		}
	}
	if i < len(v) && v[i]|0x20 == 'e' {
		i++
		if i < len(v) && (v[i] == '+' || v[i] == '-') {
			i++
		}
		start = i
		if i = skipDigits(v, start); i == start {
			return i, false
		}
	}
	return i, true
}

func skipDigits(v []byte, i int) int {
	for i < len(v) && v[i]-'0' < 10 {
		i++
	}
	return i
}
