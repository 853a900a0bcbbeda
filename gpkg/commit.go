package gpkg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// Commit completes the layer: its index, its rows in the catalog, its triggers.
func (w *Writer) Commit() error {
	if w.done {
		return w.d.wrap("commit", w.table.Name, fs.ErrClosed)
	}
	if w.err != nil {
		return w.err
	}
	if err := w.commit(); err != nil {
		w.err = w.d.wrap("commit", w.table.Name, err)
		return w.err
	}
	w.done = true
	w.d.writer, w.d.layers = nil, nil
	return nil
}

func (w *Writer) commit() error {
	d := w.d
	if s, ok := w.sink.(*pageSink); ok {
		if err := w.finishPages(s); err != nil {
			return err
		}
		if err := d.begin(); err != nil {
			return err
		}
		if err := w.numberFrom(); err != nil {
			return err
		}
	} else {
		w.sink.(*sqlSink).close()
		if w.table.RTree != "" {
			if err := w.indexBySQL(); err != nil {
				return err
			}
		}
	}
	if err := w.updateCatalog(); err != nil {
		return err
	}
	triggers := w.saved
	if w.isNew {
		if w.table.RTree != "" {
			triggers = append(triggers, rtreeTriggers(w.table.Name, w.table.Geom, w.table.FID, d.version)...)
		}
		triggers = append(triggers, countTriggers(w.table.Name)...)
	}
	for _, t := range triggers {
		if err := d.conn.Exec(t.sql); err != nil {
			return err
		}
	}
	return d.commit()
}

// finishPages completes the table's pages and those of its R-tree.
func (w *Writer) finishPages(s *pageSink) error {
	if err := s.tree.Finish(); err != nil {
		return err
	}
	if w.table.RTree != "" {
		t, err := w.d.pages.rtree(s.roots)
		if err != nil {
			return err
		}
		if err := w.tree.pack(t); err != nil {
			return err
		}
		if err := t.finish(); err != nil {
			return err
		}
	}
	w.tree.close()
	return w.d.closePages()
}

// numberFrom tells AUTOINCREMENT which FIDs were given out, since the engine did not see it.
func (w *Writer) numberFrom() error {
	c := w.d.conn
	last, ok, err := c.Int("SELECT max(" + quote(w.table.FID) + ") FROM " + quote(w.table.Name))
	if err != nil || !ok {
		return err
	}
	if err := c.Execf("DELETE FROM sqlite_sequence WHERE name = ?", w.table.Name); err != nil {
		return err
	}
	return c.Execf("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", w.table.Name, max(last, 0))
}

// updateCatalog brings the layer's rows in gpkg_contents and gpkg_ogr_contents up to date.
func (w *Writer) updateCatalog() error {
	c := w.d.conn
	if _, listed, err := c.Int("SELECT 1 FROM gpkg_contents WHERE lower(table_name) = lower(?)", w.table.Name); err != nil || !listed {
		return err
	}
	if err := w.d.setExtent(w.table.Name, w.extent); err != nil {
		return err
	}
	if err := c.Execf("UPDATE gpkg_contents SET last_change = ? WHERE lower(table_name) = lower(?)", w.d.timestamp(), w.table.Name); err != nil {
		return err
	}
	n := w.count
	if !w.isNew {
		var err error
		if n, _, err = c.Int("SELECT count(*) FROM " + quote(w.table.Name)); err != nil {
			return err
		}
	}
	if _, exists, err := c.Int("SELECT 1 FROM sqlite_master WHERE name = 'gpkg_ogr_contents'"); err != nil || !exists {
		return err
	}
	return c.Execf("UPDATE gpkg_ogr_contents SET feature_count = ? WHERE lower(table_name) = lower(?)", n, w.table.Name)
}

// finite keeps infinities out of the catalog, which other readers take for damage.
func finite(v float64) any {
	if math.IsInf(v, 0) {
		return nil
	}
	return v
}

// Close gives up what was not committed.
func (w *Writer) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	w.tree.close()
	d := w.d
	d.writer, d.layers = nil, nil
	if d.tmp != "" {
		// The file is not complete and will not be: only another name would stand between it and its user.
		d.spoiled = true
	}
	if d.conn == nil || d.finished {
		return nil
	}
	if s, ok := w.sink.(*sqlSink); ok {
		s.close()
	}
	return d.wrap("roll back", w.table.Name, d.rollback())
}

// timestamp returns the time of last change as gpkg_contents has it.
func (d *Dataset) timestamp() string { return d.now().UTC().Format("2006-01-02T15:04:05.000Z") }

// Append opens a table to add rows to it.
func (d *Dataset) Append(ctx context.Context, name string) (layer.Writer, error) {
	w, err := d.appendLayer(ctx, name)
	if err != nil {
		d.giveUp()
		return nil, d.wrap("append", name, err)
	}
	return w, nil
}

func (d *Dataset) appendLayer(ctx context.Context, name string) (*Writer, error) {
	if err := d.writable(ctx); err != nil {
		return nil, err
	}
	// From here on nobody else changes what is read of the file.
	if err := d.begin(); err != nil {
		return nil, err
	}
	if err := d.refresh(); err != nil {
		return nil, err
	}
	l, err := d.find(name)
	if err != nil {
		return nil, err
	}
	if l.view {
		return nil, fmt.Errorf("is a view, which takes no rows: %w", errors.ErrUnsupported)
	}
	if l.fid == "" {
		return nil, fmt.Errorf("has no integer key: %w", errors.ErrUnsupported)
	}
	if len(l.generated) > 0 {
		return nil, fmt.Errorf("computes its column %s: %w", l.generated[0], errors.ErrUnsupported)
	}
	w := newAppender(l)
	if len(l.schema.Geoms) > 0 {
		var known bool
		if w.extent, known, err = l.Extent(ctx, 0); err == nil && !known {
			w.extent, err = l.measure(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.suspendTriggers(); err != nil {
		return nil, err
	}
	if w.sink, err = newSQLSink(w); err != nil {
		return nil, err
	}
	w.gatherEntries()
	d.writer, d.layers = w, nil
	return w, nil
}

// newAppender returns a Writer for the table of l, without a sink.
func newAppender(l *Layer) *Writer {
	w := &Writer{d: l.d, schema: l.schema.Clone(), fidField: -1, extent: feature.EmptyBounds()}
	w.table = table{Name: l.name, FID: l.fid, RTree: l.rtree, srsID: l.srsID, z: l.z, m: l.m}
	if len(l.schema.Geoms) > 0 {
		w.table.Geom, w.table.GeomType = l.schema.Geoms[0].Name, l.schema.Geoms[0].Type
	}
	return w
}

// suspendTriggers drops, for as long as the transaction lasts, the triggers whose work the Writer does at once in the
// end: those that keep the R-tree and the number of rows.
func (w *Writer) suspendTriggers() error {
	c := w.d.conn
	own := map[string]bool{}
	for _, t := range countTriggers(w.table.Name) {
		own[strings.ToLower(t.name)] = true
	}
	if w.table.RTree != "" {
		own[strings.ToLower(w.table.RTree+"_insert")] = true
	}
	err := c.Query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?)",
		func(s *sqlite.Stmt) error {
			if own[strings.ToLower(s.Text(0))] {
				w.saved = append(w.saved, trigger{s.Text(0), s.Text(1)})
			}
			return nil
		}, w.table.Name)
	if err != nil {
		return err
	}
	for _, t := range w.saved {
		if err := c.Exec("DROP TRIGGER " + quote(t.name)); err != nil {
			return err
		}
	}
	return nil
}
