package jobs

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	pending := func(sql string) Query { return Query{SQL: sql, Status: Pending} }
	for _, tt := range []struct {
		name, body string
		want       *Spec
	}{
		{"single", `{"query": "select 1"}`, &Spec{Shape: Single, Queries: []Query{pending("select 1")}}},
		{"other members", `{"api_key": "x", "query": "select 1", "QUERY": "no"}`, &Spec{Shape: Single, Queries: []Query{pending("select 1")}}},
		{"multiple", `{"query": ["a", "b"]}`, &Spec{Shape: Multiple, Queries: []Query{pending("a"), pending("b")}}},
		{"chain", `{"query": {"query": [{"query": "a"}]}}`, &Spec{Shape: Fallback, Queries: []Query{pending("a")}}},
		{
			"fallbacks",
			`{"query": {"query": [
				{"query": "a", "onsuccess": "b", "onerror": "c", "id": "n", "timeout": 1500},
				{"query": "d", "onerror": "", "onsuccess": null, "timeout": -1, "id": 7, "status": "done"}
			], "onsuccess": "e", "onerror": "f"}}`,
			&Spec{
				Shape: Fallback, OnSuccess: "e", OnError: "f", FallbackStatus: Pending,
				Queries: []Query{
					{SQL: "a", OnSuccess: "b", OnError: "c", ID: "n", Timeout: 1500, Status: Pending, FallbackStatus: Pending},
					pending("d"),
				},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse([]byte(tt.body))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"empty", "", "You must indicate a valid SQL: the body is not JSON"},
		{"not JSON", "query=select+1", "You must indicate a valid SQL: the body is not JSON"},
		{"two values", `{"query": "a"} {}`, "You must indicate a valid SQL: the body is not JSON"},
		{"no object", `["a"]`, "You must indicate a valid SQL"},
		{"null", `null`, "You must indicate a valid SQL"},
		{"no query", `{"q": "select 1"}`, "You must indicate a valid SQL"},
		{"blank", `{"query": " \n"}`, "You must indicate a valid SQL"},
		{"zero byte", `{"query": "select '\u0000'"}`, "You must indicate a valid SQL"},
		{"number", `{"query": 1}`, "You must indicate a valid SQL"},
		{"none", `{"query": []}`, "You must indicate a valid SQL"},
		{"empty one", `{"query": ["a", ""]}`, "You must indicate a valid SQL"},
		{"objects in a list", `{"query": [{"query": "a"}]}`, "You must indicate a valid SQL"},
		{"chain without a list", `{"query": {"query": "a", "onerror": "b"}}`, "You must indicate a valid SQL"},
		{"chain of strings", `{"query": {"query": ["a"]}}`, "You must indicate a valid SQL"},
		{"chain of nothing", `{"query": {"query": [{"onerror": "a"}]}}`, "You must indicate a valid SQL"},
		{"fallback of a query", `{"query": {"query": [{"query": "a", "onerror": 1}]}}`, "You must indicate a valid SQL"},
		{"fallback of the job", `{"query": {"query": [{"query": "a"}], "onsuccess": ["b"]}}`, "You must indicate a valid SQL"},
		{
			"too large", `{"query":"` + strings.Repeat("a", MaxRequest-11) + `"}`,
			"Your payload is too large: 16385 bytes. Max size allowed is 16384 bytes (16kb).",
		},
		{"deep", strings.Repeat("[", 16000), "You must indicate a valid SQL: the body is not JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.body))
			var request *RequestError
			if !errors.As(err, &request) || err.Error() != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	if _, err := Parse([]byte(strings.Repeat(" ", 5000) + `{"query":"` + strings.Repeat("é", MaxRequest-12) + `"}`)); err != nil {
		t.Errorf("as much as is allowed: %v", err)
	}
}

func TestMarshalJSON(t *testing.T) {
	at := time.Date(2015, 12, 15, 8, 36, 25, 765_432_000, time.FixedZone("", 3600))
	job := func(body string) Job {
		spec, err := Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return Job{ID: "de305d54-75b4-431b-adb2-eb6b9e546014", User: "cartofante", Spec: *spec, Status: Pending, CreatedAt: at, UpdatedAt: at}
	}
	const start = `{"job_id":"de305d54-75b4-431b-adb2-eb6b9e546014","user":"cartofante","query":`
	const times = `,"created_at":"2015-12-15T07:36:25.765Z","updated_at":"2015-12-15T07:36:25.765Z"`
	single := job(`{"query": "SELECT '<%= a & b'"}`)
	multiple := job(`{"query": ["a", "b"]}`)
	multiple.begin(step{query: 0}, at)
	multiple.end(step{query: 0}, Failed, "no", at)
	multiple.Status = multiple.outcome()
	chain := job(`{"query": {"query": [{"query": "a", "onsuccess": "b"}, {"query": "c"}], "onerror": "d"}}`)
	chain.begin(step{query: 0}, at)
	chain.end(step{query: 0}, Canceled, "", at)
	chain.Status = chain.outcome()
	for _, tt := range []struct {
		job  Job
		want string
	}{
		{single, start + `"SELECT '<%= a & b'","status":"pending"` + times + "}"},
		{
			multiple,
			start + `[{"query":"a","status":"failed","failed_reason":"no"},{"query":"b","status":"skipped"}],"status":"failed"` +
				times + `,"failed_reason":"no"}`,
		},
		{
			chain,
			start + `{"query":[{"query":"a","onsuccess":"b","status":"canceled","fallback_status":"skipped",` +
				`"started_at":"2015-12-15T07:36:25.765Z","ended_at":"2015-12-15T07:36:25.765Z"},` +
				`{"query":"c","status":"skipped"}],"onerror":"d"},"status":"canceled","fallback_status":"skipped"` + times + "}",
		},
	} {
		got, err := tt.job.AppendJSON(nil)
		if diff := cmp.Diff(tt.want, string(got)); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if !json.Valid(got) {
			t.Error("not JSON")
		}
	}
}

// TestChain runs jobs whose SQL says what becomes of it: ok, bad (fails), stop (is canceled).
func TestChain(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		ran        string // what was run
		want       string // status of the job, of its fallback, then status/fallback of the queries
	}{
		{"single", `{"query": "ok"}`, "ok", "done - done/-"},
		{"single bad", `{"query": "bad"}`, "bad", "failed - failed/-"},
		{"multiple", `{"query": ["ok 1", "ok 2"]}`, "ok 1,ok 2", "done - done/- done/-"},
		{"multiple bad", `{"query": ["ok", "bad", "ok", "bad"]}`, "ok,bad", "failed - done/- failed/- skipped/- skipped/-"},
		{"multiple stop", `{"query": ["ok", "stop", "ok"]}`, "ok,stop", "canceled - done/- canceled/- skipped/-"},
		{"query onsuccess", `{"query": {"query": [{"query": "ok", "onsuccess": "ok s"}]}}`, "ok,ok s", "done - done/done"},
		{"query onerror not run", `{"query": {"query": [{"query": "ok", "onerror": "ok e"}]}}`, "ok", "done - done/skipped"},
		{"query onerror", `{"query": {"query": [{"query": "bad", "onerror": "ok e"}]}}`, "bad,ok e", "failed - failed/done"},
		{"query onsuccess not run", `{"query": {"query": [{"query": "bad", "onsuccess": "ok s"}]}}`, "bad", "failed - failed/skipped"},
		{"job onsuccess", `{"query": {"query": [{"query": "ok"}], "onsuccess": "ok S"}}`, "ok,ok S", "done done done/-"},
		{"job onsuccess not run", `{"query": {"query": [{"query": "bad"}], "onsuccess": "ok S"}}`, "bad", "failed skipped failed/-"},
		{"job onerror", `{"query": {"query": [{"query": "bad"}], "onerror": "ok E"}}`, "bad,ok E", "failed done failed/-"},
		{"job onerror not run", `{"query": {"query": [{"query": "ok"}], "onerror": "ok E"}}`, "ok", "done skipped done/-"},
		{
			"all succeed", `{"query": {"query": [{"query": "ok 1", "onsuccess": "ok 2"}, {"query": "ok 3", "onsuccess": "ok 4"}], "onsuccess": "ok 5"}}`,
			"ok 1,ok 2,ok 3,ok 4,ok 5", "done done done/done done/done",
		},
		{
			"a fallback that fails changes nothing",
			`{"query": {"query": [{"query": "ok 1", "onsuccess": "bad"}, {"query": "ok 2"}], "onsuccess": "bad S"}}`,
			"ok 1,bad,ok 2,bad S", "done failed done/failed done/-",
		},
		{
			"first fails", `{"query": {"query": [{"query": "bad 1", "onerror": "ok e"}, {"query": "ok 2", "onerror": "ok f", "onsuccess": "ok g"}], "onerror": "ok E"}}`,
			"bad 1,ok e,ok E", "failed done failed/done skipped/skipped",
		},
		{
			"fallbacks of a failure fail", `{"query": {"query": [{"query": "bad 1", "onerror": "bad e"}, {"query": "ok 2", "onerror": "ok f"}], "onerror": "bad E"}}`,
			"bad 1,bad e,bad E", "failed failed failed/failed skipped/skipped",
		},
		{
			"canceled", `{"query": {"query": [{"query": "stop", "onsuccess": "ok", "onerror": "ok"}, {"query": "ok", "onsuccess": "ok"}], "onsuccess": "ok", "onerror": "ok"}}`,
			"stop", "canceled skipped canceled/skipped skipped/skipped",
		},
		{
			"fallback canceled", `{"query": {"query": [{"query": "ok", "onsuccess": "stop"}, {"query": "ok", "onsuccess": "ok"}], "onsuccess": "ok", "onerror": "ok"}}`,
			"ok,stop", "canceled skipped done/canceled skipped/skipped",
		},
		{"job fallback canceled", `{"query": {"query": [{"query": "ok"}], "onsuccess": "stop"}}`, "ok,stop", "done canceled done/-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spec, err := Parse([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			j := &Job{Spec: *spec}
			var ran []string
			for {
				st, ok := j.next()
				if !ok {
					break
				}
				if j.outcome().Final() && st.query >= 0 && !st.fallback {
					t.Fatal("a query runs though the outcome is known")
				}
				sql, _ := j.sql(st)
				ran = append(ran, sql)
				j.begin(st, time.Now())
				if got, ok := j.running(); !ok || got != st {
					t.Fatalf("%v runs, want %v", got, st)
				}
				s := map[byte]Status{'o': Done, 'b': Failed, 's': Canceled}[sql[0]]
				j.end(st, s, "reason of "+sql, time.Now())
			}
			j.Status = j.outcome()
			if got := strings.Join(ran, ","); got != tt.ran {
				t.Errorf("ran %s, want %s", got, tt.ran)
			}
			if got := summary(j); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if j.Status == Failed && !strings.HasPrefix(j.FailedReason, "reason of bad") {
				t.Errorf("reason %q", j.FailedReason)
			}
		})
	}
}

// summary returns all statuses of a job.
func summary(j *Job) string {
	or := func(s Status) string {
		if s == "" {
			return "-"
		}
		return string(s)
	}
	text := or(j.Status) + " " + or(j.FallbackStatus)
	for _, q := range j.Queries {
		text += " " + or(q.Status) + "/" + or(q.FallbackStatus)
	}
	return text
}

func TestExpand(t *testing.T) {
	const sql = "insert into log values ('<%= job_id %>', '<%=error_message%>', '<%=  job_id%>')"
	if got, want := expand(sql, "id", `it's $1 "no"`), `insert into log values ('id', 'it''s $1 "no"', 'id')`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := expand(sql, "id", ""), "insert into log values ('id', '<%=error_message%>', 'id')"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestMessage(t *testing.T) {
	if got := message(errors.New("a\x00b\xff")); got != "ab" {
		t.Errorf("%q", got)
	}
	if got := message(errors.New(strings.Repeat("é", maxReason))); len(got) > maxReason {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"query": "select 1"}`))
	f.Add([]byte(`{"query": ["a", "b"]}`))
	f.Add([]byte(`{"query": {"query": [{"query": "a", "onsuccess": "b", "onerror": "c", "id": "n", "timeout": 1e3}], "onsuccess": "e", "onerror": "f"}}`))
	f.Add([]byte(`{"query": {"query": [{"query": "\ud800"}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		spec, err := Parse(body)
		if err != nil {
			var request *RequestError
			if !errors.As(err, &request) {
				t.Fatal(err)
			}
			return
		}
		stored, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		var back Spec
		if err := json.Unmarshal(stored, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(spec, &back); diff != "" {
			t.Error(diff)
		}
		if shown, err := (Job{Spec: *spec}).AppendJSON(nil); err != nil || !json.Valid(shown) {
			t.Errorf("%s: %v", shown, err)
		}
		// Every job comes to an end, whatever its queries do.
		for _, s := range []Status{Done, Failed, Canceled} {
			j := &Job{Spec: back}
			j.Queries = append([]Query(nil), back.Queries...)
			for n := 0; ; n++ {
				st, ok := j.next()
				if !ok {
					break
				}
				if n > 2*len(j.Queries)+1 {
					t.Fatal("it goes on")
				}
				j.sql(st)
				j.begin(st, time.Now())
				j.end(st, s, "no", time.Now())
			}
			if !j.outcome().Final() {
				t.Errorf("%s at the end", j.outcome())
			}
		}
	})
}
