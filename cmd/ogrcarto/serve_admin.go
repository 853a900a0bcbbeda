package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

func (p *program) serveInitCommand() *cobra.Command {
	s := newServeSettings()
	var quiet bool
	cmd := &cobra.Command{
		Use:   "init --account NAME",
		Short: "Prepare a database, or bring it up to date",
		Long: `init prepares a PostGIS database for "ogrcarto serve": roles, CARTO's functions, the table of API keys. It prints a
line for each thing that it makes, and at the end the line

  master key: ...

with the key that may do everything. The key is stored nowhere: there is no second chance to read it, but
"ogrcarto serve key regenerate master" makes a new one. With --quiet, the key alone is printed.

It can be run again without harm, and after an update of ogrcarto should be. The role that --postgres logs in as must be a
superuser, or have CREATEROLE and own the database; the database must have the extension postgis.`,
		Example: `  export OGRCARTO_SERVE_POSTGRES=postgres://postgres:secret@127.0.0.1:5432/gis
  ogrcarto serve init --account alice
  ogrcarto serve init --account bob --public-role bob_public`,
		Args: noMore,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withDatabase(cmd, s, func(ctx context.Context, conn *pgx.Conn) error {
				result, err := account.Init(ctx, conn, account.InitOptions{Account: s.config.Account, PublicRole: s.publicRole})
				if err != nil {
					return err
				}
				return p.printInit(result, quiet)
			})
		},
	}
	s.addTo(cmd, "postgres", "account", "public-role", "config")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print the master key and nothing else")
	return cmd
}

func (p *program) printInit(r *account.InitResult, quiet bool) error {
	var b strings.Builder
	switch {
	case quiet && r.MasterKey != "":
		fmt.Fprintln(&b, r.MasterKey)
	case quiet:
	case len(r.Changes) == 0 && r.MasterKey == "":
		fmt.Fprintln(&b, "nothing to change")
	default:
		for _, change := range r.Changes {
			fmt.Fprintln(&b, change)
		}
		if r.MasterKey != "" {
			fmt.Fprintln(&b, "master key:", r.MasterKey)
		}
	}
	_, err := fmt.Fprint(p.stdout, b.String())
	return err
}

func (p *program) serveKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Add, list, revoke and regenerate API keys",
		Long: `key keeps the API keys of a database that "ogrcarto serve init" has prepared. A server that runs notices changes by
itself.

Every key is a PostgreSQL role, which the statements of its requests log in as. The keys themselves are stored nowhere:
"add" and "regenerate" print one once.`,
		Example: `  ogrcarto serve key add reader --grant countries:select
  ogrcarto serve key list
  ogrcarto serve key regenerate master
  ogrcarto serve key revoke reader`,
		Args: noMore,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(p.keyAddCommand(), p.keyListCommand(), p.keyRevokeCommand(), p.keyRegenerateCommand())
	return cmd
}

// exactly asks for the arguments called so and no more.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := atLeast(names...)(cmd, args); err != nil {
			return err
		}
		return noMore(cmd, args[len(names):])
	}
}

// grantsFlag is the value of --grant.
type grantsFlag struct{ grants []account.Grant }

func (f *grantsFlag) Type() string   { return "TABLE:RIGHT,..." }
func (f *grantsFlag) String() string { return "" }

func (f *grantsFlag) Set(s string) error {
	g, err := account.ParseGrant(s)
	if err == nil {
		f.grants = append(f.grants, g)
	}
	return err
}

func (p *program) keyAddCommand() *cobra.Command {
	s := newServeSettings()
	var grants grantsFlag
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an API key and print it",
		Long: `add makes an API key with a role of its own, and prints it. It is not stored: there is no second chance to read it.

A key may do what --grant says: select, insert, update and delete on a table or view, and what everybody may. More can
be granted, and revoked, in SQL: "ogrcarto serve key list" has the role's name.`,
		Example: `  ogrcarto serve key add reader --grant countries:select
  ogrcarto serve key add editor --grant countries:select,insert,update --grant survey.roads:select`,
		Args: exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDatabase(cmd, s, func(ctx context.Context, conn *pgx.Conn) error {
				key, err := account.AddKey(ctx, conn, args[0], grants.grants)
				if errors.Is(err, account.ErrKeyExists) {
					return fmt.Errorf("%w: revoke it before, or regenerate it", err)
				}
				return p.printKey(key, err)
			})
		},
	}
	s.addTo(cmd, "postgres", "config")
	cmd.Flags().Var(&grants, "grant", "what the key may do with a table: select, insert, update, delete; may be repeated")
	return cmd
}

func (p *program) keyListCommand() *cobra.Command {
	s := newServeSettings()
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the API keys and what they may do",
		Long: `list prints a line for each API key: its name, its kind, the PostgreSQL role that it logs in as, and what was granted
to the role. The kinds are master, default (requests without a key) and regular.`,
		Example: `  ogrcarto serve key list
  ogrcarto serve key list --json`,
		Args: noMore,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withDatabase(cmd, s, func(ctx context.Context, conn *pgx.Conn) error {
				keys, err := account.Keys(ctx, conn)
				if err != nil {
					return err
				}
				if asJSON {
					return p.printKeysJSON(keys)
				}
				return p.printKeys(keys)
			})
		},
	}
	s.addTo(cmd, "postgres", "config")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) keyRevokeCommand() *cobra.Command {
	s := newServeSettings()
	cmd := &cobra.Command{
		Use:     "revoke NAME",
		Short:   "End an API key",
		Long:    `revoke ends an API key at once, and drops its role. What the role owns becomes the account's.`,
		Example: `  ogrcarto serve key revoke reader`,
		Args:    exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDatabase(cmd, s, func(ctx context.Context, conn *pgx.Conn) error {
				if err := account.RevokeKey(ctx, conn, args[0]); err != nil {
					return knownKeys(ctx, conn, err)
				}
				_, err := fmt.Fprintf(p.stdout, "revoked %s\n", args[0])
				return err
			})
		},
	}
	s.addTo(cmd, "postgres", "config")
	return cmd
}

func (p *program) keyRegenerateCommand() *cobra.Command {
	s := newServeSettings()
	cmd := &cobra.Command{
		Use:   "regenerate NAME",
		Short: "Give an API key a new text and print it",
		Long: `regenerate gives an API key, or the master key, a new text and prints it. The old one is dead at once; rights and role
stay.`,
		Example: `  ogrcarto serve key regenerate reader
  ogrcarto serve key regenerate master`,
		Args: exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDatabase(cmd, s, func(ctx context.Context, conn *pgx.Conn) error {
				key, err := account.RegenerateKey(ctx, conn, args[0])
				return p.printKey(key, knownKeys(ctx, conn, err))
			})
		},
	}
	s.addTo(cmd, "postgres", "config")
	return cmd
}

// withDatabase runs what a command does with the database.
func (p *program) withDatabase(cmd *cobra.Command, s *serveSettings, do func(context.Context, *pgx.Conn) error) error {
	if err := s.resolve(cmd); err != nil {
		return err
	}
	if cmd.Flags().Lookup("account") != nil && s.config.Account == "" {
		return usagef("no --account NAME")
	}
	db, err := s.database()
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	conn, err := db.connect(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	return db.explain(do(ctx, conn))
}

// printKey prints a key, if there is one: it may be valid although something else went wrong.
func (p *program) printKey(key string, err error) error {
	if key != "" {
		_, printErr := fmt.Fprintln(p.stdout, key)
		err = errors.Join(err, printErr)
	}
	return err
}

// knownKeys adds the names of the keys to account.ErrNoKey.
func knownKeys(ctx context.Context, conn *pgx.Conn, err error) error {
	if !errors.Is(err, account.ErrNoKey) {
		return err
	}
	keys, listErr := account.Keys(ctx, conn)
	if listErr != nil || len(keys) == 0 {
		return err
	}
	var names []string
	for _, k := range keys {
		names = append(names, k.Name)
	}
	return fmt.Errorf("%w: there are %s", err, strings.Join(names, ", "))
}

func (p *program) printKeys(keys []account.Key) error {
	var t table
	t.add("NAME", "KIND", "ROLE", "GRANTS")
	for _, k := range keys {
		var grants []string
		for _, g := range k.Grants {
			grants = append(grants, g.Table+":"+strings.Join(g.Privileges, ","))
		}
		t.add(k.Name, string(k.Kind), k.Role, strings.Join(grants, " "))
	}
	return t.print(p.stdout)
}

func (p *program) printKeysJSON(keys []account.Key) error {
	type grant struct {
		Table      string   `json:"table"`
		Privileges []string `json:"privileges"`
	}
	type key struct {
		Name   string       `json:"name"`
		Kind   account.Kind `json:"kind"`
		Role   string       `json:"role"`
		Grants []grant      `json:"grants"`
	}
	list := make([]key, 0, len(keys))
	for _, k := range keys {
		grants := make([]grant, 0, len(k.Grants))
		for _, g := range k.Grants {
			grants = append(grants, grant(g))
		}
		list = append(list, key{k.Name, k.Kind, k.Role, grants})
	}
	e := json.NewEncoder(p.stdout)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
