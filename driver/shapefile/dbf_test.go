package shapefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

func TestFieldTypes(t *testing.T) {
	for _, test := range []struct {
		typ        byte
		width, dec int
		want       string
	}{
		{'C', 80, 0, "String 80.0"},
		{'N', 1, 0, "Integer 1.0"},
		{'N', 9, 0, "Integer 9.0"},
		{'N', 10, 0, "Integer64 10.0"},
		{'N', 18, 0, "Integer64 18.0"},
		{'N', 19, 0, "Real 19.0"},
		{'N', 5, 2, "Real 5.2"},
		{'F', 9, 0, "Integer 9.0"},
		{'F', 13, 11, "Real 13.11"},
		{'D', 8, 0, "Date 10.0"},
		{'L', 1, 0, "Integer(Boolean) 1.0"},
		{'I', 4, 0, "Integer 0.0"},
		{'O', 8, 0, "Real 0.0"},
		{'B', 8, 0, "Real 0.0"},
		{'B', 10, 0, "String 10.0"},
		{'M', 10, 0, "String 10.0"},
		{'G', 10, 0, "String 10.0"},
		{'P', 10, 0, "String 10.0"},
		{'Y', 8, 4, "Real 0.0"},
		{'@', 8, 0, "DateTime 0.0"},
		{'T', 8, 0, "DateTime 0.0"},
		{'I', 2, 0, "String 2.0"},
		{'~', 3, 0, "String 3.0"},
	} {
		l := openLayerOf(t, openMem(t, memSet{"t.dbf": makeDBF(0, []dbfColumn{{"a", test.typ, test.width, test.dec}})}, nil), "t")
		f := l.Schema().Fields[0]
		if got := fmt.Sprintf("%s %d.%d", f.TypeName(), f.Width, f.Precision); got != test.want {
			t.Errorf("%c(%d,%d) is %s, want %s", test.typ, test.width, test.dec, got, test.want)
		}
	}
}

// TestValues reads one cell at a time. OGR's view of most of them is in TestAgainstOGR.
func TestValues(t *testing.T) {
	null := feature.Null()
	date := func(y int, m time.Month, d int) feature.Value { return feature.Date(y, m, d) }
	i32 := func(n int32) string { return string(le(n)) }
	for _, test := range []struct {
		col     dbfColumn
		cell    string
		want    feature.Value
		warning string
	}{
		{dbfColumn{"a", 'C', 9, 0}, "text", feature.Text("text"), ""},
		{dbfColumn{"a", 'C', 9, 0}, "", null, ""},
		{dbfColumn{"a", 'C', 9, 0}, "***", feature.Text("***"), ""},
		{dbfColumn{"a", 'C', 9, 0}, "  x  y", feature.Text("x  y"), ""},
		{dbfColumn{"a", 'C', 9, 0}, "x\x00junk", feature.Text("x"), ""},
		{dbfColumn{"a", 'C', 9, 0}, "x \x00\x00\x00", feature.Text("x"), ""},
		{dbfColumn{"a", 'C', 9, 0}, "\x00junk", null, ""},
		{dbfColumn{"a", 'N', 9, 0}, "       12", feature.Int(12), ""},
		{dbfColumn{"a", 'N', 9, 0}, "-12", feature.Int(-12), ""},
		{dbfColumn{"a", 'N', 9, 0}, "+12", feature.Int(12), ""},
		{dbfColumn{"a", 'N', 9, 0}, "12.0", feature.Int(12), ""},
		{dbfColumn{"a", 'N', 9, 0}, "12.7", feature.Int(12), `t: field a: row 0 has "12.7" in a field of integers: what is behind the point is cut`},
		{dbfColumn{"a", 'N', 9, 0}, "1e9", feature.Int(1e9), ""},
		{dbfColumn{"a", 'N', 9, 0}, "3e9", null, `t: field a: row 0 has "3e9", which is beyond 32 bits: null`},
		{dbfColumn{"a", 'N', 9, 0}, "*********", null, ""},
		{dbfColumn{"a", 'N', 9, 0}, "?", null, `t: field a: row 0 has "?", which is not an integer: null`},
		{dbfColumn{"a", 'N', 9, 0}, "nan", null, `t: field a: row 0 has "nan", which is not an integer: null`},
		{dbfColumn{"a", 'N', 10, 0}, "9999999999", feature.Int(9999999999), ""},
		{dbfColumn{"a", 'N', 18, 0}, "-99999999999999999", feature.Int(-99999999999999999), ""},
		{dbfColumn{"a", 'N', 18, 0}, "999999999999999999", feature.Int(999999999999999999), ""},
		{dbfColumn{"a", 'N', 18, 0}, "1e30", null, `t: field a: row 0 has "1e30", which is not an integer: null`},
		{dbfColumn{"a", 'N', 20, 5}, "1.25", feature.Float(1.25), ""},
		{dbfColumn{"a", 'N', 20, 5}, "-1.25E-3", feature.Float(-1.25e-3), ""},
		{dbfColumn{"a", 'N', 20, 5}, "1.25D2", feature.Float(125), ""},
		{dbfColumn{"a", 'N', 20, 5}, "1,25", feature.Float(1.25), ""},
		{dbfColumn{"a", 'N', 20, 5}, "1.#INF", feature.Float(math.Inf(1)), ""},
		{dbfColumn{"a", 'N', 20, 5}, "-1.#INF", feature.Float(math.Inf(-1)), ""},
		{dbfColumn{"a", 'N', 20, 5}, "-1.#IND", feature.Float(math.NaN()), ""},
		{dbfColumn{"a", 'N', 20, 5}, "0x10", null, `t: field a: row 0 has "0x10", which is not a number: null`},
		{dbfColumn{"a", 'N', 20, 5}, "1_000", null, `t: field a: row 0 has "1_000", which is not a number: null`},
		{dbfColumn{"a", 'N', 20, 5}, "***", null, ""},
		{dbfColumn{"a", 'D', 8, 0}, "20240229", date(2024, 2, 29), ""},
		{dbfColumn{"a", 'D', 8, 0}, "00010101", date(1, 1, 1), ""},
		{dbfColumn{"a", 'D', 8, 0}, "20230229", null, `t: field a: row 0 has "20230229", a day that the month does not have: null`},
		{dbfColumn{"a", 'D', 8, 0}, "20231301", null, `t: field a: row 0 has "20231301", which is not a date: null`},
		{dbfColumn{"a", 'D', 8, 0}, "00000000", null, ""},
		{dbfColumn{"a", 'D', 8, 0}, "       0", null, ""},
		{dbfColumn{"a", 'D', 8, 0}, "", null, ""},
		{dbfColumn{"a", 'D', 10, 0}, "2024-02-29", date(2024, 2, 29), ""},
		{dbfColumn{"a", 'D', 10, 0}, "02/29/2024", date(2024, 2, 29), ""},
		{dbfColumn{"a", 'L', 1, 0}, "Y", feature.Bool(true), ""},
		{dbfColumn{"a", 'L', 1, 0}, "f", feature.Bool(false), ""},
		{dbfColumn{"a", 'L', 1, 0}, "?", null, ""},
		{dbfColumn{"a", 'L', 1, 0}, " ", null, ""},
		{dbfColumn{"a", 'L', 1, 0}, "*", null, `t: field a: row 0 has "*", which is neither true nor false: null`},
		{dbfColumn{"a", 'I', 4, 0}, i32(-5), feature.Int(-5), ""},
		{dbfColumn{"a", 'O', 8, 0}, string(le(1.5)), feature.Float(1.5), ""},
		{dbfColumn{"a", 'Y', 8, 4}, string(le(int64(-12345))), feature.Float(-1.2345), ""},
		{dbfColumn{"a", '@', 8, 0}, i32(2440589) + i32(3_600_000), feature.WallClock(90_000_000_000, feature.ZoneUnknown), ""},
		{dbfColumn{"a", '@', 8, 0}, strings.Repeat("\x00", 8), null, ""},
		{dbfColumn{"a", 'M', 10, 0}, "12", null, `t: field a is null: its type 'M' of 10 bytes is unsupported`},
	} {
		ds := openMem(t, memSet{"t.dbf": makeDBF(0, []dbfColumn{test.col}, []string{test.cell})}, nil)
		all, err := readAll(openLayerOf(t, ds, "t"), layer.Query{})
		if err != nil || len(all) != 1 {
			t.Fatalf("%c %q: %d rows, %v", test.col.typ, test.cell, len(all), err)
		}
		if got := all[0].Values[0]; !got.Equal(test.want) && (got.Float() == got.Float() || test.want.Float() == test.want.Float()) {
			t.Errorf("%c(%d) %q is %s %s, want %s %s", test.col.typ, test.col.width, test.cell, got.Kind(), got, test.want.Kind(), test.want)
		}
		if got := strings.Join(ds.Warnings(), "; "); got != test.warning {
			t.Errorf("%c(%d) %q: warnings %q, want %q", test.col.typ, test.col.width, test.cell, got, test.warning)
		}
	}
}

func TestWideInteger(t *testing.T) {
	ds := openMem(t, memSet{"t.dbf": makeDBF(0, []dbfColumn{{"a", 'N', 20, 0}}, []string{"12345678901234567890"})}, nil)
	openLayerOf(t, ds, "t")
	want := "t: field a is read as a real, of 15 to 17 digits: its 20 digits are more than an integer has"
	if got := ds.Warnings(); !slices.Equal(got, []string{want}) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

// TestLongText has a text whose width takes two bytes, as Clipper and FoxPro have it.
func TestLongText(t *testing.T) {
	long := strings.Repeat("x", 300)
	b := makeDBF(0, []dbfColumn{{"a", 'C', 300, 0}, {"b", 'N', 3, 0}}, []string{long, "  7"})
	b[32+16], b[32+17] = 300%256, 300/256
	all, err := readAll(openLayerOf(t, openMem(t, memSet{"t.dbf": b}, nil), "t"), layer.Query{})
	if err != nil || all[0].Values[0].Text() != long || all[0].Values[1].Int() != 7 {
		t.Errorf("%v, %v", all, err)
	}
	// The same byte in a field of 44 bytes is not a width.
	b = makeDBF(0, []dbfColumn{{"a", 'C', 44, 1}, {"b", 'N', 3, 0}}, []string{"y", "  7"})
	all, err = readAll(openLayerOf(t, openMem(t, memSet{"t.dbf": b}, nil), "t"), layer.Query{})
	if err != nil || all[0].Values[0].Text() != "y" || all[0].Values[1].Int() != 7 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestCounts(t *testing.T) {
	points := func(n int) *shpBuilder {
		s := &shpBuilder{typ: point}
		for range n {
			s.add(le(xy{1, 2}))
		}
		return s
	}
	cells := [][]string{{"1"}, {"2"}, {"3"}}
	cols := []dbfColumn{{"a", 'N', 3, 0}}
	for _, test := range []struct {
		name   string
		points int
		announced,
		cut int // of the .dbf: records in the header, bytes off its end
		want    string
		warning string
	}{
		{"the same", 3, 3, 0, "1 2 3", ""},
		{"no end mark", 3, 3, 1, "1 2 3", ""},
		{"more shapes", 4, 3, 0, "1 2 3 (null)", "t: the .dbf has 3 records and the .shp 4: the fields of the others are null"},
		{"more records", 2, 3, 0, "1 2", "t: the .dbf has 3 records and the .shp 2: those without a shape are left out"},
		{"cut off", 3, 3, 4, "1 2 bad: feature 2", ""},
		{"announces too many", 3, 9, 0, "1 2 3", "t: the .dbf has 9 records and the .shp 3: those without a shape are left out"},
		{"announces too few", 3, 2, 0, "1 2 (null)", "t: the .dbf has 2 records and the .shp 3: the fields of the others are null"},
		{"alone", 0, 3, 0, "1 2 3", ""},
		{"alone and cut off", 0, 3, 4, "1 2 bad: feature 2", ""},
		{"alone and announces far too many", 0, 1 << 30, 0, "1 2 3 bad: feature 3", ""},
	} {
		for _, scan := range []bool{false, true} {
			table := makeDBF(0, cols, cells...)
			binary.LittleEndian.PutUint32(table[4:], uint32(test.announced))
			set := memSet{}
			if test.points > 0 {
				set = points(test.points).files()
			}
			if scan {
				delete(set, "t.shx")
			}
			set["t.dbf"] = table[:len(table)-test.cut]
			ds := openMem(t, set, nil)
			var bad []string
			onBadRow := func(err error) {
				var de *driver.Error
				if !errors.As(err, &de) {
					t.Fatal(err)
				}
				bad = append(bad, fmt.Sprintf("bad: feature %d", de.FID))
			}
			all, err := readAll(openLayerOf(t, ds, "t"), layer.Query{OnBadRow: onBadRow})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range all {
				got = append(got, f.Values[0].String())
			}
			if got = append(got, bad...); strings.Join(got, " ") != test.want {
				t.Errorf("%s, scan %v: %q, want %q", test.name, scan, got, test.want)
			}
			warnings := ds.Warnings()
			if scan && test.points > 0 {
				warnings = warnings[1:]
			}
			if got := strings.Join(warnings, "; "); got != test.warning {
				t.Errorf("%s, scan %v: warnings %q, want %q", test.name, scan, got, test.warning)
			}
		}
	}
}

func TestParseReal(t *testing.T) {
	check := func(s string) {
		t.Helper()
		got, ok := parseReal([]byte(s))
		want, err := strconv.ParseFloat(s, 64)
		if isRange := err != nil && math.IsInf(want, 0); ok != (err == nil || isRange) {
			t.Fatalf("%q: %v, strconv says %v", s, ok, err)
		}
		if ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%q: %v (%x), want %v (%x)", s, got, math.Float64bits(got), want, math.Float64bits(want))
		}
	}
	for _, s := range []string{
		"", "-", "+", ".", "-.", "0", "-0", "0.0", "-0.000", "00", "1.", ".5", "-.5", "+.5", "1e", "1e5", "1e-5", "1.5e+3", "1..2", "1.2.3",
		"9007199254740992", "9007199254740993", "9007199254740991.5", "0.1", "0.3", "123456789012345678901234567890",
		"18446744073709551616", "18446744073709551616.5", "184467440737095516160000", "0.00000000000000000000000000000000001",
		"1e400", "-1e400", "1e-400", "4.9e-324", "nan", "inf", "-inf", "infinity", "1 2", "1-2", "--1",
		"8374.000000000000000", "0.000000000000000", "100000000000000000000.000", "00000000000000000000000000001.50",
	} {
		check(s)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	n := 2_000_000
	if testing.Short() {
		n = 100_000
	}
	digits := func(b []byte, n int) []byte {
		for range n {
			b = append(b, byte('0'+rnd.IntN(10)))
		}
		return b
	}
	var b []byte
	for i := range n {
		b = b[:0]
		switch i % 4 {
		case 0: // what a .dbf has: a fixed number of decimals
			b = strconv.AppendFloat(b, (rnd.Float64()-0.5)*math.Pow(10, float64(rnd.IntN(12))), 'f', rnd.IntN(16), 64)
		case 1:
			b = strconv.AppendFloat(b, math.Float64frombits(rnd.Uint64()), 'g', -1+rnd.IntN(20), 64)
		default:
			b = digits(b, rnd.IntN(22))
			if rnd.IntN(3) > 0 {
				b = digits(append(b, '.'), rnd.IntN(24))
			}
			if rnd.IntN(8) == 0 {
				b = fmt.Appendf(b, "e%d", rnd.IntN(60)-30)
			}
		}
		check(string(b))
	}
}

func TestParseInt(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "-0": 0, "007": 7, "-1": -1, "+1": 1, "999999999999999999": 999999999999999999} {
		if got, ok := parseInt([]byte(s)); !ok || got != want {
			t.Errorf("%q: %d, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "-", "+", "1.0", "1e3", "1 2", "0x1", "1000000000000000000", "١"} {
		if got, ok := parseInt([]byte(s)); ok {
			t.Errorf("%q is %d", s, got)
		}
	}
}

func TestCivilDays(t *testing.T) {
	for d := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 10000; d = d.AddDate(0, 0, 13) {
		y, m, day := d.Date()
		if got, ok := civilDays(y, int(m), day); !ok || got != d.Unix()/86400 {
			t.Fatalf("%v is day %d, %v", d, got, ok)
		}
	}
}

// TestSystemColumn leaves out what Visual FoxPro keeps for itself.
func TestSystemColumn(t *testing.T) {
	b := makeDBF(0, []dbfColumn{{"a", 'C', 3, 0}, {"_NullFlags", '0', 1, 0}, {"b", 'N', 3, 0}}, []string{"x", "\x00", "5"})
	b[0] = 0x30
	l := openLayerOf(t, openMem(t, memSet{"t.dbf": b}, nil), "t")
	all, err := readAll(l, layer.Query{Columns: []string{"b"}})
	if err != nil || len(l.Schema().Fields) != 2 || all[0].Values[1].Int() != 5 || !all[0].Values[0].IsUnset() {
		t.Errorf("%v, %v, %v", l.Schema().Fields, all, err)
	}
}
