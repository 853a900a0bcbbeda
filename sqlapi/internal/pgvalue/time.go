package pgvalue

import (
	"encoding/binary"
	"time"
)

// Patterns of eight characters. A byte of the text, xored with that of the pattern, is at most 9 where a digit stands and 0
// where something else does; what is added makes its highest bit tell.
const (
	digit, exact = 0x80 - 10, 0x80 - 1

	// "0000-00-"
	dateStart    = '0' | '0'<<8 | '0'<<16 | '0'<<24 | '-'<<32 | '0'<<40 | '0'<<48 | '-'<<56
	dateStartAdd = digit | digit<<8 | digit<<16 | digit<<24 | exact<<32 | digit<<40 | digit<<48 | exact<<56
	// "00 00:00"
	middle    = '0' | '0'<<8 | ' '<<16 | '0'<<24 | '0'<<32 | ':'<<40 | '0'<<48 | '0'<<56
	middleAdd = digit | digit<<8 | exact<<16 | digit<<24 | digit<<32 | exact<<40 | digit<<48 | digit<<56
	// "00:00:00"
	clock    = '0' | '0'<<8 | ':'<<16 | '0'<<24 | '0'<<32 | ':'<<40 | '0'<<48 | '0'<<56
	clockAdd = digit | digit<<8 | exact<<16 | digit<<24 | digit<<32 | exact<<40 | digit<<48 | digit<<56
)

// looksLike tells whether the first eight bytes fit a pattern.
func looksLike(v []byte, pattern, add uint64) bool {
	x := binary.LittleEndian.Uint64(v) ^ pattern
	return (x|(x+add))&highs == 0
}

// appendDate adds a date as the moment it begins.
func appendDate(dst, v []byte) []byte {
	if len(v) != 10 || !looksLike(v, dateStart, dateStartAdd) || v[8]-'0' > 9 || v[9]-'0' > 9 {
		return appendString(dst, v)
	}
	dst = append(append(dst, '"'), v...)
	return append(dst, `T00:00:00Z"`...)
}

// appendTimestamp adds a timestamp without its fraction of a second; one with a time zone in UTC.
func appendTimestamp(dst, v []byte, zone bool) []byte {
	if len(v) < 19 || !looksLike(v, dateStart, dateStartAdd) || !looksLike(v[8:], middle, middleAdd) || !looksLike(v[11:], clock, clockAdd) {
		return appendString(dst, v)
	}
	rest := v[19:]
	if len(rest) > 1 && rest[0] == '.' {
		if i := skipDigits(rest, 1); i > 1 {
			rest = rest[i:]
		}
	}
	switch {
	case zone && len(rest) == 3 && rest[0] == '+' && rest[1] == '0' && rest[2] == '0':
	case zone:
		if offset, ok := parseOffset(rest); ok {
			return appendMoved(dst, v, -offset)
		}
		return appendString(dst, v)
	case len(rest) > 0: // BC
		return appendString(dst, v)
	}
	dst = append(append(dst, '"'), v[:19]...)
	dst[len(dst)-9] = 'T'
	return append(dst, `Z"`...)
}

// appendMoved adds a timestamp that has been checked, so many seconds later.
func appendMoved(dst, v []byte, seconds int) []byte {
	two := func(i int) int { return int(v[i]-'0')*10 + int(v[i+1]-'0') }
	t := time.Date(two(0)*100+two(2), time.Month(two(5)), two(8), two(11), two(14), two(17)+seconds, 0, time.UTC)
	if y := t.Year(); y < 1 || y > 9999 {
		return appendString(dst, v)
	}
	dst = t.AppendFormat(append(dst, '"'), "2006-01-02T15:04:05Z")
	return append(dst, '"')
}

// parseOffset reads the seconds east of Greenwich from +01, -03:30 or +00:53:28.
func parseOffset(v []byte) (seconds int, ok bool) {
	if len(v) != 3 && len(v) != 6 && len(v) != 9 || v[0] != '+' && v[0] != '-' {
		return 0, false
	}
	unit := 3600
	for i := 1; i < len(v); i += 3 {
		if i > 1 && v[i-1] != ':' || v[i]-'0' > 9 || v[i+1]-'0' > 9 {
			return 0, false
		}
		seconds += (int(v[i]-'0')*10 + int(v[i+1]-'0')) * unit
		unit /= 60
	}
	if v[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}
