package account_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// What a database had before it was prepared is the owner's to use, and nobody else's.
func TestExistingData(t *testing.T) {
	f := prepared(t,
		`GRANT ALL ON SCHEMA public TO PUBLIC`,
		`CREATE TABLE roads (id serial PRIMARY KEY, geom geometry(Point, 4326)); INSERT INTO roads (geom) VALUES ('SRID=4326;POINT(1 2)')`,
		`CREATE TABLE "Big Table" (k int, id bigserial) PARTITION BY LIST (k); CREATE TABLE part PARTITION OF "Big Table" FOR VALUES IN (1)`,
		`CREATE VIEW v AS SELECT id FROM roads; CREATE MATERIALIZED VIEW m AS SELECT id FROM roads; CREATE SEQUENCE s`)
	owner := f.login(t, f.key(t, f.master))
	public, _ := f.Authenticate("")
	anybody := f.login(t, public)
	for _, test := range []struct{ sql, owner, public string }{
		{`SELECT id, ST_AsText(geom) FROM roads`, "1 POINT(1 2)", "42501"},
		{`INSERT INTO roads (geom) VALUES (NULL) RETURNING id`, "2", "42501"},
		{`INSERT INTO "Big Table" (k) VALUES (1) RETURNING id`, "1", "42501"},
		{`SELECT count(*) FROM part`, "1", "42501"},
		{`UPDATE roads SET geom = NULL WHERE id = 2`, "", "42501"},
		{`TRUNCATE part`, "", "42501"},
		{`SELECT max(id) FROM v`, "2", "42501"},
		{`SELECT * FROM m`, "1", "42501"},
		{`SELECT nextval('s')`, "1", "42501"},
		{`CREATE TABLE mine (id int)`, "", "42501"},
		{`GRANT SELECT ON mine TO PUBLIC`, "", ""}, // the second gets a warning
		{`SELECT count(*) FROM mine`, "0", "0"},
		{`SELECT count(*) > 1000 FROM spatial_ref_sys`, "t", "t"},
		{`GRANT CREATE ON SCHEMA public TO ` + f.Name + `_public WITH GRANT OPTION`, "", "0LP01"},
	} {
		if got := run(t, owner, test.sql); got != test.owner {
			t.Errorf("owner: %s: %q, want %q", test.sql, got, test.owner)
		}
		if got := run(t, anybody, test.sql); got != test.public {
			t.Errorf("public: %s: %q, want %q", test.sql, got, test.public)
		}
	}

	// Tables of later are found by the next Init.
	f.exec(t, `CREATE TABLE later (id serial)`)
	if got := run(t, owner, `SELECT * FROM later`); got != "42501" {
		t.Error(got)
	}
	r, err := account.Init(t.Context(), f.admin, f.options())
	if err != nil || !slices.ContainsFunc(r.Changes, func(s string) bool { return strings.Contains(s, "1 existing tables and 1 sequences") }) || len(r.Changes) != 1 {
		t.Errorf("%+v %v", r, err)
	}
	if got := run(t, owner, `INSERT INTO later DEFAULT VALUES RETURNING id`); got != "1" {
		t.Error(got)
	}
}

// PostGIS need not be in schema public.
func TestPostGISElsewhere(t *testing.T) {
	f := prepared(t, `DROP EXTENSION postgis CASCADE; CREATE SCHEMA "Gis x"; CREATE EXTENSION postgis SCHEMA "Gis x"`)
	key := f.add(t, "k")
	public, _ := f.Authenticate("")
	for _, l := range []account.Login{f.key(t, f.master), f.key(t, key), f.Jobs(), public} {
		conn := f.login(t, l)
		if got, want := run(t, conn, "SHOW search_path; SELECT current_setting('search_path'), ST_AsText(ST_Point(1, 2))"), `public, cartodb, "Gis x" POINT(1 2)`; got != want {
			t.Errorf("%v: %q, want %q", l, got, want)
		}
	}
	owner := f.login(t, f.key(t, f.master))
	if got := run(t, owner, "CREATE TABLE t (the_geom geometry(Point, 4326)); INSERT INTO t VALUES (ST_SetSRID(ST_Point(0, 0), 4326)); SELECT cdb_cartodbfytable('t')"); got != "t" {
		t.Error(got)
	}
	if r, err := account.Init(t.Context(), f.admin, f.options()); err != nil || len(r.Changes) > 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestPostGISMissing(t *testing.T) {
	f := &fixture{Database: newDatabase(t)}
	f.admin = connect(t, f.URL)
	f.exec(t, `DROP EXTENSION postgis; CREATE ROLE `+f.Name+`_admin LOGIN CREATEROLE PASSWORD 'p'; ALTER DATABASE `+f.Name+` OWNER TO `+f.Name+`_admin`)
	_, err := account.Init(t.Context(), connect(t, withUser(t, f.URL, f.Name+"_admin", "p")), f.options())
	if err == nil || !strings.Contains(err.Error(), "CREATE EXTENSION postgis") {
		t.Error(err)
	}
	r, err := account.Init(t.Context(), f.admin, f.options())
	if err != nil || r.Changes[0] != "added the extension postgis" {
		t.Errorf("%+v %v", r, err)
	}
}

// A database that comes from another server has none of its roles. Its keys go on working.
func TestRolesMissing(t *testing.T) {
	f := prepared(t)
	key := f.add(t, "k")
	public, _ := f.Authenticate("")
	before := map[string]account.Login{"master": f.key(t, f.master), "k": f.key(t, key), "public": public, "jobs": f.Jobs()}
	for _, l := range before {
		f.exec(t, `DROP OWNED BY `+l.Role+`; DROP ROLE `+l.Role)
	}
	r, err := account.Init(t.Context(), f.admin, f.options())
	if err != nil || r.MasterKey != "" || len(r.Changes) == 0 {
		t.Fatalf("%+v %v", r, err)
	}
	f.load(t)
	for name, l := range before {
		if l.Kind != account.Public && name != "jobs" {
			if _, err := f.tryLogin(t, l); err == nil {
				t.Errorf("%s: the role has a password", name)
			}
			if err := account.RepairRole(t.Context(), f.admin, l); err != nil {
				t.Error(err)
			}
		}
		if got := run(t, f.login(t, l), "SELECT 1"); got != "1" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if r, err := account.Init(t.Context(), f.admin, f.options()); err != nil || len(r.Changes) > 0 {
		t.Errorf("%+v %v", r, err)
	}
}

// Init sets right what somebody changed.
func TestInitRepairs(t *testing.T) {
	f := prepared(t)
	role := f.Name + "_public"
	f.exec(t, `ALTER ROLE `+role+` NOLOGIN CREATEDB BYPASSRLS; ALTER ROLE `+role+` IN DATABASE `+f.Name+` SET search_path = cartodb;
		ALTER ROLE `+role+` IN DATABASE `+f.Name+` SET statement_timeout = 1000; REVOKE USAGE ON SCHEMA cartodb FROM PUBLIC, `+role+`;
		DROP FUNCTION cartodb.cdb_usertables; GRANT TEMP ON DATABASE `+f.Name+` TO PUBLIC`)
	r, err := account.Init(t.Context(), f.admin, f.options())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"made the role " + role + " LOGIN NOCREATEDB NOBYPASSRLS",
		"revoked TEMPORARY on the database from PUBLIC",
		"granted USAGE on the schema cartodb to PUBLIC",
		"granted USAGE on the schema cartodb to " + role,
		"set the role " + role + "'s settings in the database",
	}
	if !slices.Equal(r.Changes, want) {
		t.Errorf("%q, want %q", r.Changes, want)
	}
	public, _ := f.Authenticate("")
	// The administrator's own settings stay.
	if got := run(t, f.login(t, public), "SELECT current_setting('search_path'), current_setting('statement_timeout'), count(*) FROM cdb_usertables()"); got != "public, cartodb 1s 0" {
		t.Error(got)
	}
}

// Names that must be quoted.
func TestQuotedRole(t *testing.T) {
	f := &fixture{Database: newDatabase(t)}
	f.admin = connect(t, f.URL)
	role := f.Name + `_p"u'b \ %s é`
	o := account.InitOptions{Account: f.Name, PublicRole: role}
	for range 2 {
		if _, err := account.Init(t.Context(), f.admin, o); err != nil {
			t.Fatal(err)
		}
	}
	f.load(t)
	f.exec(t, `CREATE TABLE public.open (id int); GRANT SELECT ON public.open TO `+pgx.Identifier{role}.Sanitize())
	public, _ := f.Authenticate("")
	if got := run(t, f.login(t, public), "SELECT session_user, cdb_usertables('public')"); got != role+" open" {
		t.Error(got)
	}
	if err := account.RepairRole(t.Context(), f.admin, public); err != nil {
		t.Error(err)
	}
}

// What the account's owner puts into schema public is not run by an administrator.
func TestSearchPath(t *testing.T) {
	f := prepared(t)
	owner := f.login(t, f.key(t, f.master))
	trap := ""
	for _, f := range []string{"quote_ident(name)", "to_regclass(text)", "count(boolean)", "encode(bytea, unknown)", "pg_terminate_backend(int)", "array_to_string(name[], text)"} {
		trap += "CREATE FUNCTION public." + f + " RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;"
	}
	trap = strings.Replace(trap, "CREATE FUNCTION public.encode(bytea, unknown) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;", "", 1)
	trap += `CREATE FUNCTION public.trap(name, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
		CREATE FUNCTION public.trap(text, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
		CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.trap);
		CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = name, FUNCTION = public.trap);
		CREATE TYPE public.oid AS (a int); CREATE VIEW public.pg_roles AS SELECT 1 AS one; CREATE TABLE public.pg_class (one int)`
	if got := run(t, owner, trap); got != "" {
		t.Fatal(got)
	}
	f.exec(t, `SET search_path = public, pg_catalog`)
	key, err := account.AddKey(t.Context(), f.admin, "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := account.Load(t.Context(), f.admin)
	if err != nil {
		t.Fatal(err)
	}
	l, ok := s.Authenticate(key)
	if !ok {
		t.Fatal("no login")
	}
	_, listErr := account.Keys(t.Context(), f.admin)
	_, regenerateErr := account.RegenerateKey(t.Context(), f.admin, "k")
	_, initErr := account.Init(t.Context(), f.admin, f.options())
	if err := errors.Join(listErr, account.RepairRole(t.Context(), f.admin, s.Jobs()), regenerateErr, initErr, account.RevokeKey(t.Context(), f.admin, l.Key)); err != nil {
		t.Error(err)
	}
	if got := f.value(t, `SHOW search_path`); got != "public, pg_catalog" {
		t.Errorf("the session's search_path is now %s", got)
	}
}

// With a log of all statements and their parameters, the log has no password.
func TestLogHasNoSecrets(t *testing.T) {
	f := &fixture{Database: newDatabase(t)}
	f.admin = connect(t, f.URL)
	f.exec(t, `ALTER DATABASE `+f.Name+` SET log_statement = 'all'; ALTER DATABASE `+f.Name+` SET log_min_duration_statement = 0`)
	f.admin = connect(t, f.URL)
	r, err := account.Init(t.Context(), f.admin, f.options())
	if err != nil {
		t.Fatal(err)
	}
	f.load(t)
	key := f.add(t, "k")
	next, err := account.RegenerateKey(t.Context(), f.admin, "k")
	if err != nil {
		t.Fatal(err)
	}
	public, _ := f.Authenticate("")
	if err := account.RepairRole(t.Context(), f.admin, public); err != nil {
		t.Fatal(err)
	}
	_, err = account.Init(t.Context(), f.admin, account.InitOptions{Account: "x"})
	var log string
	if f.admin.QueryRow(t.Context(), `SELECT pg_read_file('server.log')`).Scan(&log) != nil || !strings.Contains(log, "CREATE ROLE \""+f.Name) {
		t.Skip("the server's log is not server.log in its folder")
	}
	for name, secret := range map[string]string{"master": r.MasterKey, "k": key, "the new k": next, "public": public.Password, "jobs": f.Jobs().Password} {
		if len(secret) != 64 || strings.Contains(log, secret) || strings.Contains(err.Error(), secret) {
			t.Errorf("the secret of %s was logged", name)
		}
	}
}
