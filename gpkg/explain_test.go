package gpkg_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// TestExplain: what Explain says of the R-tree, SQLite says too.
func TestExplain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 2000, nil, nil)
	ds := mustOpen(t, file, driver.Read, nil)
	l := mustLayer(t, ds, "points")
	extent, err := layer.Extent(t.Context(), l, 0)
	if err != nil {
		t.Fatal(err)
	}
	small := feature.Bounds{
		MinX: extent.MinX, MinY: extent.MinY,
		MaxX: extent.MinX + (extent.MaxX-extent.MinX)/10, MaxY: extent.MinY + (extent.MaxY-extent.MinY)/10,
	}
	geom := filter.Field(l.Schema().Geoms[0].Name)
	const tree, byFID = "SCAN rtree_points_geom VIRTUAL TABLE INDEX", "SEARCH points USING INTEGER PRIMARY KEY (rowid"
	for _, c := range []struct {
		name  string
		q     layer.Query
		rtree bool
		plan  []string // what EXPLAIN QUERY PLAN has; nothing: no SQL
	}{
		{"everything", layer.Query{}, false, nil},
		{"a small box", layer.Query{Box: &small}, true, []string{tree}},
		{"a large box", layer.Query{Box: &extent}, false, nil},
		{"a box in an order", layer.Query{Box: &small, OrderBy: []layer.Order{{Field: "fid", Desc: true}}}, true, []string{tree, byFID + "=?"}},
		{"an order", layer.Query{OrderBy: []layer.Order{{Field: "fid", Desc: true}}}, false, []string{"SCAN points"}},
		{"a geometry", layer.Query{Where: geom.Intersects(feature.AppendBounds(nil, small))}, true, []string{tree}},
		{"a distance", layer.Query{Where: filter.Call("ST_DWithin", geom, filter.Geom(feature.AppendPoint(nil, small.MinX, small.MinY)), 0.001)}, true, []string{tree}},
		{"a geometry, or not", layer.Query{Where: geom.Intersects(feature.AppendBounds(nil, small)).Not()}, false, nil},
		{"FIDs", layer.Query{Where: filter.FID().In(3, 5)}, false, []string{byFID + "=?"}},
		{"a range of FIDs", layer.Query{Where: filter.FID().Gt(100)}, false, []string{byFID + ">?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := layer.Explain(t.Context(), l, c.q)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(strings.Join(e.Uses, " "), "rtree_points_geom"); got != c.rtree {
				t.Errorf("it says that it uses %v", e.Uses)
			}
			if c.plan == nil {
				if e.SQL != "" || !strings.Contains(strings.Join(e.Uses, " "), "without SQL") {
					t.Errorf("the statement %q, uses %v", e.SQL, e.Uses)
				}
				return
			}
			conn, err := sqlite.Open(file, sqlite.ReadOnly, "")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			var plan string
			if err := conn.Query("EXPLAIN QUERY PLAN "+e.SQL, func(s *sqlite.Stmt) error {
				plan += s.Text(3) + "\n"
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.plan {
				if !strings.Contains(plan, want) {
					t.Errorf("SQLite's plan for %s is\n%swant %s", e.SQL, plan, want)
				}
			}
		})
	}
}
