package faultproxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy is the handler. Use it with httptest.NewServer, which speaks HTTP/1.1.
type Proxy struct {
	// Delay is added to each request, as a long way to the server would.
	Delay time.Duration

	target *url.URL
	seed   uint64
	out    *http.Transport
	off    atomic.Bool

	mu      sync.Mutex
	rules   []Rule
	used    []int // how often a rule applied
	records []*Record
	counts  map[Fault]int
}

// Record is what the proxy saw of a request, and did to it.
type Record struct {
	N         int // from 0
	Method    string
	URL       string // as it came
	Header    http.Header
	Body      []byte // its beginning, up to 4 KB
	BodySize  int64
	Fault     Fault
	Forwarded bool // the server saw the request
	Status    int  // what the client saw, or was to see; 0 for none
	Sent      int64
}

// maxRecorded is how much of a request's body is recorded.
const maxRecorded = 4 << 10

// New returns a proxy for the server at target, of which scheme and host count.
func New(target *url.URL, seed uint64, rules ...Rule) *Proxy {
	return &Proxy{
		target: target, seed: seed, rules: rules, used: make([]int, len(rules)), counts: map[Fault]int{},
		out: &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true, IdleConnTimeout: time.Second},
	}
}

// Close closes the connections to the server.
func (p *Proxy) Close() { p.out.CloseIdleConnections() }

// SetEnabled switches the faults on and off. They are on at first.
func (p *Proxy) SetEnabled(on bool) { p.off.Store(!on) }

// Records returns what was seen so far, in the order in which requests came. What a request that is under way has come to is not
// in it.
func (p *Proxy) Records() []Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Record, len(p.records))
	for i, r := range p.records {
		all[i] = *r
	}
	return all
}

// Count returns how often a fault happened, and with None how often there was none.
func (p *Proxy) Count(f Fault) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[f]
}

// Counts returns how often each fault happened.
func (p *Proxy) Counts() map[Fault]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := make(map[Fault]int, len(p.counts))
	for f, n := range p.counts {
		m[f] = n
	}
	return m
}

// exchange is one request.
type exchange struct {
	p    *Proxy
	w    http.ResponseWriter
	r    *http.Request
	rec  *Record
	rule Rule
	rng  *rand.Rand
	body *recorded
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := p.begin(w, r)
	defer x.end()
	if !pause(r.Context(), p.Delay) {
		panic(http.ErrAbortHandler)
	}
	x.serve()
}

// begin decides what happens to a request.
func (p *Proxy) begin(w http.ResponseWriter, r *http.Request) *exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.records)
	x := &exchange{p: p, w: w, r: r, rng: rand.New(rand.NewPCG(p.seed, uint64(n))), rule: Rule{Fault: None}}
	at := x.rng.Float64()
	if !p.off.Load() {
		for i, rule := range p.rules {
			if !rule.matches(r) || rule.Times > 0 && p.used[i] >= rule.Times {
				continue
			}
			if at < rule.Probability {
				p.used[i]++
				x.rule = rule
				break
			}
			at -= rule.Probability
		}
	}
	p.counts[x.rule.Fault]++
	x.rec = &Record{N: n, Method: r.Method, URL: r.RequestURI, Header: r.Header.Clone(), Fault: x.rule.Fault}
	p.records = append(p.records, x.rec)
	x.body = &recorded{r: r.Body}
	return x
}

// end completes the record.
func (x *exchange) end() {
	x.p.mu.Lock()
	defer x.p.mu.Unlock()
	x.body.mu.Lock()
	defer x.body.mu.Unlock()
	x.rec.Body, x.rec.BodySize = x.body.begin, x.body.n
}

// note changes the record.
func (x *exchange) note(change func(*Record)) {
	x.p.mu.Lock()
	defer x.p.mu.Unlock()
	change(x.rec)
}

// recorded is a request's body.
type recorded struct {
	r     io.ReadCloser
	mu    sync.Mutex
	begin []byte
	n     int64
}

// Read implements io.Reader.
func (b *recorded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n += int64(n)
	b.begin = append(b.begin, p[:min(n, maxRecorded-len(b.begin))]...)
	return n, err
}

// Close implements io.Closer.
func (b *recorded) Close() error { return b.r.Close() }

// pause waits, unless the client goes away.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (x *exchange) serve() {
	switch x.rule.Fault {
	case None, Slow:
		x.pass()
	case DropBefore:
		if x.rng.IntN(2) == 0 {
			x.drain()
		}
		x.drop(false)
	case RateAfter, Rate, Timeout, Unavailable, Denied, BadRequest, PlainBad, HTML200:
		x.drain()
		x.say()
	case Error500, HTML502, JSON502:
		if x.rng.IntN(2) == 0 {
			x.drain()
		} else {
			x.swallow()
		}
		x.say()
	case DropAnswer:
		x.swallow()
		x.drop(false)
	case DropMiddle, Truncated:
		x.cut()
	case Reset:
		switch turn := x.rng.IntN(3); {
		case x.rule.After > 0 || turn == 2:
			x.cut()
		case turn == 1:
			x.swallow()
			x.drop(true)
		default:
			x.drop(true)
		}
	case ErrorInRow:
		x.addError()
	default:
		panic(fmt.Sprintf("faultproxy: unknown fault %q", x.rule.Fault))
	}
}

// drain reads the request. Where the client breaks off, so does the proxy.
func (x *exchange) drain() []byte {
	b, err := io.ReadAll(x.body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return b
}

// forward sends the request on, and returns the answer. It does not outlive the client, unless detached. Where there is no
// answer, the client's connection ends.
func (x *exchange) forward(body io.Reader, detached bool) *http.Response {
	ctx := x.r.Context()
	if detached {
		ctx = context.WithoutCancel(ctx)
	}
	u := *x.r.URL
	u.Scheme, u.Host = x.p.target.Scheme, x.p.target.Host
	if x.r.ContentLength == 0 {
		body = http.NoBody
	}
	out, err := http.NewRequestWithContext(ctx, x.r.Method, u.String(), body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.ContentLength = x.r.ContentLength
	out.Header = x.r.Header.Clone()
	out.Host = x.r.Host
	for _, name := range []string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		out.Header.Del(name)
	}
	x.note(func(r *Record) { r.Forwarded = true })
	resp, err := x.p.out.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return resp
}

// swallow has the server answer, and lets nobody see it.
func (x *exchange) swallow() {
	body := x.drain()
	resp := x.forward(bytes.NewReader(body), true)
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

// head sends status and headers.
func (x *exchange) head(resp *http.Response) {
	h := x.w.Header()
	for name, values := range resp.Header {
		if name != "Connection" && name != "Transfer-Encoding" {
			h[name] = values
		}
	}
	if resp.ContentLength >= 0 {
		h.Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
	x.w.WriteHeader(resp.StatusCode)
	x.note(func(r *Record) { r.Status = resp.StatusCode })
}

// pass lets the answer through.
func (x *exchange) pass() {
	resp := x.forward(x.body, false)
	defer func() { _ = resp.Body.Close() }()
	x.head(resp)
	rc := http.NewResponseController(x.w)
	piece, slow := 32<<10, x.rule.Fault == Slow
	if slow {
		piece = 500
		if x.rule.Piece > 0 {
			piece = x.rule.Piece
		}
	}
	buf := make([]byte, piece)
	for pieces := 0; ; pieces++ {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			if _, werr := x.w.Write(buf[:n]); werr != nil {
				panic(http.ErrAbortHandler)
			}
			_ = rc.Flush()
			x.note(func(r *Record) { r.Sent += int64(n) })
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if slow && pieces < 100 && !pause(x.r.Context(), max(x.rule.Pause, time.Millisecond)) { // then it has been slow long enough
			panic(http.ErrAbortHandler)
		}
	}
}

// say gives an answer of the proxy's own.
func (x *exchange) say() {
	a := answers[x.rule.Fault]
	h := x.w.Header()
	if a.kind != "" {
		h.Set("Content-Type", a.kind)
	}
	if x.rule.Fault == RateAfter || x.rule.Fault == Unavailable {
		after := x.rule.RetryAfter
		if after == "" {
			after = "1"
		}
		h.Set("Retry-After", after)
	}
	x.note(func(r *Record) { r.Status, r.Sent = a.status, int64(len(a.body)) })
	x.w.WriteHeader(a.status)
	_, _ = io.WriteString(x.w, a.body)
}

// drop ends the connection, of which nothing was sent.
func (x *exchange) drop(reset bool) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil { // not HTTP/1
		panic(http.ErrAbortHandler)
	}
	end(conn, reset)
}

func end(conn net.Conn, reset bool) {
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// cut lets a part of the answer through. It is written by hand, for net/http would see to it that it looks as cut as it is.
func (x *exchange) cut() {
	body := x.drain()
	resp := x.forward(bytes.NewReader(body), true)
	defer func() { _ = resp.Body.Close() }()
	after := x.rule.After
	if after == 0 {
		after = 1 << x.rng.IntN(18)
		after += x.rng.IntN(after)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, int64(after)+1))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if len(data) <= after && len(data) > 0 {
		after = x.rng.IntN(len(data))
	}
	data = data[:min(after, len(data))]
	x.raw(resp, data, x.rule.Fault)
}

// raw writes an answer to the connection, and ends it in the way of the fault.
func (x *exchange) raw(resp *http.Response, data []byte, how Fault) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x.note(func(r *Record) { r.Status, r.Sent = resp.StatusCode, int64(len(data)) })
	h := resp.Header.Clone()
	h.Del("Content-Length")
	h.Set("Connection", "close")
	var b bytes.Buffer
	chunked := how != Truncated
	if chunked {
		h.Set("Transfer-Encoding", "chunked")
	}
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", resp.StatusCode, http.StatusText(resp.StatusCode))
	_ = h.Write(&b)
	b.WriteString("\r\n")
	switch {
	case chunked && len(data) > 0:
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(data), data)
	case !chunked:
		b.Write(data)
	}
	_, _ = conn.Write(b.Bytes())
	if how == Reset {
		time.Sleep(time.Millisecond) // a reset overtakes what is not read yet
	}
	end(conn, how == Reset)
}

// readsOnly finds statements that change nothing.
var readsOnly = regexp.MustCompile(`(?is)^\s*(?:SELECT\b.*\bFROM\b|COPY\s*\(\s*SELECT\b.*\bTO\s+STDOUT\b)`)

// addError answers with an error that comes late. A statement that may change something is not run.
func (x *exchange) addError() {
	body := x.drain()
	sql := x.r.URL.Query().Get("q")
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("q") != "" {
		sql = form.Get("q")
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {typeJSON}}}
	data := []byte(`{"rows":[{"cartodb_id":1}],"time":0.001,"fields":{"cartodb_id":{"type":"number","pgtype":"int4"}},"total_rows":1}`)
	if endpoint(x.r) == "copyto" {
		data = []byte("1\n")
		resp.Header.Set("Content-Type", "application/octet-stream")
	}
	if readsOnly.MatchString(sql) {
		real := x.forward(bytes.NewReader(body), true)
		all, err := io.ReadAll(real.Body)
		_ = real.Body.Close()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		resp, data = real, all
		if real.StatusCode != http.StatusOK {
			x.head(real)
			_, _ = x.w.Write(data)
			return
		}
	}
	if endpoint(x.r) == "copyto" {
		if len(data) > 0 {
			data = data[:x.rng.IntN(len(data))]
		}
		data = append(data, "{"+addedError...)
	} else {
		data = append(bytes.TrimSuffix(bytes.TrimSpace(data), []byte("}")), ","+addedError...)
	}
	resp.ContentLength = int64(len(data))
	resp.Header.Del("Content-Length")
	x.head(resp)
	_, _ = x.w.Write(data)
	x.note(func(r *Record) { r.Sent = int64(len(data)) })
}

// Find returns where a text stands in what was recorded: in URLs, in headers other than Authorization, in the beginnings of
// bodies. It is looked for as it is and urlencoded.
func (p *Proxy) Find(secret string) []string {
	var found []string
	for _, r := range p.Records() {
		for _, s := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if strings.Contains(r.URL, s) {
				found = append(found, fmt.Sprintf("request %d: URL", r.N))
			}
			if bytes.Contains(r.Body, []byte(s)) {
				found = append(found, fmt.Sprintf("request %d: body", r.N))
			}
			for name, values := range r.Header {
				if name != "Authorization" && strings.Contains(strings.Join(values, "\n"), s) {
					found = append(found, fmt.Sprintf("request %d: header %s", r.N, name))
				}
			}
		}
	}
	return found
}
