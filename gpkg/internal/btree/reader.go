package btree

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// Reader reads the tables of a database from its pages, without SQLite:
//
//	r, err := btree.OpenReader(file, size)
//	t, err := r.Table(rootpage)      // sqlite_schema.rootpage of the table
//	c := t.Cursor()
//	row := c.Row()
//	for {
//		ok, err := c.Next()
//		...
//		switch row.Type(3) { ... }
//	}
//
// The database must not change meanwhile: whoever opens the reader holds a lock. Whatever is damaged, or only unusual, is
// an error, and the caller does better to ask SQLite; nothing panics, and no work is done twice for a page that is
// referred to twice.
//
// A Reader and its Tables may be used by several goroutines at the same time if the file may; a Cursor is for one.
type Reader struct {
	src      io.ReaderAt
	size     int   // of a page
	usable   int   // bytes of a page, without those reserved at its end
	count    int64 // pages
	lockByte int64 // the page that holds the byte that SQLite locks: no page of a table

	// Section 1.6: a payload of up to maxLocal bytes is all in the leaf; of a longer one there are at least minLocal.
	maxLocal, minLocal int
}

// OpenReader reads the header of a database of size bytes. It refuses WAL mode, encodings other than UTF-8, what a later
// version of SQLite wrote, and a damaged header.
func OpenReader(src io.ReaderAt, size int64) (*Reader, error) {
	var h header
	if n, err := src.ReadAt(h[:], 0); n < len(h) {
		return nil, fmt.Errorf("btree: database header: %w", noEOF(err))
	}
	if err := h.checkReadable(); err != nil {
		return nil, fmt.Errorf("btree: %w", err)
	}
	r := &Reader{src: src, size: h.pageSize(), usable: h.usable(), count: h.pageCount(size)}
	if r.count > maxPage || r.count*int64(r.size) > size {
		return nil, fmt.Errorf("btree: database of %d pages of %d bytes in a file of %d bytes", r.count, r.size, size)
	}
	r.lockByte = lockByteOffset/int64(r.size) + 1
	r.maxLocal = r.usable - 35
	r.minLocal = (r.usable-12)*32/255 - 23
	return r, nil
}

// checkReadable returns why the database cannot be read, or nil. Auto-vacuum and old schema formats make no difference to
// who reads tables.
func (h *header) checkReadable() error {
	if string(h[:len(magic)]) != magic {
		return fmt.Errorf("not a SQLite database: it begins with %q", h[:len(magic)])
	}
	if n := h.pageSize(); n < 512 || bits.OnesCount(uint(n)) != 1 {
		return fmt.Errorf("page size %d, want a power of two between 512 and 65536", n)
	}
	if h.usable() < minUsable {
		return fmt.Errorf("%d of the %d bytes of a page are reserved, want at least %d left", h[offReserved], h.pageSize(), minUsable)
	}
	if w, r := h[offWriteVersion], h[offReadVersion]; w != 1 || r != 1 {
		return fmt.Errorf("file format versions %d to write and %d to read, want 1: 2 is WAL mode", w, r)
	}
	if f := h[offFractions:]; f[0] != 64 || f[1] != 32 || f[2] != 32 {
		return fmt.Errorf("payload fractions %d, %d, %d, want 64, 32, 32", f[0], f[1], f[2])
	}
	if n := h.uint32(offSchemaFormat); n < 1 || n > 4 {
		return fmt.Errorf("schema format %d, want 1 to 4", n)
	}
	if n := h.uint32(offEncoding); n != 1 {
		return fmt.Errorf("text encoding %d, want 1 (UTF-8)", n)
	}
	return nil
}

// PageSize returns the size of a page in bytes.
func (r *Reader) PageSize() int { return r.size }

// noEOF turns the end of the file, where there should be none, into an error that says so.
func noEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isPage tells whether a table can have the page. Page 1 is the root of sqlite_schema.
func (r *Reader) isPage(no uint32) bool {
	return no >= 2 && int64(no) <= r.count && int64(no) != r.lockByte
}

// read fills b, whole pages, with the pages from number no on.
func (r *Reader) read(b []byte, no uint32) error {
	if n, err := r.src.ReadAt(b, (int64(no)-1)*int64(r.size)); n < len(b) {
		return fmt.Errorf("btree: page %d: %w", no, noEOF(err))
	}
	return nil
}

// maxDepth is how many levels of interior pages a table has at most. SQLite has the same bound.
const maxDepth = 20

// Table is a table with a rowid.
type Table struct {
	r     *Reader
	root  uint32
	depth int    // levels of interior pages
	leaf  []byte // the root page where it is a leaf
	top   branch // the root page where it is an interior one
}

// Table returns the table with this root page (sqlite_schema.rootpage). A table WITHOUT ROWID is an error.
func (r *Reader) Table(root uint32) (*Table, error) {
	if !r.isPage(root) {
		return nil, fmt.Errorf("btree: root page %d of a database of %d pages", root, r.count)
	}
	page := make([]byte, r.size)
	t := &Table{r: r, root: root}
	n := &t.top
	for no := root; ; no = n.kids[0] {
		if err := r.read(page, no); err != nil {
			return nil, err
		}
		if page[0] == leafFlag {
			break
		}
		if t.depth == maxDepth {
			return nil, fmt.Errorf("btree: root page %d: more than %d levels", root, maxDepth)
		}
		if t.depth == 1 {
			n = new(branch)
		}
		if err := r.parseBranch(n, page[:r.usable], no); err != nil {
			return nil, err
		}
		t.depth++
	}
	if t.depth == 0 {
		t.leaf = page[:r.usable]
	}
	return t, nil
}

// branch is an interior page: child i has the rowids up to keys[i], those of the child before it left out; the last child,
// which has no key, all that follow.
type branch struct {
	keys []int64
	kids []uint32
}

// parseBranch makes n the interior page.
func (r *Reader) parseBranch(n *branch, page []byte, no uint32) error {
	if page[0] != interiorFlag {
		return fmt.Errorf("btree: page %d: b-tree page type %d, want that of a table with a rowid", no, page[0])
	}
	cells := cellCount(page)
	start := interiorHeader + cells*cellPointerLen
	if cells == 0 || start > len(page) {
		return fmt.Errorf("btree: page %d: %d cells", no, cells)
	}
	n.keys, n.kids = n.keys[:0], n.kids[:0]
	for i := range cells {
		at := int(binary.BigEndian.Uint16(page[interiorHeader+i*cellPointerLen:]))
		if at < start || at+5 > len(page) {
			return fmt.Errorf("btree: page %d: cell %d at byte %d", no, i, at)
		}
		key, size := uvarint(page[at+4:])
		if size == 0 {
			return fmt.Errorf("btree: page %d: cell %d ends behind the page", no, i)
		}
		if i > 0 && int64(key) <= n.keys[i-1] {
			return fmt.Errorf("btree: page %d: key %d after %d", no, int64(key), n.keys[i-1])
		}
		n.keys = append(n.keys, int64(key))
		n.kids = append(n.kids, binary.BigEndian.Uint32(page[at:]))
	}
	n.kids = append(n.kids, binary.BigEndian.Uint32(page[offRightChild:]))
	for _, kid := range n.kids {
		if !r.isPage(kid) || kid == no {
			return fmt.Errorf("btree: page %d: child page %d of a database of %d pages", no, kid, r.count)
		}
	}
	return nil
}

// find returns the child that has the rowid.
func (n *branch) find(rowid int64) int {
	low, high := 0, len(n.keys)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if n.keys[mid] < rowid {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// Leaves returns the numbers of the table's leaf pages, in the order of the rowids. It reads the interior pages only. Parts
// of the list, for CursorOf, are parts of the table.
func (t *Table) Leaves() ([]uint32, error) {
	if t.depth == 0 {
		return []uint32{t.root}, nil
	}
	w := leafWalk{t: t, page: make([]byte, t.r.size)}
	if err := w.walk(&t.top, 1); err != nil {
		return nil, err
	}
	return w.leaves, nil
}

// leafWalk collects leaves.
type leafWalk struct {
	t        *Table
	page     []byte
	branches [maxDepth]branch // by level
	leaves   []uint32
}

// walk adds the leaves below an interior page, whose children are at this level. An interior page has two children or more, so the
// bound of the leaves is one of the interior pages too.
func (w *leafWalk) walk(n *branch, level int) error {
	r := w.t.r
	if level == w.t.depth {
		w.leaves = append(w.leaves, n.kids...)
		if int64(len(w.leaves)) > r.count {
			return fmt.Errorf("btree: root page %d: more leaves than the %d pages of the database", w.t.root, r.count)
		}
		return nil
	}
	for _, no := range n.kids {
		if err := r.read(w.page, no); err != nil {
			return err
		}
		kid := &w.branches[level]
		if err := r.parseBranch(kid, w.page[:r.usable], no); err != nil {
			return err
		}
		if err := w.walk(kid, level+1); err != nil {
			return err
		}
	}
	return nil
}

// uvarint returns the varint that b begins with, and its length: 0 where b ends before it does. See putVarint.
func uvarint(b []byte) (v uint64, n int) {
	for i, c := range b {
		if i == maxVarint-1 {
			return v<<8 | uint64(c), maxVarint
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
