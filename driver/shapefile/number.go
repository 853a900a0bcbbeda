package shapefile

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// parseInt reads a sign and up to 18 digits, and nothing else.
func parseInt(b []byte) (int64, bool) {
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		i, negative = 1, b[0] == '-'
	}
	if n := len(b) - i; n == 0 || n > 18 {
		return 0, false
	}
	var v int64
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + int64(c)
	}
	if negative {
		v = -v
	}
	return v, true
}

// pow10 are the powers of ten that a float64 holds exactly.
var pow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
	1e22,
}

// parseReal reads a decimal number as strconv.ParseFloat does, to the last bit. Nearly all numbers in a .dbf have a
// mantissa below 2^53 and a small exponent: then one multiplication or division of two exact numbers is correctly rounded
// (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990). The rest goes to strconv.
func parseReal(b []byte) (float64, bool) {
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		i, negative = 1, b[0] == '-'
	}
	var mantissa uint64
	digits, exponent := 0, 0 // significant digits, and the power of ten that the mantissa is multiplied by
	start := i
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			break
		}
		mantissa = mantissa*10 + uint64(c)
		if digits > 0 || c != 0 {
			digits++
		}
	}
	seen := i - start
	if i < len(b) && b[i] == '.' {
		i++
		end := len(b)
		for end > i && b[end-1] == '0' { // a fixed number of decimals: zeros at the end say nothing
			end--
			seen++
		}
		for ; i < end; i++ {
			c := b[i] - '0'
			if c > 9 {
				return slowReal(b)
			}
			mantissa = mantissa*10 + uint64(c)
			if digits > 0 || c != 0 {
				digits++
			}
			seen++
			exponent--
		}
		i = len(b)
	}
	if i < len(b) || seen == 0 {
		return slowReal(b)
	}
	if digits > 19 || mantissa > 1<<53 || exponent < -22 {
		return strconvReal(b)
	}
	x := float64(mantissa)
	if exponent < 0 {
		x /= pow10[-exponent]
	}
	if negative {
		x = -x
	}
	return x, true
}

// slowReal reads what is more than digits and a point: an exponent, nan, inf. It takes neither underscores nor hexadecimal.
func slowReal(b []byte) (float64, bool) {
	if bytes.ContainsAny(b, "_xXpP") {
		return 0, false
	}
	return strconvReal(b)
}

// strconvReal is strconv.ParseFloat. What is too large is infinite.
func strconvReal(b []byte) (float64, bool) {
	x, err := strconv.ParseFloat(viewString(b), 64)
	if err != nil && !math.IsInf(x, 0) {
		return 0, false
	}
	return x, true
}

// parseRealLeniently reads what parseReal does not: a decimal comma, a Fortran exponent, C's nan and inf.
func parseRealLeniently(b []byte) (float64, bool) {
	if x, ok := parseReal(b); ok {
		return x, ok
	}
	s := strings.ToLower(string(b))
	switch strings.TrimLeft(s, "+-") {
	case "1.#qnan", "1.#ind", "1.#snan", "nan":
		return math.NaN(), true
	case "1.#inf":
		return math.Inf(1 - 2*strings.Count(s, "-")), true
	}
	s = strings.Replace(s, "d", "e", 1)
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	return slowReal([]byte(s))
}

// viewString returns b as a string that shares its memory, for calls that do not keep it.
func viewString(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}
