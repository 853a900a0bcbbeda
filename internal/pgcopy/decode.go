package pgcopy

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Decoder turns a value of the format binary into a value of a feature; nil, NULL, is null. Texts and bytes point into b, or
// into memory of the Decoder's that is valid until its next call: a Decoder is for one goroutine. An error matches ErrFormat.
type Decoder func(b []byte) (feature.Value, error)

// OIDs of PostgreSQL's types: src/include/catalog/pg_type.dat.
const (
	oidBool        = 16
	oidBytea       = 17
	oidChar        = 18
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOID         = 26
	oidJSON        = 114
	oidFloat4      = 700
	oidFloat8      = 701
	oidBoolArray   = 1000
	oidNameArray   = 1003
	oidInt2Array   = 1005
	oidInt4Array   = 1007
	oidTextArray   = 1009
	oidBpcharArray = 1014
	oidVarchArray  = 1015
	oidInt8Array   = 1016
	oidFloat4Array = 1021
	oidFloat8Array = 1022
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestampTZ = 1184
	oidNumArray    = 1231
	oidTimeTZ      = 1266
	oidNumeric     = 1700
	oidUUID        = 2950
	oidJSONB       = 3802
)

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
	// daysTo2000 is how many days PostgreSQL's epoch, 2000-01-01, is behind ours.
	daysTo2000   = 10_957
	microsTo2000 = daysTo2000 * microsPerDay
)

// DecoderOf returns the field that a column of a type (its OID, and its typmod, -1 for none) becomes, without its name, and how its
// values are decoded. Whoever has no decoder for a type casts it to text in the statement. The fields are those that
// sqlbuilder's ColumnType makes such columns of.
//
//   - numeric is a Real, the nearest; numeric(p) of up to 18 digits is an Integer64, in which NaN becomes null. A number beyond a
//     Real is an infinity.
//   - date and timestamp: infinity and -infinity become null, and so does a timestamp that is more microseconds behind 1970 than an
//     int64 counts, the last 31 years of PostgreSQL's range.
//   - timestamptz is in UTC, timestamp in no known zone.
//   - timetz is a text such as 12:34:56.5+05:30: a TimeField has no zone.
//   - An array of one dimension is a list. One with nulls or of several dimensions is the JSON of it, in which numbers that JSON
//     does not have are texts. Lower bounds are not kept.
func DecoderOf(oid uint32, typmod int32) (f feature.Field, d Decoder, ok bool) {
	switch oid {
	case oidBool:
		return feature.Field{Type: feature.Integer, Subtype: feature.Boolean}, decodeBool, true
	case oidInt2:
		return feature.Field{Type: feature.Integer, Subtype: feature.Int16}, decodeInt2, true
	case oidInt4:
		return feature.Field{Type: feature.Integer}, decodeInt4, true
	case oidInt8:
		return feature.Field{Type: feature.Integer64}, decodeInt8, true
	case oidOID:
		return feature.Field{Type: feature.Integer64}, decodeOID, true
	case oidFloat4:
		return feature.Field{Type: feature.Real, Subtype: feature.Float32}, decodeFloat4, true
	case oidFloat8:
		return feature.Field{Type: feature.Real}, decodeFloat8, true
	case oidNumeric:
		f, d = numericDecoder(typmod)
		return f, d, true
	case oidText, oidName:
		return feature.Field{}, decodeText, true
	case oidVarchar, oidBpchar:
		return feature.Field{Width: int(max(typmod-4, 0))}, decodeText, true
	case oidChar:
		return feature.Field{}, charDecoder(), true
	case oidDate:
		return feature.Field{Type: feature.DateField}, decodeDate, true
	case oidTime:
		return feature.Field{Type: feature.TimeField}, decodeTime, true
	case oidTimeTZ:
		return feature.Field{}, timeTZDecoder(), true
	case oidTimestamp:
		return feature.Field{Type: feature.DateTimeField}, decodeTimestamp, true
	case oidTimestampTZ:
		return feature.Field{Type: feature.DateTimeField}, decodeTimestampTZ, true
	case oidBytea:
		return feature.Field{Type: feature.Binary}, decodeBytea, true
	case oidUUID:
		return feature.Field{Subtype: feature.UUID}, uuidDecoder(), true
	case oidJSON:
		return feature.Field{Subtype: feature.JSONText}, decodeJSON, true
	case oidJSONB:
		return feature.Field{Subtype: feature.JSONText}, decodeJSONB, true
	}
	return arrayDecoder(oid)
}

func wrongLength(typ string, b []byte, want int) error {
	return fmt.Errorf("%w: a %s of %d bytes: want %d", ErrFormat, typ, len(b), want)
}

func decodeBool(b []byte) (feature.Value, error) {
	switch {
	case b == nil:
		return feature.Null(), nil
	case len(b) != 1:
		return feature.Value{}, wrongLength("bool", b, 1)
	case b[0] > 1:
		return feature.Value{}, fmt.Errorf("%w: a bool of %#x: want 0 or 1", ErrFormat, b[0])
	}
	return feature.Bool(b[0] == 1), nil
}

func decodeInt2(b []byte) (feature.Value, error) {
	if len(b) == 2 {
		return feature.Int(int64(int16(binary.BigEndian.Uint16(b)))), nil
	}
	return nullOr("int2", b, 2)
}

func decodeInt4(b []byte) (feature.Value, error) {
	if len(b) == 4 {
		return feature.Int(int64(int32(binary.BigEndian.Uint32(b)))), nil
	}
	return nullOr("int4", b, 4)
}

func decodeInt8(b []byte) (feature.Value, error) {
	if len(b) == 8 {
		return feature.Int(int64(binary.BigEndian.Uint64(b))), nil
	}
	return nullOr("int8", b, 8)
}

func decodeOID(b []byte) (feature.Value, error) {
	if len(b) == 4 {
		return feature.Int(int64(binary.BigEndian.Uint32(b))), nil
	}
	return nullOr("oid", b, 4)
}

func decodeFloat4(b []byte) (feature.Value, error) {
	if len(b) == 4 {
		return float(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), nil
	}
	return nullOr("float4", b, 4)
}

func decodeFloat8(b []byte) (feature.Value, error) {
	if len(b) == 8 {
		return float(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
	}
	return nullOr("float8", b, 8)
}

// float makes one NaN of all: only the same bits are Equal.
func float(f float64) feature.Value {
	if f != f {
		f = math.NaN()
	}
	return feature.Float(f)
}

// nullOr returns null for NULL, and an error for any other value, whose length is wrong.
func nullOr(typ string, b []byte, want int) (feature.Value, error) {
	if b == nil {
		return feature.Null(), nil
	}
	return feature.Value{}, wrongLength(typ, b, want)
}

func decodeText(b []byte) (feature.Value, error) {
	if b == nil {
		return feature.Null(), nil
	}
	if err := checkUTF8(b); err != nil {
		return feature.Value{}, err
	}
	return feature.TextBytes(b), nil
}

// checkUTF8 finds the text of a database without an encoding (SQL_ASCII).
func checkUTF8(b []byte) error {
	if utf8.Valid(b) {
		return nil
	}
	return fmt.Errorf("%w: a text that is not UTF-8: %.40q", ErrFormat, b)
}

func decodeBytea(b []byte) (feature.Value, error) {
	if b == nil {
		return feature.Null(), nil
	}
	return feature.Bytes(b), nil
}

func decodeJSON(b []byte) (feature.Value, error) {
	if b == nil {
		return feature.Null(), nil
	}
	if err := checkUTF8(b); err != nil {
		return feature.Value{}, err
	}
	return feature.JSON(b), nil
}

func decodeJSONB(b []byte) (feature.Value, error) {
	switch {
	case b == nil:
		return feature.Null(), nil
	case len(b) == 0 || b[0] != 1:
		return feature.Value{}, fmt.Errorf("%w: a jsonb that begins with %.1q: want version 1", ErrFormat, b)
	}
	return decodeJSON(b[1:])
}

func decodeDate(b []byte) (feature.Value, error) {
	if len(b) != 4 {
		return nullOr("date", b, 4)
	}
	days := int32(binary.BigEndian.Uint32(b))
	if days == math.MaxInt32 || days == math.MinInt32 {
		return feature.Null(), nil
	}
	return feature.Days(int64(days) + daysTo2000), nil
}

func decodeTime(b []byte) (feature.Value, error) {
	if len(b) != 8 {
		return nullOr("time", b, 8)
	}
	micros := int64(binary.BigEndian.Uint64(b))
	if micros < 0 || micros > microsPerDay { // 24:00:00 is one
		return feature.Value{}, fmt.Errorf("%w: a time of %d microseconds", ErrFormat, micros)
	}
	return feature.TimeOfDay(micros), nil
}

func decodeTimestamp(b []byte) (feature.Value, error) {
	return decodeDateTime("timestamp", b, feature.ZoneUnknown)
}

func decodeTimestampTZ(b []byte) (feature.Value, error) {
	return decodeDateTime("timestamptz", b, feature.ZoneUTC)
}

func decodeDateTime(typ string, b []byte, z feature.Zone) (feature.Value, error) {
	if len(b) != 8 {
		return nullOr(typ, b, 8)
	}
	micros := int64(binary.BigEndian.Uint64(b))
	if micros == math.MinInt64 || micros > math.MaxInt64-microsTo2000 { // MaxInt64 is infinity
		return feature.Null(), nil
	}
	return feature.WallClock(micros+microsTo2000, z), nil
}

// timeTZDecoder prints a time and its zone, seconds west of Greenwich, as PostgreSQL does.
func timeTZDecoder() Decoder {
	var text []byte
	return func(b []byte) (feature.Value, error) {
		if len(b) != 12 {
			return nullOr("timetz", b, 12)
		}
		micros, west := int64(binary.BigEndian.Uint64(b)), int32(binary.BigEndian.Uint32(b[8:]))
		if micros < 0 || micros > microsPerDay || west <= -86_400 || west >= 86_400 {
			return feature.Value{}, fmt.Errorf("%w: a timetz of %d microseconds, %d seconds west", ErrFormat, micros, west)
		}
		text = appendZone(appendClock(text[:0], micros), -int(west))
		return feature.TextBytes(text), nil
	}
}

// charDecoder prints "char", a byte, as PostgreSQL does: 0 as nothing, what is not ASCII in octal (since version 16).
func charDecoder() Decoder {
	var text []byte
	return func(b []byte) (feature.Value, error) {
		switch {
		case len(b) != 1:
			return nullOr(`"char"`, b, 1)
		case b[0] == 0:
			return feature.TextBytes(b[:0]), nil
		case b[0] < utf8.RuneSelf:
			return feature.TextBytes(b), nil
		}
		text = strconv.AppendInt(append(text[:0], '\\'), int64(b[0]), 8)
		return feature.TextBytes(text), nil
	}
}

func uuidDecoder() Decoder {
	text := make([]byte, 36)
	return func(b []byte) (feature.Value, error) {
		if len(b) != 16 {
			return nullOr("uuid", b, 16)
		}
		hex.Encode(text, b[:4])
		text[8] = '-'
		hex.Encode(text[9:], b[4:6])
		text[13] = '-'
		hex.Encode(text[14:], b[6:8])
		text[18] = '-'
		hex.Encode(text[19:], b[8:10])
		text[23] = '-'
		hex.Encode(text[24:], b[10:])
		return feature.TextBytes(text), nil
	}
}
