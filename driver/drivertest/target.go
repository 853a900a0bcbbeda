package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// geoms returns the types of layers to write.
func (c *Config) geoms() []feature.GeomType {
	if c.Geoms != nil {
		return c.Geoms
	}
	return everyGeom()
}

// schema returns a schema with the fields to write and a geometry column of type t.
func (c *Config) schema(t feature.GeomType) *feature.Schema {
	s := &feature.Schema{Fields: c.Fields, Geoms: []feature.GeomField{{Name: "geom", Type: t, SRS: c.SRS}}}
	if c.Fields == nil {
		s.Fields = everyField
	}
	return s.Clone()
}

// target is a dataset that is being written.
type target struct {
	driver.Dataset
	name   string
	before map[string]string // its folder, before the dataset was opened
}

// makes tells whether datasets are made, rather than layers in one that exists.
func (c *Config) makes() bool { return !c.TargetExists }

// create opens a new dataset to write to.
func (c *Config) create(t testing.TB, ctx context.Context) target {
	t.Helper()
	name := c.Target(t)
	before := around(t, name)
	mode, options := driver.Create, c.DatasetOptions
	if !c.makes() {
		mode, options = driver.Update, c.Options
	}
	ds, err := c.Driver.Open(ctx, name, mode, options)
	if err != nil {
		t.Fatalf("Open in mode %s: %v", mode, err)
	}
	t.Cleanup(func() { _ = ds.Close() })
	return target{ds, name, before}
}

// layerName returns the name of the i-th layer in a dataset. That of the only one is the dataset's.
func (c *Config) layerName(name string, i int) string {
	if c.Driver.Info().Caps.Has(driver.MultiLayer) {
		return fmt.Sprintf("layer_%d", i)
	}
	return strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
}

// begin makes a layer in the dataset.
func (c *Config) begin(t testing.TB, ds target, layerName string, s *feature.Schema) layer.Writer {
	t.Helper()
	w, err := ds.Create(context.Background(), layerName, s, c.LayerOptions)
	if err != nil {
		t.Fatalf("Create(%s, %s): %v", layerName, schemaName(s), err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if got := w.Schema(); len(got.Fields) != len(s.Fields) || len(got.Geoms) != len(s.Geoms) {
		t.Fatalf("Create(%s, %s): the writer's schema has %d fields and %d geometry columns, want %d and %d", layerName,
			schemaName(s), len(got.Fields), len(got.Geoms), len(s.Fields), len(s.Geoms))
	}
	return w
}

func schemaName(s *feature.Schema) string {
	if len(s.Geoms) == 0 {
		return "no geometry"
	}
	return s.Geoms[0].Type.String()
}

// write writes copies of the rows, each of which is overwritten before the next. It returns the FIDs that the writer
// gave.
func write(t testing.TB, w layer.Writer, rows []*feature.Feature) []int64 {
	t.Helper()
	var fids []int64
	for i, f := range rows {
		f = f.Clone()
		if err := w.Write(f); err != nil {
			t.Fatalf("Write of row %d: %v", i, err)
		}
		fids = append(fids, f.FID)
		poison(f)
	}
	return fids
}

func commit(t testing.TB, w layer.Writer) {
	t.Helper()
	if err := w.Commit(); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatalf("Close of a writer after Commit: %v", err)
	}
}

func closeDataset(t testing.TB, ds driver.Dataset) {
	t.Helper()
	if err := ds.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// reopen opens a dataset that was written, to read it.
func (c *Config) reopen(t testing.TB, name string) driver.Dataset {
	t.Helper()
	ds, err := c.Driver.Open(context.Background(), name, driver.Read, c.Options)
	if err != nil {
		t.Fatalf("Open of what was written: %v", err)
	}
	t.Cleanup(func() { _ = ds.Close() })
	return ds
}

// readBack returns a layer that was written. A dataset of one layer may call it what it likes.
func (c *Config) readBack(t testing.TB, name, layerName string) layer.Layer {
	t.Helper()
	ds := c.reopen(t, name)
	if !c.Driver.Info().Caps.Has(driver.MultiLayer) {
		names, err := ds.LayerNames(context.Background())
		if err != nil || len(names) != 1 {
			t.Fatalf("LayerNames of what was written = %q, %v; want one", names, err)
		}
		layerName = names[0]
	}
	return openLayer(t, ds, layerName)
}

// compareWritten fails the test unless the layer holds the rows that were written. FIDs are compared where the writer
// gave them.
func (c *Config) compareWritten(t testing.TB, what string, l layer.Layer, s *feature.Schema, rows []*feature.Feature, fids []int64) {
	t.Helper()
	got := collect(t, l, layer.Query{})
	if len(got) != len(rows) {
		t.Errorf("%s: %d rows were read, want %d", what, len(got), len(rows))
		return
	}
	for i, f := range got {
		if i < len(fids) && fids[i] != feature.NullFID && f.FID != fids[i] {
			t.Errorf("%s: row %d has FID %d, the writer said %d", what, i, f.FID, fids[i])
			return
		}
		for j, g := range f.Geoms {
			if want := rows[i].Geoms[j]; !c.sameGeometry(want, g) {
				t.Errorf("%s: row %d: geometry %s was written, %s read", what, i, hex(want), hex(g))
				return
			}
		}
		for j, v := range f.Values {
			if want := rows[i].Values[j]; !c.sameValue(s.Fields[j], want, v) {
				t.Errorf("%s: row %d: field %s of type %s: %s was written, %s read", what, i, s.Fields[j].Name,
					s.Fields[j].TypeName(), show(want), show(v))
				return
			}
		}
	}
}

// sameValue: what is null and what was never set may be the same to a store.
func (c *Config) sameValue(f feature.Field, wrote, read feature.Value) bool {
	switch {
	case wrote.IsNull() && read.IsNull(), wrote.Equal(read):
		return true
	case c.Equal != nil:
		return c.Equal(f, wrote, read)
	}
	return false
}

// sameGeometry: a single geometry and a collection of it alone are the same to a store that does not tell them apart.
func (c *Config) sameGeometry(wrote, read feature.WKB) bool {
	if (wrote == nil) == (read == nil) && bytes.Equal(canonical(wrote), canonical(read)) {
		return true
	}
	return c.EqualGeometry != nil && c.EqualGeometry(wrote, read)
}

// canonical returns a geometry little-endian and as a collection, where it has one.
func canonical(w feature.WKB) feature.WKB {
	if w == nil {
		return nil
	}
	var b feature.Builder
	if err := w.Walk(&b); err != nil {
		return w
	}
	little, err := b.WKB()
	if err != nil {
		return w
	}
	multi, err := feature.AppendMulti(nil, little)
	if err != nil {
		return w
	}
	return multi
}

// sameSchema tells where the fields of two schemas differ in name or type, or "".
func sameSchema(got, want *feature.Schema) string {
	if len(got.Fields) != len(want.Fields) || len(got.Geoms) != len(want.Geoms) {
		return fmt.Sprintf("%d fields and %d geometry columns, want %d and %d", len(got.Fields), len(got.Geoms),
			len(want.Fields), len(want.Geoms))
	}
	for i, f := range got.Fields {
		if w := want.Fields[i]; f.Name != w.Name || f.Type != w.Type || f.Subtype != w.Subtype {
			return fmt.Sprintf("field %d is %q of type %s, want %q of type %s", i, f.Name, f.TypeName(), w.Name, w.TypeName())
		}
	}
	return ""
}

// small returns a schema with few fields and some rows for it, for checks that are not about types.
func (c *Config) small() (*feature.Schema, []*feature.Feature) {
	typ := c.geoms()[0]
	s := c.schema(typ)
	s.Fields = s.Fields[:min(2, len(s.Fields))]
	rows := sampleRows(s)
	return s, rows[:5]
}

// fill makes a dataset with one layer of the rows.
func (c *Config) fill(t testing.TB, s *feature.Schema, rows []*feature.Feature) (name, layerName string, fids []int64) {
	t.Helper()
	ds := c.create(t, context.Background())
	layerName = c.layerName(ds.name, 0)
	w := c.begin(t, ds, layerName, s)
	fids = write(t, w, rows)
	commit(t, w)
	closeDataset(t, ds)
	return ds.name, layerName, fids
}

// wantNothing fails the test unless the dataset does not exist, and its folder is as before. (What a driver lays beside its
// target while it works is its own business.)
func (c *Config) wantNothing(t testing.TB, after string, made target) {
	t.Helper()
	ds, err := c.Driver.Open(context.Background(), made.name, driver.Read, c.Options)
	if err == nil {
		names, _ := ds.LayerNames(context.Background())
		_ = ds.Close()
		t.Errorf("%s: the dataset is there, with layers %q", after, names)
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: Open gives %q, want an error that matches %q", after, err, fs.ErrNotExist)
	}
	if made.before != nil {
		compareFolders(t, after, made.before, around(t, made.name))
	}
}

// around describes the folder of a file, or is nil for what is not a file's name.
func around(t testing.TB, name string) map[string]string {
	t.Helper()
	dir := filepath.Dir(name)
	if st, err := os.Stat(dir); err != nil || !st.IsDir() || dir == "." {
		return nil
	}
	return folder(t, dir)
}

func (c *Config) wantNoLayer(t testing.TB, after string, ds driver.Dataset, layerName string) {
	t.Helper()
	if _, err := ds.Layer(context.Background(), layerName); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: Layer(%s) gives %v, want an error that matches %q", after, layerName, err, fs.ErrNotExist)
	}
}

func (c *Config) update(t testing.TB, name string) driver.Dataset {
	t.Helper()
	ds, err := c.Driver.Open(context.Background(), name, driver.Update, c.Options)
	if err != nil {
		t.Fatalf("Open in mode update: %v", err)
	}
	t.Cleanup(func() { _ = ds.Close() })
	return ds
}

// appendTo opens the layer to add features.
func (c *Config) appendTo(t testing.TB, ds driver.Dataset, layerName string) layer.Writer {
	t.Helper()
	if !c.Driver.Info().Caps.Has(driver.MultiLayer) {
		if names, err := ds.LayerNames(context.Background()); err == nil && len(names) == 1 {
			layerName = names[0]
		}
	}
	w, err := ds.Append(context.Background(), layerName)
	if err != nil {
		t.Fatalf("Append(%s): %v", layerName, err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}
