package filter

import (
	"unicode"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
)

// compileText turns a node of type Text, or a NULL, into a function.
func compileText(n *Node) textFunc {
	if n.Type != Text {
		return nullOf[[]byte]
	}
	if f := compileLeaf(n, readText); f != nil {
		return f
	}
	if f := compileShared(n, compileText); f != nil {
		return f
	}
	switch n.Op {
	case GeomTypeName:
		return compileTypeName(n)
	case GeomWKT:
		return compileWKT(n)
	case Concat:
		x, y := compileText(n.Args[0]), compileText(n.Args[1])
		return func(e *env) ([]byte, bool) {
			a, ok := x(e)
			if !ok {
				return nil, false
			}
			b, ok := y(e)
			if !ok {
				return nil, false
			}
			start := len(e.buf)
			e.buf = append(append(e.buf, a...), b...)
			return e.buf[start:], true
		}
	case Lower:
		return compileCase(n, appendLower)
	case Upper:
		return compileCase(n, appendUpper)
	case Substr:
		return compileSubstr(n)
	case Cast:
		return compileCastText(n)
	}
	return nullOf[[]byte]
}

func compileCase(n *Node, add func(dst, text []byte) []byte) textFunc {
	text := compileText(n.Args[0])
	return func(e *env) ([]byte, bool) {
		b, ok := text(e)
		if !ok {
			return nil, false
		}
		start := len(e.buf)
		e.buf = add(e.buf, b)
		return e.buf[start:], true
	}
}

func appendLower(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		dst = appendChar(dst, unicode.ToLower(r), text[i:i+size])
		i += size
	}
	return dst
}

func appendUpper(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		dst = appendChar(dst, unicode.ToUpper(r), text[i:i+size])
		i += size
	}
	return dst
}

// appendChar adds r, or the byte that it stood for where that was not UTF-8.
func appendChar(dst []byte, r rune, was []byte) []byte {
	if len(was) == 1 {
		return append(dst, was[0])
	}
	return utf8.AppendRune(dst, r)
}

// countChars returns the number of characters. A byte that is not part of one counts as one.
func countChars(b []byte) int { return utf8.RuneCount(b) }

// cutChars returns the first n characters.
func cutChars(b []byte, n int64) []byte { return b[:skipChars(b, n)] }

// skipChars returns where the first n characters end, or all if there are not as many.
func skipChars(b []byte, n int64) int {
	if n >= int64(len(b)) {
		return len(b)
	}
	i := 0
	for ; n > 0 && i < len(b); n-- {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRune(b[i:])
		i += size
	}
	return i
}

func compileSubstr(n *Node) textFunc {
	text, from := compileText(n.Args[0]), compileInt(n.Args[1])
	var length intFunc
	if len(n.Args) > 2 {
		length = compileInt(n.Args[2])
	}
	return func(e *env) ([]byte, bool) {
		b, ok := text(e)
		if !ok {
			return nil, false
		}
		start, ok := from(e)
		if !ok {
			return nil, false
		}
		if length == nil {
			if start < 0 {
				start += int64(countChars(b)) + 1
			}
			start = max(start, 1) // what lies in front of the first one is no matter
			return b[skipChars(b, start-1):], true
		}
		count, ok := length(e)
		if !ok || count < 0 {
			return nil, false
		}
		return substr(b, start, count), true
	}
}

// substr returns count characters from start, of which 1 is the first and -1 the last. What lies in front of the first
// one counts, too, as with SQLite: substr("abc", 0, 2) is "a".
func substr(b []byte, start, count int64) []byte {
	switch {
	case start > 0:
		start--
	case start == 0:
		count = max(count-1, 0)
	default:
		if start += int64(countChars(b)); start < 0 {
			count = max(count+start, 0)
			start = 0
		}
	}
	return cutChars(b[skipChars(b, start):], count)
}

// geomTypeNames are the names of the base types.
var geomTypeNames = func() (names [feature.Triangle + 1][]byte) {
	for t := range names {
		names[t] = []byte(feature.GeomType(t).Name())
	}
	return names
}()

// compileTypeName returns OGR_GEOMETRY.
func compileTypeName(n *Node) textFunc {
	geom := n.Geom
	return func(e *env) ([]byte, bool) {
		w := e.f.Geoms[geom]
		if w == nil {
			return nil, false
		}
		t, err := w.Type()
		if err != nil {
			e.fail(err)
			return nil, false
		}
		return geomTypeNames[t.Base()], true
	}
}

// compileWKT returns OGR_GEOM_WKT.
func compileWKT(n *Node) textFunc {
	geom := n.Geom
	return func(e *env) ([]byte, bool) {
		w := e.f.Geoms[geom]
		if w == nil {
			return nil, false
		}
		start := len(e.buf)
		buf, err := feature.AppendWKT(e.buf, w)
		if err != nil {
			e.fail(err)
			return nil, false
		}
		e.buf = buf
		return buf[start:], true
	}
}
