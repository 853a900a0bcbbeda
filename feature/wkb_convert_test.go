package feature_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

// byText returns a geometry of testdata/geometries.tsv.
func byText(t testing.TB, text string) WKB {
	t.Helper()
	for _, g := range postgis(t) {
		if g.text == text {
			return g.little
		}
	}
	t.Fatalf("geometries.tsv has no %s", text)
	return nil
}

// multi returns the collection of type t with the members.
func multi(t GeomType, members ...WKB) WKB {
	w := AppendHeader(nil, t, len(members))
	for _, m := range members {
		w = append(w, m...)
	}
	return w
}

func TestAppendAs(t *testing.T) {
	get := func(text string) WKB { return byText(t, text) }
	point, line, tri := get("POINT(1.5 -2.25)"), get("LINESTRING(0 0,1 1,2 -1.5)"), get("TRIANGLE((0 0,0 9,9 0,0 0))")
	poly := get("POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,1 2,2 2,2 1,1 1))")
	circular, multiPolygon := get("CIRCULARSTRING(0 0,1 1,2 0)"), get("MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))")
	compound := get("COMPOUNDCURVE(CIRCULARSTRING(0 0,1 1,2 0),(2 0,3 0))")
	curvePolygon := get("CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0),(1 1,3 3,3 1,1 1))")
	for _, test := range []struct {
		name string
		w    WKB
		to   GeomType
		want any // a WKB, or the text of an error
	}{
		{"the same", poly, Polygon, poly},
		{"anything", poly, Geometry, poly},
		{"a subtype", multiPolygon, GeometryCollection, multiPolygon},
		{"a subtype of an abstract type", circular, Curve, circular},
		{"malformed, as it is", poly[:30], Polygon, poly[:30]},

		{"point as multipoint", point, MultiPoint, multi(MultiPoint, point)},
		{"line as multilinestring", line, MultiLineString, multi(MultiLineString, line)},
		{"polygon as multipolygon", poly, MultiPolygon, multi(MultiPolygon, poly)},
		{"polygon as multisurface", poly, MultiSurface, multi(MultiSurface, poly)},
		{"curve polygon as multisurface", curvePolygon, MultiSurface, multi(MultiSurface, curvePolygon)},
		{"line as multicurve", line, MultiCurve, multi(MultiCurve, line)},
		{"compound curve as multicurve", compound, MultiCurve, multi(MultiCurve, compound)},
		{"line as compound curve", line, CompoundCurve, multi(CompoundCurve, line)},
		{"circular string as compound curve", circular, CompoundCurve, multi(CompoundCurve, circular)},
		{"polygon as polyhedral surface", poly, PolyhedralSurface, multi(PolyhedralSurface, poly)},
		{"triangle as tin", tri, TIN, multi(TIN, tri)},
		{"point as collection", point, GeometryCollection, multi(GeometryCollection, point)},
		{"compound curve as collection", compound, GeometryCollection, multi(GeometryCollection, compound)},

		{"multipoint of one", multi(MultiPoint, point), Point, point},
		{"multipolygon of one", multi(MultiPolygon, poly), Polygon, poly},
		{"multipolygon of one, as surface", multi(MultiSurface, poly), Polygon, poly},
		{"multisurface of a polygon, as curve polygon", multi(MultiSurface, poly), CurvePolygon, poly},
		{"multicurve of a line", multi(MultiCurve, line), LineString, line},
		{"compound curve of a line", multi(CompoundCurve, line), LineString, line},
		{"collection of one", multi(GeometryCollection, poly), Polygon, poly},
		{"collection of one multi", multi(GeometryCollection, multiPolygon), MultiPolygon, multiPolygon},

		{"empty point as multipoint", get("POINT EMPTY"), MultiPoint, get("MULTIPOINT EMPTY")},
		{"empty polygon as multipolygon", get("POLYGON EMPTY"), MultiPolygon, get("MULTIPOLYGON EMPTY")},
		{"polygon of an empty ring", multi(Polygon, WKB{0, 0, 0, 0}), MultiPolygon, get("MULTIPOLYGON EMPTY")},
		{"empty line as collection", get("LINESTRING EMPTY"), GeometryCollection, get("GEOMETRYCOLLECTION EMPTY")},
		{"empty compound curve as multicurve", get("COMPOUNDCURVE EMPTY"), MultiCurve, get("MULTICURVE EMPTY")},
		{"empty multipoint as point", get("MULTIPOINT EMPTY"), Point, get("POINT EMPTY")},
		{"empty multipoint as point Z", get("MULTIPOINT EMPTY"), Point + 1000, get("POINT Z EMPTY")},
		{"empty multipolygon as polygon", get("MULTIPOLYGON EMPTY"), Polygon, get("POLYGON EMPTY")},
		{"empty polygon as multipolygon ZM", get("POLYGON EMPTY"), MultiPolygon + 3000, get("MULTIPOLYGON ZM EMPTY")},

		{"Z dropped", get("LINESTRING Z(0 0 10,1 1 20,2 -1.5 30)"), LineString, line},
		{"Z and M dropped", get("LINESTRING ZM(0 0 10 1.5,1 1 20 2.5,2 -1.5 30 3.5)"), LineString, line},
		{
			"M dropped", get("LINESTRING ZM(0 0 10 1.5,1 1 20 2.5,2 -1.5 30 3.5)"), LineString + 1000,
			get("LINESTRING Z(0 0 10,1 1 20,2 -1.5 30)"),
		},
		{
			"Z of a column of any type", get("LINESTRING ZM(0 0 10 1.5,1 1 20 2.5,2 -1.5 30 3.5)"), Geometry + 2000,
			get("LINESTRING M(0 0 1.5,1 1 2.5,2 -1.5 3.5)"),
		},
		{"empty point with Z", get("POINT EMPTY"), Point + 1000, get("POINT Z EMPTY")},
		{"empty point with Z and M", get("POINT M EMPTY"), Point + 3000, get("POINT ZM EMPTY")},
		{"a line into a curve Z", get("LINESTRING M EMPTY"), Curve + 1000, get("LINESTRING Z EMPTY")},
		{"both at once", get("LINESTRING Z(0 0 10,1 1 20,2 -1.5 30)"), MultiLineString, multi(MultiLineString, line)},
		{"both at once, back", multi(MultiLineString+1000, get("LINESTRING Z(0 0 10,1 1 20,2 -1.5 30)")), LineString, line},

		{"point as line", point, LineString, "a POINT does not go into a column of type LINESTRING"},
		{"ring as curve polygon", line, CurvePolygon, "a LINESTRING does not go into a column of type CURVEPOLYGON"},
		{"polygon as multilinestring", poly, MultiLineString, "a POLYGON does not go"},
		{"curve as line", circular, LineString, "a CIRCULARSTRING does not go"},
		{"curve as multilinestring", circular, MultiLineString, "a CIRCULARSTRING does not go"},
		{"curve polygon of one as its ring", multi(CurvePolygon, line), LineString, "a CURVEPOLYGON does not go"},
		{"multipolygon of two", multiPolygon, Polygon, "a MULTIPOLYGON of 2 members does not go into a column of type POLYGON"},
		{"collection of another", multi(GeometryCollection, point), Polygon, "a GEOMETRYCOLLECTION of a POINT does not go"},
		{"collection for a multi", multi(GeometryCollection, poly), MultiPolygon, "a GEOMETRYCOLLECTION of a POLYGON does not go"},
		{"empty collection as curve", get("GEOMETRYCOLLECTION EMPTY"), Curve, "a GEOMETRYCOLLECTION of 0 members does not go"},
		{"empty line as polygon", get("LINESTRING EMPTY"), Polygon, "a LINESTRING does not go"},
		{"malformed", poly[:30], Polygon + 1000, "WKB: byte"},
		{"malformed in a multi", poly[:30], MultiPolygon + 1000, "WKB: byte"},
		{"malformed multi", multiPolygon[:8], Polygon, "WKB: byte"},
		{"no geometry", nil, Polygon, "WKB: byte"},
	} {
		got, err := AppendAs([]byte("before"), test.w, test.to)
		switch want := test.want.(type) {
		case WKB:
			if err != nil || string(got) != "before"+string(want) {
				t.Errorf("%s: %X, %v; want %X", test.name, got[6:], err, []byte(want))
			}
		case string:
			if err == nil || !strings.Contains(err.Error(), want) || string(got) != "before" {
				t.Errorf("%s: %X, %v; want error %q", test.name, got[6:], err, want)
			}
			if errors.Is(err, ErrWKB) != strings.Contains(want, "WKB") {
				t.Errorf("%s: error %v matches ErrWKB: %v", test.name, err, errors.Is(err, ErrWKB))
			}
		}
	}
}

// TestAppendAsEveryType turns every geometry into the type of every other: what comes out is well-formed and held.
func TestAppendAsEveryType(t *testing.T) {
	list := postgis(t)
	for _, g := range list {
		for base := Geometry; base <= Triangle; base++ {
			for dims := range GeomType(4) {
				to := base + dims*1000
				little, err := AppendAs(nil, g.little, to)
				big, bigErr := AppendAs(nil, g.big, to)
				if (err == nil) != (bigErr == nil) {
					t.Errorf("%s as %v: %v, big-endian %v", g.text, to, err, bigErr)
				}
				if err != nil {
					continue
				}
				typ, _ := WKB(little).Type()
				if err := WKB(little).Check(); err != nil || !to.Holds(typ) {
					t.Errorf("%s as %v is a %v: %v", g.text, to, typ, err)
				}
				if WKB(little).IsEmpty() != g.little.IsEmpty() {
					t.Errorf("%s as %v: IsEmpty %v", g.text, to, WKB(little).IsEmpty())
				}
				var b Builder
				if err := WKB(big).Walk(&b); err != nil {
					t.Errorf("%s as %v, big-endian: %v", g.text, to, err)
				} else if w, err := b.WKB(); err != nil || !bytes.Equal(w, little) {
					t.Errorf("%s as %v, big-endian: %X, want %X", g.text, to, []byte(w), little)
				}
			}
		}
	}
}

func TestAppendMulti(t *testing.T) {
	for _, g := range postgis(t) {
		typ, _ := g.little.Type()
		want, err := AppendAs(nil, g.little, typ.Multi())
		if err != nil {
			t.Errorf("%s: AppendAs(%v): %v", g.text, typ.Multi(), err)
		}
		if got, err := AppendMulti([]byte("before"), g.little); err != nil || string(got) != "before"+string(want) {
			t.Errorf("%s: AppendMulti = %X, %v; want %X", g.text, got, err, want)
		}
	}
	if _, err := AppendMulti(nil, nil); !errors.Is(err, ErrWKB) {
		t.Errorf("AppendMulti of nothing: %v", err)
	}
}

func TestAppendAsAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 10_000)
	poly, pointZ := polygon(20), byText(t, "POINT Z(1.5 -2.25 10)")
	one := multi(MultiPolygon, poly)
	n := testing.AllocsPerRun(100, func() {
		for _, c := range []struct {
			w  WKB
			to GeomType
		}{{poly, MultiPolygon}, {poly, MultiPolygon + 1000}, {pointZ, Point}, {pointZ, MultiPoint}, {one, Polygon}} {
			if _, err := AppendAs(dst, c.w, c.to); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := AppendMulti(dst, poly); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendAs(b *testing.B) {
	dst := make([]byte, 0, 1000)
	w := polygon(20)
	for b.Loop() {
		if _, err := AppendAs(dst, w, MultiPolygon); err != nil {
			b.Fatal(err)
		}
	}
}
