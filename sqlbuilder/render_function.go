package sqlbuilder

import (
	"math"
	"strconv"

	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// maxText is the greatest number of characters that SUBSTR is asked for: PostgreSQL counts them in 32 bits.
const maxText = 1 << 30

// function writes what is neither a condition nor a leaf.
func (p *postgres) function(n *filter.Node) bool {
	switch n.Op {
	case filter.Add, filter.Sub, filter.Mul, filter.Div, filter.Mod:
		return n.Type == filter.Int && p.arithmetic(n)
	case filter.Neg, filter.Abs:
		return p.sign(n)
	case filter.Concat:
		p.write("(")
		if !p.value(n.Args[0]) {
			return false
		}
		p.write(" || ")
		if !p.value(n.Args[1]) {
			return false
		}
		p.write(")")
		return true
	case filter.Length:
		ok := p.list("length", n.Args, p.value)
		p.write("::int8")
		return ok
	case filter.Substr:
		return p.substr(n)
	case filter.Coalesce:
		for _, a := range n.Args {
			if a.Type != n.Type {
				return false
			}
		}
		if n.Type == filter.Int {
			return p.list("COALESCE", n.Args, p.integer)
		}
		return p.list("COALESCE", n.Args, p.value)
	case filter.NullIf:
		return p.nullIf(n)
	case filter.Round:
		return n.Type == filter.Int && n.Digits >= 0 && p.integer(n.Args[0])
	case filter.Cast:
		return p.castTo(n)
	case filter.GeomTypeName:
		return p.geomTypeName(n)
	}
	return false
}

// list writes a function of arguments.
func (p *postgres) list(name string, args []*filter.Node, write func(*filter.Node) bool) bool {
	p.write(name, "(")
	for i, a := range args {
		if i > 0 {
			p.write(", ")
		}
		if !write(a) {
			return false
		}
	}
	p.write(")")
	return true
}

// sign writes -x and ABS(x). Those of the smallest integer are beyond the integers.
func (p *postgres) sign(n *filter.Node) bool {
	x := n.Args[0]
	if n.Op == filter.Neg {
		p.write("(-")
	} else {
		p.write("abs")
	}
	p.write("(")
	if n.Type == filter.Float {
		if !p.value(x) {
			return false
		}
	} else {
		smallest := p.rangeOf(x).contains(math.MinInt64)
		if smallest {
			p.write("NULLIF(")
		}
		if !p.integer(x) {
			return false
		}
		if smallest {
			p.write(", '-9223372036854775808'::int8)")
		}
	}
	p.write(")")
	if n.Op == filter.Neg {
		p.write(")")
	}
	return true
}

// substr writes SUBSTR with constants, from the first character or behind.
func (p *postgres) substr(n *filter.Node) bool {
	numbers := n.Args[1:]
	for i, a := range numbers {
		if a.Op != filter.Literal || a.IsNullLiteral() || a.Value.Int() < int64(1-i) || a.Value.Int() > maxText {
			return false
		}
	}
	p.write("substr(")
	if !p.value(n.Args[0]) {
		return false
	}
	for _, a := range numbers {
		p.write(", ", strconv.FormatInt(a.Value.Int(), 10))
	}
	p.write(")")
	return true
}

func (p *postgres) nullIf(n *filter.Node) bool {
	a, b := n.Args[0], n.Args[1]
	if a.Type != b.Type || n.Type != a.Type {
		return false
	}
	if a.Type != filter.Float || !p.mayBeNaN(a) || !p.mayBeNaN(b) {
		write := p.value
		if a.Type == filter.Int {
			write = p.integer
		}
		return p.list("NULLIF", n.Args, write)
	}
	p.write("CASE WHEN ")
	if !p.comparison(filter.Eq, a, b) {
		return false
	}
	p.write(" THEN NULL ELSE ")
	if !p.value(a) {
		return false
	}
	p.write(" END")
	return true
}

// castTo writes the casts that mean the same.
func (p *postgres) castTo(n *filter.Node) bool {
	x := n.Args[0]
	write := func(behind string) bool {
		p.write("(")
		ok := p.value(x)
		p.write(")", behind)
		return ok
	}
	switch n.Type {
	case filter.Bool:
		switch x.Type {
		case filter.Bool:
			return p.value(x)
		case filter.Int:
			p.write("(")
			ok := p.value(x)
			p.write(" <> 0)")
			return ok
		}
	case filter.Int:
		switch x.Type {
		case filter.Bool:
			return write("::int4::int8")
		case filter.Int:
			low, high := bitsOf(n.Bits)
			if p.rangeOf(x).within(low, high) {
				return p.integer(x)
			}
			return p.let(func() bool { return p.integer(x) }, isLeaf(x), func(name func() bool) bool {
				return p.inside(name, strconv.FormatInt(low, 10), strconv.FormatInt(high, 10), "")
			})
		case filter.Float:
			// The least and the greatest real that are cut to an integer of so many bits.
			low, high := "-9223372036854775808", "9223372036854774784"
			if n.Bits == 16 || n.Bits == 32 {
				from, to := bitsOf(n.Bits)
				low = strconv.FormatFloat(math.Nextafter(float64(from-1), 0), 'f', -1, 64)
				high = strconv.FormatFloat(math.Nextafter(float64(to+1), 0), 'f', -1, 64)
			}
			return p.let(func() bool { return p.value(x) }, isLeaf(x), func(name func() bool) bool {
				return p.inside(name, "'"+low+"'::float8", "'"+high+"'::float8", "trunc")
			})
		}
	case filter.Float:
		switch x.Type {
		case filter.Bool:
			return write("::int4::float8")
		case filter.Int:
			return write("::float8")
		case filter.Float:
			return p.value(x)
		}
	case filter.Text:
		if x.Type != filter.Text && x.Type != filter.Int && x.Type != filter.Bool || n.Width > maxText {
			return false
		}
		if n.Width > 0 {
			p.write("substr(")
		}
		if x.Type == filter.Text {
			if !p.value(x) {
				return false
			}
		} else if !write("::text") {
			return false
		}
		if n.Width > 0 {
			p.write(", 1, ", strconv.Itoa(n.Width), ")")
		}
		return true
	case filter.Date:
		switch x.Type {
		case filter.Date:
			return p.value(x)
		case filter.DateTime:
			return write("::date")
		}
	case filter.DateTime:
		switch x.Type {
		case filter.DateTime:
			return p.value(x)
		case filter.Date:
			return p.dateToTimestamp(x)
		}
	case filter.Time:
		switch x.Type {
		case filter.Time:
			return p.value(x)
		case filter.DateTime:
			return write("::time")
		}
	}
	return false
}

// bitsOf returns the least and greatest integers of so many bits.
func bitsOf(bits int) (low, high int64) {
	switch bits {
	case 16:
		return math.MinInt16, math.MaxInt16
	case 32:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// dateToTimestamp writes midnight of a date. Dates go on in PostgreSQL where timestamps have ended.
func (p *postgres) dateToTimestamp(x *filter.Node) bool {
	return p.let(func() bool { return p.value(x) }, false, func(name func() bool) bool {
		p.write("CASE WHEN ")
		name()
		p.write(" < '294247-01-01'::date THEN ")
		name()
		p.write("::timestamp END")
		return true
	})
}

// geomTypeName writes OGR_GEOMETRY. ST_GeometryType has ST_MultiPolygon; case is not the locale's.
func (p *postgres) geomTypeName(n *filter.Node) bool {
	if c := p.t.geom(n.Geom); !c.isGeometry() {
		return false
	}
	p.write("upper(substr(ST_GeometryType(")
	p.ident(p.t.Schema.Geoms[n.Geom].Name)
	p.write(`), 4) COLLATE "C")`)
	return true
}
