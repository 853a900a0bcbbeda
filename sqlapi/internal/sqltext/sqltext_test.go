package sqltext

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

func texts(sql string) []string {
	var out []string
	for st := range Statements(sql) {
		out = append(out, st.Text)
	}
	return out
}

// statementTests are texts that PostgreSQL runs as they are, so that a server can say how many statements they have.
var statementTests = []struct {
	name, sql string
	want      []string
	since     int // the version of PostgreSQL that knows it: 99 where none does
}{
	{name: "empty", sql: ""},
	{name: "nothing but semicolons", sql: " ;; ; "},
	{name: "nothing but comments", sql: "-- a;b\n/* ; */;--"},
	{name: "one", sql: "select 1", want: []string{"select 1"}},
	{name: "two", sql: "select 1;select 2;", want: []string{"select 1", "select 2"}},
	{name: "spaces", sql: "\n select 1 \t;\r\n select 2\f ", want: []string{"select 1", "select 2"}},
	{name: "comments before stay, behind go", sql: "/*a*/select 1--x;\n;--y\nselect 2/*z", want: []string{"/*a*/select 1", "--y\nselect 2"}, since: 99},
	{name: "quotes", sql: "select ';', 'it''s;', '\\'; select 2", want: []string{"select ';', 'it''s;', '\\'", "select 2"}},
	{name: "quoted names", sql: `select 1 as ";", 2 as "a"";"; select 2`, want: []string{`select 1 as ";", 2 as "a"";"`, "select 2"}},
	{name: "escapes", sql: `select E'\';', e'\\'; select 2`, want: []string{`select E'\';', e'\\'`, "select 2"}},
	{
		name: "escapes go on in the next line", sql: "select E'a' -- '\n '\\';'; select 2",
		want: []string{"select E'a' -- '\n '\\';'", "select 2"},
	},
	{name: "e is a name", sql: "select 1 as e; select 'e' as e, 'a\\'; select 3", want: []string{"select 1 as e", `select 'e' as e, 'a\'`, "select 3"}},
	{name: "a word that ends in e", sql: "select date'2020-01-01', name'\\'; select 2", want: []string{"select date'2020-01-01', name'\\'", "select 2"}},
	{
		name: "unicode", sql: `select n'\', U&'\0041;', u&"\0041;" from (select 1 as "A;") q; select b'1', X'F'`,
		want: []string{`select n'\', U&'\0041;', u&"\0041;" from (select 1 as "A;") q`, "select b'1', X'F'"},
	},
	{name: "dollars", sql: "select $$;'$$, $a$;$$;$b$ $a$; select 2", want: []string{"select $$;'$$, $a$;$$;$b$ $a$", "select 2"}},
	{name: "a tag inside another", sql: "select $a$ $b$a$; select 2", want: []string{"select $a$ $b$a$", "select 2"}},
	{name: "dollars in a name are none", sql: "select 1 as a$b$, 2 as c$b$; select 2", want: []string{"select 1 as a$b$, 2 as c$b$", "select 2"}},
	{name: "letters beyond ASCII", sql: "select 1 as ä$$;select $ä1$;$ä1$", want: []string{"select 1 as ä$$", "select $ä1$;$ä1$"}},
	{name: "nested comments", sql: "select /* /* ; */ ; */ 1; select 2", want: []string{"select /* /* ; */ ; */ 1", "select 2"}},
	{name: "operators and comments", sql: "select 1+--;\n2, 2*/*;*/3, 7-/**/-1; select 2", want: []string{"select 1+--;\n2, 2*/*;*/3, 7-/**/-1", "select 2"}},
	{name: "a comment has quotes", sql: "select 1 -- it's\n; select 2 /* \" */", want: []string{"select 1", "select 2"}},
	{name: "numbers", sql: "select 1.e1, .5, 1.5e-3, 1e+2; select 2", want: []string{"select 1.e1, .5, 1.5e-3, 1e+2", "select 2"}},
	{
		name: "rule", sql: "create temp table t(i int); create rule r as on delete to t do also (select 1; select 2); select 3",
		want: []string{"create temp table t(i int)", "create rule r as on delete to t do also (select 1; select 2)", "select 3"},
	},
	{
		name: "function in a string", sql: "create or replace function pg_temp.f() returns int language sql as 'select 1; select 2'; select 3",
		want: []string{"create or replace function pg_temp.f() returns int language sql as 'select 1; select 2'", "select 3"},
	},
	{
		name: "atomic", since: 14,
		sql: "create function pg_temp.g(a int) returns int begin atomic select case a when 1 then 2 end; select a end; return 1; end; select 3",
		want: []string{
			"create function pg_temp.g(a int) returns int begin atomic select case a when 1 then 2 end; select a end; return 1; end",
			"select 3",
		},
	},
	{
		name: "atomic and empty", since: 14, sql: "create or replace procedure pg_temp.p() BEGIN/**/Atomic END; select 3",
		want: []string{"create or replace procedure pg_temp.p() BEGIN/**/Atomic END", "select 3"},
	},
	{
		name: "atomic without effect", since: 14, sql: "create procedure pg_temp.p2() begin atomic ;; end ; select 3",
		want: []string{"create procedure pg_temp.p2() begin atomic ;; end", "select 3"},
	},
	{
		name: "begin and end of transactions", sql: "begin; create temp table atomic(i int); end; select 1; begin; end",
		want: []string{"begin", "create temp table atomic(i int)", "end", "select 1", "begin", "end"},
	},
	{
		name: "a column named begin", sql: "create temp table b as select 1 as begin, 2 as atomic; select begin atomic from b; select 2",
		want: []string{"create temp table b as select 1 as begin, 2 as atomic", "select begin atomic from b", "select 2"},
	},
	{name: "literal without an end", sql: "select 1; select ';", want: []string{"select 1", "select ';"}, since: 99},
	{name: "name without an end", sql: `select 1; select ";`, want: []string{"select 1", `select ";`}, since: 99},
	{name: "dollars without an end", sql: "select $a$; $A$;", want: []string{"select $a$; $A$;"}, since: 99},
	{name: "escape without an end", sql: `select E'\`, want: []string{`select E'\`}, since: 99},
	{name: "parentheses without an end", sql: "select (1; select 2", want: []string{"select (1; select 2"}, since: 99},
	{name: "too many parentheses", sql: "select 1); select 2", want: []string{"select 1)", "select 2"}, since: 99},
}

func TestStatements(t *testing.T) {
	for _, tt := range statementTests {
		t.Run(tt.name, func(t *testing.T) {
			got := texts(tt.sql)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s", diff)
			}
			for st := range Statements(tt.sql) {
				if !strings.HasPrefix(tt.sql[st.Pos:], st.Text) {
					t.Errorf("%q is not at %d", st.Text, st.Pos)
				}
			}
		})
	}
}

// TestStatementsPostgres counts the results that PostgreSQL has for each text.
func TestStatementsPostgres(t *testing.T) {
	db := testpeer.NewDatabase(t)
	conn, err := pgconn.Connect(context.Background(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	version := serverVersion(t, conn)
	for _, tt := range statementTests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.since > version {
				t.Skipf("PostgreSQL %d does not know it", version)
			}
			results, err := conn.Exec(context.Background(), tt.sql).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			results = slices.DeleteFunc(results, func(r *pgconn.Result) bool { return r.CommandTag.String() == "" }) // EmptyQueryResponse
			if got := len(texts(tt.sql)); got != len(results) {
				t.Errorf("%d statements, PostgreSQL has %d", got, len(results))
			}
		})
	}
}

func serverVersion(t *testing.T, conn *pgconn.PgConn) int {
	t.Helper()
	v := 0
	for _, c := range conn.ParameterStatus("server_version") {
		if c < '0' || c > '9' {
			break
		}
		v = v*10 + int(c-'0')
	}
	return v
}

func TestKeyword(t *testing.T) {
	for sql, want := range map[string]string{
		"":                      "",
		";":                     "",
		"select 1":              "SELECT",
		"/* a */ --b\n(( Table": "TABLE",
		`"select" 1`:            "",
		"1":                     "",
		"ſelect":                "ſELECT",
		"é":                     "é",
	} {
		if st, _ := First(sql); st.Keyword != want {
			t.Errorf("%q: %q, want %q", sql, st.Keyword, want)
		}
	}
	if _, only := First("select 1;; select 2"); only {
		t.Error("two statements are not one")
	}
	if _, only := First(" select 1; "); !only {
		t.Error("one statement is one")
	}
}

var verbTests = []struct {
	sql            string
	query, writes  bool
	fails, unknown bool // what PostgreSQL says of it: it fails, or its meaning is not that of one statement
}{
	{sql: "select 1", query: true},
	{sql: "values (1), (2)", query: true},
	{sql: "table t", query: true},
	{sql: "((select 1))", query: true},
	{sql: "(select 1) union (select 2) order by 1", query: true},
	{sql: "select 1 -- a", query: true},
	{sql: "with a as (select 1) select * from a", query: true},
	{sql: "(with a as (select 1) select * from a)", query: true},
	{sql: "with recursive update(i) as (select 1), insert as not materialized (values (1)) select * from update, insert", query: true},
	{
		sql: `with recursive delete(a, b) as (select 1, 2 union all select a + 1, b from delete where a < 3)
			search depth first by a, b set update cycle a set merge using x, c as (select 1) select * from delete`,
		query: true,
	},
	{sql: "with a as (select 1) (select * from a)", query: true},
	{sql: "with a as (select * from json_to_record('{}') as (insert int, update int)) select insert, update from a", query: true},
	{sql: "with a as (select i as delete from t) select delete from a", query: true},
	{sql: "with a as (select cast(1 as int)) table a", query: true},
	{sql: "select 1 as into, t.i from t", query: true},
	{sql: "select substring('abc' from 1 for 2)", query: true},
	{sql: "select * from (select * from t for update) q", query: true},
	{sql: "select 1 as update", query: true},

	{sql: "", fails: true},
	{sql: "select 1 into t2", writes: true},
	{sql: "(select 1 as i into temp t3)", writes: true},
	{sql: "with a as (select 1 as i) select * into t4 from a", writes: true},
	{sql: "select * from t for update"},
	{sql: "(select * from t for no key update)"},
	{sql: "((select * from t) for key share)"},
	{sql: "with a as (select 1) select * from t for share of t nowait"},
	{sql: "delete from t"},
	{sql: "truncate t"},
	{sql: "drop table if exists nothing"},
	{sql: "show all"},
	{sql: "explain select 1"},
	{sql: "explain insert into t values (1)"},
	{sql: "explain (verbose, costs off) select 1"},
	{sql: "explain (analyze) select 1"},
	{sql: "explain (analyze, buffers) insert into t values (1)", writes: true},
	{sql: "explain analyze verbose create table t5 as select 1", writes: true},
	{sql: "explain analyze (with a as (insert into t values (1) returning *) select * from a)", writes: true},
	{sql: "explain analyze with a as (insert into t values (1) returning *) select * from a", writes: true},
	{sql: "explain analyze (select 1)"},
	{sql: "insert into t values (1)", writes: true},
	{sql: "update t set i = 1", writes: true},
	{sql: "create temp table t6()", writes: true},
	{sql: "alter table t add x int", writes: true},
	{sql: "do 'begin end'", writes: true},
	{sql: "call p()", writes: true, fails: true},
	{sql: "execute p", writes: true, fails: true},
	{sql: "refresh materialized view v", writes: true, fails: true},
	{sql: "import foreign schema a from server s into b", writes: true, fails: true},
	{sql: "merge into t using t t2 on t.i = t2.i when matched then delete", writes: true},
	{sql: "with a as (insert into t values (1) returning *) select * from a", writes: true},
	{sql: "with x as (select 1), a as materialized (update t set i = 1 returning *) select * from a", writes: true},
	{sql: "with a as (with b as (select 1 as i) insert into t select * from b returning *) select * from a", writes: true},
	{sql: "with a as (delete from t returning *) select * from a"},
	{sql: "with a as (select 1 as i) insert into t select * from a", writes: true},
	{sql: "with a as (select 1 as i) update t set i = 1 from a", writes: true},
	{sql: "with a as (select 1 as i) delete from t using a"},
	{sql: "with a(i) as (select 1 as i) merge into t using a on t.i = a.i when matched then do nothing", writes: true},
	{sql: "copy t from stdin", writes: true, unknown: true},
	{sql: "copy t to stdout"},
	{sql: "copy (select 1) to stdout"},
	{sql: "copy (insert into t values (1) returning i) to stdout", writes: true},
	{sql: "copy (with a as (insert into t values (1) returning i) table a) to stdout", writes: true},

	{sql: "select 1)", fails: true},
	{sql: "select (1", fails: true},
	{sql: "select 'a", fails: true},
	{sql: "select 1) as q union (select 2", fails: true},
	{sql: strings.Repeat("(", 10000) + "select 1" + strings.Repeat(")", 10000), unknown: true, query: true},
}

func TestVerbs(t *testing.T) {
	for _, tt := range verbTests {
		st, _ := First(tt.sql)
		name := tt.sql[:min(len(tt.sql), 60)]
		if got := st.IsSelect(); got != tt.query {
			t.Errorf("%s: IsSelect: %v", name, got)
		}
		if got := st.Writes(); got != tt.writes {
			t.Errorf("%s: Writes: %v", name, got)
		}
		if got := Writes("select 1; " + tt.sql); got != tt.writes {
			t.Errorf("%s: behind another: Writes: %v", name, got)
		}
	}
}

// TestVerbsPostgres wraps what IsSelect allows, and runs what does not write in a transaction that may not.
func TestVerbsPostgres(t *testing.T) {
	db := testpeer.NewDatabase(t)
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	run := func(sql string) error { return conn.Exec(ctx, sql).Close() }
	if err := run("create table t (i int primary key)"); err != nil {
		t.Fatal(err)
	}
	version := serverVersion(t, conn)
	for _, tt := range verbTests {
		if tt.unknown || version < 15 && strings.Contains(tt.sql, "merge into") || version < 14 && strings.Contains(tt.sql, "cycle") {
			continue
		}
		if err := run("begin; " + tt.sql + "; rollback"); (err != nil) != tt.fails && tt.sql != "" {
			t.Errorf("%s: %v", tt.sql, err)
		}
		_ = run("rollback")
		st, _ := First(tt.sql)
		if tt.query {
			if err := run("select * from (" + st.Text + ") as q limit 0"); err != nil {
				t.Errorf("%s: wrapped: %v", tt.sql, err)
			}
		}
	}
}

func TestCopy(t *testing.T) {
	for _, tt := range []struct {
		sql  string
		want Copy
	}{
		{"copy t from stdin", Copy{From: true, Client: true, Format: "text"}},
		{`COPY "T" (a,b) FROM STDIN`, Copy{From: true, Client: true, Format: "text"}},
		{`copy/*x*/s . "from to"("to")-- to
			from stdin with (format csv, header true, delimiter ';')`, Copy{From: true, Client: true, Format: "csv", Header: true, Delimiter: ";"}},
		{"copy t to stdout (format binary)", Copy{Client: true, Format: "binary"}},
		{"copy t to stdin", Copy{Client: true, Format: "text"}},
		{"copy binary t to stdout", Copy{Client: true, Format: "binary"}},
		{"copy binary from stdin", Copy{From: true, Client: true, Format: "text"}},
		{"copy binary.t from stdin", Copy{From: true, Client: true, Format: "text"}},
		{"copy t to stdout csv", Copy{Client: true, Format: "csv"}},
		{"copy t to stdout with binary", Copy{Client: true, Format: "binary"}},
		{"copy t to stdout with csv header delimiter as '|' null 'csv'", Copy{Client: true, Format: "csv", Header: true, Delimiter: "|"}},
		{"copy t from stdin csv quote as '\"' force not null header, csv header", Copy{From: true, Client: true, Format: "csv", Header: true}},
		{"copy t to stdout csv force quote *", Copy{Client: true, Format: "csv"}},
		{"copy t to stdout csv force quote header", Copy{Client: true, Format: "csv"}},
		{"copy t from stdin using delimiters E'\\t' with null ''", Copy{From: true, Client: true, Format: "text", Delimiter: "\t"}},
		{"copy t from stdin delimiters ','", Copy{From: true, Client: true, Format: "text", Delimiter: ","}},
		{
			"COPY (select ')', (1) from t) TO STDOUT WITH (FORMAT csv, HEADER)",
			Copy{Client: true, Format: "csv", Header: true, Query: "select ')', (1) from t"},
		},
		{"copy t to stdout (header off, format 'csv')", Copy{Client: true, Format: "csv"}},
		{"copy t to stdout (header match, force_quote (a, format), \"format\" \"csv\")", Copy{Client: true, Format: "csv", Header: true}},
		{"copy t to stdout (header 0, force_quote *, format FOO)", Copy{Client: true, Format: "foo"}},
		{"copy t to stdout (delimiter U&'\\0009', header 1)", Copy{Client: true, Format: "text", Header: true, Delimiter: "\t"}},
		{"copy t to stdout (delimiter $x$,$x$)", Copy{Client: true, Format: "text", Delimiter: ","}},
		{"copy t from '/etc/passwd'", Copy{From: true, Format: "text"}},
		{"copy t to program 'csv' csv", Copy{Format: "csv"}},
		{"copy t from program 'x' with (format csv) where a = 1", Copy{From: true, Format: "csv"}},
		{"copy t from stdin where csv = 1", Copy{From: true, Client: true, Format: "text"}},
		{"copy", Copy{Format: "text"}},
		{"copy (", Copy{Format: "text"}},
		{"copy t (a", Copy{Format: "text"}},
		{"copy t to stdout (format", Copy{Client: true}},
		{"copy t to stdout csv force", Copy{Client: true, Format: "csv"}},
	} {
		st, _ := First(tt.sql)
		got, ok := st.Copy()
		if diff := cmp.Diff(tt.want, got); diff != "" || !ok {
			t.Errorf("%s: %v\n%s", tt.sql, ok, diff)
		}
	}
	if _, ok := (Statement{Text: "select 1", Keyword: "SELECT"}).Copy(); ok {
		t.Error("a SELECT is no COPY")
	}
}

func TestUsesSystemCatalog(t *testing.T) {
	for sql, want := range map[string]string{
		"select * from pg_class":                                           "pg_class",
		"select * from PG_Class c":                                         "pg_class",
		`select * from "pg_class"`:                                         "pg_class",
		`select * from U&"\0070g_class"`:                                   "pg_class",
		`select * from u&"pg\005Fclass"`:                                   "pg_class",
		"select * from pg_catalog . /* x */ pg_class":                      "pg_catalog.pg_class",
		`select * from "pg_catalog"."pg_authid"`:                           "pg_catalog.pg_authid",
		`select * from mydb.pg_catalog.pg_authid`:                          "pg_catalog.pg_authid",
		"select * from information_schema.tables":                          "information_schema.tables",
		"select * from Information_Schema.Columns":                         "information_schema.columns",
		"select information_schema.tables.table_name from x":               "information_schema.tables",
		"select * from pg_toast.pg_toast_1262":                             "pg_toast.pg_toast_1262",
		"select * from pg_temp_3.secret":                                   "pg_temp_3.secret",
		"select * from ogrcarto.keys":                                      "ogrcarto.keys",
		"select ogrcarto.f()":                                              "ogrcarto.f",
		"select * from cartodb.cdb_tablemetadata":                          "cartodb.cdb_tablemetadata",
		"select * from CDB_TableMetadata":                                  "cdb_tablemetadata",
		"select * from cdb_conf":                                           "cdb_conf",
		"insert into pg_class(relname) values ('a')":                       "pg_class",
		"copy pg_authid (rolname) to stdout":                               "pg_authid",
		"table pg_roles":                                                   "pg_roles",
		"select 1; select * from a, only pg_stat_activity":                 "pg_stat_activity",
		"select * from pg_stat_statements":                                 "pg_stat_statements",
		"select pg_user from t":                                            "pg_user",
		"select '' || '\\' from pg_shadow --'":                             "pg_shadow",
		"create function f() returns int begin atomic table pg_class; end": "pg_class",
		"select 1":                    "",
		"select * from t -- pg_class": "",
		"select 'pg_class', $$pg_class$$, E'\\'pg_class' /* pg_class */":            "",
		"select 'pg_class'::regclass":                                               "",
		"select x::pg_class, x::pg_catalog.pg_class, x::pg_lsn":                     "",
		"select cast(x as pg_class), cast(y as information_schema.cardinal_number)": "",
		"select pg_sleep(1), pg_catalog.now(), pg_typeof(x)":                        "",
		"select pg_catalog.pg_size_pretty(1), information_schema._pg_f(1)":          "",
		"select pg_timezone_names (), pg_catalog.pg_available_extensions()":         "",
		"select 1::pg_catalog.int4, cast(1 as pg_catalog.int8)":                     "",
		"select t.pg_class, public.pg_class from t":                                 "",
		"select pg_size, pg_foo from t as pg_class":                                 "",
		"select 1 as pg_class, 2 as \"pg_user\"":                                    "",
		"select pg_class.i from t pg_x":                                             "",
		"select information_schema, pg_catalog, ogrcarto, cartodb from t":           "",
		"select * from pg_catalog.foo":                                              "",
		"select pg_temp.f(1) from pg_temp.t":                                        "",
		"select * from spatial_ref_sys, geometry_columns":                           "",
		"select cartodb.cdb_usertables(), cdb_cartodbfytable('t')":                  "",
		"select * from public.cdb_conf":                                             "",
		"select * from \"PG_CLASS\"":                                                "",
		"select 'a' from t where b = 'pg_class":                                     "",
		"select a.b.c.d.e.pg_class":                                                 "",
		"select p, i, c, o, \"p\", U&\"\"":                                          "",
	} {
		got, ok := UsesSystemCatalog(sql)
		if got != want && ok || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", sql, got, ok, want)
		}
	}
}

// TestCatalogNames compares the list with what the server has.
func TestCatalogNames(t *testing.T) {
	if !slices.IsSorted(catalogNames) {
		t.Fatal("the list is not sorted")
	}
	conn, err := pgconn.Connect(context.Background(), testpeer.PostGIS(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if v := serverVersion(t, conn); v > 18 {
		t.Skipf("PostgreSQL %d is newer than the list", v)
	}
	results, err := conn.Exec(context.Background(), `SELECT relname FROM pg_class
		WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'f')`).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range results[0].Rows {
		if !isCatalog(string(row[0])) {
			t.Errorf("%s is not in the list", row[0])
		}
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		`'it''s'`:               "it's",
		`E'\t\n\r\b\f\\\'\q'`:   "\t\n\r\b\f\\'q",
		`e'\x41\101\u00e9'`:     "AAé",
		`E'\U0001F600\x'`:       "😀x",
		`E'a''b'`:               "a'b",
		`U&'\0041\+01F600\\\z'`: "A😀\\\\z",
		`$$a$b$$`:               "a$b",
		`$t$a$$b$t$`:            "a$$b",
		`N'a'`:                  "a",
		`'a`:                    "a",
		`$t$a`:                  "a",
		`'`:                     "",
		`E'\`:                   `\`,
	} {
		s := scanner{text: text}
		if tok := s.next(); tok.kind != literal || tok.end != len(text) || s.value(tok) != want {
			t.Errorf("%s: %q, want %q", text, s.value(tok), want)
		}
	}
	for text, want := range map[string]string{
		`AbÉ$1`:       "abÉ$1",
		`"A""b"`:      `A"b`,
		`U&"\0041b"`:  "Ab",
		`"`:           "",
		`u&"`:         "",
		`U&"\00""41"`: `\00"41`,
	} {
		s := scanner{text: text}
		if tok := s.next(); s.name(tok) != want {
			t.Errorf("%s: %q, want %q", text, s.name(tok), want)
		}
	}
}

// TestLinear is a guard against texts that take time out of proportion: each has a quarter of a megabyte.
func TestLinear(t *testing.T) {
	for _, piece := range []string{
		"(", "((select ", ";", "a", "a.", "$", "$a", "$a ", "E'a' ", "E'a' --\n", "E'a'\n", "/*", "/* */", "--", "'", `"`, `U&"\0041`,
		"explain analyze ", "explain (analyze) ", "copy (", "copy (copy (insert ", "with a as (", "1.", "1e", "begin atomic ", "create function begin atomic;",
		"pg_class.", "x.pg_class ", ",", "with a as (insert into ", "\\", "é", "\x00", "copy t to stdout (format ", "force not null ",
	} {
		text := strings.Repeat(piece, 256<<10/len(piece))
		start := time.Now()
		for st := range Statements(text) {
			st.IsSelect()
			st.Copy()
		}
		Writes(text)
		Writes("copy " + text)
		UsesSystemCatalog(text)
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("%q: %v for 256 KiB", piece, d)
		}
	}
}

func TestAllocs(t *testing.T) {
	const sql = "with a as (select t.x, 'y', $$z$$ from t where pg_size > 1) select * from a; select count(*) from information_schema"
	if n := testing.AllocsPerRun(100, func() {
		Writes(sql)
		UsesSystemCatalog(sql)
	}); n > 12 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzStatements(f *testing.F) {
	for _, tt := range statementTests {
		f.Add(tt.sql)
	}
	for _, tt := range verbTests {
		if len(tt.sql) < 200 {
			f.Add(tt.sql)
		}
	}
	f.Add("copy t from stdin using delimiters E'\\t' with null ''")
	f.Add(`select U&"\0070g_class", information_schema.x`)
	f.Fuzz(func(t *testing.T, sql string) {
		first := texts(sql)
		joined := strings.Join(first, ";")
		if diff := cmp.Diff(first, texts(joined)); diff != "" {
			t.Errorf("%q:\n%s", sql, diff)
		}
		for st := range Statements(sql) {
			if st.IsSelect() && st.Writes() {
				t.Errorf("%q: a query that writes", st.Text)
			}
			st.Copy()
			if st.IsSelect() {
				// What may be wrapped is one statement in parentheses, too.
				wrapped, only := First("select * from (" + st.Text + ") as q limit 1")
				if !only || !wrapped.IsSelect() {
					t.Errorf("%q: not one query when it is wrapped", st.Text)
				}
			}
		}
		Writes(sql)
		UsesSystemCatalog(sql)
		s := scanner{text: sql}
		for tok := s.next(); tok.kind != end; tok = s.next() {
			switch tok.kind {
			case word, quoted:
				s.name(tok)
			case literal:
				s.value(tok)
			}
		}
	})
}
