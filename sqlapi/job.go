package sqlapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
	"github.com/ogrcarto/ogrcarto/sqlapi/internal/jobs"
)

// startJobs starts the workers of batch jobs.
func (s *Server) startJobs() {
	s.queue = &jobs.Queue{Pool: s.db, Logger: s.log}
	run, stop := context.WithCancel(context.Background())
	s.killed, s.killJobs = context.WithCancel(context.Background())
	s.stopJobs, s.jobsDone = stop, make(chan struct{})
	go func() {
		defer close(s.jobsDone)
		if s.cfg.JobWorkers > 0 {
			s.queue.Run(run, s.runJob, s.cfg.JobWorkers)
		}
	}()
}

// runJob runs the SQL of a batch job in a session of its own, which acts as the owner.
func (s *Server) runJob(ctx context.Context, sql string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.killed, cancel)()
	snapshot, err := s.keys.get(ctx, keyringAge)
	if err != nil {
		return fmt.Errorf("%w: %w", jobs.ErrNotRun, err)
	}
	session, err := s.pool.login(ctx, snapshot.Jobs())
	if err != nil {
		return fmt.Errorf("%w: %w", jobs.ErrNotRun, err)
	}
	defer session.close()
	if err := s.allowed(ctx, snapshot.Jobs(), sql); err != nil {
		return err
	}
	if t := s.cfg.limit(account.MasterName, EndpointJob).Timeout; t > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, t, errTimeout)
		defer stop()
	}
	return session.run(ctx, sql, quiet{})
}

// job answers the endpoint of batch jobs, which is for the master key alone.
func (x *exchange) job() error {
	body, err := x.body()
	if err != nil {
		return err
	}
	// The key may be in the body, as anywhere else; what is wrong with the body is told to who has a key.
	values, err := parameters(x.r, body)
	if err != nil {
		values = parseForm(x.r.URL.RawQuery)
	}
	login, err := x.login(values)
	if err != nil {
		return err
	}
	if _, err := x.admit(login, EndpointJob); err != nil {
		return err
	}
	if login.Kind != account.Master {
		return errOtherUser
	}
	j, status, err := x.doJob(body)
	if err != nil {
		return jobError(err)
	}
	x.w.Header().Set("Content-Type", typeJSON)
	x.w.Header().Set("Cache-Control", "no-store")
	x.resp.begin(status)
	if x.resp.buf, err = j.AppendJSON(x.resp.buf); err != nil {
		return err
	}
	return x.resp.send()
}

// doJob does what the request asks for.
func (x *exchange) doJob(body []byte) (*jobs.Job, int, error) {
	ctx := x.r.Context()
	switch x.r.Method {
	case http.MethodPost:
		spec, err := jobs.Parse(body)
		if err != nil {
			return nil, 0, err
		}
		j, err := x.srv.queue.Submit(ctx, x.srv.account, spec)
		return j, http.StatusCreated, err
	case http.MethodDelete:
		j, err := x.srv.queue.Cancel(ctx, x.id)
		return j, http.StatusOK, err
	default:
		j, err := x.srv.queue.Get(ctx, x.id)
		return j, http.StatusOK, err
	}
}

// jobError says how an error of the queue is told.
func jobError(err error) error {
	var request *jobs.RequestError
	switch {
	case errors.As(err, &request):
		return refuse(http.StatusBadRequest, "%s", request.Error())
	case errors.Is(err, jobs.ErrNotFound), errors.Is(err, jobs.ErrFinal):
		return refuse(http.StatusBadRequest, "%s", err.Error())
	case errors.Is(err, jobs.ErrFull):
		return refuse(http.StatusTooManyRequests, "%s", err.Error())
	default:
		return errNoServer
	}
}
