package gpkg

import (
	"fmt"
	"time"

	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// patience is how long a transaction waits for other processes, when it begins and when it ends.
const patience = 5 * time.Second

// begin starts a transaction that writes. Only its beginning waits for others: in the middle SQLite asks for the whole
// file whenever it would like to write pages early, and when it cannot have it, since somebody reads, does well without.
// Were it to wait each time, writing beside a reader would take hours.
func (d *Dataset) begin() error {
	if err := d.conn.Exec("BEGIN IMMEDIATE"); err != nil {
		return locked(err)
	}
	d.conn.SetBusyTimeout(0)
	return nil
}

// commit ends the transaction, for which nobody else may be reading.
func (d *Dataset) commit() error {
	d.conn.SetBusyTimeout(patience)
	return locked(d.conn.Exec("COMMIT"))
}

// rollback gives the transaction up, if one is open.
func (d *Dataset) rollback() error {
	d.conn.SetBusyTimeout(patience)
	if !d.conn.InTransaction() {
		return nil
	}
	return d.conn.Exec("ROLLBACK")
}

// locked says in more words that another process has the file.
func locked(err error) error {
	if sqlite.IsBusy(err) {
		return fmt.Errorf("another process reads or writes it, and did not let go of it within %v: %w", patience, err)
	}
	return err
}
