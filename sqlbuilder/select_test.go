package sqlbuilder_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

var roads = &feature.Schema{
	FIDColumn: "fid",
	Geoms:     []feature.GeomField{{Name: "geom", Type: feature.LineString}},
	Fields:    []feature.Field{{Name: "name"}, {Name: `odd "name"`}, {Name: "length", Type: feature.Real}},
}

// always is an expression that no dialect knows.
type always struct{}

func (always) Eval(*feature.Feature) (bool, error) { return true, nil }

func ExampleSelect() {
	box := feature.Bounds{MinX: 0, MinY: 50, MaxX: 10, MaxY: 60}
	q := layer.Query{Columns: []string{"name"}, Box: &box, Limit: 5}
	sel, err := q.Select(roads)
	if err != nil {
		fmt.Println(err)
		return
	}
	table := sqlbuilder.Table{Name: "roads", Schema: roads, FID: "fid", RTree: "rtree_roads_geom"}
	st, residual := sqlbuilder.Select(table, sel, q)
	fmt.Println(st.SQL)
	fmt.Println(st.Args...)
	fmt.Println("left to do:", residual.Box != nil, residual.Limit)
	// Output:
	// SELECT "fid", "geom", "name" FROM "roads" WHERE "fid" IN (SELECT id FROM "rtree_roads_geom" WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?) ORDER BY "fid"
	// 10 0 60 50
	// left to do: true 5
}

func TestSelect(t *testing.T) {
	box := &feature.Bounds{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4}
	full := sqlbuilder.Table{Name: "roads", Schema: roads, FID: "fid"}
	for _, c := range []struct {
		name          string
		table         sqlbuilder.Table
		q             layer.Query
		want          string
		limit, offset int64 // left to do
	}{
		{
			"everything", full,
			layer.Query{},
			`SELECT "fid", "geom", "name", "odd ""name""", "length" FROM "roads" ORDER BY "fid"`, 0, 0,
		},
		{
			"limit and offset", full,
			layer.Query{Columns: []string{}, NoGeometry: true, Limit: 10, Offset: 20},
			`SELECT "fid" FROM "roads" ORDER BY "fid" LIMIT 10 OFFSET 20`, 0, 0,
		},
		{
			"offset alone", full,
			layer.Query{Columns: []string{}, NoGeometry: true, Offset: 20},
			`SELECT "fid" FROM "roads" ORDER BY "fid" LIMIT -1 OFFSET 20`, 0, 0,
		},
		{
			"an expression keeps the limit", full,
			layer.Query{Where: always{}, Limit: 10, Offset: 20},
			`SELECT "fid", "geom", "name", "odd ""name""", "length" FROM "roads" ORDER BY "fid"`, 10, 20,
		},
		{
			"a box needs the geometry", full,
			layer.Query{Columns: []string{"LENGTH"}, NoGeometry: true, Box: box, Limit: 1},
			`SELECT "fid", "geom", "length" FROM "roads" ORDER BY "fid"`, 1, 0,
		},
		{
			"no FID",
			sqlbuilder.Table{Name: `v"w`, Schema: roads},
			layer.Query{Columns: []string{}, NoGeometry: true},
			`SELECT 1 FROM "v""w"`, 0, 0,
		},
		{
			"an index is of no use without an FID",
			sqlbuilder.Table{Name: "v", Schema: roads, RTree: "r"},
			layer.Query{Columns: []string{}, Box: box},
			`SELECT "geom" FROM "v"`, 0, 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			sel, err := c.q.Select(roads)
			if err != nil {
				t.Fatal(err)
			}
			st, residual := sqlbuilder.Select(c.table, sel, c.q)
			if diff := cmp.Diff(c.want, st.SQL); diff != "" {
				t.Error(diff)
			}
			if residual.Limit != c.limit || residual.Offset != c.offset {
				t.Errorf("limit %d and offset %d are left, want %d and %d", residual.Limit, residual.Offset, c.limit, c.offset)
			}
			if (residual.Box != nil) != (c.q.Box != nil) {
				t.Error("the box is not left")
			}
		})
	}
}

func TestStatements(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"count", sqlbuilder.Count(`a"b`), `SELECT count(*) FROM "a""b"`},
		{"insert", sqlbuilder.Insert("t", []string{"a", `b"c`}), `INSERT INTO "t" ("a", "b""c") VALUES (?, ?)`},
		{"update", sqlbuilder.Update("t", []string{"a", "b"}, "id"), `UPDATE "t" SET "a" = ?, "b" = ? WHERE "id" = ?`},
		{"text", sqlbuilder.QuoteText(`it's; --`), `'it''s; --'`},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, c.got, c.want)
		}
	}
}
