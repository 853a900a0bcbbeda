package pgvalue

import (
	"fmt"
	"slices"
	"strconv"
)

// nibbles holds the value of each hexadecimal digit, and 0xff for all other bytes.
var nibbles = func() (t [256]byte) {
	for c := range t {
		t[c] = 0xff
	}
	for i, c := range "0123456789abcdef" {
		t[c] = byte(i)
		if c >= 'a' {
			t[c-'a'+'A'] = byte(i)
		}
	}
	return t
}()

// DecodeHexEWKB adds the bytes of a geometry or geography to dst, from its text format: EWKB in hexadecimal digits. What the bytes
// mean is not looked at. Where the text is anything else there is an error, and dst is as it was.
func DecodeHexEWKB(dst, hex []byte) ([]byte, error) {
	if len(hex)%2 != 0 {
		return dst, fmt.Errorf("EWKB in hexadecimal: an odd number of digits, %d", len(hex))
	}
	n := len(dst)
	out := slices.Grow(dst, len(hex)/2)[:n+len(hex)/2]
	if !decodeHex(out[n:], hex) {
		for i, c := range hex {
			if nibbles[c] > 15 {
				return dst, fmt.Errorf("EWKB in hexadecimal: byte %d is %q, want a hexadecimal digit", i, c)
			}
		}
	}
	return out, nil
}

// decodeHex fills dst with the bytes of twice as many digits, and tells whether all were digits.
func decodeHex(dst, hex []byte) bool {
	var bad byte
	for i := range dst {
		pair := hex[2*i : 2*i+2 : 2*i+2]
		high, low := nibbles[pair[0]], nibbles[pair[1]]
		bad |= high | low
		dst[i] = high<<4 | low
	}
	return bad <= 15
}

// bytesInJSON holds each byte as a number with a comma.
var bytesInJSON = func() (t [256]string) {
	for c := range t {
		t[c] = strconv.Itoa(c) + ","
	}
	return t
}()

// appendBytea adds binary data as JavaScript's Buffer shows itself.
func appendBytea(dst, v []byte) []byte {
	if len(v) < 2 || len(v)%2 != 0 || v[0] != '\\' || v[1] != 'x' {
		return appendString(dst, v)
	}
	start := len(dst)
	dst = append(dst, `{"type":"Buffer","data":[`...)
	for i := 2; i < len(v); i += 2 {
		high, low := nibbles[v[i]], nibbles[v[i+1]]
		if high|low > 15 {
			return appendString(dst[:start], v)
		}
		dst = append(dst, bytesInJSON[high<<4|low]...)
	}
	if len(v) > 2 {
		dst = dst[:len(dst)-1]
	}
	return append(dst, "]}"...)
}
