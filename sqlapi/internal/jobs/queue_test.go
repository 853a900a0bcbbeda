package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// ddl makes the table as package account does.
const ddl = `CREATE SCHEMA ogrcarto; CREATE TABLE ogrcarto.jobs (
	job_id uuid PRIMARY KEY, username text NOT NULL, body jsonb NOT NULL, status text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), failed_reason text,
	cancel boolean NOT NULL DEFAULT false, worker text, heartbeat timestamptz, seq bigserial);
	CREATE INDEX ON ogrcarto.jobs (status, seq);
	CREATE TABLE log (i serial, what text)`

var quick = pace{
	poll: 50 * time.Millisecond, watch: 50 * time.Millisecond, beat: 100 * time.Millisecond, stale: time.Second,
	patience: 2 * time.Second, maxDelay: 200 * time.Millisecond, wait: 5 * time.Second, sweep: 50 * time.Millisecond,
}

type fixture struct {
	t   *testing.T
	url string
	*Queue
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	f := &fixture{t: t, url: testpeer.NewDatabase(t).URL}
	if err := f.exec(context.Background(), ddl); err != nil {
		t.Fatal(err)
	}
	f.Queue = f.queue(f.url)
	return f
}

// queue returns another server's queue over the same table.
func (f *fixture) queue(address string) *Queue {
	f.t.Helper()
	pool, err := pgxpool.New(context.Background(), address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(pool.Close)
	return &Queue{Pool: pool, pace: quick, Logger: slog.New(slog.DiscardHandler), Grace: 5 * time.Second}
}

// exec runs SQL as a worker should.
func (f *fixture) exec(ctx context.Context, sql string) error {
	return exec(ctx, f.url, sql)
}

func exec(ctx context.Context, address, sql string) error {
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		return err
	}
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Second}
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	return conn.Exec(ctx, sql).Close()
}

// run starts a server, which the returned function stops and waits for.
func (f *fixture) run(q *Queue, n int, exec func(context.Context, string) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { q.Run(ctx, exec, n) })
	stop = func() { cancel(); wg.Wait() }
	f.t.Cleanup(stop)
	return stop
}

func (f *fixture) submit(body string) *Job {
	f.t.Helper()
	spec, err := Parse([]byte(body))
	if err != nil {
		f.t.Fatal(err)
	}
	j, err := f.Submit(context.Background(), "alice", spec)
	if err != nil {
		f.t.Fatal(err)
	}
	return j
}

func (f *fixture) get(id string) *Job {
	f.t.Helper()
	j, err := f.Get(context.Background(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return j
}

// wait waits until a job is as it should be.
func (f *fixture) wait(id, want string) *Job {
	f.t.Helper()
	var j *Job
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if j = f.get(id); summary(j) == want {
			return j
		}
	}
	f.t.Fatalf("%s: %s (%s), want %s", id, summary(j), j.FailedReason, want)
	return nil
}

func (f *fixture) log() string {
	f.t.Helper()
	var s string
	if err := f.Pool.QueryRow(context.Background(), "SELECT coalesce(string_agg(what, ',' ORDER BY i), '') FROM log").Scan(&s); err != nil {
		f.t.Fatal(err)
	}
	return s
}

// sleeping counts the queries that run in PostgreSQL.
func (f *fixture) sleeping() (n int) {
	f.t.Helper()
	if err := f.Pool.QueryRow(context.Background(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'select pg_sleep%' AND state = 'active'`).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

func note(what string) string { return "insert into log(what) values ('" + what + "')" }

func TestRun(t *testing.T) {
	f := newFixture(t)
	before := f.submit(`{"query": "` + note("a") + `"}`)
	if before.Status != Pending || before.User != "alice" || len(before.ID) != 36 || before.CreatedAt.IsZero() {
		t.Errorf("%+v", before)
	}
	many := f.submit(`{"query": ["` + note("b") + `; ` + note("c") + `", "` + note("d") + `"]}`)
	bad := f.submit(`{"query": ["select * from missing", "` + note("never") + `"]}`)
	chain := f.submit(`{"query": {"query": [{"query": "` + note("e") + `", "onsuccess": "` + note("<%= job_id %>") + `"},
		{"query": "select 'x' || chr(39) || 1/(0*1) --it's", "onerror": "` + note("1 <%= error_message %>") + `"}],
		"onerror": "` + note("2 <%= error_message %> <%= job_id %>") + `"}}`)
	quoted := f.submit(`{"query": {"query": [{"query": "select 'it''s'::int", "onerror": "` + note("<%= error_message %>") + `"}]}}`)
	timed := f.submit(`{"query": {"query": [{"query": "select pg_sleep(60)", "timeout": 100}]}}`)
	f.run(f.Queue, 1, f.exec)
	f.wait(before.ID, "done - done/-")
	f.wait(many.ID, "done - done/- done/-")
	if j := f.wait(bad.ID, "failed - failed/- skipped/-"); j.FailedReason != `relation "missing" does not exist` || j.Queries[0].FailedReason != j.FailedReason {
		t.Errorf("%+v", j)
	}
	if j := f.wait(chain.ID, "failed done done/done failed/done"); j.Queries[0].StartedAt == nil || j.Queries[1].EndedAt == nil {
		t.Errorf("%+v", j)
	}
	f.wait(quoted.ID, "failed - failed/done")
	if j := f.wait(timed.ID, "failed - failed/-"); j.FailedReason != reasonTimeout {
		t.Errorf("%+v", j)
	}
	want := "a,b,c,d,e," + chain.ID + ",1 division by zero,2 division by zero " + chain.ID + `,invalid input syntax for type integer: "it's"`
	if got := f.log(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	// One that is submitted to a server that has nothing to do.
	j := f.submit(`{"query": "` + note("z") + `"}`)
	if j = f.wait(j.ID, "done - done/-"); !j.UpdatedAt.After(j.CreatedAt) {
		t.Errorf("%+v", j)
	}
}

func TestGetAndCancelErrors(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	for _, id := range []string{"", "irrelevantJob", "de305d54-75b4-431b-adb2-eb6b9e546014", "de305d54-75b4-431b-adb2-eb6b9e54601'", "{de305d54-75b4-431b-adb2-eb6b9e5460}"} {
		_, err := f.Get(ctx, id)
		if !errors.Is(err, ErrNotFound) || err.Error() != "Job with id "+id+" not found" {
			t.Errorf("%q: %v", id, err)
		}
		if _, err := f.Cancel(ctx, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	j := f.submit(`{"query": {"query": [{"query": "select 1", "onsuccess": "select 2"}, {"query": "select 3"}], "onerror": "select 4"}}`)
	j, err := f.Cancel(ctx, j.ID)
	if err != nil || summary(j) != "canceled skipped canceled/skipped skipped/-" {
		t.Errorf("%s %v", summary(j), err)
	}
	j, err = f.Cancel(ctx, strings.ToUpper(j.ID))
	if !errors.Is(err, ErrFinal) || j.Status != Canceled || err.Error() != "Cannot set status from canceled to cancelled. The job status is canceled, cancel is not allowed" {
		t.Error(err)
	}
	f.MaxPending = 2
	f.submit(`{"query": "select 1"}`)
	f.submit(`{"query": "select 1"}`)
	spec, _ := Parse([]byte(`{"query": "select 1"}`))
	if _, err := f.Submit(ctx, "alice", spec); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if _, err := f.Submit(ctx, "bob", spec); err != nil {
		t.Error(err)
	}
}

func TestCancelRunning(t *testing.T) {
	f := newFixture(t)
	other := f.queue(f.url) // another server: it shares nothing but the table
	f.run(f.Queue, 1, f.exec)
	for _, q := range []*Queue{f.Queue, other} {
		j := f.submit(`{"query": {"query": [{"query": "select pg_sleep(60)", "onerror": "select 1"}, {"query": "select 1"}], "onerror": "select 1"}}`)
		f.wait(j.ID, "running pending running/pending pending/-")
		start := time.Now()
		j, err := q.Cancel(context.Background(), j.ID)
		if err != nil || summary(j) != "canceled skipped canceled/skipped skipped/-" {
			t.Errorf("%s %v", summary(j), err)
		}
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("it took %v", d)
		}
	}
	if n := f.sleeping(); n > 0 {
		t.Errorf("%d queries still run", n)
	}
	// A fallback is canceled, too.
	j := f.submit(`{"query": {"query": [{"query": "select 1", "onsuccess": "select pg_sleep(60)"}, {"query": "select 1"}]}}`)
	f.wait(j.ID, "running - done/running pending/-")
	if j, err := f.Cancel(context.Background(), j.ID); err != nil || summary(j) != "canceled - done/canceled skipped/-" {
		t.Errorf("%s %v", summary(j), err)
	}
}

// TestTwoServers has several servers take many jobs: each is run once.
func TestTwoServers(t *testing.T) {
	f := newFixture(t)
	f.MaxPending = 1000
	const n = 150
	var ran sync.Map
	var twice atomic.Int32
	run := func(ctx context.Context, sql string) error {
		if _, again := ran.LoadOrStore(sql, true); again {
			twice.Add(1)
		}
		return nil
	}
	for range 3 {
		f.run(f.queue(f.url), 3, run)
	}
	var last *Job
	for i := range n {
		last = f.submit(fmt.Sprintf(`{"query": ["select %d", "select %d"]}`, 2*i, 2*i+1))
	}
	f.wait(last.ID, "done - done/- done/-")
	var open int
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if err := f.Pool.QueryRow(context.Background(), "SELECT count(*) FROM ogrcarto.jobs WHERE status <> 'done'").Scan(&open); err != nil {
			t.Fatal(err)
		}
		if open == 0 {
			break
		}
	}
	count := 0
	ran.Range(func(any, any) bool { count++; return true })
	if count != 2*n || twice.Load() != 0 || open != 0 {
		t.Errorf("%d of %d queries were run, %d of them twice; %d jobs are open", count, 2*n, twice.Load(), open)
	}
}

// TestCrash takes over what a server left that is gone.
func TestCrash(t *testing.T) {
	f := newFixture(t)
	const body = `{"query": {"query": [{"query": "select 1"}, {"query": "select 2", "onerror": "insert into log(what) values ('<%= error_message %>')"},
		{"query": "select 3"}], "onerror": "insert into log(what) values ('end')", "onsuccess": "select 4"}}`
	leave := func(body, age string, change func(*Job)) *Job {
		j := f.submit(body)
		j.Status = Running
		change(j)
		if err := f.exec(context.Background(), fmt.Sprintf("update ogrcarto.jobs set status = 'running', worker = 'gone', heartbeat = now() - interval '%s' where job_id = '%s'", age, j.ID)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.save(context.Background(), "gone", j); err != nil {
			t.Fatal(err)
		}
		if err := f.exec(context.Background(), fmt.Sprintf("update ogrcarto.jobs set heartbeat = now() - interval '%s' where job_id = '%s'", age, j.ID)); err != nil {
			t.Fatal(err)
		}
		return j
	}
	now := time.Now()
	second := func(j *Job) {
		j.begin(step{query: 0}, now)
		j.end(step{query: 0}, Done, "", now)
		j.begin(step{query: 1}, now)
	}
	old := leave(body, "2 s", second)
	alive := leave(body, "-1 h", second)
	untouched := leave(`{"query": ["select 1", "select 2"]}`, "2 s", func(*Job) {})
	fallback := leave(`{"query": {"query": [{"query": "select 1", "onsuccess": "select 2"}], "onsuccess": "select 3"}}`, "2 s", func(j *Job) {
		j.begin(step{query: 0}, now)
		j.end(step{query: 0}, Done, "", now)
		j.begin(step{query: 0, fallback: true}, now)
	})
	last := leave(`{"query": {"query": [{"query": "select 1"}], "onsuccess": "select 3"}}`, "2 s", func(j *Job) {
		j.begin(step{query: 0}, now)
		j.end(step{query: 0}, Done, "", now)
		j.begin(step{query: -1, fallback: true}, now)
	})
	canceled := leave(`{"query": ["select 1", "select 2"]}`, "2 s", func(*Job) {})
	if err := f.exec(context.Background(), "update ogrcarto.jobs set cancel = true where job_id = '"+canceled.ID+"'"); err != nil {
		t.Fatal(err)
	}
	f.run(f.Queue, 2, f.exec)
	if j := f.wait(old.ID, "failed done done/- failed/done skipped/-"); j.FailedReason != reasonGone {
		t.Errorf("%+v", j)
	}
	f.wait(untouched.ID, "done - done/- done/-")
	f.wait(fallback.ID, "done done done/failed")
	f.wait(last.ID, "done failed done/-")
	f.wait(canceled.ID, "canceled - canceled/- skipped/-")
	if got := f.log(); got != reasonGone+",end" {
		t.Error(got)
	}
	if got := summary(f.get(alive.ID)); got != "running pending done/- running/pending pending/-" {
		t.Errorf("of a server that is alive: %s", got)
	}
}

// TestLost has another server take a job over whose server is alive after all: its query is canceled, and it writes nothing.
func TestLost(t *testing.T) {
	f := newFixture(t)
	gone := make(chan error, 1)
	f.run(f.Queue, 1, func(ctx context.Context, sql string) error {
		<-ctx.Done()
		gone <- context.Cause(ctx)
		return ctx.Err()
	})
	j := f.submit(`{"query": "select 1"}`)
	f.wait(j.ID, "running - running/-")
	if err := f.exec(context.Background(), "update ogrcarto.jobs set worker = 'other', heartbeat = now() + interval '1 h'"); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; !errors.Is(err, errLost) {
		t.Error(err)
	}
	if got := summary(f.get(j.ID)); got != "running - running/-" {
		t.Error(got)
	}
}

func TestStop(t *testing.T) {
	f := newFixture(t)
	stop := f.run(f.Queue, 1, f.exec)
	// The query comes to its end, and the next one is for the next server.
	j := f.submit(`{"query": ["select pg_sleep(0.5)", "` + note("next") + `"]}`)
	waits := f.submit(`{"query": "select 1"}`)
	f.wait(j.ID, "running - running/- pending/-")
	stop()
	if got := summary(f.get(j.ID)); got != "pending - done/- pending/-" {
		t.Error(got)
	}
	next := f.queue(f.url)
	next.Grace = 100 * time.Millisecond
	stop = f.run(next, 1, f.exec)
	f.wait(j.ID, "done - done/- done/-")
	f.wait(waits.ID, "done - done/-")
	// The query is too long.
	j = f.submit(`{"query": {"query": [{"query": "select pg_sleep(60)", "onerror": "` + note("<%= error_message %>") + `"}, {"query": "select 1"}]}}`)
	f.wait(j.ID, "running - running/pending pending/-")
	start := time.Now()
	stop()
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("it took %v", d)
	}
	if got := summary(f.get(j.ID)); got != "pending - failed/pending skipped/-" {
		t.Error(got)
	}
	f.run(f.queue(f.url), 1, f.exec)
	f.wait(j.ID, "failed - failed/done skipped/-")
	if got := f.log(); got != "next,"+reasonGone {
		t.Error(got)
	}
}

func TestNoSession(t *testing.T) {
	f := newFixture(t)
	var calls atomic.Int32
	stop := f.run(f.Queue, 1, func(ctx context.Context, sql string) error {
		switch {
		case sql == "panic":
			panic("no")
		case sql == "never", calls.Add(1) < 3:
			return fmt.Errorf("all are taken: %w", ErrNotRun)
		}
		return nil
	})
	f.wait(f.submit(`{"query": "later"}`).ID, "done - done/-")
	if j := f.wait(f.submit(`{"query": "panic"}`).ID, "failed - failed/-"); j.FailedReason != "internal error" {
		t.Errorf("%+v", j)
	}
	if j := f.wait(f.submit(`{"query": "never"}`).ID, "failed - failed/-"); !strings.HasPrefix(j.FailedReason, "all are taken") {
		t.Errorf("%+v", j)
	}
	// One that waits when the server stops was not begun.
	j := f.submit(`{"query": "never"}`)
	f.wait(j.ID, "running - running/-")
	stop()
	if got := summary(f.get(j.ID)); got != "pending - pending/-" {
		t.Error(got)
	}
}

func TestForget(t *testing.T) {
	f := newFixture(t)
	old, young, waits := f.submit(`{"query": "select 1"}`), f.submit(`{"query": "select 1"}`), f.submit(`{"query": "select 1"}`)
	if err := f.exec(context.Background(), `update ogrcarto.jobs set status = 'done', updated_at = now() - interval '31 days' where job_id = '`+old.ID+`';
		update ogrcarto.jobs set status = 'done', updated_at = now() - interval '29 days' where job_id = '`+young.ID+`';
		update ogrcarto.jobs set updated_at = now() - interval '31 days' where job_id = '`+waits.ID+`'`); err != nil {
		t.Fatal(err)
	}
	f.init()
	if err := f.forget(context.Background()); err != nil {
		t.Fatal(err)
	}
	f.get(young.ID)
	f.get(waits.ID)
	if _, err := f.Get(context.Background(), old.ID); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// proxy passes connections on to a server, until it is told not to.
type proxy struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	down     bool
	conns    map[net.Conn]bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); p.set(true) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *proxy) serve(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer s.Close()
	p.mu.Lock()
	down := p.down
	p.conns[c], p.conns[s] = true, true
	p.mu.Unlock()
	if down {
		return
	}
	go func() {
		_, _ = io.Copy(s, c)
		s.Close()
	}()
	_, _ = io.Copy(c, s)
}

func (p *proxy) set(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	if down {
		for c := range p.conns {
			c.Close()
		}
		clear(p.conns)
	}
}

func TestOutage(t *testing.T) {
	f := newFixture(t)
	u, err := url.Parse(f.url)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, u.Host)
	u.Host = p.listener.Addr().String()
	var fast sync.WaitGroup
	q := f.queue(u.String())
	f.run(q, 2, func(ctx context.Context, sql string) error {
		if sql == "held" {
			fast.Wait()
			return nil
		}
		return exec(ctx, u.String(), sql)
	})
	f.wait(f.submit(`{"query": "`+note("1")+`"}`).ID, "done - done/-")

	// The query ends while its result cannot be stored: it is stored later, and nobody else takes the job.
	fast.Add(1)
	held := f.submit(`{"query": ["held", "` + note("held") + `"]}`)
	f.wait(held.ID, "running - running/- pending/-")
	// The query's own session breaks.
	broken := f.submit(`{"query": "select pg_sleep(60)"}`)
	for f.sleeping() == 0 { // before that, it would only wait for a session
		time.Sleep(10 * time.Millisecond)
	}
	p.set(true)
	waits := f.submit(`{"query": "` + note("2") + `"}`)
	time.Sleep(quick.stale / 2)
	fast.Done()
	time.Sleep(quick.stale)
	p.set(false)
	f.wait(held.ID, "done - done/- done/-")
	f.wait(waits.ID, "done - done/-")
	if j := f.wait(broken.ID, "failed - failed/-"); j.FailedReason == "" || j.FailedReason == reasonGone {
		t.Errorf("%+v", j)
	}
	// Connections that break all the time.
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			time.Sleep(50 * time.Millisecond)
			p.set(true)
			p.set(false)
		}
	}()
	var last []*Job
	for range 30 {
		last = append(last, f.submit(`{"query": ["held", "held"]}`))
	}
	<-done
	for _, j := range last {
		f.wait(j.ID, "done - done/- done/-")
	}
}
