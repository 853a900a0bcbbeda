package btree

import (
	"encoding/binary"
	"fmt"
)

// B-tree pages, section 1.6. The header: type, offset of the first freeblock (2 bytes), number of cells (2), start of the
// cell content (2), fragmented bytes; in interior pages the right-most child (4). Then the cell pointers, then free space,
// then the cells, which grow downwards from the end.
const (
	leafFlag     = 0x0d
	interiorFlag = 0x05

	leafHeader     = 8
	interiorHeader = 12

	offCellCount   = 3
	offContent     = 5
	offRightChild  = 8
	cellPointerLen = 2

	// minPayload is a record with a single NULL. A record without any value is damage to SQLite; and every cell then has at
	// least the 4 bytes that SQLite needs to make a freeblock of a deleted one.
	minPayload = 2
	// maxPayload is the default SQLITE_MAX_LENGTH: SQLite refuses to read a longer row.
	maxPayload = 1_000_000_000
)

func cellCount(page []byte) int { return int(binary.BigEndian.Uint16(page[offCellCount:])) }

// node is a page of a tree that is being filled.
type node struct {
	page     []byte
	pointers int // end of the cell pointers
	content  int // start of the cell content
}

// reset makes the node an empty page.
func (n *node) reset(headerLen, usable int) {
	n.pointers, n.content = headerLen, usable
}

// cell adds a cell of size bytes and returns it to be filled, or nil if it does not fit. Cells must come in order.
func (n *node) cell(size int) []byte {
	at := n.content - size
	if at < n.pointers+cellPointerLen {
		return nil
	}
	binary.BigEndian.PutUint16(n.page[n.pointers:], uint16(at))
	end := n.content
	n.pointers += cellPointerLen
	n.content = at
	return n.page[at:end:end]
}

// seal writes the page header and clears the free space, which holds remains of the page before. The bytes behind the
// usable ones are never written: they stay zero.
func (n *node) seal(flag byte, headerLen int) {
	clear(n.page[n.pointers:n.content])
	n.page[0] = flag
	n.page[1], n.page[2] = 0, 0 // no freeblock
	binary.BigEndian.PutUint16(n.page[offCellCount:], uint16((n.pointers-headerLen)/cellPointerLen))
	binary.BigEndian.PutUint16(n.page[offContent:], uint16(n.content)) // 65536 is written as 0
	n.page[7] = 0                                                      // no fragments
}

// Tree is the b-tree of a table that is being filled. It is for one goroutine.
type Tree struct {
	f        *File
	root     uint32
	leaf     node
	levels   []interior // the right-most page of each level, the one above the leaves first
	lastID   int64
	hasRows  bool
	finished bool
	rootPage []byte // what Commit writes

	// Section 1.6: a payload of up to maxLocal bytes is all in the leaf; of a longer one there are at least minLocal.
	maxLocal, minLocal int
}

func newTree(f *File, root uint32, page []byte) *Tree {
	clear(page)
	t := &Tree{f: f, root: root, leaf: node{page: page}}
	t.leaf.reset(leafHeader, f.usable)
	t.maxLocal = f.usable - 35
	t.minLocal = (f.usable-12)*32/255 - 23
	return t
}

// Last returns the rowid of the last row, and whether there is one.
func (t *Tree) Last() (rowid int64, ok bool) { return t.lastID, t.hasRows }

// Append adds a row. Rowids must increase; record is what Record.Bytes returns: a header and the values, for all columns
// of the table including that of an INTEGER PRIMARY KEY, which must be NULL. The record is copied. A row that is refused
// for its rowid or its length leaves the tree as it was; after another error, that of writing, no more can be appended.
func (t *Tree) Append(rowid int64, record []byte) error {
	if t.finished {
		return fmt.Errorf("btree: root page %d: tree is already finished", t.root)
	}
	if t.hasRows && rowid <= t.lastID {
		return fmt.Errorf("btree: root page %d: rowid %d after %d, want a larger one", t.root, rowid, t.lastID)
	}
	local := len(record)
	if local < minPayload || local > maxPayload {
		return fmt.Errorf("btree: root page %d: row %d has %d bytes, want between %d and %d", t.root, rowid, local, minPayload, maxPayload)
	}
	size := local
	if local > t.maxLocal {
		local = t.localPart(local)
		size = local + overflowPointer
	}
	size += varintLen(uint64(len(record))) + varintLen(uint64(rowid))
	cell := t.leaf.cell(size)
	if cell == nil {
		if err := t.flushLeaf(); err != nil {
			return err
		}
		cell = t.leaf.cell(size) // fits: the largest cell is shorter than an empty page
	}
	at := putVarint(cell, uint64(len(record)))
	at += putVarint(cell[at:], uint64(rowid))
	at += copy(cell[at:], record[:local])
	if local < len(record) {
		first, err := t.f.overflow(record[local:])
		if err != nil {
			return err
		}
		binary.BigEndian.PutUint32(cell[at:], first)
	}
	t.lastID, t.hasRows = rowid, true
	return nil
}

// flushLeaf appends the leaf, which has rows, to the file, and begins a new one.
func (t *Tree) flushLeaf() error {
	t.leaf.seal(leafFlag, leafHeader)
	no, err := t.f.appendPage(t.leaf.page)
	if err != nil {
		return err
	}
	t.leaf.reset(leafHeader, t.f.usable)
	return t.addChild(0, no, t.lastID)
}

// Finish ends the tree: it appends the interior pages and makes the root page, which Commit will write. Rows that fit on
// one page stay in the root page.
func (t *Tree) Finish() error {
	if t.finished {
		return nil
	}
	if len(t.levels) == 0 {
		t.leaf.seal(leafFlag, leafHeader)
		t.rootPage = t.leaf.page
	} else {
		if err := t.flushLeaf(); err != nil {
			return err
		}
		if err := t.finishLevels(); err != nil {
			return err
		}
	}
	t.finished = true
	t.leaf.page, t.levels = nil, nil
	return nil
}

// appendPage appends a copy of a page and returns its number.
func (f *File) appendPage(page []byte) (uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return 0, errCommitted
	}
	no, b, err := f.pages.page()
	if err != nil {
		return 0, err
	}
	copy(b, page)
	return no, nil
}
