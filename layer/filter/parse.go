package filter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Limits of an expression.
const (
	MaxLength = 4 << 20 // bytes of text
	MaxDepth  = 500     // of nesting
)

// Parse reads an expression. An error is an *Error, which says where in the text, with a caret below the place. The empty
// text is an error; no filter at all is a nil *Expr.
func Parse(text string) (*Expr, error) {
	p := &parser{text: text}
	if len(text) > MaxLength {
		return nil, &Error{Offset: -1, Msg: fmt.Sprintf("the expression has %d bytes, at most %d are taken", len(text), MaxLength)}
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return nil, &Error{strings.ToValidUTF8(text, "?"), i, fmt.Sprintf("byte %#02x is not UTF-8", text[i])}
			}
		}
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != endToken {
		return nil, p.unexpected("an operator or the end")
	}
	return e, nil
}

// parser is a parser by recursive descent.
type parser struct {
	text  string
	tok   token // the one to look at
	depth int
}

func (p *parser) errorf(pos int, format string, args ...any) error {
	return &Error{p.text, pos, fmt.Sprintf(format, args...)}
}

func (p *parser) unexpected(want string) error {
	hint := ""
	switch {
	case p.tok.kind == quotedToken:
		hint = " (texts stand in single quotes)"
	case p.tok.is("="):
		hint = " (one = is enough)"
	}
	return p.errorf(p.tok.pos, "%s was found, %s was expected%s", p.tok.describe(), want, hint)
}

// next goes on to the next token.
func (p *parser) next() error {
	t, err := p.scan(p.tok.end)
	p.tok = t
	return err
}

// accept goes on if the token is the one, and tells whether it was.
func (p *parser) accept(word string) (bool, error) {
	if !p.tok.is(word) {
		return false, nil
	}
	return true, p.next()
}

func (p *parser) expect(word string) error {
	if !p.tok.is(word) {
		return p.unexpected(word)
	}
	return p.next()
}

// deeper counts a level of nesting; the caller takes it back.
func (p *parser) deeper() error {
	if p.depth++; p.depth > MaxDepth {
		return p.errorf(p.tok.pos, "the expression is nested deeper than %d", MaxDepth)
	}
	return nil
}

// at makes e a part of this text that begins at pos.
func (p *parser) at(pos int, e *Expr) *Expr {
	e.pos, e.text = pos, &p.text
	return e
}

func (p *parser) or() (*Expr, error)  { return p.joined("OR", (*parser).and) }
func (p *parser) and() (*Expr, error) { return p.joined("AND", (*parser).not) }

// joined reads operands with the same word between them as one node.
func (p *parser) joined(op string, operand func(*parser) (*Expr, error)) (*Expr, error) {
	pos := p.tok.pos
	e, err := operand(p)
	if err != nil || !p.tok.is(op) {
		return e, err
	}
	joined := p.at(pos, &Expr{kind: binary, op: op, args: []*Expr{e}})
	for {
		if ok, err := p.accept(op); err != nil || !ok {
			return joined, err
		}
		if e, err = operand(p); err != nil {
			return nil, err
		}
		joined.args = append(joined.args, e)
	}
}

func (p *parser) not() (*Expr, error) {
	pos := p.tok.pos
	if !p.tok.is("NOT") {
		return p.comparison()
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.next(); err != nil {
		return nil, err
	}
	e, err := p.not()
	if err != nil {
		return nil, err
	}
	return p.at(pos, &Expr{kind: unary, op: "NOT", args: []*Expr{e}}), nil
}

var comparisons = []string{"=", "<>", "!=", "<", "<=", ">", ">="}

// comparison reads a sum and what may follow it. Comparisons do not chain: 1 < x < 3 is an error.
func (p *parser) comparison() (*Expr, error) {
	e, err := p.sum()
	if err != nil {
		return nil, err
	}
	pos := p.tok.pos
	if p.tok.kind == signToken && slices.Contains(comparisons, p.tok.text) {
		op := p.tok.text
		if op == "!=" {
			op = "<>"
		}
		if err := p.next(); err != nil {
			return nil, err
		}
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		if p.tok.kind == signToken && slices.Contains(comparisons, p.tok.text) {
			return nil, p.errorf(p.tok.pos, "comparisons do not chain: put AND between them")
		}
		return p.at(pos, &Expr{kind: binary, op: op, args: []*Expr{e, right}}), nil
	}
	if ok, err := p.accept("IS"); err != nil {
		return nil, err
	} else if ok {
		not, err := p.accept("NOT")
		if err != nil {
			return nil, err
		}
		if err := p.expect("NULL"); err != nil {
			return nil, err
		}
		return p.at(pos, &Expr{kind: isNull, args: []*Expr{e}, not: not}), nil
	}
	not, err := p.accept("NOT")
	if err != nil {
		return nil, err
	}
	switch {
	case p.tok.is("LIKE"), p.tok.is("ILIKE"):
		e, err = p.like(pos, e)
	case p.tok.is("IN"):
		e, err = p.in(pos, e)
	case p.tok.is("BETWEEN"):
		e, err = p.between(pos, e)
	case not:
		return nil, p.unexpected("LIKE, ILIKE, IN or BETWEEN")
	}
	if err != nil {
		return nil, err
	}
	if not {
		e = p.at(pos, &Expr{kind: unary, op: "NOT", args: []*Expr{e}})
	}
	return e, nil
}

func (p *parser) like(pos int, left *Expr) (*Expr, error) {
	e := p.at(pos, &Expr{kind: like, op: strings.ToUpper(p.tok.text), args: []*Expr{left}})
	if err := p.next(); err != nil {
		return nil, err
	}
	pattern, err := p.sum()
	if err != nil {
		return nil, err
	}
	e.args = append(e.args, pattern)
	if ok, err := p.accept("ESCAPE"); err != nil || !ok {
		return e, err
	}
	if p.tok.kind != textToken || utf8.RuneCountInString(p.tok.text) != 1 {
		return nil, p.unexpected("a single character in quotes")
	}
	e.args = append(e.args, p.at(p.tok.pos, Value(p.tok.text)))
	return e, p.next()
}

func (p *parser) in(pos int, left *Expr) (*Expr, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	list, err := p.list()
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, p.errorf(pos, "the list of IN is empty")
	}
	return p.at(pos, &Expr{kind: in, args: append([]*Expr{left}, list...)}), nil
}

// list reads expressions with commas between them and the closing bracket.
func (p *parser) list() ([]*Expr, error) {
	if ok, err := p.accept(")"); ok || err != nil {
		return nil, err
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var list []*Expr
	for {
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if ok, err := p.accept(")"); ok || err != nil {
			return list, err
		}
		if !p.tok.is(",") {
			return nil, p.unexpected(", or )")
		}
		if err := p.next(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) between(pos int, left *Expr) (*Expr, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	low, err := p.sum()
	if err != nil {
		return nil, err
	}
	if err := p.expect("AND"); err != nil {
		return nil, err
	}
	high, err := p.sum()
	if err != nil {
		return nil, err
	}
	return p.at(pos, &Expr{kind: between, args: []*Expr{left, low, high}}), nil
}

func (p *parser) sum() (*Expr, error) { return p.chain((*parser).product, "+", "-", "||") }

func (p *parser) product() (*Expr, error) { return p.chain((*parser).signed, "*", "/", "%") }

// chain reads operands with operators between them, which bind to the left.
func (p *parser) chain(operand func(*parser) (*Expr, error), ops ...string) (*Expr, error) {
	e, err := operand(p)
	depth := p.depth
	defer func() { p.depth = depth }()
	for err == nil && p.tok.kind == signToken && slices.Contains(ops, p.tok.text) {
		if err = p.deeper(); err != nil { // what is built is as deep as it is long
			break
		}
		pos, op := p.tok.pos, p.tok.text
		if err = p.next(); err != nil {
			break
		}
		var right *Expr
		right, err = operand(p)
		e = p.at(pos, &Expr{kind: binary, op: op, args: []*Expr{e, right}})
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// signed reads a value with a minus or a plus before it.
func (p *parser) signed() (*Expr, error) {
	pos := p.tok.pos
	minus := p.tok.is("-")
	if !minus && !p.tok.is("+") {
		return p.primary()
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.tok.kind == numberToken {
		sign := ""
		if minus {
			sign = "-"
		}
		return p.number(pos, sign)
	}
	e, err := p.signed()
	if err != nil || !minus {
		return e, err
	}
	return p.at(pos, &Expr{kind: unary, op: "-", args: []*Expr{e}}), nil
}

// number reads a number: an integer if it is written as one and has 64 bits, else a real.
func (p *parser) number(pos int, sign string) (*Expr, error) {
	text := sign + p.tok.text
	var v feature.Value
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		v = feature.Int(n)
	} else {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			if errors.Is(err, strconv.ErrRange) {
				v = feature.Float(f)
				return p.at(pos, &Expr{kind: literal, val: v}), p.next()
			}
			return nil, p.errorf(pos, "%s is not a number", p.tok.describe())
		}
		v = feature.Float(f)
	}
	return p.at(pos, &Expr{kind: literal, val: v}), p.next()
}

// reserved are the words that are no names unless they stand in double quotes.
var reserved = []string{
	"AND", "OR", "NOT", "LIKE", "ILIKE", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "CAST", "ESCAPE", "AS",
}

func (p *parser) primary() (*Expr, error) {
	t := p.tok
	switch t.kind {
	case numberToken:
		return p.number(t.pos, "")
	case textToken:
		return p.at(t.pos, Value(t.text)), p.next()
	case quotedToken:
		return p.at(t.pos, Field(t.text)), p.next()
	case wordToken:
		return p.word()
	}
	if !t.is("(") {
		return nil, p.unexpected("a field or a value")
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.next(); err != nil {
		return nil, err
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.tok.is(")") {
		return nil, p.errorf(p.tok.pos, "%s was found, an operator or ) was expected; ( stands at character %d",
			p.tok.describe(), utf8.RuneCountInString(p.text[:t.pos])+1)
	}
	return e, p.next()
}

// word reads what begins with a word: a constant, a cast, a call, a field.
func (p *parser) word() (*Expr, error) {
	t := p.tok
	if err := p.next(); err != nil {
		return nil, err
	}
	switch word := strings.ToUpper(t.text); {
	case word == "NULL":
		return p.at(t.pos, Value(nil)), nil
	case word == "TRUE", word == "FALSE":
		return p.at(t.pos, Value(word == "TRUE")), nil
	case word == "CAST":
		return p.cast(t.pos)
	case (word == "DATE" || word == "TIME" || word == "TIMESTAMP") && p.tok.kind == textToken:
		v, ok := parseMoment(word, p.tok.text)
		if !ok {
			return nil, p.errorf(p.tok.pos, "%s is not a %s such as %s", p.tok.describe(), word, momentExamples[word])
		}
		return p.at(t.pos, &Expr{kind: literal, val: v}), p.next()
	case slices.Contains(reserved, word):
		p.tok = t
		return nil, p.unexpected("a field or a value")
	}
	if ok, err := p.accept("("); err != nil {
		return nil, err
	} else if ok {
		args, err := p.list()
		if err != nil {
			return nil, err
		}
		return p.at(t.pos, &Expr{kind: call, op: strings.ToUpper(t.text), args: args}), nil
	}
	return p.at(t.pos, Field(t.text)), nil
}

var momentExamples = map[string]string{
	"DATE": "'2024-02-29'", "TIME": "'12:30:00'", "TIMESTAMP": "'2024-02-29 12:30:00+01'",
}

// parseMoment reads the text of a DATE, TIME or TIMESTAMP constant.
func parseMoment(what, text string) (feature.Value, bool) {
	switch what {
	case "DATE":
		if strings.ContainsRune(text, ':') { // midnight somewhere need not be that of the day
			return feature.Value{}, false
		}
		return feature.ParseDate([]byte(text))
	case "TIME":
		return feature.ParseTime([]byte(text))
	}
	return feature.ParseDateTime([]byte(text))
}

func (p *parser) cast(pos int) (*Expr, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if err := p.expect("AS"); err != nil {
		return nil, err
	}
	from, end := p.tok.pos, p.tok.pos
	for p.tok.kind == wordToken || p.tok.is("(") || p.tok.kind == numberToken || p.tok.is(")") && strings.Contains(p.text[from:end], "(") && !strings.Contains(p.text[from:end], ")") {
		end = p.tok.end
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	c := p.at(pos, &Expr{kind: cast, args: []*Expr{e}})
	if c.op, c.size, err = parseCastType(p.text[from:end]); err != nil {
		return nil, p.errorf(from, "%s", err)
	}
	return c, p.expect(")")
}

// castTypes has the types of CAST by their names. The first name of each is the one that is printed.
var castTypes = []struct {
	names []string
	typ   Type
	bits  int
}{
	{[]string{"integer", "int", "int4"}, Int, 32},
	{[]string{"smallint", "int2"}, Int, 16},
	{[]string{"bigint", "int8"}, Int, 64},
	{[]string{"float", "real", "double", "double precision", "float8"}, Float, 0},
	{[]string{"character", "char", "varchar", "character varying", "text", "string"}, Text, 0},
	{[]string{"date"}, Date, 0},
	{[]string{"time"}, Time, 0},
	{[]string{"timestamp", "datetime", "timestamptz", "timestamp with time zone"}, DateTime, 0},
	{[]string{"boolean", "bool"}, Bool, 0},
}

// maxWidth is the most characters that character(n) may ask for.
const maxWidth = 1 << 30

// parseCastType reads the name of a type: "integer", "character(10)".
func parseCastType(text string) (name string, width int, err error) {
	base, size, sized := strings.Cut(strings.ToLower(text), "(")
	base = strings.Join(strings.Fields(base), " ")
	for _, t := range castTypes {
		if !slices.Contains(t.names, base) {
			continue
		}
		name = t.names[0]
		if !sized {
			return name, 0, nil
		}
		size, closed := strings.CutSuffix(strings.TrimSpace(size), ")")
		width, err = strconv.Atoi(strings.TrimSpace(size))
		if t.typ != Text || !closed || err != nil || width < 1 || width > maxWidth {
			return "", 0, fmt.Errorf("%q is no type: only character has a size, such as character(10)", text)
		}
		return name, width, nil
	}
	var known []string
	for _, t := range castTypes {
		known = append(known, t.names[0])
	}
	return "", 0, fmt.Errorf("%q is no type of CAST, which are %s", text, strings.Join(known, ", "))
}
