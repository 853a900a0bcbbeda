package filter

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
)

func TestParsePrint(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a = 1", "a = 1"},
		{`  "A b"<>'it''s' `, `"A b" <> 'it''s'`},
		{`"and" != 1`, `"and" <> 1`},
		{"a=1 or b=2 and not c=3", "a = 1 OR b = 2 AND NOT c = 3"},
		{"(a=1 or b=2) and c=3", "(a = 1 OR b = 2) AND c = 3"},
		{"not (a and b)", "NOT (a AND b)"},
		{"not not a", "NOT NOT a"},
		{"a and (b and c)", "a AND (b AND c)"},
		{"a + b * c - d", "a + b * c - d"},
		{"(a + b) * c / (d % 2)", "(a + b) * c / (d % 2)"},
		{"a - (b - c)", "a - (b - c)"},
		{"-a", "-a"},
		{"- -a", "- -a"},
		{"-5", "-5"},
		{"- 5", "-5"},
		{"-(5)", "- (5)"},
		{"+5 + +a", "5 + a"},
		{"a--5", "a - -5"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"9223372036854775807", "9223372036854775807"},
		{"9223372036854775808", "9.223372036854776e+18"},
		{"1.0", "1.0"},
		{".5e3", "500.0"},
		{"1e999", "1e999"},
		{"a || 'x' || b", "a || 'x' || b"},
		{"a is null and b is not null", "a IS NULL AND b IS NOT NULL"},
		{"a not in (1, 2,3)", "a NOT IN (1, 2, 3)"},
		{"not a in (1)", "a NOT IN (1)"},
		{"not (a not in (1))", "NOT a NOT IN (1)"},
		{"a between 1 and 2 and b not between 'x' and 'y'", "a BETWEEN 1 AND 2 AND b NOT BETWEEN 'x' AND 'y'"},
		{"a like 'x%' escape '!'", "a LIKE 'x%' ESCAPE '!'"},
		{"a not ilike '_'", "a NOT ILIKE '_'"},
		{"date '2024-2-29' = 1", ""},
		{"date '2024/02/29' = d", "DATE '2024-02-29' = d"},
		{"date = 1", "date = 1"},
		{"timestamp '2024-02-29T12:30:00.5+0130' > t", "TIMESTAMP '2024-02-29 12:30:00.500+0130' > t"},
		{"time '12:30' < x", "TIME '12:30:00' < x"},
		{"cast(a as INT) = 1", "CAST(a AS integer) = 1"},
		{"cast(a as double  precision)", "CAST(a AS float)"},
		{"cast(a || b as varchar ( 10 ))", "CAST(a || b AS character(10))"},
		{"lower(a)='x'", "LOWER(a) = 'x'"},
		{"coalesce(a, b, null)", "COALESCE(a, b, NULL)"},
		{"true or False or NULL", "TRUE OR FALSE OR NULL"},
		{"(a = 1) = (b = 2)", "(a = 1) = (b = 2)"},
		{"größe > 3 AND 人口 < 4", `"größe" > 3 AND "人口" < 4`},
		{"a\n=\t1", "a = 1"},
		{"st_intersects(geom, st_geomfromtext('POINT (1 2)'))", "ST_INTERSECTS(geom, ST_GEOMFROMTEXT('POINT (1 2)'))"},
	} {
		e, err := Parse(c.text)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: parsed as %s", c.text, e)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := e.String(); got != c.want {
			t.Errorf("%s is printed as %s, want %s", c.text, got, c.want)
		}
		again, err := Parse(e.String())
		if err != nil || again.String() != e.String() {
			t.Errorf("%s is printed as %s, and that as %v (%v)", c.text, e, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		text  string
		caret int // the character that the caret stands below, from 0
		msg   string
	}{
		{"  ", 2, "the end was found"},
		{"a = ", 4, "the end was found"},
		{"a = = 1", 4, "= was found"},
		{"a == 1", 3, "one = is enough"},
		{"a = 'x", 4, "its closing ' is missing"},
		{`"a = 1`, 0, `its closing " is missing`},
		{`"" = 1`, 0, "a name is empty"},
		{"(a = 1", 6, "( stands at character 1"},
		{"a = 1)", 5, "an operator or the end was expected"},
		{"a = 1 b = 2", 6, "b was found"},
		{`a = 1 "b"`, 6, "texts stand in single quotes"},
		{"a in ()", 2, "the list of IN is empty"},
		{"a in 1", 5, "( was expected"},
		{"a in (1", 7, ", or ) was expected"},
		{"a between 1", 11, "AND was expected"},
		{"a is 1", 5, "NULL was expected"},
		{"a not 1", 6, "LIKE, ILIKE, IN or BETWEEN was expected"},
		{"1 < a < 3", 6, "comparisons do not chain"},
		{"a like 'x' escape 'xx'", 18, "a single character in quotes was expected"},
		{"a = 1x", 5, "a number goes on with a letter"},
		{"a = 1e", 4, "in the midst of its exponent"},
		{"a = 1; drop table x", 5, "no semicolon"},
		{"a = ‘x’", 4, "no quote"},
		{"a & b", 2, `'&' is not part of the language`},
		{"a.b = 1", 1, `'.' is not part of the language`},
		{"cast(a as money)", 10, `"money" is no type of CAST, which are integer, smallint,`},
		{"cast(a as integer(3))", 10, "only character has a size"},
		{"cast(a integer)", 7, "AS was expected"},
		{"date 'tomorrow' < d", 5, "'tomorrow' is not a DATE such as '2024-02-29'"},
		{"and", 0, "and was found, a field or a value was expected"},
		{"größe = = 1", 8, "= was found"},
		{"a = 'x\xff'", 6, "byte 0xff is not UTF-8"},
	} {
		_, err := Parse(c.text)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%q: got %v, want %s", c.text, err, c.msg)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != 3 {
			t.Errorf("%q: %d lines: %v", c.text, len(lines), err)
			continue
		}
		if got := strings.IndexByte(lines[2], '^') - 2; got != c.caret {
			t.Errorf("%q: the caret is at %d, want %d:\n%v", c.text, got, c.caret, err)
		}
	}
}

// TestParseNothing: there is no place to point at.
func TestParseNothing(t *testing.T) {
	_, err := Parse("")
	if want := "filter: the end was found, a field or a value was expected"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestErrorExcerpt: of a long or broken text only the line and what is near is shown.
func TestErrorExcerpt(t *testing.T) {
	long := strings.Repeat("x = 1 OR ", 1000)
	_, err := Parse(long + "= 1" + long)
	for _, line := range strings.Split(err.Error(), "\n") {
		if len(line) > 200 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	_, err = Parse("a = 1 AND\nb = \x1b[31m2 AND\nc = 3")
	if want := "filter: character 15: '\\x1b' is not part of the language\n  b =  [31m2 AND\n      ^"; err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestLimits(t *testing.T) {
	for name, text := range map[string]string{
		"length":   strings.Repeat(" ", MaxLength) + "a",
		"brackets": strings.Repeat("(", 1_000_000) + "a",
		"not":      strings.Repeat("not ", 900_000) + "a",
		"minus":    strings.Repeat("- ", 1_000_000) + "a",
		"calls":    strings.Repeat("abs(", 1_000_000) + "1",
		"casts":    strings.Repeat("cast(", 800_000) + "1",
		"sum":      "1" + strings.Repeat("+1", 1_000_000),
		"in":       strings.Repeat("a in (", 500_000) + "1",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%s: no error", name)
		} else if len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
	// Long and flat is fine.
	text := "id IN (0" + strings.Repeat(", 12345", 100_000) + ")" + strings.Repeat(" OR id = 7", 100_000)
	e, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Bind(&feature.Schema{Fields: []feature.Field{{Name: "id", Type: feature.Integer}}}); err != nil {
		t.Fatal(err)
	}
	// A built one is bounded, too.
	deep := Field("a")
	for range 100_000 {
		deep = deep.Add(1)
	}
	if _, err := deep.Eq(1).Bind(&feature.Schema{Fields: []feature.Field{{Name: "a", Type: feature.Integer}}}); err == nil {
		t.Error("100,000 levels are taken")
	}
}

func TestBuild(t *testing.T) {
	point := feature.AppendPoint(nil, 1, 2)
	for _, c := range []struct {
		e    *Expr
		want string
	}{
		{Field("pop").Gt(1000), "pop > 1000"},
		{Field("a b").Eq("x").And(nil, FID().Le(int64(7))), `"a b" = 'x' AND FID <= 7`},
		{(*Expr)(nil).And(Field("a").IsNull()), "a IS NULL"},
		{Field("a").Ne(1).Or(Field("b").Lt(2)).And(Field("c").Ge(1.5)), "(a <> 1 OR b < 2) AND c >= 1.5"},
		{Field("a").In(1, "x", nil), "a IN (1, 'x', NULL)"},
		{Field("a").In(1).Not(), "a NOT IN (1)"},
		{Field("a").Between(1, 2).Not(), "a NOT BETWEEN 1 AND 2"},
		{Field("a").Like("x%").And(Field("b").ILike("_"), Field("c").LikeEscape("!%", '!')), "a LIKE 'x%' AND b ILIKE '_' AND c LIKE '!%' ESCAPE '!'"},
		{Field("a").Add(1).Mul(2).Sub(Field("b").Div(3).Mod(4)).Eq(-5), "(a + 1) * 2 - b / 3 % 4 = -5"},
		{Call("lower", Field("a")).Concat("x").IsNotNull(), "LOWER(a) || 'x' IS NOT NULL"},
		{Field("a").CastTo("character varying(3)").Eq(true), "CAST(a AS character(3)) = TRUE"},
		{Field("geom").Intersects(point), "ST_INTERSECTS(geom, ST_GeomFromText('POINT (1 2)'))"},
		{Value(time.Date(2024, 2, 29, 12, 0, 0, 0, time.FixedZone("", 3600))), "TIMESTAMP '2024-02-29 12:00:00+01'"},
		{Value(math.Inf(-1)), "-1e999"},
		{Value(feature.Date(2024, 2, 29)), "DATE '2024-02-29'"},
	} {
		if got := c.e.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if _, err := Parse(c.e.String()); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a = 1 AND \"b c\" LIKE 'x%' ESCAPE '!' OR NOT c BETWEEN -1 AND 2.5e3",
		"CAST(a AS character(3)) || 'x' <> '' AND d IN (DATE '2024-02-29', NULL)",
		"ST_DWithin(geom, ST_GeomFromText('POINT (1 2)'), 3) OR OGR_GEOM_AREA > 1 AND FID % 2 = 0",
		"t >= TIMESTAMP '2024-02-29 12:30:00.123456+0130' AND b IS NOT NULL AND NOT b",
		"COALESCE(a, b, 0) = NULLIF(SUBSTR(s, -2, 1), UPPER('x')) AND x ILIKE '_é%'",
		"ROUND(ABS(-a / 3), 2) < 1e999", "(((a)))", "- - 1", "''''", `""""`,
	} {
		f.Add(s)
	}
	schema := testSchema()
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			var fe *Error
			if !errors.As(err, &fe) {
				t.Fatalf("%q: %T", text, err)
			}
			return
		}
		printed := e.String()
		again, err := Parse(printed)
		if err != nil {
			t.Fatalf("%q is printed as %q: %v", text, printed, err)
		}
		if again.String() != printed {
			t.Fatalf("%q is printed as %q, and that as %q", text, printed, again)
		}
		b, err := e.Bind(schema)
		b2, err2 := again.Bind(schema)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%q: %v, printed as %q: %v", text, err, printed, err2)
		}
		if err != nil {
			return
		}
		for _, row := range testRows() {
			ok, err := b.Match(row)
			ok2, err2 := b2.Match(row)
			if ok != ok2 || (err == nil) != (err2 == nil) {
				t.Fatalf("%q gives %v (%v), printed as %q %v (%v)", text, ok, err, printed, ok2, err2)
			}
		}
		_ = b.FIDs()
		_ = b.Boxes(0)
	})
}

// testSchema has a field of each type.
func testSchema() *feature.Schema {
	return &feature.Schema{
		FIDColumn: "ogc_fid",
		Geoms:     []feature.GeomField{{Name: "geom", SRS: feature.SRS{Authority: "EPSG", Code: 4326}}, {Name: "center"}},
		Fields: []feature.Field{
			{Name: "i", Type: feature.Integer},
			{Name: "n", Type: feature.Integer64},
			{Name: "r", Type: feature.Real},
			{Name: "s"},
			{Name: "b", Type: feature.Integer, Subtype: feature.Boolean},
			{Name: "d", Type: feature.DateField},
			{Name: "t", Type: feature.TimeField},
			{Name: "dt", Type: feature.DateTimeField},
			{Name: "j", Subtype: feature.JSONText},
			{Name: "bin", Type: feature.Binary},
			{Name: "list", Type: feature.StringList},
			{Name: "Twice"},
			{Name: "TWICE"},
			{Name: "odd \"name\""},
			{Name: "population", Type: feature.Integer64},
		},
	}
}

// testRows are some rows of testSchema.
func testRows() []*feature.Feature {
	s := testSchema()
	full := feature.Feature{FID: 7}
	full.Reset(s)
	full.FID = 7
	full.Geoms[0] = feature.AppendBounds(nil, feature.Bounds{MaxX: 10, MaxY: 10})
	full.Geoms[1] = feature.AppendPoint(nil, 5, 5)
	copy(full.Values, []feature.Value{
		feature.Int(3), feature.Int(1<<53 + 1), feature.Float(2.5), feature.Text("Lima's"), feature.Bool(true),
		feature.Date(2024, 2, 29), feature.TimeOfDay(45_000_000_000), feature.DateTime(time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)),
		feature.JSON([]byte(`{"a":1}`)), feature.Bytes([]byte{1}), feature.TextList("x"),
		feature.Text("a"), feature.Text("b"), feature.Text("c"), feature.Int(9_000_000),
	})
	empty := feature.Feature{}
	empty.Reset(s)
	empty.FID = math.MinInt64 + 1
	for i := range empty.Values {
		empty.Values[i] = feature.Null()
	}
	return []*feature.Feature{&full, &empty}
}
