package pgvalue_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

// The OIDs of PostgreSQL's types (src/include/catalog/pg_type.dat), and two for PostGIS'.
const (
	oidBool, oidBytea, oidName, oidInt8, oidInt2, oidInt4, oidText, oidOID = 16, 17, 19, 20, 21, 23, 25, 26
	oidJSON, oidXML, oidFloat4, oidFloat8, oidMoney, oidInet               = 114, 142, 700, 701, 790, 869
	oidBpchar, oidVarchar, oidDate, oidTime, oidTimestamp, oidTimestamptz  = 1042, 1043, 1082, 1083, 1114, 1184
	oidInterval, oidTimetz, oidNumeric, oidUUID, oidJSONB                  = 1186, 1266, 1700, 2950, 3802

	oidBools, oidByteas, oidInt2s, oidInt4s, oidTexts, oidBpchars, oidVarchars, oidInt8s = 1000, 1001, 1005, 1007, 1009, 1014, 1015, 1016
	oidFloat4s, oidFloat8s, oidTimestamps, oidDates, oidTimestamptzs                     = 1021, 1022, 1115, 1182, 1185
	oidIntervals, oidNumerics, oidUUIDs, oidJSONs, oidJSONBs                             = 1187, 1231, 2951, 199, 3807

	oidGeometry, oidGeography = 18156, 18900
)

// one returns the JSON of a value.
func one(oid uint32, value string) string {
	e := pgvalue.NewEncoder([]pgvalue.Column{{Name: "v", OID: oid, TypMod: -1}}, oidGeometry, oidGeography, nil)
	row := string(e.AppendRow([]byte("<"), [][]byte{[]byte(value)}))
	return strings.TrimSuffix(strings.TrimPrefix(row, `<{"v":`), "}")
}

func TestAppendRow(t *testing.T) {
	point := "0101000020E610000000000000000000400000000000000840"
	tests := []struct {
		oid   uint32
		value string
		want  string
	}{
		{oidGeometry, point, `"` + point + `"`},
		{oidGeography, point, `"` + point + `"`},
		{oidText, "a", `"a"`},
		{oidText, "", `""`},
		{oidVarchar, `a "quoted" \ backslash`, `"a \"quoted\" \\ backslash"`},
		{oidBpchar, "a  ", `"a  "`},
		{oidText, "tab\tnewline\nreturn\rback\bfeed\fother\x01\x1f\x7f", `"tab\tnewline\nreturn\rback\bfeed\fother\u0001\u001f` + "\x7f\""},
		{oidText, "Grüße, Привет, 世界, 🌍", `"Grüße, Привет, 世界, 🌍"`},
		{oidText, "a\u2028b\u2029c", `"a\u2028b\u2029c"`},
		{oidText, "a\xffb\xe2\x80", "\"a\ufffdb\ufffd\ufffd\""},
		{oidText, "\ufffd", "\"\ufffd\""},
		{oidName, "pg_class", `"pg_class"`},
		{oidUUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{oidMoney, "$1,000.00", `"$1,000.00"`},
		{oidXML, `<a b="c"/>`, `"<a b=\"c\"/>"`},
		{oidInet, "192.168.0.1/24", `"192.168.0.1/24"`},

		{oidBytea, `\x00ff`, `{"type":"Buffer","data":[0,255]}`},
		{oidBytea, `\x0a`, `{"type":"Buffer","data":[10]}`},
		{oidBytea, `\x`, `{"type":"Buffer","data":[]}`},
		{oidBytea, `\000\377`, `"\\000\\377"`}, // bytea_output escape
		{oidBytea, `\x0`, `"\\x0"`},
		{oidBytea, `\x0g`, `"\\x0g"`},
		{oidBytea, ``, `""`},

		{oidInt2, "-32768", "-32768"},
		{oidInt4, "0", "0"},
		{oidInt8, "9007199254740993", "9007199254740993"},
		{oidInt8, "-9223372036854775808", "-9223372036854775808"},
		{oidOID, "4294967295", "4294967295"},
		{oidFloat8, "0.1", "0.1"},
		{oidFloat8, "1e+300", "1e+300"},
		{oidFloat8, "-1.5e-07", "-1.5e-07"},
		{oidFloat8, "-0", "-0"},
		{oidFloat8, "NaN", `"NaN"`},
		{oidFloat4, "Infinity", `"Infinity"`},
		{oidFloat4, "-Infinity", `"-Infinity"`},
		{oidNumeric, "123456789012345678901234567890.12345678901234567890", "123456789012345678901234567890.12345678901234567890"},
		{oidNumeric, "0.00", "0.00"},
		{oidNumeric, "NaN", `"NaN"`},
		{oidInt4, "+1", `"+1"`},
		{oidInt4, "01", `"01"`},
		{oidInt4, "1,2", `"1,2"`},
		{oidFloat8, ".5", `".5"`},
		{oidFloat8, "5.", `"5."`},
		{oidFloat8, "1e", `"1e"`},
		{oidFloat8, "-", `"-"`},
		{oidFloat8, "", `""`},

		{oidBool, "t", "true"},
		{oidBool, "f", "false"},
		{oidBool, "true", `"true"`},

		{oidDate, "2020-01-02", `"2020-01-02T00:00:00Z"`},
		{oidDate, "0001-01-01", `"0001-01-01T00:00:00Z"`},
		{oidDate, "9999-12-31", `"9999-12-31T00:00:00Z"`},
		{oidDate, "10000-01-01", `"10000-01-01"`},
		{oidDate, "0044-03-15 BC", `"0044-03-15 BC"`},
		{oidDate, "infinity", `"infinity"`},
		{oidDate, "-infinity", `"-infinity"`},
		{oidDate, "02/01/2020", `"02/01/2020"`}, // DateStyle SQL
		{oidDate, "02.01.2020", `"02.01.2020"`}, // DateStyle German
		{oidDate, "01-02-2020", `"01-02-2020"`}, // DateStyle Postgres

		{oidTimestamp, "2020-01-02 03:04:05", `"2020-01-02T03:04:05Z"`},
		{oidTimestamp, "2020-01-02 03:04:05.999999", `"2020-01-02T03:04:05Z"`},
		{oidTimestamp, "2020-01-02 03:04:05.", `"2020-01-02 03:04:05."`},
		{oidTimestamp, "2020-01-02 03:04:05.5 BC", `"2020-01-02 03:04:05.5 BC"`},
		{oidTimestamp, "10000-01-02 03:04:05", `"10000-01-02 03:04:05"`},
		{oidTimestamp, "infinity", `"infinity"`},
		{oidTimestamp, "Thu Jan 02 03:04:05 2020", `"Thu Jan 02 03:04:05 2020"`}, // DateStyle Postgres
		{oidTimestamptz, "2020-01-02 03:04:05+00", `"2020-01-02T03:04:05Z"`},
		{oidTimestamptz, "2020-01-02 03:04:05.678+00", `"2020-01-02T03:04:05Z"`},
		{oidTimestamptz, "2020-01-02 03:04:05.678+01", `"2020-01-02T02:04:05Z"`},
		{oidTimestamptz, "2020-01-01 00:00:00+05:30", `"2019-12-31T18:30:00Z"`},
		{oidTimestamptz, "2019-12-31 23:30:00.5-03:30", `"2020-01-01T03:00:00Z"`},
		{oidTimestamptz, "1890-01-01 00:53:28+00:53:28", `"1890-01-01T00:00:00Z"`},
		{oidTimestamptz, "9999-12-31 23:30:00-03:30", `"9999-12-31 23:30:00-03:30"`},
		{oidTimestamptz, "0001-01-01 00:30:00+01", `"0001-01-01 00:30:00+01"`},
		{oidTimestamptz, "0044-03-15 12:00:00+00 BC", `"0044-03-15 12:00:00+00 BC"`},
		{oidTimestamptz, "2020-01-02 03:04:05 CET", `"2020-01-02 03:04:05 CET"`},
		{oidTimestamptz, "2020-01-02 03:04:05", `"2020-01-02 03:04:05"`},
		{oidTimestamptz, "2020-01-02 03:04:05+0a", `"2020-01-02 03:04:05+0a"`},
		{oidTimestamptz, "-infinity", `"-infinity"`},
		{oidTime, "03:04:05.678", `"03:04:05.678"`},
		{oidTimetz, "03:04:05.678+01", `"03:04:05.678+01"`},

		{oidJSON, "{\"a\":\n [1, 2.50, null]}", "{\"a\":\n [1, 2.50, null]}"},
		{oidJSON, " null ", " null "},
		{oidJSONB, `{"a": "b\u0041\n", "c": {}, "d": [], "e": [{}, [true, false]], "f": -1e5}`, `{"a": "b\u0041\n", "c": {}, "d": [], "e": [{}, [true, false]], "f": -1e5}`},
		{oidJSON, `"ü` + "\u2028\xff" + `€"`, `"ü\u2028` + "\ufffd" + `€"`},
		{oidJSON, `{"a":1`, `"{\"a\":1"`},
		{oidJSON, `{"a":1}}`, `"{\"a\":1}}"`},
		{oidJSON, "", `""`},
		{oidJSON, "\xff", "\"\ufffd\""},

		{oidInterval, "1 day 02:00:00", `{"days":1,"hours":2}`},
		{oidInterval, "1 year 2 mons 3 days 04:05:06.789", `{"years":1,"months":2,"days":3,"hours":4,"minutes":5,"seconds":6,"milliseconds":789}`},
		{oidInterval, "-1 years +2 mons -3 days +04:05:06.5", `{"years":-1,"months":2,"days":-3,"hours":4,"minutes":5,"seconds":6,"milliseconds":500}`},
		{oidInterval, "-00:00:01.000001", `{"seconds":-1,"milliseconds":-0.001}`},
		{oidInterval, "00:00:00.12345", `{"milliseconds":123.45}`},
		{oidInterval, "2 years", `{"years":2}`},
		{oidInterval, "1 mon -1 days", `{"months":1,"days":-1}`},
		{oidInterval, "2562047788:00:54.775807", `{"hours":2562047788,"seconds":54,"milliseconds":775.807}`},
		{oidInterval, "00:00:00", `{}`},
		{oidInterval, "infinity", `"infinity"`},
		{oidInterval, "@ 1 day 2 hours", `"@ 1 day 2 hours"`}, // IntervalStyle postgres_verbose
		{oidInterval, "P1DT2H", `"P1DT2H"`},                   // iso_8601
		{oidInterval, "1 2:00:00", `"1 2:00:00"`},             // sql_standard
		{oidInterval, "1 day ", `"1 day "`},
		{oidInterval, "1 day 1 year", `"1 day 1 year"`},
		{oidInterval, "1 dayss", `"1 dayss"`},
		{oidInterval, "00:00:00.1234567", `"00:00:00.1234567"`},
		{oidInterval, "", `""`},

		{oidInt4s, "{1,2,NULL}", "[1,2,null]"},
		{oidInt4s, "{}", "[]"},
		{oidInt4s, "{{1,2},{3,4}}", "[[1,2],[3,4]]"},
		{oidInt4s, "{{{{{{1}}}}}}", "[[[[[[1]]]]]]"},
		{oidInt4s, "[0:1]={1,2}", "[1,2]"},
		{oidInt4s, "[-1:0][2:3]={{1,2},{3,4}}", "[[1,2],[3,4]]"},
		{oidInt8s, "{9007199254740993}", "[9007199254740993]"},
		{oidInt2s, "{1}", "[1]"},
		{oidFloat8s, "{1.5,NaN,-Infinity}", `[1.5,"NaN","-Infinity"]`},
		{oidFloat4s, "{1e-05}", `[1e-05]`},
		{oidNumerics, "{1.50}", `[1.50]`},
		{oidTexts, `{a,"a b","",NULL,"NULL","a\"b","c\\d","{e}","f,g"}`, `["a","a b","",null,"NULL","a\"b","c\\d","{e}","f,g"]`},
		{oidVarchars, "{\"a\nb\",ü}", `["a\nb","ü"]`},
		{oidBpchars, `{"a  "}`, `["a  "]`},
		{oidBools, "{t,f,NULL}", "[true,false,null]"},
		{oidDates, "{2020-01-02,infinity}", `["2020-01-02T00:00:00Z","infinity"]`},
		{oidTimestamps, `{"2020-01-02 03:04:05.5"}`, `["2020-01-02T03:04:05Z"]`},
		{oidTimestamptzs, `{"2020-01-02 03:04:05+01"}`, `["2020-01-02T02:04:05Z"]`},
		{oidUUIDs, `{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}`, `["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]`},
		{oidJSONs, `{"{\"a\": \"b\\\\\"}",1,"null",NULL}`, `[{"a": "b\\"},1,null,null]`},
		{oidJSONBs, `{"[1, 2]"}`, `[[1, 2]]`},
		{oidByteas, `{"\\x00ff"}`, `[{"type":"Buffer","data":[0,255]}]`},
		{oidIntervals, `{"1 day",00:00:00}`, `[{"days":1},{}]`},
		{oidInt4s, "{1,2", `"{1,2"`},
		{oidInt4s, "{1,,2}", `"{1,,2}"`},
		{oidInt4s, "{1,}", `"{1,}"`},
		{oidInt4s, "{", `"{"`},
		{oidInt4s, "", `""`},
		{oidInt4s, "[0:1]", `"[0:1]"`},
		{oidInt4s, "[0:1]=", `"[0:1]="`},
		{oidInt4s, "{1}2", `"{1}2"`},
		{oidInt4s, "{1\"2\"}", `"{1\"2\"}"`},
		{oidInt4s, "{{{{{{{1}}}}}}}", `"{{{{{{{1}}}}}}}"`},
		{oidTexts, `{"a}`, `"{\"a}"`},
		{oidTexts, `{"a\`, `"{\"a\\"`},

		{600, "(1,2)", `"(1,2)"`}, // point: one of the others
	}
	for _, test := range tests {
		got := one(test.oid, test.value)
		if got != test.want {
			t.Errorf("type %d, %q: got %s, want %s", test.oid, test.value, got, test.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("type %d, %q: not JSON: %s", test.oid, test.value, got)
		}
	}
}

func TestAppendRowDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if got := one(oidJSON, nested(9000)); got != nested(9000) || !json.Valid([]byte(`{"v":`+got+"}")) {
		t.Errorf("9000 deep: got %.20s..., want it embedded", got)
	}
	if got := one(oidJSON, nested(20000)); got != `"`+nested(20000)+`"` {
		t.Errorf("20000 deep: got %.20s..., want a string", got)
	}
}

func TestAppendRowColumns(t *testing.T) {
	columns := []pgvalue.Column{
		{Name: "a", OID: oidInt4}, {Name: "b", OID: oidText}, {Name: "secret", OID: oidText}, {Name: "a", OID: oidText}, {Name: `c"ü`, OID: oidBool},
	}
	e := pgvalue.NewEncoder(columns, 0, 0, map[string]bool{"secret": true})
	values := func(texts ...string) (v [][]byte) {
		for _, s := range texts {
			if s == "NULL" {
				v = append(v, nil)
				continue
			}
			v = append(v, []byte(s))
		}
		return v
	}
	tests := map[string]struct {
		values [][]byte
		want   string
	}{
		"the last a at the first one's place": {values("1", "x", "s", "last", "t"), `{"a":"last","b":"x","c\"ü":true}`},
		"null":                                {values("1", "NULL", "s", "NULL", "NULL"), `{"a":null,"b":null,"c\"ü":null}`},
		"too few values":                      {values("1", "x"), `{"a":null,"b":"x","c\"ü":null}`},
		"too many values":                     {values("1", "x", "s", "last", "f", "more"), `{"a":"last","b":"x","c\"ü":false}`},
	}
	for name, test := range tests {
		if got := string(e.AppendRow(nil, test.values)); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
	if got, want := string(e.AppendFields(nil)), `{"a":{"type":"string","pgtype":"text"},"b":{"type":"string","pgtype":"text"},"c\"ü":{"type":"boolean","pgtype":"bool"}}`; got != want {
		t.Errorf("fields: got %s, want %s", got, want)
	}
	empty := pgvalue.NewEncoder(nil, 0, 0, nil)
	if got := string(empty.AppendFields(empty.AppendRow(nil, nil))); got != "{}{}" {
		t.Errorf("no columns: got %s, want {}{}", got)
	}
}

func TestAppendRowAllocations(t *testing.T) {
	columns, values := sevenColumns()
	columns = append(columns,
		pgvalue.Column{Name: "array", OID: oidTexts}, pgvalue.Column{Name: "json", OID: oidJSON}, pgvalue.Column{Name: "interval", OID: oidInterval},
		pgvalue.Column{Name: "bytea", OID: oidBytea}, pgvalue.Column{Name: "moved", OID: oidTimestamptz}, pgvalue.Column{Name: "odd", OID: oidInt4})
	values = append(values, []byte(`{a,"b\"c",{d}}`), []byte(`{"a":[1,"é"]}`), []byte("1 day 02:03:04.5"), []byte(`\x0102`),
		[]byte("2020-01-02 03:04:05.5+05:30"), []byte("no number"))
	e := pgvalue.NewEncoder(columns, oidGeometry, oidGeography, nil)
	dst := e.AppendCSVRow(e.AppendRow(nil, values), values)
	if n := testing.AllocsPerRun(100, func() { dst = e.AppendCSVRow(e.AppendRow(dst[:0], values), values) }); n != 0 {
		t.Errorf("%v allocations a row, want none", n)
	}
}

func FuzzAppendRow(f *testing.F) {
	for _, v := range []string{
		"", "a\xff\u2028\"\\", "-1.5e+07", "NaN", "t", "2020-01-02", "2020-01-02 03:04:05.5-03:30", `{"a":[1,{}]}`, `\x00ff`,
		"1 year -2 mons 3 days 04:05:06.789", `[0:1]={a,"b\"c",NULL,{1}}`, "0101000020E6100000",
	} {
		for _, oid := range []uint32{oidText, oidInt8, oidBool, oidDate, oidTimestamptz, oidJSON, oidBytea, oidInterval, oidTexts, oidGeometry} {
			f.Add("name\"", oid, []byte(v))
		}
	}
	f.Fuzz(func(t *testing.T, name string, oid uint32, v []byte) {
		e := pgvalue.NewEncoder([]pgvalue.Column{
			{Name: name, OID: oid}, {Name: "x" + name, OID: oid, TypMod: int32(oid)}, {Name: name, OID: oidText}, {Name: "xx" + name, OID: 1000 + oid%300},
		}, oidGeometry, oidGeography, nil)
		for _, values := range [][][]byte{{v, v, v, v}, {nil, v, v, nil}, {}} {
			row := e.AppendRow(nil, values)
			if !json.Valid(row) || !utf8.Valid(row) {
				t.Fatalf("not JSON: %s", row)
			}
			if bytes.ContainsRune(row, '\u2028') || bytes.ContainsRune(row, '\u2029') {
				t.Fatalf("a separator that is not escaped: %s", row)
			}
		}
		fields := e.AppendFields(nil)
		if !json.Valid(fields) || !utf8.Valid(fields) {
			t.Fatalf("not JSON: %s", fields)
		}
		// json.Valid and this package agree about what may be embedded.
		if got := one(oidJSON, string(v)); json.Valid(v) && utf8.Valid(v) && !bytes.ContainsAny(v, "\u2028\u2029") && got != string(v) {
			t.Fatalf("JSON %q became %s", v, got)
		}
		var text, want string
		if err := json.Unmarshal([]byte(one(oidText, string(v))), &text); err != nil {
			t.Fatal(err)
		}
		want = string([]rune(string(v))) // invalid bytes become U+FFFD
		if text != want {
			t.Fatalf("text %q became %q", want, text)
		}
	})
}

// sevenColumns returns a row as tables of CARTO have them.
func sevenColumns() ([]pgvalue.Column, [][]byte) {
	columns := []pgvalue.Column{
		{Name: "cartodb_id", OID: oidInt8, TypMod: -1},
		{Name: "name", OID: oidText, TypMod: -1},
		{Name: "height", OID: oidFloat8, TypMod: -1},
		{Name: "price", OID: oidNumeric, TypMod: -1},
		{Name: "updated_at", OID: oidTimestamptz, TypMod: -1},
		{Name: "open", OID: oidBool, TypMod: -1},
		{Name: "the_geom", OID: oidGeometry, TypMod: 4326<<8 | 1<<2},
	}
	values := [][]byte{
		[]byte("1234567"), []byte("Café Sperl, Gumpendorfer Straße"), []byte("171.25634"), []byte("12345.67"), []byte("2020-01-02 03:04:05.678901+00"), []byte("t"),
		[]byte("0101000020E610000000000000000000400000000000000840"),
	}
	return columns, values
}

func BenchmarkAppendRow(b *testing.B) {
	columns, values := sevenColumns()
	run := func(name string, columns []pgvalue.Column, values [][]byte) {
		b.Run(name, func(b *testing.B) {
			e := pgvalue.NewEncoder(columns, oidGeometry, oidGeography, nil)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = e.AppendRow(dst[:0], values)
			}
			b.SetBytes(int64(len(dst)))
		})
	}
	run("seven", columns, values)
	for i, c := range columns {
		run(c.Name, columns[i:i+1], values[i:i+1])
	}
	for _, c := range []struct {
		name  string
		oid   uint32
		value string
	}{
		{"json", oidJSON, `{"a": 1, "b": [1, 2, 3], "c": {"d": "some text", "e": null}, "f": true}`},
		{"interval", oidInterval, "1 day 02:03:04.5"},
		{"array", oidInt4s, "{1,2,3,4,5,6,7,8}"},
		{"date", oidDate, "2020-01-02"},
		{"cyrillic", oidText, "Санкт-Петербург, Невский проспект"},
		{"longtext", oidText, strings.Repeat("some longer text without anything odd in it. ", 20)},
	} {
		run(c.name, []pgvalue.Column{{Name: c.name, OID: c.oid}}, [][]byte{[]byte(c.value)})
	}
}
