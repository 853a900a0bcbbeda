package driver_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
)

func TestWarnings(t *testing.T) {
	var w driver.WarningLog
	if got := w.Warnings(); len(got) != 0 {
		t.Errorf("nothing was warned of: %q", got)
	}
	for i := range 3 {
		w.Warn("row %d has a bad date", i)
		if i == 1 {
			w.Warn("no index")
		}
	}
	want := []string{"row 0 has a bad date (3 times; this is the first)", "no index"}
	if got := w.Warnings(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := w.Warnings(); len(got) != 0 {
		t.Errorf("what was told is told again: %q", got)
	}
	w.Warn("row %d has a bad date", 9)
	if got := w.Warnings(); !slices.Equal(got, []string{"row 9 has a bad date"}) {
		t.Errorf("after it was told: %q", got)
	}
	var none *driver.WarningLog
	none.Warn("x")
	if got := none.Warnings(); got != nil {
		t.Errorf("a nil WarningLog keeps %q", got)
	}
}

// TestWarningsConcurrent warns from many goroutines while another asks: no warning is lost or told twice.
func TestWarningsConcurrent(t *testing.T) {
	var w driver.WarningLog
	const goroutines, each = 8, 200
	var all []string
	var mu sync.Mutex
	ask := func() {
		got := w.Warnings()
		mu.Lock()
		all = append(all, got...)
		mu.Unlock()
	}
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range each {
				w.Warn("a warning: %d", i)
				if i%50 == 0 {
					ask()
				}
			}
		})
	}
	wg.Wait()
	ask()
	total := 0
	for _, s := range all {
		n := 1
		if _, after, ok := strings.Cut(s, "("); ok {
			if _, err := fmt.Sscanf(after, "%d times", &n); err != nil {
				t.Fatal(err)
			}
		}
		total += n
	}
	if total != goroutines*each {
		t.Errorf("%d warnings were told of %d", total, goroutines*each)
	}
}
