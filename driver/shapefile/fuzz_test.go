package shapefile

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// fuzzFiles are the seeds: every odd file, and the real ones where they are.
func fuzzFiles(f *testing.F) memSet {
	set := oddFiles()
	for _, pattern := range []string{"corpus/shp/*.*"} {
		files, _ := filepath.Glob(filepath.Join(sharedData, pattern))
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			set[filepath.Base(file)] = b
		}
	}
	return set
}

// read reads all that can be read of a set of files in every way there is, and checks what the layer promises.
func readEverything(t *testing.T, set memSet) {
	t.Helper()
	ctx := context.Background()
	for _, o := range []options{{multi: true, adjust: adjustFirst}, {adjust: adjustAll}} {
		ds, err := openDataset("fuzz", set, o, "")
		if err != nil {
			return
		}
		opened, err := ds.Layer(ctx, "t")
		if err != nil {
			checkError(t, err)
			continue
		}
		l := opened.(*shpLayer)
		for _, f := range l.Schema().Fields {
			if !utf8.ValidString(f.Name) || f.Name == "" {
				t.Fatalf("field %q", f.Name)
			}
		}
		var bad int
		q := layer.Query{OnBadRow: func(err error) { checkError(t, err); bad++ }}
		last := int64(-1)
		for f, err := range l.Features(ctx, q) {
			if err != nil {
				t.Fatalf("an error in spite of OnBadRow: %v", err)
			}
			if f.FID <= last {
				t.Fatalf("feature %d comes after feature %d", f.FID, last)
			}
			last = f.FID
			checkFeature(t, l, f, o.multi)
		}
		rows, err := readAll(l, layer.Query{})
		if (err == nil) != (bad == 0) {
			t.Fatalf("%d bad rows, and without OnBadRow error %v", bad, err)
		}
		for i := 0; i < len(rows); i += 1 + len(rows)/3 {
			f, err := l.Get(ctx, rows[i].FID)
			if err != nil || !f.Equal(rows[i]) {
				t.Fatalf("Get(%d): %v, %v; want %v", rows[i].FID, f, err, rows[i])
			}
		}
		if n, ok, err := l.Count(ctx, layer.Query{}); err != nil || ok && bad == 0 && n != int64(len(rows)) {
			t.Fatalf("counted %d, %v, %v; want %d", n, ok, err, len(rows))
		}
		if bad == 0 {
			half := int64(len(rows) / 2)
			page, err := readAll(l, layer.Query{Offset: half})
			if err != nil || len(page) != len(rows)-int(half) {
				t.Fatalf("offset %d: %d rows of %d, %v", half, len(page), len(rows), err)
			}
		}
		ds.Close()
	}
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var de *driver.Error
	if !errors.As(err, &de) || !strings.HasPrefix(err.Error(), "shapefile: ") {
		t.Fatalf("error %v is not the driver's", err)
	}
}

func checkFeature(t *testing.T, l *shpLayer, f *feature.Feature, multi bool) {
	t.Helper()
	for _, g := range f.Geoms {
		if g == nil {
			continue
		}
		if err := g.Check(); err != nil {
			t.Fatalf("feature %d: %v", f.FID, err)
		}
		if typ, _ := g.Type(); multi && typ != l.Schema().Geoms[0].Type {
			t.Fatalf("feature %d is a %s in a layer of %s", f.FID, typ, l.Schema().Geoms[0].Type)
		}
	}
	for _, v := range f.Values {
		if v.IsUnset() || v.Kind() == feature.KindText && (len(v.Bytes()) == 0 || !utf8.Valid(v.Bytes())) {
			t.Fatalf("feature %d: %s %q", f.FID, v.Kind(), v)
		}
	}
}

func FuzzShp(f *testing.F) {
	for name, b := range fuzzFiles(f) {
		if base, ext := splitExt(name); ext == ".shp" && len(b) < 10_000 {
			f.Add(b, base[0]%2 == 0)
		}
	}
	table := makeDBF(0, []dbfColumn{{"a", 'N', 3, 0}}, []string{"1"}, []string{"*", "2"}, []string{"3"})
	f.Fuzz(func(t *testing.T, shp []byte, withTable bool) {
		set := memSet{"t.shp": shp}
		if withTable {
			set["t.dbf"] = table
		}
		readEverything(t, set)
	})
}

func FuzzShx(f *testing.F) {
	shp, shx := numbered(20).build()
	f.Add(shx)
	f.Add(shx[:110])
	f.Add(append(bytes.Clone(shx), shx...))
	f.Add(shp)
	f.Fuzz(func(t *testing.T, shx []byte) {
		readEverything(t, memSet{"t.shp": shp, "t.shx": shx})
	})
}

func FuzzDbf(f *testing.F) {
	for name, b := range fuzzFiles(f) {
		if _, ext := splitExt(name); ext == ".dbf" && len(b) < 5_000 {
			f.Add(b, "")
			f.Add(b, "932")
			f.Add(b, "UTF-8")
		}
	}
	f.Add(makeDBF(0x13, []dbfColumn{{"a", 'C', 9, 0}, {"b", '@', 8, 0}, {"c", 'I', 4, 0}}, []string{"\x93\x8C", "12345678", "abcd"}), "")
	f.Fuzz(func(t *testing.T, dbf []byte, cpg string) {
		set := memSet{"t.dbf": dbf}
		if cpg != "" {
			set["t.cpg"] = []byte(cpg)
		}
		readEverything(t, set)
	})
}

func FuzzParseReal(f *testing.F) {
	for _, s := range []string{"1.5", "-0", "1e5", ".", "00000000000000000001", "18446744073709551616", "nan", "1_0", "0x1p3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := parseReal(b)
		if bytes.ContainsAny(b, "_xXpP") {
			if ok {
				t.Fatalf("%q is read as %v", b, got)
			}
			return
		}
		want, wantOK := strconvReal(b)
		if ok != wantOK || ok && got != want && (got == got || want == want) {
			t.Fatalf("%q: %v, %v; strconv says %v, %v", b, got, ok, want, wantOK)
		}
	})
}
