package filter

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// parsePattern reads the pattern of LIKE, or of ILIKE with fold. Where there is an escape, the character behind one
// stands for itself. Texts that follow each other come back as one, and so do runs of %.
func parsePattern(pattern string, escape rune, hasEscape, fold bool) (*Pattern, error) {
	p := &Pattern{Fold: fold}
	var text []byte
	flush := func() {
		if len(text) > 0 {
			p.Parts = append(p.Parts, PatternPart{Kind: Exactly, Text: string(text)})
			text = text[:0]
		}
	}
	for i := 0; i < len(pattern); {
		r, size := utf8.DecodeRuneInString(pattern[i:])
		char := pattern[i : i+size]
		i += size
		switch {
		case hasEscape && r == escape && (size > 1 || r < utf8.RuneSelf):
			if i == len(pattern) {
				return nil, fmt.Errorf("the pattern ends with its escape %s, want a character behind it", char)
			}
			_, size = utf8.DecodeRuneInString(pattern[i:])
			text = append(text, pattern[i:i+size]...)
			i += size
		case char == "%":
			flush()
			if n := len(p.Parts); n == 0 || p.Parts[n-1].Kind != AnyMany {
				p.Parts = append(p.Parts, PatternPart{Kind: AnyMany})
			}
		case char == "_":
			flush()
			p.Parts = append(p.Parts, PatternPart{Kind: AnyOne})
		default:
			text = append(text, char...)
		}
	}
	flush()
	return p, nil
}

// matcher is a pattern made ready to match with. One of only texts and % is matched by looking for the texts, any other
// character by character.
type matcher struct {
	byText         bool
	prefix, suffix []byte
	open           bool     // there is a %; else the text is prefix
	middle         [][]byte // between two % each

	chars []rune // characters as char and foldChar return them, or one of the two below
	fold  bool
}

// What stands for a wildcard among a matcher's characters.
const (
	anyOne  rune = -1
	anyMany rune = -2
)

func newMatcher(p *Pattern) *matcher {
	m := &matcher{fold: p.Fold}
	// A text that is no UTF-8 might be found inside of a character.
	m.byText = !p.Fold
	for _, part := range p.Parts {
		if part.Kind == AnyOne || !utf8.ValidString(part.Text) {
			m.byText = false
		}
	}
	if m.byText {
		var text []byte
		for _, part := range p.Parts {
			if part.Kind == Exactly {
				text = append(text, part.Text...)
				continue
			}
			switch {
			case !m.open:
				m.prefix, m.open = text, true
			case len(text) > 0:
				m.middle = append(m.middle, text)
			}
			text = nil
		}
		if m.open {
			m.suffix = text
		} else {
			m.prefix = text
		}
		return m
	}
	for _, part := range p.Parts {
		switch part.Kind {
		case AnyOne:
			m.chars = append(m.chars, anyOne)
		case AnyMany:
			m.chars = append(m.chars, anyMany)
		default:
			for text := []byte(part.Text); len(text) > 0; {
				c, size := char(text)
				if p.Fold {
					c = foldChar(c)
				}
				m.chars = append(m.chars, c)
				text = text[size:]
			}
		}
	}
	return m
}

// char returns the first character of b and its size. A byte that is not part of a character is a character of its own,
// beyond all of Unicode.
func char(b []byte) (rune, int) {
	if b[0] < utf8.RuneSelf {
		return rune(b[0]), 1
	}
	r, size := utf8.DecodeRune(b)
	if size == 1 {
		r = unicode.MaxRune + 1 + rune(b[0])
	}
	return r, size
}

// foldChar returns the smallest of the characters that differ from c in case alone: K for k and for the Kelvin sign.
func foldChar(c rune) rune {
	switch {
	case 'a' <= c && c <= 'z':
		return c - ('a' - 'A')
	case c < utf8.RuneSelf || c > unicode.MaxRune:
		return c
	}
	for {
		next := unicode.SimpleFold(c)
		if next <= c {
			return next
		}
		c = next
	}
}

func (m *matcher) match(b []byte) bool {
	if !m.byText {
		return m.matchChars(b)
	}
	if !m.open {
		return bytes.Equal(b, m.prefix)
	}
	if len(b) < len(m.prefix)+len(m.suffix) || !bytes.HasPrefix(b, m.prefix) || !bytes.HasSuffix(b, m.suffix) {
		return false
	}
	b = b[len(m.prefix) : len(b)-len(m.suffix)]
	for _, text := range m.middle {
		i := bytes.Index(b, text)
		if i < 0 {
			return false
		}
		b = b[i+len(text):]
	}
	return true
}

// matchChars goes through text and pattern side by side. Where they part, the last % takes one character more; those in
// front of it need not be tried again, so that the time is at most that of length times length.
func (m *matcher) matchChars(b []byte) bool {
	i, p := 0, 0         // in the text and in the pattern
	many, again := -1, 0 // where the last % stands in the pattern, and where the text goes on behind it
	for i < len(b) {
		c, size := rune(b[i]), 1
		switch {
		case c >= utf8.RuneSelf:
			if c, size = char(b[i:]); m.fold {
				c = foldChar(c)
			}
		case m.fold && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		switch {
		case p < len(m.chars) && m.chars[p] == anyMany:
			many, again = p, i
			p++
			if p == len(m.chars) {
				return true
			}
		case p < len(m.chars) && (m.chars[p] == c || m.chars[p] == anyOne):
			i += size
			p++
		case many >= 0:
			_, size := char(b[again:])
			again += size
			i, p = again, many+1
		default:
			return false
		}
	}
	for p < len(m.chars) && m.chars[p] == anyMany {
		p++
	}
	return p == len(m.chars)
}
