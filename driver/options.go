package driver

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Options are a user's settings, KEY=VALUE. Keys are compared without regard to case.
type Options map[string]string

// OptionType is the type of an option's value.
type OptionType int

// The types of options.
const (
	StringOption OptionType = iota
	BoolOption              // YES or NO, and what goes for them: TRUE, ON, 1
	IntOption
	FloatOption
	ChoiceOption // one of the spec's Choices, without regard to case
)

// String returns the type's name in OGR's option lists.
func (t OptionType) String() string {
	if names := [...]string{"string", "boolean", "int", "float", "string-select"}; t >= 0 && int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("OptionType(%d)", int(t))
}

// OptionSpec declares an option. The same table checks what users give and prints the help.
type OptionSpec struct {
	Name    string // OGR's, where OGR has it
	Type    OptionType
	Choices []string
	Default string // the value without a user's word; "" where the absence means something of its own
	Doc     string // one line
}

// Settings are options after they were checked against their specs, with the defaults filled in.
type Settings struct {
	values map[string]string
	given  map[string]bool
}

// ParseOptions checks a user's options against the specs. what says whose they are ("layer creation option of GPKG").
// An unknown name is an error that lists the known ones; a value of the wrong type is an error that says what it takes; a
// name given twice, in different case, is an error too. Of several the first by name is returned.
func ParseOptions(what string, specs []OptionSpec, o Options) (Settings, error) {
	s := Settings{values: make(map[string]string), given: make(map[string]bool)}
	for _, spec := range specs {
		s.values[spec.Name] = spec.Default
		if v, err := spec.parse(spec.Default); err == nil {
			s.values[spec.Name] = v // "yes" as "YES"
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		value := o[key]
		i := slices.IndexFunc(specs, func(spec OptionSpec) bool { return strings.EqualFold(spec.Name, key) })
		if i < 0 {
			names := make([]string, len(specs))
			for i, spec := range specs {
				names[i] = spec.Name
			}
			if len(names) == 0 {
				return s, fmt.Errorf("unknown %s %q: there are none", what, key)
			}
			return s, fmt.Errorf("unknown %s %q: known are %s", what, key, strings.Join(names, ", "))
		}
		if s.given[specs[i].Name] {
			return s, fmt.Errorf("%s %s is given twice", what, specs[i].Name)
		}
		v, err := specs[i].parse(value)
		if err != nil {
			return s, fmt.Errorf("%s %s: %w", what, specs[i].Name, err)
		}
		s.values[specs[i].Name], s.given[specs[i].Name] = v, true
	}
	return s, nil
}

func (spec OptionSpec) parse(v string) (string, error) {
	switch spec.Type {
	case BoolOption:
		switch strings.ToUpper(v) {
		case "YES", "TRUE", "ON", "1":
			return "YES", nil
		case "NO", "FALSE", "OFF", "0":
			return "NO", nil
		}
		return "", fmt.Errorf("%q is neither YES nor NO", v)
	case IntOption:
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			return "", fmt.Errorf("%q is not an integer", v)
		}
	case FloatOption:
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return "", fmt.Errorf("%q is not a number", v)
		}
	case ChoiceOption:
		for _, c := range spec.Choices {
			if strings.EqualFold(c, v) {
				return c, nil
			}
		}
		return "", fmt.Errorf("%q is none of %s", v, strings.Join(spec.Choices, ", "))
	}
	return v, nil
}

// Given tells whether the user named the option.
func (s Settings) Given(name string) bool { return s.given[name] }

// String returns an option's value. A name that no spec declares is a mistake in the driver and panics, here and below.
func (s Settings) String(name string) string {
	v, ok := s.values[name]
	if !ok {
		panic("driver: undeclared option " + name)
	}
	return v
}

// Bool returns whether an option is YES.
func (s Settings) Bool(name string) bool { return s.String(name) == "YES" }

// Int returns an option as an integer, 0 for "".
func (s Settings) Int(name string) int64 {
	n, _ := strconv.ParseInt(s.String(name), 10, 64) // checked by ParseOptions
	return n
}

// Float returns an option as a number, 0 for "".
func (s Settings) Float(name string) float64 {
	f, _ := strconv.ParseFloat(s.String(name), 64) // checked by ParseOptions
	return f
}
