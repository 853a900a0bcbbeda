// Package pgvalue turns values from PostgreSQL's text format into what the SQL API shows: JSON as CARTO writes it, with exact numbers,
// and CSV.
//
// Values are expected as PostgreSQL writes them with DateStyle ISO, IntervalStyle postgres, bytea_output hex and
// extra_float_digits 1. A statement may set these otherwise. What does not look as expected is then shown as a JSON string of the
// text as it is: never an error, never JSON that is not valid.
package pgvalue

// Column is a column of a result, as PostgreSQL's RowDescription names it.
type Column struct {
	Name   string
	OID    uint32 // of the type
	TypMod int32  // of the type; -1 is none
}

// Encoder writes the rows of one result. It is not safe for concurrent use.
//
// Values belong to columns by their place; a value that is missing is null. Results are added to dst, and nothing is allocated
// where dst has room, once the encoder is warm.
type Encoder struct {
	json    []member
	csv     []cell
	fields  []byte
	header  []byte
	scratch []byte // an element of an array without its backslashes
}

// member is a member of the JSON objects.
type member struct {
	key   []byte // with all that stands before the value: `{"a":` or `,"b":`
	index int    // of the column
	kind  kind
	array bool
}

// cell is a column of the CSV.
type cell struct {
	index  int
	isBool bool
}

// NewEncoder makes the encoder of a result. geometryOID and geographyOID are what PostGIS' types have in this database, or 0.
// The columns that skip names are left out.
//
// A JSON object has one member for several columns of the same name: at the first one's place, with the last one's value. CSV
// has them all.
func NewEncoder(columns []Column, geometryOID, geographyOID uint32, skip map[string]bool) *Encoder {
	e := &Encoder{}
	var shown []Column // the column of each member
	place := make(map[string]int, len(columns))
	for i, c := range columns {
		if skip[c.Name] {
			continue
		}
		m := member{index: i}
		if t, ok := types[c.OID]; ok {
			m.kind, m.array = t.kind, t.array
		}
		cell := cell{index: i, isBool: m.kind == kindBool && !m.array}
		if p, ok := place[c.Name]; ok {
			e.json[p], shown[p] = m, c
		} else {
			place[c.Name] = len(shown)
			e.json = append(e.json, m)
			shown = append(shown, c)
		}
		e.csv = append(e.csv, cell)
	}
	before := byte('{')
	for i := range e.json {
		e.json[i].key = append(appendString([]byte{before}, []byte(shown[i].Name)), ':')
		before = ','
	}
	e.fields = appendFields(nil, shown, geometryOID, geographyOID)
	e.header = e.orderCSV(columns)
	return e
}

// AppendRow adds a row as a JSON object. Nil values are null.
func (e *Encoder) AppendRow(dst []byte, values [][]byte) []byte {
	if len(e.json) == 0 {
		return append(dst, "{}"...)
	}
	for i := range e.json {
		m := &e.json[i]
		dst = append(dst, m.key...)
		switch {
		case m.index >= len(values) || values[m.index] == nil:
			dst = append(dst, "null"...)
		case m.array:
			dst = e.appendArray(dst, m.kind, values[m.index])
		default:
			dst = appendValue(dst, m.kind, values[m.index])
		}
	}
	return append(dst, '}')
}

// AppendFields adds the object that the API calls fields: for each member of the rows its type, and what else is known of it.
func (e *Encoder) AppendFields(dst []byte) []byte { return append(dst, e.fields...) }

// appendValue adds a value that is no array.
func appendValue(dst []byte, k kind, v []byte) []byte {
	switch k {
	case kindNumber:
		if isNumber(v) {
			return append(dst, v...)
		}
	case kindBool:
		if len(v) == 1 {
			switch v[0] {
			case 't':
				return append(dst, "true"...)
			case 'f':
				return append(dst, "false"...)
			}
		}
	case kindDate:
		return appendDate(dst, v)
	case kindTimestamp:
		return appendTimestamp(dst, v, false)
	case kindTimestamptz:
		return appendTimestamp(dst, v, true)
	case kindJSON:
		return appendJSON(dst, v)
	case kindBytea:
		return appendBytea(dst, v)
	case kindInterval:
		return appendInterval(dst, v)
	}
	return appendString(dst, v)
}
