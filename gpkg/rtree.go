package gpkg

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
)

// An R-tree is three tables of SQLite's R*Tree module (https://www.sqlite.org/rtree.html, section 6): _node has the
// nodes as blobs, number 1 being the root; _rowid tells for each entry in which leaf it is, _parent for each node but
// the root which its parent is. Inserting entries one by one spends most of its time on splitting nodes; here all
// entries are known, so they are sorted along a Hilbert curve, nodes are packed full from the leaves up, and the tables
// are written once, in the order of their keys.

const (
	cellSize     = 8 + 4*4 // int64 and four float32
	cellsPerNode = 51      // RTREE_MAXCELLS; it makes nodes of 1,228 bytes on pages of 2 KiB and more
	nodeSize     = 4 + cellsPerNode*cellSize
)

// rtreeTables receives the rows of an R-tree's tables, those of each table in increasing order of their keys.
type rtreeTables interface {
	node(number int64, data []byte) error
	rowid(id, node int64) error
	parent(node, parent int64) error
}

// box is an entry's bounds, rounded outwards to float32 as SQLite does, in the order of a node's cell.
type box struct{ minX, maxX, minY, maxY float32 }

func boxOf(b feature.Bounds) box {
	return box{roundDown(b.MinX), roundUp(b.MaxX), roundDown(b.MinY), roundUp(b.MaxY)}
}

func roundDown(v float64) float32 {
	f := float32(v)
	if float64(f) > v {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	return f
}

func roundUp(v float64) float32 {
	f := float32(v)
	if float64(f) < v {
		f = math.Nextafter32(f, float32(math.Inf(1)))
	}
	return f
}

func (b *box) union(o box) {
	b.minX, b.maxX = min(b.minX, o.minX), max(b.maxX, o.maxX)
	b.minY, b.maxY = min(b.minY, o.minY), max(b.maxY, o.maxY)
}

// entry is a row's id with the bounds of its geometry.
type entry struct {
	id  int64
	box box
}

// sortedEntries are the entries of an R-tree that is being packed.
type sortedEntries interface {
	len() int
	// each hands over the entries in the order of a Hilbert curve. It is called twice.
	each(f func(e entry) error) error
	// inLeaf notes which leaf the next entry has come to: it is called once for each, in the order of each.
	inLeaf(id, leaf int64) error
	// eachByID hands over what inLeaf noted, in the order of the ids.
	eachByID(f func(id, leaf int64) error) error
}

// level is a level of nodes: what each covers and how its children, which follow each other, are divided among them.
type level struct {
	boxes []box
	first []int // child of each node, and one more for the end
	start int64 // number of the level's first node
}

// packRTree writes the tables of an R-tree.
func packRTree(entries sortedEntries, out rtreeTables) error {
	// Levels from the leaves up, each node with the bounds of its children, until one node is left.
	leaves := newLevel(entries.len())
	k, c := 0, 0
	err := entries.each(func(e entry) error {
		if c == leaves.first[k+1] {
			k++
		}
		leaves.add(k, c, e.box)
		c++
		return nil
	})
	if err != nil {
		return err
	}
	levels := []*level{leaves}
	for below := leaves; len(below.boxes) > 1; {
		l := newLevel(len(below.boxes))
		for k := range l.boxes {
			for c := l.first[k]; c < l.first[k+1]; c++ {
				l.add(k, c, below.boxes[c])
			}
		}
		levels = append(levels, l)
		below = l
	}
	slices.Reverse(levels)
	number := int64(1) // the root's
	for _, l := range levels {
		l.start = number
		number += int64(len(l.boxes))
	}
	w := nodeWriter{out: out, depth: uint16(len(levels) - 1)}
	for i, l := range levels[:len(levels)-1] {
		below := levels[i+1]
		for k := range l.boxes {
			for c := l.first[k]; c < l.first[k+1]; c++ {
				w.cell(entry{below.start + int64(c), below.boxes[c]})
			}
			if err := w.flush(l.start + int64(k)); err != nil {
				return err
			}
		}
	}
	if err := packLeaves(entries, leaves, &w); err != nil {
		return err
	}
	if err := entries.eachByID(out.rowid); err != nil {
		return err
	}
	for i, l := range levels[:len(levels)-1] {
		for k := range l.boxes {
			for c := l.first[k]; c < l.first[k+1]; c++ {
				if err := out.parent(levels[i+1].start+int64(c), l.start+int64(k)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// packLeaves writes the nodes of the lowest level. An empty tree has one, its root.
func packLeaves(entries sortedEntries, leaves *level, w *nodeWriter) error {
	k := 0
	err := entries.each(func(e entry) error {
		w.cell(e)
		if err := entries.inLeaf(e.id, leaves.start+int64(k)); err != nil {
			return err
		}
		if w.n < leaves.first[k+1]-leaves.first[k] {
			return nil
		}
		k++
		return w.flush(leaves.start + int64(k) - 1)
	})
	if err == nil && entries.len() == 0 {
		err = w.flush(leaves.start)
	}
	return err
}

// newLevel divides n children evenly among as few nodes as hold them. No children make one empty node: the root of an
// empty tree.
func newLevel(n int) *level {
	nodes := max(1, (n+cellsPerNode-1)/cellsPerNode)
	l := &level{boxes: make([]box, nodes), first: make([]int, nodes+1)}
	for k := range l.first {
		l.first[k] = int(int64(k) * int64(n) / int64(nodes))
	}
	return l
}

// add extends node k by its child c.
func (l *level) add(k, c int, b box) {
	if c == l.first[k] {
		l.boxes[k] = b
	} else {
		l.boxes[k].union(b)
	}
}

// nodeWriter fills one node after the other.
type nodeWriter struct {
	out   rtreeTables
	depth uint16 // of the tree, which the root tells
	buf   [nodeSize]byte
	n     int
}

func (w *nodeWriter) cell(e entry) {
	c := w.buf[4+w.n*cellSize:]
	binary.BigEndian.PutUint64(c, uint64(e.id))
	binary.BigEndian.PutUint32(c[8:], math.Float32bits(e.box.minX))
	binary.BigEndian.PutUint32(c[12:], math.Float32bits(e.box.maxX))
	binary.BigEndian.PutUint32(c[16:], math.Float32bits(e.box.minY))
	binary.BigEndian.PutUint32(c[20:], math.Float32bits(e.box.maxY))
	w.n++
}

// flush writes the node under its number.
func (w *nodeWriter) flush(number int64) error {
	binary.BigEndian.PutUint16(w.buf[:], 0)
	if number == 1 {
		binary.BigEndian.PutUint16(w.buf[:], w.depth)
	}
	binary.BigEndian.PutUint16(w.buf[2:], uint16(w.n))
	clear(w.buf[4+w.n*cellSize:])
	w.n = 0
	return w.out.node(number, w.buf[:])
}
