package translate_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver/all"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/translate"
)

// unlikeOGR are the files whose copies differ from ogr2ogr's, with the reason. That those of lines and polygons are Multi*
// goes without saying: ogr2ogr is asked for the same.
var unlikeOGR = map[string]string{
	"buggymultiline":  "a record that announces more points than it has is an error; ogr2ogr writes no geometry and warns",
	"buggymultipoint": "the same",
	"buggymultipoly":  "the same",
	"buggypoint":      "the .shx has 18 bytes for the record and the .shp 20, which are right: the point is read",
	"gjmultipoly":     "a hole that goes the way of its outer ring is a hole; ogr2ogr makes a polygon of it that overlaps the other",
	"testpoly":        "the rings of a record go the wrong way; ogr2ogr takes the hole for the outer ring",
}

// TestLikeOGR2OGR copies every real Shapefile with Run and with ogr2ogr, and lets ogrinfo tell the copies apart.
func TestLikeOGR2OGR(t *testing.T) {
	data := testpeer.Shared(t, "data")
	files, err := filepath.Glob(filepath.Join(data, "corpus/shp/*.shp"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	more, err := filepath.Glob(filepath.Join(data, "*.shp"))
	if err != nil || len(more) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range append(files, more...) {
		name := strings.TrimSuffix(filepath.Base(file), ".shp")
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ours, theirs := filepath.Join(dir, "ours.gpkg"), filepath.Join(dir, "theirs.gpkg")
			_, err := translate.Run(context.Background(), all.Drivers(), file, ours, translate.Options{})
			same := err == nil
			if same {
				args := []string{"-f", "GPKG", theirs, file}
				if !strings.Contains(testpeer.Output(t, "ogrinfo", "-so", "-al", "-ro", ours), "Point\n") {
					args = append(args, "-nlt", "PROMOTE_TO_MULTI")
				}
				testpeer.Output(t, "ogr2ogr", args...)
				diff := cmp.Diff(features(t, theirs), features(t, ours))
				if same = diff == ""; !same && unlikeOGR[name] == "" {
					t.Errorf("-ogr2ogr +ours:\n%s", diff)
				}
			} else if unlikeOGR[name] == "" {
				t.Error(err)
			}
			if same && unlikeOGR[name] != "" {
				t.Errorf("does not differ, but is listed: %s", unlikeOGR[name])
			}
		})
	}
}

// features returns what ogrinfo prints of all features of a file.
func features(t *testing.T, file string) []string {
	t.Helper()
	return strings.Split(testpeer.Output(t, "ogrinfo", "-ro", "-al", "-q", "-nomd", file), "\n")
}
