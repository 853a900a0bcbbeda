package sqlbuilder_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/drivertest"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// proofCases returns how many random filters are tried: OGRCARTO_TEST_CASES of them ("make proof").
func proofCases(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("OGRCARTO_TEST_CASES")); err == nil {
		return n
	}
	if testing.Short() {
		return 200
	}
	return 2000
}

// proof compares a store with the reference, filter by filter: the rows that the statement of a Selection yields are those
// for which what it pushed down is true, and those of them that Rest keeps are those for which the filter is true.
type proof struct {
	dialect sqlbuilder.Dialect
	table   sqlbuilder.Table
	rows    []*feature.Feature
	// run returns the FIDs that each statement yields, or an error for each.
	run func([]sqlbuilder.Statement) []answer

	first                uint64 // seed
	tried, pushed, whole int    // filters; those of which something, or all, was pushed down
	yielded, wanted      int    // rows of the store; those of them that the filters keep
}

type answer struct {
	fids []int64
	err  error
}

// matching returns the FIDs of the rows, among those with the FIDs, for which e is true.
func (p *proof) matching(e *filter.Expr, among []int64) ([]int64, error) {
	var bound *filter.Bound
	if e != nil {
		var err error
		if bound, err = e.Bind(p.table.Schema); err != nil {
			return nil, err
		}
	}
	list := []int64{}
	for _, f := range p.rows {
		if among != nil && !slices.Contains(among, f.FID) {
			continue
		}
		if bound != nil {
			ok, err := bound.Match(f)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		list = append(list, f.FID)
	}
	return list, nil
}

// selectFor returns the statement for the filter, which asks for the FID alone.
func (p *proof) selectFor(e *filter.Expr) (*sqlbuilder.Selection, error) {
	q := layer.Query{Where: e, Columns: []string{}, NoGeometry: true}
	plan, err := q.Plan(p.table.Schema)
	if err != nil {
		return nil, err
	}
	return p.dialect.Select(p.table, plan)
}

// judge returns what is wrong with the answer for a filter, or "".
func (p *proof) judge(e *filter.Expr, sel *sqlbuilder.Selection, a answer) string {
	if a.err != nil {
		return fmt.Sprintf("the store says: %v", a.err)
	}
	pushed := sel.Exactly.And(sel.Recheck)
	want, err := p.matching(sel.Exactly, nil)
	if err != nil {
		return err.Error()
	}
	p.yielded += len(a.fids)
	if sel.Recheck == nil && !usesIndex(e, p.table.Schema) {
		if !slices.Equal(a.fids, want) {
			return fmt.Sprintf("pushed down: %s\nthe store gives rows %v\nthe reference %v", pushed, a.fids, want)
		}
	} else { // what is checked again, or found by an index, may let too much through
		for _, fid := range a.fids {
			if !slices.Contains(want, fid) {
				return fmt.Sprintf("row %d does not satisfy %s, which was pushed down", fid, sel.Exactly)
			}
		}
	}
	got, err := p.matching(sel.Rest.Query.Where, a.fids)
	if err != nil {
		return err.Error()
	}
	if want, err = p.matching(e, nil); err != nil {
		return err.Error()
	}
	p.wanted += len(want)
	if !slices.Equal(got, want) {
		return fmt.Sprintf("pushed down: %s\nleft: %s\nboth give rows %v\nthe reference %v", pushed, sel.Rest.Query.Where, got, want)
	}
	return ""
}

// usesIndex tells whether a box follows from the filter, which is asked of the store besides what is pushed down.
func usesIndex(e *filter.Expr, s *feature.Schema) bool {
	q := layer.Query{Where: e}
	plan, err := q.Plan(s)
	return err == nil && len(plan.Boxes) > 0
}

// fails tells what is wrong with a single filter.
func (p *proof) fails(e *filter.Expr) string {
	sel, err := p.selectFor(e)
	if err != nil {
		return ""
	}
	return p.judge(e, sel, p.run([]sqlbuilder.Statement{sel.Statement})[0])
}

// values prints the rows as far as the filter looks at them.
func (p *proof) values(e *filter.Expr) string {
	b, err := e.Bind(p.table.Schema)
	if err != nil {
		return ""
	}
	var s strings.Builder
	for _, f := range p.rows {
		fmt.Fprintf(&s, "\n%d:", f.FID)
		for _, i := range b.Fields {
			fmt.Fprintf(&s, " %s = %q", p.table.Schema.Fields[i].Name, f.Values[i])
		}
	}
	return s.String()
}

// check tries n random filters from seed on. A filter that fails is shrunk and printed as a test case.
func (p *proof) check(t *testing.T, n int) {
	t.Helper()
	const batch = 500
	seed, failed := p.first+1, 0
	if s, err := strconv.ParseUint(os.Getenv("OGRCARTO_TEST_SEED"), 10, 64); err == nil {
		seed = s
	}
	for p.tried < n && failed < 5 {
		var exprs []*filter.Expr
		var sels []*sqlbuilder.Selection
		var statements []sqlbuilder.Statement
		for len(exprs) < min(batch, n-p.tried) {
			e := drivertest.RandomFilter(seed, p.table.Schema, p.rows, 1+int(seed%4))
			seed++
			sel, err := p.selectFor(e)
			if err != nil {
				if _, berr := e.Bind(p.table.Schema); berr == nil {
					t.Fatalf("%s: %v", e, err)
				}
				continue
			}
			exprs, sels, statements = append(exprs, e), append(sels, sel), append(statements, sel.Statement)
			if sel.Exactly != nil || sel.Recheck != nil {
				p.pushed++
				if sel.Residual == nil {
					p.whole++
				}
			}
		}
		for i, a := range p.run(statements) {
			p.tried++
			if p.judge(exprs[i], sels[i], a) == "" {
				continue
			}
			small := drivertest.Shrink(exprs[i], func(e *filter.Expr) bool { return p.fails(e) != "" })
			sel, err := p.selectFor(small)
			if err != nil {
				t.Fatal(err)
			}
			t.Errorf("%s:\n{where: `%s`},\n%s\n%s %v%s", p.dialect, small, p.fails(small), sel.SQL, sel.Args, p.values(small))
			if failed++; failed == 5 {
				break
			}
		}
	}
	t.Logf("%s: %d filters, of %d something was pushed down, of %d all; %d rows came, %d were wanted", p.dialect, p.tried,
		p.pushed, p.whole, p.yielded, p.wanted)
	if p.pushed < p.tried/5 {
		t.Errorf("of %d filters only %d are pushed down in part", p.tried, p.pushed)
	}
}

// oddTexts are texts that are compared, matched and quoted in odd ways.
var oddTexts = []string{
	"", " ", "a", "A", "ab", "aB", "%", "_", "a%b", "a_b", `\`, `a\b`, `\%`, "'", "''", `"`, "it's", "ä", "Ä", "a\u0308", "ß", "ẞ", "SS",
	"K", "k", "\u212A", "ı", "İ", "i", "I", "ﬁ", "Σ", "σ", "ς", "日本", "😀", "a😀b", "\uFFFD", "\uFFFF", "\U00010000", "é", "e\u0301",
	"\t", "\n", "a\nb", "\r\n", " a", "a ", "0", "12", "-7", "1.5", "NaN", "true", "null", "2020-02-29", "$$", "$1", "?", "?1", ":x", "--", "/*",
	";", "x'61'", "\u200B", "\u2019", "＇", "[a]", "^a$", ".*", "a.b", "a*b", "a+b", "(", ")", "{2}", "a|b", "\\d", "zz", "Zz", "ZZ",
}

// oddRows returns rows of the schema: nulls, extremes, odd texts, empty geometries.
func oddRows(s *feature.Schema, n int) []*feature.Feature {
	rng := rand.New(rand.NewPCG(3, 1))
	pick := func(n int) int { return rng.IntN(n) }
	ints := []int64{0, 1, -1, 2, 3, 7, 10, 100, 1 << 31, 1<<53 + 1, 1 << 53, -(1 << 53) - 1, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1}
	floats := []float64{
		0, math.Copysign(0, -1), 1, -1, 0.5, 1.5, 2.5, -2.5, 0.1, 1 << 53, 1<<53 + 2, 1e300, -1e300, 1e-300, 5e-324, 9223372036854775807,
		math.NaN(), math.Inf(1), math.Inf(-1), 3, 7, 2.675, 16777217,
	}
	var rows []*feature.Feature
	for i := range n {
		f := &feature.Feature{}
		f.Reset(s)
		f.FID = int64(i + 1)
		for j := range f.Values {
			field := s.Fields[j]
			var v feature.Value
			switch {
			case pick(5) == 0:
				v = feature.Null()
			case field.Subtype == feature.Boolean:
				v = feature.Bool(pick(2) == 0)
			case field.Subtype == feature.Int16:
				v = feature.Int([]int64{0, 1, -1, 2, 3, 32767, -32768, 100}[pick(8)])
			case field.Type == feature.Integer:
				v = feature.Int([]int64{0, 1, -1, 2, 3, 7, math.MaxInt32, math.MinInt32, 100, 1000}[pick(10)])
			case field.Type == feature.Integer64:
				v = feature.Int(ints[pick(len(ints))])
			case field.Subtype == feature.Float32:
				v = feature.Float(float64(float32(floats[pick(len(floats))])))
				if math.IsInf(v.Float(), 0) || math.Abs(v.Float()) < 1e-30 {
					v = feature.Float(0.25)
				}
			case field.Type == feature.Real:
				v = feature.Float(floats[pick(len(floats))])
			case field.Subtype == feature.UUID:
				v = feature.Text([]string{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "00000000-0000-0000-0000-000000000000"}[pick(2)])
			case field.Subtype == feature.JSONText:
				v = feature.JSON([]byte(`{"a": 1}`))
			case field.Type == feature.String:
				v = feature.Text(oddTexts[pick(len(oddTexts))])
			case field.Type == feature.Binary:
				v = feature.Bytes([]byte{0, 1, 255})
			case field.Type == feature.DateField:
				v = feature.Days([]int64{0, -1, 18321, 19782, 19000, -25_000}[pick(6)])
			case field.Type == feature.TimeField:
				v = feature.TimeOfDay([]int64{0, 1, 43_200_000_000, 86_399_999_999, 45_000_000_000}[pick(5)])
			case field.Type == feature.DateTimeField:
				zone := feature.ZoneUTC
				if field.Comment == "without zone" {
					zone = feature.ZoneUnknown
				}
				v = feature.WallClock([]int64{0, -1, 1582934400_000000, 1582934400_000001, 1709164800_000000, 1e15, -2_160_000_000_000_000}[pick(7)], zone)
			}
			f.Values[j] = v
		}
		for j := range f.Geoms {
			f.Geoms[j] = oddGeometry(rng)
		}
		rows = append(rows, f)
	}
	return rows
}

func oddGeometry(rng *rand.Rand) feature.WKB {
	at := func() float64 { return float64(rng.IntN(6)) }
	x, y := at(), at()
	box := func(x, y float64) feature.WKB {
		return feature.AppendBounds(nil, feature.Bounds{MinX: x, MinY: y, MaxX: x + 1 + at(), MaxY: y + 1 + at()})
	}
	switch rng.IntN(7) {
	case 0:
		return nil
	case 1:
		return feature.AppendBounds(nil, feature.EmptyBounds())
	case 2:
		return feature.AppendPoint(nil, math.NaN(), math.NaN())
	case 3, 4:
		return feature.AppendPoint(nil, x, y)
	}
	return box(x, y)
}

// TestProofGeoPackage compares SQLite's answers on a GeoPackage with the reference.
func TestProofGeoPackage(t *testing.T) {
	schema := &feature.Schema{
		Geoms: []feature.GeomField{{Name: "geom"}},
		Fields: []feature.Field{
			{Name: "i2", Type: feature.Integer, Subtype: feature.Int16},
			{Name: "i4", Type: feature.Integer},
			{Name: "i8", Type: feature.Integer64},
			{Name: "I8b", Type: feature.Integer64},
			{Name: "f8", Type: feature.Real},
			{Name: "f8 b", Type: feature.Real},
			{Name: "f4", Type: feature.Real, Subtype: feature.Float32},
			{Name: "s"},
			{Name: `s "2"`, Width: 20},
			{Name: "b", Type: feature.Integer, Subtype: feature.Boolean},
			{Name: "d", Type: feature.DateField},
			{Name: "dt", Type: feature.DateTimeField},
			{Name: "bin", Type: feature.Binary},
		},
	}
	file := filepath.Join(t.TempDir(), "proof.gpkg")
	ctx := context.Background()
	ds, err := gpkg.New().Open(ctx, file, driver.Create, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ds.Create(ctx, "proof", schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range oddRows(schema, 80) {
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
	types := []string{"SMALLINT", "MEDIUMINT", "INTEGER", "INTEGER", "REAL", "REAL", "FLOAT", "TEXT", "TEXT(20)", "BOOLEAN", "DATE", "DATETIME", "BLOB"}
	t.Run("clean", func(t *testing.T) { proveGeoPackage(t, file, types) })

	// Whatever stands in the columns, no row is lost.
	c, err := sqlite.Open(file, sqlite.ReadWrite, "")
	if err != nil {
		t.Fatal(err)
	}
	var dirt []string
	for _, column := range []string{"i2", "i4", "i8", "I8b", `"f8"`, `"f8 b"`, "f4", "s", `"s ""2"""`, "b", "d", "dt", "bin"} {
		for i, v := range []string{
			"3.5", "'abc'", "' 12 '", "'12'", "x'3132'", "x'61'", "x'ff61'", "CAST(x'ff61' AS TEXT)", "7.0", "9e300", "'1e3'", "'true'", "2",
			"'2020/02/29'", "'2020-02-29T12:00:00+02:00'", "''", "'a' || char(0) || 'b'", "'Infinity'", "'nan'", "'0x10'", "'+5'", "x''",
		} {
			dirt = append(dirt, fmt.Sprintf("UPDATE proof SET %s = %s WHERE fid = %d;", column, v, 1+(i*7+len(dirt)*3)%80))
		}
	}
	// The triggers want functions that are of no matter here.
	err = c.Query("SELECT name FROM sqlite_master WHERE type = 'trigger'", func(row *sqlite.Stmt) error {
		dirt = slices.Insert(dirt, 0, "DROP TRIGGER "+sqlbuilder.QuoteIdent(row.Text(0))+";")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(strings.Join(dirt, "\n")); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("dirty", func(t *testing.T) { proveGeoPackage(t, file, types) })
}

func proveGeoPackage(t *testing.T, file string, types []string) {
	ctx := context.Background()
	ds, err := gpkg.New().Open(ctx, file, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	l, err := ds.Layer(ctx, "proof")
	if err != nil {
		t.Fatal(err)
	}
	c, err := sqlite.Open(file, sqlite.ReadOnly, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := &proof{
		dialect: sqlbuilder.SQLite,
		table: sqlbuilder.Table{
			Name: "proof", Schema: l.Schema(), FID: "fid", Types: types,
			Geoms: []sqlbuilder.GeomColumn{{RTree: "rtree_proof_geom"}},
		},
		run: func(statements []sqlbuilder.Statement) []answer {
			out := make([]answer, len(statements))
			for i, st := range statements {
				out[i].fids = []int64{}
				out[i].err = c.Query(st.SQL, func(row *sqlite.Stmt) error {
					out[i].fids = append(out[i].fids, row.Int(0))
					return nil
				}, st.Args...)
			}
			return out
		},
	}
	for f, err := range l.Features(ctx, layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		p.rows = append(p.rows, f.Clone())
	}
	p.check(t, proofCases(t))

	// And the driver as a whole.
	n := 0
	for seed := range uint64(proofCases(t) / 4) {
		e := drivertest.RandomFilter(1_000_000+seed, l.Schema(), p.rows, 3)
		if _, err := e.Bind(l.Schema()); err != nil {
			continue
		}
		want, err := p.matching(e, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := []int64{}
		for f, err := range l.Features(ctx, layer.Query{Where: e}) {
			if err != nil {
				t.Fatalf("%s: %v", e, err)
			}
			got = append(got, f.FID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: the layer gives %v, the reference %v", e, got, want)
		}
		n++
	}
	t.Logf("the layer agrees on %d filters", n)
}

// TestProofPostGIS compares PostgreSQL's answers with the reference.
func TestProofPostGIS(t *testing.T) {
	url := testpeer.PostGIS(t)
	columns := []struct {
		typ   string
		field feature.Field
	}{
		{"int2", feature.Field{Name: "i2", Type: feature.Integer, Subtype: feature.Int16}},
		{"int4", feature.Field{Name: "i4", Type: feature.Integer}},
		{"int8", feature.Field{Name: "i8", Type: feature.Integer64}},
		{"int8", feature.Field{Name: "I8b", Type: feature.Integer64}},
		{"float8", feature.Field{Name: "f8", Type: feature.Real}},
		{"float8", feature.Field{Name: "f8 b", Type: feature.Real}},
		{"float4", feature.Field{Name: "f4", Type: feature.Real, Subtype: feature.Float32}},
		{"numeric", feature.Field{Name: "num", Type: feature.Real}},
		{"text", feature.Field{Name: "s"}},
		{"varchar(20)", feature.Field{Name: `s "2"`}},
		{"bool", feature.Field{Name: "b", Type: feature.Integer, Subtype: feature.Boolean}},
		{"date", feature.Field{Name: "d", Type: feature.DateField}},
		{"time", feature.Field{Name: "t", Type: feature.TimeField}},
		{"timestamp", feature.Field{Name: "ts", Type: feature.DateTimeField, Comment: "without zone"}},
		{"timestamptz", feature.Field{Name: "tz", Type: feature.DateTimeField}},
		{"uuid", feature.Field{Name: "u", Subtype: feature.UUID}},
		{"jsonb", feature.Field{Name: "j", Subtype: feature.JSONText}},
		{"bytea", feature.Field{Name: "bin", Type: feature.Binary}},
	}
	schema := &feature.Schema{FIDColumn: "fid", Geoms: []feature.GeomField{{Name: "geom", SRS: feature.SRS{Authority: "EPSG", Code: 4326}}, {Name: "other"}}}
	p := &proof{
		dialect: sqlbuilder.PostgreSQL.WithLiterals(),
		table: sqlbuilder.Table{
			Name: "proof", FID: "fid", Schema: schema,
			Geoms: []sqlbuilder.GeomColumn{{Type: "geometry", SRID: 4326}, {Type: "geometry", SRID: 0}},
		},
	}
	ddl := "DROP TABLE IF EXISTS proof; CREATE TABLE proof (fid bigint PRIMARY KEY, geom geometry(Geometry, 4326), other geometry"
	for _, c := range columns {
		schema.Fields = append(schema.Fields, c.field)
		p.table.Types = append(p.table.Types, c.typ)
		ddl += ", " + sqlbuilder.QuoteIdent(c.field.Name) + " " + c.typ
	}
	p.rows = oddRows(schema, 80)
	sql := ddl + ");\n"
	for _, f := range p.rows {
		sql += fmt.Sprintf("INSERT INTO proof VALUES (%d, %s, %s", f.FID, pgGeometry(f.Geoms[0], 4326), pgGeometry(f.Geoms[1], 0))
		for i, v := range f.Values {
			sql += ", " + pgLiteral(v) + "::" + columns[i].typ
		}
		sql += ");\n"
	}
	sql += "CREATE INDEX ON proof USING gist (geom); CREATE INDEX ON proof (i8); CREATE INDEX ON proof (s); ANALYZE proof;\n"
	if out, err := psqlScript(t, url, sql); err != nil || strings.Contains(out, "ERROR") {
		t.Fatalf("%v: %s", err, out)
	}
	for i, settings := range []string{
		"SET timezone = 'UTC';",
		"SET timezone = 'Asia/Kathmandu'; SET datestyle = 'German'; SET enable_seqscan = off;",
		"SET timezone = 'America/St_Johns'; SET standard_conforming_strings = off; SET backslash_quote = off; SET extra_float_digits = 0;",
	} {
		t.Run(settings, func(t *testing.T) {
			p.tried, p.pushed, p.whole, p.yielded, p.wanted = 0, 0, 0, 0, 0
			p.run = func(statements []sqlbuilder.Statement) []answer { return runPostgres(t, url, settings, statements) }
			p.first = uint64(i) * 10_000_000
			p.check(t, proofCases(t)/3+1)
		})
	}
}

// runPostgres runs statements in one session. Each is a transaction of its own.
func runPostgres(t *testing.T, url, settings string, statements []sqlbuilder.Statement) []answer {
	var b strings.Builder
	b.WriteString(settings + "\n")
	for i, st := range statements {
		fmt.Fprintf(&b, "SELECT '#%d ' || coalesce(string_agg(fid::text, ' ' ORDER BY fid), '') FROM (%s) AS q;\n", i, st.SQL)
	}
	out, err := psqlScript(t, url, b.String())
	answers := make([]answer, len(statements))
	for i := range answers {
		answers[i].err = fmt.Errorf("no answer (%v)", err)
	}
	var message string
	next := 0
	for sc := bufio.NewScanner(strings.NewReader(out)); sc.Scan(); {
		line := sc.Text()
		if !strings.HasPrefix(line, "#") {
			if strings.Contains(line, "ERROR") {
				message = line
				if next < len(answers) {
					answers[next].err = fmt.Errorf("%s", message)
				}
				next++
			}
			continue
		}
		fields := strings.Fields(line[1:])
		i, err := strconv.Atoi(fields[0])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		a := answer{fids: []int64{}}
		for _, s := range fields[1:] {
			fid, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			a.fids = append(a.fids, fid)
		}
		answers[i], next = a, i+1
	}
	return answers
}

func psqlScript(t *testing.T, url, script string) (string, error) {
	t.Helper()
	cmd := exec.Command(testpeer.Command(t, "psql"), "-X", "-q", "-A", "-t", "-d", url)
	cmd.Stdin = strings.NewReader(script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func pgGeometry(w feature.WKB, srid int) string {
	if w == nil {
		return "NULL"
	}
	return fmt.Sprintf("ST_SetSRID(ST_GeomFromWKB('\\x%s'::bytea), %d)", hex.EncodeToString(w), srid)
}

func pgLiteral(v feature.Value) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	switch v.Kind() {
	case feature.KindNull:
		return "NULL"
	case feature.KindBytes:
		return `'\x` + hex.EncodeToString(v.Bytes()) + "'"
	case feature.KindFloat:
		return "'" + strconv.FormatFloat(v.Float(), 'g', -1, 64) + "'"
	case feature.KindBool:
		return strconv.FormatBool(v.Bool())
	case feature.KindDateTime:
		s := time.UnixMicro(v.Instant()).UTC().Format("2006-01-02 15:04:05.000000")
		if v.Zone() == feature.ZoneUTC {
			s += "+00"
		}
		return quote(s)
	}
	return quote(v.String())
}
