package driver_test

import (
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
)

var specs = []driver.OptionSpec{
	{Name: "NAME", Doc: "any text"},
	{Name: "INDEX", Type: driver.BoolOption, Default: "yes", Doc: "a boolean"},
	{Name: "SIZE", Type: driver.IntOption, Default: "7", Doc: "an integer"},
	{Name: "SCALE", Type: driver.FloatOption, Doc: "a number"},
	{Name: "VERSION", Type: driver.ChoiceOption, Choices: []string{"1.2", "Auto"}, Default: "Auto", Doc: "one of some"},
}

func TestParseOptions(t *testing.T) {
	s, err := driver.ParseOptions("open option", specs, nil)
	if err != nil || s.String("NAME") != "" || !s.Bool("INDEX") || s.Int("SIZE") != 7 || s.Float("SCALE") != 0 ||
		s.String("VERSION") != "Auto" || s.Given("INDEX") {
		t.Errorf("the defaults: %+v, %v", s, err)
	}
	s, err = driver.ParseOptions("open option", specs, driver.Options{
		"name": " a=b ", "Index": "off", "SIZE": "-9223372036854775808", "scale": "2.5e3", "version": "AUTO",
	})
	if err != nil || s.String("NAME") != " a=b " || s.Bool("INDEX") || s.Int("SIZE") != -9223372036854775808 ||
		s.Float("SCALE") != 2500 || s.String("VERSION") != "Auto" || !s.Given("INDEX") {
		t.Errorf("all given: %+v, %v", s, err)
	}
	for value, want := range map[string]bool{
		"YES": true, "yes": true, "TRUE": true, "on": true, "1": true, "NO": false, "False": false, "OFF": false, "0": false,
	} {
		s, err := driver.ParseOptions("", specs, driver.Options{"INDEX": value})
		if err != nil || s.Bool("INDEX") != want || s.String("INDEX") != map[bool]string{true: "YES", false: "NO"}[want] {
			t.Errorf("INDEX=%s: %q, %v", value, s.String("INDEX"), err)
		}
	}
	for name, test := range map[string]struct {
		o    driver.Options
		want string
	}{
		"unknown":        {driver.Options{"WIDTH": "1"}, `unknown open option "WIDTH": known are NAME, INDEX, SIZE, SCALE, VERSION`},
		"boolean":        {driver.Options{"index": "maybe"}, `open option INDEX: "maybe" is neither YES nor NO`},
		"no boolean":     {driver.Options{"index": ""}, `open option INDEX: "" is neither YES nor NO`},
		"integer":        {driver.Options{"SIZE": "1.5"}, `open option SIZE: "1.5" is not an integer`},
		"huge integer":   {driver.Options{"SIZE": "9223372036854775808"}, `is not an integer`},
		"number":         {driver.Options{"SCALE": "1,5"}, `open option SCALE: "1,5" is not a number`},
		"choice":         {driver.Options{"VERSION": "2"}, `open option VERSION: "2" is none of 1.2, Auto`},
		"given twice":    {driver.Options{"size": "1", "SIZE": "2"}, `open option SIZE is given twice`},
		"the first of 3": {driver.Options{"c": "1", "a": "1", "b": "1"}, `unknown open option "a"`},
	} {
		for range 10 { // the order of a map is another each time
			if _, err := driver.ParseOptions("open option", specs, test.o); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %q", name, err, test.want)
			}
		}
	}
	if _, err := driver.ParseOptions("open option", nil, driver.Options{"A": "1"}); err == nil || !strings.Contains(err.Error(), "there are none") {
		t.Errorf("an option where there are none: %v", err)
	}
}

func TestUndeclaredOption(t *testing.T) {
	s, err := driver.ParseOptions("", specs, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("an undeclared option does not panic")
		}
	}()
	s.Bool("WIDTH")
}

func TestOptionTypeString(t *testing.T) {
	// As in OGR's option lists.
	for want, typ := range map[string]driver.OptionType{
		"string": driver.StringOption, "boolean": driver.BoolOption, "int": driver.IntOption, "float": driver.FloatOption,
		"string-select": driver.ChoiceOption, "OptionType(9)": 9, "OptionType(-1)": -1,
	} {
		if got := typ.String(); got != want {
			t.Errorf("%d is called %q, want %q", typ, got, want)
		}
	}
}
