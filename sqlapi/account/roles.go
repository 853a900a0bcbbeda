package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxName is how many bytes PostgreSQL keeps of a name.
const maxName = 63

// roleOID returns the OID of a role, 0 where there is none.
func roleOID(ctx context.Context, tx pgx.Tx, role string) (uint32, error) {
	var oid uint32
	err := tx.QueryRow(ctx, `SELECT oid FROM pg_roles WHERE rolname = $1`, mode, role).Scan(&oid)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return oid, err
}

// createRole makes a login role. Without a password it gets one by RepairRole, at the first use of its API key.
func createRole(ctx context.Context, tx pgx.Tx, role, password string) error {
	sql := "CREATE ROLE " + quoteName(role) + " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
	if password != "" {
		v, err := verifier(password)
		if err != nil {
			return err
		}
		sql += " PASSWORD " + quoteText(v)
	}
	if _, err := tx.Exec(ctx, sql); err != nil {
		return fmt.Errorf("making the role %s: %w", role, err)
	}
	_, err := joinRole(ctx, tx, role)
	return err
}

// joinRole makes the session's user a member of a role, unless it is a superuser, who may do all that a member may: ending the
// role's sessions, handing over what it owns.
func joinRole(ctx context.Context, tx pgx.Tx, role string) (changed bool, err error) {
	var member bool
	if err := tx.QueryRow(ctx, `SELECT pg_has_role($1::name, 'USAGE')`, mode, role).Scan(&member); err != nil {
		return false, err
	}
	if member {
		return false, nil
	}
	if _, err := tx.Exec(ctx, "GRANT "+quoteName(role)+" TO CURRENT_USER"); err != nil {
		return false, fmt.Errorf("becoming a member of the role %s: %w", role, err)
	}
	return true, nil
}

// setPassword gives a role a password.
func setPassword(ctx context.Context, tx pgx.Tx, role, password string) error {
	v, err := verifier(password)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "ALTER ROLE "+quoteName(role)+" PASSWORD "+quoteText(v)); err != nil {
		return fmt.Errorf("setting the password of the role %s: %w", role, err)
	}
	return nil
}

// storeSecret keeps a role's password in table secrets. COPY sends it: no log of statements, or of their parameters, has it.
func storeSecret(ctx context.Context, tx pgx.Tx, role, password string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM ogrcarto.secrets WHERE role = $1`, mode, role); err != nil {
		return err
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{internalSchema, "secrets"}, []string{"role", "password"},
		pgx.CopyFromRows([][]any{{role, password}}))
	return err
}

// setting is a parameter of a role's sessions.
type setting struct {
	name  string // in lower case
	value string
	sql   string // the value as SQL has it, where it is not a text
}

// settings returns what a role of the account has: nothing depends on the defaults of server, database and client.
func (r *record) settings(role string) []setting {
	list := []setting{
		{name: "search_path", value: r.searchPath, sql: r.searchPath},
		{name: "intervalstyle", value: "postgres"},
		{name: "datestyle", value: "ISO, MDY"},
		{name: "timezone", value: "UTC"},
		{name: "bytea_output", value: "hex"},
		{name: "extra_float_digits", value: "1"},
		{name: "standard_conforming_strings", value: "on"},
		{name: "client_min_messages", value: "notice"},
	}
	if role == r.jobs {
		list = append(list, setting{name: "role", value: r.owner})
	}
	return list
}

// setSettings gives a role those of the settings that it does not have, in this database.
func setSettings(ctx context.Context, tx pgx.Tx, r *record, role string) (changed bool, err error) {
	now, err := texts(ctx, tx, `SELECT unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
		JOIN pg_database d ON d.oid = s.setdatabase WHERE r.rolname = $1 AND d.datname = current_database()`, role)
	if err != nil {
		return false, err
	}
	has := map[string]string{}
	for _, s := range now {
		name, value, _ := strings.Cut(s, "=")
		has[strings.ToLower(name)] = value
	}
	in, err := inDatabase(ctx, tx, role)
	if err != nil {
		return false, err
	}
	for _, s := range r.settings(role) {
		if value, ok := has[s.name]; ok && value == s.value {
			continue
		}
		sql := s.sql
		if sql == "" {
			sql = quoteText(s.value)
		}
		if _, err := tx.Exec(ctx, in+" SET "+s.name+" = "+sql); err != nil {
			return false, fmt.Errorf("setting %s of the role %s: %w", s.name, role, err)
		}
		changed = true
	}
	return changed, nil
}

// inDatabase returns ALTER ROLE ... IN DATABASE ... for a role and this database.
func inDatabase(ctx context.Context, tx pgx.Tx, role string) (string, error) {
	var name string
	if err := tx.QueryRow(ctx, `SELECT current_database()`, mode).Scan(&name); err != nil {
		return "", err
	}
	return "ALTER ROLE " + quoteName(role) + " IN DATABASE " + quoteName(name), nil
}

// endSessions ends the sessions of a role in all databases, and waits a moment until they are gone.
func endSessions(ctx context.Context, q Querier, role uint32) error {
	for end := time.Now().Add(5 * time.Second); ; {
		// Within a transaction, PostgreSQL keeps what it saw of the sessions first.
		var n int
		if err := q.QueryRow(ctx, `SELECT 1 FROM pg_catalog.pg_stat_clear_snapshot()`, mode).Scan(&n); err != nil {
			return err
		}
		err := q.QueryRow(ctx, `SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid)) FROM pg_catalog.pg_stat_activity a
			WHERE a.usesysid OPERATOR(pg_catalog.=) $1 AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()`, mode, role).Scan(&n)
		if err != nil {
			return fmt.Errorf("ending the role's sessions: %w", err)
		}
		if n == 0 || time.Now().After(end) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
