package feature

import (
	"errors"
	"fmt"
	"math"
)

// AppendGeoJSON adds the geometry to dst as a GeoJSON geometry object (RFC 7946, section 3.1). Z is kept and M dropped. An
// empty geometry has an empty "coordinates" or "geometries"; an empty point among others is left out, since a position
// cannot be empty. Numbers have as few digits as bring the same float64 back.
//
// Curves, triangles and surfaces other than polygons, and coordinates that are infinite, have no form in GeoJSON: they
// give an error that matches errors.ErrUnsupported. Malformed bytes give one that matches ErrWKB. dst is then as it was.
//
// RFC 7946 wants longitude and latitude on WGS 84, and exterior rings counter-clockwise. Neither is this function's
// concern.
func AppendGeoJSON(dst []byte, w WKB) ([]byte, error) {
	p := geoJSONPrinter{dst: dst}
	if err := w.Walk(&p); err != nil {
		return dst, err
	}
	return p.dst, nil
}

// geoJSONTypes are the names of the types that GeoJSON has, which are numbered from 1 as in WKB.
var geoJSONTypes = [...]string{
	Point: "Point", LineString: "LineString", Polygon: "Polygon", MultiPoint: "MultiPoint",
	MultiLineString: "MultiLineString", MultiPolygon: "MultiPolygon", GeometryCollection: "GeometryCollection",
}

// geoJSONPrinter is the Visitor that prints GeoJSON.
type geoJSONPrinter struct {
	dst   []byte
	stack []textFrame
}

func (p *geoJSONPrinter) Begin(t GeomType, n int) error {
	frame := textFrame{typ: t, empty: n == 0}
	object := true // whether the geometry is an object of its own, or an array in one
	if len(p.stack) > 0 {
		parent := &p.stack[len(p.stack)-1]
		object = parent.typ.Base() == GeometryCollection
		if object || t.Base() != Point || n > 0 {
			if parent.some {
				p.dst = append(p.dst, ',')
			}
			parent.some = true
		}
	}
	p.stack = append(p.stack, frame)
	switch b := t.Base(); {
	case !object && b == Point:
		return nil // its position is all there is
	case !object:
		p.dst = append(p.dst, '[')
		return nil
	case b > GeometryCollection:
		return fmt.Errorf("GeoJSON has no %s: %w", t.Name(), errors.ErrUnsupported)
	}
	p.dst = append(p.dst, `{"type":"`...)
	p.dst = append(p.dst, geoJSONTypes[t.Base()]...)
	switch {
	case t.Base() == GeometryCollection:
		p.dst = append(p.dst, `","geometries":[`...)
	case t.Base() == Point && n > 0:
		p.dst = append(p.dst, `","coordinates":`...)
	default:
		p.dst = append(p.dst, `","coordinates":[`...)
	}
	return nil
}

func (p *geoJSONPrinter) Coords(c Coords) error {
	for i := range c.Len() {
		if i > 0 {
			p.dst = append(p.dst, ',')
		}
		x, y := c.XY(i)
		if !finite(x) || !finite(y) {
			return fmt.Errorf("GeoJSON has no coordinate (%g %g): %w", x, y, errors.ErrUnsupported)
		}
		p.dst = AppendReal(append(p.dst, '['), x)
		p.dst = AppendReal(append(p.dst, ','), y)
		if z := c.Z(i); c.HasZ() && finite(z) {
			p.dst = AppendReal(append(p.dst, ','), z)
		}
		p.dst = append(p.dst, ']')
	}
	return nil
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func (p *geoJSONPrinter) End() error {
	f := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	isPoint := f.typ.Base() == Point
	if len(p.stack) > 0 && p.stack[len(p.stack)-1].typ.Base() != GeometryCollection {
		if !isPoint {
			p.dst = append(p.dst, ']')
		}
		return nil
	}
	if !isPoint || f.empty {
		p.dst = append(p.dst, ']')
	}
	p.dst = append(p.dst, '}')
	return nil
}
