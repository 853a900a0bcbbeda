package sqlbuilder

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

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

// mayBeNaN tells whether a real may be NaN.
func (p *postgres) mayBeNaN(n *filter.Node) bool {
	switch n.Op {
	case filter.Literal:
		return !n.IsNullLiteral() && math.IsNaN(n.Value.Float())
	case filter.Cast:
		return false // from an integer or a boolean
	case filter.Coalesce:
		for _, a := range n.Args {
			if p.mayBeNaN(a) {
				return true
			}
		}
		return false
	case filter.NullIf, filter.Abs, filter.Neg:
		return p.mayBeNaN(n.Args[0])
	}
	return true
}

// neverNull tells whether n is known to have a value.
func neverNull(n *filter.Node) bool {
	return n.Op == filter.FIDValue || n.Op == filter.Literal && !n.IsNullLiteral()
}

// constantUnlessNull writes a condition that is null where a is, and else the constant.
func (p *postgres) constantUnlessNull(a *filter.Node, constant bool) bool {
	p.write("(")
	if !p.value(a) {
		return false
	}
	if constant {
		p.write(" IS NOT NULL OR NULL)")
	} else {
		p.write(" IS NULL AND NULL)")
	}
	return true
}

func (p *postgres) comparison(op filter.Op, a, b *filter.Node) bool {
	if b.Op == filter.Literal {
		var v verdict
		op, b, v = alike(op, a, b)
		if v != compare {
			return p.constantUnlessNull(a, v == always)
		}
	}
	float := a.Type == filter.Float
	switch {
	case a.Type == b.Type:
	case a.Type == filter.Int && b.Type == filter.Float, float && b.Type == filter.Int:
		integer := a
		if float {
			integer = b
		}
		if !p.rangeOf(integer).within(-exactFloat, exactFloat) {
			return false
		}
		float = true
	default:
		return false
	}
	side := func(n *filter.Node) bool {
		switch {
		case float && n.Type == filter.Int:
			if !p.value(n) {
				return false
			}
			p.write("::float8")
			return true
		case n.Op == filter.Cast && n.Type == filter.DateTime && n.Args[0].Type == filter.Date:
			return p.value(n.Args[0]) // dates are compared with timestamps, also those that no timestamp is
		}
		return p.value(n)
	}
	plain := func() bool {
		if !side(a) {
			return false
		}
		if a.Type == filter.Text && op > filter.Ne {
			p.write(` COLLATE "C"`)
		}
		p.write(operators[op])
		return side(b)
	}
	nan := func(n *filter.Node, is string) bool {
		ok := side(n)
		p.write(is, "'NaN'::float8")
		return ok
	}
	isNull := func(n *filter.Node, is string) bool {
		ok := side(n)
		p.write(is)
		return ok
	}
	p.write("(")
	defer p.write(")")
	if !float {
		return plain()
	}
	may := func(n *filter.Node) bool { return n.Type == filter.Float && p.mayBeNaN(n) }
	switch {
	case op == filter.Eq && may(a) && may(b):
	case op == filter.Ne && may(a) && may(b):
		if !plain() {
			return false
		}
		p.write(" OR ")
		if !nan(a, " = ") {
			return false
		}
		p.write(" AND ")
		return isNull(b, " IS NOT NULL")
	case op == filter.Gt && may(a), op == filter.Ge && may(a):
	case op == filter.Lt && may(b), op == filter.Le && may(b):
		if !plain() {
			return false
		}
		return p.guard(b, a, nan, isNull)
	default:
		return plain()
	}
	if !plain() {
		return false
	}
	return p.guard(a, b, nan, isNull)
}

// guard adds to a comparison that PostgreSQL has true for NaN that x, the greater of both, is none. Where the comparison is
// null it stays so.
func (p *postgres) guard(x, other *filter.Node, nan, isNull func(*filter.Node, string) bool) bool {
	p.write(" AND ")
	if neverNull(other) {
		return nan(x, " <> ")
	}
	p.write("(")
	if !nan(x, " <> ") {
		return false
	}
	p.write(" OR ")
	if !isNull(other, " IS NULL") {
		return false
	}
	p.write(")")
	return true
}

func (p *postgres) in(n *filter.Node) bool {
	a, list := n.Args[0], n.Args[1:]
	if len(list) == 0 {
		p.write("FALSE")
		return true
	}
	var items []*filter.Node
	for _, b := range list {
		if b.Op != filter.Literal {
			items = nil
			break
		}
		_, lit, v := alike(filter.Eq, a, b)
		if v == compare {
			if lit.Type != a.Type {
				return false
			}
			items = append(items, lit)
		} else if len(list) == 1 {
			return p.constantUnlessNull(a, false)
		}
	}
	if len(items) == 0 {
		p.write("(")
		ok := p.joined(len(list), " OR ", func(i int) bool { return p.comparison(filter.Eq, a, list[i]) })
		p.write(")")
		return ok
	}
	p.write("(")
	if !p.value(a) {
		return false
	}
	p.write(" IN (")
	for i, lit := range items {
		if i > 0 {
			p.write(", ")
		}
		if !p.literal(lit) {
			return false
		}
	}
	p.write("))")
	return true
}

// maxRegexp is how many characters a pattern may have that becomes a regular expression.
const maxRegexp = 200

func (p *postgres) like(n *filter.Node) bool {
	var b strings.Builder
	for _, part := range n.Pattern.Parts {
		switch {
		case part.Kind == filter.AnyOne && n.Pattern.Fold:
			b.WriteByte('.')
		case part.Kind == filter.AnyOne:
			b.WriteByte('_')
		case part.Kind == filter.AnyMany && n.Pattern.Fold:
			b.WriteString(".*")
		case part.Kind == filter.AnyMany:
			b.WriteByte('%')
		case n.Pattern.Fold:
			if utf8.RuneCountInString(part.Text) > maxRegexp {
				return false
			}
			for _, c := range part.Text {
				writeFolded(&b, c)
			}
		default:
			for _, c := range part.Text {
				if c == '%' || c == '_' || c == '!' {
					b.WriteByte('!')
				}
				b.WriteRune(c)
			}
		}
	}
	if n.Pattern.Fold && (b.Len() > 8*maxRegexp || len(n.Pattern.Parts) > 50) {
		return false
	}
	p.write("(")
	if !p.value(n.Args[0]) {
		return false
	}
	if n.Pattern.Fold {
		p.write(" ~ ")
		p.text("^" + b.String() + "$")
	} else {
		p.write(" LIKE ")
		p.text(b.String())
		p.write(" ESCAPE '!'")
	}
	p.write(")")
	return p.err == nil
}

// writeFolded writes a regular expression for one character in all its cases.
func writeFolded(b *strings.Builder, c rune) {
	if c < 0x80 && (unicode.IsPunct(c) || unicode.IsSymbol(c)) {
		b.WriteByte('\\')
	}
	next := unicode.SimpleFold(c)
	if next == c {
		b.WriteRune(c)
		return
	}
	b.WriteByte('[')
	b.WriteRune(c)
	for ; next != c; next = unicode.SimpleFold(next) {
		b.WriteRune(next)
	}
	b.WriteByte(']')
}

func (p *postgres) isNull(n *filter.Node) bool {
	a, is := n.Args[0], " IS NULL"
	if n.Op == filter.IsNotNull {
		is = " IS NOT NULL"
	}
	p.write("(")
	defer p.write(")")
	switch a.Op {
	case filter.GeomValue:
		if p.t.geom(a.Geom).Type == "" {
			return false
		}
		p.ident(p.t.Schema.Geoms[a.Geom].Name)
	case filter.FieldValue:
		name, _, ok := p.postgresType(a.Field)
		if !ok {
			return false
		}
		if t := postgresTypes[name]; t == filter.Date || t == filter.DateTime {
			p.field(a.Field)
			p.write(is)
			if n.Op == filter.IsNull {
				p.write(" OR NOT")
			} else {
				p.write(" AND")
			}
			p.write(" isfinite(")
			p.field(a.Field)
			p.write(")")
			return true
		}
		p.field(a.Field)
	default:
		if !p.value(a) {
			return false
		}
	}
	p.write(is)
	return true
}

var spatialNames = map[filter.Op]string{
	filter.Intersects: "ST_Intersects", filter.Within: "ST_Within", filter.Contains: "ST_Contains",
}

// spatial writes a predicate of a geometry column and a constant. PostGIS cannot be asked about collections of several
// dimensions: GEOS overlooks the points of one that has lines. Their parts are asked about, or the program judges them,
// which is only said where too many rows may come.
func (p *postgres) spatial(n *filter.Node, mayBeMore bool) bool {
	column, constant := n.Args[0], n.Args[1]
	if column.Op == filter.Literal {
		column, constant = constant, column
	}
	if column.Op != filter.GeomValue || constant.Op != filter.Literal || constant.WKB == nil {
		return false
	}
	c := p.t.geom(column.Geom)
	columnType := p.t.Schema.Geoms[column.Geom].Type.Base()
	t, err := constant.WKB.Type()
	if err != nil || !c.isGeometry() || !isSimple(t) || !isSimple(columnType) && columnType != feature.Geometry &&
		columnType != feature.GeometryCollection {
		return false
	}
	name := p.t.Schema.Geoms[column.Geom].Name
	placeholder := ""
	predicate := func(g func()) {
		w := func() {
			if placeholder != "" {
				p.write(placeholder)
				return
			}
			start := len(p.sql)
			p.geometry(constant.WKB, c.SRID)
			if !p.d.literals { // it can be said again
				placeholder = string(p.sql[start:])
			}
		}
		first, second := g, w
		if n.Args[0].Op == filter.Literal {
			first, second = w, g
		}
		p.write(spatialNames[n.Op], "(")
		first()
		p.write(", ")
		second()
		p.write(")")
	}
	all := func() { p.ident(name) }
	if isSimple(columnType) {
		predicate(all)
		return true
	}
	box, err := constant.WKB.Bounds()
	if err != nil || n.Op != filter.Intersects && !mayBeMore {
		return false
	}
	p.write("(")
	if box.IsEmpty() {
		p.ident(name)
		p.write(" IS NULL AND NULL)")
		return true
	}
	p.envelope(column.Geom, box) // no index is used for what stands in CASE
	p.write(" AND CASE WHEN ST_GeometryType(")
	p.ident(name)
	p.write(") = 'ST_GeometryCollection' THEN ")
	if n.Op == filter.Intersects {
		p.write("EXISTS (SELECT 1 FROM ST_Dump(")
		p.ident(name)
		p.write(") AS part WHERE ")
		predicate(func() { p.write("part.geom") })
		p.write(")")
	} else {
		p.write("TRUE")
		p.more = true
	}
	p.write(" ELSE ")
	predicate(all)
	p.write(" END)")
	return true
}

// isSimple tells whether geometries of the type are judged alike by PostGIS and the program. Where a column takes any type,
// curves and surfaces, of which the program cannot judge, are left to PostGIS.
func isSimple(t feature.GeomType) bool {
	return t.Base() >= feature.Point && t.Base() <= feature.MultiPolygon
}

// geometry adds a constant geometry.
func (b *builder) geometry(w feature.WKB, srid int32) {
	b.write("ST_GeomFromWKB(")
	b.bytes(w)
	b.write(", ", strconv.Itoa(int(srid)), ")")
}

// postgresBox adds the condition that a geometry's bounds have a point in common with the box. The operator && compares
// in float32, rounded outwards, and uses the index; the bounds that the functions have are exact.
func (r *renderer) postgresBox(geom int, box feature.Bounds) (exact, ok bool) {
	if !r.t.geom(geom).isGeometry() || r.err != nil {
		return false, false
	}
	r.and()
	if box.IsEmpty() {
		r.write("FALSE")
		return true, true
	}
	name := r.t.Schema.Geoms[geom].Name
	r.envelope(geom, box)
	for _, c := range [...]struct {
		f, op string
		v     float64
	}{
		{"ST_XMin", " <= ", box.MaxX},
		{"ST_XMax", " >= ", box.MinX},
		{"ST_YMin", " <= ", box.MaxY},
		{"ST_YMax", " >= ", box.MinY},
	} {
		r.write(" AND ", c.f, "(")
		r.ident(name)
		r.write(")", c.op)
		r.float(c.v)
	}
	return true, true
}

// envelope adds the condition on the index.
func (r *renderer) envelope(geom int, box feature.Bounds) {
	r.ident(r.t.Schema.Geoms[geom].Name)
	r.write(" && ST_MakeEnvelope(")
	for _, v := range [...]float64{box.MinX, box.MinY, box.MaxX, box.MaxY} {
		r.float(v)
		r.write(", ")
	}
	r.write(strconv.Itoa(int(r.t.geom(geom).SRID)), ")")
}

// indexBox asks the index for geometries that may have something in common with the box.
func (r *renderer) indexBox(geom int, box feature.Bounds) {
	if !r.t.geom(geom).isGeometry() {
		return
	}
	r.and()
	if box.IsEmpty() {
		r.write("FALSE")
		return
	}
	r.envelope(geom, box)
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
	case n.Type == filter.Opaque, n.Type != typeOf(&r.t.Schema.Fields[field]):
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

// typeOf returns the filter's type of a field's values.
func typeOf(f *feature.Field) filter.Type {
	switch f.Type {
	case feature.Integer, feature.Integer64:
		if f.Subtype == feature.Boolean {
			return filter.Bool
		}
		return filter.Int
	case feature.Real:
		return filter.Float
	case feature.String:
		if f.Subtype != feature.JSONText {
			return filter.Text
		}
	case feature.DateField:
		return filter.Date
	case feature.TimeField:
		return filter.Time
	case feature.DateTimeField:
		return filter.DateTime
	}
	return filter.Opaque
}
