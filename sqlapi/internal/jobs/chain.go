package jobs

import "time"

// step is the next thing of a job to run: a query, the fallback of a query, or the fallback of the job (query -1).
type step struct {
	query    int
	fallback bool
}

// next returns what is to run next. There is nothing left where ok is false.
func (j *Job) next() (st step, ok bool) {
	for i := range j.Queries {
		q := &j.Queries[i]
		if q.Status == Pending {
			return step{query: i}, true
		}
		if q.FallbackStatus == Pending {
			return step{query: i, fallback: true}, true
		}
	}
	if j.FallbackStatus == Pending {
		return step{query: -1, fallback: true}, true
	}
	return step{}, false
}

// running returns what runs, as far as the job's record knows.
func (j *Job) running() (st step, ok bool) {
	for i := range j.Queries {
		q := &j.Queries[i]
		if q.Status == Running || q.FallbackStatus == Running {
			return step{query: i, fallback: q.Status != Running}, true
		}
	}
	return step{query: -1, fallback: true}, j.FallbackStatus == Running
}

// outcome is what the queries make of the job.
func (j *Job) outcome() Status {
	for i := range j.Queries {
		switch q := &j.Queries[i]; {
		case q.Status == Canceled, q.FallbackStatus == Canceled:
			return Canceled
		case q.Status == Failed:
			return Failed
		case !q.Status.Final():
			return q.Status
		}
	}
	return Done
}

// sql returns the SQL of a step, and how long it may run.
func (j *Job) sql(st step) (sql string, timeout time.Duration) {
	if !st.fallback {
		q := &j.Queries[st.query]
		return q.SQL, time.Duration(q.Timeout) * time.Millisecond
	}
	onsuccess, onerror, failed, message := j.OnSuccess, j.OnError, j.outcome() == Failed, j.FailedReason
	if st.query >= 0 {
		q := &j.Queries[st.query]
		onsuccess, onerror, failed, message = q.OnSuccess, q.OnError, q.Status == Failed, q.FailedReason
	}
	if failed {
		return expand(onerror, j.ID, message), 0
	}
	return expand(onsuccess, j.ID, ""), 0
}

// begin notes that a step runs; putBack takes that back.
func (j *Job) begin(st step, now time.Time) {
	*j.status(st) = Running
	if !st.fallback {
		j.Queries[st.query].StartedAt = &now
	}
}

func (j *Job) putBack(st step) {
	*j.status(st) = Pending
	if !st.fallback {
		j.Queries[st.query].StartedAt = nil
	}
}

func (j *Job) status(st step) *Status {
	switch {
	case st.query < 0:
		return &j.FallbackStatus
	case st.fallback:
		return &j.Queries[st.query].FallbackStatus
	}
	return &j.Queries[st.query].Status
}

// end notes what has become of a step: Done, Failed with a reason, or Canceled. Whatever is not to be run after that is skipped.
func (j *Job) end(st step, s Status, reason string, now time.Time) {
	*j.status(st) = s
	if st.query < 0 {
		if s == Failed && j.FailedReason == "" {
			j.FailedReason = reason
		}
		return
	}
	q := &j.Queries[st.query]
	if s == Failed {
		q.FailedReason = reason
	}
	if !st.fallback {
		q.EndedAt = &now
		if s == Failed {
			j.FailedReason = reason
		}
		if s == Canceled || s == Done && q.OnSuccess == "" || s == Failed && q.OnError == "" {
			skip(&q.FallbackStatus)
		}
	}
	if s == Canceled || s == Failed && !st.fallback {
		for i := range j.Queries {
			skip(&j.Queries[i].Status)
			if i != st.query || s == Canceled {
				skip(&j.Queries[i].FallbackStatus)
			}
		}
	}
	switch o := j.outcome(); {
	case o == Canceled, o == Done && j.OnSuccess == "", o == Failed && j.OnError == "":
		skip(&j.FallbackStatus)
	}
}

// skip skips what is pending.
func skip(s *Status) {
	if *s == Pending {
		*s = Skipped
	}
}

// cancel ends a job of which nothing runs.
func (j *Job) cancel(now time.Time) {
	st, ok := j.next()
	if !ok {
		return
	}
	j.end(st, Canceled, "", now)
}
