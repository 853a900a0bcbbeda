package gpkg

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// catalog reads what the file says of its layers: gpkg_contents, gpkg_geometry_columns, gpkg_spatial_ref_sys,
// gpkg_extensions and gpkg_data_columns, and the columns of the tables themselves.
func (d *Dataset) catalog() ([]*Layer, error) {
	if d.layers != nil {
		return d.layers, nil
	}
	if d.conn == nil {
		return nil, fmt.Errorf("a layer is being written")
	}
	r := catalogReader{c: d.conn}
	tables, err := r.tables()
	if err != nil {
		return nil, err
	}
	if !tables["gpkg_contents"] || !tables["gpkg_spatial_ref_sys"] {
		return nil, fmt.Errorf("has no table gpkg_contents and gpkg_spatial_ref_sys: an SQLite file, but not a GeoPackage")
	}
	if r.srs, err = readSRS(d.conn); err != nil {
		return nil, err
	}
	layers := []*Layer{}
	attributes := false
	err = d.conn.Query(`SELECT table_name, data_type, identifier, description FROM gpkg_contents`, func(s *sqlite.Stmt) error {
		l := &Layer{d: d, name: s.Text(0), identifier: s.Text(2), description: s.Text(3)}
		switch strings.ToLower(s.Text(1)) {
		case "features":
			l.features = true
		case "attributes", "aspatial":
			attributes = true
		default:
			return nil // tiles, coverages
		}
		if !tables[strings.ToLower(l.name)] {
			d.Warn("gpkg_contents names a table %s that does not exist", l.name)
			return nil
		}
		layers = append(layers, l)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if d.listAll == "YES" || d.listAll == "AUTO" && !attributes {
		more, err := r.unlisted(d)
		if err != nil {
			return nil, err
		}
		layers = append(layers, more...)
	}
	d.layers = layers[:0]
	for _, l := range layers {
		err := r.describe(l, tables)
		var se *sqlite.Error
		switch {
		case err == nil:
			d.layers = append(d.layers, l)
		case errors.As(err, &se) && se.IsLogic(): // a view of what is not there, say: the others can be read nevertheless
			d.Warn("table %s is left out: %v", l.name, err)
		default:
			d.layers = nil
			return nil, fmt.Errorf("table %s: %w", l.name, err)
		}
	}
	return d.layers, nil
}

type catalogReader struct {
	c     *sqlite.Conn
	srs   map[int64]feature.SRS
	views map[string]bool // names in lower case
}

// tables returns the names of all tables and views, in lower case, and notes which are views.
func (r *catalogReader) tables() (map[string]bool, error) {
	tables := make(map[string]bool)
	r.views = make(map[string]bool)
	err := r.c.Query("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')", func(s *sqlite.Stmt) error {
		name := strings.ToLower(s.Text(0))
		tables[name] = true
		r.views[name] = s.Text(1) == "view"
		return nil
	})
	return tables, err
}

// unlisted returns the tables that gpkg_contents does not name and that hold data: no system table, no index's table.
func (r *catalogReader) unlisted(d *Dataset) ([]*Layer, error) {
	var layers []*Layer
	err := r.c.Query(`SELECT name FROM sqlite_master m WHERE type IN ('table', 'view')
		AND name NOT LIKE 'gpkg\_%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND name NOT LIKE 'rtree\_%' ESCAPE '\' AND name NOT LIKE 'layer\_styles' ESCAPE '\'
		AND (sql IS NULL OR sql NOT LIKE 'CREATE VIRTUAL TABLE%')
		AND NOT EXISTS (SELECT 1 FROM gpkg_contents c WHERE lower(c.table_name) = lower(m.name))
		ORDER BY rowid`, func(s *sqlite.Stmt) error {
		layers = append(layers, &Layer{d: d, name: s.Text(0)})
		return nil
	})
	return layers, err
}

// describe reads the layer's schema.
func (r *catalogReader) describe(l *Layer, tables map[string]bool) error {
	s := &feature.Schema{}
	geom := ""
	if l.features && tables["gpkg_geometry_columns"] {
		err := r.c.Query(`SELECT column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns
			WHERE lower(table_name) = lower(?)`, func(row *sqlite.Stmt) error {
			typeName := row.Text(1)
			if strings.EqualFold(typeName, "GEOMCOLLECTION") { // the name in the tables of some versions of the standard
				typeName = feature.GeometryCollection.Name()
			}
			t, err := feature.ParseGeomType(typeName)
			if err != nil {
				l.d.Warn("table %s: gpkg_geometry_columns: %v: it is read as Geometry", l.name, err)
				t = feature.Geometry
			}
			geom = row.Text(0)
			l.srsID, l.z, l.m = row.Int(2), row.Int(3), row.Int(4)
			// 0 prohibits, 1 demands, 2 allows. What is allowed may or may not be there, so a type that allows it is
			// declared with it only where it is not the general one.
			t = t.WithDims(l.z == 1 || l.z == 2 && t != feature.Geometry, l.m == 1 || l.m == 2 && t != feature.Geometry)
			s.Geoms = []feature.GeomField{{Name: geom, Type: t, SRS: r.srs[l.srsID]}}
			return nil
		}, l.name)
		if err != nil {
			return err
		}
		if geom == "" {
			l.d.Warn("table %s has no row in gpkg_geometry_columns and is read without geometry", l.name)
		}
	}
	if err := r.columns(l, s, geom); err != nil {
		return err
	}
	if tables["gpkg_data_columns"] {
		if err := r.dataColumns(l, s); err != nil {
			return err
		}
	}
	if len(s.Geoms) > 0 {
		tree := "rtree_" + l.name + "_" + geom
		if tables[strings.ToLower(tree)] && tables["gpkg_extensions"] {
			_, listed, err := r.c.Int(`SELECT 1 FROM gpkg_extensions WHERE lower(table_name) = lower(?)
				AND lower(column_name) = lower(?) AND extension_name = 'gpkg_rtree_index'`, l.name, geom)
			if err != nil {
				return err
			}
			if listed {
				l.rtree = tree
			}
		}
	}
	l.schema = s
	return nil
}

// columns reads the table's columns into the schema.
func (r *catalogReader) columns(l *Layer, s *feature.Schema, geom string) error {
	l.view = r.views[strings.ToLower(l.name)]
	first, geomFound, keys := true, false, 0
	err := r.c.Query("SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?)", func(row *sqlite.Stmt) error {
		name, sqlType := row.Text(0), row.Text(1)
		isFirst := first
		first = false
		if row.Int(5) == 1 {
			return nil // a hidden column of a virtual table
		}
		if geom != "" && strings.EqualFold(name, geom) {
			s.Geoms[0].Name, s.Geoms[0].NotNull = name, row.Int(2) != 0
			geomFound = true
			return nil
		}
		base, _ := splitType(sqlType)
		if pk := row.Int(4); pk > 0 {
			keys++
			// INTEGER(8) would be a key like any other, which may be null or text.
			if strings.EqualFold(sqlType, "INTEGER") && pk == 1 {
				s.FIDColumn = name
			}
		}
		if l.view && isFirst && (base == "INTEGER" || base == "INT" || strings.EqualFold(name, "ogc_fid")) {
			s.FIDColumn = name // the first column of a view shall be its key (OGC 12-128r18, requirement 150)
			return nil
		}
		f := fieldOf(name, sqlType)
		if sqlType == "" {
			var err error
			if f, err = r.sniff(l.name, name); err != nil {
				return err
			}
		}
		f.NotNull = row.Int(2) != 0
		if row.Type(3) != sqlite.Null && !strings.EqualFold(row.Text(3), "NULL") {
			f.Default = defaultOf(f, row.Text(3))
		}
		if row.Int(5) >= 2 {
			l.generated = append(l.generated, name)
		}
		s.Fields = append(s.Fields, f)
		l.types = append(l.types, sqlType)
		return nil
	}, l.name)
	if err != nil {
		return err
	}
	if geom != "" && !geomFound {
		l.d.Warn("table %s has no column %s, which gpkg_geometry_columns names, and is read without geometry", l.name, geom)
		s.Geoms = nil
	}
	if keys > 1 {
		s.FIDColumn = "" // a key of several columns is none
	}
	l.fid = s.FIDColumn
	if l.fid == "" && !l.view {
		// A table without such a key still numbers its rows, unless it was made WITHOUT ROWID or hides the name.
		if st, err := r.c.Prepare("SELECT rowid FROM " + sqlbuilder.QuoteIdent(l.name)); err == nil {
			st.Finalize()
			if s.FieldIndex("rowid") < 0 && s.GeomIndex("rowid") < 0 {
				l.fid = "rowid"
			}
		}
	}
	if i := s.FieldIndex(s.FIDColumn); i >= 0 && s.FIDColumn != "" {
		s.Fields = slices.Delete(s.Fields, i, i+1)
		l.types = slices.Delete(l.types, i, i+1)
	}
	return r.unique(l, s)
}

// unique marks the fields that have a unique index of their own.
func (r *catalogReader) unique(l *Layer, s *feature.Schema) error {
	return r.c.Query(`SELECT min(ii.name), count(*) FROM pragma_index_list(?) il JOIN pragma_index_info(il.name) ii
		WHERE il."unique" = 1 AND il.partial = 0 GROUP BY il.name`, func(row *sqlite.Stmt) error {
		if i := s.FieldIndex(row.Text(0)); i >= 0 && row.Int(1) == 1 {
			s.Fields[i].Unique = true
		}
		return nil
	}, l.name)
}

// sniff finds the type of a column that declares none, as the expressions of views do, from its first value.
func (r *catalogReader) sniff(table, column string) (feature.Field, error) {
	f := feature.Field{Name: column}
	c := sqlbuilder.QuoteIdent(column)
	err := r.c.Query("SELECT typeof("+c+") FROM "+sqlbuilder.QuoteIdent(table)+" WHERE "+c+" IS NOT NULL LIMIT 1",
		func(row *sqlite.Stmt) error {
			switch row.Text(0) {
			case "integer":
				f.Type = feature.Integer64
			case "real":
				f.Type = feature.Real
			case "blob":
				f.Type = feature.Binary
			}
			return nil
		})
	return f, err
}

// dataColumns reads titles, descriptions and mime types (OGC 12-128r18, F.9).
func (r *catalogReader) dataColumns(l *Layer, s *feature.Schema) error {
	return r.c.Query(`SELECT column_name, name, title, description, mime_type FROM gpkg_data_columns
		WHERE lower(table_name) = lower(?)`, func(row *sqlite.Stmt) error {
		i := s.FieldIndex(row.Text(0))
		if i < 0 {
			return nil
		}
		f := &s.Fields[i]
		f.Alias = row.Text(2)
		if f.Alias == "" && row.Text(1) != f.Name {
			f.Alias = row.Text(1)
		}
		f.Comment = row.Text(3)
		if row.Text(4) == jsonMIME && f.Type == feature.String {
			f.Subtype = feature.JSONText
		}
		return nil
	}, l.name)
}

// readSRS reads gpkg_spatial_ref_sys. The two undefined systems, -1 and 0, are the zero SRS.
func readSRS(c *sqlite.Conn) (map[int64]feature.SRS, error) {
	list := make(map[int64]feature.SRS)
	err := c.Query(`SELECT srs_id, srs_name, organization, organization_coordsys_id, definition
		FROM gpkg_spatial_ref_sys`, func(s *sqlite.Stmt) error {
		id, org, code, wkt := s.Int(0), strings.ToUpper(s.Text(2)), s.Int(3), s.Text(4)
		if id == -1 || id == 0 || org == "NONE" && strings.EqualFold(wkt, "undefined") {
			return nil
		}
		v := feature.SRS{Name: s.Text(1), WKT: wkt}
		switch {
		case org == "EPSG" || org == "ESRI":
			v.Authority, v.Code = org, int(code)
			if strings.EqualFold(wkt, "undefined") {
				if known, ok := srs.Lookup(org, int(code)); ok {
					v = known
				}
			}
		default:
			if known, ok := srs.Identify(wkt); ok {
				v = known
			} else if v.Name == "" {
				v.Name = srs.Name(wkt)
			}
		}
		list[id] = v
		return nil
	})
	return list, err
}
