package shapefile_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/shapefile"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

var update = flag.Bool("update", false, "write what is read of testdata/odd to testdata/odd.golden")

// TestOdd reads the odd files of the module, whose README says what is odd about each, and compares all that is read of
// them, warnings and errors too, with a file that was checked by eye against it.
func TestOdd(t *testing.T) {
	const folder = "../../testdata/odd"
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		stem, ext := strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())), strings.ToLower(filepath.Ext(e.Name()))
		switch ext {
		case ".shp", ".zip":
		case ".dbf":
			if shapes, _ := filepath.Glob(filepath.Join(folder, stem+".[sS][hH][pP]")); shapes != nil {
				continue
			}
		default:
			continue
		}
		fmt.Fprintf(&b, "== %s\n", e.Name())
		dumpOdd(&b, folder, e.Name())
	}
	const golden = "testdata/odd.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("(-want +got; -update writes it anew):\n%s", diff)
	}
}

// dumpOdd prints all that is read of a dataset.
func dumpOdd(b *strings.Builder, folder, name string) {
	ctx := context.Background()
	plain := func(err any) string { return strings.ReplaceAll(fmt.Sprint(err), folder+"/", "") }
	ds, err := shapefile.New().Open(ctx, filepath.Join(folder, name), driver.Read, nil)
	if err != nil {
		fmt.Fprintf(b, "error: %s\n", plain(err))
		return
	}
	defer ds.Close()
	names, err := ds.LayerNames(ctx)
	if err != nil {
		fmt.Fprintf(b, "error: %s\n", plain(err))
		return
	}
	for _, name := range names {
		l, err := ds.Layer(ctx, name)
		if err != nil {
			fmt.Fprintf(b, "error: %s\n", plain(err))
			continue
		}
		fmt.Fprintf(b, "layer %s", l.Name())
		for _, g := range l.Schema().Geoms {
			fmt.Fprintf(b, ": %s, %s", g.Type, g.SRS)
		}
		b.WriteString("\n")
		fields := l.Schema().Fields
		for i, f := range fields {
			if i == 20 {
				fmt.Fprintf(b, "  and %d fields more\n", len(fields)-i)
				break
			}
			fmt.Fprintf(b, "  %s: %s (%d.%d)\n", f.Name, f.TypeName(), f.Width, f.Precision)
		}
		q := layer.Query{OnBadRow: func(err error) { fmt.Fprintf(b, "  bad: %s\n", plain(err)) }}
		for f, err := range l.Features(ctx, q) {
			if err != nil {
				fmt.Fprintf(b, "  error: %s\n", plain(err))
				break
			}
			fmt.Fprintf(b, "  %d", f.FID)
			for _, v := range f.Values[:min(len(f.Values), 20)] {
				fmt.Fprintf(b, " | %s", v)
			}
			for _, g := range f.Geoms {
				if g == nil {
					b.WriteString(" | no geometry")
					continue
				}
				wkt, err := feature.AppendWKT(nil, g)
				fmt.Fprintf(b, " | %s", wkt)
				if err != nil {
					fmt.Fprintf(b, " %v", err)
				}
			}
			b.WriteString("\n")
		}
	}
	for _, w := range ds.(driver.Warner).Warnings() {
		fmt.Fprintf(b, "warning: %s\n", plain(w))
	}
}
