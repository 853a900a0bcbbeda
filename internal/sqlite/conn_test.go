package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// openFile makes a database and opens it anew, since the encoding of an empty one is not settled.
func openFile(t *testing.T, sql string) *Conn {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.db")
	c, err := Open(file, Create, "")
	if err == nil {
		err = errors.Join(c.Exec(sql), c.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	if c, err = Open(file, ReadWrite, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestBind binds values of every class, over and over to the same statement, and reads them.
func TestBind(t *testing.T) {
	for _, encoding := range []string{"UTF-8", "UTF-16le", "UTF-16be"} {
		t.Run(encoding, func(t *testing.T) {
			c := openFile(t, "PRAGMA encoding = '"+encoding+"'; CREATE TABLE t (v)")
			ins, err := c.Prepare("INSERT INTO t VALUES (?)")
			if err != nil {
				t.Fatal(err)
			}
			long := strings.Repeat("é", 1<<20) // more than a parameter keeps
			texts := []string{"", "a", "a\x00b", "🌍", long, "short again"}
			for _, s := range texts {
				if err := errors.Join(ins.BindText(1, []byte(s)), ins.Run()); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(ins.BindBlob(1, []byte(s)), ins.Run()); err != nil {
					t.Fatal(err)
				}
			}
			numbers := []float64{0, 1.5, math.Inf(1), math.MaxFloat64, math.NaN()}
			for _, r := range numbers {
				if err := errors.Join(ins.BindFloat(1, r), ins.Run()); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(ins.BindInt(1, math.MinInt64), ins.Run(), ins.BindNull(1), ins.Run()); err != nil {
				t.Fatal(err)
			}
			row := 0
			err = c.Query("SELECT v FROM t ORDER BY rowid", func(s *Stmt) error {
				i := row - 2*len(texts)
				switch {
				case i < 0 && row%2 == 0:
					if s.Type(0) != Text || s.Text(0) != texts[row/2] {
						t.Errorf("text %.20q is read as %.20q of type %d", texts[row/2], s.Text(0), s.Type(0))
					}
				case i < 0:
					if b := s.Bytes(0); s.Type(0) != Blob || b == nil || string(b) != texts[row/2] {
						t.Errorf("blob %.20q is read as %.20q of type %d", texts[row/2], b, s.Type(0))
					}
				case i == 4 || i == 6:
					if s.Type(0) != Null {
						t.Errorf("row %d has type %d, want null", row, s.Type(0))
					}
				case i < len(numbers):
					if s.Type(0) != Float || s.Float(0) != numbers[i] {
						t.Errorf("%v is read as %v of type %d", numbers[i], s.Float(0), s.Type(0))
					}
				case s.Int(0) != math.MinInt64:
					t.Errorf("the least integer is read as %d", s.Int(0))
				}
				row++
				return nil
			})
			if err != nil || row != 2*len(texts)+len(numbers)+2 {
				t.Errorf("%d rows, %v", row, err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	c := openFile(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL DEFAULT 'x'); INSERT INTO t VALUES (1, 'a', 'b')")
	for _, x := range []struct {
		sql                  string
		constraint, keyTaken bool
	}{
		{"INSERT INTO t (id) VALUES (1)", true, true},
		{"INSERT INTO t (u) VALUES ('a')", true, false},
		{"INSERT INTO t (n) VALUES (NULL)", true, false},
		{"INSERT INTO t (id) VALUES ('text')", true, false},
		{"INSERT INTO nothing VALUES (1)", false, false},
		{"SELEC", false, false},
		{"SELECT 1; SELECT 2", false, false}, // Query takes one statement
		{"", false, false},
		{"SELECT '\x00'", false, false},
	} {
		err := c.Query(x.sql, func(*Stmt) error { return nil })
		if err == nil {
			t.Errorf("%q: no error", x.sql)
		}
		if IsConstraint(err) != x.constraint || IsKeyTaken(err) != x.keyTaken {
			t.Errorf("%q: %v: constraint %v, key taken %v", x.sql, err, IsConstraint(err), IsKeyTaken(err))
		}
	}
	if !errors.Is(&Error{Code: 13}, syscall.ENOSPC) || !errors.Is(&Error{Code: 8}, fs.ErrPermission) || !errors.Is(&Error{Code: 9}, context.Canceled) {
		t.Error("an error does not match what it should")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no", "x.db"), Create, ""); !IsCantOpen(err) {
		t.Errorf("a file in a folder that is not there: %v", err)
	}
	want := errors.New("enough")
	if err := c.Query("SELECT 1", func(*Stmt) error { return want }); err != want {
		t.Errorf("the error of a callback becomes %v", err)
	}
}

// TestSetContext ends a statement that would run for hours, from another goroutine.
func TestSetContext(t *testing.T) {
	c := openFile(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	stmt, err := c.Prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
	if err != nil {
		t.Fatal(err)
	}
	stmt.SetContext(ctx)
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := stmt.Step(); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if n, ok, err := c.Int("SELECT 7"); n != 7 || !ok || err != nil {
		t.Errorf("after that: %d, %v, %v", n, ok, err)
	}
}

// TestClose closes a connection with statements of ours, and of SQLite's own modules, under way.
func TestClose(t *testing.T) {
	c := openFile(t, "CREATE VIRTUAL TABLE r USING rtree(id, a, b); INSERT INTO r VALUES (1, 2, 3), (2, 3, 4); CREATE VIRTUAL TABLE f USING fts5(x)")
	s, err := c.Prepare("SELECT * FROM r")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Step(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.Finalize()
	s.Finalize()
}

// TestFunction calls a Go function from SQL, also with what it does not take.
func TestFunction(t *testing.T) {
	c := openFile(t, "CREATE TABLE t (v)")
	if err := c.CreateFunction("size", 1, func(call *Call) {
		b, ok := call.Blob(0)
		switch {
		case !ok:
			call.ReturnNull()
		case len(b) == 0:
			call.ReturnFloat(0.5)
		default:
			call.ReturnInt(int64(len(b)))
		}
	}); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"size(x'010203')": "3", "size(x'')": "0.5", "size('abc')": "", "size(NULL)": "", "size(1)": "", "size(zeroblob(1000))": "1000",
	} {
		if got, _, err := c.Text("SELECT " + sql); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", sql, got, err, want)
		}
	}
	if _, _, err := c.Int("SELECT size(x'00', 1)"); err == nil {
		t.Error("a function of one argument takes two")
	}
	// In a trigger and in an index, where only what is deterministic and harmless may be called.
	if err := c.Exec("CREATE INDEX i ON t (size(v)); CREATE TRIGGER g AFTER INSERT ON t WHEN size(NEW.v) > 2 BEGIN DELETE FROM t WHERE v = NEW.v; END; " +
		"INSERT INTO t VALUES (x'01'), (x'010203')"); err != nil {
		t.Fatal(err)
	}
	if n, _, err := c.Int("SELECT count(*) FROM t"); n != 1 || err != nil {
		t.Errorf("%d rows (%v), want 1", n, err)
	}
}

// TestAllocs: stepping through rows and binding allocate nothing once warm.
func TestAllocs(t *testing.T) {
	c := openFile(t, "CREATE TABLE t (a, b, c); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "+
		"INSERT INTO t SELECT i, 'text ' || i, zeroblob(i % 100) FROM n")
	if err := c.Exec("BEGIN"); err != nil {
		t.Fatal(err)
	}
	sel, err := c.Prepare("SELECT * FROM t")
	if err != nil {
		t.Fatal(err)
	}
	ins, err := c.Prepare("INSERT INTO t VALUES (?, ?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("some text")
	if n := testing.AllocsPerRun(1000, func() {
		if ok, err := sel.Step(); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if sel.Int(0) == 0 || len(sel.TextBytes(1)) == 0 || sel.Bytes(2) == nil {
			t.Fatal("a row without content")
		}
		if ins.BindInt(1, 1) != nil || ins.BindText(2, text) != nil || ins.BindBlob(3, text) != nil || ins.Run() != nil {
			t.Fatal("not inserted")
		}
	}); n != 0 {
		t.Errorf("%v allocations a row, want none", n)
	}
}
