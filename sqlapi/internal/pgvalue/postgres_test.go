package pgvalue_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

// server is a session like those that the API runs statements in.
type server struct {
	t                   *testing.T
	conn                *pgconn.PgConn
	geometry, geography uint32
}

func connect(t *testing.T) *server {
	t.Helper()
	config, err := pgconn.ParseConfig(testpeer.PostGIS(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"DateStyle": "ISO", "IntervalStyle": "postgres", "TimeZone": "UTC", "bytea_output": "hex", "extra_float_digits": "1",
	} {
		config.RuntimeParams[name] = value
	}
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	s := &server{t: t, conn: conn}
	_, rows := s.query("SELECT 'geometry'::regtype::oid, 'geography'::regtype::oid")
	oid := func(i int) uint32 {
		n, err := strconv.ParseUint(string(rows[0][i]), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		return uint32(n)
	}
	s.geometry, s.geography = oid(0), oid(1)
	return s
}

// query runs statements by the simple protocol and returns the last result.
func (s *server) query(sql string) ([]pgvalue.Column, [][][]byte) {
	s.t.Helper()
	results, err := s.conn.Exec(s.t.Context(), sql).ReadAll()
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	last := results[len(results)-1]
	var columns []pgvalue.Column
	for _, f := range last.FieldDescriptions {
		columns = append(columns, pgvalue.Column{Name: f.Name, OID: f.DataTypeOID, TypMod: f.TypeModifier})
	}
	return columns, last.Rows
}

// json runs a statement and returns the rows and fields as the API shows them.
func (s *server) json(sql string) (rows []string, fields string) {
	s.t.Helper()
	columns, values := s.query(sql)
	e := pgvalue.NewEncoder(columns, s.geometry, s.geography, nil)
	for _, v := range values {
		row := e.AppendRow(nil, v)
		if !json.Valid(row) {
			s.t.Errorf("%s: not JSON: %s", sql, row)
		}
		rows = append(rows, string(row))
	}
	return rows, string(e.AppendFields(nil))
}

// TestPostgreSQLValues has a server write values of all types.
func TestPostgreSQLValues(t *testing.T) {
	s := connect(t)
	tests := []struct{ expr, value, field string }{
		{"1::int2", "1", `{"type":"number","pgtype":"int2"}`},
		{"1", "1", `{"type":"number","pgtype":"int4"}`},
		{"9007199254740993", "9007199254740993", `{"type":"number","pgtype":"int8"}`},
		{"0.1::float4", "0.1", `{"type":"number","pgtype":"float4"}`},
		{"0.1::float8 + 0.2", "0.30000000000000004", `{"type":"number","pgtype":"float8"}`},
		{"1e300::float8", "1e+300", `{"type":"number","pgtype":"float8"}`},
		{"'-infinity'::float8", `"-Infinity"`, `{"type":"number","pgtype":"float8"}`},
		{"'nan'::numeric", `"NaN"`, `{"type":"number","pgtype":"numeric"}`},
		{"0.50::numeric(10,3)", "0.500", `{"type":"number","pgtype":"numeric"}`},
		{"26::oid", "26", `{"type":"oid","pgtype":"oid"}`},
		{"true", "true", `{"type":"boolean","pgtype":"bool"}`},
		{"null::bool", "null", `{"type":"boolean","pgtype":"bool"}`},
		{"'a'::text", `"a"`, `{"type":"string","pgtype":"text"}`},
		{"'a'", `"a"`, `{"type":"string","pgtype":"text"}`},
		{"'a'::varchar(3)", `"a"`, `{"type":"string","pgtype":"varchar"}`},
		{"'a'::char(3)", `"a  "`, `{"type":"string","pgtype":"bpchar"}`},
		{`'a'::"char"`, `"a"`, `{"type":"string","pgtype":"char"}`},
		{"'a'::name", `"a"`, `{"type":"name","pgtype":"name"}`},
		{"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`, `{"type":"uuid","pgtype":"uuid"}`},
		{"12.5::numeric::money", `"$12.50"`, `{"type":"money","pgtype":"money"}`},
		{"'<a/>'::xml", `"<a/>"`, `{"type":"xml","pgtype":"xml"}`},
		{"'10.0.0.1/8'::inet", `"10.0.0.1/8"`, `{"type":"inet","pgtype":"inet"}`},
		{`'\x00ff'::bytea`, `{"type":"Buffer","data":[0,255]}`, `{"type":"bytea","pgtype":"bytea"}`},
		{"'2020-01-02'::date", `"2020-01-02T00:00:00Z"`, `{"type":"date","pgtype":"date"}`},
		{"'infinity'::date", `"infinity"`, `{"type":"date","pgtype":"date"}`},
		{"'0044-03-15 BC'::date", `"0044-03-15 BC"`, `{"type":"date","pgtype":"date"}`},
		{"'20000-01-01'::date", `"20000-01-01"`, `{"type":"date","pgtype":"date"}`},
		{"'2020-01-02 03:04:05.678'::timestamp", `"2020-01-02T03:04:05Z"`, `{"type":"date","pgtype":"timestamp"}`},
		{"'2020-01-02 03:04:05.678+05:30'::timestamptz", `"2020-01-01T21:34:05Z"`, `{"type":"date","pgtype":"timestamptz"}`},
		{"'03:04:05.678'::time", `"03:04:05.678"`, `{"type":"date","pgtype":"time"}`},
		{"'03:04:05.678+01'::timetz", `"03:04:05.678+01"`, `{"type":"date","pgtype":"timetz"}`},
		{`'{"a":  [1]}'::json`, `{"a":  [1]}`, `{"type":"JSON","pgtype":"JSON"}`},
		{`'{"a":  [1]}'::jsonb`, `{"a": [1]}`, `{"type":"jsonb","pgtype":"jsonb"}`},
		{"'1 year 2 months 3 days 04:05:06.789'::interval", `{"years":1,"months":2,"days":3,"hours":4,"minutes":5,"seconds":6,"milliseconds":789}`, `{"type":"number","pgtype":"interval"}`},
		{"'-1 year 2 months -3 days'::interval", `{"months":-10,"days":-3}`, `{"type":"number","pgtype":"interval"}`},
		{"'1 day -04:05:06.5'::interval", `{"days":1,"hours":-4,"minutes":-5,"seconds":-6,"milliseconds":-500}`, `{"type":"number","pgtype":"interval"}`},
		{"'-1 year 3 days 1 microsecond'::interval", `{"years":-1,"days":3,"milliseconds":0.001}`, `{"type":"number","pgtype":"interval"}`},
		{"'0'::interval", `{}`, `{"type":"number","pgtype":"interval"}`},
		{"ARRAY[[1,2],[null,4]]", "[[1,2],[null,4]]", `{"type":"number[]","pgtype":"_int4"}`},
		{"'[0:1]={1,2}'::int8[]", "[1,2]", `{"type":"number[]","pgtype":"_int8"}`},
		{"'{}'::text[]", "[]", `{"type":"string[]","pgtype":"_text"}`},
		{`ARRAY['a','b "c"','d\e','','NULL',null,'{}','x,y', E'n\n']`, `["a","b \"c\"","d\\e","","NULL",null,"{}","x,y","n\n"]`, `{"type":"string[]","pgtype":"_text"}`},
		{"ARRAY[true,false]", "[true,false]", `{"type":"boolean[]","pgtype":"_bool"}`},
		{"ARRAY['2020-01-02'::date]", `["2020-01-02T00:00:00Z"]`, `{"type":"date[]","pgtype":"_date"}`},
		{"ARRAY['2020-01-02 03:04:05'::timestamp]", `["2020-01-02T03:04:05Z"]`, `{"type":"date[]","pgtype":"_timestamp"}`},
		{"ARRAY['1 day'::interval]", `[{"days":1}]`, `{"type":"number[]","pgtype":"_interval"}`},
		{`ARRAY['{"a": "b\"c"}'::jsonb, 'null'::jsonb]`, `[{"a": "b\"c"},null]`, `{"type":"_jsonb[]","pgtype":"_jsonb"}`},
		{`ARRAY['\x00ff'::bytea]`, `[{"type":"Buffer","data":[0,255]}]`, `{"type":"_bytea[]","pgtype":"_bytea"}`},
		{"ST_SetSRID(ST_MakePoint(2, 3), 4326)", `"0101000020E610000000000000000000400000000000000840"`, `{"type":"geometry","dims":4,"srid":-1}`},
		{"ST_SetSRID(ST_MakePoint(2, 3), 4326)::geometry(Point,4326)", `"0101000020E610000000000000000000400000000000000840"`, `{"type":"geometry","wkbtype":"Point","dims":2,"srid":4326}`},
		{"ST_SetSRID(ST_MakePoint(2, 3), 4326)::geography(Point)", `"0101000020E610000000000000000000400000000000000840"`, `{"type":"geography","wkbtype":"Point","dims":2,"srid":4326}`},
		{"int4range(1, 5)", `"[1,5)"`, `{"type":"unknown(3904)"}`},
	}
	for _, test := range tests {
		rows, fields := s.json("SELECT " + test.expr + " AS v")
		if want := `{"v":` + test.value + "}"; len(rows) != 1 || rows[0] != want {
			t.Errorf("%s: got %s, want %s", test.expr, rows, want)
		}
		if want := `{"v":` + test.field + "}"; fields != want {
			t.Errorf("%s: got fields %s, want %s", test.expr, fields, want)
		}
	}
}

// TestPostgreSQLTypes holds the table of types against the server's.
func TestPostgreSQLTypes(t *testing.T) {
	s := connect(t)
	_, rows := s.query("SELECT oid, typname, typelem <> 0 AND typlen = -1 FROM pg_type WHERE oid < 10000")
	known := 0
	for _, row := range rows {
		oid, err := strconv.ParseUint(string(row[0]), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		e := pgvalue.NewEncoder([]pgvalue.Column{{Name: "v", OID: uint32(oid), TypMod: -1}}, s.geometry, s.geography, nil)
		var fields map[string]struct{ Type, PgType string }
		if err := json.Unmarshal(e.AppendFields(nil), &fields); err != nil {
			t.Fatal(err)
		}
		name, field := string(row[1]), fields["v"]
		if field.PgType == "" {
			continue
		}
		known++
		if field.PgType != name && !(name == "json" && field.PgType == "JSON") {
			t.Errorf("type %d: got %s, want %s", oid, field.PgType, name)
		}
		if isArray := strings.HasSuffix(field.Type, "[]"); isArray != (string(row[2]) == "t") {
			t.Errorf("%s: got type %s, want an array: %s", name, field.Type, row[2])
		}
	}
	if known < 60 {
		t.Errorf("the server has %d of the known types, want more than 60", known)
	}
}

// TestPostgreSQLTypMod has PostGIS make the typmods of TestAppendFields.
func TestPostgreSQLTypMod(t *testing.T) {
	s := connect(t)
	tests := []struct {
		typ    string
		typmod int32
	}{
		{"geometry", -1},
		{"geometry(Point,4326)", 1107460},
		{"geometry(Geometry,4326)", 1107456},
		{"geometry(MultiPolygon,3857)", 987416},
		{"geometry(LineStringZ,4326)", 1107466},
		{"geometry(PolygonM)", 13},
		{"geometry(GeometryCollectionZM,4326)", 1107487},
		{"geometry(PolyhedralSurface)", 52},
		{"geometry(TinZ)", 62},
		{"geometry(Point,998999)", 998999<<8 | 4},
		{"geography(Point)", 1107460},
	}
	for _, test := range tests {
		columns, _ := s.query("SELECT NULL::" + test.typ + " AS v")
		if got := columns[0].TypMod; got != test.typmod {
			t.Errorf("%s: got typmod %d, want %d", test.typ, got, test.typmod)
		}
	}
	// Of all types, the names and dimensions are what PostGIS' own functions say.
	for number := range 16 {
		for zm := range 4 {
			typmod := int32(4326<<8 | number<<2 | zm)
			_, rows := s.query(fmt.Sprintf("SELECT postgis_typmod_type(%d), postgis_typmod_dims(%d), postgis_typmod_srid(%d)", typmod, typmod, typmod))
			e := pgvalue.NewEncoder([]pgvalue.Column{{Name: "v", OID: s.geometry, TypMod: typmod}}, s.geometry, s.geography, nil)
			name := string(rows[0][0])
			if zm&2 != 0 {
				name = strings.TrimSuffix(name, "Z")
			}
			name = strings.TrimSuffix(strings.TrimSuffix(name, "M"), "Z")
			if number == 0 {
				name = "Unknown" // PostGIS says Geometry
			}
			want := fmt.Sprintf(`{"v":{"type":"geometry","wkbtype":"%s","dims":%s,"srid":%s}}`, name, rows[0][1], rows[0][2])
			if got := string(e.AppendFields(nil)); got != want {
				t.Errorf("typmod %d: got %s, want %s", typmod, got, want)
			}
		}
	}
}

// TestPostgreSQLSettings shows what a statement that changes its session's settings gets: text, or the same as ever.
func TestPostgreSQLSettings(t *testing.T) {
	s := connect(t)
	tests := []struct{ set, expr, value string }{
		{"TimeZone = 'Asia/Kolkata'", "'2020-01-02 03:04:05.678+00'::timestamptz", `"2020-01-02T03:04:05Z"`},
		{"TimeZone = 'America/St_Johns'", "'2020-01-02 01:04:05+00'::timestamptz", `"2020-01-02T01:04:05Z"`},
		{"TimeZone = 'Europe/Berlin'", "'1880-01-01 00:00:00+00'::timestamptz", `"1880-01-01T00:00:00Z"`},
		{"DateStyle = 'SQL, DMY'", "'2020-01-02'::date", `"02/01/2020"`},
		{"DateStyle = 'German'", "'2020-01-02 03:04:05'::timestamp", `"02.01.2020 03:04:05"`},
		{"DateStyle = 'Postgres'", "'2020-01-02 03:04:05'::timestamptz", `"Thu Jan 02 03:04:05 2020 UTC"`},
		{"IntervalStyle = 'iso_8601'", "'1 day'::interval", `"P1D"`},
		{"IntervalStyle = 'postgres_verbose'", "'1 day'::interval", `"@ 1 day"`},
		{"IntervalStyle = 'sql_standard'", "'1 day 2 hours'::interval", `"1 2:00:00"`},
		{"bytea_output = 'escape'", `'\x00ff'::bytea`, `"\\000\\377"`},
		{"extra_float_digits = -10", "0.1::float8 + 0.2", "0.3"},
		{"client_encoding = 'LATIN1'", "'ü'::text", "\"\ufffd\""},
		{"client_encoding = 'LATIN1'", `'{"a":"ü"}'::json`, "{\"a\":\"\ufffd\"}"},
	}
	for _, test := range tests {
		rows, _ := s.json("BEGIN; SET LOCAL " + test.set + "; SELECT " + test.expr + " AS v")
		s.query("ROLLBACK")
		if want := `{"v":` + test.value + "}"; len(rows) != 1 || rows[0] != want {
			t.Errorf("%s, %s: got %s, want %s", test.set, test.expr, rows, want)
		}
	}
}

// TestPostgreSQLToJSON compares with the server's own JSON, where both agree about what a value looks like.
func TestPostgreSQLToJSON(t *testing.T) {
	s := connect(t)
	text := `(SELECT string_agg(chr((random() * CASE WHEN (i + c * 0) % 3 = 0 THEN 9000 ELSE 126 END)::int + 1), '') FROM generate_series(1, 1 + i % 40) c)`
	for _, expr := range []string{
		"(random()*60000 - 30000)::int2", "(random()*2e9 - 1e9)::int4", "(random()*1.8e19 - 9e18)::int8", "random()::float4 * 10.0::float4 ^ (i % 80 - 40)",
		"(random() - 0.5) * 10.0::float8 ^ (i % 600 - 300)", "(random() - 0.5)::numeric * 10::numeric ^ (i % 60 - 30)", "i % 2 = 0",
		text, text + "::varchar", "i::text::bpchar(10)", "i::text::name", "gen_random_uuid()", "('10.0.0.1'::inet + i)",
		"ARRAY[i, -i, NULL]", "ARRAY[[i, 1], [2, 3]]", "ARRAY[random(), 1e-300 * i]", "ARRAY[random()::numeric]", "ARRAY[" + text + ", '', NULL, 'a b']",
		"ARRAY[i % 2 = 0, NULL]", "ARRAY[gen_random_uuid()]", "ARRAY[json_build_object('k', " + text + ")]",
		"json_build_object('k', " + text + ", 'n', ARRAY[i])", "jsonb_build_object('k', " + text + ", 'n', ARRAY[1.50, i])", "ARRAY[]::text[]", "NULL::int8",
		"('01:02:03'::time + random() * '10 hours'::interval)",
	} {
		columns, rows := s.query("SELECT v, to_json(v)::text AS w FROM (SELECT " + expr + " AS v FROM generate_series(1, 500) i OFFSET 0) AS t")
		e := pgvalue.NewEncoder(columns[:1], s.geometry, s.geography, nil)
		for _, row := range rows {
			shown := row[1]
			if shown == nil {
				shown = []byte("null")
			}
			got, want := decode(t, e.AppendRow(nil, row[:1])), decode(t, []byte(`{"v":`+string(shown)+"}"))
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %s became %v, want %v", expr, row[0], got, want)
			}
		}
	}
}

// decode keeps all digits of numbers.
func decode(t *testing.T, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// TestPostgreSQLIntervals holds the parts of many intervals against what the server extracts.
func TestPostgreSQLIntervals(t *testing.T) {
	s := connect(t)
	columns, rows := s.query(`SELECT v, extract(year FROM v), extract(month FROM v), extract(day FROM v), extract(hour FROM v), extract(minute FROM v),
		trunc(extract(second FROM v)), (extract(microseconds FROM v) % 1000000) / 1000 FROM
		(SELECT make_interval((random()*4)::int - 2, (random()*22)::int - 11, 0, (random()*60)::int - 30, 0, 0, (i % 3 - 1) * (random()*200000)::numeric(20,6)::float8) AS v
		FROM generate_series(1, 1000) i) AS t`)
	e := pgvalue.NewEncoder(columns[:1], s.geometry, s.geography, nil)
	for _, row := range rows {
		want := map[string]any{}
		for i, key := range []string{"years", "months", "days", "hours", "minutes", "seconds", "milliseconds"} {
			f, err := strconv.ParseFloat(string(row[i+1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			if f != 0 {
				want[key] = f
			}
		}
		var got map[string]map[string]any
		text := e.AppendRow(nil, row[:1])
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(got["v"], want) {
			t.Fatalf("%s: got %s, want %v", row[0], text, want)
		}
	}
}

// TestPostgreSQLTimestamps holds many moments in several time zones against the server's own formatting.
func TestPostgreSQLTimestamps(t *testing.T) {
	s := connect(t)
	for _, zone := range []string{"UTC", "Asia/Kathmandu", "America/St_Johns", "Europe/Amsterdam", "Pacific/Apia"} {
		columns, rows := s.query("SET TimeZone = '" + zone + `'; SELECT v, to_char(v AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM
			(SELECT timestamptz '1700-01-01 00:00:00+00' + random() * interval '500 years' AS v FROM generate_series(1, 1000)) AS t`)
		e := pgvalue.NewEncoder(columns[:1], s.geometry, s.geography, nil)
		for _, row := range rows {
			if got, want := string(e.AppendRow(nil, row[:1])), `{"v":"`+string(row[1])+`"}`; got != want {
				t.Fatalf("%s, %s: got %s, want %s", zone, row[0], got, want)
			}
		}
	}
}

// TestPostgreSQLCSV holds the CSV against the server's COPY, and a geometry against the server's ISO WKB.
func TestPostgreSQLCSV(t *testing.T) {
	s := connect(t)
	sql := `SELECT ST_SetSRID(ST_MakePoint(i, -i, 0.5), 4326) AS the_geom, i AS "a ""b""", CASE i WHEN 1 THEN NULL WHEN 2 THEN '' WHEN 3 THEN ' x ' WHEN 4 THEN E'a\nb,c"d' ELSE 'ü' END AS t,
		random()::numeric AS n, ARRAY[i, 2] AS arr FROM generate_series(1, 10) i`
	sql = "CREATE TEMP TABLE csv AS " + sql + "; SELECT * FROM csv"
	columns, rows := s.query(sql)
	e := pgvalue.NewEncoder(columns, s.geometry, s.geography, nil)
	got := e.AppendCSVHeader(nil)
	for _, row := range rows {
		got = e.AppendCSVRow(got, row)
	}
	var want bytes.Buffer
	if _, err := s.conn.CopyTo(t.Context(), &want, "COPY csv TO STDOUT WITH (FORMAT csv, HEADER)"); err != nil {
		t.Fatal(err)
	}
	read := func(text []byte) [][]string {
		records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return records
	}
	if a, b := read(got), read(want.Bytes()); !slices.EqualFunc(a, b, slices.Equal) {
		t.Errorf("got %q, want %q", a, b)
	}

	_, rows = s.query(`SELECT the_geom, encode(ST_AsBinary(the_geom), 'hex') FROM csv`)
	for _, row := range rows {
		ewkb, err := pgvalue.DecodeHexEWKB(nil, row[0])
		if err != nil {
			t.Fatal(err)
		}
		wkb, srid, err := feature.FromEWKB(nil, ewkb)
		if err != nil || srid != 4326 || fmt.Sprintf("%x", wkb) != string(row[1]) {
			t.Errorf("%s: got %x, %d, %v, want %s", row[0], wkb, srid, err, row[1])
		}
	}
}
