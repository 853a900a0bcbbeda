package feature

import "strconv"

// AppendWKT adds the geometry to dst as well-known text (ISO 13249-3, OGC 06-103r4), spelled as ogrinfo spells it:
//
//	POINT Z (1 2 3)
//	MULTIPOINT ((1 2),(3 4))
//	COMPOUNDCURVE ((0 0,1 1),CIRCULARSTRING (1 1,2 2,3 1))
//	GEOMETRYCOLLECTION (POINT (1 2),LINESTRING EMPTY)
//
// Numbers have as few digits as bring the same float64 back, where ogrinfo rounds to 15. Members that are empty stay,
// where ogrinfo drops them. Malformed bytes give an error that matches ErrWKB, and dst as it was.
func AppendWKT(dst []byte, w WKB) ([]byte, error) {
	p := wktPrinter{dst: dst}
	if err := w.Walk(&p); err != nil {
		return dst, err
	}
	return p.dst, nil
}

// wktPrinter is the Visitor that prints well-known text.
type wktPrinter struct {
	dst   []byte
	stack []textFrame
}

// textFrame is a geometry that is being printed, here and in GeoJSON.
type textFrame struct {
	typ   GeomType
	some  bool // a member was printed: the next one needs a comma
	empty bool
}

func (p *wktPrinter) Begin(t GeomType, n int) error {
	tagged := true
	if len(p.stack) > 0 {
		parent := &p.stack[len(p.stack)-1]
		if parent.some {
			p.dst = append(p.dst, ',')
		}
		parent.some = true
		tagged = !parent.typ.impliesInText(t)
	}
	if tagged {
		p.dst = append(append(p.dst, t.String()...), ' ')
	}
	p.stack = append(p.stack, textFrame{typ: t, empty: n == 0})
	if n == 0 {
		p.dst = append(p.dst, "EMPTY"...)
	} else {
		p.dst = append(p.dst, '(')
	}
	return nil
}

// impliesInText tells whether a member m of the collection or polygon t goes without its type's name.
func (t GeomType) impliesInText(m GeomType) bool {
	switch t.Base() {
	case GeometryCollection:
		return false
	case CompoundCurve, CurvePolygon, MultiCurve:
		return m.Base() == LineString
	case MultiSurface:
		return m.Base() == Polygon
	}
	return true // all others hold one type only
}

func (p *wktPrinter) Coords(c Coords) error {
	for i := range c.Len() {
		if i > 0 {
			p.dst = append(p.dst, ',')
		}
		x, y := c.XY(i)
		p.dst = AppendReal(append(AppendReal(p.dst, x), ' '), y)
		if c.HasZ() {
			p.dst = AppendReal(append(p.dst, ' '), c.Z(i))
		}
		if c.HasM() {
			p.dst = AppendReal(append(p.dst, ' '), c.M(i))
		}
	}
	return nil
}

func (p *wktPrinter) End() error {
	if f := p.stack[len(p.stack)-1]; !f.empty {
		p.dst = append(p.dst, ')')
	}
	p.stack = p.stack[:len(p.stack)-1]
	return nil
}

// AppendSummary adds what ogrinfo -geom=SUMMARY says of the geometry to dst, without a line break at its end: the type and
// the number of points, rings or members, each member of a collection on a line of its own.
//
//	POLYGON : 4 points, 1 inner rings (4 points)
//	MULTIPOLYGON : 1 geometries:
//	POLYGON : 4 points
func AppendSummary(dst []byte, w WKB) ([]byte, error) {
	p := summaryPrinter{dst: dst}
	if err := w.Walk(&p); err != nil {
		return dst, err
	}
	return p.dst, nil
}

// summaryPrinter is the Visitor behind AppendSummary. Rings, and what stands for rings in a curve polygon, are counted on
// the way and printed when their polygon ends.
type summaryPrinter struct {
	dst   []byte
	stack []GeomType
	rings []int  // points in each ring of the polygon that is open
	parts []byte // members of the compound curve that is open
}

func (p *summaryPrinter) Begin(t GeomType, n int) error {
	p.stack = append(p.stack, t)
	if len(p.stack) > 1 {
		switch parent := p.stack[len(p.stack)-2]; parent.Base() {
		case Polygon, Triangle:
			p.rings = append(p.rings, n)
			return nil
		case CurvePolygon:
			if t.Base() == CompoundCurve {
				n = 0 // its members are added up
			}
			p.rings = append(p.rings, n)
			return nil
		case CompoundCurve:
			if p.inCurvePolygon() {
				p.rings[len(p.rings)-1] += n
				return nil
			}
			if len(p.parts) > 0 {
				p.parts = append(p.parts, ", "...)
			}
			p.parts = append(append(p.parts, t.Name()...), " ("...)
			p.parts = append(strconv.AppendInt(p.parts, int64(n), 10), " points)"...)
			return nil
		default:
			p.dst = append(p.dst, '\n')
		}
	}
	p.dst = append(append(p.dst, t.Name()...), " :"...)
	switch t.Base() {
	case Point:
		if n == 0 {
			p.dst = append(p.dst, " empty"...)
		}
	case LineString, CircularString:
		p.count(n, " points")
	case Polygon, Triangle, CurvePolygon:
		p.rings = p.rings[:0]
	case CompoundCurve:
		p.parts = p.parts[:0]
	default:
		p.count(n, " geometries:")
	}
	return nil
}

// inCurvePolygon tells whether the parent of the geometry begun last is a ring.
func (p *summaryPrinter) inCurvePolygon() bool {
	n := len(p.stack)
	return n > 2 && p.stack[n-3].Base() == CurvePolygon
}

func (p *summaryPrinter) count(n int, what string) {
	p.dst = append(strconv.AppendInt(append(p.dst, ' '), int64(n), 10), what...)
}

func (p *summaryPrinter) Coords(Coords) error { return nil }

func (p *summaryPrinter) End() error {
	t := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	switch t.Base() {
	case Polygon, Triangle, CurvePolygon:
		if len(p.rings) == 0 {
			p.dst = append(p.dst, " empty"...)
			return nil
		}
		p.count(p.rings[0], " points")
		if inner := p.rings[1:]; len(inner) > 0 {
			p.dst = append(p.dst, ',')
			p.count(len(inner), " inner rings (")
			for i, n := range inner {
				if i > 0 {
					p.dst = append(p.dst, ", "...)
				}
				p.dst = append(strconv.AppendInt(p.dst, int64(n), 10), " points"...)
			}
			p.dst = append(p.dst, ')')
		}
	case CompoundCurve:
		if len(p.stack) > 0 && p.stack[len(p.stack)-1].Base() == CurvePolygon {
			return nil
		}
		if len(p.parts) == 0 {
			p.dst = append(p.dst, " empty"...)
			return nil
		}
		p.dst = append(append(p.dst, ' '), p.parts...)
	}
	return nil
}
