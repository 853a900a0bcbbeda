package gpkg

import (
	"errors"
	"strconv"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// storedRow is a row of a table: the present one of a statement, or one of a table's pages. Bytes are valid until the
// next row.
type storedRow interface {
	Type(i int) sqlite.Type
	Int(i int) int64
	Float(i int) float64
	Bytes(i int) []byte
	TextBytes(i int) []byte // of a number, too
}

// pageRecord is the row that a cursor is at. Column 0 is the rowid; the others are columns of the table.
type pageRecord struct {
	cursor *btree.Cursor
	row    *btree.Row
	at     []int // the table's column that column i is, from 1 on
	buf    []byte
	err    error // why the row is better left to SQLite
}

var errDefault = errors.New("a column was added later and has a default")

// Type returns the class of column i.
func (p *pageRecord) Type(i int) sqlite.Type {
	if i == 0 {
		return sqlite.Integer
	}
	switch t := p.row.Type(p.at[i]); t {
	case btree.Absent:
		p.err = errDefault
	case btree.Damaged:
		p.err = p.row.Err()
	default:
		return sqlite.Type(t)
	}
	return sqlite.Null
}

// Int returns an integer.
func (p *pageRecord) Int(i int) int64 {
	if i == 0 {
		return p.cursor.RowID()
	}
	return p.row.Int(p.at[i])
}

// integer returns column i if it is an integer.
func (p *pageRecord) integer(i int) (int64, bool) {
	at := p.at[i]
	if p.row.Type(at) != btree.Integer {
		return 0, false
	}
	return p.row.Int(at), true
}

// Float returns a number as a real.
func (p *pageRecord) Float(i int) float64 { return p.row.Float(p.at[i]) }

// Bytes returns a text or blob.
func (p *pageRecord) Bytes(i int) []byte { return p.row.Bytes(p.at[i]) }

// TextBytes returns a text or blob, or a number printed.
func (p *pageRecord) TextBytes(i int) []byte {
	switch p.Type(i) {
	case sqlite.Integer:
		p.buf = strconv.AppendInt(p.buf[:0], p.Int(i), 10)
		return p.buf
	case sqlite.Float:
		p.buf = appendFloat(p.buf[:0], p.Float(i))
		return p.buf
	}
	return p.Bytes(i)
}

// odd returns why the row is better left to SQLite, after it was read.
func (p *pageRecord) odd() error {
	if p.err != nil {
		return p.err
	}
	return p.row.Err()
}
