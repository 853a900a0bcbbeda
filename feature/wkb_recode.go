package feature

import (
	"encoding/binary"
	"math"
)

// recoder writes a geometry anew, little-endian: from EWKB, as EWKB, or in other dimensions. It checks what it reads.
type recoder struct {
	cursor
	out    []byte
	asIs   bool // keep the dimensions; else they become those of z and m
	z, m   bool
	toEWKB bool
	srid   int32 // what toEWKB states on the outermost geometry
}

func (r *recoder) all() error {
	if err := r.geometry(0, Geometry); err != nil {
		return err
	}
	if r.i != len(r.b) {
		return r.errorf("%d bytes after the end of the geometry", len(r.b)-r.i)
	}
	return nil
}

func (r *recoder) geometry(depth int, in GeomType) error {
	h, err := r.open(depth, in)
	if err != nil {
		return err
	}
	to := h.typ
	if !r.asIs {
		to = h.typ.WithDims(r.z, r.m)
	}
	r.appendHeader(depth, to)
	switch h.typ.Base() {
	case Point:
		return r.run(1, h, to)
	case LineString, CircularString:
		return r.line(h, to)
	case Polygon, Triangle:
		n, err := r.appendCount(h, 4, "rings")
		if err != nil {
			return err
		}
		for range n {
			if err := r.line(h, to); err != nil {
				return err
			}
		}
	default:
		n, err := r.appendCount(h, 5, "members")
		if err != nil {
			return err
		}
		for range n {
			if err := r.geometry(depth+1, h.typ); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *recoder) appendHeader(depth int, t GeomType) {
	r.out = append(r.out, 1)
	if !r.toEWKB {
		r.out = binary.LittleEndian.AppendUint32(r.out, uint32(t))
		return
	}
	code := uint32(t.Base())
	if t.HasZ() {
		code |= ewkbZ
	}
	if t.HasM() {
		code |= ewkbM
	}
	if depth > 0 || r.srid == 0 {
		r.out = binary.LittleEndian.AppendUint32(r.out, code)
		return
	}
	r.out = binary.LittleEndian.AppendUint32(r.out, code|ewkbSRID)
	r.out = binary.LittleEndian.AppendUint32(r.out, uint32(r.srid))
}

// appendCount takes a count, as the cursor's count does, and adds it.
func (r *recoder) appendCount(h wkbHeader, size int, what string) (int, error) {
	n, err := r.count(h.big, size, what)
	r.out = binary.LittleEndian.AppendUint32(r.out, uint32(n))
	return n, err
}

func (r *recoder) line(h wkbHeader, to GeomType) error {
	n, err := r.appendCount(h, h.typ.Dims()*8, "points")
	if err != nil {
		return err
	}
	return r.run(n, h, to)
}

// run takes n coordinates and adds them with the dimensions of to: what it has more is 0, or NaN in an empty point.
// Ordinates are moved as bits, so that no NaN changes.
func (r *recoder) run(n int, h wkbHeader, to GeomType) error {
	co, err := r.coords(n, h)
	if err != nil {
		return err
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if h.big {
		order = binary.BigEndian
	}
	same := to/1000 == h.typ/1000
	if same && !h.big {
		r.out = append(r.out, co.b...)
		return nil
	}
	if same {
		for b := co.b; len(b) > 0; b = b[8:] {
			r.out = binary.LittleEndian.AppendUint64(r.out, order.Uint64(b))
		}
		return nil
	}
	stride := h.typ.Dims() * 8
	for b := co.b; len(b) > 0; b = b[stride:] {
		x, y := order.Uint64(b), order.Uint64(b[8:])
		var z, m uint64
		if h.typ.Base() == Point && (isNaN(x) || isNaN(y)) {
			z, m = nanBits, nanBits
		}
		if h.typ.HasZ() {
			z = order.Uint64(b[16:])
		}
		if h.typ.HasM() {
			m = order.Uint64(b[stride-8:])
		}
		r.out = binary.LittleEndian.AppendUint64(r.out, x)
		r.out = binary.LittleEndian.AppendUint64(r.out, y)
		if to.HasZ() {
			r.out = binary.LittleEndian.AppendUint64(r.out, z)
		}
		if to.HasM() {
			r.out = binary.LittleEndian.AppendUint64(r.out, m)
		}
	}
	return nil
}

func isNaN(bits uint64) bool { return math.IsNaN(math.Float64frombits(bits)) }
