package drivertest

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

func checkQueryIsAValue(t testing.TB, s *subject) {
	q := layer.Query{Offset: 1, Limit: 3}
	if fields := s.schema().Fields; len(fields) > 0 {
		q.Columns = []string{fields[len(fields)-1].Name, fields[0].Name}
	}
	if len(s.schema().Geoms) > 0 {
		all := everything()
		q.Box = &all
	}
	columns := slices.Clone(q.Columns)
	want := apply(t, s.schema(), s.rows, q)
	schema := s.schema().Clone()
	for range 2 {
		compare(t, "a query used twice", collect(t, s.layer, q), want)
	}
	if !slices.Equal(q.Columns, columns) || q.Box != nil && *q.Box != everything() {
		t.Errorf("the query was changed: %s", describe(q))
	}
	if !slices.Equal(schema.Fields, s.schema().Fields) || !slices.Equal(schema.Geoms, s.schema().Geoms) {
		t.Error("a query with columns changes the layer's schema")
	}
}

func checkColumns(t testing.TB, s *subject) {
	fields := s.schema().Fields
	lists := [][]string{nil, {}}
	var names, odd []string
	for i, f := range fields {
		names = append(names, f.Name)
		if i%2 == 1 {
			odd = append(odd, f.Name)
		}
		if i < 40 {
			lists = append(lists, []string{f.Name})
		}
	}
	reversed := slices.Clone(names)
	slices.Reverse(reversed)
	lists = append(lists, names, odd, reversed, append(slices.Clone(names), names...))
	for _, f := range fields {
		// A name that differs only in case is found where it is the only one.
		if upper := strings.ToUpper(f.Name); s.schema().FieldIndex(upper) == s.schema().FieldIndex(f.Name) {
			lists = append(lists, []string{upper})
			break
		}
	}
	for _, columns := range lists {
		for _, none := range []bool{false, true} {
			q := layer.Query{Columns: columns, NoGeometry: none}
			compare(t, describe(q), collect(t, s.layer, q), apply(t, s.schema(), s.rows, q))
			if len(s.schema().Geoms) > 0 {
				b := everything()
				q.Box = &b
				compare(t, describe(q), collect(t, s.layer, q), apply(t, s.schema(), s.rows, q))
			}
		}
	}
}

func checkUnknownColumn(t testing.TB, s *subject) {
	rows, err := collectErr(t, t.Context(), s.layer, layer.Query{Columns: []string{"no such column"}})
	if err == nil || len(rows) > 0 {
		t.Errorf("a column that does not exist: %d rows and error %v, want an error alone", len(rows), err)
	} else if !strings.Contains(err.Error(), "no such column") {
		t.Errorf("a column that does not exist: error %q does not name it", err)
	}
	if n, err := layer.Count(t.Context(), s.layer, layer.Query{}); err != nil || n != int64(len(s.rows)) {
		t.Errorf("Count after an error: %d, %v; want %d", n, err, len(s.rows))
	}
}

func everything() feature.Bounds {
	return feature.Bounds{MinX: math.Inf(-1), MinY: math.Inf(-1), MaxX: math.Inf(1), MaxY: math.Inf(1)}
}

// boxes returns those that are hard on the first geometry column.
func (s *subject) boxes() []feature.Bounds {
	if s.hard == nil {
		s.hard = boxes(s.rows, 0)
	}
	return s.hard
}

// boxes returns boxes that are hard on geometry column geom of the rows.
func boxes(rows []*feature.Feature, geom int) []feature.Bounds {
	nan := math.NaN()
	extent := feature.EmptyBounds()
	var all []feature.Bounds
	for _, f := range rows {
		if b, err := f.Geoms[geom].Bounds(); err == nil && !b.IsEmpty() {
			extent = extent.Union(b)
			all = append(all, b)
		}
	}
	list := []feature.Bounds{
		everything(), extent, feature.EmptyBounds(),
		{MinX: 1, MinY: 1, MaxX: -1, MaxY: -1},
		{MinX: -500, MinY: 1, MaxX: 500, MaxY: -1},
		{}, // the point (0, 0)
		{MinX: nan, MinY: nan, MaxX: nan, MaxY: nan},
		{MinX: nan, MinY: -1e9, MaxX: 1e9, MaxY: 1e9},
		{MinX: -1e9, MinY: nan, MaxX: 1e9, MaxY: 1e9},
		{MinX: -1e9, MinY: -1e9, MaxX: nan, MaxY: 1e9},
		{MinX: -1e9, MinY: -1e9, MaxX: 1e9, MaxY: nan},
		{MinX: 1e300, MinY: 1e300, MaxX: 2e300, MaxY: 2e300},
		{MinX: math.Inf(-1), MinY: -1e9, MaxX: math.Inf(1), MaxY: 1e9},
	}
	if len(all) == 0 {
		return list
	}
	// Along the border of a feature's bounds: touching counts, one step of a float64 beside them does not. An index of
	// float32 boxes cannot tell these apart.
	step := max(1, len(all)/6)
	for i := 0; i < len(all); i += step {
		b := all[i]
		w, h := b.MaxX-b.MinX+1, b.MaxY-b.MinY+1
		list = append(list, b,
			feature.Bounds{MinX: b.MinX - w, MinY: b.MinY, MaxX: b.MinX, MaxY: b.MaxY},
			feature.Bounds{MinX: b.MinX - w, MinY: b.MinY, MaxX: math.Nextafter(b.MinX, math.Inf(-1)), MaxY: b.MaxY},
			feature.Bounds{MinX: math.Nextafter(b.MaxX, math.Inf(1)), MinY: b.MinY, MaxX: b.MaxX + w, MaxY: b.MaxY},
			feature.Bounds{MinX: b.MinX, MinY: math.Nextafter(b.MaxY, math.Inf(1)), MaxX: b.MaxX, MaxY: b.MaxY + h},
			feature.Bounds{MinX: b.MinX, MinY: b.MinY - h, MaxX: b.MaxX, MaxY: math.Nextafter(b.MinY, math.Inf(-1))},
			feature.Bounds{MinX: b.MaxX, MinY: b.MaxY, MaxX: b.MaxX, MaxY: b.MaxY},
		)
	}
	rnd := rand.New(rand.NewPCG(1, 2)) // the same boxes each time
	for range 24 {
		x0, x1 := extent.MinX+rnd.Float64()*(extent.MaxX-extent.MinX), extent.MinX+rnd.Float64()*(extent.MaxX-extent.MinX)
		y0, y1 := extent.MinY+rnd.Float64()*(extent.MaxY-extent.MinY), extent.MinY+rnd.Float64()*(extent.MaxY-extent.MinY)
		list = append(list, feature.Bounds{MinX: min(x0, x1), MinY: min(y0, y1), MaxX: max(x0, x1), MaxY: max(y0, y1)})
	}
	return list
}

func checkBox(t testing.TB, s *subject) {
	for geom := range s.schema().Geoms {
		for _, b := range boxes(s.rows, geom) {
			q := layer.Query{Box: &b, Geom: geom}
			want := apply(t, s.schema(), s.rows, q)
			compare(t, describe(q), collect(t, s.layer, q), want)
			q.Columns, q.NoGeometry = []string{}, true
			if got := collect(t, s.layer, q); len(got) != len(want) {
				t.Errorf("%s: %d rows, with all columns %d", describe(q), len(got), len(want))
			}
		}
	}
}

// checkBoxOfNoGeometry asks for a box of a geometry column that is not there.
func checkBoxOfNoGeometry(t testing.TB, s *subject) {
	b := everything()
	for _, geom := range []int{-1, len(s.schema().Geoms)} {
		q := layer.Query{Box: &b, Geom: geom}
		if rows, err := collectErr(t, t.Context(), s.layer, q); err == nil || len(rows) > 0 {
			t.Errorf("%s, of %d geometry columns: %d rows and error %v, want an error alone", describe(q),
				len(s.schema().Geoms), len(rows), err)
		}
	}
}

// remainder keeps every so many-th FID.
func remainder(divisor, is int64) *filter.Expr { return filter.FID().Mod(divisor).Eq(is) }

func checkLimitOffset(t testing.TB, s *subject) {
	n := int64(len(s.rows))
	numbers := []int64{0, 1, 2, n / 2, n - 1, n, n + 1, n + 1000, math.MaxInt64}
	numbers = slices.DeleteFunc(numbers, func(i int64) bool { return i < 0 })
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	var half *feature.Bounds
	if len(s.schema().Geoms) > 0 {
		all := boxes(s.rows, 0)
		half = &all[len(all)-1]
	}
	for _, offset := range numbers {
		for _, limit := range numbers {
			q := layer.Query{Offset: offset, Limit: limit}
			compare(t, describe(q), collect(t, s.layer, q), apply(t, s.schema(), s.rows, q))
			if half != nil {
				q.Box = half
				compare(t, describe(q), collect(t, s.layer, q), apply(t, s.schema(), s.rows, q))
			}
		}
	}
}

func checkCount(t testing.TB, s *subject) {
	queries := []layer.Query{
		{},
		{NoGeometry: true},
		{Columns: []string{}},
		{Limit: 2},
		{Offset: 1},
		{Offset: 2, Limit: 2},
		{Offset: int64(len(s.rows)) + 5},
		{Limit: int64(len(s.rows)) + 5},
		{Where: remainder(2, 0)},
		{Where: remainder(2, 0), Limit: 1, Offset: 1},
	}
	if len(s.schema().Geoms) > 0 {
		for _, b := range boxes(s.rows, 0) {
			queries = append(queries, layer.Query{Box: &b}, layer.Query{Box: &b, Offset: 1, Limit: 2}, layer.Query{Box: &b, NoGeometry: true})
		}
	}
	for _, q := range queries {
		want := int64(len(apply(t, s.schema(), s.rows, q)))
		if n, err := layer.Count(t.Context(), s.layer, q); err != nil || n != want {
			t.Errorf("Count(%s) = %d, %v; want %d", describe(q), n, err, want)
		}
		if n, ok, err := layer.FastCount(t.Context(), s.layer, q); err != nil || ok && n != want {
			t.Errorf("FastCount(%s) = %d, %v; want %d", describe(q), n, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := layer.Count(ctx, s.layer, layer.Query{Where: remainder(2, 0)}); !errors.Is(err, context.Canceled) {
		t.Errorf("Count with a context that is done, by iterating = %d, %v; want %q", n, err, context.Canceled)
	}
}

func checkExtent(t testing.TB, s *subject) {
	for geom := range s.schema().Geoms {
		want := feature.EmptyBounds()
		for _, f := range s.rows {
			if g := f.Geoms[geom]; g != nil {
				b, err := g.Bounds()
				if err != nil {
					t.Fatal(err)
				}
				want = want.Union(b)
			}
		}
		got, err := layer.Extent(t.Context(), s.layer, geom)
		switch _, fast := s.layer.(layer.Extenter); {
		case err != nil:
			t.Errorf("Extent of geometry %d: %v", geom, err)
		case !want.IsEmpty() && !got.Contains(want), !fast && got != want:
			t.Errorf("Extent of geometry %d = %v, want %v", geom, got, want)
		}
	}
}

func checkGet(t testing.TB, s *subject) {
	taken := make(map[int64]bool, len(s.rows))
	for _, f := range s.rows {
		taken[f.FID] = true
	}
	step := max(1, len(s.rows)/25)
	var got, want []*feature.Feature
	for i := 0; i < len(s.rows); i += step {
		f, err := layer.Get(t.Context(), s.layer, s.rows[i].FID)
		if err != nil {
			t.Errorf("Get(%d): %v", s.rows[i].FID, err)
			return
		}
		got, want = append(got, f), append(want, s.rows[i])
	}
	// Only now: what Get returned is the caller's to keep.
	compare(t, "Get", got, want)
	for _, f := range got {
		poison(f)
	}
	compare(t, "after what Get returned was overwritten", collect(t, s.layer, layer.Query{}), s.rows)
	for _, fid := range []int64{feature.NullFID, -1, 1 << 40, math.MaxInt64} {
		if taken[fid] {
			continue
		}
		if f, err := layer.Get(t.Context(), s.layer, fid); !errors.Is(err, fs.ErrNotExist) || f != nil {
			t.Errorf("Get(%d) = %v, %v; want an error that matches %q", fid, f, err, fs.ErrNotExist)
		}
	}
	if len(s.rows) > 0 { // between two queries' rows
		for f, err := range s.layer.Features(t.Context(), layer.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			kept := f.Clone()
			if _, err := layer.Get(t.Context(), s.layer, s.rows[len(s.rows)-1].FID); err != nil {
				t.Errorf("Get in the midst of an iteration: %v", err)
			}
			if d := difference(f, kept); d != "" {
				t.Errorf("Get in the midst of an iteration changes the row: %s", d)
			}
			break
		}
	}
}
