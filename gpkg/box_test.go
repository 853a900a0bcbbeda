package gpkg

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// boxLayer writes n random geometries and returns their layer.
func boxLayer(t *testing.T, n int, polygons, index bool) *Layer {
	t.Helper()
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	ds, err := open(ctx, file, driver.Create, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := driver.Options{"SPATIAL_INDEX": map[bool]string{true: "YES", false: "NO"}[index]}
	w, err := ds.Create(ctx, "t", &feature.Schema{
		Geoms: []feature.GeomField{{Type: feature.Geometry}}, Fields: []feature.Field{{Name: "n", Type: feature.Integer64}},
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, uint64(n)))
	f := feature.New(w.Schema())
	for i := range n {
		// Random FIDs, so that their order is not the index's.
		f.FID = int64(i)*7919%int64(n*2) + 1
		if n > 5000 {
			f.FID = feature.NullFID // by pages
		}
		f.Values[0] = feature.Int(int64(i))
		x, y := rng.Float64()*100, rng.Float64()*100
		switch {
		case i%50 == 0:
			f.Geoms[0] = nil
		case i%50 == 1:
			f.Geoms[0] = feature.AppendHeader(nil, feature.GeometryCollection, 0)
		case polygons:
			f.Geoms[0] = feature.AppendBounds(nil, feature.Bounds{MinX: x, MinY: y, MaxX: x + rng.ExpFloat64(), MaxY: y + rng.ExpFloat64()})
		default:
			f.Geoms[0] = feature.AppendPoint(nil, x, y)
		}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := ds.Close(); err != nil {
		t.Fatal(err)
	}
	if ds, err = open(ctx, file, driver.Read, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ds.Close() })
	l, err := ds.find("t")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// plan returns SQLite's plan for a query.
func plan(t *testing.T, l *Layer, q layer.Query) string {
	t.Helper()
	r, _, err := l.query(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.stmt.Finalize()
	var b strings.Builder
	// The boxes' values do not matter to the plan.
	err = l.d.conn.Query("EXPLAIN QUERY PLAN "+r.stmt.SQL(), func(s *sqlite.Stmt) error {
		b.WriteString(s.Text(3) + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBoxes asks for random boxes of all sizes and compares the answers with what Query.Matches keeps.
func TestBoxes(t *testing.T) {
	ctx := context.Background()
	nan, inf := math.NaN(), math.Inf(1)
	for _, polygons := range []bool{false, true} {
		for _, index := range []bool{true, false} {
			n := 20_000
			if polygons {
				n = 3000
			}
			if testing.Short() {
				n /= 3
			}
			t.Run(fmt.Sprintf("polygons=%v,index=%v", polygons, index), func(t *testing.T) {
				l := boxLayer(t, n, polygons, index)
				var all []*feature.Feature
				for f, err := range l.Features(ctx, layer.Query{}) {
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, f.Clone())
				}
				if len(all) != n {
					t.Fatalf("%d features, want %d", len(all), n)
				}
				some := all[777]
				at, err := some.Geoms[0].Bounds()
				if err != nil {
					t.Fatal(err)
				}
				boxes := []feature.Bounds{
					at, // the very bounds of a feature: touching counts
					{MinX: at.MaxX, MinY: at.MaxY, MaxX: at.MaxX, MaxY: at.MaxY},
					{MinX: math.Nextafter(at.MaxX, inf), MinY: at.MinY, MaxX: math.Nextafter(at.MaxX, inf), MaxY: at.MaxY}, // nearly, within a float32
					{MinX: math.Nextafter(at.MinX, -inf) - 1e-12, MinY: at.MinY, MaxX: math.Nextafter(at.MinX, -inf), MaxY: at.MaxY},
					{MinX: -inf, MinY: -inf, MaxX: inf, MaxY: inf},
					{MinX: -inf, MinY: 50, MaxX: inf, MaxY: 50.5},
					{MinX: 50, MinY: 50, MaxX: inf, MaxY: inf},
					{MinX: 0, MinY: 0, MaxX: 1000, MaxY: 1000},
					{MinX: 200, MinY: 200, MaxX: 300, MaxY: 300}, // none there
					{MinX: 60, MinY: 60, MaxX: 40, MaxY: 70},     // inside out
					{MinX: nan, MinY: 0, MaxX: 100, MaxY: 100},
					{MinX: 0, MinY: 0, MaxX: 100, MaxY: nan},
					{MinX: 1e300, MinY: 0, MaxX: 1e301, MaxY: 1},
					feature.EmptyBounds(),
					{},
				}
				perSize := 8
				if testing.Short() {
					perSize = 2
				}
				rng := rand.New(rand.NewPCG(9, 9))
				for _, size := range []float64{1e-9, 0.01, 1, 10, 30, 55, 71, 99} {
					for range perSize {
						x, y := rng.Float64()*(100-size), rng.Float64()*(100-size)
						boxes = append(boxes, feature.Bounds{MinX: x, MinY: y, MaxX: x + size, MaxY: y + size*rng.Float64()})
					}
				}
				for _, box := range boxes {
					q := layer.Query{Box: &box}
					plan, err := q.Plan(l.Schema())
					if err != nil {
						t.Fatal(err)
					}
					var want []int64
					for _, f := range all {
						if ok, err := plan.Matches(f); err != nil {
							t.Fatal(err)
						} else if ok {
							want = append(want, f.FID)
						}
					}
					fids := func(q layer.Query) (list []int64) {
						for f, err := range l.Features(ctx, q) {
							if err != nil {
								t.Fatal(err)
							}
							list = append(list, f.FID)
						}
						return list
					}
					got := fids(q)
					if !slices.Equal(got, want) {
						t.Fatalf("box %v: %d features, want %d, in FID order", box, len(got), len(want))
					}
					// Pages of it, with less of each row.
					q.Columns, q.NoGeometry = []string{}, true
					for q.Limit, q.Offset = 7, 0; q.Offset < 30; q.Offset += 7 {
						lo, hi := min(int(q.Offset), len(want)), min(int(q.Offset+q.Limit), len(want))
						if got := fids(q); !slices.Equal(got, want[lo:hi]) {
							t.Fatalf("box %v from %d on: %v, want %v", box, q.Offset, got, want[lo:hi])
						}
					}
					if count, err := layer.Count(ctx, l, layer.Query{Box: &box}); err != nil || count != int64(len(want)) {
						t.Fatalf("box %v: Count is %d (%v), want %d", box, count, err, len(want))
					}
				}
			})
		}
	}
}

// TestBoxPlan: the R-tree is used for a small box and not for a large one, and no row is sorted.
func TestBoxPlan(t *testing.T) {
	l := boxLayer(t, 20_000, false, true)
	for _, c := range []struct {
		name string
		box  *feature.Bounds
		tree bool
	}{
		{"none", nil, false},
		{"tiny", &feature.Bounds{MinX: 1, MinY: 1, MaxX: 1.1, MaxY: 1.1}, true},
		{"1 %", &feature.Bounds{MinX: 50, MinY: 50, MaxX: 60, MaxY: 60}, true},
		{"outside", &feature.Bounds{MinX: 500, MinY: 50, MaxX: 600, MaxY: 60}, true},
		{"half", &feature.Bounds{MinX: 0, MinY: 0, MaxX: 50, MaxY: 100}, false},
		{"all", &feature.Bounds{MinX: -1e9, MinY: -1e9, MaxX: 1e9, MaxY: 1e9}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := plan(t, l, layer.Query{Box: c.box})
			if got := strings.Contains(p, "VIRTUAL TABLE INDEX"); got != c.tree {
				t.Errorf("the R-tree is used: %v, want %v\n%s", got, c.tree, p)
			}
			if strings.Contains(p, "USE TEMP B-TREE") {
				t.Errorf("rows are sorted:\n%s", p)
			}
		})
	}
	l = boxLayer(t, 3000, true, false)
	if p := plan(t, l, layer.Query{Box: &feature.Bounds{MaxX: 1, MaxY: 1}}); strings.Contains(p, "VIRTUAL") {
		t.Errorf("a layer without index is searched by one:\n%s", p)
	}
}

// TestPointlessIndex asks for boxes where the index has no area: all features on a line or in one place.
func TestPointlessIndex(t *testing.T) {
	ctx := context.Background()
	for _, across := range []float64{0, 1} {
		file := filepath.Join(t.TempDir(), "x.gpkg")
		ds, err := open(ctx, file, driver.Create, nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := ds.Create(ctx, "t", &feature.Schema{Geoms: []feature.GeomField{{Type: feature.Point}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := feature.New(w.Schema())
		for i := range 1000 {
			f.FID, f.Geoms[0] = feature.NullFID, feature.AppendPoint(nil, float64(i)*across, 5)
			if err := w.Write(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := ds.Close(); err != nil {
			t.Fatal(err)
		}
		if ds, err = open(ctx, file, driver.Read, nil); err != nil {
			t.Fatal(err)
		}
		defer ds.Close()
		l, err := ds.find("t")
		if err != nil {
			t.Fatal(err)
		}
		for box, want := range map[feature.Bounds]int64{
			{MinX: 10, MinY: 5, MaxX: 10, MaxY: 5}:   int64(across),
			{MinX: 10, MinY: 0, MaxX: 20, MaxY: 10}:  11 * int64(across),
			{MinX: -1, MinY: 0, MaxX: 1e6, MaxY: 10}: 1000,
			{MinX: 10, MinY: 6, MaxX: 20, MaxY: 10}:  0,
		} {
			if n, err := layer.Count(ctx, l, layer.Query{Box: &box}); err != nil || n != want {
				t.Errorf("across %v, box %v: %d features (%v), want %d", across, box, n, err, want)
			}
		}
		if across == 1 {
			// A box that holds hardly any of a line is looked up.
			box := feature.Bounds{MinX: 10, MinY: 0, MaxX: 20, MaxY: 10}
			if p := plan(t, l, layer.Query{Box: &box}); !strings.Contains(p, "VIRTUAL TABLE INDEX") {
				t.Errorf("the R-tree is not used:\n%s", p)
			}
		}
	}
}
