package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// preparedDatabase returns a database with an account of its own name, and its master key. The environment names it.
func preparedDatabase(t *testing.T) (testpeer.Database, string) {
	t.Helper()
	db := testpeer.NewDatabase(t)
	cleanEnv(t)
	t.Setenv("OGRCARTO_SERVE_POSTGRES", db.URL)
	r := runArgs(t, "serve", "init", "--account", db.Name, "--public-role", db.Name+"_public", "--quiet")
	key := strings.TrimSuffix(r.stdout, "\n")
	if r.status != exitOK || len(key) < 32 || strings.ContainsAny(key, " \n") {
		t.Fatalf("init: %+v", r)
	}
	return db, key
}

func TestServeInit(t *testing.T) {
	db := testpeer.NewDatabase(t)
	cleanEnv(t)
	t.Setenv("OGRCARTO_SERVE_POSTGRES", db.URL)
	t.Setenv("OGRCARTO_SERVE_ACCOUNT", db.Name)
	t.Setenv("OGRCARTO_SERVE_PUBLIC_ROLE", db.Name+"_public")
	r := runArgs(t, "serve", "init")
	lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	if r.status != exitOK || r.stderr != "" || len(lines) < 3 || !regexp.MustCompile(`^master key: \S{32,}$`).MatchString(lines[len(lines)-1]) {
		t.Errorf("first: %+v", r)
	}
	if strings.Count(r.stdout, "master key:") != 1 {
		t.Errorf("first: %s", r.stdout)
	}
	if r := runArgs(t, "serve", "init"); r != (result{exitOK, "nothing to change\n", ""}) {
		t.Errorf("again: %+v", r)
	}
	if r := runArgs(t, "serve", "init", "--quiet"); r != (result{exitOK, "", ""}) {
		t.Errorf("again, quiet: %+v", r)
	}
	if r := runArgs(t, "serve", "init", "--account", "other"); r.status != exitFailure || !strings.Contains(r.stderr, db.Name) {
		t.Errorf("another account: %+v", r)
	}
}

func TestServeKeys(t *testing.T) {
	db, master := preparedDatabase(t)
	testpeer.Output(t, "psql", db.URL, "-X", "-q", "-c", `CREATE TABLE roads (id int)`, "-c", `CREATE SCHEMA survey`, "-c", `CREATE TABLE survey."Big Table" (id int)`)

	add := runArgs(t, "serve", "key", "add", "reader", "--grant", "roads:select,insert", "--grant", `survey."Big Table":select`)
	key := strings.TrimSuffix(add.stdout, "\n")
	if add.status != exitOK || len(key) < 32 || strings.ContainsAny(key, " \n") {
		t.Fatalf("%+v", add)
	}
	if r := runArgs(t, "serve", "key", "add", "reader"); r.status != exitFailure || !strings.Contains(r.stderr, "exists already: revoke it before") {
		t.Errorf("%+v", r)
	}
	if r := runArgs(t, "serve", "key", "add", "x", "--grant", "roads:own"); r.status != exitUsage || !strings.Contains(r.stderr, "--grant: ") {
		t.Errorf("%+v", r)
	}
	if r := runArgs(t, "serve", "key", "add", "x", "--grant", "no_such:select"); r.status != exitFailure || !strings.Contains(r.stderr, "no_such") {
		t.Errorf("%+v", r)
	}

	list := runArgs(t, "serve", "key", "list")
	if list.status != exitOK || strings.Contains(list.stdout, key) || strings.Contains(list.stdout, master) ||
		!regexp.MustCompile(`(?m)\ANAME +KIND +ROLE +GRANTS\nmaster +master +\S+.*\ndefault_public +default +\S+_public.*\nreader +regular +\S+ +.*roads:select,insert`).MatchString(list.stdout) {
		t.Errorf("%+v", list)
	}
	var keys []struct {
		Name, Kind, Role string
		Grants           []struct {
			Table      string
			Privileges []string
		}
	}
	r := runArgs(t, "serve", "key", "list", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &keys); err != nil || len(keys) != 3 || keys[2].Name != "reader" || len(keys[2].Grants) != 2 {
		t.Errorf("%v, %+v", err, r)
	}

	s := startServer(t, "--listen", "127.0.0.1:0")
	user := func(key string) string { return s.get(t, "/api/v2/sql?q=SELECT+1+AS+n&api_key="+key) }
	if body := user(key); !strings.Contains(body, `"n":1`) {
		t.Error(body)
	}
	again := runArgs(t, "serve", "key", "regenerate", "reader")
	next := strings.TrimSuffix(again.stdout, "\n")
	if again.status != exitOK || next == key || len(next) < 32 {
		t.Fatalf("%+v", again)
	}
	if body := eventually(func() (string, bool) { b := user(next); return b, strings.Contains(b, `"n":1`) }); body != "" {
		t.Errorf("the new key: %s", body)
	}
	if body := eventually(func() (string, bool) { b := user(key); return b, strings.Contains(b, "Unauthorized") }); body != "" {
		t.Errorf("the old key: %s", body)
	}
	if r := runArgs(t, "serve", "key", "revoke", "reader"); r != (result{exitOK, "revoked reader\n", ""}) {
		t.Errorf("%+v", r)
	}
	if body := eventually(func() (string, bool) { b := user(next); return b, strings.Contains(b, "Unauthorized") }); body != "" {
		t.Errorf("the revoked key: %s", body)
	}
	for _, verb := range []string{"revoke", "regenerate"} {
		if r := runArgs(t, "serve", "key", verb, "reader"); r.status != exitFailure || !strings.Contains(r.stderr, "no such API key") ||
			!strings.Contains(r.stderr, "there are master, default_public") {
			t.Errorf("%s: %+v", verb, r)
		}
	}
	if r := runArgs(t, "serve", "key", "revoke", "master"); r.status != exitFailure {
		t.Errorf("%+v", r)
	}
	s.stop(t)
}
