package gpkg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/walview"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// Dataset is an open GeoPackage.
type Dataset struct {
	driver.WarningLog

	name    string
	mode    driver.Mode
	ctx     context.Context // of Open: a new file is given up when it is done at Close
	now     func() time.Time
	listAll string // the option LIST_ALL_TABLES
	version int    // the file's user_version: 10200 for 1.2; 0 where it is older

	dataVersion int64 // SQLite's data_version when layers was read, where the file is being updated

	conn   *sqlite.Conn
	layers []*Layer // read from the catalog when first asked for; nil when they must be read anew

	view     io.Closer // what belongs to a view of a database in WAL mode, or nil
	snapshot *walview.View
	tmp      string    // the name under which a new file is written, or ""
	pages    *pageFile // the same file as pages, while a layer of it is being filled; conn is nil then
	writer   *Writer   // the one that is open
	spoiled  bool      // a Writer was closed without being committed: a new file must not appear
	finished bool
}

// openExisting opens the file for reading or updating.
func (d *Dataset) openExisting() error {
	head := make([]byte, 100)
	f, err := os.Open(d.name)
	if err != nil {
		return err
	}
	n, err := io.ReadFull(f, head)
	st, serr := f.Stat()
	_ = f.Close()
	if err != nil || !bytes.HasPrefix(head, sqliteMagic) {
		if n > 16 {
			n = 16
		}
		return fmt.Errorf("begins with %q, want the magic of an SQLite file, %q", head[:n], sqliteMagic)
	}
	if serr != nil {
		return serr
	}
	if err := d.checkSize(head, st.Size()); err != nil {
		return err
	}
	if d.mode == driver.Update {
		d.conn, err = sqlite.Open(d.name, sqlite.ReadWrite, "")
	} else {
		err = d.openReadOnly(head[18] == 2 || head[19] == 2)
		if sqlite.IsHotJournal(err) {
			return fmt.Errorf("a change of it was interrupted, and its journal %s-journal is not rolled back, which would be "+
				"writing: open it for update once: %w", filepath.Base(d.name), err)
		}
	}
	if err != nil {
		return err
	}
	if err := addFunctions(d.conn); err != nil {
		return err
	}
	version, _, err := d.conn.Int("PRAGMA user_version")
	if err != nil {
		return err
	}
	d.version = int(version)
	_, err = d.catalog()
	return err
}

// checkSize returns an error for a file that is shorter than its header says (https://www.sqlite.org/fileformat2.html,
// 1.3). SQLite notices that only by the page, and takes what is missing of the last one for zeros: for rows of nulls.
func (d *Dataset) checkSize(head []byte, size int64) error {
	pageSize, pages := int64(binary.BigEndian.Uint16(head[16:])), int64(binary.BigEndian.Uint32(head[28:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	switch {
	case size >= pages*pageSize:
		return nil
	case head[18] != 1 || head[19] != 1: // the rest may be in the write-ahead log
		return nil
	case !bytes.Equal(head[24:28], head[92:96]): // the number of pages was not kept up to date
		return nil
	}
	if _, err := os.Stat(d.name + "-journal"); err == nil {
		return nil // a change that was interrupted, for SQLite to judge
	}
	return fmt.Errorf("is cut off: it has %d bytes, want %d for %d pages of %d", size, pages*pageSize, pages, pageSize)
}

// LayerNames returns the names of the tables of features and attributes, in the order of gpkg_contents.
func (d *Dataset) LayerNames(ctx context.Context) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	layers, err := d.catalog()
	if err != nil {
		return nil, d.wrap("read", "", err)
	}
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = l.name
	}
	return names, nil
}

// Layer returns the layer of a table. Its concrete type is *Layer.
func (d *Dataset) Layer(ctx context.Context, name string) (layer.Layer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l, err := d.find(name)
	if err != nil {
		return nil, d.wrap("read", name, err)
	}
	return l, nil
}

// find returns the layer of that name. Table names are not case-sensitive in SQLite.
func (d *Dataset) find(name string) (*Layer, error) {
	layers, err := d.catalog()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(layers))
	for i, l := range layers {
		if l.name == name {
			return l, nil
		}
		names[i] = l.name
	}
	for _, l := range layers {
		if strings.EqualFold(l.name, name) {
			return l, nil
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: there are no layers", fs.ErrNotExist)
	}
	return nil, fmt.Errorf("%w: there are %s", fs.ErrNotExist, strings.Join(names, ", "))
}

func (d *Dataset) wrap(op, layerName string, err error) error {
	return driver.Wrap(op, "gpkg", d.name, layerName, err)
}

func (d *Dataset) wrapFID(op, layerName string, fid int64, err error) error {
	if err == nil {
		return nil
	}
	return &driver.Error{Op: op, Driver: "gpkg", Name: d.name, Layer: layerName, FID: fid, Err: err}
}

// refresh forgets what was read of the catalog if another connection has changed the file since. It is called within a
// transaction, so that what is read next holds until its end.
func (d *Dataset) refresh() error {
	version, _, err := d.conn.Int("PRAGMA data_version")
	if err == nil && version != d.dataVersion {
		d.layers, d.dataVersion = nil, version
	}
	return err
}

// writable returns an error unless the dataset may be changed now.
func (d *Dataset) writable(ctx context.Context) error {
	switch {
	case d.finished:
		return fs.ErrClosed
	case d.mode == driver.Read:
		return fmt.Errorf("opened for reading: %w", errors.ErrUnsupported)
	case d.writer != nil:
		return fmt.Errorf("layer %s is still being written", d.writer.table.Name)
	case d.conn == nil:
		return errors.New("an error before this one left nothing to write to")
	}
	return ctx.Err()
}

// release closes what is open.
func (d *Dataset) release() error {
	var errs []error
	if d.pages != nil {
		errs = append(errs, d.pages.Close())
		d.pages = nil
	}
	if d.conn != nil {
		errs = append(errs, d.conn.Close())
		d.conn = nil
	}
	if d.view != nil {
		errs = append(errs, d.view.Close())
		d.view = nil
	}
	return errors.Join(errs...)
}

// Close completes a new file and releases the dataset.
func (d *Dataset) Close() error {
	if d.finished {
		return nil
	}
	if d.writer != nil {
		_ = d.writer.Close() // spoils the file
	}
	if d.tmp != "" {
		if d.spoiled || d.ctx.Err() != nil {
			return d.Discard()
		}
		return d.wrap("write", "", d.publish())
	}
	d.finished = true
	return d.wrap("close", "", d.release())
}

// Discard closes the dataset; a new file is removed and its target left as it was.
func (d *Dataset) Discard() error {
	if d.finished {
		return nil
	}
	d.finished = true
	err := d.release()
	if d.tmp != "" {
		if rerr := os.Remove(d.tmp); !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}
	return d.wrap("discard", "", err)
}
