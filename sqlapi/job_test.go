package sqlapi_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// jobRequest sends a request to the endpoint of batch jobs.
func (s *service) jobRequest(t testing.TB, key, method, id, body string) reply {
	t.Helper()
	path := "/api/v2/sql/job"
	if id != "" {
		path += "/" + id
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.SetBasicAuth(s.Name, key)
	}
	return do(t, req)
}

// submit submits a job and returns its id.
func (s *service) submit(t testing.TB, body string) string {
	t.Helper()
	r := s.jobRequest(t, s.Master, http.MethodPost, "", body)
	var j struct {
		ID     string `json:"job_id"`
		Status string `json:"status"`
	}
	if err := json.Unmarshal([]byte(r.body), &j); err != nil || r.status != http.StatusCreated || j.ID == "" || j.Status != "pending" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	return j.ID
}

// wait waits for the end of a job and returns its status.
func (s *service) wait(t testing.TB, id string) string {
	t.Helper()
	for range 200 {
		r := s.jobRequest(t, s.Master, http.MethodGet, id, "")
		var j struct {
			Status string `json:"status"`
		}
		if err := json.Unmarshal([]byte(r.body), &j); err != nil || r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if j.Status != "pending" && j.Status != "running" {
			return j.Status
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("job %s does not end", id)
	return ""
}

func TestJobs(t *testing.T) {
	t.Parallel()
	s := serve(t)
	key, err := account.AddKey(t.Context(), s.Connect(t), "reader", nil)
	if err != nil {
		t.Fatal(err)
	}
	const query = `{"query": "CREATE TABLE j AS SELECT 1 AS a"}`
	check(t, "no key", s.jobRequest(t, "", http.MethodPost, "", query), 403, nil, `{"error":["permission denied"]}`)
	check(t, "another key", s.jobRequest(t, key, http.MethodPost, "", query), 403, nil, `{"error":["permission denied"]}`)
	check(t, "no query", s.jobRequest(t, s.Master, http.MethodPost, "", `{}`), 400, nil, `{"error":["You must indicate a valid SQL"]}`)
	check(t, "unknown job", s.jobRequest(t, s.Master, http.MethodGet, "00000000-0000-0000-0000-000000000000", ""), 400, nil, "")

	r := s.jobRequest(t, s.Master, http.MethodPost, "", query)
	shape := regexp.MustCompile(`^\{"job_id":"[0-9a-f-]{36}","user":"` + s.Name + `","query":"CREATE TABLE j AS SELECT 1 AS a","status":"pending","created_at":"[0-9TZ:.-]+","updated_at":"[0-9TZ:.-]+"\}$`)
	if r.status != http.StatusCreated || !shape.MatchString(r.body) {
		t.Errorf("submitted: %d %s", r.status, r.body)
	}
	id := r.body[len(`{"job_id":"`):][:36]
	if status := s.wait(t, id); status != "done" {
		t.Errorf("it is %s", status)
	}
	if r := s.jobRequest(t, s.Master, http.MethodDelete, id, ""); r.status != 400 || !strings.Contains(r.body, "cancel is not allowed") {
		t.Errorf("canceling what is done: %d %s", r.status, r.body)
	}
	owner := s.must(t, "SELECT tableowner::text AS o FROM pg_tables WHERE tablename = 'j'").value(t)
	if owner != s.Name+"_owner" {
		t.Errorf("the table is %s's", owner)
	}

	id = s.submit(t, `{"query": {"query": [{"query": "SELECT 1/0", "onerror": "INSERT INTO j VALUES (2)"}, {"query": "INSERT INTO j VALUES (3)"}], "onerror": "INSERT INTO j VALUES (4)"}}`)
	if status := s.wait(t, id); status != "failed" {
		t.Errorf("it is %s", status)
	}
	eventually(t, "fallbacks run", func() bool {
		return s.must(t, "SELECT string_agg(a::text, ',' ORDER BY a) AS s FROM j").value(t) == "1,2,4"
	})
	if r := s.jobRequest(t, s.Master, http.MethodGet, id, ""); !strings.Contains(r.body, "division by zero") || !strings.Contains(r.body, `"skipped"`) {
		t.Errorf("failed: %s", r.body)
	}

	id = s.submit(t, `{"query": "SELECT pg_sleep(100)"}`)
	eventually(t, "it runs", func() bool { return s.active(t) == "1" })
	if r := s.jobRequest(t, s.Master, http.MethodDelete, id, ""); r.status != 200 {
		t.Errorf("canceling: %d %s", r.status, r.body)
	}
	if status := s.wait(t, id); status != "canceled" {
		t.Errorf("it is %s", status)
	}
	s.quiet(t)

	// The role of jobs acts as the owner, and cannot get beyond.
	for _, sql := range []string{"RESET ROLE; SELECT * FROM ogrcarto.secrets", "SET ROLE NONE; CREATE ROLE mallory", "SET SESSION AUTHORIZATION ogrcarto"} {
		body, err := json.Marshal(map[string]string{"query": sql})
		if err != nil {
			t.Fatal(err)
		}
		if status := s.wait(t, s.submit(t, string(body))); status != "failed" {
			t.Errorf("%s: %s", sql, status)
		}
	}
}

// TestJobsSurvive: a job that waits is run by the next server.
func TestJobsSurvive(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *sqlapi.Config) { c.JobWorkers = -1 })
	id := s.submit(t, `{"query": "CREATE TABLE j(a int)"}`)
	next := &service{s.Another(t, s.DB.URL)}
	if status := next.wait(t, id); status != "done" {
		t.Errorf("it is %s", status)
	}
}
