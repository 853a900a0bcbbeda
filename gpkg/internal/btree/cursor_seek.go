package btree

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// maxKept is about how many bytes of interior pages a cursor keeps for SeekRow.
const maxKept = 32 << 20

// seeker is what a Cursor has for SeekRow.
type seeker struct {
	low, high  int64 // the rowids whose place is in the leaf in hand; none if low > high
	leafPage   []byte
	branchPage []byte
	branches   map[uint32]*branch
	kept       int // bytes of branches
}

// forget says that it is not known which rowids the leaf in hand is the place of.
func (s *seeker) forget() { s.low, s.high = 0, -1 }

func (s *seeker) keep(no uint32, n *branch) {
	if s.branches == nil {
		s.branches = make(map[uint32]*branch)
	}
	s.branches[no] = n
	s.kept += 8*cap(n.keys) + 4*cap(n.kids) + 128
}

// SeekRow goes to the row with this rowid and tells whether there is one. Next goes on behind it, or behind the place where it
// would be. Rowids in ascending order are found fastest: the leaf in hand is not read again.
func (c *Cursor) SeekRow(rowid int64) (bool, error) {
	if c.isList {
		return false, errors.New("btree: a cursor over a list of leaves cannot seek")
	}
	if c.row.err != nil && c.err == nil {
		_ = c.fail(c.row.err)
	}
	if c.err != nil {
		return false, c.err
	}
	if rowid < c.low || rowid > c.high {
		if err := c.seekLeaf(rowid); err != nil {
			return false, c.fail(err)
		}
	}
	c.ended = false
	c.row.clear()
	c.any, c.last = true, rowid
	low, high := 0, c.cells
	// Rowids one after the other are what is often asked for.
	if c.next < c.cells {
		id, err := c.rowidAt(c.next)
		if err != nil {
			return false, err
		}
		if id == rowid {
			low, high = c.next, c.next
		}
	}
	for low < high {
		mid := int(uint(low+high) >> 1)
		id, err := c.rowidAt(mid)
		if err != nil {
			return false, err
		}
		if id < rowid {
			low = mid + 1
		} else {
			high = mid
		}
	}
	c.next = low
	if low == c.cells {
		return false, nil
	}
	if id, err := c.rowidAt(low); err != nil || id != rowid {
		return false, err
	}
	c.next = low + 1
	_, err := c.cell(c.cellAt(low))
	return err == nil, err
}

// cellAt returns where a cell of the leaf in hand begins. That the pointers are within the page has been checked.
func (c *Cursor) cellAt(i int) int {
	return int(binary.BigEndian.Uint16(c.row.page[leafHeader+i*cellPointerLen:]))
}

// rowidAt returns the rowid of a cell of the leaf in hand.
func (c *Cursor) rowidAt(i int) (int64, error) {
	at := c.cellAt(i)
	if at >= c.start && at < len(c.row.page) {
		b := c.row.page[at:]
		if _, n := uvarint(b); n > 0 {
			if id, m := uvarint(b[n:]); m > 0 {
				return int64(id), nil
			}
		}
	}
	return 0, c.fail(fmt.Errorf("btree: page %d: cell %d at byte %d", c.no, i, at))
}

// seekLeaf takes the leaf in hand that is the place of the rowid.
func (c *Cursor) seekLeaf(rowid int64) error {
	c.queue, c.ready, c.level = nil, nil, 0
	c.forget()
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if c.t.depth == 0 {
		if err := c.setLeaf(c.t.leaf, c.t.root); err != nil {
			return err
		}
		c.low, c.high = low, high
		return nil
	}
	for {
		s := &c.path[c.level]
		i := s.n.find(rowid)
		s.kid = i + 1
		if i > 0 {
			low = max(low, s.n.keys[i-1]+1) // does not overflow: rowid is larger
		}
		if i < len(s.n.keys) {
			high = min(high, s.n.keys[i])
		}
		no := s.n.kids[i]
		if c.level < c.t.depth-1 {
			if err := c.descend(no, true); err != nil {
				return err
			}
			continue
		}
		r := c.t.r
		if c.leafPage == nil {
			c.leafPage = make([]byte, r.size)
		}
		if err := r.read(c.leafPage, no); err != nil {
			return err
		}
		if err := c.setLeaf(c.leafPage[:r.usable], no); err != nil {
			return err
		}
		c.low, c.high = low, high
		return nil
	}
}
