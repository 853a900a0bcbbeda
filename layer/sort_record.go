package layer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/ogrcarto/ogrcarto/feature"
)

// A record is a key and a row, each behind its length. It lives as long as one sort.

func appendRecord(dst, key, row []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(key)))
	dst = binary.AppendUvarint(dst, uint64(len(row)))
	return append(append(dst, key...), row...)
}

// cutRecord splits the record that b begins with. n is how many bytes it has: more than b where not all of it is there, in
// which case key and row are nil, or 0 where not even its length is.
func cutRecord(b []byte) (key, row []byte, n int) {
	k, size := binary.Uvarint(b)
	if size <= 0 {
		return nil, nil, 0
	}
	r, size2 := binary.Uvarint(b[size:])
	if size2 <= 0 || k > math.MaxInt/4 || r > math.MaxInt/4 {
		return nil, nil, 0
	}
	at := size + size2
	n = at + int(k) + int(r)
	if n > len(b) {
		return nil, nil, n
	}
	return b[at : at+int(k)], b[at+int(k) : n : n], n
}

// What stands first in the key of a value.
const (
	keyValue = iota
	keyNaN
	keyNull
)

// appendKey adds the row's key: for each key of the order a byte that says what it is and a value, both of which come as
// bytes in the order of values. Desc turns all bits over.
func (s *sorter) appendKey(dst []byte, f *feature.Feature) []byte {
	for _, k := range s.p.Order {
		at := len(dst)
		if k.Field < 0 {
			dst = appendKeyInt(append(dst, keyValue), f.FID)
		} else {
			dst = appendKeyValue(dst, &s.p.Schema.Fields[k.Field], f.Values[k.Field])
		}
		if k.Desc {
			for i := at; i < len(dst); i++ {
				dst[i] = ^dst[i]
			}
		}
	}
	return dst
}

// appendKeyValue adds a value in the order of a filter's comparisons, which go by the field's declared type. What is of a
// kind that the type does not take is null.
func appendKeyValue(dst []byte, f *feature.Field, v feature.Value) []byte {
	switch kind := v.Kind(); f.Type {
	case feature.String:
		if kind == feature.KindText || kind == feature.KindJSON {
			return appendKeyText(append(dst, keyValue), v.Bytes())
		}
	case feature.Integer, feature.Integer64:
		switch {
		case kind != feature.KindInt && kind != feature.KindBool:
		case f.Subtype == feature.Boolean:
			n := int64(0)
			if v.Int() != 0 {
				n = 1
			}
			return appendKeyInt(append(dst, keyValue), n)
		default:
			return appendKeyInt(append(dst, keyValue), v.Int())
		}
	case feature.Real:
		if kind == feature.KindFloat || kind == feature.KindInt {
			return appendKeyFloat(dst, v.Float())
		}
	case feature.DateField:
		if kind == feature.KindDate {
			return appendKeyInt(append(dst, keyValue), v.Days())
		}
	case feature.TimeField:
		if kind == feature.KindTime {
			return appendKeyInt(append(dst, keyValue), v.Micros())
		}
	case feature.DateTimeField:
		if kind == feature.KindDateTime || kind == feature.KindDate {
			return appendKeyInt(append(dst, keyValue), v.Instant())
		}
	}
	return append(dst, keyNull)
}

// appendKeyText adds a text and its end, which comes before everything that a text may go on with. The order of UTF-8's
// bytes is that of the code points.
func appendKeyText(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return append(append(dst, b...), 0, 0)
		}
		dst = append(append(dst, b[:i]...), 0, 0xFF)
		b = b[i+1:]
	}
}

func appendKeyFloat(dst []byte, x float64) []byte {
	switch {
	case math.IsNaN(x):
		return append(dst, keyNaN)
	case x == 0:
		x = 0 // and not -0
	}
	bits := math.Float64bits(x)
	if bits>>63 != 0 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(append(dst, keyValue), bits)
}

func appendKeyInt(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(n)^1<<63)
}

// appendRow adds the row itself, of what is wanted in the result.
func (s *sorter) appendRow(dst []byte, f *feature.Feature) []byte {
	dst = binary.AppendVarint(dst, f.FID)
	for _, g := range f.Geoms {
		if !s.p.Geoms {
			g = nil
		}
		dst = appendBytes(dst, g)
	}
	for i := range f.Values {
		v := &f.Values[i]
		if !s.p.Fields[i] {
			dst = append(dst, byte(feature.KindUnset))
			continue
		}
		dst = append(dst, byte(v.Kind()))
		switch v.Kind() {
		case feature.KindBool, feature.KindInt:
			dst = binary.AppendVarint(dst, v.Int())
		case feature.KindFloat:
			dst = appendFloat(dst, v.Float())
		case feature.KindText, feature.KindBytes, feature.KindJSON:
			dst = appendBytes(dst, v.Bytes())
		case feature.KindDate:
			dst = binary.AppendVarint(dst, v.Days())
		case feature.KindTime:
			dst = binary.AppendVarint(dst, v.Micros())
		case feature.KindDateTime:
			dst = binary.AppendVarint(dst, int64(v.Zone()))
			dst = binary.AppendVarint(dst, v.Micros())
		case feature.KindIntList:
			dst = binary.AppendVarint(dst, int64(v.Len()))
			for _, n := range v.IntList() {
				dst = binary.AppendVarint(dst, n)
			}
		case feature.KindFloatList:
			dst = binary.AppendVarint(dst, int64(v.Len()))
			for _, x := range v.FloatList() {
				dst = appendFloat(dst, x)
			}
		case feature.KindTextList:
			dst = binary.AppendVarint(dst, int64(v.Len()))
			for _, t := range v.TextList() {
				dst = append(binary.AppendVarint(dst, int64(len(t))), t...)
			}
		}
	}
	return dst
}

func appendFloat(dst []byte, x float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
}

// appendBytes adds bytes behind their number, which is -1 for nil.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return binary.AppendVarint(dst, -1)
	}
	return append(binary.AppendVarint(dst, int64(len(b))), b...)
}

// rowDecoder makes features of rows. They share the row's memory.
type rowDecoder struct {
	f      *feature.Feature
	geoms  []feature.WKB // f's, whatever its user does
	values []feature.Value
	b      []byte
	bad    bool
}

func (d *rowDecoder) decode(row []byte) error {
	d.b, d.bad = row, false
	d.f.FID, d.f.Geoms, d.f.Values = d.varint(), d.geoms, d.values
	for i := range d.geoms {
		d.geoms[i] = d.bytes()
	}
	for i := range d.values {
		d.values[i] = d.value()
	}
	if d.bad || len(d.b) > 0 {
		return errors.New("sort: a row is not what was written to the temporary file")
	}
	return nil
}

func (d *rowDecoder) value() feature.Value {
	kind := d.take(1)
	if kind == nil {
		return feature.Value{}
	}
	switch feature.Kind(kind[0]) {
	case feature.KindUnset:
		return feature.Value{}
	case feature.KindNull:
		return feature.Null()
	case feature.KindBool:
		return feature.Bool(d.varint() != 0)
	case feature.KindInt:
		return feature.Int(d.varint())
	case feature.KindFloat:
		return feature.Float(d.float())
	case feature.KindText:
		return feature.TextBytes(d.bytes())
	case feature.KindBytes:
		return feature.Bytes(d.bytes())
	case feature.KindJSON:
		return feature.JSON(d.bytes())
	case feature.KindDate:
		return feature.Days(d.varint())
	case feature.KindTime:
		return feature.TimeOfDay(d.varint())
	case feature.KindDateTime:
		z := feature.Zone(d.varint())
		return feature.WallClock(d.varint(), z)
	case feature.KindIntList:
		list := make([]int64, d.count())
		for i := range list {
			list[i] = d.varint()
		}
		return feature.IntList(list...)
	case feature.KindFloatList:
		list := make([]float64, d.count())
		for i := range list {
			list[i] = d.float()
		}
		return feature.FloatList(list...)
	case feature.KindTextList:
		list := make([]string, d.count())
		for i := range list {
			list[i] = string(d.take(d.varint()))
		}
		return feature.TextList(list...)
	}
	d.bad = true
	return feature.Value{}
}

// count reads the number of a list's members, each of which has a byte at least.
func (d *rowDecoder) count() int {
	n := d.varint()
	if n < 0 || n > int64(len(d.b)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *rowDecoder) varint() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *rowDecoder) float() float64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// bytes reads what appendBytes wrote.
func (d *rowDecoder) bytes() []byte {
	n := d.varint()
	if n == -1 {
		return nil
	}
	return d.take(n)
}

// take returns the next n bytes. What is appended to them goes elsewhere.
func (d *rowDecoder) take(n int64) []byte {
	if n < 0 || n > int64(len(d.b)) {
		d.bad = true
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}
