package walview

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// ErrChanged is matched by errors that tell that the files were written after Open.
var ErrChanged = errors.New("walview: database has changed since it was opened")

// The database header, section 1.3.
const (
	magic         = "SQLite format 3\x00"
	dbHeaderSize  = 100
	offPageSize   = 16
	offVersions   = 18 // to write and to read, a byte each: 1 for a rollback journal, 2 for WAL
	rollbackMode  = 1
	walMode       = 2
	versionFields = 2
)

// View is a database as at its last commit. It can be read by several goroutines at the same time.
type View struct {
	db     io.ReaderAt
	dbSize int64
	wal    io.ReaderAt
	log    *log
	size   int64
	err    atomic.Pointer[error]
}

// Open reads the log and returns the view. The files are the caller's and must stay open; wal is nil or its size 0 if there
// is no log. Like SQLite it takes no notice of what cannot be a log, and of the log of an empty database.
func Open(db io.ReaderAt, dbSize int64, wal io.ReaderAt, walSize int64) (*View, error) {
	v := &View{db: db, dbSize: dbSize, wal: wal, log: &log{}, size: dbSize}
	if dbSize <= 0 {
		v.size = 0
		return v, nil
	}
	if wal != nil {
		var err error
		if v.log, err = readLog(wal, walSize); err != nil {
			return nil, fmt.Errorf("walview: write-ahead log: %w", err)
		}
	}
	if v.log.count > 0 {
		v.size = int64(v.log.pages) * int64(v.log.pageSize)
	}
	if err := v.checkHeader(); err != nil {
		return nil, err
	}
	return v, nil
}

// checkHeader looks whether this is a database, and whether the log is one of its pages.
func (v *View) checkHeader() error {
	var header [dbHeaderSize]byte
	if n, err := v.ReadAt(header[:], 0); err != nil {
		return fmt.Errorf("walview: database header: %d bytes, want %d: %w", n, dbHeaderSize, err)
	}
	if string(header[:len(magic)]) != magic {
		return fmt.Errorf("walview: not a SQLite database: it begins with %q", header[:len(magic)])
	}
	pageSize := int(binary.BigEndian.Uint16(header[offPageSize:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	if v.log.count > 0 && pageSize != v.log.pageSize {
		return fmt.Errorf("walview: pages of %d bytes in the database and of %d in the write-ahead log", pageSize, v.log.pageSize)
	}
	return nil
}

// Size returns the size of the database in bytes.
func (v *View) Size() int64 { return v.size }

// Frames returns the number of frames of the log that are part of the view: 0 if there is none that counts.
func (v *View) Frames() int { return int(v.log.count) }

// Err returns the first error of ReadAt that was not io.EOF: SQLite tells no more of it than "disk I/O error".
func (v *View) Err() error {
	if err := v.err.Load(); err != nil {
		return *err
	}
	return nil
}

// ReadAt implements io.ReaderAt. The bytes are those of the database after a checkpoint, but for the two of the header that
// say that it is in WAL mode: they say that it has a rollback journal. An error matches ErrChanged if what was read may not
// belong to the view any more.
func (v *View) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("walview: read at offset %d", off)
	}
	if off >= v.size {
		return 0, io.EOF
	}
	end := error(nil)
	if int64(len(p)) > v.size-off {
		p, end = p[:v.size-off], io.EOF
	}
	for n := 0; n < len(p); {
		part, err := v.readPart(p[n:], off+int64(n))
		if err != nil {
			v.keep(err)
			return n, err
		}
		n += part
	}
	for i := range int64(versionFields) {
		if at := offVersions + i - off; at >= 0 && at < int64(len(p)) && p[at] == walMode {
			p[at] = rollbackMode
		}
	}
	return len(p), end
}

// keep is apart from ReadAt as it lets err escape to the heap.
func (v *View) keep(err error) { v.err.CompareAndSwap(nil, &err) }

// readPart reads to the end of p or of the page, whichever comes first; without a log, to the end of p.
func (v *View) readPart(p []byte, off int64) (int, error) {
	if v.log.count > 0 {
		size := int64(v.log.pageSize)
		inPage := off % size
		p = p[:min(int64(len(p)), size-inPage)]
		page := uint32(off/size + 1) // fits: the size of the view is a page number too
		if frame, ok := v.log.frames[page]; ok {
			return len(p), v.readFrame(p, page, frame, inPage)
		}
	}
	// Section 1.4: the lock-byte page is never written, so it may be behind the end of the file though other pages, which
	// are in the log, come after it. SQLite reads zeros there, too.
	n := max(0, min(int64(len(p)), v.dbSize-off))
	clear(p[n:])
	if n == 0 {
		return len(p), nil
	}
	got, err := v.db.ReadAt(p[:n], off)
	if int64(got) == n {
		return len(p), v.Check()
	}
	if err == io.EOF {
		return 0, fmt.Errorf("%w: file ends at byte %d, want %d", ErrChanged, off+int64(got), v.dbSize)
	}
	return 0, fmt.Errorf("walview: database: %w", err)
}

// buffers holds what headers are read into: as local variables they would be allocated for each page.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, walHeaderSize)
	return &b
}}

// readFrame reads a part of the page of a frame, and then the header of the frame. That order matters: SQLite writes
// the header first when it begins a log anew, so if the header is the old one the page was the old one, too.
func (v *View) readFrame(p []byte, page, frame uint32, inPage int64) error {
	at := v.log.offset(frame)
	if n, err := v.wal.ReadAt(p, at+frameHeaderSize+inPage); n < len(p) {
		return v.walError(frame, err)
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	header := (*buf)[:frameHeaderSize]
	if n, err := v.wal.ReadAt(header, at); n < len(header) {
		return v.walError(frame, err)
	}
	if binary.BigEndian.Uint32(header) != page || [8]byte(header[8:]) != v.log.salts {
		return fmt.Errorf("%w: frame %d of the write-ahead log is another one", ErrChanged, frame)
	}
	return nil
}

func (v *View) walError(frame uint32, err error) error {
	if err == io.EOF {
		return fmt.Errorf("%w: write-ahead log ends before the end of frame %d", ErrChanged, frame)
	}
	return fmt.Errorf("walview: write-ahead log: frame %d: %w", frame, err)
}
