package feature

// FromEWKB converts PostGIS' extended WKB, ISO WKB or OGR's old 2.5D WKB, in either byte order, to little-endian ISO
// WKB, which it adds to dst. It returns the SRID that the bytes carry, or 0. Malformed bytes give an error that matches
// ErrWKB, and dst as it was. It allocates nothing when dst has room.
//
// EWKB marks Z, M and an SRID by the type's upper bits (PostGIS, doc/ZMSgeoms.txt).
func FromEWKB(dst, ewkb []byte) ([]byte, int32, error) {
	r := recoder{cursor: cursor{b: ewkb, ewkb: true}, out: dst, asIs: true}
	if err := r.all(); err != nil {
		return dst, 0, err
	}
	return r.out, r.cursor.srid, nil
}

// AppendEWKB adds w to dst as little-endian EWKB. An SRID of 0 is left out. Malformed bytes give an error that matches
// ErrWKB, and dst as it was. It allocates nothing when dst has room.
func AppendEWKB(dst []byte, w WKB, srid int32) ([]byte, error) {
	r := recoder{cursor: cursor{b: w}, out: dst, asIs: true, toEWKB: true, srid: srid}
	if err := r.all(); err != nil {
		return dst, err
	}
	return r.out, nil
}
