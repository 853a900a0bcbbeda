// Package geojson writes geometries as GeoJSON (RFC 7946).
//
// RFC 7946 wants longitude and latitude on WGS 84, and exterior rings counter-clockwise. Neither is this package's concern.
package geojson

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/ogrcarto/ogrcarto/feature"
)

// AppendGeometry adds g to dst as a GeoJSON geometry object (RFC 7946, section 3.1). Z is kept and M dropped. Coordinates are
// rounded to so many decimals, half to even, without zeros at their end; where decimals is negative they have as few digits as
// bring the same float64 back. There are no exponents and no -0.
//
// An empty geometry has an empty "coordinates" or "geometries"; an empty point in a MultiPoint is left out, since a position
// cannot be empty. A point whose x or y is NaN is empty, as everywhere in feature.
//
// A Z that is NaN is left out. Curves, triangles, TINs and polyhedral surfaces, and coordinates that are infinite, have no form in GeoJSON: they
// give an error that matches errors.ErrUnsupported. Malformed bytes give one that matches feature.ErrWKB. dst is then as it was.
// It allocates nothing where dst has room.
func AppendGeometry(dst []byte, g feature.WKB, decimals int) ([]byte, error) {
	// A point is by far the most frequent geometry.
	if len(g) == 21 && g[0] == 1 && binary.LittleEndian.Uint32(g[1:]) == uint32(feature.Point) {
		x := math.Float64frombits(binary.LittleEndian.Uint64(g[5:]))
		y := math.Float64frombits(binary.LittleEndian.Uint64(g[13:]))
		if finite(x) && finite(y) {
			dst = append(dst, `{"type":"Point","coordinates":[`...)
			dst = appendDecimal(dst, x, decimals)
			dst = appendDecimal(append(dst, ','), y, decimals)
			return append(dst, "]}"...), nil
		}
	}
	p := printers.Get().(*printer)
	p.dst, p.decimals, p.depth = dst, decimals, 0
	err := g.Walk(p)
	out := p.dst
	p.dst = nil // the pool must not keep the caller's memory
	printers.Put(p)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// printers spares an allocation a geometry: Walk takes an interface, so a printer cannot stay on the stack.
var printers = sync.Pool{New: func() any { return new(printer) }}

// names are the types that GeoJSON has, numbered as in WKB.
var names = [...]string{
	feature.Point: "Point", feature.LineString: "LineString", feature.Polygon: "Polygon", feature.MultiPoint: "MultiPoint",
	feature.MultiLineString: "MultiLineString", feature.MultiPolygon: "MultiPolygon",
	feature.GeometryCollection: "GeometryCollection",
}

// printer is the Visitor that writes GeoJSON.
type printer struct {
	dst      []byte
	decimals int
	depth    int
	stack    [feature.MaxDepth + 1]frame // a ring is one deeper than its polygon
}

// frame is a geometry that has been begun.
type frame struct {
	base   feature.GeomType
	object bool // an object of its own, not an array in one
	some   bool // a member has been written
	empty  bool
}

// Begin opens an object or an array.
func (p *printer) Begin(t feature.GeomType, n int) error {
	f := frame{base: t.Base(), object: true, empty: n == 0}
	if t == feature.LinearRing {
		f.base = t
	}
	if p.depth > 0 {
		parent := &p.stack[p.depth-1]
		f.object = parent.base == feature.GeometryCollection
		if f.object || f.base != feature.Point || n > 0 {
			if parent.some {
				p.dst = append(p.dst, ',')
			}
			parent.some = true
		}
	}
	p.stack[p.depth] = f
	p.depth++
	switch {
	case !f.object && f.base == feature.Point: // its position is all there is
	case !f.object:
		p.dst = append(p.dst, '[')
	case f.base > feature.GeometryCollection:
		return fmt.Errorf("GeoJSON has no %s: %w", t.Name(), errors.ErrUnsupported)
	default:
		p.dst = append(p.dst, `{"type":"`...)
		p.dst = append(p.dst, names[f.base]...)
		switch {
		case f.base == feature.GeometryCollection:
			p.dst = append(p.dst, `","geometries":[`...)
		case f.base == feature.Point && n > 0:
			p.dst = append(p.dst, `","coordinates":`...)
		default:
			p.dst = append(p.dst, `","coordinates":[`...)
		}
	}
	return nil
}

// Coords writes positions.
func (p *printer) Coords(c feature.Coords) error {
	dst, decimals, hasZ := p.dst, p.decimals, c.HasZ()
	for i := range c.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		x, y := c.XY(i)
		if !finite(x) || !finite(y) {
			return fmt.Errorf("GeoJSON has no coordinate (%g %g): %w", x, y, errors.ErrUnsupported)
		}
		dst = appendDecimal(append(dst, '['), x, decimals)
		dst = appendDecimal(append(dst, ','), y, decimals)
		if hasZ {
			if z := c.Z(i); finite(z) {
				dst = appendDecimal(append(dst, ','), z, decimals)
			} else if z == z {
				return fmt.Errorf("GeoJSON has no coordinate (%g %g %g): %w", x, y, z, errors.ErrUnsupported)
			}
		}
		dst = append(dst, ']')
	}
	p.dst = dst
	return nil
}

// End closes what the matching Begin opened.
func (p *printer) End() error {
	p.depth--
	f := p.stack[p.depth]
	switch {
	case f.base == feature.Point && !(f.object && f.empty): // a position stands without an array around it
	default:
		p.dst = append(p.dst, ']')
	}
	if f.object {
		p.dst = append(p.dst, '}')
	}
	return nil
}

// finite tells a number from NaN and the infinities: their difference from themselves is NaN.
func finite(f float64) bool { return f-f == 0 }
