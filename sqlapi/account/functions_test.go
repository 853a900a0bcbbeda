package account_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// functionsDB is a database with the SQL of functions.sql and without the rest of an account.
type functionsDB struct {
	testpeer.Database
	super  *pgx.Conn
	owner  *pgx.Conn // may make tables
	other  *pgx.Conn // may use schemas and functions only
	public string    // the role of requests without a key
	sql    string    // functions.sql for that role
}

func newFunctionsDB(t *testing.T) *functionsDB {
	t.Helper()
	text, err := os.ReadFile("functions.sql")
	if err != nil {
		t.Fatal(err)
	}
	db := &functionsDB{Database: testpeer.NewDatabase(t)}
	db.public = db.Name + "_public"
	db.sql = strings.ReplaceAll(string(text), "@public_role@", db.public)
	db.super = db.connect(t, "")
	db.rows(t, db.super, `CREATE SCHEMA cartodb; GRANT USAGE ON SCHEMA cartodb TO PUBLIC;
		ALTER DATABASE `+db.Name+` SET search_path = public, cartodb; SET search_path = public, cartodb`)
	db.rows(t, db.super, db.sql)
	db.rows(t, db.super, fmt.Sprintf(`CREATE ROLE %[1]s_owner; CREATE ROLE %[1]s_other; CREATE ROLE %[1]s_public;
		GRANT CREATE ON SCHEMA public TO %[1]s_owner; GRANT CREATE ON DATABASE %[1]s TO %[1]s_owner`, db.Name))
	db.owner = db.connect(t, db.Name+"_owner")
	db.other = db.connect(t, db.Name+"_other")
	return db
}

// connect opens a session as a role, or as the superuser.
func (db *functionsDB) connect(t *testing.T, role string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	if role != "" {
		db.rows(t, conn, "SET SESSION AUTHORIZATION "+role)
	}
	return conn
}

// try runs statements and returns the rows of the last: a line each, its values with bars between, NULL as \N.
func (db *functionsDB) try(t *testing.T, conn *pgx.Conn, sql string) (string, error) {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil || len(results) == 0 {
		return "", err
	}
	var lines []string
	for _, row := range results[len(results)-1].Rows {
		values := make([]string, len(row))
		for i, v := range row {
			if values[i] = string(v); v == nil {
				values[i] = `\N`
			}
		}
		lines = append(lines, strings.Join(values, "|"))
	}
	return strings.Join(lines, "\n"), nil
}

func (db *functionsDB) rows(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	rows, err := db.try(t, conn, sql)
	if err != nil {
		t.Fatalf("%v\n%s", describeError(err), sql)
	}
	return rows
}

func (db *functionsDB) want(t *testing.T, conn *pgx.Conn, sql, want string) {
	t.Helper()
	if got := db.rows(t, conn, sql); got != want {
		t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
	}
}

// wantError wants an error with an SQLSTATE, whose message and hint have some words.
func (db *functionsDB) wantError(t *testing.T, conn *pgx.Conn, sql, code, words string) {
	t.Helper()
	rows, err := db.try(t, conn, sql)
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		t.Errorf("%s\ngot  %q, %v\nwant %s %s", sql, rows, err, code, words)
		return
	}
	if text := pe.Message + " " + pe.Hint; pe.Code != code || !strings.Contains(text, words) {
		t.Errorf("%s\ngot  %s %s\nwant %s %s", sql, pe.Code, text, code, words)
	}
}

func describeError(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return fmt.Sprintf("%s %s\n%s\n%s", pe.Code, pe.Message, pe.Hint, pe.Where)
	}
	return err.Error()
}

// describe tells all that a call may change of the relations of a schema: what \d tells, the sequences' states, the rows with
// the transactions that wrote them, the files, and the times of change.
func (db *functionsDB) describe(t *testing.T, schema string) string {
	t.Helper()
	var b strings.Builder
	for _, sql := range []string{
		`SELECT c.oid, c.relname, c.relkind, c.relfilenode, c.relowner FROM pg_class c WHERE c.relnamespace = '%[1]s'::regnamespace ORDER BY c.relname`,
		`SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a
			JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
			WHERE c.relnamespace = '%[1]s'::regnamespace AND NOT a.attisdropped AND a.attnum > 0 ORDER BY 1, 2`,
		`SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = '%[1]s'::regnamespace ORDER BY 1`,
		`SELECT k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.connamespace = '%[1]s'::regnamespace ORDER BY 1`,
		`SELECT pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace = '%[1]s'::regnamespace ORDER BY 1`,
		`SELECT s.* FROM pg_sequences s WHERE s.schemaname = '%[1]s' ORDER BY sequencename`,
		`SELECT m.* FROM cartodb.cdb_tablemetadata m JOIN pg_class c ON c.oid = m.tabname WHERE c.relnamespace = '%[1]s'::regnamespace ORDER BY 1`,
	} {
		b.WriteString(db.rows(t, db.super, fmt.Sprintf(sql, schema)) + "\n\n")
	}
	for _, table := range strings.Fields(db.rows(t, db.super, fmt.Sprintf(
		`SELECT c.oid::text FROM pg_class c WHERE c.relnamespace = '%s'::regnamespace AND c.relkind = 'r' ORDER BY 1`, schema))) {
		name := db.rows(t, db.super, "SELECT "+table+"::regclass")
		b.WriteString(db.rows(t, db.super, "SELECT x.ctid, x.xmin, x FROM "+name+" x ORDER BY 1") + "\n")
	}
	return b.String()
}

// names and types of all columns of the table t
const functionsColumns = `SELECT string_agg(format('%s %s', n, cdb_columntype('t', n)), ', ') FROM cdb_columnnames('t') n`

func TestFunctionsRerun(t *testing.T) {
	t.Parallel()
	db := newFunctionsDB(t)
	db.rows(t, db.owner, "CREATE TABLE t (the_geom geometry(Point,4326)); INSERT INTO t VALUES ('SRID=4326;POINT(1 2)'); SELECT cdb_cartodbfytable('t')")
	before := db.describe(t, "public") + db.rows(t, db.super, "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'cartodb'::regnamespace ORDER BY 1")
	db.rows(t, db.super, db.sql)
	after := db.describe(t, "public") + db.rows(t, db.super, "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'cartodb'::regnamespace ORDER BY 1")
	if before != after {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

func TestFunctionsUserTables(t *testing.T) {
	t.Parallel()
	db := newFunctionsDB(t)
	db.rows(t, db.owner, strings.ReplaceAll(`
		CREATE TABLE "Mixed Case" (a int); CREATE TABLE shared (a int); CREATE TABLE closed (a int);
		CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW mv AS SELECT 1;
		CREATE SEQUENCE s; CREATE TEMP TABLE temporary (a int);
		CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.far (a int); CREATE TABLE elsewhere.shared (a int);
		CREATE SCHEMA hidden; CREATE TABLE hidden.away (a int);
		CREATE TABLE writable (a int);
		GRANT SELECT ON shared, parted, hidden.away TO @public;
		GRANT INSERT ON writable TO @public;
		GRANT SELECT ON shared TO @other`, "@", db.Name+"_"))
	db.rows(t, db.super, `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE abroad (a int) SERVER srv;
		CREATE SCHEMA ogrcarto; CREATE TABLE ogrcarto.keys (a int); CREATE SCHEMA topology; CREATE TABLE topology.topology (a int);
		CREATE SCHEMA tiger; CREATE TABLE tiger.county (a int); CREATE TABLE cartodb.internal (a int);
		GRANT SELECT ON abroad, cartodb.internal, topology.topology, tiger.county TO PUBLIC; GRANT USAGE ON SCHEMA topology, tiger TO PUBLIC`)
	for _, c := range []struct {
		name string
		conn *pgx.Conn
		args string
		want string
	}{
		{"owner", db.owner, "", "Mixed Case abroad away closed far parted shared writable"},
		{"owner all", db.owner, "'all'", "Mixed Case abroad away closed far parted shared writable"},
		{"owner public", db.owner, "'public'", "abroad parted shared"},
		{"owner private", db.owner, "'private'", "Mixed Case away closed far shared writable"},
		{"other", db.other, "", "abroad shared"},
		{"other private", db.other, "'private'", ""},
		{"superuser", db.super, "", "Mixed Case abroad away closed far parted shared writable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// ORDER BY could be lost by string_agg, ordinality shows the function's own order.
			db.want(t, c.conn, `SELECT coalesce(string_agg(x, ' ' ORDER BY n), '') FROM cdb_usertables(`+c.args+`) WITH ORDINALITY AS u (x, n)`, c.want)
		})
	}
	db.want(t, db.owner, "SELECT pg_typeof(x) FROM (SELECT CDB_UserTables() LIMIT 1) AS u (x)", "name")
	for _, perm := range []string{"'everything'", "''", "'ALL'", "NULL"} {
		db.wantError(t, db.owner, "SELECT cdb_usertables("+perm+")", "22023", "want 'all', 'public' or 'private'")
	}

	t.Run("no public role", func(t *testing.T) {
		db.rows(t, db.super, strings.ReplaceAll(db.sql, "'"+db.public+"'", "'"+db.Name+"_nobody'"))
		db.want(t, db.owner, "SELECT count(*) FROM cdb_usertables('public')", "0")
		db.want(t, db.owner, "SELECT count(*) FROM cdb_usertables('private')", "8")
	})
}

func TestFunctionsColumns(t *testing.T) {
	t.Parallel()
	db := newFunctionsDB(t)
	db.rows(t, db.owner, `CREATE TABLE "My Table" (b varchar(10), "Aé" geometry(PointZ,4326), gone int, c numeric(5,2)[], d timestamptz(3));
		ALTER TABLE "My Table" DROP COLUMN gone; CREATE VIEW v AS SELECT 1 AS one`)
	for _, c := range []struct{ sql, want string }{
		{`SELECT cdb_columnnames('My Table')`, "b\nAé\nc\nd"},
		{`SELECT cdb_columnnames('"My Table"')`, "b\nAé\nc\nd"},
		{`SELECT cdb_columnnames('public."My Table"')`, "b\nAé\nc\nd"},
		{`SELECT CDB_ColumnNames('"My Table"'::regclass)`, "b\nAé\nc\nd"},
		{`SELECT cdb_columnnames('v')`, "one"},
		{`SELECT cdb_columnnames(NULL::text)`, ""},
		{`SELECT cdb_columntype('My Table', 'b')`, "character varying(10)"},
		{`SELECT cdb_columntype('My Table', 'Aé')`, "geometry(PointZ,4326)"},
		{`SELECT cdb_columntype('"My Table"'::regclass, 'c')`, "numeric(5,2)[]"},
		{`SELECT cdb_columntype('"My Table"'::regclass, 'd')`, "timestamp(3) with time zone"},
		{`SELECT cdb_columntype('My Table', 'aé')`, `\N`},
		{`SELECT cdb_columntype('My Table', 'gone')`, `\N`},
		{`SELECT cdb_columntype('My Table', 'ctid')`, `\N`},
		{`SELECT pg_typeof(cdb_columntype('My Table', 'b')), pg_typeof(cdb_columnnames('v'))`, "text|text"},
	} {
		db.want(t, db.owner, c.sql, c.want)
	}
	db.wantError(t, db.owner, `SELECT cdb_columnnames('nowhere')`, "42P01", `table "nowhere" does not exist`)
	db.wantError(t, db.owner, `SELECT cdb_columntype('a b" c', 'x')`, "42P01", `does not exist`)
}

// cartodbfyCase is a table t of a schema of its own, and what CDB_CartodbfyTable makes of it.
type cartodbfyCase struct {
	name  string
	setup string
	call  string // instead of SELECT cdb_cartodbfytable('t')
	want  [][2]string
	// An error instead.
	code, message string
}

var cartodbfyCases = []cartodbfyCase{
	{
		name:  "bare",
		setup: "CREATE TABLE t (a text); INSERT INTO t VALUES ('x'), ('y')",
		want: [][2]string{
			{functionsColumns, "a text, cartodb_id bigint, the_geom geometry(Geometry,4326), the_geom_webmercator geometry(Geometry,3857)"},
			{"SELECT * FROM t ORDER BY a", "x|1|\\N|\\N\ny|2|\\N|\\N"},
			{"INSERT INTO t (a, the_geom) VALUES ('z', 'SRID=4326;POINT(180 0)') RETURNING cartodb_id, round(ST_X(the_geom_webmercator))", "3|20037508"},
			{"UPDATE t SET the_geom = 'SRID=4326;POINT(-180 0)' WHERE a = 'z' RETURNING round(ST_X(the_geom_webmercator))", "-20037508"},
			{"UPDATE t SET the_geom = NULL RETURNING the_geom_webmercator IS NULL", "t\nt\nt"},
			{"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass", "PRIMARY KEY (cartodb_id)"},
			{"SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = 't'::regclass ORDER BY 1", "cartodb_id\nthe_geom\nthe_geom_webmercator"},
			{"SELECT pg_get_serial_sequence('t', 'cartodb_id') IS NOT NULL, attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'cartodb_id'", "t|t"},
			{"SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass ORDER BY 1", "track_updates\nupdate_the_geom_webmercator_trigger"},
		},
	},
	{
		name: "as GDAL makes it",
		setup: `CREATE TABLE "t" ( cartodb_id SERIAL,the_geom Geometry(GEOMETRY,4326),"name" VARCHAR,PRIMARY KEY (cartodb_id) );DROP SEQUENCE IF EXISTS "t_cartodb_id_seq" CASCADE;CREATE SEQUENCE "t_cartodb_id_seq" START 1;ALTER SEQUENCE "t_cartodb_id_seq" OWNED BY "t".cartodb_id;ALTER TABLE "t" ALTER COLUMN cartodb_id SET DEFAULT nextval('"t_cartodb_id_seq"');
			INSERT INTO t VALUES (5, 'SRID=4326;POINT(0 0)', 'x'), (7, NULL, 'y')`,
		want: [][2]string{
			{functionsColumns, "cartodb_id integer, the_geom geometry(Geometry,4326), name character varying, the_geom_webmercator geometry(Geometry,3857)"},
			{"INSERT INTO t (name) VALUES ('z') RETURNING cartodb_id", "8"},
			{"SELECT cdb_columntype('t', 'cartodb_id'), count(*) FROM pg_index WHERE indrelid = 't'::regclass", "integer|3"},
		},
	},
	{
		name:  "empty",
		setup: "CREATE TABLE t ()",
		want:  [][2]string{{"INSERT INTO t DEFAULT VALUES RETURNING *", "1|\\N|\\N"}},
	},
	{
		name:  "quoted names",
		setup: `CREATE TABLE "My ""T"" 'é%I" ("A b" int, "CartoDB_id" text, "The_Geom" int); INSERT INTO "My ""T"" 'é%I" VALUES (1, '2', 3)`,
		call:  `SELECT cdb_cartodbfytable('My "T" ''é%I')`,
		want: [][2]string{
			{`SELECT cartodb_id, "A b", "CartoDB_id", "The_Geom" FROM "My ""T"" 'é%I"`, "1|1|2|3"},
			{`SELECT pg_get_serial_sequence('"My ""T"" ''é%I"', 'cartodb_id') IS NOT NULL`, "t"},
		},
	},
	{
		name:  "quoted name with a cartodb_id",
		setup: `CREATE TABLE "My ""T"" 'é%I" (cartodb_id int); INSERT INTO "My ""T"" 'é%I" VALUES (5)`,
		call:  `SELECT cdb_cartodbfytable('"My ""T"" ''é%I"')`,
		want:  [][2]string{{`INSERT INTO "My ""T"" 'é%I" DEFAULT VALUES RETURNING cartodb_id`, "6"}},
	},
	{name: "raw mixed case", setup: `CREATE TABLE "Mixed" (a int)`, call: `SELECT cdb_cartodbfytable('Mixed')`, want: [][2]string{{`SELECT count(cartodb_id) FROM "Mixed"`, "0"}}},
	{name: "name with a dot", setup: `CREATE TABLE "a.b.c.d" (a int)`, call: `SELECT cdb_cartodbfytable('a.b.c.d')`, want: [][2]string{{`SELECT count(cartodb_id) FROM "a.b.c.d"`, "0"}}},
	{
		name:  "a name of 63 bytes, and another that differs in its end",
		setup: fmt.Sprintf("CREATE TABLE é%[1]s1 (cartodb_id int); CREATE TABLE é%[1]s2 (cartodb_id int)", strings.Repeat("x", 60)),
		call:  fmt.Sprintf("SELECT cdb_cartodbfytable('é%[1]s1'), cdb_cartodbfytable('é%[1]s2')", strings.Repeat("x", 60)),
		want:  [][2]string{{fmt.Sprintf("INSERT INTO é%s2 DEFAULT VALUES RETURNING cartodb_id", strings.Repeat("x", 60)), "1"}},
	},
	{name: "regclass", setup: "CREATE TABLE t (a int)", call: "SELECT CDB_CartodbfyTable('t'::regclass)"},
	{name: "schema and text", setup: "CREATE TABLE t (a int)", call: "SELECT CDB_CartodbfyTable(current_schema()::text, 't')"},
	{name: "schema and raw text", setup: `CREATE TABLE "T t" (a int)`, call: "SELECT CDB_CartodbfyTable(current_schema()::text, 'T t')"},
	{name: "schema and qualified text", setup: `CREATE TABLE t (a int)`, call: "SELECT CDB_CartodbfyTable(current_schema()::text, current_schema() || '.t')"},
	{name: "schema and regclass", setup: "CREATE TABLE t (a int)", call: "SELECT CDB_CartodbfyTable(current_schema()::text, 't'::regclass)"},
	{name: "another schema and regclass", setup: "CREATE TABLE t (a int)", call: "SELECT CDB_CartodbfyTable('public', 't'::regclass)", code: "42P01", message: `want "public"`},
	{name: "another schema and text", setup: "CREATE TABLE t (a int)", call: "SELECT CDB_CartodbfyTable('public', 't')", code: "42P01", message: `want "public"`},
	{name: "schema that does not exist", setup: "CREATE TABLE t (a int)", call: "SELECT CDB_CartodbfyTable('No Where', 'nothing')", code: "42P01", message: `table "nothing" does not exist in schema "No Where"`},

	{
		name:  "cartodb_id is kept",
		setup: "CREATE TABLE t (cartodb_id int, a int); INSERT INTO t VALUES (10, 1), (-3, 2)",
		want: [][2]string{
			{"SELECT cartodb_id, a FROM t ORDER BY a", "10|1\n-3|2"},
			{"INSERT INTO t (a) VALUES (3) RETURNING cartodb_id", "11"},
			{"SELECT cdb_columntype('t', 'cartodb_id'), pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass", "integer|PRIMARY KEY (cartodb_id)"},
		},
	},
	{
		name:  "negative cartodb_id",
		setup: "CREATE TABLE t (cartodb_id bigint UNIQUE NOT NULL); INSERT INTO t VALUES (-10)",
		want:  [][2]string{{"INSERT INTO t DEFAULT VALUES RETURNING cartodb_id", "1"}},
	},
	{
		name:  "cartodb_id beyond its sequence's type",
		setup: "CREATE TABLE t (cartodb_id serial PRIMARY KEY); ALTER TABLE t ALTER cartodb_id TYPE bigint; ALTER SEQUENCE t_cartodb_id_seq AS int; INSERT INTO t VALUES (3000000000)",
		want:  [][2]string{{"INSERT INTO t DEFAULT VALUES RETURNING cartodb_id", "3000000001"}},
	},
	{
		name:  "identity",
		setup: "CREATE TABLE t (cartodb_id int GENERATED BY DEFAULT AS IDENTITY); INSERT INTO t VALUES (4)",
		want:  [][2]string{{"INSERT INTO t DEFAULT VALUES RETURNING cartodb_id", "5"}},
	},
	{
		name:  "another default",
		setup: "CREATE SEQUENCE mine; CREATE TABLE t (cartodb_id int DEFAULT nextval('mine')); INSERT INTO t VALUES (4); CREATE TABLE u (a int DEFAULT nextval('mine'))",
		want: [][2]string{
			{"INSERT INTO t DEFAULT VALUES RETURNING cartodb_id", "5"},
			{"INSERT INTO u DEFAULT VALUES RETURNING a", "1"},
		},
	},
	{
		name:  "the sequence's name is taken",
		setup: "CREATE TABLE t (cartodb_id int); CREATE TABLE t_cartodb_id_seq (a int)",
		want:  [][2]string{{"SELECT pg_get_serial_sequence('t', 'cartodb_id') LIKE '%.t_cartodb_id_seq1'", "t"}},
	},
	{
		name:  "text cartodb_id",
		setup: "CREATE TABLE t (cartodb_id text DEFAULT 'd', cartodb_id_0 int, a int); INSERT INTO t VALUES ('x', 5, 1)",
		want: [][2]string{
			{functionsColumns, "cartodb_id_1 text, cartodb_id_0 integer, a integer, cartodb_id bigint, the_geom geometry(Geometry,4326), the_geom_webmercator geometry(Geometry,3857)"},
			{"SELECT cartodb_id_1, cartodb_id_0, cartodb_id FROM t", "x|5|1"},
		},
	},
	{
		name:  "text cartodb_id as primary key",
		setup: "CREATE TABLE t (cartodb_id text PRIMARY KEY); INSERT INTO t VALUES ('x')",
		want: [][2]string{
			{"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1", "PRIMARY KEY (cartodb_id_0)\nUNIQUE (cartodb_id)"},
		},
	},
	{
		name:  "cartodb_id with nulls",
		setup: "CREATE TABLE t (cartodb_id int); INSERT INTO t VALUES (1), (NULL)",
		want:  [][2]string{{"SELECT cartodb_id_0, cartodb_id FROM t ORDER BY cartodb_id", "1|1\n\\N|2"}},
	},
	{
		name:  "cartodb_id with duplicates",
		setup: "CREATE TABLE t (cartodb_id bigint NOT NULL DEFAULT 1); INSERT INTO t VALUES (1), (1)",
		want:  [][2]string{{"SELECT cartodb_id_0, cartodb_id FROM t ORDER BY cartodb_id", "1|1\n1|2"}},
	},
	{
		name:  "cartodb_id unique by half",
		setup: "CREATE TABLE t (cartodb_id int NOT NULL, a int, UNIQUE (cartodb_id, a)); CREATE UNIQUE INDEX ON t (cartodb_id) WHERE a > 1; INSERT INTO t VALUES (1, 0), (1, 1)",
		want:  [][2]string{{"SELECT cartodb_id_0, cartodb_id FROM t ORDER BY cartodb_id", "1|1\n1|2"}},
	},
	{
		name:  "generated cartodb_id",
		setup: "CREATE TABLE t (a int, cartodb_id int GENERATED ALWAYS AS (a) STORED); INSERT INTO t VALUES (7)",
		want:  [][2]string{{"SELECT cartodb_id_0, cartodb_id FROM t", "7|1"}},
	},
	{
		name:  "another primary key",
		setup: "CREATE TABLE t (id text PRIMARY KEY); CREATE TABLE r (t text REFERENCES t); INSERT INTO t VALUES ('x'); INSERT INTO r VALUES ('x')",
		want: [][2]string{
			{"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1", "PRIMARY KEY (id)\nUNIQUE (cartodb_id)"},
			{"SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'cartodb_id'", "t"},
		},
	},
	{
		name:  "another primary key and a fit cartodb_id",
		setup: "CREATE TABLE t (id int PRIMARY KEY, cartodb_id int); INSERT INTO t VALUES (1, 5)",
		want: [][2]string{
			{"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1", "PRIMARY KEY (id)\nUNIQUE (cartodb_id)"},
			{"INSERT INTO t (id) VALUES (2) RETURNING cartodb_id", "6"},
		},
	},
	{
		name:  "primary key of two columns",
		setup: "CREATE TABLE t (a int, cartodb_id int, PRIMARY KEY (a, cartodb_id)); INSERT INTO t VALUES (1, 5)",
		want: [][2]string{
			{"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1", "PRIMARY KEY (a, cartodb_id)\nUNIQUE (cartodb_id)"},
		},
	},

	{
		name:  "typed geometry",
		setup: "CREATE TABLE t (the_geom geometry(Point,4326)); INSERT INTO t VALUES ('SRID=4326;POINT(180 0)')",
		want: [][2]string{
			{functionsColumns, "the_geom geometry(Geometry,4326), cartodb_id bigint, the_geom_webmercator geometry(Geometry,3857)"},
			{"SELECT ST_AsText(the_geom), round(ST_X(the_geom_webmercator)) FROM t", "POINT(180 0)|20037508"},
			{"INSERT INTO t VALUES ('SRID=4326;LINESTRING(0 0,1 1)') RETURNING ST_NPoints(the_geom_webmercator)", "2"},
		},
	},
	{
		name:  "Z",
		setup: "CREATE TABLE t (the_geom geometry(MultiPolygonZ,4326)); INSERT INTO t VALUES ('SRID=4326;MULTIPOLYGON Z(((0 80 1,0 89 1,1 89 1,0 80 1)))')",
		want: [][2]string{
			{functionsColumns, "the_geom geometry(GeometryZ,4326), cartodb_id bigint, the_geom_webmercator geometry(GeometryZ,3857)"},
			{"SELECT round(ST_YMax(the_geom_webmercator)), ST_ZMax(the_geom_webmercator) FROM t", "20037508|1"},
		},
	},
	{
		name:  "M",
		setup: "CREATE TABLE t (the_geom geometry(GeometryM,4326)); INSERT INTO t VALUES ('SRID=4326;POINT M(0 0 7)')",
		want:  [][2]string{{"SELECT cdb_columntype('t', 'the_geom'), cdb_columntype('t', 'the_geom_webmercator'), ST_M(the_geom_webmercator) FROM t", "geometry(GeometryM,4326)|geometry(GeometryM,3857)|7"}},
	},
	{
		name:  "ZM",
		setup: "CREATE TABLE t (the_geom geometry(LineStringZM,4326)); INSERT INTO t VALUES ('SRID=4326;LINESTRING ZM(0 80 1 2,0 89 3 4)')",
		want:  [][2]string{{"SELECT cdb_columntype('t', 'the_geom'), cdb_columntype('t', 'the_geom_webmercator'), ST_Zmflag(the_geom_webmercator) FROM t", "geometry(GeometryZM,4326)|geometry(GeometryZM,3857)|3"}},
	},
	{
		name:  "untyped geometry",
		setup: "CREATE TABLE t (the_geom geometry); INSERT INTO t VALUES ('SRID=4326;POINT Z(180 0 5)'), (NULL)",
		want: [][2]string{
			{functionsColumns, "the_geom geometry, cartodb_id bigint, the_geom_webmercator geometry(GeometryZ,3857)"},
			{"SELECT round(ST_X(the_geom_webmercator)), ST_Z(the_geom_webmercator) FROM t WHERE the_geom IS NOT NULL", "20037508|5"},
			{"INSERT INTO t VALUES ('SRID=4326;POINT(0 0)') RETURNING ST_Z(the_geom_webmercator)", "0"},
		},
	},
	{
		name:  "untyped geometry of several dimensions",
		setup: "CREATE TABLE t (the_geom geometry); INSERT INTO t VALUES ('SRID=4326;POINT Z(180 0 5)'), ('SRID=4326;POINT(180 0)')",
		want: [][2]string{
			{"SELECT cdb_columntype('t', 'the_geom_webmercator'), sum(round(ST_X(the_geom_webmercator))) FROM t", "geometry(Geometry,3857)|40075016"},
			{"INSERT INTO t VALUES ('SRID=4326;POINT ZM(0 0 1 1)') RETURNING ST_Zmflag(the_geom_webmercator)", "0"},
		},
	},
	{
		name:  "untyped geometry without values",
		setup: "CREATE TABLE t (the_geom geometry)",
		want: [][2]string{
			{functionsColumns, "the_geom geometry, cartodb_id bigint, the_geom_webmercator geometry(Geometry,3857)"},
			{"INSERT INTO t VALUES ('SRID=4326;POINT Z(0 0 1)'); SELECT cdb_cartodbfytable('t'); " + functionsColumns, "the_geom geometry, cartodb_id bigint, the_geom_webmercator geometry(Geometry,3857)"},
		},
	},
	{
		name:  "type without SRID, values with",
		setup: "CREATE TABLE t (the_geom geometry(Point)); INSERT INTO t VALUES ('SRID=4326;POINT(180 0)')",
		want:  [][2]string{{"SELECT cdb_columntype('t', 'the_geom'), ST_AsEWKT(the_geom) FROM t", "geometry(Geometry,4326)|SRID=4326;POINT(180 0)"}},
	},
	{name: "another SRID", setup: "CREATE TABLE t (the_geom geometry(Point,3857))", code: "22023", message: "column the_geom of table t has SRID 3857, want 4326 ALTER TABLE t ALTER COLUMN the_geom TYPE geometry(Geometry,4326) USING ST_Transform(the_geom, 4326)"},
	{name: "another SRID of values", setup: "CREATE TABLE t (the_geom geometry); INSERT INTO t VALUES ('SRID=27700;POINT(0 0)'), ('SRID=4326;POINT(0 0)')", code: "22023", message: "SRID 4326 and 27700, want 4326 Give each"},
	{name: "unknown SRID of values", setup: "CREATE TABLE t (the_geom geometry); INSERT INTO t VALUES ('POINT(0 0)')", code: "22023", message: "SRID 0 (unknown), want 4326 If its"},
	{name: "unknown SRID of some values", setup: "CREATE TABLE t (the_geom geometry); INSERT INTO t VALUES ('POINT(0 0)'), ('SRID=4326;POINT(0 0)')", code: "22023", message: "SRID 0 (unknown) and 4326, want 4326"},
	{name: "unknown SRID of the type", setup: "CREATE TABLE t (the_geom geometry(Point))", code: "22023", message: "ST_SetSRID(the_geom, 4326)"},
	{name: "generated geometry", setup: "CREATE TABLE t (x float8, the_geom geometry(Point,4326) GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(x, 0), 4326)) STORED)", code: "0A000", message: "is generated"},
	{
		name:  "the_geom of another type",
		setup: "CREATE TABLE t (the_geom text, the_geom_0 int); INSERT INTO t VALUES ('POINT(0 0)', 1)",
		want: [][2]string{
			{functionsColumns, "the_geom_1 text, the_geom_0 integer, cartodb_id bigint, the_geom geometry(Geometry,4326), the_geom_webmercator geometry(Geometry,3857)"},
			{"SELECT the_geom_1, the_geom_0, the_geom FROM t", `POINT(0 0)|1|\N`},
		},
	},

	{
		name: "fit the_geom_webmercator",
		setup: `CREATE TABLE t (a int, the_geom geometry(Geometry,4326), the_geom_webmercator geometry(Geometry,3857));
			INSERT INTO t VALUES (1, 'SRID=4326;POINT(180 0)', 'SRID=3857;POINT(7 7)'), (2, 'SRID=4326;POINT(180 0)', NULL), (3, NULL, NULL), (4, 'SRID=4326;POINT(0 90)', NULL)`,
		want: [][2]string{{"SELECT a, round(ST_X(the_geom_webmercator)) FROM t ORDER BY a", "1|7\n2|20037508\n3|\\N\n4|\\N"}},
	},
	{
		name:  "typed the_geom_webmercator",
		setup: "CREATE TABLE t (the_geom geometry(Point,4326), the_geom_webmercator geometry(Point,3857)); INSERT INTO t VALUES (NULL, 'SRID=3857;POINT(7 7)')",
		want:  [][2]string{{"SELECT cdb_columntype('t', 'the_geom_webmercator'), ST_X(the_geom_webmercator) FROM t", "geometry(Geometry,3857)|7"}},
	},
	{
		name:  "untyped the_geom_webmercator",
		setup: "CREATE TABLE t (the_geom geometry(Geometry,4326), the_geom_webmercator geometry); INSERT INTO t VALUES (NULL, 'SRID=3857;POINT(7 7)')",
		want:  [][2]string{{"SELECT cdb_columntype('t', 'the_geom_webmercator'), ST_X(the_geom_webmercator) FROM t", "geometry|7"}},
	},
	{
		name:  "the_geom_webmercator with another SRID",
		setup: "CREATE TABLE t (the_geom geometry(Geometry,4326), the_geom_webmercator geometry); INSERT INTO t VALUES ('SRID=4326;POINT(180 0)', 'SRID=4326;POINT(7 7)')",
		want:  [][2]string{{"SELECT ST_AsEWKT(the_geom_webmercator_0), round(ST_X(the_geom_webmercator)) FROM t", "SRID=4326;POINT(7 7)|20037508"}},
	},
	{
		name:  "the_geom_webmercator with other dimensions",
		setup: "CREATE TABLE t (the_geom geometry(PointZ,4326), the_geom_webmercator geometry(Geometry,3857)); INSERT INTO t VALUES ('SRID=4326;POINT Z(180 0 1)', 'SRID=3857;POINT(7 7)')",
		want:  [][2]string{{"SELECT ST_X(the_geom_webmercator_0), round(ST_X(the_geom_webmercator)) FROM t", "7|20037508"}},
	},
	{
		name:  "the_geom_webmercator of another type, and generated",
		setup: "CREATE TABLE t (the_geom geometry(Point,4326), the_geom_webmercator geometry(Point,3857) GENERATED ALWAYS AS (ST_Transform(the_geom, 3857)) STORED, the_geom_webmercator_0 text); INSERT INTO t VALUES ('SRID=4326;POINT(180 0)')",
		want:  [][2]string{{"SELECT round(ST_X(the_geom_webmercator_1)), round(ST_X(the_geom_webmercator)), cdb_columntype('t', 'the_geom') FROM t", "20037508|20037508|geometry(Point,4326)"}},
	},
	{
		name:  "pole",
		setup: "CREATE TABLE t (the_geom geometry(Point,4326)); INSERT INTO t VALUES ('SRID=4326;POINT(0 90)')",
		want:  [][2]string{{"SELECT the_geom_webmercator FROM t", `\N`}},
	},

	{
		name:  "a view on a typed geometry",
		setup: "CREATE TABLE t (the_geom geometry(Point,4326), a int); CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM v; INSERT INTO t VALUES ('SRID=4326;POINT(180 0)', 1)",
		want: [][2]string{
			{functionsColumns, "the_geom geometry(Point,4326), a integer, cartodb_id bigint, the_geom_webmercator geometry(Geometry,3857)"},
			{"SELECT ST_AsText(the_geom) FROM v", "POINT(180 0)"},
			{"SELECT round(ST_X(the_geom_webmercator)) FROM t", "20037508"},
		},
	},
	{
		name:  "a view on columns that are renamed",
		setup: "CREATE TABLE t (cartodb_id text, the_geom text, the_geom_webmercator text); CREATE VIEW v AS SELECT * FROM t; INSERT INTO t VALUES ('a', 'b', 'c')",
		want:  [][2]string{{"SELECT * FROM v", "a|b|c"}},
	},
	{
		name:  "a trigger and a policy on a typed geometry",
		setup: "CREATE TABLE t (the_geom geometry(Point,4326)); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE UPDATE OF the_geom ON t EXECUTE FUNCTION f(); CREATE POLICY p ON t USING (the_geom IS NOT NULL)",
		want:  [][2]string{{"SELECT cdb_columntype('t', 'the_geom')", "geometry(Point,4326)"}},
	},
	{
		name:  "indexes and constraints on a typed geometry",
		setup: "CREATE TABLE t (the_geom geometry(Point,4326) NOT NULL CHECK (ST_X(the_geom) > 0)); CREATE INDEX i ON t USING gist (the_geom); CREATE INDEX j ON t USING gist (the_geom) WHERE ST_X(the_geom) > 1",
		want:  [][2]string{{"SELECT cdb_columntype('t', 'the_geom'), count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indkey = '1'", "geometry(Geometry,4326)|2"}},
	},
	{
		name:  "a partial index is not enough",
		setup: "CREATE TABLE t (the_geom geometry(Geometry,4326), a int); CREATE INDEX ON t USING gist (the_geom) WHERE a > 1",
		want:  [][2]string{{"SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indkey = '1'", "2"}},
	},
	{
		name:  "the triggers of others do not fire",
		setup: "CREATE TABLE t (the_geom geometry(Point,4326)); INSERT INTO t VALUES ('SRID=4326;POINT(0 0)'); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''fired''; END'; CREATE TRIGGER g BEFORE UPDATE ON t EXECUTE FUNCTION f()",
		want:  [][2]string{{"SELECT count(the_geom_webmercator) FROM t", "1"}},
	},
	{
		name:  "deferred constraints",
		setup: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED, cartodb_id int, the_geom geometry(Point,4326), the_geom_webmercator geometry(Geometry,3857)); INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1, 'SRID=4326;POINT(0 0)')",
		want:  [][2]string{{"SELECT count(the_geom_webmercator) FROM t", "1"}},
	},
	{name: "inheritance", setup: "CREATE TABLE p (a int); CREATE TABLE t () INHERITS (p); INSERT INTO t VALUES (1)", want: [][2]string{{"SELECT a, cartodb_id FROM t", "1|1"}}},
	{name: "temporary", setup: "CREATE TEMP TABLE temporary (cartodb_id int)", call: "SELECT cdb_cartodbfytable('temporary')", want: [][2]string{{"INSERT INTO temporary DEFAULT VALUES RETURNING cartodb_id; DROP TABLE temporary", ""}}},

	{name: "no table", call: "SELECT cdb_cartodbfytable('t')", code: "42P01", message: `table "t" does not exist`},
	{name: "no table by its schema", call: "SELECT cdb_cartodbfytable('nowhere.t')", code: "42P01", message: `table "nowhere.t" does not exist`},
	{name: "no name", call: "SELECT cdb_cartodbfytable('')", code: "42P01", message: `table "" does not exist`},
	{name: "no identifier", call: `SELECT cdb_cartodbfytable('"; DROP TABLE t; --')`, code: "42P01", message: `does not exist`},
	{name: "no OID", call: "SELECT cdb_cartodbfytable(1::oid::regclass)", code: "42P01", message: `table with OID 1 does not exist`},
	{name: "NULL", call: "SELECT cdb_cartodbfytable(NULL::text)"},
	{name: "view", setup: "CREATE VIEW t AS SELECT 1", code: "42809", message: "t is a view, want an ordinary table"},
	{name: "materialized view", setup: "CREATE MATERIALIZED VIEW t AS SELECT 1", code: "42809", message: "t is a materialized view"},
	{name: "sequence", setup: "CREATE SEQUENCE t", code: "42809", message: "t is a sequence"},
	{name: "partitioned", setup: "CREATE TABLE t (a int) PARTITION BY LIST (a)", code: "42809", message: "t is a partitioned table"},
	{name: "partition", setup: "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE t PARTITION OF p DEFAULT", code: "42809", message: "t is a partition"},
}

func TestFunctionsCartodbfyTable(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	db := newFunctionsDB(t)
	for _, as := range []struct {
		name string
		conn *pgx.Conn
	}{{"superuser", db.super}, {"owner", db.owner}} {
		for i, c := range cartodbfyCases {
			t.Run(as.name+"/"+c.name, func(t *testing.T) {
				schema := fmt.Sprintf("%s_%d", as.name, i)
				db.rows(t, as.conn, "CREATE SCHEMA "+schema+"; SET search_path = "+schema+", public, cartodb; "+c.setup)
				call := c.call
				if call == "" {
					call = "SELECT cdb_cartodbfytable('t')"
				}
				if c.code != "" {
					before := db.describe(t, schema)
					db.wantError(t, as.conn, call, c.code, c.message)
					if after := db.describe(t, schema); after != before {
						t.Errorf("before\n%s\nafter\n%s", before, after)
					}
					return
				}
				db.rows(t, as.conn, call)
				before := db.describe(t, schema)
				db.rows(t, as.conn, call)
				if after := db.describe(t, schema); after != before {
					t.Errorf("before\n%s\nafter a second call\n%s", before, after)
				}
				for _, w := range c.want {
					db.want(t, as.conn, w[0], w[1])
				}
			})
		}
	}

	t.Run("two at once", func(t *testing.T) {
		db.rows(t, db.owner, "SET search_path = public, cartodb; CREATE TABLE twice (the_geom geometry(Point,4326))")
		db.rows(t, db.owner, "BEGIN; SELECT cdb_cartodbfytable('twice')")
		second := db.connect(t, db.Name+"_owner")
		done := make(chan error, 1)
		go func() {
			_, err := second.Exec(t.Context(), "SELECT cdb_cartodbfytable('twice')")
			done <- err
		}()
		for deadline := time.Now().Add(10 * time.Second); db.rows(t, db.super, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.twice'::regclass") == "0"; {
			if time.Now().After(deadline) {
				t.Fatal("the second call does not wait")
			}
			time.Sleep(10 * time.Millisecond)
		}
		db.rows(t, db.owner, "COMMIT")
		if err := <-done; err != nil {
			t.Fatal(describeError(err))
		}
		db.want(t, db.owner, "SELECT count(*) FROM cdb_columnnames('twice')", "3")
	})
	t.Run("returns the table", func(t *testing.T) {
		db.rows(t, db.owner, "SET search_path = public, cartodb; CREATE TABLE back (a int)")
		db.want(t, db.owner, "SELECT x, pg_typeof(x) FROM cdb_cartodbfytable('back') AS x", "back|regclass")
	})
	t.Run("another's table", func(t *testing.T) {
		db.rows(t, db.owner, "CREATE TABLE mine (a int); GRANT ALL ON mine TO PUBLIC")
		db.wantError(t, db.other, "SELECT cdb_cartodbfytable('mine')", "42501", "must be owner of table mine")
		db.rows(t, db.owner, "SELECT cdb_cartodbfytable('mine')")
		db.wantError(t, db.other, "SELECT cdb_cartodbfytable('mine')", "42501", "must be owner of table mine")
	})
	t.Run("the superuser for another", func(t *testing.T) {
		db.rows(t, db.owner, "CREATE TABLE theirs (cartodb_id int); CREATE TABLE new (a int)")
		db.rows(t, db.super, "SET search_path = public, cartodb; SELECT cdb_cartodbfytable('theirs'), cdb_cartodbfytable('new')")
		db.want(t, db.owner, "INSERT INTO theirs DEFAULT VALUES RETURNING cartodb_id", "1")
		db.want(t, db.owner, "INSERT INTO new DEFAULT VALUES RETURNING cartodb_id", "1")
	})
	t.Run("a schema outside of the path", func(t *testing.T) {
		db.rows(t, db.owner, `CREATE SCHEMA "Far Away"; CREATE TABLE "Far Away"."T" (the_geom geometry(Point,4326)); CREATE TABLE "Far Away".u (a int); CREATE TABLE "Far Away".v (a int)`)
		db.rows(t, db.owner, `SELECT cdb_cartodbfytable('Far Away', 'T'), cdb_cartodbfytable('"Far Away".u'), cdb_cartodbfytable('"Far Away"', 'v')`)
		db.want(t, db.owner, `INSERT INTO "Far Away"."T" VALUES ('SRID=4326;POINT(180 0)') RETURNING round(ST_X(the_geom_webmercator))`, "20037508")
	})
	t.Run("a writer without rights to cartodb's table", func(t *testing.T) {
		db.rows(t, db.owner, "CREATE TABLE guests (a int); SELECT cdb_cartodbfytable('guests'); GRANT INSERT ON guests TO PUBLIC; GRANT USAGE ON SEQUENCE guests_cartodb_id_seq TO PUBLIC")
		db.rows(t, db.other, "INSERT INTO guests (the_geom) VALUES ('SRID=4326;POINT(180 0)')")
		db.want(t, db.owner, "SELECT round(ST_X(the_geom_webmercator)) FROM guests", "20037508")
	})
}

func TestFunctionsTableMetadata(t *testing.T) {
	t.Parallel()
	db := newFunctionsDB(t)
	db.rows(t, db.owner, "CREATE TABLE t (a int); CREATE TABLE gone (a int); SELECT cdb_cartodbfytable('t'), cdb_cartodbfytable('gone')")
	const when = "SELECT updated_at FROM cartodb.cdb_tablemetadata WHERE tabname = 't'::regclass"
	last := db.rows(t, db.super, when)
	if last == "" {
		t.Fatal("the table has no time of change")
	}
	for _, sql := range []string{
		"INSERT INTO t (a) VALUES (1), (2)",
		"UPDATE t SET a = 3",
		"DELETE FROM t WHERE a = 3",
		"TRUNCATE t",
		"BEGIN; INSERT INTO t (a) VALUES (1); INSERT INTO t (a) VALUES (2); SAVEPOINT s; INSERT INTO t (a) VALUES (3); ROLLBACK TO s; COMMIT",
	} {
		db.rows(t, db.owner, sql)
		now := db.rows(t, db.super, when)
		if now <= last {
			t.Errorf("%s: %s after %s", sql, now, last)
		}
		last = now
	}
	db.rows(t, db.owner, "BEGIN; INSERT INTO t (a) VALUES (1); ROLLBACK")
	db.want(t, db.super, when, last)

	t.Run("one write for a transaction", func(t *testing.T) {
		const version = "SELECT ctid FROM cartodb.cdb_tablemetadata WHERE tabname = 't'::regclass"
		db.rows(t, db.super, "BEGIN; INSERT INTO t (a) VALUES (1)")
		first := db.rows(t, db.super, version)
		db.rows(t, db.super, "UPDATE t SET a = 2; DELETE FROM t; INSERT INTO t (a) VALUES (5)")
		db.want(t, db.super, version, first)
		db.rows(t, db.super, "COMMIT")
	})
	t.Run("a transaction that began before and ended later", func(t *testing.T) {
		second := db.connect(t, db.Name+"_owner")
		db.rows(t, second, "BEGIN; SELECT now()")
		db.rows(t, db.owner, "INSERT INTO t (a) VALUES (1)")
		first := db.rows(t, db.super, when)
		db.rows(t, second, "INSERT INTO t (a) VALUES (2); COMMIT")
		if now := db.rows(t, db.super, when); now <= first {
			t.Errorf("%s after %s", now, first)
		}
	})
	t.Run("dropped tables", func(t *testing.T) {
		db.rows(t, db.owner, "DROP TABLE gone; SELECT cdb_cartodbfytable('t')")
		db.want(t, db.super, "SELECT tabname FROM cartodb.cdb_tablemetadata", "t")
	})
	t.Run("rights", func(t *testing.T) {
		for _, conn := range []*pgx.Conn{db.owner, db.other} {
			for _, sql := range []string{
				"SELECT * FROM cartodb.cdb_tablemetadata", "DELETE FROM cartodb.cdb_tablemetadata",
				"INSERT INTO cartodb.cdb_tablemetadata VALUES ('pg_class')", "UPDATE cartodb.cdb_tablemetadata SET updated_at = now()",
			} {
				db.wantError(t, conn, sql, "42501", "permission denied")
			}
			db.wantError(t, conn, "SELECT cartodb.cdb_tablemetadata_trigger()", "0A000", "trigger functions can only be called as triggers")
		}
		// A table of the same name, and functions that shadow PostgreSQL's.
		db.rows(t, db.owner, `CREATE SCHEMA evil; CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''%'', current_user; END';
			CREATE FUNCTION evil.txid_current() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''%'', current_user; END';
			CREATE TEMP TABLE cdb_tablemetadata (tabname regclass, updated_at timestamptz);
			SET search_path = evil, pg_temp, pg_catalog, public, cartodb; INSERT INTO t (a) VALUES (1); SELECT cartodb._cdb_synctablemetadata(); SET search_path = public, cartodb`)
		db.want(t, db.owner, "SELECT count(*) FROM pg_temp.cdb_tablemetadata", "0")
		// A trigger of one's own tells of one's own table only.
		before := db.rows(t, db.super, when)
		db.rows(t, db.owner, `CREATE TABLE own (a int); CREATE TRIGGER x AFTER INSERT ON own EXECUTE FUNCTION cartodb.cdb_tablemetadata_trigger('t'); INSERT INTO own VALUES (1)`)
		db.want(t, db.super, when, before)
	})
	t.Run("nobody's time changes by a direct call", func(t *testing.T) {
		before := db.rows(t, db.super, "SELECT * FROM cartodb.cdb_tablemetadata ORDER BY 1")
		db.rows(t, db.other, "SELECT cartodb._cdb_synctablemetadata()")
		db.want(t, db.super, "SELECT * FROM cartodb.cdb_tablemetadata ORDER BY 1", before)
	})
}

// TestFunctionsTransformToWebmercator compares with PostGIS, and with the square's half side, pi * 6378137.
func TestFunctionsTransformToWebmercator(t *testing.T) {
	t.Parallel()
	db := newFunctionsDB(t)
	for _, c := range []struct{ name, in, want string }{
		{"null", "NULL", `\N`},
		{"origin", "'SRID=4326;POINT(0 0)'", "SRID=3857;POINT(0 0)"},
		{"corner", "ST_SetSRID(ST_MakePoint(180, 85.0511287798066), 4326)", "SRID=3857;POINT(20037508 20037508)"},
		{"north of it", "'SRID=4326;POINT(0 85.06)'", `\N`},
		{"pole", "'SRID=4326;POINT(0 90)'", `\N`},
		{"south pole", "'SRID=4326;POINT(0 -90)'", `\N`},
		{"impossible latitude", "'SRID=4326;POINT(0 1000)'", `\N`},
		{"east of it", "'SRID=4326;POINT(181 0)'", `\N`},
		{"not a number", "ST_SetSRID(ST_MakePoint('NaN', 0), 4326)", `\N`},
		{"infinite", "ST_SetSRID(ST_MakePoint(0, 'Infinity'), 4326)", `\N`},
		{"Z and M", "'SRID=4326;POINT ZM(180 0 3 4)'", "SRID=3857;POINT(20037508 0 3 4)"},
		{"M", "'SRID=4326;POINT M(180 0 4)'", "SRID=3857;POINTM(20037508 0 4)"},
		{"multipoint", "'SRID=4326;MULTIPOINT M(180 0 4,0 89 5)'", "SRID=3857;MULTIPOINTM(20037508 0 4)"},
		{"line within", "'SRID=4326;LINESTRING(0 0,180 0)'", "SRID=3857;LINESTRING(0 0,20037508 0)"},
		{"line out of it", "'SRID=4326;LINESTRING(0 0,0 89)'", "SRID=3857;LINESTRING(0 0,0 20037508)"},
		{"line out and in", "'SRID=4326;LINESTRING(0 0,0 89,90 89,90 0)'", "SRID=3857;MULTILINESTRING((0 0,0 20037508),(10018754 20037508,10018754 0))"},
		{"line beyond", "'SRID=4326;LINESTRING(0 86,10 89)'", `\N`},
		{"line that touches", "ST_SetSRID(ST_MakeLine(ST_MakePoint(0, 85.0511287798066), ST_MakePoint(0, 89)), 4326)", `\N`},
		{"line with Z", "'SRID=4326;LINESTRING Z(0 0 7,0 89 7)'", "SRID=3857;LINESTRING(0 0 7,0 20037508 7)"},
		{"line with Z and M", "'SRID=4326;LINESTRING ZM(0 0 7 1,0 89 7 1)'", "SRID=3857;LINESTRING(0 0 7 0,0 20037508 7 0)"},
		{"world", "ST_MakeEnvelope(-180, -90, 180, 90, 4326)", "SRID=3857;POLYGON((-20037508 -20037508,-20037508 20037508,20037508 20037508,20037508 -20037508,-20037508 -20037508))"},
		{"more than the world", "ST_MakeEnvelope(-1000, -1000, 1000, 1000, 4326)", "SRID=3857;POLYGON((-20037508 -20037508,-20037508 20037508,20037508 20037508,20037508 -20037508,-20037508 -20037508))"},
		{"polygon beyond", "ST_MakeEnvelope(0, 86, 10, 90, 4326)", `\N`},
		{"polygon that touches", "ST_MakeEnvelope(0, 85.0511287798066, 10, 90, 4326)", `\N`},
		{"multipolygon stays one", "ST_Multi(ST_MakeEnvelope(0, 0, 180, 90, 4326))", "SRID=3857;MULTIPOLYGON(((0 0,0 20037508,20037508 20037508,20037508 0,0 0)))"},
		{"invalid polygon", "'SRID=4326;POLYGON((0 0,90 89,90 0,0 89,0 0))'", "area"},
		{"collection", "'SRID=4326;GEOMETRYCOLLECTION(POINT(0 0),POINT(0 89),GEOMETRYCOLLECTION(LINESTRING(0 0,0 89)))'", "SRID=3857;GEOMETRYCOLLECTION(POINT(0 0),LINESTRING(0 0,0 20037508))"},
		{"collection of one kind", "'SRID=4326;GEOMETRYCOLLECTION(POINT(0 0),POINT(0 89))'", "SRID=3857;GEOMETRYCOLLECTION(POINT(0 0))"},
		{"curve within", "'SRID=4326;CIRCULARSTRING(0 0,90 0,180 0)'", "SRID=3857;CIRCULARSTRING(0 0,10018754 0,20037508 0)"},
		{"curve out of it", "'SRID=4326;CIRCULARSTRING(0 80,10 89,20 80)'", "area"},
		{"curved polygon out of it", "'SRID=4326;CURVEPOLYGON(CIRCULARSTRING(0 80,10 89,20 80,10 70,0 80))'", "area"},
		{"tin out of it", "'SRID=4326;TIN Z(((0 80 1,10 89 1,20 80 1,0 80 1)))'", "area"},
		{"empty point", "'SRID=4326;POINT EMPTY'", "SRID=3857;POINT EMPTY"},
		{"empty polygon with Z", "'SRID=4326;POLYGON Z EMPTY'", "SRID=3857;POLYGON EMPTY"},
		{"already", "'SRID=3857;POINT(99999999 1)'", "SRID=3857;POINT(99999999 1)"},
		{"already, empty", "'SRID=3857;POINT EMPTY'", "SRID=3857;POINT EMPTY"},
		{"unknown SRID", "'POINT(0 0)'", `\N`},
		{"SRID that PostGIS has not", "ST_SetSRID('POINT(0 0)'::geometry, 990000)", `\N`},
		{"another SRID", "ST_Transform('SRID=4326;POINT(9 45)'::geometry, 32632)", "SRID=3857;POINT(1001875 5621521)"},
		{"what its SRID cannot hold", "'SRID=32632;POINT(1e30 1e30)'", `\N`},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := "cdb_transformtowebmercator(" + c.in + ")"
			if c.want == "area" { // anything finite that is not empty and has the dimensions that it had
				db.want(t, db.other, "SELECT ST_SRID(x), NOT ST_IsEmpty(x), abs(ST_YMax(x) - pi() * 6378137) < 1, ST_Zmflag(x) = ST_Zmflag("+c.in+"::geometry) FROM "+call+" AS x", "3857|t|t|t")
				return
			}
			db.want(t, db.other, "SELECT ST_AsEWKT(CASE ST_Dimension(x) WHEN 2 THEN ST_Normalize(ST_SnapToGrid(x, 1)) ELSE ST_SnapToGrid(x, 1) END) FROM "+call+" AS x WHERE x IS NULL OR NOT ST_IsEmpty(x) UNION ALL SELECT ST_AsEWKT(x) FROM "+call+" AS x WHERE ST_IsEmpty(x)", c.want)
		})
	}
	t.Run("a hundred thousand points", func(t *testing.T) {
		start := time.Now()
		db.want(t, db.other, "SELECT count(cdb_transformtowebmercator(ST_SetSRID(ST_MakePoint(x % 180, x % 85), 4326))) FROM generate_series(1, 100000) AS x", "100000")
		t.Logf("%v", time.Since(start))
	})
}

func TestFunctionsQueryTables(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	db := newFunctionsDB(t)
	long := strings.Repeat("n", 60)
	db.rows(t, db.super, `CREATE TABLE secret (a int)`)
	db.rows(t, db.owner, `CREATE TABLE t (a int, b text); CREATE TABLE u (a int); CREATE TABLE "My ""T"";" (a int); CREATE TABLE tag$x$ (a int); CREATE TABLE é$$ (a int);
		CREATE SCHEMA "S s"; CREATE TABLE "S s".t (a int); CREATE VIEW v AS SELECT * FROM t; CREATE TABLE `+long+` (a int);
		CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE TABLE part_1 PARTITION OF parted FOR VALUES IN (1); CREATE TABLE part_2 PARTITION OF parted FOR VALUES IN (2);
		INSERT INTO t VALUES (1, 'x'); INSERT INTO u VALUES (1); CREATE SEQUENCE s;
		CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN DELETE FROM t; RETURN 1; END';
		CREATE FUNCTION unlocks() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN SET transaction_read_only = off; DELETE FROM t; RETURN 1; END';
		CREATE FUNCTION counts() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM nextval(''s''); RETURN 1; END';
		CREATE FUNCTION sets() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM set_config(''search_path'', ''pg_catalog'', false); RETURN 1; END'`)
	state := func() string {
		return db.rows(t, db.super, `SELECT (SELECT string_agg(format('%s %s %s', ctid, xmin, t), ',') FROM t), (SELECT string_agg(format('%s %s', ctid, xmin), ',') FROM u), (SELECT format('%s %s', last_value, is_called) FROM s)
			, (SELECT string_agg(relname, ',' ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace)`)
	}
	const gone = "; DELETE FROM t; DROP TABLE u; SELECT nextval('s')"
	for _, c := range []struct {
		name, query, want string
		super             string // what a superuser's has before
	}{
		{"one table", "SELECT * FROM t", "public.t", ""},
		{"nothing", "", "", ""},
		{"blanks", " \n;;\t; ", "", ""},
		{"no table", "SELECT 1", "", ""},
		{"two statements, sorted and distinct", "SELECT * FROM u; SELECT * FROM t; select * from T;", "public.t,public.u", ""},
		{"join and subquery", "SELECT * FROM t JOIN u USING (a) WHERE a IN (SELECT a FROM \"S s\".t)", `"S s".t,public.t,public.u`, ""},
		{"quoted", `SELECT * FROM "My ""T"";"`, `public."My ""T"";"`, ""},
		{"view", "SELECT * FROM v", "public.t", ""},
		{"partitions", "SELECT * FROM parted", "public.part_1,public.part_2", ""},
		{"catalog", "SELECT * FROM pg_class", "pg_catalog.pg_class", ""},
		{"with", "WITH x AS (SELECT * FROM u) SELECT * FROM x, t", "public.t,public.u", ""},
		{"parentheses", " ( (SELECT a FROM t) UNION (SELECT a FROM u) )", "public.t,public.u", ""},
		{"values and table", "VALUES ((SELECT max(a) FROM t)); TABLE u", "public.t,public.u", ""},
		{"insert", "INSERT INTO t SELECT a, 'x' FROM u", "public.t,public.u", ""},
		{"insert into the partitioned", "INSERT INTO parted VALUES (1)", "public.parted", ""},
		{"update", "UPDATE t SET a = u.a FROM u RETURNING *", "public.t,public.u", ""},
		{"delete", "DELETE FROM t", "public.t", ""},
		{"delete in with", "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "public.t", ""},
		{"for update", "SELECT * FROM t FOR UPDATE", "public.t", ""},
		{"into", "SELECT * INTO made FROM t", "public.t", ""},
		{"merge", "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", "public.t,public.u", ""},
		{"what has no plan", "DROP TABLE u; TRUNCATE t; CREATE TABLE made AS SELECT * FROM t; COPY t TO STDOUT; BEGIN; COMMIT; VACUUM; SET search_path = x; DO 'BEGIN DELETE FROM t; END'; CALL f(); SELECT * FROM u", "public.u", ""},
		{"errors are skipped", "SELECT * FROM nowhere; SELEC 1; SELECT 'unfinished; SELECT * FROM u", "", ""},
		{"errors are skipped before others", "SELECT * FROM nowhere; SELECT 1/0; INSERT INTO t VALUES ($1); SELECT * FROM u", "public.u", ""},
		{"no right", "SELECT * FROM secret; SELECT * FROM t", "public.t", "public.secret,"},
		{"upper case", "SeLeCt * FROM T", "public.t", ""},

		{"semicolon in a string", "SELECT ';' FROM t; SELECT ''';' FROM u", "public.t,public.u", ""},
		{"backslash in a string", `SELECT '\' FROM t; SELECT * FROM u --'`, "public.t,public.u", ""},
		{"escape string", `SELECT E'\';' FROM t; SELECT e'\\' FROM u; SELECT E'a'';\'''`, "public.t,public.u", ""},
		{"escape string continued", "SELECT E'a' -- comment\n '\\';' FROM t; SELECT 1 FROM u", "public.t,public.u", ""},
		{"string that ends an identifier with e", `SELECT date'2020-01-01' FROM t; SELECT time'00:00' FROM u; SELECT ';\'`, "public.t,public.u", ""},
		{"Unicode, bit and national strings", `SELECT U&'\0041\\', B'01', X'1f', N'\' FROM t; SELECT U&"\0061" FROM u`, "public.t,public.u", ""},
		{"dollar quotes", "SELECT $$;'$$ FROM t; SELECT $q$ $$;' $x$; $q$ FROM u", "public.t,public.u", ""},
		{"dollar quotes with letters before the end", "SELECT $q$ ;abc$q$ FROM t; SELECT $é1$;$é$x$é1$ FROM u", "public.t,public.u", ""},
		{"dollars in identifiers", "SELECT * FROM tag$x$; SELECT * FROM é$$; SELECT * FROM t", `public."tag$x$",public."é$$",public.t`, ""},
		{"dollar quotes after a parameter", "SELECT * FROM t; SELECT $1$$;$$", "public.t", ""},
		{"escape string after dollar quotes", `SELECT $$x$$E'\';' FROM t; SELECT * FROM u`, "public.u", ""},
		{"line comment", "-- ' ; $$\nSELECT * FROM t -- it's;\n; SELECT * FROM u", "public.t,public.u", ""},
		{"nested comment", "/* /* ; ' */ $$ */ SELECT * /*/ ; */ FROM t; /**/SELECT * FROM u /* ; DELETE FROM t", "public.t", ""},
		{"comments in operators", "SELECT 1 +/* ; */ 1 FROM t; SELECT 1 ---;'\n FROM u", "public.t,public.u", ""},
		{"quote in an identifier", `SELECT 1 AS "';" FROM t; SELECT 1 AS "a"";" FROM u`, "public.t,public.u", ""},
		{"comment after the first statement", "SELECT * FROM t; -- done", "public.t", ""},
		{"json in an identifier", `SELECT a AS "Relation Name", '{"Relation Name": "x", "Schema": "y"}' FROM t`, "public.t", ""},
		{"a rule's body", "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM t; DELETE FROM u)", "", ""},

		{"injected", "SELECT 1" + gone, "public.t", ""},
		{"injected behind a quote", `SELECT '\'` + gone + `--'`, "public.t", ""},
		{"injected behind an escape", `SELECT E'\\'` + gone + `--'`, "public.t", ""},
		{"injected behind a number", `SELECT 1e'\'` + gone + `--'`, "public.t", ""},
		{"injected behind a Unicode string", `SELECT U&'\'` + gone + `--'`, "public.t", ""},
		{"injected behind a comment", "SELECT 1 /* /* */" + gone + " */", "", ""},
		{"injected behind an open comment", "/* SELECT 1 */" + gone, "public.t", ""},
		{"injected behind a carriage return", "SELECT 1 --\r" + gone, "public.t", ""},
		{"injected behind dollars", "SELECT $a$ $b$ $a$" + gone + " $b$", "public.t", ""},
		{"injected behind an identifier", "SELECT a$a$" + gone + " $a$", "public.t", ""},
		{"injected behind digits and dollars", "SELECT 1a$a$" + gone + " $a$", "", ""},
		{"injected behind a blank of Unicode", "SELECT\u00a0E'\\'" + gone + "--'", "public.t", ""},
		{"injected behind a vertical tab", "SELECT E'a'\v\n'\\''" + gone, "public.t", ""},
		{"injected analyze", "ANALYZE DELETE FROM t", "", ""},
		{"injected options", "(ANALYZE) DELETE FROM t", "", ""},
		{"injected options after a word", "SELECT) DELETE FROM t", "", ""},
		{"injected commit", "SELECT 1; COMMIT; DELETE FROM t", "public.t", ""},
		{"injected rollback", "ROLLBACK TO SAVEPOINT x; RELEASE SAVEPOINT x; SELECT 1 FROM t", "public.t", ""},
		{"prepared", "PREPARE p AS DELETE FROM t; EXECUTE p; EXPLAIN ANALYZE DELETE FROM t", "", ""},
		{"a planner's function that writes", "SELECT * FROM t WHERE a = writes()", "", ""},
		{"a planner's function that makes it writable", "SELECT * FROM t WHERE a = unlocks()", "", ""},
		{"a planner's function that takes numbers", "SELECT * FROM t WHERE a = counts()", "", ""},
		{"a planner's function that changes settings", "SELECT * FROM t WHERE a = sets()", "public.t", ""},
		{"a function that writes when it runs", "SELECT nextval('s'), setval('s', 100), lo_create(0), pg_notify('x', 'y') FROM t", "public.t", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, conn := range []*pgx.Conn{db.owner, db.super} {
				want := c.want
				if conn == db.super {
					want = strings.ReplaceAll(want, "public.t", c.super+"public.t")
				}
				for _, scs := range []string{"on", "off"} {
					before := state()
					db.rows(t, conn, "SET escape_string_warning = off; SET standard_conforming_strings = "+scs)
					var got string
					if err := conn.QueryRow(t.Context(), "SELECT array_to_string(cdb_querytables($1), ',')", c.query).Scan(&got); err != nil {
						t.Fatal(describeError(err))
					}
					// Without the standard's strings a backslash means something else: nothing may happen, whatever is found.
					if got != want && (scs == "on" || !strings.Contains(c.query, `\`)) {
						t.Errorf("standard_conforming_strings %s: %s\ngot  %s\nwant %s", scs, c.query, got, want)
					}
					if after := state(); after != before {
						t.Fatalf("standard_conforming_strings %s: %s\nbefore %s\nafter  %s", scs, c.query, before, after)
					}
				}
				db.rows(t, conn, "SET standard_conforming_strings = on")
				db.want(t, conn, "SHOW transaction_read_only", "off")
				db.want(t, conn, "SHOW search_path", "public, cartodb")
			}
		})
	}

	t.Run("types", func(t *testing.T) {
		db.want(t, db.owner, "SELECT pg_typeof(cdb_querytables('')), cdb_querytables(NULL), cdb_querytables('SELECT 1')", `name[]|\N|{}`)
		db.want(t, db.owner, "SELECT cdb_querytablestext('SELECT * FROM "+long+"')", "{public."+long+"}")
	})
	t.Run("in a transaction that goes on", func(t *testing.T) {
		db.rows(t, db.owner, "BEGIN; SELECT cdb_querytables('DELETE FROM t; SELECT 1/0'); INSERT INTO u VALUES (2); ROLLBACK")
		db.want(t, db.owner, "BEGIN READ ONLY; SELECT cdb_querytables('DELETE FROM t'); COMMIT; SELECT count(*) FROM t", "1")
	})
	t.Run("locks", func(t *testing.T) {
		db.rows(t, db.owner, "BEGIN; SELECT cdb_querytables('SELECT * FROM t FOR UPDATE; DELETE FROM u')")
		db.want(t, db.super, "SELECT count(*) FROM pg_locks WHERE relation IN ('t'::regclass, 'u'::regclass)", "0")
		db.rows(t, db.owner, "COMMIT")
	})
	// The net below the splitter: a text of two statements is refused before any of them is run.
	t.Run("two statements behind EXPLAIN", func(t *testing.T) {
		before := state()
		db.wantError(t, db.owner, `DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'EXPLAIN SELECT 1; DELETE FROM t' LOOP END LOOP; END $$`, "42P11", "cannot open multi-query plan as cursor")
		if after := state(); after != before {
			t.Errorf("before %s\nafter  %s", before, after)
		}
	})
	t.Run("a million characters", func(t *testing.T) {
		start := time.Now()
		db.want(t, db.owner, "SELECT cdb_querytables('INSERT INTO t VALUES ' || repeat('(1, ''it''''s;''), ', 60000) || '(1, NULL); SELECT * FROM u')", "{public.t,public.u}")
		t.Logf("%v", time.Since(start))
	})
}

// skipIfShort skips a test of SQL alone where time is short.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("short: it is the same SQL under the race detector")
	}
}
