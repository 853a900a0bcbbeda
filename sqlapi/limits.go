package sqlapi

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// limiter applies the limits of one server. What it counts is kept for each API key and endpoint, in memory.
type limiter struct {
	cfg *Config

	mu      sync.Mutex
	buckets map[bucketKey]*bucket
}

type bucketKey struct {
	key      string
	endpoint Endpoint
}

// bucket is the state of one key on one endpoint.
type bucket struct {
	limit      Limit
	concurrent *semaphore.Weighted // nil without a bound

	mu  sync.Mutex
	tat time.Time // GCRA's theoretical arrival time
}

func newLimiter(cfg *Config) *limiter {
	return &limiter{cfg: cfg, buckets: map[bucketKey]*bucket{}}
}

// bucket returns the state for a key and an endpoint. There are as many keys as the account has, so nothing is dropped.
func (l *limiter) bucket(key string, e Endpoint) *bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := bucketKey{key, e}
	b := l.buckets[k]
	if b == nil {
		b = &bucket{limit: l.cfg.limit(key, e)}
		if n := b.limit.Concurrent; n > 0 {
			b.concurrent = semaphore.NewWeighted(int64(n))
		}
		l.buckets[k] = b
	}
	return b
}

// allowance is what a rate limit says of one request.
type allowance struct {
	limit, remaining int
	reset            time.Duration // until the whole burst is there again
	retry            time.Duration // until a request is let through; 0 where this one was
}

// take asks to let a request through, by the generic cell rate algorithm: requests are Per/Count apart, and may come early by
// so much that Burst of them come at once.
func (b *bucket) take(now time.Time) (q allowance, ok bool) {
	r := b.limit.Rate
	if r.Count <= 0 {
		return allowance{}, true
	}
	burst := r.Burst
	if burst == 0 {
		burst = r.Count
	}
	interval := r.Per / time.Duration(r.Count)
	tolerance := interval * time.Duration(burst)

	b.mu.Lock()
	defer b.mu.Unlock()
	tat := b.tat
	if tat.Before(now) {
		tat = now
	}
	next := tat.Add(interval)
	if wait := next.Add(-tolerance).Sub(now); wait > 0 {
		return allowance{limit: burst, reset: tat.Sub(now), retry: wait}, false
	}
	b.tat = next
	return allowance{limit: burst, remaining: int((tolerance - next.Sub(now)) / interval), reset: next.Sub(now)}, true
}

// header writes what the client is told of its rate limit, in whole seconds, rounded up.
func (q allowance) header(h http.Header) {
	if q.limit == 0 {
		return
	}
	seconds := func(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
	h.Set("Carto-Rate-Limit-Limit", strconv.Itoa(q.limit))
	h.Set("Carto-Rate-Limit-Remaining", strconv.Itoa(q.remaining))
	h.Set("Carto-Rate-Limit-Reset", seconds(q.reset))
	if q.retry > 0 {
		h.Set("Retry-After", seconds(q.retry))
	}
}

// enter waits until the key may run one request more on the endpoint. Call leave after it.
func (b *bucket) enter(ctx context.Context) error {
	if b.concurrent == nil {
		return nil
	}
	if b.concurrent.Acquire(ctx, 1) != nil {
		return errBusy
	}
	return nil
}

func (b *bucket) leave() {
	if b.concurrent != nil {
		b.concurrent.Release(1)
	}
}
