package gpkg

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// rows is an iteration under way. It looks at the filter itself, before it reads what the filter does not look at.
type rows struct {
	l       *Layer
	rec     storedRow
	p       *layer.Plan
	first   []column // the fields that the filter looks at
	others  []column
	partial bool        // some column is not read: it must be unset
	given   bool        // the row was given away, and whoever had it may have set anything
	page    *pageRecord // rec, if it is one
	f       feature.Feature
	number  int64 // of the row, for tables without an FID
}

// column is a field and where the record has it.
type column struct {
	field, at int  // at counts the columns of the record
	isInt     bool // a plain integer, which most filters look at
}

// newRows returns an iteration over records whose columns are the FID, if there is one, and what the plan reads.
func newRows(l *Layer, rec storedRow, p *layer.Plan) *rows {
	r := &rows{l: l, rec: rec, p: p, partial: slices.Contains(p.Read, false) || slices.Contains(p.ReadGeoms, false)}
	at := 0
	if l.fid != "" {
		at++
	}
	for _, read := range p.ReadGeoms {
		if read {
			at++
		}
	}
	for i, read := range p.Read {
		switch {
		case !read:
			continue
		case p.Filter != nil && slices.Contains(p.Filter.Fields, i):
			r.first = append(r.first, newColumn(l, i, at))
		default:
			r.others = append(r.others, newColumn(l, i, at))
		}
		at++
	}
	r.page, _ = rec.(*pageRecord)
	r.f.Reset(l.schema)
	return r
}

func newColumn(l *Layer, field, at int) column {
	f := &l.schema.Fields[field]
	return column{field, at, f.Type == feature.Integer64 || f.Type == feature.Integer && f.Subtype != feature.Boolean}
}

// reject says what is wrong with the row that was read: to OnBadRow, or else it returns the error, which ends the
// iteration.
func (r *rows) reject(err error) error {
	err = r.l.d.wrapFID("read", r.l.name, r.f.FID, err)
	if r.p.Query.OnBadRow == nil {
		return err
	}
	r.p.Query.OnBadRow(err)
	return nil
}

// statementRows are the rows of a statement.
type statementRows struct {
	*rows
	stmt *sqlite.Stmt
}

func (r *statementRows) seq(ctx context.Context) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		for n := 0; ; n++ {
			if n%checkEvery == 0 && ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			ok, err := r.stmt.Step()
			if err != nil {
				if ctx.Err() != nil {
					err = ctx.Err()
				} else if cause := r.l.d.checkSnapshot(); cause != nil {
					err = cause
				}
				yield(nil, r.l.d.wrap("read", r.l.name, err))
				return
			}
			if !ok {
				if err := r.l.d.checkSnapshot(); err != nil {
					yield(nil, r.l.d.wrap("read", r.l.name, err))
				}
				return
			}
			keep, err := r.read()
			if err != nil {
				if err := r.reject(err); err != nil {
					yield(nil, err)
					return
				}
				continue
			}
			if !keep {
				continue
			}
			r.given = true
			if !yield(&r.f, nil) {
				return
			}
		}
	}
}

// read makes r.f the current row and tells whether the filter keeps it.
func (r *rows) read() (bool, error) {
	if r.partial && r.given {
		clear(r.f.Geoms)
		clear(r.f.Values)
	}
	r.given = false
	at := 0
	if r.l.fid != "" {
		r.f.FID = r.rec.Int(0)
		at = 1
	} else {
		r.number++
		r.f.FID = r.number
	}
	r.readFields(r.first)
	if f := r.p.Filter; f != nil && !f.MatchAttributes(&r.f) {
		return false, nil
	}
	for g, read := range r.p.ReadGeoms {
		if !read {
			continue
		}
		w, keep, err := r.geometry(at, g)
		if err != nil || !keep {
			return false, err
		}
		r.f.Geoms[g] = w
		at++
	}
	if f := r.p.Filter; f != nil {
		if ok, err := f.MatchGeometry(&r.f); err != nil || !ok {
			return false, err
		}
	}
	r.readFields(r.others)
	return true, nil
}

func (r *rows) readFields(columns []column) {
	fields := r.l.schema.Fields
	for i := range columns {
		c := &columns[i]
		if c.isInt && r.page != nil {
			if n, ok := r.page.integer(c.at); ok {
				r.f.Values[c.field] = feature.Int(n)
				continue
			}
		}
		r.f.Values[c.field] = readValue(r.rec, c.at, &fields[c.field], &r.l.d.WarningLog)
	}
}

// geometry returns the geometry in column at, which is the schema's number g, and tells whether the boxes keep it.
func (r *rows) geometry(at, g int) (feature.WKB, bool, error) {
	boxes := false
	for i := range r.p.Boxes {
		boxes = boxes || r.p.Boxes[i].Geom == g
	}
	switch r.rec.Type(at) {
	case sqlite.Null:
		return nil, !boxes, nil
	case sqlite.Blob:
	default:
		return nil, false, fmt.Errorf("geometry column %s holds %.40q, want a blob", r.l.schema.Geoms[g].Name, r.rec.TextBytes(at))
	}
	b := r.rec.Bytes(at)
	h, err := gpb.Parse(b)
	if err != nil {
		return nil, false, err
	}
	if boxes {
		bounds, err := h.Bounds(b)
		if err != nil {
			return nil, false, err
		}
		for i := range r.p.Boxes {
			if box := &r.p.Boxes[i]; box.Geom == g && !box.Bounds.Intersects(bounds) {
				return nil, false, nil
			}
		}
	}
	return feature.WKB(b[h.Size:]), true, nil
}
