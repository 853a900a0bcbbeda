package sqlapi

import (
	"net/http"
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	b := &bucket{limit: Limit{Rate: Rate{Count: 2, Per: time.Second, Burst: 3}}}
	start := time.Unix(1000, 0)
	steps := []struct {
		at        time.Duration
		ok        bool
		remaining int
		retry     time.Duration
	}{
		{0, true, 2, 0},
		{0, true, 1, 0},
		{0, true, 0, 0},
		{0, false, 0, 500 * time.Millisecond},
		{499 * time.Millisecond, false, 0, time.Millisecond},
		{500 * time.Millisecond, true, 0, 0},
		{600 * time.Millisecond, false, 0, 400 * time.Millisecond},
		{time.Hour, true, 2, 0}, // what was not used does not add up
	}
	for i, step := range steps {
		q, ok := b.take(start.Add(step.at))
		if ok != step.ok || q.remaining != step.remaining || q.retry != step.retry || q.limit != 3 {
			t.Errorf("step %d at %v: %+v, %v; want %+v", i, step.at, q, ok, step)
		}
	}
	h := http.Header{}
	allowance{limit: 3, reset: 1100 * time.Millisecond, retry: 100 * time.Millisecond}.header(h)
	if h.Get("Retry-After") != "1" || h.Get("Carto-Rate-Limit-Reset") != "2" || h.Get("Carto-Rate-Limit-Limit") != "3" {
		t.Errorf("headers %v", h)
	}
	free := &bucket{}
	for range 1000 {
		if q, ok := free.take(start); !ok || q.limit != 0 {
			t.Fatal("a bucket without a limit refuses")
		}
	}
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]Rate{
		"15/s": {15, time.Second, 0}, "3/m": {3, time.Minute, 0}, "100/h:7": {100, time.Hour, 7}, "off": {Count: -1},
	} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "15", "15/d", "0/s", "-1/s", "x/s", "15/s:", "15/s:0", "15/s:x", "1.5/s"} {
		if got, err := ParseRate(text); err == nil {
			t.Errorf("%q: %+v, want an error", text, got)
		}
	}
}

// TestLimitRules: the more specific rule comes first, member by member.
func TestLimitRules(t *testing.T) {
	c := Config{Limits: []Rule{
		{Key: "k", Endpoint: EndpointSQL, Limit: Limit{Concurrent: 1}},
		{Limit: Limit{Timeout: time.Second, Concurrent: 9, Rate: Rate{Count: 5, Per: time.Second}}},
		{Key: "k", Limit: Limit{Timeout: 3 * time.Second, Concurrent: 3}},
		{Endpoint: EndpointSQL, Limit: Limit{Timeout: 2 * time.Second}},
	}}
	five := Rate{Count: 5, Per: time.Second}
	for _, test := range []struct {
		key  string
		e    Endpoint
		want Limit
	}{
		{"k", EndpointSQL, Limit{3 * time.Second, five, 1}},
		{"k", EndpointCopyTo, Limit{3 * time.Second, five, 3}},
		{"other", EndpointSQL, Limit{2 * time.Second, five, 9}},
		{"other", EndpointJob, Limit{time.Second, five, 9}},
	} {
		if got := c.limit(test.key, test.e); got != test.want {
			t.Errorf("%s on %s: %+v, want %+v", test.key, test.e, got, test.want)
		}
	}
	if got := (&Config{}).limit("k", EndpointCopyFrom); got != (Limit{Timeout: DefaultCopyTimeout}) {
		t.Errorf("without rules: %+v", got)
	}
}
