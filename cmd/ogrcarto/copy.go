package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs"
	"github.com/ogrcarto/ogrcarto/translate"
)

// copyFlags are the flags of "ogrcarto copy" that need a second look.
type copyFlags struct {
	overwrite, appendTo, update bool
	nlt                         []string
	dim                         string
	srs                         string
	filter                      filterFlags
	open, dataset, layer        optionsFlag
	keepFIDs, quiet             bool
}

func (p *program) copyCommand() *cobra.Command {
	var o translate.Options
	var f copyFlags
	cmd := &cobra.Command{
		Use:   "copy [flags] SRC DST [LAYER...]",
		Short: "Copy layers into another dataset",
		Long: `copy copies all layers of a dataset, or those that are named, into another. The source comes first, as with cp.

Nothing that exists is lost by accident: DST must not exist yet, unless a flag says what becomes of it.

  --overwrite           replace the dataset, which stays until the new one is complete
  --update              add layers to it; a layer that exists is an error
  --update --overwrite  add layers to it, or replace those that exist
  --append              add features to its layers, and layers that do not exist yet

Whatever goes wrong, and whenever it is interrupted, DST is as it was, but for layers that were complete before.

Geometries are copied as they are. --nlt gives them another type as far as nothing is lost: a polygon becomes a
multipolygon of one, a multipolygon of one a polygon. It may be given twice, as in --nlt POLYGON --nlt PROMOTE_TO_MULTI;
NONE leaves them out. Coordinates are not transformed: --a-srs says what they are in.

` + whereHelp + `

--limit 0 makes the layers and copies no feature. The layer of an SQL statement is called SELECT unless --nln names it.

Features keep their FIDs when the source stores them in a column and the layer is new, as with ogr2ogr.

The settings of --config are SOURCE_DATE_EPOCH, the time to write into the output, in seconds since 1970.`,
		Example: `  ogrcarto copy countries.shp world.gpkg
  ogrcarto copy cities.shp world.gpkg --update --nln towns --select name,population
  ogrcarto copy more.shp world.gpkg --append --nln towns
  ogrcarto copy world.gpkg africa.gpkg countries --spat -18 -35 52 38
  ogrcarto copy world.gpkg big.gpkg --where "pop_est > 50000000 AND continent = 'Asia'"
  ogrcarto copy roads.shp near.gpkg --intersects "POLYGON ((2 48, 3 48, 3 49, 2 49, 2 48))"
  ogrcarto copy roads.shp lengths.gpkg --nln lengths --sql "select kind, sum(ST_Length(geometry)) m from roads group by kind"
  ogrcarto copy old.shp new.gpkg --oo ENCODING=CP1252 --lco SPATIAL_INDEX=NO --a-srs EPSG:2154`,
		Args: atLeast("SRC", "DST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.apply(cmd, &o); err != nil {
				return err
			}
			if len(args) > 2 {
				if o.SQL != "" {
					return usagef("--sql goes without names of layers: the statement says which it reads")
				}
				o.Layers = args[2:]
			}
			return p.copy(cmd.Context(), args[0], args[1], o, f.quiet)
		},
	}
	l := cmd.Flags()
	l.SortFlags = false
	l.StringVarP(&o.Format, "format", "f", "", "`driver` of DST; its name tells unless given")
	l.BoolVar(&f.overwrite, "overwrite", false, "replace DST, or with --update its layers")
	l.BoolVar(&f.update, "update", false, "add layers to DST")
	l.BoolVar(&f.appendTo, "append", false, "add features to the layers of DST")
	l.StringVar(&o.NewLayerName, "nln", "", "`name` of the layer in DST")
	l.StringArrayVar(&f.nlt, "nlt", nil, "geometry `type` of the layers: POINT, MULTIPOLYGON Z, ..., PROMOTE_TO_MULTI or NONE")
	l.StringVar(&f.dim, "dim", "", "`dimensions` of the geometries: XY, XYZ, XYM or XYZM")
	l.StringSliceVar(&o.Select, "select", nil, "copy only these `fields`, separated by commas")
	f.filter.register(l, "copy")
	l.StringVar(&f.srs, "a-srs", "", "reference `system` of the layers in DST: EPSG:2154, or well-known text")
	l.Var(&f.open, "oo", "open option of the source's driver; may be repeated")
	l.Var(&f.layer, "lco", "layer creation option of DST's driver; may be repeated")
	l.Var(&f.dataset, "dsco", "dataset creation option of DST's driver; may be repeated")
	l.Var(configFlag{}, "config", "a setting; may be repeated")
	l.BoolVar(&f.keepFIDs, "preserve-fid", false, "keep the FIDs; with =false, assign new ones")
	l.BoolVar(&o.SkipFailures, "skip-failures", false, "pass over features that cannot be read or written, and report them")
	l.BoolVarP(&f.quiet, "quiet", "q", false, "no progress and no summary; warnings only")
	_ = cmd.RegisterFlagCompletionFunc("format", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return p.driverNames(driver.CanCreate), cobra.ShellCompDirectiveNoFileComp
	})
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) < 2 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return p.completeLayers(cmd, args[:1], word)
	}
	return cmd
}

// apply turns the flags into options.
func (f *copyFlags) apply(cmd *cobra.Command, o *translate.Options) error {
	switch {
	case f.appendTo && f.overwrite:
		return usagef("--append and --overwrite exclude each other")
	case f.appendTo:
		o.Access = translate.Append
	case f.update && f.overwrite:
		o.Access = translate.OverwriteLayers
	case f.update:
		o.Access = translate.Update
	case f.overwrite:
		o.Access = translate.Overwrite
	}
	for _, name := range f.nlt {
		switch strings.ToUpper(name) {
		case "NONE":
			o.NoGeometry = true
			continue
		case "PROMOTE_TO_MULTI":
			o.PromoteToMulti = true
			continue
		case "CONVERT_TO_LINEAR", "CONVERT_TO_CURVE":
			return usagef("--nlt %s is not supported yet", name)
		}
		t, err := feature.ParseGeomType(name)
		if err != nil {
			return usagef("--nlt: %w, or PROMOTE_TO_MULTI or NONE", err)
		}
		if o.GeomType != nil {
			return usagef("--nlt: both %s and %s", *o.GeomType, t)
		}
		o.GeomType = &t
	}
	if o.NoGeometry && (o.GeomType != nil || o.PromoteToMulti) {
		return usagef("--nlt NONE goes without another --nlt")
	}
	if f.dim != "" {
		dims := map[string]translate.Dims{"XY": translate.XY, "XYZ": translate.XYZ, "XYM": translate.XYM, "XYZM": translate.XYZM}
		if o.Dims = dims[strings.ToUpper(f.dim)]; o.Dims == translate.DimsKept {
			return usagef("--dim: %q is none of XY, XYZ, XYM, XYZM", f.dim)
		}
	}
	if f.srs != "" {
		s, err := srs.Parse(f.srs)
		if err != nil {
			return usagef("--a-srs: %w", err)
		}
		o.AssignSRS = &s
	}
	if cmd.Flags().Changed("select") && o.Select == nil {
		o.Select = []string{}
	}
	if cmd.Flags().Changed("preserve-fid") {
		o.FIDs = translate.NewFIDs
		if f.keepFIDs {
			o.FIDs = translate.KeepFIDs
		}
	}
	w := &f.filter
	o.SQL, o.Where, o.OnlyFIDs, o.Box, o.Intersects = w.sql.text, w.where.expr, w.fids.list, w.box.bounds, w.intersects.wkb
	o.OrderBy, o.Offset, o.Limit = w.order.keys, w.offset.n, w.limit.n
	o.SchemaOnly = w.limit.given && w.limit.n == 0
	o.OpenOptions, o.DatasetOptions, o.LayerOptions = f.open.options, f.dataset.options, f.layer.options
	return nil
}

func (p *program) copy(ctx context.Context, src, dst string, o translate.Options, quiet bool) error {
	var bar progress
	if !quiet && isTerminal(p.stderr) {
		bar.w = p.stderr
		o.Progress = bar.update
	}
	report, err := translate.Run(ctx, p.reg, src, dst, o)
	bar.clear()
	p.warn(report.Warnings)
	for _, l := range report.Layers {
		p.reportSkipped(l)
	}
	if err != nil {
		if len(report.Layers) > 0 && !quiet {
			p.summarise(report)
		}
		return hint(err, src, dst, o)
	}
	if !quiet {
		p.summarise(report)
	}
	return nil
}

// listedSkips is how many features that were passed over are printed.
const listedSkips = 10

func (p *program) reportSkipped(l translate.LayerReport) {
	for i, s := range l.Skips {
		if i == listedSkips {
			break
		}
		fid := ""
		// Most causes name the feature themselves.
		if s.FID != feature.NullFID && !strings.Contains(s.Err.Error(), fmt.Sprint("feature ", s.FID)) {
			fid = fmt.Sprintf("feature %d: ", s.FID)
		}
		fmt.Fprintf(p.stderr, "ogrcarto: skipped: layer %s: %s%v\n", l.Source, fid, s.Err)
	}
	if n := l.Skipped - listedSkips; n > 0 {
		fmt.Fprintf(p.stderr, "ogrcarto: skipped: layer %s: and %s more\n", l.Source, thousands(n))
	}
}

// summarise prints a line for each layer, and one for all where there are several.
func (p *program) summarise(r translate.Report) {
	var rows, skipped int64
	for _, l := range r.Layers {
		rows += l.Rows
		skipped += l.Skipped
		name := l.Source
		if l.Target != l.Source {
			name += " -> " + l.Target
		}
		if len(r.Layers) > 1 {
			fmt.Fprintf(p.stderr, "%s: %s\n", name, amount(l.Rows, l.Skipped, 0, l.Duration))
		} else {
			fmt.Fprintf(p.stderr, "%s: %s\n", name, amount(l.Rows, l.Skipped, len(r.Warnings), r.Duration))
		}
	}
	if len(r.Layers) > 1 {
		fmt.Fprintf(p.stderr, "%d layers: %s\n", len(r.Layers), amount(rows, skipped, len(r.Warnings), r.Duration))
	}
}

// amount prints "1,234 rows in 0.50 s (2,468 rows/s), 3 skipped, 1 warning".
func amount(rows, skipped int64, warnings int, d time.Duration) string {
	s := fmt.Sprintf("%s in %.2f s", plural(rows, "row"), d.Seconds())
	if rows > 0 && d > 0 {
		s += fmt.Sprintf(" (%s rows/s)", thousands(int64(float64(rows)/d.Seconds())))
	}
	if skipped > 0 {
		s += fmt.Sprintf(", %s skipped", thousands(skipped))
	}
	if warnings > 0 {
		s += ", " + plural(int64(warnings), "warning")
	}
	return s
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}

// thousands prints a count with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// hint adds to an error which flag would have helped.
func hint(err error, src, dst string, o translate.Options) error {
	var fields *translate.FieldsError
	switch {
	case errors.As(err, &fields):
		return fmt.Errorf("%w; --select chooses the fields to copy", err)
	case errors.Is(err, fs.ErrExist) && o.Access == translate.Update:
		return fmt.Errorf("%w; --overwrite replaces the layer, --append adds to it, --nln gives the new one another name", err)
	case errors.Is(err, fs.ErrExist) && o.Access == translate.New:
		return fmt.Errorf("%w; --overwrite replaces the dataset, --update adds layers to it, --append adds features", err)
	case errors.Is(err, fs.ErrNotExist) && !exists(src) && exists(dst):
		return fmt.Errorf("%w; the source comes first: ogrcarto copy %s %s", err, driver.Redact(dst), driver.Redact(src))
	}
	return err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
