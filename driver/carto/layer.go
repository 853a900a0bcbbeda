package carto

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver/carto/internal/api"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/pgcopy"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// maxRow bounds a row that is read: more than a field of PostgreSQL can hold.
const maxRow = 1 << 30

// Layer is a table of an account.
type Layer struct {
	ds *Dataset
	t  *table
}

var (
	_ layer.Layer     = (*Layer)(nil)
	_ layer.Counter   = (*Layer)(nil)
	_ layer.Explainer = (*Layer)(nil)
	_ layer.Extenter  = (*Layer)(nil)
)

// Name is the table's name.
func (l *Layer) Name() string { return l.t.Name }

// Schema describes the table.
func (l *Layer) Schema() *feature.Schema { return l.t.Schema }

// Features yields the rows that the query keeps: one COPY in the binary format, sent while it is read. An answer that breaks off is
// an error.
func (l *Layer) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		sel, err := l.selection(q)
		if err != nil {
			yield(nil, l.ds.wrap("read", l.t.Name, err))
			return
		}
		l.iterate(ctx, sel, yield)
	}
}

func (l *Layer) selection(q layer.Query) (*sqlbuilder.Selection, error) {
	p, err := q.Plan(l.t.Schema)
	if err != nil {
		return nil, err
	}
	return dialect.Select(l.t.Table, p)
}

// iterate yields what the program leaves of the rows of a selection.
func (l *Layer) iterate(ctx context.Context, sel *sqlbuilder.Selection, yield func(*feature.Feature, error) bool) {
	for f, err := range layer.Filter(l.rows(ctx, sel), sel.Rest) {
		if err != nil {
			yield(nil, l.ds.wrap("read", l.t.Name, err))
			return
		}
		if !yield(f, nil) {
			return
		}
	}
}

// rows reads the rows of a selection.
func (l *Layer) rows(ctx context.Context, sel *sqlbuilder.Selection) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		sql, err := dialect.CopyTo(l.cast(sel), sqlbuilder.CopyBinary)
		if err != nil {
			yield(nil, err)
			return
		}
		body, err := l.ds.client.CopyTo(ctx, sql)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = body.Close() }() // what matters is whether the end mark came
		rows := pgcopy.NewReader(body, maxRow)
		d := newRowDecoder(l.t, sel.Rest)
		for {
			values, err := rows.Next()
			if ctx.Err() != nil { // also where the rows are here already
				err = context.Cause(ctx)
			}
			if err == io.EOF {
				return
			}
			if err == nil {
				err = d.decode(values)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(d.f, nil) {
				return
			}
		}
	}
}

// cast makes the statement yield the columns that are read, in their order: the FID as a bigint, and as text the columns whose binary
// format is not known here.
func (l *Layer) cast(sel *sqlbuilder.Selection) sqlbuilder.Statement {
	var list []string
	if l.t.FID != "" {
		list = append(list, "q."+identifier(l.t.FID)+"::int8")
	}
	for i, read := range sel.Rest.ReadGeoms {
		if read {
			list = append(list, "q."+identifier(l.t.Schema.Geoms[i].Name))
		}
	}
	for i, read := range sel.Rest.Read {
		switch {
		case read && l.t.columns[i].text:
			list = append(list, "q."+identifier(l.t.Schema.Fields[i].Name)+"::text")
		case read:
			list = append(list, "q."+identifier(l.t.Schema.Fields[i].Name))
		}
	}
	return sqlbuilder.Statement{SQL: "SELECT " + strings.Join(list, ", ") + " FROM (" + sel.SQL + ") AS q", Args: sel.Args}
}

// rowDecoder turns the values of a row into a feature, which is used again and again.
type rowDecoder struct {
	t      *table
	f      *feature.Feature
	fid    bool
	geoms  []int // the columns that come, by their indexes in the schema
	fields []int
	unread []int    // fields that do not come
	noGeom []int    // geometries that do not come
	wkb    [][]byte // of each of geoms
	n      int64
}

func newRowDecoder(t *table, p *layer.Plan) *rowDecoder {
	d := &rowDecoder{t: t, f: feature.New(t.Schema), fid: t.FID != ""}
	for i, read := range p.ReadGeoms {
		if read {
			d.geoms = append(d.geoms, i)
		} else {
			d.noGeom = append(d.noGeom, i)
		}
	}
	for i, read := range p.Read {
		if read {
			d.fields = append(d.fields, i)
		} else {
			d.unread = append(d.unread, i)
		}
	}
	d.wkb = make([][]byte, len(d.geoms))
	return d
}

func (d *rowDecoder) decode(values [][]byte) error {
	want := len(d.geoms) + len(d.fields)
	if d.fid {
		want++
	}
	if len(values) != want {
		return fmt.Errorf("row %d has %d columns, want %d", d.n, len(values), want)
	}
	d.f.FID = d.n
	if d.fid {
		if len(values[0]) != 8 {
			return fmt.Errorf("row %d: an FID of %d bytes, want 8", d.n, len(values[0]))
		}
		var fid uint64
		for _, b := range values[0] {
			fid = fid<<8 | uint64(b)
		}
		d.f.FID = int64(fid)
		values = values[1:]
	}
	d.n++
	// Whoever had the feature may have written to it.
	for _, i := range d.unread {
		d.f.Values[i] = feature.Value{}
	}
	for _, i := range d.noGeom {
		d.f.Geoms[i] = nil
	}
	for i, g := range d.geoms {
		if values[i] == nil {
			d.f.Geoms[g] = nil
			continue
		}
		var err error
		if d.wkb[i], _, err = feature.FromEWKB(d.wkb[i][:0], values[i]); err != nil {
			return fmt.Errorf("feature %d: column %s: %w", d.f.FID, d.t.Schema.Geoms[g].Name, err)
		}
		d.f.Geoms[g] = d.wkb[i]
	}
	values = values[len(d.geoms):]
	for i, field := range d.fields {
		if values[i] == nil {
			d.f.Values[field] = feature.Null()
			continue
		}
		v, err := d.t.columns[field].decode(values[i])
		if err != nil {
			return fmt.Errorf("feature %d: column %s: %w", d.f.FID, d.t.Schema.Fields[field].Name, err)
		}
		d.f.Values[field] = v
	}
	return nil
}

// Count lets the server count, where it can judge the whole query.
func (l *Layer) Count(ctx context.Context, q layer.Query) (int64, bool, error) {
	n, ok, err := l.count(ctx, q)
	if err != nil {
		return 0, false, l.ds.wrap("count", l.t.Name, err)
	}
	return n, ok, nil
}

func (l *Layer) count(ctx context.Context, q layer.Query) (int64, bool, error) {
	p, err := q.Plan(l.t.Schema)
	if err != nil {
		return 0, false, err
	}
	st, ok, err := dialect.Count(l.t.Table, p)
	if err != nil || !ok {
		return 0, false, err
	}
	r, err := l.ds.client.Query(ctx, "SELECT n::text AS n FROM ("+st.SQL+") AS q(n)", api.Repeat)
	if err != nil {
		return 0, false, err
	}
	if len(r.Rows) != 1 {
		return 0, false, fmt.Errorf("%d rows for a count, want 1", len(r.Rows))
	}
	text := catalogRow(r.Rows[0]).text("n")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("%q for a count: want a number", text)
	}
	return n, true, nil
}

// Explain says what the server is asked for.
func (l *Layer) Explain(_ context.Context, q layer.Query) (layer.Explanation, error) {
	sel, err := l.selection(q)
	if err != nil {
		return layer.Explanation{}, err
	}
	e := sel.Explanation()
	if e.SQL, err = dialect.CopyTo(l.cast(sel), sqlbuilder.CopyBinary); err != nil {
		return layer.Explanation{}, err
	}
	return e, nil
}

// Extent lets the server find the bounds.
func (l *Layer) Extent(ctx context.Context, geom int) (feature.Bounds, bool, error) {
	b, ok, err := l.extent(ctx, geom)
	if err != nil {
		return feature.Bounds{}, false, l.ds.wrap("extent", l.t.Name, err)
	}
	return b, ok, nil
}

func (l *Layer) extent(ctx context.Context, geom int) (feature.Bounds, bool, error) {
	p, err := (&layer.Query{}).Plan(l.t.Schema)
	if err != nil {
		return feature.Bounds{}, false, err
	}
	st, ok, err := dialect.Extent(l.t.Table, p, geom)
	if err != nil || !ok {
		return feature.Bounds{}, false, err
	}
	r, err := l.ds.client.Query(ctx, "SELECT a::text AS a, b::text AS b, c::text AS c, d::text AS d FROM ("+st.SQL+") AS q(a, b, c, d)", api.Repeat)
	if err != nil {
		return feature.Bounds{}, false, err
	}
	if len(r.Rows) != 1 {
		return feature.Bounds{}, false, fmt.Errorf("%d rows for an extent, want 1", len(r.Rows))
	}
	var sides [4]float64
	for i, name := range []string{"a", "b", "c", "d"} {
		text, ok := r.Rows[0][name].(string)
		if !ok {
			return feature.EmptyBounds(), true, nil
		}
		if sides[i], err = strconv.ParseFloat(text, 64); err != nil {
			return feature.Bounds{}, false, fmt.Errorf("%q in an extent: want a number", text)
		}
	}
	return feature.Bounds{MinX: sides[0], MinY: sides[1], MaxX: sides[2], MaxY: sides[3]}, true, nil
}
