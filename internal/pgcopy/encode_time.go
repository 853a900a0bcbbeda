package pgcopy

import (
	"fmt"
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
)

// PostgreSQL's dates and times (section 8.5, table 8.9), counted from 1970.
const (
	firstDay = -2_440_588    // 4714-11-24 BC, Julian day 0
	lastDay  = 2_145_042_905 // 5874897-12-31
)

// appendMoment adds a date, a time or a date-time in ISO's form.
func appendMoment(dst []byte, f *feature.Field, v *feature.Value) ([]byte, error) {
	dateTime := f.Type == feature.DateTimeField
	var days, micros int64
	clock, zone := true, v.Zone()
	switch v.Kind() {
	case feature.KindTime:
		if micros = v.Micros(); micros < 0 || micros > microsPerDay {
			return dst, wrongMoment(v)
		}
		return appendClock(dst, micros), nil
	case feature.KindDate:
		days, clock = v.Days(), dateTime
	default:
		micros = v.Micros()
		if dateTime {
			instant := v.Instant()
			if (instant > micros) != (zone.Offset() < 0) && instant != micros { // beyond an int64
				return dst, wrongMoment(v)
			}
			micros = instant
		}
		days = floorDiv(micros, microsPerDay)
		micros -= days * microsPerDay
	}
	if days < firstDay || days > lastDay {
		return dst, wrongMoment(v)
	}
	if dateTime {
		zone = feature.ZoneUTC
	}
	dst, bc := appendDate(dst, days)
	if clock {
		dst = appendClock(append(dst, ' '), micros)
		if zone != feature.ZoneUnknown && zone != feature.ZoneLocal {
			dst = appendZone(dst, int(zone)*60)
		}
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst, nil
}

func wrongMoment(v *feature.Value) error {
	switch v.Kind() {
	case feature.KindDate:
		return fmt.Errorf("PostgreSQL has no date %d days from 1970", v.Days())
	case feature.KindTime:
		return fmt.Errorf("PostgreSQL has no time %d microseconds from midnight", v.Micros())
	}
	return fmt.Errorf("PostgreSQL has no date-time %d microseconds from 1970", v.Micros())
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// appendDate adds a day of the proleptic Gregorian calendar, counted from 1970, and tells whether BC belongs behind it. The years
// begin in March, so that the odd day comes last.
func appendDate(dst []byte, days int64) (out []byte, bc bool) {
	days += 719_468 // since 0000-03-01
	era := floorDiv(days, 146_097)
	day := days - era*146_097 // of 400 years
	yearOfEra := (day - day/1460 + day/36_524 - day/146_096) / 365
	year := yearOfEra + era*400
	day -= 365*yearOfEra + yearOfEra/4 - yearOfEra/100
	month := (5*day + 2) / 153
	day -= (153*month+2)/5 - 1
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	if bc = year <= 0; bc {
		year = 1 - year
	}
	if year > 9999 {
		dst = strconv.AppendInt(dst, year, 10)
	} else {
		dst = appendTwo(appendTwo(dst, year/100), year%100)
	}
	return appendTwo(append(appendTwo(append(dst, '-'), month), '-'), day), bc
}

func appendTwo(dst []byte, n int64) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// appendClock adds a time of day with as much of its fraction as there is.
func appendClock(dst []byte, micros int64) []byte {
	seconds, fraction := micros/microsPerSecond, micros%microsPerSecond
	dst = append(appendTwo(dst, seconds/3600), ':')
	dst = append(appendTwo(dst, seconds/60%60), ':')
	dst = appendTwo(dst, seconds%60)
	if fraction == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendTwo(appendTwo(appendTwo(dst, fraction/10_000), fraction/100%100), fraction%100)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendZone adds an offset in seconds east of Greenwich: +01, -03:30, +00:53:28.
func appendZone(dst []byte, east int) []byte {
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	dst = appendTwo(append(dst, sign), int64(east/3600))
	if east%3600 != 0 {
		dst = appendTwo(append(dst, ':'), int64(east/60%60))
	}
	if east%60 != 0 {
		dst = appendTwo(append(dst, ':'), int64(east%60))
	}
	return dst
}
