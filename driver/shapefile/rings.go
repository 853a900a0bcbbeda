package shapefile

import (
	"math"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
)

// assembler sorts the rings of a polygon record into polygons.
//
// The interior of a polygon is to the right of its rings' direction: outer rings are clockwise, holes are not (p. 8). So:
//
//   - A ring within no other is outer, whatever its direction.
//   - A ring whose closest container is an outer ring is a hole of it if it goes the other way round, and otherwise outer
//     itself.
//   - A ring whose closest container is a hole is outer, an island, if it goes the other way round than the hole;
//     otherwise it is another hole of the hole's polygon.
//
// That reads what follows the specification as it is meant, a record whose rings all go the wrong way as if they did
// not, and makes a hole outside of all outer rings a polygon of its own. Directions are not changed.
//
// Where all rings of a record go the same way their directions say nothing, and containment alone decides: a ring within
// an outer ring is a hole of it, and a ring within a hole an island.
type assembler struct {
	groups [][]int32 // the polygons: the outer ring, then its holes, by index of the part

	pts       []byte
	rings     []ring
	order     []int32 // rings by falling area
	members   []int32 // what groups points into
	tree      ringTree
	uniform   bool         // all rings go the same way
	interrupt func() error // asked now and then when there are many rings; may be nil
}

// ring is one part of a record.
type ring struct {
	partRange
	area  float64 // twice the area, positive for a clockwise ring
	box   feature.Bounds
	rank  int32 // its place in order
	owner int32 // the outer ring of its polygon: itself, if it is one
	slabs *slabs
	asked int32 // how many points were looked for in it
}

// fewRings is how many rings are compared one by one rather than by the tree.
const fewRings = 24

// assemble sorts the parts and returns the number of polygons. The groups are valid until the next call.
func (a *assembler) assemble(pts []byte, parts []partRange) (int, error) {
	a.pts = pts
	a.rings = a.rings[:0]
	clockwise, flat := 0, 0
	for _, p := range parts {
		r := ring{partRange: p}
		r.area, r.box = measure(pts, p)
		if r.area > 0 {
			clockwise++
		} else if r.area == 0 {
			flat++
		}
		a.rings = append(a.rings, r)
	}
	a.uniform = flat == 0 && (clockwise == len(parts) || clockwise == 0)
	if len(parts) == 1 {
		a.rings[0].owner = 0
	} else if a.uniform || !a.asWritten() {
		if err := a.contain(); err != nil {
			return 0, err
		}
	}
	a.group()
	a.pts = nil
	return len(a.groups), nil
}

// measure returns twice the signed area of a ring, positive for a clockwise one, and its box.
func measure(pts []byte, p partRange) (float64, feature.Bounds) {
	b := pts[p.start*16 : (p.start+p.n)*16]
	x0, y0 := f64(b), f64(b[8:])
	box := feature.Bounds{MinX: x0, MinY: y0, MaxX: x0, MaxY: y0}
	var sum, px, py float64
	for len(b) >= 16 {
		ax, ay := f64(b), f64(b[8:])
		box = box.Extend(ax, ay)
		x, y := ax-x0, ay-y0 // differences keep digits where coordinates are large
		sum += px*y - x*py
		px, py = x, y
		b = b[16:]
	}
	if math.IsNaN(sum) {
		sum = 0
	}
	return -sum, box
}

// asWritten settles records that are written as nearly all are: each hole follows its outer ring and lies in it and in no
// other. It returns false if it cannot be sure.
func (a *assembler) asWritten() bool {
	outers, work := 0, 0
	last := int32(-1)
	for i := range a.rings {
		r := &a.rings[i]
		if r.area > 0 {
			r.owner = int32(i)
			last = int32(i)
			outers++
			continue
		}
		if last < 0 || r.area == 0 {
			return false
		}
		o := &a.rings[last]
		if work += o.n; work > 1<<16 && work > 4*len(a.pts)/16 {
			return false // many holes in a long ring
		}
		if !o.box.Contains(r.box) || -r.area > o.area || a.within(r, o) != inside {
			return false
		}
		r.owner = last
	}
	if outers < 2 {
		return true
	}
	if outers*len(a.rings) > 1<<12 {
		return false
	}
	// An outer ring may lie in another, smaller one that is not the one before the hole, or in a hole.
	for i := range a.rings {
		r := &a.rings[i]
		for j := range a.rings {
			o := &a.rings[j]
			if o.area > 0 && int32(j) != r.owner && o.box.Contains(r.box) {
				return false
			}
		}
	}
	return true
}

// contain finds the closest container of each ring and settles by it what the ring is.
func (a *assembler) contain() error {
	a.order = a.order[:0]
	for i := range a.rings {
		a.order = append(a.order, int32(i))
	}
	slices.SortStableFunc(a.order, func(i, j int32) int {
		x, y := math.Abs(a.rings[i].area), math.Abs(a.rings[j].area)
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	for rank, i := range a.order {
		a.rings[i].rank = int32(rank)
	}
	useTree := len(a.rings) > fewRings
	if useTree {
		a.tree.build(a.rings, a.order)
	}
	for rank, i := range a.order {
		if a.interrupt != nil && rank%256 == 255 {
			if err := a.interrupt(); err != nil {
				return err
			}
		}
		r := &a.rings[i]
		var c int32
		if useTree {
			c = a.tree.container(a, r)
		} else {
			c = a.containerAmong(r)
		}
		r.owner = i
		if c < 0 {
			continue
		}
		p := &a.rings[c]
		isOuter, sameWay := p.owner == c, r.area > 0 == (p.area > 0) && !a.uniform // which is as if they alternated
		if isOuter != sameWay || r.area == 0 {                                     // a hole of its container, or one beside it in the same polygon
			r.owner = p.owner
		}
	}
	return nil
}

// containerAmong is the search for the closest container without the tree: the smallest of the larger rings.
func (a *assembler) containerAmong(r *ring) int32 {
	for rank := r.rank - 1; rank >= 0; rank-- {
		if c := a.order[rank]; a.contains(&a.rings[c], r) {
			return c
		}
	}
	return -1
}

// contains tells whether ring c contains ring r, which comes behind it in order.
func (a *assembler) contains(c, r *ring) bool {
	if c.area == 0 || !c.box.Contains(r.box) {
		return false
	}
	s := a.within(r, c)
	if a.uniform { // a ring that stands twice in the record does not contain itself
		return s == inside
	}
	return s != outside
}

// group gathers the rings of each polygon, outer rings and their holes in the order of the record.
func (a *assembler) group() {
	n := len(a.rings)
	a.groups = a.groups[:0]
	a.members = slices.Grow(a.members[:0], n)[:n]
	// Counting sort by owner: counts, then where each polygon begins, in the rank that is of no more use.
	for i := range a.rings {
		a.rings[i].rank = 0
	}
	for i := range a.rings {
		a.rings[a.rings[i].owner].rank++
	}
	at := int32(0)
	for i := range a.rings {
		r := &a.rings[i]
		if r.owner == int32(i) {
			size := r.rank
			a.groups = append(a.groups, a.members[at:at+size:at+size])
			a.members[at] = int32(i)
			r.rank = at + 1
			at += size
		}
	}
	for i := range a.rings {
		if o := a.rings[i].owner; o != int32(i) {
			a.members[a.rings[o].rank] = int32(i)
			a.rings[o].rank++
		}
	}
}

// side is where a point or ring lies with regard to a ring.
type side int

const (
	outside side = iota
	inside
	border
)

// maxVertices is how many vertices of a ring are tried until one lies clearly in or out of another ring.
const maxVertices = 64

// within tells whether ring r lies in ring c. Rings may touch, so that a vertex on c's border says nothing; when no vertex
// and no middle between two says anything, border is returned.
func (a *assembler) within(r, c *ring) side {
	step := max(1, r.n/maxVertices)
	for i := 0; i < r.n; i += step {
		o := (r.start + i) * 16
		if s := a.locate(f64(a.pts[o:]), f64(a.pts[o+8:]), c); s != border {
			return s
		}
	}
	for i := 0; i+1 < r.n; i += step {
		o := (r.start + i) * 16
		x, y := (f64(a.pts[o:])+f64(a.pts[o+16:]))/2, (f64(a.pts[o+8:])+f64(a.pts[o+24:]))/2
		if s := a.locate(x, y, c); s != border {
			return s
		}
	}
	return border
}

// locate tells where the point lies with regard to the ring.
func (a *assembler) locate(x, y float64, c *ring) side {
	if !(x >= c.box.MinX && x <= c.box.MaxX && y >= c.box.MinY && y <= c.box.MaxY) {
		return outside
	}
	// A ring that is asked for often and is long gets an index of its edges.
	if c.slabs == nil && c.n >= 64 {
		if c.asked++; c.asked == 8 {
			c.slabs = newSlabs(a.pts, c)
		}
	}
	odd := false
	if c.slabs != nil {
		for _, e := range c.slabs.at(y) {
			switch crossing(a.pts, c.partRange, int(e), x, y) {
			case border:
				return border
			case inside:
				odd = !odd
			}
		}
	} else {
		for e := range c.n {
			switch crossing(a.pts, c.partRange, e, x, y) {
			case border:
				return border
			case inside:
				odd = !odd
			}
		}
	}
	if odd {
		return inside
	}
	return outside
}

// crossing tells whether the ray from the point to the right crosses edge e of the ring (inside), does not (outside), or
// the point lies on the edge (border). The last edge leads from the last point to the first.
func crossing(pts []byte, p partRange, e int, x, y float64) side {
	i, j := p.start+e, p.start+e+1
	if e == p.n-1 {
		j = p.start
	}
	y1, y2 := f64(pts[i*16+8:]), f64(pts[j*16+8:])
	if (y1 > y && y2 > y) || (y1 < y && y2 < y) {
		return outside
	}
	x1, x2 := f64(pts[i*16:]), f64(pts[j*16:])
	if y1 == y2 { // level with the point
		if y1 == y && min(x1, x2) <= x && x <= max(x1, x2) {
			return border
		}
		return outside
	}
	d := (x2-x1)*(y-y1) - (x-x1)*(y2-y1) // 0 on the edge's line, positive to the left of an edge that goes up
	if d == 0 {
		return border
	}
	if up := y2 > y1; (y1 > y) != (y2 > y) && (d > 0) == up {
		return inside
	}
	return outside
}
