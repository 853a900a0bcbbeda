package geojson_test

import (
	"fmt"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/geojson"
)

func ExampleAppendGeometry() {
	g := feature.AppendPoint(nil, 13.3765432109, 52.5)
	text, err := geojson.AppendGeometry(nil, g, 6)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text))
	// Output: {"type":"Point","coordinates":[13.376543,52.5]}
}
