package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// secret is the key in tests. It has what must be escaped in it.
const secret = "k3y+/%&secret"

// newClient returns a client that does not wait long. change may be nil.
func newClient(t *testing.T, url string, change func(*Config)) *Client {
	t.Helper()
	cfg := Config{URL: url + "/api/v2/sql", Account: "alice", Key: secret, Wait: time.Millisecond, MaxWait: 4 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serve starts a server.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

// say answers with a status and a body; header is pairs.
func say(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// sequence answers with one handler after the other, and goes on with the last. It counts.
func sequence(n *int, handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(*n, len(handlers)-1)]
		*n++
		mu.Unlock()
		h(w, r)
	}
}

// buffer is a log that may be written by many.
type buffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// oneRow is a complete answer.
const oneRow = `{"rows":[{"a":1}],"time":0.007,"fields":{"a":{"type":"number","pgtype":"int4"}},"total_rows":1}`

func TestRequest(t *testing.T) {
	const sql = `SELECT '100%' || '+' || 'ü %41 & x=1; "' AS "?column?"` + "\n\t"
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, key, _ := r.BasicAuth()
		if r.Method != "POST" || r.RequestURI != "/api/v2/sql" || r.FormValue("q") != sql || user != "alice" || key != secret ||
			r.UserAgent() != "ogrcarto" || r.ContentLength < 0 {
			t.Errorf("%s %s, q %q, %s %s, %v", r.Method, r.URL, r.FormValue("q"), user, key, r.Header)
		}
		say(200, oneRow)(w, r)
	})
	if _, err := newClient(t, url, nil).Query(t.Context(), sql, Once); err != nil {
		t.Error(err)
	}
	url = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, there := r.Header["Authorization"]; there {
			t.Errorf("without a key: %v", r.Header)
		}
		say(200, oneRow)(w, r)
	})
	if _, err := newClient(t, url, func(c *Config) { c.Key = "" }).Query(t.Context(), sql, Once); err != nil {
		t.Error(err)
	}
}

func TestQueryResult(t *testing.T) {
	url := serve(t, say(200, `{"rows":[{"z":9007199254740993,"a":null,"j":{"x":[1.50]}},{"z":-0.0,"a":"0101","j":"NaN"}],"time":0.007,`+
		`"fields":{"z":{"type":"number","pgtype":"int8"},"a":{"type":"geometry","wkbtype":"Point","dims":2,"srid":4326},`+
		`"b":{"type":"geometry","dims":4,"srid":-1},"j":{"type":"JSON","pgtype":"JSON"}},"total_rows":2,"notices":["x"]}`))
	got, err := newClient(t, url, nil).Query(t.Context(), "SELECT", Repeat)
	if err != nil {
		t.Fatal(err)
	}
	want := &Result{
		Rows: []map[string]any{
			{"z": json.Number("9007199254740993"), "a": nil, "j": map[string]any{"x": []any{json.Number("1.50")}}},
			{"z": json.Number("-0.0"), "a": "0101", "j": "NaN"},
		},
		Fields: []Field{
			{Name: "z", Type: "number", PGType: "int8"},
			{Name: "a", Type: "geometry", WKBType: "Point", Dims: 2, SRID: 4326},
			{Name: "b", Type: "geometry", Dims: 4, SRID: -1},
			{Name: "j", Type: "JSON", PGType: "JSON"},
		},
		TotalRows: 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAnswers: what each answer means, for a statement that reads and for one that does not.
func TestAnswers(t *testing.T) {
	const (
		timeout = `{"error":["You are over platform's limits: SQL query timeout error. Refactor your query before running again or contact CARTO support for more details."],"context":"limit","detail":"datasource"}`
		rate    = `{"error":["You are over platform's limits. Please contact us to know more details"],"context":"limit","detail":"rate-limit"}`
		page    = "<html><body>502 Bad Gateway</body></html>"
	)
	for _, test := range []struct {
		name         string
		answer       http.HandlerFunc
		repeat, once error // nil for any other
		repeats      int   // attempts of 3
		onces        int
		want         *Error
	}{
		{"an error", say(400, `{"error":["relation \"x\" does not exist"],"hint":"h","detail":"d","context":"c"}`), nil, nil, 1, 1, &Error{400, `relation "x" does not exist`, "d", "h", "c", 0}},
		{"several errors", say(400, `{"error":["a","b"]}`), nil, nil, 1, 1, &Error{Status: 400, Message: "a; b"}},
		{"an error as text", say(400, `{"error":"a"}`), nil, nil, 1, 1, &Error{Status: 400, Message: "a"}},
		{"400 without JSON", say(400, ""), nil, nil, 1, 1, &Error{Status: 400, Message: "400 Bad Request, which the SQL API has not said"}},
		{"wrong key", say(401, `{"error":["Unauthorized"]}`), ErrUnauthorized, ErrUnauthorized, 1, 1, &Error{Status: 401, Message: "Unauthorized"}},
		{"wrong key, page", say(401, page), ErrUnauthorized, ErrUnauthorized, 1, 1, nil},
		{"forbidden", say(403, `{"error":["permission denied for table m"]}`), ErrForbidden, ErrForbidden, 1, 1, &Error{Status: 403, Message: "permission denied for table m"}},
		{"unknown user", say(404, `{"error":["Sorry, we can't find CARTO user 'nobody'."]}`), nil, nil, 1, 1, &Error{Status: 404, Message: "Sorry, we can't find CARTO user 'nobody'."}},
		{"timeout", say(429, timeout), ErrTimeout, ErrTimeout, 1, 1, nil},
		{"timeout, by its detail", say(429, `{"error":["x"],"context":"limit","detail":"datasource"}`), ErrTimeout, ErrTimeout, 1, 1, nil},
		{"timeout, other words", say(429, `{"error":["canceling statement due to statement timeout"]}`), ErrTimeout, ErrTimeout, 1, 1, nil},
		{"timeout as 400", say(400, `{"error":["canceling statement due to statement timeout"]}`), ErrTimeout, ErrTimeout, 1, 1, nil},
		{"timeout behind rows", say(200, `{"rows":[{"a":1}],"total_rows":1,`+timeout[1:]), ErrTimeout, ErrTimeout, 1, 1, nil},
		{"rate", say(429, rate), ErrRate, ErrRate, 3, 3, nil},
		{"rate, Retry-After", say(429, rate, "Retry-After", "0.001"), ErrRate, ErrRate, 3, 3, nil},
		{"rate, a long Retry-After", say(429, rate, "Retry-After", "86400"), ErrRate, ErrRate, 1, 1, nil},
		{"429 without JSON", say(429, page), ErrRate, ErrRate, 3, 3, nil},
		{"500", say(500, `{"error":["Internal error"]}`), ErrLost, ErrUnknown, 3, 1, &Error{Status: 500, Message: "Internal error"}},
		{"502, page", say(502, page), ErrLost, ErrUnknown, 3, 1, &Error{Status: 502, Message: "502 Bad Gateway, which the SQL API has not said"}},
		{"502, JSON", say(502, `{"error":["The database cannot be reached. Try again later."]}`), ErrLost, ErrUnknown, 3, 1, nil},
		{"503", say(503, page), ErrLost, ErrUnknown, 3, 1, nil},
		{"503, Retry-After", say(503, page, "Retry-After", "0.001"), ErrUnreachable, ErrUnreachable, 3, 3, nil},
		{"504", say(504, page), ErrLost, ErrUnknown, 3, 1, nil},
		{"499", say(499, `{"error":["the client went away"]}`), ErrLost, ErrUnknown, 3, 1, nil},
		{"an error in 200", say(200, `{"rows":[{"a":1}],"total_rows":1,"error":["division by zero"]}`), nil, nil, 1, 1, &Error{Status: 200, Message: "division by zero"}},
		{"an error without text in 200", say(200, `{"rows":[{"a":1}],"total_rows":1,"error":[]}`), nil, nil, 1, 1, &Error{Status: 200, Message: "an error without a message"}},
		{"the database lost, in 200", say(200, `{"rows":[{"a":1}],"total_rows":1,"error":["The database cannot be reached. Try again later."]}`), ErrLost, ErrUnknown, 3, 1, nil},
		{"the database lost, in 400", say(400, `{"error":["Connection terminated unexpectedly"]}`), ErrLost, ErrUnknown, 3, 1, nil},
		{"a page in 200", say(200, page), ErrLost, ErrUnknown, 3, 1, nil},
		{"nothing in 200", say(200, ""), ErrLost, ErrUnknown, 3, 1, nil},
		{"204", say(204, ""), ErrLost, ErrUnknown, 3, 1, nil},
		{"an array in 200", say(200, `[]`), ErrLost, ErrUnknown, 3, 1, nil},
		{"no rows in 200", say(200, `{"ok":true}`), ErrLost, ErrUnknown, 3, 1, nil},
		{"a cut object", say(200, oneRow[:len(oneRow)-1]), ErrLost, ErrUnknown, 3, 1, nil},
		{"two objects", say(200, oneRow+oneRow), ErrLost, ErrUnknown, 3, 1, nil},
		{"rows of another kind", say(200, `{"rows":[1],"total_rows":1}`), ErrLost, ErrUnknown, 3, 1, nil},
		{"a count of another kind", say(200, `{"rows":[],"total_rows":1.5}`), ErrLost, ErrUnknown, 3, 1, nil},
		{"a broken body", say(200, oneRow, "Content-Length", "1000"), ErrLost, ErrUnknown, 3, 1, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []Safety{Once, Repeat} {
				n, asked := 0, 0
				want, attempts := test.once, test.onces
				if s == Repeat {
					want, attempts = test.repeat, test.repeats
				}
				c := newClient(t, serve(t, sequence(&n, test.answer)), func(c *Config) { c.Attempts = 3 })
				r, err := c.Query(t.Context(), "SELECT", s)
				asked = n
				if err == nil || r != nil || want != nil && !errors.Is(err, want) || asked != attempts {
					t.Errorf("safety %d: %v, asked %d times; want %v, %d", s, err, asked, want, attempts)
				}
				for _, kind := range []error{ErrTimeout, ErrRate, ErrUnauthorized, ErrForbidden, ErrUnknown, ErrLost, ErrUnreachable} {
					if kind != want && errors.Is(err, kind) {
						t.Errorf("safety %d: %v is also %v", s, err, kind)
					}
				}
				var e *Error
				if test.want != nil && (!errors.As(err, &e) || *e != *test.want) {
					t.Errorf("safety %d: %+v, want %+v", s, e, test.want)
				}
			}
		})
	}
}

// TestRecovers: what passes by is waited for.
func TestRecovers(t *testing.T) {
	page := "<html><body>502 Bad Gateway</body></html>"
	for _, test := range []struct {
		name   string
		safety Safety
		first  http.HandlerFunc
	}{
		{"rate", Once, say(429, `{"error":["x"]}`)},
		{"503 with Retry-After", Once, say(503, page, "Retry-After", "0.001")},
		{"502", Repeat, say(502, page)},
		{"page", Repeat, say(200, page)},
		{"cut", Repeat, say(200, oneRow[:20])},
		{"no answer", Repeat, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := 0
			c := newClient(t, serve(t, sequence(&n, test.first, test.first, say(200, oneRow))), nil)
			r, err := c.Query(t.Context(), "SELECT", test.safety)
			if err != nil || len(r.Rows) != 1 || n != 3 {
				t.Errorf("%v, %v, asked %d times", r, err, n)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "1": time.Second, " 30 ": 30 * time.Second, "0": 0, "-1": 0, "0.5": 500 * time.Millisecond, "x": 0, "NaN": 0, "Inf": 1e6 * time.Second,
		"Thu, 02 Jan 2025 03:05:05 GMT": time.Minute, "Thu, 02 Jan 2025 03:00:05 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
	n := 0
	var log buffer
	c := newClient(t, serve(t, sequence(&n, say(429, `{"error":["x"]}`, "Retry-After", "0.2"), say(200, oneRow))), func(c *Config) { c.Logger = log.logger() })
	start := time.Now()
	if _, err := c.Query(t.Context(), "SELECT 1", Once); err != nil || time.Since(start) < 200*time.Millisecond {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	for _, want := range []string{"level=INFO", "attempt=1", "wait=2", "reason=", `sql="SELECT 1"`, "endpoint=sql"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s: %s", want, log.String())
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, bad := range []string{
		"", "alice.carto.com/api/v2/sql", "ftp://x/y", "https:///api", "https://x/api?api_key=k3y", "https://alice:k3y@x/api", "alice:k3y@x/api",
		"https://x/api#k3y", "https://x/%zz?k3y", "http://x:k3y/", "\x00k3y",
	} {
		if _, err := New(Config{URL: bad}); err == nil || strings.Contains(err.Error(), "k3y") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := New(Config{URL: "https://x/api", Account: "a:b"}); err == nil {
		t.Error("a colon in the account's name")
	}
}

func TestCopyFrom(t *testing.T) {
	const sql = `COPY "t+%" (a) FROM STDIN`
	data := bytes.Repeat([]byte("1\tüx\n"), 100000)
	for _, packed := range []bool{false, true} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if r.Method != "POST" || r.URL.Path != "/api/v2/sql/copyfrom" || r.URL.Query().Get("q") != sql || r.ContentLength != int64(len(body)) || err != nil {
				t.Errorf("%s %s, length %d, %d bytes, %v", r.Method, r.RequestURI, r.ContentLength, len(body), err)
			}
			if packed != (r.Header.Get("Content-Encoding") == "gzip") {
				t.Errorf("gzip %v: %v", packed, r.Header)
			}
			if packed {
				z, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				if body, err = io.ReadAll(z); err != nil {
					t.Error(err)
				}
			}
			if !bytes.Equal(body, data) {
				t.Errorf("gzip %v: %d bytes, want %d", packed, len(body), len(data))
			}
			say(200, `{"time":0.045,"total_rows":100000}`)(w, r)
		})
		n, err := newClient(t, url, nil).CopyFrom(t.Context(), sql, data, packed)
		if n != 100000 || err != nil {
			t.Errorf("gzip %v: %d, %v", packed, n, err)
		}
	}
	n := 0
	c := newClient(t, serve(t, sequence(&n, say(200, `{"time":0.045}`))), nil)
	if _, err := c.CopyFrom(t.Context(), sql, data, false); !errors.Is(err, ErrUnknown) || n != 1 {
		t.Errorf("without a count: %v, asked %d times", err, n)
	}
}

// TestCopyFromShort: small data are not packed when that makes them larger.
func TestCopyFromShort(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Encoding") != "" {
			t.Errorf("%v", r.Header)
		}
		say(200, `{"time":0.045,"total_rows":1}`)(w, r)
	})
	if n, err := newClient(t, url, nil).CopyFrom(t.Context(), "COPY", []byte("1\n"), true); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestCopyTo(t *testing.T) {
	data := "1\tx\n" + strings.Repeat("2\ty\n", 50000)
	added := `{"error":["division by zero"]}`
	octets := []string{"Content-Type", "application/octet-stream"}
	abort := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			h(w, r)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}
	for _, test := range []struct {
		name     string
		handlers []http.HandlerFunc
		want     string // what can be read
		open     error  // of CopyTo; errAny for any
		end      error
		asked    int
	}{
		{"complete", []http.HandlerFunc{say(200, data, octets...)}, data, nil, nil, 1},
		{"nothing", []http.HandlerFunc{say(200, "", octets...)}, "", nil, nil, 1},
		{"data like an error", []http.HandlerFunc{say(200, added+"\n", octets...)}, added + "\n", nil, nil, 1},
		{"data that end in a brace", []http.HandlerFunc{say(200, data+`{"a":1}`, octets...)}, data + `{"a":1}`, nil, nil, 1},
		{"an error behind the data", []http.HandlerFunc{say(200, data+added, octets...)}, data + added, nil, errAny, 1},
		{"an error and nothing else", []http.HandlerFunc{say(200, added, octets...)}, added, nil, errAny, 1},
		{"a timeout behind the data", []http.HandlerFunc{say(200, data+`{"error":["SQL query timeout error"],"context":"limit","detail":"datasource"}`, octets...)}, "", nil, ErrTimeout, 1},
		{"an error, then cut", []http.HandlerFunc{abort(say(200, data+added, octets...))}, data + added, nil, errAny, 1},
		{"cut", []http.HandlerFunc{abort(say(200, data, octets...))}, data, nil, ErrLost, 1},
		{"cut before the first byte", []http.HandlerFunc{abort(say(200, "", octets...)), say(502, "x"), say(200, data, octets...)}, data, nil, nil, 3},
		{"always cut before the first byte", []http.HandlerFunc{abort(say(200, "", octets...))}, "", ErrLost, nil, 3},
		{"an error", []http.HandlerFunc{say(400, added)}, "", errAny, nil, 1},
		{"an error as JSON", []http.HandlerFunc{say(200, added)}, "", errAny, nil, 1},
		{"forbidden", []http.HandlerFunc{say(403, added)}, "", ErrForbidden, nil, 1},
		{"a page", []http.HandlerFunc{say(200, "<html>", "Content-Type", "text/html; charset=utf-8")}, "", ErrLost, nil, 3},
		{"rate", []http.HandlerFunc{say(429, added)}, "", ErrRate, nil, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := 0
			c := newClient(t, serve(t, sequence(&n, test.handlers...)), func(c *Config) { c.Attempts = 3 })
			body, err := c.CopyTo(t.Context(), "COPY (SELECT 1) TO STDOUT")
			if n != test.asked || !is(err, test.open) {
				t.Fatalf("%v, asked %d times; want %v, %d", err, n, test.open, test.asked)
			}
			if err != nil {
				return
			}
			defer body.Close()
			got, err := io.ReadAll(body)
			if !is(err, test.end) || test.want != "" && string(got) != test.want {
				t.Errorf("%d bytes and %v; want %d and %v", len(got), err, len(test.want), test.end)
			}
			if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("after %d bytes", len(got))) {
				t.Errorf("%v does not tell of %d bytes", err, len(got))
			}
			if n, again := body.Read(make([]byte, 1)); n != 0 || again == nil {
				t.Errorf("behind the end: %d, %v", n, again)
			}
		})
	}
}

// errAny stands for an *Error.
var errAny = errors.New("any *Error")

func is(err, want error) bool {
	if want == errAny {
		var e *Error
		return errors.As(err, &e)
	}
	return errors.Is(err, want)
}

// TestLongSQL: no error and no log shows much of a statement, and none shows the key, also where a server gives them back.
func TestLongSQL(t *testing.T) {
	sql := "SELECT '" + strings.Repeat("ü", 5000) + "'"
	quoted, _ := json.Marshal(sql)
	basic := func(r *http.Request) string { return r.Header.Get("Authorization") }
	for name, h := range map[string]http.HandlerFunc{
		"message": say(400, `{"error":[`+string(quoted)+`],"detail":`+string(quoted)+`,"hint":`+string(quoted)+`}`),
		"429":     say(429, `{"error":[`+string(quoted)+`]}`),
		"403":     say(403, `{"error":[`+string(quoted)+`]}`),
		"cut":     say(200, `{"rows"`),
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://example.invalid/"+secret+"?"+basic(r)+"&"+r.URL.RawQuery)
			w.WriteHeader(307)
		},
		"echo": func(w http.ResponseWriter, r *http.Request) {
			b, _ := json.Marshal(map[string]any{"error": []string{basic(r) + " " + secret + " "}, "detail": secret, "hint": secret})
			say(500, string(b))(w, r)
		},
		"no HTTP": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, basic(r)+" "+secret+" "+r.URL.RawQuery)
			_ = conn.Close()
		},
		"no answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			var log buffer
			c := newClient(t, serve(t, h), func(c *Config) { c.Logger = log.logger() })
			var errs []error
			_, err := c.Query(t.Context(), sql+secret, Repeat)
			errs = append(errs, err)
			_, err = c.CopyFrom(t.Context(), "COPY "+sql, []byte("1\n"), false)
			errs = append(errs, err)
			_, err = c.CopyTo(t.Context(), "COPY "+sql)
			errs = append(errs, err)
			for _, err := range errs {
				if err == nil {
					t.Fatal("no error")
				}
				for _, text := range []string{err.Error(), fmt.Sprintf("%v", err)} {
					if utf8.RuneCountInString(text) > 350 || strings.Count(text, "ü") > 200 {
						t.Errorf("too long: %s", text)
					}
					searchKey(t, "error", text)
				}
			}
			for _, line := range strings.Split(log.String(), "\n") {
				if strings.Count(line, "ü") > 400 {
					t.Errorf("too long: %s", line)
				}
			}
			searchKey(t, "log", log.String())
		})
	}
}
