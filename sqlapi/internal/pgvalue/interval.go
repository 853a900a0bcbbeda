package pgvalue

import (
	"bytes"
	"strconv"
)

// intervalUnits are the parts of an interval before its time, in their order.
var intervalUnits = [...]struct{ one, many, key string }{
	{" year", " years", `"years":`},
	{" mon", " mons", `"months":`},
	{" day", " days", `"days":`},
}

// appendInterval adds an interval in the style postgres ("1 year 2 mons -3 days +04:05:06.789") as an object with a member for each
// part that is not zero, as npm's postgres-interval does. Its milliseconds have a fraction where there are microseconds.
func appendInterval(dst, v []byte) []byte {
	start := len(dst)
	dst = append(dst, '{')
	rest, unit := v, 0
	for len(rest) > 0 {
		n, negative, after, ok := intervalNumber(rest)
		if !ok {
			return appendString(dst[:start], v)
		}
		if after[0] == ':' {
			if dst, ok = appendClock(dst, n, negative, after); !ok {
				return appendString(dst[:start], v)
			}
			rest = nil
			break
		}
		// The next unit of those that are left.
		found := false
		for ; unit < len(intervalUnits) && !found; unit++ {
			u := &intervalUnits[unit]
			if rest, found = bytes.CutPrefix(after, []byte(u.many)); !found {
				rest, found = bytes.CutPrefix(after, []byte(u.one))
			}
			if found {
				dst = appendPart(dst, u.key, n, negative)
			}
		}
		switch {
		case !found, len(rest) > 0 && rest[0] != ' ', len(rest) == 1:
			return appendString(dst[:start], v)
		case len(rest) > 0:
			rest = rest[1:]
		}
	}
	if len(v) == 0 {
		return appendString(dst[:start], v)
	}
	if dst[len(dst)-1] == ',' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, '}')
}

// intervalNumber reads digits with or without a sign; something stands behind them.
func intervalNumber(v []byte) (n int64, negative bool, after []byte, ok bool) {
	i := 0
	if v[0] == '-' || v[0] == '+' {
		negative = v[0] == '-'
		i++
	}
	first := i
	for ; i < len(v) && v[i]-'0' < 10; i++ {
		n = n*10 + int64(v[i]-'0')
	}
	return n, negative, v[i:], i > first && i-first <= 18 && i < len(v)
}

// appendClock adds the parts of a time, from the colon after its hours on; its sign is that of all its parts.
func appendClock(dst []byte, hours int64, negative bool, v []byte) ([]byte, bool) {
	isDigit := func(i int) bool { return v[i]-'0' < 10 }
	if len(v) < 6 || v[0] != ':' || !isDigit(1) || !isDigit(2) || v[3] != ':' || !isDigit(4) || !isDigit(5) {
		return dst, false
	}
	dst = appendPart(dst, `"hours":`, hours, negative)
	dst = appendPart(dst, `"minutes":`, int64(v[1]-'0')*10+int64(v[2]-'0'), negative)
	dst = appendPart(dst, `"seconds":`, int64(v[4]-'0')*10+int64(v[5]-'0'), negative)
	v = v[6:]
	if len(v) == 0 {
		return dst, true
	}
	if v[0] != '.' || len(v) < 2 || len(v) > 7 {
		return dst, false
	}
	micros := int64(0)
	for i := 1; i < 7; i++ {
		micros *= 10
		if i < len(v) {
			if !isDigit(i) {
				return dst, false
			}
			micros += int64(v[i] - '0')
		}
	}
	if micros == 0 {
		return dst, true
	}
	dst = append(dst, `"milliseconds":`...)
	if negative {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, micros/1000, 10)
	if part := micros % 1000; part != 0 {
		dst = append(dst, '.', byte('0'+part/100), byte('0'+part/10%10), byte('0'+part%10))
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return append(dst, ','), true
}

// appendPart adds a member and a comma, unless it is zero.
func appendPart(dst []byte, key string, n int64, negative bool) []byte {
	if n == 0 {
		return dst
	}
	if negative {
		n = -n
	}
	dst = strconv.AppendInt(append(dst, key...), n, 10)
	return append(dst, ',')
}
