package feature

// ParseDate reads a date: 2018-02-13, or with slashes. A date-time at midnight is taken too. Blanks at the ends do not
// matter.
func ParseDate(b []byte) (Value, bool) {
	days, rest, ok := scanDate(b)
	if !ok {
		return Value{}, false
	}
	if len(rest) > 0 {
		micros, _, ok := scanClock(rest)
		if !ok || micros != 0 {
			return Value{}, false
		}
	}
	return Days(days), true
}

// ParseDateTime reads a date-time: 2018-02-13T23:59:59.123Z. Seconds, fraction and zone may be left out, a blank may stand
// for the T, and an offset (+01, +01:00, +0100) for the Z. A date alone is midnight. What is beyond microseconds is cut.
func ParseDateTime(b []byte) (Value, bool) {
	days, rest, ok := scanDate(b)
	if !ok {
		return Value{}, false
	}
	micros, zone := int64(0), ZoneUnknown
	if len(rest) > 0 {
		if micros, zone, ok = scanClock(rest); !ok {
			return Value{}, false
		}
	}
	return WallClock(days*86_400_000_000+micros, zone), true
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
func scanClock(b []byte) (micros int64, zone Zone, ok bool) {
	zone = ZoneUnknown
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
		return micros, ZoneUTC, true
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
		return micros, Zone(off), true
	}
	return 0, zone, false
}

// ParseTime reads a time of day, HH:MM[:SS[.fraction]].
func ParseTime(b []byte) (Value, bool) {
	var buf [32]byte
	micros, zone, ok := scanClock(append(append(buf[:0], 'T'), b...))
	if !ok || zone != ZoneUnknown {
		return Value{}, false
	}
	return TimeOfDay(micros), true
}
