package sqlbuilder

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Launderer makes names that a store takes of any names, no two the same. It is for one table's columns, or one
// database's tables.
type Launderer struct {
	rule  func(string) string
	limit int
	size  func(string) int    // of a name, in what limit counts
	key   func(string) string // what is the same name for the store
	taken map[string]bool
}

// PostgreSQLNames makes names that need no quotes. Like OGR's LAUNDER=YES it turns letters of ASCII into lower case and ',
// - and # into underscores; it goes further with whatever else is not a letter, a digit or an underscore, and with
// characters beyond ASCII: a Latin letter loses its marks (é becomes e), others become underscores. A digit at the start,
// a word that PostgreSQL reserves and the name of a system column get an underscore in front. Names are cut at 63 bytes.
func PostgreSQLNames(taken ...string) *Launderer {
	l := &Launderer{
		rule: postgresName, limit: maxName, size: func(s string) int { return len(s) }, key: func(s string) string { return s },
	}
	return l.take(taken)
}

// CutNames keeps names as they are, but for NULs, for a store that takes any name of up to 63 bytes: PostgreSQL where
// names are quoted, with OGR's LAUNDER=NO.
func CutNames(taken ...string) *Launderer {
	l := PostgreSQLNames()
	l.rule = func(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "_"), "_") }
	return l.take(taken)
}

// DBFNames makes names for a DBF file: 10 bytes, cut at a character. encode returns how many bytes a name takes in the
// file's encoding; nil is UTF-8. Case is kept, but names that differ in case alone are the same.
func DBFNames(encodedLen func(string) int, taken ...string) *Launderer {
	if encodedLen == nil {
		encodedLen = func(s string) int { return len(s) }
	}
	l := &Launderer{
		rule: func(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "_"), "_") }, limit: 10,
		size: encodedLen, key: strings.ToUpper,
	}
	return l.take(taken)
}

func (l *Launderer) take(names []string) *Launderer {
	l.taken = map[string]bool{}
	for _, n := range names {
		l.taken[l.key(n)] = true
	}
	return l
}

// Name returns the name for s, which is then taken. Where another has it already, or would by being cut, _1, _2 and so on
// are put behind it.
func (l *Launderer) Name(s string) string {
	base := l.rule(s)
	if base == "" {
		base = "_"
	}
	name := l.cut(base, 0)
	for i := 1; name == "" || l.taken[l.key(name)]; i++ {
		suffix := "_" + strconv.Itoa(i)
		name = l.cut(base, len(suffix)) + suffix
	}
	l.taken[l.key(name)] = true
	return name
}

// Names returns the names for all of list, in its order. Names that need no change are given first, so that they keep
// theirs.
func (l *Launderer) Names(list []string) []string {
	names := make([]string, len(list))
	given := make([]bool, len(list))
	for i, s := range list {
		if l.rule(s) == s && s != "" && l.cut(s, 0) == s && !l.taken[l.key(s)] {
			names[i], given[i] = l.Name(s), true
		}
	}
	for i, s := range list {
		if !given[i] {
			names[i] = l.Name(s)
		}
	}
	return names
}

// cut cuts a name so that it and as many bytes more keep to the limit.
func (l *Launderer) cut(s string, more int) string {
	for l.size(s)+more > l.limit && s != "" {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

func postgresName(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c >= 'A' && c <= 'Z':
			b.WriteRune(c + 'a' - 'A')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_':
			b.WriteRune(c)
		default:
			if plain := withoutMarks(c); plain != "" {
				b.WriteString(plain)
			} else {
				b.WriteByte('_')
			}
		}
	}
	name := b.String()
	if reserved[name] || name != "" && name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// plainLetters are the ASCII letters that Latin letters with marks are written with.
var plainLetters = func() map[rune]string {
	m := map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ı': "i"}
	for plain, marked := range map[string]string{
		"a": "àáâãäåāăą", "c": "çćĉċč", "d": "ď", "e": "èéêëēĕėęě", "g": "ĝğġģ", "h": "ĥħ", "i": "ìíîïĩīĭį", "j": "ĵ", "k": "ķ",
		"l": "ĺļľ", "n": "ñńņň", "o": "òóôõöōŏő", "r": "ŕŗř", "s": "śŝşšș", "t": "ţťț", "u": "ùúûüũūŭůűų", "w": "ŵ", "y": "ýÿŷ",
		"z": "źżž",
	} {
		for _, c := range marked {
			m[c] = plain
		}
	}
	return m
}()

func withoutMarks(c rune) string { return plainLetters[unicode.ToLower(c)] }

// reserved are the key words that PostgreSQL 15 reserves (https://www.postgresql.org/docs/15/sql-keywords-appendix.html),
// and the names of the columns that every table has.
var reserved = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`all analyse analyze and any array as asc asymmetric authorization binary both case cast
		check collate collation column concurrently constraint create cross current_catalog current_date current_role
		current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except false
		fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
		leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps
		placing primary references returning right select session_user similar some symmetric table tablesample then to
		trailing true union unique user using variadic verbose when where window with
		tableoid xmin cmin xmax cmax ctid oid`) {
		m[w] = true
	}
	return m
}()
