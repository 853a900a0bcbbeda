package gpkg_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// listing returns the files of a folder with a digest of each.
func listing(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string][32]byte)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		list[e.Name()] = sha256.Sum256(b)
	}
	return list
}

// TestReadWAL reads a GeoPackage in WAL mode: what is in the log is seen, and nothing is written.
func TestReadWAL(t *testing.T) {
	live := t.TempDir()
	name := filepath.Join(live, "x.gpkg")
	writePoints(t, name, 2000, nil, nil)
	c, err := sqlite.Open(name, sqlite.ReadWrite, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, f := range []string{"ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"} { // for the triggers, which do nothing here
		if err := c.CreateFunction(f, 1, func(*sqlite.Call) {}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; UPDATE points SET name = 'changed' WHERE fid <= 700"); err != nil {
		t.Fatal(err)
	}
	changed := func(t *testing.T, file string) {
		t.Helper()
		ds := mustOpen(t, file, driver.Read, nil)
		l := mustLayer(t, ds, "points")
		n, all := 0, rows(t, l, layer.Query{})
		for _, f := range all {
			if f.Values[1].Text() == "changed" {
				n++
			}
		}
		if len(all) != 2000 || n != 700 {
			t.Errorf("%d features, %d of them changed; want 2000 and 700", len(all), n)
		}
		if err := ds.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("in use", func(t *testing.T) { changed(t, name) })

	copied := func(t *testing.T, suffixes ...string) string {
		t.Helper()
		dir := t.TempDir()
		for _, s := range suffixes {
			b, err := os.ReadFile(name + s)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "x.gpkg"+s), b, 0o444); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	t.Run("left by a crash", func(t *testing.T) {
		dir := copied(t, "", "-wal")
		before := listing(t, dir)
		changed(t, filepath.Join(dir, "x.gpkg"))
		if diff := cmp.Diff(before, listing(t, dir)); diff != "" {
			t.Errorf("the folder changed:\n%s", diff)
		}
	})
	t.Run("without its log", func(t *testing.T) {
		if err := c.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		dir := copied(t, "")
		before := listing(t, dir)
		changed(t, filepath.Join(dir, "x.gpkg"))
		if diff := cmp.Diff(before, listing(t, dir)); diff != "" {
			t.Errorf("the folder changed:\n%s", diff)
		}
	})
}
