package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Queue is the queue of an account. Its members may not be changed once it is in use.
type Queue struct {
	// Pool has the sessions that read and write ogrcarto.jobs. They need no state, and run no SQL of users.
	Pool *pgxpool.Pool
	// Grace is how long a query that runs when the server stops has to come to its end (10 s).
	Grace time.Duration
	// MaxPending bounds the jobs of a user that wait (64, as in CARTO).
	MaxPending int
	// Keep is how long the record of a job that has ended is kept (30 days); for ever where it is negative.
	Keep time.Duration
	// Logger hears of what goes wrong with the queue itself: slog.Default() where it is nil.
	Logger *slog.Logger

	once   sync.Once
	wake   chan struct{} // a job was submitted here
	pace   pace
	mu     sync.Mutex
	active map[string]func() // cancels a job that runs here
}

// The defaults of Queue.
const (
	DefaultGrace      = 10 * time.Second
	DefaultMaxPending = 64
	DefaultKeep       = 30 * 24 * time.Hour
)

// pace is how fast things go.
type pace struct {
	poll     time.Duration // between looks for a job that somebody else submitted
	watch    time.Duration // between looks whether a job that runs was canceled
	beat     time.Duration // between heartbeats
	stale    time.Duration // how old the last heartbeat of a server is that is gone
	patience time.Duration // how long a query waits for a session to run in
	maxDelay time.Duration // between two tries while the database does not answer
	wait     time.Duration // how long Cancel waits for the query to end
	sweep    time.Duration // between looks for records that are too old
}

var defaultPace = pace{
	poll: time.Second, watch: time.Second, beat: 5 * time.Second, stale: 30 * time.Second,
	patience: 10 * time.Minute, maxDelay: 15 * time.Second, wait: 5 * time.Second, sweep: 10 * time.Minute,
}

func (q *Queue) init() {
	q.once.Do(func() {
		q.wake = make(chan struct{}, 1)
		q.active = map[string]func(){}
		if q.pace == (pace{}) {
			q.pace = defaultPace
		}
		if q.Grace == 0 {
			q.Grace = DefaultGrace
		}
		if q.MaxPending == 0 {
			q.MaxPending = DefaultMaxPending
		}
		if q.Keep == 0 {
			q.Keep = DefaultKeep
		}
		if q.Logger == nil {
			q.Logger = slog.Default()
		}
	})
}

const columns = "job_id::text, username, body::text, status, created_at, updated_at, coalesce(failed_reason, '')"

func scan(row pgx.Row, more ...any) (*Job, error) {
	var j Job
	var body, status string
	dest := append([]any{&j.ID, &j.User, &body, &status, &j.CreatedAt, &j.UpdatedAt, &j.FailedReason}, more...)
	if err := row.Scan(dest...); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(body), &j.Spec); err != nil {
		return nil, fmt.Errorf("job %s: body: %w", j.ID, err)
	}
	j.Status = Status(status)
	return &j, nil
}

// query runs a statement in a way that PgBouncer passes on in any mode.
func (q *Queue) query(ctx context.Context, sql string, args ...any) pgx.Row {
	return q.Pool.QueryRow(ctx, sql, append([]any{pgx.QueryExecModeExec}, args...)...)
}

// Submit puts a job into the queue. ErrFull says that the user has too many there.
func (q *Queue) Submit(ctx context.Context, user string, spec *Spec) (*Job, error) {
	q.init()
	body, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	j, err := scan(q.query(ctx, `INSERT INTO ogrcarto.jobs (job_id, username, body, status)
		SELECT $1::uuid, $2::text, $3::jsonb, 'pending'
		WHERE (SELECT count(*) FROM ogrcarto.jobs WHERE username = $2::text AND status = 'pending') < $4::int
		RETURNING `+columns, newID(), user, string(body), q.MaxPending))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, &stateError{ErrFull, fmt.Sprintf("Failed to create job. Max number of jobs (%d) queued reached", q.MaxPending)}
	}
	if err != nil {
		return nil, err
	}
	q.signal()
	return j, nil
}

// signal wakes one worker of this process that has nothing to do.
func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// newID returns a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var idFormat = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Get returns a job. An id that is none, or no job's, is ErrNotFound.
func (q *Queue) Get(ctx context.Context, id string) (*Job, error) {
	if !idFormat.MatchString(id) {
		return nil, notFound(id)
	}
	j, err := scan(q.query(ctx, "SELECT "+columns+" FROM ogrcarto.jobs WHERE job_id = $1::uuid", id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound(id)
	}
	return j, err
}

// Cancel cancels a job: one that waits at once, one that runs as soon as its server has noticed, for which Cancel waits some
// seconds. What it returns may still be running then. A job that has ended is returned with ErrFinal.
func (q *Queue) Cancel(ctx context.Context, id string) (*Job, error) {
	q.init()
	for {
		j, err := q.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		switch j.Status {
		case Pending:
			was := j.UpdatedAt
			j.cancel(time.Now().UTC())
			j.Status = j.outcome()
			if !j.Status.Final() {
				return nil, fmt.Errorf("job %s: it waits and has nothing to run", id)
			}
			body, err := json.Marshal(j.Spec)
			if err != nil {
				return nil, err
			}
			j, err = scan(q.query(ctx, `UPDATE ogrcarto.jobs SET status = $1::text, body = $2::jsonb, cancel = true, updated_at = now()
				WHERE job_id = $3::uuid AND status = 'pending' AND updated_at = $4::timestamptz RETURNING `+columns,
				string(j.Status), string(body), id, was))
			if !errors.Is(err, pgx.ErrNoRows) {
				return j, err
			}
		case Running:
			err := q.query(ctx, `UPDATE ogrcarto.jobs SET cancel = true WHERE job_id = $1::uuid AND status = 'running'
				RETURNING 1`, id).Scan(new(int))
			if err == nil {
				return q.await(ctx, id)
			}
			if !errors.Is(err, pgx.ErrNoRows) {
				return nil, err
			}
		default:
			return j, isFinal(j.Status)
		}
		// Somebody else changed it in between.
	}
}

// await waits until a job that was canceled has ended, but not for long.
func (q *Queue) await(ctx context.Context, id string) (*Job, error) {
	q.mu.Lock()
	if cancel := q.active[id]; cancel != nil {
		cancel()
	}
	q.mu.Unlock()
	for until, delay := time.Now().Add(q.pace.wait), 20*time.Millisecond; ; delay = min(2*delay, 200*time.Millisecond) {
		j, err := q.Get(ctx, id)
		if err != nil || j.Status.Final() || time.Now().After(until) {
			return j, err
		}
		select {
		case <-ctx.Done():
			return j, nil
		case <-time.After(delay):
		}
	}
}

// take takes a job that nobody runs: nil where there is none. It is the worker's from then on, as long as its heartbeat lasts.
// One that does not run here though it is the worker's was taken in vain: the answer was lost.
func (q *Queue) take(ctx context.Context, worker string) (j *Job, canceled bool, err error) {
	here := []string{}
	q.mu.Lock()
	for id := range q.active {
		here = append(here, id)
	}
	q.mu.Unlock()
	j, err = scan(q.query(ctx, `UPDATE ogrcarto.jobs SET status = 'running', worker = $1::text, heartbeat = now(), updated_at = now()
		WHERE job_id = (SELECT job_id FROM ogrcarto.jobs
			WHERE status = 'pending'
			OR status = 'running' AND heartbeat < now() - $2::float8 * interval '1 second' AND job_id::text <> ALL ($3::text[])
			ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING `+columns+", cancel", worker, q.pace.stale.Seconds(), here), &canceled)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return j, canceled, err
}

// errLost says that another server has taken a job over.
var errLost = errors.New("the job was taken over by another server")

// save writes down how far a job is, and returns whether it was canceled. The job must be the worker's.
func (q *Queue) save(ctx context.Context, worker string, j *Job) (canceled bool, err error) {
	body, err := json.Marshal(j.Spec)
	if err != nil {
		return false, err
	}
	err = q.query(ctx, `UPDATE ogrcarto.jobs SET status = $1::text, body = $2::jsonb, failed_reason = nullif($3::text, ''),
			updated_at = now(), heartbeat = now(), worker = CASE WHEN $1::text = 'running' THEN worker END
		WHERE job_id = $4::uuid AND worker = $5::text AND status = 'running' RETURNING cancel`,
		string(j.Status), string(body), j.FailedReason, j.ID, worker).Scan(&canceled)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errLost
	}
	return canceled, err
}

// look asks whether a job was canceled; with a heartbeat it says that the worker is alive.
func (q *Queue) look(ctx context.Context, worker, id string, beat bool) (canceled bool, err error) {
	const which = "job_id = $1::uuid AND worker = $2::text AND status = 'running'"
	sql := "SELECT cancel FROM ogrcarto.jobs WHERE " + which
	if beat {
		sql = "UPDATE ogrcarto.jobs SET heartbeat = now() WHERE " + which + " RETURNING cancel"
	}
	err = q.query(ctx, sql, id, worker).Scan(&canceled)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errLost
	}
	return canceled, err
}

// forget deletes what has been kept long enough.
func (q *Queue) forget(ctx context.Context) error {
	if q.Keep < 0 {
		return nil
	}
	_, err := q.Pool.Exec(ctx, `DELETE FROM ogrcarto.jobs WHERE status NOT IN ('pending', 'running')
		AND updated_at < now() - $1::float8 * interval '1 second'`, pgx.QueryExecModeExec, q.Keep.Seconds())
	return err
}
