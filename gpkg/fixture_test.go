package gpkg_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
)

// row is a feature in the terms of a test table: an FID, values, and the geometry as WKB.
type row struct {
	fid  int64
	vals []feature.Value
	geom feature.WKB
}

// null stands for feature.NullFID where a table has to be narrow.
const null = feature.NullFID

// createRows makes a layer in ds and commits it. It returns the error of each row, nil where it was taken, and the FIDs
// that the rows were given.
func createRows(tb testing.TB, ds driver.Dataset, name string, s *feature.Schema, o driver.Options, list []row) ([]error, []int64) {
	tb.Helper()
	w, err := ds.Create(context.Background(), name, s, o)
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Close()
	errs, fids := writeRows(tb, w, list)
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
	return errs, fids
}

// writeRows hands the rows to w. A row that is refused is noted; any other error fails the test.
func writeRows(tb testing.TB, w layer.Writer, list []row) ([]error, []int64) {
	tb.Helper()
	errs, fids := make([]error, len(list)), make([]int64, len(list))
	for i, r := range list {
		f := feature.New(w.Schema())
		f.FID = r.fid
		copy(f.Values, r.vals)
		if r.geom != nil {
			f.Geoms[0] = r.geom
		}
		errs[i] = w.Write(f)
		var rejected *layer.RejectedError
		if errs[i] != nil && !errors.As(errs[i], &rejected) {
			tb.Fatalf("row %d: %v", i, errs[i])
		}
		fids[i] = f.FID
	}
	return errs, fids
}

// newFile makes a GeoPackage with one layer.
func newFile(tb testing.TB, name, layerName string, s *feature.Schema, dsco, lco driver.Options, list []row) ([]error, []string) {
	tb.Helper()
	ds := mustOpen(tb, name, driver.Create, dsco)
	errs, _ := createRows(tb, ds, layerName, s, lco, list)
	mustClose(tb, ds)
	return errs, ds.Warnings()
}

func mustClose(tb testing.TB, ds *gpkg.Dataset) {
	tb.Helper()
	if err := ds.Close(); err != nil {
		tb.Fatal(err)
	}
}

// sql runs statements by the sqlite3 program and returns what they print.
func sql(tb testing.TB, name string, statements ...string) string {
	tb.Helper()
	return strings.TrimSpace(testpeer.Output(tb, "sqlite3", name, strings.Join(statements, ";\n")))
}

// dump returns all tables, rows, indexes and triggers of a file.
func dump(tb testing.TB, name string) string {
	tb.Helper()
	return testpeer.Output(tb, "sqlite3", "-readonly", name, ".dump")
}

// table returns the features of a layer as text, one a line: fid|value|value...
func table(tb testing.TB, l layer.Layer) string {
	tb.Helper()
	var b strings.Builder
	for _, f := range rows(tb, l, layer.Query{}) {
		b.WriteString(feature.Int(f.FID).String())
		for _, v := range f.Values {
			b.WriteString("|" + v.String())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// onlyWarnings fails the test unless there are as many warnings as parts, each with its part in it, in order.
func onlyWarnings(tb testing.TB, got []string, parts ...string) {
	tb.Helper()
	if len(got) != len(parts) {
		tb.Errorf("warnings are %q, want %d: %q", got, len(parts), parts)
		return
	}
	for i, part := range parts {
		if !strings.Contains(got[i], part) {
			tb.Errorf("warning %q does not say %q", got[i], part)
		}
	}
}

// onlyFiles fails the test unless the folder holds just the files named.
func onlyFiles(tb testing.TB, dir string, want ...string) {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("files in %s (-want +got):\n%s", filepath.Base(dir), diff)
	}
}

var wgs84 = feature.SRS{Authority: "EPSG", Code: 4326}

// pointAt returns the WKB of a point.
func pointAt(x, y float64) feature.WKB { return feature.AppendPoint(nil, x, y) }

// lineTo returns the WKB of a line of one segment.
func lineTo(x, y, x2, y2 float64) feature.WKB {
	w := feature.AppendHeader(nil, feature.LineString, 2)
	for _, v := range [...]float64{x, y, x2, y2} {
		w = binary.LittleEndian.AppendUint64(w, math.Float64bits(v))
	}
	return w
}

// boxAt returns the WKB of a square as a Polygon or MultiPolygon.
func boxAt(t feature.GeomType, x, y, size float64) feature.WKB {
	w := feature.AppendBounds(nil, feature.Bounds{MinX: x, MinY: y, MaxX: x + size, MaxY: y + size})
	if t == feature.MultiPolygon {
		w = append(feature.AppendHeader(nil, t, 1), w...)
	}
	return w
}

// polygonAt returns the WKB of a polygon of so many vertices around a point.
func polygonAt(x, y, radius float64, vertices int) feature.WKB {
	w := feature.AppendHeader(nil, feature.Polygon, 1)
	w = binary.LittleEndian.AppendUint32(w, uint32(vertices))
	for i := range vertices {
		a := 2 * math.Pi * float64(i%(vertices-1)) / float64(vertices-1)
		w = binary.LittleEndian.AppendUint64(w, math.Float64bits(x+radius*math.Cos(a)))
		w = binary.LittleEndian.AppendUint64(w, math.Float64bits(y+radius*math.Sin(a)))
	}
	return w
}
