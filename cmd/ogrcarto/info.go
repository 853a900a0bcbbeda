package main

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlquery"
)

// info is what "ogrcarto info" was asked.
type info struct {
	src           string
	layers        []string
	all, features bool
	summary       bool // no features, whatever else asks for them
	explain       bool
	json, quiet   bool
	filter        filterFlags
	selected      []string // nil for all
	geom          geomFlag
	open          optionsFlag
}

func (p *program) infoCommand() *cobra.Command {
	in := info{geom: "yes"}
	cmd := &cobra.Command{
		Use:   "info [flags] SRC [LAYER...]",
		Short: "Describe a dataset, its layers and their features",
		Long: `info lists the layers of a dataset in a table. The extent is written so that it can be put behind --spat.

With the names of layers, or --all, it describes them in full as ogrinfo does: geometry type, number of features, extent,
reference system, fields. With --features it goes on to print the features; --fid, --limit, --offset and --order-by mean
that, too. The number of features is that of those wanted; the extent is the layer's.

--explain prints instead how the features would be found: the SQL that the store runs, the indexes it uses, what is checked
again, and what only this program looks at.

` + whereHelp + `

--json prints the same under the names that "ogrinfo -json" has, features as GeoJSON. Output that was cut short by an
error is not valid JSON, and the exit status is 1.

The source is not changed in any way.`,
		Example: `  ogrcarto info world.gpkg
  ogrcarto info world.gpkg countries
  ogrcarto info world.gpkg countries --features --spat -10 35 5 44 --select name --geom summary
  ogrcarto info world.gpkg countries --fid 7,9
  ogrcarto info world.gpkg countries --features --where "pop_est > 50000000 AND continent = 'Asia'" --order-by "pop_est desc"
  ogrcarto info world.gpkg countries --explain --spat 5 45 10 50
  ogrcarto info countries.shp --sql "select continent, count(*) n, sum(pop_est) p from countries group by 1 order by p desc"
  ogrcarto info old.shp --oo ENCODING=CP1252 --limit 3
  ogrcarto info world.gpkg --json`,
		Args: atLeast("SRC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.src, in.layers = args[0], args[1:]
			flags := cmd.Flags()
			if flags.Changed("select") && in.selected == nil {
				in.selected = []string{}
			}
			w := &in.filter
			if len(w.fids.list) > 0 && (w.box.bounds != nil || w.intersects.wkb != nil || w.where.expr != nil || w.limit.given || w.offset.given) {
				return usagef("--fid goes without --where, --spat, --intersects, --limit and --offset")
			}
			if w.sql.text != "" && len(in.layers) > 0 {
				return usagef("--sql goes without names of layers: the statement says which it reads")
			}
			in.features = in.features || len(w.fids.list) > 0 || w.limit.given || w.offset.given || w.order.keys != nil || w.sql.text != ""
			in.features = in.features && !in.summary
			return p.info(cmd.Context(), in)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&in.all, "all", "a", false, "describe every layer in full")
	f.BoolVar(&in.features, "features", false, "print the features, too")
	f.BoolVar(&in.summary, "summary", false, "print no features")
	f.BoolVar(&in.explain, "explain", false, "print how the features would be found")
	in.filter.register(f, "print")
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
	layers, release, err := in.chosen(ctx, ds)
	if err != nil {
		return err
	}
	defer release()
	if in.explain {
		return p.explain(ctx, in, layers)
	}
	// All is known before the first line is printed, so that a mistake in the third layer's name gives no output.
	var list []described
	for _, l := range layers {
		d, err := describe(ctx, l, in)
		if err != nil {
			return err
		}
		list = append(list, d)
	}
	if !in.quiet && !in.json {
		fmt.Fprintf(p.stderr, "%s: %s\n", driver.Redact(in.src), d.Info().LongName)
	}
	switch {
	case in.json:
		return p.infoJSON(ctx, in, d.Info(), list)
	case len(in.layers) > 0 || in.all || in.features || in.filter.sql.text != "":
		return p.infoText(ctx, in, list)
	}
	return p.infoTable(list)
}

// chosen returns the layers that are asked for: those that are named, else all, or the result of the SQL statement.
func (in *info) chosen(ctx context.Context, ds driver.Dataset) (layers []layer.Layer, release func(), err error) {
	release = func() {}
	if in.filter.sql.text != "" {
		result, err := sqlquery.Query(ctx, ds, in.filter.sql.text)
		if err != nil {
			return nil, release, err
		}
		return []layer.Layer{result}, func() { _ = result.Close() }, nil // it is only read
	}
	names := in.layers
	if len(names) == 0 {
		if names, err = ds.LayerNames(ctx); err != nil {
			return nil, release, err
		}
	}
	for _, name := range names {
		l, err := ds.Layer(ctx, name)
		if err != nil {
			return nil, release, err
		}
		q := in.query(l.Schema())
		if _, err := q.Plan(l.Schema()); err != nil {
			return nil, release, fmt.Errorf("layer %s: %w", name, err)
		}
		layers = append(layers, l)
	}
	return layers, release, nil
}

// describe reads what is said of a layer as a whole.
func describe(ctx context.Context, l layer.Layer, in info) (described, error) {
	d := described{layer: l, schema: l.Schema()}
	q := in.query(d.schema)
	q.Columns, q.NoGeometry, q.OrderBy, q.Offset, q.Limit = nil, false, nil, 0, 0
	var err error
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

// query returns what is to be read of a layer's features. A layer without geometry is not asked where it lies.
func (in *info) query(s *feature.Schema) layer.Query {
	w := &in.filter
	q := layer.Query{
		Columns: in.selected, NoGeometry: in.geom == "no", Where: w.where.expr, OrderBy: w.order.keys, Offset: w.offset.n, Limit: w.limit.n,
	}
	if len(w.fids.list) > 0 {
		fids := make([]any, len(w.fids.list))
		for i, fid := range w.fids.list {
			fids[i] = fid
		}
		q.Where = q.Where.And(filter.FID().In(fids...))
	}
	if len(s.Geoms) > 0 {
		q.Box = w.box.bounds
		if w.intersects.wkb != nil {
			q.Intersects(s, w.intersects.wkb)
		}
	}
	return q
}

// rows yields the features of the layer that are wanted. Of FIDs that were asked for, one that is not there is an error.
func (in *info) rows(ctx context.Context, l described) iter.Seq2[*feature.Feature, error] {
	if !in.features || in.filter.limit.given && in.filter.limit.n == 0 {
		return func(func(*feature.Feature, error) bool) {}
	}
	rows := l.layer.Features(ctx, in.query(l.schema))
	if len(in.filter.fids.list) == 0 {
		return rows
	}
	return func(yield func(*feature.Feature, error) bool) {
		missing := slices.Clone(in.filter.fids.list)
		for f, err := range rows {
			if err == nil {
				missing = slices.DeleteFunc(missing, func(fid int64) bool { return fid == f.FID })
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
		if len(missing) > 0 {
			yield(nil, fmt.Errorf("layer %s has no feature %d: %w", l.layer.Name(), missing[0], fs.ErrNotExist))
		}
	}
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
