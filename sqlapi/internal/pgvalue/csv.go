package pgvalue

import (
	"bytes"
	"slices"
)

// geometryColumn is the column that CSV begins with.
const geometryColumn = "the_geom"

// orderCSV moves the geometry column to the front and returns the header.
func (e *Encoder) orderCSV(columns []Column) []byte {
	i := slices.IndexFunc(e.csv, func(c cell) bool { return columns[c.index].Name == geometryColumn })
	if i > 0 {
		c := e.csv[i]
		copy(e.csv[1:], e.csv[:i])
		e.csv[0] = c
	}
	var header []byte
	for i, c := range e.csv {
		if i > 0 {
			header = append(header, ',')
		}
		header = appendCell(header, []byte(columns[c.index].Name))
	}
	return append(header, "\r\n"...)
}

// AppendCSVHeader adds the line with the names of the columns: the_geom first, where there is one, the others in their order.
func (e *Encoder) AppendCSVHeader(dst []byte) []byte { return append(dst, e.header...) }

// AppendCSVRow adds a row as a line of CSV (RFC 4180). Null is nothing and an empty text is ""; booleans are true and false, all
// else is PostgreSQL's text as it is.
func (e *Encoder) AppendCSVRow(dst []byte, values [][]byte) []byte {
	for i := range e.csv {
		c := &e.csv[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		if c.index >= len(values) {
			continue
		}
		v := values[c.index]
		switch {
		case v == nil:
		case c.isBool && string(v) == "t":
			dst = append(dst, "true"...)
		case c.isBool && string(v) == "f":
			dst = append(dst, "false"...)
		default:
			dst = appendCell(dst, v)
		}
	}
	return append(dst, "\r\n"...)
}

// separates marks the bytes that must be between quotes.
var separates = [256]bool{',': true, '"': true, '\r': true, '\n': true}

// appendCell adds a text, between quotes where it would otherwise be read as something else.
func appendCell(dst, v []byte) []byte {
	quoted := len(v) == 0 || v[0] == ' ' || v[len(v)-1] == ' '
	for i := 0; i < len(v) && !quoted; i++ {
		quoted = separates[v[i]]
	}
	if !quoted {
		return append(dst, v...)
	}
	dst = append(dst, '"')
	for {
		i := bytes.IndexByte(v, '"')
		if i < 0 {
			break
		}
		dst = append(append(dst, v[:i]...), '"', '"')
		v = v[i+1:]
	}
	dst = append(dst, v...)
	return append(dst, '"')
}
