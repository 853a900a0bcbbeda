package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// call is a request that may be sent several times.
type call struct {
	op     string // for messages
	url    *url.URL
	sql    string // for the log
	data   []byte // the body
	header http.Header
	safety Safety
	// read reads an answer of status 200. Unless keep is set, the body is closed after it.
	read func(*http.Response) *failure
	keep bool
}

// maxRetryAfter is how long a server may ask to be left alone. Who asks for more is told that it is a limit, at once.
const maxRetryAfter = 5 * time.Minute

// run sends a request until there is an answer, or no point in another attempt.
func (c *Client) run(ctx context.Context, k *call) error {
	waits := &backoff.ExponentialBackOff{
		InitialInterval: c.wait, RandomizationFactor: backoff.DefaultRandomizationFactor, Multiplier: 2, MaxInterval: c.maxWait,
	}
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := c.attempt(ctx, k)
		switch {
		case f == nil:
			return nil
		case f.class == final:
			return f.err
		case ctx.Err() != nil:
			return f.ended(ctx, k.safety)
		case f.class == gone && k.safety == Once, n >= c.attempts, f.after > maxRetryAfter:
			return f.result(k.safety, n)
		}
		wait := min(waits.NextBackOff(), c.maxWait)
		if f.after > 0 { // a little more, so that those who were told the same do not come together
			wait = f.after + rand.N(min(f.after/10, time.Second)+1)
		}
		c.log.LogAttrs(ctx, slog.LevelInfo, "the SQL API is asked again after a pause", slog.String("endpoint", k.op),
			slog.Int("attempt", n), slog.Int("attempts", c.attempts), slog.Duration("wait", wait),
			slog.String("reason", shorten(c.clean(f.err.Error()))), slog.String("sql", shorten(c.clean(k.sql))))
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// sleep waits, but not longer than the context.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// maxRedirects is how many redirects are followed for one request.
const maxRedirects = 3

// attempt sends a request once, and once more wherever a redirect leads that may be followed.
func (c *Client) attempt(ctx context.Context, k *call) *failure {
	target := k.url
	for hop := 0; ; hop++ {
		next, f := c.send(ctx, k, target)
		if next == nil {
			return f
		}
		if hop == maxRedirects {
			return &failure{err: fmt.Errorf("more than %d redirects", maxRedirects)}
		}
		target = next
	}
}

// send sends a request to a URL. It returns where the answer redirects to, if that is to be followed.
func (c *Client) send(ctx context.Context, k *call, target *url.URL) (*url.URL, *failure) {
	up := &upload{data: k.data}
	defer up.finish()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), up.body())
	if err != nil {
		return nil, &failure{err: c.connectionError(err)}
	}
	for name, values := range k.header {
		req.Header[name] = values
	}
	req.ContentLength = int64(len(k.data))
	// Only net/http asks for it, and only where it knows that the server has not seen, or not looked at, the request.
	req.GetBody = func() (io.ReadCloser, error) { return up.body(), nil }
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Accept-Encoding", "identity") // packed data could end early and not be noticed
	if c.key != "" {
		req.SetBasicAuth(c.account, c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.notAnswered(err, up.finish())
	}
	switch resp.StatusCode {
	case http.StatusOK:
		f := k.read(resp)
		if f != nil || !k.keep {
			closeBody(resp)
		}
		return nil, f
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		defer closeBody(resp)
		return c.redirect(resp, k, target)
	default:
		defer closeBody(resp)
		return nil, c.refused(resp)
	}
}

// closeBody closes a body of which enough was read.
func closeBody(resp *http.Response) { _ = resp.Body.Close() }

// notAnswered is the failure of a request without an answer. sent says that the last byte was handed to the connection.
func (c *Client) notAnswered(err error, sent bool) *failure {
	f := &failure{class: gone, err: c.connectionError(err)}
	var (
		op          *net.OpError
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &certificate):
		f.class, f.err = final, fmt.Errorf("%w: %w", ErrUnreachable, f.err)
	case !sent, errors.As(err, &op) && op.Op == "dial":
		f.class = notRun
	}
	return f
}

// redirect says what comes of a redirect. Only those that stay on the host are followed, from http to https at most, for the
// key goes along; and only for what reads.
func (c *Client) redirect(resp *http.Response, k *call, from *url.URL) (*url.URL, *failure) {
	to, err := resp.Location()
	if err != nil {
		return nil, lost(fmt.Errorf("%s without a place to go to", resp.Status))
	}
	where := shorten(c.clean(to.Scheme + "://" + to.Host + to.EscapedPath()))
	same := to.Scheme == from.Scheme && to.Host == from.Host ||
		to.Scheme == "https" && from.Scheme == "http" && to.Hostname() == from.Hostname()
	switch {
	case !same || to.User != nil:
		err = fmt.Errorf("redirected to %s, which is not followed: it is another server", where)
	case k.safety != Repeat:
		err = fmt.Errorf("redirected to %s, which is not followed for a statement that changes something: use that URL", where)
	default:
		return to, nil
	}
	return nil, &failure{err: &Error{Status: resp.StatusCode, Message: err.Error()}}
}

// upload is the body of a request. It knows whether all of it was handed over. Nobody touches the data after finish: net/http may
// read a body on after it has returned.
type upload struct {
	data []byte

	mu    sync.Mutex
	at    int
	turn  int
	ended bool
}

// body returns the body from its beginning. The one before is worth nothing from then on.
func (u *upload) body() io.ReadCloser {
	if len(u.data) == 0 {
		return http.NoBody
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.turn++
	u.at = 0
	return &uploadBody{u, u.turn}
}

// finish ends the upload, and says whether all of it was handed over.
func (u *upload) finish() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	return u.at == len(u.data)
}

type uploadBody struct {
	u    *upload
	turn int
}

// Close implements io.Closer.
func (b *uploadBody) Close() error { return nil }

// Read implements io.Reader.
func (b *uploadBody) Read(p []byte) (int, error) {
	u := b.u
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case b.turn != u.turn:
		return 0, errEnded
	case u.at == len(u.data): // also when it has ended: net/http may ask late, and an error would make it close the connection
		return 0, io.EOF
	case u.ended:
		return 0, errEnded
	}
	n := copy(p, u.data[u.at:])
	u.at += n
	return n, nil
}

var errEnded = errors.New("the request has ended")
