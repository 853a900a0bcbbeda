package sqlbuilder

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
)

// numberLiteral is a number as an SQL expression.
var numberLiteral = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// castSuffix is a cast that PostgreSQL puts behind a literal when it prints a default: ::character varying(10)[].
var castSuffix = regexp.MustCompile(`^((::[a-zA-Z_"][a-zA-Z0-9_ ".]*(\([0-9, ]+\))?( (with|without) time zone)?(\[\])?)+)$`)

// defaultFunctions are the expressions that may be defaults beside literals, in capitals and without blanks, and how each
// dialect says them. SQLite's have the form that a GeoPackage wants.
var defaultFunctions = map[string][2]string{
	"CURRENT_TIMESTAMP":                    {"strftime('%Y-%m-%dT%H:%M:%fZ','now')", "CURRENT_TIMESTAMP"},
	"CURRENT_TIMESTAMP()":                  {"strftime('%Y-%m-%dT%H:%M:%fZ','now')", "CURRENT_TIMESTAMP"},
	"NOW()":                                {"strftime('%Y-%m-%dT%H:%M:%fZ','now')", "CURRENT_TIMESTAMP"},
	"STRFTIME('%Y-%M-%DT%H:%M:%FZ','NOW')": {"strftime('%Y-%m-%dT%H:%M:%fZ','now')", "CURRENT_TIMESTAMP"},
	"CURRENT_DATE":                         {"CURRENT_DATE", "CURRENT_DATE"},
	"CURRENT_TIME":                         {"CURRENT_TIME", "CURRENT_TIME"},
	"GEN_RANDOM_UUID()":                    {"", "gen_random_uuid()"},
	"UUID_GENERATE_V4()":                   {"", "uuid_generate_v4()"},
}

// Default returns the default of a field as an SQL expression of the dialect. Field.Default may come from another system,
// so nothing of it goes into a statement as it is: it must be a text in quotes, a number, a boolean, NULL or one of a few
// functions such as CURRENT_TIMESTAMP, perhaps in parentheses or with PostgreSQL's casts behind it, and is written anew.
func (d Dialect) Default(f feature.Field) (string, error) {
	refuse := func() (string, error) {
		return "", fmt.Errorf("the default of field %s, %.60q, is no literal and no function that %s is known to have", f.Name, f.Default, d)
	}
	text := strings.TrimSpace(f.Default)
	for strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		text = strings.TrimSpace(text[1 : len(text)-1])
	}
	if strings.HasPrefix(text, "'") {
		s, rest, ok := unquote(text)
		if rest = strings.TrimSpace(rest); !ok || rest != "" && !castSuffix.MatchString(rest) {
			return refuse()
		}
		return d.QuoteText(d.defaultText(f, s))
	}
	if word, _, ok := strings.Cut(text, "::"); ok {
		if !castSuffix.MatchString(text[len(word):]) {
			return refuse()
		}
		text = strings.TrimSpace(word)
	}
	if numberLiteral.MatchString(text) {
		if f.Type == feature.Integer && f.Subtype == feature.Boolean && d.postgres { // there is no cast of a number
			switch text {
			case "0":
				return "FALSE", nil
			case "1":
				return "TRUE", nil
			}
			return refuse()
		}
		return text, nil
	}
	word := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	switch word {
	case "NULL":
		return word, nil
	case "TRUE", "FALSE":
		if !d.postgres { // older versions of SQLite take them for columns
			return map[string]string{"TRUE": "1", "FALSE": "0"}[word], nil
		}
		return word, nil
	}
	sql := defaultFunctions[word][0]
	if d.postgres {
		sql = defaultFunctions[word][1]
	}
	if sql == "" {
		return refuse()
	}
	if !d.postgres && word == "CURRENT_TIMESTAMP" && f.Type != feature.DateTimeField {
		return word, nil
	}
	return sql, nil
}

// defaultText returns the text of a default in the form that the column of the field has.
func (d Dialect) defaultText(f feature.Field, s string) string {
	b := builder{d: d.WithLiterals()}
	var v feature.Value
	var ok bool
	switch f.Type {
	case feature.DateField:
		v, ok = feature.ParseDate([]byte(s))
	case feature.DateTimeField:
		v, ok = feature.ParseDateTime([]byte(s))
	case feature.TimeField:
		v, ok = feature.ParseTime([]byte(s))
	}
	if !ok {
		return s
	}
	b.moment(v)
	if b.err != nil {
		return s
	}
	return strings.Trim(string(b.sql), "'")
}

// unquote reads a text in quotes, of which two stand for one, and returns what follows.
func unquote(s string) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '\'':
			b.WriteByte('\'')
			i++
		default:
			return b.String(), s[i+1:], true
		}
	}
	return "", "", false
}
