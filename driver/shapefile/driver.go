package shapefile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
)

const (
	driverName = "ESRI Shapefile"
	errorName  = "shapefile" // as errors name the driver
)

// Driver opens Shapefiles. Its zero value is ready for use.
type Driver struct{}

var _ driver.Driver = Driver{}

// New returns the driver.
func New() driver.Driver { return Driver{} }

// Info says what the driver is and can do.
func (Driver) Info() driver.Info {
	return driver.Info{
		Name:       driverName,
		LongName:   "ESRI Shapefile",
		Extensions: []string{"shp", "dbf", "shx", "shz", "shp.zip", "zip"},
		Caps:       driver.CanRead | driver.MultiLayer,
		Open:       openSpecs,
		Help: "Opens a .shp, a .dbf, a folder of them, or a .zip. A missing or wrong .shx is made up for by scanning the .shp. " +
			"Polylines and polygons become MultiLineString and MultiPolygon unless PROMOTE_TO_MULTI=NO. " +
			"Reads only: there is no writing yet.",
	}
}

// What ADJUST_GEOM_TYPE may be.
const (
	adjustNo    = "NO"
	adjustFirst = "FIRST_SHAPE"
	adjustAll   = "ALL_SHAPES"
)

var openSpecs = []driver.OptionSpec{
	{
		Name: "ENCODING", Type: driver.StringOption,
		Doc: "encoding of the .dbf's text, whatever the .cpg, the .cst and the .dbf itself say; for example UTF-8, CP1251",
	},
	{
		Name: "PROMOTE_TO_MULTI", Type: driver.BoolOption, Default: "YES",
		Doc: "read polylines as MultiLineString and polygons as MultiPolygon, also those of one part",
	},
	{
		Name: "ADJUST_GEOM_TYPE", Type: driver.ChoiceOption, Choices: []string{adjustNo, adjustFirst, adjustAll},
		Default: adjustFirst,
		Doc: "which shapes are looked at to tell whether a layer has measures: a layer without a single valid one is read " +
			"without M; NO keeps what the file declares",
	},
}

// options are the open options, parsed.
type options struct {
	encoding string
	multi    bool
	adjust   string
}

func parseOptions(o driver.Options) (options, error) {
	s, err := driver.ParseOptions("open option of "+driverName, openSpecs, o)
	if err != nil {
		return options{}, err
	}
	opt := options{encoding: s.String("ENCODING"), multi: s.Bool("PROMOTE_TO_MULTI"), adjust: s.String("ADJUST_GEOM_TYPE")}
	if opt.encoding != "" {
		if _, err := lookupEncoding(opt.encoding); err != nil {
			return opt, fmt.Errorf("open option ENCODING: %w", err)
		}
	}
	return opt, nil
}

// Probe knows a .shp and a .shx by their file code, a .dbf by its name and version, and a zip by its name.
func (Driver) Probe(name string, head []byte) driver.Confidence {
	if strings.Contains(name, "://") {
		return driver.No
	}
	isMain := bytes.HasPrefix(head, []byte{0, 0, 0x27, 0x0A}) && len(head) >= 36
	switch {
	case driver.HasExtension(name, "shp", "shx"):
		if isMain && binary.LittleEndian.Uint32(head[28:]) == fileVersion {
			return driver.Certain
		}
		if isMain || head == nil {
			return driver.ByName
		}
		return driver.Maybe // broken, but whose else could it be? Open says what is wrong
	case driver.HasExtension(name, "dbf"):
		if len(head) >= dbfHeaderSize && head[0]&7 != 3 && head[0]&0xF0 != 0x30 && head[0] != 2 {
			return driver.Maybe
		}
		return driver.ByName
	case driver.HasExtension(name, "shz"), hasSuffixFold(name, ".shp.zip"):
		if head == nil || isZip(head) {
			return driver.ByName
		}
	case driver.HasExtension(name, "zip") && isZip(head):
		return driver.Maybe
	case head == nil && filepath.Ext(name) == "" && !strings.Contains(name, ":"):
		return driver.Maybe // perhaps a folder of Shapefiles
	}
	return driver.No
}

func isZip(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// Open opens a .shp, .shx or .dbf as a dataset of one layer, and a folder or a .zip as a dataset of as many as it has.
func (Driver) Open(_ context.Context, name string, m driver.Mode, o driver.Options) (driver.Dataset, error) {
	ds, err := open(name, m, o)
	if err != nil {
		return nil, driver.Wrap("open", errorName, name, "", err)
	}
	return ds, nil
}

func open(name string, m driver.Mode, o driver.Options) (*dataset, error) {
	if m != driver.Read {
		return nil, fmt.Errorf("a Shapefile cannot be opened in mode %s yet, only read: %w", m, errors.ErrUnsupported)
	}
	opt, err := parseOptions(o)
	if err != nil {
		return nil, err
	}
	st, err := os.Stat(name)
	if err != nil {
		return nil, pathCause(err)
	}
	switch {
	case st.IsDir():
		return openDataset(name, dirSet(name), opt, "")
	case driver.HasExtension(name, "shp", "shx", "dbf"):
		return openDataset(name, dirSet(filepath.Dir(name)), opt, filepath.Base(name))
	}
	set, err := openZip(name)
	if err != nil {
		return nil, err
	}
	ds, err := openDataset(name, set, opt, "")
	if err != nil {
		set.close()
		return nil, err
	}
	return ds, nil
}
