// Package sqlite is a thin wrapper around the SQLite engine modernc.org/sqlite/lib.
//
// database/sql allocates eleven times a row and takes a mutex for every column; a GeoPackage of a million rows feels
// that. Here a row that is read or written allocates nothing: text and blobs are views of SQLite's own memory until the
// next Step, and bound values are copied into memory that the statement keeps.
//
// A Conn and its statements belong to one goroutine at a time.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// OpenMode says how Open opens a file.
type OpenMode int32

// The modes of opening.
const (
	ReadOnly  OpenMode = lib.SQLITE_OPEN_READONLY
	ReadWrite OpenMode = lib.SQLITE_OPEN_READWRITE
	Create    OpenMode = lib.SQLITE_OPEN_READWRITE | lib.SQLITE_OPEN_CREATE
)

// Conn is an open database.
type Conn struct {
	tls *libc.TLS
	db  uintptr

	id      uintptr // that SQLite knows the connection by, of conns
	utf8    bool    // the database's text is UTF-8, so that a text's bytes can be taken as they are
	stmts   map[*Stmt]struct{}
	funcs   []definedFunc
	tables  []uintptr // numbers of the virtual tables, of vtables
	scratch scratch

	running     *Stmt // the one whose Step is under way
	cause       error // what a Go function that SQLite called failed with
	panic       any   // what it panicked with, until SQLite has returned
	hasProgress bool  // the progress handler is set
	hasGuard    bool  // the authorizer is set
	guard       guard
	refused     string // what the authorizer refused last

	mu     sync.Mutex // guards closed
	closed bool
}

// Error is an error of SQLite.
type Error struct {
	Code int    // the extended result code
	Msg  string // SQLite's message
	SQL  string // the statement, where that is known
	At   int    // the byte of the statement, counted from 1, that the message is about; 0 where that is not known
	Err  error  // what a Go function failed with that SQLite called, or the error of the context that ended it
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Error returns SQLite's message.
func (e *Error) Error() string { return e.Msg }

// Primary returns the primary result code.
func (e *Error) Primary() int { return e.Code & 0xff }

// IsLogic tells whether the statement itself is to blame, or what it speaks of, and not the file or the system.
func (e *Error) IsLogic() bool { return e.Primary() == lib.SQLITE_ERROR }

// Is matches context.Canceled for an interrupted statement, fs.ErrPermission for what may not be written, and
// syscall.ENOSPC for a full disk.
func (e *Error) Is(target error) bool {
	switch e.Primary() {
	case lib.SQLITE_INTERRUPT:
		return target == context.Canceled && e.Err == nil
	case lib.SQLITE_PERM, lib.SQLITE_READONLY:
		return target == fs.ErrPermission
	case lib.SQLITE_FULL:
		return target == syscall.ENOSPC
	}
	return false
}

// IsConstraint tells whether err says that a row violates a constraint, so that only that row is concerned.
func IsConstraint(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Primary() == lib.SQLITE_CONSTRAINT || e.Primary() == lib.SQLITE_MISMATCH ||
		e.Primary() == lib.SQLITE_TOOBIG)
}

// IsKeyTaken tells whether err says that another row has the primary key. A value that another UNIQUE column has already
// is something else.
func IsKeyTaken(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == lib.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code == lib.SQLITE_CONSTRAINT_ROWID)
}

// IsBusy tells whether err says that another connection holds a lock.
func IsBusy(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Primary() == lib.SQLITE_BUSY || e.Primary() == lib.SQLITE_LOCKED)
}

// IsHotJournal tells whether err says that the file has a journal that must be rolled back first, which a connection that
// only reads cannot do.
func IsHotJournal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == lib.SQLITE_READONLY_ROLLBACK
}

// IsCantOpen tells whether err says that a file, or one that belongs to it, cannot be opened.
func IsCantOpen(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Primary() == lib.SQLITE_CANTOPEN
}

// Open opens the file at path. vfs is the name of a registered VFS, or "" for the system's files.
func Open(path string, mode OpenMode, vfs string) (*Conn, error) {
	if path == ":memory:" { // a file of that name is meant
		path = "./" + path
	}
	return openDB(path, int32(mode), vfs)
}

// memoryLength is the longest text or blob in a database in memory. Functions that make long ones cannot be interrupted.
const memoryLength = 256 << 20

// OpenMemory opens a database in memory that is empty, and gone when it is closed. No file can be attached to it.
func OpenMemory() (*Conn, error) {
	c, err := openDB(":memory:", lib.SQLITE_OPEN_READWRITE|lib.SQLITE_OPEN_CREATE|lib.SQLITE_OPEN_MEMORY, "")
	if err != nil {
		return nil, err
	}
	c.SetLimit(LimitAttached, 0)
	c.SetLimit(LimitLength, memoryLength)
	if err := errors.Join(c.Harden(), c.Defend(true)); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func openDB(path string, flags int32, vfs string) (*Conn, error) {
	c := &Conn{tls: libc.NewTLS(), stmts: make(map[*Stmt]struct{})}
	cpath, err := libc.CString(path)
	if err != nil {
		c.tls.Close()
		return nil, err
	}
	defer libc.Xfree(c.tls, cpath)
	var cvfs uintptr
	if vfs != "" {
		if cvfs, err = libc.CString(vfs); err != nil {
			c.tls.Close()
			return nil, err
		}
		defer libc.Xfree(c.tls, cvfs)
	}
	pdb := c.tls.Alloc(int(unsafe.Sizeof(uintptr(0))))
	rc := lib.Xsqlite3_open_v2(c.tls, cpath, pdb, flags|lib.SQLITE_OPEN_NOMUTEX|lib.SQLITE_OPEN_EXRESCODE, cvfs)
	c.db = *(*uintptr)(pointer(pdb))
	c.tls.Free(int(unsafe.Sizeof(uintptr(0))))
	c.id = conns.add(c)
	if rc != lib.SQLITE_OK {
		err := c.err(rc, "")
		_ = c.Close()
		return nil, err
	}
	c.SetBusyTimeout(5 * time.Second)
	encoding, _, err := c.Text("PRAGMA encoding") // the first that reads the file
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	c.utf8 = encoding == "UTF-8"
	return c, nil
}

// IsUTF8 tells whether the database keeps its text in UTF-8.
func (c *Conn) IsUTF8() bool { return c.utf8 }

// SetBusyTimeout sets how long a statement waits for a lock that another connection holds.
func (c *Conn) SetBusyTimeout(d time.Duration) {
	lib.Xsqlite3_busy_timeout(c.tls, c.db, int32(d.Milliseconds()))
}

// Close finalizes what is left of the statements and closes the database.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	for s := range c.stmts { // only ours: the engine's modules have statements of their own
		s.finalize()
	}
	var err error
	if rc := lib.Xsqlite3_close_v2(c.tls, c.db); rc != lib.SQLITE_OK {
		err = c.err(rc, "")
	}
	for _, f := range c.funcs {
		functions.remove(f.id)
	}
	for _, id := range c.tables {
		vtables.remove(id)
	}
	conns.remove(c.id)
	c.freeScratch()
	c.tls.Close()
	return err
}

// conns are the connections, for what SQLite calls with a connection's number.
var conns handles[Conn]

// progressEvery is about how many instructions of SQLite's machine, a microsecond's work for ten or so, pass between two
// looks at a statement's context.
const progressEvery = 1000

// Context returns the context of the statement that is running, for Go functions that SQLite calls.
func (c *Conn) Context() context.Context {
	if c.running != nil && c.running.ctx != nil {
		return c.running.ctx
	}
	return context.Background()
}

// progress ends the statement that runs if its context is done.
func progress(_ *libc.TLS, id uintptr) int32 {
	if c := conns.get(id); c != nil && c.running != nil && c.running.done != nil {
		select {
		case <-c.running.done:
			return 1
		default:
		}
	}
	return 0
}

// err returns the error of a result code with the connection's message.
func (c *Conn) err(rc int32, sql string) *Error {
	e := &Error{Code: int(rc), SQL: sql}
	if c.db != 0 && lib.Xsqlite3_extended_errcode(c.tls, c.db)&0xff == rc&0xff {
		e.Code = int(lib.Xsqlite3_extended_errcode(c.tls, c.db))
		e.Msg = libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db))
	} else {
		e.Msg = libc.GoString(lib.Xsqlite3_errstr(c.tls, rc))
	}
	e.Err, c.cause = c.cause, nil
	return e
}

// Exec runs statements that return no rows of interest, several of them separated by semicolons.
func (c *Conn) Exec(sql string) error {
	csql, err := libc.CString(sql)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, csql)
	c.cause = nil
	rc := lib.Xsqlite3_exec(c.tls, c.db, csql, 0, 0, 0)
	c.repanic()
	if rc != lib.SQLITE_OK {
		return c.err(rc, sql)
	}
	return nil
}

// Execf is Exec of a statement with values bound to its parameters: int64, int, float64, string, []byte or nil.
func (c *Conn) Execf(sql string, args ...any) error {
	return c.Query(sql, func(*Stmt) error { return nil }, args...)
}

// Query runs one statement and calls row for each of its rows.
func (c *Conn) Query(sql string, row func(*Stmt) error, args ...any) error {
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Finalize()
	for i, a := range args {
		if err := s.Bind(i+1, a); err != nil {
			return err
		}
	}
	for {
		ok, err := s.Step()
		if !ok || err != nil {
			return err
		}
		if err := row(s); err != nil {
			return err
		}
	}
}

// Int runs a statement whose first row begins with an integer; ok is false when there is no row or the value is null.
func (c *Conn) Int(sql string, args ...any) (n int64, ok bool, err error) {
	first := true
	err = c.Query(sql, func(s *Stmt) error {
		if first && s.Type(0) != Null {
			n, ok = s.Int(0), true
		}
		first = false
		return nil
	}, args...)
	return n, ok, err
}

// Text is Int for a text.
func (c *Conn) Text(sql string, args ...any) (text string, ok bool, err error) {
	first := true
	err = c.Query(sql, func(s *Stmt) error {
		if first && s.Type(0) != Null {
			text, ok = s.Text(0), true
		}
		first = false
		return nil
	}, args...)
	return text, ok, err
}

// LastInsertRowID returns the rowid of the row that was inserted last.
func (c *Conn) LastInsertRowID() int64 { return lib.Xsqlite3_last_insert_rowid(c.tls, c.db) }

// Changes returns how many rows the last statement changed.
func (c *Conn) Changes() int64 { return lib.Xsqlite3_changes64(c.tls, c.db) }

// TotalChanges returns how many rows all statements have changed, those of triggers included.
func (c *Conn) TotalChanges() int64 { return lib.Xsqlite3_total_changes64(c.tls, c.db) }

// InTransaction tells whether a transaction is open.
func (c *Conn) InTransaction() bool { return lib.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// Prepare compiles one statement. Text behind its end is an error.
func (c *Conn) Prepare(sql string) (*Stmt, error) {
	csql, err := libc.CString(sql)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, csql)
	const ptr = int(unsafe.Sizeof(uintptr(0)))
	out := c.tls.Alloc(2 * ptr)
	defer c.tls.Free(2 * ptr)
	ppstmt, ptail := out, out+uintptr(ptr)
	c.cause = nil
	rc := lib.Xsqlite3_prepare_v2(c.tls, c.db, csql, -1, ppstmt, ptail)
	c.repanic()
	if rc != lib.SQLITE_OK {
		at := lib.Xsqlite3_error_offset(c.tls, c.db) + 1
		err := c.err(rc, sql)
		err.At = int(at)
		return nil, err
	}
	stmt := *(*uintptr)(pointer(ppstmt))
	if stmt == 0 {
		return nil, fmt.Errorf("sqlite: no statement in %q", sql)
	}
	s := &Stmt{c: c, stmt: stmt, sql: sql}
	c.stmts[s] = struct{}{}
	if tail := c.statementEnd(*(*uintptr)(pointer(ptail))); tail != "" {
		s.Finalize()
		return nil, fmt.Errorf("sqlite: text after the statement: %q", tail)
	}
	return s, nil
}

// statementEnd returns what stands behind a statement, if it is more than blanks, semicolons and comments.
func (c *Conn) statementEnd(tail uintptr) string {
	text := strings.TrimSpace(libc.GoString(tail))
	if text == "" {
		return ""
	}
	const ptr = int(unsafe.Sizeof(uintptr(0)))
	out := c.tls.Alloc(2 * ptr)
	defer c.tls.Free(2 * ptr)
	for {
		rc := lib.Xsqlite3_prepare_v2(c.tls, c.db, tail, -1, out, out+uintptr(ptr))
		if rc == lib.SQLITE_OK && *(*uintptr)(pointer(out)) == 0 {
			next := *(*uintptr)(pointer(out + uintptr(ptr)))
			if next == tail || *(*byte)(pointer(next)) == 0 {
				return ""
			}
			tail = next
			continue
		}
		if rc == lib.SQLITE_OK {
			lib.Xsqlite3_finalize(c.tls, *(*uintptr)(pointer(out)))
		}
		return text
	}
}

// repanic panics with what a Go function that SQLite called did.
func (c *Conn) repanic() {
	if p := c.panic; p != nil {
		c.panic = nil
		panic(p)
	}
}

func (c *Conn) malloc(n int) (uintptr, error) {
	p := libc.Xmalloc(c.tls, types.Size_t(n))
	if p == 0 {
		return 0, fmt.Errorf("sqlite: %d bytes of memory are not to be had", n)
	}
	return p, nil
}

// pointer returns the address p of SQLite's memory, which the garbage collector neither moves nor frees, as a pointer.
func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
