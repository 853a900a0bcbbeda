package sqlapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/sqlapitest"
)

// eventually waits for something to become true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 200 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s: not after 10 s", what)
}

// active counts the statements of users that run.
func (s *service) active(t *testing.T) string {
	t.Helper()
	var n string
	if err := s.Connect(t).QueryRow(t.Context(), `SELECT count(*)::text FROM pg_stat_activity
		WHERE datname = current_database() AND usename LIKE $1 AND state <> 'idle'`, s.Name+`\_%`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *service) quiet(t *testing.T) {
	t.Helper()
	eventually(t, "no statement runs", func() bool { return s.active(t) == "0" })
}

// TestBadRequests: whatever is wrong with a request, the answer says it in JSON, and the next one is answered.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *sqlapi.Config) { c.MaxBody, c.MaxRow, c.MaxCopy = 1<<20, 1<<20, 1<<20 })
	s.must(t, "CREATE TABLE t(a text)")
	post := func(kind, body string) reply {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v2/sql", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		req.SetBasicAuth(s.Name, s.Master)
		return do(t, req)
	}
	const form = "application/x-www-form-urlencoded"
	for _, test := range []struct {
		name   string
		r      reply
		status int
		body   string // a part of it
	}{
		{"NUL", post(form, "q=SELECT+1%00;DROP+TABLE+t"), 400, "0x00"},
		{"invalid UTF-8", post(form, "q=SELECT+'%ff'"), 400, "invalid byte sequence"},
		{"JSON that ends early", post("application/json", `{"q": "SELECT`), 400, "JSON"},
		{"JSON list", post("application/json", `["SELECT 1"]`), 400, "JSON"},
		{"multipart that ends early", post("multipart/form-data; boundary=B", "--B\r\nContent-"), 400, "multipart"},
		{"multipart without boundary", post("multipart/form-data", "q=1"), 400, "multipart"},
		{"unknown kind", post("text/plain", "q=SELECT 1"), 400, "You must indicate a sql query"},
		{"large body", post(form, "q=SELECT+1--"+strings.Repeat("x", 2<<20)), 413, "1048576"},
		{"long key", s.sql(t, strings.Repeat("k", 5000), "SELECT 1"), 401, "Unauthorized"},
		{"large row", s.sql(t, s.Master, "SELECT repeat('x', 2000000) AS a"), 400, "Row too large"},
		{"large row, late", s.sql(t, s.Master, "SELECT repeat('x', a*1000) AS a FROM generate_series(1,2000,100) a"), 200, `"error":["Row too large`},
		{"deep nesting", s.sql(t, s.Master, "SELECT "+strings.Repeat("(", 100000)+"1"+strings.Repeat(")", 100000)), 400, "memory exhausted"},
		{"many statements", s.sql(t, s.Master, strings.Repeat("SELECT 1;", 10000)+"x"), 400, "syntax error"},
		{"long identifier", s.sql(t, s.Master, `CREATE TABLE "`+strings.Repeat("i", 100)+`"(a int)`), 200, "will be truncated"},
		{"COPY FROM STDIN through sql", s.sql(t, s.Master, "COPY t FROM STDIN"), 400, "copyfrom"},
		{"COPY FROM STDIN after a query", s.sql(t, s.Master, "SELECT 1 WHERE false; COPY t FROM STDIN"), 400, "copyfrom"},
		{"copyto with FROM", s.copyTo(t, s.Master, "COPY t FROM STDIN"), 400, "TO STDOUT"},
		{"copyfrom with TO", s.copyFrom(t, s.Master, "COPY t TO STDOUT", strings.NewReader("x\n")), 400, "FROM STDIN"},
		{"copyfrom with two", s.copyFrom(t, s.Master, "COPY t FROM STDIN; DROP TABLE t", strings.NewReader("x\n")), 400, "one statement"},
		{"copyfrom, a file", s.copyFrom(t, s.Master, "COPY t FROM '/etc/passwd'", strings.NewReader("x\n")), 403, "pg_read_server_files"},
		{"copyfrom, too much", s.copyFrom(t, s.Master, "COPY t FROM STDIN", strings.NewReader(strings.Repeat("x\n", 1<<20))), 400, "1048576 bytes"},
		{"copyfrom, no gzip", s.copyFrom(t, s.Master, "COPY t FROM STDIN", strings.NewReader("x\n"), "Content-Encoding", "gzip"), 400, "gzip"},
		{"copyfrom, gzip that ends early", s.copyFrom(t, s.Master, "COPY t FROM STDIN", bytes.NewReader(zipped(t, "x\ny\n")[:15]), "Content-Encoding", "gzip"), 400, "gzip"},
		{"copyfrom, gzip bomb", s.copyFrom(t, s.Master, "COPY t FROM STDIN", bytes.NewReader(zipped(t, strings.Repeat("x\n", 50<<20))), "Content-Encoding", "gzip"), 400, "1048576 bytes"},
		{"copyfrom, another encoding", s.copyFrom(t, s.Master, "COPY t FROM STDIN", strings.NewReader("x\n"), "Content-Encoding", "br"), 415, "gzip"},
		{"copyfrom, bad UTF-8", s.copyFrom(t, s.Master, "COPY t FROM STDIN", strings.NewReader("\xff\n")), 400, "invalid byte sequence"},
		{"unknown path", do(t, s.request(t, http.MethodGet, "/api/v2/nosuch")), 404, "Not found"},
		{"method", do(t, s.request(t, http.MethodPut, "/api/v2/sql")), 405, "PUT"},
		{"method of copyfrom", do(t, s.request(t, http.MethodGet, "/api/v2/sql/copyfrom")), 405, "POST"},
	} {
		if test.r.status != test.status || !strings.Contains(test.r.body, test.body) || !strings.Contains(test.r.body, `"error":[`) && test.status >= 400 {
			t.Errorf("%s: %d %.300s; want %d with %s", test.name, test.r.status, test.r.body, test.status, test.body)
		}
	}
	if n := s.must(t, "SELECT count(*) FROM t").value(t); n != "0" {
		t.Errorf("%s rows were stored", n)
	}
	// The other way round: what is right goes through.
	if r := s.copyFrom(t, s.Master, "COPY t FROM STDIN", bytes.NewReader(zipped(t, "x\ny\n")), "Content-Encoding", "gzip"); r.status != 200 || !strings.Contains(r.body, `"total_rows":2`) {
		t.Errorf("gzip: %d %s", r.status, r.body)
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestClientGone: a statement whose client went away is canceled, and an upload rolled back.
func TestClientGone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.must(t, "CREATE TABLE t(a text)")
	ctx, cancel := context.WithCancel(t.Context())
	req := s.request(t, http.MethodPost, "/api/v2/sql", "q", "SELECT pg_sleep(100)").WithContext(ctx)
	req.SetBasicAuth(s.Name, s.Master)
	go func() {
		eventually(t, "the statement runs", func() bool { return s.active(t) == "1" })
		cancel()
	}()
	if _, err := http.DefaultClient.Do(req); err == nil {
		t.Fatal("want an error")
	}
	s.quiet(t)

	// An upload that breaks off: chunked, without its end.
	ctx, cancel = context.WithCancel(t.Context())
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/api/v2/sql/copyfrom?q="+url.QueryEscape("COPY t FROM STDIN"), r)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(s.Name, s.Master)
	go func() {
		_, _ = io.WriteString(w, strings.Repeat("x\n", 100000))
		eventually(t, "the upload runs", func() bool { return s.active(t) == "1" })
		cancel()
		_ = w.CloseWithError(io.ErrUnexpectedEOF)
	}()
	if _, err := http.DefaultClient.Do(req); err == nil {
		t.Fatal("want an error")
	}
	s.quiet(t)
	if n := s.must(t, "SELECT count(*) FROM t").value(t); n != "0" {
		t.Errorf("%s rows of an upload that broke off are stored", n)
	}
}

// TestSlowClients: who neither reads nor writes is given up, and holds no session.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *sqlapi.Config) { c.MaxIdle = 300 * time.Millisecond })
	s.must(t, "CREATE TABLE t(a text)")
	host := strings.TrimPrefix(s.HTTP.URL, "http://")
	for name, request := range map[string]string{
		"an answer is not read": "GET /user/" + s.Name + "/api/v2/sql?api_key=" + s.Master + "&q=SELECT+repeat('x',1000)+FROM+generate_series(1,1000000) HTTP/1.1\r\nHost: x\r\n\r\n",
		"a copyto is not read":  "GET /user/" + s.Name + "/api/v2/sql/copyto?api_key=" + s.Master + "&q=COPY+(SELECT+repeat('x',1000)+FROM+generate_series(1,1000000))+TO+STDOUT HTTP/1.1\r\nHost: x\r\n\r\n",
		"a body is not sent":    "POST /user/" + s.Name + "/api/v2/sql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nq=SEL",
		"an upload is not sent": "POST /user/" + s.Name + "/api/v2/sql/copyfrom?api_key=" + s.Master + "&q=COPY+t+FROM+STDIN HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx\n",
	} {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name, "not sent") {
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if resp.StatusCode < 400 {
				t.Errorf("%s: %s", name, resp.Status)
			}
		} else {
			time.Sleep(time.Second)
		}
		s.quiet(t)
	}
	if n := s.must(t, "SELECT count(*) FROM t").value(t); n != "0" {
		t.Errorf("%s rows are stored", n)
	}
}

// TestQueue: more requests than sessions wait, and those that wait too long are told so.
func TestQueue(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *sqlapi.Config) {
		c.MaxConnections, c.MaxBody = 2, 2<<20
		c.Limits = []sqlapi.Rule{{Key: "default_public", Limit: sqlapi.Limit{Concurrent: 1}}}
	})
	// run sends n requests at once and returns the statuses as they come.
	run := func(s *service, key, sql string, n int) <-chan int {
		statuses := make(chan int, n)
		for range n {
			go func() { statuses <- s.sql(t, key, sql).status }()
		}
		return statuses
	}
	statuses := run(s, s.Master, "SELECT pg_sleep(0.01)", 40)
	for range 40 {
		if status := <-statuses; status != 200 {
			t.Errorf("a short statement: %d", status)
		}
	}
	// Sessions of other roles make room.
	for i := range 6 {
		if r := s.sql(t, []string{s.Master, ""}[i%2], "SELECT 1"); r.status != 200 {
			t.Errorf("role %d: %s", i, r.body)
		}
	}

	// Bodies that are held are bounded, too: these are more than may be held at once.
	large := make(chan int, 20)
	for range 20 {
		go func() {
			large <- s.sql(t, s.Master, "SELECT 1 /* "+strings.Repeat("x", 1<<20)+" */").status
		}()
	}
	for range 20 {
		if status := <-large; status != 200 {
			t.Errorf("a large body: %d", status)
		}
	}

	impatient := &service{s.Another(t, s.DB.URL, func(c *sqlapi.Config) {
		c.MaxConnections, c.MaxWait = 2, time.Second
		c.Limits = []sqlapi.Rule{{Key: "default_public", Limit: sqlapi.Limit{Concurrent: 1}}}
	})}
	// Statements that hold their sessions until the lock is given back.
	conn := s.Connect(t)
	for _, test := range []struct {
		key       string
		n, atOnce int
	}{{s.Master, 5, 2}, {"", 3, 1}} {
		// With sessions that are there already, those that get one do not spend their patience on a login.
		warm := run(impatient, test.key, "SELECT pg_sleep(0.1)", test.atOnce)
		for range test.atOnce {
			<-warm
		}
		if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock(1)"); err != nil {
			t.Fatal(err)
		}
		statuses := run(impatient, test.key, "SELECT pg_advisory_xact_lock_shared(1)", test.n)
		for range test.n - test.atOnce {
			if status := <-statuses; status != 429 {
				t.Errorf("one that waited too long: %d", status)
			}
		}
		if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_unlock(1)"); err != nil {
			t.Fatal(err)
		}
		for range test.atOnce {
			if status := <-statuses; status != 200 {
				t.Errorf("one that had a session: %d", status)
			}
		}
	}
}

// TestQuota: a database that is full takes no more, but lets one read and delete.
func TestQuota(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *sqlapi.Config) { c.Quota = 1 << 20 }) // PostGIS alone is larger
	s.Exec(t, "CREATE TABLE t AS SELECT 'x'::text AS a; ALTER TABLE t OWNER TO "+s.Name+"_owner")
	const full = `{"error":["DB Quota exceeded"]}`
	for _, sql := range []string{"INSERT INTO t VALUES ('y')", "UPDATE t SET a = 'y'", "CREATE TABLE u(a int)", "SELECT 1; WITH x AS (INSERT INTO t VALUES ('y') RETURNING 1) SELECT * FROM x"} {
		check(t, sql, s.sql(t, s.Master, sql), 400, nil, full)
	}
	check(t, "copyfrom", s.copyFrom(t, s.Master, "COPY t FROM STDIN", strings.NewReader("y\n")), 400, nil, full)
	for _, sql := range []string{"SELECT * FROM t", "DELETE FROM t", "TRUNCATE t", "DROP TABLE t"} {
		check(t, sql, s.sql(t, s.Master, sql), 200, nil, "")
	}
}

// TestServerKilled: while PostgreSQL is down, the answers say so; when it is back, they are as before.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a server of its own")
	}
	pg := testpeer.NewServer(t)
	u, err := url.Parse(pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{sqlapitest.StartOver(t, testpeer.Database{Name: strings.TrimPrefix(u.Path, "/"), URL: pg.URL})}
	s.must(t, "CREATE TABLE t(a int)")
	const down = `{"error":["The database cannot be reached. Try again later."]}`

	killed, killedUpload := make(chan reply, 1), make(chan reply, 1)
	go func() { killed <- s.sql(t, s.Master, "SELECT pg_sleep(100)") }()
	go func() {
		r, w := io.Pipe()
		defer w.Close()
		go func() {
			for i := range 100 {
				if _, err := fmt.Fprintln(w, i); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}()
		killedUpload <- s.copyFrom(t, s.Master, "COPY t FROM STDIN", r)
	}()
	eventually(t, "both run", func() bool { return s.active(t) == "2" })
	pg.Control(t, "stop", "-m", "immediate")
	check(t, "killed in the middle", <-killed, 502, nil, down)
	check(t, "killed in the middle of an upload", <-killedUpload, 502, nil, down)
	check(t, "while it is down", s.sql(t, s.Master, "SELECT 1"), 502, nil, down)
	check(t, "health", do(t, mustRequest(t, s.HTTP.URL+"/health")), 503, nil, "")
	pg.Control(t, "restart") // with the options it had
	check(t, "when it is back", s.sql(t, s.Master, "SELECT count(*) AS n FROM t"), 200, nil, "")
	check(t, "health", do(t, mustRequest(t, s.HTTP.URL+"/health")), 200, nil, `{"ok":true}`)

	// A restart in an idle moment is not even noticed.
	pg.Control(t, "restart", "-m", "fast")
	time.Sleep(1100 * time.Millisecond)
	check(t, "after a restart", s.sql(t, s.Master, "SELECT 1"), 200, nil, "")
}

func mustRequest(t *testing.T, target string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}
