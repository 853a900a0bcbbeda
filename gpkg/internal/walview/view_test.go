package walview_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/walview"
	_ "modernc.org/sqlite"
	"modernc.org/sqlite/vfs"
)

// writer is a connection that keeps its log: SQLite checkpoints and deletes it when the last connection is closed.
type writer struct {
	*sql.DB
	name string
}

// newWriter makes a database in WAL mode that is checkpointed only when a statement says so.
func newWriter(tb testing.TB, pageSize int) writer {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "test.db")
	w := writer{connect(tb, name), name}
	w.run(tb, fmt.Sprintf("PRAGMA page_size = %d", pageSize), "PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0",
		"CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
	return w
}

func connect(tb testing.TB, name string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	tb.Cleanup(func() { db.Close() })
	return db
}

func (w writer) run(tb testing.TB, statements ...string) {
	tb.Helper()
	for _, s := range statements {
		if _, err := w.Exec(s); err != nil {
			tb.Fatalf("%s: %v", s, err)
		}
	}
}

// rows is a statement that adds n rows.
func rows(n int) string {
	return fmt.Sprintf("INSERT INTO t (a, b) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i, hex(randomblob(40)) FROM n", n)
}

// pair is a database file and its log.
type pair struct{ db, wal []byte }

func readPair(tb testing.TB, name string) pair {
	tb.Helper()
	db, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	wal, err := os.ReadFile(name + "-wal")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		tb.Fatal(err)
	}
	return pair{db, wal}
}

func (p pair) write(tb testing.TB, name string) {
	tb.Helper()
	if err := os.WriteFile(name, p.db, 0o666); err != nil {
		tb.Fatal(err)
	}
	if p.wal != nil {
		if err := os.WriteFile(name+"-wal", p.wal, 0o666); err != nil {
			tb.Fatal(err)
		}
	}
}

func (p pair) view() (*walview.View, error) {
	return walview.Open(bytes.NewReader(p.db), int64(len(p.db)), bytes.NewReader(p.wal), int64(len(p.wal)))
}

// checkpointed lets SQLite recover a copy of the files, and returns the database file after a checkpoint: what the view has
// to be, but for the mode.
func (p pair) checkpointed(tb testing.TB) []byte {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "oracle.db")
	p.write(tb, name)
	db := connect(tb, name)
	if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		tb.Fatal(err)
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	if len(data) > 20 {
		data[18], data[19] = 1, 1
	}
	return data
}

// dump reads all rows and checks the database.
func dump(tb testing.TB, db *sql.DB) []string {
	tb.Helper()
	var all []string
	for _, q := range []string{"SELECT id || ' ' || a || ' ' || b FROM t", "SELECT sql FROM sqlite_schema", "PRAGMA integrity_check", "PRAGMA page_count"} {
		rows, err := db.Query(q)
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				tb.Fatal(err)
			}
			all = append(all, s)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			tb.Fatal(err)
		}
	}
	return all
}

// compare compares the view of the files with what SQLite makes of them: the bytes of the file, and the rows through an
// SQLite that reads the view from a folder without permission to write.
func compare(t *testing.T, p pair) *walview.View {
	t.Helper()
	v, err := p.view()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
	if err != nil {
		t.Fatal(err)
	}
	want := p.checkpointed(t)
	if !bytes.Equal(got, want) {
		t.Errorf("view of %d bytes differs from the checkpointed database of %d", len(got), len(want))
	}

	oracle := filepath.Join(t.TempDir(), "oracle.db")
	p.write(t, oracle)
	folder := t.TempDir()
	p.write(t, filepath.Join(folder, "test.db"))
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(folder, 0o755) }()
	v, closeFiles := openView(t, filepath.Join(folder, "test.db"))
	defer closeFiles()
	if diff := cmp.Diff(dump(t, connect(t, oracle)), readThroughVFS(t, v)); diff != "" {
		t.Errorf("rows differ (-SQLite +view):\n%s", diff)
	}
	if err := errors.Join(v.Err(), v.Check()); err != nil {
		t.Error(err)
	}
	// Tests may run as root, whom no permission stops.
	after := readPair(t, filepath.Join(folder, "test.db"))
	if !bytes.Equal(after.db, p.db) || !bytes.Equal(after.wal, p.wal) {
		t.Error("files were written")
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + min(1, len(p.wal)); len(entries) > 2 || len(entries) < want {
		t.Errorf("folder holds %v", entries)
	}
	return v
}

// openView opens the view of files.
func openView(tb testing.TB, name string) (*walview.View, func()) {
	tb.Helper()
	db, err := os.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	info, err := db.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	var log io.ReaderAt
	var logSize int64
	wal, err := os.Open(name + "-wal")
	if err == nil {
		info, err := wal.Stat()
		if err != nil {
			tb.Fatal(err)
		}
		log, logSize = wal, info.Size()
	}
	v, err := walview.Open(db, info.Size(), log, logSize)
	if err != nil {
		tb.Fatal(err)
	}
	return v, func() { db.Close(); wal.Close() }
}

// connectVFS opens a view in SQLite.
func connectVFS(tb testing.TB, v *walview.View) (*sql.DB, func()) {
	tb.Helper()
	name, system, err := vfs.New(v.FS("test.db"))
	if err != nil {
		tb.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:test.db?mode=ro&vfs="+name)
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db, func() {
		if err := errors.Join(db.Close(), system.Close()); err != nil {
			tb.Error(err)
		}
	}
}

func readThroughVFS(tb testing.TB, v *walview.View) []string {
	tb.Helper()
	db, closeAll := connectVFS(tb, v)
	defer closeAll()
	return dump(tb, db)
}

// TestView has the states in which a database and its log are met.
func TestView(t *testing.T) {
	tests := []struct {
		name  string
		make  func(t *testing.T, w writer)
		patch func(p pair, pageSize int) pair
		log   bool // some frames count
	}{
		{name: "one commit", make: func(t *testing.T, w writer) {}, log: true},
		{name: "several commits", make: func(t *testing.T, w writer) {
			w.run(t, rows(100), rows(1), "UPDATE t SET a = -1 WHERE id % 3 = 0", rows(500), "DELETE FROM t WHERE id % 5 = 0")
		}, log: true},
		{name: "checkpointed", make: func(t *testing.T, w writer) {
			w.run(t, rows(300), "PRAGMA wal_checkpoint(FULL)")
		}, log: true},
		{name: "half checkpointed", make: func(t *testing.T, w writer) {
			w.run(t, rows(300), "PRAGMA wal_checkpoint(FULL)", "UPDATE t SET a = 7 WHERE id % 100 = 0")
		}, log: true},
		{name: "stale frames behind", make: func(t *testing.T, w writer) {
			w.run(t, rows(1000), "PRAGMA wal_checkpoint(FULL)", "PRAGMA wal_checkpoint(RESTART)", "UPDATE t SET a = 7 WHERE id = 500", rows(3))
		}, log: true},
		{name: "restarted without a frame", make: func(t *testing.T, w writer) {
			w.run(t, rows(1000), "PRAGMA wal_checkpoint(RESTART)")
		}, log: true},
		{name: "truncated", make: func(t *testing.T, w writer) {
			w.run(t, rows(100), "PRAGMA wal_checkpoint(TRUNCATE)")
		}},
		{name: "no log", make: func(t *testing.T, w writer) {
			w.run(t, rows(100), "PRAGMA wal_checkpoint(TRUNCATE)")
		}, patch: func(p pair, _ int) pair { return pair{p.db, nil} }},
		{name: "rollback journal", make: func(t *testing.T, w writer) {
			w.run(t, rows(100), "PRAGMA journal_mode = DELETE")
		}},
		{name: "grown", make: func(t *testing.T, w writer) {
			w.run(t, rows(10), "PRAGMA wal_checkpoint(TRUNCATE)", rows(2000))
		}, log: true},
		{name: "shrunk", make: func(t *testing.T, w writer) {
			w.run(t, rows(3000), "PRAGMA wal_checkpoint(TRUNCATE)", "DELETE FROM t WHERE id > 10", "VACUUM")
		}, log: true},
		{name: "shrunk and grown", make: func(t *testing.T, w writer) {
			w.run(t, rows(3000), "PRAGMA wal_checkpoint(TRUNCATE)", "DELETE FROM t WHERE id > 10", "VACUUM", rows(1000))
		}, log: true},
		{name: "incremental vacuum", make: func(t *testing.T, w writer) {
			w.run(t, "PRAGMA auto_vacuum = INCREMENTAL", "VACUUM", rows(2000), "PRAGMA wal_checkpoint(TRUNCATE)",
				"DELETE FROM t WHERE id % 50", "PRAGMA incremental_vacuum(10)", rows(3))
		}, log: true},
		{name: "uncommitted tail", make: func(t *testing.T, w writer) {
			w.run(t, rows(100), "PRAGMA cache_size = 5", "BEGIN", rows(3000), "UPDATE t SET a = 1")
		}, log: true},
		{name: "only uncommitted", make: func(t *testing.T, w writer) {
			w.run(t, rows(100), "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA cache_size = 5", "BEGIN", rows(3000))
		}},
		{name: "savepoint rolled back", make: func(t *testing.T, w writer) {
			w.run(t, "PRAGMA cache_size = 5", "BEGIN", rows(1000), "SAVEPOINT s", rows(3000), "ROLLBACK TO s", rows(10), "COMMIT")
		}, log: true},
		{name: "rolled back, then committed", make: func(t *testing.T, w writer) {
			w.run(t, rows(100), "PRAGMA cache_size = 5", "BEGIN", rows(3000), "ROLLBACK", rows(3))
		}, log: true},
		{
			name: "partial frame", make: func(t *testing.T, w writer) { w.run(t, rows(100), rows(1)) },
			patch: func(p pair, _ int) pair { return pair{p.db, p.wal[:len(p.wal)-7]} }, log: true,
		},
		{
			name: "partial frame header", make: func(t *testing.T, w writer) { w.run(t, rows(100), rows(1)) },
			patch: func(p pair, pageSize int) pair { return pair{p.db, append(p.wal, p.wal[32:50]...)} }, log: true,
		},
		{
			name: "only a header", make: func(t *testing.T, w writer) { w.run(t, "PRAGMA wal_checkpoint(TRUNCATE)", rows(100)) },
			patch: func(p pair, _ int) pair { return pair{p.db, p.wal[:32]} },
		},
		{
			name: "partial header", make: func(t *testing.T, w writer) { w.run(t, "PRAGMA wal_checkpoint(TRUNCATE)", rows(100)) },
			patch: func(p pair, _ int) pair { return pair{p.db, p.wal[:31]} },
		},
		{
			name: "big-endian checksums", make: func(t *testing.T, w writer) { w.run(t, rows(100), rows(1)) },
			patch: func(p pair, pageSize int) pair { return pair{p.db, bigEndian(p.wal, pageSize)} }, log: true,
		},
		{name: "header says rollback journal", make: func(t *testing.T, w writer) {
			w.run(t, rows(10), "PRAGMA wal_checkpoint(TRUNCATE)", "UPDATE t SET a = 3")
		}, patch: func(p pair, _ int) pair { p.db[18], p.db[19] = 1, 1; return p }, log: true},
	}
	for _, test := range tests {
		for _, pageSize := range []int{1024, 4096, 65536} {
			t.Run(fmt.Sprintf("%s/%d", test.name, pageSize), func(t *testing.T) {
				t.Parallel()
				w := newWriter(t, pageSize)
				test.make(t, w)
				p := readPair(t, w.name)
				if test.patch != nil {
					p = test.patch(p, pageSize)
				}
				if v := compare(t, p); (v.Frames() > 0) != test.log {
					t.Errorf("view has %d frames of the log, want some: %t", v.Frames(), test.log)
				}
			})
		}
	}
}

// bigEndian turns a log into one with checksums of big-endian words, as written on such machines.
func bigEndian(wal []byte, pageSize int) []byte {
	wal = bytes.Clone(wal)
	binary.BigEndian.PutUint32(wal, 0x377f0683)
	var s0, s1 uint32
	sum := func(b []byte) {
		for ; len(b) > 0; b = b[8:] {
			s0 += binary.BigEndian.Uint32(b) + s1
			s1 += binary.BigEndian.Uint32(b[4:]) + s0
		}
	}
	put := func(b []byte) {
		binary.BigEndian.PutUint32(b, s0)
		binary.BigEndian.PutUint32(b[4:], s1)
	}
	sum(wal[:24])
	put(wal[24:])
	for frame := wal[32:]; len(frame) >= 24+pageSize; frame = frame[24+pageSize:] {
		sum(frame[:8])
		sum(frame[24 : 24+pageSize])
		put(frame[16:])
	}
	return wal
}

// TestDamaged flips bits anywhere in a log: SQLite and the view must agree where it ends.
func TestDamaged(t *testing.T) {
	w := newWriter(t, 512)
	w.run(t, "PRAGMA wal_checkpoint(TRUNCATE)")
	for range 8 {
		w.run(t, rows(3), "UPDATE t SET a = id")
	}
	whole := readPair(t, w.name)
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range 300 {
		p := pair{whole.db, bytes.Clone(whole.wal)}
		at := rnd.IntN(len(p.wal))
		if i < 32 {
			at = i
		} else if i < 150 { // a frame header
			at = 32 + rnd.IntN((len(p.wal)-32)/536)*536 + rnd.IntN(24)
		}
		p.wal[at] ^= 1 << rnd.IntN(8)
		v, err := p.view()
		if err != nil {
			t.Fatalf("bit flipped in byte %d: %v", at, err)
		}
		got, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, p.checkpointed(t)) {
			t.Errorf("bit flipped in byte %d: view of %d frames differs from what SQLite recovers", at, v.Frames())
		}
	}
}

func TestOpenErrors(t *testing.T) {
	w := newWriter(t, 1024)
	w.run(t, rows(10), "PRAGMA wal_checkpoint(TRUNCATE)")
	before := readPair(t, w.name)
	w.run(t, rows(10))
	p := readPair(t, w.name)

	version := bytes.Clone(p.wal)
	binary.BigEndian.PutUint32(version[4:], 3007001)
	version = bigEndian(version, 1024)
	other := readPair(t, func() string { w := newWriter(t, 512); w.run(t, rows(50)); return w.name }())
	later := bytes.Clone(other.wal) // without the frame of page 1, so that the header is that of the database
	for i := 32; i < len(later); i += 536 {
		if binary.BigEndian.Uint32(later[i:]) == 1 {
			binary.BigEndian.PutUint32(later[i:], 2)
		}
	}
	later = bigEndian(later, 512)

	broken := errors.New("device is broken")
	for _, test := range []struct {
		name    string
		db, wal io.ReaderAt
		p       pair
		want    string
	}{
		{name: "version", p: pair{p.db, version}, want: "version 3007001, want 3007000"},
		{name: "page size", p: pair{before.db, later}, want: "pages of 1024 bytes in the database and of 512"},
		{name: "no database", p: pair{[]byte(strings.Repeat("no database ", 20)), nil}, want: "not a SQLite database"},
		{name: "short", p: pair{p.db[:99], nil}, want: "99 bytes, want 100"},
		{name: "database cannot be read", db: failing{broken}, p: pair{p.db, nil}, want: "device is broken"},
		{name: "log cannot be read", wal: failing{broken}, p: p, want: "device is broken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.db == nil {
				test.db = bytes.NewReader(test.p.db)
			}
			if test.wal == nil {
				test.wal = bytes.NewReader(test.p.wal)
			}
			v, err := walview.Open(test.db, int64(len(test.p.db)), test.wal, int64(len(test.p.wal)))
			if err == nil || !strings.Contains(err.Error(), test.want) || v != nil {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// TestEmpty has a file of no bytes, which is an empty database, and whose log is that of another one: SQLite deletes it.
func TestEmpty(t *testing.T) {
	w := newWriter(t, 1024)
	p := readPair(t, w.name)
	for _, wal := range [][]byte{nil, {}, p.wal} {
		v, err := pair{nil, wal}.view()
		if err != nil {
			t.Fatal(err)
		}
		if v.Size() != 0 || v.Frames() != 0 || v.Check() != nil {
			t.Errorf("size %d, %d frames, want 0", v.Size(), v.Frames())
		}
		if n, err := v.ReadAt(make([]byte, 1), 0); n != 0 || err != io.EOF {
			t.Errorf("ReadAt = %d, %v, want EOF", n, err)
		}
	}
}

// TestReadAt reads parts that begin and end anywhere.
func TestReadAt(t *testing.T) {
	w := newWriter(t, 1024)
	w.run(t, rows(200), "PRAGMA wal_checkpoint(TRUNCATE)", "UPDATE t SET a = 0 WHERE id % 40 = 0")
	p := readPair(t, w.name)
	v, err := p.view()
	if err != nil {
		t.Fatal(err)
	}
	want := p.checkpointed(t)
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range 2000 {
		off := rnd.IntN(len(want) + 10)
		if i < 40 {
			off = i
		}
		b := make([]byte, rnd.IntN(5000))
		n, err := v.ReadAt(b, int64(off))
		rest := want[min(off, len(want)):]
		if n != min(len(b), len(rest)) || !bytes.Equal(b[:n], rest[:n]) {
			t.Fatalf("%d bytes at %d: %d differ", len(b), off, n)
		}
		if off < len(want) && (n < len(b)) != (err == io.EOF) || off >= len(want) && err != io.EOF {
			t.Fatalf("%d bytes at %d of %d: %d, %v", len(b), off, len(want), n, err)
		}
	}
	if n, err := v.ReadAt(make([]byte, 1), -1); n != 0 || err == nil {
		t.Errorf("ReadAt(-1) = %d, %v", n, err)
	}
	if n, err := v.ReadAt(make([]byte, 1), 1<<62); n != 0 || err != io.EOF {
		t.Errorf("ReadAt(1<<62) = %d, %v", n, err)
	}
}

// TestChanged has the database written while it is read.
func TestChanged(t *testing.T) {
	const commit = "UPDATE t SET b = 'x' WHERE id = 250"
	open := []string{commit, "PRAGMA cache_size = 5", "BEGIN", rows(2000)} // a transaction that has written frames already
	tests := []struct {
		name          string
		before, after []string // of Open
		read          bool     // noticed by reading all
		check         bool     // noticed by Check
	}{
		{"nothing", []string{commit}, nil, false, false},
		{"checkpoint alone", []string{commit}, []string{"PRAGMA wal_checkpoint(FULL)"}, false, false},
		{"another commit", []string{commit}, []string{"UPDATE t SET a = 3"}, true, true},
		{"begun anew", []string{commit}, []string{"PRAGMA wal_checkpoint(RESTART)", "UPDATE t SET a = 3", rows(1000)}, true, true},
		{"truncated", []string{commit}, []string{"PRAGMA wal_checkpoint(TRUNCATE)"}, true, true},
		{"truncated and written", []string{commit}, []string{"PRAGMA wal_checkpoint(TRUNCATE)", "UPDATE t SET a = 3"}, true, true},
		{"database shrunk", []string{commit}, []string{"DELETE FROM t WHERE id > 3", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"}, true, true},
		{"first commit", nil, []string{"UPDATE t SET a = 3"}, true, true},
		{"transaction rolled back", open, []string{"ROLLBACK"}, false, false},
		{"transaction committed", open, []string{"COMMIT"}, true, true},
		{"another after a rollback", open, []string{"ROLLBACK", "UPDATE t SET a = 3 WHERE id = 1"}, true, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWriter(t, 1024)
			w.run(t, rows(300), "PRAGMA wal_checkpoint(TRUNCATE)")
			w.run(t, test.before...)
			v, closeFiles := openView(t, w.name)
			defer closeFiles()
			if err := v.Check(); err != nil {
				t.Fatal(err)
			}
			want, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
			if err != nil {
				t.Fatal(err)
			}
			w.run(t, test.after...)
			got, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
			if test.read != errors.Is(err, walview.ErrChanged) || !test.read && err != nil {
				t.Errorf("read: %v", err)
			}
			if v.Err() != err {
				t.Errorf("Err() = %v, want %v", v.Err(), err)
			}
			if err == nil && !bytes.Equal(got, want) {
				t.Error("view is another one")
			}
			if err := v.Check(); test.check != errors.Is(err, walview.ErrChanged) || !test.check && err != nil {
				t.Errorf("Check: %v", err)
			}
			if test.read {
				db, closeAll := connectVFS(t, v)
				defer closeAll()
				if err := db.QueryRow("SELECT sum(length(b)) FROM t").Scan(new(any)); err == nil {
					t.Error("SQLite reads without an error")
				}
			}
		})
	}
}

// TestFrameBeingWritten has the frame of a commit whose header is written and whose page is not yet.
func TestFrameBeingWritten(t *testing.T) {
	w := newWriter(t, 1024)
	w.run(t, rows(100), "UPDATE t SET a = 3 WHERE id = 1")
	p := readPair(t, w.name)
	wal := bytes.Clone(p.wal)
	clear(wal[len(wal)-500:])
	for name, start := range map[string][]byte{"other bytes": wal, "end of the file": wal[:len(wal)-500]} {
		file := &growing{bytes.Clone(start)}
		v, err := walview.Open(bytes.NewReader(p.db), int64(len(p.db)), file, int64(len(start)))
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		file.data = p.wal
		if err := v.Check(); !errors.Is(err, walview.ErrChanged) {
			t.Errorf("%s: error %v, want %v", name, err, walview.ErrChanged)
		}
	}
}

type growing struct{ data []byte }

func (g *growing) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(g.data).ReadAt(p, off)
}

// TestBehindEnd has a database of more pages than there are in the files, as if the one between were the lock-byte page.
func TestBehindEnd(t *testing.T) {
	w := newWriter(t, 1024)
	w.run(t, rows(100))
	p := readPair(t, w.name)
	frame := p.wal[len(p.wal)-1024-24:] // of the last commit
	pages := binary.BigEndian.Uint32(frame[4:])
	binary.BigEndian.PutUint32(frame[4:], pages+3)
	p.wal = bigEndian(p.wal, 1024)
	v, err := p.view()
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(pages+3) * 1024; v.Size() != want {
		t.Errorf("size %d, want %d", v.Size(), want)
	}
	b := bytes.Repeat([]byte{1}, 4000)
	if n, err := v.ReadAt(b, int64(pages)*1024); n != 3*1024 || err != io.EOF || len(bytes.Trim(b[:n], "\x00")) > 0 {
		t.Errorf("ReadAt = %d, %v, want zeros", n, err)
	}
}

// TestReadAllocations reads a page from the log and one from the database.
func TestReadAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("buffers are allocated again under the race detector")
	}
	w := newWriter(t, 1024)
	w.run(t, rows(300), "PRAGMA wal_checkpoint(TRUNCATE)", "UPDATE t SET b = 'x' WHERE id = 250")
	v, closeFiles := openView(t, w.name)
	defer closeFiles()
	page := make([]byte, 1024)
	if n := testing.AllocsPerRun(100, func() {
		for off := int64(0); off < v.Size(); off += 1024 {
			if _, err := v.ReadAt(page, off); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzWAL reads logs of any bytes beside a database: no panic, no more memory than the log has bytes, and each frame that
// counts is there.
func FuzzWAL(f *testing.F) {
	w := newWriter(f, 512)
	w.run(f, rows(10), "PRAGMA wal_checkpoint(TRUNCATE)", rows(5), "UPDATE t SET a = 7 WHERE id = 3", rows(2))
	p := readPair(f, w.name)
	f.Add(p.wal)
	f.Add(bigEndian(p.wal, 512))
	f.Add(p.wal[:len(p.wal)-1])
	f.Add(p.wal[:32])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, wal []byte) {
		for _, wal := range [][]byte{wal, resum(wal)} {
			v, err := pair{p.db, wal}.view()
			if err != nil {
				continue
			}
			if most := len(wal) / 536; v.Frames() > most {
				t.Fatalf("%d frames in %d bytes", v.Frames(), len(wal))
			}
			if v.Frames() == 0 && v.Size() != int64(len(p.db)) {
				t.Fatalf("size %d without a log, want %d", v.Size(), len(p.db))
			}
			page := make([]byte, 700)
			for off := int64(0); off < v.Size() && off < 1<<20; off += 512 {
				if n, err := v.ReadAt(page, off); int64(n) != min(700, v.Size()-off) || err != nil && err != io.EOF {
					t.Fatalf("read at %d of %d: %d, %v", off, v.Size(), n, err)
				}
			}
			if _, err := v.ReadAt(page, v.Size()-1); err != io.EOF {
				t.Fatalf("read at the end: %v", err)
			}
			if err := v.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// resum makes all salts and checksums of a log right, so that a fuzzer gets behind them.
func resum(wal []byte) []byte {
	if len(wal) < 32 {
		return wal
	}
	wal = bytes.Clone(wal)
	pageSize := int(binary.BigEndian.Uint32(wal[8:]) & 0x1ffff)
	binary.BigEndian.PutUint32(wal[4:], 3007000)
	if pageSize%8 != 0 || pageSize == 0 {
		pageSize = 512
		binary.BigEndian.PutUint32(wal[8:], 512)
	}
	for at := 32; at+24 <= len(wal); at += 24 + pageSize {
		copy(wal[at+8:], wal[16:24])
	}
	return bigEndian(wal, pageSize)
}

// BenchmarkOpen reads the log of a hundred thousand rows.
func BenchmarkOpen(b *testing.B) {
	w := newWriter(b, 4096)
	w.run(b, rows(100_000))
	p := readPair(b, w.name)
	b.SetBytes(int64(len(p.wal)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.view(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScan sums a table through SQLite, from a log and from the database alone.
func BenchmarkScan(b *testing.B) {
	for _, test := range []string{"log", "checkpointed"} {
		b.Run(test, func(b *testing.B) {
			w := newWriter(b, 4096)
			w.run(b, rows(100_000))
			if test == "checkpointed" {
				w.run(b, "PRAGMA wal_checkpoint(TRUNCATE)")
			}
			v, closeFiles := openView(b, w.name)
			defer closeFiles()
			db, closeAll := connectVFS(b, v)
			defer closeAll()
			b.SetBytes(v.Size())
			for b.Loop() {
				if err := db.QueryRow("SELECT sum(length(b)) FROM t").Scan(new(any)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
