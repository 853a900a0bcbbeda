package translate_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/all"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/translate"
)

// readLayer returns the features of a layer by FID, with the layer.
func readLayer(t *testing.T, file, name string) (layer.Layer, map[int64]*feature.Feature) {
	t.Helper()
	ds, err := all.Drivers().Open(t.Context(), file, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ds.Close() })
	l, err := ds.Layer(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[int64]*feature.Feature)
	for f, err := range l.Features(t.Context(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		rows[f.FID] = f.Clone()
	}
	return l, rows
}

// TestShapefileToGeoPackage copies real files, and copies of the copies, and compares what comes out.
func TestShapefileToGeoPackage(t *testing.T) {
	const countries = "../testdata/countries.shp"
	folder := t.TempDir()
	world, part, again := filepath.Join(folder, "world.gpkg"), filepath.Join(folder, "part.gpkg"), filepath.Join(folder, "again.gpkg")
	copyTo := func(src, dst string, o translate.Options) translate.Report {
		t.Helper()
		r, err := translate.Run(t.Context(), all.Drivers(), src, dst, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := copyTo(countries, world, translate.Options{})
	if len(r.Layers) != 1 || r.Layers[0].Rows != 177 || r.Driver != "GPKG" {
		t.Errorf("report %+v", r)
	}
	src, from := readLayer(t, countries, "countries")
	dst, to := readLayer(t, world, "countries")
	if s := dst.Schema(); len(s.Fields) != len(src.Schema().Fields) || s.Geoms[0].Type != feature.MultiPolygon || s.Geoms[0].SRS.Code != 4326 {
		t.Errorf("schema %+v", s)
	}
	for fid, f := range from {
		// Shapefiles count from 0, GeoPackages from 1.
		g := to[fid+1]
		if g == nil {
			t.Errorf("feature %d is missing", fid)
			continue
		}
		if g.FID--; !f.Equal(g) {
			t.Errorf("feature %d: got %v, want %v", fid, g.Values, f.Values)
		}
	}

	// FIDs of a column are kept.
	box := &feature.Bounds{MinX: 5, MinY: 45, MaxX: 12, MaxY: 50}
	copyTo(world, part, translate.Options{Box: box})
	_, some := readLayer(t, part, "countries")
	_, to = readLayer(t, world, "countries")
	if len(some) == 0 || len(some) == len(to) {
		t.Errorf("%d of %d countries in the box", len(some), len(to))
	}
	for fid, f := range some {
		if !f.Equal(to[fid]) {
			t.Errorf("feature %d differs", fid)
		}
	}

	// Appending puts the rows behind those that are there.
	copyTo(part, again, translate.Options{Access: translate.Append})
	copyTo(part, again, translate.Options{Access: translate.Append})
	if _, twice := readLayer(t, again, "countries"); len(twice) != 2*len(some) {
		t.Errorf("%d rows after appending %d twice", len(twice), len(some))
	}

	if _, err := translate.Run(t.Context(), all.Drivers(), countries, world, translate.Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file that exists: %v", err)
	}
	copyTo(countries, world, translate.Options{Access: translate.Overwrite, SchemaOnly: true})
	if _, rows := readLayer(t, world, "countries"); len(rows) != 0 {
		t.Errorf("%d rows in a layer of which only the schema was copied", len(rows))
	}
}
