package drivertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// writeChecks are the promises of a driver that writes.
var writeChecks = []check{
	{"RoundTrip", checkRoundTrip},
	{"EmptyLayer", checkEmptyLayer},
	{"FIDs", checkFIDs},
	{"CloseAfterCommit", checkCloseAfterCommit},
	{"NoCommit", checkNoCommit},
	{"Discard", checkDiscard},
	{"CancelledDataset", checkCancelledDataset},
	{"ExistingDataset", checkExistingDataset},
	{"Replace", checkReplace},
	{"CreateOptions", checkCreateOptions},
	{"DuplicateLayer", checkDuplicateLayer},
	{"OneWriter", checkOneWriter},
	{"SeveralLayers", checkSeveralLayers},
	{"Append", checkAppend},
	{"AppendNoCommit", checkAppendNoCommit},
	{"Rejected", checkRejected},
}

func checkRoundTrip(t testing.TB, c *Config) {
	var schemas []*feature.Schema
	for _, typ := range c.geoms() {
		schemas = append(schemas, c.schema(typ))
	}
	if c.NoGeometry {
		s := c.schema(feature.Geometry)
		s.Geoms = nil
		schemas = append(schemas, s)
	}
	for _, s := range schemas {
		what := schemaName(s)
		ds := c.create(t, t.Context())
		name := c.layerName(ds.name, 0)
		given := s.Clone()
		w := c.begin(t, ds, name, given)
		rows := sampleRows(s)
		fids := write(t, w, rows)
		made := w.Schema().Clone()
		commit(t, w)
		closeDataset(t, ds)
		if err := sameSchema(given, s); err != "" {
			t.Errorf("%s: Create changes the schema that it is given: %s", what, err)
		}

		l := c.readBack(t, ds.name, name)
		if err := sameSchema(l.Schema(), made); err != "" {
			t.Errorf("%s: the schema is not what the writer said: %s", what, err)
			continue
		}
		for i, g := range l.Schema().Geoms {
			if want := s.Geoms[i]; !g.Type.Holds(want.Type) && !g.Type.Holds(want.Type.Multi()) {
				t.Errorf("%s: the geometry column is of type %s", what, g.Type)
			}
			if want := s.Geoms[i].SRS; !want.IsZero() && !g.SRS.Equal(want) {
				t.Errorf("%s: the SRS is %s, want %s", what, g.SRS, want)
			}
		}
		c.compareWritten(t, what, l, s, rows, fids)
	}
}

func checkEmptyLayer(t testing.TB, c *Config) {
	s, _ := c.small()
	name, layerName, _ := c.fill(t, s, nil)
	l := c.readBack(t, name, layerName)
	c.compareWritten(t, "a layer of no rows", l, s, nil, nil)
	if got := len(l.Schema().Fields); got != len(s.Fields) {
		t.Errorf("a layer of no rows has %d fields, want %d", got, len(s.Fields))
	}
}

// checkFIDs writes features that have an FID. A store may keep it or give another, but says so.
func checkFIDs(t testing.TB, c *Config) {
	s, rows := c.small()
	for i, f := range rows {
		f.FID = int64(i*10 + 7)
	}
	name, layerName, fids := c.fill(t, s, rows)
	c.compareWritten(t, "rows with FIDs", c.readBack(t, name, layerName), s, rows, fids)
}

func checkCloseAfterCommit(t testing.TB, c *Config) {
	s, rows := c.small()
	ds := c.create(t, t.Context())
	layerName := c.layerName(ds.name, 0)
	w := c.begin(t, ds, layerName, s)
	write(t, w, rows)
	if err := w.Commit(); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	for range 3 {
		if err := w.Close(); err != nil {
			t.Errorf("Close of a writer after Commit: %v", err)
		}
	}
	for range 2 {
		if err := ds.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	c.compareWritten(t, "closed more than once", c.readBack(t, ds.name, layerName), s, rows, nil)
}

func checkNoCommit(t testing.TB, c *Config) {
	s, rows := c.small()
	for _, n := range []int{0, len(rows)} {
		ds := c.create(t, t.Context())
		layerName := c.layerName(ds.name, 0)
		w := c.begin(t, ds, layerName, s)
		write(t, w, rows[:n])
		for range 2 {
			if err := w.Close(); err != nil {
				t.Errorf("Close without Commit: %v", err)
			}
		}
		if !c.makes() {
			c.wantNoLayer(t, "a writer closed without Commit", ds.Dataset, layerName)
			closeDataset(t, ds)
			c.wantNoLayer(t, "a writer closed without Commit", c.reopen(t, ds.name), layerName)
			continue
		}
		_ = ds.Close() // it may or may not be an error that nothing was made
		c.wantNothing(t, fmt.Sprintf("a writer of %d rows closed without Commit", n), ds)
	}
}

func checkDiscard(t testing.TB, c *Config) {
	if !c.makes() {
		t.Skip("datasets are not made")
	}
	s, rows := c.small()
	for _, committed := range []bool{false, true} {
		ds := c.create(t, t.Context())
		if _, ok := ds.Dataset.(driver.Discarder); !ok {
			t.Skip("the dataset is no Discarder")
		}
		w := c.begin(t, ds, c.layerName(ds.name, 0), s)
		write(t, w, rows)
		if committed {
			commit(t, w)
		}
		if err := driver.Discard(ds.Dataset); err != nil {
			t.Errorf("Discard: %v", err)
		}
		if err := ds.Close(); err != nil {
			t.Errorf("Close after Discard: %v", err)
		}
		c.wantNothing(t, "Discard", ds)
	}
}

func checkCancelledDataset(t testing.TB, c *Config) {
	if !c.makes() {
		t.Skip("datasets are not made")
	}
	s, rows := c.small()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ds := c.create(t, ctx)
	w := c.begin(t, ds, c.layerName(ds.name, 0), s)
	write(t, w, rows)
	commit(t, w)
	cancel()
	_ = ds.Close()
	c.wantNothing(t, "a context that was done before Close", ds)
}

func checkExistingDataset(t testing.TB, c *Config) {
	if !c.makes() {
		t.Skip("datasets are not made")
	}
	s, rows := c.small()
	name, layerName, fids := c.fill(t, s, rows)
	before := around(t, name)
	ds, err := c.Driver.Open(t.Context(), name, driver.Create, c.DatasetOptions)
	if err == nil {
		_ = driver.Discard(ds)
	}
	wantError(t, "Open in mode create of what exists", err, fs.ErrExist)
	if before != nil {
		compareFolders(t, "after Open in mode create of what exists", before, around(t, name))
	}
	c.compareWritten(t, "after Open in mode create of what exists", c.readBack(t, name, layerName), s, rows, fids)
}

func checkReplace(t testing.TB, c *Config) {
	if !c.makes() {
		t.Skip("datasets are not made")
	}
	s, rows := c.small()
	name, layerName, fids := c.fill(t, s, rows)
	replace := func() (target, layer.Writer) {
		ds, err := c.Driver.Open(t.Context(), name, driver.Replace, c.DatasetOptions)
		if err != nil {
			t.Fatalf("Open in mode replace: %v", err)
		}
		t.Cleanup(func() { _ = ds.Close() })
		d := target{ds, name, nil}
		w := c.begin(t, d, layerName, s)
		write(t, w, rows[:2])
		return d, w
	}
	ds, w := replace()
	if err := w.Close(); err != nil {
		t.Errorf("Close without Commit: %v", err)
	}
	_ = ds.Close()
	c.compareWritten(t, "what was to be replaced, without Commit", c.readBack(t, name, layerName), s, rows, fids)
	ds, w = replace()
	commit(t, w)
	if _, ok := ds.Dataset.(driver.Discarder); ok {
		if err := driver.Discard(ds.Dataset); err != nil {
			t.Errorf("Discard: %v", err)
		}
		c.compareWritten(t, "what was to be replaced, after Discard", c.readBack(t, name, layerName), s, rows, fids)
		ds, w = replace()
		commit(t, w)
	}
	closeDataset(t, ds)
	c.compareWritten(t, "what was replaced", c.readBack(t, name, layerName), s, rows[:2], nil)
	if names, err := c.reopen(t, name).LayerNames(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("what was replaced has layers %q, %v; want one", names, err)
	}

	// Replace is also for what does not exist yet.
	fresh := c.Target(t)
	made, err := c.Driver.Open(t.Context(), fresh, driver.Replace, c.DatasetOptions)
	if err != nil {
		t.Fatalf("Open in mode replace of what does not exist: %v", err)
	}
	layerName = c.layerName(fresh, 0)
	w = c.begin(t, target{made, fresh, nil}, layerName, s)
	write(t, w, rows)
	commit(t, w)
	closeDataset(t, made)
	c.compareWritten(t, "in mode replace, of what did not exist", c.readBack(t, fresh, layerName), s, rows, nil)
}

func checkCreateOptions(t testing.TB, c *Config) {
	s, _ := c.small()
	info := c.Driver.Info()
	if c.makes() {
		wrong := func(key, value string) {
			name := c.Target(t)
			before := around(t, name)
			ds, err := c.Driver.Open(t.Context(), name, driver.Create, with(c.DatasetOptions, key, value))
			wantOptionError(t, "Open in mode create with "+key+"="+value, ds, err, key)
			if before != nil {
				compareFolders(t, "Open in mode create with a wrong option", before, around(t, name))
			}
		}
		wrong(unknownOption, "1")
		for _, spec := range info.Dataset {
			if spec.Type != driver.StringOption {
				wrong(spec.Name, "perhaps")
			}
		}
	}
	wrong := func(key, value string) {
		ds := c.create(t, t.Context())
		w, err := ds.Create(t.Context(), c.layerName(ds.name, 0), s, with(c.LayerOptions, key, value))
		if err == nil {
			_ = w.Close()
			t.Errorf("Create: a wrong option %s is accepted", key)
		} else if !strings.Contains(err.Error(), key) {
			t.Errorf("Create: error %q does not name the option %s", err, key)
		}
		_ = driver.Discard(ds.Dataset)
	}
	wrong(unknownOption, "1")
	for _, spec := range info.Layer {
		if spec.Type != driver.StringOption {
			wrong(spec.Name, "perhaps")
		}
	}
}

func checkDuplicateLayer(t testing.TB, c *Config) {
	if !c.Driver.Info().Caps.Has(driver.MultiLayer) {
		t.Skip("a dataset has one layer")
	}
	s, rows := c.small()
	ds := c.create(t, t.Context())
	layerName := c.layerName(ds.name, 0)
	w := c.begin(t, ds, layerName, s)
	write(t, w, rows)
	commit(t, w)
	again := func(what string, ds driver.Dataset) {
		w, err := ds.Create(t.Context(), layerName, s, c.LayerOptions)
		if err == nil {
			_ = w.Close()
		}
		wantError(t, what, err, fs.ErrExist)
	}
	again("Create of a layer that was just made", ds.Dataset)
	closeDataset(t, ds)
	c.compareWritten(t, "after a layer of the same name", c.readBack(t, ds.name, layerName), s, rows, nil)
	if c.Driver.Info().Caps.Has(driver.CanUpdate) {
		up := c.update(t, ds.name)
		again("Create of a layer that exists", up)
		closeDataset(t, up)
		c.compareWritten(t, "after a layer of the same name", c.readBack(t, ds.name, layerName), s, rows, nil)
	}
}

func checkOneWriter(t testing.TB, c *Config) {
	s, rows := c.small()
	ds := c.create(t, t.Context())
	layerName := c.layerName(ds.name, 0)
	w := c.begin(t, ds, layerName, s)
	write(t, w, rows[:2])
	if second, err := ds.Create(t.Context(), c.layerName(ds.name, 1), s, c.LayerOptions); err == nil {
		_ = second.Close()
		t.Error("Create while another writer is open: no error")
	}
	write(t, w, rows[2:])
	commit(t, w)
	closeDataset(t, ds)
	c.compareWritten(t, "after a second writer was refused", c.readBack(t, ds.name, layerName), s, rows, nil)
}

func checkSeveralLayers(t testing.TB, c *Config) {
	if !c.Driver.Info().Caps.Has(driver.MultiLayer) {
		t.Skip("a dataset has one layer")
	}
	s, rows := c.small()
	const n = 3
	ds := c.create(t, t.Context())
	for i := range n {
		w := c.begin(t, ds, c.layerName(ds.name, i), s)
		write(t, w, rows[:i+1])
		commit(t, w)
	}
	closeDataset(t, ds)
	for i := range n {
		what := fmt.Sprintf("layer %d of %d", i, n)
		c.compareWritten(t, what, c.readBack(t, ds.name, c.layerName(ds.name, i)), s, rows[:i+1], nil)
	}
	if !c.Driver.Info().Caps.Has(driver.CanUpdate) {
		return
	}
	up := target{c.update(t, ds.name), ds.name, nil}
	w := c.begin(t, up, c.layerName(ds.name, n), s)
	write(t, w, rows)
	commit(t, w)
	closeDataset(t, up)
	c.compareWritten(t, "a layer added", c.readBack(t, ds.name, c.layerName(ds.name, n)), s, rows, nil)
	c.compareWritten(t, "a layer beside one that was added", c.readBack(t, ds.name, c.layerName(ds.name, 0)), s, rows[:1], nil)
}

func checkAppend(t testing.TB, c *Config) {
	if !c.Driver.Info().Caps.Has(driver.CanUpdate) {
		t.Skip("the driver does not update")
	}
	s, rows := c.small()
	name, layerName, fids := c.fill(t, s, rows)
	ds := c.update(t, name)
	w, err := ds.Append(t.Context(), "no such layer")
	if err == nil {
		_ = w.Close()
	}
	wantError(t, "Append to an unknown layer", err, fs.ErrNotExist)
	w = c.appendTo(t, ds, layerName)
	if got := len(w.Schema().Fields); got != len(s.Fields) {
		t.Fatalf("the schema of Append has %d fields, want %d", got, len(s.Fields))
	}
	more := write(t, w, rows[:3])
	commit(t, w)
	closeDataset(t, ds)
	all := append(rows[:len(rows):len(rows)], rows[:3]...)
	c.compareWritten(t, "after Append", c.readBack(t, name, layerName), s, all, append(fids, more...))
}

func checkAppendNoCommit(t testing.TB, c *Config) {
	if !c.Driver.Info().Caps.Has(driver.CanUpdate) {
		t.Skip("the driver does not update")
	}
	s, rows := c.small()
	name, layerName, fids := c.fill(t, s, rows)
	ds := c.update(t, name)
	w := c.appendTo(t, ds, layerName)
	write(t, w, rows[:3])
	if err := w.Close(); err != nil {
		t.Errorf("Close without Commit: %v", err)
	}
	_ = ds.Close()
	c.compareWritten(t, "after Append without Commit", c.readBack(t, name, layerName), s, rows, fids)
}

// checkRejected writes a feature that the store does not take between others.
func checkRejected(t testing.TB, c *Config) {
	if c.Reject == nil {
		t.Skip("Config.Reject is not set")
	}
	s := c.schema(feature.Point)
	s.Fields = s.Fields[:1]
	rows := sampleRows(s)[:4]
	ds := c.create(t, t.Context())
	layerName := c.layerName(ds.name, 0)
	w := c.begin(t, ds, layerName, s)
	fids := write(t, w, rows[:2])
	for range 2 {
		err := w.Write(c.Reject.Clone())
		var rejected *layer.RejectedError
		if !errors.As(err, &rejected) {
			t.Errorf("Write of a feature that the store does not take: error %v, want a *layer.RejectedError", err)
		}
	}
	fids = append(fids, write(t, w, rows[2:])...)
	commit(t, w)
	closeDataset(t, ds)
	c.compareWritten(t, "beside features that were rejected", c.readBack(t, ds.name, layerName), s, rows, fids)
}
