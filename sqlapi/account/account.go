// Package account prepares a PostGIS database for the SQL API of package sqlapi, and keeps its API keys.
//
// A database holds one account. Preparing it makes
//
//   - the schema cartodb with CARTO's SQL functions (CDB_CartodbfyTable and so on), in every role's search path;
//   - the schema ogrcarto, which no role of an API key may enter, with the keys and the batch jobs;
//   - one login role for each API key: the owner's for the master key, publicuser for requests without a key.
//
// An API key is the password of its role, so that a statement runs in a session logged in as that role and a program that
// speaks PostgreSQL's own protocol may use the same key. The database stores keys as hashes only.
package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/jackc/pgx/v5"
)

// Kind tells what an API key is for.
type Kind string

// The kinds of API keys.
const (
	Master  Kind = "master"  // acts as the owner of the account
	Public  Kind = "default" // stands for requests without a key; its text is DefaultPublic
	Regular Kind = "regular" // may do what was granted to it
)

// DefaultPublic is the API key that anybody may use: it means the same as none.
const DefaultPublic = "default_public"

// Names of the API keys that every account has.
const (
	MasterName = "master"
	PublicName = "default_public"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrNotPrepared = errors.New("the database is not prepared: run \"ogrcarto serve init\"")
	ErrNoKey       = errors.New("no such API key")
	ErrKeyExists   = errors.New("the API key exists already")
)

// InitOptions says how to prepare a database.
type InitOptions struct {
	// Account is the name of the account: letters a to z, digits, underscores and hyphens, at most 32, as it becomes part of
	// host names and of role names. A prepared database keeps its account: another name is an error, and none is needed.
	Account string
	// PublicRole is the role of requests without a key: publicuser where it is empty. Roles belong to a whole PostgreSQL, so a
	// second account there needs another name. A prepared database keeps its own, as with Account.
	PublicRole string
}

// InitResult tells what Init did.
type InitResult struct {
	// MasterKey is the new master key, which is stored nowhere: empty where the account had one already.
	MasterKey string
	// Changes lists what was made or changed, a line each, in the order it was done.
	Changes []string
}

// Grant is what a key may do with one table.
type Grant struct {
	Table      string   // a name, or a schema and a name, quoted as in SQL where it must be
	Privileges []string // of select, insert, update, delete, in this order
}

// Key describes an API key. Its text is not stored.
type Key struct {
	Name string // unique in the account
	Kind Kind
	Role string // the PostgreSQL role that it logs in as
	// Hash is the SHA-256 of the key's text. A key has 256 random bits, so there is nothing to guess. All zero for Public.
	Hash   [sha256.Size]byte
	Grants []Grant // what its role may do, as the database says now; only where Keys lists them
}

// Login is what a session logs in with.
type Login struct {
	Key      string // the API key's name
	Kind     Kind
	Role     string
	Password string
}

// String names the role. The password is in none of a Login's texts: not with fmt, not with log/slog.
func (l Login) String() string { return "login of the role " + l.Role }

// Format implements fmt.Formatter.
func (l Login) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, l.String()) }

// LogValue implements slog.LogValuer.
func (l Login) LogValue() slog.Value { return slog.StringValue(l.String()) }

// Querier runs queries: a *pgx.Conn, a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
