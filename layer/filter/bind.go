package filter

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Bind resolves the names of the expression against a schema and checks its types. What is wrong is an *Error, which
// points at the place if the expression was parsed from text: an unknown field with the nearest name there is, types that
// do not go together with both of them.
//
// In the result, conversions are nodes of their own; BETWEEN has become two comparisons; NOT has been carried down as far
// as it goes: it is left before what may be null and has no opposite, such as LIKE, IN, a comparison of reals (NaN is
// neither less nor greater) and a boolean field. Constant parts are computed.
func (e *Expr) Bind(s *feature.Schema) (*Bound, error) {
	b := &binder{schema: s, fields: make([]bool, len(s.Fields)), geoms: make([]bool, len(s.Geoms))}
	bound := &Bound{Schema: s, Geoms: b.geoms}
	var attributes, spatial []Conjunct
	for _, part := range conjuncts(e, nil) {
		n, err := b.condition(part)
		if err != nil {
			return nil, err
		}
		if n.Op == Literal && n.Value.Bool() {
			continue
		}
		if c := (Conjunct{n, part}); n.UsesGeometry() {
			spatial = append(spatial, c)
		} else {
			attributes = append(attributes, c)
		}
	}
	for i, used := range b.fields {
		if used {
			bound.Fields = append(bound.Fields, i)
		}
	}
	bound.Conjuncts = append(attributes, spatial...)
	for _, c := range attributes {
		bound.attributes = append(bound.attributes, compileBool(c.Node))
	}
	for _, c := range spatial {
		bound.spatial = append(bound.spatial, compileBool(c.Node))
	}
	return bound, nil
}

// conjuncts adds the parts of e that are joined by AND to list.
func conjuncts(e *Expr, list []*Expr) []*Expr {
	switch {
	case e == nil:
	case e.kind == binary && e.op == "AND":
		for _, a := range e.args {
			list = conjuncts(a, list)
		}
		return list
	case e.kind == unary && e.op == "NOT" && e.args[0] != nil && e.args[0].kind == binary && e.args[0].op == "OR":
		for _, a := range e.args[0].args {
			not := *e
			not.args = []*Expr{a}
			list = conjuncts(&not, list)
		}
		return list
	case e.kind == between:
		low, high := *e, *e
		low.kind, low.op, low.args = binary, ">=", []*Expr{e.args[0], e.args[1]}
		high.kind, high.op, high.args = binary, "<=", []*Expr{e.args[0], e.args[2]}
		return append(list, &low, &high)
	}
	return append(list, e)
}

// binder is one binding.
type binder struct {
	schema *feature.Schema
	fields []bool // looked at
	geoms  []bool
	depth  int
}

// errorAt returns an error about e.
func errorAt(e *Expr, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	if e.text != nil {
		return &Error{*e.text, e.pos, msg}
	}
	const most = 200
	text := e.String()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return &Error{Offset: -1, Msg: msg + ": " + text}
}

// condition binds what must be true, false or unknown.
func (b *binder) condition(e *Expr) (*Node, error) {
	n, err := b.bind(e)
	if err != nil {
		return nil, err
	}
	switch n.Type {
	case Bool:
		return n, nil
	case Null:
		return nullLiteral(Bool), nil
	case Int, Float:
		return nil, errorAt(e, "%s was found, a condition was expected: write what it is compared with, such as <> 0", n.Type)
	}
	return nil, errorAt(e, "%s was found, a condition was expected", n.Type)
}

func nullLiteral(t Type) *Node { return &Node{Op: Literal, Type: t, Value: feature.Null()} }

func constant(t Type, v feature.Value) *Node { return &Node{Op: Literal, Type: t, Value: v} }

// bind binds any expression.
func (b *binder) bind(e *Expr) (*Node, error) {
	if e == nil {
		return nil, &Error{Offset: -1, Msg: "a part of the expression is nil"}
	}
	if e.err != nil {
		return nil, errorAt(e, "%v", e.err)
	}
	if least := fewestArgs[e.kind]; len(e.args) < least {
		return nil, errorAt(e, "%d parts, want %d", len(e.args), least)
	}
	if b.depth++; b.depth > 2*MaxDepth { // the parser counts otherwise
		return nil, errorAt(e, "the expression is nested too deep")
	}
	defer func() { b.depth-- }()
	n, err := b.bindKind(e)
	if err != nil {
		return nil, err
	}
	return fold(n), nil
}

// fewestArgs is how many args an Expr has at least.
var fewestArgs = map[kind]int{unary: 1, binary: 2, like: 2, in: 1, between: 3, isNull: 1, cast: 1}

func (b *binder) bindKind(e *Expr) (*Node, error) {
	switch e.kind {
	case literal:
		return b.literal(e)
	case geometry:
		return b.geometry(e, e.wkb)
	case ident:
		return b.name(e)
	case fid:
		return &Node{Op: FIDValue, Type: Int}, nil
	case unary:
		if e.op == "NOT" {
			n, err := b.condition(e.args[0])
			if err != nil {
				return nil, err
			}
			return negate(n), nil
		}
		n, err := b.number(e.args[0])
		if err != nil || n.Type == Null {
			return n, err
		}
		return &Node{Op: Neg, Type: n.Type, Args: []*Node{n}}, nil
	case binary:
		switch e.op {
		case "AND", "OR":
			return b.connective(e)
		case "+", "-", "*", "/", "%":
			return b.arithmetic(e)
		case "||":
			x, err := b.text(e.args[0])
			if err != nil {
				return nil, err
			}
			y, err := b.text(e.args[1])
			if err != nil {
				return nil, err
			}
			return &Node{Op: Concat, Type: Text, Args: []*Node{x, y}}, nil
		}
		return b.comparison(e)
	case like:
		return b.like(e)
	case in:
		return b.in(e)
	case between:
		low, high := conjuncts(e, nil)[0], conjuncts(e, nil)[1]
		x, err := b.comparison(low)
		if err != nil {
			return nil, err
		}
		y, err := b.comparison(high)
		if err != nil {
			return nil, err
		}
		return connect(And, []*Node{fold(x), fold(y)}), nil
	case isNull:
		return b.isNull(e)
	case cast:
		return b.cast(e)
	case call:
		return b.call(e)
	}
	return nil, errorAt(e, "an expression of kind %d", e.kind)
}

func (b *binder) literal(e *Expr) (*Node, error) {
	switch e.val.Kind() {
	case feature.KindUnset, feature.KindNull:
		return nullLiteral(Null), nil
	case feature.KindBool:
		return constant(Bool, e.val), nil
	case feature.KindInt:
		return constant(Int, e.val), nil
	case feature.KindFloat:
		if math.IsNaN(e.val.Float()) {
			return nil, errorAt(e, "NaN is no constant")
		}
		return constant(Float, e.val), nil
	case feature.KindText:
		return constant(Text, e.val), nil
	case feature.KindDate:
		return constant(Date, e.val), nil
	case feature.KindTime:
		return constant(Time, e.val), nil
	case feature.KindDateTime:
		return constant(DateTime, e.val), nil
	}
	return nil, errorAt(e, "a value of kind %s is no constant", e.val.Kind())
}

// TypeOf returns the type of a field's values.
func TypeOf(f *feature.Field) Type {
	switch f.Type {
	case feature.Integer:
		if f.Subtype == feature.Boolean {
			return Bool
		}
		return Int
	case feature.Integer64:
		return Int
	case feature.Real:
		return Float
	case feature.String:
		if f.Subtype != feature.JSONText {
			return Text
		}
	case feature.DateField:
		return Date
	case feature.TimeField:
		return Time
	case feature.DateTimeField:
		return DateTime
	}
	return Opaque
}

// connective binds AND and OR.
func (b *binder) connective(e *Expr) (*Node, error) {
	op := Or
	if e.op == "AND" {
		op = And
	}
	args := make([]*Node, len(e.args))
	for i, a := range e.args {
		n, err := b.condition(a)
		if err != nil {
			return nil, err
		}
		args[i] = n
	}
	return connect(op, args), nil
}

// connect joins conditions by And or Or. Those of the same operation below become part of it; constants that decide
// nothing go, and one that decides all is the result.
func connect(op Op, args []*Node) *Node {
	decides := op == Or // TRUE in OR, FALSE in AND
	n := &Node{Op: op, Type: Bool}
	for _, a := range args {
		switch {
		case a.Op == op:
			n.Args = append(n.Args, a.Args...)
		case a.Op == Literal && !a.Value.IsNull() && a.Value.Bool() == decides:
			return a
		case a.Op == Literal && !a.Value.IsNull():
		default:
			n.Args = append(n.Args, a)
		}
	}
	switch len(n.Args) {
	case 0:
		return constant(Bool, feature.Bool(!decides))
	case 1:
		return n.Args[0]
	}
	return n
}

var opposites = map[Op]Op{Eq: Ne, Ne: Eq, Lt: Ge, Ge: Lt, Gt: Le, Le: Gt, IsNull: IsNotNull, IsNotNull: IsNull, And: Or, Or: And}

// negate returns NOT n.
func negate(n *Node) *Node {
	switch n.Op {
	case Literal:
		if n.Value.IsNull() {
			return n
		}
		return constant(Bool, feature.Bool(!n.Value.Bool()))
	case And, Or:
		args := make([]*Node, len(n.Args))
		for i, a := range n.Args {
			args[i] = negate(a)
		}
		return connect(opposites[n.Op], args)
	case Not:
		return n.Args[0]
	case Lt, Le, Gt, Ge:
		if n.Args[0].Type == Float || n.Args[1].Type == Float { // one may be NaN
			return &Node{Op: Not, Type: Bool, Args: []*Node{n}}
		}
	}
	if op, ok := opposites[n.Op]; ok {
		c := *n
		c.Op = op
		return &c
	}
	return &Node{Op: Not, Type: Bool, Args: []*Node{n}}
}

// number binds what must be a number, or NULL.
func (b *binder) number(e *Expr) (*Node, error) {
	n, err := b.bind(e)
	if err != nil {
		return nil, err
	}
	switch n.Type {
	case Int, Float, Null:
		return n, nil
	case Text:
		return nil, errorAt(e, "%s was found, a number was expected; CAST(... AS float) makes one of a text", n.Type)
	}
	return nil, errorAt(e, "%s was found, a number was expected", n.Type)
}

// text binds what must be a text, or NULL.
func (b *binder) text(e *Expr) (*Node, error) {
	n, err := b.bind(e)
	switch {
	case err != nil:
		return nil, err
	case n.Type == Null:
		return nullLiteral(Text), nil
	case n.Type == Geometry, n.Type == Opaque:
		return nil, errorAt(e, "%s was found, a text was expected", n.Type)
	case n.Type != Text:
		return nil, errorAt(e, "%s was found, a text was expected; CAST(... AS character) makes one", n.Type)
	}
	return n, nil
}

var arithmetic = map[string]Op{"+": Add, "-": Sub, "*": Mul, "/": Div, "%": Mod}

func (b *binder) arithmetic(e *Expr) (*Node, error) {
	x, err := b.number(e.args[0])
	if err != nil {
		return nil, err
	}
	y, err := b.number(e.args[1])
	if err != nil {
		return nil, err
	}
	n := &Node{Op: arithmetic[e.op], Type: Int}
	switch {
	case x.Type == Null, y.Type == Null:
		return nullLiteral(Null), nil
	case x.Type == Float || y.Type == Float:
		n.Type = Float
		if n.Op == Mod {
			return nil, errorAt(e, "%s %% %s: the remainder is one of integers", x.Type, y.Type)
		}
	}
	n.Args = []*Node{convert(x, n.Type), convert(y, n.Type)}
	return n, nil
}

// convert returns n as a node of another type that holds all of its values, or nearly: Bool to Int, Int to Float, Date to
// DateTime.
func convert(n *Node, t Type) *Node {
	if n.Type == t {
		return n
	}
	if n.IsNullLiteral() {
		return nullLiteral(t)
	}
	c := &Node{Op: Cast, Type: t, Args: []*Node{n}}
	if t == Int {
		c.Bits = 64
	}
	return fold(c)
}

var comparisonOps = map[string]Op{"=": Eq, "<>": Ne, "<": Lt, "<=": Le, ">": Gt, ">=": Ge}

func (b *binder) comparison(e *Expr) (*Node, error) {
	args, err := b.comparable(e)
	if err != nil {
		return nil, err
	}
	if args[0].IsNullLiteral() || args[1].IsNullLiteral() {
		return nullLiteral(Bool), nil
	}
	return &Node{Op: comparisonOps[e.op], Type: Bool, Args: args}, nil
}

// comparable binds the parts of e and makes them comparable.
func (b *binder) comparable(e *Expr) ([]*Node, error) {
	args := make([]*Node, len(e.args))
	for i, a := range e.args {
		var err error
		if args[i], err = b.bind(a); err != nil {
			return nil, err
		}
	}
	return args, alike(e, args)
}

func (b *binder) like(e *Expr) (*Node, error) {
	x, err := b.text(e.args[0])
	if err != nil {
		return nil, err
	}
	p, err := b.text(e.args[1])
	if err != nil {
		return nil, err
	}
	if p.Op != Literal {
		return nil, errorAt(e.args[1], "%s takes a constant pattern in quotes", e.op)
	}
	if p.Value.IsNull() || x.IsNullLiteral() {
		return nullLiteral(Bool), nil
	}
	var escape rune
	if len(e.args) > 2 {
		escape = []rune(e.args[2].val.Text())[0]
	}
	pattern, err := parsePattern(p.Value.Text(), escape, len(e.args) > 2, e.op == "ILIKE")
	if err != nil {
		return nil, errorAt(e.args[1], "%v", err)
	}
	return &Node{Op: Like, Type: Bool, Args: []*Node{x}, Pattern: pattern}, nil
}

func (b *binder) in(e *Expr) (*Node, error) {
	args, err := b.comparable(e)
	switch {
	case err != nil:
		return nil, err
	case len(args) == 1: // nothing is in an empty list
		return constant(Bool, feature.Bool(false)), nil
	case args[0].IsNullLiteral():
		return nullLiteral(Bool), nil
	}
	return &Node{Op: In, Type: Bool, Args: args}, nil
}

func (b *binder) isNull(e *Expr) (*Node, error) {
	x, err := b.bind(e.args[0])
	if err != nil {
		return nil, err
	}
	switch {
	case x.Op == FIDValue:
		return constant(Bool, feature.Bool(e.not)), nil
	case x.Op == Literal:
		null := x.Type != Geometry && x.Value.IsNull()
		return constant(Bool, feature.Bool(null != e.not)), nil
	}
	n := &Node{Op: IsNull, Type: Bool, Args: []*Node{x}}
	if e.not {
		n.Op = IsNotNull
	}
	return n, nil
}

// casts says which types can be turned into which.
var casts = map[Type][]Type{
	Bool:     {Bool, Int, Text},
	Int:      {Bool, Int, Float, Text},
	Float:    {Int, Float, Text},
	Text:     {Bool, Int, Float, Text, Date, Time, DateTime},
	Date:     {Text, Date, DateTime},
	Time:     {Text, Time},
	DateTime: {Text, Date, Time, DateTime},
}

func (b *binder) cast(e *Expr) (*Node, error) {
	x, err := b.bind(e.args[0])
	if err != nil {
		return nil, err
	}
	n := &Node{Op: Cast, Args: []*Node{x}, Width: e.size}
	for _, t := range castTypes {
		if t.names[0] == e.op {
			n.Type, n.Bits = t.typ, t.bits
		}
	}
	switch {
	case x.Type == Null:
		return nullLiteral(n.Type), nil
	case !slices.Contains(casts[x.Type], n.Type):
		return nil, errorAt(e, "%s cannot be cast to %s", x.Type, n.Type)
	case x.Type == n.Type && n.Width == 0 && (n.Bits == 0 || n.Bits == 64):
		return x, nil
	}
	return n, nil
}

// name resolves a field, a special field or a geometry column.
func (b *binder) name(e *Expr) (*Node, error) {
	s := b.schema
	if i := s.FieldIndex(e.name); i >= 0 {
		b.fields[i] = true
		return &Node{Op: FieldValue, Type: TypeOf(&s.Fields[i]), Field: i}, nil
	}
	var alike []string
	for _, f := range s.Fields {
		if strings.EqualFold(f.Name, e.name) {
			alike = append(alike, f.Name)
		}
	}
	if len(alike) > 1 {
		return nil, errorAt(e, "%s may be any of the fields %s: write it in double quotes as it is", e.name, strings.Join(alike, ", "))
	}
	if i := geomIndex(s, e.name); i >= 0 {
		b.geoms[i] = true
		return &Node{Op: GeomValue, Type: Geometry, Geom: i}, nil
	}
	name := strings.ToUpper(e.name)
	if name == "FID" || s.FIDColumn != "" && strings.EqualFold(e.name, s.FIDColumn) {
		return &Node{Op: FIDValue, Type: Int}, nil
	}
	if special, ok := specialFields[name]; ok {
		if len(s.Geoms) == 0 {
			return nil, errorAt(e, "%s is of a geometry, and the layer has none", name)
		}
		b.geoms[0] = true
		n := special
		return &n, nil
	}
	return nil, errorAt(e, "%s", unknownField(s, e.name))
}

var specialFields = map[string]Node{
	"OGR_GEOMETRY":  {Op: GeomTypeName, Type: Text},
	"OGR_GEOM_AREA": {Op: GeomArea, Type: Float},
	"OGR_GEOM_WKT":  {Op: GeomWKT, Type: Text},
}

// GeomName returns the name by which an expression speaks of geometry column i: its own, or for one without a name
// geometry, unless a field is called so.
func GeomName(s *feature.Schema, i int) string {
	switch {
	case i >= 0 && i < len(s.Geoms) && s.Geoms[i].Name != "":
		return s.Geoms[i].Name
	case s.FieldIndex("geometry") < 0:
		return "geometry"
	}
	return "_ogr_geometry_"
}

// geomIndex returns the index of the geometry column of that name, or -1. One without a name is called geometry, as in
// OGR's SQLite dialect, and _ogr_geometry_, as in OGR SQL.
func geomIndex(s *feature.Schema, name string) int {
	if i := s.GeomIndex(name); i >= 0 && name != "" {
		return i
	}
	for i, g := range s.Geoms {
		if g.Name == "" && (strings.EqualFold(name, "geometry") || strings.EqualFold(name, "_ogr_geometry_")) {
			return i
		}
	}
	return -1
}
