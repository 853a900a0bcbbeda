package btree_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
	_ "modernc.org/sqlite"
)

// newDatabase makes a database by the statements and returns its name.
func newDatabase(tb testing.TB, statements ...string) string {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "test.db")
	exec(tb, name, statements...)
	return name
}

// connect opens a database in SQLite, with one connection: pragmas stay.
func connect(tb testing.TB, name string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("sqlite", name) // no URI: it may hold a #
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// exec runs statements in SQLite and closes the database.
func exec(tb testing.TB, name string, statements ...string) {
	tb.Helper()
	db := connect(tb, name)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			tb.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
}

// checkIntegrity lets SQLite look for damage.
func checkIntegrity(tb testing.TB, db *sql.DB) {
	tb.Helper()
	rows, err := db.Query("PRAGMA integrity_check")
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			tb.Fatal(err)
		}
		if s != "ok" {
			tb.Errorf("integrity_check: %s", s)
		}
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
}

// open opens a database for appending; the file is closed at the end of the test at the latest.
func open(tb testing.TB, name string) (*os.File, *btree.File) {
	tb.Helper()
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { file.Close() })
	f, err := btree.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	return file, f
}
