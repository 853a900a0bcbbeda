package btree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// ReadWriterAt is the file of a database. An *os.File is one.
type ReadWriterAt interface {
	io.ReaderAt
	io.WriterAt
	Stat() (fs.FileInfo, error)
}

// ErrChanged is matched by the error of Commit if the database has been written by someone else since Open.
var ErrChanged = errors.New("btree: database has changed since it was opened")

// errCommitted is what is left of a File after Commit.
var errCommitted = errors.New("btree: file is already committed")

// File is a database to which pages are appended. Trees of one File may be filled at the same time, each in a goroutine of
// its own.
type File struct {
	file   ReadWriterAt
	header header
	size   int // of a page
	usable int // bytes of a page, without those reserved at its end

	mu    sync.Mutex
	pages appender
	trees map[uint32]*Tree // by root page
	done  bool
}

// Open reads the header of a database, which must be closed by SQLite: not in use, without a journal to roll back. It
// refuses what it could not append to: WAL mode, auto-vacuum, an encoding other than UTF-8, a damaged header.
func Open(file ReadWriterAt) (*File, error) {
	f := &File{file: file, trees: make(map[uint32]*Tree)}
	if _, err := file.ReadAt(f.header[:], 0); err != nil {
		return nil, fmt.Errorf("btree: database header: %w", err)
	}
	if err := f.header.check(); err != nil {
		return nil, fmt.Errorf("btree: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("btree: %w", err)
	}
	f.size, f.usable = f.header.pageSize(), f.header.usable()
	count := f.header.pageCount(info.Size())
	if count > maxPage || count*int64(f.size) > info.Size() {
		return nil, fmt.Errorf("btree: database of %d pages of %d bytes in a file of %d bytes", count, f.size, info.Size())
	}
	f.pages.init(file, f.size, count)
	return f, nil
}

// PageSize returns the size of a page in bytes.
func (f *File) PageSize() int { return f.size }

// Tree returns the b-tree of the table with this root page (sqlite_schema.rootpage), which must be empty.
func (f *File) Tree(root uint32) (*Tree, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.done:
		return nil, errCommitted
	case root == 1:
		return nil, errors.New("btree: page 1 is the root of sqlite_schema, want that of a table")
	case root == 0 || int64(root) > f.pages.original || int64(root) == f.pages.lockByte:
		return nil, fmt.Errorf("btree: root page %d of a database of %d pages", root, f.pages.original)
	case f.trees[root] != nil:
		return nil, fmt.Errorf("btree: root page %d: its tree is already open", root)
	}
	page := make([]byte, f.size)
	if _, err := f.file.ReadAt(page, f.pages.offset(int64(root))); err != nil {
		return nil, fmt.Errorf("btree: root page %d: %w", root, err)
	}
	if page[0] != leafFlag {
		return nil, fmt.Errorf("btree: root page %d: b-tree page type %d, want %d: an empty table with a rowid", root, page[0], leafFlag)
	}
	if n := cellCount(page); n != 0 {
		return nil, fmt.Errorf("btree: root page %d: table has %d rows, want it empty", root, n)
	}
	t := newTree(f, root, page)
	f.trees[root] = t
	return t, nil
}

// Commit makes the rows of all trees, which must be finished, part of the database: it writes the pages still buffered,
// then the root pages, then the header. It returns the first error of all writes, even of those before. After Commit,
// whatever it returned, the File cannot be used any more; the caller closes the file.
func (f *File) Commit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return errCommitted
	}
	f.done = true
	err := f.pages.flush()
	for root, t := range f.trees {
		if t.hasRows && !t.finished {
			err = errors.Join(err, fmt.Errorf("btree: root page %d: tree is not finished", root))
		}
	}
	if err != nil {
		return err
	}
	var now header
	if _, err := f.file.ReadAt(now[:], 0); err != nil {
		return fmt.Errorf("btree: database header: %w", err)
	}
	if now != f.header {
		return ErrChanged
	}
	for root, t := range f.trees {
		if !t.hasRows {
			continue
		}
		if _, err := f.file.WriteAt(t.rootPage, f.pages.offset(int64(root))); err != nil {
			return fmt.Errorf("btree: root page %d: %w", root, err)
		}
	}
	// Section 1.3.6 and 1.3.7: a new change counter makes other connections drop their caches, and "version valid for" has
	// to follow it for the page count to be believed.
	counter := now.uint32(offChangeCounter) + 1
	now.putUint32(offChangeCounter, counter)
	now.putUint32(offVersionValid, counter)
	now.putUint32(offPageCount, uint32(f.pages.last))
	if _, err := f.file.WriteAt(now[:], 0); err != nil {
		return fmt.Errorf("btree: database header: %w", err)
	}
	return nil
}
