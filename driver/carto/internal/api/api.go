// Package api speaks CARTO's SQL API, as a client: one that takes no broken answer for a complete one.
package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Config says where the API is and how to ask it. The zero value of a member means the default that is named with it.
type Config struct {
	// URL is that of the endpoint sql, as in https://alice.carto.com/api/v2/sql. It has no key.
	URL string
	// Account is the user of HTTP Basic authentication, Key its password; no Authorization without a key. The key is in no URL, no
	// error and no log.
	Account, Key string
	Client       *http.Client // a client of its own with sensible timeouts and HTTP keep-alive
	Logger       *slog.Logger // nothing is logged
	UserAgent    string
	// Attempts is how often a request is sent that may be repeated (6); Wait is before the second attempt, and grows (200 ms), up to
	// MaxWait (30 s).
	Attempts      int
	Wait, MaxWait time.Duration
}

// Client asks the API. It is safe for concurrent use.
type Client struct{}

// New returns a client. A URL that makes no sense is an error.
func New(c Config) (*Client, error) { return nil, errors.ErrUnsupported }

// Errors that callers tell apart with errors.Is.
var (
	// ErrTimeout: the server ended the statement because it took too long (429, "SQL query timeout"): ask for less.
	ErrTimeout = errors.New("the server's limit of time for a statement")
	// ErrRate: the server's rate limit, also after all attempts.
	ErrRate = errors.New("the server's limit of requests")
	// ErrUnauthorized: the key is wrong.
	ErrUnauthorized = errors.New("the API key is wrong, or there is none")
	// ErrForbidden: the key may not do that.
	ErrForbidden = errors.New("permission denied")
	// ErrUnknown: it is not known whether the statement was run: the answer was lost.
	ErrUnknown = errors.New("the answer was lost: it is not known whether the statement was run")
)

// Error is what the server says of a statement (a status of 4xx, or "error" in an answer of 200).
type Error struct {
	Status                         int
	Message, Detail, Hint, Context string
	RetryAfter                     time.Duration // 0 where the server said nothing
}

func (e *Error) Error() string { return e.Message }

// Safety says whether a statement may be sent again when its answer was lost.
type Safety int

// The kinds of statements.
const (
	Once   Safety = iota // it changes something: a lost answer is ErrUnknown
	Repeat               // it only reads, or changes nothing when it is run twice
)

// Result is the answer to Query.
type Result struct {
	Rows      []map[string]any // numbers are json.Number
	Fields    []Field          // in the order of the answer
	TotalRows int64
}

// Field is an entry of "fields".
type Field struct {
	Name, Type, PGType, WKBType string
	Dims, SRID                  int
}

// Query runs SQL and returns its rows: for small results.
func (c *Client) Query(ctx context.Context, sql string, s Safety) (*Result, error) {
	return nil, errors.ErrUnsupported
}

// CopyTo runs COPY ... TO STDOUT. The body ends with an error where the answer broke off, or where the server added an error
// behind the data; only attempts before the first byte are repeated.
func (c *Client) CopyTo(ctx context.Context, sql string) (io.ReadCloser, error) {
	return nil, errors.ErrUnsupported
}

// CopyFrom runs COPY ... FROM STDIN with data, in one request, and returns how many rows the server took. It is sent again only
// where the server certainly has not taken it; a lost answer is ErrUnknown.
func (c *Client) CopyFrom(ctx context.Context, sql string, data []byte, gzip bool) (int64, error) {
	return 0, errors.ErrUnsupported
}
