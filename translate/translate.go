// Package translate copies layers from one dataset to another: what "ogrcarto copy" does, as a call. GDAL's counterpart is
// VectorTranslate, ogr2ogr's is the program itself.
//
//	report, err := translate.Run(ctx, all.Drivers(), "roads.shp", "roads.gpkg", translate.Options{})
//
// It finds the drivers, decides what the target's layers look like, and runs [layer.Copy] for each of them. When it fails,
// the target is as it was before: a dataset that was being made does not appear, and one that existed keeps only the
// layers that were complete before the failure.
package translate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlquery"
)

// Options says what to copy and how. The zero value copies all layers into a dataset that must not exist yet, whose driver
// its name tells.
type Options struct {
	// Format is the target driver's short name, as OGR has it. Empty: the target's name tells.
	Format string
	// Access says what may be at the target and what becomes of it.
	Access Access
	// Layers are the names of the layers to copy. Nil copies all.
	Layers []string
	// NewLayerName names the layer in the target. It takes a single layer.
	NewLayerName string

	// GeomType is the geometry type of the target's layers; nil is the source's. A type without Z and M takes on the
	// source's, unless Dims is set.
	GeomType *feature.GeomType
	// PromoteToMulti makes single geometries collections: Polygon becomes MultiPolygon.
	PromoteToMulti bool
	// NoGeometry leaves the geometries out.
	NoGeometry bool
	// Dims sets the dimensions of all geometries. A missing Z or M becomes 0.
	Dims Dims
	// AssignSRS is the SRS that the target's layers are given; nil is the source's. Coordinates are not changed.
	AssignSRS *feature.SRS

	// Select names the fields to keep, which stay in the source's order. Nil keeps all, an empty list none.
	Select []string
	// SQL is a statement whose result is copied, as a layer called SELECT, in place of the source's layers.
	SQL string
	// Where keeps the features for which it is true. It is bound to the schema of each layer.
	Where *filter.Expr
	// OnlyFIDs keeps the features that have one of these FIDs; nil keeps all. Those that no layer has are warned of.
	OnlyFIDs []int64
	// Box keeps the features whose bounds have a point in common with it, and Intersects those whose geometry has one with
	// it. A layer without geometry is copied without regard to them.
	Box        *feature.Bounds
	Intersects feature.WKB
	// OrderBy is the order in which the features are copied; it is that of their FIDs without it.
	OrderBy []layer.Order
	// Offset and Limit pass over features and end after so many, in each layer. A Limit of 0 is none.
	Offset, Limit int64
	// SchemaOnly makes the layers and copies no feature.
	SchemaOnly bool
	// FIDs says whether features keep their FIDs.
	FIDs FIDs
	// SkipFailures passes over features that cannot be read, or that the target rejects, and reports them.
	SkipFailures bool

	// OpenOptions are for opening the source, DatasetOptions for making the target, LayerOptions for making its layers.
	OpenOptions, DatasetOptions, LayerOptions driver.Options

	// Progress is called after each page that was written, by the goroutine that called Run.
	Progress func(Progress)
}

// Access says what may be at the target and what becomes of it.
type Access int

// The ways to treat a target.
const (
	// New makes a dataset. One that exists gives an error that matches fs.ErrExist.
	New Access = iota
	// Overwrite makes a dataset in place of what is there, which goes when the new one is complete.
	Overwrite
	// Update adds layers to a dataset. A layer that exists gives an error that matches fs.ErrExist.
	Update
	// OverwriteLayers adds layers to a dataset, or replaces those that exist.
	OverwriteLayers
	// Append adds features to the layers that exist, and layers that do not. A dataset that does not exist is made.
	Append
)

// Dims are the dimensions of coordinates.
type Dims int

// The dimensions that geometries can be given. The zero value leaves them as they are.
const (
	DimsKept Dims = iota
	XY
	XYZ
	XYM
	XYZM
)

// FIDs says whether features keep their FIDs.
type FIDs int

// The ways to treat FIDs.
const (
	// FIDsAuto keeps those of a source that stores them in a column, when the target's layer is new.
	FIDsAuto FIDs = iota
	// KeepFIDs asks the target to keep them. A feature whose FID is taken is rejected.
	KeepFIDs
	// NewFIDs lets the target assign new ones.
	NewFIDs
)

// Progress says how far a translation has come.
type Progress struct {
	layer.Progress
	Layer  string // the source's name of the layer that is being copied
	Index  int    // of the layer, from 0
	Layers int    // how many are copied
	Total  int64  // rows to be copied from the layer, or -1 where nobody knows without reading them
}

// Report says what a translation did.
type Report struct {
	// Driver is the target driver's short name.
	Driver string
	// Layers are those that are complete in the target, in order.
	Layers []LayerReport
	// Warnings are what source and target noticed.
	Warnings []string
	// Duration is from the start to the moment that the target was complete.
	Duration time.Duration
}

// LayerReport says what became of one layer.
type LayerReport struct {
	Source, Target string // the layer's names
	Rows           int64  // written
	Skipped        int64  // passed over by SkipFailures
	Skips          []Skip // the first MaxSkips of them
	Duration       time.Duration
}

// Skip is a feature that was passed over.
type Skip struct {
	FID int64 // in the source, or feature.NullFID
	Err error
}

// MaxSkips is how many features that were passed over a LayerReport lists, so that a file of nothing but bad features does
// not fill the memory.
const MaxSkips = 100

// ErrSameDataset is matched by the error for a dataset that is to be copied into itself. A store that is read cannot be
// relied on to take a transaction at the same time: with SQLite, each of the two waits for the other.
var ErrSameDataset = errors.New("source and target are the same dataset; copy to another one, and from there")

// Run copies layers of the dataset src to the dataset dst. The report says, even with an error, what is in the target and
// what was noticed on the way.
//
// A done context ends it with the context's error. Other errors match what the drivers' match: fs.ErrNotExist,
// fs.ErrExist, errors.ErrUnsupported; and *FieldsError.
func Run(ctx context.Context, reg driver.Registry, src, dst string, o Options) (Report, error) {
	start := time.Now()
	t := translation{reg: reg, src: src, dst: dst, o: o}
	err := t.run(ctx)
	t.report.Duration = time.Since(start)
	return t.report, err
}

// translation is a Run that is under way.
type translation struct {
	reg      driver.Registry
	src, dst string
	o        Options

	from   driver.Dataset
	to     driver.Dataset
	toInfo driver.Info
	isNew  bool // the target is being made
	layers []source
	report Report
}

// source is a layer to be copied, and what it is to become.
type source struct {
	layer  layer.Layer
	target string // its name there
	plan   plan
}

func (t *translation) run(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	from, err := t.reg.Open(ctx, t.src, driver.Read, t.o.OpenOptions)
	if err != nil {
		return err
	}
	t.from = from
	defer func() {
		t.noteWarnings(t.from)
		if t.to != nil {
			t.noteWarnings(t.to)
		}
		_ = from.Close() // it was only read
	}()
	// All that can be found wrong without touching the target is looked for first.
	if t.o.SQL != "" {
		result, err := t.runSQL(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = result.Close() }() // it is only read
	} else if err := t.chooseLayers(ctx); err != nil {
		return err
	}
	if err := t.openTarget(ctx); err != nil {
		return err
	}
	if err := t.copyLayers(ctx); err != nil {
		return errors.Join(err, t.giveUp())
	}
	if err := t.to.Close(); err != nil {
		t.forgetUnlessDone()
		return err
	}
	return nil
}

// giveUp leaves the target as it was.
func (t *translation) giveUp() error {
	t.forgetUnlessDone()
	return driver.Discard(t.to)
}

// forgetUnlessDone takes the layers out of the report that have gone with the dataset.
func (t *translation) forgetUnlessDone() {
	if t.isNew {
		t.report.Layers = nil
	}
}

func (t *translation) noteWarnings(ds driver.Dataset) {
	if w, ok := ds.(driver.Warner); ok {
		t.report.Warnings = append(t.report.Warnings, w.Warnings()...)
	}
}

func (t *translation) warn(format string, args ...any) {
	t.report.Warnings = append(t.report.Warnings, fmt.Sprintf(format, args...))
}

// chooseLayers finds the layers to copy and plans their schemas.
func (t *translation) chooseLayers(ctx context.Context) error {
	names := t.o.Layers
	if names == nil {
		var err error
		if names, err = t.from.LayerNames(ctx); err != nil {
			return err
		}
		if len(names) == 0 {
			return &driver.Error{Op: "read", Name: t.src, FID: feature.NullFID, Err: errors.New("there are no layers to copy")}
		}
	}
	if t.o.NewLayerName != "" && len(names) != 1 {
		return fmt.Errorf("%d layers cannot all be called %s: choose one", len(names), t.o.NewLayerName)
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("layer %s is to be copied twice", name)
		}
		l, err := t.from.Layer(ctx, name)
		if err != nil {
			return err
		}
		if err := t.addLayer(l); err != nil {
			return inLayer(name, err)
		}
	}
	return nil
}

// runSQL runs the statement and makes its result the layer to copy.
func (t *translation) runSQL(ctx context.Context) (*sqlquery.Result, error) {
	if len(t.o.Layers) > 0 {
		return nil, errors.New("the statement says which layers to read: layers and SQL exclude each other")
	}
	result, err := sqlquery.Query(ctx, t.from, t.o.SQL)
	if err != nil {
		return nil, err
	}
	if err := t.addLayer(result); err != nil {
		return nil, errors.Join(err, result.Close())
	}
	return result, nil
}

// addLayer plans what becomes of a layer.
func (t *translation) addLayer(l layer.Layer) error {
	s := source{layer: l, target: l.Name()}
	if t.o.NewLayerName != "" {
		s.target = t.o.NewLayerName
	}
	var err error
	if s.plan, err = t.o.plan(l.Schema()); err != nil {
		return err
	}
	q := t.o.query(l.Schema())
	if _, err := q.Plan(l.Schema()); err != nil {
		return err
	}
	if (t.o.Box != nil || t.o.Intersects != nil) && len(l.Schema().Geoms) == 0 {
		t.warn("layer %s has no geometry: where it lies is not asked", l.Name())
	}
	t.layers = append(t.layers, s)
	return nil
}

// query returns which features of a layer are copied.
func (o *Options) query(s *feature.Schema) layer.Query {
	q := layer.Query{Where: o.Where, OrderBy: o.OrderBy, Offset: o.Offset, Limit: o.Limit}
	if o.OnlyFIDs != nil {
		fids := make([]any, len(o.OnlyFIDs))
		for i, fid := range o.OnlyFIDs {
			fids[i] = fid
		}
		q.Where = q.Where.And(filter.FID().In(fids...))
	}
	if len(s.Geoms) > 0 {
		q.Box = o.Box
		if o.Intersects != nil {
			q.Intersects(s, o.Intersects)
		}
	}
	return q
}

// inLayer says which layer an error concerns, unless it says so itself.
func inLayer(name string, err error) error {
	var de *driver.Error
	if errors.As(err, &de) && de.Layer != "" {
		return err
	}
	return fmt.Errorf("layer %s: %w", name, err)
}

// openTarget finds the target's driver and opens or makes the dataset.
func (t *translation) openTarget(ctx context.Context) error {
	if t.o.Access != New && sameFile(t.src, t.dst) {
		return &driver.Error{Op: "copy to", Name: t.dst, FID: feature.NullFID, Err: ErrSameDataset}
	}
	switch t.o.Access {
	case New:
		return t.openIn(ctx, driver.Create)
	case Overwrite:
		return t.openIn(ctx, driver.Replace)
	case Append:
		if err := t.openIn(ctx, driver.Update); !isMissing(err) {
			return err
		}
		return t.openIn(ctx, driver.Create)
	}
	return t.openIn(ctx, driver.Update)
}

func sameFile(a, b string) bool {
	sa, err := os.Stat(a)
	if err != nil {
		return false
	}
	sb, err := os.Stat(b)
	return err == nil && os.SameFile(sa, sb)
}

func (t *translation) openIn(ctx context.Context, m driver.Mode) error {
	d, err := t.findDriver(m)
	if err != nil {
		return err
	}
	t.toInfo = d.Info()
	t.report.Driver = t.toInfo.Name
	t.isNew = m == driver.Create || m == driver.Replace
	if len(t.layers) > 1 && !t.toInfo.Caps.Has(driver.MultiLayer) {
		return fmt.Errorf("a dataset of %s has one layer, and %d are to be copied: choose one: %w", t.toInfo.Name,
			len(t.layers), errors.ErrUnsupported)
	}
	var options driver.Options
	if t.isNew {
		options = t.o.DatasetOptions
	}
	ds, err := d.Open(ctx, t.dst, m, options)
	if err != nil {
		return err
	}
	t.to = ds
	if !t.isNew && len(t.o.DatasetOptions) > 0 {
		t.warn("%s exists: the dataset creation options are not used", driver.Redact(t.dst))
	}
	return nil
}

// findDriver returns the driver that is asked for, or else the one that the target's name tells.
func (t *translation) findDriver(m driver.Mode) (driver.Driver, error) {
	if t.o.Format == "" {
		return t.reg.Find(t.dst, m)
	}
	d := t.reg.ByName(t.o.Format)
	if d == nil {
		var names []string
		for _, d := range t.reg {
			names = append(names, d.Info().Name)
		}
		return nil, fmt.Errorf("format %q: %w; there are %s", t.o.Format, driver.ErrUnknownFormat, strings.Join(names, ", "))
	}
	need, what := driver.CanCreate, "make a dataset"
	if m == driver.Update {
		need, what = driver.CanUpdate, "change a dataset"
	}
	if !d.Info().Caps.Has(need) {
		return nil, fmt.Errorf("%s cannot %s: %w", d.Info().Name, what, errors.ErrUnsupported)
	}
	return d, nil
}
