package sqltext

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is what a token is.
type kind uint8

const (
	end     kind = iota // there is no token left
	word                // a keyword, or a name without quotes
	quoted              // a name in quotes, also as U&"..."
	literal             // a string or bit string in quotes or dollar quotes
	number
	param  // $1
	symbol // "::", or one byte of anything else
)

// token is a piece of a text.
type token struct {
	kind     kind
	open     bool // its end is missing
	pos, end int  // where it lies in the text
}

// scanner takes a text apart.
type scanner struct {
	text string
	pos  int
}

// next returns the next token. White space and comments are between tokens.
func (s *scanner) next() token {
	s.skip()
	t := token{pos: s.pos}
	if s.pos >= len(s.text) {
		t.end = s.pos
		return t
	}
	switch c := s.text[s.pos]; {
	case isNameStart(c):
		s.word(&t)
	case c == '"':
		t.kind = quoted
		s.quotes(&t, false)
	case c == '\'':
		t.kind = literal
		s.quotes(&t, false)
	case c == '$':
		s.dollar(&t)
	case isDigit(c), c == '.' && isDigit(s.at(1)):
		t.kind = number
		s.number()
	case c == ':' && s.at(1) == ':':
		t.kind = symbol
		s.pos += 2
	default:
		t.kind = symbol
		s.pos++
	}
	t.end = s.pos
	return t
}

// at returns the byte n after the next one: 0 behind the end.
func (s *scanner) at(n int) byte {
	if s.pos+n < len(s.text) {
		return s.text[s.pos+n]
	}
	return 0
}

// skip passes white space and comments.
func (s *scanner) skip() {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case isSpace(c):
			s.pos++
		case c == '-' && s.at(1) == '-':
			s.lineComment()
		case c == '/' && s.at(1) == '*':
			s.comment()
		default:
			return
		}
	}
}

func (s *scanner) lineComment() {
	if n := strings.IndexAny(s.text[s.pos:], "\n\r"); n >= 0 {
		s.pos += n
	} else {
		s.pos = len(s.text)
	}
}

// comment passes /* */, which nests.
func (s *scanner) comment() {
	depth := 0
	for s.pos < len(s.text) {
		switch {
		case s.text[s.pos] == '/' && s.at(1) == '*':
			depth++
			s.pos += 2
		case s.text[s.pos] == '*' && s.at(1) == '/':
			depth--
			s.pos += 2
			if depth == 0 {
				return
			}
		default:
			s.pos++
		}
	}
}

// word takes a word, or what a prefix of a literal or of a quoted name begins: E”, B”, X”, N”, U&” and U&"".
func (s *scanner) word(t *token) {
	t.kind = word
	start := s.pos
	for s.pos < len(s.text) && isNamePart(s.text[s.pos]) {
		s.pos++
	}
	if s.pos-start != 1 {
		return
	}
	switch c := lower(s.text[start]); {
	case s.at(0) == '\'' && (c == 'e' || c == 'b' || c == 'x' || c == 'n'):
		t.kind = literal
		s.quotes(t, c == 'e')
	case c == 'u' && s.at(0) == '&' && (s.at(1) == '\'' || s.at(1) == '"'):
		t.kind = literal
		if s.at(1) == '"' {
			t.kind = quoted
		}
		s.pos++
		s.quotes(t, false)
	}
}

// quotes takes what is in quotes of the kind that stands at the position.
func (s *scanner) quotes(t *token, escapes bool) {
	quote := s.text[s.pos]
	s.pos++
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '\\' && escapes:
			s.pos = min(s.pos+2, len(s.text))
		case c != quote:
			s.pos++
		case s.at(1) == quote:
			s.pos += 2
		default:
			s.pos++
			// Only E'' needs to know whether it goes on in a later line: its backslashes do.
			if !escapes || !s.goesOn() {
				return
			}
		}
	}
	t.open = true
}

// goesOn tells whether a literal that has just ended goes on: the next thing is a quote, and a line ends in between. The
// position is behind that quote then.
func (s *scanner) goesOn() bool {
	from, newline := s.pos, false
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case isSpace(c):
			newline = newline || c == '\n' || c == '\r'
			s.pos++
		case c == '-' && s.at(1) == '-':
			s.lineComment()
		case c == '\'' && newline:
			s.pos++
			return true
		default:
			s.pos = from
			return false
		}
	}
	s.pos = from
	return false
}

// dollar takes $1, $$...$$, $tag$...$tag$, or the dollar sign alone.
func (s *scanner) dollar(t *token) {
	t.kind = symbol
	start := s.pos
	s.pos++
	if isDigit(s.at(0)) {
		t.kind = param
		for isDigit(s.at(0)) {
			s.pos++
		}
		return
	}
	tag := s.pos
	for tag < len(s.text) && s.text[tag] != '$' && (isNameStart(s.text[tag]) || tag > s.pos && isDigit(s.text[tag])) {
		tag++
	}
	if tag == len(s.text) || s.text[tag] != '$' {
		return
	}
	t.kind = literal
	delimiter := s.text[start : tag+1]
	if n := strings.Index(s.text[tag+1:], delimiter); n >= 0 {
		s.pos = tag + 1 + n + len(delimiter)
	} else {
		t.open = true
		s.pos = len(s.text)
	}
}

func (s *scanner) number() {
	digits := func() {
		for isDigit(s.at(0)) {
			s.pos++
		}
	}
	digits()
	if s.at(0) == '.' && s.at(1) != '.' { // 1..2 is a range in PL/pgSQL
		s.pos++
		digits()
	}
	if lower(s.at(0)) == 'e' {
		if c := s.at(1); isDigit(c) {
			s.pos++
		} else if (c == '+' || c == '-') && isDigit(s.at(2)) {
			s.pos += 2
		}
		digits()
	}
}

// is tells whether a token is a keyword, which must be in upper case.
func (s *scanner) is(t token, keyword string) bool {
	return t.kind == word && equalFold(s.text[t.pos:t.end], keyword)
}

// among tells whether a token is one of some keywords.
func (s *scanner) among(t token, keywords ...string) bool {
	for _, k := range keywords {
		if s.is(t, k) {
			return true
		}
	}
	return false
}

// isSymbol tells whether a token is a symbol of one byte.
func (s *scanner) isSymbol(t token, c byte) bool {
	return t.kind == symbol && t.end == t.pos+1 && s.text[t.pos] == c
}

// isCast tells whether a token is "::".
func (s *scanner) isCast(t token) bool { return t.kind == symbol && t.end == t.pos+2 }

// name returns the name that a word or a quoted name stands for. U&"" is decoded with the backslash, whatever UESCAPE says.
func (s *scanner) name(t token) string {
	text := s.text[t.pos:t.end]
	if t.kind == word {
		return foldLower(text)
	}
	unicode := text[0] != '"'
	if unicode {
		text = text[2:]
	}
	text = text[1:]
	if !t.open {
		text = text[:len(text)-1]
	}
	text = strings.ReplaceAll(text, `""`, `"`)
	if unicode {
		text = decodeUnicode(text)
	}
	return text
}

// value returns the text that a literal stands for: nothing sensible for a bit string.
func (s *scanner) value(t token) string {
	text := s.text[t.pos:t.end]
	if text[0] == '$' {
		tag := strings.IndexByte(text[1:], '$') + 2
		if t.open {
			return text[tag:]
		}
		return text[tag : len(text)-tag]
	}
	prefix, text, _ := strings.Cut(text, "'")
	if !t.open {
		text = text[:len(text)-1]
	}
	if equalFold(prefix, "E") {
		return decodeEscapes(text)
	}
	text = strings.ReplaceAll(text, "''", "'")
	if equalFold(prefix, "U&") {
		return decodeUnicode(text)
	}
	return text
}

// decodeUnicode decodes \XXXX, \+XXXXXX and \\. Anything else stays.
func decodeUnicode(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		if text[0] != '\\' {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		from, digits := 1, 4
		switch {
		case strings.HasPrefix(text, `\\`):
			b.WriteByte('\\')
			text = text[2:]
			continue
		case strings.HasPrefix(text, `\+`):
			from, digits = 2, 6
		}
		if len(text) >= from+digits {
			if n, err := strconv.ParseUint(text[from:from+digits], 16, 32); err == nil {
				b.WriteString(string(rune(n)))
				text = text[from+digits:]
				continue
			}
		}
		b.WriteByte('\\')
		text = text[1:]
	}
	return b.String()
}

// decodeEscapes decodes what is between the quotes of E”.
func decodeEscapes(text string) string {
	var b []byte
	for i := 0; i < len(text); {
		c := text[i]
		i++
		if c == '\'' { // the first of two
			i++
		}
		if c != '\\' || i == len(text) {
			b = append(b, c)
			continue
		}
		c = text[i]
		i++
		base, digits, from := 16, 0, i
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'x':
			digits = 2
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		case '0', '1', '2', '3', '4', '5', '6', '7':
			base, digits, from = 8, 3, i-1
		}
		to := from
		for to < len(text) && to < from+digits && hexDigit(text[to]) < byte(base) {
			to++
		}
		n, err := strconv.ParseUint(text[from:to], base, 32)
		switch {
		case err != nil:
			b = append(b, c)
		case digits > 3:
			b = utf8.AppendRune(b, rune(n))
			i = to
		default:
			b = append(b, byte(n))
			i = to
		}
	}
	return string(b)
}

// hexDigit returns the value of a digit: 255 for what is none.
func hexDigit(c byte) byte {
	switch c := lower(c); {
	case isDigit(c):
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

// isSpace is what PostgreSQL's scanner calls space, the vertical tab since version 16.
func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

func isNamePart(c byte) bool { return isNameStart(c) || isDigit(c) || c == '$' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// equalFold compares a text with one in upper case. Unlike strings.EqualFold it knows no letters but ASCII's: PostgreSQL takes
// the long s of "ſelect" for no s.
func equalFold(text, upper string) bool {
	if len(text) != len(upper) {
		return false
	}
	for i := range len(text) {
		if lower(text[i]) != lower(upper[i]) {
			return false
		}
	}
	return true
}

// foldLower turns ASCII letters to lower case, as PostgreSQL does in UTF-8.
func foldLower(text string) string {
	for i := range len(text) {
		if lower(text[i]) != text[i] {
			b := []byte(text)
			for ; i < len(b); i++ {
				b[i] = lower(b[i])
			}
			return string(b)
		}
	}
	return text
}
