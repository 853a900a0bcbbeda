package gpkg_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
)

// copyAll copies every layer of a GeoPackage into a new one, FIDs and all.
func copyAll(t *testing.T, from, to string) {
	t.Helper()
	ctx := context.Background()
	src, dst := mustOpen(t, from, driver.Read, nil), mustOpen(t, to, driver.Create, nil)
	names, err := src.LayerNames(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no layers")
	}
	for _, name := range names {
		l := mustLayer(t, src, name)
		w, err := dst.Create(ctx, name, l.Schema(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := layer.Copy(ctx, w, l, layer.CopyOptions{PreserveFID: true}); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if err := dst.Close(); err != nil {
		t.Fatal(err)
	}
	for _, w := range append(src.Warnings(), dst.Warnings()...) {
		t.Log("warning:", w)
	}
}

// features returns what ogrinfo prints of the features of a file.
func features(t *testing.T, file string) []string {
	t.Helper()
	out := testpeer.Output(t, "ogrinfo", "-ro", "-al", "-q", "-nomd", file)
	return strings.Split(out, "\n")
}

// TestCorpus copies other people's GeoPackages and lets ogrinfo tell both apart.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testpeer.Shared(t, "data/corpus/gpkg"), "*.gpkg"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "copy.gpkg")
			copyAll(t, file, to)
			if diff := cmp.Diff(features(t, file), features(t, to)); diff != "" {
				t.Errorf("ogrinfo reads other features from the copy (-original +copy):\n%s", diff)
			}
			sound(t, to)
		})
	}
}

// TestReadsOGR reads what ogr2ogr writes, for each of its versions and with types of every kind.
func TestReadsOGR(t *testing.T) {
	t.Parallel()
	shp := testpeer.Shared(t, "data/naturalearth_lowres.shp")
	for _, version := range []string{"1.0", "1.1", "1.2", "1.3"} {
		t.Run(version, func(t *testing.T) {
			dir := t.TempDir()
			from, to := filepath.Join(dir, "ogr.gpkg"), filepath.Join(dir, "copy.gpkg")
			testpeer.Output(t, "ogr2ogr", "-f", "GPKG", "-dsco", "VERSION="+version, "-nlt", "PROMOTE_TO_MULTI", from, shp)
			copyAll(t, from, to)
			if diff := cmp.Diff(features(t, from), features(t, to)); diff != "" {
				t.Errorf("ogrinfo reads other features from the copy (-original +copy):\n%s", diff)
			}
			l := mustLayer(t, mustOpen(t, from, driver.Read, nil), "naturalearth_lowres")
			if n := len(rows(t, l, layer.Query{})); n != 177 {
				t.Errorf("%d features, want 177", n)
			}
			sound(t, to)
		})
	}
}
