package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// database is the PostgreSQL that the settings name. What it says of itself, and of errors, shows no password.
type database struct {
	url    string
	config *pgx.ConnConfig
}

// database reads the URL. The errors do not quote it: where it is malformed, nobody can tell the password in it from the rest.
func (s *serveSettings) database() (*database, error) {
	text, where := s.config.Postgres, s.from["postgres"]
	if where == "" {
		where = "--postgres"
	}
	if text == "" {
		if os.Getenv("PGHOST") == "" && os.Getenv("PGSERVICE") == "" {
			return nil, usagef("no database: want %s in the environment, postgres in a file that --config names, --postgres URL, or PGHOST and its like",
				envName("postgres"))
		}
		where = "the PG* variables"
	}
	if strings.Contains(text, "://") {
		if err := checkPostgresURL(text); err != nil {
			return nil, usagef("%s: %w", where, err)
		}
	}
	config, err := pgx.ParseConfig(text)
	if err != nil {
		var parse *pgconn.ParseConfigError
		if strings.Contains(text, "://") && errors.As(err, &parse) && parse.Unwrap() != nil {
			// The URL as such is in order, so what is wrong with it is one of its parts.
			return nil, usagef("%s: %s", where, (&database{}).hide(parse.Unwrap().Error(), text))
		}
		return nil, usagef("%s: this is not how a database is named: want postgres://USER:PASSWORD@HOST:PORT/DATABASE", where)
	}
	return &database{text, config}, nil
}

// checkPostgresURL finds what a password does to a URL that has a character in it that must be percent-encoded: the end of
// the password becomes a host name or a path, which messages and logs show.
func checkPostgresURL(text string) error {
	const want = "want postgres://USER:PASSWORD@HOST:PORT/DATABASE, and in the password %2F for /, %3F for ?, %23 for #, %40 for @, %25 for %"
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("this is not a URL: " + want)
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("this is no URL of PostgreSQL: " + want)
	}
	_, rest, _ := strings.Cut(text, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && strings.Contains(rest[i:], "@") || u.Fragment != "" {
		return errors.New("there is a @ or # behind the host: " + want)
	}
	return nil
}

// String is where the database is: HOST:PORT/NAME.
func (d *database) String() string {
	if strings.HasPrefix(d.config.Host, "/") {
		return d.config.Host + ":" + d.config.Database
	}
	return net.JoinHostPort(d.config.Host, strconv.Itoa(int(d.config.Port))) + "/" + d.config.Database
}

// hide takes the database's URL and password out of a message.
func (d *database) hide(message, text string) string {
	if text != "" {
		message = strings.ReplaceAll(message, text, driver.Redact(text))
	}
	// A password that is the role's name, or the like, is not taken out of every place where the name stands.
	if c := d.config; c != nil && c.Password != "" && c.Password != c.User && c.Password != c.Database && c.Password != c.Host {
		for _, secret := range []string{c.Password, url.QueryEscape(c.Password), url.PathEscape(c.Password)} {
			message = strings.ReplaceAll(message, secret, "xxxxx")
		}
	}
	return driver.Redact(message)
}

// connectError is an error whose message is fit to be seen.
type connectError struct {
	message string
	err     error
}

func (e *connectError) Error() string { return e.message }
func (e *connectError) Unwrap() error { return e.err }

// explain says what could be done about an error of the database.
func (d *database) explain(err error) error {
	if err == nil {
		return nil
	}
	message, hint := err.Error(), ""
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	var op *net.OpError
	var dns *net.DNSError
	connecting := errors.As(err, &connect)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, account.ErrNotPrepared):
	case connecting && errors.As(err, &pg):
		message = pg.Message
		switch pg.Code {
		case "28P01", "28000": // invalid_password, invalid_authorization_specification
			hint = "is the password right, and does pg_hba.conf let this role in from here?"
		case "3D000": // invalid_catalog_name
			hint = "make it with createdb, and in it CREATE EXTENSION postgis"
		case "53300": // too_many_connections
			hint = "raise PostgreSQL's max_connections, or lower what else is connected"
		}
	case connecting && errors.As(err, &dns):
		message, hint = dns.Error(), "is the host's name right?"
	case connecting && errors.As(err, &op):
		message, hint = op.Err.Error(), "is PostgreSQL running there, and may this machine reach it?"
	case connecting, errors.Is(err, context.DeadlineExceeded):
		if errors.Is(err, context.DeadlineExceeded) {
			message, hint = "no answer", "is PostgreSQL running there, and may this machine reach it?"
		} else if cause := connect.Unwrap(); cause != nil {
			message = strings.ReplaceAll(cause.Error(), "\n", "; ")
		}
	case errors.As(err, &pg):
		message = strings.Replace(message, pg.Error(), pg.Message, 1)
		if pg.Detail != "" {
			message += ": " + pg.Detail
		}
		hint = pg.Hint
		if pg.Code == "42501" && hint == "" { // insufficient_privilege
			hint = "want a superuser, or a role with CREATEROLE that owns the database"
		}
	}
	message = d.hide(message, d.url)
	if connecting || errors.Is(err, context.DeadlineExceeded) {
		message = fmt.Sprintf("connect to %s as %s: %s", d, d.config.User, message)
	}
	if hint != "" {
		message += "; " + hint
	}
	return &connectError{message, err}
}

// connect opens a session for one command.
func (d *database) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, d.config)
	return conn, d.explain(err)
}
