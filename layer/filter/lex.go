package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind says what a token is.
type tokenKind uint8

const (
	endToken    tokenKind = iota
	wordToken             // a name or keyword without quotes
	quotedToken           // a name in double quotes
	textToken             // a text in single quotes
	numberToken
	signToken // an operator, a bracket, a comma
)

// token is a word of the language.
type token struct {
	kind tokenKind
	text string // of quotedToken and textToken without quotes; else as written
	pos  int    // of its first byte
	end  int    // behind its last
}

// is tells whether the token is the keyword, in any case, or the sign.
func (t token) is(word string) bool {
	switch t.kind {
	case wordToken:
		return strings.EqualFold(t.text, word)
	case signToken:
		return t.text == word
	}
	return false
}

// describe names the token in a message.
func (t token) describe() string {
	const most = 40
	text := t.text
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	switch t.kind {
	case endToken:
		return "the end"
	case quotedToken:
		return `"` + text + `"`
	case textToken:
		return "'" + text + "'"
	}
	return text
}

// scan returns the token at or behind pos.
func (p *parser) scan(pos int) (token, error) {
	s := p.text
	for pos < len(s) {
		c, n := utf8.DecodeRuneInString(s[pos:])
		if !unicode.IsSpace(c) {
			break
		}
		pos += n
	}
	t := token{kind: endToken, pos: pos, end: pos}
	if pos == len(s) {
		return t, nil
	}
	c := s[pos]
	switch {
	case c == '\'' || c == '"':
		return p.scanQuoted(pos)
	case c >= '0' && c <= '9', c == '.' && pos+1 < len(s) && s[pos+1] >= '0' && s[pos+1] <= '9':
		return p.scanNumber(pos)
	case startsName(s[pos:]):
		t.kind = wordToken
		for t.end < len(s) && (startsName(s[t.end:]) || s[t.end] >= '0' && s[t.end] <= '9' || s[t.end] == '$') {
			_, n := utf8.DecodeRuneInString(s[t.end:])
			t.end += n
		}
		t.text = s[pos:t.end]
		return t, nil
	}
	for _, sign := range [...]string{"<>", "!=", "<=", ">=", "||", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","} {
		if strings.HasPrefix(s[pos:], sign) {
			return token{signToken, sign, pos, pos + len(sign)}, nil
		}
	}
	r, n := utf8.DecodeRuneInString(s[pos:])
	t.kind, t.text, t.end = signToken, s[pos:pos+n], pos+n
	switch r {
	case '‘', '’', '‚', '‛', '“', '”', '„', '`', '´', 'ʼ', '＇', '＂':
		return t, p.errorf(pos, "%q is no quote: texts stand in '...', names in \"...\"", r)
	case ';':
		return t, p.errorf(pos, "a filter is a single condition: no semicolon")
	}
	return t, p.errorf(pos, "%q is not part of the language", r)
}

// startsName tells whether s begins with a character that a name may begin with.
func startsName(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return c == '_' || unicode.IsLetter(c) || unicode.IsMark(c) || c >= utf8.RuneSelf && unicode.IsDigit(c)
}

// scanQuoted reads '...' or "..."; the quote itself is written twice.
func (p *parser) scanQuoted(pos int) (token, error) {
	quote := p.text[pos]
	t := token{kind: textToken, pos: pos}
	what := "text"
	if quote == '"' {
		t.kind, what = quotedToken, "name"
	}
	from := pos + 1
	double := false
	for i := from; i < len(p.text); i++ {
		if p.text[i] != quote {
			continue
		}
		if i+1 < len(p.text) && p.text[i+1] == quote {
			double = true
			i++
			continue
		}
		t.text, t.end = p.text[from:i], i+1
		if double {
			q := string(quote)
			t.text = strings.ReplaceAll(t.text, q+q, q)
		}
		if quote == '"' && t.text == "" {
			return t, p.errorf(pos, "a name is empty")
		}
		return t, nil
	}
	return t, p.errorf(pos, "a %s begins here and its closing %c is missing", what, quote)
}

// scanNumber reads digits with perhaps a point and an exponent.
func (p *parser) scanNumber(pos int) (token, error) {
	s, i := p.text, pos
	digits := func() {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
	}
	digits()
	if i < len(s) && s[i] == '.' {
		i++
		digits()
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if i == len(s) || s[i] < '0' || s[i] > '9' {
			return token{}, p.errorf(pos, "a number ends in the midst of its exponent")
		}
		digits()
	}
	if i < len(s) && startsName(s[i:]) {
		return token{}, p.errorf(i, "a number goes on with a letter")
	}
	return token{numberToken, s[pos:i], pos, i}, nil
}
