package filter

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Precedences, the weakest first.
const (
	orLevel = iota
	andLevel
	notLevel
	comparisonLevel
	sumLevel
	productLevel
	signLevel
	primaryLevel
)

// String prints the expression so that it parses again, with no more brackets than it takes. NULL is printed for nil.
func (e *Expr) String() string {
	return string(e.append(nil, orLevel))
}

// level returns the precedence of what e is printed as.
func (e *Expr) level() int {
	if e == nil {
		return primaryLevel
	}
	switch e.kind {
	case unary:
		if e.op == "-" {
			return signLevel
		}
		if a := e.args[0]; a != nil && (a.kind == like || a.kind == in || a.kind == between) { // x NOT IN (...)
			return comparisonLevel
		}
		return notLevel
	case binary:
		switch e.op {
		case "OR":
			return orLevel
		case "AND":
			return andLevel
		case "+", "-", "||":
			return sumLevel
		case "*", "/", "%":
			return productLevel
		}
		return comparisonLevel
	case like, in, between, isNull:
		return comparisonLevel
	}
	return primaryLevel
}

// append prints e; where it binds weaker than level, in brackets.
func (e *Expr) append(dst []byte, level int) []byte {
	if e == nil {
		return append(dst, "NULL"...)
	}
	own := e.level()
	if own < level {
		return append(e.append(append(dst, '('), orLevel), ')')
	}
	switch e.kind {
	case literal:
		return appendLiteral(dst, e.val)
	case geometry:
		return appendGeometry(dst, e.wkb)
	case ident:
		return appendName(dst, e.name)
	case fid:
		return append(dst, "FID"...)
	case unary:
		arg := e.args[0]
		switch {
		case e.op == "-":
			dst = append(dst, '-')
			if arg.level() == signLevel || arg != nil && arg.kind == literal { // "- 5" is not the number -5, "--" might be a comment
				dst = append(dst, ' ')
			}
			if arg != nil && arg.kind == literal {
				return append(arg.append(append(dst, '('), orLevel), ')')
			}
			return arg.append(dst, signLevel)
		case own == comparisonLevel:
			return arg.appendPredicate(dst, "NOT ")
		}
		return arg.append(append(dst, "NOT "...), notLevel)
	case binary:
		right := own + 1 // to the left it binds by itself
		left := own
		if own == comparisonLevel || own <= andLevel {
			left = own + 1
		}
		for i, a := range e.args {
			if i == 0 {
				dst = a.append(dst, left)
				continue
			}
			dst = a.append(append(append(append(dst, ' '), e.op...), ' '), right)
		}
		return dst
	case like, in, between:
		return e.appendPredicate(dst, "")
	case isNull:
		dst = append(e.args[0].append(dst, sumLevel), " IS "...)
		if e.not {
			dst = append(dst, "NOT "...)
		}
		return append(dst, "NULL"...)
	case call:
		return append(e.appendList(append(append(dst, e.op...), '('), e.args), ')')
	case cast:
		dst = append(e.args[0].append(append(dst, "CAST("...), orLevel), " AS "...)
		dst = append(dst, e.op...)
		if e.size > 0 {
			dst = append(strconv.AppendInt(append(dst, '('), int64(e.size), 10), ')')
		}
		return append(dst, ')')
	}
	return append(dst, '?')
}

// appendPredicate prints LIKE, IN and BETWEEN with NOT or nothing before the word.
func (e *Expr) appendPredicate(dst []byte, not string) []byte {
	dst = append(append(e.args[0].append(dst, sumLevel), ' '), not...)
	switch e.kind {
	case like:
		dst = e.args[1].append(append(append(dst, e.op...), ' '), sumLevel)
		if len(e.args) > 2 {
			dst = e.args[2].append(append(dst, " ESCAPE "...), sumLevel)
		}
		return dst
	case in:
		return append(e.appendList(append(dst, "IN ("...), e.args[1:]), ')')
	}
	dst = e.args[1].append(append(dst, "BETWEEN "...), sumLevel)
	return e.args[2].append(append(dst, " AND "...), sumLevel)
}

func (e *Expr) appendList(dst []byte, list []*Expr) []byte {
	for i, a := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = a.append(dst, orLevel)
	}
	return dst
}

// appendName prints a name, in quotes if it would be something else without.
func appendName(dst []byte, name string) []byte {
	plain := name != "" && startsName(name) && !isReserved(name)
	for _, c := range name {
		plain = plain && (c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')
	}
	if plain {
		return append(dst, name...)
	}
	return append(append(append(dst, '"'), strings.ReplaceAll(name, `"`, `""`)...), '"')
}

func isReserved(name string) bool {
	for _, word := range reserved {
		if strings.EqualFold(word, name) {
			return true
		}
	}
	return false
}

func appendLiteral(dst []byte, v feature.Value) []byte {
	switch v.Kind() {
	case feature.KindBool:
		if v.Bool() {
			return append(dst, "TRUE"...)
		}
		return append(dst, "FALSE"...)
	case feature.KindInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case feature.KindFloat:
		return appendReal(dst, v.Float())
	case feature.KindText, feature.KindJSON:
		text := strings.ToValidUTF8(v.Text(), string(utf8.RuneError))
		return append(append(append(dst, '\''), strings.ReplaceAll(text, "'", "''")...), '\'')
	case feature.KindDate:
		return append(appendMoment(append(dst, "DATE '"...), v), '\'')
	case feature.KindTime:
		return append(appendMoment(append(dst, "TIME '"...), v), '\'')
	case feature.KindDateTime:
		return append(appendMoment(append(dst, "TIMESTAMP '"...), v), '\'')
	}
	return append(dst, "NULL"...)
}

// appendReal prints a real so that it is not taken for an integer.
func appendReal(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "1e999"...)
	case math.IsInf(f, -1):
		return append(dst, "-1e999"...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
	if !strings.ContainsAny(string(dst[start:]), ".eN") {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendMoment prints a date or time with hyphens.
func appendMoment(dst []byte, v feature.Value) []byte {
	start := len(dst)
	dst = v.AppendString(dst)
	for i := start; i < len(dst); i++ {
		if dst[i] == '/' {
			dst[i] = '-'
		}
	}
	return dst
}

func appendGeometry(dst []byte, w feature.WKB) []byte {
	out, err := feature.AppendWKT(append(dst, "ST_GeomFromText('"...), w)
	if err != nil {
		return append(dst, "ST_GeomFromText('?')"...) // Bind says what is wrong with it
	}
	return append(out, "')"...)
}
