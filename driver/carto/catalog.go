package carto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver/carto/internal/api"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs"
	"github.com/ogrcarto/ogrcarto/internal/pgcopy"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// hidden are columns that CARTO keeps for itself. OGR's driver hides them, too.
var hidden = map[string]bool{"the_geom_webmercator": true, "created_at": true, "updated_at": true}

// table is what is known of a table of the account.
type table struct {
	sqlbuilder.Table
	columns []column // of the fields, by their index
}

// column says how the values of a field come.
type column struct {
	decode pgcopy.Decoder
	text   bool // the statement casts it to text: COPY's binary format of its type is not known here
}

// tableNames lists the tables.
func (d *Dataset) tableNames(ctx context.Context) ([]string, error) {
	if d.set.tables != nil {
		return d.set.tables, nil
	}
	if d.set.key == "" {
		return nil, errors.New("without an API key, tables are not listed: want tables=NAME,NAME behind the account, or CARTO_API_KEY")
	}
	sql := "SELECT cdb_usertables()::text AS name"
	if d.set.schema != "" {
		name, err := dialect.QuoteText(d.set.schema)
		if err != nil {
			return nil, err
		}
		sql = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = " + name +
			" AND c.relkind IN ('r', 'p', 'f') AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1"
	}
	r, err := d.client.Query(ctx, sql, api.Repeat)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(r.Rows))
	for _, row := range r.Rows {
		if name, ok := row["name"].(string); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// describe finds out what a table is like: from the catalog, or where the key may not read that, from the API's own description of
// an empty result.
func (d *Dataset) describe(ctx context.Context, name string) (*table, error) {
	t, err := d.fromCatalog(ctx, name)
	if errors.Is(err, api.ErrForbidden) {
		return d.fromAnswer(ctx, name)
	}
	return t, err
}

// catalogSQL asks for the columns of a table, in its order. %s is the table's name as to_regclass takes it, a literal.
//
// Names of tables and functions are PostgreSQL's and PostGIS's. A domain is read as the type that it stands on.
const catalogSQL = `SELECT a.attname::text AS name, n.nspname::text AS namespace, c.relkind::text AS kind,
	format_type(b.oid, b.typmod) AS type, b.typname, b.oid::int8 AS oid, b.typmod::int4 AS typmod,
	a.attnotnull AS not_null, coalesce(co.collisdeterministic, true) AS deterministic,
	pg_get_expr(ad.adbin, ad.adrelid) AS default_value, col_description(c.oid, a.attnum) AS comment,
	EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indisprimary) AS is_key,
	EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS is_unique,
	CASE WHEN b.typname = 'geometry' AND b.typmod >= 0 THEN postgis_typmod_type(b.typmod) END AS geometry_type,
	CASE WHEN b.typname = 'geometry' AND b.typmod >= 0 THEN postgis_typmod_srid(b.typmod) END AS srid,
	pg_encoding_to_char(db.encoding) <> 'UTF8' AS not_utf8
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
JOIN LATERAL (SELECT bt.oid, bt.typname::text AS typname, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod
	FROM pg_type bt WHERE bt.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END) b ON true
LEFT JOIN pg_attrdef ad ON ad.adrelid = c.oid AND ad.adnum = a.attnum
LEFT JOIN pg_collation co ON co.oid = a.attcollation
CROSS JOIN pg_database db
WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND db.datname = current_database()
ORDER BY a.attnum`

func (d *Dataset) fromCatalog(ctx context.Context, name string) (*table, error) {
	ident, err := d.qualified(name)
	if err != nil {
		return nil, err
	}
	literal, err := dialect.QuoteText(ident)
	if err != nil {
		return nil, err
	}
	r, err := d.client.Query(ctx, fmt.Sprintf(catalogSQL, literal), api.Repeat)
	if err != nil {
		return nil, err
	}
	if len(r.Rows) == 0 {
		return nil, fs.ErrNotExist
	}
	t := d.newTable(name)
	key := ""
	for _, row := range r.Rows {
		c := catalogRow(row)
		t.View = c.text("kind") == "v" || c.text("kind") == "m"
		t.NotUTF8 = c.bool("not_utf8")
		integer := c.text("typname") == "int4" || c.text("typname") == "int8" || c.text("typname") == "int2"
		if integer && c.bool("not_null") && (c.bool("is_key") || c.bool("is_unique") && c.text("name") == "cartodb_id" && key == "") {
			key = c.text("name")
		}
	}
	for _, row := range r.Rows {
		c := catalogRow(row)
		switch {
		case c.text("name") == key:
			t.FID = key
			t.Schema.FIDColumn = key
		case hidden[c.text("name")]:
		case c.text("typname") == "geometry":
			g := feature.GeomField{Name: c.text("name"), NotNull: c.bool("not_null")}
			srid := int64(-1)
			if row["srid"] != nil {
				srid = c.int("srid")
				if g.Type, err = feature.ParseGeomType(c.text("geometry_type")); err != nil {
					g.Type = feature.Geometry
				}
			}
			t.addGeometry(g, c.text("type"), int32(srid))
		default:
			f, col := fieldOf(uint32(c.int("oid")), int32(c.int("typmod")))
			f.Name, f.NotNull, f.Unique, f.Comment = c.text("name"), c.bool("not_null"), c.bool("is_unique"), c.text("comment")
			f.Default = c.text("default_value")
			if f.Default, err = dialect.Default(f); err != nil { // one that no other store could have
				f.Default = ""
			}
			typ := c.text("type")
			if !c.bool("deterministic") {
				typ = ""
			}
			t.addField(f, col, typ)
		}
	}
	return t, d.findSRS(ctx, t, ident)
}

// pgTypes are the OIDs of the types that the API's "fields" names, where pgcopy knows them.
var pgTypes = map[string]uint32{
	"bool": 16, "bytea": 17, "name": 19, "int8": 20, "int2": 21, "int4": 23, "text": 25, "oid": 26, "json": 114, "JSON": 114, "float4": 700,
	"float8": 701, "bpchar": 1042, "varchar": 1043, "date": 1082, "time": 1083, "timestamp": 1114, "timestamptz": 1184, "timetz": 1266,
	"numeric": 1700, "uuid": 2950, "jsonb": 3802, "_bool": 1000, "_int2": 1005, "_int4": 1007, "_text": 1009, "_varchar": 1015,
	"_int8": 1016, "_float4": 1021, "_float8": 1022, "_numeric": 1231,
}

// fromAnswer describes a table by the answer to a query without rows.
func (d *Dataset) fromAnswer(ctx context.Context, name string) (*table, error) {
	ident, err := d.qualified(name)
	if err != nil {
		return nil, err
	}
	r, err := d.client.Query(ctx, "SELECT * FROM "+ident+" LIMIT 0", api.Repeat)
	var said *api.Error
	switch {
	case errors.As(err, &said) && strings.HasPrefix(said.Message, "relation ") && strings.HasSuffix(said.Message, " does not exist"):
		return nil, fmt.Errorf("%w: %s", fs.ErrNotExist, said.Message)
	case err != nil:
		return nil, err
	}
	t := d.newTable(name)
	t.describe(r.Fields)
	return t, d.findSRS(ctx, t, ident)
}

// describe adds the columns that "fields" names. There is no word on keys: cartodb_id is taken for one, since CARTO makes it so.
func (t *table) describe(fields []api.Field) {
	for _, f := range fields {
		switch {
		case f.Name == "cartodb_id" && f.Type == "number" && strings.HasPrefix(f.PGType, "int"):
			t.FID, t.Schema.FIDColumn = f.Name, f.Name
		case hidden[f.Name]:
		case f.Type == "geometry":
			g := feature.GeomField{Name: f.Name}
			if f.WKBType != "" && f.WKBType != "Unknown" {
				// How many dimensions it has is told, but of three not which.
				if typ, err := feature.ParseGeomType(f.WKBType); err == nil && f.Dims == 2 {
					g.Type = typ
				}
			}
			t.addGeometry(g, "geometry", int32(f.SRID))
		default:
			field, col := fieldOf(pgTypes[f.PGType], -1)
			field.Name = f.Name
			// Without the catalog, nothing is known of collations: texts are compared here.
			typ := f.PGType
			if field.Type == feature.String {
				typ = ""
			}
			t.addField(field, col, typ)
		}
	}
}

// fieldOf returns the field for a type, and how its values come.
func fieldOf(oid uint32, typmod int32) (feature.Field, column) {
	if f, decode, ok := pgcopy.DecoderOf(oid, typmod); ok {
		return f, column{decode: decode}
	}
	return feature.Field{Type: feature.String}, column{decode: asText, text: true}
}

func asText(b []byte) (feature.Value, error) { return feature.TextBytes(b), nil }

func (d *Dataset) newTable(name string) *table {
	return &table{Table: sqlbuilder.Table{Namespace: d.set.schema, Name: name, Schema: &feature.Schema{}}}
}

func (t *table) addField(f feature.Field, c column, typ string) {
	t.Schema.Fields = append(t.Schema.Fields, f)
	t.Types = append(t.Types, typ)
	t.columns = append(t.columns, c)
}

func (t *table) addGeometry(g feature.GeomField, typ string, srid int32) {
	t.Schema.Geoms = append(t.Schema.Geoms, g)
	t.Geoms = append(t.Geoms, sqlbuilder.GeomColumn{Type: typ, SRID: srid})
}

// findSRS finds the reference systems of the geometry columns: by what their types say, or by a geometry in them. from is what
// stands behind FROM.
func (d *Dataset) findSRS(ctx context.Context, t *table, from string) error {
	for i := range t.Geoms {
		srid := t.Geoms[i].SRID
		if srid < 0 {
			column := identifier(t.Schema.Geoms[i].Name)
			r, err := d.client.Query(ctx, "SELECT ST_SRID("+column+") AS srid FROM "+from+" WHERE "+column+" IS NOT NULL LIMIT 1", api.Repeat)
			if err != nil {
				return err
			}
			if len(r.Rows) == 1 {
				srid = int32(catalogRow(r.Rows[0]).int("srid"))
			}
		}
		if srid <= 0 {
			continue
		}
		s, err := d.lookUpSRS(ctx, srid)
		if err != nil {
			return err
		}
		t.Schema.Geoms[i].SRS = s
	}
	return nil
}

// identifier quotes a name that came from the server, which so can have it.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// lookUpSRS returns the system of an SRID: PostGIS's numbers are EPSG's and ESRI's, but for those that somebody added.
func (d *Dataset) lookUpSRS(ctx context.Context, srid int32) (feature.SRS, error) {
	if s, ok := srs.EPSG(int(srid)); ok {
		return s, nil
	}
	if s, ok := srs.Lookup("ESRI", int(srid)); ok {
		return s, nil
	}
	r, err := d.client.Query(ctx, "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = "+strconv.Itoa(int(srid)), api.Repeat)
	if errors.Is(err, api.ErrForbidden) || err == nil && len(r.Rows) == 0 {
		d.Warn("the reference system with SRID %d is unknown", srid)
		return feature.SRS{}, nil
	}
	if err != nil {
		return feature.SRS{}, err
	}
	c := catalogRow(r.Rows[0])
	return feature.SRS{Authority: strings.ToUpper(c.text("auth_name")), Code: int(c.int("auth_srid")), WKT: c.text("srtext")}, nil
}

// qualified returns a table's name for SQL.
func (d *Dataset) qualified(name string) (string, error) {
	ident, err := dialect.QuoteIdent(name)
	if err != nil || d.set.schema == "" {
		return ident, err
	}
	namespace, err := dialect.QuoteIdent(d.set.schema)
	return namespace + "." + ident, err
}

// catalogRow is a row of JSON.
type catalogRow map[string]any

func (r catalogRow) text(name string) string {
	s, _ := r[name].(string)
	return s
}

func (r catalogRow) bool(name string) bool {
	b, _ := r[name].(bool)
	return b
}

func (r catalogRow) int(name string) int64 {
	n, _ := r[name].(json.Number)
	i, _ := n.Int64()
	return i
}
