package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// RepairRole makes a login work again that Authenticate or Jobs returned: every role may change its own password and its own
// settings, and shut others out with that. It sets the role's password to l.Password, and removes all settings of the role but
// those that Init made.
//
// A login that is not the account's, or is not any more, is ErrNoKey, and nothing is changed.
func RepairRole(ctx context.Context, conn *pgx.Conn, l Login) error {
	err := inTransaction(ctx, conn, func(tx pgx.Tx) error {
		r, err := lockAccount(ctx, tx)
		if err != nil {
			return err
		}
		// A key may have been revoked or regenerated since the login was read.
		if err := checkLogin(ctx, tx, l); err != nil {
			return err
		}
		if err := setPassword(ctx, tx, l.Role, l.Password); err != nil {
			return err
		}
		in, err := inDatabase(ctx, tx, l.Role)
		if err != nil {
			return err
		}
		for _, sql := range []string{"ALTER ROLE " + quoteName(l.Role) + " RESET ALL", in + " RESET ALL"} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		_, err = setSettings(ctx, tx, r, l.Role)
		return err
	})
	if err != nil {
		return fmt.Errorf("repairing the login of the role %s: %w", l.Role, err)
	}
	return nil
}

// checkLogin compares a login's password with what is stored for its role.
func checkLogin(ctx context.Context, tx pgx.Tx, l Login) error {
	var hash []byte
	var secret *string
	err := tx.QueryRow(ctx, `SELECT k.hash, s.password FROM ogrcarto.keys k FULL JOIN ogrcarto.secrets s ON s.role = k.role
		WHERE coalesce(k.role, s.role) = $1`, mode, l.Role).Scan(&hash, &secret)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoKey
	}
	if err != nil {
		return err
	}
	if secret != nil {
		sum := sha256.Sum256([]byte(*secret))
		hash = sum[:]
	}
	given := sha256.Sum256([]byte(l.Password))
	if subtle.ConstantTimeCompare(hash, given[:]) != 1 {
		return ErrNoKey
	}
	return nil
}
