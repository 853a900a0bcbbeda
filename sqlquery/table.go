package sqlquery

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// table is a layer as a virtual table.
type table struct {
	layer  layer.Layer
	schema *feature.Schema
	cols   []tableColumn
	srsIDs []int32 // by the index of the geometry column
	rows   float64 // about how many there are
	getter layer.Getter

	plans   []plan
	planKey map[string]int
}

type tableColumn struct {
	name   string
	kind   columnKind
	index  int // of the field or geometry column
	hidden bool
}

type columnKind uint8

const (
	fieldColumn columnKind = iota
	geomColumn
	fidColumn
)

// unknownRows is how many rows a layer is thought to have that cannot tell without iterating.
const unknownRows = 100_000

func newTable(ctx context.Context, db *database, l layer.Layer) (*table, error) {
	t := &table{layer: l, schema: l.Schema(), rows: unknownRows, planKey: make(map[string]int)}
	t.getter, _ = l.(layer.Getter)
	n, ok, err := layer.FastCount(ctx, l, layer.Query{})
	if err != nil {
		return nil, err
	}
	if ok {
		t.rows = float64(n)
	}
	taken := make(map[string]bool)
	add := func(name string, kind columnKind, index int) {
		base := name
		for n := 2; name == "" || taken[fold(name)]; n++ {
			name = base + "_" + strconv.Itoa(n)
		}
		taken[fold(name)] = true
		t.cols = append(t.cols, tableColumn{name: name, kind: kind, index: index})
	}
	if t.schema.FIDColumn != "" {
		add(t.schema.FIDColumn, fidColumn, 0)
	}
	for i, f := range t.schema.Fields {
		add(f.Name, fieldColumn, i)
	}
	for i, g := range t.schema.Geoms {
		name := g.Name
		if name == "" {
			name = "GEOMETRY"
		}
		add(name, geomColumn, i)
		t.srsIDs = append(t.srsIDs, db.srsID(g.SRS))
	}
	if t.schema.FIDColumn == "" && !taken["fid"] {
		add("fid", fidColumn, 0)
		t.cols[len(t.cols)-1].hidden = true
	}
	return t, nil
}

// declaration returns the columns as CREATE TABLE has them. Types matter for comparisons only: dates are text.
func (t *table) declaration() string {
	var b strings.Builder
	for i, c := range t.cols {
		if i > 0 {
			b.WriteString(", ")
		}
		sqlType := "INTEGER"
		switch c.kind {
		case geomColumn:
			sqlType = "BLOB"
		case fieldColumn:
			switch t.schema.Fields[c.index].Type {
			case feature.Integer, feature.Integer64:
			case feature.Real:
				sqlType = "REAL"
			case feature.Binary:
				sqlType = "BLOB"
			default:
				sqlType = "TEXT"
			}
		}
		fmt.Fprintf(&b, `"%s" %s`, strings.ReplaceAll(c.name, `"`, `""`), sqlType)
		if c.hidden {
			b.WriteString(" HIDDEN")
		}
	}
	return b.String()
}

// plan is a way to read the table: which columns, and the conditions whose values Filter is given.
type plan struct {
	columns    []string // of layer.Query
	noGeometry bool
	terms      []term
}

// term is a condition on a column, or on the rowid.
type term struct {
	col int // of the table, or sqlite.RowID
	op  sqlite.Op
	in  bool
}

// BestIndex takes every condition that a layer can be asked for. SQLite looks at each row again, so that more rows than
// were asked for do no harm.
func (t *table) BestIndex(ix *sqlite.Index) error {
	p := t.planFor(ix.ColUsed)
	// A layer reads all its rows, whatever is asked of it, and is the faster the fewer it hands over. So two readings, which
	// is what SQLite can make of an OR, must cost more than one of everything.
	cost, rows := t.rows+1, t.rows
	for i, c := range ix.Constraints {
		if !c.Usable || !t.takes(c) {
			continue
		}
		ix.Take(i)
		p.terms = append(p.terms, term{c.Column, c.Op, c.In})
		switch {
		case c.Op == sqlite.OpEq && !c.In && t.isFID(c.Column):
			ix.Unique = true
			rows = 1
			if t.getter != nil {
				cost = 5
			}
		case c.Op == sqlite.OpEq:
			rows = min(rows, max(1, t.rows/100))
		case c.Op >= sqlite.FuncOp:
			rows = min(rows, max(1, t.rows/10))
		default:
			rows = min(rows, max(1, t.rows/2))
		}
	}
	if len(p.terms) > 0 {
		cost *= 0.75
	}
	ix.Cost, ix.Rows = cost, int64(max(1, rows))
	ix.Ordered = len(ix.OrderBy) == 1 && t.isFID(ix.OrderBy[0])
	ix.Plan = t.keep(p)
	return nil
}

// planFor returns the plan that reads the columns of a mask.
func (t *table) planFor(used uint64) plan {
	p := plan{columns: []string{}, noGeometry: true}
	for i, c := range t.cols {
		if used&(1<<min(i, 63)) == 0 {
			continue
		}
		switch c.kind {
		case fieldColumn:
			p.columns = append(p.columns, t.schema.Fields[c.index].Name)
		case geomColumn:
			p.noGeometry = false
		}
	}
	if len(p.columns) == len(t.schema.Fields) {
		p.columns = nil
	}
	return p
}

// keep returns the number of a plan, the same for the same.
func (t *table) keep(p plan) int {
	key := fmt.Sprintf("%q %v %v %v", p.columns, p.columns == nil, p.noGeometry, p.terms)
	n, ok := t.planKey[key]
	if !ok {
		n = len(t.plans)
		t.plans = append(t.plans, p)
		t.planKey[key] = n
	}
	return n
}

func (t *table) isFID(col int) bool { return col == sqlite.RowID || t.cols[col].kind == fidColumn }

// takes tells whether the layer can be asked for rows that satisfy c, or for some more.
func (t *table) takes(c sqlite.Constraint) bool {
	if c.In && c.Op != sqlite.OpEq {
		return false
	}
	if t.isFID(c.Column) {
		switch c.Op {
		case sqlite.OpEq, sqlite.OpLt, sqlite.OpLe, sqlite.OpGt, sqlite.OpGe:
			return true
		}
		return false
	}
	col := t.cols[c.Column]
	if col.kind == geomColumn {
		return c.Op >= sqlite.FuncOp
	}
	f := &t.schema.Fields[col.index]
	switch c.Op {
	case sqlite.OpIsNull:
		return f.Type != feature.Real // whose NaN is null in SQL, and not in the layer
	case sqlite.OpIsNotNull:
		return true
	case sqlite.OpEq, sqlite.OpNe, sqlite.OpLt, sqlite.OpLe, sqlite.OpGt, sqlite.OpGe:
		switch f.Type {
		case feature.Integer, feature.Integer64, feature.Real:
			return true
		case feature.String:
			return c.Binary && f.Subtype != feature.JSONText
		}
	}
	return false
}

// Open returns a cursor.
func (t *table) Open() (sqlite.Cursor, error) { return &cursor{t: t}, nil }
