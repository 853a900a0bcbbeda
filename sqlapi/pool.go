package sqlapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"golang.org/x/sync/semaphore"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

const (
	// idleTime is how long a session is kept for the next request of its role.
	idleTime = 5 * time.Minute
	// trustTime is how long after its last use a session is believed to be alive without asking.
	trustTime = time.Second
	// connectTime bounds a login.
	connectTime = 10 * time.Second
)

// errBusy says that no session became free in time.
var errBusy = errors.New("all sessions are in use")

// pool keeps sessions of all roles, at most so many together: those in use and those that wait for the next request. Each is
// logged in as its role; none changes it.
type pool struct {
	base   *pgconn.Config // the service's own; user and password are replaced
	max    int
	repair func(ctx context.Context, l account.Login) error // makes a login work again that should work

	inUse *semaphore.Weighted

	mu     sync.Mutex
	idle   []*session // the longest idle first
	open   int        // in use, idle and being opened
	timer  bool       // expire will be called
	closed bool
}

func newPool(base *pgconn.Config, max, maxRow int, repair func(context.Context, account.Login) error) *pool {
	base = base.Copy()
	base.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		fe := pgproto3.NewFrontend(bufio.NewReaderSize(r, copyChunk), w)
		fe.SetMaxBodyLen(maxRow)
		return fe
	}
	base.MaxProtocolMessageBodyLen = maxRow
	base.ConnectTimeout = connectTime
	// What a session is like is a matter of its role's settings: PgBouncer refuses most parameters at the start.
	base.RuntimeParams = map[string]string{"client_encoding": "UTF8", "application_name": "ogrcarto"}
	return &pool{base: base, max: max, repair: repair, inUse: semaphore.NewWeighted(int64(max))}
}

// acquire returns a session for the login. Give it back with release. errBusy is for a ctx that ended in the queue.
func (p *pool) acquire(ctx context.Context, l account.Login) (*session, error) {
	if err := p.inUse.Acquire(ctx, 1); err != nil {
		return nil, errBusy
	}
	s, err := p.get(ctx, l)
	if err != nil {
		p.inUse.Release(1)
	}
	return s, err
}

func (p *pool) get(ctx context.Context, l account.Login) (*session, error) {
	for {
		s, ok := p.takeIdle(l.Role)
		if !ok {
			break
		}
		if time.Since(s.idleSince) < trustTime || s.alive(ctx) {
			return s, nil
		}
		p.discard(s)
		p.flush() // the others were opened before and are as old: the server was restarted, as a rule
	}
	s, err := p.login(ctx, l)
	if err != nil {
		p.mu.Lock()
		p.open--
		p.mu.Unlock()
	}
	return s, err
}

// takeIdle takes the role's session that was used last. Where there is none, it makes room for a new one, which counts as
// open from now on.
func (p *pool) takeIdle(role string) (*session, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if s := p.idle[i]; s.role == role {
			p.idle = slices.Delete(p.idle, i, i+1)
			return s, true
		}
	}
	if p.open >= p.max && len(p.idle) > 0 {
		p.idle[0].close()
		p.idle = slices.Delete(p.idle, 0, 1)
		p.open--
	}
	p.open++
	return nil, false
}

// login opens a session. A role may change its own password, or its settings, and so shut others out: where the server refuses
// a login that is right, it is repaired once.
func (p *pool) login(ctx context.Context, l account.Login) (*session, error) {
	s, err := p.connect(ctx, l)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "28P01" || pg.Code == "28000") && p.repair != nil {
		if p.repair(ctx, l) == nil {
			s, err = p.connect(ctx, l)
		}
	}
	return s, err
}

func (p *pool) connect(ctx context.Context, l account.Login) (*session, error) {
	cfg := p.base.Copy()
	cfg.User, cfg.Password = l.Role, l.Password
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, &loginError{err}
	}
	return newSession(conn, l.Role), nil
}

// loginError says that no session could be opened. Its text has no password.
type loginError struct{ err error }

func (e *loginError) Error() string { return "cannot log in to the database: " + e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }

// release cleans a session and keeps it for the next request. It returns at once.
func (p *pool) release(s *session) {
	go func() {
		defer p.inUse.Release(1)
		ctx, stop := context.WithTimeout(context.Background(), cancelGrace)
		defer stop()
		if !s.clean(ctx) {
			p.discard(s)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.closed {
			s.close()
			p.open--
			return
		}
		s.idleSince = time.Now()
		p.idle = append(p.idle, s)
		if !p.timer {
			p.timer = true
			time.AfterFunc(idleTime, p.expire)
		}
	}()
}

func (p *pool) discard(s *session) {
	s.close()
	p.mu.Lock()
	p.open--
	p.mu.Unlock()
}

// expire closes what was idle for long.
func (p *pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.idle) && time.Since(p.idle[n].idleSince) >= idleTime {
		p.idle[n].close()
		n++
	}
	p.idle = slices.Delete(p.idle, 0, n)
	p.open -= n
	if p.timer = len(p.idle) > 0; p.timer {
		time.AfterFunc(time.Until(p.idle[0].idleSince.Add(idleTime)), p.expire)
	}
}

// flush closes all idle sessions.
func (p *pool) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.idle {
		s.close()
	}
	p.open -= len(p.idle)
	p.idle = nil
}

// close closes the idle sessions, and the others when they are released.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.flush()
}

// size returns how many sessions there are, and how many of them are idle.
func (p *pool) size() (open, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open, len(p.idle)
}
