package feature

import "fmt"

// AppendAs adds w to dst as a geometry that a column of type t holds: a single geometry becomes a collection of one, a
// collection of one becomes its member, Z and M are added as 0 or dropped, any geometry goes into a GeometryCollection.
// What would lose a part or change its nature is an error. Where t is Geometry without dimensions w is added as it is.
func AppendAs(dst []byte, w WKB, t GeomType) ([]byte, error) {
	from, err := w.Type()
	if err != nil {
		return dst, err
	}
	if t.Holds(from) {
		return append(dst, w...), nil
	}
	base := from
	if t.Base() != Geometry {
		base = t.Base()
	}
	target := base.WithDims(t.HasZ(), t.HasM())
	flat := target.Base()
	switch {
	case t.Holds(from.WithDims(t.HasZ(), t.HasM())): // only the dimensions differ
		target = from.WithDims(t.HasZ(), t.HasM())
		if from.Multi() == from && target == from {
			return append(dst, w...), nil
		}
	case flat == GeometryCollection,
		flat.member(from.Base()) && flat.IsCollection(), // a member into its collection
		from.Base().Multi() == flat:
	case from.IsCollection() && from.Base() != GeometryCollection && flat.Multi() == from.Base():
	case flat == MultiCurve && from.Base() == MultiLineString, flat == MultiSurface && from.Base() == MultiPolygon:
	default:
		return dst, fmt.Errorf("a %s does not go into a column of type %s", from, t)
	}
	c := converter{from: from, target: target}
	c.b.buf = dst[len(dst):]
	if err := w.Walk(&c); err != nil {
		return dst, err
	}
	out, err := c.b.WKB()
	if err != nil {
		return dst, err
	}
	return append(dst, out...), nil
}

// converter is the Visitor that rebuilds a geometry with other dimensions, in a collection or out of one.
type converter struct {
	b            Builder
	from, target GeomType
	depth        int
	wrapped      bool // a collection was put around the geometry
	unwrap       bool // the outermost collection is left out
}

func (c *converter) Begin(t GeomType, n int) error {
	c.depth++
	if c.depth == 1 {
		tb, fb := c.target.Base(), c.from.Base()
		switch {
		case tb == fb || tb == Geometry:
		case tb == MultiCurve && fb == MultiLineString, tb == MultiSurface && fb == MultiPolygon:
			return c.b.Begin(c.target, n)
		case tb.IsCollection():
			c.wrapped = true
			if err := c.b.Begin(c.target, 1); err != nil {
				return err
			}
		default:
			if n != 1 {
				return fmt.Errorf("a %s of %d members does not go into a column of type %s", c.from, n, c.target)
			}
			c.unwrap = true
			return nil
		}
	}
	if t != LinearRing {
		t = t.WithDims(c.target.HasZ(), c.target.HasM())
	}
	return c.b.Begin(t, n)
}

func (c *converter) Coords(co Coords) error {
	if co.HasZ() == c.target.HasZ() && co.HasM() == c.target.HasM() {
		return c.b.Coords(co)
	}
	for i := range co.Len() {
		x, y := co.XY(i)
		if err := c.b.XYZM(x, y, co.Z(i), co.M(i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *converter) End() error {
	c.depth--
	if c.depth > 0 {
		return c.b.End()
	}
	if c.unwrap {
		return nil
	}
	if err := c.b.End(); err != nil || !c.wrapped {
		return err
	}
	return c.b.End()
}
