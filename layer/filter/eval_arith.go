package filter

import (
	"math"
	"math/bits"
	"strconv"
)

// compileInt turns a node of type Int, or a NULL, into a function.
func compileInt(n *Node) intFunc {
	if n.Type != Int {
		return nullOf[int64]
	}
	if f := compileLeaf(n, readInt); f != nil {
		return f
	}
	if f := compileShared(n, compileInt); f != nil {
		return f
	}
	switch n.Op {
	case FIDValue:
		return func(e *env) (int64, bool) { return e.f.FID, true }
	case Add:
		return binaryOf(n, compileInt, addInts)
	case Sub:
		return binaryOf(n, compileInt, subInts)
	case Mul:
		return binaryOf(n, compileInt, mulInts)
	case Div:
		return binaryOf(n, compileInt, divInts)
	case Mod:
		return binaryOf(n, compileInt, modInts)
	case Neg:
		return unaryOf(n, compileInt, func(v int64) (int64, bool) { return -v, v != math.MinInt64 })
	case Abs:
		return unaryOf(n, compileInt, func(v int64) (int64, bool) { return max(v, -v), v != math.MinInt64 })
	case Round:
		digits := n.Digits
		return unaryOf(n, compileInt, func(v int64) (int64, bool) { return roundInt(v, digits) })
	case Length:
		text := compileText(n.Args[0])
		return func(e *env) (int64, bool) {
			b, ok := text(e)
			return int64(countChars(b)), ok
		}
	case Cast:
		return compileCastInt(n)
	}
	return nullOf[int64]
}

// compileFloat turns a node of type Float, or a NULL, into a function.
func compileFloat(n *Node) floatFunc {
	if n.Type != Float {
		return nullOf[float64]
	}
	if f := compileLeaf(n, readFloat); f != nil {
		return f
	}
	if f := compileShared(n, compileFloat); f != nil {
		return f
	}
	switch n.Op {
	case Add:
		return binaryOf(n, compileFloat, func(a, b float64) (float64, bool) { return a + b, true })
	case Sub:
		return binaryOf(n, compileFloat, func(a, b float64) (float64, bool) { return a - b, true })
	case Mul:
		return binaryOf(n, compileFloat, func(a, b float64) (float64, bool) { return a * b, true })
	case Div:
		return binaryOf(n, compileFloat, func(a, b float64) (float64, bool) { return a / b, b != 0 })
	case Neg:
		return unaryOf(n, compileFloat, func(v float64) (float64, bool) { return -v, true })
	case Abs:
		return unaryOf(n, compileFloat, func(v float64) (float64, bool) { return math.Abs(v), true })
	case Round:
		digits := n.Digits
		return unaryOf(n, compileFloat, func(v float64) (float64, bool) { return roundFloat(v, digits), true })
	case GeomArea:
		return compileArea(n)
	case Cast:
		return compileCastFloat(n)
	}
	return nullOf[float64]
}

func unaryOf[T, U any](n *Node, compile func(*Node) getter[T], f func(T) (U, bool)) getter[U] {
	arg := compile(n.Args[0])
	return func(e *env) (U, bool) {
		v, ok := arg(e)
		if !ok {
			return nullOf[U](e)
		}
		return f(v)
	}
}

func binaryOf[T any](n *Node, compile func(*Node) getter[T], f func(a, b T) (T, bool)) getter[T] {
	x, y := compile(n.Args[0]), compile(n.Args[1])
	return func(e *env) (T, bool) {
		a, ok := x(e)
		if !ok {
			return nullOf[T](e)
		}
		b, ok := y(e)
		if !ok {
			return nullOf[T](e)
		}
		return f(a, b)
	}
}

func addInts(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func subInts(a, b int64) (int64, bool) {
	c := a - b
	return c, (c < a) == (b > 0)
}

func mulInts(a, b int64) (int64, bool) {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	negative := (a < 0) != (b < 0)
	if high != 0 || low > math.MaxInt64 && !(negative && low == 1<<63) {
		return 0, false
	}
	return a * b, true
}

// magnitude is |v|, of MinInt64 as well.
func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func divInts(a, b int64) (int64, bool) {
	if b == 0 || b == -1 && a == math.MinInt64 {
		return 0, false
	}
	return a / b, true
}

func modInts(a, b int64) (int64, bool) {
	switch b {
	case 0:
		return 0, false
	case -1:
		return 0, true
	}
	return a % b, true
}

// roundInt rounds to a power of ten where digits is negative, half away from zero.
func roundInt(v int64, digits int) (int64, bool) {
	if digits >= 0 {
		return v, true
	}
	if digits < -19 {
		return 0, true
	}
	unit := uint64(1)
	for range -digits {
		unit *= 10
	}
	m := magnitude(v)
	rest := m % unit
	m -= rest
	if rest >= unit-rest {
		if m > math.MaxUint64-unit {
			return 0, false
		}
		m += unit
	}
	if v < 0 {
		return int64(-m), m <= 1<<63
	}
	return int64(m), m <= math.MaxInt64
}

// roundFloat rounds the shortest decimal that reads back as v, half away from zero: 2.675 to two digits is 2.68, though
// the real is a little less than 2.675.
func roundFloat(v float64, digits int) float64 {
	if digits == 0 {
		return math.Round(v)
	}
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	// d.ddddde±xx, 17 digits at most; a sign is put back at the end.
	var buf [32]byte
	b := strconv.AppendFloat(buf[:0], math.Abs(v), 'e', -1, 64)
	mark := len(b) - 1
	for b[mark] != 'e' {
		mark--
	}
	exp, sign := 0, 1
	for _, c := range b[mark+1:] {
		switch c {
		case '-':
			sign = -1
		case '+':
		default:
			exp = exp*10 + int(c-'0')
		}
	}
	exp *= sign
	// dec[0] has the weight 10^exp; keep is how many of them stay.
	dec := b[:1]
	if mark > 1 {
		dec = append(dec, b[2:mark]...)
	}
	if digits > 400 { // beyond the last digit that any real has
		return v
	}
	keep := exp + 1 + max(digits, -400)
	switch {
	case keep >= len(dec):
		return v
	case keep < 0:
		return math.Copysign(0, v)
	}
	up := dec[keep] >= '5'
	dec = dec[:keep]
	if up {
		i := keep - 1
		for i >= 0 && dec[i] == '9' {
			dec[i] = '0'
			i--
		}
		if i >= 0 {
			dec[i]++
		} else { // 999 becomes 1000: one digit more in front
			dec = append(dec, '0')
			copy(dec[1:], dec)
			dec[0] = '1'
			exp++
		}
	}
	if len(dec) == 0 {
		return math.Copysign(0, v)
	}
	dec = append(dec, 'e')
	dec = strconv.AppendInt(dec, int64(exp-(len(dec)-2)), 10)
	r, _ := parseFloat(dec) // beyond all reals it is infinite
	return math.Copysign(r, v)
}
