package carto

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/carto/internal/api"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// dialect is the SQL that the API takes: PostgreSQL's, with values in the text.
var dialect = sqlbuilder.PostgreSQL.WithLiterals()

// firstWait and longestWait are the pauses between attempts: the client's own, but in tests.
var firstWait, longestWait time.Duration

// New returns the CARTO driver.
func New() driver.Driver { return cartoDriver{} }

type cartoDriver struct{}

var (
	_ driver.Driver  = cartoDriver{}
	_ driver.Dataset = (*Dataset)(nil)
	_ driver.Warner  = (*Dataset)(nil)
)

// Info describes the driver.
func (cartoDriver) Info() driver.Info {
	return driver.Info{
		Name:     "Carto",
		LongName: "CARTO",
		Prefixes: prefixes,
		Caps:     driver.CanRead | driver.MultiLayer,
		Open:     openOptions,
		Help: "Carto:ACCOUNT, and tables=a,b or schema=s behind it. The API key is best given in CARTO_API_KEY; " +
			"CARTO_API_URL names another server than carto.com.",
	}
}

// Probe takes names that begin with Carto: or CartoDB:, in any case.
func (cartoDriver) Probe(name string, _ []byte) driver.Confidence {
	if slices.ContainsFunc(prefixes, func(p string) bool { return driver.HasPrefixFold(name, p) }) {
		return driver.Certain
	}
	return driver.No
}

// Open opens an account. Nothing is asked of the server yet, so that a wrong key shows with the first layer.
func (cartoDriver) Open(ctx context.Context, name string, m driver.Mode, o driver.Options) (driver.Dataset, error) {
	d, err := open(ctx, name, m, o)
	if err != nil {
		return nil, driver.Wrap(m.String(), "carto", name, "", err)
	}
	return d, nil
}

func open(ctx context.Context, name string, m driver.Mode, o driver.Options) (*Dataset, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m != driver.Read {
		return nil, fmt.Errorf("writing: %w", errors.ErrUnsupported)
	}
	set, err := parseSettings(name, o, environment)
	if err != nil {
		return nil, err
	}
	client, err := api.New(api.Config{URL: set.url, Account: set.account, Key: set.key, Wait: firstWait, MaxWait: longestWait})
	if err != nil {
		return nil, err
	}
	return &Dataset{name: name, set: set, client: client, layers: map[string]*Layer{}}, nil
}

// Dataset is an account.
type Dataset struct {
	driver.WarningLog
	name   string
	set    *settings
	client *api.Client
	layers map[string]*Layer
	closed bool
}

func (d *Dataset) wrap(op, layerName string, err error) error {
	return driver.Wrap(op, "carto", d.name, layerName, err)
}

// LayerNames lists the tables that the key may read, or those that the dataset's name has.
func (d *Dataset) LayerNames(ctx context.Context) ([]string, error) {
	if d.closed {
		return nil, d.wrap("list", "", fs.ErrClosed)
	}
	names, err := d.tableNames(ctx)
	if err != nil {
		return nil, d.wrap("list", "", err)
	}
	return names, nil
}

// Layer returns a table.
func (d *Dataset) Layer(ctx context.Context, name string) (layer.Layer, error) {
	if d.closed {
		return nil, d.wrap("open", name, fs.ErrClosed)
	}
	if l := d.layers[name]; l != nil {
		return l, nil
	}
	t, err := d.describe(ctx, name)
	if err != nil {
		return nil, d.wrap("open", name, err)
	}
	l := &Layer{ds: d, t: t}
	d.layers[name] = l
	return l, nil
}

// Create is not supported yet.
func (d *Dataset) Create(_ context.Context, name string, _ *feature.Schema, _ driver.Options) (layer.Writer, error) {
	return nil, d.wrap("create", name, errors.ErrUnsupported)
}

// Append is not supported yet.
func (d *Dataset) Append(_ context.Context, name string) (layer.Writer, error) {
	return nil, d.wrap("append", name, errors.ErrUnsupported)
}

// Close releases the dataset.
func (d *Dataset) Close() error {
	d.closed = true
	d.client.Close()
	return nil
}
