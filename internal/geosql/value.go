package geosql

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// value returns column i of the row as a value of the field. What does not fit without loss is an error. Text and bytes
// are the row's memory.
func (c *column) value(s row, i int, f *feature.Field) (feature.Value, error) {
	class := s.Type(i)
	if class == sqlite.Null {
		return feature.Null(), nil
	}
	switch f.Type {
	case feature.Integer, feature.Integer64:
		if class == sqlite.Integer {
			n := s.Int(i)
			switch {
			case f.Subtype == feature.Boolean && (n == 0 || n == 1):
				return feature.Bool(n == 1), nil
			case f.Type == feature.Integer64 || n >= math.MinInt32 && n <= math.MaxInt32:
				return feature.Int(n), nil
			}
		}
	case feature.Real:
		switch class {
		case sqlite.Float:
			return feature.Float(s.Float(i)), nil
		case sqlite.Integer:
			if n := s.Int(i); exactFloat(n) {
				return feature.Float(float64(n)), nil
			}
		}
	case feature.String:
		var b []byte
		switch class {
		case sqlite.Text:
			b = s.TextBytes(i)
		case sqlite.Integer:
			b = s.TextBytes(i)
		case sqlite.Float: // SQLite prints 15 digits
			c.buf = strconv.AppendFloat(c.buf[:0], s.Float(i), 'g', -1, 64)
			b = c.buf
		}
		switch {
		case class == sqlite.Blob || !utf8.Valid(b):
		case f.Subtype == feature.JSONText:
			return feature.JSON(b), nil
		default:
			return feature.TextBytes(b), nil
		}
	case feature.Binary:
		switch class {
		case sqlite.Blob:
			return feature.Bytes(s.Bytes(i)), nil
		case sqlite.Text:
			return feature.Bytes(s.TextBytes(i)), nil
		}
	case feature.DateField:
		if class == sqlite.Text {
			if v, ok := feature.ParseDate(s.TextBytes(i)); ok {
				return v, nil
			}
		}
	case feature.DateTimeField:
		if class == sqlite.Text {
			if v, ok := feature.ParseDateTime(s.TextBytes(i)); ok {
				return v, nil
			}
		}
	case feature.TimeField:
		if class == sqlite.Text {
			if v, ok := feature.ParseTime(s.TextBytes(i)); ok {
				return v, nil
			}
		}
	}
	return feature.Value{}, c.misfit(s, i, "a value of type "+f.TypeName())
}

// misfit returns the error for a value that is not what its column has.
func (c *column) misfit(s row, i int, want string) error {
	found := ""
	switch s.Type(i) {
	case sqlite.Null:
		found = "null"
	case sqlite.Blob:
		found = fmt.Sprintf("the blob x'%.20x'", s.Bytes(i))
	case sqlite.Text:
		found = fmt.Sprintf("the text %.40q", s.TextBytes(i))
	default:
		found = string(s.TextBytes(i))
	}
	return fmt.Errorf("column %s: %s is not %s: CAST the column to the type that suits all its rows", c.name, found, want)
}
