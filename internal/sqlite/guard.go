package sqlite

import (
	"fmt"
	"strings"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// A statement that a person typed sees its own database and no other file: ATTACH and VACUUM INTO could make one. It does
// not begin or end transactions, which are the program's, and changes no setting. What it does to rows and tables is for
// IsReadOnly to judge.

// PrepareUser compiles one statement that a person typed. What it must not do is an error.
func (c *Conn) PrepareUser(sql string) (*Stmt, error) {
	if !c.hasGuard {
		lib.Xsqlite3_set_authorizer(c.tls, c.db, cFunc(authorize), c.id)
		c.hasGuard = true
	}
	c.guard, c.refused = guardPrepare, ""
	defer func() { c.guard = guardOff }()
	s, err := c.Prepare(sql)
	if err != nil && c.refused != "" {
		return nil, fmt.Errorf("%s is not allowed here: %w", c.refused, err)
	}
	return s, err
}

// RunUser runs a statement of PrepareUser to its end, passing over its rows.
func (c *Conn) RunUser(s *Stmt) error {
	c.guard, c.refused = guardRun, ""
	defer func() { c.guard = guardOff }()
	for {
		more, err := s.Step()
		if err != nil && c.refused != "" {
			return fmt.Errorf("%s is not allowed here: %w", c.refused, err)
		}
		if !more || err != nil {
			return err
		}
	}
}

// guard says what the authorizer looks at.
type guard uint8

const (
	guardOff     guard = iota
	guardPrepare       // a statement that is being compiled
	guardRun           // one that runs: SQLite's own VACUUM attaches a file without a name, and VACUUM INTO one with a name
)

func authorize(_ *libc.TLS, id uintptr, op int32, arg1, arg2, _, _ uintptr) int32 {
	c := conns.get(id)
	if c == nil || c.guard == guardOff {
		return lib.SQLITE_OK
	}
	refused := ""
	switch op {
	case lib.SQLITE_ATTACH:
		if c.guard == guardPrepare || arg1 == 0 || libc.GoString(arg1) != "" {
			refused = "a second database"
		}
	case lib.SQLITE_DETACH:
		if c.guard == guardPrepare {
			refused = "DETACH"
		}
	case lib.SQLITE_TRANSACTION, lib.SQLITE_SAVEPOINT:
		if c.guard == guardPrepare {
			refused = libc.GoString(arg1)
		}
	case lib.SQLITE_PRAGMA:
		if name := strings.ToLower(libc.GoString(arg1)); c.guard == guardPrepare && !harmless(name, arg2 != 0) {
			refused = "PRAGMA " + name
		}
	case lib.SQLITE_FUNCTION:
		if strings.EqualFold(libc.GoString(arg2), "load_extension") {
			refused = "load_extension"
		}
	}
	if refused != "" {
		c.refused = refused
		return lib.SQLITE_DENY
	}
	return lib.SQLITE_OK
}

// harmless tells whether a pragma only tells something.
func harmless(name string, hasArg bool) bool {
	switch name {
	case "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
		"foreign_key_check", "integrity_check", "quick_check":
		return true
	case "database_list", "collation_list", "function_list", "module_list", "pragma_list", "compile_options",
		"user_version", "application_id", "encoding", "page_count", "page_size", "freelist_count", "schema_version",
		"data_version":
		return !hasArg
	}
	return false
}

// Harden sets what makes a file by an unknown hand less of a danger: its views and triggers cannot call functions that do
// more than compute (https://www.sqlite.org/security.html).
func (c *Conn) Harden() error { return c.config(lib.SQLITE_DBCONFIG_TRUSTED_SCHEMA, false) }

// StrictQuotes makes a name in double quotes that no column has an error. SQLite takes it for a text otherwise.
func (c *Conn) StrictQuotes() error { return c.config(lib.SQLITE_DBCONFIG_DQS_DML, false) }

// Defend keeps SQL from writing to the tables that SQLite itself lives on.
func (c *Conn) Defend(on bool) error { return c.config(lib.SQLITE_DBCONFIG_DEFENSIVE, on) }

// config sets one of the connection's switches.
func (c *Conn) config(op int32, on bool) error {
	const size = 16
	va := c.tls.Alloc(size)
	defer c.tls.Free(size)
	var v int32
	if on {
		v = 1
	}
	clear(unsafe.Slice((*byte)(pointer(va)), size))
	libc.VaList(va, v, uintptr(0))
	if rc := lib.Xsqlite3_db_config(c.tls, c.db, op, va); rc != lib.SQLITE_OK {
		return c.err(rc, "")
	}
	return nil
}

// The limits that SetLimit sets (https://www.sqlite.org/limits.html).
const (
	LimitLength    = lib.SQLITE_LIMIT_LENGTH     // of a text or blob, in bytes
	LimitSQLLength = lib.SQLITE_LIMIT_SQL_LENGTH // of a statement
	LimitAttached  = lib.SQLITE_LIMIT_ATTACHED   // databases beside the first
)

// SetLimit lowers one of the limits and returns what it was. A negative one changes nothing.
func (c *Conn) SetLimit(limit int32, n int) int {
	return int(lib.Xsqlite3_limit(c.tls, c.db, limit, int32(n)))
}
