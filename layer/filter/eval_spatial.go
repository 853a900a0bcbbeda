package filter

import (
	"errors"
	"fmt"
	"math"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/sfgeom"
)

// compileSpatial turns a predicate of two geometries into a function.
func compileSpatial(n *Node) boolFunc {
	s := &spatial{op: n.Op, name: spatialNames[n.Op], distance: n.Distance, probe: n.Args[0], target: n.Args[1]}
	switch {
	case s.probe.Type != Geometry || s.target.Type != Geometry:
		return always(unknown)
	case n.Op == Contains: // the other way round
		s.op, s.probe, s.target = Within, s.target, s.probe
	case n.Op != Within && s.probe.Op == Literal: // both ways the same
		s.probe, s.target = s.target, s.probe
	}
	s.constant = s.target.Op == Literal
	return s.eval
}

var spatialNames = map[Op]string{
	Intersects: "ST_Intersects", Within: "ST_Within", Contains: "ST_Contains", DWithin: "ST_DWithin",
}

// spatial evaluates a predicate: a geometry, the probe, is held against another one, the target, which is a constant if
// one of them is.
//
// What decides is looked at in the order of its cost: the bounds of both; the target's edges and the probe's bounds, which
// have nothing to do with each other for most probes; the probe's edges, straight from its bytes. All of this is exact
// and allocates nothing. Only where the probe of Within touches the target's boundary, or the target is not made of
// polygons, both are decoded.
type spatial struct {
	op            Op // Intersects, Within or DWithin
	name          string
	distance      float64
	probe, target *Node
	constant      bool // the target is

	ready   bool // the target was looked at: what follows is of use
	failure error
	bounds  feature.Bounds
	shape   shape

	edges   edgeVisitor
	inside  insideVisitor
	decoded geom.Geometry // the target, where ready
	kept    bool          // decoded is of use
	prep    geom.PreparedGeometry
	prepped bool
}

func (n *Node) wkb(e *env) feature.WKB {
	if n.Op == Literal {
		return n.WKB
	}
	return e.f.Geoms[n.Geom]
}

func (s *spatial) eval(e *env) tri {
	probe, target := s.probe.wkb(e), s.target.wkb(e)
	if probe == nil || target == nil {
		return unknown
	}
	result, err := s.judge(probe, target)
	if err != nil {
		e.fail(fmt.Errorf("%s: %w", s.name, err))
		return unknown
	}
	return result
}

// errDecided ends a walk.
var errDecided = errors.New("decided")

func (s *spatial) judge(probe, target feature.WKB) (tri, error) {
	box, err := probe.Bounds()
	if err != nil {
		return unknown, err
	}
	if !s.constant || !s.ready {
		s.bounds, err = target.Bounds()
		if err != nil {
			return unknown, err
		}
	}
	if box.IsEmpty() || s.bounds.IsEmpty() {
		return no, nil
	}
	switch s.op {
	case Within:
		if !s.bounds.Contains(box) {
			return no, nil
		}
	case DWithin:
		if fartherThan(&s.bounds, &box, s.distance) {
			return no, nil
		}
	default:
		if apartFrom(&s.bounds, &box) {
			return no, nil
		}
	}
	if !s.constant || !s.ready {
		s.kept, s.prepped = false, false
		s.failure = s.shape.build(target)
		s.ready = true
	}
	if s.failure != nil {
		return unknown, s.failure
	}
	if s.op == Within {
		return s.within(probe, target, box)
	}
	result, err := s.intersects(probe, box)
	if result == yes || err != nil || s.op == Intersects {
		return result, err
	}
	return s.walk(probe, distances)
}

// intersects tells whether the two have a point in common.
func (s *spatial) intersects(probe feature.WKB, box feature.Bounds) (tri, error) {
	switch {
	case !apartFrom(&s.shape.bounds, &box) && s.shape.touchesBox(&box):
		if box.MinX == box.MaxX && box.MinY == box.MaxY || s.shape.box && s.shape.bounds.Contains(box) {
			return yes, nil
		}
	default:
		return truth(s.shape.locate(xy{box.MinX, box.MinY}) == inside), nil
	}
	result, err := s.walk(probe, contacts)
	if result != no || err != nil || !s.edges.areas {
		return result, err
	}
	// No edges meet, and the probe begins outside: it may lie around a part of the target.
	return s.around(probe, &box, s.shape.lines)
}

// within tells whether no point of the probe is outside of the target, and some of its inside is in the target's inside.
func (s *spatial) within(probe, target feature.WKB, box feature.Bounds) (tri, error) {
	if !s.shape.touchesBox(&box) {
		return truth(s.shape.locate(xy{box.MinX, box.MinY}) == inside), nil
	}
	if !s.shape.areas {
		return s.relate(probe, target)
	}
	if s.shape.box && len(s.shape.segments) > 0 {
		if t, err := probe.Type(); err == nil && (t.Base() == feature.Polygon || t.Base() == feature.MultiPolygon) {
			return yes, nil
		}
	}
	result, err := s.walk(probe, coverage)
	switch {
	case err != nil || result == no:
		return result, err
	case result == unknown:
		return s.relate(probe, target)
	case !s.edges.areas:
		return yes, nil
	}
	// No edges meet, and the probe begins inside: it may lie around a hole, or around a part if the target is not valid.
	result, err = s.around(probe, &box, s.shape.holes)
	if result == no && err == nil {
		return yes, nil
	}
	return no, err
}

// around tells whether one of the points lies in a polygon of the probe. None lies on its edges.
func (s *spatial) around(probe feature.WKB, box *feature.Bounds, points []xy) (tri, error) {
	for _, p := range points {
		if p.x < box.MinX || p.x > box.MaxX || p.y < box.MinY || p.y > box.MaxY {
			continue
		}
		s.inside = insideVisitor{p: p}
		switch err := probe.Walk(&s.inside); err {
		case nil:
		case errDecided:
			return yes, nil
		default:
			return unknown, err
		}
	}
	return no, nil
}

// walk takes an edgeVisitor through the probe.
func (s *spatial) walk(probe feature.WKB, look look) (tri, error) {
	s.edges = edgeVisitor{shape: &s.shape, look: look, distance: s.distance, result: no}
	if err := probe.Walk(&s.edges); err != nil && err != errDecided {
		return unknown, err
	}
	if s.edges.touches && s.edges.result == yes {
		return unknown, nil
	}
	return s.edges.result, nil
}

// relate has Within from simplefeatures, which decodes both.
func (s *spatial) relate(probe, target feature.WKB) (tri, error) {
	p, err := sfgeom.Decode(probe)
	if err != nil {
		return unknown, err
	}
	if !s.kept {
		if s.decoded, err = sfgeom.Decode(target); err != nil {
			return unknown, err
		}
		s.kept = s.constant
	}
	if !s.shape.areas {
		result, err := geom.Within(p, s.decoded)
		return truth(result), err
	}
	// Of the library's two ways, the one that is not prepared misjudges some that touch a multipolygon where its parts touch
	// each other, such as the square from (4, 5) to (6, 6) within MULTIPOLYGON (((2 1,1 3,5 5,2 1)),((3 5,6 5,6 6,3 6,3 5))).
	if !s.prepped {
		if s.prep, err = geom.Prepare(s.decoded); err != nil {
			return unknown, err
		}
		s.prepped = s.constant
	}
	if !p.IsGeometryCollection() {
		result, err := s.prep.Contains(p)
		return truth(result), err
	}
	return s.relateMembers(p.MustAsGeometryCollection())
}

// relateMembers is relate for a collection, which the library's prepared geometries do not take: all members must be
// covered by the target's polygons, and one must be within.
func (s *spatial) relateMembers(c geom.GeometryCollection) (tri, error) {
	result := no
	for _, g := range c.Dump() {
		if g.IsEmpty() {
			continue
		}
		if covered, err := s.prep.Covers(g); err != nil || !covered {
			return no, err
		}
		if result == no {
			within, err := s.prep.Contains(g)
			if err != nil {
				return no, err
			}
			result = truth(within)
		}
	}
	return result, nil
}

// look is what an edgeVisitor looks for.
type look uint8

const (
	contacts  look = iota // yes where an edge or point of the probe meets the target
	coverage              // no where the probe leaves the target, unknown where it touches its boundary with an edge
	distances             // yes where an edge or point is near
)

// edgeVisitor is the feature.Visitor that holds the edges of a probe against a shape. Its walk ends with errDecided.
type edgeVisitor struct {
	shape    *shape
	look     look
	distance float64
	typ      feature.GeomType
	areas    bool // the probe has polygons
	touches  bool // of coverage: an edge touches the boundary
	result   tri
}

func (v *edgeVisitor) Begin(t feature.GeomType, _ int) error {
	v.typ = t
	return unjudged(t)
}

func (v *edgeVisitor) End() error { return nil }

func (v *edgeVisitor) Coords(c feature.Coords) error {
	first := point(c, 0)
	if !first.finite() {
		return errNotFinite
	}
	where := outside
	if v.look != distances {
		where = v.shape.locate(first)
	}
	n := c.Len()
	switch {
	case v.look == contacts && where != outside, v.look == coverage && where == outside:
		return v.decide()
	case n == 1:
		if v.look == coverage {
			if where == inside {
				v.result = yes
			}
			return nil
		}
		return v.edge(first, first)
	case v.look == coverage:
		v.result = yes
	}
	last := first
	for i := 1; i < n; i++ {
		p := point(c, i)
		if !p.finite() {
			return errNotFinite
		}
		if err := v.edge(last, p); err != nil {
			return err
		}
		last = p
	}
	if v.typ == feature.LinearRing {
		v.areas = true
		if last != first {
			return v.edge(last, first)
		}
	}
	return nil
}

// decide ends the walk with the answer that cannot change any more.
func (v *edgeVisitor) decide() error {
	v.result = yes
	if v.look == coverage {
		v.result = no
	}
	return errDecided
}

func (v *edgeVisitor) edge(a, b xy) error {
	switch v.look {
	case contacts:
		if v.shape.contact(a, b, true) != apart {
			return v.decide()
		}
	case distances:
		if v.shape.near(a, b, v.distance) {
			return v.decide()
		}
	default:
		switch v.shape.contact(a, b, false) {
		case crossed:
			return v.decide()
		case touch:
			v.touches = true
			if v.shape.locate(b) == outside {
				return v.decide()
			}
		}
	}
	return nil
}

// insideVisitor is the feature.Visitor that ends with errDecided where p is inside of one of the polygons.
type insideVisitor struct {
	p             xy
	polygon, ring bool
	odd           bool
}

func (v *insideVisitor) Begin(t feature.GeomType, _ int) error {
	switch {
	case t == feature.LinearRing:
		v.ring = true
	case t.Base() == feature.Polygon:
		v.polygon, v.odd = true, false
	}
	return nil
}

func (v *insideVisitor) Coords(c feature.Coords) error {
	if !v.ring {
		return nil
	}
	n := c.Len()
	last := point(c, n-1) // which is the first one, but for a ring that is not closed
	for i := range n {
		p := point(c, i)
		if rayMeets(v.p, last, p) == crossed {
			v.odd = !v.odd
		}
		last = p
	}
	return nil
}

func (v *insideVisitor) End() error {
	switch {
	case v.ring:
		v.ring = false
	case v.polygon:
		v.polygon = false
		if v.odd {
			return errDecided
		}
	}
	return nil
}

// compileArea returns OGR_GEOM_AREA.
func compileArea(n *Node) floatFunc {
	index, v := n.Geom, new(areaVisitor)
	return func(e *env) (float64, bool) {
		w := e.f.Geoms[index]
		if w == nil {
			return 0, false
		}
		*v = areaVisitor{}
		if err := w.Walk(v); err != nil {
			e.fail(fmt.Errorf("OGR_GEOM_AREA: %w", err))
			return 0, false
		}
		return v.sum, true
	}
}

// areaVisitor is the feature.Visitor that sums up the areas of polygons. A line has none, be it closed, as with PostGIS;
// OGR takes a closed one for a ring.
type areaVisitor struct {
	ring, inner bool
	sum         float64
}

func (v *areaVisitor) Begin(t feature.GeomType, _ int) error {
	if t.IsCurve() {
		return fmt.Errorf("the area of a %s is not computed: %w", t, errors.ErrUnsupported)
	}
	switch t.Base() {
	case feature.Polygon, feature.Triangle:
		v.inner = false
	}
	v.ring = t == feature.LinearRing
	return nil
}

func (v *areaVisitor) Coords(c feature.Coords) error {
	if !v.ring {
		return nil
	}
	// Seen from the first point, numbers are small, and so is what rounding takes from them.
	first := point(c, 0)
	var twice float64
	last := xy{}
	for i := 1; i < c.Len(); i++ {
		p := point(c, i)
		p.x -= first.x
		p.y -= first.y
		twice += float64(last.x*p.y) - float64(last.y*p.x)
		last = p
	}
	area := math.Abs(twice) / 2
	if v.inner {
		area = -area
	}
	v.sum += area
	v.inner = true
	return nil
}

func (v *areaVisitor) End() error {
	v.ring = false
	return nil
}
