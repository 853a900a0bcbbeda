package sqlbuilder

import (
	"errors"
	"fmt"
)

// Insert returns SQLite's statement that inserts a row, with a placeholder for each column. See Dialect.NewInserter.
func Insert(table string, columns []string) string {
	b := builder{}
	b.insertInto(&Table{Name: table}, columns)
	b.write("(")
	for i := range columns {
		if i > 0 {
			b.write(", ")
		}
		b.placeholder(nil)
	}
	b.write(")")
	return string(b.sql)
}

// Update returns SQLite's statement that sets columns of a row, with a placeholder for each and one more for the key.
func Update(table string, columns []string, key string) string {
	b := builder{}
	b.update(&Table{Name: table, FID: key}, columns, func(int) { b.placeholder(nil) })
	b.placeholder(nil)
	return string(b.sql)
}

func (b *builder) insertInto(t *Table, columns []string) {
	b.write("INSERT INTO ")
	b.table(t.Namespace, t.Name)
	if len(columns) > 0 {
		b.write(" (")
		b.idents(columns)
		b.write(")")
	}
	b.write(" VALUES ")
}

func (b *builder) update(t *Table, columns []string, value func(i int)) {
	b.write("UPDATE ")
	b.table(t.Namespace, t.Name)
	b.write(" SET ")
	for i, c := range columns {
		if i > 0 {
			b.write(", ")
		}
		b.ident(c)
		b.write(" = ")
		value(i)
	}
	b.write(" WHERE ")
	b.ident(t.FID)
	b.write(" = ")
}

// Inserter puts rows into statements that insert many at once: as many as the arguments of a statement and a number of
// bytes allow. What a value may be: nil, a bool, int64, float64, string, []byte, Geometry or feature.Value, of which
// PostgreSQL takes an unset one for the column's default.
type Inserter struct {
	// Returning is the name of a column whose values the statement yields, one row for each that was inserted, or "". It
	// must be set before the first row.
	Returning string

	b        builder
	table    Table
	columns  []string
	maxBytes int
	rows     int
	size     int // of the arguments
}

// NewInserter returns an Inserter for columns of the table. A statement takes about maxBytes at most, its arguments
// included, unless its only row is greater; 0 is no limit.
func (d Dialect) NewInserter(t Table, columns []string, maxBytes int) (*Inserter, error) {
	in := &Inserter{b: builder{d: d}, table: t, columns: columns, maxBytes: maxBytes}
	if len(columns) == 0 {
		return nil, fmt.Errorf("no columns of %s to insert into", t.Name)
	}
	if !d.literals && len(columns) > d.maxArgs() {
		return nil, fmt.Errorf("a row of %s has %d values, of which %s takes %d", t.Name, len(columns), d, d.maxArgs())
	}
	in.b.insertInto(&in.table, columns)
	err := in.b.err
	in.b.reset(mark{})
	return in, err
}

// Len returns how many rows the statement has so far.
func (in *Inserter) Len() int { return in.rows }

// Add adds a row. It is false if the row does not fit any more: take the Statement, and add it again. An error says what
// cannot be inserted; the row was not added.
func (in *Inserter) Add(values ...any) (bool, error) {
	b := &in.b
	if len(values) != len(in.columns) {
		return false, fmt.Errorf("a row of %d values for %d columns", len(values), len(in.columns))
	}
	m, size := b.mark(), in.size
	if in.rows == 0 {
		b.insertInto(&in.table, in.columns)
		b.write("(")
	} else {
		b.write(", (")
	}
	for i, v := range values {
		if i > 0 {
			b.write(", ")
		}
		b.value(v)
		if b.err != nil {
			err := fmt.Errorf("column %s: %w", in.columns[i], b.err)
			b.reset(m)
			return false, err
		}
	}
	b.write(")")
	for _, a := range b.args[m.args:] {
		in.size += argSize(a)
	}
	if in.rows > 0 && (len(b.args) > b.d.maxArgs() || in.maxBytes > 0 && len(b.sql)+in.size > in.maxBytes) {
		b.reset(m)
		in.size = size
		return false, nil
	}
	in.rows++
	return true, nil
}

func argSize(a any) int {
	switch a := a.(type) {
	case string:
		return len(a)
	case []byte:
		return len(a)
	}
	return 8
}

// Statement returns the statement for the rows since the last one. Its SQL is empty if there are none.
func (in *Inserter) Statement() (Statement, error) {
	b := &in.b
	if in.rows > 0 && in.Returning != "" {
		b.write(" RETURNING ")
		b.ident(in.Returning)
	}
	st, err := b.statement()
	*b = builder{d: b.d}
	in.rows, in.size = 0, 0
	return st, err
}

// Update returns the statement that sets columns of the row with the FID.
func (d Dialect) Update(t Table, fid int64, columns []string, values []any) (Statement, error) {
	if len(columns) == 0 || len(columns) != len(values) {
		return Statement{}, fmt.Errorf("%d values for %d columns to update", len(values), len(columns))
	}
	b := builder{d: d}
	b.update(&t, columns, func(i int) { b.value(values[i]) })
	b.int(fid)
	return b.keyed(&t)
}

// Delete returns the statement that deletes the rows with the FIDs.
func (d Dialect) Delete(t Table, fids ...int64) (Statement, error) {
	if len(fids) == 0 {
		return Statement{}, fmt.Errorf("no rows to delete")
	}
	b := builder{d: d}
	b.write("DELETE FROM ")
	b.table(t.Namespace, t.Name)
	b.write(" WHERE ")
	b.ident(t.FID)
	if len(fids) == 1 {
		b.write(" = ")
		b.int(fids[0])
		return b.keyed(&t)
	}
	b.write(" IN (")
	for i, n := range fids {
		if i > 0 {
			b.write(", ")
		}
		b.int(n)
	}
	b.write(")")
	return b.keyed(&t)
}

// keyed returns the statement, which speaks of the column of the FID.
func (b *builder) keyed(t *Table) (Statement, error) {
	if t.FID == "" {
		return Statement{}, fmt.Errorf("table %s has no column of the FID", t.Name)
	}
	return b.statement()
}

// CopyFormat is a format of COPY.
type CopyFormat string

// PostgreSQL's formats.
const (
	CopyText   CopyFormat = "text"
	CopyCSV    CopyFormat = "csv"
	CopyBinary CopyFormat = "binary"
)

func (b *builder) copyFormat(f CopyFormat) {
	switch f {
	case CopyText, CopyCSV, CopyBinary:
		b.write(" WITH (FORMAT ", string(f), ")")
	default:
		b.fail(fmt.Errorf("COPY has no format %q: want text, csv or binary", string(f)))
	}
}

// CopyFrom returns the statement that fills columns of a table from what the client sends. SQLite has none: the error
// matches errors.ErrUnsupported.
func (d Dialect) CopyFrom(t Table, columns []string, f CopyFormat) (string, error) {
	if !d.postgres {
		return "", fmt.Errorf("COPY in %s: %w", d, errors.ErrUnsupported)
	}
	b := builder{d: d}
	b.write("COPY ")
	b.table(t.Namespace, t.Name)
	if len(columns) > 0 {
		b.write(" (")
		b.idents(columns)
		b.write(")")
	}
	b.write(" FROM STDIN")
	b.copyFormat(f)
	st, err := b.statement()
	return st.SQL, err
}

// CopyTo returns the statement that sends what a query yields to the client. COPY takes no arguments: the query must have
// been made by PostgreSQL.WithLiterals.
func (d Dialect) CopyTo(query Statement, f CopyFormat) (string, error) {
	if !d.postgres {
		return "", fmt.Errorf("COPY in %s: %w", d, errors.ErrUnsupported)
	}
	if len(query.Args) > 0 {
		return "", fmt.Errorf("COPY takes no arguments, and the query has %d", len(query.Args))
	}
	b := builder{d: d}
	b.write("COPY (", query.SQL, ") TO STDOUT")
	b.copyFormat(f)
	st, err := b.statement()
	return st.SQL, err
}
