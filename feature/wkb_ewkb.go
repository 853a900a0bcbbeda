package feature

import "encoding/binary"

// FromEWKB converts PostGIS' extended WKB, ISO WKB or OGR's old 2.5D WKB, in either byte order, to little-endian ISO
// WKB, which it adds to dst. It returns the SRID that the bytes carry, or 0.
//
// EWKB marks Z, M and an SRID by the type's upper bits (PostGIS, doc/ZMSgeoms.txt).
func FromEWKB(dst, ewkb []byte) ([]byte, int32, error) {
	w := walker{cursor: cursor{b: ewkb, ewkb: true}}
	var b Builder
	b.buf = dst[len(dst):]
	w.v = &b
	if err := w.all(); err != nil {
		return dst, 0, err
	}
	return append(dst, b.buf...), w.srid, nil
}

// AppendEWKB adds w to dst as little-endian EWKB. An SRID of 0 is left out.
func AppendEWKB(dst []byte, w WKB, srid int32) ([]byte, error) {
	start := len(dst)
	var b Builder
	b.buf = dst[start:]
	if err := w.Walk(&b); err != nil {
		return dst, err
	}
	iso := b.buf
	// Every header keeps its length but the first, which grows by the SRID: rewrite the types in place, then insert it.
	if err := (&retyper{cursor: cursor{b: iso}}).geometry(0); err != nil {
		return dst, err
	}
	dst = append(dst[:start], iso...)
	if srid != 0 {
		code := binary.LittleEndian.Uint32(dst[start+1:]) | ewkbSRID
		binary.LittleEndian.PutUint32(dst[start+1:], code)
		dst = append(dst, 0, 0, 0, 0)
		copy(dst[start+9:], dst[start+5:len(dst)-4])
		binary.LittleEndian.PutUint32(dst[start+5:], uint32(srid))
	}
	return dst, nil
}

// retyper turns the ISO type codes of well-formed little-endian WKB into EWKB's.
type retyper struct{ cursor }

func (r *retyper) geometry(depth int) error {
	at := r.i + 1
	h, err := r.header()
	if err != nil {
		return err
	}
	code := uint32(h.typ.Base())
	if h.typ.HasZ() {
		code |= ewkbZ
	}
	if h.typ.HasM() {
		code |= ewkbM
	}
	size := h.typ.Dims() * 8
	switch h.typ.Base() {
	case Point:
		r.i += size
	case LineString, CircularString:
		r.skip(size)
	case Polygon, Triangle:
		for range r.u32(false) {
			r.skip(size)
		}
	default:
		for range r.u32(false) {
			if err := r.geometry(depth + 1); err != nil {
				return err
			}
		}
	}
	binary.LittleEndian.PutUint32(r.b[at:], code)
	return nil
}

func (r *retyper) skip(size int) { r.i += int(r.u32(false)) * size }
