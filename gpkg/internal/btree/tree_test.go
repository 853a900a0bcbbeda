package btree_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
)

// row is what is put into a table (id INTEGER PRIMARY KEY, a, b) and expected back.
type row struct {
	id   int64
	a, b any
}

// add adds a value to a record.
func add(r *btree.Record, v any) {
	switch v := v.(type) {
	case nil:
		r.Null()
	case int64:
		r.Int(v)
	case float64:
		r.Float(v)
	case string:
		r.Text(v)
	case []byte:
		r.Blob(v)
	default:
		panic(fmt.Sprintf("value of type %T", v))
	}
}

func appendRow(t *btree.Tree, r *btree.Record, row row) error {
	r.Reset()
	r.Null()
	add(r, row.a)
	add(r, row.b)
	return t.Append(row.id, r.Bytes())
}

// fill makes rows part of the table with this root page.
func fill(tb testing.TB, f *btree.File, root uint32, rows []row) {
	tb.Helper()
	t, err := f.Tree(root)
	if err != nil {
		tb.Fatal(err)
	}
	var r btree.Record
	for _, row := range rows {
		if err := appendRow(t, &r, row); err != nil {
			tb.Fatal(err)
		}
	}
	if err := t.Finish(); err != nil {
		tb.Fatal(err)
	}
}

// selectRows reads a table through SQLite.
func selectRows(tb testing.TB, db *sql.DB, table string) []row {
	tb.Helper()
	rows, err := db.Query("SELECT id, a, b FROM " + table)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	var got []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.a, &r.b); err != nil {
			tb.Fatal(err)
		}
		got = append(got, r)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return got
}

func compareRows(tb testing.TB, db *sql.DB, table string, want []row) {
	tb.Helper()
	got := selectRows(tb, db, table)
	if len(got) != len(want) {
		tb.Fatalf("%s: %d rows, want %d", table, len(got), len(want))
	}
	for i := range want {
		if !equalValue(got[i].a, want[i].a) || !equalValue(got[i].b, want[i].b) || got[i].id != want[i].id {
			tb.Fatalf("%s: row %d of %d: %.100v, want %.100v", table, i, len(want), got[i], want[i])
		}
	}
}

func equalValue(a, b any) bool {
	if a, ok := a.([]byte); ok {
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	}
	return a == b
}

// checkNodes walks over a tree in the file: no interior page without a cell, all leaves equally deep, no remains in the
// free space and in the reserved bytes.
func checkNodes(tb testing.TB, data []byte, pageSize, reserved int, no uint32) (depth int) {
	tb.Helper()
	page := data[int(no-1)*pageSize : int(no)*pageSize]
	cells := int(binary.BigEndian.Uint16(page[3:]))
	content := int(binary.BigEndian.Uint16(page[5:]))
	if content == 0 {
		content = 65536
	}
	header := 8
	if page[0] == 5 {
		header = 12
	}
	for _, b := range [][]byte{page[header+2*cells : content], page[pageSize-reserved:]} {
		if len(bytes.Trim(b, "\x00")) > 0 {
			tb.Errorf("page %d: unused bytes are not zero", no)
		}
	}
	if page[0] == 13 {
		return 0
	}
	if page[0] != 5 || cells == 0 {
		tb.Fatalf("page %d: type %d, %d cells", no, page[0], cells)
	}
	depth = checkNodes(tb, data, pageSize, reserved, binary.BigEndian.Uint32(page[8:]))
	for i := range cells {
		at := binary.BigEndian.Uint16(page[12+2*i:])
		if d := checkNodes(tb, data, pageSize, reserved, binary.BigEndian.Uint32(page[at:])); d != depth {
			tb.Fatalf("page %d: child %d: %d levels, want %d", no, i, d, depth)
		}
	}
	return depth + 1
}

// reserveBytes makes a new database of one page reserve bytes at the end of each page, which SQLite then honours: it has
// no pragma for that.
func reserveBytes(tb testing.TB, name string, pageSize, n int) {
	tb.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	if len(data) != pageSize || binary.BigEndian.Uint16(data[103:]) != 0 {
		tb.Fatal("want an empty database")
	}
	data[20] = byte(n)
	binary.BigEndian.PutUint16(data[105:], uint16(pageSize-n))
	if err := os.WriteFile(name, data, 0o666); err != nil {
		tb.Fatal(err)
	}
}

// randomRows returns rows of all kinds: mostly short ones, some that overflow.
func randomRows(rnd *rand.Rand, n, pageSize int) []row {
	rows := make([]row, n)
	id := int64(rnd.Uint64()) >> rnd.IntN(64)
	if id > math.MaxInt64/2 {
		id = -id
	}
	for i := range rows {
		size := rnd.IntN(100)
		switch rnd.IntN(20) {
		case 0:
			size = rnd.IntN(pageSize)
		case 1:
			size = pageSize - rnd.IntN(60)
		case 2:
			size = rnd.IntN(5 * pageSize)
		}
		blob := make([]byte, size)
		for i := range blob {
			blob[i] = byte(rnd.Uint32())
		}
		values := []any{nil, int64(rnd.Uint64()) >> rnd.IntN(64), rnd.NormFloat64(), string(blob), blob, ""}
		rows[i] = row{id, values[rnd.IntN(len(values))], values[rnd.IntN(len(values))]}
		id++
		if rnd.IntN(3) == 0 {
			id += rnd.Int64N(1 << rnd.IntN(50))
		}
	}
	return rows
}

// TestRandom fills three tables at the same time, for all sizes of pages, with and without reserved bytes, and lets SQLite
// read and then change them.
func TestRandom(t *testing.T) {
	for pageSize := 512; pageSize <= 65536; pageSize *= 2 {
		for _, reserved := range []int{0, 32, 255} {
			if pageSize-reserved < 480 || reserved == 255 && pageSize != 1024 {
				continue
			}
			t.Run(fmt.Sprintf("page=%d/reserved=%d", pageSize, reserved), func(t *testing.T) {
				t.Parallel()
				rnd := rand.New(rand.NewPCG(uint64(pageSize), uint64(reserved)))
				name := newDatabase(t, fmt.Sprintf("PRAGMA page_size = %d", pageSize), "PRAGMA user_version = 1")
				if reserved > 0 {
					reserveBytes(t, name, pageSize, reserved)
				}
				var want [3][]row
				for i := range want {
					exec(t, name, fmt.Sprintf("CREATE TABLE t%d (id INTEGER PRIMARY KEY, a, b)", i))
					want[i] = randomRows(rnd, []int{min(1500, 5_000_000/pageSize), 70, 3}[i], pageSize)
				}
				fillTogether(t, name, want[:])

				data, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				for i := range want {
					checkNodes(t, data, pageSize, reserved, uint32(2+i))
				}
				db := connect(t, name)
				defer db.Close()
				checkIntegrity(t, db)
				for i := range want {
					compareRows(t, db, fmt.Sprint("t", i), want[i])
				}
				change(t, db, want[0])
			})
		}
	}
}

// fillTogether appends a row to each table in turn. The tables' root pages are 2 and following.
func fillTogether(t *testing.T, name string, rows [][]row) {
	t.Helper()
	file, f := open(t, name)
	trees := make([]*btree.Tree, len(rows))
	for i := range trees {
		var err error
		if trees[i], err = f.Tree(uint32(2 + i)); err != nil {
			t.Fatal(err)
		}
		if id, ok := trees[i].Last(); ok {
			t.Errorf("Last() = %d, true, want no row", id)
		}
	}
	var r btree.Record
	for i := range rows[0] {
		for k, tree := range trees {
			if i < len(rows[k]) {
				if err := appendRow(tree, &r, rows[k][i]); err != nil {
					t.Fatal(err)
				}
				if id, ok := tree.Last(); id != rows[k][i].id || !ok {
					t.Errorf("Last() = %d, %t, want %d", id, ok, rows[k][i].id)
				}
			}
		}
	}
	for _, tree := range trees {
		if err := tree.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// change lets SQLite delete, update and insert rows of table t0, which are compared in a copy made by SQLite, and vacuum.
func change(t *testing.T, db *sql.DB, rows []row) {
	t.Helper()
	last := rows[len(rows)-1].id
	statements := []string{
		"CREATE TABLE copy AS SELECT * FROM t0",
		"DELETE FROM %s WHERE id % 3 = 0",
		"UPDATE %s SET a = zeroblob(length(a) * 2), b = id WHERE id % 5 = 0",
		"UPDATE %s SET b = NULL WHERE id % 7 = 0",
		fmt.Sprintf("INSERT OR IGNORE INTO %%s SELECT id + %d, a, b FROM t1", last/2),
		"VACUUM",
		"DELETE FROM %s WHERE id % 2 = 0",
		fmt.Sprintf("INSERT OR IGNORE INTO %%s SELECT id - %d, b, a FROM t1", last/3),
	}
	for _, s := range statements {
		run(t, db, strings.ReplaceAll(s, "%s", "t0"))
		if strings.Contains(s, "%s") {
			run(t, db, strings.ReplaceAll(s, "%s", "copy"))
		}
		if strings.HasPrefix(s, "CREATE") {
			run(t, db, "CREATE UNIQUE INDEX copy_id ON copy (id)") // as PRIMARY KEY for INSERT OR IGNORE
		}
		checkIntegrity(t, db)
		var differ int
		const q = "SELECT count(*) FROM (SELECT * FROM (SELECT * FROM t0 EXCEPT SELECT * FROM copy) UNION ALL SELECT * FROM (SELECT * FROM copy EXCEPT SELECT * FROM t0))"
		if err := db.QueryRow(q).Scan(&differ); err != nil || differ != 0 {
			t.Fatalf("after %s: %d rows differ, %v", s, differ, err)
		}
	}
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// TestLevels makes trees of every number of leaves in which a level is just full, or one more. A row is a leaf; a page of
// 512 bytes has up to 62 cells.
func TestLevels(t *testing.T) {
	var counts []int
	for n := range 140 {
		counts = append(counts, n)
	}
	for _, around := range []int{62 * 62, 62*62 + 62, 71 * 71} {
		for n := around - 8; n < around+8; n++ {
			counts = append(counts, n)
		}
	}
	statements := []string{"PRAGMA page_size = 512", "BEGIN"}
	for i := range counts {
		statements = append(statements, fmt.Sprintf("CREATE TABLE t%d (id INTEGER PRIMARY KEY, a, b)", i))
	}
	name := newDatabase(t, append(statements, "COMMIT")...)
	roots := map[string]uint32{}
	db := connect(t, name)
	rows, err := db.Query("SELECT name, rootpage FROM sqlite_schema")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var table string
		var root uint32
		if err := rows.Scan(&table, &root); err != nil {
			t.Fatal(err)
		}
		roots[table] = root
	}
	if err := errors.Join(rows.Err(), db.Close()); err != nil {
		t.Fatal(err)
	}

	blob := make([]byte, 400)
	_, f := open(t, name)
	for i, n := range counts {
		// The varint of the key has one byte, or nine: the cells of one page have different lengths, too.
		first := []int64{1, 1 << 60, -int64(n / 2), -1 << 62}[i%4]
		want := make([]row, n)
		for i := range want {
			want[i] = row{first + int64(i), blob, nil}
		}
		fill(t, f, roots[fmt.Sprint("t", i)], want)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	db = connect(t, name)
	defer db.Close()
	checkIntegrity(t, db)
	for i, n := range counts {
		checkNodes(t, data, 512, 0, roots[fmt.Sprint("t", i)])
		var got int
		if err := db.QueryRow(fmt.Sprintf("SELECT count(*) FROM t%d WHERE length(a) = 400", i)).Scan(&got); err != nil || got != n {
			t.Errorf("table %d: %d rows, %v, want %d", i, got, err, n)
		}
	}
}

// TestRowids has the rowids at the ends of their range.
func TestRowids(t *testing.T) {
	ids := []int64{
		math.MinInt64, math.MinInt64 + 1, -1 << 32, -128, -1, 0, 1, 127, 128, 1<<14 - 1, 1 << 14, 1<<21 - 1, 1 << 21, 1<<28 - 1, 1 << 28,
		1<<35 - 1, 1 << 35, 1<<42 - 1, 1 << 42, 1<<49 - 1, 1 << 49, 1<<56 - 1, 1 << 56, math.MaxInt64 - 1, math.MaxInt64,
	}
	for _, size := range []int{0, 200} { // in the root leaf, and each in a leaf of its own
		name := newDatabase(t, "PRAGMA page_size = 512", "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
		want := make([]row, len(ids))
		for i, id := range ids {
			want[i] = row{id, make([]byte, size), nil}
		}
		_, f := open(t, name)
		fill(t, f, 2, want)
		if err := f.Commit(); err != nil {
			t.Fatal(err)
		}
		db := connect(t, name)
		defer db.Close()
		checkIntegrity(t, db)
		compareRows(t, db, "t", want)
		for _, id := range ids { // through the keys of the interior pages
			var got int64
			if err := db.QueryRow("SELECT id FROM t WHERE id = ?", id).Scan(&got); err != nil {
				t.Errorf("row %d: %v", id, err)
			}
		}
	}
}

// TestShortRecords has the shortest cells that SQLite can delete.
func TestShortRecords(t *testing.T) {
	name := newDatabase(t, "PRAGMA page_size = 512", "CREATE TABLE t (a, b DEFAULT 3)")
	file, f := open(t, name)
	tree, err := f.Tree(2)
	if err != nil {
		t.Fatal(err)
	}
	var r btree.Record
	r.Int(1)
	for id := range int64(5000) {
		if err := tree.Append(id, r.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tree.Finish(), f.Commit(), file.Close()); err != nil {
		t.Fatal(err)
	}
	db := connect(t, name)
	defer db.Close()
	var a, b int
	if err := db.QueryRow("SELECT sum(a), sum(b) FROM t").Scan(&a, &b); err != nil || a != 5000 || b != 15000 {
		t.Errorf("sums %d and %d, %v, want 5000 and 15000: the default of the column that was left out", a, b, err)
	}
	for _, s := range []string{"DELETE FROM t WHERE rowid % 3 = 1", "INSERT INTO t (rowid) SELECT rowid + 1 FROM t WHERE rowid % 6 = 0", "VACUUM"} {
		run(t, db, s)
		checkIntegrity(t, db)
	}
}

// TestGoroutines fills each tree in a goroutine of its own.
func TestGoroutines(t *testing.T) {
	const trees = 4
	var statements []string
	for i := range trees {
		statements = append(statements, fmt.Sprintf("CREATE TABLE t%d (id INTEGER PRIMARY KEY, a, b)", i))
	}
	name := newDatabase(t, statements...)
	_, f := open(t, name)
	var want [trees][]row
	var wait sync.WaitGroup
	for i := range want {
		want[i] = randomRows(rand.New(rand.NewPCG(uint64(i), 1)), 2000, 4096)
		wait.Go(func() { fill(t, f, uint32(2+i), want[i]) })
	}
	wait.Wait()
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	db := connect(t, name)
	defer db.Close()
	checkIntegrity(t, db)
	for i := range want {
		compareRows(t, db, fmt.Sprint("t", i), want[i])
	}
}

func TestAppendErrors(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
	_, f := open(t, name)
	tree, err := f.Tree(2)
	if err != nil {
		t.Fatal(err)
	}
	var r btree.Record
	r.Null()
	want := func(err error, text string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v, want %q", err, text)
		}
	}
	if err := tree.Append(7, r.Bytes()); err != nil {
		t.Fatal(err)
	}
	want(tree.Append(7, r.Bytes()), "rowid 7 after 7")
	want(tree.Append(-1, r.Bytes()), "rowid -1 after 7")
	want(tree.Append(8, make([]byte, 1_000_000_001)), "row 8 has 1000000001 bytes")
	want(tree.Append(8, new(btree.Record).Bytes()), "row 8 has 1 bytes")
	if err := tree.Append(8, r.Bytes()); err != nil {
		t.Error(err)
	}
	if err := tree.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := tree.Finish(); err != nil {
		t.Error("second Finish:", err)
	}
	want(tree.Append(9, r.Bytes()), "already finished")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	want(f.Commit(), "already committed")
	_, err = f.Tree(2)
	want(err, "already committed")
	db := connect(t, name)
	defer db.Close()
	checkIntegrity(t, db)
	if diff := cmp.Diff([]int64{7, 8}, []int64{selectRows(t, db, "t")[0].id, selectRows(t, db, "t")[1].id}); diff != "" {
		t.Error(diff)
	}
}

func TestAppendAllocations(t *testing.T) {
	name := newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
	_, f := open(t, name)
	tree, err := f.Tree(2)
	if err != nil {
		t.Fatal(err)
	}
	var r btree.Record
	blob := make([]byte, 100)
	large := make([]byte, 5000)
	var id int64
	appendSome := func() {
		for range 1000 {
			id++
			r.Reset()
			r.Null()
			r.Int(id)
			r.Float(1.5)
			r.Text("text")
			r.Blob(blob)
			if id%100 == 0 {
				r.Blob(large)
			}
			if err := tree.Append(id, r.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
	}
	appendSome()
	if n := testing.AllocsPerRun(50, appendSome); n != 0 {
		t.Errorf("%v allocations in 1000 rows, want 0", n)
	}
}
