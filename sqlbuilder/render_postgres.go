package sqlbuilder

import (
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// Columns have types in PostgreSQL, so an expression can be said exactly, null for null. What differs from the filter's
// meaning and is seen to:
//
//   - NaN equals NaN and is greater than all numbers: comparisons of reals are guarded;
//   - a bigint is compared with a real as a real: a constant is turned into one of the other type, two columns are left;
//   - arithmetic that goes beyond the integers is an error, as is a division by zero: it is done with numeric, and of
//     reals not at all;
//   - order is that of a locale: COLLATE "C";
//   - ILIKE, LOWER and UPPER know the locale's letters: the first becomes a regular expression, the others are left;
//   - dates can be infinite, which a driver reads as null.

// maxNesting is how deep an expression may be: the server's stack is small.
const maxNesting = 200

// postgresTypes are the types of columns on which expressions are pushed down, and what a driver makes of them.
var postgresTypes = map[string]filter.Type{
	"int2": filter.Int, "smallint": filter.Int, "int4": filter.Int, "integer": filter.Int, "int": filter.Int,
	"int8": filter.Int, "bigint": filter.Int,
	"float4": filter.Float, "real": filter.Float, "float8": filter.Float, "double precision": filter.Float,
	"numeric": filter.Float, "decimal": filter.Float,
	"bool": filter.Bool, "boolean": filter.Bool,
	"text": filter.Text, "varchar": filter.Text, "character varying": filter.Text, "uuid": filter.Text,
	"date": filter.Date,
	"time": filter.Time, "time without time zone": filter.Time,
	"timestamp": filter.DateTime, "timestamp without time zone": filter.DateTime,
	"timestamptz": filter.DateTime, "timestamp with time zone": filter.DateTime,
	"json": filter.Opaque, "jsonb": filter.Opaque, "bytea": filter.Opaque,
}

// splitType returns a type's name in lower case without what stands in parentheses, and that.
func splitType(s string) (name, modifier string) {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.IndexByte(s, '('); i >= 0 {
		if j := strings.IndexByte(s[i:], ')'); j > 0 {
			modifier = s[i+1 : i+j]
			s = s[:i] + s[i+j+1:]
		}
	}
	return strings.Join(strings.Fields(s), " "), modifier
}

// isGeometry tells whether the column's geometries are PostGIS's of one SRID.
func (c GeomColumn) isGeometry() bool {
	name, _ := splitType(c.Type)
	return name == "geometry" && c.SRID >= 0
}

// postgresType returns the type of the column of a field, and false if nothing is pushed down on it.
func (r *renderer) postgresType(field int) (name, modifier string, ok bool) {
	name, modifier = splitType(r.t.columnType(field))
	_, ok = postgresTypes[name]
	return name, modifier, ok
}

func (r *renderer) field(i int) { r.ident(r.t.Schema.Fields[i].Name) }

// isColumn tells whether n is a field in a column of one of the types.
func (r *renderer) isColumn(n *filter.Node, types ...string) bool {
	if n.Op != filter.FieldValue {
		return false
	}
	name, _, _ := r.postgresType(n.Field)
	for _, t := range types {
		if name == t {
			return true
		}
	}
	return false
}

// mayBeInfinite tells whether n is a column of dates.
func (r *renderer) mayBeInfinite(n *filter.Node) bool {
	return n.Op == filter.FieldValue && (n.Type == filter.Date || n.Type == filter.DateTime)
}

func (r *renderer) isTimestamptz(n *filter.Node) bool {
	return r.isColumn(n, "timestamptz", "timestamp with time zone")
}

// postgresConjunct adds a conjunct.
func (r *renderer) postgresConjunct(n *filter.Node) (exact, ok bool) {
	p := &postgres{renderer: r, limit: len(r.sql) + maxConjunct}
	ok = p.truth(n)
	return !p.more, ok
}

// postgres writes the expressions of one conjunct.
type postgres struct {
	*renderer
	limit int // for the length of the SQL
	depth int
	lets  int  // subqueries that are open
	more  bool // what is written may be true of more than the expression is
}

// enter is called for each node; it is false if the expression becomes too long or deep. leave goes with it.
func (p *postgres) enter() bool {
	p.depth++
	return p.depth <= maxNesting && len(p.sql) <= p.limit && p.err == nil
}

func (p *postgres) leave() { p.depth-- }

// truth writes a condition that is true where n is, and nowhere else unless more is set; it may be false where n is null,
// and the other way round. That leaves more ways to use an index.
func (p *postgres) truth(n *filter.Node) bool {
	if !p.enter() {
		return false
	}
	defer p.leave()
	switch {
	case n.Op == filter.And, n.Op == filter.Or:
		return p.connective(n, p.truth)
	case isComparison(n.Op) && p.indexable(n):
		return true
	case n.Op == filter.Within, n.Op == filter.Contains:
		return p.spatial(n, true)
	}
	return p.value(n)
}

func (p *postgres) connective(n *filter.Node, part func(*filter.Node) bool) bool {
	op := " AND "
	if n.Op == filter.Or {
		op = " OR "
	}
	p.write("(")
	ok := p.joined(len(n.Args), op, func(i int) bool { return part(n.Args[i]) })
	p.write(")")
	return ok
}

// indexable writes the comparison of a column of dates with a constant so that an index can be used. Else nothing is
// written, and it is false.
func (p *postgres) indexable(n *filter.Node) bool {
	op, a, b := sides(n)
	if b.Op != filter.Literal || b.IsNullLiteral() || a.Type != b.Type || !p.mayBeInfinite(a) {
		return false
	}
	if _, _, ok := p.postgresType(a.Field); !ok {
		return false
	}
	m := p.mark()
	p.write("(")
	p.field(a.Field)
	p.write(operators[op])
	if !p.moment(b, p.isTimestamptz(a)) {
		p.reset(m)
		return false
	}
	if op != filter.Eq {
		p.write(" AND isfinite(")
		p.field(a.Field)
		p.write(")")
	}
	p.write(")")
	return true
}

// value writes an expression of any type, null for null. It stands in parentheses unless it binds closer than any
// operator but ::.
func (p *postgres) value(n *filter.Node) bool {
	if !p.enter() {
		return false
	}
	defer p.leave()
	switch n.Op {
	case filter.Literal:
		return p.literal(n)
	case filter.FieldValue:
		return p.fieldValue(n)
	case filter.FIDValue:
		if p.t.FID == "" {
			return false
		}
		p.ident(p.t.FID)
		return true
	case filter.Eq, filter.Ne, filter.Lt, filter.Le, filter.Gt, filter.Ge:
		op, a, b := sides(n)
		return p.comparison(op, a, b)
	case filter.In:
		return p.in(n)
	case filter.Like:
		return p.like(n)
	case filter.IsNull, filter.IsNotNull:
		return p.isNull(n)
	case filter.And, filter.Or:
		return p.connective(n, p.value)
	case filter.Not:
		p.write("(NOT ")
		ok := p.value(n.Args[0])
		p.write(")")
		return ok
	case filter.Intersects, filter.Within, filter.Contains:
		return p.spatial(n, false)
	}
	return p.function(n)
}

// literal writes a constant.
func (p *postgres) literal(n *filter.Node) bool {
	if n.IsNullLiteral() {
		t, ok := map[filter.Type]string{
			filter.Null: "boolean", filter.Bool: "boolean", filter.Int: "int8", filter.Float: "float8",
			filter.Text: "text", filter.Date: "date", filter.Time: "time", filter.DateTime: "timestamp",
		}[n.Type]
		p.write("NULL::", t)
		return ok
	}
	switch n.Type {
	case filter.Bool:
		if n.Value.Bool() {
			p.write("TRUE")
		} else {
			p.write("FALSE")
		}
	case filter.Int:
		p.int(n.Value.Int())
	case filter.Float:
		p.float(n.Value.Float())
	case filter.Text:
		if p.t.NotUTF8 {
			return false
		}
		p.text(n.Value.Text())
	case filter.Date, filter.Time, filter.DateTime:
		return p.moment(n, false)
	default:
		return false
	}
	return p.err == nil
}

// moment writes a date or time. It is false if PostgreSQL has none so early or late.
func (p *postgres) moment(n *filter.Node, withZone bool) bool {
	text, ok := momentText(n.Value, n.Type)
	switch {
	case !ok:
		return false
	case n.Type == filter.Date:
		p.write("'", text, "'::date")
	case n.Type == filter.Time:
		p.write("'", text, "'::time")
	case withZone:
		// The zone stands before BC.
		date, bc := strings.CutSuffix(text, " BC")
		p.write("'", date, "+00")
		if bc {
			p.write(" BC")
		}
		p.write("'::timestamptz")
	default:
		p.write("'", text, "'::timestamp")
	}
	return true
}

// Where PostgreSQL's dates and ours both end, in days since 1970: 4713 BC and 294246 AD.
const (
	firstDay = -2440587
	lastDay  = 106750991
)

// momentText prints a date, a time of day, or a date-time in UTC as PostgreSQL reads it whatever its DateStyle.
func momentText(v feature.Value, t filter.Type) (string, bool) {
	const microsPerDay = 86_400_000_000
	var days, micros int64
	switch t {
	case filter.Time:
		micros = v.Micros()
		if micros < 0 || micros > microsPerDay {
			return "", false
		}
		return clockText(micros), true
	case filter.Date:
		days = v.Days()
	default:
		micros = v.Instant()
		days = micros / microsPerDay
		if micros -= days * microsPerDay; micros < 0 {
			micros += microsPerDay
			days--
		}
	}
	if days < firstDay || days > lastDay {
		return "", false
	}
	year, month, day := feature.Days(days).Time().Date()
	bc := year <= 0
	if bc {
		year = 1 - year
	}
	text := pad(int64(year), 4) + "-" + pad(int64(month), 2) + "-" + pad(int64(day), 2)
	if t == filter.DateTime {
		text += " " + clockText(micros)
	}
	if bc {
		text += " BC"
	}
	return text, true
}

func clockText(micros int64) string {
	seconds, fraction := micros/1_000_000, micros%1_000_000
	text := pad(seconds/3600, 2) + ":" + pad(seconds/60%60, 2) + ":" + pad(seconds%60, 2)
	if fraction != 0 {
		text += "." + pad(fraction, 6)
	}
	return text
}

func pad(n int64, width int) string {
	s := strconv.FormatInt(n, 10)
	if len(s) < width {
		s = "000000"[:width-len(s)] + s
	}
	return s
}

// fieldValue writes a column as a value of the filter's type.
func (p *postgres) fieldValue(n *filter.Node) bool {
	name, modifier, ok := p.postgresType(n.Field)
	if !ok || postgresTypes[name] != n.Type || n.Type == filter.Opaque || n.Type == filter.Text && p.t.NotUTF8 {
		return false
	}
	switch n.Type {
	case filter.Float:
		switch name {
		case "float8", "double precision":
			p.field(n.Field)
		case "float4", "real":
			p.field(n.Field)
			p.write("::float8")
		default:
			p.numeric(n.Field, modifier)
		}
	case filter.Text:
		p.field(n.Field)
		if name == "uuid" {
			p.write("::text")
		}
	case filter.Date, filter.DateTime:
		p.write("CASE WHEN isfinite(")
		p.field(n.Field)
		p.write(") THEN ")
		p.field(n.Field)
		if p.isTimestamptz(n) {
			p.write(" AT TIME ZONE 'UTC'")
		}
		p.write(" END")
	default:
		p.field(n.Field)
	}
	return true
}

// numeric writes a column of type numeric as a real: the nearest, as strconv.ParseFloat has it. To cast a number to float8
// that is beyond the reals, or nearer to 0 than any, is an error.
func (p *postgres) numeric(field int, modifier string) {
	precision, _, _ := strings.Cut(modifier, ",")
	if n, err := strconv.Atoi(strings.TrimSpace(precision)); err == nil && n > 0 && n <= 300 {
		p.field(field)
		p.write("::float8")
		return
	}
	// 2^1024 - 2^970 is halfway from the greatest real to the next power of two; 2^-1075 from 0 to the least.
	const (
		tooGreat = "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096" +
			"330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069" +
			"855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792"
		tooSmall = "2.4703282292062328e-324"
	)
	column := QuoteIdent(p.t.Schema.Fields[field].Name)
	p.write("CASE WHEN ", column, " <= -", tooGreat, " THEN '-Infinity'::float8 WHEN ", column, " = 'NaN' THEN 'NaN'::float8",
		" WHEN ", column, " >= ", tooGreat, " THEN 'Infinity'::float8 WHEN abs(", column, ") < ", tooSmall,
		" THEN 0::float8 ELSE ", column, "::float8 END")
}

// postgresKey adds a key of an order.
func (r *renderer) postgresKey(field int) bool {
	n := &filter.Node{Op: filter.FieldValue, Field: field}
	name, _, ok := r.postgresType(field)
	if !ok {
		return false
	}
	n.Type = postgresTypes[name]
	p := &postgres{renderer: r, limit: maxConjunct}
	switch {
	case n.Type == filter.Opaque, n.Type != filter.TypeOf(&r.t.Schema.Fields[field]):
		return false
	case name == "float4", name == "real": // no cast, for the index
		p.field(field)
	default:
		if !p.value(n) {
			return false
		}
		if n.Type == filter.Text {
			p.write(` COLLATE "C"`)
		}
	}
	return true
}
