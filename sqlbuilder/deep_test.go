package sqlbuilder_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// TestDeepExpressions sees that what is nested stays small, for the planner as well, or is left to the program.
func TestDeepExpressions(t *testing.T) {
	rows := zooRows(t, seeded(), 20)
	fillZoo(t, rows)
	for _, c := range []struct {
		name string
		text func(n int) string
		deep int // as deep as it is pushed down
	}{
		{"products beyond 64 bits", func(n int) string { return "i8" + strings.Repeat(" * j8", n) + " = 1" }, 16},
		{"quotients", func(n int) string { return strings.Repeat("(-1 / ", n) + "i8" + strings.Repeat(")", n) + " = 1" }, 64},
		{"sums", func(n int) string { return "i4" + strings.Repeat(" + i2", n) + " = 1" }, 64},
		{"casts", func(n int) string {
			return strings.Repeat("CAST(CAST(", n) + "i8" + strings.Repeat(" AS smallint) AS bigint)", n) + " = 1"
		}, 64},
		{"reals that may be NaN", func(n int) string { return strings.Repeat("NULLIF(f8, ", n) + "g8" + strings.Repeat(")", n) + " = 1" }, 8},
		{"comparisons of comparisons", func(n int) string { return strings.Repeat("(b = ", n) + "b" + strings.Repeat(")", n) }, 64},
		{"a chain of OR", func(n int) string { return "s = 'a'" + strings.Repeat(" OR s = 'b'", 20*n) }, 64},
	} {
		for _, n := range []int{2, 4, 8, 12, 16, 24, 32, 64} {
			e, err := filter.Parse(c.text(n))
			if err != nil {
				break // nested deeper than a filter may be
			}
			q := layer.Query{Where: e, Columns: []string{}, NoGeometry: true}
			p, err := q.Plan(zoo.Schema)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			sel, err := sqlbuilder.PostgreSQL.WithLiterals().Select(zoo, p)
			if err != nil {
				t.Fatal(err)
			}
			if pushed := sel.Residual == nil; pushed != (n <= c.deep) {
				t.Errorf("%s, %d deep: pushed down is %t", c.name, n, pushed)
			}
			if sel.Residual != nil {
				continue
			}
			begin := time.Now()
			if _, err := script(t, sel.SQL+";"); err != nil {
				t.Fatalf("%s, %d deep: %v", c.name, n, err)
			}
			t.Logf("%s, %d deep: %d bytes, %v", c.name, n, len(sel.SQL), time.Since(begin).Round(time.Millisecond))
			if time.Since(begin) > 15*time.Second {
				t.Fatalf("%s, %d deep: %d bytes take %v", c.name, n, len(sel.SQL), time.Since(begin))
			}
		}
	}
}
