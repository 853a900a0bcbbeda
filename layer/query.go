package layer

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
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
	// geometry, or with an empty one, are not kept. Coordinates are in the layer's SRS.
	Box *feature.Bounds
	// Where keeps the features for which it is true.
	Where Expr
	// Offset passes over that many of the rows that are left.
	Offset int64
	// Limit ends after that many rows; 0 is no limit.
	Limit int64
	// OnBadRow is told of each feature that cannot be read, which is then passed over. It is called while the sequence is
	// ranged over, by the goroutine that does. Without it the first such error ends the iteration.
	OnBadRow func(error)
}

// Expr is a filter expression. There is none yet but what a later version of this package will bring.
type Expr interface {
	// Eval tells whether the feature satisfies the expression.
	Eval(f *feature.Feature) (bool, error)
}

// Select is what a Query's Columns and NoGeometry come to for a schema: which columns to read.
type Select struct {
	Fields []bool // by the index of the field
	Geoms  bool
	All    bool // every field and geometry
}

// Select resolves the columns of q against the schema. A name that the schema does not have is an error that lists
// those it has. A box needs the geometry even when NoGeometry leaves it out of the result; that is the driver's to see
// to.
func (q Query) Select(s *feature.Schema) (Select, error) {
	sel := Select{Fields: make([]bool, len(s.Fields)), Geoms: !q.NoGeometry}
	if q.Columns == nil {
		for i := range sel.Fields {
			sel.Fields[i] = true
		}
	}
	for _, name := range q.Columns {
		i := s.FieldIndex(name)
		if i < 0 {
			return sel, UnknownField(s, name)
		}
		sel.Fields[i] = true
	}
	sel.All = sel.Geoms && !slices.Contains(sel.Fields, false)
	if q.Box != nil && (q.Geom < 0 || q.Geom >= len(s.Geoms)) {
		return sel, fmt.Errorf("a box was given, but the layer has %d geometry columns and no number %d", len(s.Geoms), q.Geom)
	}
	return sel, nil
}

// UnknownField returns the error for a field that the schema does not have.
func UnknownField(s *feature.Schema, name string) error {
	if len(s.Fields) == 0 {
		return fmt.Errorf("no field %q: the layer has none", name)
	}
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return fmt.Errorf("no field %q: the layer has %s", name, strings.Join(names, ", "))
}

// Matches tells whether the feature passes q's filters: the box and the expression. Limit and offset are not looked at.
// It is the reference that every driver is held against.
func (q *Query) Matches(f *feature.Feature) (bool, error) {
	if q.Box != nil {
		g := f.Geoms[q.Geom]
		if g == nil {
			return false, nil
		}
		b, err := g.Bounds()
		if err != nil || !q.Box.Intersects(b) {
			return false, err
		}
	}
	if q.Where != nil {
		return q.Where.Eval(f)
	}
	return true, nil
}

// HasFilter tells whether any row may be filtered out by box or expression.
func (q *Query) HasFilter() bool { return q.Box != nil || q.Where != nil }

// Filter applies to rows what a driver did not: the residual of a query. It looks at q's box, expression, offset and
// limit, and takes the geometries away again when NoGeometry is set. The rows must be those of a layer with the box's
// geometry and the expression's fields read. A row that cannot be judged, having malformed geometry say, goes to OnBadRow.
func Filter(rows iter.Seq2[*feature.Feature, error], q Query) iter.Seq2[*feature.Feature, error] {
	if !q.HasFilter() && !q.NoGeometry && q.Offset <= 0 && q.Limit <= 0 {
		return rows
	}
	return func(yield func(*feature.Feature, error) bool) {
		skip, left := q.Offset, q.Limit
		for f, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			switch ok, err := q.Matches(f); {
			case err != nil:
				err = fmt.Errorf("feature %d: %w", f.FID, err)
				if q.OnBadRow == nil {
					yield(nil, err)
					return
				}
				q.OnBadRow(err)
				continue
			case !ok:
				continue
			case skip > 0:
				skip--
				continue
			}
			if q.NoGeometry {
				clear(f.Geoms)
			}
			if !yield(f, nil) {
				return
			}
			if q.Limit > 0 {
				if left--; left == 0 {
					return
				}
			}
		}
	}
}
