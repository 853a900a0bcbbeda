package gpkg_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/layer"
)

// smallDisk mounts a file system of that size, which needs the rights to do so, and returns its folder.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small disk cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// diskRows is how many rows are written: about 3 MB, and 0.8 MB more for the index.
const diskRows = 30_000

// fill writes points until there is an error, which it returns.
func fill(w layer.Writer) error {
	p := newPoints()
	for i := range diskRows {
		if err := w.Write(p.next(i)); err != nil {
			return err
		}
	}
	return w.Commit()
}

// TestDiskFull writes more than the disk holds.
func TestDiskFull(t *testing.T) {
	ctx := context.Background()
	plain := filepath.Join(t.TempDir(), "plain.gpkg")
	writePoints(t, plain, diskRows, nil, driver.Options{"SPATIAL_INDEX": "NO"})
	st, err := os.Stat(plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, size string
		lco        driver.Options
	}{
		{"half of the table fits", fmt.Sprint(st.Size() / 2), nil},
		{"not even the empty tables", "16k", nil},
		{"all but the index fits", fmt.Sprint(st.Size() + 200_000), nil},
		{"without index", fmt.Sprint(st.Size() - 50_000), driver.Options{"SPATIAL_INDEX": "NO"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := smallDisk(t, c.size)
			file := filepath.Join(dir, "x.gpkg")
			ds, err := openOrNot(file)
			if err == nil {
				var w layer.Writer
				if w, err = ds.Create(ctx, "points", pointSchema, c.lco); err == nil {
					err = fill(w)
					if cerr := w.Close(); cerr != nil {
						t.Errorf("Close of the Writer: %v", cerr)
					}
				}
				if err == nil {
					err = ds.Close()
				} else if cerr := driver.Discard(ds); cerr != nil {
					t.Errorf("Discard: %v", cerr)
				}
			}
			if err == nil {
				t.Error("no error")
			} else if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%v does not match ENOSPC", err)
			}
			onlyFiles(t, dir)
		})
	}
	t.Run("append", func(t *testing.T) {
		dir := smallDisk(t, "2m")
		file := filepath.Join(dir, "x.gpkg")
		writePoints(t, file, 5000, nil, nil)
		before := dump(t, file)
		ds := mustOpen(t, file, driver.Update, nil)
		w, err := ds.Append(ctx, "points")
		if err != nil {
			t.Fatal(err)
		}
		err = fill(w)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%v does not match ENOSPC", err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("Close of the Writer: %v", err)
		}
		if n := countLayer(t, ds); n != 5000 {
			t.Errorf("%d rows after that, want 5000", n)
		}
		mustClose(t, ds)
		onlyFiles(t, dir, "x.gpkg")
		if diff := cmp.Diff(before, dump(t, file)); diff != "" {
			t.Errorf("the file's content changed (-before +after):\n%s", diff)
		}
	})
}

func openOrNot(file string) (driver.Dataset, error) {
	return gpkg.New().Open(context.Background(), file, driver.Create, nil)
}

// TestNoFolder makes a file where there is no folder for it, and where it may not be.
func TestNoFolder(t *testing.T) {
	if _, err := openOrNot(filepath.Join(t.TempDir(), "no", "x.gpkg")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v does not match fs.ErrNotExist", err)
	}
	if _, err := openOrNot("/proc/x.gpkg"); err == nil {
		t.Error("a file was made in /proc")
	}
}
