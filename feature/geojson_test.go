package feature_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/geojson"
)

// TestGeoJSON has every geometry that the tests of WKT have.
func TestGeoJSON(t *testing.T) {
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
		got, err := geojson.AppendGeometry([]byte("<"), unhex(t, test.wkb), -1)
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

func TestGeoJSONNotFinite(t *testing.T) {
	inf := math.Inf(-1)
	if got, err := geojson.AppendGeometry(nil, feature.AppendPoint(nil, 1, inf), -1); !errors.Is(err, errors.ErrUnsupported) {
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
	if got, err := geojson.AppendGeometry(nil, w, -1); err != nil || string(got) != `{"type":"Point","coordinates":[1,2]}` {
		t.Errorf("a Z that is no number: got %s, %v, want it left out", got, err)
	}
}
