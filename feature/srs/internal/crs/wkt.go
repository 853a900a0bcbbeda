package crs

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	// MaxBytes bounds the text that Parse takes. The longest definition in the EPSG dataset has some 6,000 bytes; a
	// megabyte leaves room for any remark while a hostile file cannot make the tree large.
	MaxBytes = 1 << 20
	// MaxDepth bounds nesting. WKT 2 nests about ten deep.
	MaxDepth = 64
)

// ArgKind says what an argument of a Node is.
type ArgKind uint8

// The kinds of argument.
const (
	Text   ArgKind = iota // a quoted string, without its quotes
	Number                // a number
	Symbol                // a bare word, such as EAST
	Child                 // a node of its own
)

// An Arg is one of the comma-separated arguments of a Node.
type Arg struct {
	Kind ArgKind
	Text string // of Text and Symbol; of Number as it was written
	Num  float64
	Node *Node
}

// A Node is KEYWORD[argument, ...].
type Node struct {
	Keyword    string // in upper case
	Args       []Arg
	Start, End int // the bytes of the text that the node spans, brackets included
}

// Parse reads the well-known text of one or more coordinate reference systems, WKT 1 or WKT 2, with square brackets or
// parentheses. More than one root is what ESRI writes for a horizontal and a vertical system: PROJCS[...],VERTCS[...].
//
// A byte order mark, white space anywhere between tokens, NULs at the end and keywords in any case are taken. The tree's
// strings point into s. Errors name the byte, what was found and what was expected.
func Parse(s string) ([]*Node, error) {
	if len(s) > MaxBytes {
		return nil, fmt.Errorf("text of %d bytes, want at most %d", len(s), MaxBytes)
	}
	p := parser{s: s}
	p.s = strings.TrimRight(p.s, "\x00 \t\r\n")
	if strings.HasPrefix(p.s, "\ufeff") {
		p.at = len("\ufeff")
	}
	var roots []*Node
	for {
		p.space()
		word := p.word()
		if word == "" {
			return nil, p.want("a keyword")
		}
		start := p.at - len(word)
		p.space()
		n, err := p.node(word, start, 0)
		if err != nil {
			return nil, err
		}
		roots = append(roots, n)
		p.space()
		if p.at == len(p.s) {
			return roots, nil
		}
		if p.s[p.at] != ',' {
			return nil, p.want("the end, or a comma and another system")
		}
		p.at++
	}
}

type parser struct {
	s  string
	at int
}

func (p *parser) want(what string) error {
	found := "the end of the text"
	if p.at < len(p.s) {
		rest := p.s[p.at:]
		if len(rest) > 12 {
			rest = rest[:12]
		}
		found = strconv.Quote(rest)
	}
	return fmt.Errorf("byte %d: %s, want %s", p.at, found, what)
}

func (p *parser) space() {
	for p.at < len(p.s) {
		switch p.s[p.at] {
		case ' ', '\t', '\r', '\n', '\v', '\f':
			p.at++
		default:
			return
		}
	}
}

// word takes a keyword or a bare symbol and returns "" where there is none.
func (p *parser) word() string {
	start := p.at
	for p.at < len(p.s) {
		c := p.s[p.at]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (p.at == start || c != '_' && (c < '0' || c > '9')) {
			break
		}
		p.at++
	}
	return p.s[start:p.at]
}

// node takes the bracketed arguments that follow a keyword. The recursion is bounded by MaxDepth.
func (p *parser) node(keyword string, start, depth int) (*Node, error) {
	if depth == MaxDepth {
		return nil, fmt.Errorf("byte %d: nested deeper than %d", start, MaxDepth)
	}
	n := &Node{Keyword: strings.ToUpper(keyword), Start: start}
	if p.at == len(p.s) || p.s[p.at] != '[' && p.s[p.at] != '(' {
		return nil, p.want("[ or ( after " + n.Keyword)
	}
	closing := byte(']')
	if p.s[p.at] == '(' {
		closing = ')'
	}
	p.at++
	for {
		p.space()
		a, err := p.arg(depth)
		if err != nil {
			return nil, err
		}
		n.Args = append(n.Args, a)
		p.space()
		if p.at < len(p.s) && p.s[p.at] == ',' {
			p.at++
			continue
		}
		if p.at < len(p.s) && p.s[p.at] == closing {
			p.at++
			n.End = p.at
			return n, nil
		}
		return nil, p.want("a comma or " + string(closing))
	}
}

func (p *parser) arg(depth int) (Arg, error) {
	if p.at == len(p.s) {
		return Arg{}, p.want("an argument")
	}
	switch c := p.s[p.at]; {
	case c == '"':
		text, err := p.quoted()
		return Arg{Kind: Text, Text: text}, err
	case c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	}
	start := p.at
	word := p.word()
	if word == "" {
		return Arg{}, p.want("a string, a number or a keyword")
	}
	p.space()
	if p.at < len(p.s) && (p.s[p.at] == '[' || p.s[p.at] == '(') {
		n, err := p.node(word, start, depth+1)
		return Arg{Kind: Child, Node: n}, err
	}
	return Arg{Kind: Symbol, Text: word}, nil
}

// quoted takes a string in which "" stands for one quote.
func (p *parser) quoted() (string, error) {
	start := p.at
	p.at++
	body, doubled := p.at, false
	for {
		i := strings.IndexByte(p.s[p.at:], '"')
		if i < 0 {
			p.at = start
			return "", p.want("a string that is closed")
		}
		p.at += i + 1
		if p.at == len(p.s) || p.s[p.at] != '"' {
			break
		}
		doubled = true
		p.at++
	}
	text := p.s[body : p.at-1]
	if doubled {
		text = strings.ReplaceAll(text, `""`, `"`)
	}
	return text, nil
}

// number takes a number. WKT 2 also has bare dates such as 2010-01-01, which stay symbols.
func (p *parser) number() (Arg, error) {
	start := p.at
	for p.at < len(p.s) {
		c := p.s[p.at]
		if c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == ':' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			p.at++
			continue
		}
		break
	}
	text := p.s[start:p.at]
	if strings.Trim(text, "0123456789+-.eE") == "" {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return Arg{Kind: Number, Text: text, Num: f}, nil
		}
	}
	if c := text[0]; c >= '0' && c <= '9' && strings.Count(text, "-") > 1 {
		return Arg{Kind: Symbol, Text: text}, nil
	}
	p.at = start
	return Arg{}, p.want("a finite number")
}

// Child returns the first child with one of the keywords, or nil. Child of a nil Node is nil.
func (n *Node) Child(keywords ...string) *Node {
	if n == nil {
		return nil
	}
	for _, a := range n.Args {
		if a.Kind != Child {
			continue
		}
		for _, k := range keywords {
			if a.Node.Keyword == k {
				return a.Node
			}
		}
	}
	return nil
}

// Name returns the first argument where it is a string, else "".
func (n *Node) Name() string {
	if n != nil && len(n.Args) > 0 && n.Args[0].Kind == Text {
		return n.Args[0].Text
	}
	return ""
}

// Num returns argument i as a number. WKT in the wild also has numbers in quotes, which are taken.
func (n *Node) Num(i int) (float64, bool) {
	if n == nil || i >= len(n.Args) {
		return 0, false
	}
	switch a := n.Args[i]; a.Kind {
	case Number:
		return a.Num, true
	case Text:
		f, err := strconv.ParseFloat(strings.TrimSpace(a.Text), 64)
		return f, err == nil && f-f == 0
	}
	return 0, false
}

// ID returns the authority and code that the node carries as AUTHORITY["EPSG","4326"] or ID["EPSG",4326], the authority
// in upper case. The last one counts: WKT 2 allows several. ok is false without one.
func (n *Node) ID() (authority string, code int, ok bool) {
	if n == nil {
		return "", 0, false
	}
	for _, a := range n.Args {
		if a.Kind != Child || a.Node.Keyword != "AUTHORITY" && a.Node.Keyword != "ID" || len(a.Node.Args) < 2 {
			continue
		}
		c, err := strconv.Atoi(strings.TrimSpace(a.Node.Args[1].Text))
		if name := a.Node.Name(); err == nil && name != "" && c > 0 {
			authority, code, ok = strings.ToUpper(name), c, true
		}
	}
	return authority, code, ok
}
