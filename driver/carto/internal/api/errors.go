package api

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

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
	// ErrLost: no complete answer came to what only reads, also after all attempts; or the body of CopyTo broke off.
	ErrLost = errors.New("no complete answer")
	// ErrUnreachable: the API could not be asked, also after all attempts: nothing was run.
	ErrUnreachable = errors.New("the API cannot be reached")
)

// Error is what the server says of a statement (a status of 4xx or 5xx, or "error" in an answer of 200).
type Error struct {
	Status                         int // 200 where the error came with an answer that had begun
	Message, Detail, Hint, Context string
	RetryAfter                     time.Duration // 0 where the server said nothing
}

// Error returns the message, with the detail and the hint where PostgreSQL gave them, all of it cut after 200 characters: it may
// quote the statement.
func (e *Error) Error() string {
	s := e.Message
	if e.Context != limitContext { // there, detail is CARTO's word for the limit
		for _, more := range []string{e.Detail, e.Hint} {
			if more != "" {
				s += " (" + more + ")"
			}
		}
	}
	return shorten(s)
}

// limitContext is CARTO's "context" of an answer that tells of a limit.
const limitContext = "limit"

// connectionError is an error of net/http. Its text has no URL, which may have SQL in it, and no secret.
type connectionError struct {
	text string
	err  error
}

func (e *connectionError) Error() string { return e.text }
func (e *connectionError) Unwrap() error { return e.err }

// connectionError makes the error of a request fit to be seen.
func (c *Client) connectionError(err error) error {
	var u *url.Error
	for errors.As(err, &u) { // it quotes the URL
		err = u.Err
	}
	return &connectionError{shorten(c.clean(err.Error())), err}
}

// clean takes the key out of a text.
func (c *Client) clean(s string) string {
	for _, secret := range c.secrets {
		s = strings.ReplaceAll(s, secret, "xxxxx")
	}
	return s
}

// maxShown is how many characters of a text that may be SQL are shown.
const maxShown = 200

// shorten cuts a text for errors and logs.
func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxShown {
		return s
	}
	n := 0
	for i := range s {
		if n == maxShown-1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// class says what a failure means for a second attempt.
type class int

const (
	final  class = iota // another attempt would come to the same
	notRun              // the statement was certainly not run: any statement may be sent again
	gone                // the answer was lost: the statement may have been run
)

// failure is what one attempt came to, where it did not come to an answer.
type failure struct {
	class class
	err   error
	after time.Duration // what the server wants to be waited; 0 where it said nothing
}

// lost is a failure after which nothing is known.
func lost(err error) *failure { return &failure{class: gone, err: err} }

// rateError tells of a rate limit.
func rateError(err error) error { return fmt.Errorf("%w: %w", ErrRate, err) }

// result is what the caller is told of the last failure.
func (f *failure) result(s Safety, attempts int) error {
	err := f.err
	switch {
	case f.class == final:
		return err
	case f.class == gone && s == Once:
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	case f.class == gone:
		err = fmt.Errorf("%w: %w", ErrLost, err)
	case !errors.Is(err, ErrRate):
		err = fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if attempts > 1 {
		err = fmt.Errorf("%w (after %d attempts)", err, attempts)
	}
	return err
}

// ended is what the caller is told when the context ended.
func (f *failure) ended(ctx context.Context, s Safety) error {
	if f.class == gone && s == Once {
		return fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
	return ctx.Err()
}

// forbiddenError matches ErrForbidden, whose text PostgreSQL's message has in it.
type forbiddenError struct{ err *Error }

func (e forbiddenError) Error() string   { return e.err.Error() }
func (e forbiddenError) Unwrap() []error { return []error{ErrForbidden, e.err} }
