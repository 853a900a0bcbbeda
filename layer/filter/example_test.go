package filter_test

import (
	"fmt"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

var countries = &feature.Schema{
	Geoms:  []feature.GeomField{{Name: "geom", Type: feature.MultiPolygon}},
	Fields: []feature.Field{{Name: "name"}, {Name: "pop_est", Type: feature.Integer64}},
}

// An expression is parsed, or built, bound to a schema, and asked about features.
func Example() {
	parsed, err := filter.Parse("pop_est > 5e7 AND name LIKE 'I%'")
	if err != nil {
		fmt.Println(err)
		return
	}
	built := filter.Field("pop_est").Gt(5e7).And(filter.Field("name").Like("I%"))
	fmt.Println(parsed)
	fmt.Println(built)

	bound, err := parsed.Bind(countries)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := feature.New(countries)
	for _, name := range []string{"India", "Indonesia", "Chad"} {
		f.Values[0], f.Values[1] = feature.Text(name), feature.Int(1_000_000_000)
		ok, err := bound.Match(f)
		fmt.Println(name, ok, err)
	}
	// Output:
	// pop_est > 5e+07 AND name LIKE 'I%'
	// pop_est > 5e+07 AND name LIKE 'I%'
	// India true <nil>
	// Indonesia true <nil>
	// Chad false <nil>
}

// An error says where in the text, and which name may have been meant.
func ExampleExpr_Bind() {
	e, err := filter.Parse("name = 'Chad' AND population > 3")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = e.Bind(countries)
	fmt.Println(err)
	// Output:
	// filter: character 19: there is no field population; there are FID, name, pop_est, geom
	//   name = 'Chad' AND population > 3
	//                     ^
}
