package geojson_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/geojson"
)

// wkb returns the WKB of a text.
func wkb(t testing.TB, wkt string) feature.WKB {
	t.Helper()
	g, err := geom.UnmarshalWKT(wkt, geom.NoValidate{})
	if err != nil {
		t.Fatal(err)
	}
	return g.AsBinary()
}

// bigEndian returns simplefeatures' little-endian WKB with its bytes the other way round.
func bigEndian(w feature.WKB) feature.WKB {
	var out []byte
	var i int
	u32 := func() uint32 {
		v := binary.LittleEndian.Uint32(w[i:])
		out = binary.BigEndian.AppendUint32(out, v)
		i += 4
		return v
	}
	coords := func(n, dims int) {
		for range n * dims {
			out = binary.BigEndian.AppendUint64(out, binary.LittleEndian.Uint64(w[i:]))
			i += 8
		}
	}
	var all func()
	all = func() {
		i++
		out = append(out, 0)
		t := feature.GeomType(u32())
		switch t.Base() {
		case feature.Point:
			coords(1, t.Dims())
		case feature.LineString:
			coords(int(u32()), t.Dims())
		case feature.Polygon:
			for range u32() {
				coords(int(u32()), t.Dims())
			}
		default:
			for range u32() {
				all()
			}
		}
	}
	all()
	return out
}

func TestAppendGeometry(t *testing.T) {
	tests := []struct{ wkt, want string }{
		{"POINT (1 2)", `{"type":"Point","coordinates":[1,2]}`},
		{"POINT (1.23456789 -0.000000001)", `{"type":"Point","coordinates":[1.234568,0]}`},
		{"POINT EMPTY", `{"type":"Point","coordinates":[]}`},
		{"POINT Z EMPTY", `{"type":"Point","coordinates":[]}`},
		{"POINT Z (1 2 3.5)", `{"type":"Point","coordinates":[1,2,3.5]}`},
		{"POINT M (1 2 3)", `{"type":"Point","coordinates":[1,2]}`},
		{"POINT ZM (1 2 3 4)", `{"type":"Point","coordinates":[1,2,3]}`},
		{"LINESTRING (1 2,3 4)", `{"type":"LineString","coordinates":[[1,2],[3,4]]}`},
		{"LINESTRING M (1 2 9,3 4 9)", `{"type":"LineString","coordinates":[[1,2],[3,4]]}`},
		{"LINESTRING EMPTY", `{"type":"LineString","coordinates":[]}`},
		{"POLYGON ((0 0,1 0,0 1,0 0),(0.1 0.1,0.2 0.1,0.1 0.2,0.1 0.1))", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,1],[0,0]],[[0.1,0.1],[0.2,0.1],[0.1,0.2],[0.1,0.1]]]}`},
		{"POLYGON ZM ((0 0 1 2,1 0 1 2,0 1 1 2,0 0 1 2))", `{"type":"Polygon","coordinates":[[[0,0,1],[1,0,1],[0,1,1],[0,0,1]]]}`},
		{"POLYGON EMPTY", `{"type":"Polygon","coordinates":[]}`},
		{"MULTIPOINT ((1 2),(3 4))", `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`},
		{"MULTIPOINT (EMPTY,(1 2))", `{"type":"MultiPoint","coordinates":[[1,2]]}`},
		{"MULTIPOINT ((1 2),EMPTY,(3 4),EMPTY)", `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`},
		{"MULTIPOINT EMPTY", `{"type":"MultiPoint","coordinates":[]}`},
		{"MULTILINESTRING ((0 0,1 1),(2 2,3 3))", `{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[[2,2],[3,3]]]}`},
		{"MULTILINESTRING (EMPTY,(0 0,1 1))", `{"type":"MultiLineString","coordinates":[[],[[0,0],[1,1]]]}`},
		{"MULTIPOLYGON (((0 0,1 0,0 1,0 0)),((5 5,6 5,5 6,5 5)))", `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[0,1],[0,0]]],[[[5,5],[6,5],[5,6],[5,5]]]]}`},
		{"MULTIPOLYGON Z EMPTY", `{"type":"MultiPolygon","coordinates":[]}`},
		{"GEOMETRYCOLLECTION (POINT (1 2),LINESTRING EMPTY,POINT EMPTY)", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"LineString","coordinates":[]},{"type":"Point","coordinates":[]}]}`},
		{"GEOMETRYCOLLECTION Z (POINT Z (1 2 3),MULTIPOINT Z ((4 5 6)))", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2,3]},{"type":"MultiPoint","coordinates":[[4,5,6]]}]}`},
		{"GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POLYGON ((0 0,1 0,0 1,0 0))),GEOMETRYCOLLECTION EMPTY)", `{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,1],[0,0]]]}]},{"type":"GeometryCollection","geometries":[]}]}`},
		{"GEOMETRYCOLLECTION EMPTY", `{"type":"GeometryCollection","geometries":[]}`},
	}
	for _, test := range tests {
		little := wkb(t, test.wkt)
		for order, w := range map[string]feature.WKB{"little-endian": little, "big-endian": bigEndian(little)} {
			got, err := geojson.AppendGeometry([]byte("<"), w, 6)
			if err != nil || string(got) != "<"+test.want {
				t.Errorf("%s, %s: got %s, %v, want <%s", test.wkt, order, got, err, test.want)
			}
			if !json.Valid(got[1:]) {
				t.Errorf("%s: not JSON: %s", test.wkt, got)
			}
		}
	}
}

func TestDecimals(t *testing.T) {
	tests := []struct {
		x        float64
		decimals int
		want     string
	}{
		{0.125, 2, "0.12"}, // ties go to the even digit
		{0.375, 2, "0.38"},
		{1.005, 2, "1"}, // 1.00499999999999989...
		{2.5, 0, "2"},
		{-3.5, 0, "-4"},
		{10, 0, "10"},
		{1000, 2, "1000"},
		{0.1, -1, "0.1"},
		{1.0 / 3, -1, "0.3333333333333333"},
		{-0.000001, 3, "0"},
		{math.Copysign(0, -1), 6, "0"},
		{math.Copysign(0, -1), -1, "0"},
		{1e20, 3, "100000000000000000000"},
		{1e20, -1, "100000000000000000000"},
		{123456789012.5, 6, "123456789012.5"},
		{1e-7, 6, "0"},
		{5e-324, 1 << 30, strings.TrimRight(string(appendFixed(5e-324, 1074)), "0")},
	}
	for _, test := range tests {
		want := `{"type":"Point","coordinates":[` + test.want + `,1]}`
		got, err := geojson.AppendGeometry(nil, feature.AppendPoint(nil, test.x, 1), test.decimals)
		if err != nil || string(got) != want {
			t.Errorf("%v with %d decimals: got %s, %v, want %s", test.x, test.decimals, got, err, want)
		}
	}
}

func TestUnsupported(t *testing.T) {
	line := func(values ...float64) feature.WKB {
		b := feature.AppendHeader(nil, feature.LineString.WithDims(true, false), len(values)/3)
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	nan, inf := math.NaN(), math.Inf(-1)
	tests := map[string]struct {
		w    feature.WKB
		says string
	}{
		"an infinite point":  {feature.AppendPoint(nil, 1, inf), "(1 -Inf)"},
		"x is NaN":           {line(0, 0, 0, nan, 1, 2), "(NaN 1)"},
		"y is infinite":      {line(0, 0, 0, 1, inf, 2), "(1 -Inf)"},
		"circular string":    {feature.AppendHeader(nil, feature.CircularString, 0), "CIRCULARSTRING"},
		"compound curve":     {feature.AppendHeader(nil, feature.CompoundCurve, 0), "COMPOUNDCURVE"},
		"curve polygon":      {feature.AppendHeader(nil, feature.CurvePolygon, 0), "CURVEPOLYGON"},
		"multi curve":        {feature.AppendHeader(nil, feature.MultiCurve, 0), "MULTICURVE"},
		"multi surface":      {feature.AppendHeader(nil, feature.MultiSurface, 0), "MULTISURFACE"},
		"polyhedral surface": {feature.AppendHeader(nil, feature.PolyhedralSurface, 0), "POLYHEDRALSURFACE"},
		"TIN":                {feature.AppendHeader(nil, feature.TIN, 0), "TIN"},
		"triangle":           {feature.AppendHeader(nil, feature.Triangle, 0), "TRIANGLE"},
		"in a collection": {
			append(feature.AppendHeader(nil, feature.GeometryCollection, 1),
				feature.AppendHeader(nil, feature.CircularString, 0)...), "CIRCULARSTRING",
		},
	}
	for name, test := range tests {
		got, err := geojson.AppendGeometry([]byte("<"), test.w, 6)
		if !errors.Is(err, errors.ErrUnsupported) || string(got) != "<" {
			t.Errorf("%s: got %s, %v, want < and an error that matches ErrUnsupported", name, got, err)
			continue
		}
		if !strings.Contains(strings.ToUpper(err.Error()), strings.ToUpper(test.says)) {
			t.Errorf("%s: got %q, want a message with %s", name, err, test.says)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, w := range []feature.WKB{nil, {1}, {2, 1, 0, 0, 0}, wkb(t, "POINT (1 2)")[:20], append(wkb(t, "POINT (1 2)"), 0)} {
		if got, err := geojson.AppendGeometry([]byte("<"), w, 6); !errors.Is(err, feature.ErrWKB) || string(got) != "<" {
			t.Errorf("%x: got %s, %v, want < and an error that matches ErrWKB", w, got, err)
		}
	}
	deep := func(n int) (w feature.WKB) {
		for range n {
			w = feature.AppendHeader(w, feature.GeometryCollection, 1)
		}
		return feature.AppendPoint(w, 1, 2)
	}
	if _, err := geojson.AppendGeometry(nil, deep(feature.MaxDepth-1), 6); err != nil {
		t.Errorf("as deep as allowed: %v", err)
	}
	if _, err := geojson.AppendGeometry(nil, deep(feature.MaxDepth), 6); !errors.Is(err, feature.ErrWKB) {
		t.Errorf("too deep: got %v, want an error that matches ErrWKB", err)
	}
	polygon := feature.AppendHeader(nil, feature.Polygon, 0)
	for range feature.MaxDepth - 1 {
		polygon = append(feature.AppendHeader(nil, feature.GeometryCollection, 1), polygon...)
	}
	if _, err := geojson.AppendGeometry(nil, polygon, 6); err != nil {
		t.Errorf("a polygon as deep as allowed: %v", err)
	}
}

// TestAgainstSimpleFeatures has another library read what was written, and compares all coordinates.
func TestAgainstSimpleFeatures(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	number := func() float64 { return (rnd.Float64() - 0.5) * math.Pow(10, float64(rnd.IntN(12)-3)) }
	xys := func(n int) (f []float64) {
		for range n {
			f = append(f, number(), number())
		}
		return f
	}
	lineOf := func() geom.LineString { return geom.NewLineString(geom.NewSequence(xys(2+rnd.IntN(20)), geom.DimXY)) }
	polygonOf := func() geom.Polygon {
		var rings []geom.LineString
		for range 1 + rnd.IntN(3) {
			ring := xys(3 + rnd.IntN(9))
			rings = append(rings, geom.NewLineString(geom.NewSequence(append(ring, ring[0], ring[1]), geom.DimXY)))
		}
		return geom.NewPolygon(rings)
	}
	for range 200 {
		geometries := []geom.Geometry{
			geom.NewPoint(geom.Coordinates{XY: geom.XY{X: number(), Y: number()}}).AsGeometry(),
			lineOf().AsGeometry(), polygonOf().AsGeometry(),
			geom.NewMultiLineString([]geom.LineString{lineOf(), lineOf()}).AsGeometry(),
			geom.NewMultiPolygon([]geom.Polygon{polygonOf(), polygonOf()}).AsGeometry(),
		}
		geometries = append(geometries, geom.NewGeometryCollection(geometries).AsGeometry())
		for _, g := range geometries {
			for _, decimals := range []int{-1, 0, 3, 6, 15} {
				text, err := geojson.AppendGeometry(nil, g.AsBinary(), decimals)
				if err != nil {
					t.Fatal(err)
				}
				back, err := geom.UnmarshalGeoJSON(text, geom.NoValidate{})
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				want := g.TransformXY(func(p geom.XY) geom.XY { return geom.XY{X: round(p.X, decimals), Y: round(p.Y, decimals)} })
				if !geom.ExactEquals(back, want) {
					t.Fatalf("%d decimals: got %s, want %s", decimals, back.AsText(), want.AsText())
				}
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	dst := make([]byte, 0, 1<<12)
	for _, wkt := range []string{"POINT (1.5 2.25)", "POINT Z (1 2 3)", "MULTIPOLYGON (((0 0,1.5 0,0 1.5,0 0)))"} {
		w := wkb(t, wkt)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := geojson.AppendGeometry(dst, w, 6); err != nil {
				t.Fatal(err)
			}
		}); n >= 1 {
			t.Errorf("%s: %v allocations, want none", wkt, n)
		}
	}
}

// FuzzAppendGeometry holds AppendGeometry to its word on any bytes: no panic, an error or valid JSON.
func FuzzAppendGeometry(f *testing.F) {
	for _, wkt := range []string{
		"POINT (1 2)", "MULTIPOINT (EMPTY,(1 2))", "POLYGON ZM ((0 0 1 2,1 0 1 2,0 1 1 2,0 0 1 2))", "MULTIPOLYGON (((0 0,1 0,0 1,0 0)))",
		"GEOMETRYCOLLECTION (POINT (1 2),LINESTRING EMPTY,GEOMETRYCOLLECTION (POINT EMPTY))",
	} {
		w := wkb(f, wkt)
		f.Add([]byte(w), 6)
		f.Add([]byte(bigEndian(w)), -1)
	}
	f.Fuzz(func(t *testing.T, b []byte, decimals int) {
		w := feature.WKB(b)
		got, err := geojson.AppendGeometry(nil, w, decimals)
		if err != nil {
			if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, feature.ErrWKB) {
				t.Fatalf("unexpected error: %v", err)
			}
			return
		}
		if err := w.Check(); err != nil {
			t.Fatalf("%s from malformed bytes: %v", got, err)
		}
		if !json.Valid(got) {
			t.Fatalf("not JSON: %s", got)
		}
	})
}

func BenchmarkAppendGeometry(b *testing.B) {
	ring := make([]float64, 0, 202)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		ring = append(ring, rnd.Float64()*360-180, rnd.Float64()*180-90)
	}
	ring = append(ring, ring[0], ring[1])
	polygon := geom.NewPolygon([]geom.LineString{geom.NewLineString(geom.NewSequence(ring, geom.DimXY))})
	for _, test := range []struct {
		name     string
		w        feature.WKB
		decimals int
	}{
		{"point", feature.AppendPoint(nil, 13.376543210987, 52.512345678901), 6},
		{"polygon101", polygon.AsBinary(), 6},
		{"polygon101/shortest", polygon.AsBinary(), -1},
	} {
		b.Run(test.name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = geojson.AppendGeometry(dst[:0], test.w, test.decimals)
			}
			b.SetBytes(int64(len(dst)))
		})
	}
}
