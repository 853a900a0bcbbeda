package sqlbuilder

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
)

// ColumnType returns the type of the column that a field gets: a GeoPackage's (OGC 12-128r18, table 1), or PostgreSQL's.
// A date-time becomes timestamp with time zone, so that it is an instant. Widths are kept of texts only: PostgreSQL's
// numeric(w,p) is another number than a real.
func (d Dialect) ColumnType(f feature.Field) string {
	if d.postgres {
		return postgresColumnType(f)
	}
	switch f.Type {
	case feature.Integer:
		switch f.Subtype {
		case feature.Boolean:
			return "BOOLEAN"
		case feature.Int16:
			return "SMALLINT"
		}
		return "MEDIUMINT"
	case feature.Integer64:
		return "INTEGER"
	case feature.Real:
		if f.Subtype == feature.Float32 {
			return "FLOAT"
		}
		return "REAL"
	case feature.DateField:
		return "DATE"
	case feature.DateTimeField:
		return "DATETIME"
	case feature.Binary:
		return "BLOB"
	case feature.String:
		if f.Subtype != feature.JSONText && f.Width > 0 {
			return "TEXT(" + strconv.Itoa(f.Width) + ")"
		}
	}
	return "TEXT" // lists are JSON; a time of day has no type of its own in a GeoPackage
}

// maxVarchar is the greatest width of PostgreSQL's varchar.
const maxVarchar = 10485760

func postgresColumnType(f feature.Field) string {
	switch f.Type {
	case feature.Integer:
		switch f.Subtype {
		case feature.Boolean:
			return "bool"
		case feature.Int16:
			return "int2"
		}
		return "int4"
	case feature.Integer64:
		return "int8"
	case feature.Real:
		if f.Subtype == feature.Float32 {
			return "float4"
		}
		return "float8"
	case feature.DateField:
		return "date"
	case feature.TimeField:
		return "time"
	case feature.DateTimeField:
		return "timestamptz"
	case feature.Binary:
		return "bytea"
	case feature.IntegerList:
		switch f.Subtype {
		case feature.Boolean:
			return "bool[]"
		case feature.Int16:
			return "int2[]"
		}
		return "int4[]"
	case feature.Integer64List:
		return "int8[]"
	case feature.RealList:
		if f.Subtype == feature.Float32 {
			return "float4[]"
		}
		return "float8[]"
	case feature.StringList:
		return "text[]"
	}
	switch {
	case f.Subtype == feature.JSONText:
		return "json" // jsonb would not give back the same text
	case f.Subtype == feature.UUID:
		return "uuid"
	case f.Width > 0 && f.Width <= maxVarchar:
		return "varchar(" + strconv.Itoa(f.Width) + ")"
	}
	return "text"
}

// geometryType returns the type of a column of geometries.
func (d Dialect) geometryType(g feature.GeomField, srid int32) string {
	name := g.Type.Name()
	if !d.postgres {
		return name
	}
	switch g.Type.Base() {
	case feature.Curve, feature.Surface: // PostGIS has no name for any curve
		name = "GEOMETRY"
	}
	name = strings.ToLower(name)
	if g.Type.HasZ() {
		name += "z"
	}
	if g.Type.HasM() {
		name += "m"
	}
	if srid <= 0 {
		return "geometry(" + name + ")"
	}
	return "geometry(" + name + ", " + strconv.Itoa(int(srid)) + ")"
}

// CreateTable returns the statement that makes a table from its schema: the column of the FID as the primary key that
// counts itself, then the geometry columns and the fields. What is in Types is passed over: see ColumnType. A field that
// bears the name of the FID's column is left out. A default that Default refuses is an error.
func (d Dialect) CreateTable(t Table) (Statement, error) {
	b := builder{d: d}
	b.write("CREATE TABLE ")
	b.table(t.Namespace, t.Name)
	sep := " (\n  "
	column := func(name, typ string) {
		b.write(sep)
		sep = ",\n  "
		b.ident(name)
		b.write(" ", typ)
	}
	if t.FID != "" {
		typ := "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"
		if d.postgres {
			typ = "bigserial PRIMARY KEY"
		}
		column(t.FID, typ)
	}
	for i, g := range t.Schema.Geoms {
		column(g.Name, d.geometryType(g, t.geom(i).SRID))
		if g.NotNull {
			b.write(" NOT NULL")
		}
	}
	for _, f := range t.Schema.Fields {
		if t.FID == "" || !d.sameColumn(f.Name, t.FID) {
			b.write(sep)
			sep = ",\n  "
			b.column(f)
		}
	}
	if sep == " (\n  " {
		if !d.postgres {
			return Statement{}, fmt.Errorf("table %s has no columns", t.Name)
		}
		b.write(" (")
	}
	b.write("\n)")
	return b.statement()
}

// sameColumn tells whether the names are the same to the store.
func (d Dialect) sameColumn(a, b string) bool {
	return a == b || !d.postgres && strings.EqualFold(a, b)
}

// column adds the definition of a field's column.
func (b *builder) column(f feature.Field) {
	b.ident(f.Name)
	b.write(" ", b.d.ColumnType(f))
	if f.NotNull {
		b.write(" NOT NULL")
	}
	if f.Unique {
		b.write(" UNIQUE")
	}
	if f.Default == "" {
		return
	}
	sql, err := b.d.Default(f)
	if err != nil {
		b.fail(err)
		return
	}
	// In parentheses SQLite takes any expression, not only a literal.
	b.write(" DEFAULT (", sql, ")")
}

// CreateIndex returns the statement that makes a spatial index of a geometry column. SQLite has none that a single
// statement makes: the error matches errors.ErrUnsupported.
func (d Dialect) CreateIndex(t Table, geom int) (Statement, error) {
	if !d.postgres {
		return Statement{}, fmt.Errorf("a spatial index in %s: %w", d, errors.ErrUnsupported)
	}
	b := builder{d: d}
	b.write("CREATE INDEX ON ")
	b.table(t.Namespace, t.Name)
	b.write(" USING gist (")
	b.ident(t.Schema.Geoms[geom].Name)
	b.write(")")
	return b.statement()
}

// alter begins a statement that changes a table.
func (b *builder) alter(t *Table) {
	b.write("ALTER TABLE ")
	b.table(t.Namespace, t.Name)
}

// AddColumn returns the statement that adds a field to a table.
func (d Dialect) AddColumn(t Table, f feature.Field) (Statement, error) {
	b := builder{d: d}
	b.alter(&t)
	b.write(" ADD COLUMN ")
	b.column(f)
	return b.statement()
}

// DropColumn returns the statement that takes a column from a table.
func (d Dialect) DropColumn(t Table, column string) (Statement, error) {
	b := builder{d: d}
	b.alter(&t)
	b.write(" DROP COLUMN ")
	b.ident(column)
	return b.statement()
}

// RenameColumn returns the statement that gives a column another name.
func (d Dialect) RenameColumn(t Table, from, to string) (Statement, error) {
	b := builder{d: d}
	b.alter(&t)
	b.write(" RENAME COLUMN ")
	b.ident(from)
	b.write(" TO ")
	b.ident(to)
	return b.statement()
}

// RenameTable returns the statement that gives a table another name.
func (d Dialect) RenameTable(t Table, to string) (Statement, error) {
	b := builder{d: d}
	b.alter(&t)
	b.write(" RENAME TO ")
	b.ident(to)
	return b.statement()
}

// DropTable returns the statement that deletes a table, if there is one. With cascade it takes with it what depends on the
// table; SQLite does not know such a thing and passes over it.
func (d Dialect) DropTable(t Table, cascade bool) (Statement, error) {
	b := builder{d: d}
	b.write("DROP TABLE IF EXISTS ")
	b.table(t.Namespace, t.Name)
	if cascade && d.postgres {
		b.write(" CASCADE")
	}
	return b.statement()
}

// Truncate returns the statement that deletes all rows of a table.
func (d Dialect) Truncate(t Table) (Statement, error) {
	b := builder{d: d}
	if d.postgres {
		b.write("TRUNCATE ")
	} else {
		b.write("DELETE FROM ")
	}
	b.table(t.Namespace, t.Name)
	return b.statement()
}
