package orbgeom

import (
	"errors"
	"fmt"

	"github.com/paulmach/orb"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Decode returns the geometry as orb has it. It shares no memory with w. No geometry (nil) gives nil.
//
// The bytes may come from anywhere: malformed ones give an error that matches feature.ErrWKB. What orb cannot hold gives
// an error that matches errors.ErrUnsupported.
func Decode(w feature.WKB) (orb.Geometry, error) {
	if w == nil {
		return nil, nil
	}
	if err := w.Check(); err != nil {
		return nil, fmt.Errorf("orbgeom: %w", err)
	}
	var d decoder
	if err := w.Walk(&d); err != nil {
		return nil, fmt.Errorf("orbgeom: %w", err)
	}
	return d.done, nil
}

// decoder is the Visitor that builds orb's geometries. The innermost one that is open is the last of its stack.
type decoder struct {
	stack []orb.Geometry
	done  orb.Geometry
}

func (d *decoder) Begin(t feature.GeomType, n int) error {
	if t.HasZ() || t.HasM() {
		return fmt.Errorf("orb has neither Z nor M, and this is a %s: %w", t, errors.ErrUnsupported)
	}
	// The bytes have been checked, so that n parts are there.
	var g orb.Geometry
	switch t {
	case feature.Point:
		if n == 0 {
			return fmt.Errorf("orb has no empty point: %w", errors.ErrUnsupported)
		}
		g = orb.Point{}
	case feature.LineString:
		g = make(orb.LineString, 0, n)
	case feature.LinearRing:
		g = make(orb.Ring, 0, n)
	case feature.Polygon:
		g = make(orb.Polygon, 0, n)
	case feature.MultiPoint:
		g = make(orb.MultiPoint, 0, n)
	case feature.MultiLineString:
		g = make(orb.MultiLineString, 0, n)
	case feature.MultiPolygon:
		g = make(orb.MultiPolygon, 0, n)
	case feature.GeometryCollection:
		g = make(orb.Collection, 0, n)
	default:
		return fmt.Errorf("orb has no %s: %w", t, errors.ErrUnsupported)
	}
	d.stack = append(d.stack, g)
	return nil
}

func (d *decoder) Coords(c feature.Coords) error {
	top := &d.stack[len(d.stack)-1]
	switch g := (*top).(type) {
	case orb.Point:
		x, y := c.XY(0)
		*top = orb.Point{x, y}
	case orb.LineString:
		*top = orb.LineString(points(g, c))
	case orb.Ring:
		*top = orb.Ring(points(g, c))
	}
	return nil
}

func points(list []orb.Point, c feature.Coords) []orb.Point {
	for i := range c.Len() {
		x, y := c.XY(i)
		list = append(list, orb.Point{x, y})
	}
	return list
}

func (d *decoder) End() error {
	last := len(d.stack) - 1
	g := d.stack[last]
	d.stack = d.stack[:last]
	if last == 0 {
		d.done = g
		return nil
	}
	// Walk has seen to it that members are of the right type.
	top := &d.stack[last-1]
	switch parent := (*top).(type) {
	case orb.Polygon:
		*top = append(parent, g.(orb.Ring))
	case orb.MultiPoint:
		*top = append(parent, g.(orb.Point))
	case orb.MultiLineString:
		*top = append(parent, g.(orb.LineString))
	case orb.MultiPolygon:
		*top = append(parent, g.(orb.Polygon))
	case orb.Collection:
		*top = append(parent, g)
	}
	return nil
}
