package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// series is a table of the numbers from 0 to n-1: columns n, name, and half.
type series struct {
	n       int64
	failAt  int64 // the row whose Next fails, or 0
	err     error
	panicAt string
	plans   []string
	seen    []string // what Filter was given
	open    int
}

func (s *series) BestIndex(ix *Index) error {
	if s.panicAt == "BestIndex" {
		panic("BestIndex")
	}
	if s.panicAt == "BestIndex error" {
		return s.err
	}
	var plan []string
	ix.Cost, ix.Rows = float64(s.n), s.n
	for i, c := range ix.Constraints {
		if c.Usable {
			plan = append(plan, fmt.Sprintf("%d:%d:%v:%v", c.Column, c.Op, c.In, c.Binary))
			ix.Take(i)
			ix.Cost /= 2
		}
	}
	ix.Ordered = len(ix.OrderBy) == 1 && ix.OrderBy[0] <= 0
	text := strings.Join(plan, " ")
	for i, p := range s.plans {
		if p == text {
			ix.Plan = i
			return nil
		}
	}
	ix.Plan = len(s.plans)
	s.plans = append(s.plans, text)
	return nil
}

func (s *series) Open() (Cursor, error) {
	if s.panicAt == "Open" {
		panic("Open")
	}
	s.open++
	return &seriesCursor{s: s}, nil
}

type seriesCursor struct {
	s   *series
	i   int64
	buf []byte
}

func (c *seriesCursor) Filter(plan int, args *Args) error {
	if c.s.panicAt == "Filter" {
		panic("Filter")
	}
	c.i = 0
	var b strings.Builder
	terms := strings.Fields(c.s.plans[plan])
	for i := range args.Len() {
		if strings.Contains(terms[i], "true:") {
			fmt.Fprintf(&b, "%s in", terms[i])
			if err := args.In(i, func(a *Args) { fmt.Fprintf(&b, " %d", a.Int(0)) }); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(&b, "%s=%s ", terms[i], show(args, i))
	}
	c.s.seen = append(c.s.seen, b.String())
	return nil
}

func show(a *Args, i int) string {
	switch a.Type(i) {
	case Integer:
		return strconv.FormatInt(a.Int(i), 10)
	case Float:
		return strconv.FormatFloat(a.Float(i), 'g', -1, 64)
	case Text:
		b, _ := a.Text(i)
		return "'" + string(b) + "'"
	case Blob:
		b, _ := a.Blob(i)
		return fmt.Sprintf("x'%x'", b)
	}
	return "null"
}

func (c *seriesCursor) Next() error {
	if c.s.panicAt == "Next" {
		panic("Next")
	}
	c.i++
	if c.s.failAt > 0 && c.i == c.s.failAt {
		return c.s.err
	}
	return nil
}

func (c *seriesCursor) EOF() bool { return c.i >= c.s.n }

func (c *seriesCursor) Column(i int, r *Result) {
	if c.s.panicAt == "Column" {
		panic("Column")
	}
	switch i {
	case 0:
		r.ReturnInt(c.i)
	case 1:
		c.buf = strconv.AppendInt(append(c.buf[:0], "number "...), c.i, 10)
		r.ReturnText(c.buf)
	default:
		if c.s.panicAt == "error of Column" {
			r.ReturnError(c.s.err)
			return
		}
		r.ReturnFloat(float64(c.i) / 2)
	}
}

func (c *seriesCursor) RowID() int64 { return c.i }

func (c *seriesCursor) Close() {
	c.s.open--
	if c.s.panicAt == "Close" {
		c.s.panicAt = ""
		panic("Close")
	}
}

func memory(t testing.TB) *Conn {
	t.Helper()
	c, err := OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func addSeries(t testing.TB, c *Conn, name string, s *series) {
	t.Helper()
	near := func(call *Call) { call.ReturnBool(call.Int(0)-call.Int(1) < 2 && call.Int(1)-call.Int(0) < 2) }
	if err := errors.Join(c.CreateFunction("near", 2, near), c.AddTable(name, "n INTEGER, name TEXT, half REAL", s, "Near")); err != nil {
		t.Fatal(err)
	}
}

func TestVirtualTable(t *testing.T) {
	for _, x := range []struct {
		sql, want, seen string
	}{
		{"SELECT count(*), sum(n), max(name), total(half) FROM s", "10|45|number 9|22.5", ""},
		{"SELECT group_concat(n) FROM s WHERE n >= 7", "7,8,9", "0:32:false:true=7 "},
		{"SELECT name FROM s WHERE rowid = 3", "number 3", "-1:2:false:true=3 "},
		{"SELECT n FROM s WHERE name = 'number 4'", "4", "1:2:false:true='number 4' "},
		{"SELECT n FROM s WHERE name = 'NUMBER 4' COLLATE NOCASE", "4", "1:2:false:false='NUMBER 4' "},
		{"SELECT group_concat(n) FROM s WHERE near(n, 5)", "4,5,6", "0:150:false:true=5 "},
		{"SELECT group_concat(n) FROM s WHERE n IN (2, 5, 99)", "2,5", "0:2:true:true in 2 5 99"},
		{"SELECT count(*) FROM s WHERE half IS NULL", "0", "2:71:false:true=null "},
		{"SELECT count(*) FROM s WHERE half IS NOT NULL", "10", "2:70:false:true=null "},
		{"SELECT count(*) FROM s a JOIN s b ON near(a.n, b.n)", "28", ""},
		{"SELECT group_concat(n) FROM (SELECT n FROM s ORDER BY n DESC LIMIT 2)", "9,8", ""},
		{"SELECT group_concat(n) FROM (SELECT n FROM s ORDER BY rowid LIMIT 2)", "0,1", ""},
		{"SELECT (SELECT max(n) FROM s WHERE n < 3) + count(*) FROM s", "12", ""},
	} {
		t.Run(x.sql, func(t *testing.T) {
			c, s := memory(t), &series{n: 10}
			addSeries(t, c, "s", s)
			got := ""
			if err := c.Query(x.sql, func(st *Stmt) error {
				for i := range st.Columns() {
					got += "|" + st.Text(i)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if got = strings.TrimPrefix(got, "|"); got != x.want {
				t.Errorf("got %s, want %s", got, x.want)
			}
			if x.seen != "" && (len(s.seen) != 1 || s.seen[0] != x.seen) {
				t.Errorf("Filter saw %q, want %q", s.seen, x.seen)
			}
			if s.open != 0 {
				t.Errorf("%d cursors are open", s.open)
			}
		})
	}
}

// TestVirtualTableReadOnly: nothing can be written to a virtual table.
func TestVirtualTableReadOnly(t *testing.T) {
	c := memory(t)
	addSeries(t, c, "s", &series{n: 3})
	for _, sql := range []string{"INSERT INTO s VALUES (1, 2, 3)", "DELETE FROM s", "UPDATE s SET n = 1"} {
		if err := c.Exec(sql); err == nil {
			t.Errorf("%s: no error", sql)
		}
	}
}

// TestVirtualTableErrors: an error of Go code is the statement's error, wherever it comes up.
func TestVirtualTableErrors(t *testing.T) {
	want := errors.New("the disk is on fire")
	for _, x := range []struct {
		name string
		s    *series
	}{
		{"Next", &series{n: 10, failAt: 5, err: want}},
		{"Column", &series{n: 10, panicAt: "error of Column", err: want}},
		{"BestIndex", &series{n: 10, panicAt: "BestIndex error", err: want}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := memory(t)
			addSeries(t, c, "s", x.s)
			err := c.Query("SELECT * FROM s ORDER BY half", func(*Stmt) error { return nil })
			if !errors.Is(err, want) || !strings.Contains(err.Error(), "on fire") {
				t.Errorf("got %v, want %v", err, want)
			}
			if x.s.open != 0 {
				t.Errorf("%d cursors are open", x.s.open)
			}
			if n, _, err := c.Int("SELECT 7"); n != 7 || err != nil {
				t.Errorf("after that: %d, %v", n, err)
			}
		})
	}
}

// TestPanic: a panic in Go code comes up from Step, and the connection is of use after that.
func TestPanic(t *testing.T) {
	for _, at := range []string{"BestIndex", "Open", "Filter", "Next", "Column", "Close", "function"} {
		t.Run(at, func(t *testing.T) {
			c, s := memory(t), &series{n: 3, panicAt: at}
			addSeries(t, c, "s", s)
			if err := c.CreateFunction("boom", -1, func(*Call) {
				if at == "function" {
					panic("function")
				}
			}); err != nil {
				t.Fatal(err)
			}
			func() {
				defer func() {
					if p := recover(); p != at {
						t.Errorf("recovered %v, want %s", p, at)
					}
				}()
				err := c.Query("SELECT n, boom(1) FROM s WHERE n > 0", func(*Stmt) error { return nil })
				t.Errorf("no panic, but %v", err)
			}()
			s.panicAt = ""
			at = ""
			if n, _, err := c.Int("SELECT count(*) FROM s"); n != 3 || err != nil {
				t.Errorf("after that: %d, %v", n, err)
			}
			if s.open != 0 {
				t.Errorf("%d cursors are open", s.open)
			}
		})
	}
}

// TestFunctions passes values of every class through a function, and fails in one.
func TestFunctions(t *testing.T) {
	c := memory(t)
	want := errors.New("never")
	echo := func(call *Call) {
		i := call.Len() - 1
		switch call.Type(i) {
		case Integer:
			call.ReturnInt(call.Int(i))
		case Float:
			call.ReturnFloat(call.Float(i))
		case Text:
			b, _ := call.Text(i)
			call.ReturnText(b)
		case Blob:
			b, _ := call.Blob(i)
			call.ReturnBlob(b[:len(b)/2], b[len(b)/2:])
		}
	}
	if err := errors.Join(c.CreateFunction("last", -1, echo), c.CreateFunction("never", 0, func(c *Call) { c.ReturnError(want) })); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"quote(last(1, 2, 9223372036854775807))": "9223372036854775807", "quote(last(1.5))": "1.5", "quote(last(1, NULL))": "NULL",
		"quote(last('a''b'))": "'a''b'", "quote(last(''))": "''", "quote(last(x'00ff41'))": "X'00FF41'", "quote(last(x''))": "X''",
		"length(last(zeroblob(3000000)))": "3000000", "quote(last('é🌍'))": "'é🌍'",
	} {
		if got, _, err := c.Text("SELECT " + sql); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", sql, got, err, want)
		}
	}
	if err := c.Exec("SELECT never()"); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// TestContext: a context ends the one statement that it was given to.
func TestContext(t *testing.T) {
	c := memory(t)
	other, err := c.Prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := other.Step(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s, err := c.Prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	s.SetContext(ctx)
	start := time.Now()
	if _, err := s.Step(); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.DeadlineExceeded", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
	for range 10_000 {
		if ok, err := other.Step(); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
}

// TestPrepareUser refuses what reaches beyond the database, or into the program's transactions.
func TestPrepareUser(t *testing.T) {
	c := openFile(t, "CREATE TABLE t (a)")
	for _, sql := range []string{
		"ATTACH 'x.db' AS x", "ATTACH ':memory:' AS x", "ATTACH '' AS x", "DETACH main", "BEGIN", "COMMIT", "SAVEPOINT a",
		"PRAGMA journal_mode = WAL", "PRAGMA writable_schema = 1", "PRAGMA user_version = 3", "SELECT load_extension('x')",
	} {
		if s, err := c.PrepareUser(sql); err == nil || !strings.Contains(err.Error(), "not allowed") {
			t.Errorf("%s: %v", sql, err)
			if err == nil {
				s.Finalize()
			}
		}
	}
	for _, sql := range []string{
		"SELECT 1", "SELECT 1;", "SELECT 1 ; -- that is all\n /* really */ ;", "PRAGMA table_info(t)", "PRAGMA user_version",
		"SELECT * FROM pragma_table_info('t')", "EXPLAIN QUERY PLAN SELECT * FROM t", "VALUES (1)",
	} {
		s, err := c.PrepareUser(sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if !s.IsReadOnly() {
			t.Errorf("%s is not read-only", sql)
		}
		if err := c.RunUser(s); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		s.Finalize()
	}
	for sql, allowed := range map[string]bool{
		"INSERT INTO t VALUES (1)": true, "CREATE TABLE u (b)": true, "VACUUM": true, "VACUUM INTO '" + t.TempDir() + "/y.db'": false,
		"DROP TABLE u": true,
	} {
		s, err := c.PrepareUser(sql)
		if err != nil {
			if sql != "DROP TABLE u" { // maps have no order
				t.Errorf("%s: %v", sql, err)
			}
			continue
		}
		if s.IsReadOnly() {
			t.Errorf("%s is read-only", sql)
		}
		if err := c.RunUser(s); (err == nil) != allowed {
			t.Errorf("%s: %v", sql, err)
		}
		s.Finalize()
	}
	if err := c.Exec("ATTACH ':memory:' AS later"); err != nil {
		t.Errorf("the program itself may not attach: %v", err)
	}
}

// TestErrorAt: an error says where it is.
func TestErrorAt(t *testing.T) {
	c := memory(t)
	for sql, want := range map[string]int{"SELECT 1 +": 0, "SELECT nothing FROM sqlite_master": 8, "SELEC 1": 1} {
		_, err := c.Prepare(sql)
		var e *Error
		if !errors.As(err, &e) || e.At != want {
			t.Errorf("%s: %v at %d, want %d", sql, err, e.At, want)
		}
	}
}

// TestMetadata asks where a column comes from.
func TestMetadata(t *testing.T) {
	c := memory(t)
	addSeries(t, c, `a "b"`, &series{n: 1})
	s, err := c.Prepare(`SELECT n AS x, half + 1, x.name FROM "a ""b""" AS x`)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`a "b"|n|INTEGER`, "||", `a "b"|name|TEXT`} {
		table, column := s.Origin(i)
		if got := table + "|" + column + "|" + s.DeclType(i); got != want {
			t.Errorf("column %d: %s, want %s", i, got, want)
		}
	}
}

// TestNothingLeaks opens and closes connections with tables and functions, and with statements under way.
func TestNothingLeaks(t *testing.T) {
	before := [...]int{conns.held(), functions.held(), vtables.held(), vcursors.held()}
	for i := range 300 {
		c, err := OpenMemory()
		if err != nil {
			t.Fatal(err)
		}
		s := &series{n: 100}
		addSeries(t, c, "s", s)
		st, err := c.Prepare("SELECT * FROM s a, s b WHERE near(a.n, b.n)")
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := st.Step(); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if i%2 == 0 {
			st.Finalize()
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if s.open != 0 {
			t.Fatalf("%d cursors are open", s.open)
		}
	}
	if after := [...]int{conns.held(), functions.held(), vtables.held(), vcursors.held()}; after != before {
		t.Errorf("connections, functions, tables, cursors: %v before, %v after", before, after)
	}
}

// TestVirtualTableAllocs: rows of a virtual table and calls of functions allocate nothing once warm.
func TestVirtualTableAllocs(t *testing.T) {
	c := memory(t)
	addSeries(t, c, "s", &series{n: 1 << 40})
	s, err := c.Prepare("SELECT n, name, half FROM s WHERE near(n, n)")
	if err != nil {
		t.Fatal(err)
	}
	s.SetContext(t.Context())
	if n := testing.AllocsPerRun(1000, func() {
		if ok, err := s.Step(); !ok || err != nil || len(s.TextBytes(1)) == 0 {
			t.Fatal(ok, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a row, want none", n)
	}
}
