package pgcopy_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/pgcopy"
)

// decodedTypes are the OIDs and typmods that there are decoders for.
var decodedTypes = []struct {
	oid    uint32
	typmod int32
}{
	{16, -1},
	{17, -1},
	{18, -1},
	{19, -1},
	{20, -1},
	{21, -1},
	{23, -1},
	{25, -1},
	{26, -1},
	{114, -1},
	{700, -1},
	{701, -1},
	{1000, -1},
	{1003, -1},
	{1005, -1},
	{1007, -1},
	{1009, -1},
	{1014, -1},
	{1015, -1},
	{1016, -1},
	{1021, -1},
	{1022, -1},
	{1042, 7},
	{1043, 9},
	{1082, -1},
	{1083, -1},
	{1114, -1},
	{1184, -1},
	{1231, -1},
	{1266, -1},
	{1700, -1},
	{1700, 18<<16 | 4},
	{1700, 12<<16 | 7},
	{2950, -1},
	{3802, -1},
}

// numericBytes is a numeric: digits to the base 10000.
func numericBytes(weight int, sign uint16, digits ...uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(digits)))
	b = binary.BigEndian.AppendUint16(b, uint16(weight))
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, sign), 0)
	for _, d := range digits {
		b = binary.BigEndian.AppendUint16(b, d)
	}
	return b
}

// arrayBytes is an array of elements of a type.
func arrayBytes(dims []uint32, oid uint32, elements ...string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(dims)))
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, 0), oid)
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, d), 1)
	}
	for _, e := range elements {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(e))), e...)
	}
	return b
}

func TestDecoderRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		oid    uint32
		typmod int32
		data   []byte
	}{
		{"bool of 2", 16, -1, []byte{2}},
		{"bool of two bytes", 16, -1, []byte{1, 1}},
		{"empty int4", 23, -1, []byte{}},
		{"text in Latin 1", 25, -1, []byte("Z\xfcrich")},
		{"JSON in Latin 1", 114, -1, []byte("\"Z\xfcrich\"")},
		{"jsonb of version 2", 3802, -1, []byte("\x02{}")},
		{"empty jsonb", 3802, -1, []byte{}},
		{"negative time", 1083, -1, binary.BigEndian.AppendUint64(nil, math.MaxUint64)},
		{"time of a day and more", 1083, -1, binary.BigEndian.AppendUint64(nil, uint64(microsPerDay+1))},
		{"timetz with a zone of a day", 1266, -1, []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x51\x80")},
		{"short numeric", 1700, -1, numericBytes(0, 0)[:7]},
		{"numeric with fewer digits than it says", 1700, -1, numericBytes(0, 0, 1, 2)[:11]},
		{"numeric with more digits than it says", 1700, -1, append(numericBytes(0, 0, 1), 0, 1)},
		{"numeric with a digit over 9999", 1700, -1, numericBytes(0, 0, 10_000)},
		{"numeric with another sign", 1700, -1, numericBytes(0, 0x1000, 1)},
		{"integer over 64 bits", 1700, 18<<16 | 4, numericBytes(4, 0, 923, 3720, 3685, 4775, 8080)},
		{"integer over 64 bits by its weight", 1700, 18<<16 | 4, numericBytes(32767, 0, 1)},
		{"integer with places", 1700, 18<<16 | 4, numericBytes(0, 0, 1, 5000)},
		{"integer behind the point", 1700, 18<<16 | 4, numericBytes(-1, 0, 5000)},
		{"infinite integer", 1700, 18<<16 | 4, numericBytes(0, 0xD000)},
		{"short array", 1007, -1, []byte("\x00\x00\x00\x00")},
		{"array of another type", 1007, -1, arrayBytes(nil, 20)},
		{"array of 7 dimensions", 1007, -1, arrayBytes([]uint32{1, 1, 1, 1, 1, 1, 1}, 23, "\x00\x00\x00\x01")},
		{"array that ends in its dimensions", 1007, -1, arrayBytes([]uint32{1}, 23)[:19]},
		{"array of -1 elements", 1007, -1, arrayBytes([]uint32{math.MaxUint32}, 23)},
		{"array of too many elements", 1007, -1, arrayBytes([]uint32{1 << 30}, 23, "\x00\x00\x00\x01")},
		{"array of too many elements in all", 1007, -1, arrayBytes([]uint32{2, 2}, 23, "\x00\x00\x00\x01")},
		{"array with an empty dimension", 1007, -1, arrayBytes([]uint32{0, 2}, 23)},
		{"array with bytes behind it", 1007, -1, append(arrayBytes([]uint32{1}, 23, "\x00\x00\x00\x01"), 0)},
		{"array of two dimensions with bytes behind it", 1007, -1, append(arrayBytes([]uint32{1, 1}, 23, "\x00\x00\x00\x01"), 0)},
		{"array with a short element", 1007, -1, arrayBytes([]uint32{1}, 23, "\x00\x00\x01")},
		{"array of two dimensions with a short element", 1007, -1, arrayBytes([]uint32{1, 1}, 23, "\x00\x00\x01")},
		{"array that ends in an element", 1007, -1, arrayBytes([]uint32{2}, 23, "\x00\x00\x00\x01", "\x00\x00\x00\x01")[:34]},
		{"array of text in Latin 1", 1009, -1, arrayBytes([]uint32{1}, 25, "\xfc")},
	} {
		_, decode, ok := pgcopy.DecoderOf(c.oid, c.typmod)
		if !ok {
			t.Fatal(c.name)
		}
		if v, err := decode(c.data); !errors.Is(err, pgcopy.ErrFormat) {
			t.Errorf("%s: %v, %v", c.name, v, err)
		}
	}
	if _, _, ok := pgcopy.DecoderOf(1186, -1); ok {
		t.Error("there is a decoder for interval")
	}
}

// TestDecoderNull has NULL for each type, and an empty value, which is not the same.
func TestDecoderNull(t *testing.T) {
	for _, typ := range decodedTypes {
		_, decode, ok := pgcopy.DecoderOf(typ.oid, typ.typmod)
		if !ok {
			t.Fatalf("no decoder for %d", typ.oid)
		}
		if v, err := decode(nil); err != nil || v.Kind() != feature.KindNull {
			t.Errorf("NULL of type %d: %v of kind %v, %v", typ.oid, v, v.Kind(), err)
		}
		if v, err := decode([]byte{}); err == nil && v.IsNull() {
			t.Errorf("an empty value of type %d is null", typ.oid)
		}
	}
}

// TestNumericNearest holds numbers that are built digit by digit against strconv.
func TestNumericNearest(t *testing.T) {
	_, decode, _ := pgcopy.DecoderOf(1700, -1)
	digits := []uint16{0, 1, 9, 10, 4096, 9007, 1992, 5474, 993, 9999, 5000}
	for n := range 20_000 {
		var d []uint16
		var text []byte
		for i := range n % 7 {
			d = append(d, digits[(n*31+i*i*17+n/7)%len(digits)])
			text = fmt.Appendf(text, "%04d", d[i])
		}
		weight := n/11%22 - 10
		want, err := strconv.ParseFloat(fmt.Sprintf("-0%se%d", text, 4*(weight+1-len(d))), 64)
		if err != nil {
			t.Fatal(err)
		}
		if want == 0 {
			want = 0
		}
		v, err := decode(numericBytes(weight, 0x4000, d...))
		if err != nil || v.Float() != want {
			t.Fatalf("%s with weight %d: %v, %v; want %v", text, weight, v.Float(), err, want)
		}
	}
}

func TestDecodersAllocateNothing(t *testing.T) {
	for _, c := range []struct {
		oid    uint32
		typmod int32
		data   []byte
	}{
		{16, -1, []byte{1}},
		{20, -1, make([]byte, 8)},
		{25, -1, []byte("text in Zürich")},
		{18, -1, []byte{255}},
		{701, -1, make([]byte, 8)},
		{1082, -1, make([]byte, 4)},
		{1184, -1, make([]byte, 8)},
		{1266, -1, make([]byte, 12)},
		{1700, -1, numericBytes(1, 0, 12, 3456, 7890)},
		{1700, -1, numericBytes(1, 0, 12, 3456, 7890, 1234, 5678)},
		{1700, 18<<16 | 4, numericBytes(2, 0, 12, 3456, 7890)},
		{2950, -1, make([]byte, 16)},
		{3802, -1, []byte("\x01{}")},
		{1007, -1, arrayBytes([]uint32{1, 2}, 23, "\x00\x00\x00\x01", "\x00\x00\x00\x01")},
	} {
		_, decode, _ := pgcopy.DecoderOf(c.oid, c.typmod)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := decode(c.data); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("type %d, %x: %v allocations", c.oid, c.data, n)
		}
	}
}

func FuzzDecoders(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01"))
	f.Add([]byte("\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("0123456789ab"))
	f.Add([]byte("0123456789abcdef"))
	f.Add([]byte("\x01{\"a\":1}"))
	f.Add(numericBytes(32767, 0x4000, 1234, 9999))
	f.Add(numericBytes(3, 0, 1, 2, 3, 4, 5, 6))
	for _, oid := range []uint32{16, 20, 21, 23, 25, 700, 701, 1700} {
		f.Add(arrayBytes([]uint32{2}, oid, "\x00\x00\x00\x01", "\x00\x00\x00\x02"))
		f.Add(arrayBytes([]uint32{1, 2}, oid, "\x01", "\x00"))
		f.Add(arrayBytes([]uint32{1, 1}, oid, string(numericBytes(0, 0xC000))))
		f.Add(arrayBytes([]uint32{1, 1}, oid, "\x7f\xf0\x00\x00\x00\x00\x00\x00"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, typ := range decodedTypes {
			field, decode, _ := pgcopy.DecoderOf(typ.oid, typ.typmod)
			v, err := decode(data)
			if err != nil {
				if !errors.Is(err, pgcopy.ErrFormat) || len(err.Error()) > 400 {
					t.Errorf("type %d: %v", typ.oid, err)
				}
				continue
			}
			switch v.Kind() {
			case feature.KindText:
				if !utf8.Valid(v.Bytes()) {
					t.Errorf("type %d: %q is not UTF-8", typ.oid, v)
				}
			case feature.KindJSON:
				if field.Subtype != feature.JSONText && !json.Valid(v.Bytes()) {
					t.Errorf("type %d: %q is not JSON", typ.oid, v)
				}
			}
			// Six times for the escapes of JSON, and what an array's dimensions take.
			if v.Size() > 6*len(data)+64 {
				t.Errorf("type %d: %d bytes became %d", typ.oid, len(data), v.Size())
			}
			again, err := decode(data)
			if err != nil || !again.Equal(v) {
				t.Errorf("type %d: %v, then %v, %v", typ.oid, v, again, err)
			}
			if v.Kind() == feature.KindJSON || v.Kind() == feature.KindText {
				continue // may hold a NUL
			}
			e := pgcopy.NewEncoder(&feature.Schema{Fields: []feature.Field{field}}, false, nil, nil, []int{0})
			if _, err := e.AppendRow(nil, &feature.Feature{Values: []feature.Value{v}}); err != nil && field.Type != feature.StringList &&
				field.Type != feature.DateField && field.Type != feature.DateTimeField {
				t.Errorf("type %d: %v", typ.oid, err)
			}
		}
	})
}

func BenchmarkReaderDecoders(b *testing.B) {
	r := pgcopy.NewReader(&endless{head: head, row: sevenColumns}, maxRow)
	var decoders []pgcopy.Decoder
	for _, oid := range []uint32{20, 17, 25, 25, 23, 701, 1184} {
		_, decode, _ := pgcopy.DecoderOf(oid, -1)
		decoders = append(decoders, decode)
	}
	values := make([]feature.Value, len(decoders))
	b.SetBytes(int64(len(sevenColumns)))
	b.ReportAllocs()
	for b.Loop() {
		row, err := r.Next()
		if err != nil {
			b.Fatal(err)
		}
		for i, decode := range decoders {
			if values[i], err = decode(row[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func ExampleReader() {
	// What COPY (SELECT 7::int8, 'seven') TO STDOUT (FORMAT binary) sends; the columns' types are those of the statement.
	data := "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x02\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x05seven" + "\xff\xff"
	var decoders []pgcopy.Decoder
	for _, oid := range []uint32{20, 25} {
		field, decode, ok := pgcopy.DecoderOf(oid, -1)
		fmt.Println(field.TypeName(), ok)
		decoders = append(decoders, decode)
	}
	r := pgcopy.NewReader(bytes.NewReader([]byte(data)), 1<<20)
	for {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, decode := range decoders {
			v, err := decode(row[i])
			fmt.Println(v, err)
		}
	}
	fmt.Println(r.Rows(), "row")
	// Output:
	// Integer64 true
	// String true
	// 7 <nil>
	// seven <nil>
	// 1 row
}
