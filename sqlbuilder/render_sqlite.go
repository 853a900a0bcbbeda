package sqlbuilder

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// What SQLite is asked for is true of every row for which the filter is, whatever stands in the columns; see readValue in
// package gpkg for what is made of it. The order of values in SQLite is null, numbers, texts, blobs, which indexes follow,
// too: x >= '' are the texts and blobs in a column of numbers, t >= x'' the blobs in one of texts. So
//
//   - a number that is wanted may stand in a column of numbers as a text that SQLite does not take for a number ("inf");
//   - a text that is wanted may stand in a column of texts as a blob. A number cannot: SQLite turns it into a text.

// maxDepth is how deep conditions may be nested. SQLite refuses 1000 levels.
const maxDepth = 100

// superset adds a condition that is true wherever n is true; an exact one is true nowhere else. It stands in parentheses
// unless it binds closer than AND.
func (r *renderer) superset(n *filter.Node, depth int) (exact, ok bool) {
	if depth > maxDepth {
		return false, false
	}
	switch {
	case n.Op == filter.And, n.Op == filter.Or:
		op := " AND "
		if n.Op == filter.Or {
			op = " OR "
		}
		exact = true
		r.write("(")
		ok = r.joined(len(n.Args), op, func(i int) bool {
			e, ok := r.superset(n.Args[i], depth+1)
			exact = exact && e
			return ok
		})
		r.write(")")
		return exact, ok
	case n.Op == filter.Literal && n.Type <= filter.Bool:
		if n.Value.Bool() {
			r.write("1")
		} else { // or null
			r.write("0")
		}
		return true, true
	case n.Op == filter.Not && n.Args[0].Op == filter.In:
		return r.sqliteIn(n.Args[0], true)
	case n.Op == filter.In:
		return r.sqliteIn(n, false)
	case isComparison(n.Op):
		return r.sqliteComparison(n)
	case n.Op == filter.Like:
		return false, r.sqliteLike(n)
	case n.Op == filter.IsNull, n.Op == filter.IsNotNull:
		return r.sqliteIsNull(n)
	}
	return false, false
}

// sqliteColumn is what is to be known of a column to compare it.
type sqliteColumn struct {
	name     string
	typ      filter.Type // Int, Float or Text
	affinity affinity
	fid      bool // never null, and always an integer
}

// sqliteColumn returns the column that n stands for, and false if nothing can be told of what it holds.
func (r *renderer) sqliteColumn(n *filter.Node) (sqliteColumn, bool) {
	switch n.Op {
	case filter.FIDValue:
		c := sqliteColumn{r.t.FID, filter.Int, integerAffinity, true}
		return c, r.t.FID != "" && !r.t.View
	case filter.FieldValue:
		declared := r.t.columnType(n.Field)
		c := sqliteColumn{name: r.t.Schema.Fields[n.Field].Name, typ: n.Type, affinity: affinityOf(declared)}
		switch n.Type {
		case filter.Int, filter.Float:
			return c, declared != "" && c.affinity >= integerAffinity
		case filter.Text:
			return c, declared != "" && c.affinity == textAffinity
		}
	}
	return sqliteColumn{}, false
}

// compares tells whether SQLite compares what the column holds with the number as the program does.
func (c sqliteColumn) compares(lit *filter.Node) bool {
	switch {
	case lit.Type == filter.Int && c.affinity == realAffinity:
		n := lit.Value.Int() // to look it up in an index, SQLite turns it into a real
		return n >= -exactFloat && n <= exactFloat
	case lit.Type == filter.Int && c.typ == filter.Int:
		return true
	case lit.Type == filter.Float && c.typ == filter.Float:
		f := math.Abs(lit.Value.Float())
		if c.affinity == realAffinity {
			return !math.IsNaN(f)
		}
		return f < exactFloat // an integer beyond is read as the nearest real
	}
	return false
}

func (r *renderer) number(lit *filter.Node) {
	if lit.Type == filter.Int {
		r.int(lit.Value.Int())
	} else {
		r.float(lit.Value.Float())
	}
}

// orStray adds a condition on columns of numbers, or what stands in one of them as text; on a column of texts, or what
// stands in it as a blob.
func (r *renderer) orStray(condition func(), columns ...sqliteColumn) {
	columns = slices.DeleteFunc(columns, func(c sqliteColumn) bool { return c.fid })
	if len(columns) == 0 {
		condition()
		return
	}
	r.write("(")
	condition()
	for _, c := range columns {
		r.write(" OR ")
		r.ident(c.name)
		if c.typ == filter.Text {
			r.write(" >= x''")
		} else {
			r.write(" >= ''")
		}
	}
	r.write(")")
}

func (r *renderer) sqliteComparison(n *filter.Node) (exact, ok bool) {
	op, a, b := sides(n)
	c, ok := r.sqliteColumn(a)
	if !ok {
		return false, false
	}
	if b.Op != filter.Literal {
		return false, r.sqliteColumns(op, c, b)
	}
	if b.IsNullLiteral() {
		r.write("0")
		return true, true
	}
	if c.typ == filter.Text {
		return false, r.sqliteText(op, c, b)
	}
	op, b, v := alike(op, a, b)
	switch v {
	case never:
		// A column of reals may hold more than the reader makes of it, but no real that the integer could be equal to.
		r.write("0")
		return true, true
	case always:
		r.ident(c.name)
		r.write(" IS NOT NULL")
		return c.fid, true
	}
	if !c.compares(b) {
		return false, false
	}
	condition := func() {
		r.ident(c.name)
		r.write(operators[op])
		r.number(b)
	}
	switch op {
	case filter.Eq, filter.Lt, filter.Le:
		r.orStray(condition, c)
	default: // texts and blobs are greater than numbers
		condition()
	}
	return c.fid, true
}

// sqliteColumns compares two columns of numbers.
func (r *renderer) sqliteColumns(op filter.Op, a sqliteColumn, n *filter.Node) bool {
	b, ok := r.sqliteColumn(n)
	if !ok || a.typ == filter.Text || b.typ == filter.Text {
		return false
	}
	for _, c := range [...]sqliteColumn{a, b} {
		if c.typ == filter.Float && c.affinity != realAffinity {
			return false
		}
	}
	r.orStray(func() {
		r.ident(a.name)
		r.write(operators[op])
		r.ident(b.name)
	}, a, b)
	return true
}

func (r *renderer) sqliteText(op filter.Op, c sqliteColumn, lit *filter.Node) bool {
	if lit.Type != filter.Text {
		return false
	}
	text := lit.Value.Text()
	switch op {
	case filter.Eq:
		return r.sqliteTexts(c, []string{text}, false)
	case filter.Ne:
		return r.sqliteTexts(c, []string{text}, true)
	}
	// Bytes that are not UTF-8 are read as U+FFFD. Where such a text differs from the constant before, that decides. Else
	// U+FFFD stands against a character of the constant, or its end: it is greater than those that begin with a byte up to
	// 0xEE, and all such bytes are greater than ASCII.
	if r.t.NotUTF8 || !utf8.ValidString(text) {
		return false
	}
	limit := byte(0x80)
	if op == filter.Lt || op == filter.Le {
		limit = 0xEF
	}
	for i := range len(text) {
		if text[i] >= limit {
			return false
		}
	}
	condition := func() {
		r.ident(c.name)
		r.write(" COLLATE BINARY", operators[op])
		r.text(text)
	}
	if op == filter.Lt || op == filter.Le {
		r.orStray(condition, c)
	} else {
		condition()
	}
	return true
}

// sqliteTexts asks for one of the texts, or for none of them.
func (r *renderer) sqliteTexts(c sqliteColumn, texts []string, none bool) bool {
	r.ident(c.name)
	r.write(" COLLATE BINARY")
	if none {
		r.write(" NOT")
	}
	r.write(" IN (")
	for i, s := range texts {
		if !utf8.ValidString(s) || !none && strings.ContainsRune(s, utf8.RuneError) {
			return false
		}
		if i > 0 {
			r.write(", ")
		}
		r.text(s)
		r.write(", ")
		r.bytes([]byte(s))
	}
	r.write(")")
	return true
}

func (r *renderer) sqliteIn(n *filter.Node, not bool) (exact, ok bool) {
	c, ok := r.sqliteColumn(n.Args[0])
	if !ok {
		return false, false
	}
	var numbers []*filter.Node
	var texts []string
	for _, lit := range n.Args[1:] {
		switch {
		case lit.Op != filter.Literal:
			return false, false
		case lit.IsNullLiteral():
			if not { // in no case true
				r.write("0")
				return true, true
			}
		case c.typ == filter.Text && lit.Type == filter.Text:
			texts = append(texts, lit.Value.Text())
		case c.typ == filter.Text:
			return false, false
		default:
			_, lit, v := alike(filter.Eq, n.Args[0], lit)
			switch {
			case v == never, lit.Type == filter.Float && math.IsNaN(lit.Value.Float()):
			case !c.compares(lit):
				return false, false
			default:
				numbers = append(numbers, lit)
			}
		}
	}
	switch {
	case len(numbers) == 0 && len(texts) == 0 && not:
		// True where the value is not null, or everywhere if the list is empty.
		if len(n.Args) == 1 {
			r.write("1")
			return true, true
		}
		r.ident(c.name)
		r.write(" IS NOT NULL")
		return c.fid, true
	case len(numbers) == 0 && len(texts) == 0:
		r.write("0")
		return true, true
	case c.typ == filter.Text:
		return false, r.sqliteTexts(c, texts, not)
	}
	condition := func() {
		r.ident(c.name)
		if not {
			r.write(" NOT")
		}
		r.write(" IN (")
		for i, lit := range numbers {
			if i > 0 {
				r.write(", ")
			}
			r.number(lit)
		}
		r.write(")")
	}
	if not {
		condition()
	} else {
		r.orStray(condition, c)
	}
	return c.fid, true
}

// sqliteLike asks for texts that begin with what stands before the pattern's first wildcard.
func (r *renderer) sqliteLike(n *filter.Node) bool {
	c, ok := r.sqliteColumn(n.Args[0])
	p := n.Pattern
	if !ok || c.typ != filter.Text || p.Fold || len(p.Parts) == 0 || p.Parts[0].Kind != filter.Exactly {
		return false
	}
	prefix := p.Parts[0].Text
	if len(p.Parts) == 1 {
		return r.sqliteTexts(c, []string{prefix}, false)
	}
	end, ok := afterPrefix(prefix)
	if !ok || r.t.NotUTF8 || strings.ContainsRune(prefix, utf8.RuneError) {
		return false
	}
	r.orStray(func() {
		r.ident(c.name)
		r.write(" COLLATE BINARY >= ")
		r.text(prefix)
		r.write(" AND ")
		r.ident(c.name)
		r.write(" COLLATE BINARY < ")
		r.text(end)
	}, c)
	return true
}

// afterPrefix returns the least text, by code point, that is greater than all that begin with the prefix.
func afterPrefix(prefix string) (string, bool) {
	last, size := utf8.DecodeLastRuneInString(prefix)
	if !utf8.ValidString(prefix) || size == 0 || last == utf8.MaxRune {
		return "", false
	}
	if last++; last == 0xD800 { // the surrogates are no characters
		last = 0xE000
	}
	return prefix[:len(prefix)-size] + string(last), true
}

func (r *renderer) sqliteIsNull(n *filter.Node) (exact, ok bool) {
	a := n.Args[0]
	switch a.Op {
	case filter.FIDValue:
		if r.t.FID == "" {
			return false, false
		}
		if n.Op == filter.IsNull {
			r.write("0")
		} else {
			r.write("1")
		}
		return true, true
	case filter.FieldValue:
	default:
		return false, false
	}
	if r.t.columnType(a.Field) == "" {
		return false, false
	}
	name := r.t.Schema.Fields[a.Field].Name
	if n.Op == filter.IsNotNull {
		r.ident(name)
		r.write(" IS NOT NULL")
		return false, true
	}
	var read string // the types that are never read as null
	switch f := r.t.Schema.Fields[a.Field]; f.Type {
	case feature.Integer, feature.Integer64:
		read = "'integer'"
	case feature.Real:
		read = "'integer', 'real'"
	case feature.String:
		read = "'integer', 'real', 'text'"
	case feature.Binary:
		read = "'integer', 'real', 'text', 'blob'"
	default:
		return false, false
	}
	r.write("typeof(")
	r.ident(name)
	r.write(") NOT IN (", read, ")")
	return false, true
}
