package drivertest

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// brokenRows returns what a driver yields that pushes down a filter, an order or a limit wrongly, in the way that is
// asked for; nil is to yield rows as they are.
func (l *memoryLayer) brokenRows(ctx context.Context, q layer.Query, rows iter.Seq2[*feature.Feature, error]) iter.Seq2[*feature.Feature, error] {
	s := l.t.schema
	fault := strings.TrimSuffix(l.broken(), " at random")
	rewritten := func(old, new string) iter.Seq2[*feature.Feature, error] {
		if q.Where == nil {
			return nil
		}
		if e, err := filter.Parse(strings.ReplaceAll(q.Where.String(), old, new)); err == nil {
			q.Where = e
		}
		return l.rows(ctx, q)
	}
	switch fault { // those of a query that cannot be planned
	case "any where", "where wrong after a row", "where told to OnBadRow":
		_, err := q.Plan(s)
		switch {
		case err == nil || len(l.t.rows) == 0:
		case fault == "any where":
			q.Where, q.OrderBy = nil, nil
			return l.rows(ctx, q)
		case fault == "where told to OnBadRow" && q.OnBadRow != nil:
			return func(func(*feature.Feature, error) bool) { q.OnBadRow(err) }
		case fault == "where wrong after a row":
			return func(yield func(*feature.Feature, error) bool) {
				if yield(l.t.rows[0].Clone(), nil) {
					yield(nil, err)
				}
			}
		}
		return nil
	}
	p, err := q.Plan(s)
	if err != nil {
		return nil
	}
	engine := brokenEngine{l: l, p: p}
	switch fault {
	case "LIKE folds case":
		return rewritten(" LIKE ", " ILIKE ")
	case "less is at most":
		return rewritten(" < ", " <= ")
	case "or is and":
		return rewritten(" OR ", " AND ")
	case "where sees wanted columns":
		engine.see = func(f *feature.Feature) {
			for i := range f.Values {
				if !p.Fields[i] {
					f.Values[i] = feature.Value{}
				}
			}
		}
	case "where without geometry":
		if !p.Geoms {
			engine.see = func(f *feature.Feature) { clear(f.Geoms) }
		}
	case "null is empty":
		engine.see = func(f *feature.Feature) {
			if f.Values[0].IsNull() {
				f.Values[0] = feature.Text("")
			}
		}
	case "zone is ignored":
		engine.see = func(f *feature.Feature) { f.Values[4] = feature.WallClock(f.Values[4].Micros(), feature.ZoneUTC) }
	case "integers as reals":
		engine.see = func(f *feature.Feature) { f.Values[1] = feature.Int(int64(float64(f.Values[1].Int()))) }
	case "FIDs twice":
		engine.twice = p.Filter != nil && p.Filter.FIDs().List != nil
	case "FIDs end too early":
		if p.Filter != nil && p.Filter.FIDs().Max < 1<<40 {
			engine.p.Filter, _ = filter.FID().Lt(p.Filter.FIDs().Max).And(q.Where).Bind(s)
		}
	case "box for the predicate":
		if len(p.Boxes) > 0 && q.Box == nil {
			engine.p.Filter = nil
			q.Box, q.Geom = &p.Boxes[0].Bounds, p.Boxes[0].Geom
			engine.p.Query = q
		}
	case "box instead of where":
		if q.Box != nil {
			engine.p.Filter = nil
		}
	case "limit before where":
		engine.limitFirst = q.Where != nil
	case "limit before order":
		engine.limitFirst = len(q.OrderBy) > 0
	case "where only once":
		if q.Where != nil {
			n := 0
			return func(yield func(*feature.Feature, error) bool) {
				if n++; n == 1 {
					rows(yield)
				}
			}
		}
	case "where keeps its rows":
		if q.Where != nil {
			return func(yield func(*feature.Feature, error) bool) {
				for f, err := range rows {
					if err != nil {
						yield(nil, err)
						return
					}
					l.t.shared = *f.Clone()
					if !yield(&l.t.shared, nil) {
						return
					}
				}
			}
		}
	case "where not cancelled":
		if q.Where != nil {
			ctx = context.WithoutCancel(ctx)
		}
		return l.rows(ctx, q)
	case "where cancelled before only":
		if q.Where != nil && ctx.Err() == nil {
			ctx = context.WithoutCancel(ctx)
		}
		return l.rows(ctx, q)
	case "order ignored":
		engine.p.Order = nil
	case "order ascending":
		for i := range engine.p.Order {
			engine.p.Order[i].Desc = false
		}
	case "order of the first key":
		engine.p.Order = p.Order[:min(1, len(p.Order))]
	case "null first", "NaN first", "text in no case's order", "order of the clock":
		engine.key = func(v feature.Value) feature.Value {
			switch {
			case fault == "null first" && v.IsNull():
				return feature.Value{}
			case fault == "NaN first" && v.Float() != v.Float():
				return feature.Float(-1e300)
			case fault == "order of the clock" && v.Kind() == feature.KindDateTime:
				return feature.WallClock(v.Micros(), feature.ZoneUTC)
			case fault == "text in no case's order" && v.Kind() == feature.KindText:
				return feature.Text(strings.ToLower(v.Text()))
			}
			return v
		}
		engine.nullFirst = fault == "null first"
	case "ties the other way round":
		engine.reversed = len(p.Order) > 0
	case "order by wanted columns":
		engine.key = func(v feature.Value) feature.Value { return v }
		engine.wantedOnly = true
	default:
		return nil
	}
	return engine.rows(ctx)
}

// brokenEngine answers a query in memory, with faults.
type brokenEngine struct {
	l          *memoryLayer
	p          *layer.Plan
	see        func(*feature.Feature)            // what the filter sees
	key        func(feature.Value) feature.Value // what the order sees
	nullFirst  bool
	wantedOnly bool // the order sees only what is wanted
	reversed   bool // before it is sorted
	twice      bool
	limitFirst bool
}

func (e *brokenEngine) rows(ctx context.Context) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		if ctx.Err() != nil {
			yield(nil, ctx.Err())
			return
		}
		q := &e.p.Query
		list := slices.Clone(e.l.t.rows)
		if e.limitFirst {
			list = e.limit(list)
		}
		var kept []*feature.Feature
		for _, f := range list {
			f = f.Clone()
			if e.see != nil {
				e.see(f)
			}
			ok, err := e.p.Matches(f)
			if err != nil {
				if q.OnBadRow == nil {
					yield(nil, err)
					return
				}
				q.OnBadRow(err)
				continue
			}
			if i := slices.IndexFunc(e.l.t.rows, func(o *feature.Feature) bool { return o.FID == f.FID }); ok {
				kept = append(kept, e.l.t.rows[i].Clone())
				if e.twice {
					kept = append(kept, e.l.t.rows[i].Clone())
				}
			}
		}
		if e.reversed {
			slices.Reverse(kept)
		}
		e.order(kept)
		if !e.limitFirst {
			kept = e.limit(kept)
		}
		for _, f := range kept {
			for i := range f.Values {
				if !e.p.Fields[i] {
					f.Values[i] = feature.Value{}
				}
			}
			if !e.p.Geoms {
				clear(f.Geoms)
			}
			if !yield(f, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(nil, ctx.Err())
		}
	}
}

func (e *brokenEngine) limit(list []*feature.Feature) []*feature.Feature {
	q := &e.p.Query
	list = list[min(max(0, q.Offset), int64(len(list))):]
	if q.Limit > 0 {
		list = list[:min(q.Limit, int64(len(list)))]
	}
	return list
}

func (e *brokenEngine) order(list []*feature.Feature) {
	if e.key == nil {
		order(list, e.p)
		return
	}
	slices.SortStableFunc(list, func(a, b *feature.Feature) int {
		for _, k := range e.p.Order {
			c := int(a.FID - b.FID)
			if k.Field >= 0 {
				v, w := e.key(a.Values[k.Field]), e.key(b.Values[k.Field])
				if e.wantedOnly && !e.p.Fields[k.Field] {
					continue
				}
				if c = compareValues(e.p.Schema.Fields[k.Field], v, w); e.nullFirst && v.IsNull() != w.IsNull() {
					c = -c
				}
			}
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

type countingAll struct{ *memoryLayer }

// Count looks at no expression.
func (l countingAll) Count(_ context.Context, q layer.Query) (int64, bool, error) {
	return int64(len(l.t.rows)), q.Where != nil && q.Box == nil, nil
}
