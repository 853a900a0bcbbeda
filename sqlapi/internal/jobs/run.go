package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Reasons why a query failed that PostgreSQL does not tell.
const (
	reasonGone    = "the server was restarted while this query ran; it is not known whether it was completed"
	reasonTimeout = "canceling statement due to statement timeout"
)

// The causes for which a query is canceled.
var (
	errCanceled = errors.New("canceled by the user")
	errStopped  = errors.New("the server stops")
	errTimeout  = errors.New("timeout")
)

// Run runs jobs with n workers, a job each at a time, in the order in which they were submitted, until ctx is canceled. Then it
// takes no more, gives the queries that run some time to come to an end (Grace), and returns when all have.
//
// exec runs SQL, which may have several statements, and returns PostgreSQL's error. It must cancel the SQL in PostgreSQL and return
// when its context is canceled. Errors that say that the SQL was not sent (ErrNotRun, *pgconn.ConnectError, and those that
// pgconn.SafeToRetry knows) are no failures: it is called again until there is a session.
//
// While the database cannot be reached, the workers wait and try again.
func (q *Queue) Run(ctx context.Context, exec func(ctx context.Context, sql string) error, n int) {
	q.init()
	host, _ := os.Hostname()
	r := runner{Queue: q, exec: exec, name: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), newID())}
	// The time that is left for a query when the server stops.
	hard, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(q.Grace, func() { stop(errStopped) })
	})()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { r.work(ctx, hard) })
	}
	if n > 0 {
		wg.Go(func() { r.sweep(ctx) })
	}
	wg.Wait()
}

// runner is one call of Run.
type runner struct {
	*Queue
	exec func(ctx context.Context, sql string) error
	name string // stands in the column worker: nobody else has it
}

// work takes one job after another.
func (r *runner) work(ctx, hard context.Context) {
	retry := backoff{max: r.pace.maxDelay}
	for ctx.Err() == nil {
		j, canceled, err := r.take(ctx, r.name)
		switch {
		case ctx.Err() != nil && j == nil:
			return
		case err != nil:
			r.Logger.Error("jobs: looking for a job", "error", err)
			retry.wait(ctx)
		case j == nil:
			retry.reset()
			// A little earlier or later, so that servers do not ask in step.
			pause := r.pace.poll/2 + rand.N(r.pace.poll)
			select {
			case <-ctx.Done():
			case <-r.wake:
			case <-time.After(pause):
			}
		default:
			retry.reset()
			r.signal() // there may be one more for another worker
			r.job(ctx, hard, j, canceled)
		}
	}
}

// job runs a job that was taken, up to its end or until the server stops.
func (r *runner) job(ctx, hard context.Context, j *Job, canceled bool) {
	// What ends the query that runs, with the reason.
	run, end := context.WithCancelCause(hard)
	defer end(nil)
	r.mu.Lock()
	r.active[j.ID] = func() { end(errCanceled) }
	r.mu.Unlock()
	watch, stopWatch := context.WithCancel(context.WithoutCancel(hard))
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.watch(watch, end, j.ID)
	}()
	defer func() {
		r.mu.Lock()
		delete(r.active, j.ID)
		r.mu.Unlock()
		stopWatch()
		<-watched
	}()

	now := func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	if st, ok := j.running(); ok { // when its server went away
		j.end(st, Failed, reasonGone, now())
	}
	for {
		if canceled {
			j.cancel(now())
		}
		st, more := j.next()
		switch {
		case !more:
			j.Status = j.outcome()
		case ctx.Err() != nil:
			j.Status = Pending // for the next server
		default:
			j.Status = Running
			j.begin(st, now())
		}
		asked, err := r.saveForSure(hard, j)
		if errors.Is(err, errLost) {
			r.Logger.Warn("jobs: lost", "job", j.ID, "error", err)
			return
		}
		if err != nil { // it is taken over as after a crash
			r.Logger.Error("jobs: cannot be saved", "job", j.ID, "error", err)
			return
		}
		if j.Status != Running {
			return
		}
		if asked {
			end(errCanceled)
		}
		s, reason, err := r.step(ctx, run, j, st)
		if err != nil {
			r.Logger.Warn("jobs: lost", "job", j.ID, "error", err)
			return
		}
		canceled = s == Canceled
		if s == Pending {
			j.putBack(st)
		} else {
			j.end(st, s, reason, now())
		}
		if !canceled && errors.Is(context.Cause(run), errCanceled) {
			canceled = true // too late for this query, in time for the next
		}
	}
}

// step runs the SQL of a step. Pending says that it was not run because the server stops. The error is errLost.
func (r *runner) step(ctx, run context.Context, j *Job, st step) (s Status, reason string, err error) {
	sql, timeout := j.sql(st)
	if timeout > 0 {
		var cancel context.CancelFunc
		run, cancel = context.WithTimeoutCause(run, timeout, errTimeout)
		defer cancel()
	}
	retry := backoff{max: r.pace.maxDelay}
	since := time.Now()
	for {
		var err error
		if run.Err() == nil {
			err = r.call(run, sql)
		} else {
			err = fmt.Errorf("%w: %w", ErrNotRun, context.Cause(run))
		}
		if err == nil {
			return Done, "", nil
		}
		waits := notRun(err)
		if cause := context.Cause(run); cause != nil {
			switch {
			case errors.Is(cause, errLost):
				return "", "", errLost
			case errors.Is(cause, errCanceled):
				return Canceled, "", nil
			case errors.Is(cause, errTimeout):
				return Failed, reasonTimeout, nil
			case waits:
				return Pending, "", nil
			}
			return Failed, reasonGone, nil
		}
		if !waits || time.Since(since) > r.pace.patience {
			return Failed, message(err), nil
		}
		if ctx.Err() != nil {
			return Pending, "", nil
		}
		r.Logger.Warn("jobs: no session for a query", "job", j.ID, "error", err)
		retry.wait(run)
	}
}

// call calls exec. A panic in there is an error, so that it ends one job and not the server.
func (r *runner) call(ctx context.Context, sql string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.Logger.Error("jobs: panic", "panic", p, "stack", string(debug.Stack()))
			err = errors.New("internal error")
		}
	}()
	return r.exec(ctx, sql)
}

// notRun tells whether an error says that SQL was not sent, and might be sent later.
func notRun(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		switch pg.Code[:2] {
		case "28", "3D": // the role or the database is not what it should be
			return false
		}
	}
	var connect *pgconn.ConnectError
	return errors.Is(err, ErrNotRun) || errors.As(err, &connect) || pgconn.SafeToRetry(err)
}

// maxReason bounds an error's text, in bytes. A query may raise one of any length.
const maxReason = 8 << 10

// message returns the text of an error as it can be stored, and shown: PostgreSQL's own without the rest.
func message(err error) string {
	text := err.Error()
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		text = pg.Message
	}
	if len(text) > maxReason {
		text = text[:maxReason]
	}
	if text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", ""); text == "" {
		return "unknown error"
	}
	return text
}

// saveForSure saves until it has worked. It gives up some seconds after the server had to stop, or where the job is lost.
func (r *runner) saveForSure(hard context.Context, j *Job) (canceled bool, err error) {
	retry := backoff{max: r.pace.maxDelay}
	ctx := hard
	for last := false; ; {
		if ctx.Err() != nil && !last {
			last = true
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithoutCancel(hard), 5*time.Second)
			defer cancel()
		}
		canceled, err = r.save(ctx, r.name, j)
		if err == nil || errors.Is(err, errLost) || last && ctx.Err() != nil {
			return canceled, err
		}
		r.Logger.Error("jobs: saving", "job", j.ID, "error", err)
		retry.wait(ctx)
	}
}

// watch says that the job's worker is alive, and ends its query where the job was canceled or is no longer the worker's.
func (r *runner) watch(ctx context.Context, end context.CancelCauseFunc, id string) {
	beat := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(r.pace.watch):
		}
		due := time.Since(beat) >= r.pace.beat
		ask, cancel := context.WithTimeout(ctx, r.pace.stale/2)
		canceled, err := r.look(ask, r.name, id, due)
		cancel()
		switch {
		case errors.Is(err, errLost):
			end(errLost)
		case err != nil:
			// The query may well be unharmed where only these sessions are not. Should another server take the job over
			// meanwhile, the next answer tells.
		case canceled:
			end(errCanceled)
		case due:
			beat = time.Now()
		}
	}
}

// sweep forgets old jobs now and then.
func (r *runner) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		if err := r.forget(ctx); err != nil && ctx.Err() == nil {
			r.Logger.Error("jobs: forgetting old ones", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.pace.sweep):
		}
	}
}

// backoff waits longer each time.
type backoff struct {
	max, delay time.Duration
}

func (b *backoff) reset() { b.delay = 0 }

func (b *backoff) wait(ctx context.Context) {
	b.delay = min(max(2*b.delay, 100*time.Millisecond), b.max)
	select {
	case <-ctx.Done():
	case <-time.After(b.delay/2 + rand.N(b.delay)):
	}
}
