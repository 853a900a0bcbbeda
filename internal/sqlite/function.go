package sqlite

import (
	"context"
	"fmt"
	"strings"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Func is an SQL function. It reads the arguments and says what the result is through the Call; if it does not, the
// result is null.
type Func func(*Call)

// Call is one call of a Func. It is valid until the Func returns.
type Call struct {
	Args
	Result
}

// Args are values that SQLite hands over, counted from 0. Bytes are SQLite's memory, valid during the call.
type Args struct {
	c    *Conn
	tls  *libc.TLS
	argc int
	argv uintptr
}

// Context returns the context of the statement that is running.
func (a *Args) Context() context.Context { return a.c.Context() }

// Len returns how many values there are.
func (a *Args) Len() int { return a.argc }

func (a *Args) value(i int) uintptr {
	if i < 0 || i >= a.argc {
		panic(fmt.Sprintf("sqlite: argument %d of %d", i, a.argc))
	}
	return *(*uintptr)(pointer(a.argv + uintptr(i)*unsafe.Sizeof(uintptr(0))))
}

// Type returns the storage class of a value.
func (a *Args) Type(i int) Type { return Type(lib.Xsqlite3_value_type(a.tls, a.value(i))) }

// Int returns a value as an integer.
func (a *Args) Int(i int) int64 { return lib.Xsqlite3_value_int64(a.tls, a.value(i)) }

// Float returns a value as a real.
func (a *Args) Float(i int) float64 { return lib.Xsqlite3_value_double(a.tls, a.value(i)) }

// Number returns a value as a real; ok is false unless it is an integer or a real.
func (a *Args) Number(i int) (f float64, ok bool) {
	switch a.Type(i) {
	case Integer, Float:
		return a.Float(i), true
	}
	return 0, false
}

// Text returns a text's bytes as UTF-8; ok is false unless it is a text.
func (a *Args) Text(i int) (b []byte, ok bool) {
	if a.Type(i) != Text {
		return nil, false
	}
	p := lib.Xsqlite3_value_text(a.tls, a.value(i))
	return bytesAt(p, lib.Xsqlite3_value_bytes(a.tls, a.value(i))), true
}

// Blob returns a blob's bytes; ok is false unless it is a blob.
func (a *Args) Blob(i int) (b []byte, ok bool) {
	if a.Type(i) != Blob {
		return nil, false
	}
	p := lib.Xsqlite3_value_blob(a.tls, a.value(i))
	return bytesAt(p, lib.Xsqlite3_value_bytes(a.tls, a.value(i))), true
}

func bytesAt(p uintptr, n int32) []byte {
	if p == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(pointer(p)), n)
}

// Result takes the result of a function or the value of a virtual table's column.
type Result struct {
	c   *Conn
	tls *libc.TLS
	ctx uintptr
}

// ReturnNull makes the result null.
func (r *Result) ReturnNull() { lib.Xsqlite3_result_null(r.tls, r.ctx) }

// ReturnInt makes the result an integer.
func (r *Result) ReturnInt(n int64) { lib.Xsqlite3_result_int64(r.tls, r.ctx, n) }

// ReturnBool makes the result 1 or 0, which is what SQLite has for true and false.
func (r *Result) ReturnBool(b bool) {
	var n int64
	if b {
		n = 1
	}
	r.ReturnInt(n)
}

// ReturnFloat makes the result a real. NaN becomes null.
func (r *Result) ReturnFloat(f float64) { lib.Xsqlite3_result_double(r.tls, r.ctx, f) }

// ReturnText makes the result a copy of a text, which must be UTF-8.
func (r *Result) ReturnText(b []byte) {
	if p, ok := r.c.scratchCopy(b, nil); ok {
		lib.Xsqlite3_result_text64(r.tls, r.ctx, p, uint64(len(b)), transient, lib.SQLITE_UTF8)
	} else {
		lib.Xsqlite3_result_error_nomem(r.tls, r.ctx)
	}
}

// ReturnBlob makes the result a copy of a blob, which may be given in two pieces.
func (r *Result) ReturnBlob(head, tail []byte) {
	if p, ok := r.c.scratchCopy(head, tail); ok {
		lib.Xsqlite3_result_blob64(r.tls, r.ctx, p, uint64(len(head)+len(tail)), transient)
	} else {
		lib.Xsqlite3_result_error_nomem(r.tls, r.ctx)
	}
}

// ReturnError makes the statement fail with err, which its error wraps.
func (r *Result) ReturnError(err error) {
	r.c.cause = err
	if p, ok := r.c.scratchCopy([]byte(err.Error()), nil); ok {
		lib.Xsqlite3_result_error(r.tls, r.ctx, p, int32(len(err.Error())))
	} else {
		lib.Xsqlite3_result_error_nomem(r.tls, r.ctx)
	}
}

// transient tells SQLite to make a copy.
const transient = ^uintptr(0)

// scratch is C memory of a connection that a result passes through on its way to SQLite, which must not be shown Go's.
type scratch struct {
	p   uintptr
	cap int
}

// scratchCopy returns C memory that begins with a and b. It is valid until the next call.
func (c *Conn) scratchCopy(a, b []byte) (uintptr, bool) {
	n := len(a) + len(b)
	if s := &c.scratch; s.cap < n || s.cap == 0 || s.cap > maxKeptParam && n <= maxKeptParam {
		size := max(256, n+n/2)
		p, err := c.malloc(size)
		if err != nil {
			return 0, false
		}
		c.freeScratch()
		*s = scratch{p, size}
	}
	m := unsafe.Slice((*byte)(pointer(c.scratch.p)), n)
	copy(m[copy(m, a):], b)
	return c.scratch.p, true
}

func (c *Conn) freeScratch() {
	if c.scratch.p != 0 {
		libc.Xfree(c.tls, c.scratch.p)
	}
	c.scratch = scratch{}
}

// function is what a number that SQLite was given with a function stands for. The Call is used again and again: a
// connection runs one function at a time, and no Func calls SQL on its own connection.
type function struct {
	c    *Conn
	f    Func
	call Call
}

var functions handles[function]

// CreateFunction makes an SQL function known to the connection. args is how many arguments it takes, -1 for any number. It
// is deterministic and may be used in triggers, views and indexes. A panic in it comes up again in the Step that it was
// called by, when SQLite has cleared up behind it.
func (c *Conn) CreateFunction(name string, args int, f Func) error {
	cname, err := libc.CString(name)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, cname)
	id := functions.add(&function{c: c, f: f})
	const flags = lib.SQLITE_UTF8 | lib.SQLITE_DETERMINISTIC | lib.SQLITE_INNOCUOUS
	rc := lib.Xsqlite3_create_function_v2(c.tls, c.db, cname, int32(args), flags, id, cFunc(callFunction), 0, 0, 0)
	if rc != lib.SQLITE_OK {
		functions.remove(id)
		return c.err(rc, "")
	}
	// One that is defined anew leaves its number to the Close of the connection, so that a statement may still call it.
	c.funcs = append(c.funcs, definedFunc{strings.ToLower(name), args, id})
	return nil
}

// definedFunc is a function of a connection.
type definedFunc struct {
	name string // in lower case
	args int
	id   uintptr
}

func callFunction(tls *libc.TLS, ctx uintptr, argc int32, argv uintptr) {
	fn := functions.get(lib.Xsqlite3_user_data(tls, ctx))
	fn.call.Args = Args{fn.c, tls, int(argc), argv}
	fn.call.Result = Result{fn.c, tls, ctx}
	defer fn.c.recovered(&fn.call.Result)
	fn.f(&fn.call)
}

// recovered, deferred, keeps a panic for when SQLite has returned, and lets the statement fail until then.
func (c *Conn) recovered(r *Result) {
	if p := recover(); p != nil {
		c.panicked(p)
		r.ReturnError(errPanic)
	}
}

// cFunc returns a Go function in the form in which the engine, which was translated from C, calls it. It must be a plain
// function: a closure would be Go memory.
func cFunc[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }
