package sqlbuilder

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// mayBeNaN tells whether a real may be NaN.
func (p *postgres) mayBeNaN(n *filter.Node) bool {
	switch n.Op {
	case filter.Literal:
		return !n.IsNullLiteral() && math.IsNaN(n.Value.Float())
	case filter.Cast:
		return false // from an integer or a boolean
	case filter.Coalesce:
		for _, a := range n.Args {
			if p.mayBeNaN(a) {
				return true
			}
		}
		return false
	case filter.NullIf, filter.Abs, filter.Neg:
		return p.mayBeNaN(n.Args[0])
	}
	return true
}

// neverNull tells whether n is known to have a value.
func neverNull(n *filter.Node) bool {
	return n.Op == filter.FIDValue || n.Op == filter.Literal && !n.IsNullLiteral()
}

// constantUnlessNull writes a condition that is null where a is, and else the constant.
func (p *postgres) constantUnlessNull(a *filter.Node, constant bool) bool {
	p.write("(")
	if !p.value(a) {
		return false
	}
	if constant {
		p.write(" IS NOT NULL OR NULL)")
	} else {
		p.write(" IS NULL AND NULL)")
	}
	return true
}

func (p *postgres) comparison(op filter.Op, a, b *filter.Node) bool {
	if b.Op == filter.Literal {
		var v verdict
		op, b, v = alike(op, a, b)
		if v != compare {
			return p.constantUnlessNull(a, v == always)
		}
	}
	float := a.Type == filter.Float
	switch {
	case a.Type == b.Type:
	case a.Type == filter.Int && b.Type == filter.Float, float && b.Type == filter.Int:
		integer := a
		if float {
			integer = b
		}
		if !p.rangeOf(integer).within(-exactFloat, exactFloat) {
			return false
		}
		float = true
	default:
		return false
	}
	side := func(n *filter.Node) bool {
		switch {
		case float && n.Type == filter.Int:
			if !p.value(n) {
				return false
			}
			p.write("::float8")
			return true
		case n.Op == filter.Cast && n.Type == filter.DateTime && n.Args[0].Type == filter.Date:
			return p.value(n.Args[0]) // dates are compared with timestamps, also those that no timestamp is
		}
		return p.value(n)
	}
	plain := func() bool {
		if !side(a) {
			return false
		}
		if a.Type == filter.Text && op > filter.Ne {
			p.write(` COLLATE "C"`)
		}
		p.write(operators[op])
		return side(b)
	}
	nan := func(n *filter.Node, is string) bool {
		ok := side(n)
		p.write(is, "'NaN'::float8")
		return ok
	}
	isNull := func(n *filter.Node, is string) bool {
		ok := side(n)
		p.write(is)
		return ok
	}
	p.write("(")
	defer p.write(")")
	if !float {
		return plain()
	}
	may := func(n *filter.Node) bool { return n.Type == filter.Float && p.mayBeNaN(n) }
	switch {
	case op == filter.Eq && may(a) && may(b):
	case op == filter.Ne && may(a) && may(b):
		if !plain() {
			return false
		}
		p.write(" OR ")
		if !nan(a, " = ") {
			return false
		}
		p.write(" AND ")
		return isNull(b, " IS NOT NULL")
	case op == filter.Gt && may(a), op == filter.Ge && may(a):
	case op == filter.Lt && may(b), op == filter.Le && may(b):
		if !plain() {
			return false
		}
		return p.guard(b, a, nan, isNull)
	default:
		return plain()
	}
	if !plain() {
		return false
	}
	return p.guard(a, b, nan, isNull)
}

// guard adds to a comparison that PostgreSQL has true for NaN that x, the greater of both, is none. Where the comparison is
// null it stays so.
func (p *postgres) guard(x, other *filter.Node, nan, isNull func(*filter.Node, string) bool) bool {
	p.write(" AND ")
	if neverNull(other) {
		return nan(x, " <> ")
	}
	p.write("(")
	if !nan(x, " <> ") {
		return false
	}
	p.write(" OR ")
	if !isNull(other, " IS NULL") {
		return false
	}
	p.write(")")
	return true
}

func (p *postgres) in(n *filter.Node) bool {
	a, list := n.Args[0], n.Args[1:]
	if len(list) == 0 {
		p.write("FALSE")
		return true
	}
	var items []*filter.Node
	for _, b := range list {
		if b.Op != filter.Literal {
			items = nil
			break
		}
		_, lit, v := alike(filter.Eq, a, b)
		if v == compare {
			if lit.Type != a.Type {
				return false
			}
			items = append(items, lit)
		} else if len(list) == 1 {
			return p.constantUnlessNull(a, false)
		}
	}
	if len(items) == 0 {
		p.write("(")
		ok := p.joined(len(list), " OR ", func(i int) bool { return p.comparison(filter.Eq, a, list[i]) })
		p.write(")")
		return ok
	}
	p.write("(")
	if !p.value(a) {
		return false
	}
	p.write(" IN (")
	for i, lit := range items {
		if i > 0 {
			p.write(", ")
		}
		if !p.literal(lit) {
			return false
		}
	}
	p.write("))")
	return true
}

// maxRegexp is how many characters a pattern may have that becomes a regular expression.
const maxRegexp = 200

func (p *postgres) like(n *filter.Node) bool {
	var b strings.Builder
	for _, part := range n.Pattern.Parts {
		switch {
		case part.Kind == filter.AnyOne && n.Pattern.Fold:
			b.WriteByte('.')
		case part.Kind == filter.AnyOne:
			b.WriteByte('_')
		case part.Kind == filter.AnyMany && n.Pattern.Fold:
			b.WriteString(".*")
		case part.Kind == filter.AnyMany:
			b.WriteByte('%')
		case n.Pattern.Fold:
			if utf8.RuneCountInString(part.Text) > maxRegexp {
				return false
			}
			for _, c := range part.Text {
				writeFolded(&b, c)
			}
		default:
			for _, c := range part.Text {
				if c == '%' || c == '_' || c == '!' {
					b.WriteByte('!')
				}
				b.WriteRune(c)
			}
		}
	}
	if n.Pattern.Fold && (b.Len() > 8*maxRegexp || len(n.Pattern.Parts) > 50) {
		return false
	}
	p.write("(")
	if !p.value(n.Args[0]) {
		return false
	}
	if n.Pattern.Fold {
		p.write(" ~ ")
		p.text("^" + b.String() + "$")
	} else {
		p.write(" LIKE ")
		p.text(b.String())
		p.write(" ESCAPE '!'")
	}
	p.write(")")
	return p.err == nil
}

// writeFolded writes a regular expression for one character in all its cases.
func writeFolded(b *strings.Builder, c rune) {
	if c < 0x80 && (unicode.IsPunct(c) || unicode.IsSymbol(c)) {
		b.WriteByte('\\')
	}
	next := unicode.SimpleFold(c)
	if next == c {
		b.WriteRune(c)
		return
	}
	b.WriteByte('[')
	b.WriteRune(c)
	for ; next != c; next = unicode.SimpleFold(next) {
		b.WriteRune(next)
	}
	b.WriteByte(']')
}

func (p *postgres) isNull(n *filter.Node) bool {
	a, is := n.Args[0], " IS NULL"
	if n.Op == filter.IsNotNull {
		is = " IS NOT NULL"
	}
	p.write("(")
	defer p.write(")")
	switch a.Op {
	case filter.GeomValue:
		if p.t.geom(a.Geom).Type == "" {
			return false
		}
		p.ident(p.t.Schema.Geoms[a.Geom].Name)
	case filter.FieldValue:
		name, _, ok := p.postgresType(a.Field)
		if !ok {
			return false
		}
		if t := postgresTypes[name]; t == filter.Date || t == filter.DateTime {
			p.field(a.Field)
			p.write(is)
			if n.Op == filter.IsNull {
				p.write(" OR NOT")
			} else {
				p.write(" AND")
			}
			p.write(" isfinite(")
			p.field(a.Field)
			p.write(")")
			return true
		}
		p.field(a.Field)
	default:
		if !p.value(a) {
			return false
		}
	}
	p.write(is)
	return true
}
