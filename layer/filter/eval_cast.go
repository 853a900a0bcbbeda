package filter

import (
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
)

func compileCastBool(n *Node) boolFunc {
	switch arg := n.Args[0]; arg.Type {
	case Bool:
		return compileBool(arg)
	case Int:
		v := compileInt(arg)
		return func(e *env) tri {
			i, ok := v(e)
			if !ok {
				return unknown
			}
			return truth(i != 0)
		}
	case Text:
		text := compileText(arg)
		return func(e *env) tri {
			b, ok := text(e)
			if !ok {
				return unknown
			}
			return textToBool(b)
		}
	}
	return always(unknown)
}

func compileCastInt(n *Node) intFunc {
	bits := n.Bits
	switch arg := n.Args[0]; arg.Type {
	case Bool:
		v := compileBool(arg)
		return func(e *env) (int64, bool) {
			t := v(e)
			return int64(truth(t == yes) - no), t != unknown
		}
	case Int:
		return unaryOf(n, compileInt, func(v int64) (int64, bool) { return v, inBits(v, bits) })
	case Float:
		return unaryOf(n, compileFloat, func(f float64) (int64, bool) {
			v, ok := floatToInt(f)
			return v, ok && inBits(v, bits)
		})
	case Text:
		return unaryOf(n, compileText, func(b []byte) (int64, bool) {
			v, ok := textToInt(b)
			return v, ok && inBits(v, bits)
		})
	}
	return nullOf[int64]
}

func compileCastFloat(n *Node) floatFunc {
	switch arg := n.Args[0]; arg.Type {
	case Bool:
		v := compileBool(arg)
		return func(e *env) (float64, bool) {
			t := v(e)
			return float64(truth(t == yes) - no), t != unknown
		}
	case Int:
		return unaryOf(n, compileInt, func(v int64) (float64, bool) { return float64(v), true })
	case Float:
		return compileFloat(arg)
	case Text:
		return unaryOf(n, compileText, textToFloat)
	}
	return nullOf[float64]
}

func compileCastStamp(n *Node) stampFunc {
	arg := n.Args[0]
	switch {
	case arg.Type == n.Type, n.Type == DateTime && arg.Type == Date:
		return compileStamp(arg)
	case n.Type == Date && arg.Type == DateTime:
		return unaryOf(n, compileStamp, func(s stamp) (stamp, bool) { return s.day(), true })
	case n.Type == Time && arg.Type == DateTime:
		return unaryOf(n, compileStamp, func(s stamp) (stamp, bool) { return s.clock(), true })
	case arg.Type != Text:
		return nullOf[stamp]
	}
	switch n.Type {
	case Date:
		return unaryOf(n, compileText, func(b []byte) (stamp, bool) {
			s, ok := textToDateTime(b)
			return s.day(), ok
		})
	case Time:
		return unaryOf(n, compileText, textToTime)
	}
	return unaryOf(n, compileText, textToDateTime)
}

func compileCastText(n *Node) textFunc {
	var text textFunc
	switch arg := n.Args[0]; arg.Type {
	case Bool:
		words := [...][]byte{no: []byte("false"), yes: []byte("true")}
		v := compileBool(arg)
		text = func(e *env) ([]byte, bool) {
			t := v(e)
			return words[t], t != unknown
		}
	case Int:
		text = printed(compileInt(arg), func(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) })
	case Float:
		text = printed(compileFloat(arg), feature.AppendReal)
	case Text:
		text = compileText(arg)
	case Date:
		text = printed(compileStamp(arg), func(dst []byte, s stamp) []byte { return appendDate(dst, s.micros) })
	case Time:
		text = printed(compileStamp(arg), func(dst []byte, s stamp) []byte { return appendClock(dst, s.micros) })
	case DateTime:
		text = printed(compileStamp(arg), appendDateTime)
	default:
		return nullOf[[]byte]
	}
	if n.Width <= 0 {
		return text
	}
	width := int64(n.Width)
	return func(e *env) ([]byte, bool) {
		b, ok := text(e)
		return cutChars(b, width), ok
	}
}

// printed returns the text of a value.
func printed[T any](arg getter[T], add func([]byte, T) []byte) textFunc {
	return func(e *env) ([]byte, bool) {
		v, ok := arg(e)
		if !ok {
			return nil, false
		}
		start := len(e.buf)
		e.buf = add(e.buf, v)
		return e.buf[start:], true
	}
}
