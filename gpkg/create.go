package gpkg

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// create makes the new file under a temporary name beside its target, with the tables that every GeoPackage has.
func (d *Dataset) create() error {
	if d.mode == driver.Create {
		if _, err := os.Lstat(d.name); err == nil {
			return fs.ErrExist
		}
	}
	if st, err := os.Stat(d.name); err == nil && !st.Mode().IsRegular() {
		return fmt.Errorf("is not a regular file: it cannot be replaced")
	}
	var random [6]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	dir, base := filepath.Split(d.name)
	tmp := filepath.Join(dir, "."+base+"."+hex.EncodeToString(random[:])+".tmp")
	// Not os.CreateTemp: the file is to have the permissions that any new file has.
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return err
	}
	d.tmp = tmp
	if err := f.Close(); err != nil {
		return err
	}
	if err := d.reopen(); err != nil {
		return err
	}
	if err := d.conn.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; BEGIN", applicationGPKG, d.version)); err != nil {
		return err
	}
	for _, sql := range []string{
		createSRS, createContents, createGeometryColumns, createExtensions, createOGRContents, "COMMIT",
	} {
		if err := d.conn.Exec(sql); err != nil {
			return err
		}
	}
	wgs84, _ := srs.EPSG(4326)
	for _, row := range []struct {
		name         string
		id           int64
		organization string
		wkt, about   string
	}{ // OGC 12-128r18, requirement 11
		{"Undefined Cartesian SRS", -1, "NONE", "undefined", "undefined Cartesian coordinate reference system"},
		{"Undefined geographic SRS", 0, "NONE", "undefined", "undefined geographic coordinate reference system"},
		{
			"WGS 84 geodetic", 4326, "EPSG", wgs84.WKT,
			"longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid",
		},
	} {
		if err := insertSRS(d.conn, row.id, row.name, row.organization, row.id, row.wkt, row.about); err != nil {
			return err
		}
	}
	return nil
}

// reopen opens the new file's connection. Nothing needs to survive a crash before the file is complete, so no journal
// is kept on disk and nothing is synced.
func (d *Dataset) reopen() error {
	conn, err := sqlite.Open(d.tmp, sqlite.ReadWrite, "")
	if err != nil {
		return err
	}
	d.conn = conn
	if err := addFunctions(conn); err != nil {
		return err
	}
	return conn.Exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384")
}

// publish gives the complete file its name.
func (d *Dataset) publish() error {
	d.finished = true
	err := d.release()
	if err == nil {
		err = syncFile(d.tmp)
	}
	if err == nil {
		err = d.removeLeftovers()
	}
	if err == nil && d.mode == driver.Create {
		// Link fails where the target exists, which Rename would replace. Not every file system has it.
		if err = os.Link(d.tmp, d.name); err == nil {
			err = os.Remove(d.tmp)
			return errors.Join(err, syncFolder(filepath.Dir(d.name)))
		}
		if errors.Is(err, fs.ErrExist) {
			_ = os.Remove(d.tmp)
			return fs.ErrExist
		}
		err = nil
	}
	if err == nil {
		err = os.Rename(d.tmp, d.name)
	}
	if err != nil {
		_ = os.Remove(d.tmp)
		return err
	}
	return syncFolder(filepath.Dir(d.name))
}

// removeLeftovers removes the journal and log that an earlier file of the same name may have left, after a crash say:
// SQLite would take them for the new file's and spoil it.
func (d *Dataset) removeLeftovers() error {
	if _, err := os.Lstat(d.name); d.mode == driver.Create && err == nil {
		return nil // the file is not ours, nor are they; publish will say so
	}
	for _, suffix := range []string{"-journal", "-wal", "-shm"} {
		if err := os.Remove(d.name + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncFolder makes a new name durable where the system can do that; Windows cannot, and needs it not.
func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	_ = f.Sync()
	return f.Close()
}

func insertSRS(c *sqlite.Conn, id int64, name, organization string, code int64, wkt, about string) error {
	var description any
	if about != "" {
		description = about
	}
	return c.Execf(`INSERT INTO gpkg_spatial_ref_sys
		(srs_name, srs_id, organization, organization_coordsys_id, definition, description) VALUES (?, ?, ?, ?, ?, ?)`,
		name, id, organization, code, wkt, description)
}

// firstCustomSRS is the least srs_id that a system without a code gets, beyond those that authorities give out. OGR has
// the same.
const firstCustomSRS = 100000

// srsID returns the srs_id of the system, for which it makes a row where there is none.
func srsID(c *sqlite.Conn, s feature.SRS) (int64, error) {
	if s.IsZero() {
		return 0, nil // undefined geographic, as OGR has it
	}
	if s.Authority != "" {
		id, ok, err := c.Int(`SELECT srs_id FROM gpkg_spatial_ref_sys WHERE upper(organization) = upper(?)
			AND organization_coordsys_id = ?`, s.Authority, s.Code)
		if ok || err != nil {
			return id, err
		}
		if s.WKT == "" {
			if known, ok := srs.Lookup(s.Authority, s.Code); ok {
				s = known
			} else {
				s.WKT = "undefined"
			}
		}
		// The code is the id too, unless another authority's system has taken it.
		_, taken, err := c.Int("SELECT 1 FROM gpkg_spatial_ref_sys WHERE srs_id = ?", s.Code)
		if err != nil {
			return 0, err
		}
		id = int64(s.Code)
		if taken {
			if id, err = nextSRS(c); err != nil {
				return 0, err
			}
		}
		name := s.Name
		if name == "" {
			name = s.String()
		}
		return id, insertSRS(c, id, name, s.Authority, int64(s.Code), s.WKT, "")
	}
	wkt := s.WKT
	if wkt == "" {
		wkt = "undefined"
	}
	name := s.Name
	if name == "" {
		name = "unnamed"
	}
	id, ok, err := c.Int("SELECT srs_id FROM gpkg_spatial_ref_sys WHERE definition = ? AND srs_name = ? AND srs_id > 0", wkt, name)
	if ok || err != nil {
		return id, err
	}
	if id, err = nextSRS(c); err != nil {
		return 0, err
	}
	return id, insertSRS(c, id, name, "NONE", id, wkt, "")
}

func nextSRS(c *sqlite.Conn) (int64, error) {
	id, _, err := c.Int("SELECT max(srs_id) + 1 FROM gpkg_spatial_ref_sys")
	return max(id, firstCustomSRS), err
}
