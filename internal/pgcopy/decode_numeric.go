package pgcopy

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
)

// A numeric is four numbers of 16 bits, then its digits to the base 10000: their count, the weight of the first (0 is for
// ones), the sign, and how many decimal digits are shown (src/backend/utils/adt/numeric.c, numeric_send).
const (
	numericPositive = 0x0000
	numericNegative = 0x4000
	numericNaN      = 0xC000
	numericInf      = 0xD000
	numericMinusInf = 0xF000
)

// numericDecoder returns the field of numeric(p,s): p digits, s of them behind the point.
func numericDecoder(typmod int32) (feature.Field, Decoder) {
	f := feature.Field{Type: feature.Real}
	if typmod >= 4 { // src/backend/utils/adt/numeric.c, make_numeric_typmod
		p := int((typmod - 4) >> 16 & 0xffff)
		s := int((typmod-4)&0x7ff^1024) - 1024
		if s >= 0 && s <= p { // others say how to round, not how much is shown
			f.Width, f.Precision = p, s
		}
		if s == 0 && p <= 18 {
			f.Type = feature.Integer64
			return f, decodeNumericInt
		}
	}
	return f, realNumericDecoder()
}

// numeric is the value of one: digits * 10000^exponent.
type numeric struct {
	sign     uint16
	digits   []byte // two bytes each
	exponent int
}

func parseNumeric(b []byte) (n numeric, err error) {
	if len(b) < 8 {
		return n, fmt.Errorf("%w: a numeric of %d bytes: want 8 at least", ErrFormat, len(b))
	}
	count, weight := int(binary.BigEndian.Uint16(b)), int(int16(binary.BigEndian.Uint16(b[2:])))
	n.sign = binary.BigEndian.Uint16(b[4:])
	n.digits = b[8:]
	if len(n.digits) != 2*count {
		return n, fmt.Errorf("%w: a numeric of %d bytes: want %d for %d digits", ErrFormat, len(b), 8+2*count, count)
	}
	switch n.sign {
	case numericPositive, numericNegative, numericNaN, numericInf, numericMinusInf:
	default:
		return n, fmt.Errorf("%w: a numeric with the sign %#x", ErrFormat, n.sign)
	}
	for i := 0; i < len(n.digits); i += 2 {
		if d := binary.BigEndian.Uint16(n.digits[i:]); d > 9999 {
			return n, fmt.Errorf("%w: a numeric with the digit %d: want 9999 at most", ErrFormat, d)
		}
	}
	n.exponent = weight + 1 - count
	return n, nil
}

// decodeNumericInt decodes a number without places behind the point, of 18 digits at most. NaN goes into any numeric; there is
// no such integer.
func decodeNumericInt(b []byte) (feature.Value, error) {
	if b == nil {
		return feature.Null(), nil
	}
	n, err := parseNumeric(b)
	if err != nil {
		return feature.Value{}, err
	}
	if n.sign == numericNaN {
		return feature.Null(), nil
	}
	var v int64
	ok := n.sign == numericPositive || n.sign == numericNegative
	add := func(d int64) {
		if v > (math.MaxInt64-d)/10_000 {
			ok = false
			return
		}
		v = v*10_000 + d
	}
	for i := 0; i < len(n.digits) && ok; i += 2 {
		d := int64(binary.BigEndian.Uint16(n.digits[i:]))
		if i/2 >= len(n.digits)/2+n.exponent { // behind the point
			ok = d == 0
			continue
		}
		add(d)
	}
	for i := 0; i < n.exponent && ok && v != 0; i++ {
		add(0)
	}
	if !ok {
		return feature.Value{}, fmt.Errorf("%w: a numeric that is not an integer of 64 bits", ErrFormat)
	}
	if n.sign == numericNegative {
		v = -v
	}
	return feature.Int(v), nil
}

// powersOf10 are those that a float64 has exactly.
var powersOf10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// realNumericDecoder decodes a number as the nearest float64.
func realNumericDecoder() Decoder {
	var text []byte
	return func(b []byte) (feature.Value, error) {
		if b == nil {
			return feature.Null(), nil
		}
		n, err := parseNumeric(b)
		if err != nil {
			return feature.Value{}, err
		}
		switch n.sign {
		case numericNaN:
			return feature.Float(math.NaN()), nil
		case numericInf:
			return feature.Float(math.Inf(1)), nil
		case numericMinusInf:
			return feature.Float(math.Inf(-1)), nil
		}
		var f float64
		if mantissa, exponent, ok := n.small(); ok {
			// Both are exact, and so the one operation rounds correctly.
			f = float64(mantissa)
			if exponent < 0 {
				f /= powersOf10[-exponent]
			} else {
				f *= powersOf10[exponent]
			}
		} else {
			text = n.appendText(text[:0])
			// The only error is that it is out of range, and then f is an infinity.
			f, _ = strconv.ParseFloat(string(text), 64)
		}
		if n.sign == numericNegative && f != 0 { // a numeric has no -0
			f = -f
		}
		return feature.Float(f), nil
	}
}

// small returns a number of few digits as mantissa * 10^exponent, both such that a float64 has them exactly.
func (n *numeric) small() (mantissa uint64, exponent int, ok bool) {
	digits := n.digits
	for len(digits) > 0 && digits[0] == 0 && digits[1] == 0 {
		digits = digits[2:]
	}
	if len(digits) > 10 { // 10^16 is more than 2^53 already; five digits of 9999 fit into 64 bits
		return 0, 0, false
	}
	for i := 0; i < len(digits); i += 2 {
		mantissa = mantissa*10_000 + uint64(binary.BigEndian.Uint16(digits[i:]))
	}
	if mantissa == 0 {
		return 0, 0, true
	}
	exponent = 4 * n.exponent
	for (mantissa > 1<<53 || exponent < 0) && mantissa%10 == 0 {
		mantissa /= 10
		exponent++
	}
	return mantissa, exponent, mantissa <= 1<<53 && exponent > -len(powersOf10) && exponent < len(powersOf10)
}

// appendText adds the number without its sign, as 12345678e-4: as many digits as the value has, however large it is.
func (n *numeric) appendText(dst []byte) []byte {
	dst = append(dst, '0')
	for i := 0; i < len(n.digits); i += 2 {
		d := binary.BigEndian.Uint16(n.digits[i:])
		dst = append(dst, byte('0'+d/1000), byte('0'+d/100%10), byte('0'+d/10%10), byte('0'+d%10))
	}
	return strconv.AppendInt(append(dst, 'e'), int64(4*n.exponent), 10)
}
