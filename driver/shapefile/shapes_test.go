package shapefile

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

func TestShapes(t *testing.T) {
	box := [4]float64{0, 0, 10, 10}
	line := partsBody([]xy{{0, 0}, {1, 1}})
	two := partsBody([]xy{{0, 0}, {1, 1}}, []xy{{2, 2}, {3, 3}, {4, 4}})
	poly := partsBody(square(0, 0, 9), hole(1, 1, 2))
	noM := -math.MaxFloat64
	multi := driver.Options{}
	single := driver.Options{"PROMOTE_TO_MULTI": "no"}
	allShapes := driver.Options{"ADJUST_GEOM_TYPE": "all_shapes"}
	asDeclared := driver.Options{"ADJUST_GEOM_TYPE": "NO"}
	patch := append(append(append(partsBody(square(0, 0, 9))[:44:44], le(outerRing)...), partsBody(square(0, 0, 9))[44:]...),
		block(1, 2, 3, 4, 1)...)
	for _, test := range []struct {
		name string
		typ  shapeType
		recs [][]byte
		o    driver.Options
		want feature.GeomType
		rows []string
	}{
		{"point", point, [][]byte{le(xy{1, 2})}, multi, feature.Point, []string{"POINT (1 2)"}},
		{"point m", pointM, [][]byte{le(xy{1, 2}, 3.0)}, multi, feature.Point + 2000, []string{"POINT M (1 2 3)"}},
		{"point m without m", pointM, [][]byte{le(xy{1, 2})}, multi, feature.Point, []string{"POINT (1 2)"}},
		{"point z", pointZ, [][]byte{le(xy{1, 2}, 3.0)}, multi, feature.Point + 1000, []string{"POINT Z (1 2 3)"}},
		{
			"point zm", pointZ,
			[][]byte{le(xy{1, 2}, 3.0, 4.0), le(xy{1, 2}, 3.0)},
			multi, feature.Point + 3000,
			[]string{"POINT ZM (1 2 3 4)", "POINT ZM (1 2 3 0)"},
		},
		{"point z no data", pointZ, [][]byte{le(xy{1, 2}, 3.0, noM)}, multi, feature.Point + 1000, []string{"POINT Z (1 2 3)"}},
		{
			"point zm late", pointZ,
			[][]byte{le(xy{1, 2}, 3.0, noM), le(xy{1, 2}, 3.0, 4.0)},
			allShapes, feature.Point + 3000,
			[]string{"POINT ZM (1 2 3 -1.79769313486232e+308)", "POINT ZM (1 2 3 4)"},
		},
		{"point z as declared", pointZ, [][]byte{le(xy{1, 2}, 3.0)}, asDeclared, feature.Point + 3000, []string{"POINT ZM (1 2 3 0)"}},
		{"multipoint", multiPoint, [][]byte{le(box, 2, xy{1, 2}, xy{3, 4})}, multi, feature.MultiPoint, []string{"MULTIPOINT ((1 2),(3 4))"}},
		{
			"multipoint m", multiPointM,
			[][]byte{append(le(box, 1, xy{1, 2}), block(9)...)},
			multi, feature.MultiPoint + 2000,
			[]string{"MULTIPOINT M ((1 2 9))"},
		},
		{
			"multipoint z", multiPointZ,
			[][]byte{append(le(box, 1, xy{1, 2}), block(8)...)},
			multi, feature.MultiPoint + 1000,
			[]string{"MULTIPOINT Z ((1 2 8))"},
		},
		{
			"multipoint zm", multiPointZ,
			[][]byte{bytes.Join([][]byte{le(box, 1, xy{1, 2}), block(8), block(9)}, nil)},
			multi,
			feature.MultiPoint + 3000,
			[]string{"MULTIPOINT ZM ((1 2 8 9))"},
		},
		{
			"line", polyLine,
			[][]byte{line, two},
			multi, feature.MultiLineString,
			[]string{"MULTILINESTRING ((0 0,1 1))", "MULTILINESTRING ((0 0,1 1),(2 2,3 3,4 4))"},
		},
		{
			"line, single", polyLine,
			[][]byte{line, two},
			single, feature.LineString,
			[]string{"LINESTRING (0 0,1 1)", "MULTILINESTRING ((0 0,1 1),(2 2,3 3,4 4))"},
		},
		{
			"line z", polyLineZ,
			[][]byte{append(line[:len(line):len(line)], block(5, 6)...)},
			multi, feature.MultiLineString + 1000,
			[]string{"MULTILINESTRING Z ((0 0 5,1 1 6))"},
		},
		{
			"line zm", polyLineZ,
			[][]byte{bytes.Join([][]byte{two, block(1, 2, 3, 4, 5), block(6, 7, 8, 9, noM)}, nil)},
			multi,
			feature.MultiLineString + 3000,
			[]string{"MULTILINESTRING ZM ((0 0 1 6,1 1 2 7),(2 2 3 8,3 3 4 9,4 4 5 -1.79769313486232e+308))"},
		},
		{
			"line m", polyLineM,
			[][]byte{append(line[:len(line):len(line)], block(5, 6)...)},
			single, feature.LineString + 2000,
			[]string{"LINESTRING M (0 0 5,1 1 6)"},
		},
		{
			"polygon", polygon,
			[][]byte{poly},
			multi, feature.MultiPolygon,
			[]string{"MULTIPOLYGON (((0 0,0 9,9 9,9 0,0 0),(1 1,3 1,3 3,1 3,1 1)))"},
		},
		{
			"polygon, single", polygon,
			[][]byte{poly, partsBody(square(0, 0, 1), square(5, 5, 1))},
			single, feature.Polygon,
			[]string{"POLYGON ((0 0,0 9,9 9,9 0,0 0),(1 1,3 1,3 3,1 3,1 1))", "MULTIPOLYGON (((0 0,0 1,1 1,1 0,0 0)),((5 5,5 6,6 6,6 5,5 5)))"},
		},
		{
			"polygon m", polygonM,
			[][]byte{append(partsBody(square(0, 0, 1)), block(1, 2, 3, 4, 5)...)},
			multi, feature.MultiPolygon + 2000,
			[]string{"MULTIPOLYGON M (((0 0 1,0 1 2,1 1 3,1 0 4,0 0 5)))"},
		},
		{
			"polygon z, not closed", polygonZ,
			[][]byte{append(partsBody(square(0, 0, 1)[:4]), block(1, 2, 3, 4)...)},
			multi,
			feature.MultiPolygon + 1000,
			[]string{"MULTIPOLYGON Z (((0 0 1,0 1 2,1 1 3,1 0 4,0 0 1)))"},
		},
		{
			"patch", multiPatch,
			[][]byte{patch},
			single, feature.MultiPolygon + 1000,
			[]string{"MULTIPOLYGON Z (((0 0 1,0 9 2,9 9 3,9 0 4,0 0 1)))"},
		},
		{"no parts", polyLine, [][]byte{partsBody()}, multi, feature.MultiLineString, []string{"null"}},
		{"a part of no points", polygon, [][]byte{partsBody([]xy{})}, multi, feature.MultiPolygon, []string{"MULTIPOLYGON ()"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &shpBuilder{typ: test.typ, box: box}
			for _, r := range test.recs {
				s.add(r)
			}
			l := openLayerOf(t, openMem(t, s.null().files(), test.o), "t")
			if got := l.Schema().Geoms[0].Type; got != test.want {
				t.Errorf("layer type %s, want %s", got, test.want)
			}
			all, err := readAll(l, layer.Query{})
			if err != nil {
				t.Fatal(err)
			}
			var rows []string
			for _, f := range all {
				if g := f.Geometry(); g != nil {
					if err := g.Check(); err != nil {
						t.Error(err)
					}
				}
				rows = append(rows, wkt(t, f.Geometry()))
			}
			if got, want := strings.Join(rows, "\n"), strings.Join(append(test.rows, "null"), "\n"); got != want {
				t.Errorf("shapes\n%s, want\n%s", got, want)
			}
		})
	}
}

// TestBadRecords spoils the second of three records.
func TestBadRecords(t *testing.T) {
	box := [4]float64{0, 0, 10, 10}
	huge := uint32(1<<32 - 1)
	for _, test := range []struct {
		name string
		typ  shapeType
		rec  []byte
		want string // the end of the message
	}{
		{"type", point, le(int32(polygon), xy{1, 2}), "shape of type 5 (Polygon) in a file of type 1 (Point)"},
		{"unknown type", point, le(int32(77), xy{1, 2}), "shape of type 77 (unknown) in a file of type 1 (Point)"},
		{"short point", point, le(int32(point), 1.0), "the coordinates of a point take 16 bytes, the record has 8"},
		{"short multipoint", multiPoint, le(int32(multiPoint), box), "the box and the number of points take 40 bytes, the record has 36"},
		{"points", multiPoint, le(int32(multiPoint), box, huge), "4,294,967,295 points take 68,719,476,760 bytes, the record has 40"},
		{"short line", polyLine, le(int32(polyLine), box), "the box and the numbers of parts and points take 44 bytes, the record has 36"},
		{
			"parts", polyLine, le(int32(polyLine), box, huge, huge),
			"4,294,967,295 parts and 4,294,967,295 points take 85,899,345,944 bytes, the record has 44",
		},
		{"order of parts", polygon, le(int32(polygon), box, 2, 1, 1, 0, xy{}), "part 1 begins at point 1 and ends at 0, of 1 points"},
		{"part behind the points", polygon, le(int32(polygon), box, 1, 1, 2, xy{}), "part 1 begins at point 2 and ends at 1, of 1 points"},
		{"no z", polyLineZ, le(int32(polyLineZ), box, 1, 1, 0, xy{}), "1 points with Z take 88 bytes, the record has 64"},
		{"patch type", multiPatch, append(le(int32(multiPatch), box, 1, 1, 0, 9, xy{}), block(1)...), "part 1 is of type 9, want 0 to 6 (triangles or rings)"},
		{"patch part", multiPatch, append(le(int32(multiPatch), box, 2, 1, 0, 0, 2, 2, xy{}), block(1)...), "a part of a MultiPatch has no points"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &shpBuilder{typ: test.typ}
			l := openLayerOf(t, openMem(t, s.null().raw(test.rec).null().files(), nil), "t")
			all, err := readAll(l, layer.Query{})
			want := "shapefile: read mem: layer t: feature 1: record 2 at byte 112: "
			if err == nil || len(all) != 1 || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("%d rows, error %v\nwant 1, %s%s", len(all), err, want, test.want)
			}
			var de *driver.Error
			if !errors.As(err, &de) || de.FID != 1 {
				t.Errorf("error %#v, want one of FID 1", err)
			}
			var bad []error
			all, err = readAll(l, layer.Query{OnBadRow: func(err error) { bad = append(bad, err) }})
			if err != nil || len(all) != 2 || len(bad) != 1 {
				t.Errorf("passing over bad rows: %d rows, %d bad, error %v; want 2, 1, nil", len(all), len(bad), err)
			}
		})
	}
}

func TestBadHeaders(t *testing.T) {
	good := (&shpBuilder{typ: point}).add(le(xy{1, 2})).files()
	cut := func(b []byte, n int) []byte { return b[:n] }
	patched := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	table := makeDBF(0, []dbfColumn{{"a", 'C', 5, 0}}, []string{"x"})
	for _, test := range []struct {
		name string
		set  memSet
		want string
	}{
		{"empty .shp", memSet{"t.shp": nil}, "t.shp: file of 0 bytes, want at least 100 for the header"},
		{"short .shp", memSet{"t.shp": cut(good["t.shp"], 99)}, "t.shp: file of 99 bytes, want at least 100 for the header"},
		{"file code", memSet{"t.shp": patched(good["t.shp"], 3, 0)}, "t.shp: file code 9984 at byte 0, want 9994"},
		{"shape type", memSet{"t.shp": patched(good["t.shp"], 32, 9)}, "t.shp: shape type 9 (unknown) at byte 32, want one such as 1 (Point) or 5 (Polygon)"},
		{"short .dbf", memSet{"t.dbf": table[:20]}, "t.dbf: file of 20 bytes, want at least 32 for the header"},
		{"header of .dbf", memSet{"t.dbf": table[:40]}, "t.dbf: header of 65 bytes at byte 8, want 32 to 40, the size of the file"},
		{"records of .dbf", memSet{"t.dbf": patched(table, 10, 0)}, "t.dbf: 1 records of 0 bytes at byte 10"},
		{"dBase 7", memSet{"t.dbf": patched(table, 0, 4)}, "t.dbf: version byte 0x04: tables of dBase 7 are laid out differently and cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ds := openMem(t, test.set, nil)
			_, err := ds.Layer(context.Background(), "t")
			if want := "shapefile: open mem: layer t: " + test.want; err == nil || err.Error() != want {
				t.Errorf("error %v\nwant  %s", err, want)
			}
		})
	}
}

// TestClaims holds the memory that a small file makes the reader take.
func TestClaims(t *testing.T) {
	s := &shpBuilder{typ: polygon}
	set := s.add(partsBody(square(0, 0, 1))).files()
	shp := set["t.shp"]
	copy(shp[headerSize+4:], []byte{0x3F, 0xFF, 0xFF, 0xFF}) // a record of 2 GB
	delete(set, "t.shx")
	l := openLayerOf(t, openMem(t, set, nil), "t")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readAll(l, layer.Query{}); err == nil {
		t.Fatal("no error")
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if allocated > 1<<20 {
		t.Errorf("%d bytes allocated for a file of %d", allocated, len(shp))
	}
}
