package sqlapi

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Config says what a Server serves and what it allows. The zero value of a member means the default that is named with it.
type Config struct {
	// Postgres is the URL of the database, as libpq reads it, with a role that may read the schema ogrcarto: the one that
	// prepared it, as a rule. Statements of users run in sessions of their own roles, to the same host and database.
	Postgres string
	// Account must be the database's account where it is given.
	Account string
	// Domain is where accounts have their host names: "example.org" means that Host: alice.example.org is the account alice
	// and every other host name is this account. Where it is empty, the first label of any host name with dots is taken as an
	// account, as CARTO does; addresses and names without dots are this account.
	Domain string

	// Allow lists the networks that clients may come from: all where it is empty.
	Allow []netip.Prefix
	// TrustedProxies lists the networks whose X-Forwarded-For header is believed.
	TrustedProxies []netip.Prefix

	// MaxConnections bounds the sessions that run users' statements, of all roles together (20).
	MaxConnections int
	// MaxWait bounds how long a request waits for a session before it is answered 429 (30 s).
	MaxWait time.Duration
	// Limits holds the rules in any order; see Limit.
	Limits []Rule

	// MaxBody bounds the body of a request with SQL, in bytes (32 MiB).
	MaxBody int64
	// MaxCopy bounds what one copyfrom may send, in bytes, as they are after decompression (2 GB).
	MaxCopy int64
	// MaxRow bounds one row, or one message, of a result, in bytes (32 MiB).
	MaxRow int
	// Quota bounds the size of the database, in bytes: no bound where it is 0. While it is exceeded, statements that add data
	// are refused.
	Quota int64
	// MaxIdle is how long a client may leave an answer unread or a body unsent before it is given up (1 min).
	MaxIdle time.Duration
	// TempDir is where GeoPackages are made before they are sent: os.TempDir() where it is empty.
	TempDir string
	// JobWorkers is how many batch jobs run at once (1); none where it is negative.
	JobWorkers int

	// Logger gets a line for each request: slog.Default() where it is nil.
	Logger *slog.Logger
	// Version is what /api/v1/version tells.
	Version string
}

// The defaults of Config.
const (
	DefaultMaxConnections = 20
	DefaultMaxWait        = 30 * time.Second
	DefaultMaxBody        = 32 << 20
	DefaultMaxCopy        = 2_000_000_000
	DefaultMaxRow         = 32 << 20
	DefaultMaxIdle        = time.Minute
	DefaultTimeout        = 5 * time.Minute // of a statement on sql
	DefaultCopyTimeout    = 5 * time.Hour   // of copyfrom and copyto
	DefaultJobTimeout     = 12 * time.Hour  // of a statement of a batch job
)

// Endpoint is a part of the API that has limits of its own.
type Endpoint string

// The endpoints.
const (
	EndpointSQL      Endpoint = "sql"
	EndpointCopyFrom Endpoint = "copyfrom"
	EndpointCopyTo   Endpoint = "copyto"
	EndpointJob      Endpoint = "job"
)

// Endpoints lists the endpoints.
var Endpoints = []Endpoint{EndpointSQL, EndpointCopyFrom, EndpointCopyTo, EndpointJob}

// Rule gives limits to some API keys on some endpoints.
type Rule struct {
	Key      string   // the name of an API key; "" is any
	Endpoint Endpoint // "" is any
	Limit
}

// Limit bounds what one API key may do on one endpoint. A member that is zero leaves the question to a less specific rule:
// the rule for the key and the endpoint comes first, then the one for the key, the one for the endpoint, the one for all.
// Negative means no bound.
type Limit struct {
	Timeout    time.Duration // of a request; on job, of a statement
	Rate       Rate
	Concurrent int // requests at a time; more wait
}

// Rate is how often something may happen: Count times in Per, with bursts of up to Burst at once.
type Rate struct {
	Count int
	Per   time.Duration
	Burst int // Count where it is 0
}

// ParseRate reads "15/s", "3/m" or "100/h", and a burst after a colon: "15/s:30". "off" is no bound.
func ParseRate(text string) (Rate, error) {
	if text == "off" {
		return Rate{Count: -1}, nil
	}
	rate, burst, hasBurst := strings.Cut(text, ":")
	count, per, ok := strings.Cut(rate, "/")
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}
	n, err := strconv.Atoi(count)
	if !ok || err != nil || n < 1 || units[per] == 0 {
		return Rate{}, fmt.Errorf("rate %q: want COUNT/UNIT[:BURST] with unit s, m or h, as in 15/s, or off", text)
	}
	r := Rate{Count: n, Per: units[per]}
	if hasBurst {
		if r.Burst, err = strconv.Atoi(burst); err != nil || r.Burst < 1 {
			return Rate{}, fmt.Errorf("rate %q: burst %q is not a positive number", text, burst)
		}
	}
	return r, nil
}

// limit returns what holds for a key on an endpoint.
func (c *Config) limit(key string, e Endpoint) Limit {
	var l Limit
	switch e {
	case EndpointSQL:
		l.Timeout = DefaultTimeout
	case EndpointJob:
		l.Timeout = DefaultJobTimeout
	default:
		l.Timeout = DefaultCopyTimeout
	}
	for _, level := range [...]Rule{{}, {Endpoint: e}, {Key: key}, {Key: key, Endpoint: e}} {
		for _, r := range c.Limits {
			if r.Key != level.Key || r.Endpoint != level.Endpoint {
				continue
			}
			if r.Timeout != 0 {
				l.Timeout = r.Timeout
			}
			if r.Rate.Count != 0 {
				l.Rate = r.Rate
			}
			if r.Concurrent != 0 {
				l.Concurrent = r.Concurrent
			}
		}
	}
	return l
}
