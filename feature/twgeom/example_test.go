package twgeom_test

import (
	"fmt"

	"github.com/twpayne/go-geom"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/twgeom"
)

// A line's coordinates are changed in place, Z and all.
func Example() {
	w, err := twgeom.Encode(geom.NewLineStringFlat(geom.XYZ, []float64{0, 0, 10, 3, 4, 20}))
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := twgeom.Decode(w)
	if err != nil {
		fmt.Println(err)
		return
	}
	line := g.(*geom.LineString)
	for flat := line.FlatCoords(); len(flat) > 0; flat = flat[line.Stride():] {
		flat[2] += 100
	}
	if w, err = twgeom.Append(w[:0], line); err != nil {
		fmt.Println(err)
		return
	}
	text, _ := feature.AppendWKT(nil, w)
	fmt.Println(line.Length(), string(text))
	// Output: 5 LINESTRING Z (0 0 110,3 4 120)
}
