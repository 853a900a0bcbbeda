package pgcopy

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
)

// maxDims is how many dimensions an array of PostgreSQL has at most (src/include/utils/array.h, MAXDIM).
const maxDims = 6

// arrayDecoder returns what becomes of an array type.
func arrayDecoder(oid uint32) (feature.Field, Decoder, bool) {
	a := array{}
	f := feature.Field{}
	switch oid {
	case oidBoolArray:
		a.element, a.decode = oidBool, decodeBool
		f.Type, f.Subtype = feature.IntegerList, feature.Boolean
	case oidInt2Array:
		a.element, a.decode = oidInt2, decodeInt2
		f.Type, f.Subtype = feature.IntegerList, feature.Int16
	case oidInt4Array:
		a.element, a.decode = oidInt4, decodeInt4
		f.Type = feature.IntegerList
	case oidInt8Array:
		a.element, a.decode = oidInt8, decodeInt8
		f.Type = feature.Integer64List
	case oidFloat4Array:
		a.element, a.decode = oidFloat4, decodeFloat4
		f.Type, f.Subtype = feature.RealList, feature.Float32
	case oidFloat8Array:
		a.element, a.decode = oidFloat8, decodeFloat8
		f.Type = feature.RealList
	case oidNumArray:
		a.element, a.decode = oidNumeric, realNumericDecoder()
		f.Type = feature.RealList
	case oidTextArray, oidVarchArray, oidBpcharArray, oidNameArray:
		a.element = map[uint32]uint32{
			oidTextArray: oidText, oidVarchArray: oidVarchar, oidBpcharArray: oidBpchar, oidNameArray: oidName,
		}[oid]
		a.decode = decodeText
		f.Type = feature.StringList
	default:
		return feature.Field{}, nil, false
	}
	a.field = f
	return f, a.value, true
}

// array decodes arrays of one type: the number of dimensions, whether there are nulls, the OID of the elements; size and lower
// bound of each dimension; the elements, each behind its length, -1 for NULL (src/backend/utils/adt/arrayfuncs.c, array_send).
type array struct {
	element uint32
	decode  Decoder
	field   feature.Field

	ints   []int64
	floats []float64
	texts  []string
	json   []byte
}

func (a *array) value(b []byte) (feature.Value, error) {
	if b == nil {
		return feature.Null(), nil
	}
	if len(b) < 12 {
		return feature.Value{}, fmt.Errorf("%w: an array of %d bytes: want 12 at least", ErrFormat, len(b))
	}
	n, element := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[8:])
	b = b[12:]
	switch {
	case element != a.element:
		return feature.Value{}, fmt.Errorf("%w: an array of elements of type %d: want %d", ErrFormat, element, a.element)
	case n > maxDims:
		return feature.Value{}, fmt.Errorf("%w: an array of %d dimensions: want %d at most", ErrFormat, n, maxDims)
	case uint32(len(b)) < 8*n:
		return feature.Value{}, fmt.Errorf("%w: an array that ends in its dimensions", ErrFormat)
	}
	var sizes [maxDims]int
	elements := int64(min(n, 1))
	for i := range n {
		size := int32(binary.BigEndian.Uint32(b[8*i:]))
		elements *= int64(size)
		// Each element takes its length's four bytes.
		if size < 0 || elements > int64(len(b)/4) || n > 1 && size == 0 {
			return feature.Value{}, fmt.Errorf("%w: an array of %d bytes with a dimension of %d elements", ErrFormat, len(b), size)
		}
		sizes[i] = int(size)
	}
	b = b[8*n:]
	if n <= 1 {
		if v, ok, err := a.list(b, int(elements)); ok || err != nil {
			return v, err
		}
	}
	var err error
	if a.json, b, err = a.appendJSON(a.json[:0], b, sizes[:n]); err != nil {
		return feature.Value{}, err
	}
	if len(b) > 0 {
		return feature.Value{}, behindArray(b)
	}
	return feature.JSON(a.json), nil
}

func behindArray(b []byte) error {
	return fmt.Errorf("%w: %d bytes behind an array's elements", ErrFormat, len(b))
}

// list decodes elements as a list; not ok if one is null.
func (a *array) list(b []byte, n int) (v feature.Value, ok bool, err error) {
	a.ints, a.floats, a.texts = a.ints[:0], a.floats[:0], a.texts[:0]
	for range n {
		var e []byte
		if e, b, err = nextElement(b); err != nil {
			return v, false, err
		}
		if e == nil {
			return v, false, nil
		}
		if v, err = a.decode(e); err != nil {
			return v, false, err
		}
		switch a.field.Type {
		case feature.RealList:
			a.floats = append(a.floats, v.Float())
		case feature.StringList:
			a.texts = append(a.texts, v.Text())
		default:
			a.ints = append(a.ints, v.Int())
		}
	}
	if len(b) > 0 {
		return v, false, behindArray(b)
	}
	switch a.field.Type {
	case feature.RealList:
		return feature.FloatList(a.floats...), true, nil
	case feature.StringList:
		return feature.TextList(a.texts...), true, nil
	}
	return feature.IntList(a.ints...), true, nil
}

// appendJSON adds the elements of some dimensions and returns what follows them.
func (a *array) appendJSON(dst, b []byte, sizes []int) (out, rest []byte, err error) {
	dst = append(dst, '[')
	for i := range sizes[0] {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(sizes) > 1 {
			if dst, b, err = a.appendJSON(dst, b, sizes[1:]); err != nil {
				return dst, b, err
			}
			continue
		}
		var e []byte
		if e, b, err = nextElement(b); err != nil {
			return dst, b, err
		}
		v, err := a.decode(e)
		if err != nil {
			return dst, b, err
		}
		switch f := v.Float(); {
		case v.Kind() == feature.KindFloat && (math.IsNaN(f) || math.IsInf(f, 0)):
			dst = append(appendReal(append(dst, '"'), f), '"')
		case v.Kind() == feature.KindBool:
			dst = strconv.AppendBool(dst, v.Bool())
		default:
			dst = v.AppendJSON(dst, a.field.Subtype)
		}
	}
	return append(dst, ']'), b, nil
}

// nextElement cuts the first element off, nil for NULL.
func nextElement(b []byte) (e, rest []byte, err error) {
	if len(b) < 4 {
		return nil, b, fmt.Errorf("%w: an array that ends in its elements", ErrFormat)
	}
	n := int32(binary.BigEndian.Uint32(b))
	b = b[4:]
	switch {
	case n == -1:
		return nil, b, nil
	case n < 0 || int(n) > len(b):
		return nil, b, fmt.Errorf("%w: an array with an element of %d bytes, %d follow", ErrFormat, n, len(b))
	}
	return b[:n:n], b[n:], nil
}
