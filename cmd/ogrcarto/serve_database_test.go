package main

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// TestServeHidesPasswords gives URLs that lead nowhere, or that are none. What is said about it never has the password in it.
func TestServeHidesPasswords(t *testing.T) {
	cleanEnv(t)
	// Each has the mark within the password, whatever a parser takes it for.
	const mark = "hunter2"
	for _, test := range []struct{ url, want string }{
		{"postgres://me:hunter2@127.0.0.1:1/gis", "connect to 127.0.0.1:1/gis as me: "},
		{"postgresql://me:hunter2@127.0.0.1:1/gis?sslmode=disable", "connect to 127.0.0.1:1/gis as me: "},
		{"postgres://127.0.0.1:1/gis?user=me&password=hunter2", "connect to 127.0.0.1:1/gis as me: "},
		{"host=127.0.0.1 port=1 user=me dbname=gis password=hunter2", "connect to 127.0.0.1:1/gis as me: "},
		{"host=127.0.0.1 port=1 user=me dbname=gis password='hunter2 b'", "connect to 127.0.0.1:1/gis as me: "},
		{"postgres://me:hunter2@no-such-host.invalid/gis", "is the host's name right?"},
		{"postgres://me:hunter2@127.0.0.1:99999/gis", ""},
		{"postgres://me:hunter2@127.0.0.1:x/gis", "this is not a URL: want postgres://USER:PASSWORD@HOST:PORT/DATABASE"},
		{"postgres://me:a/hunter2@127.0.0.1/gis", "%2F for /"},
		{"postgres://me:1/hunter2@127.0.0.1/gis", "there is a @ or # behind the host"},
		{"postgres://me:1?hunter2@127.0.0.1/gis", "there is a @ or # behind the host"},
		{"postgres://me:1#hunter2@127.0.0.1/gis", "there is a @ or # behind the host"},
		{"postgres://me:a#hunter2", "this is not a URL"},
		{"postgres://me:1#hunter2", "there is a @ or # behind the host"},
		{"postgres://me:a%zzhunter2@127.0.0.1/gis", "this is not a URL"},
		{"postgres://me:a hunter2@127.0.0.1:1/gis", ""},
		{"postgres://me:a@hunter2/b@127.0.0.1/gis", "there is a @ or # behind the host"},
		{"mysql://me:hunter2@127.0.0.1/gis", "this is no URL of PostgreSQL"},
		{"postgres:/me:hunter2@127.0.0.1/gis", "this is not how a database is named"},
		{"hunter2", "this is not how a database is named"},
		{"host=127.0.0.1 password='hunter2", "this is not how a database is named"},
		{"host=127.0.0.1 port=x password=hunter2", "this is not how a database is named"},
		{"postgres://me:hunter2@127.0.0.1/gis?sslmode=sometimes", "sslmode"},
		{"postgres://me:hunter2@127.0.0.1/gis?sslrootcert=/no/such&sslmode=verify-ca", "/no/such"},
	} {
		for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"serve", "init", "--account", "a"}, {"serve", "key", "list"}} {
			for _, by := range []string{"flag", "environment", "file"} {
				t.Run(strings.Join(args, " ")+" "+by+" "+test.url, func(t *testing.T) {
					full := args
					switch by {
					case "flag":
						full = append(full, "--postgres", test.url)
					case "environment":
						t.Setenv("OGRCARTO_SERVE_POSTGRES", test.url)
					case "file":
						if strings.Contains(test.url, "'") {
							t.Skip("the URL has a single quote, in which the test puts it into the file")
						}
						full = append(full, "--config", writeFile(t, "s.toml", "postgres = '"+test.url+"'"))
					}
					r := runArgs(t, full...)
					if r.status == exitOK || strings.Contains(r.stdout+r.stderr, mark) || !strings.Contains(r.stderr, test.want) {
						t.Errorf("%+v, want %s", r, test.want)
					}
				})
			}
		}
	}
}

// TestServeBrokenFileHidesPasswords: what a parser stumbles over may be the password.
func TestServeBrokenFileHidesPasswords(t *testing.T) {
	cleanEnv(t)
	for _, text := range []string{
		"postgres = postgres://me:hunter2@h/d", "postgres = 'postgres://me:a'hunter2@h/d'", "postgres = \"a\\hunter2\"", "postgres = [\"hunter2\"]",
		"postgres = { a = 'hunter2' }", "postgres = hunter2",
	} {
		if r := runArgs(t, "serve", "--config", writeFile(t, "s.toml", text)); r.status != exitUsage || strings.Contains(r.stderr, "hunter2") {
			t.Errorf("%s: %+v", text, r)
		}
	}
}

func TestServeDatabaseErrors(t *testing.T) {
	cleanEnv(t)
	server, err := url.Parse(testpeer.PostGIS(t))
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func(u *url.URL)) string {
		u := *server
		change(&u)
		return u.String()
	}
	password, _ := server.User.Password()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	unprepared := testpeer.NewDatabase(t)
	for _, test := range []struct{ url, want string }{
		{changed(func(u *url.URL) { u.User = url.UserPassword("ogrcarto", "hunter2") }), "password authentication failed"},
		{changed(func(u *url.URL) { u.Path = "/no_such_database" }), `database "no_such_database" does not exist; make it with createdb`},
		{changed(func(u *url.URL) { u.Host = closed.Addr().String() }), "connection refused; is PostgreSQL running there"},
		{unprepared.URL, `the database is not prepared: run "ogrcarto serve init"`},
	} {
		for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"serve", "key", "list"}, {"serve", "key", "add", "x"}} {
			t.Setenv("OGRCARTO_SERVE_POSTGRES", test.url)
			r := runArgs(t, args...)
			if r.status != exitFailure || !strings.Contains(r.stderr, test.want) || strings.Contains(r.stderr, "hunter2") ||
				strings.Contains(r.stderr, password) || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("%v: %+v, want %s", args, r, test.want)
			}
		}
	}
}

// TestServeLibpqVariables: where there is no URL, PGHOST and its like say where the database is.
func TestServeLibpqVariables(t *testing.T) {
	db := testpeer.NewDatabase(t)
	cleanEnv(t)
	u, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	t.Setenv("PGPORT", u.Port())
	t.Setenv("PGUSER", u.User.Username())
	t.Setenv("PGPASSWORD", password)
	t.Setenv("PGDATABASE", db.Name)
	args := []string{"serve", "init", "--account", db.Name, "--public-role", db.Name + "_public", "--quiet"}
	if r := runArgs(t, args...); r.status != exitUsage || !strings.Contains(r.stderr, "or PGHOST") {
		t.Errorf("without PGHOST: %+v", r)
	}
	t.Setenv("PGHOST", u.Hostname())
	if r := runArgs(t, args...); r.status != exitOK || len(strings.Fields(r.stdout)) != 1 {
		t.Errorf("%+v", r)
	}
	s := startServer(t, "--listen", "127.0.0.1:0")
	if body := s.get(t, "/api/v2/sql?q=SELECT+1+AS+n"); !strings.Contains(body, `{"rows":[{"n":1}]`) {
		t.Error(body)
	}
	s.stop(t)
}
