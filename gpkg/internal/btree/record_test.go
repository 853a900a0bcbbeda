package btree_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
)

// TestRecordBytes compares with section 2.1 of the file format.
func TestRecordBytes(t *testing.T) {
	tests := []struct {
		name string
		add  func(*btree.Record)
		want string // header and body
	}{
		{"empty", func(*btree.Record) {}, "\x01"},
		{"null", func(r *btree.Record) { r.Null() }, "\x02\x00"},
		{"zero and one", func(r *btree.Record) { r.Int(0); r.Int(1) }, "\x03\x08\x09"},
		{"8 bits", func(r *btree.Record) { r.Int(-1); r.Int(2); r.Int(127); r.Int(-128) }, "\x05\x01\x01\x01\x01\xff\x02\x7f\x80"},
		{"16 bits", func(r *btree.Record) { r.Int(128); r.Int(-129); r.Int(-32768) }, "\x04\x02\x02\x02\x00\x80\xff\x7f\x80\x00"},
		{"24 bits", func(r *btree.Record) { r.Int(32768); r.Int(-1 << 23) }, "\x03\x03\x03\x00\x80\x00\x80\x00\x00"},
		{"32 bits", func(r *btree.Record) { r.Int(1 << 23); r.Int(-1 << 31) }, "\x03\x04\x04\x00\x80\x00\x00\x80\x00\x00\x00"},
		{"48 bits", func(r *btree.Record) { r.Int(1 << 31); r.Int(-1 << 47) }, "\x03\x05\x05\x00\x00\x80\x00\x00\x00\x80\x00\x00\x00\x00\x00"},
		{"64 bits", func(r *btree.Record) { r.Int(1 << 47); r.Int(-1 << 63) }, "\x03\x06\x06\x00\x00\x80\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00"},
		{"float", func(r *btree.Record) { r.Float(1); r.Float(math.NaN()) }, "\x03\x07\x00\x3f\xf0\x00\x00\x00\x00\x00\x00"},
		{"real", func(r *btree.Record) { r.Real(1); r.Real(-2); r.Real(0.5); r.Real(math.NaN()) }, "\x05\x09\x01\x07\x00\xfe\x3f\xe0\x00\x00\x00\x00\x00\x00"},
		{"real too large", func(r *btree.Record) { r.Real(1 << 47); r.Real(math.Inf(-1)) }, "\x03\x07\x07\x42\xe0\x00\x00\x00\x00\x00\x00\xff\xf0\x00\x00\x00\x00\x00\x00"},
		{"minus zero", func(r *btree.Record) { r.Real(math.Copysign(0, -1)) }, "\x02\x07\x80\x00\x00\x00\x00\x00\x00\x00"},
		{"text", func(r *btree.Record) { r.Text("ab"); r.Text(""); r.TextBytes([]byte("c")) }, "\x04\x11\x0d\x0fabc"},
		{"blob", func(r *btree.Record) { r.Blob([]byte("ab")); r.Blob(nil); copy(r.BlobSpace(1), "c") }, "\x04\x10\x0c\x0eabc"},
		{"long text", func(r *btree.Record) { r.Text(strings.Repeat("x", 58)) }, "\x03\x81\x01" + strings.Repeat("x", 58)},
		{"126 columns", func(r *btree.Record) { nulls(r, 126) }, "\x7f" + strings.Repeat("\x00", 126)},
		{"127 columns", func(r *btree.Record) { nulls(r, 127) }, "\x81\x01" + strings.Repeat("\x00", 127)},
		{"2000 columns", func(r *btree.Record) { r.Int(5); nulls(r, 1999) }, "\x8f\x52\x01" + strings.Repeat("\x00", 1999) + "\x05"},
	}
	var reused btree.Record
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r btree.Record
			test.add(&r)
			for range 2 {
				if got := string(r.Bytes()); got != test.want {
					t.Errorf("got % x, want % x", got, test.want)
				}
			}
			reused.Reset()
			test.add(&reused)
			if got := string(reused.Bytes()); got != test.want {
				t.Errorf("reused: got % x, want % x", got, test.want)
			}
		})
	}
}

func nulls(r *btree.Record, n int) {
	for range n {
		r.Null()
	}
}

// TestReal compares the bytes with those that SQLite stores in a column of REAL affinity: INSERT, then read by Float.
func TestReal(t *testing.T) {
	values := []float64{0, 1, -1, 2.5, 127, 128, 1 << 40, 1<<47 - 1, 1 << 47, 1 << 53, 1e300, math.Inf(1), -0.25}
	name := newDatabase(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL)", "CREATE TABLE u (id INTEGER PRIMARY KEY, a REAL)")
	file, f := open(t, name)
	tree, err := f.Tree(2)
	if err != nil {
		t.Fatal(err)
	}
	var r btree.Record
	for i, v := range values {
		r.Reset()
		r.Null()
		r.Real(v)
		if err := tree.Append(int64(i), r.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tree.Finish(), f.Commit(), file.Close()); err != nil {
		t.Fatal(err)
	}
	db := connect(t, name)
	for i, v := range values {
		if _, err := db.Exec("INSERT INTO u VALUES (?, ?)", i, v); err != nil {
			t.Fatal(err)
		}
		var kind string
		var got float64
		if err := db.QueryRow("SELECT typeof(a), a FROM t WHERE id = ?", i).Scan(&kind, &got); err != nil || kind != "real" || got != v {
			t.Errorf("%v: %s %v, %v", v, kind, got, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data[4096:8192], data[8192:]) {
		t.Errorf("page differs from that of SQLite:\n%s", cmp.Diff(data[4096:8192], data[8192:]))
	}
}

// values takes values from random bytes.
func values(data []byte) []any {
	var vals []any
	for len(data) > 0 && len(vals) < 19 {
		kind := data[0]
		data = data[1:]
		n := min(int(kind>>3), len(data))
		switch kind % 8 {
		case 0:
			vals = append(vals, nil)
			continue
		case 1, 2:
			var b [8]byte
			n = min(n, 8)
			copy(b[:], data[:n])
			v := int64(binary.LittleEndian.Uint64(b[:]))
			if kind%8 == 2 {
				v = -v
			}
			vals = append(vals, v)
		case 3:
			var b [8]byte
			n = min(8, len(data))
			copy(b[:], data[:n])
			v := math.Float64frombits(binary.BigEndian.Uint64(b[:]))
			vals = append(vals, v)
		case 4:
			vals = append(vals, string(data[:n]))
		case 5:
			vals = append(vals, slices.Clone(data[:n]))
		case 6:
			vals = append(vals, strings.Repeat("é", n*n))
		case 7:
			vals = append(vals, bytes.Repeat([]byte{kind}, n*n*n))
		}
		data = data[n:]
	}
	return vals
}

// FuzzRecord puts random values into a table and compares them with what SQLite reads.
func FuzzRecord(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04"))
	f.Add([]byte("\xff\x7f\x3f\x1d\x1e\x1f\x19\x1a\x1babcdefghijklmnopqrstuvwxyz0123456789"))
	f.Add(bytes.Repeat([]byte{0xff, 0x41, 0x8a, 0x83}, 50))
	var columns []string
	for i := range 20 {
		columns = append(columns, fmt.Sprint("c", i))
	}
	empty, err := os.ReadFile(newDatabase(f, "PRAGMA page_size = 512", "CREATE TABLE t ("+strings.Join(columns, ", ")+")"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want := append(values(data), nil) // there is no record without values
		name := filepath.Join(t.TempDir(), "fuzz.db")
		if err := os.WriteFile(name, empty, 0o666); err != nil {
			t.Fatal(err)
		}
		file, tables := open(t, name)
		tree, err := tables.Tree(2)
		if err != nil {
			t.Fatal(err)
		}
		var r btree.Record
		for _, v := range want {
			add(&r, v)
		}
		for id := range int64(3) {
			if err := tree.Append(id, r.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(tree.Finish(), tables.Commit(), file.Close()); err != nil {
			t.Fatal(err)
		}
		db := connect(t, name)
		defer db.Close()
		checkIntegrity(t, db)
		got := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range into {
			into[i] = &got[i]
		}
		if err := db.QueryRow("SELECT * FROM t WHERE rowid = 2").Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, v := range want {
			if f, ok := v.(float64); ok && f != f {
				v = nil
			}
			if !equalValue(got[i], v) {
				t.Errorf("column %d: %v (%T), want %v (%T)", i, got[i], got[i], v, v)
			}
		}
	})
}
