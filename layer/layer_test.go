package layer_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	. "github.com/ogrcarto/ogrcarto/layer"
)

// knowing is a layer that knows some things without iterating.
type knowing struct {
	*source
	knows bool
	err   error
}

func (l knowing) Count(context.Context, Query) (int64, bool, error) { return 77, l.knows, l.err }

func (l knowing) Extent(context.Context, int) (feature.Bounds, bool, error) {
	return feature.Bounds{MaxX: 77, MaxY: 77}, l.knows, l.err
}

func (l knowing) Get(_ context.Context, fid int64) (*feature.Feature, error) {
	f := feature.New(schema)
	f.FID = 77
	return f, l.err
}

func TestCount(t *testing.T) {
	box := &feature.Bounds{MinX: 2, MinY: -9, MaxX: 4, MaxY: 9}
	for name, test := range map[string]struct {
		q    Query
		want int64
	}{
		"everything":       {Query{}, 10},
		"limit":            {Query{Limit: 3}, 3},
		"offset":           {Query{Offset: 8, Limit: 5}, 2},
		"columns":          {Query{Columns: []string{"n"}}, 10},
		"order":            {Query{OrderBy: []Order{{Field: "n"}}, Limit: 4}, 4},
		"box":              {Query{Box: box}, 3},
		"box, no geometry": {Query{Box: box, NoGeometry: true}, 3},
		"where":            {Query{Where: remainder(3, 0)}, 4},
	} {
		src := &source{n: 10}
		if n, err := Count(t.Context(), src, test.q); n != test.want || err != nil {
			t.Errorf("%s: %d, %v; want %d", name, n, err, test.want)
		}
		asked := src.queries[0]
		if asked.Columns == nil || len(asked.Columns) > 0 || !asked.NoGeometry || asked.OrderBy != nil {
			t.Errorf("%s: the layer was asked for columns %v, NoGeometry %v, order %v", name, asked.Columns, asked.NoGeometry, asked.OrderBy)
		}
	}
	if n, err := Count(t.Context(), &source{n: 10, failAt: 5}, Query{}); err != errSource {
		t.Errorf("an error: %d, %v", n, err)
	}
	if n, err := Count(t.Context(), knowing{&source{n: 10}, true, nil}, Query{}); n != 77 || err != nil {
		t.Errorf("a Counter: %d, %v", n, err)
	}
	if n, err := Count(t.Context(), knowing{&source{n: 10}, false, nil}, Query{}); n != 10 || err != nil {
		t.Errorf("a Counter that does not know: %d, %v", n, err)
	}
	if _, err := Count(t.Context(), knowing{&source{n: 10}, false, errSource}, Query{}); err != errSource {
		t.Errorf("a Counter that fails: %v", err)
	}
	if _, ok, err := FastCount(t.Context(), &source{n: 10}, Query{}); ok || err != nil {
		t.Errorf("FastCount of a layer that is no Counter: %v, %v", ok, err)
	}
}

func TestExtent(t *testing.T) {
	src := &source{n: 10}
	if b, err := Extent(t.Context(), src, 0); b != (feature.Bounds{MinX: 0, MinY: -9, MaxX: 9, MaxY: 0}) || err != nil {
		t.Errorf("%v, %v", b, err)
	}
	if q := src.queries[0]; q.Columns == nil || len(q.Columns) > 0 || q.NoGeometry {
		t.Errorf("the layer was asked for columns %v, NoGeometry %v", q.Columns, q.NoGeometry)
	}
	src.geom = func(i int) feature.WKB {
		return []feature.WKB{nil, feature.AppendHeader(nil, feature.LineString, 0), feature.AppendPoint(nil, 5, 6)}[i%3]
	}
	if b, err := Extent(t.Context(), src, 0); b != (feature.Bounds{MinX: 5, MinY: 6, MaxX: 5, MaxY: 6}) || err != nil {
		t.Errorf("with features without geometry: %v, %v", b, err)
	}
	if b, err := Extent(t.Context(), &source{}, 0); !b.IsEmpty() || err != nil {
		t.Errorf("of nothing: %v, %v", b, err)
	}
	src.geom = func(i int) feature.WKB { return feature.WKB("bad") }
	if _, err := Extent(t.Context(), src, 0); !errors.Is(err, feature.ErrWKB) || !strings.Contains(err.Error(), "feature 0: ") {
		t.Errorf("of malformed geometries: %v", err)
	}
	for _, geom := range []int{-1, 1} {
		if _, err := Extent(t.Context(), knowing{src, true, nil}, geom); err == nil {
			t.Errorf("of geometry column %d: no error", geom)
		}
	}
	if _, err := Extent(t.Context(), &source{n: 10, failAt: 5}, 0); err != errSource {
		t.Errorf("an error: %v", err)
	}
	if b, err := Extent(t.Context(), knowing{&source{n: 10}, true, nil}, 0); b.MaxX != 77 || err != nil {
		t.Errorf("an Extenter: %v, %v", b, err)
	}
	if b, err := Extent(t.Context(), knowing{&source{n: 10}, false, nil}, 0); b.MaxX != 9 || err != nil {
		t.Errorf("an Extenter that does not know: %v, %v", b, err)
	}
	if _, err := Extent(t.Context(), knowing{&source{n: 10}, false, errSource}, 0); err != errSource {
		t.Errorf("an Extenter that fails: %v", err)
	}
}

func TestGet(t *testing.T) {
	src := &source{n: 10}
	a, err := Get(t.Context(), src, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Get(t.Context(), src, 5)
	if err != nil || a.FID != 3 || b.FID != 5 || a.Values[0].Text() != "d" || b.Values[0].Text() != "f" {
		t.Errorf("features 3 and 5 are %v and %v, %v", a, b, err)
	}
	if src.ended != 2 {
		t.Error("the layer is still being iterated")
	}
	for _, fid := range []int64{10, -1, feature.NullFID} {
		if f, err := Get(t.Context(), src, fid); f != nil || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Get(%d) = %v, %v", fid, f, err)
		}
	}
	if _, err := Get(t.Context(), &source{n: 10, failAt: 5}, 7); err != errSource {
		t.Errorf("an error: %v", err)
	}
	if f, err := Get(t.Context(), knowing{&source{n: 10}, true, nil}, 3); err != nil || f.FID != 77 {
		t.Errorf("a Getter: %v, %v", f, err)
	}
}
