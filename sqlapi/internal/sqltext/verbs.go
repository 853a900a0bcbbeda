package sqltext

// Writes tells whether a text has a statement that may add data.
func Writes(sql string) bool {
	for st := range Statements(sql) {
		if st.Writes() {
			return true
		}
	}
	return false
}

// IsSelect tells whether the statement is a query that may be wrapped, as in SELECT * FROM (text) AS q LIMIT 10: it begins with
// SELECT, VALUES, TABLE or WITH, changes nothing, makes no table (SELECT ... INTO) and locks no rows (FOR UPDATE). Functions
// that it calls may do anything.
//
// Its Text ends in no comment and has all its parentheses, so that one may be put around it.
func (st Statement) IsSelect() bool {
	switch st.Keyword {
	case "SELECT", "VALUES", "TABLE", "WITH":
		sh := examine(st.Text)
		return !sh.modifies && !sh.into && !sh.locks && !sh.broken
	}
	return false
}

// Writes tells whether the statement may add data, as far as its text shows: a SELECT may call a function that does. DELETE,
// TRUNCATE and DROP add none.
func (st Statement) Writes() bool {
	switch st.Keyword {
	case "COPY":
		c, _ := st.Copy()
		query, _ := First(c.Query)
		return c.From || query.adds()
	case "EXPLAIN":
		return explained(st.Text).adds()
	}
	return st.adds()
}

// adds is Writes for a statement that has no other in it.
func (st Statement) adds() bool {
	switch st.Keyword {
	case "INSERT", "UPDATE", "MERGE", "CREATE", "ALTER", "REFRESH", "DO", "CALL", "EXECUTE", "IMPORT":
		return true
	case "SELECT", "VALUES", "TABLE", "WITH":
		sh := examine(st.Text)
		return sh.adds || sh.into
	}
	return false
}

// explained returns the statement that EXPLAIN ANALYZE runs: none where it is only planned.
func explained(text string) Statement {
	s := scanner{text: text}
	s.next() // EXPLAIN
	analyze, depth := false, 0
	for {
		at := s.pos
		t := s.next()
		switch {
		case t.kind == end:
			return Statement{}
		case s.isSymbol(t, ')'):
			depth--
			continue
		case s.isSymbol(t, '(') && !s.among(s.peek(), "SELECT", "VALUES", "TABLE", "WITH") && !s.isSymbol(s.peek(), '('):
			depth++ // options
			continue
		case s.among(t, "ANALYZE", "ANALYSE"):
			analyze = true
			continue
		case depth > 0, s.is(t, "VERBOSE"):
			continue
		}
		if !analyze {
			return Statement{}
		}
		st, _ := First(text[at:])
		return st
	}
}

// peek returns the next token without taking it.
func (s *scanner) peek() token {
	at := s.pos
	t := s.next()
	s.pos = at
	return t
}

// shape is what a query's text tells of what it does.
type shape struct {
	modifies bool // it, or a WITH query, is an INSERT, UPDATE, DELETE or MERGE
	adds     bool // the same without DELETE
	into     bool // it is a SELECT INTO
	locks    bool // it ends in FOR UPDATE or the like
	broken   bool // parentheses or quotes do not match
}

// What examine keeps of each pair of parentheses that is open.
const (
	started uint8 = 1 << iota // something was there
	with                      // the first word was WITH
	verb                      // the verb behind the WITH queries was there
	cte                       // they hold a WITH query
)

// maxNesting bounds the parentheses that examine looks into. PostgreSQL gives up not far beyond ("stack depth limit exceeded").
const maxNesting = 4096

// examine reads the text of one statement.
func examine(text string) (sh shape) {
	s := scanner{text: text}
	var few [64]uint8
	open := append(few[:0], 0)
	depth, top := 0, 0 // top is the depth of the query itself, which may be in parentheses
	var prev, before token
	for begun := false; ; {
		t := s.next()
		sh.broken = sh.broken || t.open
		switch {
		case t.kind == end:
			sh.broken = sh.broken || depth != 0
			return sh
		case s.isSymbol(t, '('):
			depth++
			if !begun {
				top = depth
			}
			if depth < maxNesting {
				f := uint8(0)
				if open[depth-1]&(with|verb) == with && s.among(prev, "AS", "MATERIALIZED") {
					f = cte
				}
				open = append(open[:depth], f)
			}
		case s.isSymbol(t, ')'):
			begun = true
			sh.broken = sh.broken || depth == 0
			depth = max(depth-1, 0)
			top = min(top, depth)
		default:
			begun = true
			if depth >= maxNesting {
				break
			}
			if t.kind == word {
				sh.clause(&s, t, prev, before, depth <= top)
				open[depth] = sh.verb(&s, t, prev, open[depth], depth <= top)
			}
			open[depth] |= started
		}
		before, prev = prev, t
	}
}

// clause looks for INTO and FOR UPDATE. Where top is set, the word is not in parentheses.
func (sh *shape) clause(s *scanner, t, prev, before token, top bool) {
	switch {
	case s.is(t, "INTO"):
		// The word is reserved: any other than these, and a name behind AS or a dot, is that of SELECT INTO.
		sh.into = sh.into || !s.among(prev, "INSERT", "MERGE", "AS") && !s.isSymbol(prev, '.')
	case top && s.among(t, "UPDATE", "SHARE"):
		// FOR UPDATE, FOR SHARE, FOR NO KEY UPDATE, FOR KEY SHARE
		sh.locks = sh.locks || s.is(prev, "FOR") || s.is(prev, "KEY") && s.among(before, "FOR", "NO")
	}
}

// verb looks for the word that tells what a statement or a WITH query does. It returns what is then known of the parentheses
// around it.
func (sh *shape) verb(s *scanner, t, prev token, f uint8, top bool) uint8 {
	switch {
	case f&started == 0:
		if s.is(t, "WITH") {
			return f | with
		}
		if !top && f&cte == 0 {
			return f
		}
	// The verb comes behind the parentheses of the last WITH query, or behind the last name of SEARCH or CYCLE. These are
	// what stands before names: WITH update AS (...), insert AS (...) SELECT ...
	case f&(with|verb) != with, s.isSymbol(prev, ','), s.isSymbol(prev, '.'),
		s.among(prev, "WITH", "RECURSIVE", "AS", "NOT", "BY", "SET", "TO", "DEFAULT", "USING"):
		return f
	}
	switch {
	case s.among(t, "INSERT", "UPDATE", "MERGE"):
		sh.adds, sh.modifies = true, true
		return f | verb
	case s.is(t, "DELETE"):
		sh.modifies = true
		return f | verb
	case s.among(t, "SELECT", "VALUES", "TABLE"):
		return f | verb
	}
	return f
}
