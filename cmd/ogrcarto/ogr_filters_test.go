package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/all"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// likeOGR are filters that keep as many features with ogrinfo as here, on a Shapefile (OGR's own evaluation) and on a
// GeoPackage (SQLite's).
var likeOGR = []string{
	"pop_est > 50000000", "pop_est >= 140 AND pop_est <= 4050", "pop_est = 4050", "pop_est <> 140",
	"pop_est > 50000000 AND continent = 'Asia'", "continent = 'Asia' OR continent = 'Oceania' AND pop_est < 1000000",
	"(continent = 'Asia' OR continent = 'Oceania') AND pop_est < 1000000", "NOT continent = 'Asia'",
	"NOT (continent = 'Asia' OR pop_est > 5)", "continent IN ('Asia', 'Europe')", "continent NOT IN ('Asia', 'Europe')",
	"pop_est BETWEEN 1000000 AND 5000000", "pop_est NOT BETWEEN 1000000 AND 5000000", "name IS NULL", "name IS NOT NULL",
	"name LIKE 'S%'", "name LIKE '%land'", "name LIKE '_han_'", "name LIKE '%''%'", "iso_a3 LIKE '-99'", "name NOT LIKE '%a%'",
	"continent > 'B'", "continent < 'Europe'", "gdp_md_est > 1e6", "gdp_md_est / pop_est > 0.05",
	"pop_est * 2 > 100000000", "pop_est + 1 = 4051", "pop_est - 140 = 0", "\"pop_est\" = 140", "POP_EST = 140",
	"CAST(pop_est AS character(3)) = '140'", "FID < 10", "FID IN (3, 5, 7)", "fid = 0",
}

// unlikeOGR are filters that ogrinfo counts otherwise, and why we do not follow it.
var unlikeOGR = []struct {
	where    string
	shp, ogr string // our count on the Shapefile, and ogrinfo's there and on the GeoPackage: "n n"
	why      string
}{
	{"name LIKE 's%'", "0", "0 19", "SQLite folds ASCII in LIKE; a filter means the same on every source"},
	{"name >= 'Zambia'", "3", "2 3", "OGR compares texts of a Shapefile without regard to case: eSwatini comes before Zambia"},
	{"continent = 'asia'", "0", "47 0", "the same"},
	{"name ILIKE 's%'", "19", "19 error", "SQLite has no ILIKE"},
	{"OGR_GEOMETRY = 'MULTIPOLYGON'", "177", "29 error", "a Shapefile's polygons are multipolygons; SQLite does not know OGR's special fields"},
	{"OGR_GEOM_AREA > 1000", "4", "4 error", "SQLite does not know OGR's special fields"},
}

func TestLikeOGRWhere(t *testing.T) {
	ogrinfo := testpeer.Command(t, "ogrinfo")
	shp := testpeer.Shared(t, "data/naturalearth_lowres.shp")
	gpkg := filepath.Join(t.TempDir(), "world.gpkg")
	if r := runArgs(t, "copy", "-q", shp, gpkg); r.status != 0 {
		t.Fatal(r.stderr)
	}
	count := regexp.MustCompile(`Feature Count: (\d+)`)
	theirs := func(file string, args ...string) string {
		out, _ := exec.Command(ogrinfo, append([]string{"-ro", "-so", "-al", file}, args...)...).CombinedOutput()
		if m := count.FindSubmatch(out); m != nil && !strings.Contains(string(out), "ERROR") && !strings.Contains(string(out), "FAILURE") {
			return string(m[1])
		}
		return "error"
	}
	ours := func(file string, q func(*layer.Query)) string {
		ctx := context.Background()
		ds, err := all.Drivers().Open(ctx, file, driver.Read, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ds.Close()
		l, err := ds.Layer(ctx, "naturalearth_lowres")
		if err != nil {
			t.Fatal(err)
		}
		var query layer.Query
		q(&query)
		n, err := layer.Count(ctx, l, query)
		if err != nil {
			return err.Error()
		}
		return strconv.FormatInt(n, 10)
	}
	where := func(text string) func(*layer.Query) {
		e, err := filter.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return func(q *layer.Query) { q.Where = e }
	}
	for _, text := range likeOGR {
		for _, file := range []string{shp, gpkg} {
			if got, want := ours(file, where(text)), theirs(file, "-where", text); got != want {
				t.Errorf("%s: %s: %s features, ogrinfo counts %s", filepath.Base(file), text, got, want)
			}
		}
	}
	for _, c := range unlikeOGR {
		if got := ours(shp, where(c.where)); got != c.shp {
			t.Errorf("%s: %s features, want %s", c.where, got, c.shp)
		}
		if got := ours(gpkg, where(c.where)); got != c.shp {
			t.Errorf("%s: %s features of the GeoPackage, want %s", c.where, got, c.shp)
		}
		if got := theirs(shp, "-where", c.where) + " " + theirs(gpkg, "-where", c.where); got != c.ogr {
			t.Errorf("%s: ogrinfo counts %s, not %s: is it still a difference (%s)?", c.where, got, c.ogr, c.why)
		}
	}
	// Boxes. OGR compares the geometries of a Shapefile, and here bounds are compared; --intersects compares geometries.
	for _, box := range []string{"5 45 10 50", "-180 -90 180 90", "100 0 100 0", "170 -50 190 10"} {
		n := strings.Fields(box)
		wkt := fmt.Sprintf("POLYGON((%[1]s %[2]s,%[3]s %[2]s,%[3]s %[4]s,%[1]s %[4]s,%[1]s %[2]s))", n[0], n[1], n[2], n[3])
		if n[0] == n[2] {
			wkt = fmt.Sprintf("POINT(%s %s)", n[0], n[1])
		}
		var f geometryFlag
		if err := f.Set(wkt); err != nil {
			t.Fatal(err)
		}
		s := &boundsFlag{}
		if err := s.Set(box); err != nil {
			t.Fatal(err)
		}
		spat := append([]string{"-spat"}, n...)
		if got, want := ours(gpkg, func(q *layer.Query) { q.Box = s.bounds }), theirs(gpkg, spat...); got != want {
			t.Errorf("%s of the GeoPackage: %s features, ogrinfo counts %s", box, got, want)
		}
		exact := filter.Field("geometry").Intersects(f.wkb)
		if got, want := ours(shp, func(q *layer.Query) { q.Where = exact }), theirs(shp, spat...); got != want {
			t.Errorf("%s of the Shapefile: %s features, ogrinfo counts %s", box, got, want)
		}
	}
}

// TestFilteredCopies: what copy keeps is what ogr2ogr keeps, row by row.
func TestFilteredCopies(t *testing.T) {
	ogr2ogr := testpeer.Command(t, "ogr2ogr")
	shp := testpeer.Shared(t, "data/naturalearth_lowres.shp")
	const polygon = "POLYGON ((60 0, 100 0, 110 40, 60 40, 60 0))"
	const world = "SELECT * FROM naturalearth_lowres WHERE "
	for i, c := range []struct {
		flags []string // ours
		sql   string   // ogr2ogr's, in its SQLite dialect
	}{
		{[]string{"--where", "pop_est > 50000000 AND continent = 'Asia'"}, world + "pop_est > 50000000 AND continent = 'Asia'"},
		{
			[]string{"--where", "pop_est > 50000000 AND continent = 'Asia'", "--intersects", polygon},
			world + "pop_est > 50000000 AND continent = 'Asia' AND ST_Intersects(geometry, GeomFromText('" + polygon + "', 4326))",
		},
		{[]string{"--intersects", polygon}, world + "ST_Intersects(geometry, GeomFromText('" + polygon + "', 4326))"},
		{
			[]string{"--order-by", "continent desc, pop_est", "--limit", "20", "--offset", "5"},
			world + "1 ORDER BY continent DESC, pop_est LIMIT 20 OFFSET 5",
		},
		{[]string{"--sql", world + "pop_est < 100000 ORDER BY name"}, world + "pop_est < 100000 ORDER BY name"},
		{
			[]string{"--sql", "select a.name, count(*) n from naturalearth_lowres a join naturalearth_lowres b on ST_Intersects(a.geometry, b.geometry) and a.name <> b.name group by 1 order by 1"},
			"select a.name, count(*) n from naturalearth_lowres a join naturalearth_lowres b on ST_Intersects(a.geometry, b.geometry) and a.name <> b.name group by 1 order by 1",
		},
	} {
		dir := t.TempDir()
		ours, theirs := filepath.Join(dir, "ours.gpkg"), filepath.Join(dir, "theirs.gpkg")
		args := append(append([]string{"copy", "-q", "--nln", "x", "--nlt", "PROMOTE_TO_MULTI", "--preserve-fid=false"}, c.flags...), shp, ours)
		if r := runArgs(t, args...); r.status != 0 {
			t.Fatalf("%v: %s", c.flags, r.stderr)
		}
		testpeer.Output(t, ogr2ogr, "-f", "GPKG", "-nln", "x", "-nlt", "PROMOTE_TO_MULTI", "-dialect", "SQLite", "-sql", c.sql, theirs, shp)
		rows := func(file string) string {
			out := testpeer.Output(t, "ogrinfo", "-ro", "-q", "-al", file)
			out = strings.ReplaceAll(out, "(Integer64)", "(Integer)") // an integer of an expression has 64 bits here
			return out[strings.Index(out, "OGRFeature"):]
		}
		a, b := rows(ours), rows(theirs)
		if a != b {
			t.Errorf("case %d, %v: the copies differ:\n%.600s\n%.600s", i, c.flags, a, b)
		}
	}
}

// TestSQLLikeOGR: the answer of --sql is ogrinfo's.
func TestSQLLikeOGR(t *testing.T) {
	shp := testpeer.Shared(t, "data/naturalearth_lowres.shp")
	const sql = "select continent, count(*) n, sum(pop_est) p from naturalearth_lowres group by 1 order by p desc"
	r := runArgs(t, "info", "-q", "--sql", sql, shp)
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	features := func(s string) string { return s[strings.Index(s, "OGRFeature"):] }
	want := testpeer.Output(t, "ogrinfo", "-ro", "-dialect", "SQLite", "-sql", sql, shp)
	want = strings.ReplaceAll(want, "(Integer)", "(Integer64)")
	if got := features(r.stdout); strings.TrimSpace(got) != strings.TrimSpace(features(want)) {
		t.Errorf("got\n%s\nogrinfo has\n%s", got, features(want))
	}
}
