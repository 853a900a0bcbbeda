package sqlbuilder

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Statement is SQL with its arguments, in the order of their placeholders.
type Statement struct {
	SQL  string
	Args []any // int64, float64, string or []byte; a value of a column may also be nil, and in PostgreSQL a bool
}

// builder puts a statement together.
type builder struct {
	d    Dialect
	sql  []byte
	args []any
	err  error // the first: a name or value that the dialect cannot express
}

// mark is a place to go back to.
type mark struct{ sql, args int }

func (b *builder) mark() mark { return mark{len(b.sql), len(b.args)} }

func (b *builder) reset(m mark) {
	b.sql, b.args, b.err = b.sql[:m.sql], b.args[:m.args], nil
}

func (b *builder) statement() (Statement, error) {
	if b.err == nil && len(b.args) > b.d.maxArgs() {
		b.err = fmt.Errorf("a statement has %d arguments; %s takes %d", len(b.args), b.d, b.d.maxArgs())
	}
	if b.err != nil {
		return Statement{}, b.err
	}
	return Statement{SQL: string(b.sql), Args: b.args}, nil
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// write adds SQL.
func (b *builder) write(parts ...string) {
	for _, p := range parts {
		b.sql = append(b.sql, p...)
	}
}

// ident adds a name.
func (b *builder) ident(name string) {
	quoted, err := b.d.QuoteIdent(name)
	if err != nil {
		b.fail(err)
		return
	}
	b.write(quoted)
}

// idents adds names with commas between them.
func (b *builder) idents(names []string) {
	for i, n := range names {
		if i > 0 {
			b.write(", ")
		}
		b.ident(n)
	}
}

// table adds the name of a table.
func (b *builder) table(namespace, name string) {
	if namespace != "" {
		b.ident(namespace)
		b.write(".")
	}
	b.ident(name)
}

// placeholder adds one for the argument.
func (b *builder) placeholder(v any) {
	b.args = append(b.args, v)
	if b.d.postgres {
		b.write("$", strconv.Itoa(len(b.args)))
	} else {
		b.write("?")
	}
}

// The following add a value to an expression, as an argument or a literal. PostgreSQL is told its type, so that an
// operator's meaning does not depend on what stands at its other side.

func (b *builder) int(n int64) {
	text := strconv.FormatInt(n, 10)
	switch {
	case !b.d.literals:
		b.placeholder(n)
	case b.d.postgres:
		b.write("'", text, "'")
	case n == math.MinInt64: // would be read as minus a number that is beyond the integers
		b.write("(-9223372036854775807 - 1)")
	default:
		b.write(text)
	}
	b.cast("int8")
}

func (b *builder) float(f float64) {
	if b.d.literals {
		b.write(b.d.QuoteFloat(f))
		return
	}
	b.placeholder(f)
	b.cast("float8")
}

func (b *builder) text(s string) {
	switch {
	case b.d.postgres && (strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s)), b.d.literals:
		quoted, err := b.d.QuoteText(s)
		if err != nil {
			b.fail(err)
			return
		}
		b.write(quoted)
	default:
		b.placeholder(s)
	}
	b.cast("text")
}

func (b *builder) bytes(v []byte) {
	if b.d.literals {
		b.write(b.d.QuoteBytes(v))
		return
	}
	b.placeholder(v)
	b.cast("bytea")
}

// cast adds a cast to a type of PostgreSQL's.
func (b *builder) cast(typ string) {
	if b.d.postgres {
		b.write("::", typ)
	}
}
