package drivertest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// enough is how many failures of a kind are worth reading.
const enough = 5

// affordable returns how many queries a check may ask of the layer: the fewer, the more there is to read.
func (s *subject) affordable() int {
	cost := 1
	for _, f := range s.rows {
		cost += 200 + f.Size()
	}
	n := 200_000_000 / cost
	if testing.Short() {
		n /= 4
	}
	return max(n, 40)
}

// checkWhere compares the layer with the reference on filters of every kind.
func checkWhere(t testing.TB, s *subject) {
	list := filters(s.schema(), s.rows)
	step := 1 + len(list)/s.affordable()
	failed := 0
	for i := 0; i < len(list) && failed < enough; i += step {
		if !s.agrees(t, layer.Query{Where: list[i]}) || !s.agrees(t, s.variation(i, list[i])) {
			failed++
		}
	}
}

// variation returns one of the queries that a filter may be part of.
func (s *subject) variation(i int, where *filter.Expr) layer.Query {
	q := layer.Query{Where: where}
	fields := s.schema().Fields
	var all []feature.Bounds
	if len(s.schema().Geoms) > 0 {
		all = s.boxes()
	}
	switch i % 8 {
	case 0: // the filter's own columns are left out
		q.Columns, q.NoGeometry = []string{}, true
	case 1:
		q.Limit, q.Offset = 2, 1
	case 2:
		q.NoGeometry = true
	case 3:
		if len(fields) > 0 {
			q.Columns = []string{fields[i/8%len(fields)].Name}
		}
	case 4:
		q.OrderBy, q.Limit = []layer.Order{{Field: "FID", Desc: true}}, 3
	case 5:
		q.OnBadRow = func(error) {}
	case 6:
		if orders := s.orders(); len(orders) > 0 {
			q.OrderBy, q.Columns = orders[i/8%len(orders)], []string{}
		}
	case 7:
		q.Limit = 1
	}
	if all != nil && i%3 == 0 {
		q.Box = &all[i/3%len(all)]
	}
	return q
}

// agrees tells whether the layer gives for q what the reference gives, rows and count, and fails the test otherwise. What
// the reference cannot judge is an error, but not where the layer had other reasons to reject it.
func (s *subject) agrees(t testing.TB, q layer.Query) bool {
	t.Helper()
	want, bad := reference(t, s.schema(), s.rows, q)
	told := 0
	quiet := q
	quiet.OnBadRow = func(error) { told++ }
	if bad == 0 {
		quiet = q
	}
	got, err := collectErr(t, context.Background(), s.layer, quiet)
	switch {
	case err != nil:
		t.Errorf("Features(%s): %v", describe(q), err)
		return false
	case told > bad:
		t.Errorf("%s: OnBadRow was called %d times, for %d features that cannot be judged", describe(q), told, bad)
		return false
	case !same(t, describe(q), got, want):
		return false
	}
	if bad > 0 { // and without OnBadRow the first of them is the end
		if got, err := collectErr(t, context.Background(), s.layer, q); err == nil {
			return same(t, describe(q), got, want)
		}
		return true
	}
	if n, err := layer.Count(t.Context(), s.layer, q); err != nil || n != int64(len(want)) {
		t.Errorf("Count(%s) = %d, %v; want %d", describe(q), n, err, len(want))
		return false
	}
	return true
}

// same is compare, and tells what it found.
func same(t testing.TB, what string, got, want []*feature.Feature) bool {
	t.Helper()
	compare(t, what, got, want)
	return len(got) == len(want) && !slices.ContainsFunc(want, func(f *feature.Feature) bool {
		i := slices.Index(want, f)
		return difference(got[i], f) != ""
	})
}

// checkWhereIsAValue uses one expression in iterations one after the other, and in one another.
func checkWhereIsAValue(t testing.TB, s *subject) {
	list := filters(s.schema(), s.rows)
	for i := 0; i < len(list); i += 1 + len(list)/12 {
		q := layer.Query{Where: list[i], OnBadRow: func(error) {}}
		want, _ := reference(t, s.schema(), s.rows, q)
		seq := s.layer.Features(t.Context(), q)
		for range 2 {
			var got []*feature.Feature
			for f, err := range seq {
				if err != nil {
					t.Fatalf("Features(%s): %v", describe(q), err)
				}
				got = append(got, f.Clone())
				if kept := got[len(got)-1]; len(got) < 3 {
					compare(t, "within another iteration: "+describe(q), collect(t, s.layer, q), want)
					if d := difference(f, kept); d != "" {
						t.Errorf("an iteration within changes the row of %s: %s", describe(q), d)
					}
				}
				poison(f)
			}
			compare(t, "with others within it: "+describe(q), got, want)
		}
		for _, err := range seq { // and one that is broken off
			if err != nil {
				t.Errorf("Features(%s): %v", describe(q), err)
			}
			break
		}
		compare(t, "after a break: "+describe(q), collect(t, s.layer, q), want)
	}
}

// checkWhereErrors asks for what is wrong: an error must come before any row, and alone.
func checkWhereErrors(t testing.TB, s *subject) {
	wrong := map[string]layer.Query{
		"no such field": {Where: filter.Field("no such field").Eq(1)},
		"no such order": {OrderBy: []layer.Order{{Field: "no such order"}}},
		"condition":     {Where: filter.FID().Add(1)},
		"NO_SUCH":       {Where: filter.Call("NO_SUCH", filter.FID())},
		"text":          {Where: filter.FID().Eq("a")},
	}
	for _, f := range s.schema().Fields {
		switch e := filter.Field(f.Name); {
		case !hasOrder(f):
			wrong[f.Name] = layer.Query{OrderBy: []layer.Order{{Field: f.Name}}}
			wrong["opaque"] = layer.Query{Where: e.Eq(1)}
		case f.Type == feature.String:
			wrong["integer"] = layer.Query{Where: e.Gt(1)}
		case f.Type != feature.Integer && f.Type != feature.Integer64 && f.Type != feature.Real:
			wrong["real"] = layer.Query{Where: e.Lt(1.5)}
		}
	}
	if len(s.schema().Geoms) > 0 {
		wrong["geometry"] = layer.Query{Where: filter.Call("ST_INTERSECTS", filter.FID(), filter.Geom(feature.AppendPoint(nil, 1, 2)))}
	}
	for says, q := range wrong {
		if _, err := q.Plan(s.schema()); err == nil {
			continue // a field that has that name
		}
		q.OnBadRow = func(err error) { t.Errorf("%s: OnBadRow is told %q, which is of no row", describe(q), err) }
		rows, err := collectErr(t, t.Context(), s.layer, q)
		if err == nil || len(rows) > 0 {
			t.Errorf("%s: %d rows and error %v, want an error alone", describe(q), len(rows), err)
			continue
		}
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %q does not say %q", describe(q), err, says)
		}
		if n, err := layer.Count(t.Context(), s.layer, q); err == nil && q.Where != nil {
			t.Errorf("Count(%s) = %d, want an error", describe(q), n)
		}
	}
}

// checkWhereCancelled cancels iterations with a filter, of which some keep nothing and would go to the end unseen.
func checkWhereCancelled(t testing.TB, s *subject) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), longAgo)
	defer cancel()
	queries := []layer.Query{
		{Where: remainder(2, 0)},
		{Where: remainder(1, 1)},
		{Where: filter.FID().Eq(1)},
		{Where: filter.FID().Lt(-1 << 40)},
		{Where: filter.FID().In()},
		{OrderBy: []layer.Order{{Field: "FID", Desc: true}}},
	}
	for _, f := range s.schema().Fields {
		queries = append(queries, layer.Query{Where: filter.Field(f.Name).IsNull()}, layer.Query{Where: filter.Field(f.Name).IsNotNull(), Limit: 2})
	}
	for _, q := range queries {
		if rows, err := collectErr(t, done, s.layer, q); len(rows) > 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%s, with a context that is done: %d rows and error %v, want none and %q", describe(q), len(rows), err, context.Canceled)
		}
		if rows, err := collectErr(t, expired, s.layer, q); len(rows) > 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, with a deadline that is over: %d rows and error %v, want none and %q", describe(q), len(rows), err, context.DeadlineExceeded)
		}
	}
	q := layer.Query{Where: filter.FID().Ne(-1 << 40)}
	want := apply(t, s.schema(), s.rows, q)
	for _, after := range []int{1, len(want) / 2} {
		if after == 0 || after > len(want) {
			continue
		}
		ctx, cancel := context.WithCancel(t.Context())
		var got []*feature.Feature
		var failed error
		for f, err := range s.layer.Features(ctx, q) {
			if failed = err; err != nil {
				break
			}
			if got = append(got, f.Clone()); len(got) == after {
				cancel()
			}
		}
		cancel()
		if !errors.Is(failed, context.Canceled) {
			t.Errorf("%s, cancelled after %d of %d rows: %d rows and error %v, want the end with %q", describe(q), after, len(want),
				len(got), failed, context.Canceled)
		}
		compare(t, "before the context was done", got, want[:min(len(got), len(want))])
	}
}

// filters returns filters of every kind for the rows of a layer.
func filters(s *feature.Schema, rows []*feature.Feature) []*filter.Expr {
	var list, plain []*filter.Expr
	for i := range s.Fields {
		of := fieldFilters(s, rows, i)
		list = append(list, of...)
		plain = append(plain, of[:min(len(of), 4)]...)
	}
	fids := fidFilters(rows)
	list = append(list, fids...)
	plain = append(plain, fids[:2]...)
	spatial := spatialFilters(s, rows)
	list = append(list, spatial...)
	if len(spatial) > 0 {
		plain = append(plain, spatial[0], spatial[len(spatial)/2])
	}
	// Connected: each with one that is not its neighbour.
	for i, a := range plain {
		b, c := plain[(i*7+5)%len(plain)], plain[(i*11+3)%len(plain)]
		list = append(list, a.And(b), a.Or(b), a.And(b).Not(), a.Or(b).Not(), a.Not().Or(b.And(c)), a.Or(b).And(c.Not()))
	}
	null := filter.Value(nil)
	return append(list, filter.Value(true), filter.Value(false), null, null.Not(), null.Or(remainder(2, 0)), null.And(remainder(2, 0)).Not())
}

// someValues returns values that field i has, up to three, of which none is null.
func someValues(rows []*feature.Feature, i int) []feature.Value {
	var list []feature.Value
	for _, f := range rows {
		v := f.Values[i]
		if v.IsNull() || math.IsNaN(v.Float()) || slices.ContainsFunc(list, v.Equal) {
			continue
		}
		if list = append(list, v.Clone()); len(list) > 40 {
			break
		}
	}
	if len(list) > 3 {
		list = []feature.Value{list[0], list[len(list)/2], list[len(list)-1]}
	}
	return list
}

// fieldFilters returns filters of one field.
func fieldFilters(s *feature.Schema, rows []*feature.Feature, i int) []*filter.Expr {
	field := &s.Fields[i]
	e := filter.Field(field.Name)
	list := []*filter.Expr{e.IsNull(), e.IsNotNull(), e.IsNull().Not()}
	if !hasOrder(*field) {
		return list
	}
	values := someValues(rows, i)
	var all []any
	for _, v := range values {
		all = append(all, v)
		list = append(list, e.Eq(v), e.Ne(v), e.Lt(v), e.Le(v), e.Gt(v), e.Ge(v), e.Lt(v).Not(), filter.Value(v).Le(e),
			filter.Call("COALESCE", e, v).Eq(v), filter.Call("NULLIF", e, v).IsNull())
	}
	list = append(list, e.Eq(nil), e.Eq(nil).Not(), e.Eq(e), e.Ne(e), e.In(all...), e.In(all...).Not(), e.In(append(all, nil)...),
		e.In(append(all, nil)...).Not(), e.In())
	if len(values) > 1 {
		list = append(list, e.Between(values[0], values[1]), e.Between(values[1], values[0]).Not())
	}
	switch {
	case field.Type == feature.Integer && field.Subtype == feature.Boolean:
		list = append(list, e, e.Not(), e.Eq(1), e.Lt(true), e.Ge(false), e.Gt(0), e.In(0, 1), e.CastTo("integer").Add(1).Eq(2))
	case field.Type == feature.String:
		for _, v := range values {
			list = append(list, textFilters(e, v.Text())...)
		}
		list = append(list, e.Like("%"), e.Like(""), e.Like("_"), e.Like("%a%"), e.ILike("%A%"), e.Like("%_a"), e.LikeEscape("%!%%", '!'),
			filter.Call("LENGTH", e).Gt(4), e.CastTo("integer").Gt(0), e.CastTo("float").IsNull(), e.CastTo("character(2)").Ne(e))
	case field.Type == feature.Integer, field.Type == feature.Integer64, field.Type == feature.Real:
		list = append(list, e.Gt(0), e.Le(0), e.Gt(0.5), e.Eq(1<<53), e.Eq(math.Pow(2, 53)), e.Add(1).Gt(1), e.Sub(2).Mul(3).Lt(10), e.Div(2).Eq(0),
			e.Div(0).IsNull(), filter.Value(7).Div(e).Ge(1), filter.Value(0).Sub(e).Lt(0), filter.Call("ABS", e).Gt(5), filter.Call("ROUND", e, -1).Eq(10),
			filter.Call("ROUND", e).Eq(e), e.CastTo("integer").Eq(e), e.CastTo("smallint").IsNull(), e.CastTo("float").Ge(1.5),
			e.CastTo("character").Like("1%"), e.Mul(e).Ge(0))
		if field.Type != feature.Real {
			list = append(list, e.Mod(3).Eq(1), e.Mod(-2).Ne(0), e.Mod(0).IsNull(), e.CastTo("boolean"))
		}
	case field.Type == feature.TimeField:
		list = append(list, e.Ge("12:00"), e.Lt("12:00:00.5"), e.CastTo("character").Like("1%"))
	default:
		list = append(list, e.Ge("2000-01-01"), e.Lt("1970-01-01"), e.Ge(feature.Date(2020, 2, 29)), e.Le(feature.Date(2020, 2, 29)),
			e.Gt(feature.WallClock(0, feature.ZoneUTC)), e.Lt(feature.WallClock(0, 60)), e.CastTo("date").Eq("2020-02-29"),
			e.CastTo("timestamp").Ge("2020-02-29 12:00:00+01"), e.CastTo("character").Like("2020%"))
	}
	return list
}

// textFilters returns filters of a field that may be text.
func textFilters(e *filter.Expr, text string) []*filter.Expr {
	r := []rune(text)
	if !utf8.ValidString(text) || len(r) == 0 {
		return nil
	}
	half := string(r[:(len(r)+1)/2])
	return []*filter.Expr{
		e.Like(text), e.Like(half + "%"), e.Like("%" + string(r[len(r)/2:])), e.Like("_" + string(r[1:])), e.Like(half + "%").Not(),
		e.Like(strings.ToUpper(text)), e.ILike(strings.ToUpper(half) + "%"), e.Eq(strings.ToUpper(text)), e.Eq(text + " "),
		filter.Call("LOWER", e).Eq(strings.ToLower(text)), filter.Call("UPPER", e).Eq(strings.ToUpper(text)),
		filter.Call("LENGTH", e).Eq(len(r)), filter.Call("SUBSTR", e, 1, len(half)).Eq(half), filter.Call("SUBSTR", e, -1).Eq(string(r[len(r)-1:])),
		e.Concat("x").Eq(text + "x"), filter.Value("x").Concat(e).Like("x" + half + "%"),
		e.LikeEscape("%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(half)+"%", '!'),
	}
}

// fidFilters returns filters of the FID.
func fidFilters(rows []*feature.Feature) []*filter.Expr {
	e := filter.FID()
	list := []*filter.Expr{
		remainder(2, 0), remainder(3, 1), remainder(1, 1), e.Eq(-1), e.Lt(0), e.Ge(0), e.Le(math.MaxInt64), e.Gt(math.MaxInt64), e.Lt(math.MinInt64),
		e.Ge(math.MinInt64), e.IsNull(), e.IsNotNull(), e.In(), e.Eq(nil), e.Eq(1.5), e.Lt(3.5), e.In(nil), e.In(2, nil).Not(), e.Eq(e),
		e.Eq(1).And(e.Eq(2)), e.Gt(4).And(e.Lt(4)),
	}
	if len(rows) == 0 {
		return list
	}
	first, middle, last := rows[0].FID, rows[len(rows)/2].FID, rows[len(rows)-1].FID
	return append(list,
		e.Eq(first), e.Eq(last), e.Eq(last+1), e.Ne(first), filter.Value(middle).Eq(e), filter.Value(middle).Gt(e), e.Gt(middle), e.Le(middle),
		e.Between(first+1, middle), e.Between(first+1, middle).Not(), e.Between(middle, first-1), e.Between(middle-1, last+1000),
		e.In(last, first, middle, first, last, first-1, last+1, -1, math.MaxInt64, math.MinInt64), e.In(first, last).Not(), e.In(first, nil),
		e.In(first, middle, last).And(e.In(middle, last)), e.Eq(first).Or(e.Eq(last)), e.Eq(first).Or(e.Eq(last).And(e.Gt(last))),
		e.Eq(first).Or(remainder(2, 0)), e.Ge(middle).And(remainder(2, 1)), e.In(first, last).And(e.Ge(middle)), e.Eq(middle).And(e.Mod(2).Ge(0)),
		e.Add(1).Eq(middle), e.Eq(float64(middle)),
	)
}

// spatialFilters returns filters of the geometry columns.
func spatialFilters(s *feature.Schema, rows []*feature.Feature) []*filter.Expr {
	var list []*filter.Expr
	for geom := range s.Geoms {
		e := geomField(s, geom)
		if e == nil {
			continue
		}
		list = append(list, e.IsNull(), e.IsNotNull())
		for _, g := range constants(rows, geom) {
			c := filter.Geom(g)
			list = append(list, e.Intersects(g), filter.Call("ST_INTERSECTS", c, e), filter.Call("ST_WITHIN", e, c), filter.Call("ST_CONTAINS", e, c),
				filter.Call("ST_DWITHIN", e, c, 0.5), filter.Call("ST_CONTAINS", c, e), e.Intersects(g).Not(), e.Intersects(g).And(remainder(2, 0)),
				e.Intersects(g).Or(remainder(2, 0)), e.Intersects(g).And(filter.FID().Gt(3), filter.Call("ST_DWITHIN", c, e, 1)))
		}
	}
	if len(s.Geoms) == 0 || slices.ContainsFunc(s.Fields, func(f feature.Field) bool { return strings.HasPrefix(strings.ToUpper(f.Name), "OGR_") }) {
		return list
	}
	kind, area, wkt := filter.Field("OGR_GEOMETRY"), filter.Field("ogr_geom_area"), filter.Field("OGR_GEOM_WKT")
	return append(list, kind.Eq("POINT"), kind.Like("MULTI%"), kind.IsNull(), area.Gt(0), area.Eq(0), area.Between(0.5, 100), wkt.Like("POLYGON%"), wkt.IsNotNull())
}

// geomField returns geometry column geom as it is named in a filter, or nil if it cannot be.
func geomField(s *feature.Schema, geom int) *filter.Expr {
	name := s.Geoms[geom].Name
	if name == "" {
		name = "geometry"
	}
	if s.FieldIndex(name) >= 0 || s.Geoms[geom].Name != "" && s.GeomIndex(name) != geom || s.Geoms[geom].Name == "" && geom > 0 {
		return nil
	}
	return filter.Field(name)
}

// constants returns geometries to compare those of column geom with: around some of them, between them, and far away.
func constants(rows []*feature.Feature, geom int) []feature.WKB {
	extent := feature.EmptyBounds()
	var some []feature.Bounds
	for _, f := range rows {
		b, err := f.Geoms[geom].Bounds()
		if err != nil || b.IsEmpty() || math.IsInf(b.MinX+b.MinY+b.MaxX+b.MaxY, 0) {
			continue
		}
		extent = extent.Union(b)
		some = append(some, b)
	}
	list := []feature.WKB{feature.AppendBounds(nil, feature.Bounds{MinX: 1e7, MinY: 1e7, MaxX: 1e7 + 1, MaxY: 1e7 + 1}), feature.AppendPoint(nil, 0, 0)}
	if len(some) == 0 {
		return list
	}
	some = []feature.Bounds{some[0], some[len(some)/2], some[len(some)-1]}
	for _, b := range some {
		list = append(list, feature.AppendPoint(nil, b.MinX, b.MinY))
		if b.MinX < b.MaxX && b.MinY < b.MaxY {
			list = append(list, feature.AppendBounds(nil, b))
		}
	}
	w, h := max(extent.MaxX-extent.MinX, 1), max(extent.MaxY-extent.MinY, 1)
	return append(list,
		feature.AppendBounds(nil, feature.Bounds{MinX: extent.MinX - w, MinY: extent.MinY - h, MaxX: extent.MaxX + w, MaxY: extent.MaxY + h}),
		feature.AppendBounds(nil, feature.Bounds{MinX: extent.MinX + w/4, MinY: extent.MinY + h/4, MaxX: extent.MaxX - w/8, MaxY: extent.MaxY + h}))
}
