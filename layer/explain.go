package layer

import (
	"context"

	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// Explanation says how a layer would answer a query.
type Explanation struct {
	SQL  string   // the statement that the store runs, or "" where it has no SQL
	Args []string // the statement's arguments, printed
	Uses []string // what saves reading all features, for people: "R-tree rtree_roads_geom", "the records' bounding boxes"
	// Recheck is what the store is asked for and the program checks again, since the store may let too much through, and
	// Residual is what only the program looks at. Nil is nothing.
	Recheck, Residual *filter.Expr
	RecheckBox        bool // of the query's box
	ResidualBox       bool
	Sorted            bool // the program sorts, not the store
}

// Explainer is a layer that can say how it would answer a query.
type Explainer interface {
	Explain(ctx context.Context, q Query) (Explanation, error)
}

// Explain says how l would answer q. A layer that is no Explainer looks at every feature.
func Explain(ctx context.Context, l Layer, q Query) (Explanation, error) {
	if _, err := q.Plan(l.Schema()); err != nil {
		return Explanation{}, err
	}
	if e, ok := l.(Explainer); ok {
		return e.Explain(ctx, q)
	}
	return Explanation{Residual: q.Where, ResidualBox: q.Box != nil, Sorted: len(q.OrderBy) > 0}, nil
}
