package sqltext

import "strings"

// Copy is what a COPY statement says.
type Copy struct {
	// From is set for COPY ... FROM, which adds data.
	From bool
	// Client is set where the data come from the client, or go there: FROM STDIN and TO STDOUT. Else they are a file's or a
	// program's of the server.
	Client bool
	// Query is the text in the parentheses of COPY (query) TO.
	Query string
	// Format is "text", "csv" or "binary", or whatever else the statement names.
	Format string
	// Header tells that the first line of the data has the columns' names.
	Header bool
	// Delimiter stands between two values: "" where the statement leaves it to the format.
	Delimiter string
}

// Copy reads a COPY statement, as far as it is one: a text that PostgreSQL would refuse may be read in part.
func (st Statement) Copy() (Copy, bool) {
	if st.Keyword != "COPY" {
		return Copy{}, false
	}
	s := scanner{text: st.Text}
	c := Copy{Format: "text"}
	s.next() // COPY
	t := s.next()
	if s.is(t, "BINARY") && !s.isSymbol(s.peek(), '.') && !s.among(s.peek(), "FROM", "TO") {
		c.Format = "binary"
		t = s.next()
	}
	if s.isSymbol(t, '(') {
		from := s.pos
		s.close()
		c.Query = strings.TrimSuffix(s.text[from:s.pos], ")")
		t = s.next()
	}
	// A table may have any name that is not reserved, and "to" and "from" are.
	for t.kind != end && !s.among(t, "FROM", "TO") {
		if s.isSymbol(t, '(') {
			s.close()
		}
		t = s.next()
	}
	c.From = s.is(t, "FROM")
	t = s.next()
	// PostgreSQL takes both words in either direction.
	c.Client = s.among(t, "STDIN", "STDOUT")
	if s.is(t, "PROGRAM") {
		s.next()
	}
	s.copyOptions(&c)
	return c, true
}

// close passes everything up to the parenthesis that closes the one before the position.
func (s *scanner) close() {
	for depth := 1; depth > 0; {
		switch t := s.next(); {
		case t.kind == end:
			return
		case s.isSymbol(t, '('):
			depth++
		case s.isSymbol(t, ')'):
			depth--
		}
	}
}

// copyOptions reads what follows the name of a file: the options in parentheses, or those of old, which have none
// (PostgreSQL documentation, COPY, "Compatibility").
func (s *scanner) copyOptions(c *Copy) {
	t := s.next()
	for ; s.among(t, "USING", "DELIMITERS"); t = s.next() {
		if s.is(t, "DELIMITERS") {
			s.delimiter(c, s.next())
		}
	}
	if s.is(t, "WITH") {
		t = s.next()
	}
	if s.isSymbol(t, '(') {
		s.copyList(c)
		return
	}
	for ; t.kind != end && !s.is(t, "WHERE"); t = s.next() {
		switch {
		case s.is(t, "BINARY"):
			c.Format = "binary"
		case s.is(t, "CSV"):
			c.Format = "csv"
		case s.is(t, "HEADER"):
			c.Header = true
		case s.is(t, "DELIMITER"):
			if t = s.next(); s.is(t, "AS") {
				t = s.next()
			}
			s.delimiter(c, t)
		case s.is(t, "FORCE"): // FORCE QUOTE and others, then names, which may be like an option's
			if s.is(s.next(), "NOT") {
				s.next() // NULL
			}
			for s.next(); s.isSymbol(s.peek(), ','); s.next() {
				s.next()
			}
		}
	}
}

// copyList reads the options in parentheses: a name and a value each, which may be missing.
func (s *scanner) copyList(c *Copy) {
	for {
		name := s.next()
		if name.kind == end {
			return
		}
		value := s.next()
		switch {
		case s.option(name, "format"):
			c.Format = s.argument(value)
		case s.option(name, "header"):
			switch strings.ToLower(s.argument(value)) {
			case "false", "off", "0":
				c.Header = false
			default: // true, on, 1, match, or none
				c.Header = true
			}
		case s.option(name, "delimiter"):
			s.delimiter(c, value)
		}
		for !s.isSymbol(value, ',') {
			if value.kind == end || s.isSymbol(value, ')') {
				return
			}
			if s.isSymbol(value, '(') {
				s.close()
			}
			value = s.next()
		}
	}
}

func (s *scanner) option(t token, name string) bool {
	return (t.kind == word || t.kind == quoted) && s.name(t) == name
}

func (s *scanner) delimiter(c *Copy, t token) {
	if t.kind == literal {
		c.Delimiter = s.value(t)
	}
}

// argument returns the text of an option's value, which may be a name, a literal or a number.
func (s *scanner) argument(t token) string {
	switch t.kind {
	case word, quoted:
		return s.name(t)
	case literal:
		return s.value(t)
	}
	return s.text[t.pos:t.end]
}
