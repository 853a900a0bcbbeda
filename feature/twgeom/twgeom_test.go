package twgeom_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/twgeom"
)

// TestPostGIS takes geometries of every type and dimension there and back, beside what go-geom makes of PostGIS' EWKB.
func TestPostGIS(t *testing.T) {
	data, err := os.ReadFile("../testdata/geometries.tsv")
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for line := range strings.Lines(string(data)) {
		cols := strings.Split(line, "\t")
		name := cols[0]
		var bin [3][]byte
		for i := range bin {
			if bin[i], err = hex.DecodeString(cols[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		little, extended := bin[0], bin[2]
		typ, err := feature.WKB(little).Type()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range bin[:2] {
			g, err := twgeom.Decode(w)
			if typ.Base() > feature.GeometryCollection {
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
			if back, err := twgeom.Append([]byte("before"), g); err != nil || string(back) != "before"+string(little) {
				t.Errorf("%s: comes back as %X, %v; want %X", name, back, err, little)
			}
			if g.Layout().Stride() != typ.Dims() || g.Layout().ZIndex() >= 0 != typ.HasZ() || g.Layout().MIndex() >= 0 != typ.HasM() {
				t.Errorf("%s: the layout is %v", name, g.Layout())
			}
			// go-geom's own decoder, encoded by ours and by theirs, gives the same.
			theirs, err := ewkb.Unmarshal(extended)
			if err != nil {
				t.Fatalf("%s: go-geom's decoder: %v", name, err)
			}
			if back, err := twgeom.Encode(theirs); err != nil || !bytes.Equal(back, little) {
				t.Errorf("%s: what go-geom decodes comes back as %X, %v; want %X", name, []byte(back), err, little)
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
		"malformed":        {feature.WKB("\x01\x02\x00\x00\x00\xff\xff\xff\xff"), feature.ErrWKB, "4294967295 points"},
		"empty bytes":      {feature.WKB{}, feature.ErrWKB, "0 bytes left"},
		"too deep":         {bytes.Repeat(feature.AppendHeader(nil, feature.GeometryCollection, 1), 500), feature.ErrWKB, "nested"},
		"a curve":          {feature.AppendHeader(nil, feature.CircularString, 0), errors.ErrUnsupported, "no CIRCULARSTRING"},
		"a tin":            {feature.AppendHeader(nil, feature.TIN+1000, 0), errors.ErrUnsupported, "no TIN Z"},
		"a curve far down": {append(feature.AppendHeader(nil, feature.GeometryCollection, 1), feature.AppendHeader(nil, feature.CurvePolygon, 0)...), errors.ErrUnsupported, "no CURVEPOLYGON"},
	} {
		g, err := twgeom.Decode(test.w)
		if !errors.Is(err, test.target) || !strings.Contains(err.Error(), test.want) || g != nil {
			t.Errorf("%s: %v, %v; want %q", name, g, err, test.want)
		}
	}
	if g, err := twgeom.Decode(nil); g != nil || err != nil {
		t.Errorf("no geometry: %v, %v", g, err)
	}
	if g, err := twgeom.Decode(feature.AppendPoint(nil, 1, math.NaN())); err != nil || !g.Empty() {
		t.Errorf("half a point: %v, %v", g, err)
	}
}

// TestOddParts has empty parts in the midst of others, where go-geom counts ends.
func TestOddParts(t *testing.T) {
	empty := feature.AppendHeader(nil, feature.Polygon, 0)
	emptyRing := append(feature.AppendHeader(nil, feature.Polygon, 1), 0, 0, 0, 0)
	full := feature.AppendBounds(nil, feature.Bounds{MaxX: 1, MaxY: 1})
	line := feature.AppendHeader(nil, feature.LineString, 0)
	point := feature.AppendPoint(nil, 1, 2)
	none := feature.AppendPoint(nil, math.NaN(), math.NaN())
	for name, w := range map[string]feature.WKB{
		"polygons":    bytes.Join([][]byte{feature.AppendHeader(nil, feature.MultiPolygon, 6), empty, full, empty, emptyRing, full, empty}, nil),
		"lines":       bytes.Join([][]byte{feature.AppendHeader(nil, feature.MultiLineString, 2), line, line}, nil),
		"points":      bytes.Join([][]byte{feature.AppendHeader(nil, feature.MultiPoint, 5), none, point, none, point, none}, nil),
		"no points":   bytes.Join([][]byte{feature.AppendHeader(nil, feature.MultiPoint, 2), none, none}, nil),
		"collections": bytes.Join([][]byte{feature.AppendHeader(nil, feature.GeometryCollection, 2), feature.AppendHeader(nil, feature.GeometryCollection, 0), full}, nil),
	} {
		g, err := twgeom.Decode(w)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if back, err := twgeom.Encode(g); err != nil || !bytes.Equal(back, w) {
			t.Errorf("%s: %X, %v; want %X", name, []byte(back), err, []byte(w))
		}
	}
}

func TestAppend(t *testing.T) {
	if w, err := twgeom.Encode(nil); w != nil || err != nil {
		t.Errorf("nil: %X, %v", []byte(w), err)
	}
	ring := geom.NewLinearRingFlat(geom.XYZ, []float64{0, 0, 1, 4, 0, 2, 4, 3, 3})
	w, err := twgeom.Encode(ring)
	if err != nil {
		t.Fatal(err)
	}
	if typ, _ := w.Type(); typ != feature.Polygon+1000 || w.Check() != nil {
		t.Errorf("a ring is a %v, %v", typ, w.Check())
	}
	// An empty collection without a layout of its own has that of the one it is in.
	z := geom.NewPointFlat(geom.XYZ, []float64{1, 2, 3})
	nested := geom.NewGeometryCollection().MustPush(geom.NewGeometryCollection(), z)
	if w, err := twgeom.Encode(nested); err != nil || w.Check() != nil {
		t.Errorf("an empty collection in one with Z: %X, %v", []byte(w), err)
	}
	if w, err := twgeom.Encode(geom.NewGeometryCollection()); err != nil || !w.IsEmpty() {
		t.Errorf("an empty collection: %X, %v", []byte(w), err)
	}
	for name, g := range map[string]geom.T{
		"mixed layouts":   geom.NewGeometryCollection().MustPush(z, geom.NewPointFlat(geom.XY, []float64{1, 2})),
		"five ordinates":  geom.NewPointFlat(geom.Layout(5), []float64{1, 2, 3, 4, 5}),
		"a deep one":      deep(200),
		"a lot of points": geom.NewPointFlat(geom.XY, []float64{1, 2, 3, 4}),
	} {
		if out, err := twgeom.Append([]byte("before"), g); err == nil || string(out) != "before" {
			t.Errorf("%s: %q, %v; want an error", name, out, err)
		}
	}
	if _, err := twgeom.Encode(geom.NewPointFlat(geom.Layout(5), []float64{1, 2, 3, 4, 5})); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("five ordinates: %v", err)
	}
}

func deep(n int) geom.T {
	g := geom.NewGeometryCollection()
	for range n {
		g = geom.NewGeometryCollection().MustPush(g)
	}
	return g
}
