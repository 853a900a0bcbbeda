package sqlquery_test

import (
	"context"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlquery"
)

// FuzzQuery: no statement panics, hangs, or leaves an iteration of a layer open.
func FuzzQuery(f *testing.F) {
	for _, x := range statements {
		f.Add(x.sql)
	}
	for _, sql := range []string{
		"SELECT * FROM places", "SELECT name n, name n, '' FROM places WHERE fid IN (1, 2)", "SELECT * FROM places, others USING (name)",
		"SELECT ST_Intersects(geom, ST_GeomFromText('POINT (1 1)')) FROM places", "SELECT * FROM pragma_table_info('places')",
		"SELECT * FROM json_each('[1, \"x\", null]')", "SELECT zeroblob(100)", "EXPLAIN SELECT * FROM places", "VALUES (1), ('x'), (x'00')",
		"SELECT CASE WHEN fid > 11 THEN name ELSE pop END FROM places", "SELECT geom, data FROM places UNION SELECT data, geom FROM others",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", "SELECT * FROM places WHERE (fid, pop) = (10, 0)",
		"SELECT * FROM places WHERE pop = 1 OR name = 'x' OR fid = 10", "ATTACH 'x' AS y", "DELETE FROM places", "SELECT max(day), min(at) FROM places",
		"SELECT * FROM places LEFT JOIN others ON places.geom = others.geom", "SELECT ST_Centroid(geom), ST_AsText(data), ST_Point(pop, area) FROM places",
	} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		hang := time.AfterFunc(20*time.Second, func() { panic("it hangs: " + sql) })
		defer hang.Stop()
		l := places(4)
		ds := &fake{layers: []*fakeLayer{l, l.sameRows("others")}}
		r, err := sqlquery.Query(ctx, ds, sql)
		if err != nil {
			return
		}
		rows := 0
		for f, err := range r.Features(ctx, layer.Query{}) {
			if err != nil {
				break
			}
			if len(f.Values) != len(r.Schema().Fields) || len(f.Geoms) != len(r.Schema().Geoms) {
				t.Fatalf("a row of %d values and %d geometries for %+v", len(f.Values), len(f.Geoms), r.Schema())
			}
			if rows++; rows == 1000 {
				break
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		for _, l := range ds.layers {
			if l.reading != 0 {
				t.Errorf("%s: %d iterations are under way", l.name, l.reading)
			}
		}
	})
}
