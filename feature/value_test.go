package feature_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	. "github.com/ogrcarto/ogrcarto/feature"
)

// aValueOfEachKind has one value, at least, of each kind, and no two that are equal.
func aValueOfEachKind() []Value {
	return []Value{
		{},
		Null(), Bool(true), Bool(false), Int(0), Int(1), Int(math.MinInt64), Float(0), Float(math.Copysign(0, -1)),
		Float(1), Float(math.NaN()), Float(math.Inf(1)), Text(""), Text("a"), Text("ä"), Bytes([]byte{}), Bytes([]byte("a")),
		JSON([]byte(`{"a":1}`)), Date(1970, 1, 1), Date(2020, 2, 29), Date(-44, 3, 15), TimeOfDay(0), TimeOfDay(1),
		WallClock(0, ZoneUTC), WallClock(0, ZoneUnknown), WallClock(0, ZoneLocal), WallClock(0, 60), WallClock(-1, ZoneUTC),
		IntList(), IntList(1), IntList(1, -2), FloatList(), FloatList(1), TextList(), TextList(""), TextList("", ""),
		TextList("a", "b,c"), TextList("a,b", "c"),
	}
}

func TestValueEqual(t *testing.T) {
	list, again := aValueOfEachKind(), aValueOfEachKind()
	for i, v := range list {
		for j, o := range again {
			if got := v.Equal(o); got != (i == j) {
				t.Errorf("%s %q equals %s %q: %v", v.Kind(), v, o.Kind(), o, got)
			}
		}
		if c := v.Clone(); !c.Equal(v) {
			t.Errorf("the clone of %s %q is %s %q", v.Kind(), v, c.Kind(), c)
		}
		if got := v.IsNull(); got != (v.Kind() == KindUnset || v.Kind() == KindNull) {
			t.Errorf("%s: IsNull = %v", v.Kind(), got)
		}
		if got := v.IsUnset(); got != (v.Kind() == KindUnset) {
			t.Errorf("%s: IsUnset = %v", v.Kind(), got)
		}
	}
	if !Bytes(nil).Equal(Bytes([]byte{})) || !TextBytes(nil).Equal(Text("")) {
		t.Error("nil bytes are not the same as none")
	}
}

// TestValueAccessors calls every accessor on every kind: it gives the content, or zero for another kind.
func TestValueAccessors(t *testing.T) {
	type all struct {
		Bool   bool
		Int    int64
		Float  float64
		Text   string
		Bytes  string
		Len    int
		Days   int64
		Micros int64
		Ints   []int64
		Floats []float64
		Texts  []string
		Zone   Zone
	}
	const day = 86_400_000_000
	for _, test := range []struct {
		v    Value
		kind Kind
		want all
	}{
		{Value{}, KindUnset, all{}},
		{Null(), KindNull, all{}},
		{Bool(true), KindBool, all{Bool: true, Int: 1, Float: 1}},
		{Int(-7), KindInt, all{Int: -7, Float: -7}},
		{Float(1.5), KindFloat, all{Float: 1.5}},
		{Text("abc"), KindText, all{Text: "abc", Bytes: "abc"}},
		{TextBytes([]byte("abc")), KindText, all{Text: "abc", Bytes: "abc"}},
		{Bytes([]byte("\x00\xff")), KindBytes, all{Bytes: "\x00\xff"}},
		{JSON([]byte("[1]")), KindJSON, all{Text: "[1]", Bytes: "[1]"}},
		{Days(-1), KindDate, all{Days: -1, Micros: -day}},
		{TimeOfDay(5), KindTime, all{Micros: 5}},
		{WallClock(7, 90), KindDateTime, all{Micros: 7, Zone: 90}},
		{IntList(1, -2), KindIntList, all{Len: 2, Ints: []int64{1, -2}}},
		{FloatList(0.5), KindFloatList, all{Len: 1, Floats: []float64{0.5}}},
		{TextList("a", "", "ö"), KindTextList, all{Len: 3, Texts: []string{"a", "", "ö"}}},
		{IntList(), KindIntList, all{Ints: []int64{}}},
		{FloatList(), KindFloatList, all{Floats: []float64{}}},
		{TextList(), KindTextList, all{Texts: []string{}}},
	} {
		v := test.v
		if v.Kind() != KindDateTime {
			test.want.Zone = ZoneUnknown
		}
		got := all{
			v.Bool(), v.Int(), v.Float(), v.Text(), string(v.Bytes()), v.Len(), v.Days(), v.Micros(), v.IntList(), v.FloatList(),
			v.TextList(), v.Zone(),
		}
		if v.Kind() != test.kind || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s %q: %+v, want %s: %+v", v.Kind(), v, got, test.kind, test.want)
		}
	}
}

// TestValueString has what ogrinfo 3.6.2 prints, of a CSV file with a .csvt and of GeoJSON:
//
//	ogrinfo -q -al a.csv
func TestValueString(t *testing.T) {
	at := func(h, m, s, micros int64) int64 { return ((h*60+m)*60+s)*1_000_000 + micros }
	day := Date(2020, 1, 2).Micros()
	for _, test := range []struct {
		v    Value
		want string
	}{
		{Value{}, "(unset)"}, // ogrinfo leaves the field out
		{Null(), "(null)"},
		{Bool(true), "1"},
		{Bool(false), "0"},
		{Int(math.MaxInt64), "9223372036854775807"},
		{Int(-1), "-1"},
		{Float(0.30000000000000004), "0.3"},
		{Float(1e20), "1e+20"},
		{Float(1e15), "1e+15"},
		{Float(123456789012345678), "1.23456789012346e+17"},
		{Float(0.00001), "1e-05"},
		{Float(100), "100"},
		{Float(math.Copysign(0, -1)), "-0"},
		{Float(1234.5678901234567), "1234.56789012346"},
		{Float(math.NaN()), "nan"},
		{Float(math.Inf(1)), "inf"},
		{Float(math.Inf(-1)), "-inf"},
		{Text("Zürich, \"x\""), "Zürich, \"x\""},
		{JSON([]byte(`{ "a": 1 }`)), `{ "a": 1 }`},
		{Bytes([]byte{0, 0xFF, 0x10, 0xAB}), "00FF10AB"},
		{Bytes(nil), ""},
		{Date(2020, 1, 2), "2020/01/02"},
		{Date(999, 12, 31), "0999/12/31"},
		{TimeOfDay(0), "00:00:00"},
		{TimeOfDay(at(15, 4, 5, 123_000)), "15:04:05.123"},
		{TimeOfDay(at(15, 4, 5, 500_000)), "15:04:05.500"},
		{TimeOfDay(at(23, 59, 59, 999_000)), "23:59:59.999"},
		{TimeOfDay(at(15, 4, 5, 1)), "15:04:05.000001"}, // OGR has milliseconds
		{TimeOfDay(at(24, 0, 0, 0)), "24:00:00"},        // PostgreSQL's
		{WallClock(day+at(15, 4, 5, 0), ZoneUnknown), "2020/01/02 15:04:05"},
		{WallClock(day+at(15, 4, 5, 0), ZoneLocal), "2020/01/02 15:04:05"},
		{WallClock(day+at(15, 4, 5, 0), ZoneUTC), "2020/01/02 15:04:05+00"},
		{WallClock(day+at(15, 4, 5, 123_000), 60), "2020/01/02 15:04:05.123+01"},
		{WallClock(day+at(15, 4, 5, 500_000), 330), "2020/01/02 15:04:05.500+0530"},
		{WallClock(day+at(15, 4, 5, 123_000), -210), "2020/01/02 15:04:05.123-0330"},
		{WallClock(day+at(15, 4, 5, 0), -15), "2020/01/02 15:04:05-0015"},
		{WallClock(-1_000_000, ZoneUTC), "1969/12/31 23:59:59+00"},
		{WallClock(-1, ZoneUTC), "1969/12/31 23:59:59.999999+00"},
		{IntList(1, 2, -3), "(3:1,2,-3)"},
		{IntList(), "(0:)"},
		{FloatList(1.5, 0.1, 1e20, 0.30000000000000004), "(4:1.5,0.1,1e+20,0.3)"},
		{FloatList(1234.5678901234567, 1.0/3), "(2:1234.567890123457,0.3333333333333333)"}, // one digit more than alone
		{FloatList(math.NaN()), "(1:nan)"},
		{TextList("a", "b,c", ""), "(3:a,b,c,)"},
	} {
		if got := test.v.String(); got != test.want {
			t.Errorf("%s: %q, want %q", test.v.Kind(), got, test.want)
		}
		if got := string(test.v.AppendString([]byte("before"))); got != "before"+test.want {
			t.Errorf("%s: AppendString gives %q", test.v.Kind(), got)
		}
	}
}

func TestValueTime(t *testing.T) {
	bern := time.FixedZone("", 3600)
	for _, test := range []struct {
		v    Value
		want time.Time
	}{
		{Date(2020, 2, 29), time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC)},
		{Date(2020, 14, 31), time.Date(2021, 3, 3, 0, 0, 0, 0, time.UTC)}, // rolls over
		{Date(-44, 3, 15), time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC)},
		{Days(-1), time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)},
		{TimeOfDay(1_500_000), time.Date(1970, 1, 1, 0, 0, 1, 500_000_000, time.UTC)},
		{DateTime(time.Date(2020, 1, 2, 3, 4, 5, 678_901_999, bern)), time.Date(2020, 1, 2, 3, 4, 5, 678_901_000, bern)},
		{DateTime(time.Date(1920, 1, 2, 3, 4, 5, 1, time.UTC)), time.Date(1920, 1, 2, 3, 4, 5, 0, time.UTC)},
		{WallClock(0, ZoneUnknown), time.Unix(0, 0).UTC()},
		{WallClock(0, ZoneLocal), time.Unix(0, 0).UTC()},
		{WallClock(0, -90), time.Date(1970, 1, 1, 1, 30, 0, 0, time.UTC)},
		{Int(5), time.Time{}},
	} {
		got := test.v.Time()
		_, off := got.Zone()
		_, want := test.want.Zone()
		if test.v.Zone() != ZoneUnknown && test.v.Zone() != ZoneLocal {
			want = test.v.Zone().Offset() * 60
		}
		if !got.Equal(test.want) || off != want {
			t.Errorf("%s %s: Time = %v, want %v", test.v.Kind(), test.v, got, test.want)
		}
		if test.v.Kind() == KindDateTime && test.v.Instant() != test.want.UnixMicro() {
			t.Errorf("%s: Instant = %d, want %d", test.v, test.v.Instant(), test.want.UnixMicro())
		}
	}
	// Amsterdam's time was ahead of UTC by 19 minutes and 32 seconds. The instant stays the same.
	old := time.Date(1930, 1, 1, 12, 0, 0, 0, time.FixedZone("AMT", 19*60+32))
	if v := DateTime(old); v.Instant() != old.UnixMicro() || v.Zone() != 19 || v.String() != "1930/01/01 11:59:28+0019" {
		t.Errorf("a zone of odd seconds: %s, instant %d, want %d", v, v.Instant(), old.UnixMicro())
	}
	west := time.Date(1930, 1, 1, 12, 0, 0, 0, time.FixedZone("LMT", -(44*60+30)))
	if v := DateTime(west); v.Instant() != west.UnixMicro() || v.Zone() != -44 {
		t.Errorf("a zone of odd seconds in the west: %s, instant %d, want %d", v, v.Instant(), west.UnixMicro())
	}
}

// TestValueSharing: who shares memory and who does not.
func TestValueSharing(t *testing.T) {
	b := []byte("abc")
	for name, v := range map[string]Value{"TextBytes": TextBytes(b), "Bytes": Bytes(b), "JSON": JSON(b)} {
		kept := v.Clone()
		b[0] = 'X'
		if string(v.Bytes()) != "Xbc" {
			t.Errorf("%s copies", name)
		}
		if string(kept.Bytes()) != "abc" {
			t.Errorf("the clone of %s shares memory", name)
		}
		b[0] = 'a'
	}
	ints := []int64{1, 2}
	v := IntList(ints...)
	ints[0] = 9
	if got := v.IntList(); got[0] != 1 {
		t.Error("IntList shares memory")
	}
	got := v.IntList()
	got[0] = 9
	if v.IntList()[0] != 1 {
		t.Error("the list that IntList returns shares memory")
	}
}

func TestKindString(t *testing.T) {
	for k := KindUnset; k <= KindJSON; k++ {
		if s := k.String(); s == "" || s[0] == 'k' {
			t.Errorf("kind %d is called %q", k, s)
		}
	}
	if s := Kind(99).String(); s != "kind 99" {
		t.Errorf("kind 99 is called %q", s)
	}
}
