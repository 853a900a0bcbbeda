package shapefile

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/layer"
)

func onePoint() memSet {
	set := (&shpBuilder{typ: point}).add(le(xy{1, 2})).files()
	set["t.dbf"] = makeDBF(0, []dbfColumn{{"a", 'C', 3, 0}}, []string{"x"})
	set["t.prj"] = []byte("\uFEFF" + `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],` +
		`PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`)
	return set
}

// renamed gives the files of a set other names: "t.shp" becomes names["shp"].
func renamed(set memSet, names map[string]string) memSet {
	out := memSet{}
	for name, b := range set {
		if to, ok := names[strings.TrimPrefix(name, "t.")]; ok {
			out[to] = b
		}
	}
	return out
}

func TestNames(t *testing.T) {
	upper := map[string]string{"shp": "ROADS.SHP", "shx": "ROADS.SHX", "dbf": "roads.Dbf", "prj": "Roads.prj"}
	for _, test := range []struct {
		name string
		set  memSet
		open string
		want string // layers
	}{
		{"lower case", onePoint(), "t.shp", "t"},
		{"mixed case", renamed(onePoint(), upper), "ROADS.SHP", "ROADS"},
		{"by the .shx", onePoint(), "t.shx", "t"},
		{"by the .dbf", onePoint(), "t.dbf", "t"},
		{"points in the name", renamed(onePoint(), map[string]string{"shp": "a.b.shp", "shx": "a.b.shx", "dbf": "a.b.dbf", "prj": "a.b.prj"}), "a.b.shp", "a.b"},
		{"a folder", renamed(onePoint(), upper), "", "ROADS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, test.set)
			ds, err := New().Open(context.Background(), filepath.Join(dir, test.open), driver.Read, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ds.Close()
			checkOnePoint(t, ds, test.want)
		})
	}
}

// checkOnePoint reads what onePoint makes.
func checkOnePoint(t *testing.T, ds driver.Dataset, name string) {
	t.Helper()
	names, err := ds.LayerNames(context.Background())
	if err != nil || !slices.Equal(names, []string{name}) {
		t.Fatalf("layers %q, %v; want %q", names, err, name)
	}
	l := openLayerOf(t, ds, name)
	if srs := l.Schema().Geoms[0].SRS; srs.String() != "EPSG:4326" {
		t.Errorf("SRS %v", srs)
	}
	all, err := readAll(l, layer.Query{})
	if err != nil || len(all) != 1 || wkt(t, all[0].Geometry()) != "POINT (1 2)" || all[0].Values[0].Text() != "x" {
		t.Errorf("%v, %v", all, err)
	}
	if w := ds.(driver.Warner).Warnings(); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}
}

func TestCaseSiblings(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("names that differ in case alone are one file here")
	}
	set := onePoint()
	other := renamed(onePoint(), map[string]string{"shp": "T.shp", "shx": "T.SHX", "dbf": "T.DBF"})
	other["T.DBF"] = makeDBF(0, []dbfColumn{{"other", 'C', 3, 0}}, []string{"y"})
	for name, b := range other {
		set[name] = b
	}
	for i := range 100 { // more files are searched in another way
		set["unrelated"+string(rune('A'+i%26))+strings.Repeat("x", i)+".txt"] = nil
		dir := t.TempDir()
		if i != 0 && i != 99 {
			continue
		}
		write(t, dir, set)
		ds, err := New().Open(context.Background(), dir, driver.Read, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, field := range map[string]string{"t": "a", "T": "other"} {
			l := openLayerOf(t, ds, name)
			if f := l.Schema().Fields; len(f) != 1 || f[0].Name != field {
				t.Errorf("layer %s has fields %v, want %s", name, f, field)
			}
		}
		ds.Close()
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, oddFiles())
	write(t, dir, memSet{"alone.dbf": makeDBF(0, []dbfColumn{{"a", 'C', 3, 0}}, []string{"x"}), "readme.txt": []byte("x"), ".shp": []byte("x")})
	ds, err := New().Open(context.Background(), dir, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	names, err := ds.LayerNames(context.Background())
	if err != nil || !slices.IsSorted(names) || !slices.Contains(names, "alone") || slices.Contains(names, "") {
		t.Fatalf("layers %q, %v", names, err)
	}
	l := openLayerOf(t, ds, "alone")
	if s := l.Schema(); len(s.Geoms) != 0 || len(s.Fields) != 1 {
		t.Errorf("schema %+v", s)
	}
	l = openLayerOf(t, ds, "rings")
	if s := l.Schema(); len(s.Geoms) != 1 || len(s.Fields) != 0 {
		t.Errorf("schema %+v", s)
	}
}

// TestManyLayers has more layers than a process may have files open.
func TestManyLayers(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		write(t, dir, renamed(onePoint(), map[string]string{"shp": name(i) + ".shp", "shx": name(i) + ".shx", "dbf": name(i) + ".dbf"}))
	}
	opened, err := New().Open(context.Background(), dir, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	ds := opened.(*dataset)
	for range 2 {
		for i := range 100 {
			if all, err := readAll(openLayerOf(t, ds, name(i)), layer.Query{}); err != nil || len(all) != 1 {
				t.Fatalf("layer %d: %v, %v", i, all, err)
			}
		}
	}
	if ds.open > maxOpen {
		t.Errorf("%d layers are open, want at most %d", ds.open, maxOpen)
	}
	l := openLayerOf(t, ds, name(0))
	if err := ds.Close(); err != nil {
		t.Fatal(err)
	}
	if ds.open != 0 {
		t.Errorf("%d layers are open after Close", ds.open)
	}
	if _, err := readAll(l, layer.Query{}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("reading after Close: %v", err)
	}
}

func name(i int) string { return "layer" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }

// makeZip makes an archive. A name that ends in "!" is stored without compression.
func makeZip(t *testing.T, members ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		h := &zip.FileHeader{Name: members[i].(string), Method: zip.Deflate}
		if strings.HasSuffix(h.Name, "!") {
			h.Name, h.Method = strings.TrimSuffix(h.Name, "!"), zip.Store
		}
		m, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write(members[i+1].([]byte)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZip(t *testing.T) {
	p := onePoint()
	for _, test := range []struct {
		name    string
		members []any
		layer   string
	}{
		{"flat", []any{"t.shp", p["t.shp"], "t.shx", p["t.shx"], "t.dbf", p["t.dbf"], "t.prj", p["t.prj"]}, "t"},
		{"stored", []any{"t.shp!", p["t.shp"], "t.shx!", p["t.shx"], "t.dbf!", p["t.dbf"], "t.prj!", p["t.prj"]}, "t"},
		{"nested, with macOS' files", []any{
			"a/",
			[]byte{},
			"a/b/T.SHP", p["t.shp"], "a/b/t.shx", p["t.shx"], "a/b/t.dbf", p["t.dbf"], "a/b/t.prj", p["t.prj"],
			"__MACOSX/a/b/._T.SHP", []byte("x"), "__MACOSX/a/b/T.SHP", []byte("x"), "a/.DS_Store", []byte("x"), "a/b/._T.SHP", []byte("x"),
			"a/.hidden/t.shp", []byte("x"),
		}, "T"},
		{"backslashes", []any{`a\t.shp`, p["t.shp"], `a\t.shx`, p["t.shx"], `a\t.dbf`, p["t.dbf"], `a\t.prj`, p["t.prj"]}, "t"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, file := range []string{"x.zip", "x.shp.zip", "x.shz", "X.ZIP"} {
				write(t, dir, memSet{file: makeZip(t, test.members...)})
				ds, err := New().Open(context.Background(), filepath.Join(dir, file), driver.Read, nil)
				if err != nil {
					t.Fatal(err)
				}
				checkOnePoint(t, ds, test.layer)
				if err := ds.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestZipSameNames(t *testing.T) {
	p := onePoint()
	file := filepath.Join(t.TempDir(), "x.zip")
	write(t, filepath.Dir(file), memSet{"x.zip": makeZip(t, "a/t.shp", p["t.shp"], "b/t.shp", p["t.shp"], "b/u.shp", p["t.shp"], "b/U.SHP", p["t.shp"])})
	ds, err := New().Open(context.Background(), file, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	names, err := ds.LayerNames(context.Background())
	if want := []string{"a/t", "b/t", "U", "u"}; err != nil || len(names) != len(want) || !slices.Contains(names, "a/t") || !slices.Contains(names, "u") {
		t.Errorf("layers %q, %v; want %q", names, err, want)
	}
}

// TestZipLarge unpacks a member into a temporary file, which is gone when the dataset is closed.
func TestZipLarge(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	cols := []dbfColumn{{"a", 'C', 200, 0}}
	rows := slices.Repeat([][]string{{"x"}}, inMemory/200)
	table := makeDBF(0, cols, rows...)
	write(t, dir, memSet{"x.zip": makeZip(t, "t.dbf", table)})
	ds, err := New().Open(context.Background(), filepath.Join(dir, "x.zip"), driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := layer.Count(context.Background(), openLayerOf(t, ds, "t"), layer.Query{})
	if err != nil || n != int64(len(rows)) {
		t.Errorf("%d rows, %v; want %d", n, err, len(rows))
	}
	if err := ds.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("%s is left behind", left[0].Name())
	}
}

func TestZipBad(t *testing.T) {
	p := onePoint()
	packed := makeZip(t, "t.shp", p["t.shp"], "t.dbf", bytes.Repeat([]byte{' '}, 1000))
	central := bytes.LastIndex(packed, []byte("PK\x01\x02")) // the .dbf's entry
	size := func(n uint32) []byte {
		b := bytes.Clone(packed)
		binary.LittleEndian.PutUint32(b[central+24:], n)
		return b
	}
	encrypted := bytes.Clone(packed)
	encrypted[central+8] |= 1
	for _, test := range []struct {
		name, want string
		b          []byte
	}{
		{"no zip", "neither a Shapefile nor a zip archive with one in it", []byte("hello")},
		{"nothing in it", "there is no .shp and no .dbf in it: file does not exist", makeZip(t, "readme.txt", []byte("x"))},
		{"bomb", "unpack to 2000000000, more than 250 times as much: that looks like a zip bomb", size(2e9)},
		{"says too little", "zip: not a valid zip file", size(10)},
		{"says too much", "unexpected EOF", size(2000)},
		{"encrypted", "it is encrypted: unsupported operation", encrypted},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.zip")
			write(t, filepath.Dir(file), memSet{"x.zip": test.b})
			ds, err := New().Open(context.Background(), file, driver.Read, nil)
			if err == nil {
				defer ds.Close()
				_, err = ds.Layer(context.Background(), "t")
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, onePoint())
	write(t, dir, memSet{"empty/readme.txt": nil, "index.shx": nil})
	file := filepath.Join(dir, "t.shp")
	for _, test := range []struct {
		name string
		mode driver.Mode
		o    driver.Options
		want error
		text string
	}{
		{filepath.Join(dir, "no.shp"), driver.Read, nil, fs.ErrNotExist, ""},
		{filepath.Join(dir, "no"), driver.Read, nil, fs.ErrNotExist, ""},
		{filepath.Join(dir, "empty"), driver.Read, nil, fs.ErrNotExist, "there is no .shp and no .dbf in it"},
		{filepath.Join(dir, "index.shx"), driver.Read, nil, fs.ErrNotExist, "there is no .shp and no .dbf beside it"},
		{file, driver.Update, nil, errors.ErrUnsupported, "a Shapefile cannot be opened in mode update yet, only read"},
		{file, driver.Create, nil, errors.ErrUnsupported, ""},
		{file, driver.Replace, nil, errors.ErrUnsupported, ""},
		{file, driver.Read, driver.Options{"NO": "X"}, nil, `unknown open option of ESRI Shapefile "NO": known are ENCODING, PROMOTE_TO_MULTI, ADJUST_GEOM_TYPE`},
		{file, driver.Read, driver.Options{"ADJUST_GEOM_TYPE": "X"}, nil, `"X" is none of NO, FIRST_SHAPE, ALL_SHAPES`},
	} {
		_, err := New().Open(context.Background(), test.name, test.mode, test.o)
		var de *driver.Error
		if !errors.As(err, &de) || (test.want != nil && !errors.Is(err, test.want)) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s, %s, %v: error %v, want %v %s", test.name, test.mode, test.o, err, test.want, test.text)
		}
	}
}

func TestProbe(t *testing.T) {
	p := onePoint()
	for _, test := range []struct {
		name string
		head []byte
		want driver.Confidence
	}{
		{"a.shp", p["t.shp"], driver.Certain},
		{"A.SHX", p["t.shx"], driver.Certain},
		{"a.dbf", p["t.dbf"], driver.ByName},
		{"a.dbf", []byte("hello"), driver.ByName},
		{"a.shp", nil, driver.ByName},
		{"a.shp", []byte("hello"), driver.Maybe},
		{"a.shp.zip", []byte("PK\x03\x04"), driver.ByName},
		{"a.shz", []byte("PK\x03\x04"), driver.ByName},
		{"a.zip", []byte("PK\x03\x04"), driver.Maybe},
		{"a.zip", []byte("hello"), driver.No},
		{"folder", nil, driver.Maybe},
		{"a.gpkg", []byte("SQLite format 3"), driver.No},
		{"a.csv", nil, driver.No},
		{"PG:dbname=x", nil, driver.No},
		{"https://example.com/a.shp", nil, driver.No},
	} {
		if got := New().Probe(test.name, test.head); got != test.want {
			t.Errorf("Probe(%q, %.10q) = %d, want %d", test.name, test.head, got, test.want)
		}
	}
}

func TestPrj(t *testing.T) {
	for _, test := range []struct{ text, want, wkt string }{
		{"", "unknown", ""},
		{" \r\n\x00", "unknown", ""},
		{`LOCAL_CS["my own, in metres",UNIT["metre",1]]` + "\r\n\x00", "my own, in metres", `LOCAL_CS["my own, in metres",UNIT["metre",1]]`},
		{"caf\xE9", "custom", "caf\uFFFD"},
	} {
		set := onePoint()
		set["t.prj"] = []byte(test.text)
		srs := openLayerOf(t, openMem(t, set, nil), "t").Schema().Geoms[0].SRS
		if srs.String() != test.want || srs.WKT != test.wkt {
			t.Errorf("%q is %v %q, want %s %q", test.text, srs, srs.WKT, test.want, test.wkt)
		}
	}
}
