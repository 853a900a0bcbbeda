package btree

import "math/bits"

// maxVarint is the length of the longest varint: eight bytes of 7 bits and a ninth of 8.
const maxVarint = 9

// varintLen returns the number of bytes that v takes as a varint.
func varintLen(v uint64) int {
	if v < 1<<7 {
		return 1
	}
	return min((bits.Len64(v)+6)/7, maxVarint)
}

// putVarint writes v to b, which must be long enough, and returns the number of bytes written. Section 1.6: big-endian
// groups of 7 bits, the high bit set on all but the last; the ninth byte holds 8 bits.
func putVarint(b []byte, v uint64) int {
	switch {
	case v < 1<<7:
		b[0] = byte(v)
		return 1
	case v < 1<<14:
		_ = b[1]
		b[0] = byte(v>>7) | 0x80
		b[1] = byte(v) & 0x7f
		return 2
	case v < 1<<21:
		_ = b[2]
		b[0] = byte(v>>14) | 0x80
		b[1] = byte(v>>7) | 0x80
		b[2] = byte(v) & 0x7f
		return 3
	case v >= 1<<56:
		_ = b[8]
		b[8] = byte(v)
		v >>= 8
		for i := 7; i >= 0; i-- {
			b[i] = byte(v) | 0x80
			v >>= 7
		}
		return maxVarint
	}
	n := varintLen(v)
	b[n-1] = byte(v) & 0x7f
	for i := n - 2; i >= 0; i-- {
		v >>= 7
		b[i] = byte(v) | 0x80
	}
	return n
}

// appendVarint appends v to b.
func appendVarint(b []byte, v uint64) []byte {
	if v < 1<<7 {
		return append(b, byte(v))
	}
	var a [maxVarint]byte
	return append(b, a[:putVarint(a[:], v)]...)
}
