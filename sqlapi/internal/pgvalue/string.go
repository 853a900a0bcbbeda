package pgvalue

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// looked marks the bytes that a string of JSON cannot hold as they are, or that may be part of something it cannot: control
// characters, quotes, backslashes, all beyond ASCII.
var looked = func() (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return t
}()

// plain returns the index, from i on, of the first byte that needs a look, or the length.
func plain(s []byte, i int) int {
	for ; i+8 <= len(s); i += 8 {
		// In each byte, the highest bit tells whether it is below ' ', '"', '\' or beyond ASCII. A borrow makes errors only
		// above a byte that is one of these.
		w := binary.LittleEndian.Uint64(s[i:])
		quote, backslash := w^'"'*ones, w^'\\'*ones
		if hit := ((w-' '*ones)&^w | (quote-ones)&^quote | (backslash-ones)&^backslash | w) & highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(s) && !looked[s[i]] {
		i++
	}
	return i
}

// appendString adds a text as a string of JSON. U+2028 and U+2029 are escaped, for JavaScript older than 2019 ends a line there;
// bytes that are not UTF-8 become U+FFFD.
func appendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	i := plain(s, 0)
	if i == len(s) {
		dst = append(dst, s...)
		return append(dst, '"')
	}
	from := 0
	for i < len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			if c >= 0xc2 && c < 0xe0 && i+1 < len(s) && s[i+1]&0xc0 == 0x80 { // a character of two bytes: most letters of Europe
				i += 2
			} else {
				escape, n := escapeRune(s[i:])
				if escape != "" {
					dst = append(dst, s[from:i]...)
					dst = append(dst, escape...)
					from = i + n
				}
				i += n
			}
			if i < len(s) && s[i] < utf8.RuneSelf {
				i = plain(s, i)
			}
			continue
		}
		dst = append(dst, s[from:i]...)
		dst = appendEscape(dst, c)
		i++
		from = i
		i = plain(s, i)
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// appendEscape adds an ASCII character that must be escaped.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// escapeRune returns the length of the character at the start of s, which is beyond ASCII, and what must stand in its place, if
// anything.
func escapeRune(s []byte) (string, int) {
	switch r, n := utf8.DecodeRune(s); {
	case r == utf8.RuneError && n == 1:
		return "\ufffd", 1
	case r == '\u2028':
		return `\u2028`, n
	case r == '\u2029':
		return `\u2029`, n
	default:
		return "", n
	}
}
