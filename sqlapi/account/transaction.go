package account

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
)

// mode is given with all queries that have arguments: it prepares nothing that would outlive a transaction.
const mode = pgx.QueryExecModeExec

// setUp makes a transaction independent of how the session is set. The search_path matters most: the account's owner may put
// functions and operators into schema public, and they must not be found by the session of a superuser.
const setUp = `SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '30s'`

// inTransaction runs do in a transaction, which is committed where there is no error.
func inTransaction(ctx context.Context, conn *pgx.Conn, do func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setUp); err != nil {
			return err
		}
		return do(tx)
	})
}

// record is the row of table account.
type record struct {
	account, owner, public, jobs string
	searchPath                   string // of the roles of API keys
}

// lockAccount reads the account and keeps others from changing it while the transaction lasts. It locks a row and not a number
// (an advisory lock), which every role could take.
func lockAccount(ctx context.Context, tx pgx.Tx) (*record, error) {
	var r record
	var version int
	err := tx.QueryRow(ctx, `SELECT schema_version, name, owner_role, public_role, jobs_role, search_path FROM ogrcarto.account FOR UPDATE`, mode).
		Scan(&version, &r.account, &r.owner, &r.public, &r.jobs, &r.searchPath)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNotPrepared
	}
	if err != nil {
		return nil, readError(err)
	}
	return &r, checkSchemaVersion(version)
}

// texts returns the rows of a query with one column of text.
func texts(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, sql, append([]any{mode}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// quoteName returns a name as SQL has it.
func quoteName(name string) string { return pgx.Identifier{name}.Sanitize() }

// quoteText returns a text as SQL has it, under standard_conforming_strings.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
