package sqlapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/sqlapitest"
)

// service is a server over a database of its own.
type service struct{ *sqlapitest.Service }

// serve starts a server over a new database.
func serve(t testing.TB, change ...func(*sqlapi.Config)) *service {
	t.Helper()
	return &service{sqlapitest.Start(t, change...)}
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
	target, body := s.URL+path, io.Reader(nil)
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
		req.SetBasicAuth(s.Name, key)
	}
	return do(t, req)
}

// must runs SQL with the master key and fails the test where that fails.
func (s *service) must(t testing.TB, q string, params ...string) reply {
	t.Helper()
	r := s.sql(t, s.Master, q, params...)
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
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v2/sql/copyfrom?q="+url.QueryEscape(q), data)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if key != "" {
		req.SetBasicAuth(s.Name, key)
	}
	return do(t, req)
}

// copyTo reads from copyto.
func (s *service) copyTo(t testing.TB, key, q string) reply {
	t.Helper()
	req := s.request(t, http.MethodGet, "/api/v2/sql/copyto", "q", q)
	if key != "" {
		req.SetBasicAuth(s.Name, key)
	}
	return do(t, req)
}
