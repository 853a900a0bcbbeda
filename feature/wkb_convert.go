package feature

import (
	"encoding/binary"
	"fmt"
)

// AppendMulti adds w to dst as the collection of its kind with w as the only member: a Polygon as a MultiPolygon. What
// is a collection already, or has none, is added as it is. An empty geometry becomes the empty collection.
//
// It reads no more of w than that takes: malformed bytes may stay malformed. It allocates nothing when dst has room.
func AppendMulti(dst []byte, w WKB) ([]byte, error) {
	t, err := w.Type()
	if err != nil {
		return dst, err
	}
	return appendIn(dst, w, t, t.Multi()), nil
}

// AppendAs adds w to dst as a geometry that a column of type t holds, as [GeomType.Holds] says:
//
//   - a geometry that it holds, or any where t is Geometry without dimensions, as it is;
//   - with Z and M added as 0 or dropped, where only they differ;
//   - a single geometry as a collection of one: a Polygon as a MultiPolygon, or anything as a GeometryCollection; an
//     empty one as the empty collection;
//   - a collection of one as its member: a MultiPolygon of one as a Polygon; an empty one as the empty single geometry.
//
// What would lose a part or change its nature is an error. What needs no other dimensions is not read further than that
// takes: malformed bytes may stay malformed. It allocates nothing when dst has room.
func AppendAs(dst []byte, w WKB, t GeomType) ([]byte, error) {
	from, err := w.Type()
	if err != nil {
		return dst, err
	}
	if t.Holds(from) {
		return append(dst, w...), nil
	}
	z, m := t.HasZ(), t.HasM()
	to := from.WithDims(z, m) // what w is apart from its type
	sameDims := to == from
	target := t.Base().WithDims(z, m)
	switch {
	case t.Holds(to): // only the dimensions differ
		return appendDims(dst, w, z, m)
	case wraps(t.Base(), from.Base()):
		if sameDims {
			return appendIn(dst, w, from, target), nil
		}
		if w.IsEmpty() {
			return AppendHeader(dst, target, 0), nil
		}
		out, err := appendDims(AppendHeader(dst, target, 1), w, z, m)
		if err != nil {
			return dst, err
		}
		return out, nil
	case wraps(from.Base(), t.Base()):
		return appendOnly(dst, w, from, t)
	}
	return dst, fmt.Errorf("a %s does not go into a column of type %s", from, t)
}

// wraps tells whether a collection of type c with a geometry of type t as its only member is the same thing as that
// geometry. (A CurvePolygon is not the same as its ring.)
func wraps(c, t GeomType) bool {
	switch c {
	case MultiPoint, MultiLineString, MultiPolygon, MultiCurve, MultiSurface, GeometryCollection, CompoundCurve,
		PolyhedralSurface, TIN:
		return c.member(t)
	}
	return false
}

// appendIn adds w, of type t, to dst as the only member of a collection of type c.
func appendIn(dst []byte, w WKB, t, c GeomType) []byte {
	switch {
	case c == t:
		return append(dst, w...)
	case w.startsEmpty(t) && w.IsEmpty():
		return AppendHeader(dst, c, 0)
	}
	return append(AppendHeader(dst, c, 1), w...)
}

// startsEmpty tells, from the first bytes, whether a geometry of type t may be empty. Most are not, and need not be read
// to the end to say so.
func (w WKB) startsEmpty(t GeomType) bool {
	c := cursor{b: w, i: 5}
	big := w[0] == 0
	switch t.Base() {
	case LineString, CircularString:
		n, err := c.count(big, t.Dims()*8, "points")
		return err == nil && n == 0
	case Polygon, Triangle:
		rings, err := c.count(big, 4, "rings")
		if err != nil || rings == 0 {
			return err == nil
		}
		n, err := c.count(big, t.Dims()*8, "points")
		return err == nil && n == 0
	}
	return true
}

// appendDims adds w with or without Z and M.
func appendDims(dst []byte, w WKB, z, m bool) ([]byte, error) {
	r := recoder{cursor: cursor{b: w}, out: dst, z: z, m: m}
	if err := r.all(); err != nil {
		return dst, err
	}
	return r.out, nil
}

// appendOnly adds the only member of w, a collection of type from, as a column of type t holds it.
func appendOnly(dst []byte, w WKB, from, t GeomType) ([]byte, error) {
	c := cursor{b: w, i: 5}
	n, err := c.count(w[0] == 0, 5, "members")
	if err != nil {
		return dst, err
	}
	switch {
	case n == 0 && !t.isAbstract():
		if err := w.Check(); err != nil {
			return dst, err
		}
		return appendEmpty(dst, t), nil
	case n == 1:
		member := w[c.i:]
		// Its type is looked at first: AppendAs would also wrap it, or unwrap it again.
		h, err := c.open(1, from)
		if err != nil {
			return dst, err
		}
		if t.Holds(h.typ.WithDims(t.HasZ(), t.HasM())) {
			return AppendAs(dst, member, t)
		}
		return dst, fmt.Errorf("a %s of a %s does not go into a column of type %s", from, h.typ, t)
	}
	return dst, fmt.Errorf("a %s of %d members does not go into a column of type %s", from, n, t)
}

// appendEmpty adds the empty geometry of type t to dst.
func appendEmpty(dst []byte, t GeomType) []byte {
	dst = AppendHeader(dst, t, 0)
	if t.Base() == Point {
		for range t.Dims() {
			dst = binary.LittleEndian.AppendUint64(dst, nanBits)
		}
	}
	return dst
}
