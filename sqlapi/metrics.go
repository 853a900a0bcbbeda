package sqlapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// metricSet holds the server's metrics.
type metricSet struct {
	set         *metrics.Set
	rows, bytes *metrics.Counter
}

func newMetrics(p *pool) *metricSet {
	set := metrics.NewSet()
	set.NewGauge("ogrcarto_sessions_open", func() float64 { open, _ := p.size(); return float64(open) })
	set.NewGauge("ogrcarto_sessions_idle", func() float64 { _, idle := p.size(); return float64(idle) })
	set.NewGauge("ogrcarto_sessions_max", func() float64 { return float64(p.max) })
	return &metricSet{
		set:   set,
		rows:  set.NewCounter("ogrcarto_rows_total"),
		bytes: set.NewCounter("ogrcarto_sent_bytes_total"),
	}
}

// request counts a request that was answered.
func (m *metricSet) request(endpoint string, status int, took time.Duration, r *response) {
	if endpoint == "" {
		endpoint = "unknown"
	}
	m.set.GetOrCreateCounter(fmt.Sprintf(`ogrcarto_requests_total{endpoint=%q,status="%d"}`, endpoint, status)).Inc()
	m.set.GetOrCreateSummary(fmt.Sprintf(`ogrcarto_request_seconds{endpoint=%q}`, endpoint)).Update(took.Seconds())
	m.rows.AddInt64(r.rows)
	m.bytes.AddInt64(r.bytes)
}

// Metrics serves the server's metrics in Prometheus's text format. ServeHTTP serves them at /metrics too, but only to
// clients on the same machine.
func (s *Server) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.metrics.set.WritePrometheus(w)
		metrics.WriteProcessMetrics(w)
	})
}
