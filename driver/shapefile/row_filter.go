package shapefile

import (
	"context"
	"fmt"
	"slices"

	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// rowFilter is what a filter wants to see of a row, and when: the fields that the conditions without geometry look at come
// first, so that what they reject costs nothing more.
type rowFilter struct {
	bound         *filter.Bound
	first, second []int // fields that are looked at before the geometry, and beside it
	unread        []int // fields that nobody looks at
	byAttributes  bool  // there are conditions without geometry
}

// newRowFilter makes the filter of the plan, and notes the fields that it reads.
func newRowFilter(p *layer.Plan, reads []bool) *rowFilter {
	f := &rowFilter{bound: p.Filter}
	for _, c := range p.Filter.Conjuncts {
		if c.Node.UsesGeometry() {
			continue
		}
		f.byAttributes = true
		c.Node.Walk(func(n *filter.Node) bool {
			if n.Op == filter.FieldValue && !reads[n.Field] {
				reads[n.Field] = true
				f.first = append(f.first, n.Field)
			}
			return true
		})
	}
	slices.Sort(f.first)
	for _, i := range p.Filter.Fields {
		if !reads[i] {
			reads[i] = true
			f.second = append(f.second, i)
		}
	}
	for i, read := range p.Read {
		if !read {
			f.unread = append(f.unread, i)
		}
	}
	return f
}

// Explain says what is left unread for q.
func (l *shpLayer) Explain(_ context.Context, q layer.Query) (layer.Explanation, error) {
	p, err := q.Plan(l.schema)
	if err != nil {
		return layer.Explanation{}, l.ds.wrap("explain", l.parts.name, err)
	}
	e := layer.Explanation{Residual: q.Where, ResidualBox: q.Box != nil, Sorted: len(q.OrderBy) > 0}
	if p.Filter != nil {
		byAttributes := newRowFilter(p, make([]bool, len(p.Read))).byAttributes
		if n, ok := l.recordsOf(p.Filter.FIDs()); ok {
			file := ".shx"
			if l.parts.shp == "" {
				file = ".dbf"
			}
			e.Uses = append(e.Uses, fmt.Sprintf("the %s: %s records", file, commas(n)))
		}
		if byAttributes && l.parts.dbf != "" && l.parts.shp != "" && !l.scan {
			e.Uses = append(e.Uses, "the .dbf, before the .shp")
		}
	}
	if len(p.Boxes) > 0 {
		e.Uses = append(e.Uses, "the records' bounding boxes")
	}
	return e, nil
}

// recordsOf returns how many records are looked at for the FIDs; ok is false where all of them are.
func (l *shpLayer) recordsOf(fids filter.FIDs) (n int64, ok bool) {
	total, known := l.knownCount()
	if !known || l.scan || fids.All() {
		return 0, false
	}
	if fids.List == nil {
		n = max(0, max(-1, min(fids.Max, total-1))-max(0, fids.Min)+1)
		return n, n < total
	}
	for _, fid := range fids.List {
		if fid >= 0 && fid < total {
			n++
		}
	}
	return n, true
}
