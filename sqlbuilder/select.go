package sqlbuilder

import (
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// Table says how a layer is stored.
type Table struct {
	Name   string
	Schema *feature.Schema
	// FID is the name of the column of the FID; "" when there is none, and rows are numbered as they come.
	FID string
	// RTree is the name of the R-tree table that indexes the geometry column, or "".
	RTree string
}

// Statement is SQL with its arguments, in the order of their placeholders.
type Statement struct {
	SQL  string
	Args []any // int64, float64 or string
}

// Select returns the statement that reads from the table, in SQLite's dialect, and what of the query is left to do. Its
// columns are the FID (if the table has one), the geometry columns that are read (all or none) and the selected fields,
// each in the schema's order; rows come in the order of the FID.
//
// A box is pushed down only to the R-tree, whose boxes are float32 and rounded outwards, so the box always stays in the
// residual too. Limit and offset are pushed down only when nothing else is left.
func Select(t Table, sel layer.Select, q layer.Query) (Statement, layer.Query) {
	var b strings.Builder
	var st Statement
	sep := "SELECT "
	column := func(name string) {
		b.WriteString(sep)
		b.WriteString(QuoteIdent(name))
		sep = ", "
	}
	if t.FID != "" {
		column(t.FID)
	}
	if sel.Geoms || q.Box != nil {
		for _, g := range t.Schema.Geoms {
			column(g.Name)
		}
	}
	for i, f := range t.Schema.Fields {
		if sel.Fields[i] {
			column(f.Name)
		}
	}
	if sep == "SELECT " {
		b.WriteString("SELECT 1")
	}
	b.WriteString(" FROM " + QuoteIdent(t.Name))
	if q.Box != nil && t.RTree != "" && t.FID != "" {
		b.WriteString(" WHERE " + QuoteIdent(t.FID) + " IN (SELECT id FROM " + QuoteIdent(t.RTree) +
			" WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?)")
		st.Args = append(st.Args, q.Box.MaxX, q.Box.MinX, q.Box.MaxY, q.Box.MinY)
	}
	if t.FID != "" {
		b.WriteString(" ORDER BY " + QuoteIdent(t.FID))
	}
	if !q.HasFilter() && (q.Limit > 0 || q.Offset > 0) {
		limit := int64(-1)
		if q.Limit > 0 {
			limit = q.Limit
		}
		b.WriteString(" LIMIT " + strconv.FormatInt(limit, 10) + " OFFSET " + strconv.FormatInt(q.Offset, 10))
		q.Limit, q.Offset = 0, 0
	}
	st.SQL = b.String()
	return st, q
}

// Count returns the statement that counts the rows of a table.
func Count(table string) string { return "SELECT count(*) FROM " + QuoteIdent(table) }

// Insert returns a statement with a placeholder for each column.
func Insert(table string, columns []string) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + QuoteIdent(table) + " (")
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(QuoteIdent(c))
	}
	b.WriteString(") VALUES (" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")")
	return b.String()
}

// Update returns a statement that sets columns, with a placeholder for each and one more for the key.
func Update(table string, columns []string, key string) string {
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = QuoteIdent(c) + " = ?"
	}
	return "UPDATE " + QuoteIdent(table) + " SET " + strings.Join(set, ", ") + " WHERE " + QuoteIdent(key) + " = ?"
}
