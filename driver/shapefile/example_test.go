package shapefile_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/shapefile"
	"github.com/ogrcarto/ogrcarto/layer"
)

func Example() {
	name, remove := writeWell()
	defer remove()

	ctx := context.Background()
	ds, err := shapefile.New().Open(ctx, name, driver.Read, driver.Options{"ENCODING": "UTF-8"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ds.Close()
	wells, err := ds.Layer(ctx, "well")
	if err != nil {
		fmt.Println(err)
		return
	}
	for f, err := range wells.Features(ctx, layer.Query{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		t, _ := f.Geometry().Type()
		fmt.Println("feature", f.FID, "is a", t)
	}
	for _, w := range ds.(driver.Warner).Warnings() {
		fmt.Println("warning:", w)
	}
	// Output:
	// feature 0 is a POINT
	// warning: well: there is no .shx, the .shp is scanned instead
}

// writeWell writes a .shp of one point.
func writeWell() (name string, remove func()) {
	dir, err := os.MkdirTemp("", "well")
	if err != nil {
		panic(err)
	}
	b := make([]byte, 128)
	binary.BigEndian.PutUint32(b, 9994)
	binary.BigEndian.PutUint32(b[24:], 64) // the length in 16-bit words
	binary.LittleEndian.PutUint32(b[28:], 1000)
	binary.LittleEndian.PutUint32(b[32:], 1) // points
	binary.BigEndian.PutUint32(b[100:], 1)   // record 1
	binary.BigEndian.PutUint32(b[104:], 10)  // of 10 words
	binary.LittleEndian.PutUint32(b[108:], 1)
	binary.LittleEndian.PutUint64(b[112:], math.Float64bits(7.5))
	binary.LittleEndian.PutUint64(b[120:], math.Float64bits(50.25))
	name = filepath.Join(dir, "well.shp")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		panic(err)
	}
	return name, func() { os.RemoveAll(dir) }
}
