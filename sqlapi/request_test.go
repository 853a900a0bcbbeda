package sqlapi

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoute(t *testing.T) {
	for _, test := range []struct {
		target, host, domain string
		want                 request
		ok                   bool
	}{
		{"/api/v2/sql", "localhost:8080", "", request{endpoint: "sql"}, true},
		{"/api/v1/sql/", "127.0.0.1", "", request{endpoint: "sql"}, true},
		{"/api/v2/sql", "[::1]:80", "", request{endpoint: "sql"}, true},
		{"/api/v2/sql", "alice.carto.com", "", request{user: "alice", endpoint: "sql"}, true},
		{"/api/v2/sql", "ALICE.carto.com.:443", "", request{user: "alice", endpoint: "sql"}, true},
		{"/user/bob/api/v3/sql/copyfrom", "alice.carto.com", "", request{user: "bob", endpoint: "copyfrom"}, true},
		{"/api/v2/sql/copyto", "gis.example.org", "example.com", request{endpoint: "copyto"}, true},
		{"/api/v2/sql/copyto", "alice.example.com", "example.com", request{user: "alice", endpoint: "copyto"}, true},
		{"/api/v2/sql/job", "x", "", request{endpoint: "job"}, true},
		{"/api/v2/sql/job/123-4", "x", "", request{endpoint: "job", id: "123-4"}, true},
		{"/api/v1/version", "x", "", request{endpoint: "version"}, true},
		{"/api/v2/sql/copyto/1", "x", "", request{}, false},
		{"/api/v2/sql/nosuch", "x", "", request{}, false},
		{"/api/v2", "x", "", request{}, false},
		{"/user//api/v2/sql", "x", "", request{}, false},
		{"/user/a/b/api/v2/sql", "x", "", request{}, false},
		{"/api/vx/sql", "x", "", request{}, false},
	} {
		c := Config{Domain: test.domain}
		got, ok := c.route(&http.Request{URL: &url.URL{Path: test.target}, Host: test.host})
		if ok != test.ok || ok && (got.user != test.want.user || got.endpoint != test.want.endpoint || got.id != test.want.id) {
			t.Errorf("%s on %s: %+v, %v; want %+v, %v", test.target, test.host, got, ok, test.want, test.ok)
		}
	}
}

func TestParseBody(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, test := range []struct {
		kind, body string
		want       url.Values // nil is an error
	}{
		{form, "q=SELECT+1%2B2&api_key=k", url.Values{"q": {"SELECT 1+2"}, "api_key": {"k"}}},
		{form, "q=a LIKE '%x' OR b LIKE '50%%'&z", url.Values{"q": {"a LIKE '%x' OR b LIKE '50%%'"}, "z": {""}}},
		{form + "; charset=UTF-8", "q=%C3%A9%f0%9f%98%80%", url.Values{"q": {"é😀%"}}},
		{"", "q=1", url.Values{"q": {"1"}}},
		{form, "q=a=b;c&&q=d", url.Values{"q": {"a=b;c", "d"}}},
		{"application/json", ` {"q": "SELECT 'a&b'", "dp": 3, "t": true, "x": {"y": 1}} `, url.Values{"q": {"SELECT 'a&b'"}, "dp": {"3"}, "t": {"true"}}},
		{"application/json", `{"q": "x"} {}`, nil},
		{"application/json", `[1]`, nil},
		{"application/json", `{"q": `, nil},
		{
			"multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\nSELECT 1\r\n--B--\r\n",
			url.Values{"q": {"SELECT 1"}},
		},
		{"multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\nSELECT", nil},
		{"multipart/form-data", "x", nil},
		{"text/plain", "q=1", url.Values{}},
	} {
		got, err := parseBody(test.kind, []byte(test.body))
		if test.want == nil {
			if err == nil {
				t.Errorf("%s %q: %v, want an error", test.kind, test.body, got)
			}
		} else if err != nil || len(got)+len(test.want) > 0 && !cmp.Equal(got, test.want) {
			t.Errorf("%s %q: %v, %v; want %v", test.kind, test.body, got, err, test.want)
		}
	}
}

func TestClient(t *testing.T) {
	c := Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for _, test := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:5", "", "192.0.2.1"},
		{"192.0.2.1:5", "203.0.113.9", "192.0.2.1"}, // no proxy of ours
		{"10.0.0.1:5", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:5", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"}, // what stands before may be made up
		{"10.0.0.1:5", "nonsense", "10.0.0.1"},
		{"10.0.0.1:5", "", "10.0.0.1"},
		{"[::1]:5", "2001:db8::1", "2001:db8::1"},
		{"[::ffff:10.0.0.1]:5", "203.0.113.9", "203.0.113.9"},
	} {
		r := &http.Request{RemoteAddr: test.remote, Header: http.Header{}}
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := c.client(r).String(); got != test.want {
			t.Errorf("%s, forwarded for %q: %s, want %s", test.remote, test.forwarded, got, test.want)
		}
	}
}

func FuzzParseBody(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", []byte("q=a%20b%&x"))
	f.Add("application/json", []byte(`{"q":"x","n":1e999}`))
	f.Add("multipart/form-data; boundary=B", []byte("--B\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\nx\r\n--B--"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		v, err := parseBody(kind, body)
		if err != nil {
			if a := answerTo(err); a.status != http.StatusBadRequest {
				t.Errorf("status %d: %v", a.status, err)
			}
			return
		}
		if _, err := parseSQLOptions(v); err != nil {
			if a := answerTo(err); a.status != http.StatusBadRequest {
				t.Errorf("status %d: %v", a.status, err)
			}
		}
	})
}

// TestWindow: what is asked of a result wraps a query, and nothing else.
func TestWindow(t *testing.T) {
	for _, test := range []struct {
		q, params, want string // "" is an error
	}{
		{"SELECT 1", "", "SELECT 1"},
		{"SELECT 1; -- x", "rows_per_page=10", "SELECT * FROM (SELECT 1) AS ogrcarto_q LIMIT 10 OFFSET 0"},
		{"SELECT 1", "rows_per_page=10&page=3", "SELECT * FROM (SELECT 1) AS ogrcarto_q LIMIT 10 OFFSET 30"},
		{"SELECT 1", `order_by=a"b&sort_order=DESC`, `SELECT * FROM (SELECT 1) AS ogrcarto_q ORDER BY "a""b" DESC`},
		{"DELETE FROM t", "rows_per_page=10", "DELETE FROM t"},
		{"SELECT 1; SELECT 2", "rows_per_page=10", "SELECT 1; SELECT 2"},
		{"SELECT 1) x; DROP TABLE t; --", "rows_per_page=10", "SELECT 1) x; DROP TABLE t; --"},
		{"SELECT 1", "rows_per_page=-1", ""},
		{"SELECT 1", "rows_per_page=x", ""},
		{"SELECT 1", "rows_per_page=1000000000000&page=1000000000000", ""},
		{"SELECT 1", "sort_order=up", ""},
		{"SELECT 1", "dp=99", ""},
		{"SELECT 1", "callback=alert(1)", ""},
	} {
		v := parseForm(test.params)
		v.Set("q", test.q)
		o, err := parseSQLOptions(v)
		if test.want == "" && err == nil || test.want != "" && (err != nil || o.sql != test.want) {
			t.Errorf("%s with %s: %s, %v; want %s", test.q, test.params, o.sql, err, test.want)
		}
	}
	if name := safeFilename(`../../etc/"pass wd"` + strings.Repeat("x", 300)); strings.ContainsAny(name, `/" `) || len(name) > 200 {
		t.Errorf("filename %s", name)
	}
}
