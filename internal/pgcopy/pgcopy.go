// Package pgcopy reads and writes the data of PostgreSQL's COPY: rows of features, in the formats binary and text.
//
// The format binary is what is read: exact for every type, and with an end that tells a complete stream from one that broke
// off. The format text is what is written: PostgreSQL makes of it whatever type the column has.
//
// https://www.postgresql.org/docs/current/sql-copy.html
package pgcopy

import "errors"

// ErrFormat is matched by errors of data that are not what COPY sends.
var ErrFormat = errors.New("malformed COPY data")

// ServerError is what a server wrote into the data of a statement that failed behind its first rows, when the answer's status
// had been sent: CARTO's SQL API adds {"error":["canceling statement due to statement timeout"]}. It matches neither
// ErrFormat nor io.ErrUnexpectedEOF.
type ServerError struct {
	Message string
	Detail  string // or ""
	Hint    string // or ""
}

// Error returns the message, the detail and the hint.
func (e *ServerError) Error() string {
	s := e.Message
	for _, more := range []string{e.Detail, e.Hint} {
		if more != "" {
			s += "; " + more
		}
	}
	return s
}
