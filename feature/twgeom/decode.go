package twgeom

import (
	"errors"
	"fmt"

	"github.com/twpayne/go-geom"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Decode returns the geometry as go-geom has it. It shares no memory with w. No geometry (nil) gives nil.
//
// The bytes may come from anywhere: malformed ones give an error that matches feature.ErrWKB. What go-geom cannot hold
// gives an error that matches errors.ErrUnsupported.
func Decode(w feature.WKB) (geom.T, error) {
	if w == nil {
		return nil, nil
	}
	if err := w.Check(); err != nil {
		return nil, fmt.Errorf("twgeom: %w", err)
	}
	var d decoder
	if err := w.Walk(&d); err != nil {
		return nil, fmt.Errorf("twgeom: %w", err)
	}
	return d.done, nil
}

// decoder is the Visitor that builds go-geom's geometries.
type decoder struct {
	stack []flat // collections, and in the last one what is open in it
	done  geom.T
}

// flat is a geometry as go-geom keeps it: all ordinates in one slice, and where its parts end.
type flat struct {
	typ   feature.GeomType
	inner []feature.GeomType // parts that are open: a ring, a polygon of several, ...
	flat  []float64
	ends  []int
	endss [][]int
	geoms []geom.T // of a collection
}

func (d *decoder) Begin(t feature.GeomType, n int) error {
	if len(d.stack) > 0 {
		if f := &d.stack[len(d.stack)-1]; f.typ.Base() != feature.GeometryCollection {
			f.inner = append(f.inner, t)
			return nil
		}
	}
	switch t.Base() {
	case feature.Point, feature.LineString, feature.Polygon, feature.MultiPoint, feature.MultiLineString,
		feature.MultiPolygon, feature.GeometryCollection:
		d.stack = append(d.stack, flat{typ: t})
		return nil
	}
	return fmt.Errorf("go-geom has no %s: %w", t, errors.ErrUnsupported)
}

func (d *decoder) Coords(c feature.Coords) error {
	f := &d.stack[len(d.stack)-1]
	f.flat = c.Append(f.flat)
	return nil
}

func (d *decoder) End() error {
	last := len(d.stack) - 1
	f := &d.stack[last]
	if n := len(f.inner); n > 0 {
		part := f.inner[n-1]
		f.inner = f.inner[:n-1]
		if part.Base() == feature.Polygon && part != feature.LinearRing {
			// Rings' ends count from the start of the collection.
			f.endss, f.ends = append(f.endss, f.ends), nil
		} else {
			f.ends = append(f.ends, len(f.flat))
		}
		return nil
	}
	g := f.geometry()
	d.stack = d.stack[:last]
	if last == 0 {
		d.done = g
		return nil
	}
	d.stack[last-1].geoms = append(d.stack[last-1].geoms, g)
	return nil
}

// geometry returns what was collected.
func (f *flat) geometry() geom.T {
	l := layout(f.typ)
	switch f.typ.Base() {
	case feature.Point:
		if len(f.flat) == 0 {
			return geom.NewPointEmpty(l)
		}
		return geom.NewPointFlat(l, f.flat)
	case feature.LineString:
		return geom.NewLineStringFlat(l, f.flat)
	case feature.Polygon:
		return geom.NewPolygonFlat(l, f.flat, f.ends)
	case feature.MultiPoint:
		return geom.NewMultiPointFlat(l, f.flat, geom.NewMultiPointFlatOptionWithEnds(f.ends))
	case feature.MultiLineString:
		return geom.NewMultiLineStringFlat(l, f.flat, f.ends)
	case feature.MultiPolygon:
		return geom.NewMultiPolygonFlat(l, f.flat, f.endss)
	}
	// The members have the collection's layout: Check would not have let them pass.
	return geom.NewGeometryCollection().MustPush(f.geoms...).MustSetLayout(l)
}

func layout(t feature.GeomType) geom.Layout {
	switch {
	case t.HasZ() && t.HasM():
		return geom.XYZM
	case t.HasZ():
		return geom.XYZ
	case t.HasM():
		return geom.XYM
	}
	return geom.XY
}
