package account_test

import (
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// What each role may do, and may not: the SQLSTATE of the refusal, or the values.
func TestRights(t *testing.T) {
	f := prepared(t, `CREATE TABLE roads (id serial PRIMARY KEY, name text); INSERT INTO roads (name) VALUES ('a')`,
		`CREATE VIEW names AS SELECT name FROM roads`, `CREATE TABLE secret (id int)`)
	reader := f.key(t, f.add(t, "reader", account.Grant{Table: "roads", Privileges: []string{"select"}}))
	writer := f.key(t, f.add(t, "Writer-2", account.Grant{Table: "public.roads", Privileges: []string{"select", "insert"}}))
	public, _ := f.Authenticate("")
	owner := f.key(t, f.master)
	logins := map[string]account.Login{"owner": owner, "public": public, "jobs": f.Jobs(), "reader": reader, "writer": writer}
	const denied = "42501"
	all := func(s string) map[string]string {
		return map[string]string{"owner": s, "public": s, "jobs": s, "reader": s, "writer": s}
	}
	owners := func(s string) map[string]string {
		return map[string]string{"owner": s, "public": denied, "jobs": s, "reader": denied, "writer": denied}
	}
	super := f.value(t, `SELECT quote_ident(current_user)`)
	for _, test := range []struct {
		sql  string
		want map[string]string
	}{
		{"SELECT session_user", map[string]string{
			"owner": f.Name + "_owner", "public": f.Name + "_public", "jobs": f.Name + "_jobs",
			"reader": f.Name + "_reader", "writer": f.Name + "_Writer-2",
		}},
		{"SELECT current_user", map[string]string{
			"owner": f.Name + "_owner", "public": f.Name + "_public", "jobs": f.Name + "_owner",
			"reader": f.Name + "_reader", "writer": f.Name + "_Writer-2",
		}},
		{"SHOW search_path", all("public, cartodb")},
		{"SHOW intervalstyle", all("postgres")},
		{"SHOW datestyle", all("ISO, MDY")},
		{"SHOW timezone", all("UTC")},
		{"SHOW bytea_output", all("hex")},
		{"SHOW extra_float_digits", all("1")},
		{"SHOW client_min_messages", all("notice")},
		{"SELECT ST_AsText(ST_Point(1, 2))", all("POINT(1 2)")},

		{"SET ROLE " + f.Name + "_owner", owners("")},
		{"SET ROLE " + super, all(denied)},
		{"SET SESSION AUTHORIZATION " + f.Name + "_owner", map[string]string{"owner": "", "public": denied, "jobs": denied, "reader": denied, "writer": denied}},
		{"SET SESSION AUTHORIZATION " + super, all(denied)},
		{"SELECT * FROM ogrcarto.account", all(denied)},
		{"SELECT * FROM ogrcarto.keys", all(denied)},
		{"SELECT * FROM ogrcarto.secrets", all(denied)},
		{"SELECT * FROM ogrcarto.jobs", all(denied)},
		{"INSERT INTO ogrcarto.jobs VALUES (NULL)", all(denied)},
		{"CREATE TABLE ogrcarto.x (id int)", all(denied)},
		{"CREATE FUNCTION cartodb.x() RETURNS int LANGUAGE sql AS 'SELECT 1'", all(denied)},
		{"SELECT rolpassword FROM pg_authid", all(denied)},
		{"CREATE ROLE " + f.Name + "_x", all(denied)},
		{"ALTER ROLE CURRENT_USER SUPERUSER", all(denied)},
		{"CREATE DATABASE x", all(denied)},
		{"COPY (SELECT 1) TO PROGRAM 'cat'", all(denied)},
		{"COPY roads FROM PROGRAM 'echo'", all(denied)},
		{"COPY (SELECT 1) TO '/tmp/x'", all(denied)},
		{"SELECT pg_read_file('/etc/passwd')", all(denied)},
		{"SELECT pg_ls_dir('.')", all(denied)},
		{"CREATE EXTENSION dblink", all(denied)},
		{"CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION now()", all(denied)},
		{"SELECT lo_import('/etc/passwd')", all(denied)},

		{"BEGIN; CREATE TABLE x (id int); SELECT tableowner FROM pg_tables WHERE tablename = 'x'; ROLLBACK", owners("")},
		{"CREATE TEMP TABLE x (id int)", owners("")},
		{"CREATE SCHEMA x" + f.Name + "; DROP SCHEMA x" + f.Name, owners("")},
		{"SELECT lo_unlink(lo_from_bytea(0, 'x'))", owners("1")},
		{"SELECT pg_terminate_backend(0)", map[string]string{"public": denied, "reader": denied, "writer": denied}},
		{"SELECT pg_cancel_backend(0)", map[string]string{"public": denied, "reader": denied, "writer": denied}},
		{"SELECT lo_creat(-1)", map[string]string{"public": denied, "reader": denied, "writer": denied}},

		{"SELECT name FROM roads", map[string]string{"owner": "a", "public": denied, "jobs": "a", "reader": "a", "writer": "a"}},
		{"SELECT name FROM names", owners("a")},
		{"SELECT count(*) FROM secret", owners("0")},
		{"BEGIN; INSERT INTO roads (name) VALUES ('b') RETURNING name", map[string]string{"owner": "b", "public": denied, "jobs": "b", "reader": denied, "writer": "b"}},
		{"UPDATE roads SET name = 'a'", owners("")},
		{"DELETE FROM secret", owners("")},
	} {
		for name, login := range logins {
			want, ok := test.want[name]
			if !ok {
				continue
			}
			conn := f.login(t, login)
			if got := run(t, conn, test.sql); got != want {
				t.Errorf("%s: %s: %q, want %q", name, test.sql, got, want)
			}
			_ = conn.Close(t.Context())
		}
	}
}

// What jobs make is the owner's, also after a session was cleaned.
func TestJobsRole(t *testing.T) {
	f := prepared(t)
	conn := f.login(t, f.Jobs())
	owner := "SELECT tableowner FROM pg_tables WHERE tablename = "
	if got, want := run(t, conn, "CREATE TABLE one (id int); "+owner+"'one'"), f.Name+"_owner"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := run(t, conn, "RESET ROLE; CREATE TABLE two (id int); "+owner+"'two'"), f.Name+"_owner"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, clean := range []string{"DISCARD ALL", "SET ROLE NONE; RESET ROLE", "SET SESSION AUTHORIZATION DEFAULT; RESET ROLE", "RESET ALL"} {
		if got := run(t, conn, clean); got != "" {
			t.Error(got)
		}
		if got, want := run(t, conn, "SELECT current_user"), f.Name+"_owner"; got != want {
			t.Errorf("%s: %q, want %q", clean, got, want)
		}
	}
	if got := run(t, f.login(t, f.key(t, f.master)), "DROP TABLE one, two"); got != "" {
		t.Error(got)
	}
}

// Init as a role that is no superuser.
func TestInitWithoutSuperuser(t *testing.T) {
	f := &fixture{Database: newDatabase(t)}
	f.admin = connect(t, f.URL)
	admin := f.Name + "_admin"
	const password = "admin"
	f.exec(t, `CREATE TABLE roads (id int); INSERT INTO roads VALUES (1); CREATE ROLE `+admin+` LOGIN PASSWORD '`+password+`'`)
	conn := connect(t, withUser(t, f.URL, admin, password))
	try := func(want string) {
		t.Helper()
		if _, err := account.Init(t.Context(), conn, f.options()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	try("CREATEROLE")
	f.exec(t, `ALTER ROLE `+admin+` CREATEROLE`)
	try("owns the database")
	f.exec(t, `ALTER DATABASE `+f.Name+` OWNER TO `+admin)
	try("roads of ")
	f.exec(t, `ALTER TABLE roads OWNER TO `+admin)
	r, err := account.Init(t.Context(), conn, f.options())
	if err != nil {
		t.Fatal(err)
	}
	f.master = r.MasterKey
	if r, err := account.Init(t.Context(), conn, f.options()); err != nil || len(r.Changes) > 0 {
		t.Errorf("again: %+v, %v", r, err)
	}
	f.admin = conn
	f.load(t)
	owner := f.login(t, f.key(t, f.master))
	if got := run(t, owner, "SELECT * FROM roads"); got != "1" {
		t.Error(got)
	}
	if got := run(t, owner, "CREATE TABLE own (id serial)"); got != "" {
		t.Error(got)
	}
	if got := run(t, f.login(t, f.Jobs()), "SELECT current_user"); got != f.Name+"_owner" {
		t.Error(got)
	}
	key := f.add(t, "k", account.Grant{Table: "own", Privileges: []string{"insert"}}, account.Grant{Table: "roads", Privileges: []string{"select"}})
	k := f.login(t, f.key(t, key))
	if got := run(t, k, "INSERT INTO own DEFAULT VALUES; SELECT * FROM roads"); got != "1" {
		t.Error(got)
	}
	key, err = account.RegenerateKey(t.Context(), conn, "k")
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, k, "SELECT 1"); got == "1" {
		t.Error("the session of the old key lives")
	}
	f.load(t)
	l := f.key(t, key)
	if got := run(t, f.login(t, l), "ALTER ROLE CURRENT_USER PASSWORD 'x'"); got != "" {
		t.Error(got)
	}
	if err := account.RepairRole(t.Context(), conn, l); err != nil {
		t.Error(err)
	}
	k = f.login(t, l)
	if err := account.RevokeKey(t.Context(), conn, "k"); err != nil {
		t.Error(err)
	}
	if got := run(t, k, "SELECT 1"); got == "1" {
		t.Error("the session of the revoked key lives")
	}
}
