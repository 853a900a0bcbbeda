package filter

import (
	"errors"
	"fmt"

	"github.com/ogrcarto/ogrcarto/feature"
)

// shape is a geometry that others are held against: all its points, lines and rings as segments, in a tree of boxes. It
// is planar; Z and M are gone.
type shape struct {
	segments []segment
	nodes    []node
	lines    []xy // the first point of each point, line and outer ring
	holes    []xy // the first point of each inner ring
	bounds   feature.Bounds
	areas    bool // it is a polygon or multipolygon, of which no two parts overlap
	box      bool // it is the rectangle of its bounds

	part int32 // while it is built: the polygon's number
	ring int   // the number of the next ring in its polygon
	typ  feature.GeomType
}

// segment is an edge; a point is one of no length.
type segment struct {
	a, b xy
	part int32 // the number of the polygon whose edge it is, or -1
}

// node is a box of segments that follow each other, which mostly lie together. Nodes stand in the order in which they are
// visited: behind each one, those inside of it.
type node struct {
	bounds      feature.Bounds
	skip        int32 // the node that follows when this one is of no interest
	first, last int32 // of a leaf: its segments, without last; else both are 0
}

// leafSize is how many segments a leaf has at most.
const leafSize = 4

// location is where a point lies.
type location uint8

const (
	outside location = iota
	boundary
	inside
)

// unjudged is the error for what is not made of points, straight lines and polygons, or nil.
func unjudged(t feature.GeomType) error {
	if t.IsCurve() || t.Base() > feature.GeometryCollection && t != feature.LinearRing {
		return fmt.Errorf("a %s cannot be judged, want points, straight lines and polygons: %w", t, errors.ErrUnsupported)
	}
	return nil
}

var errNotFinite = errors.New("a coordinate is infinite or not a number, so the geometry cannot be judged")

// build makes s the shape of w. It keeps s's memory.
func (s *shape) build(w feature.WKB) error {
	*s = shape{
		segments: s.segments[:0], nodes: s.nodes[:0], lines: s.lines[:0], holes: s.holes[:0], bounds: feature.EmptyBounds(),
		part: -1,
	}
	if t, err := w.Type(); err != nil {
		return err
	} else if t.Base() == feature.Polygon || t.Base() == feature.MultiPolygon {
		s.areas = true
	}
	if err := w.Walk(s); err != nil {
		return err
	}
	if len(s.segments) > 0 {
		s.bounds = s.grow(0, len(s.segments))
	}
	s.box = s.areas && s.isBox()
	return nil
}

// Begin, Coords and End make s a feature.Visitor, which build uses.
func (s *shape) Begin(t feature.GeomType, _ int) error {
	s.typ = t
	if t.Base() == feature.Polygon {
		s.part++
		s.ring = 0
	}
	return unjudged(t)
}

// Coords adds segments.
func (s *shape) Coords(c feature.Coords) error {
	part := int32(-1)
	starts := &s.lines
	if s.typ == feature.LinearRing {
		part = s.part
		if s.ring > 0 {
			starts = &s.holes
		}
		s.ring++
	}
	first, last := point(c, 0), point(c, 0)
	if !first.finite() {
		return errNotFinite
	}
	*starts = append(*starts, first)
	n := c.Len()
	for i := 1; i < n; i++ {
		p := point(c, i)
		if !p.finite() {
			return errNotFinite
		}
		s.segments = append(s.segments, segment{last, p, part})
		last = p
	}
	if n == 1 || part >= 0 && last != first {
		s.segments = append(s.segments, segment{last, first, part})
	}
	return nil
}

// End does nothing.
func (s *shape) End() error { return nil }

func point(c feature.Coords, i int) xy {
	x, y := c.XY(i)
	return xy{x, y}
}

// grow adds the nodes for the segments from lo up to hi and returns their bounds.
func (s *shape) grow(lo, hi int) feature.Bounds {
	at := len(s.nodes)
	s.nodes = append(s.nodes, node{})
	n := node{bounds: feature.EmptyBounds()}
	if hi-lo <= leafSize {
		for _, seg := range s.segments[lo:hi] {
			n.bounds = n.bounds.Extend(seg.a.x, seg.a.y).Extend(seg.b.x, seg.b.y)
		}
		n.first, n.last = int32(lo), int32(hi)
	} else {
		middle := (lo + hi) / 2
		n.bounds = s.grow(lo, middle)
		n.bounds = n.bounds.Union(s.grow(middle, hi))
	}
	n.skip = int32(len(s.nodes))
	s.nodes[at] = n
	return n.bounds
}

func (s *shape) isBox() bool {
	if len(s.segments) != 4 || len(s.lines) != 1 {
		return false
	}
	for i, seg := range s.segments {
		if (seg.a.x == seg.b.x) == (seg.a.y == seg.b.y) || (seg.a.x == seg.b.x) == (s.segments[(i+1)%4].a.x == s.segments[(i+1)%4].b.x) {
			return false
		}
	}
	return true
}

// apartFrom tells whether the two boxes have no point in common; neither is empty.
func apartFrom(a, b *feature.Bounds) bool {
	return a.MinX > b.MaxX || b.MinX > a.MaxX || a.MinY > b.MaxY || b.MinY > a.MaxY
}

// fartherThan tells whether the two boxes are farther apart than d, on one axis at least.
func fartherThan(a, b *feature.Bounds, d float64) bool {
	return a.MinX-b.MaxX > d || b.MinX-a.MaxX > d || a.MinY-b.MaxY > d || b.MinY-a.MaxY > d
}

func boundsOf(a, b xy) feature.Bounds {
	return feature.Bounds{MinX: min(a.x, b.x), MinY: min(a.y, b.y), MaxX: max(a.x, b.x), MaxY: max(a.y, b.y)}
}

// locate tells where p lies in the polygons. On the boundary of one of them is on the boundary, even if that is the inside
// of another.
func (s *shape) locate(p xy) location {
	odd, part := false, int32(-1)
	for i := 0; i < len(s.nodes); {
		n := &s.nodes[i]
		if n.bounds.MinY > p.y || n.bounds.MaxY < p.y || n.bounds.MaxX < p.x {
			i = int(n.skip)
			continue
		}
		i++
		for j := n.first; j < n.last; j++ {
			seg := &s.segments[j]
			if seg.part < 0 {
				continue
			}
			if seg.part != part {
				if odd {
					return inside
				}
				part = seg.part
			}
			switch rayMeets(p, seg.a, seg.b) {
			case touch:
				return boundary
			case crossed:
				odd = !odd
			}
		}
	}
	if odd {
		return inside
	}
	return outside
}

// rayMeets tells whether the segment passes right of p, in the direction of x, or through p, which is touch. Of its two
// ends the lower one belongs to it, so that a ring's corner is passed once or twice, as it should be.
func rayMeets(p, a, b xy) contact {
	above, below := a.y > p.y, b.y > p.y
	switch {
	case above != below:
		if a.x > p.x && b.x > p.x {
			return crossed
		}
		if a.x < p.x && b.x < p.x {
			return apart
		}
		o := orientation(a, b, p)
		switch {
		case o == 0:
			return touch
		case (o > 0) == (b.y > a.y):
			return crossed
		}
	case a == p || b == p:
		return touch
	case a.y == p.y && b.y == p.y && (a.x > p.x) != (b.x > p.x):
		return touch
	}
	return apart
}

// touchesBox tells whether an edge, line or point may meet the box. If none does, all of the box is inside or all of it
// is outside.
func (s *shape) touchesBox(box *feature.Bounds) bool {
	for i := 0; i < len(s.nodes); {
		n := &s.nodes[i]
		if apartFrom(&n.bounds, box) {
			i = int(n.skip)
			continue
		}
		i++
		for j := n.first; j < n.last; j++ {
			if s.segments[j].meetsBox(box) {
				return true
			}
		}
	}
	return false
}

// meetsBox tells whether the segment meets the box: it does unless their bounds are apart or the box lies on one side.
func (s *segment) meetsBox(box *feature.Bounds) bool {
	bounds := boundsOf(s.a, s.b)
	if apartFrom(&bounds, box) {
		return false
	}
	if box.Contains(bounds) {
		return true
	}
	// Of the corners, these two are the farthest from each other, seen along the segment.
	p, q := xy{box.MinX, box.MinY}, xy{box.MaxX, box.MaxY}
	if (s.a.x < s.b.x) == (s.a.y < s.b.y) {
		p.y, q.y = q.y, p.y
	}
	return orientation(s.a, s.b, p)*orientation(s.a, s.b, q) <= 0
}

// contact tells how the segment from a to b meets the shape's segments; crossed is said if it crosses one of them. A
// caller who wants to know no more than whether it meets any says so.
func (s *shape) contact(a, b xy, any bool) contact {
	result, box := apart, boundsOf(a, b)
	for i := 0; i < len(s.nodes); {
		n := &s.nodes[i]
		if apartFrom(&n.bounds, &box) {
			i = int(n.skip)
			continue
		}
		i++
		for j := n.first; j < n.last; j++ {
			c := meet(a, b, s.segments[j].a, s.segments[j].b)
			if c == crossed || c == touch && any {
				return c
			}
			result = max(result, c)
		}
	}
	return result
}

// near tells whether one of the shape's segments, none of which the one from a to b meets, is d away from it at most.
func (s *shape) near(a, b xy, d float64) bool {
	box := boundsOf(a, b)
	for i := 0; i < len(s.nodes); {
		n := &s.nodes[i]
		if fartherThan(&n.bounds, &box, d) {
			i = int(n.skip)
			continue
		}
		i++
		for j := n.first; j < n.last; j++ {
			seg := &s.segments[j]
			if distance(a, seg.a, seg.b) <= d || distance(b, seg.a, seg.b) <= d ||
				distance(seg.a, a, b) <= d || distance(seg.b, a, b) <= d {
				return true
			}
		}
	}
	return false
}
