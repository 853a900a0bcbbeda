package layer_test

import (
	"context"
	"fmt"

	"github.com/ogrcarto/ogrcarto/layer"
)

// A layer is copied, in pages, to a target whose third field is not in the source. source and sink stand for what drivers
// give.
func ExampleCopy() {
	src, dst := &source{n: 1200}, &sink{schema: schema, forget: true}
	stats, err := layer.Copy(context.Background(), dst, src, layer.CopyOptions{
		Fields:   []int{0, 1, -1}, // -1: the field stays unset
		Skip:     func(fid int64, err error) { fmt.Println("left out:", fid, err) },
		Progress: func(p layer.Progress) { fmt.Println(p.Rows, "rows") },
	})
	if err != nil {
		fmt.Println(err) // and the caller closes dst without committing
		return
	}
	fmt.Println(stats.Rows, "copied,", stats.Skipped, "left out")
	// Output:
	// 500 rows
	// 1000 rows
	// 1200 rows
	// 1200 copied, 0 left out
}
