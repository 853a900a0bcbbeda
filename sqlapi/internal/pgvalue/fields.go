package pgvalue

import "strconv"

// appendFields adds the types of columns as a JSON object.
func appendFields(dst []byte, columns []Column, geometryOID, geographyOID uint32) []byte {
	dst = append(dst, '{')
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, []byte(c.Name)), `:{"type":"`...)
		switch t, ok := types[c.OID]; {
		case c.OID != 0 && c.OID == geometryOID:
			dst = appendTypMod(append(dst, "geometry"...), c.TypMod)
		case c.OID != 0 && c.OID == geographyOID:
			dst = appendTypMod(append(dst, "geography"...), c.TypMod)
		case ok:
			dst = append(dst, t.shown()...)
			dst = append(dst, `","pgtype":"`...)
			dst = append(dst, t.name...)
			dst = append(dst, `"}`...)
		default:
			dst = append(dst, "unknown("...)
			dst = strconv.AppendUint(dst, uint64(c.OID), 10)
			dst = append(dst, `)"}`...)
		}
	}
	return append(dst, '}')
}

// wkbTypes are the names of PostGIS' types, by their numbers in a typmod, which from 13 on are not those of WKB (PostGIS,
// liblwgeom.h: POLYHEDRALSURFACETYPE, TRIANGLETYPE, TINTYPE).
var wkbTypes = [...]string{
	"Unknown", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection",
	"CircularString", "CompoundCurve", "CurvePolygon", "MultiCurve", "MultiSurface", "PolyhedralSurface", "Triangle", "Tin",
}

// GeometryType returns what the typmod of a column of PostGIS' geometry or geography says: the name of the type, as in "MultiPolygon",
// or "Unknown" for any type; whether there are Z and M; the SRID, 0 where it is unknown. ok is false where there is no
// typmod, which is negative then; the name is empty where PostGIS has no such type.
//
// From the lowest bit on a typmod has a bit for M, one for Z, six for the type, and 21 for the SRID, whose highest is its sign
// (PostGIS, liblwgeom.h: TYPMOD_GET_SRID and others).
func GeometryType(typmod int32) (name string, hasZ, hasM bool, srid int32, ok bool) {
	if typmod < 0 {
		return "", false, false, 0, false
	}
	if t := int(typmod >> 2 & 0x3f); t < len(wkbTypes) {
		name = wkbTypes[t]
	}
	srid = typmod & 0x0fffff00 >> 8
	if typmod&0x10000000 != 0 {
		srid -= 1 << 20
	}
	return name, typmod&2 != 0, typmod&1 != 0, srid, true
}

// appendTypMod adds what a typmod of PostGIS says, behind the name of the type.
func appendTypMod(dst []byte, typmod int32) []byte {
	dst = append(dst, '"')
	name, _, _, srid, ok := GeometryType(typmod)
	if !ok {
		return append(dst, `,"dims":4,"srid":-1}`...) // as CARTO shows it: all bits of -1 are set
	}
	if name != "" {
		dst = append(dst, `,"wkbtype":"`...)
		dst = append(dst, name...)
		dst = append(dst, '"')
	}
	dst = strconv.AppendInt(append(dst, `,"dims":`...), int64(2+typmod>>1&1+typmod&1), 10)
	dst = strconv.AppendInt(append(dst, `,"srid":`...), int64(srid), 10)
	return append(dst, '}')
}
