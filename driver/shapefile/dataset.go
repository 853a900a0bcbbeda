package shapefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// dataset is one Shapefile, or a folder or archive of them.
type dataset struct {
	driver.WarningLog
	name   string
	single bool // the name is that of the one layer's file
	set    fileSet
	opt    options
	parts  []parts
	layers map[string]*shpLayer
	open   int // layers whose files are open
	closed bool
}

var (
	_ driver.Dataset = (*dataset)(nil)
	_ driver.Warner  = (*dataset)(nil)
)

// openDataset opens the Shapefiles in a set of files, or the one that the file only belongs to.
func openDataset(name string, set fileSet, opt options, only string) (*dataset, error) {
	ds := &dataset{name: name, set: set, opt: opt, single: only != "", layers: make(map[string]*shpLayer)}
	files, err := set.list()
	if only == "" {
		if err != nil {
			return nil, err
		}
		ds.parts = groupParts(files)
		if len(ds.parts) == 0 {
			return nil, fmt.Errorf("there is no .shp and no .dbf in it: %w", fs.ErrNotExist)
		}
		return ds, nil
	}
	base, _ := splitExt(only)
	if err != nil { // a folder that must not be listed: names that are likely
		files = nil
		for _, ext := range []string{"shp", "shx", "dbf", "prj", "cpg", "cst"} {
			for _, f := range []string{base + "." + ext, base + "." + strings.ToUpper(ext)} {
				if b, err := set.open(f); err == nil {
					b.close()
					files = append(files, f)
					break
				}
			}
		}
	}
	var mine []string
	for _, f := range files {
		if b, _ := splitExt(f); strings.EqualFold(b, base) {
			mine = append(mine, f)
		}
	}
	p, ok := partsWith(groupParts(mine), only)
	if !ok {
		return nil, fmt.Errorf("there is no .shp and no .dbf beside it: %w", fs.ErrNotExist)
	}
	p.name = layerNameOf(p)
	ds.parts = []parts{p}
	// Errors in what the name stands for are Open's to report.
	if _, err := ds.layer(p.name); err != nil {
		return nil, err
	}
	return ds, nil
}

// partsWith returns the layer that a file belongs to.
func partsWith(all []parts, file string) (parts, bool) {
	same := []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold}
	for _, equal := range same { // names may be told from each other by case alone
		for _, p := range all {
			if equal(p.shp, file) || equal(p.dbf, file) || equal(p.shx, file) {
				return p, true
			}
		}
	}
	return parts{}, false
}

func layerNameOf(p parts) string {
	base, _ := splitExt(filepath.Base(p.main()))
	return base
}

// LayerNames returns the base names of the files, in the order of the folder's listing.
func (ds *dataset) LayerNames(context.Context) ([]string, error) {
	if ds.closed {
		return nil, ds.wrap("open", "", fs.ErrClosed)
	}
	names := make([]string, len(ds.parts))
	for i, p := range ds.parts {
		names[i] = p.name
	}
	return names, nil
}

// Layer opens a layer's files and reads their headers.
func (ds *dataset) Layer(_ context.Context, name string) (layer.Layer, error) {
	l, err := ds.layer(name)
	if err != nil {
		return nil, ds.wrap("open", name, err)
	}
	return l, nil
}

func (ds *dataset) layer(name string) (*shpLayer, error) {
	if ds.closed {
		return nil, fs.ErrClosed
	}
	if l := ds.layers[name]; l != nil {
		return l, nil
	}
	for _, p := range ds.parts {
		if p.name == name {
			l, err := openLayer(ds, p)
			if err != nil {
				return nil, err
			}
			ds.layers[name] = l
			return l, nil
		}
	}
	return nil, fmt.Errorf("there is no such layer: %w", fs.ErrNotExist)
}

var errNoWriting = fmt.Errorf("there is no writing of Shapefiles yet: %w", errors.ErrUnsupported)

// Create returns an error: there is no writing yet.
func (ds *dataset) Create(_ context.Context, name string, _ *feature.Schema, _ driver.Options) (layer.Writer, error) {
	return nil, ds.wrap("create", name, errNoWriting)
}

// Append returns an error: there is no writing yet.
func (ds *dataset) Append(_ context.Context, name string) (layer.Writer, error) {
	return nil, ds.wrap("append", name, errNoWriting)
}

// Close closes all files and removes what was unpacked.
func (ds *dataset) Close() error {
	if ds.closed {
		return nil
	}
	ds.closed = true
	for _, l := range ds.layers {
		l.closeFiles()
	}
	ds.set.close()
	return nil
}

// wrap names the layer only where the dataset's name does not.
func (ds *dataset) wrap(op, layerName string, err error) error {
	if ds.single {
		layerName = ""
	}
	return driver.Wrap(op, errorName, ds.name, layerName, err)
}
