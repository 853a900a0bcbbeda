package gpkg

import (
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// Layer is a table of features or attributes, or a view.
type Layer struct {
	d           *Dataset
	name        string
	identifier  string
	description string
	schema      *feature.Schema
	features    bool     // data_type is features
	view        bool     // a view, not a table
	fid         string   // the column of the FID, or rowid, or "" where rows are numbered as they come
	srsID, z, m int64    // of gpkg_geometry_columns
	rtree       string   // the table of the R-tree, or ""
	generated   []string // columns that the table computes
}

var (
	_ layer.Layer        = (*Layer)(nil)
	_ layer.Counter      = (*Layer)(nil)
	_ layer.Extenter     = (*Layer)(nil)
	_ layer.Getter       = (*Layer)(nil)
	_ layer.Updater      = (*Layer)(nil)
	_ layer.SchemaEditor = (*Layer)(nil)
)

// Name returns the name of the table.
func (l *Layer) Name() string { return l.name }

// Schema describes the table.
func (l *Layer) Schema() *feature.Schema { return l.schema }

// Identifier returns the title that gpkg_contents has for the layer, or "".
func (l *Layer) Identifier() string { return l.identifier }

// Description returns the description that gpkg_contents has for the layer, or "".
func (l *Layer) Description() string { return l.description }

// checkEvery is how many rows pass between two looks at the context.
const checkEvery = 256

// scanShare is the share of the layer's area from which on a box is searched by reading all rows: looking them up one by
// one in the order of the index costs more than passing over some.
const scanShare = 0.3

// Features yields the rows that satisfy q.
func (l *Layer) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		rows, residual, err := l.query(ctx, q)
		if err != nil {
			yield(nil, l.d.wrap("read", l.name, err))
			return
		}
		defer rows.close()
		seq := rows.seq(ctx)
		if residual.HasFilter() || residual.Limit > 0 || residual.Offset > 0 {
			seq = layer.Filter(seq, residual)
		}
		seq(yield)
	}
}

// query starts the statement for q and returns its rows and what is left to filter.
func (l *Layer) query(ctx context.Context, q layer.Query) (*rows, layer.Query, error) {
	if err := ctx.Err(); err != nil {
		return nil, q, err
	}
	if l.d.conn == nil {
		return nil, q, fs.ErrClosed
	}
	sel, err := q.Select(l.schema)
	if err != nil {
		return nil, q, err
	}
	t := sqlbuilder.Table{Name: l.name, Schema: l.schema, FID: l.fid}
	if q.Box != nil && l.rtree != "" {
		if root, ok := l.treeBounds(); !ok || share(*q.Box, root) < scanShare {
			t.RTree = l.rtree
		}
	}
	st, residual := sqlbuilder.Select(t, sel, q)
	stmt, err := l.d.conn.Prepare(st.SQL)
	if err != nil {
		return nil, q, err
	}
	for i, a := range st.Args {
		if err := stmt.BindFloat(i+1, a.(float64)); err != nil {
			stmt.Finalize()
			return nil, q, err
		}
	}
	r := &rows{l: l, stmt: stmt, q: q, hasGeoms: sel.Geoms || q.Box != nil}
	for i, want := range sel.Fields {
		if want {
			r.fields = append(r.fields, i)
		}
	}
	r.partial = !sel.All
	r.f.Reset(l.schema)
	r.stop = l.d.interruptible(ctx)
	residual.Box = nil // rows looks at it, by the header's envelope and before it reads a value
	return r, residual, nil
}

// interruptible lets the end of ctx interrupt the statement that is about to run. stop must be called before another one
// runs. When it returns nothing is interrupted any more: an interruption that came late would hit whatever runs next. Nor
// is a statement interrupted while others are under way, since SQLite would end them all.
func (d *Dataset) interruptible(ctx context.Context) (stop func()) {
	conn, done := d.conn, make(chan struct{})
	d.running.Add(1)
	cancel := context.AfterFunc(ctx, func() {
		if d.running.Load() == 1 {
			conn.Interrupt()
		}
		close(done)
	})
	return func() {
		if !cancel() {
			<-done
		}
		d.running.Add(-1)
	}
}

// share returns which part of whole lies in box. A side without length has no part in that: a line is not an area.
func share(box, whole feature.Bounds) float64 {
	i := feature.Bounds{
		MinX: max(box.MinX, whole.MinX), MinY: max(box.MinY, whole.MinY),
		MaxX: min(box.MaxX, whole.MaxX), MaxY: min(box.MaxY, whole.MaxY),
	}
	if i.IsEmpty() {
		return 0
	}
	part := 1.0
	if w := whole.MaxX - whole.MinX; w > 0 {
		part *= (i.MaxX - i.MinX) / w
	}
	if h := whole.MaxY - whole.MinY; h > 0 {
		part *= (i.MaxY - i.MinY) / h
	}
	return part
}

// rows is an iteration under way.
type rows struct {
	l        *Layer
	stmt     *sqlite.Stmt
	q        layer.Query
	fields   []int // of the schema, in the order of the statement's columns
	hasGeoms bool  // the statement has the geometry columns
	partial  bool  // some column is not read: it must be unset whatever became of the last row
	f        feature.Feature
	number   int64 // of the row, for tables without an FID
	stop     func()
}

func (r *rows) close() {
	r.stop()
	r.stmt.Finalize()
}

func (r *rows) seq(ctx context.Context) iter.Seq2[*feature.Feature, error] {
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
				err = r.l.d.wrapFID("read", r.l.name, r.f.FID, err)
				if r.q.OnBadRow == nil {
					yield(nil, err)
					return
				}
				r.q.OnBadRow(err)
				continue
			}
			if keep && !yield(&r.f, nil) {
				return
			}
		}
	}
}

// read makes r.f the current row and tells whether the box keeps it.
func (r *rows) read() (bool, error) {
	if r.partial {
		clear(r.f.Geoms)
		clear(r.f.Values)
	}
	col := 0
	if r.l.fid != "" {
		r.f.FID = r.stmt.Int(0)
		col = 1
	} else {
		r.number++
		r.f.FID = r.number
	}
	if r.hasGeoms {
		for g := range r.l.schema.Geoms {
			w, keep, err := r.geometry(col, g)
			if err != nil || !keep {
				return false, err
			}
			r.f.Geoms[g] = w
			col++
		}
	}
	s := r.l.schema
	for _, i := range r.fields {
		r.f.Values[i] = readValue(r.stmt, col, &s.Fields[i], &r.l.d.WarningLog)
		col++
	}
	return true, nil
}

// geometry returns the geometry in column col, which is the schema's number g.
func (r *rows) geometry(col, g int) (feature.WKB, bool, error) {
	box := r.q.Box
	if r.q.Geom != g {
		box = nil
	}
	switch r.stmt.Type(col) {
	case sqlite.Null:
		return nil, box == nil, nil
	case sqlite.Blob:
	default:
		return nil, false, fmt.Errorf("geometry column %s holds %.40q, want a blob", r.l.schema.Geoms[g].Name, r.stmt.Text(col))
	}
	b := r.stmt.Bytes(col)
	h, err := gpb.Parse(b)
	if err != nil {
		return nil, false, err
	}
	if box != nil {
		bounds, err := h.Bounds(b)
		if err != nil || !box.Intersects(bounds) {
			return nil, false, err
		}
	}
	if r.q.NoGeometry {
		return nil, true, nil
	}
	return feature.WKB(b[h.Size:]), true, nil
}

// Count returns the number of rows when no filter is set: from gpkg_ogr_contents where triggers keep it, else by SQL.
func (l *Layer) Count(ctx context.Context, q layer.Query) (int64, bool, error) {
	if q.HasFilter() || l.d.conn == nil {
		return 0, false, nil
	}
	if err := ctx.Err(); err != nil {
		return 0, false, err
	}
	n, ok, err := l.storedCount()
	if err == nil && !ok {
		stop := l.d.interruptible(ctx)
		n, _, err = l.d.conn.Int(sqlbuilder.Count(l.name))
		stop()
	}
	if err != nil {
		return 0, false, l.d.wrap("count", l.name, err)
	}
	n = max(n-q.Offset, 0)
	if q.Limit > 0 {
		n = min(n, q.Limit)
	}
	return n, true, nil
}

// storedCount returns the count that gpkg_ogr_contents has. It is believed only where the triggers that keep it exist,
// since whatever wrote the table without them left it behind.
func (l *Layer) storedCount() (int64, bool, error) {
	n, ok, err := l.d.conn.Int(`SELECT 2 FROM sqlite_master WHERE name = 'gpkg_ogr_contents' AND type = 'table'
		AND 2 = (SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?1)
			AND lower(name) IN (lower('trigger_insert_feature_count_' || ?1), lower('trigger_delete_feature_count_' || ?1)))`,
		l.name)
	if err != nil || !ok || n != 2 {
		return 0, false, err
	}
	return l.d.conn.Int("SELECT feature_count FROM gpkg_ogr_contents WHERE lower(table_name) = lower(?)", l.name)
}

// Extent returns the bounds that gpkg_contents has, unless the R-tree shows that they are out of date.
func (l *Layer) Extent(ctx context.Context, geom int) (feature.Bounds, bool, error) {
	if err := ctx.Err(); err != nil {
		return feature.EmptyBounds(), false, err
	}
	if l.d.conn == nil || geom != 0 || len(l.schema.Geoms) == 0 {
		return feature.EmptyBounds(), false, nil
	}
	e, err := l.d.storedExtent(l.name)
	if err != nil {
		return e, false, l.d.wrap("read", l.name, err)
	}
	if e.IsEmpty() {
		return e, false, nil
	}
	if l.rtree != "" {
		tree, ok := l.treeBounds()
		if !ok || !isRounded(tree, e) {
			return feature.EmptyBounds(), false, nil
		}
	}
	return e, true, nil
}

// isRounded tells whether tree is b as an R-tree keeps it: in float32, rounded outwards. SQLite moves a number that
// float32 does not hold by 2^-23 of itself, which may be two steps; packing the tree moves it by one.
func isRounded(tree, b feature.Bounds) bool {
	for _, v := range [...]struct{ tree, b float64 }{
		{tree.MinX, b.MinX}, {tree.MinY, b.MinY}, {-tree.MaxX, -b.MaxX}, {-tree.MaxY, -b.MaxY},
	} {
		least := v.b - math.Abs(v.b)*(3.0/(1<<23)) - math.SmallestNonzeroFloat32
		if !(least <= v.tree && v.tree <= v.b) {
			return false
		}
	}
	return true
}

// treeBounds returns the bounds of the R-tree's root node; ok is false when it has none.
func (l *Layer) treeBounds() (feature.Bounds, bool) {
	b := feature.EmptyBounds()
	if l.rtree == "" {
		return b, false
	}
	err := l.d.conn.Query("SELECT data FROM "+sqlbuilder.QuoteIdent(l.rtree+"_node")+" WHERE nodeno = 1",
		func(s *sqlite.Stmt) error {
			node := s.Bytes(0)
			if len(node) < 4 {
				return nil
			}
			n := int(binary.BigEndian.Uint16(node[2:]))
			for i := range n {
				c := 4 + i*cellSize
				if len(node) < c+cellSize {
					break
				}
				f := func(o int) float64 {
					return float64(math.Float32frombits(binary.BigEndian.Uint32(node[c+8+4*o:])))
				}
				b = b.Union(feature.Bounds{MinX: f(0), MaxX: f(1), MinY: f(2), MaxY: f(3)})
			}
			return nil
		})
	return b, err == nil && !b.IsEmpty()
}

// Get returns the feature with the FID.
func (l *Layer) Get(ctx context.Context, fid int64) (*feature.Feature, error) {
	if l.fid == "" {
		for f, err := range l.Features(ctx, layer.Query{}) {
			if err != nil {
				return nil, err
			}
			if f.FID == fid {
				return f.Clone(), nil
			}
		}
		return nil, l.d.wrapFID("read", l.name, fid, fs.ErrNotExist)
	}
	st, _ := sqlbuilder.Select(sqlbuilder.Table{Name: l.name, Schema: l.schema, FID: l.fid},
		layer.Select{Fields: allFields(l.schema), Geoms: true}, layer.Query{})
	sql := strings.TrimSuffix(st.SQL, " ORDER BY "+sqlbuilder.QuoteIdent(l.fid)) +
		" WHERE " + sqlbuilder.QuoteIdent(l.fid) + " = ?"
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.d.conn == nil {
		return nil, l.d.wrap("read", l.name, fs.ErrClosed)
	}
	stmt, err := l.d.conn.Prepare(sql)
	if err != nil {
		return nil, l.d.wrap("read", l.name, err)
	}
	r := &rows{l: l, stmt: stmt, hasGeoms: true, stop: func() {}}
	defer r.close()
	for i := range l.schema.Fields {
		r.fields = append(r.fields, i)
	}
	r.f.Reset(l.schema)
	if err := stmt.BindInt(1, fid); err != nil {
		return nil, l.d.wrap("read", l.name, err)
	}
	ok, err := stmt.Step()
	if err == nil && !ok {
		err = fs.ErrNotExist
	}
	if err == nil {
		_, err = r.read()
	}
	if err != nil {
		return nil, l.d.wrapFID("read", l.name, fid, err)
	}
	return r.f.Clone(), nil
}

func allFields(s *feature.Schema) []bool {
	all := make([]bool, len(s.Fields))
	for i := range all {
		all[i] = true
	}
	return all
}
