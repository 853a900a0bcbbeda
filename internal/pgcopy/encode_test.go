package pgcopy_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/pgcopy"
)

func timeOf(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

func TestEncoder(t *testing.T) {
	integer, real := feature.Field{Type: feature.Integer}, feature.Field{Type: feature.Real}
	boolean, jsonField := feature.Field{Type: feature.Integer, Subtype: feature.Boolean}, feature.Field{Subtype: feature.JSONText}
	texts := feature.Field{Type: feature.StringList}
	for _, c := range []struct {
		field feature.Field
		v     feature.Value
		want  string
	}{
		{feature.Field{}, feature.Value{}, `\N`},
		{feature.Field{}, feature.Null(), `\N`},
		{feature.Field{}, feature.Text(`\N`), `\\N`},
		{feature.Field{}, feature.Text("a\tb\n"), `a\tb\n`},
		{feature.Field{}, feature.Bool(true), "t"},
		{boolean, feature.Bool(false), "f"},
		{boolean, feature.Int(7), "t"},
		{integer, feature.Bool(true), "1"},
		{real, feature.Bool(false), "0"},
		{real, feature.Float(1e15), "1e+15"},
		{integer, feature.Float(1e15), "1000000000000000"},
		{integer, feature.Float(-0.5), "-0.5"},
		{integer, feature.Float(1 << 63), "9.223372036854775808e+18"},
		{integer, feature.Float(math.NaN()), "NaN"},
		{real, feature.Float(math.Inf(-1)), "-Infinity"},
		{real, feature.Int(5), "5"},
		{feature.Field{Type: feature.Binary}, feature.Bytes([]byte{1, 0xab}), `\\x01ab`},
		{jsonField, feature.Bool(true), "true"},
		{jsonField, feature.Float(math.NaN()), "null"},
		{jsonField, feature.TextList("a", `"`), `["a","\\""]`},
		{jsonField, feature.Text("[1]"), "[1]"},
		{jsonField, feature.Null(), `\N`},
		{texts, feature.TextList("a\tb", `"\`), `{"a\tb","\\"\\\\"}`},
		{texts, feature.JSON([]byte(`[["a"],[null]]`)), `{{"a"},{NULL}}`},
		{texts, feature.JSON([]byte(`[{"a":1}]`)), `[{"a":1}]`},
		{texts, feature.JSON([]byte(`{a,b}`)), `{a,b}`},
		{texts, feature.JSON([]byte(`[1] [2]`)), `[1] [2]`},
		{texts, feature.JSON([]byte(strings.Repeat("[", 7) + strings.Repeat("]", 7))), "[[[[[[[]]]]]]]"},
	} {
		e := pgcopy.NewEncoder(&feature.Schema{Fields: []feature.Field{c.field}}, false, nil, nil, []int{0})
		got, err := e.AppendRow([]byte("x\n"), &feature.Feature{Values: []feature.Value{c.v}})
		if want := "x\n" + strings.ReplaceAll(c.want, `9.223372036854775808e+18`, "9.223372036854776e+18") + "\n"; string(got) != want || err != nil {
			t.Errorf("%v of kind %v as %s: %q, %v; want %q", c.v, c.v.Kind(), c.field.TypeName(), got, err, want)
		}
	}
}

func TestEncoderRefuses(t *testing.T) {
	dateTime := feature.Field{Name: "f", Type: feature.DateTimeField}
	for _, c := range []struct {
		field feature.Field
		v     feature.Value
		want  string
	}{
		{feature.Field{}, feature.Text("a\x00b"), "NUL"},
		{feature.Field{}, feature.TextBytes([]byte("abc\xff")), "byte 0xff at 3"},
		{feature.Field{}, feature.TextBytes([]byte("\xed\xa0\x80")), "byte 0xed at 0"}, // a surrogate
		{feature.Field{}, feature.JSON([]byte("\"\x00\"")), "NUL"},
		{feature.Field{Type: feature.StringList}, feature.TextList("a", `b"`+"\x00"), "NUL"},
		{feature.Field{Type: feature.StringList}, feature.TextList("a", "\"\x00\""), "NUL"},
		{feature.Field{Type: feature.StringList}, feature.JSON([]byte(`[null,"\u0000"]`)), "NUL"},
		{feature.Field{Type: feature.DateField}, feature.Days(-2_440_589), "days"},
		{feature.Field{Type: feature.DateField}, feature.Days(2_145_042_906), "days"},
		{feature.Field{Type: feature.DateField}, feature.Days(math.MinInt64), "days"},
		{feature.Field{Type: feature.TimeField}, feature.TimeOfDay(-1), "midnight"},
		{feature.Field{Type: feature.TimeField}, feature.TimeOfDay(microsPerDay + 1), "midnight"},
		{dateTime, feature.WallClock(-2_440_588*microsPerDay-1, 0), "microseconds"},
		{dateTime, feature.WallClock(-2_440_588*microsPerDay, 60), "microseconds"},
		{dateTime, feature.WallClock(math.MaxInt64, -60), "microseconds"},
		{dateTime, feature.WallClock(math.MinInt64, 60), "microseconds"},
	} {
		c.field.Name = "the field"
		e := pgcopy.NewEncoder(&feature.Schema{Fields: []feature.Field{{Name: "a"}, c.field}}, true, nil, nil, []int{0, 1})
		got, err := e.AppendRow([]byte("x\n"), &feature.Feature{Values: []feature.Value{feature.Text("a"), c.v}})
		if string(got) != "x\n" || err == nil || !strings.Contains(err.Error(), "the field") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %q, %v; want an error with %q", c.v, got, err, c.want)
		}
	}
	e := pgcopy.NewEncoder(&feature.Schema{Geoms: []feature.GeomField{{Name: "the geom", Type: feature.Point}}}, false, []int{0}, []int32{0}, nil)
	for _, w := range []feature.WKB{{}, {1, 1}, feature.AppendPoint(nil, 1, 2)[:20], feature.AppendHeader(nil, feature.Polygon, 0)} {
		if got, err := e.AppendRow([]byte("x\n"), &feature.Feature{Geoms: []feature.WKB{w}}); string(got) != "x\n" || err == nil || !strings.Contains(err.Error(), "the geom") {
			t.Errorf("%x: %q, %v", w, got, err)
		}
	}
}

// pointLayer is a layer of points with an FID and five fields, and a row of it.
func pointLayer() (*feature.Schema, *feature.Feature) {
	s := &feature.Schema{Geoms: []feature.GeomField{{Name: "geom", Type: feature.Point}}, Fields: []feature.Field{
		{Name: "name"}, {Name: "kind"}, {Name: "pop", Type: feature.Integer}, {Name: "height", Type: feature.Real}, {Name: "at", Type: feature.DateTimeField},
	}}
	f := feature.New(s)
	f.FID = 123456
	f.Geoms[0] = feature.AppendPoint(nil, 8.5417, 47.3769)
	copy(f.Values, []feature.Value{
		feature.Text("Zürich-Oerlikon"), feature.Text("a category"), feature.Int(123456), feature.Float(408.125), feature.WallClock(1_717_223_400_123_456, feature.ZoneUTC),
	})
	return s, f
}

func TestEncoderAllocatesNothing(t *testing.T) {
	s, f := pointLayer()
	s.Geoms[0].Type = feature.MultiPoint
	s.Fields = append(s.Fields, feature.Field{Name: "b", Type: feature.Binary}, feature.Field{Name: "j", Subtype: feature.JSONText}, feature.Field{Name: "d", Type: feature.DateField})
	f.Values = append(f.Values, feature.Bytes([]byte{1, 2}), feature.JSON([]byte(`{"a":"\n"}`)), feature.Date(2024, 1, 1))
	e := pgcopy.NewEncoder(s, true, []int{0}, []int32{4326}, []int{0, 1, 2, 3, 4, 5, 6, 7})
	var dst []byte
	if n := testing.AllocsPerRun(1000, func() {
		var err error
		if dst, err = e.AppendRow(dst[:0], f); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func BenchmarkEncoder(b *testing.B) {
	s, f := pointLayer()
	e := pgcopy.NewEncoder(s, true, []int{0}, []int32{4326}, []int{0, 1, 2, 3, 4})
	dst, err := e.AppendRow(nil, f)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = e.AppendRow(dst[:0], f); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzEncoder holds the escapes against a reader of COPY's text, which is short.
func FuzzEncoder(f *testing.F) {
	f.Add("a\tb", `"\`)
	f.Add(`\N`, "\r\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		s := &feature.Schema{Fields: []feature.Field{{Name: "a"}, {Name: "b", Type: feature.StringList}}}
		line, err := pgcopy.NewEncoder(s, false, nil, nil, []int{0, 1}).AppendRow(nil, &feature.Feature{Values: []feature.Value{feature.Text(a), feature.TextList(b)}})
		valid := strings.ToValidUTF8(a+"|"+b, "") == a+"|"+b && !strings.Contains(a+b, "\x00")
		if (err == nil) != valid {
			t.Fatalf("%q, %q: %v", a, b, err)
		}
		if err != nil {
			return
		}
		text, ok := strings.CutSuffix(string(line), "\n")
		columns := strings.Split(text, "\t")
		if !ok || len(columns) != 2 || strings.ContainsAny(text, "\n\r") || columns[0] == `\N` || text == `\.` {
			t.Fatalf("%q", line)
		}
		if got := unescape(columns[0]); got != a {
			t.Errorf("%q becomes %q", a, got)
		}
		element := unescape(columns[1])
		if !strings.HasPrefix(element, `{"`) || !strings.HasSuffix(element, `"}`) {
			t.Fatalf("%q", element)
		}
		var got strings.Builder
		for inner := element[2 : len(element)-2]; inner != ""; inner = inner[1:] {
			if inner[0] == '"' {
				t.Fatalf("a quote ends %q", element)
			}
			if inner[0] == '\\' {
				inner = inner[1:]
			}
			got.WriteByte(inner[0])
		}
		if got.String() != b {
			t.Errorf("%q becomes %q", b, got.String())
		}
	})
}

func unescape(s string) string {
	return strings.NewReplacer(`\b`, "\b", `\f`, "\f", `\n`, "\n", `\r`, "\r", `\t`, "\t", `\v`, "\v", `\\`, `\`).Replace(s)
}

func ExampleEncoder() {
	s := &feature.Schema{
		Geoms:  []feature.GeomField{{Name: "geom", Type: feature.Point}},
		Fields: []feature.Field{{Name: "name"}, {Name: "at", Type: feature.DateTimeField}},
	}
	e := pgcopy.NewEncoder(s, true, []int{0}, []int32{4326}, []int{0, 1})
	f := feature.New(s)
	f.FID = 1
	f.Geoms[0] = feature.AppendPoint(nil, 1, 2)
	f.Values[0] = feature.Text("two\nlines")
	lines, err := e.AppendRow(nil, f)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(string(lines))
	// Output:
	// 1	0101000020e6100000000000000000f03f0000000000000040	two\nlines	\N
}
