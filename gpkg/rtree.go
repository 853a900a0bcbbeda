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

// rtree gathers entries and packs them.
type rtree struct {
	ids    []int64
	boxes  []box
	sorted bool // ids came in increasing order
}

func (t *rtree) add(id int64, b feature.Bounds) {
	if n := len(t.ids); n == 0 {
		t.sorted = true
	} else if id <= t.ids[n-1] {
		t.sorted = false
	}
	t.ids = append(t.ids, id)
	t.boxes = append(t.boxes, boxOf(b))
}

// level is a level of nodes: what each covers and how its children, which follow each other, are divided among them.
type level struct {
	boxes []box
	first []int // child of each node, and one more for the end
	start int64 // number of the level's first node
}

// pack writes the tree. The entries are in no particular order afterwards.
func (t *rtree) pack(out rtreeTables) error {
	order := t.hilbertOrder()
	// Levels from the leaves up, each node with the bounds of its children, until one node is left.
	var levels []level
	at := func(i int) box { return t.boxes[order[i]] }
	for n := len(order); ; {
		l := group(n, at)
		levels = append(levels, l)
		if n = len(l.boxes); n <= 1 {
			break
		}
		at = func(i int) box { return l.boxes[i] }
	}
	slices.Reverse(levels)
	number := int64(1)
	for i := range levels {
		levels[i].start = number
		number += int64(len(levels[i].boxes))
	}
	leaves := &levels[len(levels)-1]
	node := make([]byte, nodeSize)
	for i := range levels {
		l := &levels[i]
		for k := range l.boxes {
			clear(node)
			if i == 0 { // the root tells the tree's height
				binary.BigEndian.PutUint16(node, uint16(len(levels)-1))
			}
			from, to := l.first[k], l.first[k+1]
			binary.BigEndian.PutUint16(node[2:], uint16(to-from))
			for c := from; c < to; c++ {
				cell := node[4+(c-from)*cellSize:]
				if l == leaves {
					e := order[c]
					putCell(cell, t.ids[e], t.boxes[e])
				} else {
					putCell(cell, levels[i+1].start+int64(c), levels[i+1].boxes[c])
				}
			}
			if err := out.node(l.start+int64(k), node); err != nil {
				return err
			}
		}
	}
	if err := t.packRowids(out, order, leaves); err != nil {
		return err
	}
	for i := range levels[:len(levels)-1] {
		l := &levels[i]
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

// packRowids writes the table that leads from an entry to its leaf, in the order of the ids.
func (t *rtree) packRowids(out rtreeTables, order []uint32, leaves *level) error {
	leafOf := make([]uint32, len(order))
	for k := range leaves.boxes {
		for c := leaves.first[k]; c < leaves.first[k+1]; c++ {
			leafOf[order[c]] = uint32(k)
		}
	}
	byID := order // its work is done
	if !t.sorted {
		for i := range byID {
			byID[i] = uint32(i)
		}
		slices.SortFunc(byID, func(a, b uint32) int {
			if t.ids[a] < t.ids[b] {
				return -1
			}
			return 1
		})
	}
	for i := range t.ids {
		e := uint32(i)
		if !t.sorted {
			e = byID[i]
		}
		if err := out.rowid(t.ids[e], leaves.start+int64(leafOf[e])); err != nil {
			return err
		}
	}
	return nil
}

// group divides n children evenly among as few nodes as hold them. No children make one empty node: the root of an
// empty tree.
func group(n int, at func(int) box) level {
	nodes := max(1, (n+cellsPerNode-1)/cellsPerNode)
	l := level{boxes: make([]box, nodes), first: make([]int, nodes+1)}
	for k := range nodes {
		from, to := k*n/nodes, (k+1)*n/nodes
		l.first[k+1] = to
		for c := from; c < to; c++ {
			if c == from {
				l.boxes[k] = at(c)
			} else {
				l.boxes[k].union(at(c))
			}
		}
	}
	return l
}

func putCell(cell []byte, id int64, b box) {
	binary.BigEndian.PutUint64(cell, uint64(id))
	binary.BigEndian.PutUint32(cell[8:], math.Float32bits(b.minX))
	binary.BigEndian.PutUint32(cell[12:], math.Float32bits(b.maxX))
	binary.BigEndian.PutUint32(cell[16:], math.Float32bits(b.minY))
	binary.BigEndian.PutUint32(cell[20:], math.Float32bits(b.maxY))
}

// hilbertOrder returns the entries' indexes in the order in which a Hilbert curve through the layer's bounds meets the
// middles of their boxes, so that entries that are near each other on the ground come into the same node.
func (t *rtree) hilbertOrder() []uint32 {
	n := len(t.boxes)
	if n == 0 {
		return nil
	}
	bounds := t.boxes[0]
	for _, b := range t.boxes[1:] {
		bounds.union(b)
	}
	const side = 1<<16 - 1
	scale := func(lo, hi float32) (float64, float64) {
		if d := float64(hi) - float64(lo); d > 0 && !math.IsInf(d, 0) {
			return float64(lo), side / d
		}
		return 0, 0
	}
	x0, sx := scale(bounds.minX, bounds.maxX)
	y0, sy := scale(bounds.minY, bounds.maxY)
	keys := make([]uint64, n) // the position on the curve above the index
	for i, b := range t.boxes {
		x := uint32(((float64(b.minX)+float64(b.maxX))/2 - x0) * sx)
		y := uint32(((float64(b.minY)+float64(b.maxY))/2 - y0) * sy)
		keys[i] = uint64(hilbert(min(x, side), min(y, side)))<<32 | uint64(i)
	}
	radixSort(keys)
	order := make([]uint32, n)
	for i, k := range keys {
		order[i] = uint32(k)
	}
	return order
}

// hilbert returns the distance along a Hilbert curve of order 16 of the cell (x, y).
func hilbert(x, y uint32) uint32 {
	var d uint32
	for s := uint32(1 << 15); s > 0; s >>= 1 {
		var rx, ry uint32
		if x&s != 0 {
			rx = 1
		}
		if y&s != 0 {
			ry = 1
		}
		d += s * s * ((3 * rx) ^ ry)
		if ry == 0 { // turn the quadrant
			if rx == 1 {
				x, y = s-1-x&(s-1), s-1-y&(s-1)
			}
			x, y = y, x
		}
		x &= s - 1
		y &= s - 1
	}
	return d
}

// radixSort sorts by the upper 32 bits; it is stable, so equal positions stay in the order of their indexes.
func radixSort(keys []uint64) {
	const bits = 11
	buf := make([]uint64, len(keys))
	from, to := keys, buf
	for shift := 32; shift < 64; shift += bits {
		var count [1 << bits]int
		for _, k := range from {
			count[k>>shift&(1<<bits-1)]++
		}
		sum := 0
		for i, c := range count {
			count[i] = sum
			sum += c
		}
		for _, k := range from {
			b := k >> shift & (1<<bits - 1)
			to[count[b]] = k
			count[b]++
		}
		from, to = to, from
	}
	// Three passes: what is sorted now stands in the buffer.
	copy(keys, from)
}
