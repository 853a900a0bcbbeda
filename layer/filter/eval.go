package filter

import "github.com/ogrcarto/ogrcarto/feature"

// tri is a truth value of SQL.
type tri uint8

const (
	unknown tri = iota
	no
	yes
)

// truth returns b as a tri.
func truth(b bool) tri {
	if b {
		return yes
	}
	return no
}

// getter evaluates a node; false stands for null.
type getter[T any] func(*env) (T, bool)

// What evaluates a node of each type.
type (
	boolFunc  func(*env) tri
	intFunc   = getter[int64]
	floatFunc = getter[float64]
	textFunc  = getter[[]byte] // valid until the evaluation ends, and not to be changed
	stampFunc = getter[stamp]  // of Date, Time and DateTime
)

// stamp is a date, time or date-time: microseconds since midnight or since 1970-01-01 00:00:00 UTC. The zone is that of a
// date-time, which matters only where it is printed.
type stamp struct {
	micros int64
	zone   feature.Zone
}

// env is what an evaluation works with: the feature, and memory for what is computed, which is used again for the next.
type env struct {
	f   *feature.Feature
	buf []byte // texts that were made of others; what was handed out of it stays as it is when it grows
	err error  // of a geometry that cannot be judged; the result is unknown then
}

func (e *env) begin(f *feature.Feature) {
	e.f, e.buf, e.err = f, e.buf[:0], nil
}

// fail notes why a geometry cannot be judged. The first reason stays.
func (e *env) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

func nullOf[T any](*env) (v T, ok bool) { return v, false }

func always(t tri) boolFunc { return func(*env) tri { return t } }

// compileBool turns a node of type Bool, or a NULL, into a function.
func compileBool(n *Node) boolFunc {
	if n.Type != Bool {
		return always(unknown)
	}
	switch n.Op {
	case Literal:
		return always(readBool(n.Value))
	case FieldValue:
		field := n.Field
		return func(e *env) tri { return readBool(e.f.Values[field]) }
	case Eq, Ne, Lt, Le, Gt, Ge:
		return compileCompare(n.Op, n.Args[0], n.Args[1])
	case In:
		return compileIn(n)
	case Like:
		text, m := compileText(n.Args[0]), newMatcher(n.Pattern)
		return func(e *env) tri {
			b, ok := text(e)
			if !ok {
				return unknown
			}
			return truth(m.match(b))
		}
	case IsNull:
		null := compileIsNull(n.Args[0])
		return func(e *env) tri { return truth(null(e)) }
	case IsNotNull:
		null := compileIsNull(n.Args[0])
		return func(e *env) tri { return truth(!null(e)) }
	case And:
		return compileAnd(compileBools(n.Args))
	case Or:
		return compileOr(compileBools(n.Args))
	case Not:
		arg := compileBool(n.Args[0])
		return func(e *env) tri {
			switch arg(e) {
			case yes:
				return no
			case no:
				return yes
			}
			return unknown
		}
	case Coalesce:
		args := compileBools(n.Args)
		return func(e *env) tri {
			for _, arg := range args {
				if t := arg(e); t != unknown {
					return t
				}
			}
			return unknown
		}
	case NullIf:
		arg, equal := compileBool(n.Args[0]), compileCompare(Eq, n.Args[0], n.Args[1])
		return func(e *env) tri {
			if equal(e) == yes {
				return unknown
			}
			return arg(e)
		}
	case Cast:
		return compileCastBool(n)
	case Intersects, Within, Contains, DWithin:
		return compileSpatial(n)
	}
	return always(unknown)
}

func compileBools(nodes []*Node) []boolFunc {
	list := make([]boolFunc, len(nodes))
	for i, n := range nodes {
		list[i] = compileBool(n)
	}
	return list
}

func compileAnd(args []boolFunc) boolFunc {
	return func(e *env) tri {
		result := yes
		for _, arg := range args {
			switch arg(e) {
			case no:
				return no
			case unknown:
				result = unknown
			}
		}
		return result
	}
}

func compileOr(args []boolFunc) boolFunc {
	return func(e *env) tri {
		result := no
		for _, arg := range args {
			switch arg(e) {
			case yes:
				return yes
			case unknown:
				result = unknown
			}
		}
		return result
	}
}

// compileIsNull returns what tells whether a node of any type is null. A value that is not of the node's type counts as
// null, as it does everywhere.
func compileIsNull(n *Node) func(*env) bool {
	switch n.Op {
	case FIDValue:
		return func(*env) bool { return false }
	case FieldValue:
		field, typ := n.Field, n.Type
		return func(e *env) bool { return !fits(e.f.Values[field].Kind(), typ) }
	case GeomValue, GeomTypeName, GeomArea, GeomWKT:
		geom := n.Geom
		return func(e *env) bool { return e.f.Geoms[geom] == nil }
	}
	switch n.Type {
	case Bool:
		arg := compileBool(n)
		return func(e *env) bool { return arg(e) == unknown }
	case Int:
		return missing(compileInt(n))
	case Float:
		return missing(compileFloat(n))
	case Text:
		return missing(compileText(n))
	case Date, Time, DateTime:
		return missing(compileStamp(n))
	}
	null := n.Type == Null || n.Op == Literal && n.WKB == nil && n.Value.IsNull()
	return func(*env) bool { return null }
}

func missing[T any](get getter[T]) func(*env) bool {
	return func(e *env) bool {
		_, ok := get(e)
		return !ok
	}
}

// compileShared is what Coalesce and NullIf are, of any type but Bool; nil for another op.
func compileShared[T any](n *Node, compile func(*Node) getter[T]) getter[T] {
	switch n.Op {
	case Coalesce:
		args := make([]getter[T], len(n.Args))
		for i, a := range n.Args {
			args[i] = compile(a)
		}
		return func(e *env) (T, bool) {
			for _, arg := range args {
				if v, ok := arg(e); ok {
					return v, true
				}
			}
			return nullOf[T](e)
		}
	case NullIf:
		arg, equal := compile(n.Args[0]), compileCompare(Eq, n.Args[0], n.Args[1])
		return func(e *env) (T, bool) {
			if equal(e) == yes {
				return nullOf[T](e)
			}
			return arg(e)
		}
	}
	return nil
}

// compileLeaf is what a Literal and a FieldValue are; nil for another op.
func compileLeaf[T any](n *Node, read func(feature.Value) (T, bool)) getter[T] {
	switch n.Op {
	case Literal:
		v, ok := read(n.Value)
		return func(*env) (T, bool) { return v, ok }
	case FieldValue:
		field := n.Field
		return func(e *env) (T, bool) { return read(e.f.Values[field]) }
	}
	return nil
}

// fits tells whether a node of type t takes a value of kind k for what it is, and not for null.
func fits(k feature.Kind, t Type) bool {
	switch t {
	case Null, Geometry:
		return false
	case Bool, Int:
		return k == feature.KindInt || k == feature.KindBool
	case Float:
		return k == feature.KindFloat || k == feature.KindInt
	case Text:
		return k == feature.KindText || k == feature.KindJSON
	case Date:
		return k == feature.KindDate
	case Time:
		return k == feature.KindTime
	case DateTime:
		return k == feature.KindDateTime || k == feature.KindDate
	}
	return k > feature.KindNull
}

func readBool(v feature.Value) tri {
	switch v.Kind() {
	case feature.KindBool, feature.KindInt:
		return truth(v.Int() != 0)
	}
	return unknown
}

func readInt(v feature.Value) (int64, bool) { return v.Int(), fits(v.Kind(), Int) }

func readFloat(v feature.Value) (float64, bool) { return v.Float(), fits(v.Kind(), Float) }

func readText(v feature.Value) ([]byte, bool) { return v.Bytes(), fits(v.Kind(), Text) }

func readDate(v feature.Value) (stamp, bool) { return stamp{micros: v.Micros()}, fits(v.Kind(), Date) }

func readTime(v feature.Value) (stamp, bool) { return stamp{micros: v.Micros()}, fits(v.Kind(), Time) }

func readDateTime(v feature.Value) (stamp, bool) {
	switch v.Kind() {
	case feature.KindDateTime:
		return stamp{v.Instant(), v.Zone()}, true
	case feature.KindDate:
		return stamp{micros: v.Micros()}, true
	}
	return stamp{}, false
}

// compileStamp turns a node of type Date, Time or DateTime, or a NULL, into a function.
func compileStamp(n *Node) stampFunc {
	read := readDateTime
	switch n.Type {
	case Date:
		read = readDate
	case Time:
		read = readTime
	case DateTime:
	default:
		return nullOf[stamp]
	}
	if f := compileLeaf(n, read); f != nil {
		return f
	}
	if f := compileShared(n, compileStamp); f != nil {
		return f
	}
	if n.Op == Cast {
		return compileCastStamp(n)
	}
	return nullOf[stamp]
}
