package gpkg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/walview"
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
	_ = f.Close()
	if err != nil || !bytes.HasPrefix(head, sqliteMagic) {
		if n > 16 {
			n = 16
		}
		return fmt.Errorf("begins with %q, want the magic of an SQLite file, %q", head[:n], sqliteMagic)
	}
	if d.mode == driver.Update {
		d.conn, err = sqlite.Open(d.name, sqlite.ReadWrite, "")
	} else {
		err = d.openReadOnly(head[18] == 2 || head[19] == 2)
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
		if strings.EqualFold(l.name, name) {
			return l, nil
		}
		names[i] = l.name
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

// writable returns an error unless the dataset may be changed now.
func (d *Dataset) writable(ctx context.Context) error {
	switch {
	case d.finished:
		return fs.ErrClosed
	case d.mode == driver.Read:
		return fmt.Errorf("opened for reading: %w", errors.ErrUnsupported)
	case d.writer != nil:
		return fmt.Errorf("layer %s is still being written", d.writer.table.Name)
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
