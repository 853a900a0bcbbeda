package filter

import (
	"math"

	"github.com/ogrcarto/ogrcarto/feature"
)

// fold computes a node whose arguments are all constants.
func fold(n *Node) *Node {
	if n.Op <= GeomWKT || len(n.Args) == 0 {
		return n
	}
	for _, a := range n.Args {
		if a.Op != Literal {
			return n
		}
	}
	v, ok := evaluate(n)
	if !ok {
		return n
	}
	return constant(n.Type, v)
}

// evaluate computes a node of constants; ok is false where it cannot be judged.
func evaluate(n *Node) (v feature.Value, ok bool) {
	var e env
	e.begin(&feature.Feature{})
	v = feature.Null()
	switch n.Type {
	case Bool:
		if t := compileBool(n)(&e); t != unknown {
			v = feature.Bool(t == yes)
		}
	case Int:
		if i, ok := compileInt(n)(&e); ok {
			v = feature.Int(i)
		}
	case Float:
		if f, ok := compileFloat(n)(&e); ok {
			if math.IsNaN(f) { // there is no such constant
				return v, false
			}
			v = feature.Float(f)
		}
	case Text:
		if b, ok := compileText(n)(&e); ok {
			v = feature.TextBytes(b).Clone()
		}
	case Date, Time, DateTime:
		if s, ok := compileStamp(n)(&e); ok {
			v = s.value(n.Type)
		}
	default:
		return v, false
	}
	return v, e.err == nil
}

// value returns the stamp as a value of the type.
func (s stamp) value(t Type) feature.Value {
	switch t {
	case Date:
		const day = 86_400_000_000
		days := s.micros / day
		if s.micros%day < 0 {
			days--
		}
		return feature.Days(days)
	case Time:
		return feature.TimeOfDay(s.micros)
	}
	return feature.WallClock(s.micros+int64(s.zone.Offset())*60_000_000, s.zone)
}
