package translate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// isMissing tells whether a dataset could not be opened because it does not exist.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// errLayerExists matches fs.ErrExist, whose own text is about files.
type errLayerExists struct{}

func (errLayerExists) Error() string        { return "the layer exists already" }
func (errLayerExists) Is(target error) bool { return target == fs.ErrExist }

// target is a layer of the target that is open for writing.
type target struct {
	layer.Writer
	name     string
	plan     plan
	appended bool // to features that are there already
}

// copyLayers copies all layers into the open target.
func (t *translation) copyLayers(ctx context.Context) error {
	existing, err := t.existing(ctx)
	if err != nil {
		return err
	}
	// What stands in the way of a later layer is found before the first is copied.
	if t.o.Access == Update {
		for _, s := range t.layers {
			if name, ok := existing[strings.ToLower(s.target)]; ok {
				return &driver.Error{Op: "create", Name: t.dst, Layer: name, FID: feature.NullFID, Err: errLayerExists{}}
			}
		}
	}
	for i, s := range t.layers {
		start := time.Now()
		to, err := t.openLayer(ctx, s, existing[strings.ToLower(s.target)])
		if err != nil {
			return inLayer(s.layer.Name(), err)
		}
		r, err := t.copyLayer(ctx, i, to)
		if err == nil {
			err = to.Commit()
		}
		// Close rolls back what was not committed.
		if err := errors.Join(err, to.Close()); err != nil {
			return inLayer(s.layer.Name(), err)
		}
		r.Duration = time.Since(start)
		t.report.Layers = append(t.report.Layers, r)
	}
	return nil
}

// existing returns the names of the target's layers by their lower-case form: a name that differs only in case is taken in
// most stores.
func (t *translation) existing(ctx context.Context) (map[string]string, error) {
	byName := make(map[string]string)
	if t.isNew {
		return byName, nil
	}
	names, err := t.to.LayerNames(ctx)
	for _, n := range names {
		byName[strings.ToLower(n)] = n
	}
	return byName, err
}

// openLayer opens or makes the layer that s goes into. existing is its name if it exists, or "".
func (t *translation) openLayer(ctx context.Context, s source, existing string) (target, error) {
	options := t.o.LayerOptions
	if existing != "" && t.o.Access == Append {
		if len(options) > 0 {
			t.warn("layer %s exists: the layer creation options are not used", existing)
		}
		w, err := t.to.Append(ctx, existing)
		if err != nil {
			return target{}, err
		}
		p, err := s.plan.appendTo(w.Schema())
		if err != nil {
			return target{}, errors.Join(err, w.Close())
		}
		return target{Writer: w, name: existing, plan: p, appended: true}, nil
	}
	if existing != "" { // and is to be replaced: Update alone has been turned down
		var err error
		if options, err = t.makeRoom(ctx, existing, options); err != nil {
			return target{}, err
		}
	}
	w, err := t.to.Create(ctx, s.target, s.plan.schema.Clone(), options)
	return target{Writer: w, name: s.target, plan: s.plan}, err
}

// makeRoom sees to it that a layer that exists can be made anew: by the driver's option for it, which does it together with
// the new layer's commit, or else by deleting it. It returns the options for making the new one.
func (t *translation) makeRoom(ctx context.Context, name string, options driver.Options) (driver.Options, error) {
	const overwrite = "OVERWRITE"
	if slices.ContainsFunc(t.toInfo.Layer, func(o driver.OptionSpec) bool { return o.Name == overwrite }) {
		with := driver.Options{overwrite: "YES"}
		for k, v := range options {
			if !strings.EqualFold(k, overwrite) {
				with[k] = v
			}
		}
		return with, nil
	}
	if d, ok := t.to.(driver.LayerDeleter); ok {
		return options, d.DeleteLayer(ctx, name)
	}
	return nil, fmt.Errorf("%s cannot replace a layer: %w", t.toInfo.Name, errors.ErrUnsupported)
}

// copyLayer copies the features of layer i.
func (t *translation) copyLayer(ctx context.Context, i int, to target) (LayerReport, error) {
	src := t.layers[i].layer
	r := LayerReport{Source: src.Name(), Target: to.name}
	if t.o.SchemaOnly {
		return r, nil
	}
	schema := src.Schema()
	o := layer.CopyOptions{
		Query:       t.o.query(schema),
		Fields:      to.plan.fields,
		Geoms:       to.plan.geoms,
		Convert:     typesDiffer(to.Schema(), schema, to.plan.geoms),
		PreserveFID: t.o.FIDs == KeepFIDs || t.o.FIDs == FIDsAuto && schema.FIDColumn != "" && !to.appended,
	}
	o.Query.Columns = to.plan.columns(schema)
	o.Query.NoGeometry = !slices.ContainsFunc(to.plan.geoms, func(g int) bool { return g >= 0 })
	if t.o.SkipFailures {
		o.Skip = func(fid int64, err error) {
			if len(r.Skips) < MaxSkips {
				r.Skips = append(r.Skips, Skip{FID: fid, Err: err})
			}
		}
	}
	if t.o.Progress != nil {
		rows, err := total(ctx, src, o.Query)
		if err != nil {
			return r, err
		}
		o.Progress = func(p layer.Progress) {
			t.o.Progress(Progress{Progress: p, Layer: src.Name(), Index: i, Layers: len(t.layers), Total: rows})
		}
		o.Progress(layer.Progress{})
	}
	stats, err := layer.Copy(ctx, to, t.o.reshape(src, to.plan.geoms), o)
	r.Rows, r.Skipped = stats.Rows, stats.Skipped
	if n := int64(len(t.o.OnlyFIDs)) - r.Rows - r.Skipped; err == nil && n > 0 && !t.o.filtersMore() {
		t.warn("layer %s: %d of the %d FIDs that were asked for do not exist", src.Name(), n, len(t.o.OnlyFIDs))
	}
	return r, err
}

// filtersMore tells whether features are left out that have one of OnlyFIDs.
func (o *Options) filtersMore() bool {
	return o.Where != nil || o.Box != nil || o.Intersects != nil || o.Offset > 0 || o.Limit > 0
}

// total returns how many rows a query comes to, or -1 if that is not known without reading them.
func total(ctx context.Context, src layer.Layer, q layer.Query) (int64, error) {
	if q.HasFilter() {
		return -1, nil // a count would read as much as the copy
	}
	n, ok, err := layer.FastCount(ctx, src, layer.Query{Offset: q.Offset, Limit: q.Limit})
	if err != nil || !ok {
		return -1, err
	}
	return n, nil
}

// typesDiffer tells whether a geometry column of the target has another type than the source's column that goes into it.
func typesDiffer(dst, src *feature.Schema, geoms []int) bool {
	for i, from := range geoms {
		if from >= 0 && dst.Geoms[i].Type != src.Geoms[from].Type {
			return true
		}
	}
	return false
}
