package btree_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
)

// BenchmarkFill fills a table with a million rows of about 90 bytes, from the values to the closed file.
func BenchmarkFill(b *testing.B) {
	const rows = 1_000_000
	geometry := make([]byte, 29)
	empty := newDatabase(b, "PRAGMA page_size = 4096", "CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, a TEXT, b INTEGER, c REAL, d TEXT)")
	head, err := os.ReadFile(empty)
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(b.TempDir(), "fill.db")
	var size int64
	for b.Loop() {
		if err := os.WriteFile(name, head, 0o666); err != nil {
			b.Fatal(err)
		}
		file, f := open(b, name)
		t, err := f.Tree(2)
		if err != nil {
			b.Fatal(err)
		}
		var r btree.Record
		for i := range int64(rows) {
			r.Reset()
			r.Null()
			r.Blob(geometry)
			r.Text("the name of a feature")
			r.Int(i * 1000)
			r.Float(float64(i) / 7)
			r.Text("another text of it")
			if err := t.Append(i+1, r.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
		if err := t.Finish(); err != nil {
			b.Fatal(err)
		}
		if err := f.Commit(); err != nil {
			b.Fatal(err)
		}
		info, err := file.Stat()
		if err != nil {
			b.Fatal(err)
		}
		size = info.Size()
		if err := file.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(size)
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkInsert is what BenchmarkFill has to beat: a prepared INSERT in one transaction.
func BenchmarkInsert(b *testing.B) {
	const rows = 100_000
	geometry := make([]byte, 29)
	for b.Loop() {
		name := newDatabase(b, "CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, a TEXT, b INTEGER, c REAL, d TEXT)")
		db, err := sql.Open("sqlite", "file:"+name+"?_pragma=synchronous(0)&_pragma=journal_mode(off)")
		if err != nil {
			b.Fatal(err)
		}
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		insert, err := tx.Prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)")
		if err != nil {
			b.Fatal(err)
		}
		for i := range int64(rows) {
			if _, err := insert.Exec(i+1, geometry, "the name of a feature", i*1000, float64(i)/7, "another text of it"); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkAppend is the part of BenchmarkFill without the writes.
func BenchmarkAppend(b *testing.B) {
	name := newDatabase(b, "CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB)")
	file, _ := open(b, name)
	f, err := btree.Open(discard{file})
	if err != nil {
		b.Fatal(err)
	}
	t, err := f.Tree(2)
	if err != nil {
		b.Fatal(err)
	}
	record := make([]byte, 90)
	rowid := int64(0)
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		rowid++
		if err := t.Append(rowid, record); err != nil {
			b.Fatal(err)
		}
	}
}

// discard is a file that forgets what is written.
type discard struct{ *os.File }

func (discard) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }
