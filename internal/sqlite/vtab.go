package sqlite

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The module's own interface to virtual tables (modernc.org/sqlite/vtab) is not used: it belongs to its database/sql
// driver, registers for the whole process, has no function constraints and no IN at once, takes a lock and boxes a value
// for every column, and loses errors of Next. So this is sqlite3_module itself (https://www.sqlite.org/vtab.html).

// Table is a virtual table that is only read.
type Table interface {
	// BestIndex chooses how to look for what is asked for. It may be called several times for a statement.
	BestIndex(ix *Index) error
	// Open returns a cursor. Several of a table may be open at the same time.
	Open() (Cursor, error)
}

// Cursor goes over rows of a Table.
type Cursor interface {
	// Filter begins anew, by the plan that BestIndex chose, and goes to the first row. The arguments are the values of
	// the constraints that were taken. They are valid during the call.
	Filter(plan int, args *Args) error
	// Next goes to the next row.
	Next() error
	// EOF tells that there is no row any more.
	EOF() bool
	// Column returns the value of a column of the row through r.
	Column(i int, r *Result)
	// RowID returns the row's rowid.
	RowID() int64
	// Close releases the cursor.
	Close()
}

// Op says what a Constraint asks of a column.
type Op uint8

// The operations of constraints. Those of function constraints follow FuncOp.
const (
	OpEq        Op = lib.SQLITE_INDEX_CONSTRAINT_EQ
	OpNe        Op = lib.SQLITE_INDEX_CONSTRAINT_NE
	OpLt        Op = lib.SQLITE_INDEX_CONSTRAINT_LT
	OpLe        Op = lib.SQLITE_INDEX_CONSTRAINT_LE
	OpGt        Op = lib.SQLITE_INDEX_CONSTRAINT_GT
	OpGe        Op = lib.SQLITE_INDEX_CONSTRAINT_GE
	OpIs        Op = lib.SQLITE_INDEX_CONSTRAINT_IS
	OpIsNull    Op = lib.SQLITE_INDEX_CONSTRAINT_ISNULL
	OpIsNotNull Op = lib.SQLITE_INDEX_CONSTRAINT_ISNOTNULL
	// FuncOp is the operation of f(column, value) for the first of the functions that AddTable was given; the second has
	// FuncOp+1, and so on.
	FuncOp Op = lib.SQLITE_INDEX_CONSTRAINT_FUNCTION
)

// RowID is the Column of a constraint that speaks of the rowid.
const RowID = -1

// Constraint is a condition on a column that SQLite would like to have looked up.
type Constraint struct {
	Column int // or RowID
	Op     Op
	// Usable tells whether the value will be known when the table is read, in the order of tables that is being judged.
	Usable bool
	// In tells that it stems from an IN with several values: Args.In has them.
	In bool
	// Binary tells that texts are compared byte by byte.
	Binary bool
}

// Index is a question to BestIndex, and its answer. SQLite checks every row itself, so that a plan may give more rows
// than were asked for.
type Index struct {
	Constraints []Constraint
	// ColUsed has a bit for each column that the statement reads; the last one is for all from 63 on.
	ColUsed uint64
	// OrderBy has the column by which rows are wanted in rising order, or RowID. It is empty where there is no such wish,
	// or a wish that is not as simple.
	OrderBy []int

	// Plan is handed to Filter.
	Plan int
	// Cost is about how many rows' time it takes, and Rows how many there will be.
	Cost float64
	Rows int64
	// Ordered says that rows come in the order of OrderBy.
	Ordered bool
	// Unique says that there will be no more than one row.
	Unique bool

	taken []int
}

// Take asks for the value of a constraint: it becomes the next argument of Filter.
func (ix *Index) Take(constraint int) { ix.taken = append(ix.taken, constraint) }

// In calls f for each of the values of an argument whose constraint's In is set. The value is the only one of the Args.
func (a *Args) In(i int, f func(*Args)) error {
	const ptr = int(unsafe.Sizeof(uintptr(0)))
	out := a.tls.Alloc(ptr)
	defer a.tls.Free(ptr)
	one := Args{a.c, a.tls, 1, out}
	rc := lib.Xsqlite3_vtab_in_first(a.tls, a.value(i), out)
	for rc == lib.SQLITE_OK {
		f(&one)
		rc = lib.Xsqlite3_vtab_in_next(a.tls, a.value(i), out)
	}
	if rc != lib.SQLITE_DONE {
		return &Error{Code: int(rc), Msg: "the values of IN cannot be read"}
	}
	return nil
}

// vtable is a table as SQLite has it.
type vtable struct {
	c     *Conn
	t     Table
	decl  string
	funcs []string // in lower case
	index Index
}

// vcursor is a cursor as SQLite has it.
type vcursor struct {
	c      *Conn
	cursor Cursor
	args   Args
	result Result
}

// What SQLite sees of them: its own struct, and the number of ours behind it.
type (
	cTable struct {
		base lib.Tsqlite3_vtab
		id   uintptr
	}
	cCursor struct {
		base lib.Tsqlite3_vtab_cursor
		id   uintptr
	}
)

var (
	vtables  handles[vtable]
	vcursors handles[vcursor]
)

// module is the only sqlite3_module. It stays until the process ends.
var module = sync.OnceValue(func() uintptr {
	tls := libc.NewTLS()
	defer tls.Close()
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_module{})))
	if p == 0 {
		return 0
	}
	*(*lib.Tsqlite3_module)(pointer(p)) = lib.Tsqlite3_module{
		FiVersion:      1,
		FxCreate:       cFunc(vtabConnect),
		FxConnect:      cFunc(vtabConnect),
		FxBestIndex:    cFunc(vtabBestIndex),
		FxDisconnect:   cFunc(vtabDisconnect),
		FxDestroy:      cFunc(vtabDisconnect),
		FxOpen:         cFunc(vtabOpen),
		FxClose:        cFunc(vtabClose),
		FxFilter:       cFunc(vtabFilter),
		FxNext:         cFunc(vtabNext),
		FxEof:          cFunc(vtabEOF),
		FxColumn:       cFunc(vtabColumn),
		FxRowid:        cFunc(vtabRowID),
		FxFindFunction: cFunc(vtabFindFunction),
	}
	return p
})

// AddTable makes a virtual table. decl is what stands between the brackets of CREATE TABLE. funcs are names of functions
// of the connection that take two arguments: where one is called with a column of the table and a value, and must be
// true, BestIndex is shown a constraint of it.
func (c *Conn) AddTable(name, decl string, t Table, funcs ...string) error {
	cmodule := module()
	if cmodule == 0 {
		return errors.New("sqlite: no memory for a virtual table")
	}
	vt := &vtable{c: c, t: t, decl: "CREATE TABLE x(" + decl + ")"}
	for _, f := range funcs {
		vt.funcs = append(vt.funcs, strings.ToLower(f))
	}
	id := vtables.add(vt)
	c.tables = append(c.tables, id)
	moduleName := "virtual" + strconv.FormatUint(uint64(id), 10)
	cname, err := libc.CString(moduleName)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, cname)
	if rc := lib.Xsqlite3_create_module_v2(c.tls, c.db, cname, cmodule, id, 0); rc != lib.SQLITE_OK {
		return c.err(rc, "")
	}
	return c.Exec(`CREATE VIRTUAL TABLE "` + strings.ReplaceAll(name, `"`, `""`) + `" USING ` + moduleName)
}

func vtabConnect(tls *libc.TLS, db, aux uintptr, _ int32, _, ppVtab, pzErr uintptr) int32 {
	vt := vtables.get(aux)
	decl, err := libc.CString(vt.decl)
	if err != nil {
		return lib.SQLITE_NOMEM
	}
	defer libc.Xfree(tls, decl)
	if rc := lib.Xsqlite3_declare_vtab(tls, db, decl); rc != lib.SQLITE_OK {
		*(*uintptr)(pointer(pzErr)) = cMessage(tls, libc.GoString(lib.Xsqlite3_errmsg(tls, db)))
		return rc
	}
	p := zeroed(tls, unsafe.Sizeof(cTable{}))
	if p == 0 {
		return lib.SQLITE_NOMEM
	}
	(*cTable)(pointer(p)).id = aux
	*(*uintptr)(pointer(ppVtab)) = p
	return lib.SQLITE_OK
}

func vtabDisconnect(tls *libc.TLS, p uintptr) int32 {
	lib.Xsqlite3_free(tls, p)
	return lib.SQLITE_OK
}

func tableAt(p uintptr) *vtable { return vtables.get((*cTable)(pointer(p)).id) }

func cursorAt(p uintptr) *vcursor { return vcursors.get((*cCursor)(pointer(p)).id) }

func vtabBestIndex(tls *libc.TLS, p, pInfo uintptr) (rc int32) {
	vt := tableAt(p)
	defer vt.c.guarded(tls, p, &rc)
	info := (*lib.Tsqlite3_index_info)(pointer(pInfo))
	ix := &vt.index
	*ix = Index{Constraints: ix.Constraints[:0], OrderBy: ix.OrderBy[:0], taken: ix.taken[:0], ColUsed: info.FcolUsed}
	constraints := unsafe.Slice((*lib.Tsqlite3_index_constraint)(pointer(info.FaConstraint)), info.FnConstraint)
	for i := range constraints {
		x := &constraints[i]
		ix.Constraints = append(ix.Constraints, Constraint{
			Column: int(x.FiColumn), Op: Op(x.Fop), Usable: x.Fusable != 0,
			In:     lib.Xsqlite3_vtab_in(tls, pInfo, int32(i), -1) != 0,
			Binary: libc.GoString(lib.Xsqlite3_vtab_collation(tls, pInfo, int32(i))) == "BINARY",
		})
	}
	if info.FnOrderBy == 1 {
		by := (*lib.Tsqlite3_index_orderby)(pointer(info.FaOrderBy))
		if by.Fdesc == 0 {
			ix.OrderBy = append(ix.OrderBy, int(by.FiColumn))
		}
	}
	if err := vt.t.BestIndex(ix); err != nil {
		return vt.c.fail(tls, p, err)
	}
	usage := unsafe.Slice((*lib.Tsqlite3_index_constraint_usage)(pointer(info.FaConstraintUsage)), info.FnConstraint)
	for n, i := range ix.taken {
		usage[i].FargvIndex = int32(n + 1)
		if ix.Constraints[i].In {
			lib.Xsqlite3_vtab_in(tls, pInfo, int32(i), 1)
		}
	}
	info.FidxNum = int32(ix.Plan)
	info.FestimatedCost, info.FestimatedRows = ix.Cost, ix.Rows
	if len(ix.OrderBy) > 0 && ix.Ordered {
		info.ForderByConsumed = 1
	}
	if ix.Unique {
		info.FidxFlags = lib.SQLITE_INDEX_SCAN_UNIQUE
	}
	return lib.SQLITE_OK
}

func vtabOpen(tls *libc.TLS, p, ppCursor uintptr) (rc int32) {
	vt := tableAt(p)
	defer vt.c.guarded(tls, p, &rc)
	cursor, err := vt.t.Open()
	if err != nil {
		return vt.c.fail(tls, p, err)
	}
	q := zeroed(tls, unsafe.Sizeof(cCursor{}))
	if q == 0 {
		cursor.Close()
		return lib.SQLITE_NOMEM
	}
	(*cCursor)(pointer(q)).id = vcursors.add(&vcursor{c: vt.c, cursor: cursor})
	*(*uintptr)(pointer(ppCursor)) = q
	return lib.SQLITE_OK
}

func vtabClose(tls *libc.TLS, q uintptr) (rc int32) {
	id := (*cCursor)(pointer(q)).id
	cu := vcursors.get(id)
	vcursors.remove(id)
	lib.Xsqlite3_free(tls, q)
	defer cu.c.guarded(tls, 0, &rc)
	cu.cursor.Close()
	return lib.SQLITE_OK
}

func vtabFilter(tls *libc.TLS, q uintptr, plan int32, _ uintptr, argc int32, argv uintptr) (rc int32) {
	cu, table := cursorAt(q), (*cCursor)(pointer(q)).base.FpVtab
	defer cu.c.guarded(tls, table, &rc)
	cu.args = Args{cu.c, tls, int(argc), argv}
	if err := cu.cursor.Filter(int(plan), &cu.args); err != nil {
		return cu.c.fail(tls, table, err)
	}
	return lib.SQLITE_OK
}

func vtabNext(tls *libc.TLS, q uintptr) (rc int32) {
	cu, table := cursorAt(q), (*cCursor)(pointer(q)).base.FpVtab
	defer cu.c.guarded(tls, table, &rc)
	if err := cu.cursor.Next(); err != nil {
		return cu.c.fail(tls, table, err)
	}
	return lib.SQLITE_OK
}

func vtabEOF(tls *libc.TLS, q uintptr) (eof int32) {
	cu := cursorAt(q)
	defer cu.c.guarded(tls, 0, &eof) // an error code is not 0: the end
	if cu.cursor.EOF() {
		return 1
	}
	return 0
}

func vtabColumn(tls *libc.TLS, q, ctx uintptr, i int32) (rc int32) {
	cu := cursorAt(q)
	cu.result = Result{cu.c, tls, ctx}
	defer cu.c.guarded(tls, (*cCursor)(pointer(q)).base.FpVtab, &rc)
	cu.cursor.Column(int(i), &cu.result)
	return lib.SQLITE_OK
}

func vtabRowID(tls *libc.TLS, q, pRowID uintptr) (rc int32) {
	cu := cursorAt(q)
	defer cu.c.guarded(tls, (*cCursor)(pointer(q)).base.FpVtab, &rc)
	*(*int64)(pointer(pRowID)) = cu.cursor.RowID()
	return lib.SQLITE_OK
}

func vtabFindFunction(_ *libc.TLS, p uintptr, args int32, name, pxFunc, ppArg uintptr) int32 {
	vt := tableAt(p)
	if args != 2 {
		return 0
	}
	lower := strings.ToLower(libc.GoString(name))
	for op, f := range vt.funcs {
		if f != lower {
			continue
		}
		for i := len(vt.c.funcs) - 1; i >= 0; i-- {
			if d := vt.c.funcs[i]; d.name == lower && d.args == int(args) {
				*(*uintptr)(pointer(pxFunc)) = cFunc(callFunction)
				*(*uintptr)(pointer(ppArg)) = d.id
				return int32(FuncOp) + int32(op)
			}
		}
	}
	return 0
}

// errPanic is what a statement fails with until its Step panics.
var errPanic = errors.New("sqlite: a Go function panicked")

// guarded, deferred, keeps a panic in a callback for when SQLite has returned.
func (c *Conn) guarded(tls *libc.TLS, table uintptr, rc *int32) {
	if p := recover(); p != nil {
		c.panicked(p)
		*rc = c.fail(tls, table, errPanic)
	}
}

func (c *Conn) panicked(p any) {
	if c.panic == nil {
		c.panic = p
	}
}

// fail keeps err for the statement's error and tells SQLite what it says.
func (c *Conn) fail(tls *libc.TLS, table uintptr, err error) int32 {
	c.cause = err
	if table != 0 {
		base := &(*cTable)(pointer(table)).base
		lib.Xsqlite3_free(tls, base.FzErrMsg)
		base.FzErrMsg = cMessage(tls, err.Error())
	}
	return lib.SQLITE_ERROR
}

// cMessage returns a C string in memory that SQLite frees.
func cMessage(tls *libc.TLS, s string) uintptr {
	s, _, _ = strings.Cut(s, "\x00")
	p := lib.Xsqlite3_malloc64(tls, uint64(len(s)+1))
	if p != 0 {
		m := unsafe.Slice((*byte)(pointer(p)), len(s)+1)
		m[copy(m, s)] = 0
	}
	return p
}

// zeroed returns memory that SQLite, or we, free by sqlite3_free.
func zeroed(tls *libc.TLS, n uintptr) uintptr {
	p := lib.Xsqlite3_malloc64(tls, uint64(n))
	if p != 0 {
		clear(unsafe.Slice((*byte)(pointer(p)), n))
	}
	return p
}
