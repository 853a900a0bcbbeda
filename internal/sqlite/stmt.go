package sqlite

import (
	"context"
	"fmt"
	"io/fs"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Type is the storage class of a value.
type Type int32

// The storage classes.
const (
	Integer Type = lib.SQLITE_INTEGER
	Float   Type = lib.SQLITE_FLOAT
	Text    Type = lib.SQLITE_TEXT
	Blob    Type = lib.SQLITE_BLOB
	Null    Type = lib.SQLITE_NULL
)

// Stmt is a prepared statement. Columns count from 0 and parameters from 1, as in SQLite.
type Stmt struct {
	c      *Conn
	stmt   uintptr
	sql    string
	params []paramBuf // memory of bound texts and blobs

	ctx  context.Context // that ends the statement, or nil
	done <-chan struct{} // of ctx
}

// paramBuf is C memory that a parameter's bytes are copied to, so that binding allocates nothing once it is large
// enough.
type paramBuf struct {
	p   uintptr
	cap int
}

// maxKeptParam is the largest memory that a parameter keeps from one row to the next.
const maxKeptParam = 1 << 20

// Finalize releases the statement. Calling it again, or after its connection was closed, does nothing.
func (s *Stmt) Finalize() {
	if s.stmt != 0 {
		delete(s.c.stmts, s)
		s.finalize()
		s.c.repanic()
	}
}

func (s *Stmt) finalize() {
	lib.Xsqlite3_finalize(s.c.tls, s.stmt)
	s.stmt = 0
	for _, b := range s.params {
		if b.p != 0 {
			libc.Xfree(s.c.tls, b.p)
		}
	}
	s.params = nil
}

// Reset makes the statement ready to run again. Bound values stay.
func (s *Stmt) Reset() {
	lib.Xsqlite3_reset(s.c.tls, s.stmt)
	s.c.repanic()
}

// SetContext lets the end of ctx end the statement, and no other one, soon: Step returns an error that matches that of
// ctx.
func (s *Stmt) SetContext(ctx context.Context) {
	s.ctx, s.done = ctx, ctx.Done()
	if s.done != nil && !s.c.hasProgress {
		lib.Xsqlite3_progress_handler(s.c.tls, s.c.db, progressEvery, cFunc(progress), s.c.id)
		s.c.hasProgress = true
	}
}

// Step goes to the next row and tells whether there is one.
func (s *Stmt) Step() (bool, error) {
	if s.stmt == 0 {
		return false, fmt.Errorf("sqlite: the statement, or its connection, was closed: %w", fs.ErrClosed)
	}
	switch rc := s.step(); rc {
	case lib.SQLITE_ROW:
		return true, nil
	case lib.SQLITE_DONE:
		return false, nil
	default:
		err := s.err(rc)
		s.Reset()
		return false, err
	}
}

func (s *Stmt) step() int32 {
	c := s.c
	outer := c.running
	c.running, c.cause = s, nil
	rc := lib.Xsqlite3_step(c.tls, s.stmt)
	c.running = outer
	if c.panic != nil {
		s.Reset() // which panics
	}
	return rc
}

// err returns the error of a result code of this statement.
func (s *Stmt) err(rc int32) error {
	err := s.c.err(rc, s.sql)
	if err.Primary() == lib.SQLITE_INTERRUPT && s.ctx != nil && s.ctx.Err() != nil {
		err.Err = s.ctx.Err()
	}
	return err
}

// Run steps a statement that returns no row and resets it, for inserting row by row.
func (s *Stmt) Run() error {
	rc := s.step()
	if rc != lib.SQLITE_DONE && rc != lib.SQLITE_ROW {
		err := s.err(rc)
		s.Reset()
		return err
	}
	s.Reset()
	return nil
}

// IsReadOnly tells whether the statement changes nothing in the database. BEGIN and ATTACH are read-only in this sense.
func (s *Stmt) IsReadOnly() bool { return lib.Xsqlite3_stmt_readonly(s.c.tls, s.stmt) != 0 }

// IsExplain tells whether the statement is an EXPLAIN or EXPLAIN QUERY PLAN.
func (s *Stmt) IsExplain() bool { return lib.Xsqlite3_stmt_isexplain(s.c.tls, s.stmt) != 0 }

// DeclType returns the type in the declaration of the table's column that column i is, or "" where it is none.
func (s *Stmt) DeclType(i int) string {
	return cString(lib.Xsqlite3_column_decltype(s.c.tls, s.stmt, int32(i)))
}

// Origin returns the table and the table's column that column i is, or "" where it is an expression.
func (s *Stmt) Origin(i int) (table, column string) {
	return cString(lib.Xsqlite3_column_table_name(s.c.tls, s.stmt, int32(i))),
		cString(lib.Xsqlite3_column_origin_name(s.c.tls, s.stmt, int32(i)))
}

func cString(p uintptr) string {
	if p == 0 {
		return ""
	}
	return libc.GoString(p)
}

// SQL returns the statement's text.
func (s *Stmt) SQL() string { return s.sql }

// Columns returns the number of columns.
func (s *Stmt) Columns() int { return int(lib.Xsqlite3_column_count(s.c.tls, s.stmt)) }

// Name returns the name of a column.
func (s *Stmt) Name(i int) string {
	return libc.GoString(lib.Xsqlite3_column_name(s.c.tls, s.stmt, int32(i)))
}

// Type returns the storage class of a column in the current row.
func (s *Stmt) Type(i int) Type { return Type(lib.Xsqlite3_column_type(s.c.tls, s.stmt, int32(i))) }

// Int returns a column as an integer.
func (s *Stmt) Int(i int) int64 { return lib.Xsqlite3_column_int64(s.c.tls, s.stmt, int32(i)) }

// Float returns a column as a real.
func (s *Stmt) Float(i int) float64 { return lib.Xsqlite3_column_double(s.c.tls, s.stmt, int32(i)) }

// Bytes returns the bytes of a text or blob. They are SQLite's memory: valid until the next Step, Reset or Finalize, and
// not to be written to. An empty text or blob is not nil.
func (s *Stmt) Bytes(i int) []byte {
	p := lib.Xsqlite3_column_blob(s.c.tls, s.stmt, int32(i))
	if p == 0 {
		return []byte{}
	}
	n := lib.Xsqlite3_column_bytes(s.c.tls, s.stmt, int32(i))
	return unsafe.Slice((*byte)(pointer(p)), n)
}

// Text returns a copy of a column as text.
func (s *Stmt) Text(i int) string { return string(s.TextBytes(i)) }

func (s *Stmt) check(rc int32) error {
	if rc != lib.SQLITE_OK {
		return s.err(rc)
	}
	return nil
}

// Bind binds a nil, int, int64, float64, string or []byte.
func (s *Stmt) Bind(i int, a any) error {
	switch a := a.(type) {
	case nil:
		return s.BindNull(i)
	case int:
		return s.BindInt(i, int64(a))
	case int64:
		return s.BindInt(i, a)
	case float64:
		return s.BindFloat(i, a)
	case string:
		return s.BindText(i, []byte(a))
	case []byte:
		return s.BindBlob(i, a)
	}
	return fmt.Errorf("sqlite: a %T cannot be bound", a)
}

// BindNull binds null.
func (s *Stmt) BindNull(i int) error {
	return s.check(lib.Xsqlite3_bind_null(s.c.tls, s.stmt, int32(i)))
}

// BindInt binds an integer.
func (s *Stmt) BindInt(i int, v int64) error {
	return s.check(lib.Xsqlite3_bind_int64(s.c.tls, s.stmt, int32(i), v))
}

// BindFloat binds a real. SQLite turns NaN into null.
func (s *Stmt) BindFloat(i int, v float64) error {
	return s.check(lib.Xsqlite3_bind_double(s.c.tls, s.stmt, int32(i), v))
}

// BindText binds a copy of a text.
func (s *Stmt) BindText(i int, v []byte) error {
	p, err := s.copy(i, v)
	if err != nil {
		return err
	}
	return s.check(lib.Xsqlite3_bind_text(s.c.tls, s.stmt, int32(i), p, int32(len(v)), lib.SQLITE_STATIC))
}

// BindBlob binds a copy of a blob.
func (s *Stmt) BindBlob(i int, v []byte) error {
	p, err := s.copy(i, v)
	if err != nil {
		return err
	}
	return s.check(lib.Xsqlite3_bind_blob(s.c.tls, s.stmt, int32(i), p, int32(len(v)), lib.SQLITE_STATIC))
}

// copy puts v into the parameter's memory, which stays where it is until the parameter is bound again.
func (s *Stmt) copy(i int, v []byte) (uintptr, error) {
	if len(v) > 1<<30-1 {
		return 0, fmt.Errorf("sqlite: a value of %d bytes; at most %d can be stored", len(v), 1<<30-1)
	}
	for len(s.params) < i {
		s.params = append(s.params, paramBuf{})
	}
	b := &s.params[i-1]
	if b.cap < len(v) || b.cap == 0 || (b.cap > maxKeptParam && len(v) <= maxKeptParam) {
		p, err := s.c.malloc(max(64, len(v)+len(v)/2))
		if err != nil {
			return 0, err
		}
		// What was bound there before must not be looked at any more.
		lib.Xsqlite3_bind_null(s.c.tls, s.stmt, int32(i))
		if b.p != 0 {
			libc.Xfree(s.c.tls, b.p)
		}
		*b = paramBuf{p, max(64, len(v)+len(v)/2)}
	}
	copy(unsafe.Slice((*byte)(pointer(b.p)), len(v)), v)
	return b.p, nil
}

// TextBytes returns the bytes of a column as UTF-8 text whatever the database's encoding is; a number is printed. They
// are SQLite's memory, as with Bytes.
func (s *Stmt) TextBytes(i int) []byte {
	if s.c.utf8 && s.Type(i) >= Text {
		return s.Bytes(i)
	}
	p := lib.Xsqlite3_column_text(s.c.tls, s.stmt, int32(i))
	if p == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(pointer(p)), lib.Xsqlite3_column_bytes(s.c.tls, s.stmt, int32(i)))
}
