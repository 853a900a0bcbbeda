package btree

import "encoding/binary"

// child is a page below an interior page, and the largest rowid in it.
type child struct {
	page uint32
	key  int64
}

// interior is the right-most page of a level of interior pages. Its cells are all its children but the last, section 1.6:
// the number of the page (4 bytes) and the key, a varint. The last child is kept apart, as only the one that comes
// after it tells whether it becomes a cell or the right-most child.
type interior struct {
	node
	pending child
	prev    child // the child of the last cell
}

// addChild adds a page to a level, which it makes if it is not there. A page that is full is appended to the file and
// added to the level above. Its last cell then becomes its right-most child, although the pending child could be that:
// so the next page has at least one cell, even if no child comes any more.
func (t *Tree) addChild(level int, page uint32, key int64) error {
	c := child{page, key}
	if level == len(t.levels) {
		in := interior{node: node{page: make([]byte, t.f.size)}, pending: c}
		in.reset(interiorHeader, t.f.usable)
		t.levels = append(t.levels, in)
		return nil
	}
	in := &t.levels[level]
	if in.add(in.pending) {
		in.pending = c
		return nil
	}
	full := in.prev
	in.dropLast()
	in.sealInterior(full.page)
	no, err := t.f.appendPage(in.page)
	if err != nil {
		return err
	}
	in.reset(interiorHeader, t.f.usable)
	in.add(in.pending)
	in.pending = c
	return t.addChild(level+1, no, full.key)
}

// add makes c a cell. It reports whether there was space.
func (in *interior) add(c child) bool {
	cell := in.cell(4 + varintLen(uint64(c.key)))
	if cell == nil {
		return false
	}
	binary.BigEndian.PutUint32(cell, c.page)
	putVarint(cell[4:], uint64(c.key))
	in.prev = c
	return true
}

// dropLast takes the last cell away.
func (in *interior) dropLast() {
	in.content += 4 + varintLen(uint64(in.prev.key))
	in.pointers -= cellPointerLen
}

// sealInterior is seal with the right-most child.
func (in *interior) sealInterior(right uint32) {
	in.seal(interiorFlag, interiorHeader)
	binary.BigEndian.PutUint32(in.page[offRightChild:], right)
}

// finishLevels appends the right-most page of each level but the highest, which becomes the root page. Each level has at
// least two children: it was made when a page below was full, and that page has a successor.
func (t *Tree) finishLevels() error {
	for level := 0; ; level++ {
		in := &t.levels[level]
		in.sealInterior(in.pending.page)
		if level == len(t.levels)-1 {
			t.rootPage = in.page
			return nil
		}
		no, err := t.f.appendPage(in.page)
		if err != nil {
			return err
		}
		if err := t.addChild(level+1, no, in.pending.key); err != nil {
			return err
		}
	}
}
