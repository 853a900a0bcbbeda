package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ogrcarto/ogrcarto/sqlapi"
)

// serveSettings is what "ogrcarto serve" and the commands below it can be told: on the command line, in the environment, in a
// file, in this order.
type serveSettings struct {
	config     sqlapi.Config
	publicRole string

	listen, metricsListen        string
	tlsCert, tlsKey, tlsClientCA string
	shutdownTimeout              time.Duration

	logFormat string
	logLevel  slog.Level

	// Limits that are rules of their own.
	timeout, copyTimeout, jobTimeout time.Duration
	rate, copyRate                   sqlapi.Rate
	concurrent                       int

	file  string
	flags *pflag.FlagSet    // all of them
	from  map[string]string // where a setting was found that was not on the command line
}

// envPrefix is what the names of environment variables begin with.
const envPrefix = "OGRCARTO_SERVE_"

// envName is the environment variable for a flag.
func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// The kinds of values that may be numbers in a file.
const (
	sizeKind  = "SIZE"
	countKind = "N"
)

func newServeSettings() *serveSettings {
	s := &serveSettings{
		listen: "127.0.0.1:8080", shutdownTimeout: 30 * time.Second, logFormat: "text",
		flags: pflag.NewFlagSet("serve", pflag.ContinueOnError), from: map[string]string{},
	}
	c, l := &s.config, s.flags
	text := func(to *string, name, kind, usage string) {
		l.Var(&valueFlagOf[string]{to, kind, *to, parseText}, name, usage)
	}
	address := func(to *string, name, usage string) {
		l.Var(&valueFlagOf[string]{to, "ADDRESS", *to, parseAddress}, name, usage)
	}
	duration := func(to *time.Duration, def time.Duration, parse func(string) (time.Duration, error), name, usage string) {
		l.Var(&valueFlagOf[time.Duration]{to, "TIME", durationText(def), parse}, name, usage)
	}
	size := func(to *int64, def, name, usage string, parse func(string) (int64, error)) {
		l.Var(&valueFlagOf[int64]{to, sizeKind, def, parse}, name, usage)
	}
	count := func(to *int, def, name, usage string, parse func(string) (int, error)) {
		l.Var(&valueFlagOf[int]{to, countKind, def, parse}, name, usage)
	}
	rate := func(to *sqlapi.Rate, name, usage string) {
		l.Var(&valueFlagOf[sqlapi.Rate]{to, "RATE", "off", parseRate}, name, usage)
	}

	text(&c.Postgres, "postgres", "URL", "the database; others can see a command line: put a password into the environment or the file")
	text(&c.Account, "account", "NAME", "the account; a database that is prepared for another one is an error")
	text(&s.publicRole, "public-role", "ROLE", "the PostgreSQL role of requests without an API key, publicuser unless given")
	text(&s.file, "config", "FILE", "read settings from this TOML file")
	address(&s.listen, "listen", "answer at this address")
	text(&c.Domain, "domain", "NAME", "accounts are host names of this domain: alice.NAME is the account alice")
	l.Var(networksFlag{&c.Allow}, "allow", "clients may come from this network only; may be repeated")
	l.Var(networksFlag{&c.TrustedProxies}, "trusted-proxy", "believe X-Forwarded-For of a proxy in this network; may be repeated")
	text(&s.tlsCert, "tls-cert", "FILE", "speak TLS with this certificate and those that vouch for it, in PEM")
	text(&s.tlsKey, "tls-key", "FILE", "the certificate's private key, in PEM")
	text(&s.tlsClientCA, "tls-client-ca", "FILE", "clients must have a certificate that one of these vouches for, in PEM")
	address(&s.metricsListen, "metrics-listen", "answer /metrics at this address, to everybody")

	count(&c.MaxConnections, fmt.Sprint(sqlapi.DefaultMaxConnections), "max-connections", "sessions with the database at most, for statements of users", parseCount)
	duration(&c.MaxWait, sqlapi.DefaultMaxWait, parseDuration, "max-wait", "how long a request waits for a session")
	duration(&s.timeout, sqlapi.DefaultTimeout, parseTimeout, "timeout", "how long a request of sql may take, or off")
	duration(&s.copyTimeout, sqlapi.DefaultCopyTimeout, parseTimeout, "copy-timeout", "how long one of copyfrom or copyto may take, or off")
	duration(&s.jobTimeout, sqlapi.DefaultJobTimeout, parseTimeout, "job-timeout", "how long a statement of a batch job may take, or off")
	rate(&s.rate, "rate", "requests to sql that an API key may make: 15/s, 100/m, with a burst 15/s:30, or off")
	rate(&s.copyRate, "copy-rate", "the same for copyfrom, and for copyto")
	count(&s.concurrent, "off", "concurrent", "requests of an API key to an endpoint at a time, or off; more wait", parseBound)
	size(&c.Quota, "0", "quota", "how large the database may become: 50GB; 0 is no bound", parseSize)
	size(&c.MaxBody, sizeText(sqlapi.DefaultMaxBody), "max-body", "how large a request with SQL may be", parseSomeSize)
	size(&c.MaxCopy, sizeText(sqlapi.DefaultMaxCopy), "max-copy", "how much one copyfrom may send, decompressed", parseSomeSize)
	l.Var(&valueFlagOf[int]{&c.MaxRow, sizeKind, sizeText(sqlapi.DefaultMaxRow), parseRowSize}, "max-row", "how large a row of a result may be")
	duration(&c.MaxIdle, sqlapi.DefaultMaxIdle, parseDuration, "max-idle", "how long a client may leave an answer unread or a body unsent")
	text(&c.TempDir, "temp-dir", "FOLDER", "where GeoPackages are made before they are sent, the system's unless given")
	count(&c.JobWorkers, "1", "job-workers", "batch jobs that run at a time; 0 for none", parseWorkers)

	l.Var(&valueFlagOf[string]{&s.logFormat, "text|json", s.logFormat, oneOf("text", "json")}, "log-format", "form of the log on standard error")
	l.Var(&valueFlagOf[slog.Level]{&s.logLevel, "LEVEL", "info", parseLevel}, "log-level", "what is logged: debug, info, warn or error, and above")
	duration(&s.shutdownTimeout, s.shutdownTimeout, parseDuration, "shutdown-timeout", "how long requests may run on after the signal to stop")
	return s
}

// addTo gives a command the flags of these names, or all but --public-role where there are none.
func (s *serveSettings) addTo(cmd *cobra.Command, names ...string) {
	l := cmd.Flags()
	l.SortFlags = false
	if len(names) == 0 {
		s.flags.SortFlags = false
		s.flags.VisitAll(func(f *pflag.Flag) {
			if f.Name != "public-role" {
				names = append(names, f.Name)
			}
		})
	}
	for _, name := range names {
		l.AddFlag(s.flags.Lookup(name))
	}
	for _, name := range names {
		switch s.flags.Lookup(name).Value.Type() {
		case "FILE", "text|json":
		default:
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
		}
	}
}

// resolve completes what the command line says from the environment and the file, and checks it as a whole.
func (s *serveSettings) resolve(cmd *cobra.Command) error {
	given := func(name string) bool { return s.flags.Lookup(name).Changed }
	var err error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value := os.Getenv(envName(f.Name)) // an empty one is none: that is all that a unit file can say
		if err != nil || f.Changed || value == "" || s.flags.Lookup(f.Name) != f {
			return
		}
		if setErr := s.set(f.Name, value); setErr != nil {
			err = usagef("%s: %w", envName(f.Name), setErr)
		}
		s.from[f.Name] = envName(f.Name)
	})
	if err != nil {
		return err
	}
	if s.file != "" {
		if err := s.readFile(s.file); err != nil {
			return err
		}
	}

	switch {
	case given("tls-cert") != given("tls-key"):
		return usagef("--tls-cert and --tls-key go together")
	case given("tls-client-ca") && !given("tls-cert"):
		return usagef("--tls-client-ca needs --tls-cert and --tls-key")
	}
	for _, r := range []struct {
		flag      string
		limit     sqlapi.Limit
		endpoints []sqlapi.Endpoint
	}{
		{"timeout", sqlapi.Limit{Timeout: s.timeout}, []sqlapi.Endpoint{sqlapi.EndpointSQL}},
		{"copy-timeout", sqlapi.Limit{Timeout: s.copyTimeout}, []sqlapi.Endpoint{sqlapi.EndpointCopyFrom, sqlapi.EndpointCopyTo}},
		{"job-timeout", sqlapi.Limit{Timeout: s.jobTimeout}, []sqlapi.Endpoint{sqlapi.EndpointJob}},
		{"rate", sqlapi.Limit{Rate: s.rate}, []sqlapi.Endpoint{sqlapi.EndpointSQL}},
		{"copy-rate", sqlapi.Limit{Rate: s.copyRate}, []sqlapi.Endpoint{sqlapi.EndpointCopyFrom, sqlapi.EndpointCopyTo}},
		{"concurrent", sqlapi.Limit{Concurrent: s.concurrent}, []sqlapi.Endpoint{""}},
	} {
		if given(r.flag) {
			for _, e := range r.endpoints { // behind those of the file, so that these win
				s.config.Limits = append(s.config.Limits, sqlapi.Rule{Endpoint: e, Limit: r.limit})
			}
		}
	}
	return nil
}

// set gives a flag a value. The error does not name the flag.
func (s *serveSettings) set(name, value string) error {
	err := s.flags.Set(name, value)
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalid.Unwrap()
	}
	return err
}

// logger writes to w in the form that was asked for.
func (s *serveSettings) logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: s.logLevel}
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
