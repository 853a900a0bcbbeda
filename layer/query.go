package layer

import (
	"fmt"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// PageSize is how many rows a page has unless somebody asks otherwise. OGR's Carto driver fetches as many at a time.
const PageSize = 500

// Query says which rows of a layer are wanted and what of them. It is a value: a layer keeps nothing of it. The zero
// Query asks for everything.
type Query struct {
	// Columns are the names of the fields wanted. Nil asks for all, an empty list for none.
	Columns []string
	// NoGeometry leaves the geometries out.
	NoGeometry bool
	// Geom is the index of the geometry column that Box speaks of.
	Geom int
	// Box keeps the features whose geometry's bounds have a point in common with it; touching counts. Features without
	// geometry, or with an empty one, are not kept. Coordinates are in the layer's SRS. To compare the geometry itself,
	// see filter.Expr.Intersects.
	Box *feature.Bounds
	// Where keeps the features for which it is true. Nil keeps all.
	Where *filter.Expr
	// OrderBy says in which order the rows come; without it, and among equals, in that of the FID.
	OrderBy []Order
	// Offset passes over that many of the rows that are left.
	Offset int64
	// Limit ends after that many rows; 0 is no limit.
	Limit int64
	// OnBadRow is told of each feature that cannot be read, or judged by Where, which is then passed over. It is called
	// while the sequence is ranged over, by the goroutine that does. Without it the first such error ends the iteration.
	OnBadRow func(error)
}

// Order is one key of an order: a field by name, or FID. Values are in the order of a filter's comparisons; NaN comes
// behind all numbers and null behind everything, or before with Desc. Fields of binary data, JSON and lists have no order.
type Order struct {
	Field string
	Desc  bool
}

// HasFilter tells whether any row may be filtered out by box or expression.
func (q *Query) HasFilter() bool { return q.Box != nil || q.Where != nil }

// Intersects adds to q's filter that the geometry in column Geom has a point in common with g. Box compares bounds; this
// compares the geometries themselves.
func (q *Query) Intersects(s *feature.Schema, g feature.WKB) {
	q.Where = q.Where.And(filter.Field(filter.GeomName(s, q.Geom)).Intersects(g))
}

// UnknownField returns the error for a field that the schema does not have: with the one that may have been meant, or all.
func UnknownField(s *feature.Schema, name string) error {
	if len(s.Fields) == 0 {
		return fmt.Errorf("no field %q: the layer has none", name)
	}
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	if near := filter.Nearest(s, name); near != "" {
		return fmt.Errorf("no field %q; did you mean %s?", name, near)
	}
	return fmt.Errorf("no field %q: the layer has %s", name, strings.Join(names, ", "))
}
