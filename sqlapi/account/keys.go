package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var keyName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// reservedNames would give a key the name, or the role, of something else.
var reservedNames = []string{"owner", "jobs", "public", MasterName, PublicName}

func checkKeyName(name string) error {
	if !keyName.MatchString(name) {
		return fmt.Errorf("the API key's name %q: want letters, digits, underscores and hyphens", name)
	}
	if slices.Contains(reservedNames, name) {
		return fmt.Errorf("the API key's name %q is reserved", name)
	}
	return nil
}

// AddKey makes a key with a role of its own and returns the key's text, which is stored nowhere. A name that exists is
// ErrKeyExists.
//
// A grant of insert includes the use of the sequences that the table's columns take their defaults from, and a grant on a
// table in another schema than public the use of that schema.
func AddKey(ctx context.Context, conn *pgx.Conn, name string, grants []Grant) (string, error) {
	key := newSecret()
	err := inTransaction(ctx, conn, func(tx pgx.Tx) error {
		r, err := lockAccount(ctx, tx)
		if err != nil {
			return err
		}
		if _, _, err := findKey(ctx, tx, name); !errors.Is(err, ErrNoKey) {
			if err == nil {
				err = ErrKeyExists
			}
			return err
		}
		if err := checkKeyName(name); err != nil {
			return err
		}
		role := r.account + "_" + name
		if len(role) > maxName {
			return fmt.Errorf("the name is too long: the role %s would have %d bytes, and PostgreSQL allows %d", role, len(role), maxName)
		}
		oid, err := roleOID(ctx, tx, role)
		if err != nil {
			return err
		}
		if oid != 0 {
			return fmt.Errorf("the role %q exists already, and is not this account's: choose another name, or drop the role", role)
		}
		if err := createRole(ctx, tx, role, key); err != nil {
			return err
		}
		hash := sha256.Sum256([]byte(key))
		if _, err := tx.Exec(ctx, `INSERT INTO ogrcarto.keys (name, kind, role, hash) VALUES ($1, 'regular', $2, $3)`, mode, name, role, hash[:]); err != nil {
			return err
		}
		if _, err := setSettings(ctx, tx, r, role); err != nil {
			return err
		}
		if _, err := grantAccess(ctx, tx, role); err != nil {
			return err
		}
		for _, g := range grants {
			if err := grant(ctx, tx, role, g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("adding the API key %s: %w", name, err)
	}
	return key, nil
}

// findKey returns the kind and the role of a key; ErrNoKey where there is none.
func findKey(ctx context.Context, tx pgx.Tx, name string) (kind Kind, role string, err error) {
	err = tx.QueryRow(ctx, `SELECT kind, role FROM ogrcarto.keys WHERE name = $1`, mode, name).Scan(&kind, &role)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoKey
	}
	return kind, role, err
}

// Keys lists the keys in order of name, the account's own two first. A key's grants are the tables that its role may use, by
// whatever way it came to the right; the master key's are not listed, and neither are tables of extensions.
func Keys(ctx context.Context, conn *pgx.Conn) ([]Key, error) {
	var keys []Key
	err := inTransaction(ctx, conn, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT name, kind, role, hash FROM ogrcarto.keys
			ORDER BY kind <> 'master', kind <> 'default', name COLLATE "C"`, mode)
		if err != nil {
			return readError(err)
		}
		keys, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Key, error) {
			var k Key
			var hash []byte
			err := row.Scan(&k.Name, &k.Kind, &k.Role, &hash)
			copy(k.Hash[:], hash)
			return k, err
		})
		if err != nil {
			return readError(err)
		}
		if len(keys) == 0 {
			return ErrNotPrepared
		}
		return readGrants(ctx, tx, keys)
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// readGrants sets the grants of keys.
func readGrants(ctx context.Context, tx pgx.Tx, keys []Key) error {
	rows, err := tx.Query(ctx, `SELECT k.name, CASE WHEN n.nspname = 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname),
		has_table_privilege(r.oid, c.oid, 'SELECT'), has_table_privilege(r.oid, c.oid, 'INSERT'),
		has_table_privilege(r.oid, c.oid, 'UPDATE'), has_table_privilege(r.oid, c.oid, 'DELETE')
		FROM ogrcarto.keys k JOIN pg_roles r ON r.rolname = k.role CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE k.kind <> 'master' AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND has_schema_privilege(r.oid, n.oid, 'USAGE')
		AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'ogrcarto', 'cartodb')
		AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		ORDER BY k.name, n.nspname <> 'public', n.nspname, c.relname`, mode)
	if err != nil {
		return err
	}
	var name, table string
	var may [4]bool
	_, err = pgx.ForEachRow(rows, []any{&name, &table, &may[0], &may[1], &may[2], &may[3]}, func() error {
		g := Grant{Table: table}
		for i, p := range privileges {
			if may[i] {
				g.Privileges = append(g.Privileges, p)
			}
		}
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name })
		keys[i].Grants = append(keys[i].Grants, g)
		return nil
	})
	return err
}

// RevokeKey ends a regular key: its sessions are ended, what it owns becomes the owner's, its role is dropped. Where the role
// cannot be dropped, because it has objects in other databases, nothing is changed.
//
// What runs with its owner's rights would get more rights by that. So functions of the key's role become SECURITY INVOKER, and
// nobody but the owner keeps rights to its views, and to its tables with rules.
func RevokeKey(ctx context.Context, conn *pgx.Conn, name string) error {
	var oid uint32
	err := inTransaction(ctx, conn, func(tx pgx.Tx) error {
		r, err := lockAccount(ctx, tx)
		if err != nil {
			return err
		}
		kind, role, err := findKey(ctx, tx, name)
		if err != nil {
			return err
		}
		if kind != Regular {
			return errors.New("it is one of the account's own, which cannot be revoked")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM ogrcarto.keys WHERE name = $1`, mode, name); err != nil {
			return err
		}
		if oid, err = roleOID(ctx, tx, role); err != nil || oid == 0 {
			return err
		}
		if _, err := joinRole(ctx, tx, role); err != nil {
			return err
		}
		if _, err := joinRole(ctx, tx, r.owner); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, oid); err != nil { // they may hold locks
			return err
		}
		if err := disarm(ctx, tx, oid); err != nil {
			return err
		}
		return dropRole(ctx, tx, role, r.owner)
	})
	if err != nil {
		return fmt.Errorf("revoking the API key %s: %w", name, err)
	}
	if oid != 0 {
		// Those that began in the meantime. Who is no superuser is not a member of the role any more; there is nothing that such a
		// session could do.
		_ = endSessions(ctx, conn, oid)
	}
	return nil
}

// disarm changes what a role owns and what runs with its owner's rights, so that another one may own it.
func disarm(ctx context.Context, tx pgx.Tx, role uint32) error {
	statements, err := texts(ctx, tx, `SELECT format('ALTER ROUTINE %s SECURITY INVOKER', p.oid::regprocedure) FROM pg_proc p
		WHERE p.proowner = $1::oid AND p.prosecdef
		UNION
		SELECT format('REVOKE ALL ON TABLE %s FROM %s CASCADE', c.oid::regclass,
			CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END)
		FROM pg_class c CROSS JOIN LATERAL (SELECT x.grantee FROM aclexplode(c.relacl) x
			UNION SELECT x.grantee FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) x WHERE a.attrelid = c.oid) g
		WHERE c.relowner = $1::oid AND c.relhasrules AND g.grantee <> c.relowner`, role)
	if err != nil {
		return err
	}
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("taking rights from what the role owns: %w", err)
		}
	}
	return nil
}

// dropRole drops a role and gives what it owns to the owner.
func dropRole(ctx context.Context, tx pgx.Tx, role, owner string) error {
	for _, sql := range []string{
		"REASSIGN OWNED BY " + quoteName(role) + " TO " + quoteName(owner),
		"DROP OWNED BY " + quoteName(role),
		"DROP ROLE " + quoteName(role),
	} {
		_, err := tx.Exec(ctx, sql)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "2BP01" { // dependent_objects_still_exist
			return fmt.Errorf("the role %s is still used, in another database as a rule: run DROP OWNED BY %s there, and try again (%s)",
				role, quoteName(role), strings.ReplaceAll(pg.Detail, "\n", ", "))
		}
		if err != nil {
			return fmt.Errorf("dropping the role %s: %w", role, err)
		}
	}
	return nil
}

// RegenerateKey gives a key, the master key too, a new text and returns it. The old one is dead at once: its sessions are ended.
// Where nothing but that went wrong, there are a new key and an error.
func RegenerateKey(ctx context.Context, conn *pgx.Conn, name string) (string, error) {
	key := newSecret()
	var oid uint32
	err := inTransaction(ctx, conn, func(tx pgx.Tx) error {
		if _, err := lockAccount(ctx, tx); err != nil {
			return err
		}
		kind, role, err := findKey(ctx, tx, name)
		if err != nil {
			return err
		}
		if kind == Public {
			return errors.New("it stands for requests without a key and has no text of its own")
		}
		hash := sha256.Sum256([]byte(key))
		if _, err := tx.Exec(ctx, `UPDATE ogrcarto.keys SET hash = $2 WHERE name = $1`, mode, name, hash[:]); err != nil {
			return err
		}
		if oid, err = roleOID(ctx, tx, role); err != nil {
			return err
		}
		if oid == 0 {
			return fmt.Errorf("the role %q is missing: run \"ogrcarto serve init\", which makes it", role)
		}
		if _, err := joinRole(ctx, tx, role); err != nil {
			return err
		}
		return setPassword(ctx, tx, role, key)
	})
	if err != nil {
		return "", fmt.Errorf("regenerating the API key %s: %w", name, err)
	}
	// After the change, so that none can begin with the old key.
	if err := endSessions(ctx, conn, oid); err != nil {
		return key, fmt.Errorf("the API key %s is a new one, but sessions of the old one may still be open: %w", name, err)
	}
	return key, nil
}
