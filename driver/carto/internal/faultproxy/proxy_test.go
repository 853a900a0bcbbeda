package faultproxy

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const full = `{"rows":[{"a":1},{"a":2}],"time":0.1,"fields":{},"total_rows":2}`

// start starts a server that counts, and a proxy before it.
func start(t *testing.T, seed uint64, rules ...Rule) (*Proxy, string, *atomic.Int64) {
	t.Helper()
	var ran atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			return
		}
		ran.Add(1)
		w.Header().Set("Content-Type", typeJSON)
		_, _ = io.WriteString(w, full)
	}))
	t.Cleanup(srv.Close)
	target, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := New(target, seed, rules...)
	t.Cleanup(p.Close)
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	return p, front.URL, &ran
}

// ask sends a statement, and says what came of it.
func ask(t *testing.T, address, sql string) string {
	t.Helper()
	resp, err := http.Post(address+"/api/v2/sql?x=1", "application/x-www-form-urlencoded", strings.NewReader("q="+url.QueryEscape(sql)))
	if err != nil {
		return "no answer"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Sprint(resp.StatusCode, " broken")
	case string(body) == full:
		return fmt.Sprint(resp.StatusCode, " complete")
	case strings.HasPrefix(full, string(body)):
		return fmt.Sprint(resp.StatusCode, " cut")
	case strings.HasSuffix(string(body), addedError):
		return fmt.Sprint(resp.StatusCode, " error added")
	}
	after := resp.Header.Get("Retry-After")
	if after != "" {
		after = " after " + after
	}
	return fmt.Sprint(resp.StatusCode, after, " other")
}

// TestFaults looks at each fault from both sides.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		fault Fault
		want  string // one of these
		runs  string // of 20: "all", "none", "some"
	}{
		{None, "200 complete", "all"},
		{Slow, "200 complete", "all"},
		{DropBefore, "no answer", "none"},
		{RateAfter, "429 after 1 other", "none"},
		{Rate, "429 other", "none"},
		{Timeout, "429 other", "none"},
		{Unavailable, "503 after 1 other", "none"},
		{Denied, "403 other", "none"},
		{BadRequest, "400 other", "none"},
		{PlainBad, "400 cut", "none"}, // nothing
		{HTML200, "200 other", "none"},
		{DropAnswer, "no answer", "all"},
		{DropMiddle, "200 broken", "all"},
		{Truncated, "200 cut", "all"},
		{Reset, "no answer|200 broken", "some"},
		{Error500, "500 other", "some"},
		{HTML502, "502 other", "some"},
		{JSON502, "502 other", "some"},
		{ErrorInRow, "200 error added", "all"},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			t.Parallel()
			p, address, ran := start(t, 1, Rule{Fault: test.fault, Probability: 1, Piece: 7})
			for range 20 {
				if got := ask(t, address, "SELECT * FROM t"); !strings.Contains("|"+test.want+"|", "|"+got+"|") {
					t.Errorf("got %s, want %s", got, test.want)
				}
			}
			n := ran.Load()
			if test.runs == "all" && n != 20 || test.runs == "none" && n != 0 || test.runs == "some" && (n == 0 || n == 20) {
				t.Errorf("the server ran %d of 20, want %s", n, test.runs)
			}
			forwarded := 0
			for _, r := range p.Records() {
				if r.Fault != test.fault || r.Method != "POST" || r.URL != "/api/v2/sql?x=1" {
					t.Errorf("recorded: %+v", r)
				}
				if r.Forwarded {
					forwarded++
				}
			}
			if int64(forwarded) != n || p.Count(test.fault) != 20 {
				t.Errorf("recorded: %d forwarded, %v", forwarded, p.Counts())
			}
		})
	}
}

// TestErrorAddedRunsNothing: what may change something is not run and then said to have failed.
func TestErrorAddedRunsNothing(t *testing.T) {
	_, address, ran := start(t, 1, Rule{Fault: ErrorInRow, Probability: 1})
	if got := ask(t, address, "INSERT INTO t SELECT * FROM u RETURNING a"); got != "200 error added" || ran.Load() != 0 {
		t.Errorf("%s, ran %d times", got, ran.Load())
	}
}

// TestSeeds: the same seed does the same, another one something else.
func TestSeeds(t *testing.T) {
	run := func(seed uint64) string {
		var rules []Rule
		for _, f := range Faults {
			rules = append(rules, Rule{Fault: f, Probability: 0.04})
		}
		p, address, _ := start(t, seed, rules...)
		var b strings.Builder
		for range 60 {
			ask(t, address, "SELECT 1")
		}
		for _, r := range p.Records() {
			fmt.Fprintf(&b, "%s %v %d\n", r.Fault, r.Forwarded, r.Status)
		}
		return b.String()
	}
	first := run(7)
	if again := run(7); again != first {
		t.Errorf("not the same:\n%s\n%s", first, again)
	}
	if run(8) == first {
		t.Error("another seed does the same")
	}
}

func TestRules(t *testing.T) {
	p, address, _ := start(t, 1,
		Rule{Fault: Denied, Probability: 1, Endpoint: "copyto"},
		Rule{Fault: BadRequest, Probability: 1, Times: 1},
		Rule{Fault: JSON502, Probability: 1, Match: func(r *http.Request) bool { return r.Header.Get("X") != "" }},
		Rule{Fault: DropMiddle, Probability: 1, After: 5, Times: 1})
	for i, want := range []string{"400 other", "200 broken", "200 complete"} {
		if got := ask(t, address, "SELECT 1"); got != want {
			t.Errorf("request %d: %s, want %s", i, got, want)
		}
	}
	if r := p.Records()[1]; r.Sent != 5 || string(r.Body) != "q=SELECT+1" || r.BodySize != 10 {
		t.Errorf("recorded: %+v", r)
	}
	if found := p.Find("SELECT 1"); len(found) != 3 {
		t.Errorf("found: %v", found)
	}
	p.Delay = 50 * time.Millisecond
	start := time.Now()
	ask(t, address, "SELECT 1")
	if took := time.Since(start); took < p.Delay {
		t.Errorf("took %s", took)
	}
}
