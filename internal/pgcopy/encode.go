package pgcopy

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Encoder writes rows of the format text, in UTF-8, as COPY FROM reads them with its default options. It is for one goroutine.
type Encoder struct {
	columns []column
	scratch []byte
	ewkb    []byte
}

// column is one of the columns of a row.
type column struct {
	what  columnKind
	index int
	name  string
	field feature.Field
	geom  feature.GeomType
	srid  int32
}

type columnKind uint8

const (
	fidColumn columnKind = iota
	geomColumn
	fieldColumn
)

// NewEncoder returns an Encoder for some columns of a layer: the FID where fid is set, then the geometries and the fields by their
// indexes. srid is that of each geometry.
func NewEncoder(s *feature.Schema, fid bool, geoms []int, srid []int32, fields []int) *Encoder {
	e := &Encoder{}
	if fid {
		e.columns = append(e.columns, column{what: fidColumn})
	}
	for i, g := range geoms {
		e.columns = append(e.columns, column{what: geomColumn, index: g, name: s.Geoms[g].Name, geom: s.Geoms[g].Type, srid: srid[i]})
	}
	for _, i := range fields {
		e.columns = append(e.columns, column{what: fieldColumn, index: i, name: s.Fields[i].Name, field: s.Fields[i]})
	}
	return e
}

// AppendRow adds a feature of the schema as a line. Null and unset values, and the FID that a feature does not have, are \N. What COPY's text
// cannot hold (NUL, invalid UTF-8) or PostgreSQL does not have (a date before 4714 BC) is an error that names the field, and dst as
// it was.
//
// A geometry becomes EWKB of the type that the schema has: a Polygon a MultiPolygon, where that is the column's. A date-time in a
// DateTimeField is the instant in UTC, as sqlbuilder writes it, so that neither the session's time zone nor a column without one
// changes it; what has no zone counts as UTC. In any other field it is what its clock shows, with the offset that is known. A list is
// PostgreSQL's array, and so is JSON that a Decoder made of one. It allocates nothing when dst has room, but for lists.
func (e *Encoder) AppendRow(dst []byte, f *feature.Feature) ([]byte, error) {
	out := dst
	for i := range e.columns {
		if i > 0 {
			out = append(out, '\t')
		}
		c := &e.columns[i]
		var err error
		switch c.what {
		case fidColumn:
			if f.FID == feature.NullFID {
				out = appendNull(out)
			} else {
				out = strconv.AppendInt(out, f.FID, 10)
			}
		case geomColumn:
			if out, err = e.appendGeometry(out, c, f.Geoms[c.index]); err != nil {
				return dst, fmt.Errorf("geometry %s: %w", c.name, err)
			}
		default:
			if out, err = e.appendValue(out, &c.field, &f.Values[c.index]); err != nil {
				return dst, fmt.Errorf("field %s: %w", c.name, err)
			}
		}
	}
	return append(out, '\n'), nil
}

func appendNull(dst []byte) []byte { return append(dst, '\\', 'N') }

func (e *Encoder) appendGeometry(dst []byte, c *column, w feature.WKB) ([]byte, error) {
	if w == nil {
		return appendNull(dst), nil
	}
	t, err := w.Type()
	if err != nil {
		return dst, err
	}
	if !c.geom.Holds(t) {
		if e.scratch, err = feature.AppendAs(e.scratch[:0], w, c.geom); err != nil {
			return dst, err
		}
		w = e.scratch
	}
	if e.ewkb, err = feature.AppendEWKB(e.ewkb[:0], w, c.srid); err != nil {
		return dst, err
	}
	return hex.AppendEncode(dst, e.ewkb), nil
}

func (e *Encoder) appendValue(dst []byte, f *feature.Field, v *feature.Value) ([]byte, error) {
	kind := v.Kind()
	if f.Type == feature.String && f.Subtype == feature.JSONText && !v.IsNull() && kind != feature.KindText && kind != feature.KindJSON {
		e.scratch = v.AppendJSON(e.scratch[:0], feature.NoSubtype)
		return appendText(dst, e.scratch)
	}
	switch kind {
	case feature.KindUnset, feature.KindNull:
		return appendNull(dst), nil
	case feature.KindBool:
		return append(dst, boolText(v.Bool(), isNumber(f))), nil
	case feature.KindInt:
		if f.Type == feature.Integer && f.Subtype == feature.Boolean {
			return append(dst, boolText(v.Int() != 0, false)), nil
		}
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case feature.KindFloat:
		x := v.Float()
		if n := int64(x); (f.Type == feature.Integer || f.Type == feature.Integer64) && float64(n) == x && x < 1<<63 {
			return strconv.AppendInt(dst, n, 10), nil // an integer's text has no exponent
		}
		return appendReal(dst, x), nil
	case feature.KindText:
		return appendText(dst, v.Bytes())
	case feature.KindJSON:
		switch f.Type {
		case feature.IntegerList, feature.Integer64List, feature.RealList, feature.StringList:
			return appendJSONArray(dst, v.Bytes())
		}
		return appendText(dst, v.Bytes())
	case feature.KindBytes:
		return hex.AppendEncode(append(dst, `\\x`...), v.Bytes()), nil
	case feature.KindDate, feature.KindTime, feature.KindDateTime:
		return appendMoment(dst, f, v)
	}
	return appendList(dst, f, v)
}

// isNumber tells whether the column of a field takes numbers only.
func isNumber(f *feature.Field) bool {
	switch f.Type {
	case feature.Integer:
		return f.Subtype != feature.Boolean
	case feature.Integer64, feature.Real:
		return true
	}
	return false
}

func boolText(v, number bool) byte {
	switch {
	case v && number:
		return '1'
	case number:
		return '0'
	case v:
		return 't'
	}
	return 'f'
}
