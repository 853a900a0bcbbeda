package feature

import (
	"fmt"
	"strings"
)

// GeomType is a geometry type with its dimensions, numbered as ISO 13249-3 and OGC 06-103r4 number them in WKB: the base
// type, plus 1000 with Z, plus 2000 with M.
type GeomType uint32

// The geometry types of OGC Simple Features. Geometry stands for any type.
const (
	Geometry           GeomType = 0
	Point              GeomType = 1
	LineString         GeomType = 2
	Polygon            GeomType = 3
	MultiPoint         GeomType = 4
	MultiLineString    GeomType = 5
	MultiPolygon       GeomType = 6
	GeometryCollection GeomType = 7
	CircularString     GeomType = 8
	CompoundCurve      GeomType = 9
	CurvePolygon       GeomType = 10
	MultiCurve         GeomType = 11
	MultiSurface       GeomType = 12
	Curve              GeomType = 13
	Surface            GeomType = 14
	PolyhedralSurface  GeomType = 15
	TIN                GeomType = 16
	Triangle           GeomType = 17

	// LinearRing is what Walk calls a ring of a polygon. It never stands in WKB.
	LinearRing GeomType = 101
)

var geomTypeNames = [...]string{
	"GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION",
	"CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE", "CURVE", "SURFACE",
	"POLYHEDRALSURFACE", "TIN", "TRIANGLE",
}

// ogrTypeNames are the names that ogrinfo prints.
var ogrTypeNames = [...]string{
	"Unknown (any)", "Point", "Line String", "Polygon", "Multi Point", "Multi Line String", "Multi Polygon",
	"Geometry Collection", "Circular String", "Compound Curve", "Curve Polygon", "Multi Curve", "Multi Surface", "Curve",
	"Surface", "PolyhedralSurface", "TIN", "Triangle",
}

// Base returns the type without its dimensions.
func (t GeomType) Base() GeomType { return t % 1000 }

// HasZ tells whether coordinates have a Z.
func (t GeomType) HasZ() bool { return t/1000 == 1 || t/1000 == 3 }

// HasM tells whether coordinates have a measure.
func (t GeomType) HasM() bool { return t/1000 == 2 || t/1000 == 3 }

// WithDims returns the base type of t with the dimensions asked for.
func (t GeomType) WithDims(z, m bool) GeomType {
	t = t.Base()
	if z {
		t += 1000
	}
	if m {
		t += 2000
	}
	return t
}

// Dims returns the number of ordinates of a coordinate: 2, 3 or 4.
func (t GeomType) Dims() int {
	switch t / 1000 {
	case 0:
		return 2
	case 3:
		return 4
	}
	return 3
}

// IsValid tells whether t is one of the types above, with or without Z and M. LinearRing is not.
func (t GeomType) IsValid() bool { return t.Base() <= Triangle && t < 4000 }

// isAbstract tells whether no geometry is of this type, but columns may be.
func (t GeomType) isAbstract() bool {
	b := t.Base()
	return b == Geometry || b == Curve || b == Surface
}

// IsCollection tells whether a geometry of this type is made of geometries that have a WKB header of their own.
func (t GeomType) IsCollection() bool {
	switch t.Base() {
	case MultiPoint, MultiLineString, MultiPolygon, GeometryCollection, CompoundCurve, CurvePolygon, MultiCurve,
		MultiSurface, PolyhedralSurface, TIN:
		return true
	}
	return false
}

// IsCurve tells whether the type may hold circular arcs.
func (t GeomType) IsCurve() bool {
	switch t.Base() {
	case CircularString, CompoundCurve, CurvePolygon, MultiCurve, MultiSurface, Curve, Surface:
		return true
	}
	return false
}

// Multi returns the collection that holds geometries of this type: MultiPolygon for Polygon. A type that has none
// (Triangle: a TIN is one surface, not many), or is one, is returned as it is.
func (t GeomType) Multi() GeomType {
	var m GeomType
	switch t.Base() {
	case Point:
		m = MultiPoint
	case LineString:
		m = MultiLineString
	case Polygon:
		m = MultiPolygon
	case CircularString, CompoundCurve, Curve:
		m = MultiCurve
	case CurvePolygon, Surface:
		m = MultiSurface
	default:
		return t
	}
	return m.WithDims(t.HasZ(), t.HasM())
}

// Holds tells whether a geometry of type o may stand in a column declared as t: one of the same type or of a subtype of
// it (OGC 06-103r4, 6.1.3), with the same dimensions. A column of type Geometry without dimensions takes anything.
func (t GeomType) Holds(o GeomType) bool {
	if t == Geometry {
		return true
	}
	if t.HasZ() != o.HasZ() || t.HasM() != o.HasM() {
		return false
	}
	tb, ob := t.Base(), o.Base()
	switch tb {
	case ob, Geometry:
		return true
	case GeometryCollection:
		switch ob {
		case MultiPoint, MultiLineString, MultiPolygon, MultiCurve, MultiSurface:
			return true
		}
	case Curve:
		return ob == LineString || ob == CircularString || ob == CompoundCurve
	case Surface:
		return ob == Polygon || ob == CurvePolygon || ob == PolyhedralSurface || ob == TIN || ob == Triangle
	case CurvePolygon:
		return ob == Polygon || ob == Triangle
	case PolyhedralSurface:
		return ob == TIN
	case MultiCurve:
		return ob == MultiLineString
	case MultiSurface:
		return ob == MultiPolygon
	case Polygon:
		return ob == Triangle
	}
	return false
}

// Name returns the base type's name in upper case, without dimensions: "MULTIPOLYGON". GeoPackage and PostGIS use it.
func (t GeomType) Name() string {
	if b := t.Base(); int(b) < len(geomTypeNames) {
		return geomTypeNames[b]
	}
	if t == LinearRing {
		return "LINEARRING"
	}
	return fmt.Sprintf("GeomType(%d)", uint32(t))
}

// String returns the name with its dimensions as in well-known text: "MULTIPOLYGON ZM".
func (t GeomType) String() string {
	s := t.Name()
	if t == LinearRing {
		return s
	}
	switch t / 1000 {
	case 1:
		s += " Z"
	case 2:
		s += " M"
	case 3:
		s += " ZM"
	}
	return s
}

// OGRName returns the name that ogrinfo prints: "3D Measured Multi Polygon".
func (t GeomType) OGRName() string {
	if !t.IsValid() {
		return t.Name()
	}
	s := ogrTypeNames[t.Base()]
	if t.HasM() {
		s = "Measured " + s
	}
	if t.HasZ() {
		s = "3D " + s
	}
	return s
}

// ParseGeomType reads a type's name, with or without dimensions, in any case and with or without blanks: "MultiPolygon",
// "POINT Z", "POINTZM", OGR's "MULTIPOLYGON25D".
func ParseGeomType(s string) (GeomType, error) {
	name := strings.ToUpper(strings.Join(strings.Fields(s), ""))
	for b, n := range geomTypeNames {
		rest, ok := strings.CutPrefix(name, n)
		if !ok {
			continue
		}
		switch rest {
		case "":
			return GeomType(b), nil
		case "Z", "25D":
			return GeomType(b) + 1000, nil
		case "M":
			return GeomType(b) + 2000, nil
		case "ZM":
			return GeomType(b) + 3000, nil
		}
	}
	return 0, fmt.Errorf("%q is not a geometry type: want one such as POINT, MULTIPOLYGON or LINESTRING Z", s)
}
