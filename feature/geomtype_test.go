package feature_test

import (
	"strings"
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

func TestGeomTypeNames(t *testing.T) {
	for _, test := range []struct {
		typ            GeomType
		name, str, ogr string // ogr as "ogrinfo -so" 3.6.2 prints it
		dims           int
	}{
		{Geometry, "GEOMETRY", "GEOMETRY", "Unknown (any)", 2},
		{1000, "GEOMETRY", "GEOMETRY Z", "3D Unknown (any)", 3},
		{Point, "POINT", "POINT", "Point", 2},
		{1001, "POINT", "POINT Z", "3D Point", 3},
		{2001, "POINT", "POINT M", "Measured Point", 3},
		{3001, "POINT", "POINT ZM", "3D Measured Point", 4},
		{LineString, "LINESTRING", "LINESTRING", "Line String", 2},
		{MultiPolygon + 3000, "MULTIPOLYGON", "MULTIPOLYGON ZM", "3D Measured Multi Polygon", 4},
		{GeometryCollection, "GEOMETRYCOLLECTION", "GEOMETRYCOLLECTION", "Geometry Collection", 2},
		{CircularString, "CIRCULARSTRING", "CIRCULARSTRING", "Circular String", 2},
		{CompoundCurve + 1000, "COMPOUNDCURVE", "COMPOUNDCURVE Z", "3D Compound Curve", 3},
		{MultiSurface, "MULTISURFACE", "MULTISURFACE", "Multi Surface", 2},
		{PolyhedralSurface, "POLYHEDRALSURFACE", "POLYHEDRALSURFACE", "PolyhedralSurface", 2},
		{TIN + 1000, "TIN", "TIN Z", "3D TIN", 3},
		{Triangle, "TRIANGLE", "TRIANGLE", "Triangle", 2},
		{LinearRing, "LINEARRING", "LINEARRING", "LINEARRING", 2},
		{999, "GeomType(999)", "GeomType(999)", "GeomType(999)", 2},
	} {
		if got := test.typ.Name(); got != test.name {
			t.Errorf("%d: Name = %q, want %q", test.typ, got, test.name)
		}
		if got := test.typ.String(); got != test.str {
			t.Errorf("%d: String = %q, want %q", test.typ, got, test.str)
		}
		if got := test.typ.OGRName(); got != test.ogr {
			t.Errorf("%d: OGRName = %q, want %q", test.typ, got, test.ogr)
		}
		if got := test.typ.Dims(); got != test.dims {
			t.Errorf("%d: Dims = %d, want %d", test.typ, got, test.dims)
		}
	}
}

func TestParseGeomType(t *testing.T) {
	for base := Geometry; base <= Triangle; base++ {
		for dims := range GeomType(4) {
			want := base + dims*1000
			name := want.String()
			for _, s := range []string{name, strings.ToLower(name), strings.ReplaceAll(name, " ", ""), " " + name + "\t"} {
				if got, err := ParseGeomType(s); got != want || err != nil {
					t.Errorf("ParseGeomType(%q) = %v, %v; want %v", s, got, err, want)
				}
			}
			if !want.IsValid() || want.WithDims(false, false) != base || want.Base() != base ||
				base.WithDims(want.HasZ(), want.HasM()) != want {
				t.Errorf("%v: IsValid, Base, HasZ, HasM and WithDims do not agree", want)
			}
		}
	}
	for s, want := range map[string]GeomType{"MultiPolygon25D": 1006, "Point 25D": 1001, "LineString zm": 3002} {
		if got, err := ParseGeomType(s); got != want || err != nil {
			t.Errorf("ParseGeomType(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "Z", "POINTS", "POINT MZ", "LINEARRING", "MULTI", "POINT Z Z", "1"} {
		if got, err := ParseGeomType(s); err == nil || !strings.Contains(err.Error(), "geometry type") {
			t.Errorf("ParseGeomType(%q) = %v, %v; want an error", s, got, err)
		}
	}
	for _, typ := range []GeomType{18, 101, 1018, 4000, 4001, 0x80000001} {
		if typ.IsValid() {
			t.Errorf("%d is valid", typ)
		}
	}
}

func TestHolds(t *testing.T) {
	// The pairs of different types that hold, from OGC 06-103r4 figure 3 and OGR's OGR_GT_IsSubClassOf.
	subtypes := map[GeomType][]GeomType{
		Polygon:            {Triangle},
		GeometryCollection: {MultiPoint, MultiLineString, MultiPolygon, MultiCurve, MultiSurface},
		CurvePolygon:       {Polygon, Triangle},
		MultiCurve:         {MultiLineString},
		MultiSurface:       {MultiPolygon},
		Curve:              {LineString, CircularString, CompoundCurve},
		Surface:            {Polygon, CurvePolygon, PolyhedralSurface, TIN, Triangle},
		PolyhedralSurface:  {TIN},
	}
	for base := Geometry; base <= Triangle; base++ {
		for other := Geometry; other <= Triangle; other++ {
			want := base == other || base == Geometry
			for _, s := range subtypes[base] {
				want = want || s == other
			}
			for dims := range GeomType(4) {
				for otherDims := range GeomType(4) {
					c, o := base+dims*1000, other+otherDims*1000
					want := want && dims == otherDims || c == Geometry
					if got := c.Holds(o); got != want {
						t.Errorf("%v holds %v: %v, want %v", c, o, got, want)
					}
				}
			}
		}
	}
}

func TestMulti(t *testing.T) {
	for typ, want := range map[GeomType]GeomType{
		Geometry: Geometry, Point: MultiPoint, LineString + 1000: MultiLineString + 1000, Polygon + 3000: MultiPolygon + 3000,
		MultiPolygon: MultiPolygon, GeometryCollection: GeometryCollection, CircularString: MultiCurve,
		CompoundCurve: MultiCurve, Curve: MultiCurve, CurvePolygon: MultiSurface, Surface: MultiSurface, Triangle: Triangle,
		TIN: TIN, PolyhedralSurface: PolyhedralSurface,
	} {
		if got := typ.Multi(); got != want {
			t.Errorf("%v.Multi() = %v, want %v", typ, got, want)
		}
		if got := typ.Multi().Multi(); got != want {
			t.Errorf("%v.Multi().Multi() = %v, want %v", typ, got, want)
		}
	}
}

func TestIsCurveIsCollection(t *testing.T) {
	for typ, want := range map[GeomType]struct{ curve, collection bool }{
		Geometry: {}, Point: {}, LineString: {}, Polygon: {}, Triangle: {}, MultiPolygon + 1000: {false, true},
		CircularString + 2000: {true, false}, CompoundCurve: {true, true}, CurvePolygon: {true, true},
		MultiCurve: {true, true}, MultiSurface: {true, true}, GeometryCollection: {false, true}, TIN: {false, true},
		PolyhedralSurface: {false, true}, Curve: {true, false}, Surface: {true, false},
	} {
		if typ.IsCurve() != want.curve || typ.IsCollection() != want.collection {
			t.Errorf("%v: IsCurve %v, IsCollection %v; want %v", typ, typ.IsCurve(), typ.IsCollection(), want)
		}
	}
}
