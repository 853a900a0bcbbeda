package feature

import (
	"encoding/binary"
	"math"
	"strconv"
)

// A list is packed into a Value's bytes, so that copying it is copying bytes: numbers as eight little-endian bytes each,
// texts each behind its length as an unsigned varint.

// IntList returns a list of integers. It is a copy.
func IntList(list ...int64) Value {
	b := make([]byte, 0, len(list)*8)
	for _, n := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return Value{kind: KindIntList, n: uint64(len(list)), b: b}
}

// FloatList returns a list of reals. It is a copy.
func FloatList(list ...float64) Value {
	b := make([]byte, 0, len(list)*8)
	for _, f := range list {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return Value{kind: KindFloatList, n: uint64(len(list)), b: b}
}

// TextList returns a list of texts. It is a copy.
func TextList(list ...string) Value {
	var b []byte
	for _, s := range list {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return Value{kind: KindTextList, n: uint64(len(list)), b: b}
}

// Len returns the number of a list's members; 0 for another kind.
func (v Value) Len() int {
	switch v.kind {
	case KindIntList, KindFloatList, KindTextList:
		return int(v.n)
	}
	return 0
}

// IntList returns the members of a list of integers; nil for another kind.
func (v Value) IntList() []int64 {
	if v.kind != KindIntList {
		return nil
	}
	list := make([]int64, v.n)
	for i := range list {
		list[i] = int64(binary.LittleEndian.Uint64(v.b[i*8:]))
	}
	return list
}

// FloatList returns the members of a list of reals; nil for another kind.
func (v Value) FloatList() []float64 {
	if v.kind != KindFloatList {
		return nil
	}
	list := make([]float64, v.n)
	for i := range list {
		list[i] = math.Float64frombits(binary.LittleEndian.Uint64(v.b[i*8:]))
	}
	return list
}

// TextList returns the members of a list of texts; nil for another kind.
func (v Value) TextList() []string {
	if v.kind != KindTextList {
		return nil
	}
	list := make([]string, v.n)
	b := v.b
	for i := range list {
		n, size := binary.Uvarint(b)
		list[i] = string(b[size : size+int(n)])
		b = b[size+int(n):]
	}
	return list
}

// appendList prints a list as (n:a,b,c).
func (v Value) appendList(dst []byte) []byte {
	dst = strconv.AppendUint(append(dst, '('), v.n, 10)
	sep := byte(':')
	switch v.kind {
	case KindIntList:
		for _, n := range v.IntList() {
			dst = strconv.AppendInt(append(dst, sep), n, 10)
			sep = ','
		}
	case KindFloatList:
		for _, f := range v.FloatList() {
			dst = appendDigits(append(dst, sep), f, 16)
			sep = ','
		}
	case KindTextList:
		for _, s := range v.TextList() {
			dst = append(append(dst, sep), s...)
			sep = ','
		}
	}
	if sep == ':' {
		dst = append(dst, ':')
	}
	return append(dst, ')')
}
