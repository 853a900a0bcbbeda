package gpkg

import (
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// jsonMIME is the mime_type in gpkg_data_columns of a TEXT column that holds JSON.
const jsonMIME = "application/json"

// fieldOf returns the field for a column of the SQL type (OGC 12-128r18, table 1). Types of other databases, which
// SQLite lets stand in a table, go by its rules of affinity (https://www.sqlite.org/datatype3.html, 3.1).
func fieldOf(name, sqlType string) feature.Field {
	f := feature.Field{Name: name}
	base, size := splitType(sqlType)
	switch base {
	case "INTEGER", "INT", "BIGINT":
		f.Type = feature.Integer64
	case "MEDIUMINT", "TINYINT":
		f.Type = feature.Integer
	case "SMALLINT":
		f.Type, f.Subtype = feature.Integer, feature.Int16
	case "BOOLEAN", "BOOL":
		f.Type, f.Subtype = feature.Integer, feature.Boolean
	case "REAL", "DOUBLE":
		f.Type = feature.Real
	case "FLOAT":
		f.Type, f.Subtype = feature.Real, feature.Float32
	case "TEXT":
		f.Width = size
	case "BLOB":
		f.Type, f.Width = feature.Binary, size
	case "DATE":
		f.Type = feature.DateField
	case "DATETIME", "TIMESTAMP":
		f.Type = feature.DateTimeField
	case "TIME":
		f.Type = feature.TimeField
	default:
		_, err := feature.ParseGeomType(base)
		switch {
		case err == nil: // a geometry that gpkg_geometry_columns does not list
			f.Type = feature.Binary
		case strings.Contains(base, "INT"):
			f.Type = feature.Integer64
		case strings.Contains(base, "CHAR"), strings.Contains(base, "CLOB"), strings.Contains(base, "TEXT"):
			f.Width = size
		case strings.Contains(base, "BLOB"):
			f.Type = feature.Binary
		case strings.Contains(base, "REAL"), strings.Contains(base, "FLOA"), strings.Contains(base, "DOUB"),
			strings.HasPrefix(base, "NUMERIC"), strings.HasPrefix(base, "DECIMAL"):
			f.Type = feature.Real
		}
	}
	return f
}

// splitType splits TEXT(80) into TEXT and 80.
func splitType(sqlType string) (base string, size int) {
	base = strings.ToUpper(strings.TrimSpace(sqlType))
	if i := strings.IndexByte(base, '('); i >= 0 {
		if j := strings.IndexByte(base[i:], ')'); j > 0 {
			n, err := strconv.Atoi(strings.TrimSpace(base[i+1 : i+j]))
			if err == nil { // else no limit
				size = n
			}
		}
		base = strings.TrimSpace(base[:i])
	}
	return base, max(size, 0)
}

// sqlTypeOf returns the SQL type of the column for a field, and the mime type for gpkg_data_columns where the type alone
// does not tell what the column holds.
func sqlTypeOf(f feature.Field) (sqlType, mime string) {
	switch {
	case f.Type >= feature.IntegerList, f.Type == feature.String && f.Subtype == feature.JSONText:
		mime = jsonMIME
	}
	return sqlbuilder.SQLite.ColumnType(f), mime
}

// stored returns the field that comes back when f is written to a column of its SQL type.
func stored(f feature.Field) feature.Field {
	sqlType, mime := sqlTypeOf(f)
	g := fieldOf(f.Name, sqlType)
	if mime == jsonMIME {
		g.Subtype = feature.JSONText
	}
	g.Alias, g.Comment, g.NotNull, g.Unique, g.Default = f.Alias, f.Comment, f.NotNull, f.Unique, f.Default
	return g
}
