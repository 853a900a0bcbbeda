package feature_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
)

func TestAppendGeoJSON(t *testing.T) {
	want := map[string]string{
		"POINT (1 2)":                `{"type":"Point","coordinates":[1,2]}`,
		"POINT EMPTY":                `{"type":"Point","coordinates":[]}`,
		"POINT Z EMPTY":              `{"type":"Point","coordinates":[]}`,
		"POINT Z (1 2 3)":            `{"type":"Point","coordinates":[1,2,3]}`,
		"POINT M (1 2 3)":            `{"type":"Point","coordinates":[1,2]}`,
		"POINT ZM (1 2 3 4)":         `{"type":"Point","coordinates":[1,2,3]}`,
		"LINESTRING (1 2,3 4)":       `{"type":"LineString","coordinates":[[1,2],[3,4]]}`,
		"LINESTRING M (1 2 9,3 4 9)": `{"type":"LineString","coordinates":[[1,2],[3,4]]}`,
		"LINESTRING EMPTY":           `{"type":"LineString","coordinates":[]}`,
		"POLYGON ((0 0,1 0,0 1,0 0),(0.1 0.1,0.2 0.1,0.1 0.2,0.1 0.1))": `{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,1],[0,0]],[[0.1,0.1],[0.2,0.1],[0.1,0.2],[0.1,0.1]]]}`,
		"POLYGON ZM ((0 0 1 2,1 0 1 2,0 1 1 2,0 0 1 2))":                `{"type":"Polygon","coordinates":[[[0,0,1],[1,0,1],[0,1,1],[0,0,1]]]}`,
		"POLYGON EMPTY":                                                 `{"type":"Polygon","coordinates":[]}`,
		"MULTIPOINT ((1 2),(3 4))":                                      `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`,
		"MULTIPOINT (EMPTY,(1 2))":                                      `{"type":"MultiPoint","coordinates":[[1,2]]}`,
		"MULTIPOINT EMPTY":                                              `{"type":"MultiPoint","coordinates":[]}`,
		"MULTIPOINT Z ((1 2 3))":                                        `{"type":"MultiPoint","coordinates":[[1,2,3]]}`,
		"MULTILINESTRING ((0 0,1 1),(2 2,3 3))":                         `{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[[2,2],[3,3]]]}`,
		"MULTILINESTRING (EMPTY,(0 0,1 1))":                             `{"type":"MultiLineString","coordinates":[[],[[0,0],[1,1]]]}`,
		"MULTIPOLYGON (((0 0,1 0,0 1,0 0)),((5 5,6 5,5 6,5 5)))":        `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[0,1],[0,0]]],[[[5,5],[6,5],[5,6],[5,5]]]]}`,
		"MULTIPOLYGON Z EMPTY":                                          `{"type":"MultiPolygon","coordinates":[]}`,
		"GEOMETRYCOLLECTION (POINT (1 2),LINESTRING EMPTY,POINT EMPTY)": `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"LineString","coordinates":[]},{"type":"Point","coordinates":[]}]}`,
		"GEOMETRYCOLLECTION Z (POINT Z (1 2 3),MULTIPOINT Z ((4 5 6)))": `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2,3]},{"type":"MultiPoint","coordinates":[[4,5,6]]}]}`,
		"GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POLYGON ((0 0,1 0,0 1,0 0))),GEOMETRYCOLLECTION EMPTY)": `{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,1],[0,0]]]}]},{"type":"GeometryCollection","geometries":[]}]}`,
		"GEOMETRYCOLLECTION EMPTY": `{"type":"GeometryCollection","geometries":[]}`,
	}
	for _, test := range ogrGeometries {
		got, err := feature.AppendGeoJSON([]byte("<"), unhex(t, test.wkb))
		want, ok := want[test.wkt]
		if !ok {
			if !errors.Is(err, errors.ErrUnsupported) || string(got) != "<" {
				t.Errorf("%s: got %s, %v, want an error that matches ErrUnsupported", test.wkt, got, err)
			}
			continue
		}
		if err != nil || string(got) != "<"+want {
			t.Errorf("%s: got %s, %v, want <%s", test.wkt, got, err, want)
		}
		if !json.Valid(got[1:]) {
			t.Errorf("%s: not JSON: %s", test.wkt, got)
		}
	}
}

func TestAppendGeoJSONNotFinite(t *testing.T) {
	inf := math.Inf(-1)
	if got, err := feature.AppendGeoJSON(nil, feature.AppendPoint(nil, 1, inf)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("an infinite y: got %s, %v, want an error that matches ErrUnsupported", got, err)
	}
	var b feature.Builder
	_ = b.Begin(feature.Point.WithDims(true, false), 1)
	_ = b.XYZM(1, 2, math.NaN(), 0)
	_ = b.End()
	w, err := b.WKB()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := feature.AppendGeoJSON(nil, w); err != nil || string(got) != `{"type":"Point","coordinates":[1,2]}` {
		t.Errorf("a Z that is no number: got %s, %v, want it left out", got, err)
	}
}

// FuzzText holds the printers to their word on any bytes: no panic, an error or a text, JSON that is valid.
func FuzzText(f *testing.F) {
	for _, g := range ogrGeometries {
		f.Add([]byte(unhex(f, g.wkb)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w := feature.WKB(b)
		check := w.Check()
		for name, print := range map[string]func([]byte, feature.WKB) ([]byte, error){
			"WKT": feature.AppendWKT, "summary": feature.AppendSummary, "GeoJSON": feature.AppendGeoJSON,
		} {
			got, err := print(nil, w)
			switch {
			case check != nil && err == nil:
				t.Errorf("%s %q of malformed bytes: %v", name, got, check)
			case name == "GeoJSON" && err == nil && !json.Valid(got):
				t.Errorf("not JSON: %s", got)
			case check == nil && err != nil && (name != "GeoJSON" || !errors.Is(err, errors.ErrUnsupported)):
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
