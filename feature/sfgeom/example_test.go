package sfgeom_test

import (
	"fmt"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/sfgeom"
)

// Do two polygons really meet, and not just their bounds?
func Example() {
	square := feature.WKB(feature.AppendBounds(nil, feature.Bounds{MinX: 0, MinY: 0, MaxX: 1, MaxY: 1}))
	a, err := sfgeom.Decode(square)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := a.Validate(); err != nil { // predicates want valid geometries
		fmt.Println(err)
		return
	}
	b, err := geom.UnmarshalWKT("POLYGON((3 0,3 3,0 3,3 0))")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Envelope().Intersects(b.Envelope()), geom.Intersects(a, b))
	// Output: true false
}
