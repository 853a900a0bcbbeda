package filter

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestParsePattern(t *testing.T) {
	text := func(s string) PatternPart { return PatternPart{Exactly, s} }
	one, many := PatternPart{Kind: AnyOne}, PatternPart{Kind: AnyMany}
	for _, test := range []struct {
		pattern string
		escape  rune // 0 is none
		want    []PatternPart
		err     string
	}{
		{"", 0, nil, ""},
		{"abc", 0, []PatternPart{text("abc")}, ""},
		{"a%b_c", 0, []PatternPart{text("a"), many, text("b"), one, text("c")}, ""},
		{"%%%__%%", 0, []PatternPart{many, one, one, many}, ""},
		{`a\%`, 0, []PatternPart{text(`a\`), many}, ""},
		{"a!%b", '!', []PatternPart{text("a%b")}, ""},
		{"!a!!!_%", '!', []PatternPart{text("a!_"), many}, ""},
		{"a%%%", '%', nil, "the pattern ends with its escape %"},
		{"%%_", '%', []PatternPart{text("%"), one}, ""},
		{"__%", '_', []PatternPart{text("_"), many}, ""},
		{"äß%", 'ä', []PatternPart{text("ß"), many}, ""},
		{"a!", '!', nil, "the pattern ends with its escape !, want a character behind it"},
		{"!", '!', nil, "the pattern ends with its escape !"},
		{"!\xff%", '!', []PatternPart{text("\xff"), many}, ""},
		{"\xff%", utf8.RuneError, []PatternPart{text("\xff"), many}, ""},
		{"\ufffd%", utf8.RuneError, []PatternPart{text("%")}, ""},
	} {
		p, err := parsePattern(test.pattern, test.escape, test.escape != 0, true)
		if err != nil {
			if test.err == "" || !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("%q: %v, want %q", test.pattern, err, test.err)
			}
			continue
		}
		same := len(p.Parts) == len(test.want) && p.Fold && test.err == ""
		for i := 0; same && i < len(p.Parts); i++ {
			same = p.Parts[i] == test.want[i]
		}
		if !same {
			t.Errorf("%q: %+v, want %+v, %q", test.pattern, p, test.want, test.err)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern string
		yes, no []string
	}{
		{"", []string{""}, []string{"a"}},
		{"abc", []string{"abc"}, []string{"", "ab", "abcd", "ABC"}},
		{"a%", []string{"a", "ab"}, []string{"", "ba"}},
		{"%a", []string{"a", "ba"}, []string{"", "ab"}},
		{"%", []string{"", "a", "\xff"}, nil},
		{"%b%", []string{"b", "abc"}, []string{"", "ac"}},
		{"ab%ba", []string{"abba", "abxba"}, []string{"aba", "ab"}},
		{"a%b%c", []string{"abc", "axbxc", "abbcc", "abcabc"}, []string{"ac", "acb", "abcb"}},
		{"%ab%ab%", []string{"abab", "xabxabx"}, []string{"aab", "ab"}},
		{"_", []string{"a", "ß", "漢", "\xff"}, []string{"", "ab", "\xff\xff"}},
		{"_%_", []string{"ab", "abc", "äö"}, []string{"", "ä"}},
		{"%_b", []string{"ab", "bb", "bbb", "äb"}, []string{"b", "ba"}},
		{"%a_c%", []string{"abc", "aabcc", "xaacx"}, []string{"ac", "abbc"}},
		{"\xc3%", []string{"\xc3", "\xc3x"}, []string{"ä", ""}}, // not the first byte of a character
		{"%\xa4", []string{"\xa4", "x\xa4"}, []string{"ä"}},
		{"%ä", []string{"ä", "\xe2ä"}, []string{"a", "\xc3\xa4x"}},
		{"\ufffd", []string{"\ufffd"}, []string{"\xff"}},
	} {
		for want, texts := range map[bool][]string{true: test.yes, false: test.no} {
			p, err := parsePattern(test.pattern, 0, false, false)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts {
				if got := newMatcher(p).match([]byte(text)); got != want {
					t.Errorf("%q LIKE %q: %v", text, test.pattern, got)
				}
			}
		}
	}
}

func TestMatchFold(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"ABC", "abc", true},
		{"abc", "ABC", true},
		{"a_C%", "AbcD", true},
		{"ÄÖÜ", "äöü", true},
		{"straße", "STRAẞE", true}, // the capital ß
		{"straße", "STRASSE", false},
		{"k", "\u212a", true}, // the Kelvin sign
		{"\u212a%", "Kilo", true},
		{"σ", "ς", true},
		{"i", "İ", false},
		{"[", "{", false},
		{"@", "`", false},
		{"\xe4", "\xc4", false},
		{"\xe4", "\xe4", true},
	} {
		p, _ := parsePattern(test.pattern, 0, false, true)
		if got := newMatcher(p).match([]byte(test.text)); got != test.want {
			t.Errorf("%q ILIKE %q: %v", test.text, test.pattern, got)
		}
	}
}

// TestMatchTime: many % must not make it try all the ways to share out the text.
func TestMatchTime(t *testing.T) {
	text := []byte(strings.Repeat("a", 20_000))
	for _, pattern := range []string{strings.Repeat("%a", 100) + "%b", strings.Repeat("%a_", 100) + "%b", strings.Repeat("%_", 100) + "b"} {
		for _, fold := range []bool{false, true} {
			p, _ := parsePattern(pattern, 0, false, fold)
			start := time.Now()
			if newMatcher(p).match(text) {
				t.Errorf("%.20q matches", pattern)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("%.20q took %v", pattern, d)
			}
		}
	}
}

func TestFoldChar(t *testing.T) {
	for c := rune(0); c <= unicode.MaxRune; c++ {
		low := c
		for r := unicode.SimpleFold(c); r != c; r = unicode.SimpleFold(r) {
			low = min(low, r)
		}
		if got := foldChar(c); got != low {
			t.Fatalf("%U: %U, want %U", c, got, low)
		}
	}
}

// chars splits a text into what counts as characters.
func chars(s string) (list []string) {
	for len(s) > 0 {
		_, size := utf8.DecodeRuneInString(s)
		list = append(list, s[:size])
		s = s[size:]
	}
	return list
}

// matchSimply is LIKE as the standard words it. tried keeps it from trying the same twice.
func matchSimply(pattern, text []string, equal func(a, b string) bool, tried map[[2]int]bool) bool {
	at := [2]int{len(pattern), len(text)}
	if tried[at] {
		return false
	}
	tried[at] = true
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == "%":
		return matchSimply(pattern[1:], text, equal, tried) || len(text) > 0 && matchSimply(pattern, text[1:], equal, tried)
	case len(text) == 0:
		return false
	}
	return (pattern[0] == "_" || equal(pattern[0], text[0])) && matchSimply(pattern[1:], text[1:], equal, tried)
}

func FuzzMatch(f *testing.F) {
	for _, s := range [][2]string{
		{"a%b_c", "axxbyc"}, {"%a%a%b", "aaaaaab"}, {"%ä_", "xäöä\xff"}, {"\xc3%", "ä"}, {"%\xa4%", "ä\xa4"}, {"K%", "\u212ak"}, {"%ab%ab", "abab"}, {"_%_", "aß"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 100 || len(text) > 1000 {
			return
		}
		for _, fold := range []bool{false, true} {
			p, err := parsePattern(pattern, 0, false, fold)
			if err != nil {
				t.Fatal(err)
			}
			equal := func(a, b string) bool {
				return a == b || fold && utf8.ValidString(a) && utf8.ValidString(b) && strings.EqualFold(a, b)
			}
			want := matchSimply(chars(pattern), chars(text), equal, map[[2]int]bool{})
			if got := newMatcher(p).match([]byte(text)); got != want {
				t.Errorf("%q LIKE %q, fold %v: %v, want %v", text, pattern, fold, got, want)
			}
		}
	})
}
