package sqlite

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Func is an SQL function of one argument. It reads the argument and says what the result is through the Call.
type Func func(*Call)

// Call is one call of a Func. It is valid until the Func returns.
type Call struct {
	tls *libc.TLS
	ctx uintptr
	arg uintptr
}

// Blob returns the argument's bytes, valid during the call; ok is false unless it is a blob.
func (c *Call) Blob() (b []byte, ok bool) {
	if Type(lib.Xsqlite3_value_type(c.tls, c.arg)) != Blob {
		return nil, false
	}
	p := lib.Xsqlite3_value_blob(c.tls, c.arg)
	if p == 0 {
		return nil, true
	}
	return unsafe.Slice((*byte)(pointer(p)), lib.Xsqlite3_value_bytes(c.tls, c.arg)), true
}

// ReturnNull makes the result null.
func (c *Call) ReturnNull() { lib.Xsqlite3_result_null(c.tls, c.ctx) }

// ReturnInt makes the result an integer.
func (c *Call) ReturnInt(n int64) { lib.Xsqlite3_result_int64(c.tls, c.ctx, n) }

// ReturnFloat makes the result a real.
func (c *Call) ReturnFloat(f float64) { lib.Xsqlite3_result_double(c.tls, c.ctx, f) }

// SQLite hands a number back to call; it stands for the Go function, which must not be seen as C memory.
var (
	funcs  sync.Map // uintptr -> Func
	funcID atomic.Uintptr
)

// CreateFunction makes an SQL function of one argument known to the connection. The function is deterministic and may
// be used in triggers.
func (c *Conn) CreateFunction(name string, f Func) error {
	cname, err := libc.CString(name)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, cname)
	id := funcID.Add(1)
	funcs.Store(id, f)
	c.funcs = append(c.funcs, id)
	const flags = lib.SQLITE_UTF8 | lib.SQLITE_DETERMINISTIC | lib.SQLITE_INNOCUOUS
	rc := lib.Xsqlite3_create_function_v2(c.tls, c.db, cname, 1, flags, id, funcPtr(callFunc), 0, 0, 0)
	if rc != lib.SQLITE_OK {
		return c.err(rc, "")
	}
	return nil
}

func callFunc(tls *libc.TLS, ctx uintptr, _ int32, argv uintptr) {
	f, ok := funcs.Load(lib.Xsqlite3_user_data(tls, ctx))
	if !ok {
		return
	}
	c := Call{tls: tls, ctx: ctx, arg: *(*uintptr)(pointer(argv))}
	f.(Func)(&c)
}

// funcPtr returns a Go function in the form in which the engine, which was translated from C, calls it.
func funcPtr(f func(*libc.TLS, uintptr, int32, uintptr)) uintptr {
	return *(*uintptr)(unsafe.Pointer(&f))
}
