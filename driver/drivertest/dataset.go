package drivertest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// driverChecks are the promises of a driver that need no dataset.
var driverChecks = []check{
	{"Info", checkInfo},
	{"Probe", checkProbe},
}

// datasetChecks are the promises of a dataset that is read.
var datasetChecks = []check{
	{"LayerNames", checkLayerNames},
	{"UnknownLayer", checkUnknownLayer},
	{"UnknownOption", checkUnknownOption},
	{"UnknownFile", checkUnknownFile},
	{"CancelledOpen", checkCancelledOpen},
	{"CloseTwice", checkCloseTwice},
	{"ReadOnly", checkReadOnly},
	{"ModesNotSupported", checkModes},
	{"ConcurrentDatasets", checkConcurrent},
	{"ReadChangesNothing", checkReadChangesNothing},
	{"Damaged", checkDamaged},
}

func checkInfo(t testing.TB, c *Config) {
	info := c.Driver.Info()
	if info.Name == "" || info.LongName == "" {
		t.Errorf("Info has Name %q and LongName %q, want both", info.Name, info.LongName)
	}
	if info.Caps == 0 {
		t.Error("Info.Caps says that the driver can do nothing")
	}
	for _, e := range info.Extensions {
		if e == "" || e != strings.ToLower(e) || strings.HasPrefix(e, ".") {
			t.Errorf("extension %q: want it in lower case and without the point", e)
		}
	}
	for _, p := range info.Prefixes {
		if p == "" {
			t.Error("an empty connection prefix fits every name")
		}
	}
	for what, specs := range map[string][]driver.OptionSpec{"Open": info.Open, "Dataset": info.Dataset, "Layer": info.Layer} {
		for i, spec := range specs {
			same := func(o driver.OptionSpec) bool { return strings.EqualFold(o.Name, spec.Name) }
			switch {
			case spec.Name == "":
				t.Errorf("%s option %d has no name", what, i)
			case slices.ContainsFunc(specs[:i], same):
				t.Errorf("%s option %s is declared twice", what, spec.Name)
			case spec.Doc == "" || strings.Contains(spec.Doc, "\n"):
				t.Errorf("%s option %s: Doc %q, want one line", what, spec.Name, spec.Doc)
			case spec.Type == driver.ChoiceOption && len(spec.Choices) == 0:
				t.Errorf("%s option %s has no choices", what, spec.Name)
			case spec.Default != "":
				if _, err := driver.ParseOptions("option", specs, driver.Options{spec.Name: spec.Default}); err != nil {
					t.Errorf("%s option %s: its default: %v", what, spec.Name, err)
				}
			}
		}
	}
}

func checkProbe(t testing.TB, c *Config) {
	// No content of a file is so odd that a probe may panic.
	for _, name := range []string{"", ".", "/", "a", "a.", "a.unrelated", c.Name, strings.ToUpper(c.Name), "PG:", "https://example.org/"} {
		for _, head := range [][]byte{nil, {}, {0}, make([]byte, driver.ProbeSize), []byte(strings.Repeat("\xff", 99)), []byte("{")} {
			if got := c.Driver.Probe(name, head); got < driver.No || got > driver.Certain {
				t.Errorf("Probe(%q, %d bytes) = %d, which is no Confidence", name, len(head), got)
			}
		}
	}
	for name, head := range map[string][]byte{"a.unrelated": make([]byte, driver.ProbeSize), "nothing.unrelated": nil} {
		if got := c.Driver.Probe(name, head); got >= driver.ByName {
			t.Errorf("Probe(%q, zeroes) = %d: the driver claims what cannot be its own", name, got)
		}
	}
	if c.Name == "" {
		return
	}
	d, err := driver.Registry{c.Driver}.Find(c.Name, driver.Read)
	if err != nil || d == nil {
		t.Errorf("a registry of this driver alone does not find it for %s: %v", driver.Redact(c.Name), err)
	}
}

func checkLayerNames(t testing.TB, c *Config) {
	ds := c.open(t)
	names, err := ds.LayerNames(t.Context())
	if err != nil {
		t.Fatalf("LayerNames: %v", err)
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			t.Errorf("LayerNames has %q twice", name)
		}
		if got := openLayer(t, ds, name).Name(); got != name {
			t.Errorf("Layer(%q).Name() = %q", name, got)
		}
	}
	for _, name := range c.Layers {
		if !slices.Contains(names, name) {
			t.Errorf("LayerNames = %q, want %q among them", names, name)
		}
	}
	if !c.Driver.Info().Caps.Has(driver.MultiLayer) && len(names) > 1 {
		t.Errorf("%d layers, and Info.Caps does not have MultiLayer", len(names))
	}
	again, err := ds.LayerNames(t.Context())
	if err != nil || !slices.Equal(again, names) {
		t.Errorf("LayerNames the second time = %q, %v; the first time %q", again, err, names)
	}
}

func checkUnknownLayer(t testing.TB, c *Config) {
	ds := c.open(t)
	for _, name := range []string{"no such layer", "no'such\"layer;--", "../no_such_layer"} {
		_, err := ds.Layer(t.Context(), name)
		wantError(t, "Layer of an unknown name", err, fs.ErrNotExist)
	}
	_ = openLayer(t, ds, c.layerNames(t)[0]) // the dataset is none the worse for it
}

// wantError fails the test unless err matches target and says where it happened.
func wantError(t testing.TB, what string, err, target error) {
	t.Helper()
	var de *driver.Error
	switch {
	case err == nil:
		t.Errorf("%s: no error, want one that matches %q", what, target)
	case !errors.Is(err, target):
		t.Errorf("%s: error %q, want one that matches %q", what, err, target)
	case !errors.As(err, &de):
		t.Errorf("%s: error %q is not a *driver.Error", what, err)
	}
}

const unknownOption = "NO_SUCH_OPTION"

func checkUnknownOption(t testing.TB, c *Config) {
	if c.Name == "" {
		t.Skip("the test opens its dataset by a function")
	}
	ds, err := c.Driver.Open(t.Context(), c.Name, driver.Read, with(c.Options, unknownOption, "1"))
	wantOptionError(t, "Open", ds, err, unknownOption)
	for _, spec := range c.Driver.Info().Open {
		if spec.Type == driver.StringOption {
			continue
		}
		ds, err := c.Driver.Open(t.Context(), c.Name, driver.Read, with(c.Options, spec.Name, "perhaps"))
		wantOptionError(t, "Open with "+spec.Name+"=perhaps", ds, err, spec.Name)
	}
}

func wantOptionError(t testing.TB, what string, ds driver.Dataset, err error, name string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: a wrong option %s is accepted", what, name)
		_ = ds.Close()
		return
	}
	if !strings.Contains(err.Error(), name) {
		t.Errorf("%s: error %q does not name the option %s", what, err, name)
	}
}

// with returns the options and one more.
func with(o driver.Options, key, value string) driver.Options {
	out := driver.Options{key: value}
	for k, v := range o {
		if !strings.EqualFold(k, key) {
			out[k] = v
		}
	}
	return out
}

func checkUnknownFile(t testing.TB, c *Config) {
	dir := t.TempDir()
	missing := c.Missing
	if missing == "" {
		if !c.isFile() {
			t.Skip("the dataset is not a file, and Config.Missing is not set")
		}
		missing = filepath.Join(dir, "missing"+filepath.Ext(c.Name))
	}
	modes := []driver.Mode{driver.Read}
	if c.Driver.Info().Caps.Has(driver.CanUpdate) {
		modes = append(modes, driver.Update)
	}
	for _, m := range modes {
		ds, err := c.Driver.Open(t.Context(), missing, m, c.Options)
		if err == nil {
			_ = ds.Close()
		}
		wantError(t, "Open of an unknown name in mode "+m.String(), err, fs.ErrNotExist)
		if err != nil && !strings.Contains(err.Error(), filepath.Base(missing)) && c.Missing == "" {
			t.Errorf("Open of an unknown name: error %q does not name it", err)
		}
	}
	wantEmptyFolder(t, dir, "opening what does not exist")
}

func wantEmptyFolder(t testing.TB, dir, after string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		t.Errorf("%s left %s", after, e.Name())
	}
}

func checkCancelledOpen(t testing.TB, c *Config) {
	ds := c.open(t)
	names := c.layerNames(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// Whether an open that needs no waiting looks at its context is the driver's; what it returns must be one or the
	// other.
	if c.Name != "" {
		if ds, err := c.Driver.Open(ctx, c.Name, driver.Read, c.Options); err == nil {
			if err := ds.Close(); err != nil {
				t.Errorf("Close of a dataset opened with a done context: %v", err)
			}
		} else if !errors.Is(err, context.Canceled) {
			t.Errorf("Open with a done context: error %q, want it to match %q", err, context.Canceled)
		}
	}
	if _, err := ds.Layer(ctx, names[0]); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Layer with a done context: error %q, want it to match %q", err, context.Canceled)
	}
	_ = openLayer(t, ds, names[0])
}

func checkCloseTwice(t testing.TB, c *Config) {
	ds := c.open(t) // closed once more after the test
	for range 2 {
		if err := ds.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	ds = c.open(t)
	if err := driver.Discard(ds); err != nil {
		t.Errorf("Discard of a dataset that is read: %v", err)
	}
}

func checkReadOnly(t testing.TB, c *Config) {
	ds := c.open(t)
	names := c.layerNames(t)
	s := openLayer(t, ds, names[0]).Schema()
	w, err := ds.Create(t.Context(), "new_layer", s, nil)
	if err == nil {
		_ = w.Close()
	}
	wantError(t, "Create in a dataset opened in mode read", err, errors.ErrUnsupported)
	w, err = ds.Append(t.Context(), names[0])
	if err == nil {
		_ = w.Close()
	}
	wantError(t, "Append in a dataset opened in mode read", err, errors.ErrUnsupported)
	if x, ok := ds.(driver.LayerDeleter); ok {
		wantError(t, "DeleteLayer in a dataset opened in mode read", x.DeleteLayer(t.Context(), names[0]), errors.ErrUnsupported)
	}
}

func checkModes(t testing.TB, c *Config) {
	caps := c.Driver.Info().Caps
	if c.Name != "" && !caps.Has(driver.CanUpdate) {
		ds, err := c.Driver.Open(t.Context(), c.Name, driver.Update, c.Options)
		if err == nil {
			_ = ds.Close()
		}
		wantError(t, "Open in mode update", err, errors.ErrUnsupported)
	}
	if !c.isFile() || caps.Has(driver.CanCreate) {
		return
	}
	dir := t.TempDir()
	for _, m := range []driver.Mode{driver.Create, driver.Replace} {
		ds, err := c.Driver.Open(t.Context(), filepath.Join(dir, "new"+filepath.Ext(c.Name)), m, nil)
		if err == nil {
			_ = ds.Close()
		}
		wantError(t, "Open in mode "+m.String(), err, errors.ErrUnsupported)
	}
	wantEmptyFolder(t, dir, "a mode that is not supported")
}

// checkConcurrent reads the dataset twice at a time: a driver has no state. The race detector sees more than this check.
func checkConcurrent(t testing.TB, c *Config) {
	name := c.layerNames(t)[0]
	want := collect(t, openLayer(t, c.open(t), name), layer.Query{})
	const readers = 3
	var layers [readers]layer.Layer
	for i := range layers {
		layers[i] = openLayer(t, c.open(t), name)
	}
	var got [readers][]*feature.Feature
	var errs [readers]error
	var wg sync.WaitGroup
	for i, l := range layers {
		wg.Go(func() {
			for f, err := range l.Features(context.Background(), layer.Query{}) {
				if err != nil {
					errs[i] = err
					return
				}
				got[i] = append(got[i], f.Clone())
			}
		})
	}
	wg.Wait()
	for i := range layers {
		if errs[i] != nil {
			t.Errorf("reader %d of %d: %v", i, readers, errs[i])
			continue
		}
		compare(t, "beside other readers", got[i], want)
	}
}

// checkReadChangesNothing looks at the folder of the dataset before, while and after it is read.
func checkReadChangesNothing(t testing.TB, c *Config) {
	if !c.isFile() {
		t.Skip("the dataset is not a file")
	}
	dir := c.Name
	if st, err := os.Stat(dir); err == nil && !st.IsDir() {
		dir = filepath.Dir(dir)
	}
	before := folder(t, dir)
	ds := c.open(t)
	for _, name := range c.layerNames(t) {
		l := openLayer(t, ds, name)
		for _, err := range l.Features(t.Context(), layer.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		for geom := range l.Schema().Geoms {
			if _, err := layer.Extent(t.Context(), l, geom); err != nil {
				t.Fatal(err)
			}
		}
	}
	compareFolders(t, "while it is read", before, folder(t, dir))
	if err := ds.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	compareFolders(t, "after it was read", before, folder(t, dir))
}

// folder describes the files of a folder.
func folder(t testing.TB, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := make(map[string]string)
	for _, e := range list {
		if st, err := e.Info(); err == nil && st.Mode().IsRegular() {
			m[e.Name()] = st.ModTime().String() + " " + st.Mode().String() + " " + strconv.FormatInt(st.Size(), 10)
		}
	}
	return m
}

func compareFolders(t testing.TB, when string, before, after map[string]string) {
	t.Helper()
	for name, state := range after {
		switch old, ok := before[name]; {
		case !ok:
			t.Errorf("%s, there is a new file %s", when, name)
		case old != state:
			t.Errorf("%s, the file %s has changed", when, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			t.Errorf("%s, the file %s is gone", when, name)
		}
	}
}

func checkDamaged(t testing.TB, c *Config) {
	for _, d := range c.Damaged {
		ds, err := c.Driver.Open(t.Context(), d.Name, driver.Read, d.Options)
		if err != nil {
			t.Errorf("Open(%s): %v", d.Name, err)
			continue
		}
		t.Cleanup(func() { _ = ds.Close() })
		name := d.Layer
		if name == "" {
			names, err := ds.LayerNames(t.Context())
			if err != nil || len(names) != 1 {
				t.Errorf("%s: LayerNames = %q, %v; want one layer", d.Name, names, err)
				continue
			}
			name = names[0]
		}
		l := openLayer(t, ds, name)
		for range 2 { // the damage is the same the second time
			rows, err := collectErr(t, t.Context(), l, layer.Query{})
			switch {
			case d.Bad > 0 && err == nil:
				t.Errorf("%s: %d features and no error: the damage was passed over", d.Name, len(rows))
			case d.Bad == 0 && err != nil:
				t.Errorf("%s: %v", d.Name, err)
			case len(rows) > d.Good:
				t.Errorf("%s: %d features before the error, and only %d are good", d.Name, len(rows), d.Good)
			}
		}
		var bad []error
		q := layer.Query{OnBadRow: func(err error) { bad = append(bad, err) }}
		rows, err := collectErr(t, t.Context(), l, q)
		if err != nil {
			t.Errorf("%s with OnBadRow: %v", d.Name, err)
			continue
		}
		if len(rows) != d.Good || len(bad) != d.Bad {
			t.Errorf("%s with OnBadRow: %d features and %d errors, want %d and %d: %v", d.Name, len(rows), len(bad), d.Good,
				d.Bad, errors.Join(bad...))
		}
		if slices.Contains(bad, nil) {
			t.Errorf("%s: OnBadRow was called with nil", d.Name)
		}
	}
}
