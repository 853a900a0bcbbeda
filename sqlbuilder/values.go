package sqlbuilder

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// Geometry is a geometry for a column of PostGIS's. In SQLite, a geometry is the blob that the caller makes of it.
type Geometry struct {
	WKB  feature.WKB // nil is NULL
	SRID int32
}

// value adds a value that goes into a column: nil, a bool, int64, float64, string, []byte, Geometry or feature.Value.
// PostgreSQL turns it into the column's type, so it is not told another.
func (b *builder) value(v any) {
	switch v := v.(type) {
	case nil:
		b.null()
	case bool:
		b.boolean(v)
	case int64:
		if b.d.literals && b.d.postgres {
			b.write("'", strconv.FormatInt(v, 10), "'")
		} else if b.d.literals {
			b.int(v)
		} else {
			b.placeholder(v)
		}
	case float64:
		switch {
		case !b.d.postgres && math.IsNaN(v): // SQLite has none
			b.null()
		case b.d.literals && b.d.postgres:
			b.write("'", postgresFloat(v), "'")
		case b.d.literals:
			b.float(v)
		default:
			b.placeholder(v)
		}
	case string:
		b.columnText(v)
	case []byte:
		if v == nil {
			b.null()
		} else if b.d.literals {
			b.write(b.d.QuoteBytes(v))
		} else {
			b.placeholder(v)
		}
	case Geometry:
		b.columnGeometry(v)
	case feature.Value:
		b.featureValue(v)
	default:
		b.fail(fmt.Errorf("a %T is no value of a column", v))
	}
}

func (b *builder) null() {
	if b.d.literals {
		b.write("NULL")
	} else {
		b.placeholder(nil)
	}
}

func (b *builder) boolean(v bool) {
	switch {
	case b.d.postgres && b.d.literals:
		b.write(strings.ToUpper(strconv.FormatBool(v)))
	case b.d.postgres:
		b.placeholder(v)
	case v:
		b.value(int64(1))
	default:
		b.value(int64(0))
	}
}

func (b *builder) columnText(s string) {
	if b.d.literals || b.d.postgres {
		quoted, err := b.d.QuoteText(s)
		if err != nil {
			b.fail(err)
			return
		}
		if b.d.literals {
			b.write(quoted)
			return
		}
	}
	b.placeholder(s)
}

func (b *builder) columnGeometry(g Geometry) {
	switch {
	case !b.d.postgres:
		b.fail(fmt.Errorf("%s has no type for a geometry: give the blob", b.d))
		return
	case g.WKB == nil:
		b.null()
		return
	}
	ewkb, err := feature.AppendEWKB(nil, g.WKB, g.SRID)
	switch {
	case err != nil:
		b.fail(err)
	case b.d.literals:
		b.write("'", hex.EncodeToString(ewkb), "'")
	default:
		b.placeholder(ewkb)
		b.write("::bytea::geometry")
	}
}

func (b *builder) featureValue(v feature.Value) {
	switch v.Kind() {
	case feature.KindUnset:
		if b.d.postgres {
			b.write("DEFAULT")
		} else {
			b.fail(fmt.Errorf("a value is not set: SQLite has no word for a column's default in a row of values"))
		}
	case feature.KindNull:
		b.null()
	case feature.KindBool:
		b.boolean(v.Bool())
	case feature.KindInt:
		b.value(v.Int())
	case feature.KindFloat:
		b.value(v.Float())
	case feature.KindText, feature.KindJSON:
		b.columnText(v.Text())
	case feature.KindBytes:
		b.value(append([]byte{}, v.Bytes()...))
	case feature.KindDate, feature.KindTime, feature.KindDateTime:
		b.moment(v)
	default:
		b.list(v)
	}
}

func (b *builder) moment(v feature.Value) {
	t := map[feature.Kind]filter.Type{
		feature.KindDate: filter.Date, feature.KindTime: filter.Time, feature.KindDateTime: filter.DateTime,
	}[v.Kind()]
	if !b.d.postgres {
		switch t {
		case filter.Date:
			b.columnText(v.Time().Format("2006-01-02"))
		case filter.Time:
			b.columnText(v.String())
		default: // as a GeoPackage has it (OGC 12-128r18, table 1)
			layout := "2006-01-02T15:04:05.000Z"
			if v.Micros()%1000 != 0 {
				layout = "2006-01-02T15:04:05.000000Z"
			}
			b.columnText(v.Time().UTC().Format(layout))
		}
		return
	}
	text, ok := momentText(v, t)
	if !ok {
		b.fail(fmt.Errorf("%s is beyond the dates of PostgreSQL", v))
		return
	}
	if t == filter.DateTime { // the instant, in a column with time zone or without
		text = inUTC(text)
	}
	b.columnText(text)
}

// inUTC adds the zone to a date-time, in front of BC.
func inUTC(text string) string {
	date, bc := strings.CutSuffix(text, " BC")
	if bc {
		return date + "+00 BC"
	}
	return text + "+00"
}

func (b *builder) list(v feature.Value) {
	if !b.d.postgres {
		b.columnText(string(v.AppendJSON(nil, feature.NoSubtype)))
		return
	}
	var parts []string
	switch v.Kind() {
	case feature.KindIntList:
		for _, n := range v.IntList() {
			parts = append(parts, strconv.FormatInt(n, 10))
		}
	case feature.KindFloatList:
		for _, f := range v.FloatList() {
			parts = append(parts, postgresFloat(f))
		}
	case feature.KindTextList:
		escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
		for _, s := range v.TextList() {
			parts = append(parts, `"`+escape.Replace(s)+`"`)
		}
	default:
		b.fail(fmt.Errorf("a value of kind %s goes into no column", v.Kind()))
	}
	b.columnText("{" + strings.Join(parts, ",") + "}")
}
