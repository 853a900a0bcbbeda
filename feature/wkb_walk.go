package feature

import (
	"encoding/binary"
	"math"
)

// Visitor receives the parts of a geometry from Walk. An error from any method ends the walk and is returned by it.
//
// Invariants: Begin and End nest. Between them come, for a point, line string, circular string or ring, one call of
// Coords (none when it is empty); for a polygon or triangle, its rings as Begin(LinearRing, points); for all else, its
// members. All parts of one geometry have the same dimensions. The n of Begin is held against the bytes that there are,
// so memory for n parts may be set aside.
type Visitor interface {
	// Begin opens a geometry of type t with n points, rings or members. A ring is a LinearRing.
	Begin(t GeomType, n int) error
	// Coords hands over the coordinates of the geometry that was begun last. They are valid until Coords returns.
	Coords(c Coords) error
	// End closes what the matching Begin opened.
	End() error
}

// Coords is a run of coordinates inside a WKB. It is a view: it is valid as long as the bytes are.
type Coords struct {
	b   []byte
	typ GeomType
	big bool
}

// Len returns the number of coordinates.
func (c Coords) Len() int { return len(c.b) / (c.typ.Dims() * 8) }

// HasZ tells whether the coordinates have a Z.
func (c Coords) HasZ() bool { return c.typ.HasZ() }

// HasM tells whether the coordinates have a measure.
func (c Coords) HasM() bool { return c.typ.HasM() }

func (c Coords) f64(i int) float64 {
	if c.big {
		return math.Float64frombits(binary.BigEndian.Uint64(c.b[i:]))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(c.b[i:]))
}

// XY returns x and y of coordinate i.
func (c Coords) XY(i int) (x, y float64) {
	o := i * c.typ.Dims() * 8
	return c.f64(o), c.f64(o + 8)
}

// Z returns the Z of coordinate i, or 0 where there is none.
func (c Coords) Z(i int) float64 {
	if !c.typ.HasZ() {
		return 0
	}
	return c.f64(i*c.typ.Dims()*8 + 16)
}

// M returns the measure of coordinate i, or 0 where there is none.
func (c Coords) M(i int) float64 {
	if !c.typ.HasM() {
		return 0
	}
	n := c.typ.Dims()
	return c.f64((i*n + n - 1) * 8)
}

// Append adds the ordinates of all coordinates, two to four each, to dst.
func (c Coords) Append(dst []float64) []float64 {
	for i := 0; i < len(c.b); i += 8 {
		dst = append(dst, c.f64(i))
	}
	return dst
}

// Walk takes v through the geometry. Malformed bytes give an error that matches ErrWKB, perhaps after some calls of v; an
// error of v is returned as it is.
func (w WKB) Walk(v Visitor) error {
	wk := walker{cursor: cursor{b: w}, v: v}
	return wk.all()
}

type walker struct {
	cursor
	v Visitor
}

func (w *walker) all() error {
	if err := w.geometry(0, Geometry); err != nil {
		return err
	}
	if w.i != len(w.b) {
		return w.errorf("%d bytes after the end of the geometry", len(w.b)-w.i)
	}
	return nil
}

func (w *walker) geometry(depth int, in GeomType) error {
	h, err := w.open(depth, in)
	if err != nil {
		return err
	}
	size := h.typ.Dims() * 8
	switch h.typ.Base() {
	case Point:
		co, err := w.coords(1, h)
		if err != nil {
			return err
		}
		if x, y := co.XY(0); x != x || y != y {
			co.b = nil
		}
		return w.run(h.typ, co)
	case LineString, CircularString:
		return w.line(h.typ, h, size)
	case Polygon, Triangle:
		rings, err := w.count(h.big, 4, "rings")
		if err != nil {
			return err
		}
		if err := w.v.Begin(h.typ, rings); err != nil {
			return err
		}
		for range rings {
			if err := w.line(LinearRing, h, size); err != nil {
				return err
			}
		}
		return w.v.End()
	}
	n, err := w.count(h.big, 5, "members")
	if err != nil {
		return err
	}
	if err := w.v.Begin(h.typ, n); err != nil {
		return err
	}
	for range n {
		if err := w.geometry(depth+1, h.typ); err != nil {
			return err
		}
	}
	return w.v.End()
}

// line takes a counted run of coordinates and hands it over as a geometry of type t.
func (w *walker) line(t GeomType, h wkbHeader, size int) error {
	n, err := w.count(h.big, size, "points")
	if err != nil {
		return err
	}
	co, err := w.coords(n, h)
	if err != nil {
		return err
	}
	return w.run(t, co)
}

func (w *walker) run(t GeomType, co Coords) error {
	if err := w.v.Begin(t, co.Len()); err != nil {
		return err
	}
	if co.Len() > 0 {
		if err := w.v.Coords(co); err != nil {
			return err
		}
	}
	return w.v.End()
}
