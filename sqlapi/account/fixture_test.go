package account_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// fixture is a database with an account of its own.
type fixture struct {
	testpeer.Database
	admin  *pgx.Conn
	master string // the key
	*account.Snapshot
}

// prepared prepares a new database, in which SQL was run before.
func prepared(t *testing.T, before ...string) *fixture {
	t.Helper()
	f := &fixture{Database: testpeer.NewDatabase(t)}
	f.admin = connect(t, f.URL)
	for _, sql := range before {
		f.exec(t, sql)
	}
	r, err := account.Init(t.Context(), f.admin, f.options())
	if err != nil {
		t.Fatal(err)
	}
	f.master = r.MasterKey
	f.admin = connect(t, f.URL) // with the settings that Init made
	f.load(t)
	return f
}

func (f *fixture) options() account.InitOptions {
	return account.InitOptions{Account: f.Name, PublicRole: f.Name + "_public"}
}

// load reads the account again.
func (f *fixture) load(t *testing.T) {
	t.Helper()
	var err error
	if f.Snapshot, err = account.Load(t.Context(), f.admin); err != nil {
		t.Fatal(err)
	}
}

// exec runs SQL as a superuser.
func (f *fixture) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := f.admin.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

// value returns the text of the one value that a superuser's query has.
func (f *fixture) value(t *testing.T, sql string) string {
	t.Helper()
	var s string
	if err := f.admin.QueryRow(t.Context(), sql).Scan(&s); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return s
}

// add makes a key and reads the account again.
func (f *fixture) add(t *testing.T, name string, grants ...account.Grant) string {
	t.Helper()
	key, err := account.AddKey(t.Context(), f.admin, name, grants)
	if err != nil {
		t.Fatal(err)
	}
	f.load(t)
	return key
}

// key returns the login of an API key.
func (f *fixture) key(t *testing.T, text string) account.Login {
	t.Helper()
	l, ok := f.Authenticate(text)
	if !ok {
		t.Fatalf("no login")
	}
	return l
}

// connect opens a session that is closed when the test ends.
func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		_ = conn.Close(ctx)
	})
	return conn
}

// tryLogin logs in as a server does.
func (f *fixture) tryLogin(t *testing.T, l account.Login) (*pgconn.PgConn, error) {
	t.Helper()
	cfg, err := pgconn.ParseConfig(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg.User, cfg.Password = l.Role, l.Password
	conn, err := pgconn.ConnectConfig(t.Context(), cfg)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		_ = conn.Close(ctx)
	})
	return conn, nil
}

func (f *fixture) login(t *testing.T, l account.Login) *pgconn.PgConn {
	t.Helper()
	conn, err := f.tryLogin(t, l)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// run runs SQL in a session and returns all values of the last statement, with spaces between, or the SQLSTATE.
func run(t *testing.T, conn *pgconn.PgConn, sql string) string {
	t.Helper()
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	if err != nil {
		return err.Error()
	}
	if len(results) == 0 {
		return ""
	}
	var values []string
	for _, row := range results[len(results)-1].Rows {
		for _, v := range row {
			values = append(values, string(v))
		}
	}
	return strings.Join(values, " ")
}

// withUser returns the URL of a database with another login.
func withUser(t *testing.T, address, user, password string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}
