package filter

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Expr is an expression as it was written or built: names are not resolved yet and types not checked; Bind does that.
// An Expr is never changed, so it may be part of several others and used by several goroutines. A nil *Expr is no
// filter at all.
type Expr struct {
	kind kind
	op   string        // of unary, binary: as in the text, AND and OR too; of call, cast: the name in capitals
	name string        // of ident, as written, without quotes
	val  feature.Value // of literal
	wkb  feature.WKB   // of geometry
	args []*Expr
	size int     // of cast: the (n) of character(n), or 0
	not  bool    // of isNull: IS NOT NULL
	text *string // that it was parsed from; nil if it was built
	pos  int     // what to point at in the text, in bytes
	err  error   // of building: reported by Bind
}

// kind says what an Expr is.
type kind uint8

const (
	literal  kind = iota
	geometry      // a geometry given as WKB
	ident
	fid
	unary   // -, NOT
	binary  // arithmetic, ||, comparisons, AND, OR
	like    // LIKE, ILIKE: args are the text, the pattern, and perhaps the escape
	in      // args are the value and the list
	between // args are the value and both ends
	isNull
	call
	cast
)

// Field is the value of the field, or of one of the special fields FID, OGR_GEOMETRY, OGR_GEOM_AREA and OGR_GEOM_WKT, or
// a geometry column.
func Field(name string) *Expr { return &Expr{kind: ident, name: name} }

// FID is the feature's FID, even where a field bears that name.
func FID() *Expr { return &Expr{kind: fid} }

// Geom is a geometry, for the spatial predicates. The bytes are not copied. Malformed ones are an error of Bind.
func Geom(w feature.WKB) *Expr { return &Expr{kind: geometry, wkb: w} }

// Value is a constant: a feature.Value, nil for NULL, a bool, any kind of integer or float, a string, a time.Time for a
// date-time, or an *Expr, which is returned as it is. Another type is an error of Bind.
func Value(v any) *Expr {
	e := &Expr{kind: literal}
	switch v := v.(type) {
	case *Expr:
		if v == nil {
			e.err = fmt.Errorf("an expression is nil")
			break
		}
		return v
	case feature.Value:
		e.val = v.Clone()
	case nil:
		e.val = feature.Null()
	case bool:
		e.val = feature.Bool(v)
	case int:
		e.val = feature.Int(int64(v))
	case int8:
		e.val = feature.Int(int64(v))
	case int16:
		e.val = feature.Int(int64(v))
	case int32:
		e.val = feature.Int(int64(v))
	case int64:
		e.val = feature.Int(v)
	case uint8:
		e.val = feature.Int(int64(v))
	case uint16:
		e.val = feature.Int(int64(v))
	case uint32:
		e.val = feature.Int(int64(v))
	case uint:
		e.setUint(uint64(v))
	case uint64:
		e.setUint(v)
	case float32:
		e.val = feature.Float(float64(v))
	case float64:
		e.val = feature.Float(v)
	case string:
		e.val = feature.Text(v)
	case time.Time:
		e.val = feature.DateTime(v)
	default:
		e.err = fmt.Errorf("a %T is no value of a filter", v)
	}
	return e
}

func (e *Expr) setUint(v uint64) {
	if v > math.MaxInt64 {
		e.err = fmt.Errorf("%d is beyond the integers of a filter, which end at %d", v, int64(math.MaxInt64))
		return
	}
	e.val = feature.Int(int64(v))
}

func (e *Expr) binary(op string, v any) *Expr {
	return &Expr{kind: binary, op: op, args: []*Expr{e, Value(v)}}
}

// Eq is e = v. What v may be, see Value; that holds for all methods.
func (e *Expr) Eq(v any) *Expr { return e.binary("=", v) }

// Ne is e <> v.
func (e *Expr) Ne(v any) *Expr { return e.binary("<>", v) }

// Lt is e < v.
func (e *Expr) Lt(v any) *Expr { return e.binary("<", v) }

// Le is e <= v.
func (e *Expr) Le(v any) *Expr { return e.binary("<=", v) }

// Gt is e > v.
func (e *Expr) Gt(v any) *Expr { return e.binary(">", v) }

// Ge is e >= v.
func (e *Expr) Ge(v any) *Expr { return e.binary(">=", v) }

// Add is e + v.
func (e *Expr) Add(v any) *Expr { return e.binary("+", v) }

// Sub is e - v.
func (e *Expr) Sub(v any) *Expr { return e.binary("-", v) }

// Mul is e * v.
func (e *Expr) Mul(v any) *Expr { return e.binary("*", v) }

// Div is e / v.
func (e *Expr) Div(v any) *Expr { return e.binary("/", v) }

// Mod is e % v.
func (e *Expr) Mod(v any) *Expr { return e.binary("%", v) }

// Concat is e || v.
func (e *Expr) Concat(v any) *Expr { return e.binary("||", v) }

// Between is e BETWEEN low AND high; both ends belong to it.
func (e *Expr) Between(low, high any) *Expr {
	return &Expr{kind: between, args: []*Expr{e, Value(low), Value(high)}}
}

// In is e IN (v, ...). An empty list has nothing in it: the result is false.
func (e *Expr) In(v ...any) *Expr {
	args := []*Expr{e}
	for _, v := range v {
		args = append(args, Value(v))
	}
	return &Expr{kind: in, args: args}
}

// Like is e LIKE pattern: % stands for any characters, _ for one, and there is no escape.
func (e *Expr) Like(pattern string) *Expr {
	return &Expr{kind: like, op: "LIKE", args: []*Expr{e, Value(pattern)}}
}

// LikeEscape is e LIKE pattern ESCAPE escape: the character behind escape stands for itself.
func (e *Expr) LikeEscape(pattern string, escape rune) *Expr {
	return &Expr{kind: like, op: "LIKE", args: []*Expr{e, Value(pattern), Value(string(escape))}}
}

// ILike is Like that does not tell upper from lower case.
func (e *Expr) ILike(pattern string) *Expr {
	return &Expr{kind: like, op: "ILIKE", args: []*Expr{e, Value(pattern)}}
}

// IsNull is e IS NULL.
func (e *Expr) IsNull() *Expr { return &Expr{kind: isNull, args: []*Expr{e}} }

// IsNotNull is e IS NOT NULL.
func (e *Expr) IsNotNull() *Expr { return &Expr{kind: isNull, args: []*Expr{e}, not: true} }

// Not is NOT e. It is null where e is.
func (e *Expr) Not() *Expr { return &Expr{kind: unary, op: "NOT", args: []*Expr{e}} }

// And is e AND all others. Nil ones count for nothing, e as well, so that filters can be put together from what there is.
func (e *Expr) And(others ...*Expr) *Expr { return join("AND", e, others) }

// Or is e OR all others; nil ones count for nothing.
func (e *Expr) Or(others ...*Expr) *Expr { return join("OR", e, others) }

func join(op string, e *Expr, others []*Expr) *Expr {
	var args []*Expr
	for _, o := range append([]*Expr{e}, others...) {
		switch {
		case o == nil:
		case o.kind == binary && o.op == op: // one level for all: a filter of a thousand parts is not a thousand deep
			args = append(args, o.args...)
		default:
			args = append(args, o)
		}
	}
	switch len(args) {
	case 0:
		return nil
	case 1:
		return args[0]
	}
	return &Expr{kind: binary, op: op, args: args}
}

// Call is a function of the language: "LOWER", "COALESCE", "ST_Intersects". Bind knows which there are.
func Call(name string, args ...any) *Expr {
	e := &Expr{kind: call, op: strings.ToUpper(name)}
	for _, a := range args {
		e.args = append(e.args, Value(a))
	}
	return e
}

// CastTo is CAST(e AS typ), typ being a name of the language: "integer", "character(10)".
func (e *Expr) CastTo(typ string) *Expr {
	c := &Expr{kind: cast, args: []*Expr{e}}
	c.op, c.size, c.err = parseCastType(typ)
	return c
}

// Intersects is ST_Intersects(e, g): both have a point in common.
func (e *Expr) Intersects(g feature.WKB) *Expr { return Call("ST_INTERSECTS", e, Geom(g)) }

// Args returns the expressions that e is made of, from left to right: none for a field or a constant.
func (e *Expr) Args() []*Expr { return slices.Clone(e.args) }

// WithArgs returns e made of other expressions, as many as Args has; AND, OR, IN and functions may have more or fewer.
func (e *Expr) WithArgs(args ...*Expr) *Expr {
	c := *e
	c.args = slices.Clone(args)
	return &c
}
