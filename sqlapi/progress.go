package sqlapi

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// progressReader reads a body whose client must send something at least every idle.
//
// A read deadline stays with the connection, and net/http itself reads from it once the body is read, to see whether the client
// is still there: a deadline that passes then looks like a client that left. So it is lifted at the end of the body, and only
// there. Where the body is given up, the connection must not be used again.
type progressReader struct {
	r    io.Reader
	rc   *http.ResponseController
	idle time.Duration

	mu          sync.Mutex
	reading     bool
	ended       error
	interrupted bool
}

// bodyError is an error of reading a body: the client stopped sending.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "the body ended early: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

var errInterrupted = errors.New("nobody reads it any more")

func (p *progressReader) Read(b []byte) (int, error) {
	if err := p.begin(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading = false
	var tooLarge *http.MaxBytesError
	switch {
	case err == io.EOF:
		_ = p.rc.SetReadDeadline(time.Time{}) // test recorders have none
	case errors.As(err, &tooLarge):
	case err != nil:
		err = &bodyError{err}
	}
	p.ended = err
	return n, err
}

func (p *progressReader) begin() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ended != nil:
		return p.ended
	case p.interrupted:
		return &bodyError{errInterrupted}
	}
	p.reading = true
	_ = p.rc.SetReadDeadline(time.Now().Add(p.idle))
	return nil
}

// interrupt makes a Read that is under way, and those that follow, fail.
func (p *progressReader) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interrupted = true
	if p.reading {
		_ = p.rc.SetReadDeadline(time.Unix(1, 0))
	}
}

const (
	drainSize = 32 << 20
	drainTime = 5 * time.Second
)

// drain reads what a client still sends, so far and so long as that is cheap: most clients read an answer only when they have
// sent all. It tells whether it came to the end.
func drain(w http.ResponseWriter, body io.Reader) bool {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(drainTime))
	if n, err := io.CopyN(io.Discard, body, drainSize); err != io.EOF || n == drainSize {
		_ = rc.SetReadDeadline(time.Unix(1, 0))
		return false
	}
	_ = rc.SetReadDeadline(time.Time{})
	return true
}
