package table

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Pack writes the file. The authorities are kept in the order given, which is the order of preference; a row of another
// authority is an error, as are two rows with one code. Equal input gives equal bytes.
func Pack(rows []Row, authorities []string, datums string) ([]byte, error) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(slices.Index(authorities, a.Authority), slices.Index(authorities, b.Authority)),
			cmp.Compare(a.Code, b.Code))
	})
	p := packer{known: make(map[string]int), templates: make(map[string]int)}
	h := head{}
	for i, r := range rows {
		if strings.ContainsAny(r.WKT, places+"\n\x00") {
			return nil, fmt.Errorf("%s:%d: control character in the definition", r.Authority, r.Code)
		}
		if !slices.Contains(authorities, r.Authority) {
			return nil, fmt.Errorf("%s:%d: authority, want one of %q", r.Authority, r.Code, authorities)
		}
		if n := len(h.authorities); n == 0 || h.authorities[n-1].name != r.Authority {
			h.authorities = append(h.authorities, authority{name: r.Authority, first: i})
		}
		a := &h.authorities[len(h.authorities)-1]
		if n := len(a.codes); n > 0 && a.codes[n-1] == r.Code {
			return nil, fmt.Errorf("%s:%d: listed twice", r.Authority, r.Code)
		}
		a.codes = append(a.codes, r.Code)
		if _, ok := p.known[r.WKT]; !ok && r.WKT != "" {
			p.known[r.WKT] = i
		}
		p.texts = append(p.texts, r.WKT)
	}
	h.rows = len(rows)
	for _, r := range rows {
		p.hide(r.WKT)
	}
	h.hidden = len(p.texts) - h.rows

	var keys []byte
	var blocks [][]byte
	for i, text := range p.texts {
		if i%blockRows == 0 && i > 0 {
			blocks = append(blocks, p.flush())
		}
		code := 0
		if i < len(rows) {
			code = rows[i].Code
			keys = binary.LittleEndian.AppendUint16(keys, rows[i].Key)
		}
		p.add(i, code, text)
	}
	blocks = append(blocks, p.flush())

	out := []byte(magic)
	var err error
	for _, section := range append([][]byte{h.append(nil), []byte(strings.Join(p.list, "\n")), keys, []byte(datums)}, blocks...) {
		if out, err = appendSection(out, section); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type packer struct {
	texts     []string
	known     map[string]int // text -> row
	templates map[string]int
	list      []string
	lines     [streams][]string
}

func (p *packer) flush() []byte {
	var all []string
	for s := range p.lines {
		all = append(all, strings.Join(p.lines[s], "\n"))
		p.lines[s] = nil
	}
	return []byte(strings.Join(all, "\x00"))
}

// bases are the keywords of systems that other systems contain.
var bases = []string{"GEOGCS", "PROJCS"}

// base returns the base system that begins at byte i of text, or "".
func base(text string, i int) string {
	if i == 0 || text[i-1] != ',' {
		return ""
	}
	for _, word := range bases {
		if strings.HasPrefix(text[i:], word+"[") {
			return text[i : i+balanced(text[i:])]
		}
	}
	return ""
}

// balanced returns the length of the keyword and its brackets with which s begins.
func balanced(s string) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// hide appends the base systems of text that are not rows yet.
func (p *packer) hide(text string) {
	for i := range text {
		b := base(text, i)
		if b == "" {
			continue
		}
		if _, ok := p.known[b]; !ok {
			p.known[b] = len(p.texts)
			p.texts = append(p.texts, b)
		}
	}
}

// varying are the keywords whose strings differ from system to system; those of others stay in the template.
var varying = map[string]bool{
	"GEOGCS": true, "GEOCCS": true, "PROJCS": true, "COMPD_CS": true, "VERT_CS": true, "DATUM": true, "VERT_DATUM": true,
	"SPHEROID": true, "PRIMEM": true, "GEOGCRS": true, "ELLIPSOID": true, "AREA": true, "ABRIDGEDTRANSFORMATION": true,
}

// add appends a row to the streams.
func (p *packer) add(row, code int, text string) {
	e := encoder{own: strconv.Itoa(code)}
	references := 0
	for i := 0; i < len(text); {
		b := base(text, i)
		if at := p.known[b]; b != "" && at != row {
			e.template = append(e.template, placeRow)
			p.lines[streamRows] = append(p.lines[streamRows], strconv.Itoa(at))
			if rest, ok := strings.CutPrefix(e.name, rootName(b)+" / "); ok && references == 0 {
				e.name = string(rune(sameName)) + rest
			}
			references++
			i += len(b)
			continue
		}
		i += e.token(text[i:], &p.lines)
	}
	p.lines[streamNames] = append(p.lines[streamNames], e.name)
	id, ok := p.templates[string(e.template)]
	if !ok {
		id = len(p.list)
		p.templates[string(e.template)] = id
		p.list = append(p.list, string(e.template))
	}
	p.lines[streamTemplates] = append(p.lines[streamTemplates], strconv.Itoa(id))
}

// An encoder turns one text into its template.
type encoder struct {
	own      string // the row's code
	template []byte
	name     string
	named    bool
	word     string // the last keyword
}

// token takes the first token of s and returns its length.
func (e *encoder) token(s string, lines *[streams][]string) int {
	switch c := s[0]; {
	case c == '"':
		n := 1 + strings.IndexByte(s[1:], '"') + 1
		text := s[1 : n-1]
		place := byte(0)
		switch {
		case !e.named:
			e.named, e.name, place = true, text, placeName
		case text == e.own:
			place = placeCode
		case varying[e.word], e.word == "AUTHORITY" && strings.Trim(text, "0123456789") == "":
			place = placeString
			lines[streamStrings] = append(lines[streamStrings], text)
		}
		if place == 0 {
			e.template = append(e.template, s[:n]...)
		} else {
			e.template = append(e.template, '"', place, '"')
		}
		return n
	case c == '-' || c >= '0' && c <= '9':
		n := 1
		for n < len(s) && strings.IndexByte("0123456789.eE+-", s[n]) >= 0 {
			n++
		}
		// The factor of a unit goes with its name, so it stays in the template.
		if e.word == "UNIT" {
			e.template = append(e.template, s[:n]...)
			return n
		}
		e.template = append(e.template, placeNumber)
		lines[streamNumbers] = append(lines[streamNumbers], s[:n])
		return n
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		n := 1
		for n < len(s) && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || s[n] == '_' || s[n] >= '0' && s[n] <= '9') {
			n++
		}
		e.word = s[:n]
		e.template = append(e.template, e.word...)
		return n
	}
	e.template = append(e.template, s[0])
	return 1
}
