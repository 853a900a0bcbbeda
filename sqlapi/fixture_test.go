package sqlapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// service is a server over a database of its own.
type service struct {
	*sqlapi.Server
	db      testpeer.Database
	account string
	master  string // the key
	url     string // of the account: append /api/v2/sql
	log     *syncBuffer
	http    *httptest.Server
}

// syncBuffer collects the log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// serve starts a server over a new database.
func serve(t testing.TB, change ...func(*sqlapi.Config)) *service {
	t.Helper()
	return serveDatabase(t, testpeer.NewDatabase(t), change...)
}

// serveDatabase prepares a database and starts a server over it.
func serveDatabase(t testing.TB, db testpeer.Database, change ...func(*sqlapi.Config)) *service {
	t.Helper()
	s := &service{db: db, account: db.Name, log: &syncBuffer{}}
	conn := s.connect(t)
	result, err := account.Init(t.Context(), conn, account.InitOptions{Account: db.Name, PublicRole: db.Name + "_public"})
	if err != nil {
		t.Fatal(err)
	}
	s.master = result.MasterKey
	s.start(t, change...)
	return s
}

// connect returns a superuser's session.
func (s *service) connect(t testing.TB) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(s.db.URL)
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

// exec runs statements as a superuser.
func (s *service) exec(t testing.TB, sql string) {
	t.Helper()
	conn := s.connect(t)
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

func (s *service) start(t testing.TB, change ...func(*sqlapi.Config)) {
	t.Helper()
	cfg := sqlapi.Config{Postgres: s.db.URL, Logger: slog.New(slog.NewJSONHandler(s.log, nil)), Version: "test"}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if s.Server, err = sqlapi.New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s.http = httptest.NewServer(s.Server)
	s.url = s.http.URL + "/user/" + s.account
	t.Cleanup(func() {
		s.http.Close()
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

// do sends a request.
func do(t testing.TB, req *http.Request) reply {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body), err}
}

// request makes a request; params are key, value, ... and stand in the query string of a GET, in the body of a POST.
func (s *service) request(t testing.TB, method, path string, params ...string) *http.Request {
	t.Helper()
	v := url.Values{}
	for i := 0; i < len(params); i += 2 {
		v.Add(params[i], params[i+1])
	}
	target, body := s.url+path, io.Reader(nil)
	if method == http.MethodPost {
		body = strings.NewReader(v.Encode())
	} else if len(v) > 0 {
		target += "?" + v.Encode()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req
}

// sql runs SQL with an API key ("" for none).
func (s *service) sql(t testing.TB, key, q string, params ...string) reply {
	t.Helper()
	req := s.request(t, http.MethodPost, "/api/v2/sql", append([]string{"q", q}, params...)...)
	if key != "" {
		req.SetBasicAuth(s.account, key)
	}
	return do(t, req)
}

// must runs SQL with the master key and fails the test where that fails.
func (s *service) must(t testing.TB, q string, params ...string) reply {
	t.Helper()
	r := s.sql(t, s.master, q, params...)
	if r.status != http.StatusOK || r.err != nil {
		t.Fatalf("%s: %d %s %v", q, r.status, r.body, r.err)
	}
	return r
}

// rows decodes the rows of a JSON answer.
func (r reply) rows(t testing.TB) []map[string]any {
	t.Helper()
	var v struct {
		Rows []map[string]any `json:"rows"`
	}
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return v.Rows
}

// value is the only value of the only row.
func (r reply) value(t testing.TB) string {
	t.Helper()
	rows := r.rows(t)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("want one value: %d %s", r.status, r.body)
	}
	for _, v := range rows[0] {
		return fmt.Sprint(v)
	}
	return ""
}

// copyFrom sends data to copyfrom.
func (s *service) copyFrom(t testing.TB, key, q string, data io.Reader, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v2/sql/copyfrom?q="+url.QueryEscape(q), data)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if key != "" {
		req.SetBasicAuth(s.account, key)
	}
	return do(t, req)
}

// copyTo reads from copyto.
func (s *service) copyTo(t testing.TB, key, q string) reply {
	t.Helper()
	req := s.request(t, http.MethodGet, "/api/v2/sql/copyto", "q", q)
	if key != "" {
		req.SetBasicAuth(s.account, key)
	}
	return do(t, req)
}
