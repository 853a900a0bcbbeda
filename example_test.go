package ogrcarto_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/all"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// Read the features of a layer that touch a box.
func Example() {
	// README
	ctx := context.Background()
	ds, err := all.Drivers().Open(ctx, "testdata/countries.shp", driver.Read, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ds.Close()
	countries, err := ds.Layer(ctx, "countries")
	if err != nil {
		log.Fatal(err)
	}
	name := countries.Schema().FieldIndex("name")
	box := feature.Bounds{MinX: 164, MinY: -48, MaxX: 179, MaxY: -20}
	for f, err := range countries.Features(ctx, layer.Query{Box: &box}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.FID, f.Values[name])
	}
	// README end

	// Output:
	// 134 New Caledonia
	// 136 New Zealand
}

// TestREADME holds the code in the README against the example, which is compiled and run.
func TestREADME(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "\t// README\n")
	code, _, ok := strings.Cut(code, "\t// README end\n")
	readme, err := os.ReadFile("README.md")
	if err != nil || !ok {
		t.Fatal(err, ok)
	}
	_, shown, _ := strings.Cut(string(readme), "```go\n")
	shown, _, _ = strings.Cut(shown, "```")
	code = strings.ReplaceAll("\n"+code, "\n\t", "\n")[1:]
	if shown != code {
		t.Errorf("README.md has\n%s\nand the example\n%s", shown, code)
	}
}
