package driver_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
)

// fake is a driver that answers what it is told to, and remembers what it was shown.
type fake struct {
	info  driver.Info
	probe func(name string, head []byte) driver.Confidence
}

func (d *fake) Info() driver.Info                                { return d.info }
func (d *fake) Probe(name string, head []byte) driver.Confidence { return d.probe(name, head) }

func (d *fake) Open(_ context.Context, name string, m driver.Mode, o driver.Options) (driver.Dataset, error) {
	return nil, errors.New(d.info.Name + " opens " + name + " to " + m.String() + " with " + o["A"])
}

const (
	reads  = driver.CanRead
	writes = driver.CanRead | driver.CanUpdate | driver.CanCreate
)

func newFake(name string, caps driver.Caps, c driver.Confidence) *fake {
	return &fake{driver.Info{Name: name, Caps: caps}, func(string, []byte) driver.Confidence { return c }}
}

func TestFind(t *testing.T) {
	file := filepath.Join(t.TempDir(), "roads.abc")
	if err := os.WriteFile(file, []byte("content"), 0o666); err != nil {
		t.Fatal(err)
	}
	no, maybe, byName := newFake("no", writes, driver.No), newFake("maybe", writes, driver.Maybe), newFake("by name", writes, driver.ByName)
	other, certain := newFake("other", writes, driver.ByName), newFake("certain", reads, driver.Certain)
	for name, test := range map[string]struct {
		r    driver.Registry
		mode driver.Mode
		want string // the driver's name, or an error
	}{
		"the only one":           {driver.Registry{maybe}, driver.Read, "maybe"},
		"the most confident":     {driver.Registry{maybe, no, certain, byName}, driver.Read, "certain"},
		"the first of equals":    {driver.Registry{maybe, byName, other}, driver.Read, "by name"},
		"and the other way":      {driver.Registry{maybe, other, byName}, driver.Read, "other"},
		"that can create":        {driver.Registry{certain, byName}, driver.Create, "by name"},
		"that can replace":       {driver.Registry{certain, byName}, driver.Replace, "by name"},
		"that can update":        {driver.Registry{certain, byName}, driver.Update, "by name"},
		"one that cannot":        {driver.Registry{certain, no}, driver.Update, "certain cannot update"},
		"nobody's":               {driver.Registry{no}, driver.Read, "no driver recognises it; there are no"},
		"nobody's, of two":       {driver.Registry{no, newFake("nor me", writes, driver.No)}, driver.Read, "there are no, nor me"},
		"nobody's that can":      {driver.Registry{newFake("not me", reads, driver.No)}, driver.Create, "no driver recognises it"},
		"of none":                {nil, driver.Read, "no driver recognises it"},
		"that reads, reads only": {driver.Registry{newFake("writes", driver.CanCreate, driver.Certain), maybe}, driver.Read, "maybe"},
	} {
		d, err := test.r.Find(file, test.mode)
		if err == nil {
			if d.Info().Name != test.want {
				t.Errorf("%s: %s, want %s", name, d.Info().Name, test.want)
			}
			continue
		}
		var de *driver.Error
		unsupported := strings.Contains(test.want, "cannot")
		if d != nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &de) || !strings.Contains(err.Error(), file) ||
			errors.Is(err, errors.ErrUnsupported) != unsupported || errors.Is(err, driver.ErrUnknownFormat) == unsupported {
			t.Errorf("%s: %v, %v; want %q", name, d, err, test.want)
		}
	}
}

// TestFindHead: a driver is shown the first bytes of a file that exists, and nil for anything else.
func TestFindHead(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("0123456789", 200)
	write := func(name, content string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	short, empty, large := write("short", "abc"), write("empty", ""), write("large", long)
	var got []byte
	d := newFake("d", writes, driver.No)
	d.info.Prefixes = []string{"PG:", "postgres://"}
	d.probe = func(_ string, head []byte) driver.Confidence {
		got = head
		return driver.Maybe
	}
	r := driver.Registry{d}
	for name, test := range map[string]struct {
		name string
		mode driver.Mode
		want string
		none bool
	}{
		"short":                 {short, driver.Read, "abc", false},
		"empty":                 {empty, driver.Read, "", false},
		"large":                 {large, driver.Update, long[:driver.ProbeSize], false},
		"folder":                {dir, driver.Read, "", true},
		"connection":            {"pg:host=x", driver.Read, "", true},
		"URL":                   {"POSTGRES://x/y", driver.Update, "", true},
		"to be made":            {filepath.Join(dir, "new"), driver.Create, "", true},
		"to be made over a one": {short, driver.Create, "", true},
		"to be replaced":        {short, driver.Replace, "", true},
	} {
		got = []byte("not asked")
		if _, err := r.Find(test.name, test.mode); err != nil || string(got) != test.want || (got == nil) != test.none {
			t.Errorf("%s: the driver is shown %q (nil: %v), %v", name, got, got == nil, err)
		}
	}
	for _, mode := range []driver.Mode{driver.Read, driver.Update} {
		for _, name := range []string{filepath.Join(dir, "missing"), filepath.Join(short, "below"), "", "PGx"} {
			_, err := r.Find(name, mode)
			var de *driver.Error
			if !errors.As(err, &de) || de.Name != name || !errors.Is(err, fs.ErrNotExist) && !strings.Contains(err.Error(), "not a directory") {
				t.Errorf("%q in mode %s: %v", name, mode, err)
			}
		}
	}
	_, err := driver.Registry{newFake("d", writes, driver.No)}.Find("postgres://u:hunter2@h/d", driver.Create)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a name with a password: %v", err)
	}
}

func TestRegistryOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	r := driver.Registry{newFake("GPKG", writes, driver.Maybe)}
	if _, err := r.Open(t.Context(), file, driver.Update, driver.Options{"A": "b"}); err == nil || err.Error() != "GPKG opens "+file+" to update with b" {
		t.Errorf("Open: %v", err)
	}
	if _, err := r.Open(t.Context(), file+"x", driver.Read, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of what is not there: %v", err)
	}
	if d := r.ByName("gpkg"); d != r[0] {
		t.Errorf("ByName = %v", d)
	}
	if d := r.ByName("gpk"); d != nil {
		t.Errorf("ByName of an unknown name = %v", d)
	}
}

func TestNames(t *testing.T) {
	for _, test := range []struct {
		s, prefix string
		want      bool
	}{
		{"PG:x", "PG:", true}, {"pg:x", "PG:", true}, {"P", "PG:", false}, {"", "", true}, {"PX:", "PG:", false}, {"Pé:", "PG:", false},
	} {
		if got := driver.HasPrefixFold(test.s, test.prefix); got != test.want {
			t.Errorf("HasPrefixFold(%q, %q) = %v", test.s, test.prefix, got)
		}
	}
	for name, want := range map[string]bool{
		"a.shp": true, "a.SHP": true, "/b.c/a.Shz": true, "a.shp.zip": false, "shp": false, "a.": false, ".shp": true, "a.shp/": false,
	} {
		if got := driver.HasExtension(name, "shp", "shz"); got != want {
			t.Errorf("HasExtension(%q) = %v", name, got)
		}
	}
	for want, m := range map[string]driver.Mode{
		"read": driver.Read, "update": driver.Update, "create": driver.Create, "replace": driver.Replace, "mode 9": 9, "mode -1": -1,
	} {
		if got := m.String(); got != want {
			t.Errorf("mode %d is called %q", int(m), got)
		}
	}
	if !writes.Has(driver.CanRead|driver.CanCreate) || reads.Has(writes) || !reads.Has(0) {
		t.Error("Caps.Has")
	}
}
