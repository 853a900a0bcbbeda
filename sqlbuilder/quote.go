package sqlbuilder

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// QuoteIdent returns a name as an SQL identifier in double quotes, which all dialects here take. A NUL, at which a
// statement would end, becomes U+FFFD. Dialect.QuoteIdent refuses names that a store cannot have.
func QuoteIdent(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, "\x00", "\uFFFD"), `"`, `""`) + `"`
}

// QuoteText returns a text as an SQL literal in single quotes, for SQLite. A NUL, at which a statement would end, becomes
// U+FFFD. Dialect.QuoteText refuses it, and knows PostgreSQL.
func QuoteText(text string) string {
	return `'` + strings.ReplaceAll(strings.ReplaceAll(text, "\x00", "\uFFFD"), `'`, `''`) + `'`
}

// QuoteIdent returns a name as an identifier in double quotes. It is an error if the store cannot have such a name, or
// would cut it and take it for another.
func (d Dialect) QuoteIdent(name string) (string, error) {
	if strings.IndexByte(name, 0) >= 0 {
		return "", fmt.Errorf("name %q has a NUL, which no name in SQL has", name)
	}
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("name %q is not UTF-8", name)
	}
	if d.postgres {
		switch {
		case name == "":
			return "", fmt.Errorf("a name is empty, which PostgreSQL does not take")
		case len(name) > maxName:
			return "", fmt.Errorf("name %q has %d bytes, of which PostgreSQL would keep %d", name, len(name), maxName)
		}
	}
	return QuoteIdent(name), nil
}

// QuoteText returns a text as a literal. It means the same whether standard_conforming_strings is on or off, as with old
// servers. Text with a NUL, or that is not UTF-8, is an error: SQLite takes it as an argument only, PostgreSQL not at all.
func (d Dialect) QuoteText(text string) (string, error) {
	switch {
	case strings.IndexByte(text, 0) >= 0:
		return "", fmt.Errorf("text %.40q has a NUL, which no literal in SQL has", text)
	case !utf8.ValidString(text):
		return "", fmt.Errorf("text %.40q is not UTF-8", text)
	}
	quoted := QuoteText(text)
	if d.postgres && strings.IndexByte(text, '\\') >= 0 {
		// The blank keeps the E from growing onto a word before it.
		return " E" + strings.ReplaceAll(quoted, `\`, `\\`), nil
	}
	return quoted, nil
}

// QuoteBytes returns binary data as a literal.
func (d Dialect) QuoteBytes(b []byte) string {
	if d.postgres { // '\x...' would depend on standard_conforming_strings
		return "decode('" + hex.EncodeToString(b) + "', 'hex')"
	}
	return "x'" + hex.EncodeToString(b) + "'"
}

// QuoteFloat returns a real as a literal that reads back as the same. SQLite has no NaN: there it is NULL.
func (d Dialect) QuoteFloat(f float64) string {
	if d.postgres {
		return "'" + postgresFloat(f) + "'::float8"
	}
	switch {
	case math.IsNaN(f):
		return "NULL"
	case math.IsInf(f, 1):
		return "9e999"
	case math.IsInf(f, -1):
		return "-9e999"
	}
	return strconv.FormatFloat(f, 'e', -1, 64) // the exponent makes it a real
}

// postgresFloat prints a real as PostgreSQL reads it.
func postgresFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, 64) // or NaN
}
