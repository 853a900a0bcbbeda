package table

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Table unpacks what Pack wrote, each part when it is first asked for. It is safe for concurrent use. What was once
// unpacked is kept: a megabyte and a half if everything is asked for.
type Table struct {
	sections func() [][]byte
	head     func() *head
	template func() []string
	keys     func() string
	datums   func() string
	mu       sync.Mutex
	blocks   []*block // by number, nil while packed
}

// Open returns the table in data, which is read later and must not change. Damaged data panics when it is reached.
func Open(data string) *Table {
	t := new(Table)
	t.sections = sync.OnceValue(func() [][]byte { return split(data) })
	section := func(i int) func() string {
		return sync.OnceValue(func() string { return inflate(t.sections()[i]) })
	}
	t.head = sync.OnceValue(func() *head {
		h := new(head)
		h.read([]byte(inflate(t.sections()[0])))
		return h
	})
	t.template = sync.OnceValue(func() []string { return strings.Split(inflate(t.sections()[1]), "\n") })
	t.keys = section(2)
	t.datums = section(3)
	return t
}

const fixedSections = 4

func split(data string) [][]byte {
	rest, ok := strings.CutPrefix(data, magic)
	if !ok {
		panic("srs: embedded table: no " + magic)
	}
	b := []byte(rest)
	var out [][]byte
	for len(b) > 0 {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			panic("srs: embedded table: short section")
		}
		out = append(out, b[w:w+int(n)])
		b = b[w+int(n):]
	}
	return out
}

// Len is the number of rows that have a code: rows 0 to Len()-1.
func (t *Table) Len() int { return t.head().rows }

// Authorities returns the names of the authorities in order of preference.
func (t *Table) Authorities() []string {
	var names []string
	for _, a := range t.head().authorities {
		names = append(names, a.name)
	}
	return names
}

// Find returns the row of a code. The authority's case does not matter.
func (t *Table) Find(authority string, code int) (row int, ok bool) {
	for _, a := range t.head().authorities {
		if strings.EqualFold(a.name, authority) {
			i, ok := slices.BinarySearch(a.codes, code)
			return a.first + i, ok
		}
	}
	return 0, false
}

// Codes returns the codes of an authority in ascending order, or nil. The slice is the caller's.
func (t *Table) Codes(authority string) []int {
	for _, a := range t.head().authorities {
		if strings.EqualFold(a.name, authority) {
			return slices.Clone(a.codes)
		}
	}
	return nil
}

// Code returns the authority and code of a row.
func (t *Table) Code(row int) (authority string, code int) {
	for _, a := range t.head().authorities {
		if i := row - a.first; i < len(a.codes) {
			return a.name, a.codes[i]
		}
	}
	return "", 0 // a hidden row
}

// WithKey returns the rows that have a key, in order.
func (t *Table) WithKey(key uint16) []int {
	keys := t.keys()
	var rows []int
	for i := 0; i+1 < len(keys); i += 2 {
		if uint16(keys[i])|uint16(keys[i+1])<<8 == key {
			rows = append(rows, i/2)
		}
	}
	return rows
}

// Datums returns the text for crs.NewDatums.
func (t *Table) Datums() string { return t.datums() }

// WKT returns the definition of a row and its name.
func (t *Table) WKT(row int) (wkt, name string) {
	var b strings.Builder
	b.Grow(1024)
	t.write(&b, row)
	wkt = b.String()
	return wkt, rootName(wkt)
}

// rootName is the first string of a definition.
func rootName(wkt string) string {
	_, rest, _ := strings.Cut(wkt, `"`)
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

// write appends the text of a row. It recurses into base systems, of which there are two levels at most.
func (t *Table) write(b *strings.Builder, row int) {
	r := t.block(row / blockRows).row(row % blockRows)
	_, code := t.Code(row)
	for s := r.template; ; {
		i := strings.IndexAny(s, places)
		if i < 0 {
			b.WriteString(s)
			return
		}
		b.WriteString(s[:i])
		switch s[i] {
		case placeName:
			b.WriteString(t.name(r))
		case placeString:
			b.WriteString(r.strings[0])
			r.strings = r.strings[1:]
		case placeNumber:
			b.WriteString(r.numbers[0])
			r.numbers = r.numbers[1:]
		case placeCode:
			b.WriteString(strconv.Itoa(code))
		case placeRow:
			t.write(b, atoi(r.rows[0]))
			r.rows = r.rows[1:]
		}
		s = s[i+1:]
	}
}

// name returns the name of a row's system. It must be called before the row's references are used up: the name comes first
// in every definition.
func (t *Table) name(r row) string {
	rest, short := strings.CutPrefix(r.name, string(rune(sameName)))
	if !short {
		return r.name
	}
	at := atoi(r.rows[0])
	return t.name(t.block(at/blockRows).row(at%blockRows)) + " / " + rest
}

func atoi(s string) int {
	i, err := strconv.Atoi(s)
	if err != nil {
		panic("srs: embedded table: " + err.Error())
	}
	return i
}

// A block is the streams of blockRows rows. Rows have different numbers of lines in three of them.
type block struct {
	names, rows, numbers, strings []string
	templates                     []string
	starts                        [][3]int // of each row in rows, numbers and strings
}

// A row is the lines of one row.
type row struct {
	template, name         string
	rows, numbers, strings []string
}

func (b *block) row(i int) row {
	s := b.starts[i]
	return row{b.templates[i], b.names[i], b.rows[s[0]:], b.numbers[s[1]:], b.strings[s[2]:]}
}

func (t *Table) block(n int) *block {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.blocks == nil {
		t.blocks = make([]*block, len(t.sections())-fixedSections)
	}
	if t.blocks[n] == nil {
		t.blocks[n] = readBlock(inflate(t.sections()[fixedSections+n]), t.template())
	}
	return t.blocks[n]
}

func readBlock(text string, templates []string) *block {
	s := strings.Split(text, "\x00")
	lines := func(i int) []string { return strings.Split(s[i], "\n") }
	b := &block{names: lines(streamNames), rows: lines(streamRows), numbers: lines(streamNumbers), strings: lines(streamStrings)}
	type places [3]int
	counted := make(map[string]places)
	var at places
	for _, id := range lines(streamTemplates) {
		tmpl := templates[atoi(id)]
		c, ok := counted[id]
		if !ok {
			c = places{
				strings.Count(tmpl, string(rune(placeRow))),
				strings.Count(tmpl, string(rune(placeNumber))),
				strings.Count(tmpl, string(rune(placeString))),
			}
			counted[id] = c
		}
		b.templates = append(b.templates, tmpl)
		b.starts = append(b.starts, at)
		for i := range at {
			at[i] += c[i]
		}
	}
	return b
}
