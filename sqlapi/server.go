package sqlapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/semaphore"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
	"github.com/ogrcarto/ogrcarto/sqlapi/internal/jobs"
)

// compatibleVersion is the version of CARTO's SQL API whose behaviour this one has.
const compatibleVersion = "6.0.0"

// Server answers the SQL API's requests for one account. It is an http.Handler, safe for concurrent use.
type Server struct {
	cfg     Config
	account string
	log     *slog.Logger

	db      *pgxpool.Pool // the service's own sessions
	pool    *pool         // those of the API keys' roles
	keys    *keyring
	types   *typeNumbers
	limits  *limiter
	metrics *metricSet
	size    sizeWatch
	bodies  *semaphore.Weighted // bytes of SQL that are held at a time

	queue    *jobs.Queue
	stopJobs context.CancelFunc
	killed   context.Context // ends when the jobs that run are to be canceled at once
	killJobs context.CancelFunc
	jobsDone chan struct{}
}

// New connects to the database, which must be prepared (see package account), and starts the workers of batch jobs. The
// server lives until Shutdown; ctx is for the start alone.
func New(ctx context.Context, cfg Config) (*Server, error) {
	cfg.setDefaults()
	pgCfg, err := pgxpool.ParseConfig(cfg.Postgres)
	if err != nil {
		return nil, errors.New("the URL of the database cannot be understood: want postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	// Nothing that is tied to a session: it may be another one for each statement, behind PgBouncer.
	pgCfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	pgCfg.ConnConfig.RuntimeParams = map[string]string{"application_name": "ogrcarto"}
	pgCfg.ConnConfig.ConnectTimeout = connectTime
	pgCfg.MaxConns = int32(4 + max(cfg.JobWorkers, 0))
	db, err := pgxpool.NewWithConfig(ctx, pgCfg)
	if err != nil {
		return nil, &loginError{err}
	}
	s := &Server{cfg: cfg, db: db, log: cfg.Logger, types: &typeNumbers{db: db}}
	s.keys = &keyring{load: func(ctx context.Context) (snapshot *account.Snapshot, err error) {
		err = s.twice(ctx, func() error {
			snapshot, err = account.Load(ctx, db)
			return err
		})
		return snapshot, err
	}}
	snapshot, err := s.keys.get(ctx, 0)
	if err == nil {
		err = s.types.load(ctx)
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("starting: %w", err)
	}
	s.account = snapshot.Account
	if cfg.Account != "" && cfg.Account != s.account {
		db.Close()
		return nil, fmt.Errorf("the database's account is %s, not %s", s.account, cfg.Account)
	}
	s.pool = newPool(&pgCfg.ConnConfig.Config, cfg.MaxConnections, cfg.MaxRow, s.repair)
	s.limits = newLimiter(&s.cfg)
	s.bodies = semaphore.NewWeighted(heldBodies * cfg.MaxBody)
	s.size = sizeWatch{db: db, quota: cfg.Quota}
	s.metrics = newMetrics(s.pool)
	s.startJobs()
	return s, nil
}

func (c *Config) setDefaults() {
	c.MaxConnections = cmp.Or(c.MaxConnections, DefaultMaxConnections)
	c.MaxWait = cmp.Or(c.MaxWait, DefaultMaxWait)
	c.MaxBody = cmp.Or(c.MaxBody, DefaultMaxBody)
	c.MaxCopy = cmp.Or(c.MaxCopy, DefaultMaxCopy)
	c.MaxRow = cmp.Or(c.MaxRow, DefaultMaxRow)
	c.MaxIdle = cmp.Or(c.MaxIdle, DefaultMaxIdle)
	c.JobWorkers = cmp.Or(c.JobWorkers, 1)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
}

// twice does what only reads a second time where it fails: after a restart of PostgreSQL, the sessions in the pool are dead.
func (s *Server) twice(ctx context.Context, f func() error) error {
	err := f()
	if err == nil || ctx.Err() != nil || errors.Is(err, account.ErrNotPrepared) {
		return err
	}
	s.db.Reset()
	return f()
}

// repair makes a login work again whose role changed its own password.
func (s *Server) repair(ctx context.Context, l account.Login) error {
	conn, err := s.db.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	s.log.Warn("a role's login was refused and is set again", "role", l.Role)
	return account.RepairRole(ctx, conn.Conn(), l)
}

// Account is the name of the account that is served.
func (s *Server) Account() string { return s.account }

// Shutdown stops the workers of batch jobs and closes the sessions. Statements that run are given until ctx ends; then they
// are canceled. Call it after http.Server.Shutdown, which waits for the requests.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopJobs()
	defer s.killJobs()
	var err error
	select {
	case <-s.jobsDone:
	case <-ctx.Done():
		err = context.Cause(ctx)
		s.killJobs()
		<-s.jobsDone
	}
	s.pool.close()
	s.db.Close()
	return err
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{srv: s, w: w, r: r, start: time.Now(), client: s.cfg.client(r)}
	x.resp = newResponse(w, s.cfg.MaxIdle)
	defer x.end()
	commonHeaders(w.Header())
	if len(s.cfg.Allow) > 0 && !contains(s.cfg.Allow, x.client) {
		x.fail(refuse(http.StatusForbidden, "permission denied"))
		return
	}
	switch r.URL.Path {
	case "/health":
		x.endpoint = "health"
		s.health(x)
		return
	case "/metrics":
		x.endpoint = "metrics"
		if addr := parseAddr(r.RemoteAddr); !addr.IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
			x.fail(refuse(http.StatusForbidden, "permission denied"))
			return
		}
		_ = x.resp.rc.SetWriteDeadline(time.Now().Add(s.cfg.MaxIdle)) // the connection may have an old one
		s.Metrics().ServeHTTP(w, r)
		x.resp.status = http.StatusOK
		return
	}
	q, ok := s.cfg.route(r)
	if !ok {
		x.fail(refuse(http.StatusNotFound, "Not found: %s", r.URL.Path))
		return
	}
	x.endpoint, x.id = q.endpoint, q.id
	if q.user != "" && q.user != s.account {
		x.fail(refuse(http.StatusNotFound, "Sorry, we can't find CARTO user '%s'. Please check that you have entered the correct domain.", q.user))
		return
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", "GET, POST, DELETE, OPTIONS")
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS")
		x.resp.begin(http.StatusOK)
		_ = x.resp.send()
		return
	}
	if err := x.serve(); err != nil {
		x.fail(err)
	}
}

// health tells whether the database answers.
func (s *Server) health(x *exchange) {
	ctx, stop := context.WithTimeout(x.r.Context(), connectTime)
	defer stop()
	if err := s.twice(ctx, func() error { return s.db.Ping(ctx) }); err != nil {
		x.fail(refuse(http.StatusServiceUnavailable, "The database cannot be reached"))
		return
	}
	x.w.Header().Set("Content-Type", typeJSON)
	x.w.Header().Set("Cache-Control", "no-store")
	x.resp.begin(http.StatusOK)
	x.resp.buf = append(x.resp.buf, `{"ok":true}`...)
	_ = x.resp.send()
}
