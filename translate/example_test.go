package translate_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ogrcarto/ogrcarto/driver/all"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/translate"
)

func ExampleRun() {
	dir, err := os.MkdirTemp("", "translate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	box := feature.Bounds{MinX: 164, MinY: -48, MaxX: 179, MaxY: -20}
	report, err := translate.Run(context.Background(), all.Drivers(), "../testdata/countries.shp",
		filepath.Join(dir, "pacific.gpkg"), translate.Options{Box: &box, Select: []string{"name"}, NewLayerName: "pacific"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range report.Layers {
		fmt.Printf("%s -> %s: %d rows\n", l.Source, l.Target, l.Rows)
	}
	// Output:
	// countries -> pacific: 2 rows
}
