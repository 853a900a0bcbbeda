package sqlquery_test

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// fake is a dataset in memory that writes down what its layers were asked.
type fake struct {
	driver.Dataset // what is not needed
	layers         []*fakeLayer
}

func (d *fake) LayerNames(context.Context) ([]string, error) {
	var names []string
	for _, l := range d.layers {
		names = append(names, l.name)
	}
	return names, nil
}

func (d *fake) Layer(_ context.Context, name string) (layer.Layer, error) {
	for _, l := range d.layers {
		if l.name == name {
			if l.getter {
				return fakeGetter{l}, nil
			}
			return l, nil
		}
	}
	return nil, fs.ErrNotExist
}

type fakeLayer struct {
	name    string
	schema  *feature.Schema
	rows    []*feature.Feature
	asked   []string
	failAt  int // the row whose reading fails, or 0
	err     error
	getter  bool
	reading int // iterations under way
}

func (l *fakeLayer) Name() string            { return l.name }
func (l *fakeLayer) Schema() *feature.Schema { return l.schema }

func (l *fakeLayer) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	l.asked = append(l.asked, describe(q))
	return func(yield func(*feature.Feature, error) bool) {
		l.reading++
		defer func() { l.reading-- }()
		plan, err := q.Plan(l.schema)
		if err != nil {
			yield(nil, err)
			return
		}
		layer.Filter(func(yield func(*feature.Feature, error) bool) {
			f := feature.New(l.schema)
			for i, r := range l.rows {
				if err := ctx.Err(); err != nil {
					yield(nil, err)
					return
				}
				if l.failAt > 0 && i+1 == l.failAt {
					yield(nil, l.err)
					return
				}
				f.FID = r.FID
				copy(f.Geoms, r.Geoms)
				copy(f.Values, r.Values)
				if !yield(f, nil) {
					return
				}
			}
		}, plan)(yield)
	}
}

func (l *fakeLayer) Count(_ context.Context, q layer.Query) (int64, bool, error) {
	return int64(len(l.rows)), !q.HasFilter(), nil
}

type fakeGetter struct{ *fakeLayer }

func (l fakeGetter) Get(_ context.Context, fid int64) (*feature.Feature, error) {
	l.asked = append(l.asked, fmt.Sprintf("get %d", fid))
	for _, r := range l.rows {
		if r.FID == fid {
			return r.Clone(), nil
		}
	}
	return nil, fs.ErrNotExist
}

// describe prints a query.
func describe(q layer.Query) string {
	var b strings.Builder
	if q.Columns == nil {
		b.WriteString("*")
	} else {
		b.WriteString(strings.Join(q.Columns, ","))
	}
	if !q.NoGeometry {
		b.WriteString("+geom")
	}
	if q.Box != nil {
		fmt.Fprintf(&b, " box %d %v", q.Geom, *q.Box)
	}
	if q.Where != nil {
		b.WriteString(" where " + q.Where.String())
	}
	return b.String()
}

// places is a layer with fields of every kind and n rows.
func places(n int) *fakeLayer {
	l := &fakeLayer{name: "places", schema: &feature.Schema{
		Geoms: []feature.GeomField{{Name: "geom", Type: feature.Point, SRS: feature.SRS{Authority: "EPSG", Code: 3857}}},
		Fields: []feature.Field{
			{Name: "name"},
			{Name: "pop", Type: feature.Integer64},
			{Name: "area", Type: feature.Real},
			{Name: "capital", Type: feature.Integer, Subtype: feature.Boolean},
			{Name: "day", Type: feature.DateField},
			{Name: "at", Type: feature.DateTimeField},
			{Name: "hour", Type: feature.TimeField},
			{Name: "data", Type: feature.Binary},
			{Name: "list", Type: feature.Integer64List},
			{Name: "json", Subtype: feature.JSONText},
		},
	}}
	for i := range n {
		day := feature.Days(int64(i) * 1000)
		l.rows = append(l.rows, &feature.Feature{
			FID:   int64(10 + i),
			Geoms: []feature.WKB{feature.AppendPoint(nil, float64(i), float64(-i))},
			Values: []feature.Value{
				feature.Text(fmt.Sprintf("place %d", i)), feature.Int(int64(i) * 100), feature.Float(float64(i) / 4), feature.Bool(i%2 == 0),
				day, feature.WallClock(day.Micros()+3_723_500_000, feature.Zone(60*(i%3))), feature.TimeOfDay(int64(i) * 1_000_000), feature.Bytes([]byte{byte(i), 0}),
				feature.IntList(int64(i), 2), feature.JSON([]byte(`{"a": 1}`)),
			},
		})
	}
	return l
}

// sameRows returns a copy of the layer under another name.
func (l *fakeLayer) sameRows(name string) *fakeLayer {
	c := *l
	c.name, c.rows, c.asked = name, slices.Clone(l.rows), nil
	return &c
}
