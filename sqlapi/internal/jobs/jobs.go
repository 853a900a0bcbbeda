// Package jobs is the queue of batch queries: SQL that a client leaves to the server, to be run in turn, however long it takes.
//
// The queue is the table ogrcarto.jobs of the account's database, so that jobs survive the server, and several servers may work
// on one queue. Every access is a single statement, which needs no session: a pool behind PgBouncer in transaction mode will do.
//
// # How a job runs
//
// A job has one or more queries, which run in order. The first that fails, or is canceled, ends the job; those behind it are
// skipped. A query may have fallbacks, SQL that is run behind it: onsuccess or onerror. The job may have such fallbacks too, which
// are run at its end. Fallbacks that fail change nothing but their own status; nothing is run after a cancellation.
//
// # What is run twice: nothing
//
// A job whose server is gone, or has not been heard of for 30 s, is taken over by another. Whether the query that was running was
// completed cannot be known then, so it is never run again: it counts as failed, with a reason that says so, and the job goes on
// as behind any failure, with the fallbacks for errors. The same holds for a query that was still running when the server that
// was told to stop could wait no longer. What was not begun is not lost: a job in between two queries goes on where it was.
package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Status is what has become of a job, a query or a fallback.
type Status string

// The statuses.
const (
	Pending  Status = "pending"
	Running  Status = "running"
	Done     Status = "done"
	Failed   Status = "failed"
	Canceled Status = "canceled"
	Skipped  Status = "skipped" // of queries and fallbacks only
)

// Final tells whether nothing more will happen.
func (s Status) Final() bool { return s != "" && s != Pending && s != Running }

// Shape is the form of a request, which its answers have too.
type Shape string

// The shapes.
const (
	Single   Shape = "single"   // {"query": "SELECT ..."}
	Multiple Shape = "multiple" // {"query": ["SELECT ...", ...]}
	Fallback Shape = "fallback" // {"query": {"query": [{"query": "SELECT ...", "onerror": ...}, ...], "onerror": ...}}
)

// Spec is what a job has to run, and how far it is.
type Spec struct {
	Shape   Shape   `json:"shape"`
	Queries []Query `json:"queries"`
	// OnSuccess and OnError are run at the end of the job: none where they are empty.
	OnSuccess string `json:"onsuccess,omitempty"`
	OnError   string `json:"onerror,omitempty"`
	// FallbackStatus is that of OnSuccess and OnError: empty where there are none.
	FallbackStatus Status `json:"fallback_status,omitempty"`
}

// Query is one query of a job.
type Query struct {
	SQL       string `json:"query"`
	OnSuccess string `json:"onsuccess,omitempty"`
	OnError   string `json:"onerror,omitempty"`
	// ID is a name that the client gave to the query.
	ID string `json:"id,omitempty"`
	// Timeout bounds how long the query may run, in milliseconds: no bound of its own where it is 0.
	Timeout int64 `json:"timeout,omitempty"`

	Status         Status     `json:"status"`
	FallbackStatus Status     `json:"fallback_status,omitempty"`
	StartedAt      *time.Time `json:"started_at,omitempty"`
	EndedAt        *time.Time `json:"ended_at,omitempty"`
	// FailedReason is the last error of the query or its fallback.
	FailedReason string `json:"failed_reason,omitempty"`
}

// Job is a job as it was at one moment.
type Job struct {
	ID   string
	User string
	Spec
	Status               Status
	CreatedAt, UpdatedAt time.Time
	// FailedReason is the error of the query that made the job fail; in a job that is done, that of a fallback of the job.
	FailedReason string
}

// RequestError is an error in a request. Its text is for the client.
type RequestError struct{ text string }

func (e *RequestError) Error() string { return e.text }

// MaxRequest bounds a request: characters of its JSON, without white space (UTF-16 code units, as CARTO counts).
const MaxRequest = 16 << 10

var errNoSQL = &RequestError{"You must indicate a valid SQL"}

// Parse reads a request's body. Members that it does not know are left out; those of the whole, such as an api_key, too. Errors
// are *RequestError.
func Parse(body []byte) (*Spec, error) {
	if n := payload(body); n > MaxRequest {
		return nil, &RequestError{fmt.Sprintf("Your payload is too large: %d bytes. Max size allowed is %d bytes (%dkb).", n, MaxRequest, MaxRequest>>10)}
	}
	if !json.Valid(body) {
		return nil, &RequestError{"You must indicate a valid SQL: the body is not JSON"}
	}
	query := member(body, "query")
	if sql, ok := text(query); ok {
		return &Spec{Shape: Single, Queries: []Query{{SQL: sql, Status: Pending}}}, nil
	}
	if list, ok := list(query); ok {
		s := &Spec{Shape: Multiple}
		for _, q := range list {
			sql, ok := text(q)
			if !ok {
				return nil, errNoSQL
			}
			s.Queries = append(s.Queries, Query{SQL: sql, Status: Pending})
		}
		return s, nil
	}
	queries, ok := list(member(query, "query"))
	if !ok {
		return nil, errNoSQL
	}
	s := &Spec{Shape: Fallback}
	if s.OnSuccess, s.OnError, s.FallbackStatus, ok = fallbacks(query); !ok {
		return nil, errNoSQL
	}
	for _, raw := range queries {
		q := Query{Status: Pending}
		if q.SQL, ok = text(member(raw, "query")); !ok {
			return nil, errNoSQL
		}
		if q.OnSuccess, q.OnError, q.FallbackStatus, ok = fallbacks(raw); !ok {
			return nil, errNoSQL
		}
		q.ID, _ = text(member(raw, "id"))
		var timeout float64
		if json.Unmarshal(member(raw, "timeout"), &timeout) == nil && timeout >= 1 && timeout < 1<<40 {
			q.Timeout = int64(timeout)
		}
		s.Queries = append(s.Queries, q)
	}
	return s, nil
}

// payload counts the characters of a JSON text without its white space.
func payload(body []byte) int {
	var b bytes.Buffer
	if json.Compact(&b, body) == nil {
		body = b.Bytes()
	}
	n := 0
	for _, r := range string(body) {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// member returns a member of an object: null where there is none, and where there is no object. Unlike encoding/json's, names
// have a case.
func member(object json.RawMessage, name string) json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(object, &m) != nil || m[name] == nil {
		return json.RawMessage("null")
	}
	return m[name]
}

// text reads a string that can be SQL: PostgreSQL takes no zero byte.
func text(raw json.RawMessage) (string, bool) {
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return "", false
	}
	return *s, strings.TrimSpace(*s) != "" && !strings.Contains(*s, "\x00")
}

// list reads an array that is not empty.
func list(raw json.RawMessage) ([]json.RawMessage, bool) {
	var l []json.RawMessage
	return l, json.Unmarshal(raw, &l) == nil && len(l) > 0
}

// fallbacks reads what an object may have: null and "" are none.
func fallbacks(object json.RawMessage) (onsuccess, onerror string, status Status, ok bool) {
	for name, sql := range map[string]*string{"onsuccess": &onsuccess, "onerror": &onerror} {
		raw := member(object, name)
		if s := string(raw); s == "null" || s == `""` {
			continue
		}
		if *sql, ok = text(raw); !ok {
			return "", "", "", false
		}
		status = Pending
	}
	return onsuccess, onerror, status, true
}

// timeFormat is that of JavaScript's Date.toISOString, in UTC.
const timeFormat = "2006-01-02T15:04:05.000Z"

// MarshalJSON returns the job as CARTO's SQL API shows it. While a job's own fallback runs, the job is running.
func (j Job) MarshalJSON() ([]byte, error) {
	type query struct {
		Query          string `json:"query"`
		OnSuccess      string `json:"onsuccess,omitempty"`
		OnError        string `json:"onerror,omitempty"`
		ID             string `json:"id,omitempty"`
		Timeout        int64  `json:"timeout,omitempty"`
		Status         Status `json:"status"`
		FallbackStatus Status `json:"fallback_status,omitempty"`
		StartedAt      string `json:"started_at,omitempty"`
		EndedAt        string `json:"ended_at,omitempty"`
		FailedReason   string `json:"failed_reason,omitempty"`
	}
	type chain struct {
		Query     []query `json:"query"`
		OnSuccess string  `json:"onsuccess,omitempty"`
		OnError   string  `json:"onerror,omitempty"`
	}
	show := func(t *time.Time) string {
		if t == nil || j.Shape != Fallback { // CARTO shows times only there
			return ""
		}
		return t.UTC().Format(timeFormat)
	}
	queries := make([]query, len(j.Queries))
	for i, q := range j.Queries {
		queries[i] = query{
			q.SQL, q.OnSuccess, q.OnError, q.ID, q.Timeout, q.Status, q.FallbackStatus,
			show(q.StartedAt), show(q.EndedAt), q.FailedReason,
		}
	}
	var what any = queries
	switch {
	case j.Shape == Fallback:
		what = chain{queries, j.OnSuccess, j.OnError}
	case j.Shape == Single && len(queries) == 1:
		what = queries[0].Query
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		ID             string `json:"job_id"`
		User           string `json:"user"`
		Query          any    `json:"query"`
		Status         Status `json:"status"`
		FallbackStatus Status `json:"fallback_status,omitempty"`
		CreatedAt      string `json:"created_at"`
		UpdatedAt      string `json:"updated_at"`
		FailedReason   string `json:"failed_reason,omitempty"`
	}{
		j.ID, j.User, what, j.Status, j.FallbackStatus,
		j.CreatedAt.UTC().Format(timeFormat), j.UpdatedAt.UTC().Format(timeFormat), j.FailedReason,
	})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// AppendJSON appends what MarshalJSON returns, but leaves "<", ">" and "&" as they are.
func (j Job) AppendJSON(dst []byte) ([]byte, error) {
	b, err := j.MarshalJSON()
	return append(dst, b...), err
}

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound = errors.New("job not found")
	ErrFull     = errors.New("the queue of jobs is full")
	// ErrFinal is that of canceling a job that has ended.
	ErrFinal = errors.New("the job has ended")
	// ErrNotRun is what the function given to Run wraps where it did not come to send the SQL: there was no session to be had.
	// The job waits and tries again.
	ErrNotRun = errors.New("the query was not sent")
)

// stateError has a text for the client, as CARTO's, and is one of the errors above.
type stateError struct {
	is   error
	text string
}

func (e *stateError) Error() string { return e.text }

func (e *stateError) Unwrap() error { return e.is }

func notFound(id string) error {
	return &stateError{ErrNotFound, fmt.Sprintf("Job with id %s not found", id)}
}

// isFinal has the text of CARTO's server, which its clients look for, spelling included, and that of its documentation.
func isFinal(s Status) error {
	return &stateError{ErrFinal, fmt.Sprintf("Cannot set status from %s to cancelled. The job status is %[1]s, cancel is not allowed", s)}
}

var (
	jobIDTemplate   = regexp.MustCompile(`<%=\s*job_id\s*%>`)
	messageTemplate = regexp.MustCompile(`<%=\s*error_message\s*%>`)
)

// expand fills in the templates of a fallback. The message is made to stand between single quotes: those in it are doubled.
func expand(sql, id, message string) string {
	sql = jobIDTemplate.ReplaceAllLiteralString(sql, id)
	if message != "" {
		sql = messageTemplate.ReplaceAllLiteralString(sql, strings.ReplaceAll(message, "'", "''"))
	}
	return sql
}
