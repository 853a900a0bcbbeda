package driver

import (
	"context"
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// Driver opens one format. It has no state and is safe for concurrent use.
type Driver interface {
	// Info says what the driver is and can do.
	Info() Info
	// Probe judges, without any I/O, whether the driver is the one for a name whose first bytes are head. head is up to
	// ProbeSize bytes, and nil where name is not a file that can be read (it may be yet to be created, a folder, or
	// no file at all).
	Probe(name string, head []byte) Confidence
	// Open opens a dataset, or makes a new one where the mode says so. The context is for opening alone, but for one
	// thing: a dataset that is being made and whose context is done when it is closed is given up.
	Open(ctx context.Context, name string, m Mode, o Options) (Dataset, error)
}

// ProbeSize is how many bytes of a file's start a Probe is shown.
const ProbeSize = 1024

// Info says what a driver is and can do.
type Info struct {
	Name       string   // short, as OGR has it: "ESRI Shapefile", "GPKG"
	LongName   string   // for people
	Extensions []string // of file names, lower case and without the point: "shp"
	Prefixes   []string // of connection strings: "PG:", "postgres://"
	Caps       Caps
	Open       []OptionSpec // taken by Open in mode Read or Update
	Dataset    []OptionSpec // taken by Open in mode Create or Replace
	Layer      []OptionSpec // taken by Dataset.Create
	Help       string       // a sentence or two on what is special
}

// Caps says what a driver can do.
type Caps uint

// The capabilities of drivers.
const (
	CanRead    Caps = 1 << iota // opens in mode Read
	CanUpdate                   // opens in mode Update
	CanCreate                   // opens in mode Create and Replace
	MultiLayer                  // a dataset may have several layers
)

// Has tells whether c has all of o.
func (c Caps) Has(o Caps) bool { return c&o == o }

// Confidence is how sure a driver is that a name is its own.
type Confidence int

// From no to certain. The registry takes the driver that is the most confident, and of several the first in its list.
const (
	No      Confidence = iota // not ours
	Maybe                     // the content could be ours
	ByName                    // the name says so, and the content, if there is any, does not deny it
	Certain                   // a signature or a connection prefix says so
)

// Mode says what a dataset is opened for.
type Mode int

// The modes of opening.
const (
	Read    Mode = iota // an existing dataset, which is not changed in any way
	Update              // an existing dataset, to change it or add to it
	Create              // a new dataset; one that exists gives an error that matches fs.ErrExist
	Replace             // a new dataset in place of what may stand there, which goes when the new one is complete
)

// String returns the mode's name.
func (m Mode) String() string {
	if names := [...]string{"read", "update", "create", "replace"}; m >= 0 && int(m) < len(names) {
		return names[m]
	}
	return "mode " + strconv.Itoa(int(m))
}

// Dataset is an open source of layers, for one goroutine.
//
// A dataset that is being made (mode Create or Replace) appears under its name, complete, when Close returns nil, and
// not at all when a Writer of it was closed without being committed, when Discard was called, or when the context given
// to Open is done. Where the store cannot do that its driver's help says so.
type Dataset interface {
	// LayerNames returns the names of the layers in the dataset's order.
	LayerNames(ctx context.Context) ([]string, error)
	// Layer returns a layer. An unknown name gives an error that matches fs.ErrNotExist.
	Layer(ctx context.Context, name string) (layer.Layer, error)
	// Create makes a new layer. A name that is taken gives an error that matches fs.ErrExist unless an option of the
	// driver says to overwrite. Only one Writer of a dataset may be open at a time.
	Create(ctx context.Context, name string, s *feature.Schema, o Options) (layer.Writer, error)
	// Append opens an existing layer to add features. All of them are added by Commit, or none.
	Append(ctx context.Context, name string) (layer.Writer, error)
	// Close completes and releases the dataset. Calling it again does nothing and returns nil.
	Close() error
}

// LayerDeleter is a dataset that can lose a layer.
type LayerDeleter interface {
	// DeleteLayer removes a layer with all that belongs to it. An unknown name gives an error that matches
	// fs.ErrNotExist.
	DeleteLayer(ctx context.Context, name string) error
}

// SQLer is a dataset that runs statements in the SQL of its store.
type SQLer interface {
	// Query returns the rows of one statement that only reads as a layer, whose name is SELECT. The columns of the result
	// are its fields; those that hold geometries are its geometry columns. The layer is valid as long as the dataset. A
	// statement that would change something is an error, whatever the dataset was opened for.
	Query(ctx context.Context, sql string) (layer.Layer, error)
	// Exec runs one statement that changes something and returns how many rows it did. A dataset that was opened for
	// reading gives an error that matches errors.ErrUnsupported.
	Exec(ctx context.Context, sql string) (rows int64, err error)
}

// Discarder is a dataset that is being made and can be given up.
type Discarder interface {
	// Discard closes the dataset and leaves its target as it was before Open.
	Discard() error
}

// Discard gives up a dataset that is being made; any other is closed.
func Discard(d Dataset) error {
	if x, ok := d.(Discarder); ok {
		return x.Discard()
	}
	return d.Close()
}

// Warner is a dataset that has noticed things that do not stop it, and that a person should know: a missing index, a
// field that got another name.
type Warner interface {
	// Warnings returns what was noticed since the last call, and forgets it. It is safe for concurrent use.
	Warnings() []string
}
