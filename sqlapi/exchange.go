package sqlapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
	"github.com/ogrcarto/ogrcarto/sqlapi/internal/sqltext"
)

// exchange is one request and its answer.
type exchange struct {
	srv      *Server
	w        http.ResponseWriter
	r        *http.Request
	resp     *response
	start    time.Time
	client   netip.Addr
	endpoint string
	id       string
	key      string // the name of the API key
	callback string
	held     int64 // of Server.bodies
	err      error
}

// heldBodies is how many of the largest bodies are held at a time, of requests that run and that wait. More wait to be read.
const heldBodies = 8

// parameters reads the parameters of a request.
func (x *exchange) parameters() (url.Values, error) {
	body, err := x.body()
	if err != nil {
		return nil, err
	}
	return parameters(x.r, body)
}

// body reads the body of a POST with SQL, which is small enough to be kept.
func (x *exchange) body() ([]byte, error) {
	if x.r.Method != http.MethodPost {
		return nil, nil
	}
	limit := x.srv.cfg.MaxBody
	need := x.r.ContentLength
	if need < 0 || need > limit {
		need = limit
	}
	wait, stop := context.WithTimeout(x.r.Context(), x.srv.cfg.MaxWait)
	defer stop()
	if x.srv.bodies.Acquire(wait, need) != nil {
		return nil, x.waited(errBusy)
	}
	x.held = need
	return readBody(x.w, x.r, limit, x.srv.cfg.MaxIdle)
}

func (x *exchange) serve() error {
	methods := "GET, POST"
	switch {
	case x.endpoint == "copyfrom":
		methods = "POST"
	case x.endpoint == "version":
		methods = "GET"
	case x.endpoint == "job" && x.id == "":
		methods = "POST"
	case x.endpoint == "job":
		methods = "GET, DELETE"
	}
	method := x.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if !strings.Contains(methods, method) {
		x.w.Header().Set("Allow", methods)
		return refuse(http.StatusMethodNotAllowed, "Method %s is not for this endpoint: want %s", x.r.Method, methods)
	}
	switch x.endpoint {
	case "version":
		return x.version()
	case "job":
		return x.job()
	case "copyfrom":
		return x.copyFrom()
	case "copyto":
		return x.copyTo()
	default:
		return x.sql()
	}
}

// fail answers with an error, where that can still be done, and keeps it for the log.
func (x *exchange) fail(err error) {
	x.err = err
	var (
		cut  *cutError
		told *toldError
	)
	switch {
	case errors.As(err, &told):
	case errors.As(err, &cut):
		x.resp.abort()
	case x.resp.bytes > 0 || x.resp.status != 0: // the client is gone
		panic(http.ErrAbortHandler)
	default:
		var stopped *bodyError
		if x.r.Method == http.MethodPost && (errors.As(err, &stopped) || !drain(x.w, x.r.Body)) {
			x.w.Header().Set("Connection", "close")
		}
		a := answerTo(err)
		if a.status == http.StatusInternalServerError {
			x.srv.log.Error("request failed", "error", err.Error())
		}
		if a == errTooMany {
			x.w.Header().Set("Retry-After", "1")
		}
		x.resp.refuse(a, x.callback)
	}
}

// end writes the log's line.
func (x *exchange) end() {
	x.srv.bodies.Release(x.held)
	status := x.resp.status
	if status == 0 {
		status = http.StatusOK
	}
	took := time.Since(x.start)
	x.srv.metrics.request(x.endpoint, status, took, x.resp)
	attrs := []slog.Attr{
		slog.String("method", x.r.Method), slog.String("endpoint", x.endpoint), slog.Int("status", status),
		slog.Duration("took", took.Round(time.Microsecond)), slog.Int64("rows", x.resp.rows), slog.Int64("bytes", x.resp.bytes),
		slog.String("key", x.key), slog.String("client", x.client.String()),
	}
	level := slog.LevelInfo
	if x.err != nil {
		attrs = append(attrs, slog.String("error", logged(x.err)))
	}
	x.srv.log.LogAttrs(x.r.Context(), level, "request", attrs...)
}

// logged is what the log says of an error. PostgreSQL's messages may quote what a statement holds: their code is enough.
func logged(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return "SQLSTATE " + pg.Code
	}
	var login *loginError
	if errors.As(err, &login) {
		return "login failed"
	}
	return err.Error()
}

// begin checks the key and the limits, and returns a session of the key's role. parameters may hold the key. Call release
// where there is no error.
func (x *exchange) begin(v map[string][]string, e Endpoint, check func(account.Login) error) (ctx context.Context, s *session, release func(), err error) {
	login, err := x.login(v)
	if err != nil {
		return nil, nil, nil, err
	}
	b, err := x.admit(login, e)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := check(login); err != nil {
		return nil, nil, nil, err
	}
	queue, stop := context.WithTimeout(x.r.Context(), x.srv.cfg.MaxWait)
	defer stop()
	if err := b.enter(queue); err != nil {
		return nil, nil, nil, x.waited(err)
	}
	s, err = x.srv.pool.acquire(queue, login)
	if err != nil {
		b.leave()
		return nil, nil, nil, x.waited(err)
	}
	ctx, cancel := x.r.Context(), context.CancelFunc(func() {})
	if t := b.limit.Timeout; t > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, t, errTimeout)
	}
	return ctx, s, func() {
		cancel()
		b.leave()
		x.srv.pool.release(s)
	}, nil
}

// waited tells a client that did not wait from one that was kept waiting.
func (x *exchange) waited(err error) error {
	if x.r.Context().Err() != nil {
		return errGone
	}
	return err
}

// login finds out who asks.
func (x *exchange) login(v map[string][]string) (account.Login, error) {
	key, err := apiKey(x.r, v, x.srv.account)
	if err != nil {
		return account.Login{}, err
	}
	l, err := x.srv.keys.login(x.r.Context(), key)
	if err != nil {
		var a *answer
		if !errors.As(err, &a) && x.r.Context().Err() == nil {
			x.srv.log.Error("the API keys cannot be read", "error", logged(err))
			err = errNoServer
		}
		return account.Login{}, err
	}
	x.key = l.Key
	return l, nil
}

// admit applies the rate limit.
func (x *exchange) admit(l account.Login, e Endpoint) (*bucket, error) {
	b := x.srv.limits.bucket(l.Key, e)
	q, ok := b.take(time.Now())
	q.header(x.w.Header())
	if !ok {
		return nil, errRate
	}
	return b, nil
}

// allowed refuses what a key may not do that PostgreSQL would let it do.
func (s *Server) allowed(ctx context.Context, l account.Login, sql string) error {
	if l.Kind == account.Public {
		// Any role may change its own password and settings, which all who come without a key share.
		for st := range sqltext.Statements(sql) {
			if st.Keyword == "ALTER" || st.Keyword == "DO" {
				return errOtherUser
			}
		}
	}
	if l.Kind != account.Master {
		if _, uses := sqltext.UsesSystemCatalog(sql); uses {
			return errSystemTables
		}
	}
	if sqltext.Writes(sql) {
		if room, bounded := s.roomIn(ctx); bounded && room <= 0 {
			return errQuota
		}
	}
	return nil
}

func (x *exchange) sql() error {
	v, err := x.parameters()
	if err != nil {
		return err
	}
	opts, err := parseSQLOptions(v)
	x.callback = opts.callback
	if err != nil {
		return err
	}
	ctx, s, release, err := x.begin(v, EndpointSQL, func(l account.Login) error { return x.srv.allowed(x.r.Context(), l, opts.sql) })
	if err != nil {
		return err
	}
	defer release()
	a := &sqlAnswer{srv: x.srv, ctx: ctx, opts: &opts, resp: x.resp, start: x.start}
	return a.run(s)
}

func (x *exchange) copyTo() error {
	v, err := x.parameters()
	if err != nil {
		return err
	}
	sql, err := copyQuery(v, false)
	if err != nil {
		return err
	}
	ctx, s, release, err := x.begin(v, EndpointCopyTo, func(l account.Login) error { return x.srv.allowed(x.r.Context(), l, sql) })
	if err != nil {
		return err
	}
	defer release()
	c := &copyTo{resp: x.resp, filename: cmp.Or(safeFilename(v.Get("filename")), "carto-sql-copyto.dmp")}
	return c.run(ctx, s, sql)
}

func (x *exchange) copyFrom() error {
	v := parseForm(x.r.URL.RawQuery) // the body is the data
	sql, err := copyQuery(v, true)
	if err != nil {
		return err
	}
	body, interrupt, err := x.srv.copyBody(x.w, x.r)
	if err != nil {
		return err
	}
	ctx, s, release, err := x.begin(v, EndpointCopyFrom, func(l account.Login) error { return x.srv.allowed(x.r.Context(), l, sql) })
	if err != nil {
		return err
	}
	defer release()
	c := &copyFrom{body: body, interrupt: interrupt}
	if err := c.run(ctx, s, sql, x.resp, x.start); err != nil {
		return err
	}
	return nil
}

func (x *exchange) version() error {
	x.w.Header().Set("Content-Type", typeJSON)
	x.resp.begin(http.StatusOK)
	x.resp.buf = fmt.Appendf(x.resp.buf, `{"cartodb_sql_api":%q,"ogrcarto":%q}`, compatibleVersion, x.srv.cfg.Version)
	return x.resp.send()
}
