package feature_test

import (
	"fmt"
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
)

func ExampleBuilder() {
	var b feature.Builder
	// Each call returns an error, and so does WKB at the end: the first that any of them met.
	_ = b.Begin(feature.Polygon, 1)
	_ = b.Begin(feature.LinearRing, 4)
	for _, p := range [][2]float64{{0, 0}, {4, 0}, {0, 3}, {0, 0}} {
		_ = b.XY(p[0], p[1])
	}
	_ = b.End()
	_ = b.End()
	w, err := b.WKB()
	if err != nil {
		fmt.Println(err)
		return
	}
	bounds, _ := w.Bounds()
	fmt.Println(len(w), "bytes,", bounds)
	// Output: 77 bytes, (0.000000, 0.000000) - (4.000000, 3.000000)
}

func ExampleValue() {
	for _, v := range []feature.Value{
		feature.Null(),
		feature.Int(42),
		feature.Text("Zürich"),
		feature.Date(2020, time.February, 29),
		feature.DateTime(time.Date(2020, 2, 29, 12, 30, 0, 0, time.UTC)),
		feature.IntList(1, 2, 3),
	} {
		fmt.Printf("%s: %s\n", v.Kind(), v)
	}
	// Output:
	// null: (null)
	// integer: 42
	// text: Zürich
	// date: 2020/02/29
	// date-time: 2020/02/29 12:30:00+00
	// integer list: (3:1,2,3)
}

func ExampleBatch() {
	schema := &feature.Schema{Fields: []feature.Field{{Name: "name"}}}
	f := feature.New(schema) // one feature, used for every row
	var page feature.Batch
	for i, name := range []string{"Aare", "Rhine"} {
		f.FID, f.Values[0] = int64(i+1), feature.Text(name)
		page.Append(f)
	}
	var row feature.Feature
	for i := range page.Len() {
		page.Row(i, &row)
		fmt.Println(row.FID, row.Values[0])
	}
	// Output:
	// 1 Aare
	// 2 Rhine
}
