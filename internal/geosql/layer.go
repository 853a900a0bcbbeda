package geosql

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// LayerName is the name of the layer that a statement's result is, as with OGR.
const LayerName = "SELECT"

// Source is a database whose statements are to be layers.
type Source struct {
	// Conn returns the connection, or an error when there is none any more.
	Conn func() (*sqlite.Conn, error)
	// Prepare compiles a statement in place of the connection's PrepareUser. It may be nil.
	Prepare func(ctx context.Context, c *sqlite.Conn, sql string) (*sqlite.Stmt, error)
	// Origin describes the column of a table that a column of the result is, unchanged. declared is the type in the
	// table's declaration. ok is false where nothing is known; the values decide then.
	Origin func(table, column, declared string) (o Origin, ok bool)
	// SRS returns what the id in a geometry blob means.
	SRS func(id int32) feature.SRS
	// Check is asked at the end of the rows, and when they break off, whether something was wrong with the database. It
	// may be nil.
	Check func() error
	// Wrap says in an error where it happened.
	Wrap func(err error) error
}

// Origin is a table's column: one of the three.
type Origin struct {
	Field *feature.Field
	Geom  *feature.GeomField
	FID   bool
}

// Layer is the result of a SELECT. A result of no more than a page is kept; otherwise every iteration runs the statement
// anew.
type Layer struct {
	src    *Source
	sql    string
	schema *feature.Schema
	cols   []column
	kept   *keptRows // the whole result, or nil
}

// New finds out what the statement returns. It may be one statement that only reads; any other is an error.
//
// A column that a table has is of that column's type. Of all others the first 500 rows tell: integers make an Integer64
// field, reals (and integers among them) a Real, text a String, blobs a Binary; blobs that all are geometries make a
// geometry column. Text among numbers makes a String, and nothing but nulls does too. OGR takes the first row alone, and
// takes an Integer64 for an Integer where that suffices.
func New(ctx context.Context, src *Source, sql string) (*Layer, error) {
	l := &Layer{src: src, sql: sql}
	if err := l.describe(ctx); err != nil {
		return nil, src.Wrap(Locate(err))
	}
	return l, nil
}

// Name returns SELECT.
func (l *Layer) Name() string { return LayerName }

// Schema describes the result.
func (l *Layer) Schema() *feature.Schema { return l.schema }

// prepare compiles the statement.
func (l *Layer) prepare(ctx context.Context) (*sqlite.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := l.src.Conn()
	if err != nil {
		return nil, err
	}
	var s *sqlite.Stmt
	if l.src.Prepare != nil {
		s, err = l.src.Prepare(ctx, c, l.sql)
	} else {
		s, err = c.PrepareUser(l.sql)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case !s.IsReadOnly():
		err = errors.New("the statement would change something: only one that reads can be a layer")
	case s.Columns() == 0:
		err = errors.New("the statement returns no columns")
	}
	if err != nil {
		s.Finalize()
		return nil, err
	}
	s.SetContext(ctx)
	return s, nil
}

// checkEvery is how many rows pass between two looks at the context.
const checkEvery = 256

// Features runs the statement and yields the rows that satisfy q.
func (l *Layer) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		plan, err := q.Plan(l.schema)
		if err != nil {
			yield(nil, l.src.Wrap(err))
			return
		}
		if l.kept != nil {
			if _, err := l.src.Conn(); err != nil { // the dataset is closed
				yield(nil, l.src.Wrap(err))
				return
			}
			layer.Filter(l.keptRows(ctx, plan), plan)(yield)
			return
		}
		s, err := l.prepare(ctx)
		if err != nil {
			yield(nil, l.src.Wrap(Locate(err)))
			return
		}
		defer s.Finalize()
		if s.Columns() != len(l.cols) {
			yield(nil, l.src.Wrap(fmt.Errorf("the tables have changed: the statement returns %d columns, and not %d any more",
				s.Columns(), len(l.cols))))
			return
		}
		layer.Filter(l.rows(ctx, s, plan), plan)(yield)
	}
}

// rows yields the statement's rows with what the plan reads.
func (l *Layer) rows(ctx context.Context, s *sqlite.Stmt, plan *layer.Plan) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		f := feature.New(l.schema)
		for n := int64(0); ; n++ {
			ok, err := s.Step()
			if err == nil && n%checkEvery == 0 {
				err = ctx.Err()
			}
			if (err != nil || !ok) && l.src.Check != nil {
				if cause := l.src.Check(); cause != nil && ctx.Err() == nil {
					err = cause
				}
			}
			if err != nil {
				yield(nil, l.src.Wrap(Locate(err)))
				return
			}
			if !ok {
				return
			}
			if !l.yield(s, n, f, plan, yield) {
				return
			}
		}
	}
}

// yield yields row n, or says what is wrong with it, and tells whether to go on.
func (l *Layer) yield(s row, n int64, f *feature.Feature, plan *layer.Plan, yield func(*feature.Feature, error) bool) bool {
	err := l.read(s, n, f, plan)
	if err == nil {
		return yield(f, nil)
	}
	err = l.src.Wrap(fmt.Errorf("row %d: %w", n+1, err))
	if plan.Query.OnBadRow == nil {
		yield(nil, err)
		return false
	}
	plan.Query.OnBadRow(err)
	return true
}

// read makes f row n.
func (l *Layer) read(s row, n int64, f *feature.Feature, plan *layer.Plan) error {
	f.FID = n
	for i := range l.cols {
		c := &l.cols[i]
		switch c.kind {
		case isFID:
			if s.Type(i) != sqlite.Integer {
				return c.misfit(s, i, "an integer, as the FIDs of the first rows are")
			}
			f.FID = s.Int(i)
		case isGeom:
			if plan.ReadGeoms[c.index] {
				w, err := c.geometry(s, i, &l.schema.Geoms[c.index])
				if err != nil {
					return err
				}
				f.Geoms[c.index] = w
			}
		case isField:
			if plan.Read[c.index] {
				v, err := c.value(s, i, &l.schema.Fields[c.index])
				if err != nil {
					return err
				}
				f.Values[c.index] = v
			}
		}
	}
	return nil
}

// geometry returns the geometry in column i of the row.
func (c *column) geometry(s row, i int, g *feature.GeomField) (feature.WKB, error) {
	switch s.Type(i) {
	case sqlite.Null:
		return nil, nil
	case sqlite.Blob:
	default:
		return nil, c.misfit(s, i, "a geometry")
	}
	b := s.Bytes(i)
	h, err := gpb.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.name, err)
	}
	w := feature.WKB(b[h.Size:])
	if c.guessed {
		if t, err := w.Type(); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		} else if !g.Type.Holds(t) {
			return nil, fmt.Errorf("column %s: the geometry is a %s, and those of the first rows are of type %s", c.name, t, g.Type)
		}
	}
	return w, nil
}
