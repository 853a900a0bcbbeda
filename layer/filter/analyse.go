package filter

import (
	"math"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Boxes returns boxes that the bounds of every kept feature's geometry in column geom have a point in common with: all of
// them. They follow from the spatial predicates among the conjuncts; there may be none.
func (b *Bound) Boxes(geom int) []feature.Bounds {
	var boxes []feature.Bounds
	for _, c := range b.Conjuncts {
		n := c.Node
		switch n.Op {
		case Intersects, Within, Contains, DWithin:
		default:
			continue
		}
		column, constant := n.Args[0], n.Args[1]
		if column.Op == Literal {
			column, constant = constant, column
		}
		if column.Op != GeomValue || column.Geom != geom || constant.Op != Literal {
			continue
		}
		box, err := constant.WKB.Bounds()
		if err != nil {
			continue
		}
		if n.Op == DWithin && !box.IsEmpty() {
			// A sum that was rounded may lie a step inside of the exact one.
			d, inf := n.Distance, math.Inf(1)
			box.MinX, box.MinY = math.Nextafter(box.MinX-d, -inf), math.Nextafter(box.MinY-d, -inf)
			box.MaxX, box.MaxY = math.Nextafter(box.MaxX+d, inf), math.Nextafter(box.MaxY+d, inf)
		}
		boxes = append(boxes, box)
	}
	return boxes
}

// FIDs are the FIDs that a filter may keep: those from Min to Max, and if List is not nil only those in it, which are in
// ascending order and each there once.
type FIDs struct {
	Min, Max int64
	List     []int64
}

// All tells whether nothing is known of the FIDs.
func (r FIDs) All() bool { return r.List == nil && r.Min == math.MinInt64 && r.Max == math.MaxInt64 }

// FIDs says which FIDs the filter may keep, as far as its conjuncts compare the FID with constants.
func (b *Bound) FIDs() FIDs {
	r := FIDs{Min: math.MinInt64, Max: math.MaxInt64}
	for _, c := range b.Conjuncts {
		r = r.and(fidsOf(c.Node))
	}
	return r
}

// fidsOf returns the FIDs for which n may be true.
func fidsOf(n *Node) FIDs {
	all := FIDs{Min: math.MinInt64, Max: math.MaxInt64}
	switch n.Op {
	case Literal: // a filter has no TRUE among its conjuncts
		if !n.Value.Bool() {
			return listOf(nil)
		}
	case And:
		r := all
		for _, a := range n.Args {
			r = r.and(fidsOf(a))
		}
		return r
	case Or:
		var list []int64
		for _, a := range n.Args {
			r := fidsOf(a)
			if r.List == nil {
				return all
			}
			list = append(list, r.List...)
		}
		return listOf(list)
	case In:
		if n.Args[0].Op != FIDValue {
			return all
		}
		list := []int64{}
		for _, a := range n.Args[1:] {
			switch {
			case a.Op != Literal || a.Type == Float:
				return all
			case !a.Value.IsNull():
				list = append(list, a.Value.Int())
			}
		}
		return listOf(list)
	case Eq, Lt, Le, Gt, Ge:
		op, x, y := n.Op, n.Args[0], n.Args[1]
		if x.Op == Literal {
			x, y = y, x
			op = map[Op]Op{Eq: Eq, Lt: Gt, Le: Ge, Gt: Lt, Ge: Le}[op]
		}
		if x.Op != FIDValue || y.Op != Literal || y.Type != Int || y.Value.IsNull() {
			return all
		}
		v := y.Value.Int()
		switch op {
		case Eq:
			return FIDs{v, v, []int64{v}}
		case Lt, Le: // one too many does no harm
			all.Max = v
		case Gt, Ge:
			all.Min = v
		}
	}
	return all
}

// listOf returns the FIDs of a list in any order.
func listOf(list []int64) FIDs {
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 0 {
		return FIDs{Min: 0, Max: -1, List: []int64{}}
	}
	return FIDs{list[0], list[len(list)-1], list}
}

// and returns the FIDs that are in both.
func (r FIDs) and(o FIDs) FIDs {
	if r.List == nil {
		r.List, o.List = o.List, nil
	}
	r.Min, r.Max = max(r.Min, o.Min), min(r.Max, o.Max)
	if r.List == nil {
		return r
	}
	list := []int64{}
	for _, v := range r.List {
		if v < r.Min || v > r.Max {
			continue
		}
		if o.List != nil {
			if _, ok := slices.BinarySearch(o.List, v); !ok {
				continue
			}
		}
		list = append(list, v)
	}
	return listOf(list)
}
