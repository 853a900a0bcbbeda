package layer

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// Plan is what a Query comes to for a schema: names are resolved, types checked. A driver reads what it says and hands
// its rows to Filter; what the driver has seen to itself, or its store, it takes out of the Query first. Like the
// filter.Bound in it, a Plan belongs to one iteration.
type Plan struct {
	Schema *feature.Schema
	Query  Query

	Fields    []bool // by the index of the field: wanted in the result
	Geoms     bool   // geometries are wanted in the result
	All       bool   // every field and geometry is wanted
	Read      []bool // by the index of the field: wanted, or looked at by the filter or the order
	ReadGeoms []bool // by the index of the geometry column: the same

	Filter *filter.Bound // nil for none
	Boxes  []Box         // the query's box, and what follows from the filter
	Order  []Key
}

// Box says that only features are kept whose geometry in column Geom has bounds that have a point in common with Bounds.
type Box struct {
	Geom   int
	Bounds feature.Bounds
}

// Key is one key of an order.
type Key struct {
	Field int // the index of the field, or -1 for the FID
	Desc  bool
}

// Plan resolves q against the schema. A name that the schema does not have is an error that lists those it has; errors of
// the expression are those of filter.Expr.Bind.
func (q *Query) Plan(s *feature.Schema) (*Plan, error) {
	p := &Plan{
		Schema: s, Query: *q, Fields: make([]bool, len(s.Fields)), Geoms: !q.NoGeometry, ReadGeoms: make([]bool, len(s.Geoms)),
	}
	if q.Columns == nil {
		for i := range p.Fields {
			p.Fields[i] = true
		}
	}
	for _, name := range q.Columns {
		i := s.FieldIndex(name)
		if i < 0 {
			return nil, UnknownField(s, name)
		}
		p.Fields[i] = true
	}
	p.All = p.Geoms && !slices.Contains(p.Fields, false)
	p.Read = slices.Clone(p.Fields)
	for i := range p.ReadGeoms {
		p.ReadGeoms[i] = p.Geoms
	}
	if q.Box != nil {
		if q.Geom < 0 || q.Geom >= len(s.Geoms) {
			return nil, fmt.Errorf("a box was given, but the layer has %d geometry columns and no number %d", len(s.Geoms), q.Geom)
		}
		p.Boxes = append(p.Boxes, Box{q.Geom, *q.Box})
		p.ReadGeoms[q.Geom] = true
	}
	if q.Where != nil {
		var err error
		if p.Filter, err = q.Where.Bind(s); err != nil {
			return nil, err
		}
		for _, i := range p.Filter.Fields {
			p.Read[i] = true
		}
		for i, looked := range p.Filter.Geoms {
			p.ReadGeoms[i] = p.ReadGeoms[i] || looked
			for _, b := range p.Filter.Boxes(i) {
				p.Boxes = append(p.Boxes, Box{i, b})
			}
		}
	}
	for _, o := range q.OrderBy {
		k, err := orderKey(s, o)
		if err != nil {
			return nil, err
		}
		if k.Field >= 0 {
			p.Read[k.Field] = true
		}
		p.Order = append(p.Order, k)
	}
	return p, nil
}

// orderKey resolves one key. FID means the feature's FID unless a field bears that name, as in a filter.
func orderKey(s *feature.Schema, o Order) (Key, error) {
	i := s.FieldIndex(o.Field)
	if i < 0 {
		if strings.EqualFold(o.Field, "FID") || s.FIDColumn != "" && strings.EqualFold(o.Field, s.FIDColumn) {
			return Key{-1, o.Desc}, nil
		}
		return Key{}, UnknownField(s, o.Field)
	}
	switch f := s.Fields[i]; {
	case f.Type == feature.Binary, f.Type >= feature.IntegerList, f.Subtype == feature.JSONText:
		return Key{}, fmt.Errorf("field %s is of type %s, which has no order", f.Name, f.TypeName())
	}
	return Key{i, o.Desc}, nil
}

// Matches tells whether the feature passes the box and the expression. It is the reference that every driver is held
// against.
func (p *Plan) Matches(f *feature.Feature) (bool, error) {
	if p.Query.Box != nil {
		g := f.Geoms[p.Query.Geom]
		if g == nil {
			return false, nil
		}
		b, err := g.Bounds()
		if err != nil || !p.Query.Box.Intersects(b) {
			return false, err
		}
	}
	if p.Filter != nil {
		return p.Filter.Match(f)
	}
	return true, nil
}

// Filter applies to rows what is left of a query: its box, expression, order, offset and limit. It leaves out of each
// row what was read and is not wanted. The rows must have what the plan's Read and ReadGeoms say. A row that cannot be
// judged, having malformed geometry say, goes to OnBadRow.
func Filter(rows iter.Seq2[*feature.Feature, error], p *Plan) iter.Seq2[*feature.Feature, error] {
	q := &p.Query
	if len(p.Order) > 0 {
		rows = sorted(kept(rows, p), p)
	} else if q.HasFilter() {
		rows = kept(rows, p)
	}
	hide := p.hidden()
	if len(hide) == 0 && p.Geoms && q.Offset <= 0 && q.Limit <= 0 {
		return rows
	}
	return func(yield func(*feature.Feature, error) bool) {
		skip, left := q.Offset, q.Limit
		for f, err := range rows {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case skip > 0:
				skip--
				continue
			}
			if !p.Geoms {
				clear(f.Geoms)
			}
			for _, i := range hide {
				f.Values[i] = feature.Value{}
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

// kept yields the rows that the box and the expression keep.
func kept(rows iter.Seq2[*feature.Feature, error], p *Plan) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		for f, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			ok, err := p.Matches(f)
			switch {
			case err != nil:
				err = fmt.Errorf("feature %d: %w", f.FID, err)
				if p.Query.OnBadRow == nil {
					yield(nil, err)
					return
				}
				p.Query.OnBadRow(err)
			case ok && !yield(f, nil):
				return
			}
		}
	}
}

// hidden returns the fields that are read and not wanted.
func (p *Plan) hidden() []int {
	var hide []int
	for i, read := range p.Read {
		if read && !p.Fields[i] {
			hide = append(hide, i)
		}
	}
	return hide
}
