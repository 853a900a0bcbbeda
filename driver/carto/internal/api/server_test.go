package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver/carto/internal/faultproxy"
	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/sqlapitest"
)

// ofService returns a client with the master key of a service that is reached at address.
func ofService(t *testing.T, s *sqlapitest.Service, address string) *Client {
	t.Helper()
	return newClient(t, address, func(c *Config) { c.Account, c.Key = s.Name, s.Master })
}

// TestServer asks our own server, over PostGIS.
func TestServer(t *testing.T) {
	s := sqlapitest.Start(t)
	c := ofService(t, s, s.URL)
	ctx := t.Context()
	query := func(sql string) *Result {
		t.Helper()
		r, err := c.Query(ctx, sql, Once)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return r
	}
	r := query(`SELECT '100%+' || ' ü&=' AS t, 9007199254740993 AS z, 1.5::float8 AS f, ST_SetSRID(ST_MakePoint(1,2),4326)::geometry(Point,4326) AS g`)
	if fmt.Sprint(r.Fields) != `[{t string text  0 0} {z number int8  0 0} {f number float8  0 0} {g geometry  Point 2 4326}]` || r.TotalRows != 1 ||
		r.Rows[0]["t"] != "100%+ ü&=" || fmt.Sprint(r.Rows[0]["f"]) != "1.5" {
		t.Errorf("%+v", r)
	}
	if r := query("CREATE TABLE t (a int)"); len(r.Rows) != 0 || r.TotalRows != 0 {
		t.Errorf("%+v", r)
	}
	if r := query("INSERT INTO t VALUES (1), (2)"); len(r.Rows) != 0 || r.TotalRows != 2 {
		t.Errorf("%+v", r)
	}
	if r := query("-- nothing"); len(r.Rows) != 0 || r.TotalRows != 0 {
		t.Errorf("%+v", r)
	}
}

// TestServerErrors holds the client's errors against what our own server says.
func TestServerErrors(t *testing.T) {
	s := sqlapitest.Start(t, func(c *sqlapi.Config) {
		c.Limits = []sqlapi.Rule{
			{Endpoint: sqlapi.EndpointSQL, Limit: sqlapi.Limit{Timeout: time.Second}},
			{Endpoint: sqlapi.EndpointCopyFrom, Limit: sqlapi.Limit{Rate: sqlapi.Rate{Count: 2, Per: time.Second, Burst: 1}}},
		}
	})
	c := ofService(t, s, s.URL)
	ctx := t.Context()
	if _, err := c.Query(ctx, "CREATE TABLE t (a int NOT NULL); CREATE TABLE log (a int)", Once); err != nil {
		t.Fatal(err)
	}
	wrong := newClient(t, s.URL, func(c *Config) { c.Account = s.Name })
	public := newClient(t, s.URL, func(c *Config) { c.Account, c.Key = s.Name, "" })
	nobody := newClient(t, s.HTTP.URL+"/user/nobody", nil)
	terminate := `SELECT pg_terminate_backend(pg_backend_pid())`
	for _, test := range []struct {
		name         string
		c            *Client
		sql          string
		once, repeat error
	}{
		{"syntax", c, "selec", errAny, errAny},
		{"late", c, "SELECT 1/(3000-i) FROM generate_series(1,5000) i", errAny, errAny},
		{"timeout", c, "SELECT pg_sleep(5)", ErrTimeout, ErrTimeout},
		{"timeout behind rows", c, "SELECT repeat('x',1000), CASE WHEN i > 3000 THEN pg_sleep(0.01) END FROM generate_series(1,5000) i", ErrTimeout, ErrTimeout},
		{"wrong key", wrong, "SELECT 1", ErrUnauthorized, ErrUnauthorized},
		{"without a key", public, "SELECT * FROM t", ErrForbidden, ErrForbidden},
		{"no such account", nobody, "SELECT 1", errAny, errAny},
		{"no SQL", c, "", errAny, errAny},
		{"a session that is ended", c, terminate, ErrUnknown, ErrLost},
	} {
		for _, safety := range []Safety{Once, Repeat} {
			want := test.once
			if safety == Repeat {
				want = test.repeat
			}
			if _, err := test.c.Query(ctx, test.sql, safety); !is(err, want) {
				t.Errorf("%s, %d: %v, want %v", test.name, safety, err, want)
			}
		}
	}

	// Three uploads at two a second: the limiter is waited for.
	for i := range 3 {
		if n, err := c.CopyFrom(ctx, "COPY t FROM STDIN", []byte("1\n2\n"), i == 1); n != 2 || err != nil {
			t.Errorf("copyfrom: %d, %v", n, err)
		}
	}
	var e *Error
	if _, err := c.CopyFrom(ctx, "COPY t FROM STDIN", []byte("1\n\\N\n"), false); !errors.As(err, &e) || e.Status != 400 || !strings.Contains(e.Message, "null value") {
		t.Errorf("copyfrom, a bad row: %v", err)
	}
	if _, err := c.CopyFrom(ctx, "COPY t FROM STDIN", nil, false); !errors.As(err, &e) || e.Message != "No rows copied" {
		t.Errorf("copyfrom, no rows: %v", err)
	}

	read := func(sql string) (string, error) {
		body, err := c.CopyTo(ctx, sql)
		if err != nil {
			return "", err
		}
		defer body.Close()
		b, err := io.ReadAll(body)
		return string(b), err
	}
	if got, err := read("COPY (SELECT a FROM t ORDER BY a) TO STDOUT"); got != "1\n1\n1\n2\n2\n2\n" || err != nil {
		t.Errorf("copyto: %q, %v", got, err)
	}
	if got, err := read("COPY (SELECT a FROM t WHERE false) TO STDOUT"); got != "" || err != nil {
		t.Errorf("copyto, nothing: %q, %v", got, err)
	}
	if _, err := read("COPY (SELECT 1/0) TO STDOUT"); !errors.As(err, &e) || e.Message != "division by zero" {
		t.Errorf("copyto, error: %v", err)
	}
	for _, format := range []string{"text", "csv", "binary"} {
		got, err := read("COPY (SELECT 1/(30000-i) FROM generate_series(1,50000) i) TO STDOUT WITH (FORMAT " + format + ")")
		if e = nil; !errors.As(err, &e) || e.Message != "division by zero" || e.Status != 200 || len(got) < 1000 {
			t.Errorf("copyto %s, a late error: %d bytes, %v", format, len(got), err)
		}
	}

	// Close ends what is under way.
	body, err := c.CopyTo(ctx, "COPY (SELECT repeat('x',1000), pg_sleep(0.0001) FROM generate_series(1,1000000) AS endless) TO STDOUT")
	if err != nil {
		t.Fatal(err)
	}
	_ = body.Close()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var n int
		if err := s.Connect(t).QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%endless%' AND pid <> pg_backend_pid() AND datname = current_database()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the statement runs on")
		}
	}
}

// TestServerFaults: what is once in the table was said to have succeeded, or to be unknown; and the reverse.
func TestServerFaults(t *testing.T) {
	s := sqlapitest.Start(t)
	s.Exec(t, `CREATE TABLE t (a int, part int); ALTER TABLE t OWNER TO "`+s.Owner()+`"`)
	target, err := url.Parse(s.HTTP.URL)
	if err != nil {
		t.Fatal(err)
	}
	var rules []faultproxy.Rule
	for _, f := range faultproxy.Faults {
		rules = append(rules, faultproxy.Rule{Fault: f, Probability: 0.02, RetryAfter: "0.002"})
	}
	p := faultproxy.New(target, 42, rules...)
	defer p.Close()
	front := httptest.NewServer(p)
	defer front.Close()
	c := ofService(t, s, front.URL+"/user/"+s.Name)
	rng := rand.New(rand.NewPCG(1, 2))
	outcome := map[int]error{}
	for i := range 200 {
		var err error
		if i%2 == 0 {
			_, err = c.Query(t.Context(), fmt.Sprintf("INSERT INTO t VALUES (1,%d)", i), Once)
		} else {
			rows := 1 + rng.IntN(20000)
			_, err = c.CopyFrom(t.Context(), "COPY t FROM STDIN", fmt.Appendf(nil, "%s", strings.Repeat(fmt.Sprintf("%d\t%d\n", rows, i), rows)), i%4 == 1)
		}
		outcome[i] = err
	}
	p.SetEnabled(false)
	r, err := c.Query(t.Context(), "SELECT part, count(*) = max(CASE WHEN part % 2 = 0 THEN 1 ELSE a END) AS whole FROM t GROUP BY part", Repeat)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, row := range r.Rows {
		there[fmt.Sprint(row["part"])] = true
		if row["whole"] != true {
			t.Errorf("part %v is there in part, or twice", row["part"])
		}
	}
	unknown := 0
	for i, err := range outcome {
		if is := errors.Is(err, ErrUnknown); is {
			unknown++
		} else if there[fmt.Sprint(i)] != (err == nil) {
			t.Errorf("statement %d: %v, and it is there: %v", i, err, there[fmt.Sprint(i)])
		}
	}
	t.Logf("%d of %d unknown, %d there; %v", unknown, len(outcome), len(there), p.Counts())
	if found := p.Find(s.Master); len(found) > 0 {
		t.Errorf("the key was seen: %v", found)
	}
}

// FuzzAnswer: no answer makes the client panic, and none that is cut passes for complete.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{oneRow, selected("x"), `{"rows":[],"error":["a"],"detail":1}`, `{"rows":null}`, `{"fields":{"a":{"dims":"x"}}}`, `[`, ``, `{"error":{"a":[null]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := decodeAnswer(data)
		if err != nil || a == nil {
			return
		}
		data = bytes.TrimSpace(data)
		for i := range data {
			if _, err := decodeAnswer(data[:i]); err == nil {
				t.Errorf("cut after %d bytes it is taken for complete: %s", i, data)
			}
		}
	})
}

// FuzzTail: the last bytes are kept whatever the pieces are.
func FuzzTail(f *testing.F) {
	f.Add([]byte("abc"), uint64(1))
	f.Add(bytes.Repeat([]byte("0123456789"), 1000), uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var b copyBody
		for rest := data; len(rest) > 0; {
			n := 1 + rng.IntN(min(len(rest), 1<<rng.IntN(14)))
			b.keep(rest[:n])
			rest = rest[n:]
		}
		if want := data[max(0, len(data)-maxTail):]; !bytes.Equal(b.tail, want) {
			t.Errorf("%d bytes, want %d", len(b.tail), len(want))
		}
	})
}

func BenchmarkPack(b *testing.B) {
	data := []byte(strings.Repeat("1\t2.5\tsome text\t0101000020E6100000000000000000F03F0000000000000040\n", 100000))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		pack(data)
	}
}

// TestPackAgain: packers that come back are clean.
func TestPackAgain(t *testing.T) {
	for _, text := range []string{"", "a", strings.Repeat("b", 1<<20), "c"} {
		z, err := gzip.NewReader(bytes.NewReader(pack([]byte(text))))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); string(got) != text || err != nil {
			t.Errorf("%d bytes, %v; want %d", len(got), err, len(text))
		}
	}
}
