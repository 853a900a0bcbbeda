package filter

import (
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Type is what an expression yields. Every expression yields null, too.
type Type uint8

// The types of expressions.
const (
	Null     Type = iota // NULL itself, which goes with every type
	Bool                 // true or false
	Int                  // int64
	Float                // float64
	Text                 // UTF-8
	Date                 // a day
	Time                 // a time of day
	DateTime             // an instant, to the microsecond
	Geometry             // a geometry
	Opaque               // binary data, JSON, a list: nothing but IS NULL applies
)

var typeNames = [...]string{"null", "boolean", "integer", "real", "text", "date", "time", "timestamp", "geometry", "opaque"}

// String returns the type's name in lower case.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "type " + strconv.Itoa(int(t))
}

// Op says what a Node does.
type Op uint8

// The operations. What their arguments are after binding stands behind each.
const (
	// Leaves.
	Literal      Op = iota // Value; of type Geometry: WKB
	FieldValue             // the value of field Field
	FIDValue               // the FID, an Int that is never null
	GeomValue              // the geometry in column Geom
	GeomTypeName           // OGR_GEOMETRY of column Geom: POINT, MULTIPOLYGON; null without geometry
	GeomArea               // OGR_GEOM_AREA of column Geom: planar, in the square of the SRS's unit
	GeomWKT                // OGR_GEOM_WKT of column Geom

	// Comparisons of two arguments of one type, but for Int with Float, which are compared exactly.
	Eq
	Ne
	Lt
	Le
	Gt
	Ge

	In        // the first argument equals one of the others
	Like      // Args[0] is a Text that Pattern matches
	IsNull    // of any type
	IsNotNull // of any type

	And // of two or more
	Or  // of two or more
	Not // of one

	// Arithmetic of two Ints, giving an Int, or of two Floats, giving a Float. Mod and Neg: see Bind.
	Add
	Sub
	Mul
	Div
	Mod // of two Ints
	Neg // of one

	Concat   // of two Texts
	Lower    // of a Text
	Upper    // of a Text
	Length   // of a Text, in characters: Int
	Substr   // Text, Int start, and perhaps Int length
	Coalesce // one or more of one type
	NullIf   // two, as with Eq; the first one's type
	Abs      // of an Int or Float
	Round    // of an Int or Float, to Digits decimals
	Cast     // of one to Type; a Text is cut to Width characters where that is not 0, an Int holds to Bits bits

	// Predicates of two geometries, each a GeomValue or a Literal.
	Intersects
	Within
	Contains
	DWithin // Distance apart at most
)

// Node is a part of an expression that was bound to a schema: names are resolved, types are checked and made alike. It
// is what the evaluator runs and what sqlbuilder turns into SQL. Nodes are shared and must not be changed.
type Node struct {
	Op       Op
	Type     Type
	Args     []*Node
	Value    feature.Value // of a Literal that is no geometry; its kind is that of Type, or KindNull
	WKB      feature.WKB   // of a Literal of type Geometry
	Field    int           // of a FieldValue
	Geom     int           // of a GeomValue, GeomTypeName, GeomArea, GeomWKT
	Pattern  *Pattern      // of Like
	Digits   int           // of Round
	Width    int           // of Cast to Text; 0 is no limit
	Bits     int           // of Cast to Int: 16, 32 or 64
	Distance float64       // of DWithin, in the SRS's unit; not negative
}

// Walk calls f for n and all below it, from the top; where f returns false it does not go deeper.
func (n *Node) Walk(f func(*Node) bool) {
	if !f(n) {
		return
	}
	for _, a := range n.Args {
		a.Walk(f)
	}
}

// UsesGeometry tells whether a geometry column is looked at.
func (n *Node) UsesGeometry() bool {
	uses := false
	n.Walk(func(n *Node) bool {
		switch n.Op {
		case GeomValue, GeomTypeName, GeomArea, GeomWKT:
			uses = true
		}
		return !uses
	})
	return uses
}

// IsNullLiteral tells whether n is a NULL that was written as such, or came out of constants.
func (n *Node) IsNullLiteral() bool {
	return n.Op == Literal && n.Type != Geometry && n.Value.IsNull()
}

// Pattern is what LIKE and ILIKE match with: the pattern's text, its escapes resolved.
type Pattern struct {
	Parts []PatternPart
	Fold  bool // ILIKE: letters that differ in case alone are the same, by Unicode's simple folding
}

// PatternPart is a piece of a pattern: a text to be there as it is, or a wildcard.
type PatternPart struct {
	Kind PatternKind
	Text string // of Exactly
}

// PatternKind says what a PatternPart stands for.
type PatternKind uint8

// The kinds of pattern parts.
const (
	Exactly PatternKind = iota // its Text
	AnyOne                     // "_": one character
	AnyMany                    // "%": any characters, or none
)
