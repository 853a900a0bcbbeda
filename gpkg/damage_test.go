package gpkg_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
)

// readAll does with a file all that can be done by reading, and returns the first error. It does not stop there: what is
// called after an error must not panic either. visit is told of each layer's features.
func readAll(ctx context.Context, file string, visit func(f *feature.Feature)) (first error) {
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	ds, err := gpkg.New().Open(ctx, file, driver.Read, nil)
	if err != nil {
		return err
	}
	defer func() { note(ds.Close()) }()
	names, err := ds.LayerNames(ctx)
	note(err)
	for _, name := range names {
		lay, err := ds.Layer(ctx, name)
		if err != nil {
			note(err)
			continue
		}
		l := lay.(*gpkg.Layer)
		box := feature.Bounds{MinX: 10, MinY: 10, MaxX: 30, MaxY: 20}
		everything := feature.Bounds{MinX: math.Inf(-1), MinY: math.Inf(-1), MaxX: math.Inf(1), MaxY: math.Inf(1)}
		queries := []layer.Query{{}, {OnBadRow: func(error) {}}, {Columns: []string{}, NoGeometry: true, Offset: 3, Limit: 5}}
		if len(l.Schema().Geoms) > 0 {
			queries = append(queries, layer.Query{Box: &box}, layer.Query{Box: &everything, OnBadRow: func(error) {}})
		}
		for _, q := range queries {
			rows := 0
			for f, err := range l.Features(ctx, q) {
				if err != nil {
					note(err)
					break
				}
				if visit != nil {
					visit(f)
				}
				if rows++; rows > 100_000 {
					note(errors.New("there is no end"))
					break
				}
			}
		}
		_, err = layer.Count(ctx, l, layer.Query{})
		note(err)
		if len(l.Schema().Geoms) > 0 {
			_, err = layer.Extent(ctx, l, 0)
			note(err)
		}
		if _, err = l.Get(ctx, 3); !errors.Is(err, os.ErrNotExist) {
			note(err)
		}
	}
	return first
}

// changeAll changes a file in every way, whatever comes of it.
func changeAll(ctx context.Context, file string) {
	ds, err := gpkg.New().Open(ctx, file, driver.Update, nil)
	if err != nil {
		return
	}
	defer ds.Close()
	names, err := ds.LayerNames(ctx)
	if err != nil {
		return
	}
	for _, name := range names {
		lay, err := ds.Layer(ctx, name)
		if err != nil {
			continue
		}
		l := lay.(*gpkg.Layer)
		f := feature.New(l.Schema())
		if len(f.Geoms) > 0 {
			f.Geoms[0] = pointAt(1, 2)
		}
		if w, err := ds.Append(ctx, name); err == nil {
			for range 50 {
				f.FID = null
				if w.Write(f) != nil {
					break
				}
			}
			_ = w.Commit()
			_ = w.Close()
		}
		f.FID = 2
		_ = l.SetFeature(ctx, f)
		_ = l.DeleteFeature(ctx, 1)
		_ = l.CreateField(ctx, feature.Field{Name: "added"})
		_ = ds.(driver.LayerDeleter).DeleteLayer(ctx, name)
	}
}

// victims returns the content of small files to damage: of our own and of others.
func victims(tb testing.TB) map[string][]byte {
	tb.Helper()
	dir := tb.TempDir()
	files := map[string]string{}
	for _, version := range []string{"1.2", "1.4"} {
		file := filepath.Join(dir, version+".gpkg")
		writePoints(tb, file, 300, driver.Options{"VERSION": version}, nil)
		files["points "+version] = file
	}
	file := filepath.Join(dir, "polygons.gpkg")
	ds := mustOpen(tb, file, driver.Create, nil)
	var list []row
	for i := range 100 {
		list = append(list, row{
			fid: null, geom: boxAt(feature.MultiPolygon, float64(i), float64(i/2), 1),
			vals: []feature.Value{feature.Text(strings.Repeat("long text ", i*8))}, // on pages of its own
		})
	}
	createRows(tb, ds, "polygons", &feature.Schema{
		Geoms: []feature.GeomField{{Type: feature.MultiPolygon, SRS: wgs84}}, Fields: []feature.Field{{Name: "text", Alias: "Text"}},
	}, nil, list)
	createRows(tb, ds, "attributes", &feature.Schema{Fields: []feature.Field{{Name: "u", Unique: true}}}, nil,
		[]row{{fid: 3, vals: []feature.Value{feature.Text("x")}}, {fid: 1}})
	mustClose(tb, ds)
	files["polygons"] = file
	content := map[string][]byte{}
	corpus, _ := filepath.Glob(filepath.Join(testpeer.Shared(tb, "data/corpus/gpkg"), "*.gpkg"))
	for _, f := range corpus {
		files[filepath.Base(f)] = f
	}
	for name, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		if len(b) < 400_000 {
			content[name] = b
		}
	}
	return content
}

// survives reads and changes a damaged file. It may do so or end with an error, but not panic, hang, or eat the memory.
func survives(t *testing.T, file string, content []byte, change bool) error {
	t.Helper()
	if err := os.WriteFile(file, content, 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := readAll(ctx, file, nil)
	if change {
		changeAll(ctx, file)
		for _, suffix := range []string{"-journal", "-wal", "-shm"} {
			_ = os.Remove(file + suffix)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("%d bytes were allocated for a file of %d", n, len(content))
	}
	if ctx.Err() != nil {
		t.Error("it takes longer than 10 s")
	}
	if err != nil && err.Error() == "" {
		t.Error("an error without a word")
	}
	return err
}

// TestTruncated, like the others here that watch the memory, does not run beside other tests. It cuts files off at many lengths.
func TestTruncated(t *testing.T) {
	steps := 60
	if testing.Short() {
		steps = 10
	}
	for name, content := range victims(t) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			lengths := []int{0, 1, 15, 16, 17, 99, 100, 101, 511, 512, 1023, 1024, len(content) - 1}
			for i := range steps {
				lengths = append(lengths, len(content)*i/steps)
			}
			for _, n := range lengths {
				if err := survives(t, file, content[:n], false); err == nil {
					t.Errorf("of %d bytes the first %d are read without an error", len(content), n)
				}
			}
			if err := survives(t, file, content, false); err != nil {
				t.Errorf("the whole file: %v", err)
			}
		})
	}
}

// TestBitFlips turns bits over at random, and puts random bytes in place of others.
func TestBitFlips(t *testing.T) {
	seeds := 40
	if testing.Short() {
		seeds = 5
	}
	for name, content := range victims(t) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			failed := 0
			for seed := range seeds {
				b := damage(content, rand.New(rand.NewPCG(uint64(seed), 7)))
				func() {
					defer func() {
						if p := recover(); p != nil {
							t.Errorf("seed %d: panic: %v", seed, p)
						}
					}()
					if survives(t, file, b, seed%2 == 0) != nil {
						failed++
					}
				}()
			}
			t.Logf("%d of %d damaged files gave an error", failed, seeds)
		})
	}
}

// damage returns a copy of content with some bits turned over or bytes replaced.
func damage(content []byte, rng *rand.Rand) []byte {
	b := append([]byte{}, content...)
	at := func() int {
		if rng.IntN(3) == 0 {
			return rng.IntN(min(len(b), 4096)) // the header and the schema
		}
		return rng.IntN(len(b))
	}
	for range 1 + rng.IntN(30) {
		switch i := at(); rng.IntN(4) {
		case 0:
			b[i] = byte(rng.Uint32())
		case 1:
			b[i] = 0xff
		case 2: // the beginning of a page is where it hurts
			b[i&^4095+rng.IntN(min(12, len(b)-i&^4095))] ^= 1 << rng.IntN(8)
		default:
			b[i] ^= 1 << rng.IntN(8)
		}
	}
	return b
}

// TestBadRows reads a layer with rows that are broken in every way that a geometry column can be.
func TestBadRows(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 20, nil, driver.Options{"SPATIAL_INDEX": "NO"})
	bad := []string{ // as SQL, by FID from 2 on
		"'text'", "17", "1.5", "x''", "x'4750'", "x'47500001E61000'", "x'58500001E6100000'", "x'4750000BE6100000'",
		"x'47500003E6100000'", "x'47500021E6100000'",
	}
	var set []string
	for i, b := range bad {
		set = append(set, fmt.Sprintf("UPDATE points SET geom = %s WHERE fid = %d", b, i+2))
	}
	sql(t, file, "DROP TRIGGER IF EXISTS x", strings.Join(set, "; "))
	l := mustLayer(t, mustOpen(t, file, driver.Read, nil), "points")
	everything := feature.Bounds{MinX: -1000, MinY: -1000, MaxX: 1000, MaxY: 1000}
	for name, q := range map[string]layer.Query{"all": {}, "box": {Box: &everything}, "one column": {Columns: []string{"id"}}} {
		t.Run(name, func(t *testing.T) {
			var fids []int64
			q.OnBadRow = func(err error) {
				var de *driver.Error
				if !errors.As(err, &de) || de.Layer != "points" {
					t.Errorf("%v is no driver.Error of the layer", err)
					return
				}
				fids = append(fids, de.FID)
			}
			if n := len(rows(t, l, q)); n != 20-len(bad) {
				t.Errorf("%d features, want %d", n, 20-len(bad))
			}
			if len(fids) != len(bad) || fids[0] != 2 || fids[len(bad)-1] != int64(len(bad))+1 {
				t.Errorf("bad rows are %v", fids)
			}
			q.OnBadRow = nil
			good := 0
			var last error
			for _, err := range l.Features(ctx, q) {
				if last != nil {
					t.Error("the iteration goes on after an error")
				}
				if last = err; err == nil {
					good++
				}
			}
			if good != 1 || last == nil {
				t.Errorf("without OnBadRow %d features came and then %v, want 1 and an error", good, last)
			}
		})
	}
	// Without the geometry, nothing is wrong with the rows.
	if n := len(rows(t, l, layer.Query{NoGeometry: true})); n != 20 {
		t.Errorf("%d features without geometry, want 20", n)
	}
	// Such rows do not keep others from being changed, and can be deleted.
	ds := mustOpen(t, file, driver.Update, nil)
	l = mustLayer(t, ds, "points")
	for fid := range int64(len(bad)) {
		if err := l.DeleteFeature(ctx, fid+2); err != nil {
			t.Errorf("deleting feature %d: %v", fid+2, err)
		}
	}
	mustClose(t, ds)
	sound(t, file)
}

// FuzzGeoPackage opens mutated files, lists their layers and reads them.
func FuzzGeoPackage(f *testing.F) {
	dir := f.TempDir()
	small := filepath.Join(dir, "small.gpkg")
	writePoints(f, small, 5, nil, nil)
	b, err := os.ReadFile(small)
	if err != nil {
		f.Fatal(err)
	}
	// The mutator is better at short inputs: it gets instructions for damaging a fixed file, four bytes each.
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{0, 100, 0, 5, 0, 103, 0, 1})
	for i := range uint16(40) {
		f.Add([]byte{byte(i), 0, byte(i), 255, byte(i), 3, 7, 128, byte(i), 8, 1, 1})
	}
	f.Fuzz(func(t *testing.T, edits []byte) {
		c := append([]byte{}, b...)
		for ; len(edits) >= 4; edits = edits[4:] {
			at := (int(edits[0])<<8 | int(edits[1])) % len(c)
			if edits[0] >= 128 { // a page's header and first cells
				at = int(edits[0])%(len(c)/4096)*4096 + int(edits[1])
			}
			if edits[2] == 0 {
				c[at] = edits[3]
			} else {
				c[at] ^= edits[3]
			}
		}
		_ = survives(t, filepath.Join(t.TempDir(), "x.gpkg"), c, len(c) > 0 && c[0]%2 == 1)
	})
}
