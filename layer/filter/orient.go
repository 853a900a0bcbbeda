package filter

import (
	"math"
	"math/big"
)

// xy is a point of the plane.
type xy struct{ x, y float64 }

// orientation tells where c lies, seen from a to b: 1 is left, -1 right, and 0 on the line. The answer is exact for
// finite coordinates.
//
// Mostly the rounded determinant says it, since it is further from 0 than its error can be (Shewchuk, Adaptive Precision
// Floating-Point Arithmetic and Fast Robust Geometric Predicates, 1997, section 4.3).
func orientation(a, b, c xy) int {
	left, right := float64((a.x-c.x)*(b.y-c.y)), float64((a.y-c.y)*(b.x-c.x))
	det := left - right
	// What is lost where a product is below the smallest normal number is less than 1e-300.
	if bound := 3.3306690738754716e-16*(math.Abs(left)+math.Abs(right)) + 1e-300; det > bound {
		return 1
	} else if -det > bound {
		return -1
	}
	return orientationExact(a, b, c)
}

func orientationExact(a, b, c xy) int {
	ax, r1 := difference(a.x, c.x)
	by, r2 := difference(b.y, c.y)
	ay, r3 := difference(a.y, c.y)
	bx, r4 := difference(b.x, c.x)
	if r1 && r2 && r3 && r4 {
		if (ax == 0 || by == 0) && (ay == 0 || bx == 0) {
			return 0
		}
		left, right := float64(ax*by), float64(ay*bx)
		if math.Abs(left) > 1e-250 && math.Abs(right) > 1e-250 && !math.IsInf(left, 0) && !math.IsInf(right, 0) {
			if left != right {
				return sign(left - right)
			}
			// What rounding took from the one and the other.
			return sign(math.FMA(ax, by, -left) - math.FMA(ay, bx, -right))
		}
	}
	// No sum or product of float64s here needs more bits.
	const bits = 4400
	sub := func(x, y float64) *big.Float {
		return new(big.Float).SetPrec(bits).Sub(big.NewFloat(x), big.NewFloat(y))
	}
	mul := func(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(bits).Mul(x, y) }
	return mul(sub(a.x, c.x), sub(b.y, c.y)).Cmp(mul(sub(a.y, c.y), sub(b.x, c.x)))
}

// difference returns x - y, and whether that is exact.
func difference(x, y float64) (float64, bool) {
	d := x - y
	// The error of a sum of two (Knuth, The Art of Computer Programming, volume 2, 4.2.2, theorem B).
	v := x - d
	return d, (x-(d+v))+(v-y) == 0
}

func sign(f float64) int {
	switch {
	case f > 0:
		return 1
	case f < 0:
		return -1
	}
	return 0
}

// finite tells whether both ordinates are numbers.
func (p xy) finite() bool { return p.x-p.x == 0 && p.y-p.y == 0 }

// contact is how two segments meet.
type contact uint8

const (
	apart   contact = iota
	touch           // an end of one lies on the other, or they overlap
	crossed         // each passes through the other's inside
)

// meet tells how the segments from a to b and from c to d meet. One of no length is a point.
func meet(a, b, c, d xy) contact {
	if max(a.x, b.x) < min(c.x, d.x) || max(c.x, d.x) < min(a.x, b.x) ||
		max(a.y, b.y) < min(c.y, d.y) || max(c.y, d.y) < min(a.y, b.y) {
		return apart
	}
	o1, o2 := orientation(a, b, c), orientation(a, b, d)
	if o1*o2 > 0 {
		return apart
	}
	o3, o4 := orientation(c, d, a), orientation(c, d, b)
	switch {
	case o3*o4 > 0:
		return apart
	case o1*o2 < 0 && o3*o4 < 0:
		return crossed
	}
	return touch
}

// distance returns the distance of p and the segment from a to b, computed as PostGIS does it.
func distance(p, a, b xy) float64 {
	length := squares(b.x-a.x, b.y-a.y)
	r := (float64((p.x-a.x)*(b.x-a.x)) + float64((p.y-a.y)*(b.y-a.y))) / length
	switch {
	case length == 0 || r <= 0:
		b = a
	case r < 1:
		b = xy{a.x + float64(r*(b.x-a.x)), a.y + float64(r*(b.y-a.y))}
	}
	return math.Sqrt(squares(p.x-b.x, p.y-b.y))
}

// squares returns x² + y², rounded twice everywhere: without the conversions some processors would round once.
func squares(x, y float64) float64 { return float64(x*x) + float64(y*y) }
