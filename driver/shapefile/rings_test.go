package shapefile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// assembleRings runs the assembler and prints its groups: "0,2 1" is ring 0 with hole 2, and ring 1.
func assembleRings(t testing.TB, parts [][]xy) string {
	t.Helper()
	var a assembler
	pts, ranges := ringBytes(parts)
	if _, err := a.assemble(pts, ranges); err != nil {
		t.Fatal(err)
	}
	return printGroups(a.groups)
}

func ringBytes(parts [][]xy) ([]byte, []partRange) {
	var pts []byte
	var ranges []partRange
	for _, p := range parts {
		ranges = append(ranges, partRange{len(pts) / 16, len(p)})
		pts = append(pts, le(p)...)
	}
	return pts, ranges
}

func printGroups(groups [][]int32) string {
	var b []byte
	for i, g := range groups {
		if i > 0 {
			b = append(b, ' ')
		}
		for j, r := range g {
			if j > 0 {
				b = append(b, ',')
			}
			b = fmt.Append(b, r)
		}
	}
	return string(b)
}

// diamond is a clockwise square on its corner.
func diamond(x, y, r float64) []xy {
	return []xy{{x - r, y}, {x, y + r}, {x + r, y}, {x, y - r}, {x - r, y}}
}

func TestRings(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct {
		name  string
		parts [][]xy
		want  string
	}{
		{"one with a hole", [][]xy{square(0, 0, 9), hole(1, 1, 2)}, "0,1"},
		{"two with holes", [][]xy{square(0, 0, 9), hole(1, 1, 2), square(20, 0, 9), hole(21, 1, 2), hole(25, 1, 2)}, "0,1 2,3,4"},
		{"holes first", [][]xy{hole(1, 1, 2), hole(21, 1, 2), square(0, 0, 9), square(20, 0, 9)}, "2,0 3,1"},
		{"island in a hole", [][]xy{square(0, 0, 9), hole(1, 1, 7), square(2, 2, 5)}, "0,1 2"},
		{"hole in an island in a hole", [][]xy{square(0, 0, 9), hole(1, 1, 7), square(2, 2, 5), hole(3, 3, 1)}, "0,1 2,3"},
		{"the same, from the inside", [][]xy{hole(3, 3, 1), square(2, 2, 5), hole(1, 1, 7), square(0, 0, 9)}, "1,0 3,2"},
		{"island before its hole", [][]xy{square(2, 2, 5), square(0, 0, 9), hole(3, 3, 1), hole(1, 1, 7)}, "0,2 1,3"},
		{"hole outside of all", [][]xy{square(0, 0, 9), hole(20, 0, 2)}, "0 1"},
		{"hole in the box, outside of the ring", [][]xy{diamond(0, 0, 10), hole(7, 7, 1)}, "0 1"},
		{"hole that touches its ring in a corner", [][]xy{diamond(0, 0, 10), reversed(diamond(-5, 0, 5))}, "0,1"},
		{"hole that touches from outside", [][]xy{square(0, 0, 10), diamond(20, 5, 1), reversed(diamond(11, 5, 1))}, "0 1 2"},
		{"hole whose corners are all on its ring", [][]xy{square(0, 0, 10), reversed(diamond(5, 5, 5))}, "0,1"},
		{"hole as large as its ring", [][]xy{square(0, 0, 9), hole(0, 0, 9)}, "0,1"},
		{"all the wrong way round", [][]xy{hole(0, 0, 9), square(1, 1, 7), hole(2, 2, 5)}, "0,1 2"},
		{"some the wrong way round", [][]xy{hole(0, 0, 9), square(1, 1, 7), square(20, 0, 9), hole(21, 1, 2)}, "0,1 2,3"},
		{"outer rings in each other", [][]xy{square(0, 0, 9), square(1, 1, 7)}, "0,1"},
		{"outer rings in each other, thrice", [][]xy{square(0, 0, 9), square(1, 1, 7), square(2, 2, 3)}, "0,1 2"},
		{"a ring twice", [][]xy{square(0, 0, 9), square(0, 0, 9)}, "0 1"},
		{"holes in each other", [][]xy{square(0, 0, 9), hole(1, 1, 7), hole(2, 2, 2)}, "0,1,2"},
		{"flat hole", [][]xy{square(0, 0, 9), {{1, 1}, {2, 2}, {1, 1}}}, "0,1"},
		{"flat ring in a hole", [][]xy{square(0, 0, 9), hole(1, 1, 7), {{2, 2}, {3, 3}, {2, 2}}}, "0,1,2"},
		{"flat ring alone", [][]xy{square(0, 0, 9), {{11, 1}, {12, 2}, {11, 1}}}, "0 1"},
		{"only flat rings", [][]xy{{{1, 1}}, {{1, 1}, {2, 2}, {1, 1}}}, "0 1"},
		{"not a number", [][]xy{{{nan, nan}, {nan, nan}}, square(0, 0, 9), {{1, nan}, {2, nan}, {1, 2}}, hole(1, 1, 1)}, "0 1,3 2"},
		{"infinite", [][]xy{{{math.Inf(-1), 0}, {math.Inf(1), 0}, {0, math.Inf(1)}}, square(0, 0, 9), hole(1, 1, 1)}, "0 1,2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := assembleRings(t, test.parts); got != test.want {
				t.Errorf("polygons %q, want %q", got, test.want)
			}
		})
	}
}

// nested makes random squares that lie in each other or apart, and do not cross.
func nested(rnd *rand.Rand, x, y, size float64, clockwise bool, out [][]xy) [][]xy {
	if size < 0.01 || rnd.IntN(8) == 0 {
		return out
	}
	r := square(x, y, size)
	if !clockwise {
		r = reversed(r)
	}
	out = append(out, r)
	for _, d := range []xy{{0.1, 0.1}, {0.6, 0.1}, {0.1, 0.6}, {0.6, 0.6}} {
		if rnd.IntN(3) > 0 {
			out = nested(rnd, x+d[0]*size, y+d[1]*size, size*0.3, !clockwise, out)
		}
	}
	return out
}

// TestRingsTree holds the tree against comparing ring by ring, whatever the order of the rings.
func TestRingsTree(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var parts [][]xy
		for i := range 1 + rnd.IntN(4) {
			parts = nested(rnd, float64(20*i), 0, 10, true, parts)
		}
		rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		pts, ranges := ringBytes(parts)
		a := assembler{pts: pts}
		for _, p := range ranges {
			r := ring{partRange: p}
			r.area, r.box = measure(pts, p)
			a.rings = append(a.rings, r)
		}
		// What is known of these rings: clockwise ones are outer, and a hole belongs to the smallest of them around it.
		for i := range a.rings {
			r := &a.rings[i]
			r.owner = int32(i)
			for j := range a.rings {
				o := &a.rings[j]
				if r.area < 0 && o.area > 0 && o.box.Contains(r.box) && (r.owner == int32(i) || o.area < a.rings[r.owner].area) {
					r.owner = int32(j)
				}
			}
		}
		a.group()
		if got, want := assembleRings(t, parts), printGroups(a.groups); got != want {
			t.Fatalf("%d rings: polygons\n%s, want\n%s", len(parts), got, want)
		}
	}
}

// manyRings are records that are slow for whoever compares each ring with each other.
func manyRings(n int) map[string][][]xy {
	side := int(math.Sqrt(float64(n)))
	var apart, holes, deep, pairs [][]xy
	around := make([]xy, 0, 4*n)
	width := float64(2*side + 10)
	for i := range n {
		f := float64(i) / float64(n)
		around = append(around, xy{-5, -5 + f*width})
	}
	for i := range n {
		f := float64(i) / float64(n)
		around = append(around, xy{-5 + f*width, width - 5})
	}
	around = append(around, xy{width - 5, width - 5}, xy{width - 5, -5}, xy{-5, -5})
	holes = append(holes, around)
	for i := range n {
		x, y := float64(2*(i%side)), float64(2*(i/side))
		apart = append(apart, square(x, y, 1))
		holes = append(holes, hole(x, y, 1))
		pairs = append(pairs, square(x, y, 1), hole(x+0.1, y+0.1, 0.5))
		r := square(float64(i), float64(i), float64(2*(n-i)))
		if i%2 == 1 {
			r = reversed(r)
		}
		deep = append(deep, r)
	}
	slices.Reverse(apart)
	apart[0] = reversed(apart[0]) // or there would be nothing to sort
	return map[string][][]xy{"apart": apart, "holes in one": holes, "in each other": deep, "pairs": pairs}
}

func TestManyRings(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	for name, parts := range manyRings(n) {
		t.Run(name, func(t *testing.T) {
			pts, ranges := ringBytes(parts)
			var a assembler
			start := time.Now()
			polygons, err := a.assemble(pts, ranges)
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(start)
			want := map[string]int{"apart": n, "holes in one": 1, "in each other": n / 2, "pairs": n}[name]
			if polygons != want {
				t.Errorf("%d polygons, want %d", polygons, want)
			}
			t.Logf("%d rings in %v", len(parts), took)
			if took > 20*time.Second {
				t.Errorf("%d rings took %v, want seconds", len(parts), took)
			}
		})
	}
}
