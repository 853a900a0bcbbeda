package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// Snapshot is what a server must know of an account, as of one moment. It is not changed after it was read.
type Snapshot struct {
	Account string
	keys    []Key
	// public and jobs are the logins without an API key.
	public, jobs Login
}

// loadSQL reads all in one query: a server runs it every second. It may run in a session whose search_path has schemas that the
// account's roles write to, so it has no function, operator or type that could be somebody else's.
const loadSQL = `SELECT a.name, a.schema_version, k.name, k.kind, k.role, pg_catalog.encode(k.hash, 'hex'::pg_catalog.text), s.password
FROM ogrcarto.account a CROSS JOIN ogrcarto.keys k LEFT JOIN ogrcarto.secrets s ON s.role OPERATOR(pg_catalog.=) k.role
UNION ALL
SELECT a.name, a.schema_version, ''::pg_catalog.text, ''::pg_catalog.text, s.role, NULL::pg_catalog.text, s.password
FROM ogrcarto.account a JOIN ogrcarto.secrets s ON s.role OPERATOR(pg_catalog.=) a.jobs_role`

// Load reads the account of a database. It is one query without arguments, which leaves nothing behind in the session. A
// database without an account is ErrNotPrepared.
func Load(ctx context.Context, conn Querier) (*Snapshot, error) {
	rows, err := conn.Query(ctx, loadSQL, mode)
	if err != nil {
		return nil, readError(err)
	}
	defer rows.Close()
	s := &Snapshot{}
	for rows.Next() {
		var key Key
		var version int
		var hash, password *string
		if err := rows.Scan(&s.Account, &version, &key.Name, &key.Kind, &key.Role, &hash, &password); err != nil {
			return nil, fmt.Errorf("reading the account: %w", err)
		}
		if err := checkSchemaVersion(version); err != nil {
			return nil, err
		}
		login := Login{Key: key.Name, Kind: key.Kind, Role: key.Role}
		if password != nil {
			login.Password = *password
		}
		switch key.Kind {
		case "":
			login.Key, login.Kind = MasterName, Master
			s.jobs = login
			continue
		case Public:
			s.public = login
		default:
			if hash == nil || hex.DecodedLen(len(*hash)) != len(key.Hash) {
				return nil, fmt.Errorf("reading the account: the hash of the API key %s is not one of SHA-256", key.Name)
			}
			if _, err := hex.Decode(key.Hash[:], []byte(*hash)); err != nil {
				return nil, fmt.Errorf("reading the account: the hash of the API key %s: %w", key.Name, err)
			}
		}
		s.keys = append(s.keys, key)
	}
	if err := rows.Err(); err != nil {
		return nil, readError(err)
	}
	if s.public.Password == "" || s.jobs.Password == "" {
		return nil, fmt.Errorf("reading the account: logins are missing: %w", ErrNotPrepared)
	}
	return s, nil
}

// Authenticate returns the login of an API key's text; the empty text and DefaultPublic are publicuser's. The time it takes
// says nothing about the stored keys.
func (s *Snapshot) Authenticate(key string) (Login, bool) {
	if key == "" || key == DefaultPublic {
		return s.public, true
	}
	hash := sha256.Sum256([]byte(key))
	found := -1
	for i := range s.keys {
		// A public key has no hash: its zero must not be compared.
		if s.keys[i].Kind != Public && subtle.ConstantTimeCompare(hash[:], s.keys[i].Hash[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Login{}, false
	}
	k := &s.keys[found]
	return Login{Key: k.Name, Kind: k.Kind, Role: k.Role, Password: key}, true
}

// Jobs returns the login that batch jobs run with: a role that can do what the owner's can, and nothing more. Its sessions
// act as the owner from the start (they own what they make as the owner's do).
func (s *Snapshot) Jobs() Login { return s.jobs }

// readError says of an error from reading the tables what it means.
func readError(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return fmt.Errorf("reading the account: %w", err)
	}
	switch pg.Code {
	case "42P01", "3F000", "42703": // undefined_table, invalid_schema_name, undefined_column
		return fmt.Errorf("%w (%s)", ErrNotPrepared, pg.Message)
	case "42501": // insufficient_privilege
		return fmt.Errorf("reading the account: %w: log in as the role that prepared the database, or as a superuser", err)
	}
	return fmt.Errorf("reading the account: %w", err)
}

// checkSchemaVersion compares the version of a database's tables with this package's.
func checkSchemaVersion(version int) error {
	switch {
	case version < schemaVersion:
		return fmt.Errorf("%w (its tables are of version %d, and version %d is needed)", ErrNotPrepared, version, schemaVersion)
	case version > schemaVersion:
		return fmt.Errorf("the database was prepared by a newer ogrcarto: its tables are of version %d, and this one knows version %d", version, schemaVersion)
	}
	return nil
}
