package geosql_test

import (
	"encoding/csv"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/geosql"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

func memory(t testing.TB) *sqlite.Conn {
	t.Helper()
	c, err := sqlite.OpenMemory()
	if err == nil {
		err = geosql.Register(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

const (
	square = "ST_GeomFromText('POLYGON((0 0,2 0,2 2,0 2,0 0),(0.5 0.5,1 0.5,1 1,0.5 0.5))', 4326)"
	line   = "ST_GeomFromText('LINESTRING Z(0 0 0,3 4 100)', 4326)"
	multi  = "ST_GeomFromText('MULTIPOINT((1 1),(5 5))', 3857)"
	point  = "ST_Point(1.5, 1.25)"
)

// corner is within touching, a multipolygon whose parts touch each other where it touches them.
const (
	corner   = "ST_GeomFromText('POLYGON((4 5,6 5,6 6,4 6,4 5))')"
	touching = "ST_GeomFromText('MULTIPOLYGON(((2 1,1 3,5 5,2 1)),((3 5,6 5,6 6,3 6,3 5)))')"
)

// same are calls of which Spatialite, in OGR, has the same result.
var same = []string{
	"ST_MinX(" + line + ")", "ST_MaxX(" + line + ")", "ST_MinY(" + square + ")", "ST_MaxY(" + multi + ")",
	"ST_IsEmpty(" + square + ")", "ST_GeometryType(" + square + ")", "ST_GeometryType(" + multi + ")", "ST_GeometryType(" + point + ")",
	"ST_SRID(" + square + ")", "ST_SRID(" + point + ")", "ST_SRID(ST_Centroid(" + square + "))", "ST_SRID(x'00')",
	"ST_Area(" + square + ")", "ST_Area(" + line + ")", "ST_Area(" + point + ")", "ST_Length(" + line + ")", "ST_Length(" + square + ")",
	"ST_X(" + point + ")", "ST_Y(" + point + ")", "ST_X(" + line + ")", "ST_Y(" + multi + ")", "ST_X(ST_Centroid(" + square + "))",
	"ST_Y(ST_Centroid(" + line + "))", "ST_Centroid(ST_GeomFromText('GEOMETRYCOLLECTION EMPTY'))",
	"ST_AsText(" + point + ")", "ST_AsText(" + square + ")", "ST_AsText(" + line + ")", "ST_AsText(ST_GeomFromText('MULTILINESTRING((1 2,3 4),(5 6,7 8))'))",
	"ST_AsText(ST_Centroid(" + multi + "))", "ST_AsText(NULL)", "ST_AsText(x'0102')", "ST_AsText('POINT(1 2)')", "ST_Area(1)", "ST_Point('a', 2)",
	"ST_Intersects(" + square + "," + point + ")", "ST_Intersects(" + square + "," + line + ")", "ST_Intersects(" + multi + "," + square + ")",
	"ST_Intersects(" + square + ", ST_Point(9, 9))", "ST_Intersects(" + square + ", ST_Point(0.9, 0.6))", "ST_Intersects(" + square + ", ST_Point(2, 2))",
	"ST_Within(" + point + "," + square + ")", "ST_Within(" + square + "," + square + ")", "ST_Within(ST_Point(2, 1)," + square + ")",
	"ST_Contains(" + square + "," + point + ")", "ST_Contains(" + square + ", ST_Point(0, 1))", "ST_Contains(" + line + "," + line + ")",
	"ST_Distance(" + square + ", ST_Point(5, 6))", "ST_Distance(" + line + "," + multi + ")", "ST_Distance(NULL," + multi + ")",
	"MbrIntersects(" + square + "," + line + ")", "MbrIntersects(" + square + ", ST_Point(3, 3))",
}

// TestAgainstOGR compares with Spatialite's functions, as ogr2ogr has them.
func TestAgainstOGR(t *testing.T) {
	c := memory(t)
	// A GeoPackage is what the dialect needs to run on; a line for each call keeps its type.
	file := filepath.Join(t.TempDir(), "x.gpkg")
	testpeer.Output(t, "ogr2ogr", "-f", "GPKG", file, "../../testdata/countries.shp", "-limit", "1")
	var parts []string
	for i, call := range same {
		parts = append(parts, "SELECT "+strconv.Itoa(i)+" AS i, CAST("+call+" AS TEXT) AS v, 0 AS z")
	}
	out := testpeer.Output(t, "ogr2ogr", "-f", "CSV", "/vsistdout/", file, "-sql", strings.Join(parts, " UNION ALL ")+" ORDER BY 1")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, call := range same {
		got, _, err := c.Text("SELECT CAST(" + call + " AS TEXT)")
		if err != nil {
			t.Errorf("%s: %v", call, err)
			continue
		}
		want := rows[i+1][1]
		if a, err := strconv.ParseFloat(got, 64); err == nil {
			if b, err := strconv.ParseFloat(want, 64); err == nil && math.Abs(a-b) <= 1e-9*math.Abs(b) {
				continue
			}
		}
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") { // POINT (1 2) and POINT(1 2)
			t.Errorf("%s is %q, OGR has %q", call, got, want)
		}
	}
}

// TestFunctions has what Spatialite does not, or has differently.
func TestFunctions(t *testing.T) {
	c := memory(t)
	for call, want := range map[string]string{
		"ST_AsText(ST_MakeEnvelope(3, 4, 1, 2))":                 "POLYGON ((1 2,3 2,3 4,1 4,1 2))",
		"ST_SRID(ST_MakeEnvelope(1, 2, 3, 4, 28992))":            "28992",
		"ST_SRID(ST_Point(1, 2, 3857))":                          "3857",
		"ST_SRID(ST_GeomFromText('POINT EMPTY', -1))":            "-1",
		"ST_AsText(ST_GeomFromText('POINT EMPTY'))":              "POINT EMPTY",
		"ST_IsEmpty(ST_GeomFromText('POINT EMPTY'))":             "1",
		"ST_IsEmpty(ST_GeomFromText('POLYGON EMPTY'))":           "1",
		"ST_MinX(ST_GeomFromText('POINT EMPTY'))":                "",
		"ST_X(ST_GeomFromText('POINT EMPTY'))":                   "",
		"ST_AsText(ST_GeomFromText('POINT ZM (1 2 3 4)'))":       "POINT ZM (1 2 3 4)",
		"ST_GeometryType(ST_GeomFromText('POINT ZM (1 2 3 4)'))": "POINT",
		"ST_AsText(ST_Point(0.1, 1e300))":                        "POINT (0.1 1e+300)",
		"ST_Within(" + corner + "," + touching + ")":             "1", "ST_Contains(" + touching + "," + corner + ")": "1",
		"(SELECT sum(ST_Within(" + corner + "," + touching + ")) FROM (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3))": "3",
		"ST_Intersects(NULL, ST_Point(1, 2))":                                              "",
		"ST_Intersects(ST_Point(1, 2), 'x')":                                               "",
		"ST_Intersects(ST_Point(1, 2), x'4750')":                                           "",
		"ST_Intersects(ST_Point(1, 2), ST_GeomFromText('POINT EMPTY'))":                    "0",
		"ST_Within(ST_GeomFromText('POINT EMPTY'), ST_Point(1, 2))":                        "0",
		"ST_Distance(ST_Point(1, 2), ST_GeomFromText('POINT EMPTY'))":                      "",
		"ST_Area(x'47500001000000000106000000ffffffff')":                                   "", // truncated
		"ST_GeomFromText(NULL)":                                                            "",
		"ST_GeomFromText(5)":                                                               "",
		"ST_Point(1, NULL)":                                                                "",
		"ST_Point(1, 2, 'x')":                                                              "",
		"ST_MakeEnvelope(1, 2, 3, 'x')":                                                    "",
		"ST_Point(1, 2, 9999999999)":                                                       "",
		"ST_Area(ST_GeomFromText('POLYGON((0 0,2 2,2 0,0 2,0 0))'))":                       "0.0", // crosses itself
		"ST_Intersects(ST_GeomFromText('POLYGON((0 0,2 2,2 0,0 2,0 0))'), ST_Point(9, 0))": "0",
		"ST_AsText(x'47500001e6100000010100000000000000000000000000000000000000')":         "POINT (0 0)",
		"ST_IsEmpty(x'47500011e61000000101000000000000000000f87f000000000000f87f')":        "1",
	} {
		if got, _, err := c.Text("SELECT " + call); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", call, got, err, want)
		}
	}
	for call, want := range map[string]string{
		"ST_GeomFromText('POINT (1')": "ST_GeomFromText: WKT",
		"ST_GeomFromText('')":         "ST_GeomFromText: WKT",
		"ST_GeomFromText('" + strings.Repeat("GEOMETRYCOLLECTION(", 500) + "')": "nested deeper",
		// CIRCULARSTRING (0 0,1 1,2 0)
		"ST_Area(x'475000010000000001080000000300000000000000000000000000000000000000000000000000f03f000000000000f03f00000000000000400000000000000000')": "ST_Area: ",
	} {
		if err := c.Exec("SELECT " + call); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", call, err, want)
		}
	}
}

// TestPrepared: what a geometry gives when it comes up again and again is what it gave the first time.
func TestPrepared(t *testing.T) {
	c := memory(t)
	star := "ST_GeomFromText('POLYGON((0 0,50 20,100 0,80 50,100 100,50 80,0 100,20 50,0 0))')"
	for _, call := range []string{
		"ST_Intersects(g, " + star + ")", "ST_Intersects(" + star + ", g)", "ST_Within(g, " + star + ")", "ST_Contains(" + star + ", g)",
		"ST_Within(" + star + ", g)", "ST_Contains(g, " + star + ")", "ST_Intersects(g, " + star + ") OR ST_Within(g, ST_MakeEnvelope(0, 0, 9, 9))",
	} {
		grid := "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 120), " +
			"p(i, g) AS (SELECT i, ST_Point(i % 11 * 10.0, i / 11 * 10.0) FROM n UNION ALL " +
			"SELECT i + 1000, ST_MakeEnvelope(i % 11 * 10.0, i / 11 * 10.0, i % 11 * 10.0 + 8, i / 11 * 10.0 + 8) FROM n) "
		together := map[int64]int64{}
		if err := c.Query(grid+"SELECT i, "+call+" FROM p", func(s *sqlite.Stmt) error {
			together[s.Int(0)] = s.Int(1)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		some := 0
		for i, v := range together {
			if i%7 != 0 {
				continue
			}
			fresh := memory(t)
			alone, _, err := fresh.Int(grid+"SELECT "+call+" FROM p WHERE i = ?", i)
			if err != nil || alone != v {
				t.Errorf("%s: row %d: %d among others, %d alone, %v", call, i, v, alone, err)
			}
			_ = fresh.Close()
		}
		for _, v := range together {
			some += int(v)
		}
		if strings.Contains(call, "OR") && some == 0 {
			t.Errorf("%s is never true", call)
		}
	}
}

// TestFunctionAllocs: looking at a blob's header allocates nothing, nor does a row that the bounds rule out.
func TestFunctionAllocs(t *testing.T) {
	c := memory(t)
	s, err := c.Prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ST_MinX(ST_Point(i, 5)), ST_GeometryType(ST_Point(i, 1)), " +
		"ST_Intersects(ST_Point(i, 5), ST_MakeEnvelope(-3, -3, -1, -1)), ST_AsText(ST_Point(1, 2)) FROM n")
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(500, func() {
		if ok, err := s.Step(); !ok || err != nil || s.Type(2) != sqlite.Integer {
			t.Fatal(ok, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a row, want none", n)
	}
}
