package account_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

func TestInit(t *testing.T) {
	db := testpeer.NewDatabase(t)
	conn := connect(t, db.URL)
	if _, err := account.Load(t.Context(), conn); !errors.Is(err, account.ErrNotPrepared) {
		t.Errorf("Load before: %v", err)
	}
	if _, err := account.Keys(t.Context(), conn); !errors.Is(err, account.ErrNotPrepared) {
		t.Errorf("Keys before: %v", err)
	}
	if _, err := account.AddKey(t.Context(), conn, "k", nil); !errors.Is(err, account.ErrNotPrepared) {
		t.Errorf("AddKey before: %v", err)
	}
	o := account.InitOptions{Account: db.Name, PublicRole: db.Name + "_public"}
	r, err := account.Init(t.Context(), conn, o)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(r.MasterKey) || len(r.Changes) < 5 {
		t.Errorf("%+v", r)
	}
	t.Log(strings.Join(r.Changes, "\n"))
	if strings.Contains(strings.Join(r.Changes, ""), r.MasterKey) {
		t.Error("a change has the master key")
	}
	for name, o := range map[string]account.InitOptions{"again": o, "without names": {}} {
		r, err := account.Init(t.Context(), conn, o)
		if err != nil {
			t.Fatal(err)
		}
		if r.MasterKey != "" || len(r.Changes) != 0 {
			t.Errorf("%s: %q", name, r.Changes)
		}
	}
	s, err := account.Load(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := s.Authenticate(r.MasterKey); !ok || l != (account.Login{Key: "master", Kind: account.Master, Role: db.Name + "_owner", Password: r.MasterKey}) {
		t.Errorf("%+v %v", l, ok)
	}
}

func TestInitConcurrently(t *testing.T) {
	db := testpeer.NewDatabase(t)
	var wg sync.WaitGroup
	keys := make([]string, 4)
	for i := range keys {
		conn := connect(t, db.URL)
		wg.Go(func() {
			r, err := account.Init(t.Context(), conn, account.InitOptions{Account: db.Name, PublicRole: db.Name + "_public"})
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = r.MasterKey
		})
	}
	wg.Wait()
	n := 0
	for _, k := range keys {
		if k != "" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d master keys", n)
	}
}

func TestInitErrors(t *testing.T) {
	db := testpeer.NewDatabase(t)
	conn := connect(t, db.URL)
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	try := func(name string, o account.InitOptions, want string) {
		t.Helper()
		if _, err := account.Init(t.Context(), conn, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if n := 0; conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_roles WHERE starts_with(rolname, $1) AND NOT starts_with(rolname, $2)`,
			db.Name+"_", db.Name+"_u").Scan(&n) != nil || n != 0 {
			t.Errorf("%s: %d roles are left", name, n)
		}
	}
	good := account.InitOptions{Account: db.Name, PublicRole: db.Name + "_public"}
	for _, name := range []string{"", "Alice", "a.b", "a b", `a"b`, "é", strings.Repeat("a", 33)} {
		try("account "+name, account.InitOptions{Account: name, PublicRole: good.PublicRole}, "the account's name")
	}
	try("pg", account.InitOptions{Account: "pg", PublicRole: good.PublicRole}, "PostgreSQL's own")
	try("public role", account.InitOptions{Account: db.Name, PublicRole: "public"}, "PostgreSQL's own")
	try("long public role", account.InitOptions{Account: db.Name, PublicRole: strings.Repeat("r", 64)}, "64 bytes")
	try("dollar in public role", account.InitOptions{Account: db.Name, PublicRole: "a$$b"}, "dollar")
	exec(`CREATE ROLE ` + db.Name + `_u`)
	try("public role is somebody's", account.InitOptions{Account: db.Name, PublicRole: db.Name + "_u"}, "--public-role")
	try("the same roles", account.InitOptions{Account: db.Name, PublicRole: db.Name + "_owner"}, "--public-role")
	exec(`CREATE SCHEMA cartodb`)
	try("cartodb", good, "schema cartodb")
	exec(`DROP SCHEMA cartodb; CREATE SCHEMA ogrcarto`)
	try("ogrcarto", good, "schema ogrcarto")
	exec(`DROP SCHEMA ogrcarto`)
	if _, err := account.Init(t.Context(), conn, good); err != nil {
		t.Fatal(err)
	}
	if _, err := account.Init(t.Context(), conn, account.InitOptions{Account: "other"}); err == nil || !strings.Contains(err.Error(), "is "+db.Name+", not other") {
		t.Error(err)
	}
	if _, err := account.Init(t.Context(), conn, account.InitOptions{Account: db.Name, PublicRole: "other"}); err == nil || !strings.Contains(err.Error(), "not other") {
		t.Error(err)
	}
	exec(`UPDATE ogrcarto.account SET schema_version = 99`)
	if _, err := account.Init(t.Context(), conn, good); err == nil || !strings.Contains(err.Error(), "newer ogrcarto") {
		t.Error(err)
	}
	if _, err := account.Load(t.Context(), conn); err == nil || !strings.Contains(err.Error(), "newer ogrcarto") {
		t.Error(err)
	}
	exec(`UPDATE ogrcarto.account SET schema_version = 0`)
	if _, err := account.Load(t.Context(), conn); !errors.Is(err, account.ErrNotPrepared) {
		t.Error(err)
	}
}
