package sqlbuilder

// Dialect is a way of writing SQL. The zero Dialect is SQLite.
type Dialect struct {
	postgres bool
	literals bool // no arguments: values stand in the text
}

// The dialects.
var (
	SQLite     = Dialect{}               // SQLite 3.38 or later; GeoPackage
	PostgreSQL = Dialect{postgres: true} // PostgreSQL 9.6 or later with PostGIS 2.5 or later
)

// WithLiterals returns the dialect for a store that takes no arguments: values stand in the text of a statement. CARTO
// is PostgreSQL.WithLiterals().
func (d Dialect) WithLiterals() Dialect {
	d.literals = true
	return d
}

// String returns the dialect's name.
func (d Dialect) String() string {
	name := "SQLite"
	if d.postgres {
		name = "PostgreSQL"
	}
	if d.literals {
		name += " with literals"
	}
	return name
}

// maxArgs is how many arguments a statement may have: SQLITE_MAX_VARIABLE_NUMBER, and the 16 bits of PostgreSQL's
// protocol.
func (d Dialect) maxArgs() int {
	if d.postgres {
		return 65535
	}
	return 32766
}

// maxName is how many bytes of a name PostgreSQL keeps. It cuts a longer one, and so takes it for another.
const maxName = 63
