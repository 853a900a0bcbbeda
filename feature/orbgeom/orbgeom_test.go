package orbgeom_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/orbgeom"
)

// TestPostGIS takes geometries of every type and dimension there and back, beside orb's own decoder.
func TestPostGIS(t *testing.T) {
	data, err := os.ReadFile("../testdata/geometries.tsv")
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for line := range strings.Lines(string(data)) {
		cols := strings.Split(line, "\t")
		little, _ := hex.DecodeString(cols[1])
		big, _ := hex.DecodeString(cols[2])
		typ, err := feature.WKB(little).Type()
		if err != nil {
			t.Fatal(err)
		}
		name := cols[0]
		emptyPoint := name == "POINT EMPTY" || strings.HasSuffix(name, ",EMPTY)") || strings.HasSuffix(name, "POINT EMPTY)")
		for _, w := range []feature.WKB{little, big} {
			g, err := orbgeom.Decode(w)
			if typ > feature.GeometryCollection || emptyPoint {
				if !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, feature.ErrWKB) || g != nil {
					t.Errorf("%s: %v, %v; want an error that matches errors.ErrUnsupported", name, g, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			held++
			if want, err := wkb.Unmarshal(w); err != nil || !orb.Equal(g, want) {
				t.Errorf("%s: %v, orb's decoder has %v, %v", name, g, want, err)
			}
			if back, err := orbgeom.Append([]byte("before"), g); err != nil || string(back) != "before"+string(little) {
				t.Errorf("%s: comes back as %X, %v", name, back, err)
			}
		}
	}
	if held < 2*13 {
		t.Errorf("only %d geometries were held", held)
	}
}

func TestDecodeErrors(t *testing.T) {
	nan := math.NaN()
	for name, test := range map[string]struct {
		w      feature.WKB
		target error
		want   string
	}{
		"malformed":        {feature.WKB("\x01\x02\x00\x00\x00\xff\xff\xff\xff"), feature.ErrWKB, "4294967295 points"},
		"empty bytes":      {feature.WKB{}, feature.ErrWKB, "0 bytes left"},
		"too deep":         {bytes.Repeat(feature.AppendHeader(nil, feature.GeometryCollection, 1), 500), feature.ErrWKB, "nested"},
		"Z":                {feature.AppendHeader(nil, feature.LineString+1000, 0), errors.ErrUnsupported, "LINESTRING Z"},
		"M":                {feature.AppendHeader(nil, feature.MultiPolygon+2000, 0), errors.ErrUnsupported, "MULTIPOLYGON M"},
		"a curve":          {feature.AppendHeader(nil, feature.CircularString, 0), errors.ErrUnsupported, "no CIRCULARSTRING"},
		"a triangle":       {feature.AppendHeader(nil, feature.Triangle, 0), errors.ErrUnsupported, "no TRIANGLE"},
		"an empty point":   {feature.AppendPoint(nil, nan, nan), errors.ErrUnsupported, "no empty point"},
		"a half of one":    {feature.AppendPoint(nil, 1, nan), errors.ErrUnsupported, "no empty point"},
		"a curve far down": {append(feature.AppendHeader(nil, feature.GeometryCollection, 1), feature.AppendHeader(nil, feature.CurvePolygon, 0)...), errors.ErrUnsupported, "no CURVEPOLYGON"},
	} {
		g, err := orbgeom.Decode(test.w)
		if !errors.Is(err, test.target) || !strings.Contains(err.Error(), test.want) || g != nil {
			t.Errorf("%s: %v, %v; want %q", name, g, err, test.want)
		}
	}
	if g, err := orbgeom.Decode(nil); g != nil || err != nil {
		t.Errorf("no geometry: %v, %v", g, err)
	}
}

// TestAppend encodes everything that orb counts as a geometry.
func TestAppend(t *testing.T) {
	for _, g := range orb.AllGeometries {
		w, err := orbgeom.Encode(g)
		if g == nil {
			if w != nil || err != nil {
				t.Errorf("nil: %X, %v", []byte(w), err)
			}
			continue
		}
		if err != nil || w.Check() != nil {
			t.Errorf("%T: %X, %v, %v", g, []byte(w), err, w.Check())
		}
	}
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 3}} // neither closed nor turned
	w, err := orbgeom.Encode(ring)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := orbgeom.Decode(w); err != nil || !orb.Equal(g, orb.Polygon{ring}) {
		t.Errorf("a ring: %v, %v", g, err)
	}
	w, err = orbgeom.Encode(orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}})
	if b, berr := w.Bounds(); err != nil || berr != nil || b != (feature.Bounds{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4}) {
		t.Errorf("a bound: %v, %v, %v", b, err, berr)
	}
	if w, err := orbgeom.Encode(orb.Point{math.NaN(), math.NaN()}); err != nil || !w.IsEmpty() {
		t.Errorf("a point of NaN: %X, %v", []byte(w), err)
	}
	if out, err := orbgeom.Append([]byte("before"), orb.Collection{orb.Point{}, nil}); err == nil || string(out) != "before" {
		t.Errorf("nil in a collection: %q, %v", out, err)
	}
	endless := make(orb.Collection, 1)
	endless[0] = endless
	if _, err := orbgeom.Encode(endless); err == nil {
		t.Error("a collection in itself: no error")
	}
}

func TestDecodeSharesNothing(t *testing.T) {
	w := feature.AppendBounds(nil, feature.Bounds{MaxX: 1, MaxY: 1})
	g, err := orbgeom.Decode(w)
	if err != nil {
		t.Fatal(err)
	}
	want := orb.Clone(g)
	clear(w)
	if !orb.Equal(g, want) {
		t.Errorf("the geometry became %v", g)
	}
}
