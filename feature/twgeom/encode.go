package twgeom

import (
	"errors"
	"fmt"

	"github.com/twpayne/go-geom"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Encode returns the geometry as little-endian WKB. It is nil for nil. The SRID is left out.
func Encode(g geom.T) (feature.WKB, error) {
	if g == nil {
		return nil, nil
	}
	return Append(nil, g)
}

// Append adds the geometry to dst as little-endian WKB; nil adds nothing. A LinearRing becomes a Polygon of one ring,
// since WKB has none. The SRID is left out. A layout of more than four ordinates gives an error that matches
// errors.ErrUnsupported; a collection whose members have other layouts is an error. (One with a nil in it panics in
// go-geom.)
func Append(dst []byte, g geom.T) ([]byte, error) {
	if g == nil {
		return dst, nil
	}
	var b feature.Builder
	b.Reset(dst[len(dst):])
	if err := encode(&b, g, g.Layout()); err != nil {
		return dst, fmt.Errorf("twgeom: %w", err)
	}
	w, err := b.WKB()
	if err != nil {
		return dst, fmt.Errorf("twgeom: %w", err)
	}
	return append(dst, w...), nil
}

// encode tells the builder of a geometry. What has no layout, as an empty collection may, has that of its parent. The
// builder remembers its first error, so only the last call's is looked at.
func encode(b *feature.Builder, g geom.T, l geom.Layout) error {
	if own := g.Layout(); own != geom.NoLayout {
		l = own
	}
	var z, m bool
	switch l {
	case geom.NoLayout, geom.XY:
	case geom.XYZ:
		z = true
	case geom.XYM:
		m = true
	case geom.XYZM:
		z, m = true, true
	default:
		return fmt.Errorf("a layout of %d ordinates: %w", l.Stride(), errors.ErrUnsupported)
	}
	begin := func(t feature.GeomType, n int) error { return b.Begin(t.WithDims(z, m), n) }
	coords := func(flat []float64) {
		for s := l.Stride(); len(flat) >= s && s > 0; flat = flat[s:] {
			// The measure is last, the Z third: XYZM takes what the type has.
			_ = b.XYZM(flat[0], flat[1], flat[min(2, s-1)], flat[s-1])
		}
	}
	switch g := g.(type) {
	case *geom.Point:
		_ = begin(feature.Point, 1)
		coords(g.FlatCoords())
	case *geom.LineString:
		_ = begin(feature.LineString, g.NumCoords())
		coords(g.FlatCoords())
	case *geom.LinearRing:
		_ = begin(feature.Polygon, 1)
		_ = b.Begin(feature.LinearRing, g.NumCoords())
		coords(g.FlatCoords())
		_ = b.End()
	case *geom.Polygon:
		_ = begin(feature.Polygon, g.NumLinearRings())
		for i := range g.NumLinearRings() {
			_ = b.Begin(feature.LinearRing, 0)
			coords(g.LinearRing(i).FlatCoords())
			_ = b.End()
		}
	case *geom.MultiPoint:
		_ = begin(feature.MultiPoint, g.NumPoints())
		for i := range g.NumPoints() {
			_ = encode(b, g.Point(i), l)
		}
	case *geom.MultiLineString:
		_ = begin(feature.MultiLineString, g.NumLineStrings())
		for i := range g.NumLineStrings() {
			_ = encode(b, g.LineString(i), l)
		}
	case *geom.MultiPolygon:
		_ = begin(feature.MultiPolygon, g.NumPolygons())
		for i := range g.NumPolygons() {
			_ = encode(b, g.Polygon(i), l)
		}
	case *geom.GeometryCollection:
		if err := begin(feature.GeometryCollection, g.NumGeoms()); err != nil {
			return err // nested too deep, perhaps without end
		}
		for _, member := range g.Geoms() {
			if err := encode(b, member, l); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("a %T: %w", g, errors.ErrUnsupported)
	}
	return b.End()
}
