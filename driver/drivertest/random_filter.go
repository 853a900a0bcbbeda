package drivertest

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// checkRandomWhere compares the layer with the reference on random filters: the same ones each time, unless
// OGRCARTO_TEST_SEED says where to begin.
func checkRandomWhere(t testing.TB, s *subject) {
	seed := uint64(1)
	if n, err := strconv.ParseUint(os.Getenv("OGRCARTO_TEST_SEED"), 10, 64); err == nil {
		seed = n
	}
	n := min(400, s.affordable())
	if testing.Short() {
		n = min(n, 150)
	}
	failed := 0
	for i := seed; i < seed+uint64(n) && failed < enough; i++ {
		r := newRandomFilter(i, s.schema(), s.rows)
		where := r.condition(3)
		if _, err := where.Bind(s.schema()); err != nil {
			continue // NULL in a place that takes none, say
		}
		q := layer.Query{Where: where}
		if i%2 == 1 {
			q = s.variation(int(i/2%1000), where)
		}
		if !s.agrees(t, q) {
			t.Errorf("that was OGRCARTO_TEST_SEED=%d", i)
			failed++
		}
	}
}

// randomFilter makes expressions over a layer's fields. Types go together.
type randomFilter struct {
	*rand.Rand
	schema *feature.Schema
	rows   []*feature.Feature
	fields map[filter.Type][]int
	geoms  []int
}

func newRandomFilter(seed uint64, s *feature.Schema, rows []*feature.Feature) *randomFilter {
	r := &randomFilter{Rand: rand.New(rand.NewPCG(seed, 7)), schema: s, rows: rows, fields: make(map[filter.Type][]int)}
	for i, f := range s.Fields {
		t := filter.Opaque
		switch {
		case !hasOrder(f):
		case f.Type == feature.Integer && f.Subtype == feature.Boolean:
			t = filter.Bool
		default:
			t = [...]filter.Type{filter.Text, filter.Int, filter.Int, filter.Float, filter.Date, filter.Time, filter.DateTime}[f.Type]
		}
		r.fields[t] = append(r.fields[t], i)
	}
	for i := range s.Geoms {
		if geomField(s, i) != nil {
			r.geoms = append(r.geoms, i)
		}
	}
	return r
}

// ordered are the types whose values are compared.
var ordered = []filter.Type{filter.Bool, filter.Int, filter.Float, filter.Text, filter.Date, filter.Time, filter.DateTime}

// randomType returns a type, more often one that the layer has.
func (r *randomFilter) randomType() filter.Type {
	for range 3 {
		if t := pick(r, ordered...); len(r.fields[t]) > 0 {
			return t
		}
	}
	return pick(r, ordered...)
}

func pick[T any](r *randomFilter, list ...T) T { return list[r.IntN(len(list))] }

// condition returns what is true, false or null.
func (r *randomFilter) condition(depth int) *filter.Expr {
	if depth > 0 && r.IntN(2) == 0 {
		a := r.condition(depth - 1)
		switch r.IntN(5) {
		case 0, 1:
			return a.And(r.condition(depth - 1))
		case 2, 3:
			return a.Or(r.condition(depth - 1))
		}
		return a.Not()
	}
	switch r.IntN(12) {
	case 0:
		if opaque := r.fields[filter.Opaque]; len(opaque) > 0 {
			return filter.Field(r.schema.Fields[pick(r, opaque...)].Name).IsNull()
		}
		return r.value(r.randomType(), depth).IsNotNull()
	case 1:
		return r.value(r.randomType(), depth).IsNull()
	case 2:
		return r.value(filter.Bool, depth)
	case 3, 4:
		x := r.value(filter.Text, depth)
		p := r.pattern()
		if r.IntN(4) == 0 {
			return x.ILike(p)
		}
		return x.Like(p)
	case 5:
		t := r.randomType()
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = r.value(t, depth-1)
		}
		return r.value(t, depth).In(list...)
	case 6:
		t := r.randomType()
		return r.value(t, depth).Between(r.value(t, 0), r.value(t, 0))
	case 7:
		if len(r.geoms) > 0 {
			return r.predicate()
		}
	}
	t := r.randomType()
	other := t
	switch {
	case r.IntN(4) > 0:
	case t == filter.Int:
		other = filter.Float
	case t == filter.Date:
		other = filter.DateTime
	}
	x, y := r.value(t, depth), r.value(other, depth-1)
	return [...]func(any) *filter.Expr{x.Eq, x.Ne, x.Lt, x.Le, x.Gt, x.Ge}[r.IntN(6)](y)
}

// value returns an expression of the type.
func (r *randomFilter) value(t filter.Type, depth int) *filter.Expr {
	if fields := r.fields[t]; len(fields) > 0 && r.IntN(5) < 3 {
		return filter.Field(r.schema.Fields[pick(r, fields...)].Name)
	}
	if depth <= 0 || r.IntN(2) == 0 {
		return r.literal(t)
	}
	depth--
	switch r.IntN(6) {
	case 0:
		return filter.Call("COALESCE", r.value(t, depth), r.value(t, depth))
	case 1:
		return filter.Call("NULLIF", r.value(t, depth), r.value(t, depth))
	}
	switch t {
	case filter.Bool:
		return pick(r, r.value(filter.Int, depth).CastTo("boolean"), r.value(filter.Bool, depth))
	case filter.Int:
		x := r.value(t, depth)
		switch r.IntN(6) {
		case 0:
			return filter.Call("LENGTH", r.value(filter.Text, depth))
		case 1:
			return filter.FID()
		case 2:
			return r.value(pick(r, filter.Float, filter.Text, filter.Bool), depth).CastTo(pick(r, "integer", "smallint", "bigint"))
		case 3:
			return filter.Call("ABS", x)
		}
		return [...]func(any) *filter.Expr{x.Add, x.Sub, x.Mul, x.Div, x.Mod}[r.IntN(5)](r.value(t, depth))
	case filter.Float:
		x := r.value(t, depth)
		switch r.IntN(6) {
		case 0:
			return filter.Call("ROUND", x, r.IntN(5)-2)
		case 1:
			return r.value(pick(r, filter.Int, filter.Text), depth).CastTo("float")
		}
		return [...]func(any) *filter.Expr{x.Add, x.Sub, x.Mul, x.Div}[r.IntN(4)](r.value(pick(r, filter.Int, filter.Float), depth))
	case filter.Text:
		x := r.value(t, depth)
		switch r.IntN(5) {
		case 0:
			return filter.Call(pick(r, "LOWER", "UPPER"), x)
		case 1:
			return filter.Call("SUBSTR", x, r.IntN(7)-3)
		case 2:
			return filter.Call("SUBSTR", x, r.IntN(7)-3, r.IntN(5))
		case 3:
			return r.value(pick(r, filter.Int, filter.Bool, filter.Date, filter.Time, filter.DateTime), depth).CastTo(pick(r, "character", "character(3)"))
		}
		return x.Concat(r.value(t, depth))
	case filter.Date:
		return r.value(filter.DateTime, depth).CastTo("date")
	case filter.Time:
		return r.value(filter.DateTime, depth).CastTo("time")
	case filter.DateTime:
		return r.value(filter.Date, depth).CastTo("timestamp")
	}
	return r.literal(t)
}

// literal returns a constant: a value that the layer has, one beside it, an extreme one, or null.
func (r *randomFilter) literal(t filter.Type) *filter.Expr {
	if fields := r.fields[t]; len(fields) > 0 && len(r.rows) > 0 && r.IntN(3) > 0 {
		v := pick(r, r.rows...).Values[pick(r, fields...)]
		if !v.IsNull() && !math.IsNaN(v.Float()) {
			return filter.Value(v)
		}
	}
	if r.IntN(12) == 0 {
		return filter.Value(nil)
	}
	switch t {
	case filter.Bool:
		return filter.Value(r.IntN(2) == 0)
	case filter.Int:
		return filter.Value(pick(r, 0, 1, -1, 2, 3, 10, r.Int64N(100), 1<<31, 1<<53, 1<<53+1, math.MaxInt64, math.MinInt64))
	case filter.Float:
		return filter.Value(pick(r, 0, 0.5, -0.5, 1, 1.5, -2, 1e-300, 1e15, math.Pow(2, 53), -math.Pow(2, 63), r.Float64()*100))
	case filter.Text:
		return filter.Value(pick(r, "", "a", "A", " ", "%", "_", "'", "\\", "0", "12", "1.5", "-7", "true", "Zürich", "ß", "K", "東京", "2020-02-29"))
	case filter.Date:
		return filter.Value(feature.Days(pick(r, 0, -1, 18321, r.Int64N(20_000), -25_000)))
	case filter.Time:
		return filter.Value(feature.TimeOfDay(pick(r, int64(0), 1, 43_200_000_000, 86_399_999_999)))
	}
	return filter.Value(feature.WallClock(pick(r, 0, -1, 1582934400_000000, r.Int64N(1e15)), pick(r, feature.ZoneUTC, feature.ZoneUnknown, 60, -210)))
}

// pattern returns a pattern, often of a text that the layer has.
func (r *randomFilter) pattern() string {
	text := pick(r, "a", "place 1", "100 %", "it's")
	if fields := r.fields[filter.Text]; len(fields) > 0 && len(r.rows) > 0 {
		if v := pick(r, r.rows...).Values[pick(r, fields...)].Text(); v != "" {
			text = v
		}
	}
	if r.IntN(3) == 0 { // which only ILIKE does not mind
		text = pick(r, strings.ToUpper(text), strings.ToLower(text))
	}
	p := []rune(text)
	for range r.IntN(3) {
		i := r.IntN(len(p))
		p[i] = pick(r, '%', '_', '%', 'a', 'A')
	}
	if r.IntN(2) == 0 {
		p = append(p[:r.IntN(len(p))], '%')
	}
	return string(p)
}

// predicate returns a spatial predicate.
func (r *randomFilter) predicate() *filter.Expr {
	geom := pick(r, r.geoms...)
	list := constants(r.rows, geom)
	column, g := geomField(r.schema, geom), filter.Geom(pick(r, list...))
	x, y := column, g
	if r.IntN(3) == 0 {
		x, y = g, column
	}
	if r.IntN(3) == 0 {
		return filter.Call("ST_DWITHIN", x, y, pick(r, 0, 0.5, 3))
	}
	return filter.Call(pick(r, "ST_INTERSECTS", "ST_WITHIN", "ST_CONTAINS"), x, y)
}
