package gpkg

import (
	"context"
	"encoding/binary"
	"io/fs"
	"iter"
	"math"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
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
	types       []string // the declared types of the fields' columns
	generated   []string // columns that the table computes
}

var (
	_ layer.Layer        = (*Layer)(nil)
	_ layer.Counter      = (*Layer)(nil)
	_ layer.Extenter     = (*Layer)(nil)
	_ layer.Getter       = (*Layer)(nil)
	_ layer.Updater      = (*Layer)(nil)
	_ layer.SchemaEditor = (*Layer)(nil)
	_ layer.Explainer    = (*Layer)(nil)
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

// Features yields the rows that satisfy q: from the table's pages where nothing speaks against it, else by SQL.
func (l *Layer) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		plan, err := l.plan(ctx, q)
		if err != nil {
			yield(nil, l.d.wrap("read", l.name, err))
			return
		}
		if s := l.openScan(ctx, plan); s != nil {
			defer s.close()
			layer.Filter(s.rows(ctx), filtered(plan))(yield)
			return
		}
		rows, rest, err := l.query(ctx, q)
		if err != nil {
			yield(nil, l.d.wrap("read", l.name, err))
			return
		}
		defer rows.stmt.Finalize()
		layer.Filter(rows.seq(ctx), rest)(yield)
	}
}

// query starts the statement for q and returns its rows and what is left to do with them.
func (l *Layer) query(ctx context.Context, q layer.Query) (*statementRows, *layer.Plan, error) {
	sel, err := l.selection(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	stmt, err := l.prepare(ctx, sel.Statement)
	if err != nil {
		return nil, nil, err
	}
	return &statementRows{newRows(l, stmt, sel.Rest), stmt}, filtered(sel.Rest), nil
}

// filtered returns the plan for rows that have passed its filter.
func filtered(p *layer.Plan) *layer.Plan {
	rest := *p
	rest.Filter, rest.Boxes, rest.Query.Where, rest.Query.Box = nil, nil, nil, nil
	return &rest
}

// prepare makes a statement ready to run. It ends when ctx is done.
func (l *Layer) prepare(ctx context.Context, st sqlbuilder.Statement) (*sqlite.Stmt, error) {
	stmt, err := l.d.conn.Prepare(st.SQL)
	if err != nil {
		return nil, err
	}
	for i, a := range st.Args {
		if err := stmt.Bind(i+1, a); err != nil {
			stmt.Finalize()
			return nil, err
		}
	}
	stmt.SetContext(ctx)
	return stmt, nil
}

// selection returns the statement for q and what it leaves.
func (l *Layer) selection(ctx context.Context, q layer.Query) (*sqlbuilder.Selection, error) {
	plan, err := l.plan(ctx, q)
	if err != nil {
		return nil, err
	}
	return sqlbuilder.SQLite.Select(l.table(plan), plan)
}

func (l *Layer) plan(ctx context.Context, q layer.Query) (*layer.Plan, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.d.conn == nil {
		return nil, fs.ErrClosed
	}
	return q.Plan(l.schema)
}

// table describes the layer for sqlbuilder. The R-tree is named where a box of the plan is small enough for it.
func (l *Layer) table(p *layer.Plan) sqlbuilder.Table {
	t := sqlbuilder.Table{
		Name: l.name, Schema: l.schema, FID: l.fid, View: l.view, Types: l.types, NotUTF8: !l.d.conn.IsUTF8(),
		Geoms: make([]sqlbuilder.GeomColumn, len(l.schema.Geoms)),
	}
	if l.usesTree(p) {
		t.Geoms[0].RTree = l.rtree
	}
	return t
}

// usesTree tells whether a box of the plan is small enough for the R-tree.
func (l *Layer) usesTree(p *layer.Plan) bool {
	if l.rtree == "" || !slices.ContainsFunc(p.Boxes, func(b layer.Box) bool { return b.Geom == 0 }) {
		return false
	}
	root, ok := l.treeBounds()
	return !ok || slices.ContainsFunc(p.Boxes, func(b layer.Box) bool { return b.Geom == 0 && share(b.Bounds, root) < scanShare })
}

// Explain says how q is answered: by which statement, or from the table's pages.
func (l *Layer) Explain(ctx context.Context, q layer.Query) (layer.Explanation, error) {
	plan, err := l.plan(ctx, q)
	if err == nil {
		if s := l.openScan(ctx, plan); s != nil {
			defer s.close()
			return s.explain(), nil
		}
	}
	sel, err := l.selection(ctx, q)
	if err != nil {
		return layer.Explanation{}, l.d.wrap("read", l.name, err)
	}
	return sel.Explanation(), nil
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

// Count returns the number of rows where the store can tell it: from gpkg_ogr_contents where triggers keep it, else by
// SQL.
func (l *Layer) Count(ctx context.Context, q layer.Query) (int64, bool, error) {
	n, ok, err := l.count(ctx, q)
	if err != nil {
		return 0, false, l.d.wrap("count", l.name, err)
	}
	return n, ok, nil
}

func (l *Layer) count(ctx context.Context, q layer.Query) (int64, bool, error) {
	plan, err := l.plan(ctx, q)
	if err != nil {
		return 0, false, err
	}
	if !q.HasFilter() {
		n, ok, err := l.storedCount()
		if err != nil {
			return 0, false, err
		}
		if ok {
			n = max(n-q.Offset, 0)
			if q.Limit > 0 {
				n = min(n, q.Limit)
			}
			return n, true, nil
		}
	}
	st, ok, err := sqlbuilder.SQLite.Count(l.table(plan), plan)
	if err != nil || !ok {
		return 0, false, err
	}
	stmt, err := l.prepare(ctx, st)
	if err != nil {
		return 0, false, err
	}
	defer stmt.Finalize()
	if ok, err = stmt.Step(); err != nil || !ok {
		return 0, false, err
	}
	return stmt.Int(0), true, nil
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
	for f, err := range l.Features(ctx, layer.Query{Where: filter.FID().Eq(fid)}) {
		if err != nil {
			return nil, err
		}
		return f.Clone(), nil
	}
	return nil, l.d.wrapFID("read", l.name, fid, fs.ErrNotExist)
}
