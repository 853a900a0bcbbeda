package sqlapi

import (
	"context"
	"errors"
	"net/http"
)

// Server answers the SQL API's requests for one account. It is an http.Handler, safe for concurrent use.
type Server struct {
	cfg Config
}

// New connects to the database, which must be prepared (see package account), and starts the workers of batch jobs. The
// server lives until Shutdown; ctx is for the start alone.
func New(ctx context.Context, cfg Config) (*Server, error) {
	return nil, errors.ErrUnsupported
}

// Account is the name of the account that is served.
func (s *Server) Account() string { return "" }

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// Metrics serves the server's metrics in Prometheus's text format. ServeHTTP serves them at /metrics too, but only to
// clients on the same machine.
func (s *Server) Metrics() http.Handler { return nil }

// Shutdown stops the workers of batch jobs and closes the sessions. Statements that run are given until ctx ends; then they
// are canceled. Call it after http.Server.Shutdown, which waits for the requests.
func (s *Server) Shutdown(ctx context.Context) error { return nil }
