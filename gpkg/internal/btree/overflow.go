package btree

import "encoding/binary"

// overflowPointer is the length of a page number: at the end of a cell whose payload overflows, and at the start of each
// overflow page.
const overflowPointer = 4

// localPart returns how many bytes of a payload of n bytes, too many for a leaf, are in the leaf all the same. Section
// 1.6: K fills the last overflow page to its end, unless that is more than a leaf takes.
func (t *Tree) localPart(n int) int {
	k := t.minLocal + (n-t.minLocal)%(t.f.usable-overflowPointer)
	if k <= t.maxLocal {
		return k
	}
	return t.minLocal
}

// overflow appends the pages of an overflow chain, section 1.7, which are neighbours, and returns the number of the first.
func (f *File) overflow(rest []byte) (first uint32, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return 0, errCommitted
	}
	for len(rest) > 0 {
		no, b, err := f.pages.page()
		if err != nil {
			return 0, err
		}
		if first == 0 {
			first = no
		}
		n := copy(b[overflowPointer:f.usable], rest)
		rest = rest[n:]
		next := uint32(0)
		if len(rest) > 0 {
			next = uint32(f.pages.next)
		}
		binary.BigEndian.PutUint32(b, next)
		clear(b[overflowPointer+n:])
	}
	return first, nil
}
