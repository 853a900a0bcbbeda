package crs

import (
	"hash/fnv"
	"math"
	"strconv"
	"strings"
)

// Tolerances: what two writers of the same system differ by, a centimetre on the ground at most, and far less than any
// two systems in the EPSG dataset do. The inverse flattenings of WGS 84 and GRS 1980 differ by 1.46e-6 and are told apart.
const (
	axisTolerance  = 2e-3   // metres
	flatTolerance  = 1.4e-6 // of the inverse flattening
	pmTolerance    = 1e-6   // degrees: Paris is written 2.33722917 and 2.337229166666667
	angleTolerance = 1e-7   // degrees
	scaleTolerance = 2e-8   // UPS by its parallel 81°06'52.3" and by its scale of 0.994 differ by 1.3e-8
	falseTolerance = 1e-2   // metres
	unitTolerance  = 1e-7   // relative: the US survey foot and the foot differ by 2e-6
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

// SameDatum tells whether both are on the same datum.
func (def *Definition) SameDatum(o *Definition) bool { return def.Datum == o.Datum }

// Equal tells whether both describe the same system within the tolerances, the order of axes and names aside. Datums are left
// to SameDatum.
func (def *Definition) Equal(o *Definition) bool {
	if def.Kind != o.Kind || def.Horizontal != o.Horizontal || !near(def.A, o.A, axisTolerance) ||
		!near(def.RF, o.RF, flatTolerance) || !near(def.Unit/o.Unit, 1, unitTolerance) || !def.samePM(o) {
		return false
	}
	if def.Kind == Compound && !def.vertical.equal(o.vertical) {
		return false
	}
	return def.Horizontal != Projected || def.reversed == o.reversed && def.projection.equal(&o.projection)
}

// equal goes by the datum or, as writers spell many of them freely ("Deutches_Haupthoehennetz_1992"), by the system's name:
// ESRI's "DHHN92" is "DHHN92 height" elsewhere.
func (v vertical) equal(o vertical) bool {
	short := func(name string) string { return strings.TrimSuffix(Fold(name), "height") }
	return near(v.unit/o.unit, 1, unitTolerance) &&
		(v.datum != "" && v.datum == o.datum || v.name != "" && short(v.name) == short(o.name))
}

func (def *Definition) samePM(o *Definition) bool {
	for _, a := range def.PM {
		for _, b := range o.PM {
			if near(a, b, pmTolerance) {
				return true
			}
		}
	}
	return false
}

func (p *projection) equal(o *projection) bool {
	if p.method != o.method {
		return false
	}
	for s := slot(0); s < slots; s++ {
		tolerance := angleTolerance
		switch {
		case s == scale:
			tolerance = scaleTolerance
		case s.linear():
			tolerance = falseTolerance
		}
		a, b := p.value[s], o.value[s]
		if !near(a, b, tolerance) {
			return false
		}
	}
	return true
}

// Key is a number that equal definitions share and others rarely do, made for an index.
//
// It hashes the method with the semi-major axis, the central meridian and the false origin in coarse steps. The steps
// begin at odd places, where no definition of the dataset lies: the generator of the index checks that with Steady, so that
// rounding never parts two equal definitions. Geographic systems hash their datum alone.
func (def *Definition) Key() uint16 {
	h := fnv.New64a()
	num := func(v, step, phase float64) {
		h.Write(strconv.AppendInt([]byte{'|'}, int64(math.Floor(v/step+phase)), 10))
	}
	h.Write([]byte{byte(def.Kind), byte(def.Horizontal)})
	if def.Horizontal == Projected {
		p := &def.projection
		h.Write([]byte(p.method))
		num(def.A, 20, 0.123456)
		num(p.value[lon0], 1, 0.371231)
		num(p.value[easting], 1e4, 0.234567)
		num(p.value[northing], 1e4, 0.234567)
	} else {
		h.Write([]byte(def.Datum))
	}
	sum := h.Sum64()
	return uint16(sum ^ sum>>16 ^ sum>>32 ^ sum>>48)
}

// Steady tells whether the key stays the same for everything that Equal takes for the definition, with a margin.
func (def *Definition) Steady() bool {
	want := def.Key()
	d := *def
	for _, f := range []struct {
		v *float64
		t float64
	}{
		{&d.A, axisTolerance},
		{&d.projection.value[lon0], angleTolerance},
		{&d.projection.value[easting], falseTolerance},
		{&d.projection.value[northing], falseTolerance},
	} {
		was := *f.v
		for _, by := range []float64{-4, 4} {
			if *f.v = was + by*f.t; d.Key() != want {
				return false
			}
		}
		*f.v = was
	}
	return true
}

// AsDatum returns the definition with another datum, for a second attempt.
func (def *Definition) AsDatum(key string) *Definition {
	d := *def
	d.Datum, d.DatumKnown = key, true
	return &d
}
