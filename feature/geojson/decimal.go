package geojson

import (
	"math"
	"strconv"
)

const (
	// maxFast is the most decimals of the fast way: up to 10^22 a power of ten is a float64, and 10^15 leaves room for digits
	// before the point.
	maxFast = 15
	// limit is below 2^53: a product beyond it has no digits after the point to round by.
	limit = 1 << 52
	// maxDecimals is how many decimals any float64 has at most: 2^-1074 has 1074.
	maxDecimals = 1074
)

var (
	pow10  = [maxFast + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
	upow10 = [maxFast + 1]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
)

// appendDecimal adds a finite number, rounded as strconv.AppendFloat(dst, x, 'f', decimals, 64) rounds it, without zeros at the end
// and without the sign of zero.
func appendDecimal(dst []byte, x float64, decimals int) []byte {
	if decimals >= 0 && decimals <= maxFast {
		// |x| * 10^decimals as a float64 is off by half a unit in its last place at most. Below 2^52 a unit divides 1/2, so
		// the product lies on the same side of the next tie as the exact value does, or on the tie: then the error of the
		// product, which a fused multiplication tells exactly, decides.
		abs := math.Abs(x)
		scale := pow10[decimals]
		if product := abs * scale; product < limit {
			r := math.RoundToEven(product)
			if d := product - r; d == 0.5 || d == -0.5 {
				if e := math.FMA(abs, scale, -product); e > 0 {
					r = product + 0.5
				} else if e < 0 {
					r = product - 0.5
				}
			}
			return appendScaled(dst, uint64(r), decimals, x < 0)
		}
	}
	if x == 0 {
		return append(dst, '0')
	}
	if decimals < 0 {
		return strconv.AppendFloat(dst, x, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, x, 'f', min(decimals, maxDecimals), 64)
	if decimals > 0 {
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
		if dst[len(dst)-1] == '.' {
			dst = dst[:len(dst)-1]
		}
	}
	if string(dst[start:]) == "-0" {
		dst = append(dst[:start], '0')
	}
	return dst
}

// digits holds 00 to 99.
const digits = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// appendScaled adds n / 10^decimals.
func appendScaled(dst []byte, n uint64, decimals int, negative bool) []byte {
	if n == 0 {
		return append(dst, '0')
	}
	var buf [24]byte // 16 digits, a point and a sign; numbers below 1 have at most 15 digits and "0."
	i := len(buf)
	whole, part := n, uint64(0)
	if decimals > 0 {
		whole = n / upow10[decimals]
		part = n - whole*upow10[decimals]
	}
	if part != 0 {
		for part%100 == 0 {
			part /= 100
			decimals -= 2
		}
		if part%10 == 0 {
			part /= 10
			decimals--
		}
		for ; decimals >= 2; decimals -= 2 {
			q := part / 100
			d := (part - q*100) * 2
			part = q
			i -= 2
			buf[i+1], buf[i] = digits[d+1], digits[d]
		}
		if decimals > 0 {
			i--
			buf[i] = byte('0' + part)
		}
		i--
		buf[i] = '.'
	}
	for whole >= 100 {
		q := whole / 100
		d := (whole - q*100) * 2
		whole = q
		i -= 2
		buf[i+1], buf[i] = digits[d+1], digits[d]
	}
	if whole >= 10 {
		i -= 2
		buf[i+1], buf[i] = digits[whole*2+1], digits[whole*2]
	} else {
		i--
		buf[i] = byte('0' + whole)
	}
	if negative {
		i--
		buf[i] = '-'
	}
	return append(dst, buf[i:]...)
}
