package sqlapi_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// TestRoles: each key is its own role, and nothing that SQL has makes it another.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.must(t, "CREATE TABLE open(a int); GRANT SELECT ON open TO "+s.Name+"_public; CREATE TABLE shut(a text); INSERT INTO shut VALUES ('sesame')")
	editor, err := account.AddKey(t.Context(), s.Connect(t), "editor", []account.Grant{{Table: "open", Privileges: []string{"select", "insert"}}})
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]struct{ key, role string }{
		"master": {s.Master, s.Name + "_owner"}, "none": {"", s.Name + "_public"},
		"default_public": {"default_public", s.Name + "_public"}, "editor": {editor, s.Name + "_editor"},
	}
	for name, k := range keys {
		if got := s.sql(t, k.key, "SELECT current_user::text || ' ' || session_user::text AS u").value(t); got != k.role+" "+k.role {
			t.Errorf("%s is %s, want %s", name, got, k.role)
		}
	}
	owner := s.Name + "_owner"
	attacks := []string{
		"SET ROLE " + owner + "; SELECT * FROM shut",
		"SET SESSION AUTHORIZATION " + owner + "; SELECT * FROM shut",
		"SET SESSION AUTHORIZATION ogrcarto; SELECT * FROM shut",
		"RESET ROLE; SELECT * FROM shut",
		"RESET SESSION AUTHORIZATION; SELECT * FROM shut",
		"COMMIT; RESET ROLE; SELECT * FROM shut",
		"SELECT set_config('role', '" + owner + "', false); SELECT * FROM shut",
		"SELECT set_config('role', 'none', false); SELECT * FROM shut",
		"DO $$ BEGIN SET ROLE " + owner + "; END $$; SELECT * FROM shut",
		"SELECT * FROM shut",
		"COPY shut TO STDOUT",
		"COPY shut FROM PROGRAM 'echo 1'",
		"COPY open FROM PROGRAM 'echo 1'",
		"COPY open TO PROGRAM 'cat >/tmp/x'",
		"COPY open TO '/tmp/x'",
		"SELECT pg_read_file('/etc/passwd')",
		"SELECT pg_read_file('PG_VERSION')",
		"SELECT pg_ls_dir('.')",
		"SELECT lo_import('/etc/passwd')",
		"SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS x(a int)",
		"SELECT * FROM ogrcarto.keys",
		"SELECT * FROM ogrcarto.secrets",
		"SELECT * FROM ogrcarto.jobs",
		"SELECT query_to_xml('SELECT * FROM ogrcarto.secrets', true, true, '')",
		"SELECT * FROM pg_authid",
		"SELECT query_to_xml('SELECT * FROM pg_authid', true, true, '')",
		"CREATE EXTENSION dblink",
		"CREATE ROLE mallory SUPERUSER",
		"ALTER ROLE current_user SUPERUSER",
		"ALTER ROLE current_user CREATEROLE",
		"GRANT " + owner + " TO current_user",
		"CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x.so', 'f'",
		"CREATE TABLE mine(a int)",
		"CREATE TEMP TABLE mine(a int)",
		"CREATE SCHEMA mine",
		"DROP TABLE open",
		"ALTER TABLE open OWNER TO current_user",
		"DELETE FROM open",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + owner + "'",
		"SELECT lo_from_bytea(0, 'x')",
		"ALTER SYSTEM SET shared_preload_libraries = 'x'",
		"SELECT pg_reload_conf()",
		"LOAD '/tmp/x.so'",
	}
	for _, name := range []string{"none", "editor"} {
		for _, sql := range attacks {
			r := s.sql(t, keys[name].key, sql)
			if !strings.Contains(r.body, `"error":[`) {
				t.Errorf("%s: %s: %d %s", name, sql, r.status, r.body)
			}
			if strings.Contains(r.body, "sesame") || strings.Contains(r.body, "root:") {
				t.Errorf("%s: %s: shows %s", name, sql, r.body)
			}
		}
		if got := s.sql(t, keys[name].key, "SELECT session_user::text AS u").value(t); got != keys[name].role {
			t.Errorf("%s: afterwards it is %s", name, got)
		}
	}
	// What PostgreSQL itself denies to the owner, too: it is no superuser.
	for _, sql := range []string{
		"SELECT * FROM ogrcarto.secrets", "SELECT * FROM pg_authid", "COPY shut FROM PROGRAM 'echo 1'", "SELECT pg_read_file('/etc/passwd')",
		"CREATE ROLE mallory", "SET SESSION AUTHORIZATION ogrcarto", "CREATE EXTENSION dblink", "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x.so', 'f'",
	} {
		if r := s.sql(t, s.Master, sql); r.status < 400 {
			t.Errorf("master: %s: %d %s", sql, r.status, r.body)
		}
	}
	if r := s.sql(t, editor, "INSERT INTO open VALUES (1)"); r.status != 200 {
		t.Errorf("editor may not insert: %s", r.body)
	}
	if r := s.sql(t, "", "SELECT * FROM open"); r.status != 200 {
		t.Errorf("public may not read: %s", r.body)
	}
}

// TestSpoiledLogin: a role may change its own password. That shuts nobody out for long; those who come without a key, and share
// a role, may not.
func TestSpoiledLogin(t *testing.T) {
	t.Parallel()
	s := serve(t)
	key, err := account.AddKey(t.Context(), s.Connect(t), "spoiler", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct{ key, role string }{{key, "_spoiler"}, {s.Master, "_owner"}} {
		if r := s.sql(t, k.key, "ALTER ROLE current_user PASSWORD 'mine'"); r.status != 200 {
			t.Fatalf("%s: %s", k.role, r.body)
		}
		s.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+s.Name+k.role+"'")
		time.Sleep(1100 * time.Millisecond) // the pool asks sessions that were idle so long whether they are alive
		if r := s.sql(t, k.key, "SELECT 1"); r.status != 200 {
			t.Errorf("%s: %d %s", k.role, r.status, r.body)
		}
	}
	for _, sql := range []string{
		"ALTER ROLE current_user PASSWORD 'mine'", "SELECT 1; alter user current_user SET statement_timeout = 1",
		"/* */ DO $$ BEGIN EXECUTE 'ALTER ROLE current_user SET statement_timeout = 1'; END $$",
		"SELECT query_to_xml('ALTER ROLE current_user SET statement_timeout = 1', true, true, '')",
		"SELECT cartodb.CDB_QueryTables('ALTER ROLE current_user SET statement_timeout = 1')",
	} {
		s.sql(t, "", sql)
	}
	var settings string
	if err := s.Connect(t).QueryRow(t.Context(), "SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole WHERE rolname = $1",
		s.Name+"_public").Scan(&settings); err != nil || strings.Contains(settings, "statement_timeout") {
		t.Errorf("the public role has settings %s, %v", settings, err)
	}
	if r := s.sql(t, "", "SELECT 1"); r.status != 200 {
		t.Errorf("public: %s", r.body)
	}
}

// TestNothingIsLeft: what a request leaves in its session is gone for the next, which gets the same session.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *sqlapi.Config) { c.MaxConnections = 1 })
	s.must(t, "CREATE TABLE t(a int)")
	pid := s.must(t, "SELECT pg_backend_pid() AS pid").value(t)
	for _, test := range []struct{ leave, look, want string }{
		{"BEGIN; INSERT INTO t VALUES (1)", "SELECT count(*) FROM t", "0"},
		{"BEGIN; INSERT INTO t VALUES (1); SELECT 1/0", "SELECT count(*) FROM t", "0"},
		{"BEGIN; LOCK t", "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "0"},
		{"CREATE TEMP TABLE tmp(a int)", "SELECT to_regclass('tmp') IS NULL", "true"},
		{"SET search_path = nowhere", "SHOW search_path", "public, cartodb"},
		{"SET TimeZone = 'Asia/Kathmandu'", "SHOW TimeZone", "UTC"},
		{"SET statement_timeout = 1", "SHOW statement_timeout", "0"},
		{"SET standard_conforming_strings = off", "SHOW standard_conforming_strings", "on"},
		{"PREPARE p AS SELECT 1", "SELECT count(*) FROM pg_prepared_statements", "0"},
		{"DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) FROM pg_cursors", "0"},
		{"SELECT pg_advisory_lock(1)", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "0"},
		{"LISTEN x", "SELECT count(*) FROM pg_listening_channels()", "0"},
		{"SET my.secret = 'x'", "SELECT coalesce(current_setting('my.secret', true), '')", ""},
	} {
		if r := s.sql(t, s.Master, test.leave); r.status >= 500 {
			t.Fatalf("%s: %s", test.leave, r.body)
		}
		if got := s.must(t, test.look).value(t); got != test.want {
			t.Errorf("after %s: %s is %s, want %s", test.leave, test.look, got, test.want)
		}
	}
	if got := s.must(t, "SELECT pg_backend_pid() AS pid").value(t); got != pid {
		t.Errorf("the session was not used again: the test shows nothing")
	}
}

// TestAllow: clients from elsewhere are refused.
func TestAllow(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *sqlapi.Config) {
		c.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	req := s.request(t, http.MethodGet, "/api/v2/sql", "q", "SELECT 1")
	check(t, "no list entry", do(t, req), 403, nil, `{"error":["permission denied"]}`)
	req.Header.Set("X-Forwarded-For", "192.0.2.77")
	check(t, "by a trusted proxy", do(t, req), 200, nil, "")
	req.Header.Set("X-Forwarded-For", "198.51.100.1")
	check(t, "another client of the proxy", do(t, req), 403, nil, "")
}

// TestNoSecrets: neither keys nor passwords are in the log, wherever the client put them.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, key := range []string{s.Master, "wrong-secret-key"} {
		do(t, s.request(t, http.MethodGet, "/api/v2/sql", "q", "SELECT 1", "api_key", key))
		do(t, s.request(t, http.MethodPost, "/api/v2/sql", "q", "SELECT 'hush', 1/0", "api_key", key))
		s.sql(t, key, "SELECT 'hush'::int")
		s.copyTo(t, key, "COPY (SELECT 'hush') TO STDOUT")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v2/sql/copyfrom?q=hush&api_key="+key, strings.NewReader("hush"))
		if err != nil {
			t.Fatal(err)
		}
		do(t, req)
		req, err = http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v2/sql", strings.NewReader(fmt.Sprintf(`{"q": "SELECT 1", "api_key": %q}`, key)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if r := do(t, req); (r.status == 200) != (key == s.Master) {
			t.Errorf("key in JSON: %d %s", r.status, r.body)
		}
	}
	log := s.Log.String()
	if n := strings.Count(log, `"msg":"request"`); n != 12 {
		t.Errorf("%d lines for 12 requests", n)
	}
	for _, secret := range []string{s.Master, "wrong-secret-key", "hush"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
}
