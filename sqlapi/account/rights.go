package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// commonFunctions are functions that PostgreSQL lets everybody run, and with which those who share publicuser could fill the
// disk (large objects and messages in the log belong to no table that rights could be taken from) or end each other's requests.
var commonFunctions = []string{
	"pg_cancel_backend", "pg_terminate_backend", "pg_logical_emit_message",
	"lo_creat", "lo_create", "lo_from_bytea", "lo_put", "lowrite", "lo_open", "lo_unlink", "lo_truncate", "lo_truncate64", "lo_import",
}

// ensureRights gives the roles their rights, and takes from everybody what would let publicuser fill the disk.
func (in *initializer) ensureRights(ctx context.Context) error {
	r := &in.record
	if in.superuser {
		if err := in.ensureFunctionRights(ctx); err != nil {
			return err
		}
	}
	for _, what := range []access{
		{on: databaseRights, privileges: []string{"TEMPORARY"}},
		{on: schemaRights, name: "public", privileges: []string{"CREATE"}},
	} {
		taken, err := what.revoke(ctx, in.tx)
		if err != nil {
			return in.explainOwner(ctx, what, err)
		}
		if taken {
			in.changed("revoked %s from PUBLIC", what)
		}
	}
	for _, what := range []access{
		{on: databaseRights, privileges: []string{"CONNECT", "CREATE", "TEMPORARY"}, role: r.owner},
		{on: schemaRights, name: "public", privileges: []string{"USAGE", "CREATE"}, role: r.owner, grantable: true},
		{on: schemaRights, name: "cartodb", privileges: []string{"USAGE"}},
	} {
		given, err := what.grant(ctx, in.tx)
		if err != nil {
			return in.explainOwner(ctx, what, err)
		}
		if given {
			in.changed("granted %s to %s", what, what.grantee())
		}
	}
	for _, role := range in.roles() {
		given, err := grantAccess(ctx, in.tx, role)
		if err != nil {
			return err
		}
		if given != nil {
			in.changed("granted %s to %s", strings.Join(given, ", "), role)
		}
	}
	return in.ensureTableRights(ctx)
}

// grantAccess lets a role into the database and into the schemas that every role uses. It returns what it granted.
func grantAccess(ctx context.Context, tx pgx.Tx, role string) ([]string, error) {
	list := []access{
		{on: databaseRights, privileges: []string{"CONNECT"}, role: role},
		{on: schemaRights, name: "public", privileges: []string{"USAGE"}, role: role},
		{on: schemaRights, name: "cartodb", privileges: []string{"USAGE"}, role: role},
	}
	// Where PostGIS has a schema of its own, types and functions are there.
	other, err := texts(ctx, tx, `SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		WHERE e.extname = 'postgis' AND n.nspname NOT IN ('public', 'pg_catalog')`)
	if err != nil {
		return nil, err
	}
	for _, schema := range other {
		list = append(list, access{on: schemaRights, name: schema, privileges: []string{"USAGE"}, role: role})
	}
	var given []string
	for _, what := range list {
		changed, err := what.grant(ctx, tx)
		if err != nil {
			return nil, fmt.Errorf("granting %s to %s: %w", what, role, err)
		}
		if changed {
			given = append(given, what.String())
		}
	}
	return given, nil
}

// access is some privileges of a role on the database or on a schema.
type access struct {
	on         string // databaseRights or schemaRights
	name       string // the schema's
	privileges []string
	role       string // empty for PUBLIC
	grantable  bool
}

// What access is to: queries for the list of rights, and for the owner.
const (
	databaseRights = `SELECT coalesce(datacl, acldefault('d', datdba)) AS acl, datdba AS owner FROM pg_database WHERE datname = current_database() AND $1 = ''`
	schemaRights   = `SELECT coalesce(nspacl, acldefault('n', nspowner)) AS acl, nspowner AS owner FROM pg_namespace WHERE nspname = $1`
)

func (a access) String() string { return strings.Join(a.privileges, ", ") + " on " + a.object() }

func (a access) object() string {
	if a.on == databaseRights {
		return "the database"
	}
	return "the schema " + a.name
}

func (a access) grantee() string {
	if a.role == "" {
		return "PUBLIC"
	}
	return a.role
}

// has returns which of the privileges the role was granted itself. An owner has all.
func (a access) has(ctx context.Context, tx pgx.Tx) (map[string]bool, error) {
	list, err := texts(ctx, tx, `SELECT p FROM (`+a.on+`) o, unnest($2::text[]) p
		LEFT JOIN pg_roles r ON r.rolname = $3
		WHERE r.oid = o.owner OR EXISTS (SELECT FROM aclexplode(o.acl) x
			WHERE x.grantee = CASE WHEN $3 = '' THEN 0::oid ELSE r.oid END AND x.privilege_type = p AND (x.is_grantable OR NOT $4))`,
		a.name, a.privileges, a.role, a.grantable)
	has := map[string]bool{}
	for _, p := range list {
		has[p] = true
	}
	return has, err
}

// grant grants the privileges that the role does not have.
func (a access) grant(ctx context.Context, tx pgx.Tx) (changed bool, err error) {
	return a.change(ctx, tx, "GRANT", "TO", false)
}

// revoke takes the privileges that the role has.
func (a access) revoke(ctx context.Context, tx pgx.Tx) (changed bool, err error) {
	return a.change(ctx, tx, "REVOKE", "FROM", true)
}

func (a access) change(ctx context.Context, tx pgx.Tx, verb, preposition string, from bool) (changed bool, err error) {
	has, err := a.has(ctx, tx)
	if err != nil {
		return false, err
	}
	var list []string
	for _, p := range a.privileges {
		if has[p] == from {
			list = append(list, p)
		}
	}
	if list == nil {
		return false, nil
	}
	object := "SCHEMA " + quoteName(a.name)
	if a.on == databaseRights {
		var name string
		if err := tx.QueryRow(ctx, `SELECT current_database()`, mode).Scan(&name); err != nil {
			return false, err
		}
		object = "DATABASE " + quoteName(name)
	}
	to := "PUBLIC"
	if a.role != "" {
		to = quoteName(a.role)
	}
	sql := verb + " " + strings.Join(list, ", ") + " ON " + object + " " + preposition + " " + to
	if a.grantable {
		sql += " WITH GRANT OPTION"
	}
	if _, err := tx.Exec(ctx, sql); err != nil {
		return false, err
	}
	// PostgreSQL only warns where the session's user may not grant.
	if has, err = a.has(ctx, tx); err != nil {
		return false, err
	}
	for _, p := range list {
		if has[p] == from {
			return false, fmt.Errorf("no right to %s %s on %s", strings.ToLower(verb), p, a.object())
		}
	}
	return true, nil
}

// explainOwner says who could change the rights.
func (in *initializer) explainOwner(ctx context.Context, what access, err error) error {
	return fmt.Errorf("changing the rights %s: %w: it needs the owner of %s, or a superuser", what, err, what.object())
}

// ensureFunctionRights leaves commonFunctions to the account's owner, and to the role that may signal backends.
func (in *initializer) ensureFunctionRights(ctx context.Context) error {
	functions, err := texts(ctx, in.tx, `SELECT p.oid::regprocedure::text FROM pg_proc p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY ($1::text[]) AND EXISTS (
			SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x WHERE x.grantee = 0 AND x.privilege_type = 'EXECUTE')
		ORDER BY 1`, commonFunctions)
	if err != nil || len(functions) == 0 {
		return err
	}
	list := strings.Join(functions, ", ")
	err = in.exec(ctx, "REVOKE EXECUTE ON FUNCTION "+list+" FROM PUBLIC; GRANT EXECUTE ON FUNCTION "+list+" TO pg_signal_backend, "+quoteName(in.record.owner))
	if err != nil {
		return fmt.Errorf("changing the rights on %s: %w", list, err)
	}
	in.changed("revoked EXECUTE on %s from PUBLIC, and granted it to %s and pg_signal_backend", list, in.record.owner)
	return nil
}

// ensureTableRights gives the owner all rights on the tables and sequences of schema public that others made.
func (in *initializer) ensureTableRights(ctx context.Context) error {
	rows, err := in.tx.Query(ctx, `SELECT quote_ident(c.relname), c.relkind = 'S', pg_has_role(c.relowner, 'USAGE'), pg_get_userbyid(c.relowner)::text
		FROM pg_class c JOIN pg_roles o ON o.rolname = $1
		WHERE c.relnamespace = 'public'::regnamespace AND CASE WHEN c.relkind = 'S'
			THEN NOT (has_sequence_privilege(o.oid, c.oid, 'USAGE') AND has_sequence_privilege(o.oid, c.oid, 'SELECT') AND has_sequence_privilege(o.oid, c.oid, 'UPDATE'))
			WHEN c.relkind IN ('r', 'v', 'm', 'f', 'p')
			THEN EXISTS (SELECT FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p WHERE NOT has_table_privilege(o.oid, c.oid, p))
			ELSE false END
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		ORDER BY c.relname`, mode, in.record.owner)
	if err != nil {
		return err
	}
	var name, owner string
	var sequence, may bool
	var tables, sequences, foreign []string
	if _, err := pgx.ForEachRow(rows, []any{&name, &sequence, &may, &owner}, func() error {
		switch {
		case !may:
			foreign = append(foreign, name+" of "+owner)
		case sequence:
			sequences = append(sequences, "public."+name)
		default:
			tables = append(tables, "public."+name)
		}
		return nil
	}); err != nil {
		return err
	}
	to := " TO " + quoteName(in.record.owner)
	if foreign != nil {
		return fmt.Errorf("the role %s may not grant rights on tables of others (%s): a superuser must run this, or their owners GRANT ALL ON ...%s",
			in.user, strings.Join(foreign, ", "), to)
	}
	for kind, names := range map[string][]string{"TABLE ": tables, "SEQUENCE ": sequences} {
		if names == nil {
			continue
		}
		if err := in.exec(ctx, "GRANT ALL ON "+kind+strings.Join(names, ", ")+to); err != nil {
			return fmt.Errorf("granting rights on tables of schema public: %w", err)
		}
	}
	if n := len(tables) + len(sequences); n > 0 {
		in.changed("granted all rights on %d existing tables and %d sequences of schema public to %s", len(tables), len(sequences), in.record.owner)
	}
	return nil
}
