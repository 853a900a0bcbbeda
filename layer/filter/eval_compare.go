package filter

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
)

// order is how two values stand to each other; a set of orders is what a comparison is true for.
type order uint8

const (
	less order = 1 << iota
	equal
	greater
	unordered // one of them is NaN
)

// orders returns the orders that op is true for.
func orders(op Op) order {
	switch op {
	case Eq:
		return equal
	case Ne:
		return less | greater | unordered
	case Lt:
		return less
	case Le:
		return less | equal
	case Gt:
		return greater
	}
	return greater | equal
}

// mirrored returns what o is when the two values change places.
func (o order) mirrored() order {
	m := o & (equal | unordered)
	if o&less != 0 {
		m |= greater
	}
	if o&greater != 0 {
		m |= less
	}
	return m
}

func orderInts(a, b int64) order {
	switch {
	case a < b:
		return less
	case a > b:
		return greater
	}
	return equal
}

func orderFloats(a, b float64) order {
	switch {
	case a < b:
		return less
	case a > b:
		return greater
	case a == b:
		return equal
	}
	return unordered
}

func orderTexts(a, b []byte) order {
	// The order of UTF-8's bytes is that of the code points.
	return 1 << (bytes.Compare(a, b) + 1)
}

// orderIntFloat compares exactly: 2^53+1 is greater than 2^53 as a real.
func orderIntFloat(i int64, f float64) order {
	switch {
	case f != f:
		return unordered
	case f >= 1<<63:
		return less
	case f < -1<<63:
		return greater
	}
	whole := math.Trunc(f)
	if o := orderInts(i, int64(whole)); o != equal {
		return o
	}
	return orderFloats(whole, f)
}

func orderStamps(a, b stamp) order { return orderInts(a.micros, b.micros) }

// compileCompare returns the comparison of two nodes.
func compileCompare(op Op, a, b *Node) boolFunc {
	want := orders(op)
	switch {
	case a.Type == Int && b.Type == Float:
		return compareIntFloat(want, compileInt(a), compileFloat(b))
	case a.Type == Float && b.Type == Int:
		return compareIntFloat(want.mirrored(), compileInt(b), compileFloat(a))
	case a.Type == Null || b.Type == Null:
		return always(unknown)
	}
	if a.Op == Literal && b.Op == FieldValue {
		a, b, want = b, a, want.mirrored()
	}
	// A field beside a constant is by far the most frequent comparison.
	constant := a.Op == FieldValue && b.Op == Literal && a.Type == b.Type && !b.Value.IsNull()
	field := a.Field
	switch a.Type {
	case Bool:
		x, y := compileBool(a), compileBool(b)
		return func(e *env) tri {
			v, w := x(e), y(e)
			if v == unknown || w == unknown {
				return unknown
			}
			return truth(want&orderInts(int64(v), int64(w)) != 0)
		}
	case Int:
		if constant {
			w := b.Value.Int()
			return func(e *env) tri {
				v := &e.f.Values[field] // a Value is large enough for a copy to be felt
				if k := v.Kind(); k != feature.KindInt && k != feature.KindBool {
					return unknown
				}
				return truth(want&orderInts(v.Int(), w) != 0)
			}
		}
		return compare(want, compileInt(a), compileInt(b), orderInts)
	case Float:
		if constant {
			w := b.Value.Float()
			return func(e *env) tri {
				v := &e.f.Values[field]
				if k := v.Kind(); k != feature.KindFloat && k != feature.KindInt {
					return unknown
				}
				return truth(want&orderFloats(v.Float(), w) != 0)
			}
		}
		return compare(want, compileFloat(a), compileFloat(b), orderFloats)
	case Text:
		if constant {
			w := b.Value.Bytes()
			if op == Eq {
				return func(e *env) tri {
					v, ok := readText(e.f.Values[field])
					if !ok {
						return unknown
					}
					return truth(bytes.Equal(v, w))
				}
			}
			return func(e *env) tri {
				v, ok := readText(e.f.Values[field])
				if !ok {
					return unknown
				}
				return truth(want&orderTexts(v, w) != 0)
			}
		}
		return compare(want, compileText(a), compileText(b), orderTexts)
	case Date, Time, DateTime:
		return compare(want, compileStamp(a), compileStamp(b), orderStamps)
	}
	return always(unknown)
}

func compare[T any](want order, x, y getter[T], order func(a, b T) order) boolFunc {
	return func(e *env) tri {
		v, ok := x(e)
		if !ok {
			return unknown
		}
		w, ok := y(e)
		if !ok {
			return unknown
		}
		return truth(want&order(v, w) != 0)
	}
}

func compareIntFloat(want order, x intFunc, y floatFunc) boolFunc {
	return func(e *env) tri {
		v, ok := x(e)
		if !ok {
			return unknown
		}
		w, ok := y(e)
		if !ok {
			return unknown
		}
		return truth(want&orderIntFloat(v, w) != 0)
	}
}

// compileIn returns Args[0] IN (the others): constants are looked up in a set, all else is compared one by one.
func compileIn(n *Node) boolFunc {
	operand, list := n.Args[0], n.Args[1:]
	switch {
	case len(list) == 0:
		return always(no)
	case operand.Type == Null:
		return always(unknown)
	}
	null := false // whether there is a null among the constants
	var constants []*Node
	var others []boolFunc
	for _, item := range list {
		switch {
		case item.IsNullLiteral() || item.Type == Null:
			null = true
		case item.Op == Literal && operand.Type != Bool:
			constants = append(constants, item)
		default:
			others = append(others, compileCompare(Eq, operand, item))
		}
	}
	var find boolFunc
	switch operand.Type {
	case Int:
		find = lookup(compileInt(operand), intSet(constants))
	case Float:
		find = lookup(compileFloat(operand), floatSet(constants))
	case Text:
		find = lookup(compileText(operand), textSet(constants))
	case Date, Time, DateTime:
		find = lookup(compileStamp(operand), stampSet(constants))
	default:
		arg := compileBool(operand)
		find = func(e *env) tri {
			if arg(e) == unknown {
				return unknown
			}
			return no
		}
	}
	if !null && len(others) == 0 {
		return find
	}
	return func(e *env) tri {
		found := find(e)
		if found != no {
			return found // the operand is null, or it is there
		}
		if null {
			found = unknown
		}
		for _, other := range others {
			switch other(e) {
			case yes:
				return yes
			case unknown:
				found = unknown
			}
		}
		return found
	}
}

func lookup[T any](arg getter[T], has func(T) bool) boolFunc {
	return func(e *env) tri {
		v, ok := arg(e)
		if !ok {
			return unknown
		}
		return truth(has(v))
	}
}

// few is how many constants are looked at one after the other, which is faster than a map.
const few = 8

// setOf returns what tells whether a value is among those of the list.
func setOf[T cmp.Ordered](list []T) func(T) bool {
	if len(list) <= few {
		return func(v T) bool { return slices.Contains(list, v) }
	}
	set := make(map[T]struct{}, len(list))
	for _, v := range list {
		set[v] = struct{}{}
	}
	return func(v T) bool {
		_, ok := set[v]
		return ok
	}
}

// intSet holds integers, and the reals that are one.
func intSet(constants []*Node) func(int64) bool {
	var list []int64
	for _, c := range constants {
		v := c.Value.Int()
		if c.Type == Float {
			f := c.Value.Float()
			if !(f >= -1<<63 && f < 1<<63) || math.Trunc(f) != f {
				continue
			}
			v = int64(f)
		}
		list = append(list, v)
	}
	return setOf(list)
}

// floatSet holds reals, and the integers that a real can be. NaN equals nothing, in a set as well.
func floatSet(constants []*Node) func(float64) bool {
	var list []float64
	for _, c := range constants {
		f := c.Value.Float()
		if c.Type == Int && orderIntFloat(c.Value.Int(), f) != equal {
			continue
		}
		list = append(list, f)
	}
	return setOf(list)
}

func textSet(constants []*Node) func([]byte) bool {
	if len(constants) <= few {
		var list [][]byte
		for _, c := range constants {
			list = append(list, c.Value.Bytes())
		}
		return func(b []byte) bool {
			for _, v := range list {
				if bytes.Equal(v, b) {
					return true
				}
			}
			return false
		}
	}
	set := make(map[string]struct{}, len(constants))
	for _, c := range constants {
		set[string(c.Value.Bytes())] = struct{}{}
	}
	return func(b []byte) bool {
		_, ok := set[string(b)]
		return ok
	}
}

func stampSet(constants []*Node) func(stamp) bool {
	var list []int64
	for _, c := range constants {
		if s, ok := compileStamp(c)(nil); ok {
			list = append(list, s.micros)
		}
	}
	has := setOf(list)
	return func(s stamp) bool { return has(s.micros) }
}
