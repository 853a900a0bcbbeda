package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/ogrcarto/ogrcarto/sqlapi"
)

func (p *program) serveCommand() *cobra.Command {
	s := newServeSettings()
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer CARTO's SQL API from a PostGIS database",
		Long: `serve answers the requests of CARTO's SQL API from a PostGIS database, for clients such as OGR's Carto driver, curl and
carto-python. "ogrcarto serve init" prepares the database, and "ogrcarto serve key" keeps its API keys.

Every flag may be given in the environment, too, as OGRCARTO_SERVE_ and its name in upper case with underscores
(OGRCARTO_SERVE_LISTEN), and in the TOML file that --config names (listen = "127.0.0.1:8080"). The command line comes
before the environment, and the environment before the file. Others on the machine can see a command line: the
database's URL with its password belongs into the environment or the file. Where no URL is given, libpq's variables are
read if PGHOST or PGSERVICE is among them.

The file may have limits for an API key (or "*") on an endpoint (sql, copyfrom, copyto, job, or "*"):

  [limits.reader.sql]
  timeout = "30s"
  rate = "5/s:10"
  concurrent = 2

On SIGINT or SIGTERM, no new requests are taken, and those that run may end; a second signal kills.`,
		Example: `  export OGRCARTO_SERVE_POSTGRES=postgres://postgres:secret@127.0.0.1:5432/gis
  ogrcarto serve init --account alice
  ogrcarto serve
  ogrcarto serve --listen :443 --tls-cert cert.pem --tls-key key.pem --rate 15/s --quota 50GB
  ogrcarto serve --config /etc/ogrcarto/serve.toml --log-format json`,
		Args: noMore,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.resolve(cmd); err != nil {
				return err
			}
			return p.serve(cmd.Context(), s)
		},
	}
	s.addTo(cmd)
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(p.serveInitCommand(), p.serveKeyCommand())
	return cmd
}

// noMore refuses arguments.
func noMore(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return usagef("unexpected argument %q", args[0])
	}
	hint := ""
	if s := cmd.SuggestionsFor(args[0]); len(s) > 0 {
		hint = "; did you mean " + s[0] + "?"
	}
	return usagef("unknown command %q%s", args[0], hint)
}

func (p *program) serve(ctx context.Context, s *serveSettings) error {
	db, err := s.database()
	if err != nil {
		return err
	}
	log := s.logger(p.stderr)
	ports, err := s.openListeners(ctx)
	if err != nil {
		return err
	}
	defer ports.close()

	config := s.config
	config.Logger, config.Version = log, buildVersion()
	start, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("no answer"))
	server, err := sqlapi.New(start, config)
	cancel()
	if err != nil {
		return db.explain(err)
	}
	return ports.serve(ctx, server, s.shutdownTimeout, log, "database", db.String())
}
