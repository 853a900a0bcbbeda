package filter

import (
	"github.com/ogrcarto/ogrcarto/feature"
)

// Conjunct is one of the parts of a filter that are joined by AND at its top.
type Conjunct struct {
	Node *Node // of type Bool or Null; NOT stands only where it cannot be taken further down
	Expr *Expr // what it was bound from
}

// Bound is an expression that was bound to a schema. It has memory that an evaluation uses, so it belongs to one
// goroutine; binding an Expr again costs microseconds.
type Bound struct {
	Schema    *feature.Schema
	Conjuncts []Conjunct // those that need no geometry come first
	Fields    []int      // the fields that are looked at, by index, ascending
	Geoms     []bool     // the geometry columns that are looked at

	attributes []boolFunc // the conjuncts without geometry
	spatial    []boolFunc // the others
	env        env
}

// Match tells whether the filter is true for the feature, of which Fields and Geoms must have been read. It is an error
// if a geometry cannot be judged: malformed, or of a curved type.
func (b *Bound) Match(f *feature.Feature) (bool, error) {
	if !b.MatchAttributes(f) {
		return false, nil
	}
	return b.MatchGeometry(f)
}

// MatchAttributes tells whether all conjuncts that need no geometry are true. It is for drivers that do not want to
// decode the geometry of a feature that is not kept anyway.
func (b *Bound) MatchAttributes(f *feature.Feature) bool {
	b.env.begin(f)
	for _, c := range b.attributes {
		if c(&b.env) != yes {
			return false
		}
	}
	return true
}

// MatchGeometry tells whether all other conjuncts are true.
func (b *Bound) MatchGeometry(f *feature.Feature) (bool, error) {
	if len(b.spatial) == 0 {
		return true, nil
	}
	b.env.begin(f)
	for _, c := range b.spatial {
		if c(&b.env) != yes {
			return false, b.env.err
		}
	}
	return true, b.env.err
}
