package sqltext

import (
	"iter"
	"strings"
)

// Statement is one statement of a text.
type Statement struct {
	// Text is the statement without the semicolon, and without the white space and comments behind it. Comments before it stay.
	Text string
	// Pos is where Text lies in the whole text, in bytes.
	Pos int
	// Keyword is its first word in upper case, behind opening parentheses: "" where it begins with anything else.
	Keyword string
}

// Statements splits a text at its semicolons. Those in parentheses (CREATE RULE ... DO (a; b)) and those in the body of a
// function between BEGIN ATOMIC and END are part of their statement. What holds no more than white space and comments is no
// statement: PostgreSQL has no result for it either.
func Statements(sql string) iter.Seq[Statement] {
	return func(yield func(Statement) bool) {
		s := scanner{text: sql}
		for from, more := 0, true; more; from = s.pos {
			var st Statement
			st, more = s.statement(from)
			if st.Text != "" && !yield(st) {
				return
			}
		}
	}
}

// First returns the first statement of a text, and whether it is the only one. A text without any gives a zero Statement.
func First(sql string) (st Statement, only bool) {
	n := 0
	for next := range Statements(sql) {
		if n++; n > 1 {
			break
		}
		st = next
	}
	return st, n == 1
}

// statement takes the statement that begins at a position. There is no more behind it where it ends without a semicolon.
func (s *scanner) statement(from int) (st Statement, more bool) {
	var routine routine
	var first, prev token
	depth, leading := 0, true
	for {
		t := s.next()
		if t.kind == end || depth == 0 && !routine.inBody() && s.isSymbol(t, ';') {
			if prev.kind != end {
				for isSpace(s.text[from]) {
					from++
				}
				st.Text, st.Pos = s.text[from:prev.end], from
				if first.kind == word {
					st.Keyword = strings.Map(upper, s.text[first.pos:first.end])
				}
			}
			return st, t.kind != end
		}
		switch {
		case s.isSymbol(t, '('):
			depth++
		case s.isSymbol(t, ')'):
			depth = max(depth-1, 0)
		}
		if leading && !s.isSymbol(t, '(') {
			first, leading = t, false
		}
		if depth == 0 || routine.inBody() {
			routine.next(s, prev, t)
		}
		prev = t
	}
}

func upper(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}

// routine follows a statement to see whether it is in the body of CREATE [OR REPLACE] FUNCTION or PROCEDURE ... BEGIN ATOMIC
// statement; ... END (PostgreSQL 14 and later).
type routine uint8

const (
	atStart routine = iota
	afterCreate
	afterOr
	afterReplace
	inHead
	inBody
	notRoutine
)

func (r routine) inBody() bool { return r == inBody }

func (r *routine) next(s *scanner, prev, t token) {
	switch *r {
	case atStart:
		*r = notRoutine
		if s.is(t, "CREATE") {
			*r = afterCreate
		}
	case afterCreate, afterReplace:
		switch {
		case s.among(t, "FUNCTION", "PROCEDURE"):
			*r = inHead
		case *r == afterCreate && s.is(t, "OR"):
			*r = afterOr
		default:
			*r = notRoutine
		}
	case afterOr:
		*r = notRoutine
		if s.is(t, "REPLACE") {
			*r = afterReplace
		}
	case inHead:
		if s.is(t, "ATOMIC") && s.is(prev, "BEGIN") {
			*r = inBody
		}
	case inBody:
		// Every statement of the body has its semicolon, so that END behind one is the body's, and any other END is that of a
		// CASE, or a name.
		if s.is(t, "END") && (s.isSymbol(prev, ';') || s.is(prev, "ATOMIC")) {
			*r = notRoutine
		}
	}
}
