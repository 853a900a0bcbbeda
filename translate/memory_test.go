package translate_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// memory is a driver whose datasets are called "name.mem" and live in a map.
type memory struct {
	stored map[string][]*table
	single bool // no MultiLayer
	noOver bool // no layer option OVERWRITE
	opened []string
}

// table is a layer. Its features are returned as they are.
type table struct {
	name   string
	schema *feature.Schema
	rows   []*feature.Feature
	bad    map[int64]bool // FIDs that cannot be read
	broken error          // at the end of the rows
	count  bool           // answers Count
}

func (m *memory) Info() driver.Info {
	info := driver.Info{
		Name: "Memory", Extensions: []string{"mem"}, Prefixes: []string{"mem:"},
		Caps:    driver.CanRead | driver.CanUpdate | driver.CanCreate | driver.MultiLayer,
		Open:    []driver.OptionSpec{{Name: "PLAIN", Type: driver.BoolOption}},
		Dataset: []driver.OptionSpec{{Name: "VERSION"}},
		Layer:   []driver.OptionSpec{{Name: "OVERWRITE", Type: driver.BoolOption, Default: "NO"}, {Name: "INDEX"}},
	}
	if m.single {
		info.Caps &^= driver.MultiLayer
	}
	if m.noOver {
		info.Layer = info.Layer[1:]
	}
	return info
}

func (m *memory) Probe(name string, _ []byte) driver.Confidence {
	if strings.HasPrefix(name, "mem:") {
		return driver.Certain
	}
	return driver.No
}

func (m *memory) Open(ctx context.Context, name string, mode driver.Mode, o driver.Options) (driver.Dataset, error) {
	fail := func(err error) error { return driver.Wrap("open", "memory", name, "", err) }
	m.opened = append(m.opened, mode.String()+" "+name)
	specs := m.Info().Open
	if mode == driver.Create || mode == driver.Replace {
		specs = m.Info().Dataset
	}
	if _, err := driver.ParseOptions("option of Memory", specs, o); err != nil {
		return nil, fail(err)
	}
	tables, exists := m.stored[name]
	switch {
	case mode == driver.Create && exists:
		return nil, fail(fs.ErrExist)
	case (mode == driver.Read || mode == driver.Update) && !exists:
		return nil, fail(fs.ErrNotExist)
	}
	ds := &dataset{m: m, ctx: ctx, name: name, mode: mode}
	if mode == driver.Read || mode == driver.Update {
		ds.tables = slices.Clone(tables)
	}
	return ds, nil
}

type dataset struct {
	driver.WarningLog
	m         *memory
	ctx       context.Context
	name      string
	mode      driver.Mode
	tables    []*table
	discarded bool
	closed    bool
}

func (d *dataset) fail(op, name string, err error) error {
	return driver.Wrap(op, "memory", d.name, name, err)
}

func (d *dataset) find(name string) *table {
	for _, t := range d.tables {
		if t.name == name {
			return t
		}
	}
	return nil
}

func (d *dataset) LayerNames(context.Context) ([]string, error) {
	var names []string
	for _, t := range d.tables {
		names = append(names, t.name)
	}
	return names, nil
}

func (d *dataset) Layer(_ context.Context, name string) (layer.Layer, error) {
	t := d.find(name)
	if t == nil {
		return nil, d.fail("read", name, fs.ErrNotExist)
	}
	if t.count {
		return counted{t}, nil
	}
	return t, nil
}

func (d *dataset) Create(_ context.Context, name string, s *feature.Schema, o driver.Options) (layer.Writer, error) {
	settings, err := driver.ParseOptions("layer creation option of Memory", d.m.Info().Layer, o)
	if err != nil {
		return nil, d.fail("create", name, err)
	}
	over := !d.m.noOver && settings.Bool("OVERWRITE")
	if d.find(name) != nil && !over {
		return nil, d.fail("create", name, fs.ErrExist)
	}
	if strings.HasPrefix(name, "full") {
		return nil, d.fail("create", name, errors.New("no space left"))
	}
	d.Warn("layer %s was made", name)
	return &writer{d: d, t: &table{name: name, schema: s}}, nil
}

func (d *dataset) Append(_ context.Context, name string) (layer.Writer, error) {
	t := d.find(name)
	if t == nil {
		return nil, d.fail("append", name, fs.ErrNotExist)
	}
	c := *t
	c.rows = slices.Clone(t.rows)
	return &writer{d: d, t: &c}, nil
}

func (d *dataset) DeleteLayer(_ context.Context, name string) error {
	d.tables = slices.DeleteFunc(d.tables, func(t *table) bool { return t.name == name })
	return nil
}

func (d *dataset) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	switch {
	case d.discarded || d.mode == driver.Read:
	case (d.mode == driver.Create || d.mode == driver.Replace) && d.ctx.Err() != nil:
		return d.ctx.Err()
	default:
		d.m.stored[d.name] = d.tables
	}
	return nil
}

func (d *dataset) Discard() error {
	d.discarded = d.mode != driver.Update
	return d.Close()
}

type writer struct {
	d    *dataset
	t    *table
	done bool
}

func (w *writer) Schema() *feature.Schema { return w.t.schema }

func (w *writer) Write(f *feature.Feature) error {
	c := f.Clone()
	for i, g := range c.Geoms {
		if g == nil {
			continue
		}
		if t, err := g.Type(); err != nil || !w.t.schema.Geoms[i].Type.Holds(t) {
			return &layer.RejectedError{FID: f.FID, Err: fmt.Errorf("a %s in a column of %s", t, w.t.schema.Geoms[i].Type)}
		}
	}
	if c.FID == feature.NullFID {
		c.FID = 1
		if n := len(w.t.rows); n > 0 {
			c.FID = w.t.rows[n-1].FID + 1
		}
	}
	if slices.ContainsFunc(w.t.rows, func(o *feature.Feature) bool { return o.FID == c.FID }) {
		return &layer.RejectedError{FID: f.FID, Err: fmt.Errorf("feature %d is taken", c.FID)}
	}
	w.t.rows = append(w.t.rows, c)
	return nil
}

func (w *writer) Commit() error {
	w.done = true
	for i, t := range w.d.tables {
		if t.name == w.t.name {
			w.d.tables[i] = w.t
			return nil
		}
	}
	w.d.tables = append(w.d.tables, w.t)
	return nil
}

func (w *writer) Close() error {
	if !w.done && w.d.mode != driver.Update {
		w.d.discarded = true
	}
	return nil
}

func (t *table) Name() string            { return t.name }
func (t *table) Schema() *feature.Schema { return t.schema }

func (t *table) all(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		for _, f := range t.rows {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if t.bad[f.FID] {
				err := fmt.Errorf("feature %d cannot be read", f.FID)
				if q.OnBadRow == nil {
					yield(nil, err)
					return
				}
				q.OnBadRow(err)
				continue
			}
			if !yield(f.Clone(), nil) {
				return
			}
		}
		if t.broken != nil {
			yield(nil, t.broken)
		}
	}
}

func (t *table) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	p, err := q.Plan(t.schema)
	return func(yield func(*feature.Feature, error) bool) {
		if err != nil {
			yield(nil, err)
			return
		}
		for f, err := range layer.Filter(t.all(ctx, q), p) {
			if f != nil {
				for i, want := range p.Fields {
					if !want {
						f.Values[i] = feature.Value{}
					}
				}
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// counted is a table that knows how many rows it has.
type counted struct{ *table }

func (c counted) Count(_ context.Context, q layer.Query) (int64, bool, error) {
	n := max(0, int64(len(c.rows))-q.Offset)
	if q.Limit > 0 {
		n = min(n, q.Limit)
	}
	return n, !q.HasFilter(), nil
}
