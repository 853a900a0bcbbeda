package geosql

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// Error is an error of a statement, with the place in its text.
type Error struct {
	SQL    string
	Offset int // of the place, in bytes
	Err    error
}

// Error returns SQLite's message, and below it the line of the statement with a caret.
func (e *Error) Error() string {
	before, after := e.SQL[:e.Offset], e.SQL[e.Offset:]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	after, _, _ = strings.Cut(after, "\n")
	const most = 60 // characters on either side
	l, r := []rune(before), []rune(after)
	if len(l) > most {
		l = append([]rune("..."), l[len(l)-most:]...)
	}
	if len(r) > most {
		r = append(r[:most:most], []rune("...")...)
	}
	line := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7F {
			return ' '
		}
		return c
	}, string(l)+string(r))
	return fmt.Sprintf("SQL: character %d: %v\n  %s\n  %s^", utf8.RuneCountInString(e.SQL[:e.Offset])+1, e.Err, line,
		strings.Repeat(" ", len(l)))
}

// Unwrap returns SQLite's error.
func (e *Error) Unwrap() error { return e.Err }

// Locate adds to an error of SQLite where in the statement it is, if that is known. One that Go code gave to SQLite comes
// back as it was.
func Locate(err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return err
	}
	if se.Err != nil {
		return se.Err
	}
	if se.At <= 0 || se.At > len(se.SQL) {
		return fmt.Errorf("SQL: %w", err)
	}
	return &Error{SQL: se.SQL, Offset: se.At - 1, Err: err}
}
