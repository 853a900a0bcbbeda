package layer_test

import (
	"context"
	"errors"
	"iter"

	"github.com/ogrcarto/ogrcarto/feature"
	. "github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

var schema = &feature.Schema{
	Geoms: []feature.GeomField{{Name: "geom", Type: feature.Geometry}},
	Fields: []feature.Field{
		{Name: "name"}, {Name: "n", Type: feature.Integer64}, {Name: "data", Type: feature.Binary},
	},
}

// source is a layer of n rows, made up while they are read, in memory that is reused.
type source struct {
	n       int
	size    int                             // bytes in "data"
	failAt  int                             // the row that is an error, from 1
	badAt   map[int]bool                    // the rows that cannot be read, from 0
	geom    func(i int) feature.WKB         // or points
	perRow  func(i int)                     // called before each row is yielded
	ended   int                             // how many iterations have ended, however they did
	opened  int                             // how many have begun
	queries []Query                         // what was asked
	yielded func(f *feature.Feature, i int) // called after each row
}

func (s *source) Name() string            { return "made up" }
func (s *source) Schema() *feature.Schema { return schema }

var errSource, errBadRow = errors.New("the source is broken"), errors.New("a bad row")

func (s *source) Features(ctx context.Context, q Query) iter.Seq2[*feature.Feature, error] {
	s.queries = append(s.queries, q)
	p, err := q.Plan(schema)
	if err != nil {
		return func(yield func(*feature.Feature, error) bool) { yield(nil, err) }
	}
	rows := func(yield func(*feature.Feature, error) bool) {
		s.opened++
		defer func() { s.ended++ }()
		f := feature.New(schema)
		var name, point []byte
		data := make([]byte, s.size)
		for i := range s.n {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if s.perRow != nil {
				s.perRow(i)
			}
			if i+1 == s.failAt {
				yield(nil, errSource)
				return
			}
			if s.badAt[i] {
				err := &RejectedError{FID: int64(i), Err: errBadRow}
				if q.OnBadRow == nil {
					yield(nil, err)
					return
				}
				q.OnBadRow(err)
				continue
			}
			f.FID = int64(i)
			point = feature.AppendPoint(point[:0], float64(i), float64(-i))
			f.Geoms[0] = point
			if s.geom != nil {
				f.Geoms[0] = s.geom(i)
			}
			name = append(name[:0], 'a'+byte(i%26))
			f.Values[0], f.Values[1], f.Values[2] = feature.TextBytes(name), feature.Int(int64(i)), feature.Bytes(data)
			if !yield(f, nil) {
				return
			}
			if s.yielded != nil {
				s.yielded(f, i)
			}
		}
	}
	return Filter(rows, p)
}

// sink is a writer that keeps what it was given.
type sink struct {
	schema   *feature.Schema
	rows     []*feature.Feature
	forget   bool // keep nothing
	n        int
	failAt   int // the row that ends it, from 1
	rejectAt map[int64]bool
	perRow   func(n int)
}

var errSink, errRejected = errors.New("the target is broken"), errors.New("not this one")

func (w *sink) Schema() *feature.Schema { return w.schema }

func (w *sink) Write(f *feature.Feature) error {
	w.n++
	if w.perRow != nil {
		w.perRow(w.n)
	}
	if w.n == w.failAt {
		return errSink
	}
	if w.rejectAt[f.Values[1].Int()] {
		return &RejectedError{FID: f.FID, Err: errRejected}
	}
	if !w.forget {
		w.rows = append(w.rows, f.Clone())
	}
	f.FID = int64(w.n) // as a store does that assigns it
	return nil
}

func (w *sink) Commit() error { panic("Copy does not commit") }
func (w *sink) Close() error  { panic("Copy does not close") }

// numbers returns the rows' column "n".
func numbers(rows []*feature.Feature) []int64 {
	var list []int64
	for _, f := range rows {
		list = append(list, f.Values[1].Int())
	}
	return list
}

// upTo returns 0, 1, ... n-1 without those that are left out.
func upTo(n int, without ...int) []int64 {
	var list []int64
outer:
	for i := range n {
		for _, w := range without {
			if i == w {
				continue outer
			}
		}
		list = append(list, int64(i))
	}
	return list
}

// remainder keeps the rows whose "n" has it.
func remainder(divisor, is int64) *filter.Expr { return filter.Field("n").Mod(divisor).Eq(is) }
