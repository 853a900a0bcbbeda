package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// answer is the JSON of the API.
type answer struct {
	members map[string]bool // their names
	rows    []map[string]any
	fields  []Field
	total   int64

	failed                 bool // there is an "error"
	message                string
	detail, hint, location string
}

func (a *answer) has(name string) bool { return a.members[name] }

// error returns what the answer says of an error, without the key.
func (a *answer) error(c *Client, status int) *Error {
	return &Error{Status: status, Message: c.clean(a.message), Detail: c.clean(a.detail), Hint: c.clean(a.hint), Context: c.clean(a.location)}
}

var (
	errNotOurs  = errors.New("the answer is not one of the SQL API")
	errTooLarge = errors.New("the answer is too large")
)

// maxAnswer is how much is read of an answer that is held in memory, maxRefusal of one that only tells of an error. For up to
// maxReserved, the length that the server claims is believed.
const (
	maxAnswer   = 512 << 20
	maxReserved = 16 << 20
	maxRefusal  = 64 << 10
)

// readAnswer reads the JSON of an answer of status 200, to its end.
func (c *Client) readAnswer(resp *http.Response) (*answer, *failure) {
	var buf bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= maxReserved {
		buf.Grow(int(n) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1)); err != nil {
		return nil, lost(fmt.Errorf("the answer broke off after %d bytes: %w", buf.Len(), c.connectionError(err)))
	}
	if buf.Len() > maxAnswer {
		return nil, lost(errTooLarge)
	}
	a, err := decodeAnswer(buf.Bytes())
	if err != nil {
		return nil, lost(fmt.Errorf("%w: %s", errNotOurs, shorten(c.clean(err.Error()))))
	}
	if a.failed {
		return nil, classify(a.error(c, resp.StatusCode), true)
	}
	return a, nil
}

// decodeAnswer reads a JSON object and nothing behind it.
func decodeAnswer(data []byte) (*answer, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	a := &answer{members: map[string]bool{}}
	err := members(d, func(name string) error {
		a.members[name] = true
		switch name {
		case "rows":
			return d.Decode(&a.rows)
		case "fields":
			return a.decodeFields(d)
		}
		var v any
		if err := d.Decode(&v); err != nil {
			return err
		}
		switch name {
		case "total_rows":
			if n, ok := v.(json.Number); ok {
				total, err := strconv.ParseFloat(string(n), 64)
				if err != nil || total < 0 || total > 1<<53 || total != math.Trunc(total) {
					return fmt.Errorf("total_rows is %s", n)
				}
				a.total = int64(total)
			}
		case "error":
			a.failed = a.failed || v != nil
			if s := text(v); s != "" {
				a.message = s
			}
		case "detail":
			a.detail = text(v)
		case "hint":
			a.hint = text(v)
		case "context":
			a.location = text(v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	switch _, err := d.Token(); {
	case err == nil:
		return nil, errors.New("something stands behind the JSON object")
	case err != io.EOF:
		return nil, err
	}
	if a.failed && a.message == "" {
		a.message = "an error without a message"
	}
	return a, nil
}

// decodeFields reads the object of fields, whose order is that of the columns.
func (a *answer) decodeFields(d *json.Decoder) error {
	a.fields = nil
	return members(d, func(name string) error {
		var f struct {
			Type    string      `json:"type"`
			PGType  string      `json:"pgtype"`
			WKBType string      `json:"wkbtype"`
			Dims    json.Number `json:"dims"`
			SRID    json.Number `json:"srid"`
		}
		if err := d.Decode(&f); err != nil {
			return err
		}
		dims, _ := strconv.Atoi(string(f.Dims))
		srid, _ := strconv.Atoi(string(f.SRID))
		a.fields = append(a.fields, Field{Name: name, Type: f.Type, PGType: f.PGType, WKBType: f.WKBType, Dims: dims, SRID: srid})
		return nil
	})
}

// members reads an object. each reads the value of a member.
func members(d *json.Decoder, each func(name string) error) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("%v stands where an object should begin", t)
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		if err := each(t.(string)); err != nil { // the decoder takes nothing else for a name
			return err
		}
	}
	_, err = d.Token()
	return err
}

// text is a message: a string, or several.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		var parts []string
		for _, e := range v {
			if s := text(e); s != "" {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, "; ")
	default:
		return fmt.Sprint(v)
	}
}

// refused reads an answer whose status is not 200.
func (c *Client) refused(resp *http.Response) *failure {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	e := &Error{Status: resp.StatusCode}
	ours := false
	if err == nil {
		if a, err := decodeAnswer(body); err == nil && a.failed {
			e, ours = a.error(c, resp.StatusCode), true
		}
	}
	if !ours {
		e.Message = statusText(resp.StatusCode) + ", which the SQL API has not said"
	}
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	return classify(e, ours)
}

// statusText is "502 Bad Gateway".
func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

var (
	// queryTimeout finds what CARTO, and PostgreSQL, say of a statement that took too long.
	queryTimeout = regexp.MustCompile(`(?i)\bquery timeout|statement timeout`)
	// databaseLost finds what is said of a database that was lost while a statement ran, or before: by our server, node-postgres,
	// libpq, PostgreSQL, PgBouncer.
	databaseLost = regexp.MustCompile(`(?i)^(?:the database cannot be reached|connection terminated|terminating connection|` +
		`server closed the connection|server conn crashed|(?:read|connect) E[A-Z]+\b|the database system is |sorry, too many clients)`)
)

// classify says what to do about what the server said. ours says that it was the SQL API that said it.
func classify(e *Error, ours bool) *failure {
	f := &failure{err: e, after: e.RetryAfter}
	switch {
	case e.Context == limitContext && e.Detail == "datasource", ours && queryTimeout.MatchString(e.Message):
		f.err = fmt.Errorf("%w: %w", ErrTimeout, e)
	case e.Status == http.StatusTooManyRequests:
		f.class, f.err = notRun, rateError(e)
	case e.Status == http.StatusServiceUnavailable && e.RetryAfter > 0:
		f.class = notRun
	case e.Status == http.StatusUnauthorized:
		f.err = fmt.Errorf("%w: %w", ErrUnauthorized, e)
	case e.Status == http.StatusForbidden:
		f.err = forbiddenError{e}
	case ours && databaseLost.MatchString(e.Message):
		f.class = gone
	case e.Status == http.StatusOK: // "error" beside rows
	case e.Status < 400, e.Status >= 499, e.Status == http.StatusRequestTimeout, e.Status == http.StatusTooEarly:
		f.class = gone
	}
	return f
}

// retryAfter reads the header Retry-After: seconds or a date. It returns 0 for none, and for the past.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, 1e6) * float64(time.Second))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(at.Sub(now), 0)
}
