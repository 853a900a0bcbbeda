package gpkg

import (
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
)

// TestFieldOf reads the types of columns: those of the standard (OGC 12-128r18, table 1) and others that SQLite lets stand.
func TestFieldOf(t *testing.T) {
	for _, c := range []struct {
		sql   string
		want  string // type and subtype
		width int
	}{
		{"BOOLEAN", "Integer(Boolean)", 0},
		{"TINYINT", "Integer", 0},
		{"SMALLINT", "Integer(Int16)", 0},
		{"MEDIUMINT", "Integer", 0},
		{"INT", "Integer64", 0},
		{"INTEGER", "Integer64", 0},
		{"FLOAT", "Real(Float32)", 0},
		{"DOUBLE", "Real", 0},
		{"REAL", "Real", 0},
		{"TEXT", "String", 0},
		{"TEXT(80)", "String", 80},
		{"BLOB", "Binary", 0},
		{"BLOB(16)", "Binary", 16},
		{"DATE", "Date", 0},
		{"DATETIME", "DateTime", 0},

		{"integer", "Integer64", 0},
		{"Text ( 80 )", "String", 80},
		{" TEXT(8)", "String", 8},
		{"text(x)", "String", 0},
		{"text(-3)", "String", 0},
		{"text(", "String", 0},
		{"text)3(", "String", 0},
		{"TEXT(99999999999999999999)", "String", 0},
		{"", "String", 0},
		{"VARCHAR(20)", "String", 20},
		{"varchar", "String", 0},
		{"CHARACTER VARYING(30)", "String", 30},
		{"NVARCHAR(100)", "String", 100},
		{"CLOB", "String", 0},
		{"MEDIUMTEXT", "String", 0},
		{"STRING", "String", 0},
		{"UUID", "String", 0},
		{"JSON", "String", 0},
		{"NUMERIC", "Real", 0},
		{"NUMERIC(10,2)", "Real", 0},
		{"DECIMAL(10, 2)", "Real", 0},
		{"DOUBLE PRECISION", "Real", 0},
		{"FLOAT8", "Real", 0},
		{"BIGINT", "Integer64", 0},
		{"INT8", "Integer64", 0},
		{"INT2", "Integer64", 0},
		{"UNSIGNED BIG INT", "Integer64", 0},
		{"INTEGER UNSIGNED", "Integer64", 0},
		{"POINT", "Binary", 0}, // of a table that gpkg_geometry_columns does not list
		{"GEOMETRY", "Binary", 0},
		{"MULTIPOLYGON", "Binary", 0},
		{"POINTER", "Integer64", 0}, // SQLite's rule: it has INT in it
		{"TIMESTAMP", "DateTime", 0},
		{"timestamp", "DateTime", 0},
		{"TIME", "Time", 0},
		{"BOOL", "Integer(Boolean)", 0},
		{"LONGBLOB", "Binary", 0},
		{"\t\nDATE\n", "Date", 0},
	} {
		f := fieldOf("name", c.sql)
		if f.Name != "name" || f.TypeName() != c.want || f.Width != c.width {
			t.Errorf("%q is %s of width %d, want %s of %d", c.sql, f.TypeName(), f.Width, c.want, c.width)
		}
	}
}

// TestStored: the field that Create says it stores is the one that is read.
func TestStored(t *testing.T) {
	for typ := feature.String; typ <= feature.StringList; typ++ {
		for sub := feature.NoSubtype; sub <= feature.UUID; sub++ {
			f := feature.Field{Name: "n", Type: typ, Subtype: sub, Width: 7, NotNull: true, Unique: true, Default: "1", Alias: "a", Comment: "c"}
			g := stored(f)
			sqlType, _ := sqlTypeOf(f)
			again, _ := sqlTypeOf(g)
			if sqlType != again {
				t.Errorf("%s becomes a column %s, and what that is, %s, one of %s", f.TypeName(), sqlType, g.TypeName(), again)
			}
			if stored(g) != g {
				t.Errorf("%s becomes %+v, and that %+v", f.TypeName(), g, stored(g))
			}
		}
	}
}
