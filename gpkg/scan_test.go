package gpkg

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// scanFile makes a GeoPackage of n rows, some with geometries of several pages, and runs SQL on it.
func scanFile(t *testing.T, n int, sql string) string {
	t.Helper()
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "scan.gpkg")
	ds, err := New().Open(ctx, file, driver.Create, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &feature.Schema{
		Geoms: []feature.GeomField{{Name: "geom"}},
		Fields: []feature.Field{
			{Name: "i", Type: feature.Integer64},
			{Name: "r", Type: feature.Real},
			{Name: "s"},
			{Name: "b", Type: feature.Integer, Subtype: feature.Boolean},
			{Name: "d", Type: feature.DateField},
			{Name: "bin", Type: feature.Binary},
		},
	}
	w, err := ds.Create(ctx, "rows", s, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := feature.New(s)
	for i := range n {
		x := float64(i%1000) / 10
		f.FID = int64(3 * i) // with gaps
		f.Geoms[0] = feature.AppendPoint(nil, x, float64(i/1000))
		switch {
		case i%97 == 5:
			f.Geoms[0] = nil
		case i%50 == 7:
			line := feature.AppendHeader(nil, feature.LineString, 1200)
			for k := range 1200 {
				line = append(line, feature.AppendPoint(nil, x+float64(k)/1e4, float64(i/1000))[5:]...)
			}
			f.Geoms[0] = line
		}
		f.Values[0], f.Values[1] = feature.Int(int64(i%100)), feature.Float(float64(i)/4)
		f.Values[2], f.Values[3] = feature.Text(strings.Repeat("x", i%40)), feature.Bool(i%3 == 0)
		f.Values[4], f.Values[5] = feature.Days(int64(i)), feature.Bytes([]byte{byte(i)})
		if i%11 == 0 {
			f.Values[0], f.Values[2] = feature.Null(), feature.Null()
		}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Commit(), ds.Close()); err != nil {
		t.Fatal(err)
	}
	if sql != "" {
		c, err := sqlite.Open(file, sqlite.ReadWrite, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(addFunctions(c), c.Exec(sql), c.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func openRows(t *testing.T, file string) *Layer {
	t.Helper()
	ds, err := New().Open(context.Background(), file, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ds.Close() })
	l, err := ds.Layer(context.Background(), "rows")
	if err != nil {
		t.Fatal(err)
	}
	return l.(*Layer)
}

var scanQueries = []layer.Query{
	{},
	{Columns: []string{"s"}, NoGeometry: true},
	{Columns: []string{}, NoGeometry: true},
	{Where: filter.Field("i").Lt(3)},
	{Where: filter.Field("i").Lt(3), Columns: []string{"s", "d"}, NoGeometry: true},
	{Where: filter.Field("i").IsNull().Or(filter.Field("s").Like("xxx%"))},
	{Where: filter.Field("b").And(filter.Field("r").Between(10, 2000)), Limit: 17, Offset: 5},
	{Where: filter.Field("d").Gt("1975-01-01")},
	{Where: filter.Field("bin").IsNotNull().And(filter.Field("i").Mod(7).Eq(0))},
	{Where: filter.Field("i").Eq(-1)},
	{Box: &feature.Bounds{MinX: 10, MinY: 0, MaxX: 12, MaxY: 100}},
	{Box: &feature.Bounds{MinX: -1, MinY: -1, MaxX: 1000, MaxY: 1000}, NoGeometry: true},
	{Box: &feature.Bounds{MinX: 10, MinY: 1, MaxX: 12, MaxY: 2}, Where: filter.Field("i").Gt(10), Limit: 3},
	{Where: filter.Field("geom").Intersects(feature.AppendBounds(nil, feature.Bounds{MinX: 10, MinY: 0, MaxX: 12, MaxY: 2}))},
	{Where: filter.Field("geom").IsNull()},
	{Limit: 3, Offset: 2},
}

// sameAsSQL compares what Features yields with what SQL alone does.
func sameAsSQL(t *testing.T, l *Layer) {
	t.Helper()
	ctx := context.Background()
	for i, q := range scanQueries {
		var want []*feature.Feature
		rows, rest, err := l.query(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for f, err := range layer.Filter(rows.seq(ctx), rest) {
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, f.Clone())
		}
		rows.stmt.Finalize()
		n := 0
		for f, err := range l.Features(ctx, q) {
			if err != nil {
				t.Fatalf("query %d: %v", i, err)
			}
			if n >= len(want) {
				t.Fatalf("query %d: more than %d rows", i, n)
			}
			w := want[n]
			same := f.FID == w.FID && slices.EqualFunc(f.Values, w.Values, feature.Value.Equal) &&
				slices.EqualFunc(f.Geoms, w.Geoms, func(a, b feature.WKB) bool { return (a == nil) == (b == nil) && string(a) == string(b) })
			if !same {
				t.Fatalf("query %d, row %d: FID %d %v, want %d %v", i, n, f.FID, f.Values, w.FID, w.Values)
			}
			n++
		}
		if n != len(want) {
			t.Fatalf("query %d: %d rows, want %d", i, n, len(want))
		}
	}
}

func TestScan(t *testing.T) {
	n := 30_000
	if testing.Short() {
		n = 5000
	}
	l := openRows(t, scanFile(t, n, ""))
	if e, err := l.Explain(context.Background(), scanQueries[3]); err != nil || e.SQL != "" {
		t.Fatalf("a filter is left to SQL: %v %v", e, err)
	}
	sameAsSQL(t, l)
	// As if each row filled the memory of a unit, or a few did.
	defer func(most int) { maxUnitBytes = most }(maxUnitBytes)
	for _, maxUnitBytes = range []int{1, 5000, 200_000} {
		sameAsSQL(t, l)
	}
}

// remade returns SQL that makes the table anew with another definition, and with its rows in another order.
func remade(definition string) string {
	return "PRAGMA legacy_alter_table = on; ALTER TABLE rows RENAME TO old; CREATE TABLE rows " + definition +
		"; INSERT INTO rows SELECT * FROM old ORDER BY fid DESC; DROP TABLE old"
}

// TestScanOdd: tables that are better left to SQLite, from the beginning or from somewhere in the midst on.
func TestScanOdd(t *testing.T) {
	for _, c := range []struct{ name, sql string }{
		{"an added column with a default", "ALTER TABLE rows ADD COLUMN late INTEGER DEFAULT 7; INSERT INTO rows (fid, late) VALUES (-5, 8), (1000000, 9)"},
		{"an added column", "ALTER TABLE rows ADD COLUMN late TEXT"},
		{"a generated column", "ALTER TABLE rows ADD COLUMN twice INTEGER GENERATED ALWAYS AS (i * 2)"},
		{"a column less", "ALTER TABLE rows DROP COLUMN r; ALTER TABLE rows ADD COLUMN r REAL"},
		{"an index", "CREATE INDEX by_i ON rows (i)"},
		{"an index of an expression", "CREATE INDEX by_half ON rows (i / 2)"},
		{"values of other types", "UPDATE rows SET i = 'nine', r = 7, s = 12, d = 'soon', bin = 'text' WHERE fid % 60 = 0"},
		{"a key that is not the rowid", remade("(fid INTEGER PRIMARY KEY DESC, geom BLOB, i INTEGER, r REAL, s TEXT, b BOOLEAN, d DATE, bin BLOB)")},
		{"without rowids", remade("(fid INTEGER PRIMARY KEY, geom BLOB, i INTEGER, r REAL, s TEXT, b BOOLEAN, d DATE, bin BLOB) WITHOUT ROWID")},
		{"no rows", "DELETE FROM rows"},
		{"few rows left", "DELETE FROM rows WHERE fid % 1000 <> 0; VACUUM"},
		{"the longest FIDs", "UPDATE rows SET fid = 9223372036854775807 WHERE fid = 3; UPDATE rows SET fid = -9223372036854775807 WHERE fid = 6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sameAsSQL(t, openRows(t, scanFile(t, 3000, c.sql)))
		})
	}
}

// TestScanDamaged: no row comes twice, and none that a healthy page has is lost before the error.
func TestScanDamaged(t *testing.T) {
	file := scanFile(t, 20_000, "")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for at := 100 * page; at < len(b); at += 100 * page {
		copy(b[at:at+8], "\x0d\xff\xff\xff\xff\xff\xff\xff")
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	l := openRows(t, file)
	for i, q := range scanQueries {
		seen := make(map[int64]bool)
		last := int64(-1)
		for f, err := range l.Features(context.Background(), q) {
			if err != nil {
				break
			}
			if seen[f.FID] || f.FID < last {
				t.Fatalf("query %d: FID %d comes again, or behind %d", i, f.FID, last)
			}
			seen[f.FID], last = true, f.FID
		}
	}
}

// TestScanEnds: whoever breaks off leaves no goroutine and no lock, and cancelling ends a scan.
func TestScanEnds(t *testing.T) {
	file := scanFile(t, 20_000, "")
	l := openRows(t, file)
	q := layer.Query{Where: filter.Field("i").Ge(0)}
	before := runtime.NumGoroutine()
	for range 50 {
		for _, err := range l.Features(context.Background(), q) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		var end error
		for _, err := range l.Features(ctx, q) {
			if n++; n == 5 {
				cancel()
			}
			end = err
		}
		cancel()
		if !errors.Is(end, context.Canceled) {
			t.Fatalf("a cancelled scan ends with %v after %d rows", end, n)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	c, err := sqlite.Open(file, sqlite.ReadWrite, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetBusyTimeout(0)
	for _, err := range l.Features(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Exec("UPDATE gpkg_contents SET description = 'x'"); !sqlite.IsBusy(err) {
			t.Errorf("the file is written while it is scanned: %v", err)
		}
		break
	}
	if err := c.Exec("UPDATE gpkg_contents SET description = 'x'"); err != nil {
		t.Errorf("after a scan: %v", err)
	}
}

// TestScanNested: iterations within iterations, with filters and without.
func TestScanNested(t *testing.T) {
	l := openRows(t, scanFile(t, 2000, ""))
	n := 0
	for f, err := range l.Features(context.Background(), layer.Query{Where: filter.Field("i").Eq(7)}) {
		if err != nil {
			t.Fatal(err)
		}
		fid := f.FID
		for g, err := range l.Features(context.Background(), layer.Query{Where: filter.Field("r").Eq(float64(fid) / 12)}) {
			if err != nil {
				t.Fatal(err)
			}
			if g.FID == fid {
				n++
			}
		}
		if f.FID != fid {
			t.Fatal("the outer row has changed")
		}
	}
	if n < 10 {
		t.Errorf("%d rows find themselves", n)
	}
}
