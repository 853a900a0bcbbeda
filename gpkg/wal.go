package gpkg

import (
	"errors"
	"io"
	"io/fs"
	"os"

	sqlitevfs "modernc.org/sqlite/vfs"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/walview"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// openReadOnly opens the file without ever writing. SQLite itself would make a -shm and a -wal file for a database in
// WAL mode, and fail where it may not: such a file is read through a view that knows the log. Where a -shm file tells
// that another process may have the database open, SQLite's own way, which locks, is the one that reads consistently.
func (d *Dataset) openReadOnly(wal bool) error {
	if wal {
		if _, err := os.Stat(d.name + "-shm"); err != nil {
			return d.openView()
		}
	}
	var err error
	d.conn, err = sqlite.Open(d.name, sqlite.ReadOnly, "")
	if wal && err != nil {
		return d.openView()
	}
	return err
}

// openView opens a database in WAL mode as at the last commit in its log.
func (d *Dataset) openView() error {
	db, dbSize, err := openSized(d.name)
	if err != nil {
		return err
	}
	files := closers{db}
	d.view = &files
	var log io.ReaderAt
	var logSize int64
	switch f, size, err := openSized(d.name + "-wal"); {
	case err == nil:
		files = append(files, f)
		log, logSize = f, size
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	view, err := walview.Open(db, dbSize, log, logSize)
	if err != nil {
		return err
	}
	const name = "main.gpkg" // within the view
	vfsName, vfs, err := sqlitevfs.New(view.FS(name))
	if err != nil {
		return err
	}
	files = append(closers{vfs}, files...)
	d.snapshot = view
	d.conn, err = sqlite.Open(name, sqlite.ReadOnly, vfsName)
	return err
}

// checkSnapshot returns an error when the database was written since it was opened as a view: rows may then be of
// different commits.
func (d *Dataset) checkSnapshot() error {
	if d.snapshot == nil {
		return nil
	}
	return errors.Join(d.snapshot.Err(), d.snapshot.Check())
}

func openSized(name string) (*os.File, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, st.Size(), nil
}

// closers are closed one after the other.
type closers []io.Closer

func (c *closers) Close() error {
	var errs []error
	for _, x := range *c {
		errs = append(errs, x.Close())
	}
	return errors.Join(errs...)
}
