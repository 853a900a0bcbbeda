package sqlbuilder_test
import ("testing";"strings";"time";"github.com/ogrcarto/ogrcarto/layer";"github.com/ogrcarto/ogrcarto/layer/filter";"github.com/ogrcarto/ogrcarto/sqlbuilder")
func TestDeep(t *testing.T) {
	fillZoo(t, zooRows(t, seeded(), 20))
	for _, n := range []int{10, 50, 90, 120,180} {
	for _, w := range []string{"i8"+strings.Repeat("*j8",n)+" = 1", "i8"+strings.Repeat("+i4",n)+" = 1","CAST("+strings.Repeat("(-1 / ",n)+"i8"+strings.Repeat(")",n)+" AS smallint) = 1", strings.Repeat("NULLIF(f8, ",n)+"g8"+strings.Repeat(")",n)+" = 1",
	"s = 'a'"+strings.Repeat(" OR s = 'b'", n*100), strings.Repeat("NOT (i4 = 1 AND b = (",n)+"i4=2"+strings.Repeat("))",n)} {
		e, err := filter.Parse(w)
		if err != nil { t.Log(n, w[:20], err); continue}
		p, err := (&layer.Query{Where: e, Columns: []string{}}).Plan(zoo.Schema)
		if err != nil { t.Log(n, w[:20], err); continue}
		s, err := sqlbuilder.PostgreSQL.WithLiterals().Select(zoo, p)
		if err != nil { t.Fatal(err)}
		b := time.Now()
		_, err = script(t, s.SQL+";")
		t.Log(n, w[:20], len(s.SQL), s.Residual == nil, time.Since(b), err)
		for i := range zoo.Types { _ = i}
		z := zoo; z.Types = []string{"MEDIUMINT","MEDIUMINT","INTEGER","INTEGER","REAL","REAL","REAL","REAL","REAL","BOOLEAN","TEXT","TEXT","TEXT","DATE","TEXT","DATETIME","DATETIME","TEXT","BLOB"}
		s, err = sqlbuilder.SQLite.Select(z, p)
		if err != nil {t.Fatal(err)}
		t.Log("  sqlite", len(s.SQL), s.Residual==nil)
	}}
}
