package sqlapi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// ogr runs one of GDAL's programs with its own Carto driver pointed at the server, and returns what it printed. An error line
// fails the test even where the exit status is 0: the driver swallows errors.
func (s *service) ogr(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := s.tryOGR(t, program, args...)
	if err != nil || strings.Contains(out, "ERROR") {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return out
}

func (s *service) tryOGR(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(testpeer.Command(t, program), args...)
	cmd.Env = append(os.Environ(), "CARTO_API_URL="+s.URL+"/api/v2/sql", "CARTO_API_KEY="+s.Master)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var realText = regexp.MustCompile(`(?m)\(Real\) = .*$`)

var polygon = regexp.MustCompile(`(?m)^  POLYGON \((.*)\)$`)

// features returns the features that ogrinfo lists, without the number and the layer's name.
func features(listing string) []string {
	parts := regexp.MustCompile(`(?m)^OGRFeature\(.*\):[0-9]+$`).Split(listing, -1)
	if len(parts) < 2 {
		return nil
	}
	for i, p := range parts {
		// A real has as many digits as its field has decimals.
		p = realText.ReplaceAllStringFunc(strings.TrimSpace(p), func(s string) string {
			label, number, _ := strings.Cut(s, "= ")
			f, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return s
			}
			return label + "= " + strconv.FormatFloat(f, 'f', -1, 64)
		})
		// A Shapefile's type is for single and multiple polygons; the driver makes multiple ones of all.
		parts[i] = polygon.ReplaceAllString(p, "  MULTIPOLYGON (($1))")
	}
	return parts[1:]
}

// TestOGR: GDAL's own Carto driver, unmodified, works with the server.
func TestOGR(t *testing.T) {
	t.Parallel()
	source := testpeer.Shared(t, "data/naturalearth_lowres.shp")
	testpeer.Command(t, "ogr2ogr")
	s := serve(t)
	dataset := "Carto:" + s.Name
	want := features(testpeer.Output(t, "ogrinfo", "-ro", "-al", "-q", source))
	if len(want) != 177 {
		t.Fatalf("%d features in the source", len(want))
	}
	// same compares a layer of the account with the source, row by row.
	same := func(name, layer string) {
		t.Helper()
		got := features(s.ogr(t, "ogrinfo", "-ro", "-q", dataset, layer))
		if len(got) != len(want) {
			t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
			return
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%s: row %d:\n%.400s\nwant\n%.400s", name, i, got[i], want[i])
			}
		}
	}
	count := func(layer string) string { return s.must(t, `SELECT count(*) FROM "`+layer+`"`).value(t) }

	s.ogr(t, "ogr2ogr", "-f", "Carto", dataset, source)
	same("upload by COPY", "naturalearth_lowres")
	if out := s.ogr(t, "ogrinfo", "-ro", dataset); !strings.Contains(out, "1: naturalearth_lowres") {
		t.Errorf("ogrinfo lists:\n%s", out)
	}
	columns := s.must(t, `SELECT string_agg(column_name::text, ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'naturalearth_lowres'`).value(t)
	if columns != "cartodb_id,the_geom,pop_est,continent,name,iso_a3,gdp_md_est,the_geom_webmercator" {
		t.Errorf("the table is cartodbfied to %s", columns)
	}
	if n := s.must(t, "SELECT count(*) FROM naturalearth_lowres WHERE ST_SRID(the_geom_webmercator) = 3857").value(t); n != "177" {
		t.Errorf("%s rows have the_geom_webmercator", n)
	}

	s.ogr(t, "ogr2ogr", "-append", "-doo", "COPY_MODE=NO", "-f", "Carto", dataset, source)
	if n := count("naturalearth_lowres"); n != "354" {
		t.Errorf("%s rows after appending, want 354", n)
	}
	s.ogr(t, "ogr2ogr", "-overwrite", "-f", "Carto", dataset, source)
	same("overwritten", "naturalearth_lowres")
	s.ogr(t, "ogr2ogr", "-doo", "COPY_MODE=NO", "-nln", "by_insert", "-f", "Carto", dataset, source)
	same("upload by INSERT", "by_insert")
	s.ogr(t, "ogr2ogr", "-doo", "COPY_MODE=NO", "-doo", "BATCH_INSERT=NO", "-nln", "one_by_one", "-f", "Carto", dataset, source)
	same("upload one by one", "one_by_one")
	s.ogr(t, "ogr2ogr", "-lco", "CARTODBFY=NO", "-nln", "plain", "-f", "Carto", dataset, source)
	same("upload without CDB_CartodbfyTable", "plain")
	if n := s.must(t, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'plain' AND column_name = 'the_geom_webmercator'").value(t); n != "0" {
		t.Error("CARTODBFY=NO was cartodbfied")
	}
	s.ogr(t, "ogr2ogr", "-lco", "LAUNDER=NO", "-nln", "Mixed Case", "-f", "Carto", dataset, source)
	same("upload with a name in mixed case", "Mixed Case")

	// Filters, on the server and in the source.
	for _, filter := range [][]string{
		{"-where", "pop_est > 50000000 AND continent = 'Asia'"},
		{"-spat", "60", "0", "100", "40"},
		{"-where", "name = 'Fiji'"},
	} {
		args := append([]string{"-ro", "-q"}, filter...)
		got := features(s.ogr(t, "ogrinfo", append(args, dataset, "naturalearth_lowres")...))
		sourceArgs := append(append([]string{}, args...), source, "naturalearth_lowres")
		want := features(testpeer.Output(t, "ogrinfo", sourceArgs...))
		if filter[0] == "-spat" {
			// The driver compares bounds on the server and here again; the Shapefile driver compares geometries.
			if len(got) < len(want) || len(got) == 0 {
				t.Errorf("%v: %d rows, want at least %d", filter, len(got), len(want))
			}
			continue
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) == 0 {
			t.Errorf("%v: %d rows, want %d", filter, len(got), len(want))
		}
	}
	sql := "SELECT continent, count(*) AS n, sum(pop_est) AS p FROM naturalearth_lowres GROUP BY 1 ORDER BY 3 DESC"
	// The driver reads the first row to see whether the statement works, and gives it twice.
	if out := s.ogr(t, "ogrinfo", "-ro", "-q", "-sql", sql, dataset); !strings.Contains(out, "4389144868") || len(features(out)) != 8+1 {
		t.Errorf("-sql:\n%s", out)
	}

	// And down again, into a Shapefile and a GeoPackage.
	dir := t.TempDir()
	shp := filepath.Join(dir, "naturalearth_lowres.shp")
	s.ogr(t, "ogr2ogr", "-f", "ESRI Shapefile", shp, dataset, "naturalearth_lowres")
	down := features(testpeer.Output(t, "ogrinfo", "-ro", "-al", "-q", shp))
	for i := range want {
		if i >= len(down) || valuesOf(down[i]) != valuesOf(want[i]) {
			t.Fatalf("download, row %d:\n%.400s\nwant\n%.400s", i, down[min(i, len(down)-1)], want[i])
		}
	}
	gpkg := filepath.Join(dir, "down.gpkg")
	s.ogr(t, "ogr2ogr", "-f", "GPKG", gpkg, dataset, "naturalearth_lowres")
	if got := features(testpeer.Output(t, "ogrinfo", "-ro", "-al", "-q", gpkg)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("download as GeoPackage differs: %d rows", len(got))
	}

	// A user's table is read-only without a key, and only where that was granted.
	s.must(t, "GRANT SELECT ON naturalearth_lowres TO "+s.Name+"_public")
	cmd := exec.Command("ogrinfo", "-ro", "-so", dataset+" tables=naturalearth_lowres", "naturalearth_lowres")
	cmd.Env = append(os.Environ(), "CARTO_API_URL="+s.URL+"/api/v2/sql")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Feature Count: 177") {
		t.Errorf("without a key: %v\n%s", err, out)
	}
}

// valuesOf compares the values of a feature without regard to the widths of a DBF's fields.
func valuesOf(feature string) string {
	return regexp.MustCompile(` \([^)]*\) = +`).ReplaceAllString(feature, " = ")
}
