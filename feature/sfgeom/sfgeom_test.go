package sfgeom_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/sfgeom"
)

// TestPostGIS takes geometries of every type and dimension there and back, and holds the text of simplefeatures against
// that which PostGIS read.
func TestPostGIS(t *testing.T) {
	data, err := os.ReadFile("../testdata/geometries.tsv")
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for line := range strings.Lines(string(data)) {
		cols := strings.Split(line, "\t")
		name := cols[0]
		little, _ := hex.DecodeString(cols[1])
		big, _ := hex.DecodeString(cols[2])
		typ, err := feature.WKB(little).Type()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []feature.WKB{little, big} {
			g, err := sfgeom.Decode(w)
			if typ.Base() > feature.GeometryCollection {
				if !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, feature.ErrWKB) {
					t.Errorf("%s: %v; want an error that matches errors.ErrUnsupported", name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			held++
			squeeze := strings.NewReplacer(" ", "", "((", "(", "))", ")")
			if got := g.AsText(); squeeze.Replace(got) != squeeze.Replace(name) && typ.Base() != feature.MultiPoint {
				t.Errorf("%s: the text is %s", name, got)
			}
			if back, err := sfgeom.Append([]byte("before"), g); err != nil || string(back) != "before"+string(little) {
				t.Errorf("%s: comes back as %X, %v; want %X", name, back, err, little)
			}
		}
	}
	if held < 2*60 {
		t.Errorf("only %d geometries were held", held)
	}
}

func TestDecodeErrors(t *testing.T) {
	for name, test := range map[string]struct {
		w      feature.WKB
		target error
		want   string
	}{
		"malformed":         {feature.WKB("\x01\x02\x00\x00\x00\xff\xff\xff\xff"), feature.ErrWKB, "4294967295 points"},
		"a byte more":       {append(feature.AppendPoint(nil, 1, 2), 0), feature.ErrWKB, "1 bytes after the end"},
		"no geometry":       {nil, feature.ErrWKB, "0 bytes left"},
		"too deep":          {bytes.Repeat(feature.AppendHeader(nil, feature.GeometryCollection, 1), 500), feature.ErrWKB, "nested"},
		"a curve":           {feature.AppendHeader(nil, feature.CircularString, 0), errors.ErrUnsupported, "no CIRCULARSTRING"},
		"a triangle":        {feature.AppendHeader(nil, feature.Triangle+1000, 0), errors.ErrUnsupported, "no TRIANGLE Z"},
		"a curve far down":  {append(feature.AppendHeader(nil, feature.GeometryCollection, 1), feature.AppendHeader(nil, feature.CurvePolygon, 0)...), errors.ErrUnsupported, "no CURVEPOLYGON"},
		"a point of no y":   {feature.AppendPoint(nil, 1, math.NaN()), errors.ErrUnsupported, "NaN"},
		"and one of many":   {append(feature.AppendHeader(nil, feature.MultiPoint, 1), feature.AppendPoint(nil, math.NaN(), 1)...), errors.ErrUnsupported, "NaN"},
		"an unknown number": {feature.AppendHeader(nil, 99, 0), feature.ErrWKB, "unknown"},
	} {
		if g, err := sfgeom.Decode(test.w); !errors.Is(err, test.target) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v; want %q", name, g, err, test.want)
		}
	}
}

// TestNotValidated: what is not valid comes through all the same.
func TestNotValidated(t *testing.T) {
	var b feature.Builder
	build := func(t feature.GeomType, coords ...float64) feature.WKB {
		b.Reset(nil)
		_ = b.Begin(t, 1)
		if t == feature.Polygon {
			_ = b.Begin(feature.LinearRing, 0)
		}
		for i := 0; i < len(coords); i += 2 {
			_ = b.XY(coords[i], coords[i+1])
		}
		if t == feature.Polygon {
			_ = b.End()
		}
		_ = b.End()
		w, _ := b.WKB()
		return w
	}
	for name, w := range map[string]feature.WKB{
		"a bow-tie":         build(feature.Polygon, 0, 0, 2, 2, 2, 0, 0, 2, 0, 0),
		"an open ring":      build(feature.Polygon, 0, 0, 2, 2, 2, 0),
		"a ring of nothing": build(feature.Polygon),
		"a line of one":     build(feature.LineString, 1, 2),
		"a line of NaN":     build(feature.LineString, 1, 2, math.NaN(), 3),
		"an infinite line":  build(feature.LineString, 1, 2, math.Inf(1), 3),
	} {
		g, err := sfgeom.Decode(w)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if g.Validate() == nil {
			t.Errorf("%s is valid to simplefeatures", name)
		}
		if back, err := sfgeom.Encode(g); err != nil || len(back) != len(w) {
			t.Errorf("%s: %X, %v; want %X", name, []byte(back), err, []byte(w))
		}
	}
}

func TestAppend(t *testing.T) {
	if w, err := sfgeom.Encode(geom.Geometry{}); err != nil || !bytes.Equal(w, feature.AppendHeader(nil, feature.GeometryCollection, 0)) {
		t.Errorf("the zero Geometry: %X, %v", []byte(w), err)
	}
	g := geom.Geometry{}
	for range 200 {
		g = geom.NewGeometryCollection([]geom.Geometry{g}).AsGeometry()
	}
	if out, err := sfgeom.Append([]byte("before"), g); !errors.Is(err, feature.ErrWKB) || string(out) != "before" {
		t.Errorf("200 deep: %q, %v", out, err)
	}
}
