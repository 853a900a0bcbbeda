package sqlbuilder_test

import (
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

var roads = &feature.Schema{
	FIDColumn: "fid",
	Geoms:     []feature.GeomField{{Name: "geom", Type: feature.LineString}},
	Fields:    []feature.Field{{Name: "name"}, {Name: `odd "name"`}, {Name: "length", Type: feature.Real},{Name: "n", Type: feature.Integer}},
}

func TestX(t *testing.T) {
	for _, w := range []string{"n = 5", "n<5 and n>3", "fid in (1,2,3)", "name='a' or name='b'", "name like 'ab%'", "name <'x' and n=2.0 and n < 2.5", "n is null", "n not in (1,2)", "not (n = length or name = 'x')", "ST_Intersects(geom, ST_Point(1,2))", "length = 9007199254740993", "length<9007199254740993"} {
		e, err := filter.Parse(w)
		if err != nil {t.Fatal(err)}
		q := layer.Query{Where:e, Columns: []string{"name"}, Limit: 10}
		p, err := q.Plan(roads)
		if err != nil {t.Fatal(err)}
		tb := sqlbuilder.Table{Name:"roads", Schema:roads,FID:"fid",Types: []string{"TEXT","TEXT","REAL","MEDIUMINT"},Geoms:[]sqlbuilder.GeomColumn{{RTree:"rt"}}}
		s, err := sqlbuilder.SQLite.Select(tb, p)
		t.Log(w, err)
		if err == nil { t.Log(s.SQL, s.Args, s.Recheck, s.Residual, s.Exactly)}
	}
}
