package sqlapi_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// variable masks what differs from run to run.
var variable = regexp.MustCompile(`"time":[0-9]+\.[0-9]{3}`)

func masked(body string) string { return variable.ReplaceAllString(body, `"time":T`) }

// TestTypes has CARTO's table of types: a value as JSON, and the entry in fields.
func TestTypes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	tests := []struct {
		expr  string // one column
		value string
		field string // "" where it has an OID
	}{
		{"1", "1", `{"type":"number","pgtype":"int4"}`},
		{"1::int2", "1", `{"type":"number","pgtype":"int2"}`},
		// On purpose better: all digits.
		{"9007199254740993", "9007199254740993", `{"type":"number","pgtype":"int8"}`},
		{"123456789012345678901234567890.123456789::numeric", "123456789012345678901234567890.123456789", `{"type":"number","pgtype":"numeric"}`},
		{"1.5::float4", "1.5", `{"type":"number","pgtype":"float4"}`},
		{"0.1::float8", "0.1", `{"type":"number","pgtype":"float8"}`},
		{"1e300::float8", "1e+300", `{"type":"number","pgtype":"float8"}`},
		{"'NaN'::float8", `"NaN"`, `{"type":"number","pgtype":"float8"}`},
		{"'Infinity'::float8", `"Infinity"`, `{"type":"number","pgtype":"float8"}`},
		{"'-Infinity'::float4", `"-Infinity"`, `{"type":"number","pgtype":"float4"}`},
		{"'NaN'::numeric", `"NaN"`, `{"type":"number","pgtype":"numeric"}`},
		{"null::int", "null", `{"type":"number","pgtype":"int4"}`},
		{`'a"b\c' || chr(10) || 'é😀'`, `"a\"b\\c\né😀"`, `{"type":"string","pgtype":"text"}`},
		{"'x'::varchar(3)", `"x"`, `{"type":"string","pgtype":"varchar"}`},
		{"'x'::char(3)", `"x  "`, `{"type":"string","pgtype":"bpchar"}`},
		{"'x'::name", `"x"`, `{"type":"name","pgtype":"name"}`},
		{"'00000000-0000-0000-0000-000000000001'::uuid", `"00000000-0000-0000-0000-000000000001"`, `{"type":"uuid","pgtype":"uuid"}`},
		{"'<a/>'::xml", `"<a/>"`, `{"type":"xml","pgtype":"xml"}`},
		{"'10.0.0.1'::inet", `"10.0.0.1"`, `{"type":"inet","pgtype":"inet"}`},
		{`'\x00ff'::bytea`, `{"type":"Buffer","data":[0,255]}`, `{"type":"bytea","pgtype":"bytea"}`},
		{"7::oid", "7", `{"type":"oid","pgtype":"oid"}`},
		{"true", "true", `{"type":"boolean","pgtype":"bool"}`},
		{"'2020-01-02'::date", `"2020-01-02T00:00:00Z"`, `{"type":"date","pgtype":"date"}`},
		{"'2020-01-02 03:04:05.678'::timestamp", `"2020-01-02T03:04:05Z"`, `{"type":"date","pgtype":"timestamp"}`},
		{"'2020-01-02 03:04:05.678+02'::timestamptz", `"2020-01-02T01:04:05Z"`, `{"type":"date","pgtype":"timestamptz"}`},
		{"'03:04:05.678'::time", `"03:04:05.678"`, `{"type":"date","pgtype":"time"}`},
		{"'03:04:05.678+02'::timetz", `"03:04:05.678+02"`, `{"type":"date","pgtype":"timetz"}`},
		{`'{"a": [1, null]}'::json`, `{"a": [1, null]}`, `{"type":"JSON","pgtype":"JSON"}`},
		{`'{"a": 1}'::jsonb`, `{"a": 1}`, `{"type":"jsonb","pgtype":"jsonb"}`},
		{"array[1,null,3]", "[1,null,3]", `{"type":"number[]","pgtype":"_int4"}`},
		{"array[[1,2],[3,4]]", "[[1,2],[3,4]]", `{"type":"number[]","pgtype":"_int4"}`},
		{`array['a','b c','"',null]`, `["a","b c","\"",null]`, `{"type":"string[]","pgtype":"_text"}`},
		{"array[true,false]", "[true,false]", `{"type":"boolean[]","pgtype":"_bool"}`},
		{"array['2020-01-02'::date]", `["2020-01-02T00:00:00Z"]`, `{"type":"date[]","pgtype":"_date"}`},
		{"'1 day 2 hours'::interval", `{"days":1,"hours":2}`, `{"type":"number","pgtype":"interval"}`},
		{"int4range(1,3)", `"[1,3)"`, `{"type":"unknown(3904)"}`},
		{"ST_SetSRID(ST_MakePoint(1,2),4326)", `"0101000020E6100000000000000000F03F0000000000000040"`, `{"type":"geometry","dims":4,"srid":-1}`},
		{
			"ST_SetSRID(ST_MakePoint(1,2),4326)::geometry(Point,4326)", `"0101000020E6100000000000000000F03F0000000000000040"`,
			`{"type":"geometry","wkbtype":"Point","dims":2,"srid":4326}`,
		},
		{"null::geometry(Geometry,4326)", "null", `{"type":"geometry","wkbtype":"Unknown","dims":2,"srid":4326}`},
		{"null::geometry(MultiPolygonZM,3857)", "null", `{"type":"geometry","wkbtype":"MultiPolygon","dims":4,"srid":3857}`},
	}
	for _, test := range tests {
		r := s.sql(t, s.Master, "SELECT "+test.expr+" AS v")
		want := `{"rows":[{"v":` + test.value + `}],"time":T,"fields":{"v":` + test.field + `},"total_rows":1}`
		if got := masked(r.body); r.status != http.StatusOK || got != want {
			t.Errorf("%s:\n got %d %s\nwant 200 %s", test.expr, r.status, got, want)
		}
		if !json.Valid([]byte(r.body)) {
			t.Errorf("%s: not JSON: %s", test.expr, r.body)
		}
	}
}

// TestAnswers has the rest of CARTO's tables: request, status, headers, body.
func TestAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.Exec(t, `CREATE TABLE w(cartodb_id serial primary key, a int, b text);
		CREATE TABLE secret(a int);
		ALTER TABLE w OWNER TO `+s.Name+`_owner; ALTER TABLE secret OWNER TO `+s.Name+`_owner`)
	key, err := account.AddKey(t.Context(), s.Connect(t), "reader", []account.Grant{{Table: "w", Privileges: []string{"select"}}})
	if err != nil {
		t.Fatal(err)
	}
	const selectCache = "no-cache,max-age=31536000,must-revalidate,public"
	const writeCache = "no-cache,max-age=0,must-revalidate,public"
	type header map[string]string
	tests := []struct {
		name   string
		key    string
		params []string
		status int
		header header // "/.../" is a regular expression
		body   string
	}{
		{
			"select", s.Master,
			[]string{"q", "SELECT 1"},
			200,
			header{
				"Content-Type":                  "application/json; charset=utf-8",
				"Content-Disposition":           `/^inline; filename=cartodb-query.json; modification-date="[A-Z][a-z]{2}, .* GMT"$/`,
				"Access-Control-Allow-Origin":   "*",
				"Access-Control-Allow-Headers":  "*",
				"Access-Control-Expose-Headers": "*",
				"Vary":                          "Authorization", "Cache-Control": selectCache, "Last-Modified": "/ GMT$/", "Content-Encoding": "",
			},
			`{"rows":[{"?column?":1}],"time":T,"fields":{"?column?":{"type":"number","pgtype":"int4"}},"total_rows":1}`,
		},
		{"format named", s.Master, []string{"q", "SELECT 1 AS a", "format", "json"}, 200, header{"Content-Disposition": "/^attachment; filename=cartodb-query.json;/"}, ""},
		{"file named", s.Master, []string{"q", "SELECT 1 AS a", "filename", "x"}, 200, header{"Content-Disposition": "/^attachment; filename=x.json;/"}, ""},
		{"empty", s.Master, []string{"q", " "}, 200, nil, `{"rows":[],"time":T,"fields":{},"total_rows":0}`},
		{"comment only", s.Master, []string{"q", "-- nothing"}, 200, nil, `{"rows":[],"time":T,"fields":{},"total_rows":0}`},
		{
			"insert", s.Master,
			[]string{"q", "INSERT INTO w(a) VALUES (1),(2)"},
			200,
			header{"Cache-Control": writeCache},
			`{"rows":[],"time":T,"fields":{},"total_rows":2}`,
		},
		{"ddl", s.Master, []string{"q", "CREATE TABLE d(a int)"}, 200, header{"Cache-Control": writeCache}, `{"rows":[],"time":T,"fields":{},"total_rows":0}`},
		{
			"returning", s.Master,
			[]string{"q", "INSERT INTO w(a) VALUES (3) RETURNING cartodb_id"},
			200,
			header{"Cache-Control": writeCache},
			`{"rows":[{"cartodb_id":3}],"time":T,"fields":{"cartodb_id":{"type":"number","pgtype":"int4"}},"total_rows":1}`,
		},
		{
			"several statements", s.Master,
			[]string{"q", "SELECT 1 AS a; SELECT 'x' AS b UNION ALL SELECT 'y'"},
			200, nil,
			`{"rows":[{"a":1},{"b":"x"},{"b":"y"}],"time":T,"fields":{"b":{"type":"string","pgtype":"text"}},"total_rows":2}`,
		},
		{"select, then DDL", s.Master, []string{"q", "SELECT 1 AS a; CREATE TABLE d2(a int)"}, 200, nil, `{"rows":[{"a":1}],"time":T,"fields":{},"total_rows":0}`},
		{
			"notice", s.Master,
			[]string{"q", "DO $$ BEGIN RAISE NOTICE 'n'; RAISE WARNING 'w'; END $$"},
			200, nil,
			`{"rows":[],"time":T,"fields":{},"total_rows":0,"notices":["n"],"warnings":["w"]}`,
		},
		{"copy through sql", s.Master, []string{"q", "COPY (SELECT generate_series(1,3)) TO STDOUT"}, 200, nil, `{"rows":[],"time":T,"fields":{},"total_rows":3}`},
		{"same name twice", s.Master, []string{"q", "SELECT 1 AS a, 2 AS b, 3 AS a"}, 200, nil, `{"rows":[{"a":3,"b":2}],"time":T,"fields":{"a":{"type":"number","pgtype":"int4"},"b":{"type":"number","pgtype":"int4"}},"total_rows":1}`},
		{"skipfields", s.Master, []string{"q", "SELECT 1 AS a, 2 AS b", "skipfields", "a"}, 200, nil, `{"rows":[{"b":2}],"time":T,"fields":{"b":{"type":"number","pgtype":"int4"}},"total_rows":1}`},
		{
			"page", s.Master,
			[]string{"q", "SELECT generate_series(1,10) AS a -- all", "rows_per_page", "2", "page", "1", "order_by", "a", "sort_order", "desc"},
			200, nil,
			`{"rows":[{"a":8},{"a":7}],"time":T,"fields":{"a":{"type":"number","pgtype":"int4"}},"total_rows":2}`,
		},
		{"callback", s.Master, []string{"q", "SELECT 1 AS a", "callback", "f"}, 200, header{"Content-Type": "text/javascript; charset=utf-8"}, `f({"rows":[{"a":1}],"time":T,"fields":{"a":{"type":"number","pgtype":"int4"}},"total_rows":1})`},
		{"callback with error", s.Master, []string{"q", "selec", "callback", "f"}, 200, nil, `f({"error":["syntax error at or near \"selec\""]})`},

		{"SQL error", s.Master, []string{"q", "selec 1"}, 400, header{"Content-Type": "application/json; charset=utf-8"}, `{"error":["syntax error at or near \"selec\""]}`},
		{
			"detail", s.Master,
			[]string{"q", "INSERT INTO w(cartodb_id) VALUES (1)"},
			400, nil,
			`{"error":["duplicate key value violates unique constraint \"w_pkey\""],"detail":"Key (cartodb_id)=(1) already exists."}`,
		},
		{"hint", s.Master, []string{"q", "SELECT cartodb_idx FROM w"}, 400, nil, `{"error":["column \"cartodb_idx\" does not exist"],"hint":"Perhaps you meant to reference the column \"w.cartodb_id\"."}`},
		{
			"context", s.Master,
			[]string{"q", "DO $$ BEGIN RAISE EXCEPTION 'x'; END $$"},
			400, nil,
			`{"error":["x"],"context":"PL/pgSQL function inline_code_block line 1 at RAISE"}`,
		},
		{"permission", key, []string{"q", "SELECT * FROM secret"}, 403, nil, `{"error":["permission denied for table secret"]}`},
		{"permission without key", "", []string{"q", "SELECT * FROM w"}, 403, nil, `{"error":["permission denied for table w"]}`},
		{"permission to write", key, []string{"q", "DELETE FROM w"}, 403, nil, `{"error":["permission denied for table w"]}`},
		{"wrong key", "wrong", []string{"q", "SELECT 1"}, 401, nil, `{"error":["Unauthorized"]}`},
		{"system tables", key, []string{"q", "SELECT * FROM pg_class"}, 403, nil, `{"error":["system tables are forbidden"]}`},
		{"system tables, quoted", "", []string{"q", `SELECT * FROM "pg_catalog"."pg_class"`}, 403, nil, `{"error":["system tables are forbidden"]}`},
		{"system tables with the master key", s.Master, []string{"q", "SELECT count(*) > 0 AS a FROM pg_class"}, 200, nil, ""},
		{"no q", s.Master, nil, 400, nil, `{"error":["You must indicate a sql query"]}`},
		{"q twice", s.Master, []string{"q", "SELECT 1", "q", "SELECT 2"}, 400, nil, `{"error":["You must indicate a sql query"]}`},
		{"unknown format", s.Master, []string{"q", "SELECT 1", "format", "xxx"}, 400, nil, `{"error":["Invalid format: xxx"]}`},
		{
			"error after the first row", s.Master,
			[]string{"q", "SELECT 1/(3-a) AS v FROM generate_series(1,5) a"},
			200, nil,
			`{"rows":[{"v":0},{"v":1}],"time":T,"fields":{"v":{"type":"number","pgtype":"int4"}},"total_rows":2,"error":["division by zero"]}`,
		},
		{
			"csv", s.Master,
			[]string{"q", `SELECT 9007199254740993 AS n, 'a,"b' AS s, null AS z, '' AS e, true AS t, '2020-01-02 03:04:05.678'::timestamp AS d, ST_SetSRID(ST_MakePoint(1,2),4326) AS the_geom`, "format", "csv"},
			200,
			header{"Content-Type": "text/csv; charset=utf-8; header=present", "Content-Disposition": "/^attachment; filename=cartodb-query.csv;/"},
			"the_geom,n,s,z,e,t,d\r\n0101000020E6100000000000000000F03F0000000000000040,9007199254740993,\"a,\"\"b\",,\"\",true,2020-01-02 03:04:05.678\r\n",
		},
		{"csv takes no callback", s.Master, []string{"q", "SELECT 1 AS a", "format", "csv", "callback", "f"}, 200, header{"Content-Type": "text/csv; charset=utf-8; header=present"}, "a\r\n1\r\n"},
		{"csv without rows", s.Master, []string{"q", "SELECT 1 AS a WHERE false", "format", "csv"}, 200, nil, "a\r\n"},
		{
			"geojson", s.Master,
			[]string{"q", "SELECT ST_SetSRID(ST_MakePoint(1.23456789,-2),4326) AS the_geom, 5 AS a", "format", "geojson"},
			200, nil,
			`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1.234568,-2]},"properties":{"a":5}}]}`,
		},
		{
			"geojson with dp", s.Master,
			[]string{"q", "SELECT ST_MakePoint(1.23456789,-2) AS the_geom", "format", "GeoJSON", "dp", "2"},
			200, nil,
			`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1.23,-2]},"properties":{}}]}`,
		},
		{"geojson without the_geom", s.Master, []string{"q", "SELECT 1 AS a", "format", "geojson"}, 400, nil, `{"error":["column \"the_geom\" does not exist"]}`},
		{
			"geojson in metres", s.Master,
			[]string{"q", "SELECT ST_SetSRID(ST_MakePoint(1,2),3857) AS the_geom", "format", "geojson"},
			200, nil,
			`{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{}}]}`,
		},
	}
	for _, test := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if method == http.MethodGet && (strings.Contains(test.name, "insert") || test.status == 200 && test.header["Cache-Control"] == writeCache ||
				strings.Contains(test.name, "DDL")) {
				continue // once is enough
			}
			req := s.request(t, method, "/api/v2/sql", test.params...)
			if test.key != "" {
				req.SetBasicAuth(s.Name, test.key)
			}
			check(t, test.name+" "+method, do(t, req), test.status, test.header, test.body)
		}
	}

	copies := []struct {
		name, q, data string
		status        int
		header        header
		body          string
	}{
		{"copyfrom", "COPY w(a,b) FROM STDIN", "1\tx\n2\t\\N\n", 200, header{"Content-Type": "application/json; charset=utf-8"}, `{"time":T,"total_rows":2}`},
		{"copyfrom with end", "COPY w(a,b) FROM STDIN", "1\tx\n\\.\n", 200, nil, `{"time":T,"total_rows":1}`},
		{"copyfrom, csv", "COPY w(a,b) FROM STDIN WITH (FORMAT csv, HEADER true)", "a,b\n1,x\n", 200, nil, `{"time":T,"total_rows":1}`},
		{"no rows", "COPY w(a,b) FROM STDIN", "", 400, nil, `{"error":["No rows copied"]}`},
		{"no SQL", "", "1\tx\n", 400, nil, `{"error":["SQL is missing"]}`},
		{"not COPY", "SELECT 1", "1\tx\n", 400, nil, `{"error":["SQL must start with COPY"]}`},
		{
			"bad row", "COPY w(a,b) FROM STDIN", "1\tx\nz\tx\n", 400, nil,
			`{"error":["invalid input syntax for type integer: \"z\""],"context":"COPY w, line 2, column a: \"z\""}`,
		},
		{"unknown table", "COPY nosuch FROM STDIN", "1\n", 400, nil, `{"error":["relation \"nosuch\" does not exist"]}`},
	}
	for _, test := range copies {
		check(t, test.name, s.copyFrom(t, s.Master, test.q, strings.NewReader(test.data)), test.status, test.header, test.body)
	}
	check(t, "copyfrom without key", s.copyFrom(t, "", "COPY w(a,b) FROM STDIN", strings.NewReader("1\tx\n")), 403, nil, `{"error":["permission denied for table w"]}`)

	check(t, "copyto", s.copyTo(t, s.Master, "COPY (SELECT 1, 'x' UNION ALL SELECT 2, null) TO STDOUT"), 200,
		header{"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=carto-sql-copyto.dmp"}, "1\tx\n2\t\\N\n")
	check(t, "copyto, csv", s.copyTo(t, s.Master, "COPY (SELECT 1 AS a) TO STDOUT WITH (FORMAT csv, HEADER)"), 200, nil, "a\n1\n")
	check(t, "copyto nothing", s.copyTo(t, s.Master, "COPY (SELECT 1 WHERE false) TO STDOUT"), 200, nil, "")
	check(t, "copyto, error", s.copyTo(t, s.Master, "COPY (SELECT 1/0) TO STDOUT"), 400, nil, `{"error":["division by zero"]}`)
	check(t, "copyto, permission", s.copyTo(t, "", "COPY secret TO STDOUT"), 403, nil, `{"error":["permission denied for table secret"]}`)
	r := s.copyTo(t, s.Master, "COPY (SELECT 1/(3-a) FROM generate_series(1,5) a) TO STDOUT")
	check(t, "copyto, error after the first row", r, 200, nil, "0\n1\n{\"error\":[\"division by zero\"]}")
	if r.err == nil {
		t.Error("copyto, error after the first row: the answer ends as a complete one does")
	}
	if r := s.sql(t, s.Master, "SELECT 1/(3-a) AS v FROM generate_series(1,5) a", "format", "csv"); r.err == nil || r.status != 200 {
		t.Errorf("csv, error after the first row: the answer ends as a complete one does: %d %s", r.status, r.body)
	}

	check(t, "version", do(t, s.request(t, http.MethodGet, "/api/v1/version")), 200, nil, `{"cartodb_sql_api":"6.0.0","ogrcarto":"test"}`)

	// Users.
	req := s.request(t, http.MethodGet, "/api/v2/sql", "q", "SELECT 1")
	req.SetBasicAuth("nobody", s.Master)
	check(t, "Basic auth for another user", do(t, req), 403, nil, `{"error":["permission denied"]}`)
	const unknown = `{"error":["Sorry, we can't find CARTO user 'nobody'. Please check that you have entered the correct domain."]}`
	req = s.request(t, http.MethodGet, "/api/v2/sql", "q", "SELECT 1")
	req.URL.Path = "/user/nobody/api/v2/sql"
	check(t, "unknown user", do(t, req), 404, nil, unknown)
	req = s.request(t, http.MethodGet, "/api/v2/sql", "q", "SELECT 1 AS a")
	req.Host = "nobody.example.org" // the path wins
	check(t, "path wins over host", do(t, req), 200, nil, "")
	req.URL.Path = "/api/v7/sql"
	check(t, "unknown host", do(t, req), 404, nil, unknown)
	req.Host = s.Name + ".example.org"
	check(t, "host", do(t, req), 200, nil, "")
}

// check compares a reply. A body of "" is not looked at, nor are headers that are not named.
func check(t *testing.T, name string, r reply, status int, header map[string]string, body string) {
	t.Helper()
	if r.status != status {
		t.Errorf("%s: status %d, want %d: %s", name, r.status, status, r.body)
	}
	if got := masked(r.body); body != "" && got != body {
		t.Errorf("%s:\n got %s\nwant %s", name, got, body)
	}
	for key, want := range header {
		got := r.header.Get(key)
		if re, ok := strings.CutPrefix(want, "/"); ok {
			if !regexp.MustCompile(strings.TrimSuffix(re, "/")).MatchString(got) {
				t.Errorf("%s: %s: %q does not match %s", name, key, got, want)
			}
		} else if got != want {
			t.Errorf("%s: %s: %q, want %q", name, key, got, want)
		}
	}
}

// TestLimits has the answers to those who ask too much.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *sqlapi.Config) {
		c.Limits = []sqlapi.Rule{
			{Endpoint: sqlapi.EndpointSQL, Limit: sqlapi.Limit{Timeout: 300 * time.Millisecond}},
			{Endpoint: sqlapi.EndpointCopyTo, Limit: sqlapi.Limit{Rate: sqlapi.Rate{Count: 2, Per: time.Minute}}},
		}
	})
	const timeout = `{"error":["You are over platform's limits: SQL query timeout error. Refactor your query before running again or contact CARTO support for more details."],"detail":"datasource","context":"limit"}`
	r := s.sql(t, s.Master, "SELECT pg_sleep(10)")
	check(t, "timeout", r, 429, map[string]string{"Retry-After": ""}, timeout)
	// Whatever the statement says about its timeout.
	r = s.sql(t, s.Master, "SET statement_timeout = 0; SELECT pg_sleep(10)")
	check(t, "timeout, set off", r, 429, nil, timeout)
	r = s.sql(t, s.Master, "SET statement_timeout = 10; SELECT pg_sleep(10)")
	check(t, "the statement's own timeout", r, 429, nil, timeout)

	for i, remaining := range []string{"1", "0"} {
		r := s.copyTo(t, s.Master, "COPY (SELECT 1) TO STDOUT")
		check(t, "within the rate", r, 200, map[string]string{
			"Carto-Rate-Limit-Limit": "2", "Carto-Rate-Limit-Remaining": remaining, "Carto-Rate-Limit-Reset": []string{"/^(29|30)$/", "/^(5[0-9]|60)$/"}[i], "Retry-After": "",
		}, "")
	}
	check(t, "over the rate", s.copyTo(t, s.Master, "COPY (SELECT 1) TO STDOUT"), 429, map[string]string{
		"Retry-After": "/^([12][0-9]|30)$/", "Carto-Rate-Limit-Limit": "2", "Carto-Rate-Limit-Remaining": "0", "Carto-Rate-Limit-Reset": "/^(5[0-9]|60)$/",
	}, `{"error":["You are over platform's limits. Please contact us to know more details"],"detail":"rate-limit","context":"limit"}`)
	// Another key has its own count.
	check(t, "another key", s.copyTo(t, "", "COPY (SELECT 1) TO STDOUT"), 200, nil, "1\n")
}
