package sqlbuilder_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/sfgeom"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// zoo is a table with a column of every type.
var zoo = sqlbuilder.Table{
	Namespace: "sqlbuilder_test", Name: "zoo", FID: "fid",
	Schema: &feature.Schema{
		FIDColumn: "fid",
		Geoms:     []feature.GeomField{{Name: "geom"}},
		Fields: []feature.Field{
			{Name: "i2", Type: feature.Integer, Subtype: feature.Int16},
			{Name: "i4", Type: feature.Integer},
			{Name: "i8", Type: feature.Integer64},
			{Name: "j8", Type: feature.Integer64},
			{Name: "f4", Type: feature.Real, Subtype: feature.Float32},
			{Name: "f8", Type: feature.Real},
			{Name: "g8", Type: feature.Real},
			{Name: "num", Type: feature.Real},
			{Name: "dec", Type: feature.Real},
			{Name: "b", Type: feature.Integer, Subtype: feature.Boolean},
			{Name: "s", Type: feature.String},
			{Name: "v", Type: feature.String, Width: 20},
			{Name: "u", Type: feature.String, Subtype: feature.UUID},
			{Name: "d", Type: feature.DateField},
			{Name: "tm", Type: feature.TimeField},
			{Name: "ts", Type: feature.DateTimeField},
			{Name: "tz", Type: feature.DateTimeField},
			{Name: "js", Type: feature.String, Subtype: feature.JSONText},
			{Name: "bin", Type: feature.Binary},
		},
	},
	Types: []string{
		"int2", "integer", "bigint", "int8", "real", "float8", "double precision", "numeric", "numeric(10,2)", "bool", "text",
		"character varying(20)", "uuid", "date", "time without time zone", "timestamp without time zone",
		"timestamp with time zone", "json", "bytea",
	},
	Geoms: []sqlbuilder.GeomColumn{{Type: "geometry(Geometry,4326)", SRID: 4326}},
}

func wkt(t testing.TB, s string) feature.WKB {
	t.Helper()
	w, err := sfgeom.ParseWKT(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var inf = math.Inf(1)

// zooValues are what stands in the columns, by their index.
func zooValues() [][]feature.Value {
	ints := func(list ...int64) (v []feature.Value) {
		for _, n := range list {
			v = append(v, feature.Int(n))
		}
		return v
	}
	floats := func(list ...float64) (v []feature.Value) {
		for _, f := range list {
			v = append(v, feature.Float(f))
		}
		return v
	}
	texts := func(list ...string) (v []feature.Value) {
		for _, s := range list {
			v = append(v, feature.Text(s))
		}
		return v
	}
	i8 := ints(0, 1, -1, 2, 5, 7, math.MaxInt64, math.MinInt64, math.MinInt64+1, 1<<53+1, -1<<53-1, 1<<53, 1<<32)
	f8 := floats(0, math.Copysign(0, -1), 1, -1, 0.1, 2.5, -2.5, 5, math.NaN(), inf, -inf, 1<<53, 1<<63, -1<<63, 1e300, 5e-324, 1e19)
	s := texts("", "a", "A", "ab", "abc", "aB", "ß", "ẞ", "K", "k", "\u212A", "ſ", "S", "it's", `\`, `a\b`, "%", "_", "a_c", "a%c", "!", "x\ny", "é",
		"日本", "😀", "\uFFFD", "\uE000", "[a]", "^$.*", "5", " 5 ", "true", "2020-01-01", "  ", "Ǆ", "ǆ", "ǅ", "Σ", "σ", "ς", "İ", "ı", "i")
	stamps := []feature.Value{
		feature.DateTime(time.Date(2020, 2, 29, 12, 30, 0, 0, time.UTC)),
		feature.DateTime(time.Date(2020, 2, 29, 12, 30, 0, 1000, time.UTC)),
		feature.DateTime(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)),
		feature.DateTime(time.Date(2019, 12, 31, 23, 59, 59, 999999000, time.UTC)),
		feature.DateTime(time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)),
		feature.DateTime(time.Date(1900, 1, 1, 5, 0, 0, 0, time.UTC)),
		feature.DateTime(time.Date(-43, 3, 15, 5, 0, 0, 0, time.UTC)),
		feature.DateTime(time.Date(12345, 1, 1, 5, 0, 0, 0, time.UTC)),
	}
	return [][]feature.Value{
		ints(0, 1, -1, 5, 7, math.MinInt16, math.MaxInt16),
		ints(0, 1, -1, 2, 5, math.MinInt32, math.MaxInt32),
		i8, i8,
		floats(0, 1, -1, 0.5, float64(float32(0.1)), math.NaN(), inf, -inf, 16777216),
		f8, f8,
		floats(0, 1, -1, 0.1, 2.5, 1e300, math.NaN(), 5, 1<<53, inf, -inf),
		floats(0, 1, -1, 0.1, 2.5, 12345678.25),
		{feature.Bool(true), feature.Bool(false)},
		s, s[:20],
		texts("00000000-0000-0000-0000-000000000000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
		{feature.Date(2020, 1, 1), feature.Date(2020, 2, 29), feature.Date(1970, 1, 1), feature.Date(1969, 12, 31), feature.Date(-43, 3, 15), feature.Date(12345, 1, 1)},
		{feature.TimeOfDay(0), feature.TimeOfDay(45000_000_000), feature.TimeOfDay(86399_999_999), feature.TimeOfDay(1)},
		stamps, stamps,
		{feature.JSON([]byte(`{"a": 1}`)), feature.JSON([]byte(`null`))},
		{feature.Bytes([]byte{}), feature.Bytes([]byte{0, 255})},
	}
}

var zooGeoms = []string{
	"POINT (1 2)", "POINT (0 0)", "POINT EMPTY", "LINESTRING (0 0, 2 2)", "LINESTRING EMPTY", "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))",
	"POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (3 3, 6 3, 6 6, 3 6, 3 3))", "MULTIPOINT ((1 1), (5 5))", "MULTIPOINT (EMPTY, (1 1))",
	"GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (5 5, 6 6))", "GEOMETRYCOLLECTION EMPTY",
	"MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)), ((5 5, 7 5, 7 7, 5 7, 5 5)))", "POINT Z (1 2 3)", "POINT (0.1 0.2)", "POINT (16777217 1)",
	"LINESTRING M (0 4 1, 4 0 2)", "POINT (100000000.3 -1e-300)",
}

// zooRows makes random rows. Every third value is null.
func zooRows(t testing.TB, rng *rand.Rand, n int) []*feature.Feature {
	values := zooValues()
	rows := make([]*feature.Feature, n)
	for i := range rows {
		f := feature.New(zoo.Schema)
		f.FID = int64(i - 3)
		for j, list := range values {
			f.Values[j] = feature.Null()
			if rng.IntN(3) > 0 {
				f.Values[j] = list[rng.IntN(len(list))]
			}
		}
		if rng.IntN(6) > 0 {
			f.Geoms[0] = wkt(t, zooGeoms[rng.IntN(len(zooGeoms))])
		}
		rows[i] = f
	}
	rows[n-1].FID = math.MaxInt64
	return rows
}

// fillZoo makes the table in PostgreSQL, with a script that every statement is checked to be.
func fillZoo(t testing.TB, rows []*feature.Feature) {
	carto := sqlbuilder.PostgreSQL.WithLiterals()
	var sql strings.Builder
	sql.WriteString("DROP SCHEMA IF EXISTS sqlbuilder_test CASCADE;\nCREATE SCHEMA sqlbuilder_test;\n")
	create, err := carto.CreateTable(zoo)
	if err != nil {
		t.Fatal(err)
	}
	sql.WriteString(create.SQL + ";\n")
	for i, f := range zoo.Schema.Fields { // of the types that were promised
		fmt.Fprintf(&sql, "ALTER TABLE sqlbuilder_test.zoo ALTER COLUMN %s TYPE %s USING NULL;\n", sqlbuilder.QuoteIdent(f.Name), zoo.Types[i])
	}
	sql.WriteString("ALTER TABLE sqlbuilder_test.zoo ALTER COLUMN geom TYPE geometry;\n") // of any dimensions
	columns := []string{"fid", "geom"}
	for _, f := range zoo.Schema.Fields {
		columns = append(columns, f.Name)
	}
	in, err := carto.NewInserter(zoo, columns, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	flush := func() {
		st, err := in.Statement()
		if err != nil {
			t.Fatal(err)
		}
		sql.WriteString(st.SQL + ";\n")
	}
	for _, f := range rows {
		row := []any{f.FID, sqlbuilder.Geometry{WKB: f.Geoms[0], SRID: 4326}}
		for _, v := range f.Values {
			row = append(row, v)
		}
		for {
			ok, err := in.Add(row...)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				break
			}
			flush()
		}
	}
	flush()
	// What is read as null, as infinite, as 0.
	sql.WriteString("UPDATE sqlbuilder_test.zoo SET d = 'infinity' WHERE d IS NULL AND fid % 3 = 0;\n" +
		"UPDATE sqlbuilder_test.zoo SET d = '-infinity' WHERE d IS NULL AND fid % 3 = 1;\n" +
		"UPDATE sqlbuilder_test.zoo SET ts = '-infinity' WHERE ts IS NULL AND fid % 2 = 0;\n" +
		"UPDATE sqlbuilder_test.zoo SET tz = 'infinity' WHERE tz IS NULL AND fid % 2 = 0;\n" +
		"UPDATE sqlbuilder_test.zoo SET num = 1e400 WHERE num = 'Infinity' AND fid % 2 = 0;\n" +
		"UPDATE sqlbuilder_test.zoo SET num = -1e400 WHERE num = '-Infinity' AND fid % 2 = 0;\n" +
		"UPDATE sqlbuilder_test.zoo SET num = 1e-400 WHERE num = 0 AND fid % 2 = 0;\n")
	sql.WriteString("CREATE INDEX ON sqlbuilder_test.zoo USING gist (geom); ANALYZE sqlbuilder_test.zoo;\n")
	mustScript(t, sql.String())
}

// reference returns the FIDs of the rows that the query keeps, in the order of the FID, or false where a row cannot be
// judged.
func reference(t testing.TB, q layer.Query, rows []*feature.Feature) ([]int64, bool) {
	t.Helper()
	p, err := q.Plan(zoo.Schema)
	if err != nil {
		t.Fatal(err)
	}
	var fids []int64
	for _, f := range rows {
		ok, err := p.Matches(f)
		if err != nil {
			return nil, false
		}
		if ok {
			fids = append(fids, f.FID)
		}
	}
	slices.Sort(fids)
	return fids, true
}

// generator makes random expressions.
type generator struct{ *rand.Rand }

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

func (g generator) boolean(depth int) string {
	if depth <= 0 {
		return g.comparison(0)
	}
	switch g.IntN(10) {
	case 0:
		return "(" + g.boolean(depth-1) + " AND " + g.boolean(depth-1) + ")"
	case 1:
		return "(" + g.boolean(depth-1) + " OR " + g.boolean(depth-1) + ")"
	case 2:
		return "(NOT " + g.boolean(depth-1) + ")"
	case 3:
		return "(" + g.boolean(depth-1) + pick(g, " IS NULL)", " IS NOT NULL)")
	case 4:
		return "(" + g.boolean(depth-1) + pick(g, " = ", " <> ", " < ") + g.boolean(depth-1) + ")"
	}
	return g.comparison(depth)
}

func (g generator) op() string { return pick(g, " = ", " <> ", " < ", " <= ", " > ", " >= ") }

func (g generator) comparison(depth int) string {
	switch g.IntN(14) {
	case 0, 1, 2:
		return "(" + g.number(depth) + g.op() + g.number(depth) + ")"
	case 3, 4:
		return "(" + g.text(depth) + g.op() + g.text(depth) + ")"
	case 5:
		return "(" + g.text(depth) + pick(g, "", " NOT") + pick(g, " LIKE ", " ILIKE ") + g.pattern() + ")"
	case 6:
		return "(" + g.number(depth) + pick(g, "", " NOT") + " IN (" + g.numberLiteral() + ", " + g.numberLiteral() + pick(g, "", ", NULL") + "))"
	case 7:
		return "(" + g.text(depth) + pick(g, "", " NOT") + " IN (" + g.textLiteral() + ", " + g.textLiteral() + pick(g, "", ", NULL", ", v") + "))"
	case 8, 9:
		return "(" + g.moment(depth) + g.op() + g.moment(depth) + ")"
	case 10:
		return "(" + pick(g, g.number(depth), g.text(depth), g.moment(depth), "js", "bin", "geom", "b") + pick(g, " IS NULL)", " IS NOT NULL)")
	case 11:
		return pick(g, "b", "(b = TRUE)", "(b > FALSE)", "(b = 1)", "(b + 0 < i4)", "(tm"+g.op()+"'12:30:00')", "(tm < CAST(ts AS time))", "(b IN (TRUE, NULL))",
			"(tm"+g.op()+"CAST(tz AS time))")
	}
	shape := pick(g, zooGeoms...)
	return pick(g, "ST_Intersects", "ST_Within", "ST_Contains") + pick(g, "(geom, ST_GeomFromText('"+shape+"'))", "(ST_GeomFromText('"+shape+"'), geom)")
}

func (g generator) numberLiteral() string {
	return pick(g, "0", "1", "-1", "2", "5", "7", "2.5", "0.1", "-2.5", "9223372036854775807", "9007199254740993", "9007199254740992", "-9007199254740993.0",
		"9223372036854775808.0", "1e19", "-1e300", "4294967296", "0.5", "32768", "1e-320")
}

func (g generator) number(depth int) string {
	if depth <= 0 || g.IntN(3) == 0 {
		return pick(g, pick(g, "i2", "i4", "i8", "j8", "f4", "f8", "g8", "num", "dec", "FID"), pick(g, "i4", "i8", "f8"), g.numberLiteral())
	}
	n := func() string { return g.number(depth - 1) }
	return pick(g,
		"("+n()+pick(g, " + ", " - ", " * ", " / ")+n()+")", "("+g.integer(depth-1)+" % "+g.integer(depth-1)+")", "(-"+n()+")", "ABS("+n()+")",
		"COALESCE("+n()+", "+n()+")", "NULLIF("+n()+", "+n()+")", "LENGTH("+g.text(depth-1)+")", g.integer(depth), g.integer(depth),
		"CAST("+n()+" AS "+pick(g, "integer", "smallint", "bigint", "float")+")", "ROUND("+n()+")", "CAST(b AS "+pick(g, "integer", "float")+")")
}

func (g generator) integer(depth int) string {
	if depth <= 0 || g.IntN(3) == 0 {
		return pick(g, "i2", "i4", "i8", "j8", "0", "1", "-1", "7", "FID", "-9223372036854775808")
	}
	n := func() string { return g.integer(depth - 1) }
	return pick(g,
		"("+n()+pick(g, " + ", " - ", " * ", " / ", " % ")+n()+")", "(-"+n()+")", "ABS("+n()+")", "COALESCE("+n()+", "+n()+")",
		"NULLIF("+n()+", "+n()+")", "CAST("+n()+" AS "+pick(g, "integer", "smallint", "bigint")+")", "ROUND("+n()+pick(g, "", ", 2")+")")
}

func (g generator) textLiteral() string {
	list := zooValues()[10]
	return sqlbuilder.QuoteText(list[g.IntN(len(list))].Text())
}

func (g generator) text(depth int) string {
	if depth <= 0 || g.IntN(2) == 0 {
		return pick(g, "s", "v", "s", "u", g.textLiteral(), "OGR_GEOMETRY")
	}
	x := func() string { return g.text(depth - 1) }
	return pick(g,
		"("+x()+" || "+x()+")", "SUBSTR("+x()+", "+pick(g, "1", "2", "3")+pick(g, "", ", 0", ", 1", ", 2")+")", "COALESCE("+x()+", "+x()+")",
		"NULLIF("+x()+", "+x()+")", "CAST("+pick(g, g.integer(depth-1), "b", x())+" AS character"+pick(g, "", "(2)")+")", "LOWER("+x()+")")
}

func (g generator) pattern() string {
	var b strings.Builder
	for range g.IntN(4) {
		list := zooValues()[10]
		b.WriteString(pick(g, "%", "_", "a", "B", list[g.IntN(len(list))].Text()))
	}
	return sqlbuilder.QuoteText(b.String())
}

func (g generator) moment(depth int) string {
	if depth <= 0 || g.IntN(2) == 0 {
		return pick(g, "d", "ts", "tz", "ts", "tz", "DATE '2020-01-01'", "TIMESTAMP '2020-02-29 12:30:00'", "TIMESTAMP '2020-02-29 18:15:00+05:45'",
			"DATE '2020-02-29'", "TIMESTAMP '1970-01-01 00:00:00.000001'", "DATE '-0043-03-15'", "TIMESTAMP '12345-01-01'")
	}
	return pick(g, "CAST("+g.moment(depth-1)+" AS "+pick(g, "date", "timestamp")+")", "COALESCE("+g.moment(depth-1)+", "+g.moment(depth-1)+")",
		"NULLIF("+g.moment(depth-1)+", "+g.moment(depth-1)+")")
}

// cases is how many random expressions are tried: OGRCARTO_TEST_CASES, or 2000.
func cases() int {
	if n, err := strconv.Atoi(os.Getenv("OGRCARTO_TEST_CASES")); err == nil {
		return n
	}
	if testing.Short() {
		return 200
	}
	return 2000
}

// TestPostgreSQLMeansTheSame holds what is pushed down to PostgreSQL against the filter itself, on random expressions.
func TestPostgreSQLMeansTheSame(t *testing.T) {
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, 0))
	rows := zooRows(t, rng, 150)
	fillZoo(t, rows)
	g := generator{rng}
	type try struct {
		where string
		q     layer.Query
		sel   *sqlbuilder.Selection
		sql   string
	}
	var tries []try
	left := 0
	for len(tries) < cases() {
		text := g.boolean(g.IntN(4))
		e, err := filter.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		q := layer.Query{Where: e, Columns: []string{}, NoGeometry: true}
		if g.IntN(10) == 0 {
			x, y := pick(g, 0, 1, 0.1, 16777216.5, -inf), pick(g, 0, 2, 0.3)
			q.Box = &feature.Bounds{MinX: x, MinY: y, MaxX: pick(g, x, x+1, inf), MaxY: y + pick(g, 0, 1.0)}
		}
		p, err := q.Plan(zoo.Schema)
		if err != nil { // of types that do not go together
			continue
		}
		d := sqlbuilder.PostgreSQL
		if g.IntN(2) == 0 {
			d = d.WithLiterals()
		}
		sel, err := d.Select(zoo, p)
		if err != nil {
			t.Fatal(err)
		}
		if sel.RecheckBox || sel.ResidualBox {
			t.Errorf("%s: the box is to be checked again", text)
		}
		if sel.Residual != nil {
			left++
		}
		if sel.Exactly != nil || sel.Recheck != nil || q.Box != nil {
			st := sel.Statement // columns of text would have to be told from lines
			st.SQL = `SELECT "fid" ` + st.SQL[strings.Index(st.SQL, "FROM "):]
			tries = append(tries, try{text, q, sel, executed(st)})
		}
	}
	t.Logf("%d expressions were pushed down, %d not or not wholly", len(tries), left)
	var sql strings.Builder
	for i, c := range tries {
		fmt.Fprintf(&sql, "\\echo #%d\n%s", i, c.sql)
	}
	out, err := script(t, sql.String())
	results := strings.Split(out, "#")[1:]
	if err != nil {
		results = results[:len(results)-1]
		t.Errorf("%s: %v\n%s", tries[len(results)].where, err, tries[len(results)].sql)
	}
	for i, result := range results {
		c := tries[i]
		want, ok := reference(t, c.q, rows)
		if !ok {
			continue
		}
		var got []int64 // in the order of the FID
		for _, line := range strings.Fields(result)[1:] {
			fid, err := strconv.ParseInt(line, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			f := rows[slices.IndexFunc(rows, func(f *feature.Feature) bool { return f.FID == fid })]
			if ok, err := c.sel.Rest.Matches(f); ok || err != nil || c.sel.Residual == nil && c.sel.Recheck == nil {
				got = append(got, fid)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s, box %v\n got %v\nwant %v\n%s", c.where, c.q.Box, got, want, c.sql)
			for _, f := range rows {
				if slices.Contains(got, f.FID) != slices.Contains(want, f.FID) {
					t.Logf("row %d: %v %v", f.FID, f.Values, f.Geoms)
					break
				}
			}
		}
	}
}

// seeded returns random numbers that are the same at every run.
func seeded() *rand.Rand { return rand.New(rand.NewPCG(3, 0)) }

// firstColumn returns the FIDs that statements yield, each in its order. Other columns are left out of them.
func firstColumn(t testing.TB, statements []sqlbuilder.Statement) [][]int64 {
	t.Helper()
	var sql strings.Builder
	for _, st := range statements {
		st.SQL = `SELECT "fid" ` + st.SQL[strings.Index(st.SQL, "FROM "):]
		sql.WriteString("\\echo #\n" + executed(st))
	}
	var lists [][]int64
	for _, result := range strings.Split(mustScript(t, sql.String()), "#")[1:] {
		list := []int64{}
		for _, line := range strings.Fields(result) {
			fid, err := strconv.ParseInt(line, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, fid)
		}
		lists = append(lists, list)
	}
	return lists
}

// TestPostgreSQLOrder holds the order of PostgreSQL against the program's.
func TestPostgreSQLOrder(t *testing.T) {
	rows := zooRows(t, seeded(), 100)
	fillZoo(t, rows)
	var queries []layer.Query
	for _, f := range zoo.Schema.Fields {
		if f.Type == feature.Binary || f.Subtype == feature.JSONText {
			continue
		}
		for _, desc := range []bool{false, true} {
			queries = append(queries, layer.Query{OrderBy: []layer.Order{{Field: f.Name, Desc: desc}, {Field: "s"}}, Columns: []string{}, Limit: 60, Offset: 3})
		}
	}
	queries = append(queries, layer.Query{OrderBy: []layer.Order{{Field: "b"}, {Field: "FID", Desc: true}, {Field: "s"}}, Columns: []string{}})
	var statements []sqlbuilder.Statement
	for _, q := range queries {
		p, err := q.Plan(zoo.Schema)
		if err != nil {
			t.Fatal(err)
		}
		sel, err := sqlbuilder.PostgreSQL.Select(zoo, p)
		if err != nil {
			t.Fatal(err)
		}
		if len(sel.Rest.Order) > 0 || sel.Rest.Query.Limit > 0 || sel.Rest.Query.Offset > 0 {
			t.Errorf("order by %v is left", q.OrderBy)
		}
		statements = append(statements, sel.Statement)
	}
	for i, got := range firstColumn(t, statements) {
		p, err := queries[i].Plan(zoo.Schema)
		if err != nil {
			t.Fatal(err)
		}
		want := []int64{}
		for f, err := range layer.Filter(func(yield func(*feature.Feature, error) bool) {
			for _, f := range rows {
				if !yield(f.Clone(), nil) {
					return
				}
			}
		}, p) {
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, f.FID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("order by %v\n got %v\nwant %v\n%s", queries[i].OrderBy, got, want, statements[i].SQL)
		}
	}
}

func TestPostgreSQLCountExtentAndPages(t *testing.T) {
	rows := zooRows(t, seeded(), 100)
	fillZoo(t, rows)
	e, err := filter.Parse("i4 >= 0")
	if err != nil {
		t.Fatal(err)
	}
	q := layer.Query{Where: e, Columns: []string{}, NoGeometry: true}
	p, err := q.Plan(zoo.Schema)
	if err != nil {
		t.Fatal(err)
	}
	fids, _ := reference(t, q, rows)
	bounds := feature.EmptyBounds()
	for _, f := range rows {
		if slices.Contains(fids, f.FID) && f.Geoms[0] != nil {
			b, err := f.Geoms[0].Bounds()
			if err != nil {
				t.Fatal(err)
			}
			bounds = bounds.Union(b)
		}
	}
	count, ok, err := sqlbuilder.PostgreSQL.Count(zoo, p)
	if err != nil || !ok {
		t.Fatalf("count: %t, %v", ok, err)
	}
	extent, ok, err := sqlbuilder.PostgreSQL.Extent(zoo, p, 0)
	if err != nil || !ok {
		t.Fatalf("extent: %t, %v", ok, err)
	}
	var got [5]float64
	out := strings.ReplaceAll(mustScript(t, executed(count)+executed(extent)), "|", " ")
	if _, err := fmt.Sscan(out, &got[0], &got[1], &got[2], &got[3], &got[4]); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if want := [5]float64{float64(len(fids)), bounds.MinX, bounds.MinY, bounds.MaxX, bounds.MaxY}; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, desc := range []bool{false, true} {
		q.OrderBy = []layer.Order{{Field: "FID", Desc: desc}}
		if p, err = q.Plan(zoo.Schema); err != nil {
			t.Fatal(err)
		}
		var got []int64
		for after := feature.NullFID; ; {
			sel, err := sqlbuilder.PostgreSQL.Page(zoo, p, after, 7)
			if err != nil {
				t.Fatal(err)
			}
			rows := firstColumn(t, []sqlbuilder.Statement{sel.Statement})[0]
			got = append(got, rows...)
			if len(rows) < 7 {
				break
			}
			after = rows[len(rows)-1]
		}
		if desc {
			slices.Reverse(got)
		}
		if !slices.Equal(got, fids) {
			t.Errorf("pages, descending %t: got %v, want %v", desc, got, fids)
		}
	}
}
