package gpkg_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/layer"
)

const (
	crashRows = 20_000 // in the file and, once more, appended to it: more than SQLite's cache holds
	crashTask = "OGRCARTO_TEST_CRASH_TASK"
	crashFile = "OGRCARTO_TEST_CRASH_FILE"
)

// TestCrashChild is no test: it is what TestCrash runs in another process, to kill it.
func TestCrashChild(t *testing.T) {
	file := os.Getenv(crashFile)
	switch os.Getenv(crashTask) {
	case "create":
		writePoints(t, file, crashRows, nil, nil)
	case "append":
		ds := mustOpen(t, file, driver.Update, nil)
		appendPoints(t, ds, crashRows)
		mustClose(t, ds)
	default:
		t.Skip("runs in a process of its own, for TestCrash")
	}
}

// crashRun runs a task in a process of its own and kills it after a while; it tells how long it lived. A while of 0 lets
// it end by itself.
func crashRun(t *testing.T, task, file string, while time.Duration) time.Duration {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
	cmd.Env = append(os.Environ(), crashTask+"="+task, crashFile+"="+file)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if while > 0 {
		time.Sleep(while)
		_ = cmd.Process.Kill() // it may have ended
	}
	err := cmd.Wait()
	if while == 0 && err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return time.Since(start)
}

// TestCrash kills a process at random moments while it makes a file and while it appends to one.
func TestCrash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	runs := 25 // of each
	if testing.Short() {
		runs = 5
	}
	dir := t.TempDir()
	base := filepath.Join(dir, "base.gpkg")
	writePoints(t, base, crashRows, nil, nil)
	content, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	moment := func(whole time.Duration) time.Duration { return time.Duration(1 + rng.Int64N(int64(whole)*5/4)) }

	t.Run("create", func(t *testing.T) {
		whole := crashRun(t, "create", filepath.Join(dir, "whole.gpkg"), 0)
		absent, complete := 0, 0
		for i := range runs {
			folder := filepath.Join(dir, fmt.Sprint("create", i))
			if err := os.Mkdir(folder, 0o777); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, "x.gpkg")
			crashRun(t, "create", file, moment(whole))
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				absent++
			} else {
				complete++
				if n := countRows(t, file); n != crashRows {
					t.Errorf("the file has %d rows, want %d or no file", n, crashRows)
				}
				intact(t, file)
			}
			// What is left does not get in the way of another attempt, nor does it look like a GeoPackage by its name.
			others, err := filepath.Glob(filepath.Join(folder, "*.gpkg"))
			if err != nil || len(others) > 1 || len(others) == 1 && others[0] != file {
				t.Errorf("left are %v (%v)", others, err)
			}
			writeAgain := mustOpen(t, file, driver.Replace, nil)
			createRows(t, writeAgain, "t", pointSchema, nil, []row{{fid: null, geom: pointAt(1, 2)}})
			mustClose(t, writeAgain)
			intact(t, file)
		}
		t.Logf("of %d files %d were absent and %d complete; a whole run takes %v", runs, absent, complete, whole)
	})

	t.Run("append", func(t *testing.T) {
		file := filepath.Join(dir, "x.gpkg")
		put := func() {
			for _, suffix := range []string{"", "-journal"} {
				if err := os.Remove(file + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(file, content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		put()
		whole := crashRun(t, "append", file, 0)
		before, complete, journals := 0, 0, 0
		for i := range runs {
			put()
			crashRun(t, "append", file, moment(whole))
			_, err := os.Stat(file + "-journal")
			hot := err == nil
			if hot {
				journals++
			}
			// Reading must not write, so it cannot roll back; it must not show what was not committed either.
			rd, err := gpkg.New().Open(ctx, file, driver.Read, nil)
			if err == nil {
				n := countLayer(t, rd)
				_ = rd.Close()
				if n != crashRows && n != 2*crashRows {
					t.Errorf("read-only there are %d rows, want %d or %d", n, crashRows, 2*crashRows)
				}
			} else if !hot || !strings.Contains(err.Error(), "-journal") {
				t.Errorf("reading after a crash (hot journal: %v): %v", hot, err)
			}
			up := mustOpen(t, file, driver.Update, nil)
			switch n := countLayer(t, up); n {
			case crashRows:
				before++
			case 2 * crashRows:
				complete++
			default:
				t.Errorf("the file has %d rows, want %d or %d", n, crashRows, 2*crashRows)
			}
			if i%5 == 0 { // it can be written to again
				appendPoints(t, up, 10)
				noJournal(t, file) // before, one may be left whose header says that there is nothing to roll back
			}
			mustClose(t, up)
			intact(t, file)
		}
		t.Logf("of %d files %d were as before and %d complete, %d had a journal; a whole run takes %v", runs, before, complete, journals, whole)
	})
}

func countRows(t *testing.T, file string) int64 {
	t.Helper()
	ds := mustOpen(t, file, driver.Read, nil)
	defer ds.Close()
	return countLayer(t, ds)
}

// countLayer counts the rows of the layer "points" by iterating.
func countLayer(t *testing.T, ds driver.Dataset) int64 {
	t.Helper()
	l, err := ds.Layer(context.Background(), "points")
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, err := range l.Features(context.Background(), layer.Query{Columns: []string{}}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// noJournal fails the test if a journal is left after an update.
func noJournal(t *testing.T, file string) {
	t.Helper()
	if _, err := os.Stat(file + "-journal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the journal is left (%v)", err)
	}
}

// TestLeftovers makes new files where an old one has left its journal or log: SQLite must not apply them to the new one.
func TestLeftovers(t *testing.T) {
	for _, mode := range []driver.Mode{driver.Create, driver.Replace} {
		t.Run(mode.String(), func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "x.gpkg")
			for _, suffix := range []string{"-journal", "-wal", "-shm"} {
				if err := os.WriteFile(file+suffix, []byte("of a file that is gone"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if mode == driver.Replace {
				if err := os.WriteFile(file, []byte("the old file"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			ds := mustOpen(t, file, mode, nil)
			createRows(t, ds, "t", pointSchema, nil, []row{{fid: null, geom: pointAt(1, 2)}})
			mustClose(t, ds)
			onlyFiles(t, dir, "x.gpkg")
			sound(t, file)
		})
	}
}
