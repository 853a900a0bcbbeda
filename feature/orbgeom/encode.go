package orbgeom

import (
	"errors"
	"fmt"

	"github.com/paulmach/orb"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Encode returns the geometry as little-endian WKB. It is nil for nil.
func Encode(g orb.Geometry) (feature.WKB, error) {
	if g == nil {
		return nil, nil
	}
	return Append(nil, g)
}

// Append adds the geometry to dst as little-endian WKB; nil adds nothing. A Ring becomes a Polygon of one ring and a Bound
// its rectangle, since WKB has neither. A nil slice is the empty geometry of its type; nil in a Collection is an error. A
// point of NaN is the empty point.
func Append(dst []byte, g orb.Geometry) ([]byte, error) {
	if g == nil {
		return dst, nil
	}
	var b feature.Builder
	b.Reset(dst[len(dst):])
	if err := encode(&b, g); err != nil {
		return dst, fmt.Errorf("orbgeom: %w", err)
	}
	w, err := b.WKB()
	if err != nil {
		return dst, fmt.Errorf("orbgeom: %w", err)
	}
	return append(dst, w...), nil
}

// encode tells the builder of a geometry. The builder remembers its first error, so only the last call's is looked at.
func encode(b *feature.Builder, g orb.Geometry) error {
	switch g := g.(type) {
	case orb.Point:
		_ = b.Begin(feature.Point, 1)
		if g[0] == g[0] && g[1] == g[1] {
			_ = b.XY(g[0], g[1])
		}
	case orb.LineString:
		_ = b.Begin(feature.LineString, len(g))
		coords(b, g)
	case orb.Ring:
		return encode(b, orb.Polygon{g})
	case orb.Bound:
		return feature.WKB(feature.AppendBounds(nil, feature.Bounds{
			MinX: g.Min[0], MinY: g.Min[1], MaxX: g.Max[0], MaxY: g.Max[1],
		})).Walk(b)
	case orb.Polygon:
		_ = b.Begin(feature.Polygon, len(g))
		for _, r := range g {
			_ = b.Begin(feature.LinearRing, len(r))
			coords(b, r)
			_ = b.End()
		}
	case orb.MultiPoint:
		_ = b.Begin(feature.MultiPoint, len(g))
		for _, p := range g {
			_ = encode(b, p)
		}
	case orb.MultiLineString:
		_ = b.Begin(feature.MultiLineString, len(g))
		for _, l := range g {
			_ = encode(b, l)
		}
	case orb.MultiPolygon:
		_ = b.Begin(feature.MultiPolygon, len(g))
		for _, p := range g {
			_ = encode(b, p)
		}
	case orb.Collection:
		if err := b.Begin(feature.GeometryCollection, len(g)); err != nil {
			return err // nested too deep, perhaps without end
		}
		for _, member := range g {
			if err := encode(b, member); err != nil {
				return err
			}
		}
	case nil:
		return errors.New("nil in a collection")
	default:
		return fmt.Errorf("a %T: %w", g, errors.ErrUnsupported)
	}
	return b.End()
}

func coords(b *feature.Builder, list []orb.Point) {
	for _, p := range list {
		_ = b.XY(p[0], p[1])
	}
}
