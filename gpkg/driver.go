package gpkg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
)

// New returns the GeoPackage driver.
func New() driver.Driver { return gpkgDriver{} }

type gpkgDriver struct{}

var (
	_ driver.Driver       = gpkgDriver{}
	_ driver.Dataset      = (*Dataset)(nil)
	_ driver.Discarder    = (*Dataset)(nil)
	_ driver.Warner       = (*Dataset)(nil)
	_ driver.LayerDeleter = (*Dataset)(nil)
)

var timestampSpec = driver.OptionSpec{
	Name: "TIMESTAMP", Type: driver.StringOption,
	Doc: "the time of last change to write, as 2006-01-02T15:04:05Z, for output that can be reproduced; " +
		"without it the variable SOURCE_DATE_EPOCH, or else the clock",
}

// Info describes the driver.
func (gpkgDriver) Info() driver.Info {
	return driver.Info{
		Name:       "GPKG",
		LongName:   "GeoPackage",
		Extensions: []string{"gpkg"},
		Caps:       driver.CanRead | driver.CanUpdate | driver.CanCreate | driver.MultiLayer,
		Open: []driver.OptionSpec{
			{
				Name: "LIST_ALL_TABLES", Type: driver.ChoiceOption, Choices: []string{"AUTO", "YES", "NO"}, Default: "AUTO",
				Doc: "list tables that gpkg_contents does not name; AUTO does unless it names a table of attributes",
			},
			timestampSpec,
		},
		Dataset: []driver.OptionSpec{
			{
				Name: "VERSION", Type: driver.ChoiceOption, Choices: []string{"1.2", "1.3", "1.4"}, Default: "1.2",
				Doc: "version of the standard to write",
			},
			timestampSpec,
		},
		Layer: []driver.OptionSpec{
			{Name: "FID", Type: driver.StringOption, Doc: "name of the column of the FID; the schema's, or fid"},
			{Name: "GEOMETRY_NAME", Type: driver.StringOption, Doc: "name of the geometry column; the schema's, or geom"},
			{Name: "SPATIAL_INDEX", Type: driver.BoolOption, Default: "YES", Doc: "make an R-tree"},
			{Name: "OVERWRITE", Type: driver.BoolOption, Default: "NO", Doc: "replace a layer of the same name"},
			{Name: "IDENTIFIER", Type: driver.StringOption, Doc: "title of the layer; its name unless given"},
			{Name: "DESCRIPTION", Type: driver.StringOption, Doc: "description of the layer"},
		},
		Help: "A new file appears when it is complete. Adding or changing a layer of an existing file is one transaction.",
	}
}

// sqliteMagic begins every SQLite 3 file.
var sqliteMagic = []byte("SQLite format 3\x00")

// Application ids of GeoPackages: at byte 68 of the file (OGC 12-128r18, requirement 2, and the versions before 1.2).
const (
	applicationGPKG = 0x47504B47
	applicationGP10 = 0x47503130
	applicationGP11 = 0x47503131
)

// Probe takes SQLite files that say they are GeoPackages, and others by the extension .gpkg.
func (gpkgDriver) Probe(name string, head []byte) driver.Confidence {
	named := driver.HasExtension(name, "gpkg")
	if len(head) == 0 {
		if named {
			return driver.ByName
		}
		return driver.No
	}
	if !bytes.HasPrefix(head, sqliteMagic) {
		return driver.No
	}
	if len(head) >= 72 {
		switch binary.BigEndian.Uint32(head[68:]) {
		case applicationGPKG, applicationGP10, applicationGP11:
			return driver.Certain
		}
	}
	if named {
		return driver.ByName
	}
	return driver.No
}

// Open opens or makes a GeoPackage.
func (gpkgDriver) Open(ctx context.Context, name string, m driver.Mode, o driver.Options) (driver.Dataset, error) {
	ds, err := open(ctx, name, m, o)
	if err != nil {
		return nil, driver.Wrap(m.String(), "gpkg", name, "", err)
	}
	return ds, nil
}

func open(ctx context.Context, name string, m driver.Mode, o driver.Options) (*Dataset, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info := gpkgDriver{}.Info()
	specs, what := info.Open, "open option of GPKG"
	if m == driver.Create || m == driver.Replace {
		specs, what = info.Dataset, "dataset creation option of GPKG"
	}
	set, err := driver.ParseOptions(what, specs, o)
	if err != nil {
		return nil, err
	}
	now, err := clock(set.String("TIMESTAMP"))
	if err != nil {
		return nil, err
	}
	d := &Dataset{name: name, mode: m, ctx: ctx, now: now}
	switch m {
	case driver.Read, driver.Update:
		st, err := os.Stat(name)
		if err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err
			}
			return nil, err
		}
		if st.IsDir() {
			return nil, errors.New("is a folder, want a file")
		}
		d.listAll = set.String("LIST_ALL_TABLES")
		err = d.openExisting()
		if err != nil {
			_ = d.release()
			return nil, err
		}
	default:
		d.version = map[string]int{"1.2": 10200, "1.3": 10300, "1.4": 10400}[set.String("VERSION")]
		d.listAll = "NO"
		if err := d.create(); err != nil {
			_ = d.Discard()
			return nil, err
		}
	}
	return d, nil
}

// clock returns the time to write as that of the last change: the option's, else SOURCE_DATE_EPOCH's
// (https://reproducible-builds.org/specs/source-date-epoch/), else that of the clock.
func clock(option string) (func() time.Time, error) {
	if option != "" {
		v, ok := feature.ParseDateTime([]byte(option))
		if !ok {
			return nil, fmt.Errorf("TIMESTAMP: %q is not a time such as 2006-01-02T15:04:05Z", option)
		}
		t := v.Time()
		return func() time.Time { return t }, nil
	}
	if env := os.Getenv("SOURCE_DATE_EPOCH"); env != "" {
		sec, err := strconv.ParseInt(env, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("SOURCE_DATE_EPOCH: %q is not a number of seconds", env)
		}
		t := time.Unix(sec, 0).UTC()
		return func() time.Time { return t }, nil
	}
	return func() time.Time { return time.Now().UTC() }, nil
}
