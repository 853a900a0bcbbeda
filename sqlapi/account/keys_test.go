package account_test

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

func newDatabase(t *testing.T) testpeer.Database { return testpeer.NewDatabase(t) }

func TestKeys(t *testing.T) {
	f := prepared(t, `CREATE TABLE roads (id serial); CREATE SCHEMA survey; CREATE TABLE survey."Big ""Table" (id int)`)
	text := f.add(t, "reader",
		account.Grant{Table: "Roads", Privileges: []string{"insert", "SELECT"}},
		account.Grant{Table: `survey."Big ""Table"`, Privileges: []string{"delete"}})
	f.add(t, "a")
	keys, err := account.Keys(t.Context(), f.admin)
	if err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		if (keys[i].Hash == [sha256.Size]byte{}) != (keys[i].Kind == account.Public) {
			t.Errorf("%s: hash %x", keys[i].Name, keys[i].Hash)
		}
		if keys[i].Name == "reader" && keys[i].Hash != sha256.Sum256([]byte(text)) {
			t.Errorf("hash %x", keys[i].Hash)
		}
		keys[i].Hash = [sha256.Size]byte{}
	}
	want := []account.Key{
		{Name: "master", Kind: account.Master, Role: f.Name + "_owner"},
		{Name: "default_public", Kind: account.Public, Role: f.Name + "_public"},
		{Name: "a", Kind: account.Regular, Role: f.Name + "_a"},
		{Name: "reader", Kind: account.Regular, Role: f.Name + "_reader", Grants: []account.Grant{
			{Table: "roads", Privileges: []string{"select", "insert"}},
			{Table: `survey."Big ""Table"`, Privileges: []string{"delete"}},
		}},
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
	f.exec(t, `GRANT UPDATE ON roads TO `+f.Name+`_a; GRANT SELECT ON roads TO `+f.Name+`_public`)
	if keys, err = account.Keys(t.Context(), f.admin); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]account.Grant{{Table: "roads", Privileges: []string{"update"}}}, keys[2].Grants); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]account.Grant{{Table: "roads", Privileges: []string{"select"}}}, keys[1].Grants); diff != "" {
		t.Error(diff)
	}
}

func TestAddKeyErrors(t *testing.T) {
	f := prepared(t, `CREATE TABLE roads (id int); CREATE SEQUENCE seq`)
	f.add(t, "there")
	f.exec(t, `CREATE ROLE `+f.Name+`_taken`)
	roles := f.value(t, `SELECT string_agg(rolname, ',' ORDER BY 1) FROM pg_roles WHERE starts_with(rolname, '`+f.Name+`')`)
	on := func(table string, p ...string) []account.Grant { return []account.Grant{{Table: table, Privileges: p}} }
	for _, test := range []struct {
		name   string
		grants []account.Grant
		want   string
	}{
		{name: "", want: "letters, digits"},
		{name: "a b", want: "letters, digits"},
		{name: "a\n", want: "letters, digits"},
		{name: "owner", want: "reserved"},
		{name: "jobs", want: "reserved"},
		{name: "public", want: "reserved"},
		{name: "master", want: "exists already"},
		{name: "default_public", want: "exists already"},
		{name: "there", want: "exists already"},
		{name: "taken", want: "choose another name"},
		{name: strings.Repeat("n", 60), want: "too long"},
		{name: "k", grants: on("none", "select"), want: "there is no table"},
		{name: "k", grants: on("no.roads", "select"), want: "there is no table"},
		{name: "k", grants: on("seq", "select"), want: "neither a table nor a view"},
		{name: "k", grants: on("ogrcarto.keys", "select"), want: "not for API keys"},
		{name: "k", grants: on("roads; DROP TABLE roads", "select"), want: "quoted as in SQL"},
		{name: "k", grants: on("roads", "select; DROP TABLE roads"), want: "is none of"},
		{name: "k", grants: on("roads"), want: "no privilege"},
		{name: "k", grants: append(on("roads", "select"), on("none", "select")...), want: `"none"`},
	} {
		key, err := account.AddKey(t.Context(), f.admin, test.name, test.grants)
		if err == nil || !strings.Contains(err.Error(), test.want) || key != "" {
			t.Errorf("%q: %v, want %q", test.name, err, test.want)
		}
		if test.want == "exists already" && test.name != "taken" && !errors.Is(err, account.ErrKeyExists) {
			t.Errorf("%q: %v is not ErrKeyExists", test.name, err)
		}
	}
	if now := f.value(t, `SELECT string_agg(rolname, ',' ORDER BY 1) FROM pg_roles WHERE starts_with(rolname, '`+f.Name+`')`); now != roles {
		t.Errorf("roles were %s, are %s", roles, now)
	}
	if n := f.value(t, `SELECT count(*)::text FROM ogrcarto.keys`); n != "3" {
		t.Errorf("%s keys", n)
	}
}

// The use of sequences comes with insert.
func TestGrantSequences(t *testing.T) {
	f := prepared(t, `CREATE SEQUENCE "Shared seq"; CREATE SCHEMA other; CREATE SEQUENCE other.third;
		CREATE TABLE a (id serial, b bigint DEFAULT nextval('"Shared seq"'), c bigint GENERATED ALWAYS AS IDENTITY, d bigserial);
		CREATE TABLE p (id serial, k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)`)
	l := f.key(t, f.add(t, "w", account.Grant{Table: "a", Privileges: []string{"insert"}}, account.Grant{Table: "p", Privileges: []string{"insert"}}))
	conn := f.login(t, l)
	if got := run(t, conn, `INSERT INTO a DEFAULT VALUES; INSERT INTO p (k) VALUES (1)`); got != "" {
		t.Error(got)
	}
	if got := run(t, conn, `SELECT nextval('other.third')`); got != "42501" {
		t.Error(got)
	}
	r := f.login(t, f.key(t, f.add(t, "r", account.Grant{Table: "a", Privileges: []string{"select"}})))
	if got := run(t, r, `SELECT nextval('a_id_seq')`); got != "42501" {
		t.Error(got)
	}
}

func TestKeyLife(t *testing.T) {
	f := prepared(t)
	text := f.add(t, "k")
	old := f.key(t, text)
	session := f.login(t, old)
	next, err := account.RegenerateKey(t.Context(), f.admin, "k")
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, session, "SELECT 1"); got == "1" {
		t.Error("the session of the old key lives")
	}
	if _, err := f.tryLogin(t, old); err == nil {
		t.Error("the old key's password is good")
	}
	f.load(t)
	if _, ok := f.Authenticate(text); ok || next == text {
		t.Error("the old key is good")
	}
	if err := account.RepairRole(t.Context(), f.admin, old); !errors.Is(err, account.ErrNoKey) {
		t.Errorf("repairing the old key: %v", err)
	}
	session = f.login(t, f.key(t, next))

	// What it owns goes to the owner, what it granted and was granted goes.
	role := pgx.Identifier{old.Role}.Sanitize()
	f.exec(t, `GRANT CREATE ON SCHEMA public TO `+role)
	f.exec(t, `CREATE TABLE roads (id int); GRANT SELECT ON roads TO `+role+` WITH GRANT OPTION`)
	if got := run(t, session, `CREATE TABLE own (id int); GRANT SELECT ON roads, own TO `+f.Name+`_public`); got != "" {
		t.Fatal(got)
	}
	if got := run(t, session, `BEGIN; LOCK TABLE own`); got != "" {
		t.Fatal(got)
	}
	f.exec(t, `CREATE VIEW v AS SELECT 1 AS one; ALTER VIEW v OWNER TO `+role)
	if err := account.RevokeKey(t.Context(), f.admin, "k"); err != nil {
		t.Fatal(err)
	}
	if got := run(t, session, "SELECT 1"); got == "1" {
		t.Error("the session of the revoked key lives")
	}
	if got := f.value(t, `SELECT string_agg(pg_get_userbyid(relowner), ' ') FROM pg_class WHERE relname IN ('own', 'v')`); got != f.Name+"_owner "+f.Name+"_owner" {
		t.Errorf("owners are %s", got)
	}
	f.load(t)
	if _, ok := f.Authenticate(next); ok {
		t.Error("the revoked key is good")
	}
	for name, err := range map[string]error{
		"revoked again":  account.RevokeKey(t.Context(), f.admin, "k"),
		"regenerated":    second(account.RegenerateKey(t.Context(), f.admin, "k")),
		"repaired":       account.RepairRole(t.Context(), f.admin, f.unknown(old.Role, next)),
		"somebody's own": account.RepairRole(t.Context(), f.admin, f.unknown(f.value(t, `SELECT current_user`), next)),
	} {
		if !errors.Is(err, account.ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), next) {
			t.Errorf("%s: the key is in the error", name)
		}
	}
	// The name is free.
	f.add(t, "k")
}

func (f *fixture) unknown(role, password string) account.Login {
	return account.Login{Key: "k", Kind: account.Regular, Role: role, Password: password}
}

func second(_ string, err error) error { return err }

func TestOwnKeys(t *testing.T) {
	f := prepared(t)
	for _, name := range []string{"master", "default_public"} {
		if err := account.RevokeKey(t.Context(), f.admin, name); err == nil || errors.Is(err, account.ErrNoKey) {
			t.Errorf("%s was revoked: %v", name, err)
		}
	}
	if _, err := account.RegenerateKey(t.Context(), f.admin, "default_public"); err == nil || errors.Is(err, account.ErrNoKey) {
		t.Errorf("default_public was regenerated: %v", err)
	}
	session := f.login(t, f.key(t, f.master))
	next, err := account.RegenerateKey(t.Context(), f.admin, "master")
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, session, "SELECT 1"); got == "1" {
		t.Error("the session of the old key lives")
	}
	f.load(t)
	if _, ok := f.Authenticate(f.master); ok {
		t.Error("the old master key is good")
	}
	if got := run(t, f.login(t, f.key(t, next)), "SELECT current_user"); got != f.Name+"_owner" {
		t.Error(got)
	}
}

// Functions and views of a key's role do not become a way to the owner's rights.
func TestRevokeKeyDisarms(t *testing.T) {
	f := prepared(t, `CREATE TABLE secret (id int); INSERT INTO secret VALUES (1)`)
	l := f.key(t, f.add(t, "k"))
	f.exec(t, `GRANT CREATE ON SCHEMA public TO `+l.Role)
	session := f.login(t, l)
	if got := run(t, session, `CREATE FUNCTION peek(VARIADIC int[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN (SELECT count(*) FROM secret); END';
		CREATE PROCEDURE "Do it"() LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN DELETE FROM secret; END';
		CREATE VIEW v AS SELECT * FROM secret; GRANT SELECT ON v TO PUBLIC; CREATE VIEW w AS SELECT * FROM secret; GRANT SELECT (id) ON w TO PUBLIC;
		CREATE TABLE own (id int); CREATE RULE r AS ON INSERT TO own DO ALSO DELETE FROM secret; GRANT INSERT ON own TO PUBLIC;
		CREATE TABLE plain (id int); GRANT SELECT ON plain TO PUBLIC`); got != "" {
		t.Fatal(got)
	}
	if err := account.RevokeKey(t.Context(), f.admin, "k"); err != nil {
		t.Fatal(err)
	}
	public, _ := f.Authenticate("")
	anybody, owner := f.login(t, public), f.login(t, f.key(t, f.master))
	for _, test := range []struct{ sql, public, owner string }{
		{`SELECT peek(1)`, "42501", "1"},
		{`SELECT * FROM v`, "42501", "1"},
		{`SELECT id FROM w`, "42501", "1"},
		{`SELECT * FROM plain`, "", ""},
		{`INSERT INTO own VALUES (1)`, "42501", ""},
		{`INSERT INTO secret VALUES (1)`, "42501", ""},
		{`CALL "Do it"()`, "42501", ""},
	} {
		if got := run(t, anybody, test.sql); got != test.public {
			t.Errorf("public: %s: %q, want %q", test.sql, got, test.public)
		}
		if got := run(t, owner, test.sql); got != test.owner {
			t.Errorf("owner: %s: %q, want %q", test.sql, got, test.owner)
		}
	}
}

// A role with objects in another database stays, and all else, too.
func TestRevokeKeyInUseElsewhere(t *testing.T) {
	f, other := prepared(t), prepared(t)
	text := f.add(t, "k")
	role := pgx.Identifier{f.Name + "_k"}.Sanitize()
	other.exec(t, `CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO `+role)
	err := account.RevokeKey(t.Context(), f.admin, "k")
	if err == nil || !strings.Contains(err.Error(), "another database") || !strings.Contains(err.Error(), other.Name) {
		t.Errorf("%v", err)
	}
	f.load(t)
	if got := run(t, f.login(t, f.key(t, text)), "SELECT 1"); got != "1" {
		t.Error(got)
	}
	other.exec(t, `DROP OWNED BY `+role)
	if err := account.RevokeKey(t.Context(), f.admin, "k"); err != nil {
		t.Error(err)
	}
}

// Keys of several administrators at once.
func TestAddKeyConcurrently(t *testing.T) {
	f := prepared(t)
	const n = 4
	errs := make(chan error, n)
	for range n {
		conn := connect(t, f.URL)
		go func() {
			_, err := account.AddKey(t.Context(), conn, "k", nil)
			errs <- err
		}()
	}
	var got []error
	for range n {
		got = append(got, <-errs)
	}
	if good := slices.Index(got, nil); good < 0 {
		t.Error(got)
	} else {
		for i, err := range got {
			if i != good && !errors.Is(err, account.ErrKeyExists) {
				t.Error(err)
			}
		}
	}
}
