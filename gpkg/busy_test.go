package gpkg_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/layer"
)

// TestWriteBesideReader appends so much while another dataset is in the middle of reading that SQLite would like to write
// pages before the end. It must not wait each time for the reader to let go.
func TestWriteBesideReader(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for SQLite's patience to end")
	}
	ctx := context.Background()
	name := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, name, 20_000, nil, nil)
	reader := mustLayer(t, mustOpen(t, name, driver.Read, nil), "points")
	ds := mustOpen(t, name, driver.Update, nil)
	start := time.Now()
	read := 0
	for _, err := range reader.Features(ctx, layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if read++; read != 1 {
			continue
		}
		w, err := ds.Append(ctx, "points")
		if err != nil {
			t.Fatal(err)
		}
		p := newPoints()
		for i := range 50_000 {
			if err := w.Write(p.next(i)); err != nil {
				t.Fatal(err)
			}
		}
		// The commit alone waits, and gives up: the reader is this very loop.
		if err := w.Commit(); err == nil {
			t.Error("committed while somebody reads")
		} else {
			t.Log(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if read != 20_000 {
		t.Errorf("%d rows read, want 20,000", read)
	}
	if d := time.Since(start); d > time.Minute { // the commit waits for five seconds, and before it was each of thousands of pages
		t.Errorf("took %v: it waited for more than the commit", d)
	}
	if err := ds.Close(); err != nil {
		t.Fatal(err)
	}
	sound(t, name)
}
