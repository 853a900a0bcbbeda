package gpkg

import (
	"fmt"
	"math"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// sqlSink inserts rows by prepared statements, within the transaction that is open.
type sqlSink struct {
	w       *Writer
	columns []string // of the fields, "" for one that has no column of its own
	// stmts are the statements by which columns they leave to their defaults: a string of 0 and 1, one for each field.
	stmts map[string]*sqlite.Stmt
	usual *sqlite.Stmt // the one that leaves out none
	blob  []byte
	enc   encoder
	key   []byte
	full  bool // the greatest of all FIDs is given out: SQLite would give up the whole transaction when asked for another
}

func noFIDLeft() error {
	return reject("the greatest FID is %d: there is none left to give out", math.MaxInt64)
}

func newSQLSink(w *Writer) (*sqlSink, error) {
	s := &sqlSink{w: w, columns: make([]string, len(w.schema.Fields)), stmts: make(map[string]*sqlite.Stmt)}
	for i, f := range w.schema.Fields {
		if i != w.fidField {
			s.columns[i] = f.Name
		}
	}
	var err error
	if s.usual, err = s.statement(strings.Repeat("0", len(s.columns))); err != nil {
		return s, err
	}
	last, _, err := w.d.conn.Int("SELECT max(" + quote(w.table.FID) + ") FROM " + quote(w.table.Name))
	s.full = last == math.MaxInt64
	return s, err
}

// outOfOrder: SQL takes rows in any order.
func (s *sqlSink) outOfOrder(int64) bool { return false }

// statement returns the statement that leaves out the columns marked 1.
func (s *sqlSink) statement(left string) (*sqlite.Stmt, error) {
	if st := s.stmts[left]; st != nil {
		return st, nil
	}
	columns := []string{s.w.table.FID}
	if s.w.table.Geom != "" {
		columns = append(columns, s.w.table.Geom)
	}
	for i, c := range s.columns {
		if c != "" && left[i] == '0' {
			columns = append(columns, c)
		}
	}
	st, err := s.w.d.conn.Prepare(sqlbuilder.Insert(s.w.table.Name, columns))
	if err == nil {
		s.stmts[left] = st
	}
	return st, err
}

func (s *sqlSink) insert(fid int64, g *geometry, vals []feature.Value) (int64, error) {
	if s.full && fid == feature.NullFID {
		return 0, noFIDLeft()
	}
	st := s.usual
	s.key = s.key[:0]
	for i := range vals {
		mark := byte('0')
		if vals[i].IsUnset() && s.w.schema.Fields[i].Default != "" && s.columns[i] != "" {
			mark = '1'
		}
		s.key = append(s.key, mark)
	}
	if strings.IndexByte(string(s.key), '1') >= 0 {
		var err error
		if st, err = s.statement(string(s.key)); err != nil {
			return 0, err
		}
	}
	if err := s.bind(st, fid, g, vals); err != nil {
		return 0, err
	}
	if err := st.Run(); err != nil {
		if sqlite.IsConstraint(err) {
			err = &layer.RejectedError{Err: err}
		}
		return 0, err
	}
	fid = s.w.d.conn.LastInsertRowID()
	s.full = s.full || fid == math.MaxInt64
	return fid, nil
}

func (s *sqlSink) bind(st *sqlite.Stmt, fid int64, g *geometry, vals []feature.Value) error {
	p := 1
	var err error
	if fid == feature.NullFID {
		err = st.BindNull(p)
	} else {
		err = st.BindInt(p, fid)
	}
	if err != nil {
		return err
	}
	if s.w.table.Geom != "" {
		p++
		if g.wkb == nil {
			err = st.BindNull(p)
		} else {
			s.blob = gpb.Append(s.blob[:0], g.wkb, int32(s.w.table.srsID), g.bounds, g.isPoint)
			err = st.BindBlob(p, s.blob)
		}
		if err != nil {
			return err
		}
	}
	for i := range vals {
		if s.columns[i] == "" || s.key[i] == '1' {
			continue
		}
		p++
		if err := bindCell(st, p, s.enc.cell(&vals[i])); err != nil {
			return fmt.Errorf("column %s: %w", s.columns[i], err)
		}
	}
	return nil
}

func bindCell(st *sqlite.Stmt, p int, c cell) error {
	switch c.class {
	case sqlite.Integer:
		return st.BindInt(p, c.n)
	case sqlite.Float:
		return st.BindFloat(p, c.r)
	case sqlite.Text:
		return st.BindText(p, c.b)
	case sqlite.Blob:
		return st.BindBlob(p, c.b)
	}
	return st.BindNull(p)
}

// close releases the statements.
func (s *sqlSink) close() {
	for _, st := range s.stmts {
		st.Finalize()
	}
}

// demoteFID makes a column of its own for the field whose values were the FIDs so far, because one of them is not fit
// for that. The rows that were written keep their FIDs and get the same value in the new column; later ones are numbered
// by the table.
func (w *Writer) demoteFID(why string) error {
	if err := w.leavePages(); err != nil {
		return err
	}
	old, _ := w.sink.(*sqlSink)
	if old != nil {
		old.close()
	}
	f := &w.schema.Fields[w.fidField]
	taken := map[string]bool{strings.ToLower(w.table.FID): true, strings.ToLower(w.table.Geom): true}
	for i := range w.schema.Fields {
		if i != w.fidField {
			taken[strings.ToLower(w.schema.Fields[i].Name)] = true
		}
	}
	name := f.Name
	for n := 1; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s_%d", f.Name, n)
	}
	w.d.Warn("field %s cannot be the FID, because %s: it is stored as %s and the FIDs are new", f.Name, why, name)
	f.Name = name
	w.fidField, w.newFIDs = -1, true
	column := *f
	column.NotNull, column.Unique, column.Default = false, false, ""
	*f = column
	for _, sql := range []string{
		"ALTER TABLE " + quote(w.table.Name) + " ADD COLUMN " + columnSQL(column),
		"UPDATE " + quote(w.table.Name) + " SET " + quote(name) + " = " + quote(w.table.FID),
	} {
		if err := w.d.conn.Exec(sql); err != nil {
			return err
		}
	}
	if err := w.d.describeColumn(w.table.Name, column); err != nil {
		return err
	}
	// The schema's order is the caller's; the new column is the table's last, which the statement's names see to.
	sink, err := newSQLSink(w)
	w.sink = sink
	return err
}

func quote(name string) string { return sqlbuilder.QuoteIdent(name) }
