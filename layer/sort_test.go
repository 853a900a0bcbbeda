package layer

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
)

// sortSchema has a field of every type, the sortable ones first.
var sortSchema = &feature.Schema{
	FIDColumn: "id",
	Geoms:     []feature.GeomField{{Name: "g"}, {Name: "h"}},
	Fields: []feature.Field{
		{Name: "text"},
		{Name: "int", Type: feature.Integer},
		{Name: "int64", Type: feature.Integer64},
		{Name: "bool", Type: feature.Integer, Subtype: feature.Boolean},
		{Name: "real", Type: feature.Real},
		{Name: "date", Type: feature.DateField},
		{Name: "time", Type: feature.TimeField},
		{Name: "datetime", Type: feature.DateTimeField},
		{Name: "json", Subtype: feature.JSONText},
		{Name: "binary", Type: feature.Binary},
		{Name: "ints", Type: feature.Integer64List},
		{Name: "reals", Type: feature.RealList},
		{Name: "texts", Type: feature.StringList},
	},
}

const sortable = 8 // of the fields

func pick[T any](rnd *rand.Rand, list ...T) T { return list[rnd.IntN(len(list))] }

// randomRow makes a row of values that are often the same, and often hard to compare.
func randomRow(rnd *rand.Rand, fid int64) *feature.Feature {
	f := feature.New(sortSchema)
	f.FID = fid
	for i := range f.Geoms {
		f.Geoms[i] = pick(rnd, nil, feature.WKB{}, feature.AppendPoint(nil, rnd.Float64(), 1), feature.WKB(strings.Repeat("x", rnd.IntN(3000))))
	}
	texts := []string{"", "a", "a\x00", "a\x00b", "a\x01", "ab", "B", "é", "\uffff", "𐀀", "\x00", "a long one of more than eight bytes", fmt.Sprint(rnd.IntN(50))}
	numbers := []int64{0, -1, 1, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1, rnd.Int64N(50)}
	reals := []float64{0, math.Copysign(0, -1), 1, -1, math.NaN(), -math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, -5e-324, rnd.Float64()}
	day := feature.Date(2020, 2, 29).Micros()
	values := []feature.Value{
		feature.Text(pick(rnd, texts...)), feature.Int(int64(int32(pick(rnd, numbers...)))), feature.Int(pick(rnd, numbers...)),
		feature.Bool(rnd.IntN(2) == 0), feature.Float(pick(rnd, reals...)), feature.Days(int64(rnd.IntN(9) - 4)),
		feature.TimeOfDay(int64(rnd.IntN(3))), feature.WallClock(day+int64(rnd.IntN(3))*30*60e6, pick(rnd, feature.ZoneUTC, 60, -30, feature.ZoneUnknown, feature.ZoneLocal)),
		feature.JSON([]byte(`{"a":1}`)), feature.Bytes(pick(rnd, nil, []byte{}, []byte{0, 1})),
		pick(rnd, feature.IntList(), feature.IntList(1, -2, math.MaxInt64)), pick(rnd, feature.FloatList(), feature.FloatList(math.NaN(), -0.5)),
		pick(rnd, feature.TextList(), feature.TextList("", "a", "é")),
	}
	for i := range f.Values {
		switch rnd.IntN(8) {
		case 0:
			f.Values[i] = feature.Null()
		case 1:
		default:
			f.Values[i] = values[i]
		}
	}
	if rnd.IntN(4) == 0 {
		f.Values[4] = feature.Int(pick(rnd, int64(1), 0, 1<<53+1)) // an integer in a field of reals
	}
	return f
}

// compareRows is the order that sorted promises, said once more.
func compareRows(p *Plan, a, b *feature.Feature) int {
	for _, k := range p.Order {
		c := 0
		if k.Field < 0 {
			c = cmp.Compare(a.FID, b.FID)
		} else {
			c = compareValues(k.Field, a.Values[k.Field], b.Values[k.Field])
		}
		if k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func compareValues(field int, a, b feature.Value) int {
	rank := func(v feature.Value) int {
		switch {
		case v.IsNull():
			return 2
		case math.IsNaN(v.Float()):
			return 1
		}
		return 0
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 || rank(a) > 0 {
		return c
	}
	switch sortSchema.Fields[field].Type {
	case feature.String:
		return slices.Compare([]rune(a.Text()), []rune(b.Text()))
	case feature.Real:
		return cmp.Compare(a.Float(), b.Float())
	case feature.DateField, feature.DateTimeField:
		return cmp.Compare(a.Instant(), b.Instant())
	case feature.TimeField:
		return cmp.Compare(a.Micros(), b.Micros())
	}
	return cmp.Compare(a.Int(), b.Int())
}

// each yields the rows in memory that is used again.
func each(rows []*feature.Feature) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		for _, f := range rows {
			c := f.Clone()
			if !yield(c, nil) {
				return
			}
			clear(c.Values)
			for _, g := range c.Geoms {
				clear(g)
			}
		}
	}
}

// inTempDir sends temporary files to a folder of the test's own.
func inTempDir(t testing.TB) (files func() int) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	return func() int {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
}

// TestSorted compares with a stable sort of copies, with budgets that make no run, a few, and so many that they are merged
// in several steps.
func TestSorted(t *testing.T) {
	files := inTempDir(t)
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		rows := make([]*feature.Feature, pick(rnd, 0, 1, 2, 300, 3000))
		for i := range rows {
			rows[i] = randomRow(rnd, int64(i*3-50))
		}
		var q Query
		for range 1 + rnd.IntN(3) {
			name := "ID"
			if rnd.IntN(4) > 0 {
				name = sortSchema.Fields[rnd.IntN(sortable)].Name
			}
			q.OrderBy = append(q.OrderBy, Order{name, rnd.IntN(2) == 0})
		}
		if rnd.IntN(3) == 0 {
			q.Columns, q.NoGeometry = []string{"real", "texts"}, true
		}
		if rnd.IntN(2) == 0 {
			q.Limit = pick(rnd, 1, 10, 299, 2999, 10_000, int64(math.MaxInt64))
			q.Offset = pick(rnd, -3, 0, 0, 5, 1000, int64(math.MaxInt64))
		}
		p, err := q.Plan(sortSchema)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(rows)
		sort.SliceStable(want, func(i, j int) bool { return compareRows(p, want[i], want[j]) < 0 })
		for _, s := range []sorter{{memory: sortMemory, fanIn: sortFanIn}, {memory: 100_000, fanIn: 3}, {memory: 1, fanIn: 5}, {memory: 20_000, fanIn: 1000}} {
			s.p = p
			if s.memory == 1 && len(rows) > 300 {
				s.memory = 17_000
			}
			what := fmt.Sprintf("seed %d, %d rows by %v, limit %d, offset %d, memory %d", seed, len(rows), q.OrderBy, q.Limit, q.Offset, s.memory)
			n := 0
			s.sort(each(rows), func(f *feature.Feature, err error) bool {
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				wanted := want[n].Clone()
				for i := range wanted.Values {
					if !p.Fields[i] {
						wanted.Values[i] = feature.Value{}
					}
				}
				if !p.Geoms {
					clear(wanted.Geoms)
				}
				if !f.Equal(wanted) {
					t.Fatalf("%s: row %d is %v, want %v", what, n, f, wanted)
				}
				n++
				f.Geoms, f.Values = nil, append(f.Values[:0], feature.Text("spoiled")) // as a caller may
				return true
			})
			least := int64(len(rows))
			if q.Limit > 0 && q.Limit < 1e6 && q.Offset < 1e6 {
				least = min(least, q.Limit+max(0, q.Offset))
			}
			if int64(n) < least || n > len(rows) {
				t.Fatalf("%s: %d rows, want at least %d", what, n, least)
			}
			if files() > 0 {
				t.Fatalf("%s: %d temporary files are left", what, files())
			}
		}
	}
}

// TestSortedBounds: a limit keeps memory small, and what is no longer wanted is not kept.
func TestSortedLimit(t *testing.T) {
	q := Query{OrderBy: []Order{{Field: "int64", Desc: true}}, Limit: 5, Offset: 3}
	p, err := q.Plan(sortSchema)
	if err != nil {
		t.Fatal(err)
	}
	s := sorter{p: p, memory: 1 << 20, fanIn: 2}
	var got []int64
	rows := func(yield func(*feature.Feature, error) bool) {
		f := feature.New(sortSchema)
		for i := range int64(200_000) {
			f.FID, f.Values[2] = i, feature.Int(i*7919%200_003)
			if !yield(f, nil) {
				return
			}
		}
	}
	s.sort(rows, func(f *feature.Feature, err error) bool {
		if !s.runs.none() {
			t.Error("the first 8 rows of 200,000 went to a file")
		}
		got = append(got, f.Values[2].Int())
		return true
	})
	if !slices.Equal(got[:8], []int64{200_002, 200_001, 200_000, 199_999, 199_998, 199_997, 199_996, 199_995}) {
		t.Errorf("%v", got)
	}
	if s.held.bytes > 1<<20 {
		t.Errorf("%d bytes are held", s.held.bytes)
	}
}

// TestSortedEnds breaks off, fails and panics in every part of the work.
func TestSortedEnds(t *testing.T) {
	files := inTempDir(t)
	q := Query{OrderBy: []Order{{Field: "int"}}}
	p, err := q.Plan(sortSchema)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var rows []*feature.Feature
	for i := range 500 {
		rows = append(rows, randomRow(rnd, int64(i)))
	}
	broken := errors.New("the source is broken")
	for _, memory := range []int{20_000, sortMemory} {
		for at := 0; at <= 500; at += 50 {
			s := sorter{p: p, memory: memory, fanIn: 4}
			n := 0
			s.sort(each(rows), func(_ *feature.Feature, err error) bool {
				if err != nil {
					t.Fatal(err)
				}
				n++
				return n <= at
			})
			if n != min(at+1, 500) {
				t.Errorf("memory %d: %d rows before a break after %d", memory, n, at)
			}

			s = sorter{p: p, memory: memory, fanIn: 4}
			var errs []error
			s.sort(func(yield func(*feature.Feature, error) bool) {
				for f, err := range each(rows[:at]) {
					if !yield(f, err) {
						return
					}
				}
				yield(nil, broken)
			}, func(f *feature.Feature, err error) bool {
				errs = append(errs, err)
				return true
			})
			if len(errs) != 1 || errs[0] != broken {
				t.Errorf("memory %d: an error after %d rows gives %v", memory, at, errs)
			}

			func() {
				defer func() {
					if fmt.Sprint(recover()) != "ouch" {
						t.Error("the panic is gone")
					}
				}()
				s := sorter{p: p, memory: memory, fanIn: 4}
				s.sort(each(rows), func(*feature.Feature, error) bool { panic("ouch") })
			}()
			if files() > 0 {
				t.Fatalf("memory %d: %d temporary files are left", memory, files())
			}
		}
	}
}

// TestSortedNoRoom: an error of the file system says what happened.
func TestSortedNoRoom(t *testing.T) {
	q := Query{OrderBy: []Order{{Field: "int"}}}
	p, err := q.Plan(sortSchema)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	rows := []*feature.Feature{randomRow(rnd, 1), randomRow(rnd, 2)}
	errOf := func(s *sorter) error {
		var errs []error
		s.sort(each(rows), func(f *feature.Feature, err error) bool {
			errs = append(errs, err)
			return true
		})
		if len(errs) != 1 || errs[0] == nil {
			t.Fatalf("yields %v, want an error alone", errs)
		}
		return errs[0]
	}
	t.Run("no folder", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir()+"/none")
		t.Setenv("TMP", t.TempDir()+"/none")
		if err := errOf(&sorter{p: p, memory: 1, fanIn: 4}); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "sort: ") {
			t.Errorf("%v", err)
		}
	})
	t.Run("disk full", func(t *testing.T) {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip("there is no /dev/full here, which stands for a full disk")
		}
		s := &sorter{p: p, memory: 1, fanIn: 4}
		s.runs.file = &tempFile{f: f, gone: true}
		if err := errOf(s); !strings.Contains(err.Error(), "sort: write /dev/full: no space left on device") {
			t.Errorf("%v", err)
		}
	})
}

func TestSortedAllocations(t *testing.T) {
	q := Query{OrderBy: []Order{{Field: "int64", Desc: true}, {Field: "text"}}}
	p, err := q.Plan(sortSchema)
	if err != nil {
		t.Fatal(err)
	}
	inTempDir(t)
	f := feature.New(sortSchema)
	f.Geoms[0] = feature.AppendPoint(nil, 1, 2)
	f.Values[0], f.Values[4] = feature.Text("some text"), feature.Float(1.5)
	for _, memory := range []int{sortMemory, 1 << 20} {
		allocs := func(n int64) float64 {
			return testing.AllocsPerRun(2, func() {
				rows := func(yield func(*feature.Feature, error) bool) {
					for i := range n {
						f.FID, f.Values[2] = i, feature.Int(i*7919%200_003)
						if !yield(f, nil) {
							return
						}
					}
				}
				s := sorter{p: p, memory: memory, fanIn: 64}
				s.sort(rows, func(_ *feature.Feature, err error) bool { return err == nil })
			})
		}
		few, many := allocs(20_000), allocs(60_000)
		if many > few+100 { // files, chunks and buffers
			t.Errorf("memory %d: %v allocations for 20,000 rows, %v for 60,000", memory, few, many)
		}
	}
}

func BenchmarkSorted(b *testing.B) {
	for _, memory := range []int{sortMemory, 4 << 20} {
		b.Run(fmt.Sprint(memory>>20, "MiB"), func(b *testing.B) {
			q := Query{OrderBy: []Order{{Field: "int64"}}}
			p, err := q.Plan(sortSchema)
			if err != nil {
				b.Fatal(err)
			}
			f := feature.New(sortSchema)
			f.Geoms[0] = feature.AppendPoint(nil, 1, 2)
			b.ReportAllocs()
			s := sorter{p: p, memory: memory, fanIn: sortFanIn}
			s.sort(func(yield func(*feature.Feature, error) bool) {
				for i := range int64(b.N) {
					f.FID, f.Values[2] = i, feature.Int(i*7919%200_003)
					if !yield(f, nil) {
						return
					}
				}
			}, func(_ *feature.Feature, err error) bool { return err == nil })
		})
	}
}
