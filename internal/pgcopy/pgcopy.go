// Package pgcopy reads and writes the data of PostgreSQL's COPY: rows of features, in the formats binary and text.
//
// The format binary is what is read: exact for every type, and with an end that tells a complete stream from one that broke
// off. The format text is what is written: PostgreSQL makes of it whatever type the column has.
//
// https://www.postgresql.org/docs/current/sql-copy.html
package pgcopy

import (
	"errors"
	"io"

	"github.com/ogrcarto/ogrcarto/feature"
)

// ErrFormat is matched by errors of data that are not what COPY sends.
var ErrFormat = errors.New("malformed COPY data")

// Reader reads rows of the format binary.
type Reader struct{}

// NewReader returns a Reader. A row of more than maxRow bytes is an error.
func NewReader(r io.Reader, maxRow int) *Reader { return &Reader{} }

// Next returns the values of the next row, nil for NULL. They are valid until the next call. io.EOF comes behind the stream's end
// mark, and only there: a stream that breaks off is io.ErrUnexpectedEOF, in an error that says behind how many rows and bytes.
func (r *Reader) Next() ([][]byte, error) { return nil, io.EOF }

// Rows is how many rows there were so far.
func (r *Reader) Rows() int64 { return 0 }

// Decoder turns a value of the format binary into a value of a feature. Texts and bytes point into b. An error matches ErrFormat.
type Decoder func(b []byte) (feature.Value, error)

// DecoderOf returns the field that a column of a type (its OID, and its typmod, -1 for none) becomes, without its name, and how its
// values are decoded. Whoever has no decoder for a type casts it to text in the statement.
func DecoderOf(oid uint32, typmod int32) (f feature.Field, d Decoder, ok bool) {
	return feature.Field{}, nil, false
}

// Encoder writes rows of the format text.
type Encoder struct{}

// NewEncoder returns an Encoder for some columns of a layer: the FID where fid is set, then the geometries and the fields by their
// indexes. srid is that of each geometry.
func NewEncoder(s *feature.Schema, fid bool, geoms []int, srid []int32, fields []int) *Encoder {
	return &Encoder{}
}

// AppendRow adds a feature as a line. Null and unset values are \N. What COPY's text cannot hold (NUL, invalid UTF-8) is an error
// that names the field, and dst as it was.
func (e *Encoder) AppendRow(dst []byte, f *feature.Feature) ([]byte, error) { return dst, nil }
