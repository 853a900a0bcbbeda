package gpkg

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// recordedTree keeps what is written to an R-tree's tables.
type recordedTree struct{ buf bytes.Buffer }

func (r *recordedTree) node(n int64, data []byte) error {
	fmt.Fprintf(&r.buf, "n%d:%x\n", n, data)
	return nil
}

func (r *recordedTree) rowid(id, node int64) error {
	fmt.Fprintf(&r.buf, "r%d:%d\n", id, node)
	return nil
}

func (r *recordedTree) parent(node, parent int64) error {
	fmt.Fprintf(&r.buf, "p%d:%d\n", node, parent)
	return nil
}

// TestSortOnDisk holds the tree that is sorted on disk against the one that is sorted in memory.
func TestSortOnDisk(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      int
		mixIDs bool
	}{{"ids in order", 3*entryChunk + 7, false}, {"ids mixed", 3*entryChunk + 7, true}, {"just spilled", entryChunk + 1, false}} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.n > 2*entryChunk {
				t.Skip("takes long under the race detector")
			}
			memory, disk := newRTreeEntries(t.TempDir()), newRTreeEntries(t.TempDir())
			disk.limit = entryChunk
			rng := rand.New(rand.NewPCG(3, 4))
			for i := range c.n {
				id := int64(i) - 1000
				if c.mixIDs {
					id = int64(i*7919%c.n) - 1000
				}
				// Many entries share a place on the curve: those are told apart by their ids, so the order in which
				// they come must not matter. In memory it is what tells them apart.
				x, y := rng.Float64()*1e6, rng.Float64()*1e6
				b := feature.Bounds{MinX: x, MinY: y, MaxX: x + rng.Float64(), MaxY: y + rng.Float64()}
				for _, e := range []*rtreeEntries{memory, disk} {
					if err := e.add(id, b); err != nil {
						t.Fatal(err)
					}
				}
			}
			if memory.spill != nil || disk.spill == nil {
				t.Fatal("the wrong one was spilled")
			}
			var a, b recordedTree
			if err := memory.pack(&a); err != nil {
				t.Fatal(err)
			}
			if err := disk.pack(&b); err != nil {
				t.Fatal(err)
			}
			disk.close()
			if c.mixIDs { // the order within a node may differ: SQLite judges, below
				if a.buf.Len() != b.buf.Len() {
					t.Errorf("%d bytes and %d", a.buf.Len(), b.buf.Len())
				}
				return
			}
			if !bytes.Equal(a.buf.Bytes(), b.buf.Bytes()) {
				t.Error("the trees differ")
			}
		})
	}
}

// TestPackedTree lets SQLite's own checker judge trees of all heights, in a new file and within a transaction.
func TestPackedTree(t *testing.T) {
	schema := &feature.Schema{Geoms: []feature.GeomField{{Type: feature.LineString}}}
	sizes := []int{0, 1, 2, 50, 51, 52, 51 * 51, 51*51 + 1, 51*51*51 + 1}
	if testing.Short() {
		sizes = sizes[:len(sizes)-1]
	}
	for _, n := range sizes {
		for _, spilled := range []bool{false, true} {
			if spilled && n <= entryChunk {
				continue
			}
			t.Run(fmt.Sprint(n, spilled), func(t *testing.T) {
				ctx := context.Background()
				name := filepath.Join(t.TempDir(), "x.gpkg")
				ds, err := open(ctx, name, driver.Create, nil)
				if err != nil {
					t.Fatal(err)
				}
				defer ds.Close()
				for _, table := range []string{"a", "b"} { // the first as pages, the second by SQL
					w, err := ds.createLayer(ctx, table, schema, nil)
					if err != nil {
						t.Fatal(err)
					}
					if table == "b" {
						if err := w.leavePages(); err != nil {
							t.Fatal(err)
						}
					}
					if spilled {
						w.tree.limit = entryChunk
					}
					rng := rand.New(rand.NewPCG(5, 6))
					f := feature.New(schema)
					for range n {
						x, y := rng.NormFloat64()*1e3, rng.NormFloat64()*1e3
						var b feature.Builder
						_ = b.Begin(feature.LineString, 2)
						_ = b.XY(x, y)
						_ = b.XY(x+rng.Float64(), y+rng.Float64())
						_ = b.End()
						f.FID = feature.NullFID
						if f.Geoms[0], err = b.WKB(); err != nil {
							t.Fatal(err)
						}
						if err := w.Write(f); err != nil {
							t.Fatal(err)
						}
					}
					if err := w.Commit(); err != nil {
						t.Fatal(err)
					}
				}
				if err := ds.Close(); err != nil {
					t.Fatal(err)
				}
				c, err := sqlite.Open(name, sqlite.ReadOnly, "")
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for _, table := range []string{"a", "b"} {
					if got, _, err := c.Text("SELECT rtreecheck('rtree_" + table + "_geom')"); err != nil || got != "ok" {
						t.Errorf("rtreecheck: %s %v", got, err)
					}
					if got, _, err := c.Int("SELECT count(*) FROM rtree_" + table + "_geom"); err != nil || got != int64(n) {
						t.Errorf("%d entries, want %d (%v)", got, n, err)
					}
				}
				if got, _, err := c.Text("PRAGMA integrity_check"); err != nil || got != "ok" {
					t.Errorf("integrity_check: %s %v", got, err)
				}
			})
		}
	}
}

// TestHilbert walks the curve: neighbours on it are neighbours in the plane.
func TestHilbert(t *testing.T) {
	const side = 64
	at := make(map[uint32][2]int)
	for x := range side {
		for y := range side {
			at[hilbert(uint32(x), uint32(y))] = [2]int{x, y}
		}
	}
	if len(at) != side*side {
		t.Fatalf("%d places for %d cells", len(at), side*side)
	}
	for d := uint32(1); d < side*side; d++ {
		a, b := at[d-1], at[d]
		if dx, dy := a[0]-b[0], a[1]-b[1]; dx*dx+dy*dy != 1 {
			t.Fatalf("places %d and %d are at %v and %v", d-1, d, a, b)
		}
	}
}

func TestRoundOutwards(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 10_000 {
		v := math.Float64frombits(rng.Uint64())
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if d := float64(roundDown(v)); !(d <= v) {
			t.Fatalf("%v is rounded down to %v", v, d)
		}
		if u := float64(roundUp(v)); !(u >= v) {
			t.Fatalf("%v is rounded up to %v", v, u)
		}
	}
	if roundDown(0.5) != 0.5 || roundUp(0.5) != 0.5 || roundUp(math.Inf(1)) != float32(math.Inf(1)) {
		t.Error("numbers that float32 has are not kept")
	}
}
