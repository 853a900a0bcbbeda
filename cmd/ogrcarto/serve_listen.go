package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

const (
	// startTimeout bounds how long the database may take to answer at the start.
	startTimeout = 30 * time.Second
	// headerTimeout, headerBytes and idleTimeout bound what a client takes that asks nothing. How long an answer may go
	// unread is the handler's to say, since an answer may be long.
	headerTimeout = 10 * time.Second
	headerBytes   = 64 << 10
	idleTimeout   = 2 * time.Minute
)

// service is what is served: a *sqlapi.Server, or a test's.
type service interface {
	http.Handler
	Account() string
	Metrics() http.Handler
	Shutdown(ctx context.Context) error
}

// listeners are the open ports of a server.
type listeners struct {
	api, metrics net.Listener // metrics may be nil
	tls          *tls.Config  // nil without TLS
}

// openListeners reads the certificates and opens the ports, so that what is wrong with them is known at once.
func (s *serveSettings) openListeners(ctx context.Context) (*listeners, error) {
	l := &listeners{}
	if s.tlsCert != "" {
		var err error
		if l.tls, err = s.tlsConfig(); err != nil {
			return nil, err
		}
	}
	var err error
	if l.api, err = listenAt(ctx, "listen", s.listen); err != nil {
		return nil, err
	}
	if s.metricsListen != "" {
		if l.metrics, err = listenAt(ctx, "metrics-listen", s.metricsListen); err != nil {
			l.close()
			return nil, err
		}
	}
	return l, nil
}

func (l *listeners) close() {
	_ = l.api.Close()
	if l.metrics != nil {
		_ = l.metrics.Close()
	}
}

func listenAt(ctx context.Context, flag, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen at %s: another program listens there: end it, or give --%s another address", address, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen at %s: this machine does not have that address: give --%s another one", address, flag)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("listen at %s: permission denied: ports below 1024 need the capability CAP_NET_BIND_SERVICE; give --%s another one, or let a proxy listen there", address, flag)
	}
	return l, err
}

func (s *serveSettings) tlsConfig() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(s.tlsCert, s.tlsKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", s.tlsCert, s.tlsKey, err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if s.tlsClientCA != "" {
		pem, err := os.ReadFile(s.tlsClientCA)
		if err != nil {
			return nil, fmt.Errorf("--tls-client-ca: %w", err)
		}
		c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--tls-client-ca %s: no certificate in PEM form", s.tlsClientCA)
		}
	}
	return c, nil
}

// serve answers requests until ctx ends, and then for shutdownTimeout those that have begun.
func (l *listeners) serve(ctx context.Context, svc service, shutdownTimeout time.Duration, log *slog.Logger, about ...any) error {
	server := func(h http.Handler) *http.Server {
		return &http.Server{
			Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		}
	}
	api := server(svc)
	api.TLSConfig = l.tls
	failed := make(chan error, 2)
	go func() {
		if l.tls != nil {
			failed <- api.ServeTLS(l.api, "", "")
		} else {
			failed <- api.Serve(l.api)
		}
	}()
	args := append([]any{"address", l.api.Addr().String(), "account", svc.Account(), "tls", tlsText(l.tls)}, about...)
	metrics := server(svc.Metrics())
	if l.metrics != nil {
		metrics.WriteTimeout = time.Minute
		args = append(args, "metrics", l.metrics.Addr().String())
		go func() { failed <- metrics.Serve(l.metrics) }()
	}
	log.Info("listening", args...)
	if host, _, _ := net.SplitHostPort(l.api.Addr().String()); l.tls == nil && !net.ParseIP(host).IsLoopback() {
		log.Warn("API keys come in clear text: want --tls-cert and --tls-key, or a proxy with TLS on this machine")
	}

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	began := time.Now()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if api.Shutdown(stop) != nil {
		log.Warn("requests did not end in time and are cut off", "shutdown-timeout", shutdownTimeout)
		_ = api.Close()
	}
	if e := svc.Shutdown(stop); e != nil && !errors.Is(e, context.DeadlineExceeded) {
		err = errors.Join(err, e)
	}
	_ = metrics.Close()
	log.Info("stopped", "took", time.Since(began).Round(time.Millisecond))
	return err
}

// tlsText is what the log says of TLS.
func tlsText(c *tls.Config) string {
	switch {
	case c == nil:
		return "no"
	case c.ClientAuth == tls.RequireAndVerifyClientCert:
		return "with client certificates"
	}
	return "yes"
}
