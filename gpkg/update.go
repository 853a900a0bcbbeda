package gpkg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// transact runs change in a transaction of its own and notes the time of change of the table. Afterwards the catalog is
// read anew.
func (d *Dataset) transact(ctx context.Context, op, tableName string, change func() error) error {
	err := d.writable(ctx)
	if err == nil {
		err = d.begin()
	}
	if err != nil {
		return d.wrap(op, tableName, err)
	}
	err = change()
	if err == nil {
		err = d.conn.Execf("UPDATE gpkg_contents SET last_change = ? WHERE lower(table_name) = lower(?)", d.timestamp(), tableName)
	}
	if err == nil {
		err = d.commit()
	}
	if err != nil {
		return d.wrap(op, tableName, errors.Join(err, d.rollback()))
	}
	return nil
}

// SetFeature replaces the feature that has f's FID. Unset values leave their column as it is. The table's triggers keep
// the R-tree.
func (l *Layer) SetFeature(ctx context.Context, f *feature.Feature) error {
	w, err := l.editor()
	if err != nil {
		return l.d.wrap("update", l.name, err)
	}
	w.keeps = true
	return l.d.transact(ctx, "update", l.name, func() error {
		var g geometry
		if len(f.Geoms) != len(l.schema.Geoms) || len(f.Values) != len(l.schema.Fields) {
			return fmt.Errorf("a feature of %d values and %d geometries, want %d and %d", len(f.Values), len(f.Geoms),
				len(l.schema.Fields), len(l.schema.Geoms))
		}
		before, err := l.boundsOf(f.FID)
		if err != nil {
			return err
		}
		g.bounds = feature.EmptyBounds()
		if len(f.Geoms) == 1 && f.Geoms[0] != nil {
			if err := w.geometry(f.Geoms[0], &g); err != nil {
				return err
			}
		}
		vals, err := w.values(f.Values)
		if err != nil {
			return err
		}
		var columns []string
		if w.table.Geom != "" {
			columns = append(columns, w.table.Geom)
		}
		for i := range vals {
			if !vals[i].IsUnset() {
				columns = append(columns, l.schema.Fields[i].Name)
			}
		}
		if len(columns) == 0 {
			return nil
		}
		st, err := l.d.conn.Prepare(sqlbuilder.Update(l.name, columns, l.fid))
		if err != nil {
			return err
		}
		defer st.Finalize()
		p := 0
		if w.table.Geom != "" {
			p++
			c := cell{class: sqlite.Null}
			if g.wkb != nil {
				c = cell{class: sqlite.Blob, b: gpb.Append(nil, g.wkb, int32(w.table.srsID), g.bounds, g.isPoint)}
			}
			if err := bindCell(st, p, c); err != nil {
				return err
			}
		}
		var enc encoder
		for i := range vals {
			if vals[i].IsUnset() {
				continue
			}
			p++
			if err := bindCell(st, p, enc.cell(&vals[i])); err != nil {
				return err
			}
		}
		if err := st.BindInt(p+1, f.FID); err != nil {
			return err
		}
		if err := st.Run(); err != nil {
			return err
		}
		return l.moved(ctx, before, g.bounds)
	})
}

// DeleteFeature removes a feature. The table's triggers keep the R-tree and the number of rows.
func (l *Layer) DeleteFeature(ctx context.Context, fid int64) error {
	if _, err := l.editor(); err != nil {
		return l.d.wrap("delete", l.name, err)
	}
	return l.d.transact(ctx, "delete", l.name, func() error {
		before, err := l.boundsOf(fid)
		if err != nil {
			return err
		}
		if err := l.d.conn.Execf("DELETE FROM "+quote(l.name)+" WHERE "+quote(l.fid)+" = ?", fid); err != nil {
			return err
		}
		return l.moved(ctx, before, feature.EmptyBounds())
	})
}

// editor returns a Writer that checks features against the table, or an error where rows cannot be told apart.
func (l *Layer) editor() (*Writer, error) {
	if l.view {
		return nil, fmt.Errorf("is a view: %w", errors.ErrUnsupported)
	}
	if l.fid == "" {
		return nil, fmt.Errorf("has no integer key: %w", errors.ErrUnsupported)
	}
	return newAppender(l), nil
}

// boundsOf returns the bounds of a feature's geometry; the error matches fs.ErrNotExist when there is no such feature.
func (l *Layer) boundsOf(fid int64) (feature.Bounds, error) {
	b, found := feature.EmptyBounds(), false
	column := "NULL"
	if len(l.schema.Geoms) > 0 {
		column = quote(l.schema.Geoms[0].Name)
	}
	err := l.d.conn.Query("SELECT "+column+" FROM "+quote(l.name)+" WHERE "+quote(l.fid)+" = ?", func(s *sqlite.Stmt) error {
		found = true
		if s.Type(0) == sqlite.Blob {
			blob := s.Bytes(0)
			if h, err := gpb.Parse(blob); err == nil {
				b, _ = h.Bounds(blob) // a geometry that cannot be read takes no part in the extent
			}
		}
		return nil
	}, fid)
	if err == nil && !found {
		err = fmt.Errorf("feature %d: %w", fid, fs.ErrNotExist)
	}
	return b, err
}

// moved brings the extent in gpkg_contents up to date after a geometry with the bounds before became one with the bounds
// after. Only one that lay on the extent's border makes it necessary to look at all others.
func (l *Layer) moved(ctx context.Context, before, after feature.Bounds) error {
	if before.IsEmpty() && after.IsEmpty() {
		return nil
	}
	e, err := l.d.storedExtent(l.name)
	if err != nil {
		return err
	}
	was := e
	onBorder := !before.IsEmpty() && (before.MinX <= e.MinX || before.MinY <= e.MinY || before.MaxX >= e.MaxX || before.MaxY >= e.MaxY)
	switch {
	case onBorder || e.IsEmpty():
		if e, err = l.measure(ctx); err != nil {
			return err
		}
	default:
		e = e.Union(after)
	}
	if e == was {
		return nil
	}
	return l.d.setExtent(l.name, e)
}

// measure looks at all geometries for their extent. One that cannot be read takes no part in it: it must not keep others
// from being changed.
func (l *Layer) measure(ctx context.Context) (feature.Bounds, error) {
	e := feature.EmptyBounds()
	for f, err := range l.Features(ctx, layer.Query{Columns: []string{}, OnBadRow: func(error) {}}) {
		if err != nil {
			return e, err
		}
		if f.Geoms[0] != nil {
			if b, err := f.Geoms[0].Bounds(); err == nil {
				e = e.Union(b)
			}
		}
	}
	return e, nil
}

// storedExtent returns the bounds that gpkg_contents has for a layer, empty where it has none.
func (d *Dataset) storedExtent(tableName string) (feature.Bounds, error) {
	e := feature.EmptyBounds()
	err := d.conn.Query("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE lower(table_name) = lower(?)",
		func(s *sqlite.Stmt) error {
			for i := range 4 {
				if t := s.Type(i); t != sqlite.Float && t != sqlite.Integer {
					return nil
				}
			}
			e = feature.Bounds{MinX: s.Float(0), MinY: s.Float(1), MaxX: s.Float(2), MaxY: s.Float(3)}
			return nil
		}, tableName)
	return e, err
}

// setExtent writes a layer's extent to gpkg_contents.
func (d *Dataset) setExtent(tableName string, e feature.Bounds) error {
	var b [4]any
	if !e.IsEmpty() {
		b = [4]any{finite(e.MinX), finite(e.MinY), finite(e.MaxX), finite(e.MaxY)}
	}
	return d.conn.Execf("UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE lower(table_name) = lower(?)",
		b[0], b[1], b[2], b[3], tableName)
}

// CreateField adds a field.
func (l *Layer) CreateField(ctx context.Context, f feature.Field) error {
	return l.alter(ctx, "create field", func() error {
		if err := checkFieldName(f.Name); err != nil {
			return err
		}
		if l.schema.FieldIndex(f.Name) >= 0 || strings.EqualFold(f.Name, l.fid) || l.schema.GeomIndex(f.Name) >= 0 {
			return fmt.Errorf("field %s: %w", f.Name, fs.ErrExist)
		}
		if err := l.d.conn.Exec("ALTER TABLE " + quote(l.name) + " ADD COLUMN " + columnSQL(f)); err != nil {
			return err
		}
		return l.d.describeColumn(l.name, f)
	})
}

// DeleteField removes a field.
func (l *Layer) DeleteField(ctx context.Context, name string) error {
	return l.alter(ctx, "delete field", func() error {
		i, err := l.fieldIndex(name)
		if err != nil {
			return err
		}
		column := l.schema.Fields[i].Name
		if err := l.d.conn.Exec("ALTER TABLE " + quote(l.name) + " DROP COLUMN " + quote(column)); err != nil {
			return err
		}
		return l.d.forColumn("DELETE FROM gpkg_data_columns", l.name, column)
	})
}

// RenameField gives a field another name.
func (l *Layer) RenameField(ctx context.Context, from, to string) error {
	return l.alter(ctx, "rename field", func() error {
		i, err := l.fieldIndex(from)
		if err != nil {
			return err
		}
		if err := checkFieldName(to); err != nil {
			return err
		}
		if k := l.schema.FieldIndex(to); k >= 0 && k != i || strings.EqualFold(to, l.fid) || l.schema.GeomIndex(to) >= 0 {
			return fmt.Errorf("field %s: %w", to, fs.ErrExist)
		}
		column := l.schema.Fields[i].Name
		if err := l.d.conn.Exec("ALTER TABLE " + quote(l.name) + " RENAME COLUMN " + quote(column) + " TO " + quote(to)); err != nil {
			return err
		}
		return l.d.forColumn("UPDATE gpkg_data_columns SET column_name = "+sqlbuilder.QuoteText(to), l.name, column)
	})
}

func (l *Layer) fieldIndex(name string) (int, error) {
	i := l.schema.FieldIndex(name)
	if i < 0 {
		return i, fmt.Errorf("field %s: %w", name, fs.ErrNotExist)
	}
	return i, nil
}

// alter changes the table's columns and reads its schema anew.
func (l *Layer) alter(ctx context.Context, op string, change func() error) error {
	if l.view {
		return l.d.wrap(op, l.name, fmt.Errorf("is a view: %w", errors.ErrUnsupported))
	}
	if err := l.d.transact(ctx, op, l.name, change); err != nil {
		return err
	}
	l.d.layers = nil
	fresh, err := l.d.find(l.name)
	if err != nil {
		return l.d.wrap(op, l.name, err)
	}
	*l = *fresh
	return nil
}

// forColumn runs a statement on the row that gpkg_data_columns may have for a column.
func (d *Dataset) forColumn(sql, tableName, column string) error {
	if _, exists, err := d.conn.Int("SELECT 1 FROM sqlite_master WHERE name = 'gpkg_data_columns'"); err != nil || !exists {
		return err
	}
	return d.conn.Execf(sql+" WHERE lower(table_name) = lower(?) AND lower(column_name) = lower(?)", tableName, column)
}

// DeleteLayer removes a layer with its index and all that the catalog says of it.
func (d *Dataset) DeleteLayer(ctx context.Context, name string) error {
	l, err := d.find(name)
	if err != nil {
		return d.wrap("delete", name, err)
	}
	err = d.transact(ctx, "delete", name, func() error { return d.dropLayer(l) })
	d.layers = nil
	return err
}

// dropLayer removes a layer within the transaction that is open.
func (d *Dataset) dropLayer(l *Layer) error {
	for _, g := range l.schema.Geoms { // whether gpkg_extensions knows of the index or not
		if err := d.conn.Exec("DROP TABLE IF EXISTS " + quote("rtree_"+l.name+"_"+g.Name)); err != nil {
			return err
		}
	}
	kind := "TABLE"
	if l.view {
		kind = "VIEW"
	}
	if err := d.conn.Exec("DROP " + kind + " " + quote(l.name)); err != nil {
		return err
	}
	d.layers = nil
	return d.forget(l.name)
}

// forget removes all that the catalog says of a layer.
func (d *Dataset) forget(name string) error {
	for _, t := range []string{
		"gpkg_geometry_columns", "gpkg_data_columns", "gpkg_extensions", "gpkg_metadata_reference", "gpkg_ogr_contents",
		"gpkg_contents", // last: the others refer to it
	} {
		_, exists, err := d.conn.Int("SELECT 1 FROM sqlite_master WHERE name = ?", t)
		if err != nil {
			return err
		}
		if exists {
			if err := d.conn.Execf("DELETE FROM "+t+" WHERE lower(table_name) = lower(?)", name); err != nil {
				return err
			}
		}
	}
	return nil
}
