package sqltext_test

import (
	"fmt"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/sqltext"
)

func ExampleStatements() {
	for st := range sqltext.Statements("SELECT 'a;b' -- not here; \n; DELETE FROM t;") {
		fmt.Printf("%s: %s (a query: %v)\n", st.Keyword, st.Text, st.IsSelect())
	}
	// Output:
	// SELECT: SELECT 'a;b' (a query: true)
	// DELETE: DELETE FROM t (a query: false)
}
