package sqlbuilder_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

var roads = &feature.Schema{
	FIDColumn: "fid",
	Geoms:     []feature.GeomField{{Name: "geom", Type: feature.LineString}},
	Fields: []feature.Field{
		{Name: "name"},
		{Name: `odd "name"`},
		{Name: "length", Type: feature.Real},
		{Name: "lanes", Type: feature.Integer},
		{Name: "opened", Type: feature.DateField},
	},
}

var (
	geoPackage = sqlbuilder.Table{
		Name: "roads", Schema: roads, FID: "fid", Types: []string{"TEXT", "TEXT(20)", "REAL", "MEDIUMINT", "DATE"},
		Geoms: []sqlbuilder.GeomColumn{{RTree: "rtree_roads_geom"}},
	}
	postGIS = sqlbuilder.Table{
		Namespace: "public", Name: "roads", Schema: roads, FID: "fid", Types: []string{"text", "varchar(20)", "float8", "int4", "date"},
		Geoms: []sqlbuilder.GeomColumn{{Type: "geometry(LineString,4326)", SRID: 4326}},
	}
)

func plan(t testing.TB, where string, q layer.Query) *layer.Plan {
	t.Helper()
	if where != "" {
		e, err := filter.Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		q.Where = e
	}
	p, err := q.Plan(roads)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func text(e *filter.Expr) string {
	if e == nil {
		return ""
	}
	return e.String()
}

func ExampleDialect_Select() {
	where, err := filter.Parse("lanes > 2 AND name = 'Ring' AND LOWER(name) <> 'x'")
	if err != nil {
		fmt.Println(err)
		return
	}
	q := layer.Query{Columns: []string{"length"}, NoGeometry: true, Where: where, Limit: 5}
	plan, err := q.Plan(roads)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []struct {
		dialect sqlbuilder.Dialect
		table   sqlbuilder.Table
	}{{sqlbuilder.SQLite, geoPackage}, {sqlbuilder.PostgreSQL, postGIS}, {sqlbuilder.PostgreSQL.WithLiterals(), postGIS}} {
		sel, err := s.dialect.Select(s.table, plan)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(sel.SQL)
		fmt.Println("left to do:", sel.Rest.Query.Where, sel.Rest.Query.Limit)
	}
	// Output:
	// SELECT "fid", "name", "length", "lanes" FROM "roads" WHERE "lanes" > ? AND "name" COLLATE BINARY IN (?, ?) ORDER BY "fid"
	// left to do: lanes > 2 AND name = 'Ring' AND LOWER(name) <> 'x' 5
	// SELECT "fid", "name", "length" FROM "public"."roads" WHERE ("lanes" > $1::int8) AND ("name" = $2::text) ORDER BY "fid"
	// left to do: LOWER(name) <> 'x' 5
	// SELECT "fid", "name", "length" FROM "public"."roads" WHERE ("lanes" > '2'::int8) AND ("name" = 'Ring'::text) ORDER BY "fid"
	// left to do: LOWER(name) <> 'x' 5
}

// TestSelectRest has the statement's end, from FROM on, and what is left.
func TestSelectRest(t *testing.T) {
	lite, carto := sqlbuilder.SQLite, sqlbuilder.PostgreSQL.WithLiterals()
	box := &feature.Bounds{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4}
	none := layer.Query{Columns: []string{}, NoGeometry: true}
	with := func(change func(*layer.Query)) layer.Query {
		q := none
		change(&q)
		return q
	}
	for _, c := range []struct {
		name    string
		dialect sqlbuilder.Dialect
		where   string
		q       layer.Query
		want    string
		left    string // of the filter, the limit and the order
	}{
		{"everything", lite, "", none, `FROM "roads" ORDER BY "fid"`, ""},
		{"limit and offset", lite, "", with(func(q *layer.Query) { q.Limit, q.Offset = 10, 20 }), `FROM "roads" ORDER BY "fid" LIMIT 10 OFFSET 20`, ""},
		{"offset alone", lite, "", with(func(q *layer.Query) { q.Offset = 20 }), `FROM "roads" ORDER BY "fid" LIMIT -1 OFFSET 20`, ""},
		{"offset alone", carto, "", with(func(q *layer.Query) { q.Offset = 20 }), `FROM "public"."roads" ORDER BY "fid" OFFSET 20`, ""},
		{"the FID is exact", lite, "fid IN (1, 2.0, 2.5)", with(func(q *layer.Query) { q.Limit = 1 }), `FROM "roads" WHERE "fid" IN (?, ?) ORDER BY "fid" LIMIT 1`, ""},
		{"a check keeps the limit", lite, "lanes = 2", with(func(q *layer.Query) { q.Limit = 1 }), `FROM "roads" WHERE ("lanes" = ? OR "lanes" >= '') ORDER BY "fid"`, "lanes = 2 LIMIT 1"},
		{"a box in the R-tree", lite, "", with(func(q *layer.Query) { q.Box = box }), `FROM "roads" WHERE "fid" IN (SELECT id FROM "rtree_roads_geom" WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?) ORDER BY "fid"`, "box"},
		{"the box of a predicate", lite, "ST_Intersects(geom, ST_Point(1, 2))", none, `FROM "roads" WHERE "fid" IN (SELECT id FROM "rtree_roads_geom" WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?) ORDER BY "fid"`, "ST_INTERSECTS(geom, ST_POINT(1, 2))"},
		{"an integer and a real", lite, "lanes < 2.5", none, `FROM "roads" WHERE ("lanes" <= ? OR "lanes" >= '') ORDER BY "fid"`, "lanes < 2.5"},
		{"a prefix", lite, "name LIKE 'ab%c'", none, `FROM "roads" WHERE ("name" COLLATE BINARY >= ? AND "name" COLLATE BINARY < ? OR "name" >= x'') ORDER BY "fid"`, "name LIKE 'ab%c'"},
		{"no opposite of a pattern", lite, "name NOT LIKE 'ab%'", none, `FROM "roads" ORDER BY "fid"`, "name NOT LIKE 'ab%'"},
		{"text beyond ASCII", lite, "name < 'é' AND name > 'é'", none, `FROM "roads" WHERE ("name" COLLATE BINARY < ? OR "name" >= x'') ORDER BY "fid"`, "name < 'é' AND name > 'é'"},
		{"null", lite, "lanes IS NULL AND opened IS NOT NULL", none, `FROM "roads" WHERE typeof("lanes") NOT IN ('integer') AND "opened" IS NOT NULL ORDER BY "fid"`, "lanes IS NULL AND opened IS NOT NULL"},
		{"an order by the FID", lite, "", with(func(q *layer.Query) { q.OrderBy, q.Limit = []layer.Order{{Field: "FID", Desc: true}}, 3 }), `FROM "roads" ORDER BY "fid" DESC LIMIT 3`, ""},
		{"an order", lite, "", with(func(q *layer.Query) { q.OrderBy, q.Limit = []layer.Order{{Field: "lanes"}}, 3 }), `FROM "roads" ORDER BY "fid"`, " LIMIT 3 ORDER"},
		{"an order", carto, "", with(func(q *layer.Query) {
			q.OrderBy, q.Limit = []layer.Order{{Field: "name", Desc: true}, {Field: "length"}, {Field: "opened"}}, 3
		}), `FROM "public"."roads" ORDER BY "name" COLLATE "C" DESC, "length", CASE WHEN isfinite("opened") THEN "opened" END, "fid" LIMIT 3`, ""},
		{"a box", carto, "", with(func(q *layer.Query) { q.Box, q.Limit = box, 3 }), `FROM "public"."roads" WHERE "geom" && ST_MakeEnvelope('1'::float8, '2'::float8, '3'::float8, '4'::float8, 4326)` +
			` AND ST_XMin("geom") <= '3'::float8 AND ST_XMax("geom") >= '1'::float8 AND ST_YMin("geom") <= '4'::float8 AND ST_YMax("geom") >= '2'::float8 ORDER BY "fid" LIMIT 3`, ""},
		{"a predicate", carto, "ST_Intersects(geom, ST_Point(1, 2))", none, `FROM "public"."roads" WHERE ST_Intersects("geom", ST_GeomFromWKB(decode('0101000000000000000000f03f0000000000000040', 'hex'), 4326)) ORDER BY "fid"`, ""},
		{
			"dates", carto, "opened >= '2020-02-29' AND opened <> '1999-01-01' AND opened = '0001-01-01'", none,
			`FROM "public"."roads" WHERE ("opened" >= '2020-02-29'::date AND isfinite("opened")) AND ("opened" <> '1999-01-01'::date AND isfinite("opened")) AND ("opened" = '0001-01-01'::date) ORDER BY "fid"`, "",
		},
		{
			"NaN", carto, "length > 5 AND length < lanes AND length <> length", none,
			`FROM "public"."roads" WHERE ("length" > '5'::float8 AND "length" <> 'NaN'::float8) AND ("length" < "lanes"::float8)` +
				` AND ("length" <> "length" OR "length" = 'NaN'::float8 AND "length" IS NOT NULL) ORDER BY "fid"`, "",
		},
		{
			"integers beyond the reals", carto, "length < 9007199254740993 AND length = 9007199254740993 AND lanes <> 0.5", none,
			`FROM "public"."roads" WHERE ("length" <= '9.007199254740992e+15'::float8) AND ("length" IS NULL AND NULL) AND ("lanes" IS NOT NULL OR NULL) ORDER BY "fid"`, "",
		},
		{
			"arithmetic", carto, "lanes + 1 = 3 AND lanes / lanes = 1 AND lanes % 2 = 0 AND length + 1 > 0", none,
			`FROM "public"."roads" WHERE (("lanes"::int8 + '1'::int8) = '3'::int8) AND (("lanes"::int8 / NULLIF("lanes"::int8, 0)) = '1'::int8) AND (("lanes"::int8 % '2'::int8) = '0'::int8) ORDER BY "fid"`, "length + 1 > 0",
		},
		{
			"patterns", carto, `name LIKE '50!_%' AND name LIKE '\' AND name ILIKE 'k_.'`, none,
			`FROM "public"."roads" WHERE ("name" LIKE '50!!_%'::text ESCAPE '!') AND ("name" LIKE  E'\\'::text ESCAPE '!') AND ("name" ~  E'^[k` + "\u212A" + `K].\\.$'::text) ORDER BY "fid"`, "",
		},
		{"OR is pushed down whole or not", carto, "lanes = 1 OR LOWER(name) = 'a'", none, `FROM "public"."roads" ORDER BY "fid"`, "lanes = 1 OR LOWER(name) = 'a'"},
	} {
		t.Run(c.dialect.String()+"/"+c.name, func(t *testing.T) {
			table := geoPackage
			if c.dialect != lite {
				table = postGIS
			}
			sel, err := c.dialect.Select(table, plan(t, c.where, c.q))
			if err != nil {
				t.Fatal(err)
			}
			_, sql, _ := strings.Cut(sel.SQL, "FROM ")
			if diff := cmp.Diff(c.want, "FROM "+sql); diff != "" {
				t.Error(diff)
			}
			q := sel.Rest.Query
			left := text(q.Where)
			if q.Box != nil {
				left += "box"
			}
			if q.Limit > 0 || q.Offset > 0 {
				left += fmt.Sprintf(" LIMIT %d", q.Limit)
			}
			if len(sel.Rest.Order) > 0 {
				left += " ORDER"
			}
			if left != c.left {
				t.Errorf("left is %q, want %q", left, c.left)
			}
		})
	}
}

func TestSelectWithoutFID(t *testing.T) {
	table := geoPackage
	table.FID = ""
	for _, c := range []struct {
		where         string
		limit, offset int64
		want          string
		left          int64
	}{
		{"lanes = 2", 0, 0, `SELECT "lanes" FROM "roads"`, 0},
		{"", 5, 0, `SELECT 1 FROM "roads" LIMIT 5`, 0},
		{"", 5, 2, `SELECT 1 FROM "roads"`, 5},
	} {
		sel, err := sqlbuilder.SQLite.Select(table, plan(t, c.where, layer.Query{Columns: []string{}, NoGeometry: true, Limit: c.limit, Offset: c.offset}))
		if err != nil {
			t.Fatal(err)
		}
		if sel.SQL != c.want || sel.Rest.Query.Limit != c.left {
			t.Errorf("%q: got %s, limit %d; want %s, %d", c.where, sel.SQL, sel.Rest.Query.Limit, c.want, c.left)
		}
	}
}

func TestPage(t *testing.T) {
	q := layer.Query{Columns: []string{}, NoGeometry: true}
	limited := q
	limited.Limit, limited.Offset = 3, 1
	down := q
	down.OrderBy = []layer.Order{{Field: "FID", Desc: true}}
	sorted := q
	sorted.OrderBy = []layer.Order{{Field: "name"}}
	for _, c := range []struct {
		name  string
		where string
		q     layer.Query
		after int64
		want  string
	}{
		{"first", "", q, feature.NullFID, `SELECT "fid" FROM "public"."roads" ORDER BY "fid" LIMIT 500`},
		{"next", "lanes = 1", q, 7, `SELECT "fid" FROM "public"."roads" WHERE ("lanes" = $1::int8) AND "fid" > $2::int8 ORDER BY "fid" LIMIT 500`},
		{"limit", "", limited, feature.NullFID, `SELECT "fid" FROM "public"."roads" ORDER BY "fid" LIMIT 4`},
		{"limit and a check", "LOWER(name) = 'a'", limited, feature.NullFID, `SELECT "fid", "name" FROM "public"."roads" ORDER BY "fid" LIMIT 500`},
		{"down", "", down, 7, `SELECT "fid" FROM "public"."roads" WHERE "fid" < $1::int8 ORDER BY "fid" DESC LIMIT 500`},
		{"sorted", "", sorted, 7, `SELECT "fid", "name" FROM "public"."roads" WHERE "fid" > $1::int8 ORDER BY "fid" LIMIT 500`},
	} {
		sel, err := sqlbuilder.PostgreSQL.Page(postGIS, plan(t, c.where, c.q), c.after, 500)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, sel.SQL); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if sel.Rest.Query.Limit != c.q.Limit || sel.Rest.Query.Offset != c.q.Offset {
			t.Errorf("%s: limit and offset must be left", c.name)
		}
	}
	noKey := postGIS
	noKey.FID = ""
	if _, err := sqlbuilder.PostgreSQL.Page(noKey, plan(t, "", q), 0, 500); err == nil {
		t.Error("a table without FID is paged")
	}
}

func TestCountAndExtent(t *testing.T) {
	part := layer.Query{Limit: 5, Offset: 2}
	for _, c := range []struct {
		name  string
		where string
		q     layer.Query
		count string
		box   string
	}{
		{
			"all", "",
			layer.Query{},
			`SELECT count(*) FROM "public"."roads"`,
			`SELECT min(ST_XMin("geom")), min(ST_YMin("geom")), max(ST_XMax("geom")), max(ST_YMax("geom")) FROM "public"."roads"`,
		},
		{
			"filtered", "lanes = 1",
			layer.Query{},
			`SELECT count(*) FROM "public"."roads" WHERE ("lanes" = $1::int8)`,
			`SELECT min(ST_XMin("geom")), min(ST_YMin("geom")), max(ST_XMax("geom")), max(ST_YMax("geom")) FROM "public"."roads" WHERE ("lanes" = $1::int8)`,
		},
		{"a part", "lanes = 1", part, `SELECT count(*) FROM (SELECT 1 AS one FROM "public"."roads" WHERE ("lanes" = $1::int8) LIMIT 5 OFFSET 2) AS part`, ""},
		{"to be checked", "lanes = 1 AND LOWER(name) = 'a'", layer.Query{}, "", ""},
	} {
		p := plan(t, c.where, c.q)
		st, ok, err := sqlbuilder.PostgreSQL.Count(postGIS, p)
		if err != nil || ok != (c.count != "") || st.SQL != c.count {
			t.Errorf("%s: got %q, %t, %v; want %q", c.name, st.SQL, ok, err, c.count)
		}
		st, ok, err = sqlbuilder.PostgreSQL.Extent(postGIS, p, 0)
		if err != nil || ok != (c.box != "") || st.SQL != c.box {
			t.Errorf("%s: got %q, %t, %v; want %q", c.name, st.SQL, ok, err, c.box)
		}
	}
}

func TestExplanation(t *testing.T) {
	box := &feature.Bounds{MaxX: 1, MaxY: 1}
	sel, err := sqlbuilder.SQLite.Select(geoPackage, plan(t, "fid > 1 AND lanes = 2 AND LOWER(name) = 'a'", layer.Query{Box: box, OrderBy: []layer.Order{{Field: "name"}}}))
	if err != nil {
		t.Fatal(err)
	}
	e := sel.Explanation()
	if text(sel.Exactly) != "fid > 1" || text(e.Recheck) != "lanes = 2" || text(e.Residual) != "LOWER(name) = 'a'" || !e.RecheckBox || e.ResidualBox || !e.Sorted {
		t.Errorf("got %+v", e)
	}
	if diff := cmp.Diff([]string{"R-tree rtree_roads_geom"}, e.Uses); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1", "2", "1", "0", "1", "0"}, e.Args); diff != "" {
		t.Error(diff)
	}
}
