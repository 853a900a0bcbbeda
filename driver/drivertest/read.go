package drivertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
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
	{"RandomWhere", checkRandomWhere},
	{"WhereIsAValue", checkWhereIsAValue},
	{"WhereErrors", checkWhereErrors},
	{"WhereCancelled", checkWhereCancelled},
	{"Order", checkOrder},
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
	queries := []layer.Query{{}, {NoGeometry: true}, {Columns: []string{}}, {Where: remainder(3, 1)}}
	orders := s.orders()
	for _, order := range orders[:min(4, len(orders))] {
		queries = append(queries, layer.Query{OrderBy: order}, layer.Query{OrderBy: order, Where: remainder(2, 0), Columns: []string{}})
	}
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
