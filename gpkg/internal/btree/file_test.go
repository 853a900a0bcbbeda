package btree_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
)

func TestOpenRefuses(t *testing.T) {
	const table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)"
	patch := func(at int, b ...byte) func([]byte) []byte {
		return func(data []byte) []byte { copy(data[at:], b); return data }
	}
	tests := []struct {
		name       string
		statements []string
		patch      func([]byte) []byte
		want       string
	}{
		{"no file format", []string{table}, patch(0, 'X'), "not a SQLite database"},
		{"empty file", []string{table}, func([]byte) []byte { return nil }, "EOF"},
		{"short file", []string{table}, func(b []byte) []byte { return b[:99] }, "EOF"},
		{"page size", []string{table}, patch(16, 3), "page size 768"},
		{"page size 0", []string{table}, patch(16, 0, 0), "page size 0"},
		{"reserved bytes", []string{"PRAGMA page_size = 512", table}, patch(20, 33), "33 of the 512 bytes"},
		{"WAL", []string{"PRAGMA journal_mode = WAL", table}, nil, "WAL mode"},
		{"later version", []string{table}, patch(18, 3), "versions 3 to write"},
		{"fractions", []string{table}, patch(22, 31), "fractions 64, 31, 32"},
		{"auto-vacuum", []string{"PRAGMA auto_vacuum = FULL", table}, nil, "auto-vacuum"},
		{"incremental vacuum", []string{"PRAGMA auto_vacuum = INCREMENTAL", table}, nil, "auto-vacuum"},
		{"UTF-16", []string{"PRAGMA encoding = 'UTF-16le'", table}, nil, "encoding 2"},
		{"schema format", []string{table}, patch(47, 1), "schema format 1"},
		{"truncated", []string{table}, func(b []byte) []byte { return b[:8191] }, "2 pages of 4096 bytes in a file of 8191"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := newDatabase(t, test.statements...)
			if test.patch != nil {
				data, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, test.patch(data), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			file, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := btree.Open(file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestTreeRefuses(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (a UNIQUE)", "CREATE TABLE u (a)", "INSERT INTO u VALUES (1)", "CREATE TABLE v (a PRIMARY KEY) WITHOUT ROWID")
	_, f := open(t, name)
	for _, test := range []struct {
		root uint32
		want string
	}{
		{0, "root page 0 of a database of 5 pages"},
		{1, "sqlite_schema"},
		{2, ""},
		{2, "already open"},
		{3, "page type 10"},
		{4, "table has 1 rows"},
		{5, "page type 10"},
		{6, "root page 6 of a database of 5 pages"},
		{1<<32 - 1, "root page 4294967295"},
	} {
		_, err := f.Tree(test.root)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("root %d: error %v, want %q", test.root, err, test.want)
		}
	}
}

// TestCleared fills a table that had rows before: its root page holds remains and the database has a freelist.
func TestCleared(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT i, zeroblob(500), 'text' FROM n",
		"DELETE FROM t WHERE id % 2", "DELETE FROM t WHERE id")
	want := randomRows(rand.New(rand.NewPCG(1, 2)), 500, 4096)
	_, f := open(t, name)
	fill(t, f, 2, want)
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	db := connect(t, name)
	defer db.Close()
	checkIntegrity(t, db)
	compareRows(t, db, "t", want)
}

// TestCommitHeader looks at what SQLite needs to see that the file has changed.
func TestCommitHeader(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// An older SQLite does not know the page count: it is taken from the size of the file, and is right afterwards.
	binary.BigEndian.PutUint32(before[28:], 77)
	binary.BigEndian.PutUint32(before[92:], 0)
	if err := os.WriteFile(name, before, 0o666); err != nil {
		t.Fatal(err)
	}
	_, f := open(t, name)
	if f.PageSize() != 4096 {
		t.Errorf("page size %d", f.PageSize())
	}
	fill(t, f, 2, randomRows(rand.New(rand.NewPCG(1, 2)), 500, 4096))
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	counter := binary.BigEndian.Uint32(before[24:]) + 1
	if got := binary.BigEndian.Uint32(after[24:]); got != counter {
		t.Errorf("change counter %d, want %d", got, counter)
	}
	if got := binary.BigEndian.Uint32(after[92:]); got != counter {
		t.Errorf("version valid for %d, want %d", got, counter)
	}
	if got := binary.BigEndian.Uint32(after[28:]); int(got) != len(after)/4096 {
		t.Errorf("page count %d, want %d", got, len(after)/4096)
	}
	for _, part := range [][2]int{{0, 24}, {32, 92}, {96, 4096}} {
		if !bytes.Equal(before[part[0]:part[1]], after[part[0]:part[1]]) {
			t.Errorf("bytes %d to %d of page 1 have changed", part[0], part[1])
		}
	}
}

// TestCommitNothing has no rows, and an opened tree.
func TestCommitNothing(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)", "CREATE TABLE u (id INTEGER PRIMARY KEY, a, b)")
	_, f := open(t, name)
	fill(t, f, 2, nil)
	if _, err := f.Tree(3); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	db := connect(t, name)
	defer db.Close()
	checkIntegrity(t, db)
	compareRows(t, db, "t", nil)
	compareRows(t, db, "u", nil)
}

// TestNotCommitted abandons a file: the database is what it was, and can be filled again.
func TestNotCommitted(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)", "CREATE TABLE u (id INTEGER PRIMARY KEY, a, b)")
	rows := randomRows(rand.New(rand.NewPCG(3, 2)), 3000, 4096)
	file, f := open(t, name)
	fill(t, f, 2, rows)
	tree, err := f.Tree(3)
	if err != nil {
		t.Fatal(err)
	}
	var r btree.Record
	if err := appendRow(tree, &r, row{1, nil, nil}); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err == nil || !strings.Contains(err.Error(), "root page 3: tree is not finished") {
		t.Errorf("error %v, want that the tree is not finished", err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	db := connect(t, name)
	checkIntegrity(t, db)
	compareRows(t, db, "t", nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, f = open(t, name)
	fill(t, f, 3, rows[:100])
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	db = connect(t, name)
	defer db.Close()
	checkIntegrity(t, db)
	compareRows(t, db, "t", nil)
	compareRows(t, db, "u", rows[:100])
}

// TestCommitChanged has another connection write in between.
func TestCommitChanged(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)", "CREATE TABLE u (id INTEGER PRIMARY KEY, a, b)")
	_, f := open(t, name)
	fill(t, f, 2, []row{{1, nil, nil}})
	exec(t, name, "INSERT INTO u VALUES (1, 2, 3)")
	if err := f.Commit(); !errors.Is(err, btree.ErrChanged) {
		t.Errorf("error %v, want %v", err, btree.ErrChanged)
	}
	db := connect(t, name)
	defer db.Close()
	checkIntegrity(t, db)
	compareRows(t, db, "u", []row{{1, int64(2), int64(3)}})
}

// full is a file on a disk that takes only so many bytes more.
type full struct {
	*os.File
	left int
}

func (f *full) WriteAt(b []byte, at int64) (int, error) {
	if f.left < len(b) {
		n, _ := f.File.WriteAt(b[:f.left], at)
		f.left = 0
		return n, syscall.ENOSPC
	}
	f.left -= len(b)
	return f.File.WriteAt(b, at)
}

// TestFullDisk has the writes stop after each of several numbers of bytes.
func TestFullDisk(t *testing.T) {
	rows := randomRows(rand.New(rand.NewPCG(3, 2)), 5000, 4096)
	empty, err := os.ReadFile(newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)"))
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range []int{0, 1, 100_000, 512 << 10, 1 << 20, 2 << 20, 1 << 30} {
		name := newDatabase(t)
		if err := os.WriteFile(name, empty, 0o666); err != nil {
			t.Fatal(err)
		}
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		disk := &full{file, left}
		f, err := btree.Open(disk)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := f.Tree(2)
		if err != nil {
			t.Fatal(err)
		}
		var r btree.Record
		var first error // the row that was refused, if any
		for _, row := range rows {
			if err := appendRow(tree, &r, row); err != nil {
				first = err
				break
			}
		}
		finish, commit := tree.Finish(), f.Commit()
		if left == 1<<30 {
			if err := errors.Join(first, finish, commit); err != nil {
				t.Errorf("with %d bytes: %v", left, err)
			}
			continue
		}
		if !errors.Is(commit, syscall.ENOSPC) || first != nil && !errors.Is(first, syscall.ENOSPC) {
			t.Errorf("with %d bytes: Append %v, Finish %v, Commit %v", left, first, finish, commit)
		}
		if first != nil && !errors.Is(finish, syscall.ENOSPC) {
			t.Errorf("with %d bytes: Finish %v after Append %v", left, finish, first)
		}
		db := connect(t, name)
		defer db.Close()
		checkIntegrity(t, db)
		compareRows(t, db, "t", nil)
	}
}

// TestLockByte appends pages around the page of the byte at 2^30, which stays unused. The pages before it are made a
// freelist, section 1.5, and never written: the file is sparse.
func TestLockByte(t *testing.T) {
	const pageSize = 65536
	const lockPage = 1<<30/pageSize + 1
	small := make([]row, 6000)
	for i := range small {
		small[i] = row{int64(i), strings.Repeat("x", 60), nil}
	}
	for _, test := range []struct {
		name  string
		pages int // of the database before
		rows  []row
	}{
		{"leaves", lockPage - 3, small},
		{"leaves behind", lockPage - 1, small},
		{"overflow chain", lockPage - 5, []row{{1, bytes.Repeat([]byte{7}, 20*pageSize), nil}}},
		{"last page before", lockPage - 2, []row{{1, bytes.Repeat([]byte{7}, pageSize), nil}}},
		{"nothing appended", lockPage - 1, small[:1]},
		{"behind", lockPage + 1, small},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := newDatabase(t, "PRAGMA page_size = 65536", "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
			file, err := os.OpenFile(name, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			write := func(at int64, values ...uint32) {
				b := make([]byte, 0, 4*len(values))
				for _, v := range values {
					b = binary.BigEndian.AppendUint32(b, v)
				}
				if _, err := file.WriteAt(b, at); err != nil {
					t.Fatal(err)
				}
			}
			if err := file.Truncate(int64(test.pages) * pageSize); err != nil {
				t.Fatal(err)
			}
			trunk := []uint32{0, 0} // page 3: no next trunk, the number of leaves, the leaves
			for page := 4; page <= test.pages; page++ {
				if page != lockPage {
					trunk = append(trunk, uint32(page))
				}
			}
			trunk[1] = uint32(len(trunk) - 2)
			write(2*pageSize, trunk...)
			write(28, uint32(test.pages), 3, trunk[1]+1)

			f, err := btree.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			fill(t, f, 2, test.rows)
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			lock := make([]byte, pageSize)
			if n, _ := file.ReadAt(lock, 1<<30); len(bytes.Trim(lock[:n], "\x00")) > 0 {
				t.Error("the lock-byte page is written")
			}
			db := connect(t, name)
			defer db.Close()
			checkIntegrity(t, db)
			compareRows(t, db, "t", test.rows)
		})
	}
}
