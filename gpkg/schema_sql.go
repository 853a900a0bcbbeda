package gpkg

import (
	"fmt"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// Definitions of the standard's tables (OGC 12-128r18, annex C), and of the one in which OGR keeps the number of rows.
const (
	createSRS = `CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL,
  definition TEXT NOT NULL,
  description TEXT
)`
	createContents = `CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY,
  data_type TEXT NOT NULL,
  identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE,
  min_y DOUBLE,
  max_x DOUBLE,
  max_y DOUBLE,
  srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
)`
	createGeometryColumns = `CREATE TABLE IF NOT EXISTS gpkg_geometry_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL,
  m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
)`
	createExtensions = `CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT,
  column_name TEXT,
  extension_name TEXT NOT NULL,
  definition TEXT NOT NULL,
  scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
)`
	createDataColumns = `CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  name TEXT,
  title TEXT,
  description TEXT,
  mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name)
)`
	createDataColumnConstraints = `CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL,
  constraint_type TEXT NOT NULL,
  value TEXT,
  min NUMERIC,
  min_is_inclusive BOOLEAN,
  max NUMERIC,
  max_is_inclusive BOOLEAN,
  description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value)
)`
	createOGRContents = `CREATE TABLE IF NOT EXISTS gpkg_ogr_contents (
  table_name TEXT NOT NULL PRIMARY KEY,
  feature_count INTEGER DEFAULT NULL
)`
)

// createTable returns the definition of a layer's table.
func createTable(name, fid string, s *feature.Schema) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE " + sqlbuilder.QuoteIdent(name) + " (\n  " +
		sqlbuilder.QuoteIdent(fid) + " INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL")
	for _, g := range s.Geoms {
		b.WriteString(",\n  " + sqlbuilder.QuoteIdent(g.Name) + " " + g.Type.Name())
		if g.NotNull {
			b.WriteString(" NOT NULL")
		}
	}
	for _, f := range s.Fields {
		if !strings.EqualFold(f.Name, fid) {
			b.WriteString(",\n  " + columnSQL(f))
		}
	}
	b.WriteString("\n)")
	return b.String()
}

// columnSQL returns the definition of a field's column.
func columnSQL(f feature.Field) string {
	sqlType, _ := sqlTypeOf(f)
	sql := sqlbuilder.QuoteIdent(f.Name) + " " + sqlType
	if f.NotNull {
		sql += " NOT NULL"
	}
	if f.Unique {
		sql += " UNIQUE"
	}
	if f.Default != "" {
		// In parentheses any expression may be a default, not only a literal.
		sql += " DEFAULT (" + defaultSQL(f) + ")"
	}
	return sql
}

// nowSQL is the default of a DATETIME column that takes the time of insertion: CURRENT_TIMESTAMP in the standard's form.
const nowSQL = "strftime('%Y-%m-%dT%H:%M:%fZ','now')"

// defaultSQL returns a field's default as an SQL expression, dates and times in the standard's form.
func defaultSQL(f feature.Field) string {
	if f.Type == feature.DateTimeField && strings.EqualFold(f.Default, "CURRENT_TIMESTAMP") {
		return nowSQL
	}
	text, ok := strings.CutPrefix(f.Default, "'")
	if ok {
		text, ok = strings.CutSuffix(text, "'")
	}
	if ok {
		switch f.Type {
		case feature.DateTimeField:
			if v, ok := feature.ParseDateTime([]byte(text)); ok {
				return "'" + string(appendDateTime(nil, v)) + "'"
			}
		case feature.DateField:
			if v, ok := feature.ParseDate([]byte(text)); ok {
				return "'" + string(appendDate(nil, v)) + "'"
			}
		}
	}
	return f.Default
}

// defaultOf returns the default of a field from the expression that its column has.
func defaultOf(f feature.Field, sql string) string {
	if f.Type == feature.DateTimeField && strings.EqualFold(strings.ReplaceAll(sql, " ", ""), nowSQL) {
		return "CURRENT_TIMESTAMP"
	}
	return sql
}

// trigger is the name and definition of one.
type trigger struct{ name, sql string }

// rtreeTriggers returns the triggers that keep the R-tree of a geometry column (OGC 12-128r18, F.3). Version 1.4
// replaced update1 and update3, which get in the way of UPSERT, by update5, update6 and update7.
func rtreeTriggers(table, geom, fid string, version int) []trigger {
	tree := "rtree_" + table + "_" + geom
	q := sqlbuilder.QuoteIdent
	r := strings.NewReplacer("{tree}", q(tree), "{t}", q(table), "{c}", q(geom), "{i}", q(fid))
	const (
		newFull  = "(NEW.{c} NOTNULL AND NOT ST_IsEmpty(NEW.{c}))"
		newEmpty = "(NEW.{c} ISNULL OR ST_IsEmpty(NEW.{c}))"
		oldFull  = "(OLD.{c} NOTNULL AND NOT ST_IsEmpty(OLD.{c}))"
		oldEmpty = "(OLD.{c} ISNULL OR ST_IsEmpty(OLD.{c}))"
		values   = "(NEW.{i}, ST_MinX(NEW.{c}), ST_MaxX(NEW.{c}), ST_MinY(NEW.{c}), ST_MaxY(NEW.{c}))"
		put      = "INSERT OR REPLACE INTO {tree} VALUES " + values + ";"
		drop     = "DELETE FROM {tree} WHERE id = OLD.{i};"
	)
	var list []trigger
	add := func(suffix, event, when, do string) {
		name := tree + "_" + suffix
		list = append(list, trigger{name, r.Replace("CREATE TRIGGER " + q(name) + " AFTER " + event + " ON {t} WHEN " +
			when + " BEGIN " + do + " END")})
	}
	add("insert", "INSERT", newFull, put)
	if version >= 10400 {
		add("update6", "UPDATE OF {c}", "OLD.{i} = NEW.{i} AND "+newFull+" AND "+oldFull,
			"UPDATE {tree} SET minx = ST_MinX(NEW.{c}), maxx = ST_MaxX(NEW.{c}), miny = ST_MinY(NEW.{c}), "+
				"maxy = ST_MaxY(NEW.{c}) WHERE id = NEW.{i};")
		add("update7", "UPDATE OF {c}", "OLD.{i} = NEW.{i} AND "+newFull+" AND "+oldEmpty,
			"INSERT INTO {tree} VALUES "+values+";")
	} else {
		add("update1", "UPDATE OF {c}", "OLD.{i} = NEW.{i} AND "+newFull, put)
	}
	add("update2", "UPDATE OF {c}", "OLD.{i} = NEW.{i} AND "+newEmpty, drop)
	suffix := "update3"
	if version >= 10400 {
		suffix = "update5"
	}
	add(suffix, "UPDATE", "OLD.{i} != NEW.{i} AND "+newFull, drop+" "+put)
	add("update4", "UPDATE", "OLD.{i} != NEW.{i} AND "+newEmpty, "DELETE FROM {tree} WHERE id IN (OLD.{i}, NEW.{i});")
	add("delete", "DELETE", "OLD.{c} NOT NULL", drop)
	return list
}

// countTriggers returns the triggers that keep the number of rows in gpkg_ogr_contents, under the names that OGR gives
// and looks for.
func countTriggers(table string) []trigger {
	var list []trigger
	for _, e := range [...]struct{ event, sign string }{{"insert", "+"}, {"delete", "-"}} {
		name := "trigger_" + e.event + "_feature_count_" + table
		list = append(list, trigger{name, fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s BEGIN UPDATE gpkg_ogr_contents "+
			"SET feature_count = feature_count %s 1 WHERE lower(table_name) = lower(%s); END",
			sqlbuilder.QuoteIdent(name), strings.ToUpper(e.event), sqlbuilder.QuoteIdent(table), e.sign,
			sqlbuilder.QuoteText(table))})
	}
	return list
}

// registerExtension notes an extension in gpkg_extensions. column may be "".
func registerExtension(c *sqlite.Conn, table, column, name, definition, scope string) error {
	if err := c.Exec(createExtensions); err != nil {
		return err
	}
	var col any
	if column != "" {
		col = column
	}
	return c.Execf(`INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope)
		SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM gpkg_extensions
			WHERE lower(table_name) = lower(?1) AND column_name IS ?2 AND extension_name = ?3)`,
		table, col, name, definition, scope)
}

// specURL returns where the standard of a version describes an extension.
func specURL(version int, anchor string) string {
	minor := max(version, 10200) / 100 % 100
	return fmt.Sprintf("http://www.geopackage.org/spec1%d0/#%s", minor, anchor)
}
