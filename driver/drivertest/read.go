package drivertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// readChecks are the promises of a layer that is read.
var readChecks = []layerCheck{
	{"Schema", checkSchema},
	{"Rows", checkRows},
	{"Twice", checkTwice},
	{"Interleaved", checkInterleaved},
	{"EarlyBreak", checkEarlyBreak},
	{"Cancelled", checkCancelled},
	{"Reuse", checkReuse},
	{"QueryIsAValue", checkQueryIsAValue},
	{"Columns", checkColumns},
	{"UnknownColumn", checkUnknownColumn},
	{"Box", checkBox},
	{"BoxOfNoGeometry", checkBoxOfNoGeometry},
	{"Where", checkWhere},
	{"LimitOffset", checkLimitOffset},
	{"Count", checkCount},
	{"Extent", checkExtent},
	{"Get", checkGet},
}

func checkSchema(t testing.TB, s *subject) {
	schema := s.schema()
	if schema == nil {
		t.Fatal("Schema is nil")
	}
	for i, f := range schema.Fields {
		if f.Name == "" || !utf8.ValidString(f.Name) {
			t.Errorf("field %d is called %q", i, f.Name)
		}
		if slices.ContainsFunc(schema.Fields[:i], func(o feature.Field) bool { return o.Name == f.Name }) {
			t.Errorf("two fields are called %q", f.Name)
		}
		if f.Type > feature.StringList || f.Subtype > feature.UUID {
			t.Errorf("field %s is of type %s", f.Name, f.TypeName())
		}
	}
	for i, g := range schema.Geoms {
		if !g.Type.IsValid() {
			t.Errorf("geometry column %d is of type %s", i, g.Type)
		}
		if slices.ContainsFunc(schema.Geoms[:i], func(o feature.GeomField) bool { return o.Name == g.Name }) {
			t.Errorf("two geometry columns are called %q", g.Name)
		}
	}
}

// checkRows holds each row against the schema.
func checkRows(t testing.TB, s *subject) {
	last := feature.NullFID
	for _, f := range s.rows {
		if f.FID <= last {
			t.Errorf("feature %d comes after %d, want them in FID order, each once", f.FID, last)
			return
		}
		last = f.FID
		for i, g := range f.Geoms {
			col := s.schema().Geoms[i]
			if g == nil {
				if col.NotNull {
					t.Errorf("feature %d has no geometry in %q, which is NOT NULL", f.FID, col.Name)
				}
				continue
			}
			if err := g.Check(); err != nil {
				t.Errorf("feature %d: geometry %d: %v", f.FID, i, err)
				return
			}
			if typ, _ := g.Type(); !col.Type.Holds(typ) && !s.c.LooseTypes {
				t.Errorf("feature %d: a %s in a column of type %s", f.FID, typ, col.Type)
				return
			}
		}
		for i, v := range f.Values {
			if err := fits(s.schema().Fields[i], v); err != nil {
				t.Errorf("feature %d: field %s: %v", f.FID, s.schema().Fields[i].Name, err)
				return
			}
		}
	}
}

// fits tells whether a value is of the kind that its field declares.
func fits(f feature.Field, v feature.Value) error {
	if v.IsNull() {
		if f.NotNull {
			return fmt.Errorf("%s in a field that is NOT NULL", v.Kind())
		}
		return nil
	}
	want := [...]feature.Kind{
		feature.KindText, feature.KindInt, feature.KindInt, feature.KindFloat, feature.KindDate, feature.KindTime,
		feature.KindDateTime, feature.KindBytes, feature.KindIntList, feature.KindIntList, feature.KindFloatList,
		feature.KindTextList,
	}[f.Type]
	switch {
	case f.Type == feature.Integer && f.Subtype == feature.Boolean:
		want = feature.KindBool
	case f.Type == feature.String && f.Subtype == feature.JSONText:
		want = feature.KindJSON
	}
	if v.Kind() != want {
		return fmt.Errorf("%s in a field of type %s, want %s", show(v), f.TypeName(), want)
	}
	switch {
	case want == feature.KindText && !utf8.Valid(v.Bytes()):
		return fmt.Errorf("text %q is not UTF-8", v.Bytes())
	case f.Subtype == feature.Int16 && want == feature.KindInt && int64(int16(v.Int())) != v.Int(),
		f.Type == feature.Integer && int64(int32(v.Int())) != v.Int():
		return fmt.Errorf("%d is too large for type %s", v.Int(), f.TypeName())
	}
	return nil
}

func checkTwice(t testing.TB, s *subject) {
	for _, what := range []string{"the second time", "the third time"} {
		compare(t, what, collect(t, s.layer, layer.Query{}), s.rows)
	}
	// The sequence itself can be ranged over twice as well.
	seq := s.layer.Features(t.Context(), layer.Query{})
	for range 2 {
		n := 0
		for _, err := range seq {
			if err != nil {
				t.Fatalf("ranging over one sequence twice: %v", err)
			}
			n++
		}
		if n != len(s.rows) {
			t.Errorf("ranging over one sequence twice: %d rows, want %d", n, len(s.rows))
		}
	}
	// And another handle on the same layer gives the same.
	compare(t, "another handle", collect(t, openLayer(t, s.c.open(t), s.name), layer.Query{}), s.rows)
}

// checkInterleaved steps through several iterations of one layer by turns.
func checkInterleaved(t testing.TB, s *subject) {
	type reader struct {
		next func() (*feature.Feature, error, bool)
		got  []*feature.Feature
		done bool
	}
	readers := make([]reader, 3)
	for i := range readers {
		next, stop := iter.Pull2(s.layer.Features(t.Context(), layer.Query{}))
		defer stop()
		readers[i].next = next
	}
	for left := len(readers); left > 0; {
		for i := range readers {
			r := &readers[i]
			for range i + 1 { // at a pace of its own
				if r.done {
					break
				}
				f, err, ok := r.next()
				switch {
				case !ok:
					r.done = true
					left--
				case err != nil:
					t.Fatalf("iteration %d of %d at a time: %v", i, len(readers), err)
				default:
					r.got = append(r.got, f.Clone())
				}
			}
		}
	}
	for i, r := range readers {
		compare(t, fmt.Sprintf("iteration %d of %d at a time", i, len(readers)), r.got, s.rows)
	}
	// Another query in the midst of one, as a caller does who looks something up for each row.
	var got []*feature.Feature
	for f, err := range s.layer.Features(t.Context(), layer.Query{}) {
		if err != nil {
			t.Fatalf("with a query in its midst: %v", err)
		}
		if f = f.Clone(); len(got) < 3 {
			collect(t, s.layer, layer.Query{Limit: 2})
		}
		got = append(got, f)
	}
	compare(t, "with queries in its midst", got, s.rows)
}

func checkEarlyBreak(t testing.TB, s *subject) {
	const times = 30
	before := runtime.NumGoroutine()
	for i := range times {
		n := 0
		for _, err := range s.layer.Features(t.Context(), layer.Query{}) {
			if err != nil {
				t.Fatalf("before the break: %v", err)
			}
			if n++; n > i%4 {
				break
			}
		}
	}
	if !settles(func() bool { return runtime.NumGoroutine() < before+times/2 }) {
		t.Errorf("%d goroutines after %d loops that were left early, %d before", runtime.NumGoroutine(), times, before)
	}
	compare(t, "after loops that were left early", collect(t, s.layer, layer.Query{}), s.rows)
	// A dataset can be closed in the midst of what a break has left.
	ds := s.c.open(t)
	for _, err := range openLayer(t, ds, s.name).Features(t.Context(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if err := ds.Close(); err != nil {
		t.Errorf("Close after a loop that was left early: %v", err)
	}
}

func checkCancelled(t testing.TB, s *subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rows, err := collectErr(t, ctx, s.layer, layer.Query{})
	if len(rows) > 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %d rows and error %v, want none and %q", len(rows), err, context.Canceled)
	}
	expired, cancel := context.WithDeadline(t.Context(), longAgo)
	defer cancel()
	if _, err := collectErr(t, expired, s.layer, layer.Query{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a deadline that is over: error %v, want %q", err, context.DeadlineExceeded)
	}
	if len(s.rows) == 0 {
		return
	}
	// In the midst. How many rows come after it is the driver's, but they are pages, not tables.
	const most = 4 * layer.PageSize
	for _, after := range []int{1, (len(s.rows) + 1) / 2} {
		ctx, cancel := context.WithCancel(t.Context())
		var got []*feature.Feature
		var failed error
		for f, err := range s.layer.Features(ctx, layer.Query{}) {
			if failed != nil {
				t.Fatalf("something was yielded after the context's error %q", failed)
			}
			if err != nil {
				failed = err
				continue
			}
			got = append(got, f.Clone())
			if len(got) == after {
				cancel()
			}
			if len(got) > after+most {
				break
			}
		}
		cancel()
		if !errors.Is(failed, context.Canceled) {
			t.Errorf("cancelled after %d of %d rows: %d rows and error %v, want the end with %q", after, len(s.rows), len(got),
				failed, context.Canceled)
		}
		compare(t, "before the context was done", got, s.rows[:min(len(got), len(s.rows))])
	}
	compare(t, "after iterations that were cancelled", collect(t, s.layer, layer.Query{}), s.rows)
}

// checkReuse spoils each feature before the step to the next.
func checkReuse(t testing.TB, s *subject) {
	queries := []layer.Query{{}, {NoGeometry: true}, {Columns: []string{}}}
	if len(s.schema().Geoms) > 0 {
		all := everything()
		queries = append(queries, layer.Query{Box: &all}, layer.Query{Box: &all, NoGeometry: true})
	}
	for _, q := range queries {
		want := apply(t, s.schema(), s.rows, q)
		var got []*feature.Feature
		for f, err := range s.layer.Features(t.Context(), q) {
			if err != nil {
				t.Fatalf("Features(%s): %v", describe(q), err)
			}
			got = append(got, f.Clone())
			poison(f)
		}
		compare(t, "where each row is overwritten before the next: "+describe(q), got, want)
		compare(t, "after rows were overwritten: "+describe(q), collect(t, s.layer, q), want)
	}
}

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

// remainder is an expression that no store knows, so it is the residual of every query.
type remainder struct{ divisor, is int64 }

func (e remainder) Eval(f *feature.Feature) (bool, error) { return f.FID%e.divisor == e.is, nil }

func (e remainder) String() string { return fmt.Sprintf("FID %% %d = %d", e.divisor, e.is) }

// failing is an expression that no feature satisfies or denies.
type failing struct{ err error }

func (e failing) Eval(*feature.Feature) (bool, error) { return false, e.err }

func checkWhere(t testing.TB, s *subject) {
	for _, q := range []layer.Query{
		{Where: remainder{2, 0}},
		{Where: remainder{2, 1}, Limit: 3},
		{Where: remainder{3, 1}, Offset: 2},
		{Where: remainder{3, 0}, Offset: 1, Limit: 2},
		{Where: remainder{1, 1}},
	} {
		compare(t, describe(q), collect(t, s.layer, q), apply(t, s.schema(), s.rows, q))
		if len(s.schema().Geoms) > 0 {
			for _, b := range boxes(s.rows, 0)[:6] {
				q.Box = &b
				compare(t, describe(q), collect(t, s.layer, q), apply(t, s.schema(), s.rows, q))
			}
		}
	}
	if len(s.rows) == 0 {
		return
	}
	q := layer.Query{Where: failing{errors.New("no answer")}}
	if rows, err := collectErr(t, t.Context(), s.layer, q); len(rows) > 0 || !errors.Is(err, q.Where.(failing).err) {
		t.Errorf("an expression that fails: %d rows and error %v, want an error that matches the expression's", len(rows), err)
	}
	bad := 0
	q.OnBadRow = func(error) { bad++ }
	if rows, err := collectErr(t, t.Context(), s.layer, q); len(rows) > 0 || err != nil || bad != len(s.rows) {
		t.Errorf("an expression that fails, with OnBadRow: %d rows, error %v and %d calls, want %d calls alone", len(rows), err,
			bad, len(s.rows))
	}
}

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
		{Where: remainder{2, 0}},
		{Where: remainder{2, 0}, Limit: 1, Offset: 1},
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
	if n, err := layer.Count(ctx, s.layer, layer.Query{Where: remainder{2, 0}}); !errors.Is(err, context.Canceled) {
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
