// Package api speaks CARTO's SQL API, as a client: one that takes no broken answer for a complete one, and sends no statement
// twice that may be run once only.
//
// A request that fails is sent again where that can do no harm: always, for a statement that only reads; for others only where
// it certainly was not run. That is so when no connection could be made, when the connection broke before the last byte of the
// request was handed to it (a server must not run what it has not got whole), and when a limiter refused it. In all other cases
// the caller gets ErrUnknown, and has to find out.
package api

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config says where the API is and how to ask it. The zero value of a member means the default that is named with it.
type Config struct {
	// URL is that of the endpoint sql, as in https://alice.carto.com/api/v2/sql. It has no key.
	URL string
	// Account is the user of HTTP Basic authentication, Key its password; no Authorization without a key. The key is in no URL, no
	// error and no log.
	Account, Key string
	// Client is what requests are sent with: one of its own, with time limits and HTTP keep-alive. It must not send a request
	// twice by itself, as net/http's Transport does not. Its redirects are left to this package.
	Client    *http.Client
	Logger    *slog.Logger // nothing is logged
	UserAgent string       // "ogrcarto"
	// Attempts is how often a request is sent that may be repeated (6); Wait is before the second attempt, and grows (200 ms), up to
	// MaxWait (30 s). A server's Retry-After is waited for as it says, up to five minutes.
	Attempts      int
	Wait, MaxWait time.Duration
}

// Safety says whether a statement may be sent again when its answer was lost.
type Safety int

// The kinds of statements.
const (
	Once   Safety = iota // it changes something: a lost answer is ErrUnknown
	Repeat               // it only reads, or changes nothing when it is run twice
)

// Client asks the API. It is safe for concurrent use.
type Client struct {
	http      *http.Client
	log       *slog.Logger
	base      *url.URL
	account   string
	key       string
	userAgent string
	secrets   []string // what no message may have in it: the key, as it is and as it is encoded
	attempts  int
	wait      time.Duration
	maxWait   time.Duration
}

// New returns a client. A URL that makes no sense is an error.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "": // the URL is not shown: it may have the key in it
		return nil, errors.New("the API's URL makes no sense: want https://host/path or http://host/path")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the API's URL has a user, a query or a fragment: want https://host/path, and the key elsewhere")
	case strings.ContainsAny(c.Account, ":\r\n\x00"):
		return nil, errors.New("the account's name has a colon or a control character")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	x := &Client{
		base: u, account: c.Account, key: c.Key, userAgent: c.UserAgent, log: c.Logger,
		attempts: c.Attempts, wait: c.Wait, maxWait: c.MaxWait,
	}
	if x.userAgent == "" {
		x.userAgent = "ogrcarto"
	}
	if x.log == nil {
		x.log = slog.New(slog.DiscardHandler)
	}
	if x.attempts <= 0 {
		x.attempts = 6
	}
	if x.wait <= 0 {
		x.wait = 200 * time.Millisecond
	}
	if x.maxWait <= 0 {
		x.maxWait = 30 * time.Second
	}
	if c.Key != "" {
		basic := base64.StdEncoding.EncodeToString([]byte(c.Account + ":" + c.Key))
		x.secrets = []string{basic, c.Key, url.QueryEscape(c.Key), url.PathEscape(c.Key)}
	}
	h := c.Client
	if h == nil {
		h = &http.Client{Transport: newTransport()}
	}
	own := *h
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	x.http = &own
	return x, nil
}

// Close closes the connections that nobody uses. The client may still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// endpoint returns the URL of an endpoint below sql, or of sql itself.
func (c *Client) endpoint(name, query string) *url.URL {
	u := *c.base
	if name != "" {
		u.Path += "/" + name
	}
	u.RawQuery = query
	return &u
}

// form is SQL as the body of a request.
func form(sql string) []byte { return []byte("q=" + url.QueryEscape(sql)) }

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

// Query runs SQL and returns its rows: for small results, as the whole answer is held. Its errors match those of this package,
// *Error, or the context's. Of a statement that is run Once, ErrUnknown alone says that it may have been run; it comes together
// with the context's error where that ended the wait for an answer. (SQL with a COMMIT of its own may fail behind that.)
func (c *Client) Query(ctx context.Context, sql string, s Safety) (*Result, error) {
	var result *Result
	k := &call{
		op: "sql", url: c.endpoint("", ""), sql: sql, safety: s,
		data: form(sql), header: http.Header{"Content-Type": {formType}},
		read: func(resp *http.Response) *failure {
			a, f := c.readAnswer(resp)
			if f == nil && !a.has("rows") {
				f = lost(errNotOurs)
			}
			if f == nil {
				result = &Result{Rows: a.rows, Fields: a.fields, TotalRows: a.total}
			}
			return f
		},
	}
	if err := c.run(ctx, k); err != nil {
		return nil, err
	}
	return result, nil
}

const formType = "application/x-www-form-urlencoded"
