package layer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
	. "github.com/ogrcarto/ogrcarto/layer"
)

// TestCopy copies numbers of rows around the size of a page and of all pages that go round.
func TestCopy(t *testing.T) {
	for _, n := range []int{0, 1, 9, 10, 11, 29, 30, 31, 40, 1000} {
		for _, o := range []CopyOptions{{PageRows: 10}, {PageBytes: 1000}, {PageRows: 1}, {}} {
			src, dst := &source{n: n, size: 50}, &sink{schema: schema}
			var progress []int64
			o.Progress = func(p Progress) { progress = append(progress, p.Rows) }
			stats, err := Copy(t.Context(), dst, src, o)
			if err != nil || stats != (CopyStats{Rows: int64(n)}) {
				t.Errorf("%d rows: %+v, %v", n, stats, err)
			}
			if got := numbers(dst.rows); !slices.Equal(got, upTo(n)) {
				t.Errorf("%d rows: copied %v", n, got)
			}
			for i, f := range dst.rows {
				b, _ := f.Geoms[0].Bounds()
				if f.FID != feature.NullFID || b.MinX != float64(i) || f.Values[0].Text() != string('a'+rune(i%26)) ||
					len(f.Values[2].Bytes()) != 50 {
					t.Fatalf("row %d is %v", i, f)
				}
			}
			if src.opened != 1 || src.ended != 1 {
				t.Errorf("%d rows: %d iterations, %d ended", n, src.opened, src.ended)
			}
			if !slices.IsSorted(progress) || len(progress) == 0 || progress[len(progress)-1] != int64(n) {
				t.Errorf("%d rows: progress %v", n, progress)
			}
		}
	}
}

// TestCopyPages looks at the pages' sizes through Progress.
func TestCopyPages(t *testing.T) {
	for name, test := range map[string]struct {
		o    CopyOptions
		want []int64
	}{
		"by rows":              {CopyOptions{PageRows: 10}, []int64{10, 20, 25}},
		"by bytes":             {CopyOptions{PageBytes: 10_000}, []int64{9, 18, 25}}, // of about 1130 bytes each
		"a row is never split": {CopyOptions{PageBytes: 1}, upTo(26)[1:]},
		"by default":           {CopyOptions{}, []int64{25}},
	} {
		var got []int64
		test.o.Progress = func(p Progress) { got = append(got, p.Rows) }
		if _, err := Copy(t.Context(), &sink{schema: schema}, &source{n: 25, size: 950}, test.o); err != nil {
			t.Fatal(err)
		}
		// The last page may be an empty one.
		if got = slices.Compact(got); !slices.Equal(got, test.want) {
			t.Errorf("%s: pages end at %v, want %v", name, got, test.want)
		}
	}
}

type progressing struct{ *source }

func (progressing) Progress() (done, total int64) { return 7, 9 }

func TestCopyProgressOfBytes(t *testing.T) {
	var got Progress
	o := CopyOptions{Progress: func(p Progress) { got = p }}
	if _, err := Copy(t.Context(), &sink{schema: schema}, progressing{&source{n: 3}}, o); err != nil {
		t.Fatal(err)
	}
	if want := (Progress{Rows: 3, Bytes: 7, TotalBytes: 9}); got != want {
		t.Errorf("progress %+v, want %+v", got, want)
	}
}

func TestCopyMapping(t *testing.T) {
	target := &feature.Schema{
		Geoms:  []feature.GeomField{{Name: "none"}, {Name: "g", Type: feature.Geometry}},
		Fields: []feature.Field{{Name: "new"}, {Name: "number"}, {Name: "called"}, {Name: "again"}},
	}
	dst := &sink{schema: target}
	stats, err := Copy(t.Context(), dst, &source{n: 30}, CopyOptions{
		Fields: []int{-1, 1, 0, 1}, Geoms: []int{-1, 0}, PreserveFID: true, PageRows: 7,
	})
	if err != nil || stats.Rows != 30 {
		t.Fatal(stats, err)
	}
	for i, f := range dst.rows {
		want := feature.New(target)
		want.FID = int64(i)
		want.Geoms[1] = feature.AppendPoint(nil, float64(i), float64(-i))
		want.Values[1], want.Values[3] = feature.Int(int64(i)), feature.Int(int64(i))
		want.Values[2] = feature.Text(string('a' + rune(i%26)))
		if !f.Equal(want) {
			t.Errorf("row %d is %v, want %v", i, f, want)
		}
	}
	for name, test := range map[string]struct {
		o    CopyOptions
		want string
	}{
		"no mapping":          {CopyOptions{Geoms: []int{-1, 0}}, "the target has 4 fields and the source 3"},
		"no mapping of geoms": {CopyOptions{Fields: []int{-1, -1, -1, -1}}, "the target has 2 geometry columns and the source 1"},
		"too few":             {CopyOptions{Fields: []int{0}, Geoms: []int{-1, 0}}, "1 fields are mapped and the target has 4"},
		"beyond":              {CopyOptions{Fields: []int{0, 1, 2, 3}, Geoms: []int{-1, 0}}, "field 3 is mapped and the source has 3"},
		"negative":            {CopyOptions{Fields: []int{0, 1, 2, 0}, Geoms: []int{-2, 0}}, "geometry column -2 is mapped"},
	} {
		if _, err := Copy(t.Context(), dst, &source{n: 1}, test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestCopyConvert(t *testing.T) {
	polygon := feature.AppendBounds(nil, feature.Bounds{MaxX: 1, MaxY: 1})
	multi, err := feature.AppendMulti(nil, polygon)
	if err != nil {
		t.Fatal(err)
	}
	geoms := []feature.WKB{polygon, multi, nil, feature.AppendPoint(nil, 1, 2), polygon[:20], polygon}
	target := schema.Clone()
	target.Geoms[0].Type = feature.MultiPolygon
	src := &source{n: len(geoms), geom: func(i int) feature.WKB { return geoms[i] }}
	dst := &sink{schema: target}
	var skipped []int64
	stats, err := Copy(t.Context(), dst, src, CopyOptions{
		Convert: true, Skip: func(fid int64, err error) { skipped = append(skipped, fid) },
	})
	if err != nil || stats != (CopyStats{Rows: 5, Skipped: 1}) || !slices.Equal(skipped, []int64{3}) {
		t.Fatalf("%+v, %v, skipped %v", stats, err, skipped)
	}
	// AppendAs does not read a polygon to its end: what is malformed is the target's to refuse.
	bad, _ := feature.AppendMulti(nil, polygon[:20])
	for i, want := range []feature.WKB{multi, multi, nil, bad, multi} {
		if got := dst.rows[i].Geoms[0]; !bytes.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("row %d: %X, want %X", i, []byte(got), []byte(want))
		}
	}
	var rejected *RejectedError
	if _, err = Copy(t.Context(), dst, src, CopyOptions{Convert: true}); !errors.As(err, &rejected) || rejected.FID != 3 ||
		!strings.Contains(err.Error(), "feature 3: a POINT does not go into a column of type MULTIPOLYGON") {
		t.Errorf("without Skip: %v", err)
	}
	if _, err := Copy(t.Context(), &sink{schema: target}, src, CopyOptions{}); err != nil {
		t.Errorf("without Convert the geometries are the target's to judge: %v", err)
	}
}

func TestCopySkip(t *testing.T) {
	const n = 100
	type skip struct {
		fid int64
		err error
	}
	var skipped []skip
	src := &source{n: n, badAt: map[int]bool{0: true, 17: true, 18: true, 99: true}}
	dst := &sink{schema: schema, rejectAt: map[int64]bool{5: true, 50: true}}
	o := CopyOptions{PageRows: 10, Skip: func(fid int64, err error) { skipped = append(skipped, skip{fid, err}) }}
	stats, err := Copy(t.Context(), dst, src, o)
	if err != nil || stats != (CopyStats{Rows: n - 6, Skipped: 6}) {
		t.Errorf("%+v, %v", stats, err)
	}
	if got, want := numbers(dst.rows), upTo(n, 0, 5, 17, 18, 50, 99); !slices.Equal(got, want) {
		t.Errorf("copied %v, want %v", got, want)
	}
	slices.SortFunc(skipped, func(a, b skip) int { return int(a.fid - b.fid) })
	for i, want := range []skip{{0, errBadRow}, {5, errRejected}, {17, errBadRow}, {18, errBadRow}, {50, errRejected}, {99, errBadRow}} {
		if skipped[i].fid != want.fid || !errors.Is(skipped[i].err, want.err) {
			t.Errorf("skipped %d is %v, want %v", i, skipped[i], want)
		}
	}
	// Without Skip either is the end.
	for _, bad := range []struct {
		src  *source
		dst  *sink
		want error
		rows int64
	}{
		{&source{n: n, badAt: map[int]bool{42: true}}, &sink{schema: schema}, errBadRow, 42},
		{&source{n: n}, &sink{schema: schema, rejectAt: map[int64]bool{42: true}}, errRejected, 42},
	} {
		if stats, err := Copy(t.Context(), bad.dst, bad.src, CopyOptions{PageRows: 10}); !errors.Is(err, bad.want) || stats.Rows != bad.rows {
			t.Errorf("without Skip: %+v, %v; want %d rows and %v", stats, err, bad.rows, bad.want)
		}
	}
	// An error of the target that is not about one row is the end in any case.
	if _, err := Copy(t.Context(), &sink{schema: schema, failAt: 3}, &source{n: n}, o); err != errSink {
		t.Errorf("an error of the target, with Skip: %v", err)
	}
}

// TestCopyNothingButBadRows: errors go in pages, too.
func TestCopyNothingButBadRows(t *testing.T) {
	src := &source{n: 1000, badAt: make(map[int]bool)}
	for i := range src.n {
		src.badAt[i] = true
	}
	n, pages := 0, 0
	o := CopyOptions{PageRows: 10, Skip: func(int64, error) { n++ }, Progress: func(Progress) { pages++ }}
	stats, err := Copy(t.Context(), &sink{schema: schema}, src, o)
	if err != nil || stats != (CopyStats{Skipped: 1000}) || n != 1000 || pages < 100 {
		t.Errorf("%+v, %v; Skip was called %d times, for %d pages", stats, err, n, pages)
	}
	// And the context ends them.
	ctx, cancel := context.WithCancel(t.Context())
	o.Skip = func(int64, error) { cancel() }
	if _, err := Copy(ctx, &sink{schema: schema}, src, o); err != context.Canceled {
		t.Errorf("cancelled in the midst of bad rows: %v", err)
	}
}

// TestCopyErrors ends the copy from either side at every row. In the bubble of synctest a goroutine that goes on, or waits
// forever, fails the test.
func TestCopyErrors(t *testing.T) {
	const n = 65 // of pages of ten, three of which are under way
	for at := 1; at <= n; at++ {
		synctest.Test(t, func(t *testing.T) {
			src, dst := &source{n: n, failAt: at}, &sink{schema: schema}
			stats, err := Copy(t.Context(), dst, src, CopyOptions{PageRows: 10})
			synctest.Wait()
			if err != errSource || stats.Rows != int64(at-1) || !slices.Equal(numbers(dst.rows), upTo(at-1)) || src.ended != 1 {
				t.Errorf("the source fails at row %d: %+v, %v, %d written, %d ended", at, stats, err, len(dst.rows), src.ended)
			}

			src, dst = &source{n: n}, &sink{schema: schema, failAt: at}
			stats, err = Copy(t.Context(), dst, src, CopyOptions{PageRows: 10})
			synctest.Wait()
			if err != errSink || stats.Rows != int64(at-1) || dst.n != at || src.ended != 1 {
				t.Errorf("the target fails at row %d: %+v, %v, %d written, %d ended", at, stats, err, dst.n, src.ended)
			}
		})
	}
}

// TestCopyWaiting lets one side be much slower than the other, and end it while the other waits.
func TestCopyWaiting(t *testing.T) {
	wait := func(int) { time.Sleep(time.Hour) } // synctest's
	for name, test := range map[string]struct {
		src  *source
		dst  *sink
		want error
	}{
		"a slow source that fails": {&source{n: 100, perRow: wait, failAt: 70}, &sink{schema: schema}, errSource},
		"a slow target, a source that fails": {
			&source{n: 100, failAt: 25}, &sink{schema: schema, perRow: wait}, errSource,
		},
		"a slow target that fails": {&source{n: 1000}, &sink{schema: schema, perRow: wait, failAt: 15}, errSink},
		"a slow source, a target that fails": {
			&source{n: 1000, perRow: wait}, &sink{schema: schema, failAt: 15}, errSink,
		},
		"both slow": {&source{n: 100, perRow: wait}, &sink{schema: schema, perRow: wait}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if _, err := Copy(t.Context(), test.dst, test.src, CopyOptions{PageRows: 10}); err != test.want {
					t.Errorf("error %v, want %v", err, test.want)
				}
				synctest.Wait()
				if test.src.ended != 1 {
					t.Error("the source's iteration has not ended")
				}
			})
		})
	}
}

func TestCopyCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dst := &sink{schema: schema}
	if stats, err := Copy(ctx, dst, &source{n: 10}, CopyOptions{}); err != context.Canceled || stats.Rows != 0 || dst.n != 0 {
		t.Errorf("before: %+v, %v", stats, err)
	}
	const n = 100
	for at := 1; at <= n; at += 3 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			src := &source{n: n, perRow: func(i int) {
				if i == at {
					cancel(errors.New("a cause of its own"))
				}
			}}
			dst := &sink{schema: schema}
			if at == n { // after the last row is read, but not written
				src.perRow = nil
				dst.perRow = func(i int) { cancel(nil) }
			}
			stats, err := Copy(ctx, dst, src, CopyOptions{PageRows: 10})
			synctest.Wait()
			if err != context.Canceled || stats.Rows > int64(at+1) || src.ended != 1 {
				t.Errorf("while row %d is read: %+v, %v", at, stats, err)
			}

			ctx, cancel = context.WithCancelCause(t.Context())
			src, dst = &source{n: n}, &sink{schema: schema, perRow: func(i int) {
				if i == at {
					cancel(nil)
				}
			}}
			stats, err = Copy(ctx, dst, src, CopyOptions{PageRows: 10})
			synctest.Wait()
			if err != context.Canceled || stats.Rows > int64(at+10) || src.ended != 1 {
				t.Errorf("while row %d is written: %+v, %v", at, stats, err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Millisecond)
		defer cancel()
		src := &source{n: n, perRow: func(int) { time.Sleep(time.Second) }}
		if stats, err := Copy(ctx, &sink{schema: schema}, src, CopyOptions{PageRows: 7}); err != context.DeadlineExceeded || stats.Rows > 61 {
			t.Errorf("a deadline: %+v, %v", stats, err)
		}
	})
}

// TestCopyPanic: when the target panics the reader ends, too.
func TestCopyPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if p := recover(); fmt.Sprint(p) != "ouch" {
				t.Errorf("recovered %v", p)
			}
		}()
		dst := &sink{schema: schema, perRow: func(n int) {
			if n == 15 {
				panic("ouch")
			}
		}}
		// t's own context would end with the test.
		_, _ = Copy(context.Background(), dst, &source{n: 1000}, CopyOptions{PageRows: 10})
	})
}

// TestCopyMemory: how much is held does not depend on how much there is, and a slow target does not make the reader run
// ahead.
func TestCopyMemory(t *testing.T) {
	var before, m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	read, ahead := 0, 0
	var most uint64
	src := &source{n: 60_000, size: 10_000}
	dst := &sink{schema: schema, forget: true}
	o := CopyOptions{PageBytes: 1 << 20, Progress: func(p Progress) {
		if p.Rows%7000 < 100 {
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}}
	if _, err := Copy(t.Context(), dst, src, o); err != nil {
		t.Fatal(err)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d MiB are held while 600 MB are copied", grown>>20)
	}
	synctest.Test(t, func(t *testing.T) {
		src := &source{n: 200, perRow: func(i int) { read = i + 1 }}
		dst := &sink{schema: schema, perRow: func(n int) {
			time.Sleep(time.Second)
			synctest.Wait() // the reader has gone as far as it can
			ahead = max(ahead, read-n)
		}}
		if _, err := Copy(t.Context(), dst, src, CopyOptions{PageRows: 10}); err != nil {
			t.Fatal(err)
		}
	})
	if ahead > 30 {
		t.Errorf("the reader was %d rows ahead, with three pages of 10", ahead)
	}
}

func TestCopyAllocations(t *testing.T) {
	const n = 20_000
	target := schema.Clone()
	target.Geoms[0].Type = feature.MultiPoint
	for name, o := range map[string]CopyOptions{
		"plain":   {},
		"convert": {Convert: true},
		"mapped":  {Fields: []int{0, 1, 2}, Geoms: []int{0}, PreserveFID: true},
	} {
		allocs := testing.AllocsPerRun(3, func() {
			if _, err := Copy(context.Background(), &sink{schema: target, forget: true}, &source{n: n, size: 10}, o); err != nil {
				t.Fatal(err)
			}
		})
		// The pages and little else, once.
		if allocs > 200 {
			t.Errorf("%s: %v allocations for %d rows", name, allocs, n)
		}
	}
}

func BenchmarkCopy(b *testing.B) {
	src, dst := &source{n: b.N, size: 100}, &sink{schema: schema, forget: true}
	b.ReportAllocs()
	if _, err := Copy(context.Background(), dst, src, CopyOptions{}); err != nil {
		b.Fatal(err)
	}
}
