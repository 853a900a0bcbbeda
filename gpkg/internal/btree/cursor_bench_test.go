package btree_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
)

// benchRows is how many rows the table of the benchmarks has.
const benchRows = 300_000

// benchTable makes a table of seven columns, as a layer of points has it, and opens it.
func benchTable(b *testing.B) *btree.Table {
	b.Helper()
	name := newDatabase(b, `CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, a INTEGER, name TEXT, c REAL, d INTEGER, e TEXT)`)
	file, f := open(b, name)
	t, err := f.Tree(2)
	if err != nil {
		b.Fatal(err)
	}
	geometry := make([]byte, 61)
	var r btree.Record
	for i := range int64(benchRows) {
		r.Reset()
		r.Null()
		r.Blob(geometry)
		r.Int(i)
		r.Text("name of it"[:4+i%7])
		r.Real(float64(i) * 1.5)
		r.Int(i % 1000)
		r.Text("2020-01-01")
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
	return readTable(b, file, 2)
}

// readTable opens a table for reading.
func readTable(tb testing.TB, file *os.File, root uint32) *btree.Table {
	tb.Helper()
	info, err := file.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	r, err := btree.OpenReader(file, info.Size())
	if err != nil {
		tb.Fatal(err)
	}
	t, err := r.Table(root)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// BenchmarkScan reads all rows: none of their columns, one, or all of them.
func BenchmarkScan(b *testing.B) {
	t := benchTable(b)
	for _, test := range []struct {
		name string
		read func(*btree.Row) int64
	}{
		{"none", func(*btree.Row) int64 { return 1 }},
		{"Int(5)", func(r *btree.Row) int64 { return r.Int(5) }},
		{"Type(5),Int(5)", func(r *btree.Row) int64 {
			if r.Type(5) == btree.Integer {
				return r.Int(5)
			}
			return 0
		}},
		{"all", func(r *btree.Row) (sum int64) {
			for i := range 7 {
				switch r.Type(i) {
				case btree.Integer:
					sum += r.Int(i)
				case btree.Float:
					sum += int64(r.Float(i))
				case btree.Text, btree.Blob:
					sum += int64(len(r.Bytes(i)))
				}
			}
			return sum
		}},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			var sum int64
			for b.Loop() {
				c := t.Cursor()
				row := c.Row()
				rows := 0
				for {
					ok, err := c.Next()
					if err != nil {
						b.Fatal(err)
					}
					if !ok {
						break
					}
					rows++
					sum += test.read(row)
				}
				if rows != benchRows {
					b.Fatalf("%d rows, want %d", rows, benchRows)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
			if sum == 0 {
				b.Fatal("nothing was read")
			}
		})
	}
}

// BenchmarkSeek looks rows up in the order of their rowids: every one, one in ten, one in a thousand.
func BenchmarkSeek(b *testing.B) {
	t := benchTable(b)
	for _, test := range []struct {
		name  string
		every int
	}{{"1", 1}, {"10", 10}, {"1000", 1000}} {
		var ids []int64
		rnd := rand.New(rand.NewPCG(1, 2))
		for range benchRows / test.every {
			ids = append(ids, 1+rnd.Int64N(benchRows))
		}
		slices.Sort(ids)
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			var sum int64
			c := t.Cursor()
			row := c.Row()
			for b.Loop() {
				for _, id := range ids {
					ok, err := c.SeekRow(id)
					if err != nil || !ok {
						b.Fatal(ok, err)
					}
					sum += row.Int(5)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(ids)), "ns/row")
			if sum == 0 {
				b.Fatal("nothing was read")
			}
		})
	}
}
