package drivertest

import (
	"context"
	"os"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// Config says what Run tests. Driver is needed, and Name or Open to test reading, Target to test writing.
type Config struct {
	Driver driver.Driver

	// Name is an existing dataset to read, and Options are what it is opened with.
	Name    string
	Options driver.Options
	// Open opens the dataset to read, where the driver's own Open with Name and Options does not do.
	Open func(t testing.TB) driver.Dataset
	// Layers are the names of the layers to read; nil reads all.
	Layers []string
	// Rows has the number of features of a layer, where the test knows it: a driver that yields nothing agrees with
	// itself in everything.
	Rows map[string]int
	// LooseTypes accepts geometries that are not of the type their column declares, for stores that do not care.
	LooseTypes bool
	// Missing is the name of a dataset that does not exist. By default it is one in an empty folder, when Name is a
	// file.
	Missing string
	// Damaged are datasets with features that cannot be read.
	Damaged []Damaged

	// Target returns the name for a dataset that does not exist yet and can be made, a new one at each call, in a folder
	// that is there if it is a file. The test removes it, if it is not in a temporary folder of t.
	Target func(t testing.TB) string
	// TargetExists says that Target returns the name of a dataset that exists and is empty, such as a database: layers are
	// made in it in mode Update.
	TargetExists bool
	// DatasetOptions and LayerOptions are given when a dataset and a layer are made.
	DatasetOptions, LayerOptions driver.Options
	// Fields are the fields to write; nil writes one of every type. The driver must give the values back as they were, or
	// as Equal says. A width is minded.
	Fields []feature.Field
	// Geoms are the types of the layers to write; nil writes the seven types of Simple Features with all dimensions, and
	// one of type Geometry.
	Geoms []feature.GeomType
	// NoGeometry writes a layer without a geometry column as well.
	NoGeometry bool
	// SRS is that of the layers to write.
	SRS feature.SRS
	// Equal is asked about a value that was read and is not the one that was written, whether that is what the store makes of it, such as the same instant in UTC.
	Equal func(field feature.Field, wrote, read feature.Value) bool
	// EqualGeometry is asked about a geometry that was read and is not the one that was written, nor a collection of it
	// alone. Either may be nil.
	EqualGeometry func(wrote, read feature.WKB) bool
	// Reject is a feature for a layer of type Point, with one field, the first of Fields, that the store rejects with a
	// *layer.RejectedError. Nil leaves that out.
	Reject *feature.Feature
}

// Damaged is a dataset with features that cannot be read.
type Damaged struct {
	Name    string
	Options driver.Options
	Layer   string // "" is the only one
	Good    int    // how many features can be read
	Bad     int    // how many cannot
}

// check is one promise. The suite itself is tested with a recorder in place of a *testing.T, so a check uses nothing of
// t that a testing.TB does not have.
type check struct {
	name string
	run  func(t testing.TB, c *Config)
}

// layerCheck is a promise about one layer.
type layerCheck struct {
	name string
	run  func(t testing.TB, s *subject)
}

// Run tests the driver. Each promise is a subtest.
func Run(t *testing.T, c Config) {
	if c.Driver == nil {
		t.Fatal("drivertest: Config has no Driver")
	}
	if !c.reads() && c.Target == nil {
		t.Fatal("drivertest: Config has nothing to read and nothing to write")
	}
	for _, ch := range c.checks() {
		t.Run(ch.name, func(t *testing.T) { ch.run(t, &c) })
	}
	if c.reads() {
		t.Run("Layers", func(t *testing.T) {
			for _, name := range c.layerNames(t) {
				t.Run(name, func(t *testing.T) {
					for _, ch := range readChecks {
						t.Run(ch.name, func(t *testing.T) { ch.run(t, newSubject(t, &c, name)) })
					}
				})
			}
		})
	}
}

func (c *Config) reads() bool { return c.Name != "" || c.Open != nil }

// checks returns the promises that are not about one layer.
func (c *Config) checks() []check {
	list := driverChecks
	if c.reads() {
		list = append(list[:len(list):len(list)], datasetChecks...)
	}
	if c.Target != nil {
		list = append(list[:len(list):len(list)], writeChecks...)
	}
	return list
}

// open opens the dataset to read and closes it after the test.
func (c *Config) open(t testing.TB) driver.Dataset {
	t.Helper()
	var ds driver.Dataset
	if c.Open != nil {
		ds = c.Open(t)
	} else {
		var err error
		ds, err = c.Driver.Open(t.Context(), c.Name, driver.Read, c.Options)
		if err != nil {
			t.Fatalf("Open(%q): %v", driver.Redact(c.Name), err)
		}
	}
	t.Cleanup(func() {
		if err := ds.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return ds
}

// isFile tells whether the dataset to read is a file or a folder.
func (c *Config) isFile() bool {
	_, err := os.Stat(c.Name)
	return c.Name != "" && err == nil
}

func (c *Config) layerNames(t testing.TB) []string {
	t.Helper()
	names, err := c.open(t).LayerNames(t.Context())
	if err != nil {
		t.Fatalf("LayerNames: %v", err)
	}
	if c.Layers != nil {
		names = c.Layers
	}
	if len(names) == 0 {
		t.Fatal("the dataset has no layer to test with")
	}
	return names
}

// subject is a layer that is being tested.
type subject struct {
	c     *Config
	name  string
	layer layer.Layer
	// rows are all features, read once in order: the reference of every query.
	rows []*feature.Feature
	hard []feature.Bounds
}

func newSubject(t testing.TB, c *Config, name string) *subject {
	t.Helper()
	s := &subject{c: c, name: name, layer: openLayer(t, c.open(t), name)}
	s.rows = collect(t, s.layer, layer.Query{})
	if want, ok := c.Rows[name]; ok && len(s.rows) != want {
		t.Fatalf("%d features, want %d", len(s.rows), want)
	}
	return s
}

func openLayer(t testing.TB, ds driver.Dataset, name string) layer.Layer {
	t.Helper()
	l, err := ds.Layer(context.Background(), name)
	if err != nil {
		t.Fatalf("Layer(%q): %v", name, err)
	}
	return l
}

// schema returns the layer's schema.
func (s *subject) schema() *feature.Schema { return s.layer.Schema() }
