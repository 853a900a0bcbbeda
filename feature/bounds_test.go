package feature_test

import (
	"math"
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

func TestBounds(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	box := Bounds{0, 0, 10, 5}
	all := Bounds{-inf, -inf, inf, inf}
	for name, test := range map[string]struct {
		o                    Bounds
		intersects, contains bool // of box and o
		union                Bounds
	}{
		"itself":            {box, true, true, box},
		"inside":            {Bounds{1, 1, 2, 2}, true, true, box},
		"a point on a side": {Bounds{10, 3, 10, 3}, true, true, box},
		"touching a corner": {Bounds{10, 5, 20, 20}, true, false, Bounds{0, 0, 20, 20}},
		"a step beside":     {Bounds{math.Nextafter(10, 11), 0, 20, 5}, false, false, Bounds{0, 0, 20, 5}},
		"across":            {Bounds{-5, 2, 50, 3}, true, false, Bounds{-5, 0, 50, 5}},
		"around":            {Bounds{-5, -5, 50, 50}, true, false, Bounds{-5, -5, 50, 50}},
		"far":               {Bounds{100, 100, 101, 101}, false, false, Bounds{0, 0, 101, 101}},
		"everything":        {all, true, false, all},
		"empty":             {EmptyBounds(), false, false, box},
		"turned":            {Bounds{8, 4, 2, 1}, false, false, box},
		"NaN":               {Bounds{nan, nan, nan, nan}, false, false, box},
		"one NaN":           {Bounds{1, 1, nan, 2}, false, false, box},
	} {
		if got := box.Intersects(test.o); got != test.intersects {
			t.Errorf("%s: Intersects = %v", name, got)
		}
		if got := test.o.Intersects(box); got != test.intersects {
			t.Errorf("%s: Intersects the other way round = %v", name, got)
		}
		if got := box.Contains(test.o); got != test.contains {
			t.Errorf("%s: Contains = %v", name, got)
		}
		if got := box.Union(test.o); got != test.union {
			t.Errorf("%s: Union = %v, want %v", name, got, test.union)
		}
		if got := test.o.Union(box); got != test.union {
			t.Errorf("%s: Union the other way round = %v, want %v", name, got, test.union)
		}
	}
	if e := EmptyBounds(); !e.IsEmpty() || e.Contains(box) || e.Contains(e) || e.Intersects(all) || e.String() != "empty" {
		t.Errorf("EmptyBounds is %v", e)
	}
	if (Bounds{}).IsEmpty() {
		t.Error("the zero Bounds is empty, want the point (0, 0)")
	}
	if got := EmptyBounds().Extend(1, 2).Extend(-1, nan).Extend(nan, 7); got != (Bounds{-1, 2, 1, 7}) {
		t.Errorf("Extend = %v", got)
	}
	// As ogrinfo prints an extent.
	if got := (Bounds{-1.5, 2, 3.25, 1e6}).String(); got != "(-1.500000, 2.000000) - (3.250000, 1000000.000000)" {
		t.Errorf("String = %q", got)
	}
}
