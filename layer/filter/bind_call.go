package filter

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/sfgeom"
)

// function is a function of the language.
type function struct {
	args string // for messages
	min  int
	max  int
	bind func(*binder, *Expr) (*Node, error)
}

// functionTable has the functions by their names in capitals.
func functionTable() map[string]function {
	return map[string]function{
		"LOWER":           {"a text", 1, 1, textFunction(Lower, Text)},
		"UPPER":           {"a text", 1, 1, textFunction(Upper, Text)},
		"LENGTH":          {"a text", 1, 1, textFunction(Length, Int)},
		"SUBSTR":          {"a text, a start and perhaps a length", 2, 3, (*binder).substr},
		"SUBSTRING":       {"a text, a start and perhaps a length", 2, 3, (*binder).substr},
		"COALESCE":        {"one value or more", 1, math.MaxInt, (*binder).coalesce},
		"NULLIF":          {"two values", 2, 2, (*binder).nullIf},
		"ABS":             {"a number", 1, 1, (*binder).abs},
		"ROUND":           {"a number and perhaps a number of digits", 1, 2, (*binder).round},
		"ST_INTERSECTS":   {"two geometries", 2, 2, predicate(Intersects)},
		"ST_WITHIN":       {"two geometries", 2, 2, predicate(Within)},
		"ST_CONTAINS":     {"two geometries", 2, 2, predicate(Contains)},
		"ST_DWITHIN":      {"two geometries and a distance", 3, 3, predicate(DWithin)},
		"ST_GEOMFROMTEXT": {"a WKT in quotes and perhaps an SRID", 1, 2, (*binder).geomFromText},
		"ST_MAKEENVELOPE": {"xmin, ymin, xmax, ymax and perhaps an SRID", 4, 5, (*binder).makeEnvelope},
		"ST_POINT":        {"x, y and perhaps an SRID", 2, 3, (*binder).point},
		"ST_MAKEPOINT":    {"x and y", 2, 2, (*binder).point},
	}
}

func (b *binder) call(e *Expr) (*Node, error) {
	table := functionTable()
	f, ok := table[e.op]
	if !ok {
		var names []string
		for name := range table {
			names = append(names, name)
		}
		slices.Sort(names)
		if near := nearest(e.op, names); near != "" {
			return nil, errorAt(e, "there is no function %s; did you mean %s?", e.op, near)
		}
		return nil, errorAt(e, "there is no function %s; there are %s", e.op, strings.Join(names, ", "))
	}
	if len(e.args) < f.min || len(e.args) > f.max {
		return nil, errorAt(e, "%s has %d arguments and takes %s", e.op, len(e.args), f.args)
	}
	return f.bind(b, e)
}

// textFunction binds a function of one text.
func textFunction(op Op, result Type) func(*binder, *Expr) (*Node, error) {
	return func(b *binder, e *Expr) (*Node, error) {
		x, err := b.text(e.args[0])
		if err != nil {
			return nil, err
		}
		return &Node{Op: op, Type: result, Args: []*Node{x}}, nil
	}
}

// integer binds what must be an integer, or NULL.
func (b *binder) integer(e *Expr) (*Node, error) {
	n, err := b.bind(e)
	switch {
	case err != nil:
		return nil, err
	case n.Type == Null:
		return nullLiteral(Int), nil
	case n.Type != Int:
		return nil, errorAt(e, "%s was found, an integer was expected", n.Type)
	}
	return n, nil
}

func (b *binder) substr(e *Expr) (*Node, error) {
	x, err := b.text(e.args[0])
	if err != nil {
		return nil, err
	}
	n := &Node{Op: Substr, Type: Text, Args: []*Node{x}}
	for _, a := range e.args[1:] {
		i, err := b.integer(a)
		if err != nil {
			return nil, err
		}
		n.Args = append(n.Args, i)
	}
	return n, nil
}

func (b *binder) coalesce(e *Expr) (*Node, error) {
	args, err := b.comparable(e)
	if err != nil {
		return nil, err
	}
	typ := args[0].Type
	for _, a := range args {
		if a.Type == Float { // Ints among Floats become Floats
			typ = Float
		}
	}
	switch typ {
	case Null:
		return nullLiteral(Null), nil
	case Geometry, Opaque:
		return nil, errorAt(e, "COALESCE takes no %s", typ)
	}
	for i := range args {
		args[i] = convert(args[i], typ)
	}
	if len(args) == 1 {
		return args[0], nil
	}
	return &Node{Op: Coalesce, Type: typ, Args: args}, nil
}

func (b *binder) nullIf(e *Expr) (*Node, error) {
	args, err := b.comparable(e)
	if err != nil {
		return nil, err
	}
	if args[0].Type == Null {
		return args[0], nil
	}
	return &Node{Op: NullIf, Type: args[0].Type, Args: args}, nil
}

func (b *binder) abs(e *Expr) (*Node, error) {
	x, err := b.number(e.args[0])
	if err != nil || x.Type == Null {
		return x, err
	}
	return &Node{Op: Abs, Type: x.Type, Args: []*Node{x}}, nil
}

// maxDigits is how far from the point ROUND may round.
const maxDigits = 400

func (b *binder) round(e *Expr) (*Node, error) {
	x, err := b.number(e.args[0])
	if err != nil || x.Type == Null {
		return x, err
	}
	n := &Node{Op: Round, Type: x.Type, Args: []*Node{x}}
	if len(e.args) > 1 {
		d, err := b.integer(e.args[1])
		if err != nil {
			return nil, err
		}
		if d.Op != Literal {
			return nil, errorAt(e.args[1], "ROUND takes a constant number of digits")
		}
		if d.Value.IsNull() {
			return nullLiteral(x.Type), nil
		}
		n.Digits = int(max(-maxDigits, min(d.Value.Int(), maxDigits)))
	}
	return n, nil
}

// predicate binds a predicate of two geometries.
func predicate(op Op) func(*binder, *Expr) (*Node, error) {
	return func(b *binder, e *Expr) (*Node, error) {
		n := &Node{Op: op, Type: Bool, Args: make([]*Node, 2)}
		for i := range n.Args {
			g, err := b.bind(e.args[i])
			switch {
			case err != nil:
				return nil, err
			case g.Type == Null:
				return nullLiteral(Bool), nil
			case g.Type == Text:
				return nil, errorAt(e.args[i], "%s was found, a geometry was expected: write ST_GeomFromText('POINT (1 2)') or a geometry column", g.Type)
			case g.Type != Geometry:
				return nil, errorAt(e.args[i], "%s was found, a geometry was expected", g.Type)
			}
			n.Args[i] = g
		}
		for i, g := range n.Args {
			other := n.Args[1-i]
			if g.Op != GeomValue {
				continue
			}
			srs := b.schema.Geoms[g.Geom].SRS
			if id := int(other.Value.Int()); other.Op == Literal && id > 0 && srs.Code > 0 && id != srs.Code {
				return nil, errorAt(e.args[1-i], "the geometry is in SRID %d, the column in %s", id, srs)
			}
		}
		if op != DWithin {
			return n, nil
		}
		d, err := b.number(e.args[2])
		if err != nil {
			return nil, err
		}
		switch {
		case d.Op != Literal:
			return nil, errorAt(e.args[2], "ST_DWithin takes a constant distance")
		case d.Value.IsNull():
			return nullLiteral(Bool), nil
		}
		if n.Distance = d.Value.Float(); !(n.Distance >= 0) {
			return nil, errorAt(e.args[2], "a distance of %v, want 0 or more", n.Distance)
		}
		return n, nil
	}
}

// geometry makes a constant of WKB. Its SRID, if there is one, is the node's Value.
func (b *binder) geometry(e *Expr, w feature.WKB) (*Node, error) {
	if err := sfgeom.Validate(w); err != nil {
		return nil, errorAt(e, "the geometry is not valid: %v", err)
	}
	return &Node{Op: Literal, Type: Geometry, WKB: w}, nil
}

// constants binds arguments that must be constant numbers; ok is false if one is NULL.
func (b *binder) constants(e *Expr, args []*Expr) (values []float64, ok bool, err error) {
	ok = true
	for _, a := range args {
		n, err := b.number(a)
		switch {
		case err != nil:
			return nil, false, err
		case n.Op != Literal:
			return nil, false, errorAt(a, "%s takes constant numbers", e.op)
		case n.Value.IsNull():
			ok = false
			continue
		}
		v := n.Value.Float()
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil, false, errorAt(a, "%v is no coordinate", v)
		}
		values = append(values, v)
	}
	return values, ok, nil
}

func (b *binder) geomFromText(e *Expr) (*Node, error) {
	t, err := b.text(e.args[0])
	if err != nil {
		return nil, err
	}
	if t.Op != Literal {
		return nil, errorAt(e.args[0], "ST_GeomFromText takes a constant text in quotes")
	}
	srid, ok, err := b.constants(e, e.args[1:])
	if err != nil {
		return nil, err
	}
	if !ok || t.Value.IsNull() {
		return nullLiteral(Null), nil
	}
	w, err := sfgeom.ParseWKT(t.Value.Text())
	if err != nil {
		return nil, errorAt(e.args[0], "%v", err)
	}
	n, err := b.geometry(e.args[0], w)
	return withSRID(n, srid), err
}

// withSRID notes the SRID of a geometry constant.
func withSRID(n *Node, srid []float64) *Node {
	if n != nil && len(srid) > 0 {
		n.Value = feature.Int(int64(srid[0]))
	}
	return n
}

func (b *binder) makeEnvelope(e *Expr) (*Node, error) {
	v, ok, err := b.constants(e, e.args)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nullLiteral(Null), nil
	}
	box := feature.Bounds{MinX: min(v[0], v[2]), MinY: min(v[1], v[3]), MaxX: max(v[0], v[2]), MaxY: max(v[1], v[3])}
	var w feature.WKB
	switch { // a rectangle without area is a line or a point, so that it is valid
	case box.MinX == box.MaxX && box.MinY == box.MaxY:
		w = feature.AppendPoint(nil, box.MinX, box.MinY)
	case box.MinX == box.MaxX || box.MinY == box.MaxY:
		if w, err = sfgeom.ParseWKT(fmt.Sprintf("LINESTRING(%v %v,%v %v)", box.MinX, box.MinY, box.MaxX, box.MaxY)); err != nil {
			return nil, errorAt(e, "%v", err)
		}
	default:
		w = feature.AppendBounds(nil, box)
	}
	n, err := b.geometry(e, w)
	return withSRID(n, v[4:]), err
}

func (b *binder) point(e *Expr) (*Node, error) {
	v, ok, err := b.constants(e, e.args)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nullLiteral(Null), nil
	}
	n, err := b.geometry(e, feature.AppendPoint(nil, v[0], v[1]))
	return withSRID(n, v[2:]), err
}
