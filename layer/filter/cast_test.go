package filter

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
)

func TestTextToInt(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "+7": "7", "007": "7", " \t\r\n\v\f12 ": "12", "9223372036854775807": "9223372036854775807", "-9223372036854775808": "-9223372036854775808",
		"9223372036854775808": "", "-9223372036854775809": "", "92233720368547758070": "", "18446744073709551617": "", "99999999999999999999999999": "", "00000000000000000000000000001": "1",
		"": "", " ": "", "-": "", "+": "", "+-1": "", "1 2": "", "1.": "", "1e3": "", "0x1": "", "1_0": "", "٣": "", "\u00a01": "", "NaN": "",
	} {
		v, ok := textToInt([]byte(text))
		if got := strconv.FormatInt(v, 10); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %s, %v; want %q", text, got, ok, want)
		}
	}
}

func TestTextToFloat(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "1": 1, "-1.5": -1.5, "+.5": .5, "5.": 5, " 1e3\n": 1000, "1E-3": .001, "1e+3": 1000, "9007199254740993": 9007199254740992, "1e-400": 0, "0.1": 0.1,
	} {
		if got, ok := textToFloat([]byte(text)); !ok || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", ".", "-", "e3", "1e", "1e+", "0x1p3", "1_000", "inf", "Infinity", "-inf", "nan", "1e400", "1 2", "1,5", "--1", "1.2.3", "1f"} {
		if got, ok := textToFloat([]byte(text)); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestTextToBool(t *testing.T) {
	for want, texts := range map[tri][]string{
		yes:     {"true", "TRUE", "t", "Yes", "y", "1", "on", " On "},
		no:      {"false", "F", "no", "N", "0", "off", "OFF\n"},
		unknown: {"", " ", "2", "tru", "truee", "nein", "ÿ", "o", "-1"},
	} {
		for _, text := range texts {
			if got := textToBool([]byte(text)); got != want {
				t.Errorf("%q: %d, want %d", text, got, want)
			}
		}
	}
}

func TestAppendFloat(t *testing.T) {
	for want, f := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "1": 1, "0.1": 0.1, "-2.5": -2.5, "1e+20": 1e20, "123456789012345": 123456789012345, "1e+15": 1e15, "0.0001": 0.0001, "1e-05": 0.00001,
		"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1), "0.30000000000000004": 0.30000000000000004,
	} {
		if got := feature.AppendReal(nil, f); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAppendStamps(t *testing.T) {
	for want, v := range map[string]feature.Value{
		"2024-02-29": feature.Date(2024, 2, 29), "1970-01-01": feature.Days(0), "1969-12-31": feature.Days(-1), "0001-01-01": feature.Date(1, 1, 1), "0000-12-31": feature.Date(0, 12, 31), "-0001-03-01": feature.Date(-1, 3, 1), "12345-01-02": feature.Date(12345, 1, 2), "1900-02-28": feature.Date(1900, 2, 28),
	} {
		if got := appendDate(nil, v.Micros()); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for day := int64(-800_000); day < 800_000; day += 11 {
		want := time.Unix(day*86_400, 0).UTC().Format("2006-01-02")
		if got := appendDate(nil, day*microsPerDay+microsPerDay-1); strings.TrimPrefix(string(got), "-") != strings.TrimPrefix(want, "-") {
			t.Fatalf("day %d: %s, want %s", day, got, want)
		}
	}
	for want, micros := range map[string]int64{
		"00:00:00": 0, "12:30:00.5": 45_000_500_000, "23:59:59.999999": microsPerDay - 1, "24:00:00": microsPerDay, "00:00:00.00001": 10,
	} {
		if got := appendClock(nil, micros); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for want, s := range map[string]stamp{
		"1970-01-01T00:00:00Z": {}, "1969-12-31T23:59:59.999999Z": {micros: -1}, "1970-01-01T00:00:01": {1_000_000, feature.ZoneUnknown}, "1970-01-01T00:00:00.25": {250_000, feature.ZoneLocal}, "1970-01-01T00:00:02Z": {2_000_000, 90},
	} {
		if got := appendDateTime(nil, s); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestIntArithmetic holds the arithmetic of integers against that of math/big.
func TestIntArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	edges := []int64{0, 1, -1, 2, -2, 10, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1, 1 << 32, -1 << 32, 3037000499, 3037000500, 1 << 62, -1 << 62}
	value := func() int64 {
		if r.IntN(2) == 0 {
			return edges[r.IntN(len(edges))]
		}
		return int64(r.Uint64()) >> r.IntN(64)
	}
	for range 50_000 {
		a, b := value(), value()
		x, y := big.NewInt(a), big.NewInt(b)
		for name, test := range map[string]struct {
			f    func(a, b int64) (int64, bool)
			want func(z, x, y *big.Int) *big.Int
		}{
			"+": {addInts, (*big.Int).Add}, "-": {subInts, (*big.Int).Sub}, "*": {mulInts, (*big.Int).Mul}, "/": {divInts, (*big.Int).Quo}, "%": {modInts, (*big.Int).Rem},
		} {
			got, ok := test.f(a, b)
			want := new(big.Int)
			if b != 0 || name != "/" && name != "%" {
				test.want(want, x, y)
			} else if ok {
				t.Fatalf("%d %s 0: %d", a, name, got)
			} else {
				continue
			}
			if ok != want.IsInt64() || ok && got != want.Int64() {
				t.Fatalf("%d %s %d: %d, %v; want %s", a, name, b, got, ok, want)
			}
		}
	}
}

// TestRoundFloat rounds the printed number by hand.
func TestRoundFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50_000 {
		digits := r.IntN(12) - 5
		f := math.Round(r.NormFloat64()*math.Pow10(r.IntN(10))*1000) / 1000
		switch r.IntN(6) {
		case 0:
			f = math.Float64frombits(r.Uint64())
			digits = r.IntN(700) - 350
		case 1:
			f = (float64(r.IntN(2000)-1000) + 0.5) * math.Pow10(-digits)
		}
		if math.IsNaN(f) || math.IsInf(f, 0) || digits == 0 {
			continue
		}
		exact, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64))
		unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(digits, -digits))), nil))
		if digits > 0 {
			unit.Inv(unit)
		}
		q := new(big.Rat).Quo(exact, unit)
		twice := new(big.Int).Add(new(big.Int).Mul(new(big.Int).Abs(q.Num()), big.NewInt(2)), q.Denom())
		whole := new(big.Int).Quo(twice, new(big.Int).Mul(q.Denom(), big.NewInt(2)))
		want, _ := new(big.Rat).Mul(new(big.Rat).SetInt(whole), unit).Float64()
		want = math.Copysign(want, f)
		if got := roundFloat(f, digits); got != want {
			t.Fatalf("ROUND(%v, %d): %v, want %v", f, digits, got, want)
		}
	}
}

func TestOrderIntFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 50_000 {
		i := int64(r.Uint64()) >> r.IntN(64)
		f := float64(i) + float64(r.IntN(5)-2)*math.Ldexp(1, r.IntN(12)-2)
		if r.IntN(4) == 0 {
			f = math.Float64frombits(r.Uint64())
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			continue
		}
		want := order(1) << (new(big.Float).SetInt64(i).Cmp(big.NewFloat(f)) + 1)
		if got := orderIntFloat(i, f); got != want {
			t.Fatalf("%d and %v: %d, want %d", i, f, got, want)
		}
	}
	for f, want := range map[float64]order{math.Inf(1): less, math.Inf(-1): greater, 1 << 63: less} {
		if got := orderIntFloat(math.MaxInt64, f); got != want {
			t.Errorf("%v: %d", f, got)
		}
	}
	if got := orderIntFloat(0, math.NaN()); got != unordered {
		t.Errorf("NaN: %d", got)
	}
	if got := orderIntFloat(math.MinInt64, -1<<63); got != equal {
		t.Errorf("-2^63: %d", got)
	}
}

// FuzzCast casts a text to all that there is. What comes of it is cast to a text and back, and must be the same.
func FuzzCast(f *testing.F) {
	for _, s := range []string{
		"", "12", "-9223372036854775808", "1e300", "2.5", " yes ", "2024-02-29", "12:30:00.5", "24:00", "2024-02-29T12:34:56.789+01", "-0001-02-03 04:05", "99999-12-31T23:59:59.999999Z", "\xff", "0000-01-01",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		field := &Node{Op: FieldValue, Type: Text}
		var e env
		e.begin(&feature.Feature{Values: []feature.Value{feature.TextBytes(text)}})
		for _, typ := range []Type{Bool, Int, Float, Text, Date, Time, DateTime} {
			first := &Node{Op: Cast, Type: typ, Args: []*Node{field}}
			printed := &Node{Op: Cast, Type: Text, Args: []*Node{first}}
			again := &Node{Op: Cast, Type: typ, Args: []*Node{printed}}
			a, aok := compileText(printed)(&e)
			b, bok := compileText(&Node{Op: Cast, Type: Text, Args: []*Node{again}})(&e)
			if aok != bok || !bytes.Equal(a, b) {
				t.Errorf("%q as %s: %q, %v; cast again: %q, %v", text, typ, a, aok, b, bok)
			}
			if aok && typ != Text {
				if got := compileCompare(Eq, first, again)(&e); got != yes {
					t.Errorf("%q as %s is not %q", text, typ, a)
				}
			}
		}
	})
}
