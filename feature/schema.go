package feature

import (
	"fmt"
	"slices"
	"strings"
)

// FieldType is OGR's type of a field.
type FieldType uint8

// The types of fields. The zero type is String.
const (
	String        FieldType = iota // UTF-8 text: KindText, or KindJSON with subtype JSON
	Integer                        // 32-bit integer: KindInt, or KindBool with subtype Boolean
	Integer64                      // 64-bit integer: KindInt
	Real                           // 64-bit IEEE 754 number: KindFloat
	DateField                      // KindDate
	TimeField                      // KindTime
	DateTimeField                  // KindDateTime
	Binary                         // KindBytes
	IntegerList                    // KindIntList, of 32 bits
	Integer64List                  // KindIntList
	RealList                       // KindFloatList
	StringList                     // KindTextList
)

var fieldTypeNames = [...]string{
	"String", "Integer", "Integer64", "Real", "Date", "Time", "DateTime", "Binary", "IntegerList", "Integer64List",
	"RealList", "StringList",
}

// String returns OGR's name of the type.
func (t FieldType) String() string {
	if int(t) < len(fieldTypeNames) {
		return fieldTypeNames[t]
	}
	return fmt.Sprintf("FieldType(%d)", uint8(t))
}

// Subtype narrows a field's type.
type Subtype uint8

// The subtypes of fields.
const (
	NoSubtype Subtype = iota
	Boolean           // of Integer and IntegerList
	Int16             // of Integer and IntegerList
	Float32           // of Real and RealList
	JSONText          // of String; OGR calls it JSON
	UUID              // of String
)

var subtypeNames = [...]string{"None", "Boolean", "Int16", "Float32", "JSON", "UUID"}

// String returns OGR's name of the subtype; "None" for NoSubtype.
func (s Subtype) String() string {
	if int(s) < len(subtypeNames) {
		return subtypeNames[s]
	}
	return fmt.Sprintf("Subtype(%d)", uint8(s))
}

// Field describes one attribute of a layer.
type Field struct {
	Name    string
	Alias   string // a title for people, or ""
	Comment string
	Type    FieldType
	Subtype Subtype
	// Width is the greatest number of characters (of a number: digits, sign and point included), 0 for no limit.
	Width int
	// Precision is the number of digits behind the point of a Real with a Width.
	Precision int
	// NotNull says that no feature has null in this field. The zero value, as with OGR, is a field that takes null.
	NotNull bool
	// Unique says that no two features have the same value.
	Unique bool
	// Default is the column's default as an SQL expression: 'text' in quotes, a number, CURRENT_TIMESTAMP, or "".
	Default string
}

// TypeName returns the type as ogrinfo shows it: "Integer(Boolean)", "String".
func (f Field) TypeName() string {
	if f.Subtype == NoSubtype {
		return f.Type.String()
	}
	return f.Type.String() + "(" + f.Subtype.String() + ")"
}

// GeomField describes one geometry column of a layer. OGR's RFC 41 allows several.
type GeomField struct {
	Name    string
	Type    GeomType
	SRS     SRS
	NotNull bool
}

// Schema describes a layer: its geometry columns and its fields, in order. A Schema that a Layer returned is shared and
// must not be changed; Clone it first.
type Schema struct {
	// FIDColumn is the name of the column that holds the FID, or "".
	FIDColumn string
	// Geoms are the geometry columns. Most layers have one, a table without geometry has none.
	Geoms []GeomField
	// Fields are the attributes.
	Fields []Field
}

// Clone returns a copy that shares no memory.
func (s *Schema) Clone() *Schema {
	c := *s
	c.Geoms, c.Fields = slices.Clone(s.Geoms), slices.Clone(s.Fields)
	return &c
}

// FieldIndex returns the index of the field of that name, or -1. A name that differs only in case is taken when no
// other does.
func (s *Schema) FieldIndex(name string) int {
	return indexByName(len(s.Fields), func(i int) string { return s.Fields[i].Name }, name)
}

// GeomIndex returns the index of the geometry column of that name, or -1, as FieldIndex does.
func (s *Schema) GeomIndex(name string) int {
	return indexByName(len(s.Geoms), func(i int) string { return s.Geoms[i].Name }, name)
}

func indexByName(n int, at func(int) string, name string) int {
	found := -1
	for i := range n {
		switch other := at(i); {
		case other == name:
			return i
		case strings.EqualFold(other, name):
			if found >= 0 {
				found = -2
			} else if found == -1 {
				found = i
			}
		}
	}
	return max(found, -1)
}
