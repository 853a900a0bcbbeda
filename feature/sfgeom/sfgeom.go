package sfgeom

import (
	"errors"
	"fmt"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Decode returns the geometry as simplefeatures has it, without validating it. It shares no memory with w.
//
// The bytes may come from anywhere: malformed ones, no geometry (nil) among them, give an error that matches
// feature.ErrWKB. What simplefeatures cannot hold gives an error that matches errors.ErrUnsupported; so does a point with
// one ordinate that is NaN.
func Decode(w feature.WKB) (geom.Geometry, error) {
	if err := w.Check(); err != nil {
		return geom.Geometry{}, fmt.Errorf("sfgeom: %w", err)
	}
	if err := w.Walk(supported{}); err != nil {
		return geom.Geometry{}, fmt.Errorf("sfgeom: %w", err)
	}
	g, err := geom.UnmarshalWKB(w, geom.NoValidate{})
	if err != nil {
		// The bytes are well-formed and the types known, so that it is something that the library does not take.
		return geom.Geometry{}, fmt.Errorf("sfgeom: %w: %w", err, errors.ErrUnsupported)
	}
	return g, nil
}

// supported is the Visitor that looks for types that simplefeatures does not have.
type supported struct{}

func (supported) Begin(t feature.GeomType, _ int) error {
	if t.IsCurve() || t.Base() > feature.GeometryCollection && t != feature.LinearRing {
		return fmt.Errorf("simplefeatures has no %s: %w", t, errors.ErrUnsupported)
	}
	return nil
}

func (supported) Coords(feature.Coords) error { return nil }
func (supported) End() error                  { return nil }

// Encode returns the geometry as little-endian WKB.
func Encode(g geom.Geometry) (feature.WKB, error) { return Append(nil, g) }

// Append adds the geometry to dst as little-endian WKB. The zero Geometry is the empty collection, as it is to
// simplefeatures. Collections that nest deeper than feature.MaxDepth are an error.
func Append(dst []byte, g geom.Geometry) ([]byte, error) {
	start := len(dst)
	out := g.AppendWKB(dst)
	w := feature.WKB(out[start:])
	switch g.Type() {
	case geom.TypeLineString, geom.TypePolygon, geom.TypeMultiLineString, geom.TypeMultiPolygon:
		if w[0] == 1 {
			return out, nil
		}
	}
	// The library writes in the machine's byte order, and empty points with another NaN than everybody else.
	var b feature.Builder
	if err := w.Walk(&b); err != nil {
		return dst, fmt.Errorf("sfgeom: %w", err)
	}
	little, err := b.WKB()
	if err != nil {
		return dst, fmt.Errorf("sfgeom: %w", err)
	}
	return append(dst, little...), nil
}
