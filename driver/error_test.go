package driver_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
)

func TestErrorText(t *testing.T) {
	cause := errors.New("cause")
	none := feature.NullFID
	for want, e := range map[string]*driver.Error{
		"shapefile: open roads.shp: layer roads: feature 7: field name: cause": {
			Op: "open", Driver: "shapefile", Name: "roads.shp", Layer: "roads", FID: 7, Field: "name", Err: cause,
		},
		"gpkg: read a.gpkg: cause":            {Op: "read", Driver: "gpkg", Name: "a.gpkg", FID: none, Err: cause},
		"gpkg: a.gpkg: cause":                 {Driver: "gpkg", Name: "a.gpkg", FID: none, Err: cause},
		"gpkg: read: cause":                   {Op: "read", Driver: "gpkg", FID: none, Err: cause},
		"read a.gpkg: cause":                  {Op: "read", Name: "a.gpkg", FID: none, Err: cause},
		"read a.gpkg: feature 0: cause":       {Op: "read", Name: "a.gpkg", Err: cause},
		"read a.gpkg: feature -1: cause":      {Op: "read", Name: "a.gpkg", FID: -1, Err: cause},
		"read a: layer is not said again":     {Op: "read", Name: "a", Layer: "a", FID: none, Err: errors.New("layer is not said again")},
		"cause":                               {FID: none, Err: cause},
		"read a.gpkg":                         {Op: "read", Name: "a.gpkg", FID: none},
		"open a.shp: file does not exist":     {Op: "open", Name: "a.shp", FID: none, Err: &fs.PathError{Op: "open", Path: "a.shp", Err: fs.ErrNotExist}},
		"open a: open b: file does not exist": {Op: "open", Name: "a", FID: none, Err: &fs.PathError{Op: "open", Path: "b", Err: fs.ErrNotExist}},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestErrorMatching(t *testing.T) {
	for _, target := range []error{fs.ErrNotExist, fs.ErrExist, errors.ErrUnsupported, feature.ErrWKB, driver.ErrUnknownFormat} {
		for _, name := range []string{"a", "pg://u:pw@h/d"} {
			err := fmt.Errorf("around: %w", driver.Wrap("open", "gpkg", name, "l", fmt.Errorf("inside: %w", target)))
			var de *driver.Error
			if !errors.Is(err, target) || errors.Is(err, fs.ErrClosed) || !errors.As(err, &de) || de.Op != "open" ||
				de.Driver != "gpkg" || de.Layer != "l" || de.FID != feature.NullFID {
				t.Errorf("%v does not match %v, or is %+v", err, target, de)
			}
		}
	}
	_, err := os.Open(filepath.Join(t.TempDir(), "missing"))
	if err := driver.Wrap("open", "gpkg", "x", "", err); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the system's error does not match: %v", err)
	}
}

func TestWrap(t *testing.T) {
	if err := driver.Wrap("open", "gpkg", "a", "", nil); err != nil {
		t.Errorf("nil becomes %v", err)
	}
	inner := fmt.Errorf("again: %w", driver.Wrap("open", "gpkg", "a", "", fs.ErrExist))
	for _, err := range []error{context.Canceled, fmt.Errorf("x: %w", context.DeadlineExceeded), inner} {
		if got := driver.Wrap("read", "other", "b", "", err); got != err {
			t.Errorf("%v becomes %v", err, got)
		}
	}
}
