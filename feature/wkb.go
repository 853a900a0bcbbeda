package feature

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// WKB is one geometry as ISO well-known binary (ISO 13249-3, OGC 06-103r4), in either byte order. It may hold any type,
// curves included, with Z and M. Nil stands for no geometry, which is not the same as an empty one.
//
// Bytes from outside may be anything: Check and the methods that scan return an error for what is malformed. Every
// count is held against the bytes that remain before it is believed, and nesting is limited to MaxDepth.
type WKB []byte

// MaxDepth is how deep geometries may nest: a point in a collection in a collection is three deep.
const MaxDepth = 128

// ErrWKB is matched by every error about malformed WKB.
var ErrWKB = errors.New("malformed WKB")

// WKBError says where in a geometry's bytes something is wrong. It matches ErrWKB.
type WKBError struct {
	Offset int    // of the byte, from the start of the geometry
	Reason string // what was found and what was expected
}

// Error returns the reason and the place.
func (e *WKBError) Error() string { return fmt.Sprintf("WKB: byte %d: %s", e.Offset, e.Reason) }

// Is matches ErrWKB.
func (e *WKBError) Is(target error) bool { return target == ErrWKB }

// Type returns the geometry's type with its dimensions, from its header alone.
func (w WKB) Type() (GeomType, error) {
	c := cursor{b: w}
	h, err := c.header()
	return h.typ, err
}

// IsEmpty tells whether the geometry has no coordinate at all: a point whose x or y is NaN, a line string without
// points, a collection of nothing but such. Malformed bytes are not empty, and no geometry (nil) is malformed.
func (w WKB) IsEmpty() bool {
	_, n, err := w.scan()
	return err == nil && n == 0
}

// Bounds returns the bounds in x and y, those of arcs included; they are empty for an empty geometry. An ordinate that is
// NaN counts for nothing. It reads all of the geometry, allocates nothing, and returns an error for malformed bytes.
func (w WKB) Bounds() (Bounds, error) {
	// A point is by far the most frequent geometry.
	if len(w) == 21 && w[0] == 1 && binary.LittleEndian.Uint32(w[1:]) == uint32(Point) {
		x := math.Float64frombits(binary.LittleEndian.Uint64(w[5:]))
		y := math.Float64frombits(binary.LittleEndian.Uint64(w[13:]))
		if x != x || y != y {
			return EmptyBounds(), nil
		}
		return Bounds{x, y, x, y}, nil
	}
	b, _, err := w.scan()
	return b, err
}

// Check returns an error unless the bytes are one well-formed ISO WKB geometry and nothing more. It says nothing about
// whether rings close or cross.
func (w WKB) Check() error {
	_, _, err := w.scan()
	return err
}

// Clone returns a copy that shares no memory. The clone of nil is nil.
func (w WKB) Clone() WKB {
	if w == nil {
		return nil
	}
	return append(WKB{}, w...)
}

// scan reads all of the geometry and returns its bounds and the number of its coordinates.
func (w WKB) scan() (Bounds, int, error) {
	s := scanner{cursor: cursor{b: w}, bounds: EmptyBounds()}
	if err := s.geometry(0, Geometry); err != nil {
		return EmptyBounds(), 0, err
	}
	if s.i != len(w) {
		return EmptyBounds(), 0, s.errorf("%d bytes after the end of the geometry", len(w)-s.i)
	}
	return s.bounds, s.coords, nil
}

// cursor reads WKB, and EWKB where ewkb is set.
type cursor struct {
	b    []byte
	i    int
	ewkb bool
	srid int32 // the first SRID met, where ewkb is set
}

// wkbHeader is the byte order and type of a geometry.
type wkbHeader struct {
	typ GeomType
	big bool
}

const (
	ewkbZ    = 0x80000000
	ewkbM    = 0x40000000
	ewkbSRID = 0x20000000
)

func (c *cursor) errorf(format string, args ...any) error {
	return &WKBError{Offset: c.i, Reason: fmt.Sprintf(format, args...)}
}

func (c *cursor) u32(big bool) uint32 {
	var v uint32
	if big {
		v = binary.BigEndian.Uint32(c.b[c.i:])
	} else {
		v = binary.LittleEndian.Uint32(c.b[c.i:])
	}
	c.i += 4
	return v
}

func (c *cursor) header() (wkbHeader, error) {
	var h wkbHeader
	if len(c.b)-c.i < 5 {
		return h, c.errorf("%d bytes left, want at least 5 for a geometry's header", len(c.b)-c.i)
	}
	switch c.b[c.i] {
	case 0:
		h.big = true
	case 1:
	default:
		return h, c.errorf("byte order %d, want 0 (big-endian) or 1 (little-endian)", c.b[c.i])
	}
	c.i++
	code := c.u32(h.big)
	if c.ewkb && code&(ewkbZ|ewkbM|ewkbSRID) != 0 {
		flags := code
		code &^= ewkbZ | ewkbM | ewkbSRID
		if code >= 1000 {
			c.i -= 4
			return h, c.errorf("type %#x has both EWKB and ISO dimensions", flags)
		}
		code = uint32(GeomType(code).WithDims(flags&ewkbZ != 0, flags&ewkbM != 0))
		if flags&ewkbSRID != 0 {
			if len(c.b)-c.i < 4 {
				return h, c.errorf("%d bytes left, want 4 for the SRID", len(c.b)-c.i)
			}
			if srid := int32(c.u32(h.big)); c.srid == 0 {
				c.srid = srid
			}
		}
	}
	h.typ = GeomType(code)
	switch {
	case !h.typ.IsValid():
		c.i -= 4
		return h, c.errorf("geometry type %d is unknown", code)
	case h.typ.isAbstract():
		c.i -= 4
		return h, c.errorf("type %s is abstract and cannot stand in a geometry", h.typ)
	}
	return h, nil
}

// open reads the header of a geometry that stands in a collection of type in, which is Geometry for the outermost one, as
// deep as depth from 0.
func (c *cursor) open(depth int, in GeomType) (wkbHeader, error) {
	start := c.i
	h, err := c.header()
	switch {
	case err != nil:
		return h, err
	case depth >= MaxDepth:
		c.i = start
		return h, c.errorf("nested more than %d deep", MaxDepth)
	// EWKB may state the dimensions on the outermost geometry alone; readers of it differ, so both must agree here.
	case in != Geometry && (!in.member(h.typ) || in/1000 != h.typ/1000):
		c.i = start
		return h, c.errorf("a %s in a %s", h.typ, in)
	}
	return h, nil
}

// count reads a count of things that take at least size bytes each and holds it against the bytes that remain.
func (c *cursor) count(big bool, size int, what string) (int, error) {
	if len(c.b)-c.i < 4 {
		return 0, c.errorf("%d bytes left, want 4 for the number of %s", len(c.b)-c.i, what)
	}
	n := c.u32(big)
	if left := len(c.b) - c.i; uint64(n)*uint64(size) > uint64(left) {
		c.i -= 4
		return 0, c.errorf("%d %s take at least %d bytes, %d are left", n, what, uint64(n)*uint64(size), left)
	}
	return int(n), nil
}

// coords takes n coordinates of type t; the bytes have been counted, but for a point's.
func (c *cursor) coords(n int, h wkbHeader) (Coords, error) {
	size := n * h.typ.Dims() * 8
	if len(c.b)-c.i < size {
		return Coords{}, c.errorf("%d bytes left, want %d for a coordinate", len(c.b)-c.i, size)
	}
	co := Coords{b: c.b[c.i : c.i+size], typ: h.typ, big: h.big}
	c.i += size
	return co, nil
}

// member tells whether a geometry of type o may be a direct member of the collection t.
func (t GeomType) member(o GeomType) bool {
	ob := o.Base()
	switch t.Base() {
	case MultiPoint:
		return ob == Point
	case MultiLineString:
		return ob == LineString
	case MultiPolygon:
		return ob == Polygon
	case CompoundCurve:
		return ob == LineString || ob == CircularString
	case CurvePolygon, MultiCurve:
		return ob == LineString || ob == CircularString || ob == CompoundCurve
	case MultiSurface:
		return ob == Polygon || ob == CurvePolygon
	case PolyhedralSurface:
		return ob == Polygon
	case TIN:
		return ob == Triangle
	}
	return true // GeometryCollection, and the top
}

// scanner is the walk that finds bounds and counts coordinates, without the cost of a Visitor.
type scanner struct {
	cursor
	bounds Bounds
	coords int
}

func (s *scanner) geometry(depth int, in GeomType) error {
	h, err := s.open(depth, in)
	if err != nil {
		return err
	}
	size := h.typ.Dims() * 8
	switch h.typ.Base() {
	case Point:
		co, err := s.cursor.coords(1, h)
		if err != nil {
			return err
		}
		if x, y := co.XY(0); x == x && y == y {
			s.bounds.extend(x, y)
			s.coords++
		}
	case LineString, CircularString:
		n, err := s.count(h.big, size, "points")
		if err != nil {
			return err
		}
		return s.run(n, h)
	case Polygon, Triangle:
		rings, err := s.count(h.big, 4, "rings")
		if err != nil {
			return err
		}
		for range rings {
			n, err := s.count(h.big, size, "points")
			if err != nil {
				return err
			}
			if err := s.run(n, h); err != nil {
				return err
			}
		}
	default:
		n, err := s.count(h.big, 5, "members")
		if err != nil {
			return err
		}
		for range n {
			if err := s.geometry(depth+1, h.typ); err != nil {
				return err
			}
		}
	}
	return nil
}

// run takes n coordinates of a line, ring or circular string.
func (s *scanner) run(n int, h wkbHeader) error {
	co, err := s.cursor.coords(n, h)
	if err != nil {
		return err
	}
	s.coords += n
	if !h.big {
		stride := h.typ.Dims() * 8
		b, bounds := co.b, s.bounds
		for len(b) >= stride {
			bounds.extend(math.Float64frombits(binary.LittleEndian.Uint64(b)),
				math.Float64frombits(binary.LittleEndian.Uint64(b[8:])))
			b = b[stride:]
		}
		s.bounds = bounds
	} else {
		for i := range n {
			s.bounds.extend(co.XY(i))
		}
	}
	if h.typ.Base() == CircularString {
		for i := 0; i+2 < n; i += 2 {
			extendByArc(&s.bounds, co, i)
		}
	}
	return nil
}

// extendByArc adds the arc through points i, i+1 and i+2: its circle's four extremes, so far as the arc passes them.
func extendByArc(b *Bounds, co Coords, i int) {
	x0, y0 := co.XY(i)
	x1, y1 := co.XY(i + 1)
	x2, y2 := co.XY(i + 2)
	if x0 == x2 && y0 == y2 { // a whole circle: the middle point is opposite the first (OGC 06-103r4, 6.1.8)
		cx, cy := x0+(x1-x0)/2, y0+(y1-y0)/2
		r := math.Hypot(x0-cx, y0-cy)
		b.extend(cx-r, cy-r)
		b.extend(cx+r, cy+r)
		return
	}
	ax, ay, bx, by := x1-x0, y1-y0, x2-x0, y2-y0
	d := 2 * (ax*by - ay*bx)
	if d == 0 { // on a line
		return
	}
	a2, b2 := ax*ax+ay*ay, bx*bx+by*by
	dx, dy := (by*a2-ay*b2)/d, (ax*b2-bx*a2)/d // from the first point to the center
	r := math.Hypot(dx, dy)
	cx, cy := x0+dx, y0+dy
	// The arc is the part of the circle on the middle point's side of the chord. d tells that side.
	side := func(x, y float64) float64 { return (bx*(y-y0) - by*(x-x0)) * -d }
	limit := Bounds{math.Inf(-1), math.Inf(-1), math.Inf(1), math.Inf(1)}
	if side(cx, cy) < 0 {
		// Less than half a circle: it leaves the chord by its sagitta at most. Where it is nearly straight, the center is so
		// far away that its distance says nothing exact about the arc.
		half := math.Sqrt(b2) / 2
		sag := half * (half / (r + math.Sqrt(max(0, (r-half)*(r+half)))))
		limit = Bounds{min(x0, x2) - sag, min(y0, y2) - sag, max(x0, x2) + sag, max(y0, y2) + sag}
	}
	if side(cx-r, cy) >= 0 {
		b.extend(max(cx-r, limit.MinX), y0)
	}
	if side(cx+r, cy) >= 0 {
		b.extend(min(cx+r, limit.MaxX), y0)
	}
	if side(cx, cy-r) >= 0 {
		b.extend(x0, max(cy-r, limit.MinY))
	}
	if side(cx, cy+r) >= 0 {
		b.extend(x0, min(cy+r, limit.MaxY))
	}
}
