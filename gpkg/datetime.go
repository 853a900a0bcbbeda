package gpkg

import (
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Dates and times are text (OGC 12-128r18, table 1): DATE is 2018-02-13, DATETIME is 2018-02-13T23:59:59.000Z. Other
// writers leave out seconds, fraction or Z, put a blank for the T, or an offset for the Z: all of that is read.

// parseDate reads a DATE. A date-time at midnight is taken too.
func parseDate(b []byte) (feature.Value, bool) {
	days, rest, ok := scanDate(b)
	if !ok {
		return feature.Value{}, false
	}
	if len(rest) > 0 {
		micros, _, ok := scanClock(rest)
		if !ok || micros != 0 {
			return feature.Value{}, false
		}
	}
	return feature.Days(days), true
}

// parseDateTime reads a DATETIME. A date alone is midnight.
func parseDateTime(b []byte) (feature.Value, bool) {
	days, rest, ok := scanDate(b)
	if !ok {
		return feature.Value{}, false
	}
	micros, zone := int64(0), feature.ZoneUnknown
	if len(rest) > 0 {
		if micros, zone, ok = scanClock(rest); !ok {
			return feature.Value{}, false
		}
	}
	return feature.WallClock(days*86_400_000_000+micros, zone), true
}

// digits reads n digits at the start of b.
func digits(b []byte, n int) (int, bool) {
	if len(b) < n {
		return 0, false
	}
	v := 0
	for _, c := range b[:n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

// scanDate reads YYYY-MM-DD, or with slashes, and returns the days since 1970 and what follows.
func scanDate(b []byte) (days int64, rest []byte, ok bool) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	negative := len(b) > 0 && b[0] == '-'
	if negative || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	n := 0
	// A year of six digits may be more microseconds away than an int64 counts.
	for n < len(b) && n < 5 && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	if n < 4 || len(b) < n+6 || (b[n] != '-' && b[n] != '/') || b[n+3] != b[n] {
		return 0, nil, false
	}
	y, _ := digits(b, n)
	m, ok1 := digits(b[n+1:], 2)
	d, ok2 := digits(b[n+4:], 2)
	if negative {
		y = -y
	}
	if !ok1 || !ok2 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, nil, false
	}
	return daysSince1970(y, m, d), b[n+6:], true
}

func daysIn(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts days in the proleptic Gregorian calendar, with years that begin in March so that the odd day
// comes last.
func daysSince1970(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	return int64(era)*146_097 + int64(yoe*365+yoe/4-yoe/100+doy) - 719_468
}

// scanClock reads what follows a date: T or blank, HH:MM[:SS[.fraction]], and Z or an offset.
func scanClock(b []byte) (micros int64, zone feature.Zone, ok bool) {
	zone = feature.ZoneUnknown
	if len(b) < 6 || (b[0] != 'T' && b[0] != 't' && b[0] != ' ') || b[3] != ':' {
		return 0, zone, false
	}
	h, ok1 := digits(b[1:], 2)
	m, ok2 := digits(b[4:], 2)
	if !ok1 || !ok2 || h > 24 || m > 59 {
		return 0, zone, false
	}
	micros = int64(h*3600+m*60) * 1_000_000
	b = b[6:]
	if len(b) >= 3 && b[0] == ':' {
		s, ok := digits(b[1:], 2)
		if !ok || s > 60 {
			return 0, zone, false
		}
		micros += int64(s) * 1_000_000
		b = b[3:]
		if len(b) > 1 && (b[0] == '.' || b[0] == ',') && b[1] >= '0' && b[1] <= '9' {
			b = b[1:]
			unit := int64(100_000)
			for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
				micros += int64(b[0]-'0') * unit
				unit /= 10
				b = b[1:]
			}
		}
	}
	if micros > 86_400_000_000 {
		return 0, zone, false
	}
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	switch {
	case len(b) == 0:
		return micros, zone, true
	case len(b) == 1 && (b[0] == 'Z' || b[0] == 'z'):
		return micros, feature.ZoneUTC, true
	case b[0] == '+' || b[0] == '-':
		oh, ok := digits(b[1:], 2)
		if !ok {
			return 0, zone, false
		}
		rest := b[3:]
		om := 0
		if len(rest) > 0 {
			if rest[0] == ':' {
				rest = rest[1:]
			}
			if om, ok = digits(rest, 2); !ok || len(rest) > 2 || om > 59 {
				return 0, zone, false
			}
		}
		off := oh*60 + om
		if off > 18*60 {
			return 0, zone, false
		}
		if b[0] == '-' {
			off = -off
		}
		return micros, feature.Zone(off), true
	}
	return 0, zone, false
}

// appendDate writes a DATE.
func appendDate(dst []byte, v feature.Value) []byte { return v.Time().AppendFormat(dst, "2006-01-02") }

// appendDateTime writes a DATETIME in UTC, with milliseconds as the standard has it, or with microseconds where there
// are any.
func appendDateTime(dst []byte, v feature.Value) []byte {
	micros := v.Instant()
	layout := "2006-01-02T15:04:05.000Z"
	if micros%1000 != 0 {
		layout = "2006-01-02T15:04:05.000000Z"
	}
	return time.UnixMicro(micros).UTC().AppendFormat(dst, layout)
}

// parseTime reads a time of day, HH:MM[:SS[.fraction]].
func parseTime(b []byte) (feature.Value, bool) {
	var buf [32]byte
	micros, zone, ok := scanClock(append(append(buf[:0], 'T'), b...))
	if !ok || zone != feature.ZoneUnknown {
		return feature.Value{}, false
	}
	return feature.TimeOfDay(micros), true
}

// appendTime writes a time of day, with a fraction where there is one.
func appendTime(dst []byte, v feature.Value) []byte { return v.AppendString(dst) }
