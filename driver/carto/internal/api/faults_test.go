package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver/carto/internal/faultproxy"
)

// searchKey looks for the key in a text: as it is, escaped, and as Basic authentication has it.
func searchKey(t *testing.T, where, text string) {
	t.Helper()
	for _, s := range []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte("alice:" + secret)), base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		if strings.Contains(text, s) {
			t.Errorf("the key is in the %s: %s", where, text)
		}
	}
}

// ledger is a server that counts what was run. It knows
//
//	SELECT * FROM "n"          a hundred rows that say n
//	INSERT INTO "n"            counts n
//	COPY "n" FROM STDIN        counts n
//	COPY (SELECT ...) TO ...   lines
type ledger struct {
	mu  sync.Mutex
	ran map[string]int
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // not run
	}
	sql := r.URL.Query().Get("q")
	if form, err := url.ParseQuery(string(body)); err == nil && !strings.HasSuffix(r.URL.Path, "copyfrom") {
		sql = form.Get("q")
	}
	_, name, _ := strings.Cut(sql, `"`)
	name, _, _ = strings.Cut(name, `"`)
	l.mu.Lock()
	if l.ran == nil {
		l.ran = map[string]int{}
	}
	l.ran[name]++
	l.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "copyto"):
		say(200, copyData(name), "Content-Type", "application/octet-stream")(w, r)
	case strings.HasSuffix(r.URL.Path, "copyfrom"):
		say(200, fmt.Sprintf(`{"time":0.045,"total_rows":%d}`, strings.Count(string(body), "\n")))(w, r)
	case strings.HasPrefix(sql, "SELECT"):
		say(200, selected(name))(w, r)
	default:
		say(200, `{"rows":[],"time":0.007,"fields":{},"total_rows":1}`)(w, r)
	}
}

func (l *ledger) count(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ran[name]
}

func selected(name string) string {
	row := `{"name":"` + name + `"}`
	return `{"rows":[` + row + strings.Repeat(","+row, 99) + `],"time":0.007,"fields":{"name":{"type":"string","pgtype":"text"}},"total_rows":100}`
}

func copyData(name string) string { return strings.Repeat(name+"\n", 3000) + "end\n" }

// rig is a client, before a proxy, before a ledger.
type rig struct {
	*ledger
	proxy *faultproxy.Proxy
	c     *Client
	log   buffer
}

func newRig(t *testing.T, seed uint64, rules ...faultproxy.Rule) *rig {
	t.Helper()
	g := &rig{ledger: &ledger{}}
	target, err := url.Parse(serve(t, g.ServeHTTP))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rules {
		rules[i].RetryAfter = "0.002"
	}
	g.proxy = faultproxy.New(target, seed, rules...)
	t.Cleanup(g.proxy.Close)
	g.c = newClient(t, serve(t, g.proxy.ServeHTTP), func(c *Config) { c.Logger = g.log.logger() })
	return g
}

// check runs a statement of each kind and holds the outcome against what the ledger has.
func (g *rig) check(t *testing.T, name string) (outcomes []error) {
	t.Helper()
	ctx := t.Context()

	before := len(g.proxy.Records())
	r, err := g.c.Query(ctx, `SELECT * FROM "`+name+`q"`, Repeat)
	outcomes = append(outcomes, err)
	if err == nil {
		ok := len(r.Rows) == 100 && r.TotalRows == 100 && len(r.Fields) == 1
		for _, row := range r.Rows {
			ok = ok && row["name"] == name+"q"
		}
		if !ok {
			t.Errorf("%s: a wrong result: %v", name, r)
		}
	}
	if n := len(g.proxy.Records()) - before; n > g.c.attempts {
		t.Errorf("%s: %d attempts", name, n)
	}

	body, err := g.c.CopyTo(ctx, `COPY (SELECT * FROM "`+name+`t") TO STDOUT`)
	if err == nil {
		var got []byte
		got, err = io.ReadAll(body)
		_ = body.Close()
		if err == nil && !strings.HasSuffix(string(got), "\nend\n") { // the format's own sign of its end, as a caller would look for it
			err = errTrailer
		}
		if err == nil && string(got) != copyData(name+"t") {
			t.Errorf("%s: copyto: wrong data", name)
		}
	}
	outcomes = append(outcomes, err)

	_, err = g.c.Query(ctx, `INSERT INTO "`+name+`i" VALUES (1)`, Once)
	outcomes = append(outcomes, err)
	g.once(t, name+"i", err)

	rows, err := g.c.CopyFrom(ctx, `COPY "`+name+`f" FROM STDIN`, []byte("1\n2\n3\n"), false)
	outcomes = append(outcomes, err)
	if err == nil && rows != 3 || err != nil && rows != 0 {
		t.Errorf("%s: copyfrom: %d rows, %v", name, rows, err)
	}
	g.once(t, name+"f", err)
	return outcomes
}

// errTrailer is what a caller finds out.
var errTrailer = errors.New("the data have no end")

// once: what succeeded was run once, what is unknown at most once, and what failed not at all.
func (g *rig) once(t *testing.T, name string, err error) {
	t.Helper()
	n := g.count(name)
	if err == nil && n != 1 || n > 1 || err != nil && !errors.Is(err, ErrUnknown) && n != 0 {
		t.Errorf("%s was run %d times, and the outcome is %v", name, n, err)
	}
}

// searched looks for the key in all that was seen.
func (g *rig) searched(t *testing.T, outcomes []error) {
	t.Helper()
	if found := g.proxy.Find(secret); len(found) > 0 {
		t.Errorf("the key was seen: %v", found)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:"+secret))
	for _, r := range g.proxy.Records() {
		if r.Header.Get("Authorization") != basic {
			t.Errorf("request %d: Authorization: %q", r.N, r.Header.Get("Authorization"))
		}
		header := r.Header.Clone()
		header.Del("Authorization")
		searchKey(t, "request", fmt.Sprint(r.URL, header, string(r.Body)))
	}
	searchKey(t, "log", g.log.String())
	for _, err := range outcomes {
		if err != nil {
			searchKey(t, "error", err.Error())
		}
	}
}

// TestFaults: each fault, always and once.
func TestFaults(t *testing.T) {
	type outcome struct{ query, copyTo, insert, copyFrom error }
	ok := outcome{}
	for _, test := range []struct {
		fault  faultproxy.Fault
		always outcome
		first  outcome // when only the first request of each kind of statement meets it
	}{
		{faultproxy.None, ok, ok},
		{faultproxy.Slow, ok, ok},
		{faultproxy.DropBefore, outcome{ErrLost, ErrLost, ErrUnknown, ErrUnknown}, outcome{nil, nil, ErrUnknown, ErrUnknown}},
		{faultproxy.DropAnswer, outcome{ErrLost, ErrLost, ErrUnknown, ErrUnknown}, outcome{nil, nil, ErrUnknown, ErrUnknown}},
		{faultproxy.DropMiddle, outcome{ErrLost, ErrLost, ErrUnknown, ErrUnknown}, outcome{nil, ErrLost, ErrUnknown, ErrUnknown}},
		{faultproxy.Truncated, outcome{ErrLost, errTrailer, ErrUnknown, ErrUnknown}, outcome{nil, errTrailer, ErrUnknown, ErrUnknown}},
		{faultproxy.Reset, outcome{ErrLost, ErrLost, ErrUnknown, ErrUnknown}, outcome{nil, nil, ErrUnknown, ErrUnknown}},
		{faultproxy.RateAfter, outcome{ErrRate, ErrRate, ErrRate, ErrRate}, ok},
		{faultproxy.Rate, outcome{ErrRate, ErrRate, ErrRate, ErrRate}, ok},
		{faultproxy.Timeout, outcome{ErrTimeout, ErrTimeout, ErrTimeout, ErrTimeout}, outcome{ErrTimeout, ErrTimeout, ErrTimeout, ErrTimeout}},
		{faultproxy.Unavailable, outcome{ErrUnreachable, ErrUnreachable, ErrUnreachable, ErrUnreachable}, ok},
		{faultproxy.Denied, outcome{ErrForbidden, ErrForbidden, ErrForbidden, ErrForbidden}, outcome{ErrForbidden, ErrForbidden, ErrForbidden, ErrForbidden}},
		{faultproxy.BadRequest, outcome{errAny, errAny, errAny, errAny}, outcome{errAny, errAny, errAny, errAny}},
		{faultproxy.PlainBad, outcome{errAny, errAny, errAny, errAny}, outcome{errAny, errAny, errAny, errAny}},
		{faultproxy.Error500, outcome{ErrLost, ErrLost, ErrUnknown, ErrUnknown}, outcome{nil, nil, ErrUnknown, ErrUnknown}},
		{faultproxy.HTML502, outcome{ErrLost, ErrLost, ErrUnknown, ErrUnknown}, outcome{nil, nil, ErrUnknown, ErrUnknown}},
		{faultproxy.JSON502, outcome{ErrLost, ErrLost, ErrUnknown, ErrUnknown}, outcome{nil, nil, ErrUnknown, ErrUnknown}},
		{faultproxy.HTML200, outcome{ErrLost, ErrLost, ErrUnknown, ErrUnknown}, outcome{nil, nil, ErrUnknown, ErrUnknown}},
		{faultproxy.ErrorInRow, outcome{errAny, errAny, errAny, errAny}, outcome{errAny, errAny, errAny, errAny}},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			t.Parallel()
			for _, always := range []bool{true, false} {
				want := test.always
				rules := []faultproxy.Rule{{Fault: test.fault, Probability: 1}}
				if test.fault == faultproxy.DropMiddle && always || test.fault == faultproxy.Truncated {
					rules[0].After = 60
				}
				if !always {
					want = test.first
					// The first request with each of four names.
					var mu sync.Mutex
					seen := map[string]bool{}
					rules[0].Match = func(r *http.Request) bool {
						mu.Lock()
						defer mu.Unlock()
						kind := r.URL.Path
						if kind == "/api/v2/sql" {
							kind += strconv.FormatInt(r.ContentLength, 10)
						}
						first := !seen[kind]
						seen[kind] = true
						return first
					}
				}
				g := newRig(t, 3, rules...)
				got := g.check(t, "n")
				for i, want := range []error{want.query, want.copyTo, want.insert, want.copyFrom} {
					if !is(got[i], want) || want == nil && got[i] != nil {
						// What is reset before the first byte of an answer is asked for again, what is reset later is not.
						if test.fault == faultproxy.Reset && i == 1 && (got[i] == nil || errors.Is(got[i], ErrLost)) {
							continue
						}
						t.Errorf("always %v: statement %d: %v, want %v", always, i, got[i], want)
					}
				}
				g.searched(t, got)
			}
		})
	}
}

// TestRandomFaults: whatever happens, results are right or errors clear, and nothing is run twice.
func TestRandomFaults(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	var mu sync.Mutex
	good, bad := 0, 0
	t.Run("seeds", func(t *testing.T) {
		for seed := range seeds {
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(seed, 1))
				var rules []faultproxy.Rule
				total := rng.Float64() * 0.9
				for _, f := range faultproxy.Faults {
					rules = append(rules, faultproxy.Rule{Fault: f, Probability: rng.Float64() * 2 * total / float64(len(faultproxy.Faults))})
				}
				g := newRig(t, seed, rules...)
				var outcomes []error
				for i := range 12 {
					outcomes = append(outcomes, g.check(t, "n"+strconv.Itoa(i))...)
				}
				g.searched(t, outcomes)
				mu.Lock()
				defer mu.Unlock()
				for _, err := range outcomes {
					if err == nil {
						good++
					} else {
						bad++
					}
				}
			})
		}
	})
	t.Logf("%d statements succeeded, %d failed", good, bad)
	if good == 0 || bad == 0 {
		t.Errorf("%d statements succeeded, %d failed: nothing is tested", good, bad)
	}
}

// TestBrokenUpload: a server that has not got all of a request has not run it, so it is sent again.
func TestBrokenUpload(t *testing.T) {
	var l ledger
	srv := httptest.NewUnstartedServer(&l)
	first := &breaking{Listener: srv.Listener, left: 3}
	srv.Listener = first
	srv.Start()
	defer srv.Close()
	c := newClient(t, srv.URL, nil)
	data := []byte(strings.Repeat("1\n", 4<<20))
	n, err := c.CopyFrom(t.Context(), `COPY "n" FROM STDIN`, data, false)
	if err != nil || n != 4<<20 || l.count("n") != 1 {
		t.Errorf("%d rows, %v, run %d times", n, err, l.count("n"))
	}
	clear(data) // the race detector looks whether anybody still reads
}

// breaking resets its first connections in the middle of a request.
type breaking struct {
	net.Listener
	left int
}

func (b *breaking) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil || b.left == 0 {
			return conn, err
		}
		b.left--
		_, _ = io.ReadFull(conn, make([]byte, 100000))
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// TestUnreachable: where no connection comes about, nothing was run.
func TestUnreachable(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	var l ledger
	strange := httptest.NewTLSServer(&l)
	defer strange.Close()
	plain := httptest.NewServer(&l)
	defer plain.Close()
	for _, test := range []struct {
		name, url string
		attempts  string
	}{
		{"refused", "http://" + nobody.Addr().String(), "after 3 attempts"},
		{"no such host", "https://alice.invalid", "after 3 attempts"},
		{"no TLS", strings.Replace(plain.URL, "http:", "https:", 1), "after 3 attempts"},
		{"unknown certificate", strange.URL, "certificate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, test.url, func(c *Config) {
				c.Attempts = 3
				if test.name == "no such host" { // whatever this network's name server says
					c.Client = &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
						return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "alice.invalid", IsNotFound: true}}
					}}}
				}
			})
			_, err := c.Query(t.Context(), `INSERT INTO "n"`, Once)
			if !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), test.attempts) {
				t.Error(err)
			}
			_, err = c.CopyFrom(t.Context(), `COPY "n" FROM STDIN`, nil, false)
			if !errors.Is(err, ErrUnreachable) && test.name != "no TLS" {
				t.Error(err)
			}
			searchKey(t, "error", err.Error())
		})
	}
	if l.count("n") != 0 {
		t.Error("something was run")
	}
}

func TestRedirects(t *testing.T) {
	var l ledger
	var mu sync.Mutex
	var keys []string
	watch := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		keys = append(keys, r.Header.Get("Authorization"))
		mu.Unlock()
		l.ServeHTTP(w, r)
	})
	secure := httptest.NewTLSServer(watch)
	defer secure.Close()
	other := httptest.NewServer(watch)
	defer other.Close()
	for _, test := range []struct {
		name, to string
		status   int
		follow   bool
	}{
		{"to https", secure.URL + "/api/v2/sql", 301, true},
		{"to https, 308", secure.URL + "/api/v2/sql", 308, true},
		{"another path", "/elsewhere/api/v2/sql", 307, true},
		{"another host", strings.Replace(secure.URL, "127.0.0.1", "localhost", 1) + "/api/v2/sql", 302, false},
		{"another port", other.URL + "/api/v2/sql", 302, false},
		{"a user", strings.Replace(secure.URL, "://", "://x:y@", 1) + "/api/v2/sql", 302, false},
		{"in a circle", "/api/v2/sql", 302, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l.ran, keys = nil, nil
			front := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/v2/sql" {
					watch(w, r)
					return
				}
				w.Header().Set("Location", test.to)
				w.WriteHeader(test.status)
			})
			c := newClient(t, front, func(c *Config) { c.Client = secure.Client() })
			r, err := c.Query(t.Context(), `SELECT * FROM "n"`, Repeat)
			if test.follow && (err != nil || len(r.Rows) != 100 || len(keys) != 1 || keys[0] == "") {
				t.Errorf("%v, %q", err, keys)
			}
			if !test.follow && (err == nil || len(keys) != 0) {
				t.Errorf("%v, %q", err, keys)
			}
			if _, err := c.Query(t.Context(), `INSERT INTO "i"`, Once); err == nil || l.count("i") != 0 || errors.Is(err, ErrUnknown) {
				t.Errorf("once: %v", err)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	before := runtime.NumGoroutine()
	release := make(chan struct{})
	reached := make(chan struct{}, 10)
	hang := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		reached <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	half := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(w, "1\n")
		_ = http.NewResponseController(w).Flush()
		hang(w, r)
	}
	limited := func(w http.ResponseWriter, r *http.Request) {
		say(429, `{"error":["x"]}`, "Retry-After", "60")(w, r)
		reached <- struct{}{}
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		run     func(context.Context, *Client) error
		unknown bool
	}{
		{"query", hang, func(ctx context.Context, c *Client) error { _, err := c.Query(ctx, "SELECT", Repeat); return err }, false},
		{"insert", hang, func(ctx context.Context, c *Client) error { _, err := c.Query(ctx, "INSERT", Once); return err }, true},
		{"copyfrom", hang, func(ctx context.Context, c *Client) error {
			_, err := c.CopyFrom(ctx, "COPY", make([]byte, 1<<20), false)
			return err
		}, true},
		{"waiting", limited, func(ctx context.Context, c *Client) error { _, err := c.Query(ctx, "INSERT", Once); return err }, false},
		{"copyto", half, func(ctx context.Context, c *Client) error {
			body, err := c.CopyTo(ctx, "COPY")
			if err != nil {
				return err
			}
			defer body.Close()
			_, err = io.ReadAll(body)
			return err
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := httptest.NewServer(test.handler)
			defer srv.Close()
			c := newClient(t, srv.URL, nil)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var at time.Time
			go func() {
				<-reached
				time.Sleep(10 * time.Millisecond)
				at = time.Now()
				cancel()
			}()
			err := test.run(ctx, c)
			if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknown) != test.unknown || time.Since(at) > time.Second {
				t.Errorf("%v, after %s", err, time.Since(at))
			}
			if err := test.run(ctx, c); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknown) {
				t.Errorf("canceled before: %v", err)
			}
			c.Close()
		})
	}
	close(release)
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("goroutines stay:\n%s", buf[:runtime.Stack(buf, true)])
		}
	}
}

// TestEarlyAnswer: an answer that comes before the request was sent counts, and the data are the caller's again.
func TestEarlyAnswer(t *testing.T) {
	n := 0
	early := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(403)
		_, _ = io.WriteString(w, `{"error":["permission denied for table m"]}`)
	}
	c := newClient(t, serve(t, sequence(&n, early)), nil)
	data := make([]byte, 200<<10) // net/http's server reads so much after an answer
	_, err := c.CopyFrom(t.Context(), "COPY", data, false)
	clear(data)
	if !errors.Is(err, ErrForbidden) {
		t.Error(err)
	}
}
