package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"runtime"
	"sync"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	lib "modernc.org/sqlite/lib"
)

// File reads the bytes of a database's file. It may be used by several goroutines at the same time, and beside the
// connection's own statements.
//
// The bytes are those of a database only while nobody writes it: see BeginRead. A database in WAL mode has some of its
// pages elsewhere: its header tells.
type File struct {
	c    *Conn
	file uintptr // SQLite's sqlite3_file
	size int64

	mu     sync.Mutex // guards what follows
	idle   []*fileReader
	closed bool
}

var _ io.ReaderAt = (*File)(nil)

// fileReader is what one read under way needs.
type fileReader struct {
	tls    *libc.TLS
	dst    []byte // keeps what is read into in place: SQLite has only its address, and a stack may move
	bounce uintptr
}

// The functions of sqlite3_io_methods, as the engine, which was translated from C, calls them.
type (
	xRead     = func(tls *libc.TLS, file, buf uintptr, n int32, off lib.Tsqlite3_int64) int32
	xFileSize = func(tls *libc.TLS, file, size uintptr) int32
)

// goFunc is the opposite of cFunc.
func goFunc[F any](p uintptr) F {
	box := struct{ p uintptr }{p}
	return *(*F)(unsafe.Pointer(&box))
}

// canReadAt tells whether SQLite reads a file at an offset in one call on this system. On the others it seeks first, so
// that two goroutines would disturb each other.
const canReadAt = runtime.GOOS == "linux" || runtime.GOOS == "darwin" || runtime.GOOS == "windows"

// needsBounce tells that the system call is given a slice made of an address, which Go's checks of pointers (they come
// with -race) do not take for memory of Go's own. So the bytes are read into C memory and copied.
const needsBounce = runtime.GOOS == "darwin"

// bounceSize is the size of that memory.
const bounceSize = 256 << 10

// File returns the bytes of the main database's file. It reads through SQLite's own handle, since opening and closing the
// file a second time would drop the locks that this process holds on it (POSIX). Close it before the connection.
//
// The error matches errors.ErrUnsupported for a database in memory, for one that has a VFS of its own, and on systems
// where SQLite has to seek.
func (c *Conn) File() (*File, error) {
	if c.isClosed() {
		return nil, fmt.Errorf("sqlite: the connection is closed: %w", fs.ErrClosed)
	}
	if !canReadAt {
		return nil, fmt.Errorf("sqlite: reading the file of a database on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	vfs, err := c.filePointer(lib.SQLITE_FCNTL_VFS_POINTER)
	if err != nil {
		return nil, err
	}
	if vfs == 0 || vfs != lib.Xsqlite3_vfs_find(c.tls, 0) {
		return nil, fmt.Errorf("sqlite: reading the file of a database with a VFS of its own: %w", errors.ErrUnsupported)
	}
	file, err := c.filePointer(lib.SQLITE_FCNTL_FILE_POINTER)
	if err != nil {
		return nil, err
	}
	f := &File{c: c, file: file}
	m := f.methods()
	if m == nil || m.FxRead == 0 || m.FxFileSize == 0 {
		return nil, fmt.Errorf("sqlite: the database has no file: %w", errors.ErrUnsupported)
	}
	out := c.tls.Alloc(8)
	defer c.tls.Free(8)
	if rc := goFunc[xFileSize](m.FxFileSize)(c.tls, file, out); rc != lib.SQLITE_OK {
		return nil, f.err(c.tls, "size of the file", rc)
	}
	f.size = *(*int64)(pointer(out))
	return f, nil
}

// filePointer returns one of the addresses that SQLite tells of the main database.
func (c *Conn) filePointer(op int32) (uintptr, error) {
	const size = int(unsafe.Sizeof(uintptr(0)))
	out := c.tls.Alloc(size)
	defer c.tls.Free(size)
	*(*uintptr)(pointer(out)) = 0
	if rc := lib.Xsqlite3_file_control(c.tls, c.db, 0, op, out); rc != lib.SQLITE_OK {
		return 0, c.err(rc, "")
	}
	return *(*uintptr)(pointer(out)), nil
}

// methods returns the functions of the file, or nil where there is no file.
func (f *File) methods() *lib.Tsqlite3_io_methods {
	if f.file == 0 {
		return nil
	}
	return (*lib.Tsqlite3_io_methods)(pointer((*lib.Tsqlite3_file)(pointer(f.file)).FpMethods))
}

// Size returns the size of the file in bytes when File was called. Behind it ReadAt returns io.EOF.
func (f *File) Size() int64 { return f.size }

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("sqlite: read at offset %d: %w", off, fs.ErrInvalid)
	}
	r, err := f.take()
	if err != nil {
		return 0, err
	}
	defer f.give(r)
	if off >= f.size {
		return 0, io.EOF
	}
	end := error(nil)
	if int64(len(p)) > f.size-off {
		p, end = p[:f.size-off], io.EOF
	}
	const most = math.MaxInt32 &^ 0xffff // SQLite counts bytes in an int32
	for n := 0; n < len(p); {
		part := p[n:min(len(p), n+most)]
		if needsBounce {
			part = part[:min(len(part), bounceSize)]
		}
		if err := f.read(r, part, off+int64(n)); err != nil {
			return n, err
		}
		n += len(part)
	}
	return len(p), end
}

// read fills p, which is not empty.
func (f *File) read(r *fileReader, p []byte, off int64) error {
	r.dst = p // which moves p to the heap, should it be on a stack
	at := uintptr(unsafe.Pointer(unsafe.SliceData(r.dst)))
	if needsBounce {
		if r.bounce == 0 {
			r.bounce = libc.Xmalloc(r.tls, types.Size_t(bounceSize))
			if r.bounce == 0 {
				return fmt.Errorf("sqlite: %d bytes of memory are not to be had", bounceSize)
			}
		}
		at = r.bounce
	}
	rc := goFunc[xRead](f.methods().FxRead)(r.tls, f.file, at, int32(len(p)), off)
	runtime.KeepAlive(r.dst)
	r.dst = nil
	if rc == lib.SQLITE_IOERR_SHORT_READ {
		return fmt.Errorf("sqlite: the file ends before byte %d of %d: %w", off+int64(len(p)), f.size, io.ErrUnexpectedEOF)
	}
	if rc != lib.SQLITE_OK {
		return f.err(r.tls, fmt.Sprintf("%d bytes at offset %d", len(p), off), rc)
	}
	if needsBounce {
		copy(p, unsafe.Slice((*byte)(pointer(at)), len(p)))
	}
	return nil
}

// err returns the error of a result code of the file, which the connection knows nothing of.
func (f *File) err(tls *libc.TLS, what string, rc int32) error {
	return &Error{Code: int(rc), Msg: "sqlite: " + what + ": " + libc.GoString(lib.Xsqlite3_errstr(tls, rc))}
}

// take returns a reader that nobody uses.
func (f *File) take() (*fileReader, error) {
	if f.c.isClosed() {
		return nil, fmt.Errorf("sqlite: the connection is closed: %w", fs.ErrClosed)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fmt.Errorf("sqlite: the file is closed: %w", fs.ErrClosed)
	}
	if n := len(f.idle); n > 0 {
		r := f.idle[n-1]
		f.idle = f.idle[:n-1]
		return r, nil
	}
	return &fileReader{tls: libc.NewTLS()}, nil
}

// give takes a reader back.
func (f *File) give(r *fileReader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		r.close()
		return
	}
	f.idle = append(f.idle, r)
}

func (r *fileReader) close() {
	if r.bounce != 0 {
		libc.Xfree(r.tls, r.bounce)
	}
	r.tls.Close()
}

// Close releases what reading took. The connection's file stays open.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, r := range f.idle {
		r.close()
	}
	f.idle = nil
	return nil
}

func (c *Conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// BeginRead begins to read the main database: until end is called no other connection changes the file, nor, in WAL mode,
// what this one sees of it. Several may be under way at the same time. It is not a transaction of BEGIN, which cannot be
// begun twice; while this connection itself writes, it is an error.
//
// What was known of the file before, as its size and the root pages of tables, may be out of date: ask again.
// end may be called more than once, and after Close.
func (c *Conn) BeginRead() (end func(), err error) {
	// A statement that has a row, and has not come to its end, holds the lock. The second half is for a database without
	// tables.
	s, err := c.Prepare("SELECT 1 FROM main.sqlite_master UNION ALL SELECT 1")
	if err != nil {
		return nil, err
	}
	if _, err := s.Step(); err != nil {
		s.Finalize()
		return nil, err
	}
	if lib.Xsqlite3_txn_state(c.tls, c.db, 0) == lib.SQLITE_TXN_WRITE {
		s.Finalize()
		return nil, errors.New("sqlite: the connection is writing, so that its file is not the database")
	}
	return s.Finalize, nil
}
