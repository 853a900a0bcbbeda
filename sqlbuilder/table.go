package sqlbuilder

import (
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Table says how a layer is stored.
type Table struct {
	Namespace string // PostgreSQL's schema, SQLite's attached database; "" is where the store looks first
	Name      string
	Schema    *feature.Schema
	// FID is the name of the column of the FID, an integer that is unique and never null; "" when there is none, and rows
	// are numbered as they come.
	FID string
	// View says that the table is a view. In SQLite, anything can stand then in the column of the FID.
	View bool
	// Types are the store's types of the columns of the fields, by the index of the field: SQLite's declared type,
	// PostgreSQL's name ("int4", "numeric(10,2)", "timestamp with time zone"). No condition is pushed down on a column
	// whose type is "" or of which nothing is known here. So are PostgreSQL's columns of a nondeterministic collation to
	// be given.
	Types []string
	// Geoms are the columns of the geometries, by their index.
	Geoms []GeomColumn
	// NotUTF8 says that the database's text is in another encoding. Then texts are compared by the program.
	NotUTF8 bool
}

// GeomColumn says how a geometry column is stored.
type GeomColumn struct {
	RTree string // SQLite's table of the R-tree, or ""
	Type  string // PostgreSQL's: "geometry", with or without what stands in parentheses. Nothing is pushed down on another
	SRID  int32  // PostgreSQL's, of all geometries in the column; -1 if that is not known, and nothing is pushed down
}

// geom returns what is known of geometry column i.
func (t *Table) geom(i int) GeomColumn {
	if i < len(t.Geoms) {
		return t.Geoms[i]
	}
	return GeomColumn{SRID: -1}
}

// columnType returns the type of the column of field i, or "".
func (t *Table) columnType(i int) string {
	if i < len(t.Types) {
		return t.Types[i]
	}
	return ""
}

// affinity is what SQLite turns the values of a column into where it can.
type affinity uint8

const (
	noAffinity affinity = iota
	textAffinity
	integerAffinity
	realAffinity
	numericAffinity
)

// affinityOf returns the affinity of a declared type (https://www.sqlite.org/datatype3.html, 3.1).
func affinityOf(declared string) affinity {
	s := strings.ToUpper(declared)
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(s, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("INT"):
		return integerAffinity
	case has("CHAR", "CLOB", "TEXT"):
		return textAffinity
	case s == "", has("BLOB"):
		return noAffinity
	case has("REAL", "FLOA", "DOUB"):
		return realAffinity
	}
	return numericAffinity
}
