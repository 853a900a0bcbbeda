package filter

import (
	"math"
	"strconv"
	"unsafe"

	"github.com/ogrcarto/ogrcarto/feature"
)

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// trimBlanks returns b without ASCII blanks at its ends.
func trimBlanks(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// textToInt reads a sign, perhaps, and digits.
func textToInt(b []byte) (int64, bool) {
	b = trimBlanks(b)
	negative := len(b) > 0 && b[0] == '-'
	if negative || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	var m uint64
	for _, c := range b {
		if !isDigit(c) || m > math.MaxInt64/10 {
			return 0, false
		}
		m = m*10 + uint64(c-'0')
	}
	if negative {
		return int64(-m), m <= 1<<63
	}
	return int64(m), m <= math.MaxInt64
}

// textToFloat reads a decimal number, nothing that only Go takes for one.
func textToFloat(b []byte) (float64, bool) {
	b = trimBlanks(b)
	rest := b
	sign := func() {
		if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
			rest = rest[1:]
		}
	}
	digits := func() int {
		n := 0
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		rest = rest[n:]
		return n
	}
	sign()
	n := digits()
	if len(rest) > 0 && rest[0] == '.' {
		rest = rest[1:]
		n += digits()
	}
	if n == 0 {
		return 0, false
	}
	if len(rest) > 0 && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if sign(); digits() == 0 {
			return 0, false
		}
	}
	if len(rest) > 0 {
		return 0, false
	}
	return parseFloat(b)
}

// parseFloat is strconv.ParseFloat of bytes; it is false, with an infinity, beyond all reals.
func parseFloat(b []byte) (float64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	// ParseFloat does not keep its argument: errors carry a copy.
	f, err := strconv.ParseFloat(unsafe.String(&b[0], len(b)), 64)
	return f, err == nil
}

var boolWords = []struct {
	word  string
	value tri
}{
	{"true", yes},
	{"false", no},
	{"t", yes},
	{"f", no},
	{"yes", yes},
	{"no", no},
	{"y", yes},
	{"n", no},
	{"1", yes},
	{"0", no},
	{"on", yes},
	{"off", no},
}

// textToBool reads one of boolWords in any case.
func textToBool(b []byte) tri {
	b = trimBlanks(b)
	for i := range boolWords {
		if w := boolWords[i].word; len(w) == len(b) && equalASCIIFold(b, w) {
			return boolWords[i].value
		}
	}
	return unknown
}

// equalASCIIFold tells whether b is s, which is as long and in lower case, but for the case of ASCII letters.
func equalASCIIFold(b []byte, s string) bool {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// floatToInt cuts towards zero.
func floatToInt(f float64) (int64, bool) {
	if !(f >= -1<<63 && f < 1<<63) {
		return 0, false
	}
	return int64(f), true
}

// inBits tells whether a signed integer of that many bits can be v.
func inBits(v int64, bits int) bool {
	switch bits {
	case 16:
		return v == int64(int16(v))
	case 32:
		return v == int64(int32(v))
	}
	return true
}

// textToDateTime reads a date-time, or a date as its midnight.
func textToDateTime(b []byte) (stamp, bool) {
	v, ok := feature.ParseDateTime(trimBlanks(b))
	return stamp{v.Instant(), v.Zone()}, ok
}

func textToTime(b []byte) (stamp, bool) {
	v, ok := feature.ParseTime(trimBlanks(b))
	return stamp{micros: v.Micros()}, ok
}

// day returns the midnight in UTC that began the day of s.
func (s stamp) day() stamp { return stamp{micros: s.micros - s.clock().micros} }

// clock returns the time of day in UTC.
func (s stamp) clock() stamp {
	micros := s.micros % microsPerDay
	if micros < 0 {
		micros += microsPerDay
	}
	return stamp{micros: micros}
}

// appendPadded prints n, which is not negative, with that many digits at least.
func appendPadded(dst []byte, n int64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for n > 0 || width > 0 {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, buf[i:]...)
}

// appendDate prints the day that the microseconds since 1970 fall on, as ISO 8601 does. Years in front of year 0 have a
// minus, those beyond 9999 five digits or more.
func appendDate(dst []byte, micros int64) []byte {
	days := micros / microsPerDay
	if micros%microsPerDay < 0 {
		days--
	}
	// Years begin in March, so that the odd day comes last; eras of 400 years have as many days each.
	days += 719_468
	era := days / 146_097
	if days < 0 {
		era = (days - 146_096) / 146_097
	}
	doe := days - era*146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	m := (5*doy + 2) / 153
	d := doy - (153*m+2)/5 + 1
	y := era*400 + yoe
	if m += 3; m > 12 {
		m -= 12
		y++
	}
	if y < 0 {
		dst = append(dst, '-')
		y = -y
	}
	dst = append(appendPadded(dst, y, 4), '-')
	dst = append(appendPadded(dst, m, 2), '-')
	return appendPadded(dst, d, 2)
}

// appendClock prints a time of day, with a fraction where there is one.
func appendClock(dst []byte, micros int64) []byte {
	seconds, fraction := micros/microsPerSecond, micros%microsPerSecond
	dst = append(appendPadded(dst, seconds/3600, 2), ':')
	dst = append(appendPadded(dst, seconds/60%60, 2), ':')
	dst = appendPadded(dst, seconds%60, 2)
	if fraction == 0 {
		return dst
	}
	dst = appendPadded(append(dst, '.'), fraction, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendDateTime prints a date-time in UTC, or as its clock shows it where nothing is known of its zone.
func appendDateTime(dst []byte, s stamp) []byte {
	dst = append(appendDate(dst, s.micros), 'T')
	dst = appendClock(dst, s.clock().micros)
	if s.zone == feature.ZoneUnknown || s.zone == feature.ZoneLocal {
		return dst
	}
	return append(dst, 'Z')
}
