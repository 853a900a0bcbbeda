package gpkg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/geosql"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

var _ driver.SQLer = (*Dataset)(nil)

// Query returns the result of one statement that only reads, in the SQL of SQLite, as a layer called SELECT. The statement
// sees the tables of the file, the R-trees and the tables of the standard among them, and functions of geometries:
// ST_AsText, ST_Area, ST_Intersects and others, as OGR and Spatialite have them. It sees no other file.
//
// A result column that is a column of a table has its type. Of the others the first 500 rows decide; a later value that
// does not fit is an error that says so. A result of up to 500 rows is read once and kept; of a longer one these are read in
// Query, and the statement runs anew for each iteration. A column that is the FID of a table, or an integer called fid, gives the FIDs if it rises from row to row in
// these; otherwise rows are numbered from 0.
func (d *Dataset) Query(ctx context.Context, sql string) (layer.Layer, error) {
	src := &geosql.Source{
		Conn: func() (*sqlite.Conn, error) {
			switch {
			case d.finished:
				return nil, fs.ErrClosed
			case d.conn == nil:
				return nil, errors.New("a layer is being written")
			}
			return d.conn, nil
		},
		Origin: d.origin,
		Check:  d.checkSnapshot,
		Wrap:   func(err error) error { return d.wrap("query", "", err) },
	}
	var known map[int64]feature.SRS
	src.SRS = func(id int32) feature.SRS {
		if known == nil {
			var err error
			if known, err = readSRS(d.conn); err != nil {
				d.Warn("the spatial reference systems cannot be read: %v", err)
			}
		}
		return known[int64(id)]
	}
	l, err := geosql.New(ctx, src, sql)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// origin describes a column of a table.
func (d *Dataset) origin(table, column, declared string) (o geosql.Origin, ok bool) {
	if l, err := d.find(table); err == nil {
		if i := l.schema.FieldIndex(column); i >= 0 {
			return geosql.Origin{Field: &l.schema.Fields[i]}, true
		}
		if i := l.schema.GeomIndex(column); i >= 0 {
			return geosql.Origin{Geom: &l.schema.Geoms[i]}, true
		}
		if strings.EqualFold(column, l.fid) {
			return geosql.Origin{FID: true}, true
		}
	}
	// The values tell blobs that are geometries from others, and what a column without a type holds.
	base, _ := splitType(declared)
	f := fieldOf(column, declared)
	isText := strings.Contains(base, "CHAR") || strings.Contains(base, "CLOB") || strings.Contains(base, "TEXT")
	if base == "" || f.Type == feature.Binary || f.Type == feature.String && !isText {
		return o, false
	}
	return geosql.Origin{Field: &f}, true
}

// Exec runs one statement that changes something, in the SQL of SQLite, and returns how many rows it changed. It is all
// or nothing. The triggers of the file keep its R-trees and counts; the extent in gpkg_contents is left as it is.
func (d *Dataset) Exec(ctx context.Context, sql string) (int64, error) {
	n, err := d.exec(ctx, sql)
	if err != nil {
		return 0, d.wrap("execute", "", geosql.Locate(err))
	}
	return n, nil
}

func (d *Dataset) exec(ctx context.Context, sql string) (n int64, err error) {
	if err := d.writable(ctx); err != nil {
		return 0, err
	}
	s, err := d.conn.PrepareUser(sql)
	if err != nil {
		return 0, err
	}
	defer s.Finalize()
	if s.IsReadOnly() {
		return 0, fmt.Errorf("the statement changes nothing: %w", errors.ErrUnsupported)
	}
	if err := d.conn.Defend(true); err != nil {
		return 0, err
	}
	defer func() {
		d.layers = nil
		err = errors.Join(err, d.conn.Defend(false))
	}()
	s.SetContext(ctx)
	before := d.conn.TotalChanges()
	if err := d.conn.RunUser(s); err != nil {
		return 0, locked(err)
	}
	if d.conn.TotalChanges() == before { // a CREATE or DROP: the number of the statement before would stand there
		return 0, nil
	}
	return d.conn.Changes(), nil
}
