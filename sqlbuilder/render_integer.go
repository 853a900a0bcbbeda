package sqlbuilder

import (
	"math"
	"math/big"

	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// interval is where the values of an integer expression lie; what goes beyond 64 bits is null.
type interval struct{ min, max *big.Int }

func between(a, b int64) interval { return interval{big.NewInt(a), big.NewInt(b)} }

var int64s = between(math.MinInt64, math.MaxInt64)

func (i interval) within(a, b int64) bool {
	return i.min.Cmp(big.NewInt(a)) >= 0 && i.max.Cmp(big.NewInt(b)) <= 0
}

// fits tells whether no value goes beyond 64 bits.
func (i interval) fits() bool { return i.within(math.MinInt64, math.MaxInt64) }

// contains tells whether v may be one of the values.
func (i interval) contains(v int64) bool {
	b := big.NewInt(v)
	return i.min.Cmp(b) <= 0 && b.Cmp(i.max) <= 0
}

func hull(values ...*big.Int) interval {
	i := interval{values[0], values[0]}
	for _, v := range values[1:] {
		if v.Cmp(i.min) < 0 {
			i.min = v
		}
		if v.Cmp(i.max) > 0 {
			i.max = v
		}
	}
	return i
}

// rangeOf returns where the values of an integer expression lie.
func (p *postgres) rangeOf(n *filter.Node) interval {
	i := p.wideRange(n)
	if i.min.Cmp(int64s.min) < 0 {
		i.min = int64s.min
	}
	if i.max.Cmp(int64s.max) > 0 {
		i.max = int64s.max
	}
	if i.min.Cmp(i.max) > 0 { // always null
		return between(0, 0)
	}
	return i
}

// wideRange is rangeOf before what is beyond 64 bits becomes null.
func (p *postgres) wideRange(n *filter.Node) interval {
	if !p.enter() {
		p.leave()
		return int64s
	}
	defer p.leave()
	arg := func(i int) interval { return p.rangeOf(n.Args[i]) }
	switch n.Op {
	case filter.Literal:
		return between(n.Value.Int(), n.Value.Int())
	case filter.FieldValue:
		switch {
		case p.isColumn(n, "int2", "smallint"):
			return between(math.MinInt16, math.MaxInt16)
		case p.isColumn(n, "int4", "integer", "int"):
			return between(math.MinInt32, math.MaxInt32)
		}
	case filter.Length:
		return between(0, math.MaxInt32)
	case filter.Add:
		a, b := arg(0), arg(1)
		return interval{new(big.Int).Add(a.min, b.min), new(big.Int).Add(a.max, b.max)}
	case filter.Sub:
		a, b := arg(0), arg(1)
		return interval{new(big.Int).Sub(a.min, b.max), new(big.Int).Sub(a.max, b.min)}
	case filter.Mul:
		a, b := arg(0), arg(1)
		mul := func(x, y *big.Int) *big.Int { return new(big.Int).Mul(x, y) }
		return hull(mul(a.min, b.min), mul(a.min, b.max), mul(a.max, b.min), mul(a.max, b.max))
	case filter.Div: // no farther from zero than the dividend
		a := arg(0)
		return hull(a.min, a.max, new(big.Int).Neg(a.min), new(big.Int).Neg(a.max), new(big.Int))
	case filter.Mod:
		a := arg(0)
		return hull(a.min, a.max, new(big.Int))
	case filter.Neg:
		a := arg(0)
		return interval{new(big.Int).Neg(a.max), new(big.Int).Neg(a.min)}
	case filter.Abs:
		a := arg(0)
		return hull(new(big.Int), new(big.Int).Abs(a.min), new(big.Int).Abs(a.max))
	case filter.Coalesce:
		all := arg(0)
		for i := range n.Args[1:] {
			b := arg(i + 1)
			all = hull(all.min, all.max, b.min, b.max)
		}
		return all
	case filter.NullIf:
		return arg(0)
	case filter.Cast:
		switch {
		case n.Args[0].Type == filter.Bool:
			return between(0, 1)
		case n.Bits == 16:
			return between(math.MinInt16, math.MaxInt16)
		case n.Bits == 32:
			return between(math.MinInt32, math.MaxInt32)
		case n.Args[0].Type == filter.Int:
			return arg(0)
		}
	}
	return int64s
}

// integer writes an integer as a bigint, for arithmetic.
func (p *postgres) integer(n *filter.Node) bool {
	if !p.value(n) {
		return false
	}
	if n.Op == filter.FieldValue || n.Op == filter.FIDValue {
		p.write("::int8")
	}
	return true
}

// maxLet is how deep subqueries may be nested.
const maxLet = 16

// let writes an expression in which value is spoken of by a name: directly where it is a column, else through a subquery,
// so that what is nested does not grow at every level. OFFSET 0 keeps the planner from writing out what we do not:
// without it, its memory doubles at every level.
func (p *postgres) let(value func() bool, leaf bool, body func(name func() bool) bool) bool {
	if leaf {
		return body(value)
	}
	if p.lets++; p.lets > maxLet {
		return false
	}
	defer func() { p.lets-- }()
	p.write("(SELECT ")
	if !body(func() bool { p.write("v"); return true }) {
		return false
	}
	p.write(" FROM (SELECT ")
	if !value() {
		return false
	}
	p.write(" OFFSET 0) AS t(v))")
	return true
}

// arithmetic writes an operation of two integers.
func (p *postgres) arithmetic(n *filter.Node) bool {
	a, b := n.Args[0], n.Args[1]
	two := func(op, cast string) bool {
		if !p.integer(a) {
			return false
		}
		p.write(cast, op)
		if !p.integer(b) {
			return false
		}
		p.write(cast)
		return true
	}
	switch n.Op {
	case filter.Div, filter.Mod:
		op := " / "
		if n.Op == filter.Mod {
			op = " % "
		}
		if n.Op == filter.Div && p.rangeOf(b).contains(-1) && p.rangeOf(a).contains(math.MinInt64) {
			break
		}
		p.write("(")
		if !p.integer(a) {
			return false
		}
		p.write(op)
		if b.Op == filter.Literal && b.Value.Int() != 0 {
			if !p.integer(b) {
				return false
			}
		} else {
			p.write("NULLIF(")
			if !p.integer(b) {
				return false
			}
			p.write(", 0)")
		}
		p.write(")")
		return true
	}
	op := map[filter.Op]string{filter.Add: " + ", filter.Sub: " - ", filter.Mul: " * "}[n.Op]
	if n.Op != filter.Div && p.wideRange(n).fits() {
		p.write("(")
		ok := two(op, "")
		p.write(")")
		return ok
	}
	return p.let(func() bool {
		if n.Op == filter.Div {
			p.write("div(")
			if !p.integer(a) {
				return false
			}
			p.write("::numeric, NULLIF(")
			if !p.integer(b) {
				return false
			}
			p.write(", 0)::numeric)")
			return true
		}
		return two(op, "::numeric")
	}, false, func(name func() bool) bool {
		return p.inside(name, "-9223372036854775808", "9223372036854775807", "")
	})
}

// inside writes name as a bigint where it lies between the bounds, else null.
func (p *postgres) inside(name func() bool, low, high, function string) bool {
	p.write("CASE WHEN ")
	if !name() {
		return false
	}
	p.write(" BETWEEN ", low, " AND ", high, " THEN ", function, "(")
	if !name() {
		return false
	}
	p.write(")::int8 END")
	return true
}

// isLeaf tells whether n takes few words.
func isLeaf(n *filter.Node) bool {
	return n.Op == filter.Literal || n.Op == filter.FieldValue || n.Op == filter.FIDValue
}
