package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says what is wrong with an expression, and where.
type Error struct {
	Text   string // the whole expression; "" for one that was built
	Offset int    // of the place in Text, in bytes; -1 if it has none
	Msg    string
}

// Error returns the message with the place: the number of its character, and below it the text with a caret.
func (e *Error) Error() string {
	if e.Offset < 0 || e.Offset > len(e.Text) || e.Text == "" {
		return "filter: " + e.Msg
	}
	line, caret := excerpt(e.Text, e.Offset)
	return fmt.Sprintf("filter: character %d: %s\n  %s\n  %s^", utf8.RuneCountInString(e.Text[:e.Offset])+1, e.Msg, line,
		strings.Repeat(" ", caret))
}

// excerpt returns the line of text around offset, not much longer than a terminal is wide, and how many characters of it
// come before the place. What would disturb a terminal is a blank.
func excerpt(text string, offset int) (line string, before int) {
	const most = 60 // characters on either side
	left := text[strings.LastIndexByte(text[:offset], '\n')+1 : offset]
	right := text[offset:]
	if i := strings.IndexByte(right, '\n'); i >= 0 {
		right = right[:i]
	}
	l, r := []rune(left), []rune(right)
	if len(l) > most {
		l = append([]rune("..."), l[len(l)-most:]...)
	}
	if len(r) > most {
		r = append(r[:most:most], []rune("...")...)
	}
	printable := func(c rune) rune {
		if c < ' ' || c == 0x7F {
			return ' '
		}
		return c
	}
	return strings.Map(printable, string(l)+string(r)), len(l)
}
