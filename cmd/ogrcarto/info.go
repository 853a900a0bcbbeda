package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// info is what "ogrcarto info" was asked.
type info struct {
	src           string
	layers        []string
	all, features bool
	json, quiet   bool
	fid           *int64
	limit, offset countFlag
	box           boundsFlag
	selected      []string // nil for all
	geom          geomFlag
	open          optionsFlag
}

func (p *program) infoCommand() *cobra.Command {
	in := info{geom: "yes"}
	var fid int64
	cmd := &cobra.Command{
		Use:   "info [flags] SRC [LAYER...]",
		Short: "Describe a dataset, its layers and their features",
		Long: `info lists the layers of a dataset in a table. The extent is written so that it can be put behind --spat.

With the names of layers, or --all, it describes them in full as ogrinfo does: geometry type, number of features, extent,
reference system, fields. With --features it goes on to print the features.

--json prints the same under the names that "ogrinfo -json" has, features as GeoJSON. Output that was cut short by an
error is not valid JSON, and the exit status is 1.

The source is not changed in any way.`,
		Example: `  ogrcarto info world.gpkg
  ogrcarto info world.gpkg countries
  ogrcarto info world.gpkg countries --features --spat -10 35 5 44 --select name --geom summary
  ogrcarto info world.gpkg countries --fid 7
  ogrcarto info old.shp --oo ENCODING=CP1252 --limit 3
  ogrcarto info world.gpkg --json`,
		Args: atLeast("SRC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.src, in.layers = args[0], args[1:]
			flags := cmd.Flags()
			if flags.Changed("fid") {
				in.fid = &fid
			}
			if flags.Changed("select") && in.selected == nil {
				in.selected = []string{}
			}
			if in.fid != nil && (in.box.bounds != nil || in.limit.given || in.offset.given) {
				return usagef("--fid goes without --spat, --limit and --offset")
			}
			in.features = in.features || in.fid != nil || in.limit.given || in.offset.given
			return p.info(cmd.Context(), in)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&in.all, "all", "a", false, "describe every layer in full")
	f.BoolVar(&in.features, "features", false, "print the features, too")
	f.Int64Var(&fid, "fid", 0, "print the feature with this FID")
	f.Var(&in.limit, "limit", "print at most N features of a layer")
	f.Var(&in.offset, "offset", "pass over the first N features of a layer")
	f.Var(&in.box, "spat", "count and print only features whose bounds touch the box; also as four arguments")
	f.StringSliceVar(&in.selected, "select", nil, "print only these `fields`, separated by commas")
	f.Var(&in.geom, "geom", "how to print geometries")
	f.Var(&in.open, "oo", "open option of the source's driver; may be repeated")
	f.BoolVar(&in.json, "json", false, "print JSON")
	f.BoolVarP(&in.quiet, "quiet", "q", false, "no line about the driver, no warnings")
	cmd.ValidArgsFunction = p.completeLayers
	return cmd
}

// completeLayers completes the names of layers behind a source.
func (p *program) completeLayers(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	ds, err := p.reg.Open(cmd.Context(), args[0], driver.Read, nil)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer func() { _ = ds.Close() }() // it was only read
	names, _ := ds.LayerNames(cmd.Context())
	return names, cobra.ShellCompDirectiveNoFileComp
}

// described is a layer with what is said of it as a whole.
type described struct {
	layer   layer.Layer
	schema  *feature.Schema
	count   int64
	extents []feature.Bounds // of each geometry column; empty where there is nothing
}

func (p *program) info(ctx context.Context, in info) error {
	d, err := p.reg.Find(in.src, driver.Read)
	if err != nil {
		return err
	}
	ds, err := d.Open(ctx, in.src, driver.Read, in.open.options)
	if err != nil {
		return err
	}
	defer func() { _ = ds.Close() }() // it was only read
	if !in.quiet {
		defer func() {
			if w, ok := ds.(driver.Warner); ok {
				p.warn(w.Warnings())
			}
		}()
	}
	names := in.layers
	if len(names) == 0 {
		if names, err = ds.LayerNames(ctx); err != nil {
			return err
		}
	}
	// All is known before the first line is printed, so that a mistake in the third layer's name gives no output.
	var list []described
	for _, name := range names {
		l, err := describe(ctx, ds, name, in)
		if err != nil {
			return err
		}
		list = append(list, l)
	}
	if !in.quiet && !in.json {
		fmt.Fprintf(p.stderr, "%s: %s\n", driver.Redact(in.src), d.Info().LongName)
	}
	switch {
	case in.json:
		return p.infoJSON(ctx, in, d.Info(), list)
	case len(in.layers) > 0 || in.all || in.features:
		return p.infoText(ctx, in, list)
	}
	return p.infoTable(list)
}

// describe reads what is said of a layer as a whole.
func describe(ctx context.Context, ds driver.Dataset, name string, in info) (described, error) {
	l, err := ds.Layer(ctx, name)
	if err != nil {
		return described{}, err
	}
	d := described{layer: l, schema: l.Schema()}
	if _, err := in.query(d.schema).Select(d.schema); err != nil {
		return d, fmt.Errorf("layer %s: %w", name, err)
	}
	var q layer.Query
	if len(d.schema.Geoms) > 0 {
		q.Box = in.box.bounds
	}
	if d.count, err = layer.Count(ctx, l, q); err != nil {
		return d, err
	}
	for i := range d.schema.Geoms {
		b, err := layer.Extent(ctx, l, i)
		if err != nil {
			return d, err
		}
		d.extents = append(d.extents, b)
	}
	return d, nil
}

// query returns what is to be read of a layer's features. A layer without geometry is not filtered by a box.
func (in *info) query(s *feature.Schema) layer.Query {
	q := layer.Query{Columns: in.selected, NoGeometry: in.geom == "no", Offset: in.offset.n, Limit: in.limit.n}
	if len(s.Geoms) > 0 {
		q.Box = in.box.bounds
	}
	return q
}

// rows yields the features of the layer that are wanted.
func (in *info) rows(ctx context.Context, l described) iter.Seq2[*feature.Feature, error] {
	switch {
	case in.fid != nil:
		return func(yield func(*feature.Feature, error) bool) { yield(in.one(ctx, l)) }
	case !in.features || in.limit.given && in.limit.n == 0:
		return func(func(*feature.Feature, error) bool) {}
	}
	return l.layer.Features(ctx, in.query(l.schema))
}

// one returns the feature with the FID that was asked for, without what is not wanted of it.
func (in *info) one(ctx context.Context, l described) (*feature.Feature, error) {
	f, err := layer.Get(ctx, l.layer, *in.fid)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("layer %s has no feature %d: %w", l.layer.Name(), *in.fid, fs.ErrNotExist)
		}
		return nil, err
	}
	q := in.query(l.schema)
	sel, err := q.Select(l.schema)
	if err != nil {
		return nil, err
	}
	for i, want := range sel.Fields {
		if !want {
			f.Values[i] = feature.Value{}
		}
	}
	if q.NoGeometry {
		clear(f.Geoms)
	}
	return f, nil
}

// infoTable prints a line a layer.
func (p *program) infoTable(list []described) error {
	t := table{right: map[int]bool{2: true}}
	t.add("LAYER", "GEOMETRY", "FEATURES", "SRS", "EXTENT")
	for _, l := range list {
		types, systems := "None", ""
		extent := feature.EmptyBounds()
		if len(l.schema.Geoms) > 0 {
			var all []string
			for i, g := range l.schema.Geoms {
				all = append(all, g.Type.OGRName())
				extent = extent.Union(l.extents[i])
			}
			types = strings.Join(all, ", ")
			systems = l.schema.Geoms[0].SRS.String()
			if len(l.schema.Geoms) > 1 {
				extent = l.extents[0]
			}
		}
		t.add(l.layer.Name(), types, strconv.FormatInt(l.count, 10), systems, corners(extent))
	}
	return t.print(p.stdout)
}

// corners prints bounds as --spat takes them, to six digits behind the point.
func corners(b feature.Bounds) string {
	if b.IsEmpty() {
		return ""
	}
	var parts []string
	for _, v := range []float64{b.MinX, b.MinY, b.MaxX, b.MaxY} {
		s := strconv.FormatFloat(v, 'f', 6, 64)
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		if s == "-0" {
			s = "0"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}
