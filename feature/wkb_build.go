package feature

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Builder makes little-endian ISO WKB. It is a Visitor, so Walk into a Builder copies a geometry; calls by hand make a
// new one. Counts are filled in by End, so the n of Begin is only a hint. The zero value is ready for use. After an error
// every further call returns the same one, and so does WKB, so that it is enough to look at that.
//
//	var b feature.Builder
//	b.Begin(feature.Polygon, 1)
//	b.Begin(feature.LinearRing, 4)
//	b.XY(0, 0); b.XY(1, 0); b.XY(0, 1); b.XY(0, 0)
//	b.End()
//	b.End()
//	w, err := b.WKB()
type Builder struct {
	buf   []byte
	stack []buildFrame
	err   error
}

type buildFrame struct {
	typ     GeomType // a LinearRing takes its polygon's dimensions: see dims
	dims    GeomType
	countAt int // where the count stands, or -1 for a point
	n       uint32
}

// Reset forgets what was built and goes on in buf's memory, from its start.
func (b *Builder) Reset(buf []byte) {
	b.buf, b.stack, b.err = buf[:0], b.stack[:0], nil
}

// WKB returns what was built. It shares the builder's memory: it is valid until Reset. The error is the first that any
// call met, or says that a geometry was not ended.
func (b *Builder) WKB() (WKB, error) {
	if b.err != nil {
		return nil, b.err
	}
	if len(b.stack) > 0 {
		return nil, fmt.Errorf("wkb builder: %s is not ended", b.stack[len(b.stack)-1].typ)
	}
	if len(b.buf) == 0 {
		return nil, errors.New("wkb builder: nothing was built")
	}
	return WKB(b.buf), nil
}

func (b *Builder) fail(format string, args ...any) error {
	if b.err == nil {
		b.err = fmt.Errorf("wkb builder: "+format, args...)
	}
	return b.err
}

// Begin opens a geometry, or a ring of the polygon that is open.
func (b *Builder) Begin(t GeomType, _ int) error {
	if b.err != nil {
		return b.err
	}
	var parent *buildFrame
	if len(b.stack) > 0 {
		parent = &b.stack[len(b.stack)-1]
		parent.n++
	}
	f := buildFrame{typ: t, dims: t, countAt: -1}
	if t == LinearRing {
		if parent == nil || (parent.typ.Base() != Polygon && parent.typ.Base() != Triangle) {
			return b.fail("a ring outside a polygon")
		}
		f.dims = parent.dims
	} else {
		switch {
		case !t.IsValid() || t.isAbstract():
			return b.fail("%s cannot be built", t)
		case parent == nil && len(b.buf) > 0:
			return b.fail("a second geometry")
		case parent != nil && (!parent.typ.IsCollection() || !parent.typ.member(t) || parent.dims/1000 != t/1000):
			return b.fail("a %s in a %s", t, parent.typ)
		case len(b.stack) >= MaxDepth:
			return b.fail("nested more than %d deep", MaxDepth)
		}
		b.buf = append(b.buf, 1)
		b.buf = binary.LittleEndian.AppendUint32(b.buf, uint32(t))
	}
	if t.Base() != Point || t == LinearRing {
		f.countAt = len(b.buf)
		b.buf = append(b.buf, 0, 0, 0, 0)
	}
	b.stack = append(b.stack, f)
	return nil
}

// Coords adds a run of coordinates to the point, line or ring that is open. Their dimensions must be its own.
func (b *Builder) Coords(c Coords) error {
	f, err := b.line()
	if err != nil {
		return err
	}
	if c.typ/1000 != f.dims/1000 {
		return b.fail("coordinates of a %s in a %s", c.typ, f.dims)
	}
	f.n += uint32(c.Len())
	if !c.big {
		b.buf = append(b.buf, c.b...)
		return nil
	}
	for i := 0; i < len(c.b); i += 8 {
		b.buf = binary.LittleEndian.AppendUint64(b.buf, binary.BigEndian.Uint64(c.b[i:]))
	}
	return nil
}

// XY adds a coordinate. Z and M, where the type has them, are 0.
func (b *Builder) XY(x, y float64) error { return b.XYZM(x, y, 0, 0) }

// XYZM adds a coordinate; z and m are used as far as the type has them.
func (b *Builder) XYZM(x, y, z, m float64) error {
	f, err := b.line()
	if err != nil {
		return err
	}
	f.n++
	b.buf = appendFloat(appendFloat(b.buf, x), y)
	if f.dims.HasZ() {
		b.buf = appendFloat(b.buf, z)
	}
	if f.dims.HasM() {
		b.buf = appendFloat(b.buf, m)
	}
	return nil
}

// line returns the open frame that takes coordinates.
func (b *Builder) line() (*buildFrame, error) {
	if b.err != nil {
		return nil, b.err
	}
	if len(b.stack) > 0 {
		f := &b.stack[len(b.stack)-1]
		if f.typ == LinearRing || f.typ.Base() == Point || f.typ.Base() == LineString || f.typ.Base() == CircularString {
			return f, nil
		}
	}
	return nil, b.fail("a coordinate outside a point, line or ring")
}

// End closes what the last open Begin opened. A point without a coordinate becomes the empty point.
func (b *Builder) End() error {
	if b.err != nil {
		return b.err
	}
	if len(b.stack) == 0 {
		return b.fail("End without Begin")
	}
	f := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	if f.countAt >= 0 {
		binary.LittleEndian.PutUint32(b.buf[f.countAt:], f.n)
		return nil
	}
	switch f.n {
	case 0:
		for range f.dims.Dims() {
			b.buf = binary.LittleEndian.AppendUint64(b.buf, nanBits)
		}
	case 1:
	default:
		return b.fail("a point with %d coordinates", f.n)
	}
	return nil
}

// nanBits is the NaN of C's libraries, and so of PostGIS' and GEOS' empty points. That of package math has another bit set.
const nanBits = 0x7FF8000000000000

func appendFloat(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

// AppendPoint adds a two-dimensional point to dst. NaN, NaN is the empty point.
func AppendPoint(dst []byte, x, y float64) []byte {
	dst = append(dst, 1, 1, 0, 0, 0)
	if x != x && y != y {
		x, y = math.Float64frombits(nanBits), math.Float64frombits(nanBits)
	}
	return appendFloat(appendFloat(dst, x), y)
}

// AppendHeader adds a little-endian header of type t to dst, and the count n unless t is a point. Members, rings and
// coordinates are the caller's to add.
func AppendHeader(dst []byte, t GeomType, n int) []byte {
	dst = append(dst, 1)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t))
	if t.Base() != Point {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	}
	return dst
}

// AppendBounds adds the bounds as a Polygon, counter-clockwise, to dst. Empty bounds are the empty polygon.
func AppendBounds(dst []byte, b Bounds) []byte {
	if b.IsEmpty() {
		return AppendHeader(dst, Polygon, 0)
	}
	dst = AppendHeader(dst, Polygon, 1)
	dst = binary.LittleEndian.AppendUint32(dst, 5)
	for _, p := range [5][2]float64{
		{b.MinX, b.MinY}, {b.MaxX, b.MinY}, {b.MaxX, b.MaxY}, {b.MinX, b.MaxY}, {b.MinX, b.MinY},
	} {
		dst = appendFloat(appendFloat(dst, p[0]), p[1])
	}
	return dst
}
