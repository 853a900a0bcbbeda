package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
)

// boundsFlag is the value of --spat: four numbers with commas or blanks between them.
type boundsFlag struct{ bounds *feature.Bounds }

func (f *boundsFlag) Type() string { return "xmin,ymin,xmax,ymax" }

func (f *boundsFlag) String() string {
	if f.bounds == nil {
		return ""
	}
	b := f.bounds
	return fmt.Sprintf("%g,%g,%g,%g", b.MinX, b.MinY, b.MaxX, b.MaxY)
}

func (f *boundsFlag) Set(s string) error {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	if len(parts) != 4 {
		return fmt.Errorf("%d numbers, want 4: xmin ymin xmax ymax", len(parts))
	}
	var n [4]float64
	for i, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		if err != nil || math.IsNaN(v) {
			return fmt.Errorf("%q is not a number", p)
		}
		n[i] = v
	}
	b := feature.Bounds{MinX: n[0], MinY: n[1], MaxX: n[2], MaxY: n[3]}
	if b.IsEmpty() {
		return fmt.Errorf("xmin %g, ymin %g, xmax %g, ymax %g: a minimum is greater than its maximum", n[0], n[1], n[2], n[3])
	}
	f.bounds = &b
	return nil
}

// optionsFlag is the value of a flag that is given as KEY=VALUE, again and again.
type optionsFlag struct{ options driver.Options }

func (f *optionsFlag) Type() string { return "KEY=VALUE" }

func (f *optionsFlag) String() string { return "" }

func (f *optionsFlag) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	if !ok || key == "" {
		return fmt.Errorf("%q is not KEY=VALUE", s)
	}
	if f.options == nil {
		f.options = make(driver.Options)
	}
	f.options[key] = value
	return nil
}

// countFlag is the value of a flag that takes 0 or more.
type countFlag struct {
	n     int64
	given bool
}

func (f *countFlag) Type() string { return "N" }

func (f *countFlag) String() string {
	if !f.given {
		return ""
	}
	return strconv.FormatInt(f.n, 10)
}

func (f *countFlag) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a number of features", s)
	}
	f.n, f.given = n, true
	return nil
}

// settings are what --config takes: the name of each, which is that of an environment variable.
var settings = []string{"SOURCE_DATE_EPOCH"}

// configFlag is the value of --config: it sets environment variables, where the drivers look for them.
type configFlag struct{}

func (configFlag) Type() string { return "KEY=VALUE" }

func (configFlag) String() string { return "" }

func (configFlag) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q is not KEY=VALUE", s)
	}
	key = strings.ToUpper(key)
	if !slices.Contains(settings, key) {
		return fmt.Errorf("unknown setting %s: known are %s", key, strings.Join(settings, ", "))
	}
	return os.Setenv(key, value)
}

// geomFlag is the value of info's --geom.
type geomFlag string

func (f *geomFlag) Type() string { return "yes|no|wkt|summary" }

func (f *geomFlag) String() string { return string(*f) }

func (f *geomFlag) Set(s string) error {
	switch s = strings.ToLower(s); s {
	case "wkt", "iso_wkt":
		s = "yes"
	case "yes", "no", "summary":
	default:
		return fmt.Errorf("%q is none of yes, no, wkt, summary", s)
	}
	*f = geomFlag(s)
	return nil
}
