package btree_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/walview"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// openReader opens a database through SQLite's own file, with a lock on it, until the end of the test.
func openReader(tb testing.TB, name string) (*sqlite.Conn, *btree.Reader) {
	tb.Helper()
	conn, err := sqlite.Open(name, sqlite.ReadOnly, "")
	if err != nil {
		tb.Fatal(err)
	}
	end, err := conn.BeginRead()
	if err != nil {
		tb.Fatal(err)
	}
	file, err := conn.File()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		end()
		if err := errors.Join(file.Close(), conn.Close()); err != nil {
			tb.Error(err)
		}
	})
	r, err := btree.OpenReader(file, file.Size())
	if err != nil {
		tb.Fatal(err)
	}
	return conn, r
}

// tableOf returns the table of this name.
func tableOf(tb testing.TB, conn *sqlite.Conn, r *btree.Reader, name string) *btree.Table {
	tb.Helper()
	root, ok, err := conn.Int("SELECT rootpage FROM sqlite_master WHERE name = ?", name)
	if err != nil || !ok {
		tb.Fatal(name, ok, err)
	}
	t, err := r.Table(uint32(root))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// value is a value of a row, whoever read it.
type value struct {
	class btree.Type
	n     int64
	f     float64
	b     string
}

func (v value) String() string { return fmt.Sprintf("%d:%d:%g:%.60q", v.class, v.n, v.f, v.b) }

// rowValue reads a column of a row.
func rowValue(r *btree.Row, i int) value {
	v := value{class: r.Type(i)}
	switch v.class {
	case btree.Integer:
		v.n = r.Int(i)
	case btree.Float:
		v.f = r.Float(i)
	case btree.Text, btree.Blob:
		v.b = string(r.Bytes(i))
	}
	return v
}

// stmtValue reads a column of SQLite's row.
func stmtValue(s *sqlite.Stmt, i int) value {
	v := value{class: btree.Type(s.Type(i))}
	switch s.Type(i) {
	case sqlite.Integer:
		v.n = s.Int(i)
	case sqlite.Float:
		v.f = s.Float(i)
	case sqlite.Text, sqlite.Blob:
		v.b = string(s.Bytes(i))
	}
	return v
}

// sameValue tells whether a row has what SQLite has. An integer in a column of type REAL is a real to SQLite.
func sameValue(got, want value) bool {
	if got.class == btree.Integer && want.class == btree.Float {
		return float64(got.n) == want.f
	}
	return got == want
}

// compare reads a table, whose columns behind the first are compared, in several ways.
func compare(t *testing.T, conn *sqlite.Conn, table *btree.Table, name string) {
	t.Helper()
	var ids []int64
	var want [][]value
	err := conn.Query("SELECT rowid, * FROM "+name, func(s *sqlite.Stmt) error {
		var values []value
		for i := 2; i < s.Columns(); i++ {
			values = append(values, stmtValue(s, i))
		}
		ids, want = append(ids, s.Int(0)), append(want, values)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(how string, c *btree.Cursor, i int, order []int) {
		t.Helper()
		if c.RowID() != ids[i] {
			t.Fatalf("%s: row %d: rowid %d, want %d", how, i, c.RowID(), ids[i])
		}
		for _, k := range order {
			if got := rowValue(c.Row(), k+1); !sameValue(got, want[i][k]) {
				t.Fatalf("%s: row %d of %d: column %d: %s, want %s: %v", how, i, len(ids), k+1, got, want[i][k], c.Row().Err())
			}
		}
		if err := c.Row().Err(); err != nil {
			t.Fatal(err)
		}
	}
	order := func(i int) []int { // which columns, in which order: all, backwards, one, none
		if len(want[i]) == 0 {
			return nil
		}
		all := make([]int, len(want[i]))
		for k := range all {
			all[k] = k
		}
		switch i % 4 {
		case 1:
			slices.Reverse(all)
		case 2:
			return all[i/4%len(all):][:1]
		case 3:
			return nil
		}
		return all
	}
	scan := func(how string, c *btree.Cursor, from int) int {
		t.Helper()
		n := from
		for ; ; n++ {
			ok, err := c.Next()
			if err != nil {
				t.Fatalf("%s: row %d of %d: %v", how, n, len(ids), err)
			}
			if !ok {
				break
			}
			if n >= len(ids) {
				t.Fatalf("%s: rowid %d behind the last of %d rows", how, c.RowID(), len(ids))
			}
			check(how, c, n, order(n))
		}
		if ok, err := c.Next(); ok || err != nil {
			t.Fatalf("%s: behind the end: %t, %v", how, ok, err)
		}
		return n
	}
	if n := scan("Next", table.Cursor(), 0); n != len(ids) {
		t.Fatalf("Next: %d rows, want %d", n, len(ids))
	}

	leaves, err := table.Leaves()
	if err != nil {
		t.Fatal(err)
	}
	for _, parts := range []int{1, 2, 3, len(leaves)} {
		at := 0
		for p := range parts {
			at = scan("CursorOf", table.CursorOf(leaves[len(leaves)*p/parts:len(leaves)*(p+1)/parts]), at)
		}
		if at != len(ids) {
			t.Fatalf("%d parts: %d rows, want %d", parts, at, len(ids))
		}
	}

	// Every row, and those beside each; a stretch of Next from time to time.
	c := table.Cursor()
	has := make(map[int64]bool)
	for _, id := range ids {
		has[id] = true
	}
	seek := func(id int64, i int) {
		t.Helper()
		ok, err := c.SeekRow(id)
		if err != nil {
			t.Fatalf("SeekRow(%d): %v", id, err)
		}
		if ok != has[id] {
			t.Fatalf("SeekRow(%d): %t, want %t", id, ok, has[id])
		}
		if ok {
			check("SeekRow", c, i, order(i))
		}
	}
	every := 1 + len(ids)/3000
	for i := 0; i < len(ids); i += every {
		id := ids[i]
		if id > math.MinInt64 {
			seek(id-1, i-1)
		}
		seek(id, i)
		if id < math.MaxInt64 {
			seek(id+1, i+1)
		}
		if i%17 != 0 {
			continue
		}
		next := i + 1
		if i+1 < len(ids) && ids[i+1] == id+1 {
			next++
		}
		for k := range 5 {
			ok, err := c.Next()
			if err != nil || ok != (next+k < len(ids)) {
				t.Fatalf("Next behind SeekRow(%d): %t, %v, %d rows", id, ok, err, len(ids))
			}
			if !ok {
				break
			}
			check("Next behind SeekRow", c, next+k, order(next+k))
		}
	}
	for range min(200, len(ids)) { // in no order
		i := rand.IntN(len(ids))
		seek(ids[i], i)
	}
	for _, id := range []int64{math.MinInt64, math.MaxInt64} {
		if !has[id] {
			seek(id, 0)
		}
	}
	if len(ids) > 0 {
		seek(ids[0], 0)
		if n := scan("Next behind the first row", c, 1); n != len(ids) {
			t.Fatalf("behind the first row: %d rows, want %d", n, len(ids))
		}
	}
}

// numbers is the beginning of statements that make rows.
const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "

// shapes are databases with a table t.
var shapes = []struct {
	name       string
	statements []string
}{
	{"empty", []string{"CREATE TABLE t (a, b)"}},
	{"one row", []string{"CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2)"}},
	{"one column", []string{"CREATE TABLE t (a)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i FROM n", 1000)}},
	{"one page", []string{"CREATE TABLE t (id INTEGER PRIMARY KEY, b)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, i FROM n", 20)}},
	{"serial types", []string{"CREATE TABLE t (a, b, c)", `INSERT INTO t VALUES
		(0, NULL, 0), (0, 1, -1), (0, 127, -128), (0, 128, -129), (0, 32767, -32768), (0, 32768, -32769),
		(0, 8388607, -8388608), (0, 8388608, -8388609), (0, 2147483647, -2147483648), (0, 2147483648, -2147483649),
		(0, 140737488355327, -140737488355328), (0, 140737488355328, -140737488355329),
		(0, 9223372036854775807, -9223372036854775808), (0, 1.5, -1e300), (0, 9e999, -9e999), (0, '', x''), (0, 'a', x'00'),
		(0, 1.0, -0.0), (0, hex(zeroblob(25)), zeroblob(57)), (0, hex(zeroblob(29)), zeroblob(58))`}},
	{"real columns", []string{"CREATE TABLE t (a, b REAL, c REAL)", "INSERT INTO t VALUES (0, 1.0, 2.5), (0, 3, -4e15), (0, '5', 'x'), (0, 0, NULL)"}},
	{"points", []string{
		"CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, a INTEGER, b TEXT, c REAL, d INTEGER, e TEXT)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, zeroblob(61), i, 'name of ' || i, i * 1.5, i %% 10, '2020-01-01' FROM n", 20000),
	}},
	{"rowids", []string{
		"CREATE TABLE t (id INTEGER PRIMARY KEY, b)",
		fmt.Sprintf("INSERT OR IGNORE INTO t "+numbers+"SELECT (1 << (i %% 60)) * (i / 128 - 1) + i / 64, i FROM n", 640),
		"INSERT OR IGNORE INTO t VALUES (9223372036854775807, 1), (-9223372036854775808, 2), (-9223372036854775807, 3), (0, 4)",
	}},
	{"long rows", []string{
		"CREATE TABLE t (a, b, c, d)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, randomblob(i * 37 %% 3000), i * 1.5, hex(randomblob(i * 53 %% 2000)) FROM n", 700),
	}},
	{"lengths around the overflow", []string{
		"CREATE TABLE t (a, b, c)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, randomblob(i), 0x1234567890abcd FROM n", 2100),
	}},
	{"very long rows", []string{
		"CREATE TABLE t (a, b, c)",
		"INSERT INTO t VALUES (1, randomblob(3000000), 'x'), (2, 3, 4), (3, randomblob(1000000), 1.5), (4, 5, hex(randomblob(500000)))",
	}},
	{"numbers behind", []string{
		"CREATE TABLE t (a, b, c, d, e, f, g, h)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, randomblob(400 + i %% 200), i, -i, i * 70000, -i << 33, i << 50, i / 7.0 FROM n", 500),
	}},
	{"deleted", []string{
		"CREATE TABLE t (a, b, c)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, randomblob(i %% 300), i FROM n", 5000),
		"DELETE FROM t WHERE a % 3 = 0", "DELETE FROM t WHERE a BETWEEN 1000 AND 2000", "UPDATE t SET b = randomblob(a % 700) WHERE a % 5 = 0",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, randomblob(i %% 300), i FROM n", 500),
	}},
	{"vacuumed", []string{
		"CREATE TABLE t (a, b, c)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, randomblob(i %% 300), i FROM n", 3000),
		"DELETE FROM t WHERE a % 3 = 0", "VACUUM",
	}},
	{"emptied", []string{"CREATE TABLE t (a, b)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, i FROM n", 3000), "DELETE FROM t WHERE 1=1 OR a"}},
	{"random order", []string{
		"CREATE TABLE t (id INTEGER PRIMARY KEY, b)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i * 7919 %% 10007, hex(i) FROM n", 10000),
	}},
	{"indexed", []string{
		"CREATE TABLE t (a, b UNIQUE, c)", "CREATE INDEX i ON t (c, a)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, i * 7919 %% 10007, hex(i) FROM n", 3000),
	}},
	{"many columns", []string{
		"CREATE TABLE t (" + columns(1500) + ")", "INSERT INTO t (c0, c700, c1499) VALUES (1, 'x', 2.5)",
		"INSERT INTO t (c1, c700, c1499) VALUES (zeroblob(900), hex(zeroblob(90)), 2)", "INSERT INTO t (c3) SELECT c700 FROM t",
	}},
	{"auto-vacuum", []string{
		"PRAGMA auto_vacuum = FULL", "CREATE TABLE t (a, b)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, randomblob(i %% 700) FROM n", 2000),
		"DELETE FROM t WHERE a % 2 = 0",
	}},
	{"generated", []string{"CREATE TABLE t (a, b, c AS (a + b) STORED)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, 2 * i FROM n", 300)}},
}

func columns(n int) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprint("c", i))
	}
	return strings.Join(names, ", ")
}

// TestRead compares every shape of database with what SQLite reads, for all sizes of pages.
func TestRead(t *testing.T) {
	for _, shape := range shapes {
		for pageSize := 512; pageSize <= 65536; pageSize *= 2 {
			if testing.Short() && pageSize != 512 && pageSize != 4096 && pageSize != 65536 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", shape.name, pageSize), func(t *testing.T) {
				t.Parallel()
				name := newDatabase(t, append([]string{fmt.Sprintf("PRAGMA page_size = %d", pageSize)}, shape.statements...)...)
				conn, r := openReader(t, name)
				if r.PageSize() != pageSize {
					t.Errorf("pages of %d bytes, want %d", r.PageSize(), pageSize)
				}
				compare(t, conn, tableOf(t, conn, r, "t"), "t")
			})
		}
	}
}

// TestReadPages reads what this package wrote, with reserved bytes and without.
func TestReadPages(t *testing.T) {
	for _, test := range []struct{ pageSize, reserved, rows int }{
		{512, 0, 3000}, {512, 32, 3000}, {1024, 255, 2000}, {4096, 0, 3000}, {4096, 32, 1000}, {65536, 255, 500},
	} {
		t.Run(fmt.Sprintf("%d-%d", test.pageSize, test.reserved), func(t *testing.T) {
			t.Parallel()
			name := newDatabase(t, fmt.Sprintf("PRAGMA page_size = %d", test.pageSize), "PRAGMA user_version = 1")
			if test.reserved > 0 {
				reserveBytes(t, name, test.pageSize, test.reserved)
			}
			exec(t, name, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
			file, f := open(t, name)
			fill(t, f, 2, randomRows(rand.New(rand.NewPCG(uint64(test.pageSize), 7)), test.rows, test.pageSize))
			if err := errors.Join(f.Commit(), file.Close()); err != nil {
				t.Fatal(err)
			}
			conn, r := openReader(t, name)
			compare(t, conn, tableOf(t, conn, r, "t"), "t")
		})
	}
}

// TestReadLevels has a tree of many levels: a row a leaf, and interior pages with few children.
func TestReadLevels(t *testing.T) {
	name := newDatabase(t, "PRAGMA page_size = 512", "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
	rows := make([]row, 20000)
	for i := range rows {
		rows[i] = row{math.MinInt64/2 + int64(i)<<20, make([]byte, 400), nil}
	}
	file, f := open(t, name)
	fill(t, f, 2, rows)
	if err := errors.Join(f.Commit(), file.Close()); err != nil {
		t.Fatal(err)
	}
	conn, r := openReader(t, name)
	table := tableOf(t, conn, r, "t")
	leaves, err := table.Leaves()
	if err != nil || len(leaves) != len(rows) {
		t.Fatalf("%d leaves, %v, want %d", len(leaves), err, len(rows))
	}
	compare(t, conn, table, "t")
}

// TestAbsent has columns that were added after the rows.
func TestAbsent(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2)", "ALTER TABLE t ADD COLUMN c DEFAULT 7", "INSERT INTO t VALUES (1, 2, NULL)")
	conn, r := openReader(t, name)
	c := tableOf(t, conn, r, "t").Cursor()
	for _, want := range []btree.Type{btree.Absent, btree.Null} {
		if ok, err := c.Next(); !ok || err != nil {
			t.Fatal(ok, err)
		}
		row := c.Row()
		if got := row.Type(2); got != want {
			t.Errorf("type %d, want %d", got, want)
		}
		if row.Type(3) != btree.Absent || row.Int(3) != 0 || row.Float(3) != 0 || row.Bytes(3) != nil || row.Int(1) != 2 || row.Err() != nil {
			t.Errorf("column 3: %d, %d, %g, %v, %v", row.Type(3), row.Int(3), row.Float(3), row.Bytes(3), row.Err())
		}
	}
}

// TestNaN has what SQLite never writes and reads as null.
func TestNaN(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 1234.5)")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	old := []byte{0x40, 0x93, 0x4a, 0, 0, 0, 0, 0}
	if !bytes.Contains(data, old) {
		t.Fatal("the number was not found")
	}
	data = bytes.Replace(data, old, []byte{0x7f, 0xf8, 0, 0, 0, 0, 0, 1}, 1)
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	conn, r := openReader(t, name)
	compare(t, conn, tableOf(t, conn, r, "t"), "t")
}

// TestReadTogether reads two parts at the same time, through one file.
func TestReadTogether(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (a, b)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, zeroblob(i %% 5000) FROM n", 5000))
	conn, r := openReader(t, name)
	table := tableOf(t, conn, r, "t")
	leaves, err := table.Leaves()
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var sums [2]int64
	for p, part := range [][]uint32{leaves[:len(leaves)/2], leaves[len(leaves)/2:]} {
		wait.Go(func() {
			c := table.CursorOf(part)
			for {
				ok, err := c.Next()
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				if n := len(c.Row().Bytes(1)); n != int(c.RowID()%5000) {
					t.Errorf("row %d: %d bytes", c.RowID(), n)
				}
				sums[p] += c.Row().Int(0)
			}
		})
	}
	wait.Wait()
	if sums[0]+sums[1] != 5000*5001/2 {
		t.Errorf("sums %d", sums)
	}
	if _, err := table.CursorOf(leaves).SeekRow(1); err == nil {
		t.Error("a cursor over a list seeks, want an error")
	}
}

// TestOverflowIsNotRead looks at a number before a long blob: only the leaf is read.
func TestOverflowIsNotRead(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (a, b, c)", "INSERT INTO t VALUES (1, zeroblob(1000000), 3)")
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	count := countingReader{r: file}
	r, err := btree.OpenReader(&count, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.Table(2)
	if err != nil {
		t.Fatal(err)
	}
	c := table.Cursor()
	count.bytes = 0
	if ok, err := c.Next(); !ok || err != nil || c.Row().Int(0) != 1 || c.Row().Type(1) != btree.Blob || c.Row().Type(2) != btree.Integer {
		t.Fatal(ok, err)
	}
	if count.bytes != 4096 {
		t.Errorf("%d bytes were read, want a page", count.bytes)
	}
	count.calls = 0
	if n := c.Row().Int(2); n != 3 || len(c.Row().Bytes(1)) != 1000000 || c.Row().Err() != nil {
		t.Error(n, c.Row().Err())
	}
	if count.calls > 20 {
		t.Errorf("%d reads of 245 neighbouring pages", count.calls)
	}
}

type countingReader struct {
	r            io.ReaderAt
	calls, bytes int
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	c.calls++
	c.bytes += len(p)
	return c.r.ReadAt(p, off)
}

func TestReadAllocations(t *testing.T) {
	name := newDatabase(t, "PRAGMA page_size = 512", "CREATE TABLE t (a, b, c, d)",
		fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, randomblob(i %% 37), i * 1.5, hex(randomblob(CASE i %% 100 WHEN 0 THEN 1000 END)) FROM n", 200000))
	conn, r := openReader(t, name)
	table := tableOf(t, conn, r, "t")
	c := table.Cursor()
	next := func() {
		for range 1000 {
			ok, err := c.Next()
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			for i := range 4 {
				row := c.Row()
				if row.Type(i) >= btree.Text {
					row.Bytes(i)
				}
				row.Float(i)
			}
		}
	}
	next()
	if n := testing.AllocsPerRun(100, next); n != 0 {
		t.Errorf("%v allocations in 1000 rows, want 0", n)
	}
	id := int64(0)
	seek := func() {
		id = (id + 1) % 190000
		if ok, err := c.SeekRow(1 + id*7%190000); !ok || err != nil {
			t.Fatal(id, ok, err)
		}
		c.Row().Int(0)
	}
	for range 190000 {
		seek()
	}
	if n := testing.AllocsPerRun(10000, seek); n != 0 {
		t.Errorf("%v allocations in a row looked up, want 0", n)
	}
}

func TestOpenReaderRefuses(t *testing.T) {
	const table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)"
	patch := func(at int, b ...byte) func([]byte) []byte {
		return func(data []byte) []byte { copy(data[at:], b); return data }
	}
	for _, test := range []struct {
		name       string
		statements []string
		patch      func([]byte) []byte
		want       string
	}{
		{"no file format", []string{table}, patch(0, 'X'), "not a SQLite database"},
		{"empty file", []string{table}, func([]byte) []byte { return nil }, "EOF"},
		{"short file", []string{table}, func(b []byte) []byte { return b[:99] }, "EOF"},
		{"page size", []string{table}, patch(16, 3), "page size 768"},
		{"reserved bytes", []string{"PRAGMA page_size = 512", table}, patch(20, 33), "33 of the 512 bytes"},
		{"WAL", []string{"PRAGMA journal_mode = WAL", table}, nil, "WAL mode"},
		{"later version", []string{table}, patch(18, 3), "versions 3 to write"},
		{"fractions", []string{table}, patch(22, 31), "fractions 64, 31, 32"},
		{"UTF-16", []string{"PRAGMA encoding = 'UTF-16le'", table}, nil, "encoding 2"},
		{"schema format", []string{table}, patch(47, 5), "schema format 5"},
		{"truncated", []string{table}, func(b []byte) []byte { return b[:8191] }, "2 pages of 4096 bytes in a file of 8191"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data, err := os.ReadFile(newDatabase(t, test.statements...))
			if err != nil {
				t.Fatal(err)
			}
			if test.patch != nil {
				data = test.patch(data)
			}
			if _, err := btree.OpenReader(bytes.NewReader(data), int64(len(data))); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestReaderTableRefuses(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (a UNIQUE)", "CREATE TABLE v (a PRIMARY KEY) WITHOUT ROWID")
	_, r := openReader(t, name)
	for _, test := range []struct {
		root uint32
		want string
	}{
		{0, "root page 0 of a database of 4 pages"},
		{1, "root page 1 of"},
		{2, ""},
		{3, "page type 10"},
		{4, "page type 10"},
		{5, "root page 5 of"},
		{1<<32 - 1, "root page 4294967295"},
	} {
		if _, err := r.Table(test.root); test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("root %d: error %v, want %q", test.root, err, test.want)
		}
	}
}

// TestReadDamage has damage of each kind, and what is said of it. The table has the pages 2 (the root), 3 and 4, of 512 bytes,
// with a row each of 400 bytes and a last one that overflows.
func TestReadDamage(t *testing.T) {
	whole, err := os.ReadFile(newDatabase(t, "PRAGMA page_size = 512", "CREATE TABLE t (a, b)",
		"INSERT INTO t VALUES (1, zeroblob(400)), (2, zeroblob(400)), (3, zeroblob(4000))"))
	if err != nil {
		t.Fatal(err)
	}
	number := func(data []byte, at int) int { return int(data[at])<<8 | int(data[at+1]) }
	root := func(data []byte) int { return 512 + number(data, 512+12) } // the first cell of the root
	leaf := func(data []byte) int { return 512 * (int(data[root(data)+3]) - 1) }
	last := func(data []byte) int { return 512 * (int(data[512+11]) - 1) }
	cell := func(data []byte, page int) int { return page + number(data, page+8) }
	for _, test := range []struct {
		name  string
		patch func(data []byte)
		want  string
	}{
		{"nothing", func([]byte) {}, ""},
		{"type of a leaf", func(d []byte) { d[leaf(d)] = 10 }, "page type 10"},
		{"an empty leaf", func(d []byte) { d[last(d)+4] = 0 }, ": 0 cells"},
		{"too many cells", func(d []byte) { d[last(d)+3] = 2 }, "cells"},
		{"a cell in the header", func(d []byte) { d[last(d)+8], d[last(d)+9] = 0, 3 }, "cell 0 is at byte 3"},
		{"a cell behind the page", func(d []byte) { d[last(d)+8], d[last(d)+9] = 2, 0 }, "cell 0 is at byte 512"},
		{"a cell over the end", func(d []byte) { d[last(d)+8], d[last(d)+9] = 1, 255 }, "cell 0 ends behind the page"},
		{"rowid again", func(d []byte) { d[cell(d, last(d))+2] = 1 }, "has rowid 1 after"},
		{"child is the root", func(d []byte) { d[root(d)+3] = 2 }, "child page 2"},
		{"child behind the file", func(d []byte) { d[root(d)+2] = 1 }, "child page"},
		{"an empty root", func(d []byte) { d[512+4] = 0 }, ": 0 cells"},
		{"header of the record", func(d []byte) { d[cell(d, leaf(d))+3] = 0 }, "a header of 0 bytes"},
		{"serial type", func(d []byte) { d[cell(d, leaf(d))+4] = 10 }, "serial type 10"},
		{"column behind the record", func(d []byte) { d[cell(d, leaf(d))+5]++ }, "ends behind the"},
		{"overflow page 0", func(d []byte) { copy(d[last(d)+508:], "\x00\x00\x00\x00") }, "overflow page 0 of"},
		{"overflow chain ends", func(d []byte) { copy(d[512*int(d[last(d)+511]-1):], "\x00\x00\x00\x00") }, "overflow page 0 of"},
		{"record longer than the file", func(d []byte) { copy(d[cell(d, last(d)):], "\xff\x7f") }, "bytes in a database of"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := bytes.Clone(whole)
			test.patch(data)
			err := readTwo(data)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// readTwo reads the columns of the table at page 2.
func readTwo(data []byte) error {
	r, err := btree.OpenReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	table, err := r.Table(2)
	if err != nil {
		return err
	}
	c := table.Cursor()
	for {
		if ok, err := c.Next(); !ok {
			return err
		}
		if c.Row().Type(0) == btree.Integer && c.Row().Type(1) == btree.Blob {
			c.Row().Bytes(1)
		}
	}
}

// TestReadView reads a database in WAL mode through the view that shows it without its log.
func TestReadView(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (a, b)")
	db := connect(t, name)
	defer db.Close()
	run(t, db, "PRAGMA journal_mode = WAL")
	run(t, db, fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, 'x' FROM n", 2000))
	main, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(name + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	view, err := walview.Open(bytes.NewReader(main), int64(len(main)), bytes.NewReader(log), int64(len(log)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := btree.OpenReader(view, view.Size())
	if err != nil {
		t.Fatal(err)
	}
	table, err := r.Table(2)
	if err != nil {
		t.Fatal(err)
	}
	c := table.Cursor()
	n := int64(0)
	for ; ; n++ {
		if ok, err := c.Next(); err != nil {
			t.Fatal(err)
		} else if !ok {
			break
		}
		if c.Row().Int(0) != n+1 {
			t.Fatalf("row %d: %d", n, c.Row().Int(0))
		}
	}
	if n != 2000 {
		t.Errorf("%d rows, want 2000", n)
	}
}

// readAll reads everything of all tables of a file, which may be damaged, in every way, and returns how many rows and the
// first error of each way.
func readAll(data []byte) (rows int, errs []error) {
	r, err := btree.OpenReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, []error{err}
	}
	scan := func(c *btree.Cursor) {
		for {
			ok, err := c.Next()
			if err != nil {
				errs = append(errs, err)
			}
			if !ok {
				return
			}
			rows++
			row := c.Row()
			for i := 0; row.Type(i) > btree.Absent; i++ {
				_, _, _ = row.Int(i), row.Float(i), row.Bytes(i)
			}
		}
	}
	for root := range uint32(len(data)/r.PageSize()) + 2 {
		table, err := r.Table(root)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		scan(table.Cursor())
		if leaves, err := table.Leaves(); err != nil {
			errs = append(errs, err)
		} else {
			scan(table.CursorOf(leaves[len(leaves)/2:]))
		}
		for _, first := range []int64{math.MinInt64, 1, 1 << 40} {
			c := table.Cursor()
			for id := first; id < first+20; id++ {
				ok, err := c.SeekRow(id)
				if err != nil {
					errs = append(errs, err)
					break
				}
				if ok {
					_, _ = c.Row().Int(0), c.Row().Bytes(1)
				}
			}
			scan(c)
		}
	}
	return rows, errs
}

// smallDatabases are files to damage.
func smallDatabases(tb testing.TB) [][]byte {
	var files [][]byte
	for _, statements := range [][]string{
		{"CREATE TABLE t (a, b)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, 'text' FROM n", 20)},
		{"CREATE TABLE t (a, b)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, zeroblob(100 * i) FROM n", 20)},
		{"CREATE TABLE t (a, b)", fmt.Sprintf("INSERT INTO t "+numbers+"SELECT i, zeroblob(400) FROM n", 130)},
	} {
		data, err := os.ReadFile(newDatabase(tb, append([]string{"PRAGMA page_size = 512"}, statements...)...))
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, data)
	}
	return files
}

// TestDamaged changes bytes at random: reading ends, and does not panic.
func TestDamaged(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	rounds := 1500
	if testing.Short() {
		rounds = 150
	}
	for _, file := range smallDatabases(t) {
		if rows, errs := readAll(file); rows < 20 {
			t.Fatalf("%d rows of the whole file, %v", rows, errs)
		}
		for range rounds {
			data := bytes.Clone(file)
			for range 1 + rnd.IntN(4) {
				at := 100 + rnd.IntN(len(data)-100)
				if rnd.IntN(2) == 0 { // more often in the head of a page
					at = 512*(1+rnd.IntN(len(data)/512-1)) + rnd.IntN(20)
				}
				data[at] = byte(rnd.Uint32())
			}
			readAll(data)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, data := range smallDatabases(f) {
		if len(data) < 20000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		if len(data) <= 1<<16 {
			readAll(data)
		}
	})
}
