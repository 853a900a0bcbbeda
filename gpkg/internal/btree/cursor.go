package btree

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	// readAhead is how much of neighbouring leaves is read at once. More does not stay in the processor's cache.
	readAhead = 256 << 10
	// firstRead is how much is read the first time: who wants a few rows only does not wait for more. It doubles with each
	// read.
	firstRead = 16 << 10
)

// Cursor goes through the rows of a table, in the order of their rowids. Once it is warm it allocates nothing.
type Cursor struct {
	row   Row
	t     *Table
	next  int // the cell that comes next, of the leaf in hand
	cells int // cells of that leaf
	start int // where its cells may begin
	no    uint32
	last  int64 // the last rowid
	any   bool  // there was one
	ended bool
	err   error // for good

	// The leaves to come: those read already, those whose numbers are known, and those below the path, unless the cursor
	// has got a list.
	ready   []byte
	readyNo uint32 // the number of the first
	queue   []uint32
	chunk   []byte // the memory of ready
	ahead   int    // bytes to read at once
	isList  bool
	path    [maxDepth]step // by level, the root first
	level   int            // of the path's last step

	seeker
}

// step is an interior page on the way to a leaf.
type step struct {
	n   *branch
	kid int    // the child to go to next
	own branch // what n points to, unless it is kept elsewhere
}

// Cursor returns a cursor before the first row.
func (t *Table) Cursor() *Cursor {
	c := t.newCursor()
	if t.depth == 0 {
		c.queue = []uint32{t.root}
	}
	return c
}

// CursorOf returns a cursor before the first row of these leaves, a part of what Leaves returned. It keeps the list, and
// it cannot seek.
func (t *Table) CursorOf(leaves []uint32) *Cursor {
	c := t.newCursor()
	c.queue, c.isList = leaves, true
	return c
}

// Reuse makes a cursor that CursorOf made, and that has not met an error, one before the first row of other leaves. It
// keeps its memory.
func (c *Cursor) Reuse(leaves []uint32) {
	c.queue, c.ready = leaves, nil
	c.next, c.cells, c.any, c.ended = 0, 0, false, false
	c.row.clear()
	c.forget()
}

func (t *Table) newCursor() *Cursor {
	c := &Cursor{t: t, ahead: firstRead}
	c.row.r = t.r
	c.path[0].n = &t.top
	c.forget()
	return c
}

// Row returns the row that the cursor is at. It is the same Row each time, so it may be asked for once.
func (c *Cursor) Row() *Row { return &c.row }

// RowID returns the rowid of the row.
func (c *Cursor) RowID() int64 { return c.last }

// Next goes to the next row and tells whether there is one. After an error, which may also be that of the Row before, the
// cursor is of no use any more; the rows up to RowID were complete but for what Row.Err said.
func (c *Cursor) Next() (bool, error) {
	for c.next >= c.cells || c.row.err != nil {
		if ok, err := c.nextLeaf(); !ok {
			return false, err
		}
	}
	page := c.row.page
	i := leafHeader + c.next*cellPointerLen
	c.next++
	if i+2 > len(page) {
		return false, c.badCell("is missing")
	}
	at := int(binary.BigEndian.Uint16(page[i:]))
	if at < c.start || at+2*maxVarint > len(page) {
		return c.nextCell(at)
	}
	b := page[at : at+2*maxVarint]
	size, n := int(b[0]), 1
	if size >= 0x80 {
		if b[1] >= 0x80 {
			return c.nextCell(at)
		}
		size, n = (size&0x7f)<<7|int(b[1]), 2
	}
	id := int64(b[n])
	if id >= 0x80 {
		// All bytes but the last have the high bit set: take what is before it, and close the gaps.
		x := binary.BigEndian.Uint64(b[n:])
		ends := ^x & 0x8080808080808080
		if ends == 0 {
			return c.nextCell(at)
		}
		drop := uint(bits.LeadingZeros64(ends)) &^ 7
		n += int(drop >> 3)
		x >>= (56 - drop) & 63
		x = x&0x007f007f007f007f | x&0x7f007f007f007f00>>1
		x = x&0x00003fff00003fff | x&0x3fff00003fff0000>>2
		x = x&0x000000000fffffff | x&0x0fffffff00000000>>4
		id = int64(x)
	}
	n++
	if size > c.t.r.maxLocal || id <= c.last && c.any || at+n+size > len(page) {
		return c.nextCell(at)
	}
	c.last, c.any = id, true
	c.row.at, c.row.end, c.row.size = at+n, at+n+size, size
	c.row.head, c.row.parsed = 0, 0
	return true, nil
}

// nextCell is what Next does with unusual cells: long ones, those at the end of a page, wrong ones.
func (c *Cursor) nextCell(at int) (bool, error) {
	id, err := c.cell(at)
	if err != nil {
		return false, err
	}
	if c.any && id <= c.last {
		return false, c.badCell(fmt.Sprintf("has rowid %d after %d", id, c.last))
	}
	c.last, c.any = id, true
	return true, nil
}

// cell makes the cell at this byte of the leaf the row, and returns its rowid.
func (c *Cursor) cell(at int) (int64, error) {
	page, r := c.row.page, c.t.r
	if at < c.start || at >= len(page) {
		return 0, c.badCell(fmt.Sprintf("is at byte %d", at))
	}
	size, n := uvarint(page[at:])
	at += n
	id, m := uvarint(page[at:])
	at += m
	if n == 0 || m == 0 {
		return 0, c.badCell("ends behind the page")
	}
	if size < 1 || size > maxPayload {
		return 0, c.badCell(fmt.Sprintf("has %d bytes", size))
	}
	local, tail := int(size), 0
	if local > r.maxLocal {
		if local = r.minLocal + (local-r.minLocal)%(r.usable-overflowPointer); local > r.maxLocal {
			local = r.minLocal
		}
		tail = overflowPointer
	}
	if at+local+tail > len(page) {
		return 0, c.badCell("ends behind the page")
	}
	c.row.at, c.row.end, c.row.size = at, at+local, int(size)
	c.row.head, c.row.parsed = 0, 0
	c.row.buf = c.row.buf[:0]
	return int64(id), nil
}

// badCell returns an error about the cell that was gone to.
func (c *Cursor) badCell(what string) error {
	return c.fail(fmt.Errorf("btree: page %d: cell %d %s", c.no, c.next-1, what))
}

// fail keeps an error for good.
func (c *Cursor) fail(err error) error {
	c.err, c.ended = err, true
	c.cells, c.next = 0, 0
	return err
}

// nextLeaf takes the next leaf in hand.
func (c *Cursor) nextLeaf() (bool, error) {
	if c.err == nil && c.row.err != nil {
		_ = c.fail(c.row.err)
	}
	if c.err != nil || c.ended {
		return false, c.err
	}
	if len(c.ready) == 0 {
		ok, err := c.readLeaves()
		if err != nil {
			return false, c.fail(err)
		}
		if !ok {
			c.ended = true
			c.cells, c.next = 0, 0
			c.row.clear()
			c.forget()
			return false, nil
		}
	}
	r := c.t.r
	page := c.ready[:r.usable]
	c.ready = c.ready[r.size:]
	c.forget()
	err := c.setLeaf(page, c.readyNo)
	c.readyNo++
	return err == nil, err
}

// setLeaf takes a leaf in hand.
func (c *Cursor) setLeaf(page []byte, no uint32) error {
	if page[0] != leafFlag {
		return c.fail(fmt.Errorf("btree: page %d: b-tree page type %d, want %d: a leaf", no, page[0], leafFlag))
	}
	c.no, c.next, c.cells = no, 0, cellCount(page)
	c.start = leafHeader + c.cells*cellPointerLen
	if c.start > len(page) || c.cells == 0 && no != c.t.root {
		return c.fail(fmt.Errorf("btree: page %d: %d cells", no, c.cells))
	}
	c.row.clear()
	c.row.page, c.row.no = page, no
	return nil
}

// readLeaves reads the next leaves: as many neighbours as there are, within bounds.
func (c *Cursor) readLeaves() (bool, error) {
	if len(c.queue) == 0 {
		if ok, err := c.nextQueue(); !ok || err != nil {
			return false, err
		}
	}
	r := c.t.r
	first, n := c.queue[0], 1
	if !r.isPage(first) {
		return false, fmt.Errorf("btree: leaf page %d of a database of %d pages", first, r.count)
	}
	for most := min(len(c.queue), max(1, c.ahead/r.size)); n < most && c.queue[n] == first+uint32(n) && r.isPage(c.queue[n]); {
		n++
	}
	c.ahead = min(2*c.ahead, readAhead)
	if n*r.size > cap(c.chunk) {
		c.chunk = make([]byte, n*r.size)
	}
	c.chunk = c.chunk[:n*r.size]
	if err := r.read(c.chunk, first); err != nil {
		return false, err
	}
	c.queue = c.queue[n:]
	c.ready, c.readyNo = c.chunk, first
	return true, nil
}

// nextQueue makes the queue the leaves below the next interior page.
func (c *Cursor) nextQueue() (bool, error) {
	if c.isList || c.t.depth == 0 {
		return false, nil
	}
	for {
		s := &c.path[c.level]
		switch {
		case s.kid < len(s.n.kids) && c.level == c.t.depth-1:
			c.queue = s.n.kids[s.kid:]
			s.kid = len(s.n.kids)
			return true, nil
		case s.kid < len(s.n.kids):
			s.kid++
			if err := c.descend(s.n.kids[s.kid-1], false); err != nil {
				return false, err
			}
		case c.level > 0:
			c.level--
		default:
			return false, nil
		}
	}
}

// descend adds an interior page to the path. keep says that it should stay in memory.
func (c *Cursor) descend(no uint32, keep bool) error {
	s := &c.path[c.level+1]
	s.kid = 0
	if s.n = c.branches[no]; s.n == nil {
		r := c.t.r
		if c.branchPage == nil {
			c.branchPage = make([]byte, r.size)
		}
		if err := r.read(c.branchPage, no); err != nil {
			return err
		}
		s.n = &s.own
		if keep && c.kept < maxKept {
			s.n = new(branch)
		}
		if err := r.parseBranch(s.n, c.branchPage[:r.usable], no); err != nil {
			return err
		}
		if s.n != &s.own {
			c.keep(no, s.n)
		}
	}
	c.level++
	return nil
}
