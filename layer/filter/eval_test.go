package filter

import (
	"math"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
)

// evalSchema has a field of each type; those that end in 0 are null in evalFeature.
var evalSchema = &feature.Schema{
	Fields: []feature.Field{
		{Name: "i", Type: feature.Integer64},
		{Name: "i0", Type: feature.Integer64},
		{Name: "r", Type: feature.Real},
		{Name: "r0", Type: feature.Real},
		{Name: "s", Type: feature.String},
		{Name: "s0", Type: feature.String},
		{Name: "b", Type: feature.Integer, Subtype: feature.Boolean},
		{Name: "b0", Type: feature.Integer, Subtype: feature.Boolean},
		{Name: "d", Type: feature.DateField},
		{Name: "d0", Type: feature.DateField},
		{Name: "t", Type: feature.TimeField},
		{Name: "t0", Type: feature.TimeField},
		{Name: "dt", Type: feature.DateTimeField},
		{Name: "dt0", Type: feature.DateTimeField},
		{Name: "nan", Type: feature.Real},
		{Name: "inf", Type: feature.Real},
		{Name: "negzero", Type: feature.Real},
		{Name: "big", Type: feature.Integer64},
		{Name: "min", Type: feature.Integer64},
		{Name: "max", Type: feature.Integer64},
		{Name: "odd", Type: feature.String},
		{Name: "wall", Type: feature.DateTimeField},
		{Name: "unset", Type: feature.String},
		{Name: "wrong", Type: feature.Integer},
		{Name: "bin", Type: feature.Binary},
		{Name: "huge", Type: feature.Real},
	},
	Geoms: []feature.GeomField{{Type: feature.Geometry}, {Name: "other", Type: feature.Geometry}},
}

func evalFeature() *feature.Feature {
	null := feature.Null()
	return &feature.Feature{
		FID:   42,
		Geoms: []feature.WKB{feature.AppendPoint(nil, 1, 2.5), nil},
		Values: []feature.Value{
			feature.Int(7), null,
			feature.Float(2.5), null,
			feature.Text("Straße"), null,
			feature.Bool(true), null,
			feature.Date(2024, 2, 29), null,
			feature.TimeOfDay(45_000_500_000), null,
			feature.WallClock(1_709_210_096_789_000, 60), null, // 2024-02-29 12:34:56.789+01
			feature.Float(math.NaN()), feature.Float(math.Inf(1)), feature.Float(math.Copysign(0, -1)),
			feature.Int(1<<53 + 1), feature.Int(math.MinInt64), feature.Int(math.MaxInt64),
			feature.Text("a\xffb"), feature.WallClock(1_709_210_096_000_000, feature.ZoneUnknown),
			{},
			feature.Text("7"), feature.Bytes([]byte{1}), feature.Float(1e300),
		},
	}
}

// judge binds a filter and returns what it is for f.
func judge(t testing.TB, text string, f *feature.Feature) tri {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Bind(evalSchema)
	if err != nil {
		t.Fatal(err)
	}
	args := make([]*Node, len(b.Conjuncts))
	for i, c := range b.Conjuncts {
		args[i] = c.Node
	}
	var ev env
	ev.begin(f)
	result := compileBool(&Node{Op: And, Type: Bool, Args: args})(&ev)
	if ev.err != nil {
		t.Errorf("%s: %v", text, ev.err)
	}
	if match, err := b.Match(f); match != (result == yes) || err != nil {
		t.Errorf("%s: Match returns %v, %v; the conjuncts are %v", text, match, err, result)
	}
	return result
}

func TestEval(t *testing.T) {
	f := evalFeature()
	for want, texts := range map[tri][]string{
		yes: {
			// Truth values.
			"b", "b AND TRUE", "b OR b0", "b0 OR b", "NOT (b0 AND FALSE)", "NOT (b AND NOT b)", "b = TRUE", "b > FALSE", "b = 1", "b < 2",
			"(b AND b0) IS NULL", "(NOT b0) IS NULL", "(b0 OR FALSE) IS NULL", "COALESCE(b0, b)", "COALESCE(b0, NULL, FALSE) = FALSE", "NULLIF(b, TRUE) IS NULL", "NULLIF(b, b0)",
			// Integers and reals.
			"i = 7", "7 = i", "i <> 8", "i < 8", "8 > i", "i <= 7", "i >= 7", "i > -7", "i = 7.0", "i < 7.5", "7.5 > i", "i > 6.5",
			"r = 2.5", "r <> 2", "2 < r", "r BETWEEN 2 AND 3", "r <= 2.5",
			"big <> 9007199254740992.0", "big > 9007199254740992.0", "9007199254740992.0 < big", "9007199254740993 = big", "max < 9223372036854775808.0", "min = -9223372036854775808.0",
			"max < inf", "min > -inf", "i <> nan", "nan <> nan", "nan <> 1", "NOT nan = nan", "NOT nan < 1", "NOT nan >= 1", "NOT i < nan",
			"negzero = 0", "negzero = 0.0", "NOT negzero < 0", "inf = inf", "inf > huge",
			"FID = 42", "FID IS NOT NULL",
			// Arithmetic.
			"i + 1 = 8", "i - 8 = -1", "i * 2 = 14", "i / 2 = 3", "-i / 2 = -3", "i % 4 = 3", "-i % 4 = -3", "i % -4 = 3", "-i = -7",
			"i + 0.5 = 7.5", "i / 2.0 = 3.5", "r * 2 = 5", "r - r = 0", "-r = -2.5",
			"(max + 1) IS NULL", "max + 0 = max", "(min - 1) IS NULL", "(max * 2) IS NULL", "max * -1 = min + 1", "(min * -1) IS NULL", "min * 1 = min", "(min / -1) IS NULL", "(-min) IS NULL", "ABS(min) IS NULL", "min % -1 = 0",
			"(i / 0) IS NULL", "(i % 0) IS NULL", "(r / 0) IS NULL", "(r / 0.0) IS NULL", "(r / negzero) IS NULL", "(i + i0) IS NULL", "(i0 * 0) IS NULL",
			"huge * huge = inf", "inf - inf <> 0",
			"ABS(-7) = i", "ABS(-r) = 2.5", "ABS(inf * -1) = inf",
			// ROUND.
			"ROUND(r) = 3", "ROUND(-r) = -3", "ROUND(2.675, 2) = 2.68", "ROUND(-2.675, 2) = -2.68", "ROUND(1.005, 2) = 1.01", "ROUND(9.995, 2) = 10", "ROUND(0.05, 1) = 0.1", "ROUND(0.04, 1) = 0",
			"ROUND(1234, -2) = 1200", "ROUND(1250, -2) = 1300", "ROUND(-1250, -2) = -1300", "ROUND(1234, 2) = 1234", "ROUND(49, -2) = 0", "ROUND(50, -2) = 100", "ROUND(max, -1) IS NULL", "ROUND(min, -1) IS NULL", "ROUND(max, -18) = 9000000000000000000", "ROUND(max, -19) IS NULL", "ROUND(max, -20) = 0", "ROUND(i, -400) = 0",
			"ROUND(1234.5, -2) = 1200", "ROUND(1250.5, -2) = 1300", "ROUND(999.5, -3) = 1000", "ROUND(499.5, -3) = 0", "ROUND(1.5e300, -300) = 2e300", "ROUND(1.5e-300, 300) = 2e-300", "ROUND(huge, 5) = huge", "ROUND(inf, 2) = inf", "ROUND(nan, 2) <> ROUND(nan, 2)", "ROUND(123.456, 400) = 123.456", "ROUND(0.1, 1) = 0.1",
			// Text.
			"s = 'Straße'", "s <> 'Strasse'", "s > 'Strasse'", "s < 'T'", "'a' < s0 || 'b' OR 'a' < 'ä'", "'Z' < 'a'", "'' < 'a'", "s >= 'Straße'",
			"LENGTH(s) = 6", "LENGTH('') = 0", "LENGTH(odd) = 3", "LENGTH(s0) IS NULL", "LOWER(s) = 'straße'", "UPPER(s) = 'STRAßE'", "LOWER('ÄÖÜ') = 'äöü'", "UPPER(odd) = UPPER(odd)",
			"s || 'n' = 'Straßen'", "s || s0 IS NULL", "(s0 || s) IS NULL", "LOWER(s || 'X') || UPPER(s || 'y') = 'straßexSTRAßEY'",
			"SUBSTR(s, 5) = 'ße'", "SUBSTR(s, 5, 1) = 'ß'", "SUBSTR(s, -2) = 'ße'", "SUBSTR(s, -2, 1) = 'ß'", "SUBSTR('abc', 0, 2) = 'a'", "SUBSTR('abc', 0) = 'abc'", "SUBSTR('abc', -5, 3) = 'a'", "SUBSTR('abc', -5, 1) = ''", "SUBSTR('abc', -5) = 'abc'", "SUBSTR('abc', 4) = ''", "SUBSTR('abc', 2, 0) = ''", "SUBSTR('abc', 1, -1) IS NULL", "SUBSTR('abc', min, max) = 'ab'", "SUBSTR('abc', max, max) = ''", "SUBSTR('abc', 1, max) = 'abc'", "SUBSTR(s, i0) IS NULL", "SUBSTR(s0, 1) IS NULL", "SUBSTR(s, 1, i0) IS NULL",
			"COALESCE(s0, s) = s", "COALESCE(s0, unset) IS NULL", "NULLIF(s, 'Straße') IS NULL", "NULLIF(s, 'x') = s", "NULLIF(s, s0) = s", "COALESCE(i0, 3) = 3", "NULLIF(i, 7) IS NULL", "NULLIF(i, 7.0) IS NULL", "NULLIF(i, 7.5) = 7", "COALESCE(r0, i) = 7", "NULLIF(r, r0) = 2.5", "COALESCE(d0, d) = d",
			// LIKE.
			"s LIKE 'Str%'", "s LIKE '_t%e'", "s NOT LIKE 'str%'", "s ILIKE 'STRA_E'", "s ILIKE 'straße'", "s LIKE 'Stra_e'", "odd LIKE 'a_b'", "'a%' LIKE 'a!%' ESCAPE '!'", "(s0 LIKE '%') IS NULL",
			// IN.
			"i IN (1, 7)", "i NOT IN (1, 2)", "i IN (7, NULL)", "(i IN (1, NULL)) IS NULL", "(i0 IN (1)) IS NULL", "(i0 NOT IN (1)) IS NULL", "i IN (7.0)", "i IN (1, r, i)", "i NOT IN (7.5, 8)", "r IN (2, 2.5)", "nan NOT IN (1, 2)", "(NULL IN (1)) IS NULL", "max NOT IN (9223372036854775808.0)", "NOT 9007199254740992.0 IN (big)", "negzero IN (0)",
			"i IN (1,2,3,4,5,6,7,8,9,10,11)", "i NOT IN (1,2,3,4,5,6,8,9,10,11)", "r IN (1,2,3,4,5,6,7,8,9,10,2.5)", "s IN ('a','b','c','d','e','f','g','h','i','Straße')", "s IN ('Straße')", "s NOT IN ('straße', '')", "b IN (TRUE)", "b NOT IN (FALSE)", "(b0 IN (TRUE)) IS NULL", "(b IN (FALSE, NULL)) IS NULL", "(i IN (1, i0)) IS NULL", "i IN (i0, 7)", "i IN (i0, i)",
			// Dates and times.
			"d = '2024-02-29'", "d = DATE '2024-02-29'", "d < '2024-03-01'", "d IN ('2024-02-29')", "t = '12:30:00.5'", "t > TIME '12:30'", "dt = TIMESTAMP '2024-02-29 11:34:56.789Z'", "dt = TIMESTAMP '2024-02-29 12:34:56.789+01'", "dt > d", "d < dt", "wall = TIMESTAMP '2024-02-29 12:34:56'", "wall > dt", "dt IN (TIMESTAMP '2024-02-29 11:34:56.789Z')", "d0 IS NULL", "t0 IS NULL", "dt0 IS NULL", "(d0 = d) IS NULL", "NULLIF(dt, '2024-02-29 11:34:56.789') IS NULL",
			// CAST.
			"CAST(r AS integer) = 2", "CAST(-r AS integer) = -2", "CAST(nan AS bigint) IS NULL", "CAST(inf AS bigint) IS NULL", "CAST(huge AS bigint) IS NULL", "CAST(40000 AS smallint) IS NULL", "CAST(-32768 AS smallint) = -32768", "CAST(max AS integer) IS NULL", "CAST(max AS bigint) = max", "CAST(3e9 AS integer) IS NULL", "CAST(' 12 ' AS integer) = 12", "CAST('12.5' AS integer) IS NULL", "CAST(b AS integer) = 1", "CAST(b0 AS integer) IS NULL",
			"CAST('1e3' AS float) = 1000", "CAST('nan' AS float) IS NULL", "CAST('' AS float) IS NULL", "CAST(i AS float) = 7.0", "CAST(big AS float) = 9007199254740992.0",
			"CAST(i AS character) = '7'", "CAST(r AS character) = '2.5'", "CAST(100000000000000000000.0 AS character) = '1e+20'", "CAST(b AS character) = 'true'", "CAST(FALSE AS character) = 'false'", "CAST(d AS character) = '2024-02-29'", "CAST(t AS character) = '12:30:00.5'", "CAST(dt AS character) = '2024-02-29T11:34:56.789Z'", "CAST(wall AS character) = '2024-02-29T12:34:56'", "CAST(d AS character(7)) = '2024-02'", "CAST(s AS character(5)) = 'Straß'", "CAST(s0 AS character(5)) IS NULL", "CAST(nan AS character) = 'nan'",
			"CAST('2024-02-29' AS date) = d", "CAST('2024-02-29T23:30:00-01:00' AS date) = '2024-03-01'", "CAST('2023-02-29' AS date) IS NULL", "CAST(dt AS date) = d", "CAST(dt AS time) = '11:34:56.789'", "CAST('12:30:00.5' AS time) = t", "CAST(d AS timestamp) = TIMESTAMP '2024-02-29 00:00:00Z'", "CAST('2024-02-29 12:34:56.789+01' AS timestamp) = dt", "CAST(' x ' AS timestamp) IS NULL", "CAST(COALESCE(dt0, wall) AS character) = '2024-02-29T12:34:56'",
			"CAST('Yes' AS boolean)", "CAST(i AS boolean)", "NOT CAST(0 AS boolean)", "CAST('maybe' AS boolean) IS NULL", "NOT CAST(' OFF ' AS boolean)", "CAST(i0 AS boolean) IS NULL", "CAST(s0 AS boolean) IS NULL",
			// Null.
			"i0 IS NULL", "i IS NOT NULL", "unset IS NULL", "wrong IS NULL", "bin IS NOT NULL", "NULL IS NULL", "(i = NULL) IS NULL", "other IS NULL", "geometry IS NOT NULL", "(i IS NULL) IS NOT NULL",
			// Geometry.
			"OGR_GEOMETRY = 'POINT'", "OGR_GEOM_AREA = 0", "OGR_GEOM_WKT = 'POINT (1 2.5)'", "OGR_GEOM_WKT || OGR_GEOMETRY LIKE '%)POINT'", "OGR_GEOM_WKT IS NOT NULL", "OGR_GEOM_AREA IS NOT NULL", "OGR_GEOMETRY IN ('POINT', 'LINESTRING')",
			"ST_Intersects(geometry, ST_MakeEnvelope(0, 0, 1, 3))", "ST_Intersects(other, ST_Point(1, 2)) IS NULL", "ST_DWithin(ST_Point(1, 2), geometry, 0.5)", "NOT ST_Within(geometry, ST_MakeEnvelope(0, 0, 1, 3))", "ST_Contains(ST_MakeEnvelope(0, 0, 2, 3), geometry)",
		},
		no: {
			"NOT b", "b AND FALSE", "b0 AND FALSE", "FALSE AND b0", "FALSE OR NOT b", "i = 8", "i <> 7", "nan = nan", "nan < 1", "nan > 1", "1 <= nan", "negzero < 0", "s = 'straße'", "s LIKE ''", "i IN (1, 2)", "i NOT IN (7, NULL)", "i IS NULL", "FID IS NULL", "b = 2", "wrong IS NOT NULL", "big = 9007199254740992.0", "nan IN (1, 2)", "s ILIKE 'strasse'", "max = 9223372036854775808.0", "d > dt",
		},
		unknown: {
			"b0", "NOT b0", "b0 AND b", "b0 OR FALSE", "i = i0", "i0 <> 7", "i0 = i0", "r0 < 1", "s0 > 'a'", "i / 0 = 1", "max + 1 > 0", "s0 LIKE 'a'", "s0 NOT ILIKE 'a'", "i IN (1, NULL)", "i NOT IN (1, NULL)", "i0 IN (1, 2)", "s0 NOT IN ('a')", "i0 IN (r, 3)", "b0 IN (b)", "NULL", "NOT NULL", "unset = 'a'", "wrong = 7", "d0 = d", "CAST('x' AS integer) = 1", "b = b0", "b0 < TRUE", "i BETWEEN i0 AND 9", "ST_Within(other, geometry)",
		},
	} {
		for _, text := range texts {
			if got := judge(t, text, f); got != want {
				t.Errorf("%s: %d, want %d", text, got, want)
			}
		}
	}
}

// TestEmptyIn cannot be written as a text.
func TestEmptyIn(t *testing.T) {
	for _, field := range []string{"i", "i0", "s0", "b0"} {
		for _, test := range []struct {
			e    *Expr
			want tri
		}{{Field(field).In(), no}, {Field(field).In().Not(), yes}} {
			b, err := test.e.Bind(evalSchema)
			if err != nil {
				t.Fatal(err)
			}
			match, err := b.Match(evalFeature())
			if match != (test.want == yes) || err != nil {
				t.Errorf("%s: %v, %v", field, match, err)
			}
		}
	}
	n := &Node{Op: In, Type: Bool, Args: []*Node{{Op: FieldValue, Type: Int, Field: 1}}}
	var e env
	e.begin(evalFeature())
	if got := compileBool(n)(&e); got != no {
		t.Errorf("null in nothing: %d", got)
	}
}

// TestEvalAllocs: once warm, an evaluation allocates nothing.
func TestEvalAllocs(t *testing.T) {
	f := evalFeature()
	for _, text := range []string{
		"i = 7", "i < r", "i + 1 > 3", "i * r / 2 - 1 > 3", "i % 3 = 1", "-i < 0", "ABS(i) = 7", "r >= 2", "ROUND(r * 1.234567, 3) > 1", "s = 'x'", "s < 'x'", "b AND NOT b0 OR b = TRUE",
		"s LIKE 'S%e'", "s LIKE '%r_ß%'", "s ILIKE '%RASS%'", "s ILIKE 'STRA_E'", "odd LIKE '_b'",
		"i IN (1, 2, 3)", "i IN (1,2,3,4,5,6,7,8,9,10,11)", "s IN ('a', 'b')", "s IN ('a','b','c','d','e','f','g','h','i','j')", "r IN (1,2,3,4,5,6,7,8,9,10,2.5)", "d IN ('2024-02-29', '2024-01-01')",
		"LOWER(s) = 'straße'", "UPPER(s) || LOWER(s) > 'x'", "s || s || s = 'x'", "SUBSTR(s, 2, 3) = 'tra'", "SUBSTR(s, -2) = 'x'", "LENGTH(s) = 6",
		"COALESCE(s0, s) = 'x'", "NULLIF(i, 7) IS NULL", "COALESCE(r0, i, 3) > 1",
		"CAST(i AS character) = '7'", "CAST(r AS character(5)) = '2.5'", "CAST(dt AS character) > '2'", "CAST(s AS integer) IS NULL", "CAST(s AS float) IS NULL", "CAST(CAST(i AS character) AS float) = 7", "CAST(CAST(i AS character) AS integer) = 7", "CAST(CAST(dt AS character) AS timestamp) = dt", "CAST(CAST(t AS character) AS time) = t", "CAST(CAST(d AS character) AS date) = d", "CAST(s AS boolean)", "CAST(t AS character) = 'x'",
		"d < '2024-03-01'", "dt > d", "FID = 42", "OGR_GEOMETRY = 'POINT'", "OGR_GEOM_AREA > 0", "i BETWEEN 1 AND 9",
	} {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := e.Bind(evalSchema)
		if err != nil {
			t.Fatal(err)
		}
		if allocs := testing.AllocsPerRun(20, func() {
			if _, err := b.Match(f); err != nil {
				t.Fatal(err)
			}
		}); allocs > 0 {
			t.Errorf("%s: %v allocations", text, allocs)
		}
	}
}

// TestEvalKinds reads values whose kind is not quite that of the column.
func TestEvalKinds(t *testing.T) {
	day := feature.Date(2024, 2, 29)
	for _, test := range []struct {
		typ   Type
		value feature.Value
		want  string // cast to text
		null  bool
	}{
		{Int, feature.Int(5), "5", false},
		{Int, feature.Bool(true), "1", false},
		{Int, feature.Float(5), "", true},
		{Int, feature.Text("5"), "", true},
		{Float, feature.Int(5), "5", false},
		{Float, feature.Bool(true), "", true},
		{Bool, feature.Int(5), "true", false},
		{Bool, feature.Int(0), "false", false},
		{Bool, feature.Float(1), "", true},
		{Text, feature.JSON([]byte("{}")), "{}", false},
		{Text, feature.Bytes([]byte("x")), "", true},
		{Text, feature.Int(1), "", true},
		{Date, day, "2024-02-29", false},
		{Date, feature.WallClock(day.Micros(), 0), "", true},
		{DateTime, day, "2024-02-29T00:00:00Z", false},
		{DateTime, feature.TimeOfDay(1), "", true},
		{Time, feature.TimeOfDay(86_400_000_000), "24:00:00", false},
		{Time, day, "", true},
		{Int, feature.Null(), "", true},
		{Text, feature.Value{}, "", true},
	} {
		field := &Node{Op: FieldValue, Type: test.typ}
		text := compileText(&Node{Op: Cast, Type: Text, Args: []*Node{field}})
		var e env
		e.begin(&feature.Feature{Values: []feature.Value{test.value}})
		got, ok := text(&e)
		null := compileBool(&Node{Op: IsNull, Type: Bool, Args: []*Node{field}})(&e)
		if ok && string(got) != test.want || ok == test.null || null != truth(test.null) {
			t.Errorf("%s of %s %s: %q, %v, null %v", test.typ, test.value.Kind(), test.value, got, ok, null)
		}
	}
}

// TestEvalNullNodes: a node of NULL may stand wherever an argument does, and any op of it gives null.
func TestEvalNullNodes(t *testing.T) {
	null := &Node{Op: Literal, Type: Null, Value: feature.Null()}
	one := &Node{Op: Literal, Type: Int, Value: feature.Int(1)}
	var e env
	e.begin(evalFeature())
	for op := Eq; op <= Ge; op++ {
		for _, args := range [][]*Node{{null, one}, {one, null}, {null, null}} {
			if got := compileBool(&Node{Op: op, Type: Bool, Args: args})(&e); got != unknown {
				t.Errorf("op %d: %d", op, got)
			}
		}
	}
	for _, typ := range []Type{Bool, Int, Float, Text, Date, Time, DateTime} {
		for op := Add; op <= Cast; op++ {
			n := &Node{Op: op, Type: typ, Args: []*Node{null, null, null}, Pattern: &Pattern{}}
			if got := compileBool(&Node{Op: IsNull, Type: Bool, Args: []*Node{n}})(&e); got != yes {
				t.Errorf("op %d of type %s: %d", op, typ, got)
			}
		}
	}
	for _, op := range []Op{Intersects, Within, Contains, DWithin} {
		if got := compileBool(&Node{Op: op, Type: Bool, Args: []*Node{null, geomColumn(0)}})(&e); got != unknown {
			t.Errorf("%s: %d", spatialNames[op], got)
		}
	}
}

// TestEvalBuffer: texts that were computed stay as they are when more are added.
func TestEvalBuffer(t *testing.T) {
	f := evalFeature()
	want := strings.Repeat("straße", 64)
	text := "LOWER(s)"
	for range 6 {
		text = "(" + text + " || " + text + ")"
	}
	for range 3 {
		if got := judge(t, text+" = '"+want+"' AND LOWER(s) || UPPER(s) = 'straßeSTRAßE'", f); got != yes {
			t.Errorf("%d", got)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	f := evalFeature()
	for _, text := range []string{
		"i = 8", "i > 100 AND s = 'x'", "i + 1 > 300", "s = 'Strasse'", "s LIKE 'Sta%'", "s LIKE '%asse%'", "s ILIKE '%asse%'", "s ILIKE 'st_asse'", "i IN (1,2,3)", "s IN ('a','b','c','d','e','f','g','h','i','j')", "LOWER(s) = 'x'", "CAST(i AS character) = 'x'",
	} {
		b.Run(strings.ReplaceAll(text, " ", ""), func(b *testing.B) {
			e, err := Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			bound, err := e.Bind(evalSchema)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if bound.MatchAttributes(f) {
					b.Fatal("it matches")
				}
			}
		})
	}
}
