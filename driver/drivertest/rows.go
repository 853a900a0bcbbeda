package drivertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// collect returns copies of all features that satisfy q. An error ends the test.
func collect(t testing.TB, l layer.Layer, q layer.Query) []*feature.Feature {
	t.Helper()
	rows, err := collectErr(t, context.Background(), l, q)
	if err != nil {
		t.Fatalf("Features(%s): %v", describe(q), err)
	}
	return rows
}

// collectErr returns copies of all features that satisfy q, and the error that ended them. It goes on after an error, to
// see that nothing follows.
func collectErr(t testing.TB, ctx context.Context, l layer.Layer, q layer.Query) ([]*feature.Feature, error) {
	t.Helper()
	var rows []*feature.Feature
	var failed error
	s := l.Schema()
	for f, err := range l.Features(ctx, q) {
		switch {
		case failed != nil:
			t.Fatalf("Features(%s): something was yielded after the error %q", describe(q), failed)
		case err != nil:
			if f != nil {
				t.Errorf("Features(%s): a feature was yielded beside the error %q", describe(q), err)
			}
			failed = err
			continue
		case f == nil:
			t.Fatalf("Features(%s): yielded neither a feature nor an error", describe(q))
		case len(f.Geoms) != len(s.Geoms) || len(f.Values) != len(s.Fields):
			t.Fatalf("Features(%s): feature %d has %d geometries and %d values, the schema %d and %d", describe(q), f.FID,
				len(f.Geoms), len(f.Values), len(s.Geoms), len(s.Fields))
		}
		rows = append(rows, f.Clone())
	}
	return rows, failed
}

// compare fails the test unless got are the features want, in that order. Of many differences it tells the first.
func compare(t testing.TB, what string, got, want []*feature.Feature) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if d := difference(got[i], want[i]); d != "" {
			t.Errorf("%s: row %d of %d: %s", what, i, len(want), d)
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
	}
}

// difference tells where two features differ, or "".
func difference(got, want *feature.Feature) string {
	if got.FID != want.FID {
		return fmt.Sprintf("FID %d, want %d", got.FID, want.FID)
	}
	if len(got.Geoms) != len(want.Geoms) || len(got.Values) != len(want.Values) {
		return fmt.Sprintf("feature %d: %d geometries and %d values, want %d and %d", got.FID, len(got.Geoms),
			len(got.Values), len(want.Geoms), len(want.Values))
	}
	for i, g := range got.Geoms {
		if w := want.Geoms[i]; (g == nil) != (w == nil) || string(g) != string(w) {
			return fmt.Sprintf("feature %d: geometry %d is %s, want %s", got.FID, i, hex(g), hex(w))
		}
	}
	for i, v := range got.Values {
		if w := want.Values[i]; !v.Equal(w) {
			return fmt.Sprintf("feature %d: value %d is %s, want %s", got.FID, i, show(v), show(w))
		}
	}
	return ""
}

// hex prints a geometry so that it can be pasted into a tool, unless it is long.
func hex(g feature.WKB) string {
	const most = 200
	switch {
	case g == nil:
		return "nil"
	case len(g) > most:
		return fmt.Sprintf("%X... (%d bytes)", []byte(g[:most]), len(g))
	}
	return fmt.Sprintf("%X", []byte(g))
}

func show(v feature.Value) string {
	if v.Kind() == feature.KindDateTime {
		return fmt.Sprintf("%s %q (zone %d)", v.Kind(), v.String(), v.Zone())
	}
	return fmt.Sprintf("%s %q", v.Kind(), v.String())
}

// describe prints a query for a message.
func describe(q layer.Query) string {
	var s string
	add := func(format string, args ...any) {
		if s != "" {
			s += ", "
		}
		s += fmt.Sprintf(format, args...)
	}
	if q.Columns != nil {
		add("columns %q", q.Columns)
	}
	if q.NoGeometry {
		add("no geometry")
	}
	if q.Box != nil {
		add("box %v %v %v %v of geometry %d", q.Box.MinX, q.Box.MinY, q.Box.MaxX, q.Box.MaxY, q.Geom)
	}
	if q.Where != nil {
		add("where %v", q.Where)
	}
	for _, o := range q.OrderBy {
		way := "ascending"
		if o.Desc {
			way = "descending"
		}
		add("by %s %s", o.Field, way)
	}
	if q.Offset != 0 {
		add("offset %d", q.Offset)
	}
	if q.Limit != 0 {
		add("limit %d", q.Limit)
	}
	return s
}

// apply returns what q is to give of all the rows, each of which can be judged.
func apply(t testing.TB, s *feature.Schema, rows []*feature.Feature, q layer.Query) []*feature.Feature {
	t.Helper()
	out, bad := reference(t, s, rows, q)
	if bad > 0 {
		t.Fatalf("Matches(%s): %d features cannot be judged", describe(q), bad)
	}
	return out
}

// reference returns what q is to give of all the rows, and how many of them cannot be judged: the reference, made of
// nothing but Plan.Matches and a stable sort.
func reference(t testing.TB, s *feature.Schema, rows []*feature.Feature, q layer.Query) (out []*feature.Feature, bad int) {
	t.Helper()
	p, err := q.Plan(s)
	if err != nil {
		t.Fatalf("Plan(%s): %v", describe(q), err)
	}
	for _, f := range rows {
		switch ok, err := p.Matches(f); {
		case err != nil:
			bad++
		case ok:
			out = append(out, f)
		}
	}
	order(out, p)
	out = out[min(max(0, q.Offset), int64(len(out))):]
	if q.Limit > 0 {
		out = out[:min(q.Limit, int64(len(out)))]
	}
	for i, f := range out {
		f = f.Clone()
		for j := range f.Values {
			if !p.Fields[j] {
				f.Values[j] = feature.Value{}
			}
		}
		if !p.Geoms {
			clear(f.Geoms)
		}
		out[i] = f
	}
	return out, bad
}

// poison overwrites all of a feature that its owner may overwrite, down to the bytes that its geometries and values
// point to. Whoever still counts on them shows it.
func poison(f *feature.Feature) {
	for i, g := range f.Geoms {
		scribble(g)
		f.Geoms[i] = feature.WKB("poisoned")
	}
	for i, v := range f.Values {
		scribble(v.Bytes())
		f.Values[i] = feature.Text("poisoned")
	}
	f.FID = -666
}

func scribble(b []byte) {
	for i := range b {
		b[i] = 0xEE
	}
}
