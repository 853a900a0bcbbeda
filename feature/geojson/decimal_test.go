package geojson_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/geojson"
)

func appendFixed(x float64, decimals int) []byte {
	return strconv.AppendFloat(nil, x, 'f', decimals, 64)
}

// round returns x as it reads after rounding.
func round(x float64, decimals int) float64 {
	f, _ := strconv.ParseFloat(string(appendFixed(x, decimals)), 64)
	return f + 0 // without the sign of zero
}

// checkDecimal compares with strconv's rounding.
func checkDecimal(t *testing.T, dst []byte, x float64, decimals int) {
	t.Helper()
	want := string(strconv.AppendFloat(nil, x, 'f', decimals, 64))
	if strings.ContainsRune(want, '.') {
		want = strings.TrimRight(strings.TrimRight(want, "0"), ".")
	}
	if want == "-0" {
		want = "0"
	}
	got, err := geojson.AppendGeometry(dst[:0], feature.AppendPoint(nil, x, 7), decimals)
	text := strings.TrimSuffix(strings.TrimPrefix(string(got), `{"type":"Point","coordinates":[`), ",7]}")
	if err != nil || text != want {
		t.Fatalf("%v (%x) with %d decimals: got %s, %v, want %s", x, math.Float64bits(x), decimals, got, err, want)
	}
}

func TestRoundsAsStrconv(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var dst []byte
	for range 40_000 {
		decimals := rnd.IntN(18) - 1
		scale := math.Pow(10, float64(decimals))
		var x float64
		switch rnd.IntN(5) {
		case 0: // any bits
			x = math.Float64frombits(rnd.Uint64())
		case 1: // what stands in maps
			x = (rnd.Float64() - 0.5) * 360
		case 2: // near a tie
			x = (float64(rnd.Int64N(1<<40)) + 0.5) / scale
		case 3: // a tie
			x = float64(rnd.Int64N(1<<30)) / float64(int(1)<<rnd.IntN(20))
		case 4: // near the limits of the fast way
			x = math.Ldexp(1+rnd.Float64(), 50+rnd.IntN(4)) / scale
		}
		for _, x := range []float64{x, math.Nextafter(x, math.Inf(1)), math.Nextafter(x, math.Inf(-1))} {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				checkDecimal(t, dst, x, decimals)
				checkDecimal(t, dst, -x, decimals)
			}
		}
	}
}

func FuzzDecimal(f *testing.F) {
	f.Add(0.5, 0)
	f.Add(1.005, 2)
	f.Add(-4503599627370495.5, 0)
	f.Add(0.000001, 15)
	f.Fuzz(func(t *testing.T, x float64, decimals int) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Skip("no form as a decimal: AppendGeometry refuses it before")
		}
		checkDecimal(t, nil, x, max(-1, decimals%30))
	})
}
