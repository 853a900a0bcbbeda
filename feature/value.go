package feature

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Kind says what a Value holds.
type Kind uint8

// The kinds of values. The zero kind is KindUnset.
const (
	KindUnset     Kind = iota // nothing was said: a writer takes the column's default
	KindNull                  // SQL's NULL
	KindBool                  // true or false
	KindInt                   // int64
	KindFloat                 // float64
	KindText                  // UTF-8 text
	KindBytes                 // binary data
	KindDate                  // a day in the proleptic Gregorian calendar
	KindTime                  // a time of day, to the microsecond
	KindDateTime              // a date with a time, to the microsecond, and a Zone
	KindIntList               // a list of int64
	KindFloatList             // a list of float64
	KindTextList              // a list of text
	KindJSON                  // JSON text
)

var kindNames = [...]string{
	"unset", "null", "boolean", "integer", "real", "text", "binary", "date", "time", "date-time", "integer list",
	"real list", "text list", "JSON",
}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Zone is the time zone of a date-time: minutes east of UTC, or one of the two constants.
type Zone int16

// What a date-time's zone may be beside minutes east of UTC.
const (
	ZoneUTC     Zone = 0
	ZoneUnknown Zone = math.MinInt16     // nothing is known; compared as if it were UTC
	ZoneLocal   Zone = math.MinInt16 + 1 // local time of an unknown place; compared as if it were UTC
)

// Offset returns the minutes east of UTC; it is 0 for ZoneUnknown and ZoneLocal.
func (z Zone) Offset() int {
	if z == ZoneUnknown || z == ZoneLocal {
		return 0
	}
	return int(z)
}

// Value is the content of one field of one feature: a tagged union that boxes nothing. The zero Value is unset.
//
// Text, bytes, JSON and lists may point into memory that is reused, as with the Feature that the value is part of;
// Clone makes a copy that stands alone.
type Value struct {
	kind Kind
	zone Zone
	n    uint64 // bool, int64, float64 bits, days or microseconds since 1970
	b    []byte // text, bytes, JSON, or a packed list: see value_list.go
}

// Null returns SQL's NULL.
func Null() Value { return Value{kind: KindNull} }

// Bool returns a boolean.
func Bool(v bool) Value {
	x := Value{kind: KindBool}
	if v {
		x.n = 1
	}
	return x
}

// Int returns an integer.
func Int(v int64) Value { return Value{kind: KindInt, n: uint64(v)} }

// Float returns a real.
func Float(v float64) Value { return Value{kind: KindFloat, n: math.Float64bits(v)} }

// Text returns a text. It must be UTF-8.
func Text(s string) Value { return Value{kind: KindText, b: []byte(s)} }

// TextBytes returns a text that shares b's memory.
func TextBytes(b []byte) Value { return Value{kind: KindText, b: b} }

// Bytes returns binary data that share b's memory.
func Bytes(b []byte) Value { return Value{kind: KindBytes, b: b} }

// JSON returns a JSON text that shares b's memory. It is not checked.
func JSON(b []byte) Value { return Value{kind: KindJSON, b: b} }

// Kind says what the value holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull tells whether the value is null or unset: whether there is nothing to read.
func (v Value) IsNull() bool { return v.kind <= KindNull }

// IsUnset tells whether nothing was said of the value, so that a writer takes the column's default.
func (v Value) IsUnset() bool { return v.kind == KindUnset }

// Bool returns the boolean; false for another kind.
func (v Value) Bool() bool { return v.kind == KindBool && v.n != 0 }

// Int returns the integer, or a boolean as 0 or 1; 0 for another kind.
func (v Value) Int() int64 {
	if v.kind == KindInt || v.kind == KindBool {
		return int64(v.n)
	}
	return 0
}

// Float returns the real, or an integer as the nearest real; 0 for another kind.
func (v Value) Float() float64 {
	switch v.kind {
	case KindFloat:
		return math.Float64frombits(v.n)
	case KindInt, KindBool:
		return float64(int64(v.n))
	}
	return 0
}

// Text returns a copy of the text or JSON; "" for another kind. String prints any kind.
func (v Value) Text() string {
	if v.kind == KindText || v.kind == KindJSON {
		return string(v.b)
	}
	return ""
}

// Bytes returns the bytes of a text, of binary data or of JSON without copying them; nil for another kind.
func (v Value) Bytes() []byte {
	if v.kind == KindText || v.kind == KindBytes || v.kind == KindJSON {
		return v.b
	}
	return nil
}

// Clone returns a copy that shares no memory.
func (v Value) Clone() Value {
	if v.b != nil {
		v.b = append(make([]byte, 0, len(v.b)), v.b...)
	}
	return v
}

// Size returns how many bytes the value has outside of the Value itself.
func (v Value) Size() int { return len(v.b) }

// Equal tells whether both hold the same kind and content. NaN equals NaN, and -0 does not equal 0: it is identity, not
// SQL's "=".
func (v Value) Equal(o Value) bool {
	return v.kind == o.kind && v.zone == o.zone && v.n == o.n && string(v.b) == string(o.b)
}

// String prints the value for people, ogrinfo's way: text as it is, null as "(null)", a boolean as 0 or 1, a real with up
// to 15 digits, binary data in upper-case hexadecimal, a date-time as 2006/01/02 15:04:05.123+01, a list as (n:a,b,c).
// Digits may be lost: to write a real so that it can be read back, use strconv.AppendFloat.
func (v Value) String() string { return string(v.AppendString(nil)) }

// AppendString adds what String returns to dst.
func (v Value) AppendString(dst []byte) []byte {
	switch v.kind {
	case KindUnset:
		return append(dst, "(unset)"...)
	case KindNull:
		return append(dst, "(null)"...)
	case KindBool, KindInt:
		return strconv.AppendInt(dst, int64(v.n), 10)
	case KindFloat:
		return appendDigits(dst, v.Float(), 15)
	case KindText, KindJSON:
		return append(dst, v.b...)
	case KindBytes:
		return fmt.Appendf(dst, "%X", v.b)
	case KindDate:
		return v.Time().AppendFormat(dst, "2006/01/02")
	case KindTime:
		return appendClock(dst, int64(v.n))
	case KindDateTime:
		// The clock's own reading, whatever the zone.
		micros := int64(v.n)
		day := micros / microsPerDay
		if micros%microsPerDay < 0 {
			day--
		}
		dst = append(Days(day).AppendString(dst), ' ')
		return appendZone(appendClock(dst, micros-day*microsPerDay), v.zone)
	}
	return v.appendList(dst)
}

// appendClock prints a time of day with its fraction in milliseconds, or in microseconds if need be. PostgreSQL knows
// 24:00:00.
func appendClock(dst []byte, micros int64) []byte {
	seconds, fraction := micros/microsPerSecond, micros%microsPerSecond
	dst = fmt.Appendf(dst, "%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	switch {
	case fraction == 0:
		return dst
	case fraction%1000 == 0:
		return fmt.Appendf(dst, ".%03d", fraction/1000)
	}
	return fmt.Appendf(dst, ".%06d", fraction)
}

// appendZone prints what is known of a zone: +01, -0330, nothing.
func appendZone(dst []byte, z Zone) []byte {
	if z == ZoneUnknown || z == ZoneLocal {
		return dst
	}
	off, sign := int(z), byte('+')
	if off < 0 {
		sign, off = '-', -off
	}
	dst = fmt.Appendf(append(dst, sign), "%02d", off/60)
	if off%60 != 0 {
		dst = fmt.Appendf(dst, "%02d", off%60)
	}
	return dst
}

// appendDigits prints a real as C's %.*g does. OGR has 15 digits for a real, and 16 in a list.
func appendDigits(dst []byte, f float64, digits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return AppendReal(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'g', digits, 64)
}

// AppendReal adds a real to dst as text, with as many digits as it takes to read it back: 0.1, 1e+20, nan, -inf.
func AppendReal(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if e := math.Abs(f); e != 0 && (e < 1e-4 || e >= 1e15) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// Date returns the day; months and days out of range roll over, as with time.Date.
func Date(year int, month time.Month, day int) Value {
	return Days(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86_400)
}

// Days returns the date that many days after 1970-01-01.
func Days(n int64) Value { return Value{kind: KindDate, n: uint64(n)} }

// TimeOfDay returns a time of day, counted in microseconds since midnight.
func TimeOfDay(micros int64) Value { return Value{kind: KindTime, n: uint64(micros)} }

// DateTime returns the instant t with t's zone, cut to the microsecond. A zone's odd seconds are cut, too: the instant
// stays, and the clock shows them less.
func DateTime(t time.Time) Value {
	_, off := t.Zone()
	z := Zone(off / 60)
	return WallClock(t.UnixMicro()+int64(z)*60*microsPerSecond, z)
}

// WallClock returns the date-time that a clock in the zone shows, counted in microseconds since it showed 1970-01-01
// 00:00:00.
func WallClock(micros int64, z Zone) Value {
	return Value{kind: KindDateTime, zone: z, n: uint64(micros)}
}

// Zone returns a date-time's zone; ZoneUnknown for another kind.
func (v Value) Zone() Zone {
	if v.kind == KindDateTime {
		return v.zone
	}
	return ZoneUnknown
}

// Micros returns what the value's clock shows in microseconds: since 1970-01-01 00:00:00 for a date or date-time, since
// midnight for a time; 0 for another kind.
func (v Value) Micros() int64 {
	switch v.kind {
	case KindDate:
		return int64(v.n) * microsPerDay
	case KindTime, KindDateTime:
		return int64(v.n)
	}
	return 0
}

// Instant returns the microseconds between 1970-01-01 00:00:00 UTC and a date or date-time. One without a zone counts as
// UTC.
func (v Value) Instant() int64 {
	return v.Micros() - int64(v.Zone().Offset())*60*microsPerSecond
}

// Days returns a date's days since 1970-01-01; 0 for another kind.
func (v Value) Days() int64 {
	if v.kind == KindDate {
		return int64(v.n)
	}
	return 0
}

// Time returns a date, time or date-time as a time.Time in its zone (UTC where it has none); a time of day falls on
// 1970-01-01. It is the zero time for another kind.
func (v Value) Time() time.Time {
	switch v.kind {
	case KindDate, KindTime:
		return time.UnixMicro(v.Micros()).UTC()
	case KindDateTime:
		t := time.UnixMicro(v.Instant())
		if off := v.zone.Offset(); off != 0 {
			return t.In(time.FixedZone("", off*60))
		}
		return t.UTC()
	}
	return time.Time{}
}
