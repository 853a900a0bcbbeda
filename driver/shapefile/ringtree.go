package shapefile

import (
	"cmp"
	"math"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
)

// ringTree is a packed R-tree of the rings of one record. Its nodes know the ranks of their rings, by falling area, so
// that the search meets the smallest ring that may contain another first: neither a hundred thousand islands side by side
// nor a hundred thousand rings in each other take more than some steps each.
type ringTree struct {
	nodes []ringNode // level by level, the leaves first; the root is the last
	heap  []treeStep
}

// ringNode covers a run of nodes on the level below, or, as a leaf, one ring.
type ringNode struct {
	box              feature.Bounds
	minRank, maxRank int32
	first, count     int32 // children; a leaf has count 0 and first is its ring
}

type treeStep struct{ rank, node int32 }

const treeFanout = 8

// build packs the rings by sorted tiles (STR): into stripes by x, and within a stripe by y. Rings at the same place stay
// in the order of their area.
func (t *ringTree) build(rings []ring, order []int32) {
	t.nodes = t.nodes[:0]
	for rank, i := range order {
		t.nodes = append(t.nodes, ringNode{
			box: rings[i].box, minRank: int32(rank), maxRank: int32(rank), first: i,
		})
	}
	centre := func(lo, hi float64) float64 { return lo/2 + hi/2 }
	byX := func(a, b ringNode) int {
		return cmp.Or(cmp.Compare(centre(a.box.MinX, a.box.MaxX), centre(b.box.MinX, b.box.MaxX)), cmp.Compare(a.minRank, b.minRank))
	}
	byY := func(a, b ringNode) int {
		return cmp.Or(cmp.Compare(centre(a.box.MinY, a.box.MaxY), centre(b.box.MinY, b.box.MaxY)), cmp.Compare(a.minRank, b.minRank))
	}
	slices.SortFunc(t.nodes, byX)
	leaves := len(t.nodes)
	stripe := treeFanout * max(1, int(math.Ceil(math.Sqrt(float64(leaves)/treeFanout))))
	for i := 0; i < leaves; i += stripe {
		slices.SortFunc(t.nodes[i:min(i+stripe, leaves)], byY)
	}
	for start, end := 0, leaves; end-start > 1; start, end = end, len(t.nodes) {
		for i := start; i < end; i += treeFanout {
			n := t.nodes[i]
			n.first, n.count = int32(i), int32(min(treeFanout, end-i))
			for _, child := range t.nodes[i+1 : i+int(n.count)] {
				n.box = n.box.Union(child.box)
				n.minRank, n.maxRank = min(n.minRank, child.minRank), max(n.maxRank, child.maxRank)
			}
			t.nodes = append(t.nodes, n)
		}
	}
}

// container returns the smallest ring that comes before r in order and contains it, or -1.
func (t *ringTree) container(a *assembler, r *ring) int32 {
	t.heap = t.heap[:0]
	t.push(r, int32(len(t.nodes)-1))
	for len(t.heap) > 0 {
		s := t.pop()
		n := &t.nodes[s.node]
		if n.count == 0 {
			if a.contains(&a.rings[n.first], r) {
				return n.first
			}
			continue
		}
		for i := range n.count {
			t.push(r, n.first+i)
		}
	}
	return -1
}

// push adds a node to what is yet to be looked at, if a container of r can be in it. The heap has the largest rank, which
// is the smallest ring, on top.
func (t *ringTree) push(r *ring, node int32) {
	n := &t.nodes[node]
	if n.minRank >= r.rank || !n.box.Contains(r.box) {
		return
	}
	h := append(t.heap, treeStep{min(n.maxRank, r.rank-1), node})
	i := len(h) - 1
	for i > 0 && h[i].rank > h[(i-1)/2].rank {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		i = (i - 1) / 2
	}
	t.heap = h
}

func (t *ringTree) pop() treeStep {
	h := t.heap
	top, n := h[0], len(h)-1
	h[0] = h[n]
	h = h[:n]
	for i := 0; ; {
		c := 2*i + 1
		if c >= n {
			break
		}
		if c+1 < n && h[c+1].rank > h[c].rank {
			c++
		}
		if h[i].rank >= h[c].rank {
			break
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
	t.heap = h
	return top
}

// slabs is an index of one ring's edges: the ring's height is cut into slabs, each of which knows the edges that pass it.
type slabs struct {
	minY, perY float64 // the slab of y is (y-minY)*perY
	starts     []int32
	edges      []int32
}

// newSlabs returns nil where an index would be of no use.
func newSlabs(pts []byte, r *ring) *slabs {
	height := r.box.MaxY - r.box.MinY
	for n := min(r.n/2, 1<<16); n >= 4; n /= 2 {
		s := &slabs{minY: r.box.MinY, perY: float64(n) / height}
		if !(s.perY > 0) || math.IsInf(s.perY, 0) {
			return nil
		}
		s.starts = make([]int32, n+2)
		entries := 0
		s.each(pts, r, func(slab, _ int) {
			entries++
			s.starts[slab+2]++
		}, func() bool { return entries <= 8*r.n })
		if entries > 8*r.n {
			continue // edges that pass many slabs: cut it into fewer
		}
		for i := 2; i < len(s.starts); i++ {
			s.starts[i] += s.starts[i-1]
		}
		s.edges = make([]int32, entries)
		s.each(pts, r, func(slab, edge int) {
			s.edges[s.starts[slab+1]] = int32(edge)
			s.starts[slab+1]++
		}, func() bool { return true })
		return s
	}
	return nil
}

// each calls f for each slab that each edge passes, until more says no.
func (s *slabs) each(pts []byte, r *ring, f func(slab, edge int), more func() bool) {
	for e := 0; e < r.n && more(); e++ {
		i, j := r.start+e, r.start+e+1
		if e == r.n-1 {
			j = r.start
		}
		y1, y2 := f64(pts[i*16+8:]), f64(pts[j*16+8:])
		if y1 != y1 || y2 != y2 {
			continue // NaN: no ray crosses it
		}
		for slab := s.slab(min(y1, y2)); slab <= s.slab(max(y1, y2)); slab++ {
			f(slab, e)
		}
	}
}

func (s *slabs) slab(y float64) int {
	return min(max(0, int((y-s.minY)*s.perY)), len(s.starts)-3)
}

// at returns the edges that may be at height y.
func (s *slabs) at(y float64) []int32 {
	i := s.slab(y)
	return s.edges[s.starts[i]:s.starts[i+1]]
}
