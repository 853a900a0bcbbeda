package sqlbuilder

import (
	"math"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// verdict says what became of a comparison of an integer with a real, which no store makes exactly.
type verdict uint8

const (
	compare verdict = iota // the comparison that is returned means the same, of two alike
	never                  // it is false, or null
	always                 // it is true, or null
)

// exactFloat is 2^53: up to there a float64 holds every integer.
const exactFloat = 1 << 53

// intAgainst turns "integer op f" into a comparison with an integer.
func intAgainst(op filter.Op, f float64) (filter.Op, int64, verdict) {
	switch {
	case math.IsNaN(f):
		if op == filter.Ne {
			return op, 0, always
		}
		return op, 0, never
	case f >= -math.MinInt64:
		return op, 0, verdictOf(op == filter.Lt || op == filter.Le || op == filter.Ne)
	case f < math.MinInt64:
		return op, 0, verdictOf(op == filter.Gt || op == filter.Ge || op == filter.Ne)
	}
	floor := math.Floor(f)
	if floor == f {
		return op, int64(f), compare
	}
	switch op {
	case filter.Eq:
		return op, 0, never
	case filter.Ne:
		return op, 0, always
	case filter.Lt, filter.Le:
		return filter.Le, int64(floor), compare
	}
	return filter.Gt, int64(floor), compare
}

// floatAgainst turns "real op n" into a comparison with a real.
func floatAgainst(op filter.Op, n int64) (filter.Op, float64, verdict) {
	f := float64(n)
	// 2^63 is what the greatest integers are rounded to.
	above := f >= -math.MinInt64 || int64(f) > n
	if !above && int64(f) == n {
		return op, f, compare
	}
	switch op {
	case filter.Eq:
		return op, 0, never
	case filter.Ne:
		return op, 0, always
	case filter.Lt, filter.Le:
		if above {
			f = math.Nextafter(f, math.Inf(-1))
		}
		return filter.Le, f, compare
	}
	if !above {
		f = math.Nextafter(f, math.Inf(1))
	}
	return filter.Ge, f, compare
}

func verdictOf(always_ bool) verdict {
	if always_ {
		return always
	}
	return never
}

// operators are how comparisons are written.
var operators = map[filter.Op]string{
	filter.Eq: " = ", filter.Ne: " <> ", filter.Lt: " < ", filter.Le: " <= ", filter.Gt: " > ", filter.Ge: " >= ",
}

// flipped is the comparison with its sides exchanged.
func flipped(op filter.Op) filter.Op {
	switch op {
	case filter.Lt:
		return filter.Gt
	case filter.Le:
		return filter.Ge
	case filter.Gt:
		return filter.Lt
	case filter.Ge:
		return filter.Le
	}
	return op
}

// sides returns the two sides of a comparison, a constant being the second.
func sides(n *filter.Node) (filter.Op, *filter.Node, *filter.Node) {
	a, b := n.Args[0], n.Args[1]
	if a.Op == filter.Literal && b.Op != filter.Literal {
		return flipped(n.Op), b, a
	}
	return n.Op, a, b
}

// alike makes the constant of the comparison "a op lit" one of a's type, where one is an integer and the other a real.
func alike(op filter.Op, a, lit *filter.Node) (filter.Op, *filter.Node, verdict) {
	switch {
	case lit.IsNullLiteral():
	case a.Type == filter.Int && lit.Type == filter.Float:
		op, n, v := intAgainst(op, lit.Value.Float())
		return op, &filter.Node{Op: filter.Literal, Type: filter.Int, Value: feature.Int(n)}, v
	case a.Type == filter.Float && lit.Type == filter.Int:
		op, f, v := floatAgainst(op, lit.Value.Int())
		return op, &filter.Node{Op: filter.Literal, Type: filter.Float, Value: feature.Float(f)}, v
	}
	return op, lit, compare
}

// isComparison tells whether op is one of two arguments.
func isComparison(op filter.Op) bool { return op >= filter.Eq && op <= filter.Ge }
