package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"

	"github.com/ogrcarto/ogrcarto/sqlapi"
)

// fileEntry is a key of a TOML file and its value.
type fileEntry struct {
	key   toml.Key
	line  int
	value any
}

// fileProbe takes a value out of a file. It refuses what it takes, for the error knows the line.
type fileProbe struct{ value any }

var errProbe = errors.New("taken")

func (p *fileProbe) UnmarshalTOML(v any) error {
	p.value = v
	return errProbe
}

// fileEntries returns the entries of a TOML text in the order of their lines, those of its tables too. A table that is
// empty is an entry.
func fileEntries(text string) ([]fileEntry, error) {
	var top map[string]toml.Primitive
	md, err := toml.Decode(text, &top)
	if err != nil {
		return nil, err
	}
	var list []fileEntry
	var walk func(under toml.Key, table map[string]toml.Primitive) error
	walk = func(under toml.Key, table map[string]toml.Primitive) error {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			e := fileEntry{key: append(slices.Clone(under), name)}
			var probe fileProbe
			var at toml.ParseError
			if err := md.PrimitiveDecode(table[name], &probe); errors.As(err, &at) {
				e.line = at.Position.Line
			}
			e.value = probe.value
			if m, ok := e.value.(map[string]any); ok && len(m) > 0 {
				var inner map[string]toml.Primitive
				if err := md.PrimitiveDecode(table[name], &inner); err != nil {
					return err
				}
				if err := walk(e.key, inner); err != nil {
					return err
				}
				continue
			}
			list = append(list, e)
		}
		return nil
	}
	if err := walk(nil, top); err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b fileEntry) int { return cmp.Compare(a.line, b.line) })
	return list, nil
}

// readFile sets what the file says and neither the command line nor the environment does.
func (s *serveSettings) readFile(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return usagef("--config: %w", err)
	}
	entries, err := fileEntries(string(text))
	if err != nil {
		var at toml.ParseError
		if errors.As(err, &at) { // its message may show what it stumbled over, which may be a password
			return usagef("%s:%d: this is not TOML, at column %d: a text stands in quotes, as in listen = \":8080\"", name, at.Position.Line, at.Position.Col)
		}
		return usagef("%s: this is not TOML", name)
	}
	checked := newServeSettings() // takes every value, so that one that does not count is not wrong either
	rules := map[[2]string]*sqlapi.Rule{}
	seen := map[string]int{}
	var errs []error
	for _, e := range entries {
		if err := s.applyEntry(e, checked, rules, seen); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, e.line, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return &usageError{err}
	}
	for _, id := range slices.SortedFunc(maps.Keys(rules), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		s.config.Limits = append(s.config.Limits, *rules[id])
	}
	return nil
}

// applyEntry sets what one entry says, and sets it in checked in any case.
func (s *serveSettings) applyEntry(e fileEntry, checked *serveSettings, rules map[[2]string]*sqlapi.Rule, seen map[string]int) error {
	if e.key[0] == "limits" {
		return applyLimit(e, rules)
	}
	flag := s.flags.Lookup(strings.ReplaceAll(e.key[0], "_", "-"))
	if len(e.key) > 1 || flag == nil || flag.Name == "config" {
		var known []string
		s.flags.VisitAll(func(f *pflag.Flag) {
			if f.Name != "config" {
				known = append(known, f.Name)
			}
		})
		slices.Sort(known)
		return fmt.Errorf("unknown key %s: known are %s, and tables limits.KEY.ENDPOINT", e.key, strings.Join(known, ", "))
	}
	if line := seen[flag.Name]; line != 0 {
		return fmt.Errorf("%s: line %d has it already", flag.Name, line)
	}
	seen[flag.Name] = e.line
	values, err := entryTexts(e.value, flag.Value.Type())
	if err != nil {
		return fmt.Errorf("%s: %w", flag.Name, err)
	}
	targets := []*serveSettings{checked}
	if !flag.Changed {
		targets = append(targets, s)
		s.from[flag.Name] = flag.Name
	}
	for _, to := range targets {
		for _, v := range values {
			if err := to.set(flag.Name, v); err != nil {
				return fmt.Errorf("%s: %w", flag.Name, err)
			}
		}
	}
	return nil
}

// entryTexts returns the texts that a flag of this kind would be given on a command line.
func entryTexts(value any, kind string) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case int64:
		if kind == sizeKind || kind == countKind {
			return []string{strconv.FormatInt(v, 10)}, nil
		}
	case []any:
		if kind != (networksFlag{}).Type() {
			break
		}
		var list []string
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("%s in the list, want texts", tomlType(item))
			}
			list = append(list, text)
		}
		return list, nil
	}
	switch kind {
	case sizeKind, countKind:
		return nil, fmt.Errorf("%s, want a number or a text", tomlType(value))
	case (networksFlag{}).Type():
		return nil, fmt.Errorf("%s, want a text or a list of texts", tomlType(value))
	}
	return nil, fmt.Errorf("%s, want a text", tomlType(value))
}

// tomlType is what a value is in TOML, with an article.
func tomlType(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case int64:
		return "a number"
	case float64:
		return "a number with a fraction"
	case bool:
		return "a boolean"
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or a time"
}

// applyLimit adds a key of a table limits.KEY.ENDPOINT to the table's rule.
func applyLimit(e fileEntry, rules map[[2]string]*sqlapi.Rule) error {
	if len(e.key) != 4 {
		return fmt.Errorf(`%s: want a table limits.KEY.ENDPOINT, as in [limits.reader.sql] or [limits."*".copyto]`, e.key)
	}
	id := [2]string{e.key[1], e.key[2]}
	for i := range id {
		if id[i] == "*" {
			id[i] = ""
		}
	}
	if endpoint := sqlapi.Endpoint(id[1]); endpoint != "" && !slices.Contains(sqlapi.Endpoints, endpoint) {
		var known []string
		for _, e := range sqlapi.Endpoints {
			known = append(known, string(e))
		}
		return fmt.Errorf(`%s: unknown endpoint %s: known are %s and "*"`, e.key, endpoint, strings.Join(known, ", "))
	}
	if rules[id] == nil {
		rules[id] = &sqlapi.Rule{Key: id[0], Endpoint: sqlapi.Endpoint(id[1])}
	}
	r := rules[id]
	kind := "TIME"
	var set func(string) error
	switch e.key[3] {
	case "timeout":
		set = (&valueFlagOf[time.Duration]{to: &r.Timeout, parse: parseTimeout}).Set
	case "rate":
		set = (&valueFlagOf[sqlapi.Rate]{to: &r.Rate, parse: parseRate}).Set
	case "concurrent":
		set, kind = (&valueFlagOf[int]{to: &r.Concurrent, parse: parseBound}).Set, countKind
	default:
		return fmt.Errorf("unknown key %s: known are timeout, rate, concurrent", e.key)
	}
	values, err := entryTexts(e.value, kind)
	if err == nil {
		err = set(values[0])
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.key, err)
	}
	return nil
}
