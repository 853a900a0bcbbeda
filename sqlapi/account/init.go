package account

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// internalSchema is where the tables are.
	internalSchema = "ogrcarto"
	// schemaVersion counts the changes of schema.sql.
	schemaVersion = 1
	// initLock is the advisory lock of Init: "ogrcarto".
	initLock = 0x6f67_7263_6172_746f

	defaultPublicRole = "publicuser"
)

var (
	//go:embed schema.sql
	schemaSQL string
	//go:embed functions.sql
	functionsSQL string
)

var accountName = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// Init prepares a database, or brings one that is prepared up to date. It may run again without harm. conn must be a
// superuser's, or of a role with CREATEROLE that owns the database.
//
// The database must be of PostgreSQL 12 or newer, with PostGIS 2.4 or newer, which a superuser's Init adds where it is
// installed. Who is no superuser cannot take the functions that write large objects from the public. Init is one transaction:
// after an error, nothing has changed.
func Init(ctx context.Context, conn *pgx.Conn, o InitOptions) (*InitResult, error) {
	var in *initializer
	err := inTransaction(ctx, conn, func(tx pgx.Tx) error {
		in = &initializer{tx: tx, opts: o}
		return in.run(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the database: %w", err)
	}
	return &in.result, nil
}

// initializer is a run of Init.
type initializer struct {
	tx     pgx.Tx
	opts   InitOptions
	result InitResult

	superuser     bool
	user          string // who runs this
	database      string
	databaseOwner string
	postgisSchema string
	prepared      bool // the database had an account
	functions     string
	record        record
	regular       []string // the roles of regular keys
}

func (in *initializer) changed(format string, args ...any) {
	in.result.Changes = append(in.result.Changes, fmt.Sprintf(format, args...))
}

func (in *initializer) exec(ctx context.Context, sql string) error {
	_, err := in.tx.Exec(ctx, sql)
	return err
}

func (in *initializer) run(ctx context.Context) error {
	if _, err := in.tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, mode, int64(initLock)); err != nil {
		return fmt.Errorf("waiting for another one that prepares it: %w", err)
	}
	for _, step := range []func(context.Context) error{
		in.checkServer, in.ensurePostGIS, in.readRecord, in.ensureTables, in.ensureRoles, in.ensureFunctions, in.ensureRights, in.ensureSettings,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (in *initializer) checkServer(ctx context.Context) error {
	var version int
	var createRole, owns bool
	err := in.tx.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, r.rolsuper, r.rolcreaterole, r.rolname, d.datname,
		pg_has_role(d.datdba, 'USAGE'), pg_get_userbyid(d.datdba)
		FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`, mode).
		Scan(&version, &in.superuser, &createRole, &in.user, &in.database, &owns, &in.databaseOwner)
	if err != nil {
		return err
	}
	if version < 12_00_00 {
		return fmt.Errorf("the server is PostgreSQL %d.%d: want 12 or newer", version/10000, version%10000)
	}
	if !in.superuser && (!createRole || !owns) {
		return fmt.Errorf("the role %s may not do that: want a superuser, or a role with CREATEROLE that owns the database (%s is %s's)",
			in.user, in.database, in.databaseOwner)
	}
	return nil
}

func (in *initializer) ensurePostGIS(ctx context.Context) error {
	version, err := in.findPostGIS(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := in.exec(ctx, `CREATE EXTENSION postgis SCHEMA public`); err != nil {
			return fmt.Errorf("the extension postgis is missing: install PostGIS, and have a superuser run CREATE EXTENSION postgis in the database %s: %w",
				in.database, err)
		}
		in.changed("added the extension postgis")
		version, err = in.findPostGIS(ctx)
	}
	if err != nil {
		return fmt.Errorf("looking for the extension postgis: %w", err)
	}
	if !atLeast(version, 2, 4) {
		return fmt.Errorf("the extension postgis is of version %s: want 2.4 or newer", version)
	}
	return nil
}

func (in *initializer) findPostGIS(ctx context.Context) (version string, err error) {
	err = in.tx.QueryRow(ctx, `SELECT e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		WHERE e.extname = 'postgis'`, mode).Scan(&version, &in.postgisSchema)
	return version, err
}

// atLeast compares a version such as 3.3.2 or 2.5.0dev.
func atLeast(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	first, err := strconv.Atoi(parts[0])
	if err != nil || first != major || len(parts) < 2 {
		return err == nil && first > major
	}
	digits := strings.TrimRight(parts[1], "abcdefghijklmnopqrstuvwxyz")
	second, err := strconv.Atoi(digits)
	return err == nil && second >= minor
}

// readRecord reads the account, or makes a new one up from the options.
func (in *initializer) readRecord(ctx context.Context) error {
	err := in.tx.QueryRow(ctx, `SELECT to_regclass('ogrcarto.account') IS NOT NULL`, mode).Scan(&in.prepared)
	if err != nil {
		return err
	}
	if in.prepared {
		return in.readPrepared(ctx)
	}
	if !accountName.MatchString(in.opts.Account) {
		return fmt.Errorf("the account's name %q: want letters a to z, digits, underscores and hyphens, at most 32", in.opts.Account)
	}
	in.record = record{
		account: in.opts.Account,
		owner:   in.opts.Account + "_owner",
		jobs:    in.opts.Account + "_jobs",
		public:  defaultPublicRole,
	}
	if in.opts.PublicRole != "" {
		in.record.public = in.opts.PublicRole
	}
	if strings.HasPrefix(in.record.owner, "pg_") {
		return fmt.Errorf("the account's name %q: roles that begin with pg_ are PostgreSQL's own", in.opts.Account)
	}
	if err := checkPublicRole(in.record.public); err != nil {
		return err
	}
	if in.record.public == in.record.owner || in.record.public == in.record.jobs {
		return fmt.Errorf("the role %q has another use in the account: choose another with --public-role", in.record.public)
	}
	schemas, err := texts(ctx, in.tx, `SELECT nspname::text FROM pg_namespace WHERE nspname IN ('cartodb', 'ogrcarto') ORDER BY 1`)
	if err != nil {
		return err
	}
	if len(schemas) > 0 {
		return fmt.Errorf("the database has a schema %s, which something else made: rename it, or drop it", strings.Join(schemas, " and a schema "))
	}
	return nil
}

func (in *initializer) readPrepared(ctx context.Context) error {
	r, err := lockAccount(ctx, in.tx)
	if err != nil {
		return err
	}
	in.record = *r
	if in.opts.Account != "" && in.opts.Account != r.account {
		return fmt.Errorf("the database's account is %s, not %s", r.account, in.opts.Account)
	}
	if in.opts.PublicRole != "" && in.opts.PublicRole != r.public {
		return fmt.Errorf("the account's public role is %s, not %s", r.public, in.opts.PublicRole)
	}
	if err := in.tx.QueryRow(ctx, `SELECT functions FROM ogrcarto.account`, mode).Scan(&in.functions); err != nil {
		return err
	}
	in.regular, err = texts(ctx, in.tx, `SELECT role FROM ogrcarto.keys WHERE kind = 'regular' ORDER BY role`)
	return err
}

func checkPublicRole(role string) error {
	switch {
	case len(role) > maxName:
		return fmt.Errorf("the public role's name has %d bytes: PostgreSQL allows %d", len(role), maxName)
	case strings.HasPrefix(role, "pg_"), role == "public", role == "none":
		return fmt.Errorf("the public role cannot be called %q: that is PostgreSQL's own", role)
	case strings.ContainsAny(role, "$\x00"): // functions.sql has the name within dollar quotes
		return fmt.Errorf("the public role's name %q has a dollar sign or a zero byte", role)
	}
	return nil
}

// ensureTables makes the schema ogrcarto.
func (in *initializer) ensureTables(ctx context.Context) error {
	path, err := in.searchPath(ctx)
	if err != nil {
		return err
	}
	if in.prepared {
		if path != in.record.searchPath { // PostGIS was moved
			in.record.searchPath = path
			_, err := in.tx.Exec(ctx, `UPDATE ogrcarto.account SET search_path = $1`, mode, path)
			return err
		}
		return nil
	}
	in.record.searchPath = path
	if err := in.exec(ctx, schemaSQL); err != nil {
		return fmt.Errorf("making the schema %s: %w", internalSchema, err)
	}
	r := &in.record
	_, err = in.tx.Exec(ctx, `INSERT INTO ogrcarto.account (schema_version, name, owner_role, public_role, jobs_role, search_path, functions)
		VALUES ($1, $2, $3, $4, $5, $6, '')`, mode, schemaVersion, r.account, r.owner, r.public, r.jobs, r.searchPath)
	if err != nil {
		return err
	}
	in.changed("made the schema %s with the tables of the account %s", internalSchema, r.account)
	return nil
}

// searchPath returns what the roles of API keys have, as SQL has it.
func (in *initializer) searchPath(ctx context.Context) (string, error) {
	path := "public, cartodb"
	if in.postgisSchema == "public" || in.postgisSchema == "pg_catalog" {
		return path, nil
	}
	var quoted string
	// PostgreSQL's own quotation is what pg_db_role_setting has, too.
	err := in.tx.QueryRow(ctx, `SELECT quote_ident($1)`, mode, in.postgisSchema).Scan(&quoted)
	return path + ", " + quoted, err
}

// ensureRoles makes the roles that are missing. In a prepared database that was restored on another server, all may be: they
// get no passwords then, as those of API keys are not known, and RepairRole sets them when the keys are used.
func (in *initializer) ensureRoles(ctx context.Context) error {
	r := &in.record
	master := ""
	if !in.prepared {
		master = newSecret()
	}
	if err := in.ensureRole(ctx, r.owner, master, "choose another account name, or drop the role"); err != nil {
		return err
	}
	if !in.prepared {
		hash := sha256.Sum256([]byte(master))
		_, err := in.tx.Exec(ctx, `INSERT INTO ogrcarto.keys (name, kind, role, hash) VALUES ($1, 'master', $2, $3), ($4, 'default', $5, NULL)`,
			mode, MasterName, r.owner, hash[:], PublicName, r.public)
		if err != nil {
			return err
		}
		in.result.MasterKey = master
	}
	for _, role := range []struct{ name, hint string }{
		{r.public, "choose another with --public-role"},
		{r.jobs, "choose another account name, or drop the role"},
	} {
		if err := in.ensureSecretRole(ctx, role.name, role.hint); err != nil {
			return err
		}
	}
	for _, role := range in.regular {
		if err := in.ensureRole(ctx, role, "", ""); err != nil {
			return err
		}
	}
	var member bool
	if err := in.tx.QueryRow(ctx, `SELECT pg_has_role($1::name, $2::name, 'USAGE')`, mode, r.jobs, r.owner).Scan(&member); err != nil {
		return err
	}
	if !member {
		if err := in.exec(ctx, "GRANT "+quoteName(r.owner)+" TO "+quoteName(r.jobs)); err != nil {
			return fmt.Errorf("making the role %s a member of %s: %w", r.jobs, r.owner, err)
		}
		in.changed("made the role %s a member of the role %s", r.jobs, r.owner)
	}
	return nil
}

// ensureSecretRole makes a role whose password is stored.
func (in *initializer) ensureSecretRole(ctx context.Context, role, hint string) error {
	var password string
	err := in.tx.QueryRow(ctx, `SELECT password FROM ogrcarto.secrets WHERE role = $1`, mode, role).Scan(&password)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if password != "" {
		return in.ensureRole(ctx, role, password, hint)
	}
	password = newSecret()
	if err := in.ensureRole(ctx, role, password, hint); err != nil {
		return err
	}
	if in.prepared {
		if err := setPassword(ctx, in.tx, role, password); err != nil {
			return err
		}
		in.changed("gave the role %s a new password", role)
	}
	return storeSecret(ctx, in.tx, role, password)
}

// ensureRole makes a role; one that exists must be the account's already. hint says what to do where it is not.
func (in *initializer) ensureRole(ctx context.Context, role, password, hint string) error {
	if len(role) > maxName {
		return fmt.Errorf("the role %s has %d bytes: PostgreSQL allows %d", role, len(role), maxName)
	}
	oid, err := roleOID(ctx, in.tx, role)
	if err != nil {
		return err
	}
	if oid == 0 {
		if err := createRole(ctx, in.tx, role, password); err != nil {
			return err
		}
		in.changed("made the role %s", role)
		return nil
	}
	if !in.prepared {
		return fmt.Errorf("the role %q exists already, and is not this account's: %s", role, hint)
	}
	if joined, err := joinRole(ctx, in.tx, role); err != nil {
		return err
	} else if joined {
		in.changed("made the role %s a member of the role %s", in.user, role)
	}
	return in.ensureAttributes(ctx, role)
}

// ensureAttributes takes from a role what no API key may have.
func (in *initializer) ensureAttributes(ctx context.Context, role string) error {
	var login, super, createDB, createRole, replication, bypass bool
	err := in.tx.QueryRow(ctx, `SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls
		FROM pg_roles WHERE rolname = $1`, mode, role).Scan(&login, &super, &createDB, &createRole, &replication, &bypass)
	if err != nil {
		return err
	}
	var options []string
	for _, a := range []struct {
		wrong  bool
		option string
	}{
		{!login, "LOGIN"},
		{super, "NOSUPERUSER"},
		{createDB, "NOCREATEDB"},
		{createRole, "NOCREATEROLE"},
		{replication, "NOREPLICATION"},
		{bypass, "NOBYPASSRLS"},
	} {
		if a.wrong { // the others may not even be mentioned by who is no superuser
			options = append(options, a.option)
		}
	}
	if options == nil {
		return nil
	}
	list := strings.Join(options, " ")
	if err := in.exec(ctx, "ALTER ROLE "+quoteName(role)+" "+list); err != nil {
		return fmt.Errorf("making the role %s %s: %w", role, list, err)
	}
	in.changed("made the role %s %s", role, list)
	return nil
}

// ensureFunctions makes the schema cartodb.
func (in *initializer) ensureFunctions(ctx context.Context) error {
	script := strings.ReplaceAll(functionsSQL, "@public_role@", strings.ReplaceAll(in.record.public, "'", "''"))
	var exists bool
	if err := in.tx.QueryRow(ctx, `SELECT to_regnamespace('cartodb') IS NOT NULL`, mode).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if err := in.exec(ctx, `CREATE SCHEMA cartodb`); err != nil {
			return fmt.Errorf("making the schema cartodb: %w", err)
		}
		in.changed("made the schema cartodb")
	}
	// The script finds PostGIS's types, and nothing is executed that others may have put into the same schema.
	if err := in.exec(ctx, "SET LOCAL search_path = pg_catalog, "+quoteName(in.postgisSchema)+", pg_temp"); err != nil {
		return err
	}
	// It runs each time: functions may have been dropped. It is a change where the script is another.
	if err := in.exec(ctx, script); err != nil {
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Position > 0 {
			return fmt.Errorf("making the functions of schema cartodb: %w (line %d of functions.sql)", err, lineAt(script, int(pg.Position)))
		}
		return fmt.Errorf("making the functions of schema cartodb: %w", err)
	}
	if err := in.exec(ctx, setUp); err != nil { // whatever the script set
		return err
	}
	sum := sha256.Sum256([]byte(script))
	if hash := hex.EncodeToString(sum[:]); hash != in.functions {
		if _, err := in.tx.Exec(ctx, `UPDATE ogrcarto.account SET functions = $1`, mode, hash); err != nil {
			return err
		}
		in.changed("made the functions of schema cartodb")
	}
	return nil
}

// lineAt returns the line of a text that a character, from 1, is on.
func lineAt(text string, position int) int {
	line := 1
	for _, c := range text {
		if position--; position <= 0 {
			break
		}
		if c == '\n' {
			line++
		}
	}
	return line
}

// ensureSettings gives all roles the settings of their sessions.
func (in *initializer) ensureSettings(ctx context.Context) error {
	for _, role := range in.roles() {
		changed, err := setSettings(ctx, in.tx, &in.record, role)
		if err != nil {
			return err
		}
		if changed {
			in.changed("set the role %s's settings in the database", role)
		}
	}
	return in.ensureOwnPath(ctx)
}

// ensureOwnPath keeps an administrator whose name is ogrcarto from making tables in the schema ogrcarto, where no API key would
// find them: PostgreSQL's own search_path begins with the schema of the user's name.
func (in *initializer) ensureOwnPath(ctx context.Context) error {
	if in.user != internalSchema && in.user != "cartodb" {
		return nil
	}
	var has bool
	err := in.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
		JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) c
		WHERE r.rolname = $1 AND d.datname = current_database() AND starts_with(c, 'search_path='))`, mode, in.user).Scan(&has)
	if err != nil || has {
		return err
	}
	alter, err := inDatabase(ctx, in.tx, in.user)
	if err != nil {
		return err
	}
	if err := in.exec(ctx, alter+" SET search_path = "+in.record.searchPath); err != nil {
		return fmt.Errorf("setting the search_path of the role %s: %w", in.user, err)
	}
	in.changed("set the role %s's search_path in the database, as a schema has the same name", in.user)
	return nil
}

// roles lists all roles of the account.
func (in *initializer) roles() []string {
	return slices.Concat([]string{in.record.owner, in.record.public, in.record.jobs}, in.regular)
}
