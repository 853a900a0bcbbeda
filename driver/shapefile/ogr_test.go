package shapefile

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
)

// sharedData is where real inputs are, beside the project's root; see its README.
const sharedData = "../../../shared/data"

// sharedFiles returns real inputs by a pattern, or skips the test.
func sharedFiles(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testpeer.Shared(t, "data"), pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in the shared data: %v", pattern, err)
	}
	return files
}

// differences are where this driver is meant to differ from what ogrinfo 3.6.2 prints: the file, and what of it. That
// polylines and polygons are Multi* here (PROMOTE_TO_MULTI) goes without saying. An entry that is not met fails the test,
// as does a difference that has none.
var differences = []struct{ file, at, reason string }{
	{"buggymultiline", "feature 0", "OGR warns and gives a feature without geometry; a broken record is an error here"},
	{"buggymultipoint", "feature 0", "the same"},
	{"buggymultipoly", "feature 0", "the same"},
	{"buggypoint", "feature 0 geometry", "the .shx has 18 bytes for the record, the .shp 20, which are right: OGR believes the .shx"},
	{"testpoly", "feature 12 geometry", "the record's rings go the wrong way round; OGR takes the only clockwise ring for the outer " +
		"one although it lies in the other"},
	{"gjmultipoly", "feature 0 geometry", "all rings are clockwise, so that containment alone tells the hole; OGR takes every " +
		"clockwise ring for an outer one"},

	{"rings", "feature 13 geometry", "all rings go the same way, and containment alone tells the hole"},
	{"rings", "feature 14 geometry", "the same"},
	{"rings", "feature 2 geometry", "a ring that is not closed is closed"},
	{"rings", "feature 1 geometry", "the same"},
	{"rings", "feature 3 geometry", "the same"},
	{"rings", "feature 5 geometry", "the same"},
	{"rings", "feature 7 geometry", "a hole outside of the outer ring is a polygon of its own; OGR takes what is not clockwise for a " +
		"hole of the only ring that is"},
	{"rings", "feature 8 geometry", "rings that all go the wrong way round are read as if they did not"},
	{"rings", "feature 11 geometry", "a hole outside of the outer ring is a polygon of its own"},
	{"rings", "feature 15 geometry", "a part without points is left out; OGR gives up the shape"},
	{"rings", "feature 16 geometry", "the same"},
	{"rings", "feature 19 geometry", "rings that all go the wrong way round are read as if they did not"},
	{"lines", "feature 2 geometry", "a part without points is left out; OGR gives up the shape"},
	{"lines", "feature 3 geometry", "the same"},
	{"nullfirst", "type", "whether there are measures is told by the first shape that is not null"},
	{"nullfirst", "feature 1 geometry", "the same"},
	{"mixed", "feature 1", "a record of another type than the file's is an error; OGR gives a point in a polygon layer"},
	{"patch", "type", "a MultiPatch layer is a MultiPolygon Z; OGR leaves its type open"},
	{"patch", "feature 0 geometry", "triangles are polygons; OGR makes a TIN of them"},
	{"patch", "feature 1 geometry", "the same"},
	{"patch", "feature 2 geometry", "the same"},
	{"patch", "feature 4 geometry", "the same, where OGR makes a collection of a TIN and a polygon"},
	{"moreshp", "feature 2", "a shape without a row in the .dbf has null fields; OGR ends there, though it counts it"},
	{"moreshp", "feature 3", "the same"},
	{"deleted", "count", "deleted rows are not counted; OGR counts them, but does not give them out"},

	{"types", "field L", "a logical field is an Integer(Boolean); OGR 3.6 reads it as text (3.7 does not)"},
	{"types", "feature 0 L", "the same"},
	{"types", "feature 1 L", "a question mark is null"},
	{"types", "feature 2 L", "logical"},
	{"types", "feature 3 L", "what is neither true nor false is null, with a warning"},
	{"types", "feature 7 L", "logical"},
	{"types", "feature 8 L", "logical"},
	{"types", "feature 0 M", "a memo is in another file, which is not read: null, with a warning; OGR gives its number"},
	{"types", "feature 2 R", "what is not a number is null, with a warning; OGR reads 0"},
	{"types", "feature 3 N9", "the same"},
	{"types", "feature 3 N10", "what is only half a number is null, with a warning; OGR reads the half"},
	{"types", "feature 3 N18", "what is not a number is null, with a warning; OGR reads 0"},
	{"types", "feature 3 R", "a decimal comma is read as one; OGR reads 1,5 as 1"},
	{"types", "feature 2 D", "0 is null"},
	{"types", "feature 3 D", "what is not a date is null, with a warning; OGR gives 2020/99/99"},
	{"types", "feature 7 D", "blanks in a date count as zeros"},
	{"types", "feature 8 D", "what is not a date is null, with a warning"},
	{"types", "feature 8 N9", "1e5 is 100000; OGR reads 1"},
	{"types", "feature 8 N10", "the same"},
	{"types", "feature 8 N18", "the same"},
	{"types", "count", "deleted rows are not counted"},
	{"names", "field 1", "names are made unique; OGR leaves three of the same name"},
	{"names", "field 3", "blanks around a name are trimmed"},
	{"names", "field 4", "a field without a name gets one"},
}

// oddFiles are Shapefiles with what real ones seldom have.
func oddFiles() memSet {
	all := memSet{}
	add := func(name string, s *shpBuilder, dbf []byte) {
		if s != nil {
			all[name+".shp"], all[name+".shx"] = s.build()
		}
		if dbf != nil {
			all[name+".dbf"] = dbf
		}
	}
	box := [4]float64{0, 0, 10, 10}
	poly := func() *shpBuilder { return &shpBuilder{typ: polygon, box: box} }
	rings := &shpBuilder{typ: polygon, box: [4]float64{0, 0, 110, 110}}
	for _, parts := range [][][]xy{
		{{{1, 1}}},
		{{{1, 1}, {2, 2}}},
		{{{0, 0}, {0, 1}, {1, 1}}},
		{{{0, 0}, {0, 1}, {1, 1}, {1, 0}}},
		{square(0, 0, 10), {{1, 1}}},
		{square(0, 0, 10), {{1, 1}, {2, 2}}},
		{square(0, 0, 10), {{1, 1}, {2, 2}, {1, 1}}},
		{square(0, 0, 10), {{20, 20}, {22, 22}, {20, 20}}},
		{hole(0, 0, 10), square(2, 2, 3)},
		{square(0, 0, 10), square(20, 0, 10), hole(22, 2, 3), hole(2, 2, 3), square(3, 3, 1)},
		{hole(2, 2, 3), square(0, 0, 10)},
		{square(0, 0, 10), hole(50, 50, 3)},
		{square(0, 0, 10), square(20, 20, 10), hole(50, 50, 3)},
		{hole(0, 0, 10), hole(2, 2, 3)},
		{square(0, 0, 10), square(2, 2, 3)},
		{square(0, 0, 10), {}},
		{square(0, 0, 10), {}, hole(1, 1, 1)},
		{},
		{{}},
		{hole(0, 0, 10), square(2, 2, 3), hole(3, 3, 1), square(100, 100, 10)},
		{square(0, 0, 10), hole(1, 1, 8), hole(2, 2, 3), square(100, 100, 10)},
	} {
		rings.add(partsBody(parts...))
	}
	add("rings", rings.null(), nil)

	lines := &shpBuilder{typ: polyLine, box: box}
	for _, parts := range [][][]xy{
		{{{1, 1}}}, {{{1, 1}}, {{2, 2}, {3, 3}}}, {{{1, 1}, {2, 2}}, {}}, {{{1, 1}, {2, 2}}, {}, {{1, 1}, {2, 2}}}, {}, {{}},
	} {
		lines.add(partsBody(parts...))
	}
	add("lines", lines, nil)

	line := partsBody([]xy{{0, 0}, {1, 1}})
	z, m, noM := block(1, 2), block(3, 4), block(-math.MaxFloat64, -math.MaxFloat64)
	add("linez", (&shpBuilder{typ: polyLineZ, box: box}).add(line, z).add(line, z, m).add(line, z, noM), nil)
	add("linezm", (&shpBuilder{typ: polyLineZ, box: box}).add(line, z, block(-math.MaxFloat64, 4)).add(line, z).
		add(line, z, m).add(line, z, noM), nil)
	add("nullfirst", (&shpBuilder{typ: polyLineZ, box: box}).null().add(line, z, m), nil)
	add("linem", (&shpBuilder{typ: polyLineM, box: box}).add(line, m).add(line).add(line, noM), nil)
	add("linenom", (&shpBuilder{typ: polyLineM, box: box}).add(line).add(line, m), nil)
	add("polygonz", (&shpBuilder{typ: polygonZ, box: box}).add(partsBody(square(0, 0, 9), hole(1, 1, 2)),
		block(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), nil)
	add("pointsm", (&shpBuilder{typ: multiPointM, box: box}).add(le(box, 2, xy{1, 2}, xy{3, 4}), m), nil)
	add("pointsz", (&shpBuilder{typ: multiPointZ, box: box}).add(le(box, 2, xy{1, 2}, xy{3, 4}), z, m), nil)
	add("nopoints", (&shpBuilder{typ: multiPoint, box: box}).add(le(box, 0)), nil)
	add("pointz", (&shpBuilder{typ: pointZ, box: box}).add(le(xy{1, 2}, 3.0)).add(le(xy{1, 2}, 3.0, 4.0)), nil)
	add("pointzm", (&shpBuilder{typ: pointZ, box: box}).add(le(xy{1, 2}, 3.0, 4.0)).add(le(xy{1, 2}, 3.0)), nil)
	add("pointm", (&shpBuilder{typ: pointM, box: box}).add(le(xy{1, 2}, 3.0)).add(le(xy{1, 2}, -math.MaxFloat64)), nil)
	add("pointnan", (&shpBuilder{typ: point, box: box}).add(le(xy{math.NaN(), math.NaN()})).add(le(xy{1e39, -1e39})), nil)
	add("mixed", poly().add(partsBody(square(0, 0, 1))).raw(le(int32(point), xy{1, 2})), nil)

	patch := &shpBuilder{typ: multiPatch, box: [4]float64{0, 0, 52, 52}}
	body := func(types []int32, parts ...[]xy) []byte {
		b := partsBody(parts...)
		at := 40 + 4*len(parts)
		var zs []float64
		for _, p := range parts {
			for range p {
				zs = append(zs, float64(len(zs)))
			}
		}
		return bytes.Join([][]byte{b[:at], le(types), b[at:], block(zs...)}, nil)
	}
	strip := []xy{{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}}
	patch.add(body([]int32{triangleStrip}, strip)).add(body([]int32{triangleFan}, strip)).
		add(body([]int32{triangles}, append(strip[:3:3], strip[1:4]...))).
		add(body([]int32{outerRing, innerRing}, square(0, 0, 9), hole(1, 1, 2))).
		add(body([]int32{triangleStrip, outerRing}, strip, square(0, 0, 9))).
		add(body([]int32{firstRing, plainRing, plainRing}, square(0, 0, 9), hole(1, 1, 2), square(50, 50, 2))).
		add(body([]int32{outerRing, outerRing, innerRing}, square(0, 0, 9), square(20, 20, 9), hole(21, 21, 2)))
	add("patch", patch, nil)

	points := func(n int) *shpBuilder {
		s := &shpBuilder{typ: point, box: box}
		for i := range n {
			s.add(le(xy{float64(i), 1}))
		}
		return s
	}
	number := []dbfColumn{{"A", 'N', 5, 0}}
	add("moredbf", points(2), makeDBF(0, number, []string{"1"}, []string{"2"}, []string{"3"}))
	add("moreshp", points(4), makeDBF(0, number, []string{"1"}, []string{"2"}))
	add("deleted", points(3), makeDBF(0, number, []string{"1"}, []string{"*", "2"}, []string{"3"}))
	add("names", points(1), makeDBF(0, []dbfColumn{{"dup", 'C', 3, 0}, {"dup", 'C', 3, 0}, {"DUP", 'C', 3, 0}, {" sp ", 'C', 3, 0}, {"", 'C', 3, 0}},
		[]string{"a", "b", "c", "d", "e"}))

	cols := []dbfColumn{
		{"C", 'C', 10, 0},
		{"N9", 'N', 9, 0},
		{"N10", 'N', 10, 0},
		{"N18", 'N', 18, 0},
		{"N19", 'N', 19, 0},
		{"N20", 'N', 20, 0},
		{"R", 'N', 12, 3},
		{"F", 'F', 13, 5},
		{"F0", 'F', 8, 0},
		{"D", 'D', 8, 0},
		{"L", 'L', 1, 0},
		{"M", 'M', 10, 0},
	}
	rows := [][]string{
		{"abc", "1", "2", "3", "4", "5", "1.5", "2.5", "7", "20200131", "T", "123"},
		{"  lead", "***", "*", "   ", "****", "*", "****", "*", "*", "00000000", "?", ""},
		{"tr\x00xx  ", "1.75", "2.75", "3.75", "4.75", "5", "abc", "1e3", "7", "0", "F", ""},
		{"\x00\x00\x00", "abc", "12abc", "x", "4", "5", "1,5", "nan", "7.9", "20209999", "x", ""},
		{"*", "del", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", ""},
		{"", "", "", "", "", "", "", "", "", "", "", ""},
		{"x", "\x00\x00\x00", "\x00", "\x00", "\x00\x00", "\x00", "\x00", "\x00", "\x00", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x00", "\x00"},
		{"x", "-99999999", "9999999999", "999999999999999999", "9999999999999999999", "99999999999999999999", "inf", "-inf", "+7", "2020 1 1", "Y", ""},
		{"x", "1e5", "1e9", "1e12", "1e18", "1e19", ".5", "-.5", "+.5", "01/02/20", "n", ""},
	}
	add("types", points(len(rows)), makeDBF(0, cols, rows...))
	return all
}

// TestAgainstOGR compares every real and every odd file with what ogrinfo prints: layer type, fields, count, extent, and all
// rows.
func TestAgainstOGR(t *testing.T) {
	testpeer.Command(t, "ogrinfo")
	dir := t.TempDir()
	write(t, dir, oddFiles())
	files, err := filepath.Glob(filepath.Join(dir, "*.shp"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, sharedFiles(t, "*.shp")...)
	files = append(files, sharedFiles(t, "corpus/shp/*.shp")...)
	for _, file := range files {
		base := strings.TrimSuffix(filepath.Base(file), ".shp")
		t.Run(base, func(t *testing.T) {
			got := compareWithOGR(t, file)
			for _, d := range differences {
				if d.file != base {
					continue
				}
				if _, ok := got[d.at]; !ok {
					t.Errorf("%s: %s does not differ, but is listed: %s", d.file, d.at, d.reason)
				}
				delete(got, d.at)
			}
			for at, text := range got {
				t.Errorf("%s: %s", at, text)
			}
		})
	}
}

// ogrRow is a feature as ogrinfo prints it.
type ogrRow struct {
	fid           int64
	names, values []string
	wkt           string
}

// ogrLayer is a layer as ogrinfo prints it.
type ogrLayer struct {
	typ, count, extent string
	fields             []string
	rows               []ogrRow
}

var (
	ogrFeature = regexp.MustCompile(`^OGRFeature\(.*\):(\d+)$`)
	ogrValue   = regexp.MustCompile(`^  (.*) \((?:String|Integer|Integer64|Real|Date)\) = (.*)$`)
	ogrField   = regexp.MustCompile(`^.*: (?:String|Integer|Integer64|Real|Date) \(\d+\.\d+\)$`)
)

func runOgrinfo(t *testing.T, file string) ogrLayer {
	t.Helper()
	cmd := exec.Command("ogrinfo", "-al", file)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ogrinfo: %v", err)
	}
	var l ogrLayer
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := ogrFeature.FindStringSubmatch(line); m != nil {
			fid, _ := strconv.ParseInt(m[1], 10, 64)
			l.rows = append(l.rows, ogrRow{fid: fid})
			continue
		}
		if len(l.rows) > 0 {
			row := &l.rows[len(l.rows)-1]
			if m := ogrValue.FindStringSubmatch(line); m != nil {
				row.names, row.values = append(row.names, m[1]), append(row.values, m[2])
			} else if strings.HasPrefix(line, "  ") {
				row.wkt = strings.TrimSpace(line)
			}
			continue
		}
		switch {
		case strings.HasPrefix(line, "Geometry: "):
			l.typ = line[10:]
		case strings.HasPrefix(line, "Feature Count: "):
			l.count = line[15:]
		case strings.HasPrefix(line, "Extent: "):
			l.extent = line[8:]
		case ogrField.MatchString(line):
			l.fields = append(l.fields, line)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return l
}

// compareWithOGR returns what differs, by where.
func compareWithOGR(t *testing.T, file string) map[string]string {
	t.Helper()
	want := runOgrinfo(t, file)
	diff := make(map[string]string)
	note := func(at, ogr, ours string) { diff[at] = fmt.Sprintf("OGR has %s, we have %s", ogr, ours) }
	ds, err := New().Open(context.Background(), file, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	names, err := ds.LayerNames(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	l := openLayerOf(t, ds, names[0])
	s := l.Schema()
	single := strings.NewReplacer("Multi Line", "Line", "Multi Polygon", "Polygon")
	if got := single.Replace(s.Geoms[0].Type.OGRName()); got != want.typ {
		note("type", want.typ, got)
	}
	for i, f := range s.Fields {
		got := fmt.Sprintf("%s: %s (%d.%d)", f.Name, f.TypeName(), f.Width, f.Precision)
		if i >= len(want.fields) {
			note(fmt.Sprintf("field %d", i), "none", got)
		} else if got != want.fields[i] {
			at := "field " + f.Name
			if strings.Contains(file, "names") {
				at = fmt.Sprintf("field %d", i)
			}
			note(at, want.fields[i], got)
		}
	}
	if n, err := layer.Count(context.Background(), l, layer.Query{}); err != nil || fmt.Sprint(n) != want.count {
		note("count", want.count, fmt.Sprint(n, err))
	}
	if b, err := layer.Extent(context.Background(), l, 0); err == nil && !b.IsEmpty() && b.String() != want.extent {
		note("extent", want.extent, b.String())
	}
	rows := make(map[int64]*feature.Feature)
	for f, err := range l.Features(context.Background(), layer.Query{OnBadRow: func(error) {}}) {
		if err != nil {
			t.Fatal(err)
		}
		rows[f.FID] = f.Clone()
	}
	for _, w := range want.rows {
		at := fmt.Sprintf("feature %d", w.fid)
		f := rows[w.fid]
		delete(rows, w.fid)
		if f == nil {
			note(at, "it", "nothing")
			continue
		}
		for i, field := range s.Fields {
			// OGR prints no line for what is unset: a null date is. Names may be others, but not where lines are missing.
			ogr, ours, at := "(null)", f.Values[i], at+" "+field.Name
			if len(w.values) == len(s.Fields) {
				ogr = w.values[i]
			} else if j := slices.Index(w.names, field.Name); j >= 0 {
				ogr = w.values[j]
			}
			if !sameText(ours, ogr, field) {
				note(at, ogr, ours.String())
			}
		}
		ours := ""
		if g := f.Geometry(); g != nil {
			ours = wkt(t, g)
		}
		if !sameWKT(ours, w.wkt) {
			note(at+" geometry", w.wkt, ours)
		}
	}
	for fid, f := range rows {
		note(fmt.Sprintf("feature %d", fid), "nothing", fmt.Sprint(f.Values))
	}
	return diff
}

// sameText compares values as they are printed. Reals are printed with the field's precision.
func sameText(ours feature.Value, ogr string, f feature.Field) bool {
	if ours.Kind() == feature.KindFloat && f.Width > 0 {
		x, err := strconv.ParseFloat(ogr, 64)
		return err == nil && (near(ours.Float(), x) || strconv.FormatFloat(ours.Float(), 'f', f.Precision, 64) == ogr)
	}
	return ours.String() == ogr
}

func near(a, b float64) bool {
	return a == b || (a != a && b != b) || math.Abs(a-b) <= 1e-14*max(math.Abs(a), math.Abs(b))
}

var wktToken = regexp.MustCompile(`[A-Z]+|[()]|[-+.0-9][-+.0-9eE]*`)

// sameWKT compares two texts, numbers by value; a single geometry equals the collection of it.
func sameWKT(a, b string) bool {
	x, y := wktTokens(a), wktTokens(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if strings.EqualFold(x[i], y[i]) { // -1.79769313486232E+308 cannot be parsed: it was rounded up
			continue
		}
		p, err1 := strconv.ParseFloat(x[i], 64)
		q, err2 := strconv.ParseFloat(y[i], 64)
		if err1 != nil || err2 != nil || !near(p, q) {
			return false
		}
	}
	return true
}

// wktTokens takes a text apart: "LINESTRING (1 1,2 2)" as "MULTILINESTRING ((1 1,2 2))", "()" as "EMPTY".
func wktTokens(s string) []string {
	tokens := wktToken.FindAllString(s, -1)
	if len(tokens) == 0 {
		return nil
	}
	if n := len(tokens); n > 2 && tokens[n-2] == "(" {
		tokens = append(tokens[:n-2], "EMPTY")
	}
	if t := tokens[0]; t == "LINESTRING" || t == "POLYGON" {
		tokens[0] = "MULTI" + t
		at := 1
		for tokens[at] == "Z" || tokens[at] == "M" || tokens[at] == "ZM" {
			at++
		}
		if tokens[at] == "(" {
			tokens = append(tokens[:at:at], append([]string{"("}, append(tokens[at:], ")")...)...)
		}
	}
	return tokens
}
