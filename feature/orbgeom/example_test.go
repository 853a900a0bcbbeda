package orbgeom_test

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/orbgeom"
)

// A polygon is clipped to a tile.
func Example() {
	w := feature.WKB(feature.AppendBounds(nil, feature.Bounds{MinX: 1, MinY: 1, MaxX: 9, MaxY: 5}))
	g, err := orbgeom.Decode(w)
	if err != nil {
		fmt.Println(err)
		return
	}
	g = clip.Geometry(orb.Bound{Min: orb.Point{4, 0}, Max: orb.Point{8, 4}}, g)
	if w, err = orbgeom.Encode(g); err != nil {
		fmt.Println(err)
		return
	}
	t, _ := w.Type()
	b, _ := w.Bounds()
	fmt.Println(t, b)
	// Output: POLYGON (4.000000, 1.000000) - (8.000000, 4.000000)
}
