// Package sqlapitest starts servers of the SQL API for tests, each over a database of its own.
package sqlapitest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// Service is a server that answers for one account.
type Service struct {
	*sqlapi.Server
	DB     testpeer.Database
	Name   string // of the account, and the first part of the names of its roles
	Master string // the master key
	URL    string // of the account: what stands before /api/v2/sql
	Log    *Log
	HTTP   *httptest.Server
}

// Log collects what a server logs.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was logged so far: a JSON object a line.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Start starts a server over a new database. It is stopped, and the database dropped, when the test ends.
func Start(t testing.TB, change ...func(*sqlapi.Config)) *Service {
	t.Helper()
	return StartOver(t, testpeer.NewDatabase(t), change...)
}

// StartOver prepares a database and starts a server over it. The account is called as the database is, and the role of requests
// without a key begins with that name.
func StartOver(t testing.TB, db testpeer.Database, change ...func(*sqlapi.Config)) *Service {
	t.Helper()
	s := &Service{DB: db, Name: db.Name}
	result, err := account.Init(t.Context(), s.Connect(t), account.InitOptions{Account: db.Name, PublicRole: db.Name + "_public"})
	if err != nil {
		t.Fatal(err)
	}
	s.Master = result.MasterKey
	s.start(t, change...)
	return s
}

// Another starts one more server over the service's database, which url reaches.
func (s *Service) Another(t testing.TB, url string, change ...func(*sqlapi.Config)) *Service {
	t.Helper()
	other := &Service{DB: testpeer.Database{Name: s.DB.Name, URL: url}, Name: s.Name, Master: s.Master}
	other.start(t, change...)
	other.DB = s.DB
	return other
}

func (s *Service) start(t testing.TB, change ...func(*sqlapi.Config)) {
	t.Helper()
	s.Log = &Log{}
	cfg := sqlapi.Config{Postgres: s.DB.URL, Logger: slog.New(slog.NewJSONHandler(s.Log, nil)), Version: "test"}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if s.Server, err = sqlapi.New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s.HTTP = httptest.NewServer(s.Server)
	s.URL = s.HTTP.URL + "/user/" + s.Name
	t.Cleanup(func() {
		s.HTTP.Close()
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
}

// Connect returns a superuser's session, which is closed when the test ends.
func (s *Service) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(s.DB.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuntimeParams["search_path"] = "public" // the superuser's name may be that of a schema
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Exec runs statements as a superuser.
func (s *Service) Exec(t testing.TB, sql string) {
	t.Helper()
	if _, err := s.Connect(t).Exec(t.Context(), sql); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

// Owner is the role of the master key.
func (s *Service) Owner() string { return s.Name + "_owner" }

// AddKey makes an API key.
func (s *Service) AddKey(t testing.TB, name string, grants ...account.Grant) string {
	t.Helper()
	key, err := account.AddKey(t.Context(), s.Connect(t), name, grants)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
