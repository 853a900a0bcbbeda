package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ogrcarto/ogrcarto/driver"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1 // something could not be done
	exitUsage   = 2 // the command line makes no sense
)

// program is one run of the command.
type program struct {
	reg            driver.Registry
	stdout, stderr io.Writer
}

// run runs the command with its arguments and returns the exit status.
func run(ctx context.Context, reg driver.Registry, args []string, stdout, stderr io.Writer) int {
	p := &program{reg: reg, stdout: stdout, stderr: stderr}
	root := p.root()
	cmd := root
	args, err := ogrArgs(args)
	if err == nil {
		root.SetArgs(args)
		cmd, err = root.ExecuteContextC(ctx)
	}
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "ogrcarto: %v\nTry '%s --help'.\n", err, cmd.CommandPath())
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "ogrcarto: interrupted")
	default:
		fmt.Fprintf(stderr, "ogrcarto: %v\n", err)
	}
	return exitFailure
}

// usageError says that the command line makes no sense.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "ogrcarto",
		Short: "Describe, copy and serve vector data",
		Long: `ogrcarto describes and copies vector data: Shapefiles, GeoPackages, CARTO accounts. "ogrcarto serve" answers
CARTO's SQL API from a PostGIS database.

The flags of ogrinfo and ogr2ogr are taken in their own spelling too: -lco K=V is --lco K=V, -a_srs is --a-srs,
"-spat xmin ymin xmax ymax" is four arguments or one with commas.

Exit status: 0 when all is done, 1 when something could not be done, 2 when the command line makes no sense.`,
		Example: `  ogrcarto info countries.shp
  ogrcarto copy countries.shp world.gpkg
  ogrcarto drivers GPKG
  ogrcarto serve --help`,
		Version: versionText(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := ""
			if s := cmd.SuggestionsFor(args[0]); len(s) > 0 {
				hint = "; did you mean " + strings.Join(s, " or ") + "?"
			}
			return usagef("unknown command %q%s", args[0], hint)
		},
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) { // the value need not be told: the cause says what is wrong with it
			err = fmt.Errorf("--%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
		}
		return &usageError{err}
	})
	root.AddCommand(p.infoCommand(), p.copyCommand(), p.driversCommand(), p.serveCommand())
	return root
}

// atLeast asks for the arguments called so. More may follow.
func atLeast(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usagef("no %s", strings.Join(names[len(args):], " and no "))
		}
		return nil
	}
}

func versionText() string {
	return fmt.Sprintf("ogrcarto %s (%s, %s/%s)", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func buildVersion() string {
	v := version
	if v == "" {
		v = "unknown"
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
			v = strings.Trim(info.Main.Version, "()")
		}
	}
	return v
}

// warn prints warnings, each on a line.
func (p *program) warn(warnings []string) {
	for _, w := range warnings {
		fmt.Fprintf(p.stderr, "ogrcarto: warning: %s\n", w)
	}
}
