package layer_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	. "github.com/ogrcarto/ogrcarto/layer"
)

func TestQueryPlan(t *testing.T) {
	box := &feature.Bounds{}
	type plan struct {
		fields     []bool
		geoms, all bool
	}
	for name, test := range map[string]struct {
		q    Query
		want plan
		err  string
	}{
		"everything":     {Query{}, plan{[]bool{true, true, true}, true, true}, ""},
		"no columns":     {Query{Columns: []string{}}, plan{[]bool{false, false, false}, true, false}, ""},
		"one":            {Query{Columns: []string{"n"}}, plan{[]bool{false, true, false}, true, false}, ""},
		"in any case":    {Query{Columns: []string{"NAME"}}, plan{[]bool{true, false, false}, true, false}, ""},
		"all by name":    {Query{Columns: []string{"data", "n", "name", "n"}}, plan{[]bool{true, true, true}, true, true}, ""},
		"no geometry":    {Query{NoGeometry: true}, plan{[]bool{true, true, true}, false, false}, ""},
		"a box":          {Query{Box: box, NoGeometry: true}, plan{[]bool{true, true, true}, false, false}, ""},
		"unknown":        {Query{Columns: []string{"n", "elevation"}}, plan{}, `no field "elevation": the layer has name, n, data`},
		"misspelt":       {Query{Columns: []string{"nmae"}}, plan{}, `no field "nmae"; did you mean name?`},
		"no such column": {Query{Box: box, Geom: 1}, plan{}, "the layer has 1 geometry columns and no number 1"},
		"negative":       {Query{Box: box, Geom: -1}, plan{}, "no number -1"},
	} {
		got, err := test.q.Plan(schema)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v, want %q", name, err, test.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got.Fields, test.want.fields) || got.Geoms != test.want.geoms || got.All != test.want.all {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, test.want)
		}
	}
	if _, err := (&Query{Columns: []string{"x"}}).Plan(&feature.Schema{}); err == nil || !strings.Contains(err.Error(), "the layer has none") {
		t.Errorf("a column of no fields: %v", err)
	}
}

// planOf is q's plan for the schema.
func planOf(t testing.TB, q Query) *Plan {
	t.Helper()
	p, err := q.Plan(schema)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestQueryMatches(t *testing.T) {
	f := feature.New(schema)
	f.Geoms[0] = feature.AppendBounds(nil, feature.Bounds{MinX: 1, MinY: 1, MaxX: 3, MaxY: 2})
	f.Values[1] = feature.Int(4)
	empty, none, bad := f.Clone(), f.Clone(), f.Clone()
	empty.Geoms[0] = feature.AppendHeader(nil, feature.Polygon, 0)
	none.Geoms[0] = nil
	bad.Geoms[0] = bad.Geoms[0][:30]
	inf, nan := math.Inf(1), math.NaN()
	for name, test := range map[string]struct {
		f    *feature.Feature
		q    Query
		want bool
	}{
		"everything":               {f, Query{}, true},
		"inside":                   {f, Query{Box: &feature.Bounds{MinX: 2, MinY: 1.5, MaxX: 2, MaxY: 1.5}}, true},
		"touching":                 {f, Query{Box: &feature.Bounds{MinX: 3, MinY: 2, MaxX: 9, MaxY: 9}}, true},
		"beside":                   {f, Query{Box: &feature.Bounds{MinX: math.Nextafter(3, 4), MaxX: 9, MaxY: 9}}, false},
		"all the world":            {f, Query{Box: &feature.Bounds{MinX: -inf, MinY: -inf, MaxX: inf, MaxY: inf}}, true},
		"NaN":                      {f, Query{Box: &feature.Bounds{MinX: nan, MaxX: 9, MaxY: 9}}, false},
		"expression":               {f, Query{Where: remainder(2, 0)}, true},
		"expression not":           {f, Query{Where: remainder(2, 1)}, false},
		"box and not":              {f, Query{Box: &feature.Bounds{MaxX: 9, MaxY: 9}, Where: remainder(2, 1)}, false},
		"not the box":              {f, Query{Box: &feature.Bounds{MinX: 8, MaxX: 9, MaxY: 9}, Where: remainder(2, 0)}, false},
		"empty, no box":            {empty, Query{}, true},
		"empty, all the world":     {empty, Query{Box: &feature.Bounds{MinX: -inf, MinY: -inf, MaxX: inf, MaxY: inf}}, false},
		"no geometry, any box":     {none, Query{Box: &feature.Bounds{MaxX: 9, MaxY: 9}}, false},
		"no geometry, no box":      {none, Query{Where: remainder(2, 0)}, true},
		"malformed, not looked at": {bad, Query{}, true},
	} {
		if got, err := planOf(t, test.q).Matches(test.f); got != test.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if test.q.HasFilter() != (test.q.Box != nil || test.q.Where != nil) {
			t.Errorf("%s: HasFilter = %v", name, test.q.HasFilter())
		}
	}
	q := Query{Box: &feature.Bounds{MaxX: 9, MaxY: 9}}
	if got, err := planOf(t, q).Matches(bad); got || !errors.Is(err, feature.ErrWKB) {
		t.Errorf("malformed: %v, %v", got, err)
	}
}

func TestFilter(t *testing.T) {
	const n = 20
	bad := feature.WKB("bad")
	box := func(from, to float64) *feature.Bounds {
		return &feature.Bounds{MinX: from, MinY: -to, MaxX: to, MaxY: -from}
	}
	for name, test := range map[string]struct {
		q    Query
		want []int64
	}{
		"everything":              {Query{}, upTo(n)},
		"limit":                   {Query{Limit: 3}, []int64{0, 1, 2}},
		"limit beyond":            {Query{Limit: 100}, upTo(n)},
		"limit as many":           {Query{Limit: n}, upTo(n)},
		"offset":                  {Query{Offset: 18}, []int64{18, 19}},
		"offset beyond":           {Query{Offset: 20}, nil},
		"offset and limit":        {Query{Offset: 5, Limit: 2}, []int64{5, 6}},
		"the greatest":            {Query{Offset: 18, Limit: math.MaxInt64}, []int64{18, 19}},
		"negative":                {Query{Offset: -5, Limit: -5}, upTo(n)},
		"box":                     {Query{Box: box(3, 5)}, []int64{3, 4, 5}},
		"box, offset and limit":   {Query{Box: box(3, 9), Offset: 2, Limit: 3}, []int64{5, 6, 7}},
		"where":                   {Query{Where: remainder(7, 1)}, []int64{1, 8, 15}},
		"where, offset and limit": {Query{Where: remainder(3, 0), Offset: 1, Limit: 2}, []int64{3, 6}},
		"both":                    {Query{Box: box(3, 10), Where: remainder(2, 1)}, []int64{3, 5, 7, 9}},
	} {
		for _, noGeometry := range []bool{false, true} {
			src := &source{n: n}
			test.q.NoGeometry = noGeometry
			var got []int64
			for f, err := range src.Features(t.Context(), test.q) {
				if err != nil {
					t.Fatal(err)
				}
				if (f.Geoms[0] == nil) != noGeometry {
					t.Errorf("%s: NoGeometry is %v and the geometry %v", name, noGeometry, f.Geoms[0])
				}
				got = append(got, f.Values[1].Int())
			}
			if !slices.Equal(got, test.want) || src.ended != 1 {
				t.Errorf("%s: %v, want %v; %d iterations ended", name, got, test.want, src.ended)
			}
		}
	}

	// A break, and the limit, end the source at once.
	src := &source{n: n}
	last := -1
	src.yielded = func(_ *feature.Feature, i int) { last = i }
	for _, err := range src.Features(t.Context(), Query{Limit: 4}) {
		if err != nil {
			t.Error(err)
		}
	}
	if src.ended != 1 || last != 2 {
		t.Errorf("with a limit of 4 row %d was gone past", last)
	}
	for _, err := range src.Features(t.Context(), Query{Where: remainder(2, 1)}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if src.ended != 2 {
		t.Error("after a break the source goes on")
	}

	// What cannot be judged is a bad row, but only when it is judged.
	src = &source{n: n, geom: func(i int) feature.WKB {
		if i == 3 {
			return bad
		}
		return feature.AppendPoint(nil, float64(i), float64(-i))
	}}
	var count int
	var failed error
	for _, err := range src.Features(t.Context(), Query{Box: box(0, 5)}) {
		if failed != nil {
			t.Error("rows come after an error")
		}
		if failed = err; err == nil {
			count++
		}
	}
	if count != 3 || !errors.Is(failed, feature.ErrWKB) || !strings.Contains(failed.Error(), "feature 3: ") {
		t.Errorf("a bad geometry: %d rows and %v", count, failed)
	}
	var told []error
	count = 0
	for _, err := range src.Features(t.Context(), Query{Box: box(0, 5), OnBadRow: func(err error) { told = append(told, err) }}) {
		if err != nil {
			t.Error(err)
		}
		count++
	}
	if count != 5 || len(told) != 1 || !errors.Is(told[0], feature.ErrWKB) {
		t.Errorf("a bad geometry with OnBadRow: %d rows, told %v", count, told)
	}

	// The source's error comes through, once.
	count, failed = 0, nil
	for f, err := range (&source{n: n, failAt: 6}).Features(t.Context(), Query{Where: remainder(2, 0)}) {
		if count++; err != nil {
			failed = err
			if f != nil {
				t.Error("a feature comes beside the error")
			}
		}
	}
	if count != 4 || failed != errSource {
		t.Errorf("an error of the source: %d steps, %v", count, failed)
	}
}

func TestFilterAllocations(t *testing.T) {
	src := &source{n: 10_000}
	q := Query{Box: &feature.Bounds{MinX: 5, MinY: -1e9, MaxX: 1e9, MaxY: 1e9}, Where: remainder(2, 1), Offset: 3}
	n := testing.AllocsPerRun(3, func() {
		for _, err := range src.Features(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if n > 100 { // what binding takes, and nothing for a row
		t.Errorf("%v allocations for %d rows", n, src.n)
	}
}
