package drivertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// memory is a driver whose datasets are files that hold nothing: the features are in the driver. It keeps every promise
// but the one that broken names, so that each check of the suite can be seen to fail.
type memory struct {
	mu     sync.Mutex
	stored map[string][]*table // by the name of the dataset
	broken string
}

// table is a layer.
type table struct {
	name   string
	schema *feature.Schema
	rows   []*feature.Feature
	bad    int // how many rows at the end cannot be read
	shared feature.Feature
}

func (d *memory) Info() driver.Info {
	info := driver.Info{
		Name: "Memory", LongName: "Features in memory", Extensions: []string{"mem"},
		Caps: driver.CanRead | driver.CanUpdate | driver.CanCreate | driver.MultiLayer,
		Open: []driver.OptionSpec{{Name: "SLOW", Type: driver.BoolOption, Default: "NO", Doc: "nothing"}},
		Layer: []driver.OptionSpec{
			{Name: "ORDER", Type: driver.ChoiceOption, Choices: []string{"FID", "NONE"}, Default: "FID", Doc: "nothing"},
		},
	}
	switch d.broken {
	case "extension with a point":
		info.Extensions = []string{".mem"}
	case "bad default":
		info.Open[0].Default = "PERHAPS"
	case "layers beyond its capability":
		info.Caps &^= driver.MultiLayer
	}
	return info
}

func (d *memory) Probe(name string, head []byte) driver.Confidence {
	switch {
	case d.broken == "claims everything":
		return driver.Certain
	case d.broken == "claims nothing":
		return driver.No
	case driver.HasExtension(name, "mem"):
		return driver.ByName
	}
	return driver.No
}

func (d *memory) fail(op, name string, err error) error {
	if d.broken == "plain errors" {
		return err
	}
	return driver.Wrap(op, "memory", name, "", err)
}

func (d *memory) Open(ctx context.Context, name string, m driver.Mode, o driver.Options) (driver.Dataset, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	specs := d.Info().Open
	if m == driver.Create || m == driver.Replace {
		specs = d.Info().Dataset
	}
	if _, err := driver.ParseOptions("open option of Memory", specs, o); err != nil && d.broken != "any option" &&
		(m != driver.Create || d.broken != "any dataset option") {
		return nil, d.fail("open", name, err)
	}
	ds := &memoryDataset{d: d, ctx: ctx, name: name, mode: m}
	_, err := os.Stat(name)
	switch m {
	case driver.Read, driver.Update:
		if err != nil && d.broken == "makes what is missing" {
			err = os.WriteFile(name, nil, 0o666)
		}
		if err != nil {
			return nil, d.fail("open", name, err)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		ds.layers = slices.Clone(d.stored[name])
		if d.broken == "touches the file" {
			err = os.WriteFile(name+"-wal", nil, 0o666)
		}
	case driver.Create:
		if err == nil && d.broken != "creates over a file" {
			return nil, d.fail("create", name, fs.ErrExist)
		}
		err = nil
		if d.broken == "makes the file at once" {
			err = os.WriteFile(name, nil, 0o666)
		}
	case driver.Replace:
		err = nil
		if d.broken == "replaces at once" {
			_ = os.Remove(name)
		}
	}
	return ds, err
}

type memoryDataset struct {
	d       *memory
	ctx     context.Context
	name    string
	mode    driver.Mode
	layers  []*table
	spoiled bool
	writing bool
	closed  bool
}

func (ds *memoryDataset) LayerNames(context.Context) ([]string, error) {
	var names []string
	for _, t := range ds.layers {
		names = append(names, t.name)
	}
	if ds.d.broken == "layer names" {
		names = append(names, names[0])
	}
	return names, nil
}

func (ds *memoryDataset) table(name string) *table {
	i := slices.IndexFunc(ds.layers, func(t *table) bool { return t.name == name })
	if i < 0 {
		return nil
	}
	return ds.layers[i]
}

func (ds *memoryDataset) Layer(_ context.Context, name string) (layer.Layer, error) {
	t := ds.table(name)
	if t == nil {
		if ds.d.broken == "any layer" {
			return &memoryLayer{ds, ds.layers[0]}, nil
		}
		return nil, ds.d.fail("open", ds.name, fmt.Errorf("layer %s: %w", name, fs.ErrNotExist))
	}
	l := &memoryLayer{ds, t}
	switch ds.d.broken {
	case "count":
		return counting{l}, nil
	case "count without where":
		return countingAll{l}, nil
	case "get":
		return getting{l}, nil
	case "get shares":
		return sharing{l}, nil
	case "extent":
		return extending{l}, nil
	case "shared state":
		return &stateful{memoryLayer: l}, nil
	}
	return l, nil
}

func (ds *memoryDataset) Close() error {
	if ds.closed {
		if ds.d.broken == "close twice" {
			return fs.ErrClosed
		}
		return nil
	}
	ds.closed = true
	if ds.mode == driver.Read || ds.spoiled || ds.ctx.Err() != nil && ds.d.broken != "completes what was cancelled" {
		return nil
	}
	return ds.publish()
}

func (ds *memoryDataset) publish() error {
	if ds.d.broken == "adds to what it replaces" && ds.mode == driver.Replace {
		ds.layers = append(ds.layers, ds.d.stored[ds.name]...)
	}
	ds.d.mu.Lock()
	defer ds.d.mu.Unlock()
	ds.d.stored[ds.name] = ds.layers
	if ds.d.broken == "forgets to write" {
		return nil
	}
	return os.WriteFile(ds.name, nil, 0o666)
}

type memoryLayer struct {
	ds *memoryDataset
	t  *table
}

func (l *memoryLayer) Name() string            { return l.t.name }
func (l *memoryLayer) Schema() *feature.Schema { return l.t.schema }

func (l *memoryLayer) broken() string { return l.ds.d.broken }

var errDamaged = errors.New("a damaged row")

func (l *memoryLayer) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	if q.Box != nil && l.broken() == "box of float32" {
		b := *q.Box
		b.MaxX = float64(float32(b.MaxX))
		q.Box = &b
	}
	if q.Box != nil && l.broken() == "box does not touch" && len(l.t.rows) > 0 {
		b := *q.Box
		b.MinX += 1e-9
		q.Box = &b
	}
	switch l.broken() {
	case "limit":
		if q.Limit > 0 {
			q.Limit++
		}
	case "offset":
		q.Offset = 0
	case "limit before the box":
		if q.Box != nil {
			q.Offset = 0
		}
	case "box ignored":
		q.Box = nil
	case "where ignored":
		q.Where = nil
	}
	rows := l.rows(ctx, q)
	if r := l.brokenRows(ctx, q, rows); r != nil {
		return r
	}
	if l.broken() == "two errors" {
		rows = twice(rows)
	}
	return rows
}

// twice yields an error once more.
func twice(rows iter.Seq2[*feature.Feature, error]) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		for f, err := range rows {
			if !yield(f, err) || err != nil && !yield(f, err) {
				return
			}
		}
	}
}

func (l *memoryLayer) rows(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	p, err := q.Plan(l.t.schema)
	if l.broken() == "any column" && err != nil {
		q.Columns = nil
		p, err = q.Plan(l.t.schema)
	}
	if err != nil {
		return func(yield func(*feature.Feature, error) bool) { yield(nil, l.ds.d.fail("read", l.ds.name, err)) }
	}
	return layer.Filter(func(yield func(*feature.Feature, error) bool) {
		var f feature.Feature
		if err := ctx.Err(); err != nil && len(l.t.rows) == 0 {
			yield(nil, err)
			return
		}
		if l.broken() == "goroutine" {
			go func() { <-ctx.Done() }()
		}
		for i, row := range l.t.rows {
			if l.broken() == "cancelled is the end" && ctx.Err() != nil {
				return
			}
			if err := ctx.Err(); err != nil && l.broken() != "not cancelled" && (i == 0 || l.broken() != "cancelled before only") {
				if l.broken() == "wraps without Unwrap" {
					err = errors.New(err.Error())
				}
				yield(nil, err)
				return
			}
			if i >= len(l.t.rows)-l.t.bad && l.broken() != "passes over damage" {
				if q.OnBadRow == nil {
					yield(nil, errDamaged)
					return
				}
				q.OnBadRow(errDamaged)
				continue
			}
			f.Reset(l.t.schema)
			f.FID = row.FID
			for j := range f.Values {
				if p.Read[j] || l.broken() == "all columns" {
					f.Values[j] = row.Values[j].Clone()
					if l.broken() == "values share" {
						f.Values[j] = row.Values[j]
					}
				}
				if !p.Read[j] && l.broken() == "null columns" {
					f.Values[j] = feature.Null()
				}
			}
			for j := range f.Geoms {
				if p.ReadGeoms[j] {
					f.Geoms[j] = row.Geoms[j].Clone()
					if l.broken() == "geometries share" {
						f.Geoms[j] = row.Geoms[j]
					}
				}
			}
			out := &f
			if l.broken() == "hands out its rows" {
				out = row
			}
			if !yield(out, nil) {
				return
			}
		}
		if l.broken() == "extra row" {
			f.Reset(l.t.schema)
			yield(&f, nil)
		}
		if l.broken() == "neither" {
			yield(nil, nil)
		}
	}, l.residual(p))
}

// residual returns what the layer leaves to Filter: all of the query.
func (l *memoryLayer) residual(p *layer.Plan) *layer.Plan {
	if l.broken() == "geometry left in" {
		p.Geoms = true
	}
	return p
}

// stateful keeps its place in the layer.
type stateful struct {
	*memoryLayer
	at int
}

func (l *stateful) Features(context.Context, layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		for l.at = 0; l.at < len(l.t.rows); l.at++ {
			if !yield(l.t.rows[l.at].Clone(), nil) {
				return
			}
		}
	}
}

type counting struct{ *memoryLayer }

// Count looks at no filter.
func (l counting) Count(context.Context, layer.Query) (int64, bool, error) {
	return int64(len(l.t.rows)), true, nil
}

type extending struct{ *memoryLayer }

// Extent is too small.
func (l extending) Extent(context.Context, int) (feature.Bounds, bool, error) {
	return feature.Bounds{}, true, nil
}

type getting struct{ *memoryLayer }

// Get returns no error for what is not there.
func (l getting) Get(_ context.Context, fid int64) (*feature.Feature, error) {
	for _, f := range l.t.rows {
		if f.FID == fid {
			return f.Clone(), nil
		}
	}
	return nil, nil
}

type sharing struct{ *memoryLayer }

// Get hands out its own rows.
func (l sharing) Get(_ context.Context, fid int64) (*feature.Feature, error) {
	for _, f := range l.t.rows {
		if f.FID == fid {
			return f, nil
		}
	}
	return nil, fs.ErrNotExist
}

// newMemory returns a driver with one dataset, and the dataset's name.
func newMemory(dir, broken string) (*memory, string) {
	d := &memory{stored: make(map[string][]*table), broken: broken}
	name := filepath.Join(dir, "one.mem")
	schema := &feature.Schema{
		Geoms: []feature.GeomField{{Name: "geom", Type: feature.Geometry}, {Name: "at", Type: feature.Point}},
		Fields: []feature.Field{
			{Name: "name", Type: feature.String},
			{Name: "n", Type: feature.Integer64, NotNull: true},
			{Name: "data", Type: feature.Binary},
			{Name: "height", Type: feature.Real},
			{Name: "seen", Type: feature.DateTimeField},
			{Name: "open", Type: feature.Integer, Subtype: feature.Boolean},
		},
	}
	t := &table{name: "places", schema: schema}
	for i := range 40 {
		f := feature.New(schema)
		f.FID = int64(i*3 + 1)
		x, y := float64(i%7)+0.1, float64(i%5)-0.3
		f.Geoms[1] = feature.AppendPoint(nil, x, y)
		f.Values[0], f.Values[1] = feature.Text(fmt.Sprintf("place %d", i)), feature.Int(int64(i))
		f.Values[3] = []feature.Value{
			feature.Float(float64(i) / 3), feature.Float(math.NaN()), feature.Null(), feature.Float(math.Copysign(0, -1)), feature.Float(0),
		}[i%5]
		f.Values[4] = feature.WallClock(int64(i%6)*30*60e6, []feature.Zone{feature.ZoneUTC, 60, feature.ZoneUnknown, -90}[i%4])
		f.Values[5] = []feature.Value{feature.Bool(true), feature.Bool(false), feature.Null()}[i%3]
		if i == 10 {
			f.Values[1] = feature.Int(1<<53 + 1)
		}
		switch i % 4 {
		case 0:
			f.Geoms[0] = feature.AppendPoint(nil, x, y)
		case 1:
			f.Geoms[0] = feature.AppendBounds(nil, feature.Bounds{MinX: x, MinY: y, MaxX: x + 0.7, MaxY: y + 1.3})
			f.Values[2] = feature.Bytes([]byte{byte(i), 0, 255})
		case 2:
			f.Values[0] = feature.Null()
			if i%8 == 2 {
				f.Values[0] = feature.Text(fmt.Sprintf("Place %d", i))
			}
		case 3:
			f.Geoms[0] = feature.AppendHeader(nil, feature.LineString, 0)
		}
		t.rows = append(t.rows, f)
	}
	switch broken {
	case "row of another type":
		t.rows[3].Geoms[1] = feature.AppendHeader(nil, feature.LineString, 0)
	case "malformed geometry":
		t.rows[3].Geoms[1] = t.rows[3].Geoms[1][:11]
	case "value of another kind":
		t.rows[3].Values[1] = feature.Float(1)
	case "null in NOT NULL":
		t.rows[3].Values[1] = feature.Null()
	case "not UTF-8":
		t.rows[3].Values[0] = feature.Text("M\xfcnchen")
	case "FID order":
		t.rows[3], t.rows[4] = t.rows[4], t.rows[3]
	case "same FID":
		t.rows[3].FID = t.rows[2].FID
	case "two fields of one name":
		t.schema.Fields[0].Name = t.schema.Fields[1].Name
	}
	empty := &table{name: "nothing", schema: &feature.Schema{}}
	d.stored[name] = []*table{t, empty}
	if err := os.WriteFile(name, nil, 0o666); err != nil {
		panic(err)
	}
	damaged := *t
	damaged.bad = 2
	bad := filepath.Join(dir, "damaged.mem")
	d.stored[bad] = []*table{&damaged}
	if err := os.WriteFile(bad, nil, 0o666); err != nil {
		panic(err)
	}
	return d, name
}

func (ds *memoryDataset) Create(_ context.Context, name string, s *feature.Schema, o driver.Options) (layer.Writer, error) {
	if _, err := driver.ParseOptions("layer creation option of Memory", ds.d.Info().Layer, o); err != nil && ds.broken() != "any layer option" {
		return nil, ds.d.fail("create", ds.name, err)
	}
	switch {
	case ds.mode == driver.Read && ds.broken() != "writes what is read":
		return nil, ds.d.fail("create", ds.name, errors.ErrUnsupported)
	case ds.writing && ds.broken() != "two writers":
		return nil, ds.d.fail("create", ds.name, errors.New("another writer is open"))
	case ds.table(name) != nil && ds.broken() != "layer twice":
		return nil, ds.d.fail("create", ds.name, fmt.Errorf("layer %s: %w", name, fs.ErrExist))
	}
	if ds.broken() == "changes the schema" {
		s.Fields[0].Name = "changed"
	}
	t := &table{name: name, schema: s.Clone()}
	if ds.broken() == "schema without a field" {
		t.schema.Fields = t.schema.Fields[1:]
	}
	w := &memoryWriter{ds: ds, t: t, said: t.schema}
	if ds.broken() == "other names" {
		w.said = t.schema.Clone()
		w.said.Fields[0].Name = "said"
	}
	if ds.broken() == "forgets the SRS" {
		t.schema.Geoms[0].SRS = feature.SRS{}
	}
	ds.writing = true
	return w, nil
}

func (ds *memoryDataset) broken() string { return ds.d.broken }

func (ds *memoryDataset) Append(_ context.Context, name string) (layer.Writer, error) {
	if ds.mode == driver.Read && ds.broken() != "writes what is read" {
		return nil, ds.d.fail("append", ds.name, errors.ErrUnsupported)
	}
	t := ds.table(name)
	if t == nil {
		if ds.broken() != "appends to anything" {
			return nil, ds.d.fail("append", ds.name, fmt.Errorf("layer %s: %w", name, fs.ErrNotExist))
		}
		t = ds.layers[0]
	}
	ds.writing = true
	w := &memoryWriter{ds: ds, t: t, said: t.schema, appends: true}
	if ds.broken() == "append overwrites" {
		t.rows = nil
	}
	return w, nil
}

func (ds *memoryDataset) Discard() error {
	if ds.mode == driver.Create || ds.mode == driver.Replace {
		ds.spoiled = ds.broken() != "discard completes"
	}
	return ds.Close()
}

type memoryWriter struct {
	ds       *memoryDataset
	t        *table
	said     *feature.Schema
	rows     []*feature.Feature
	appends  bool
	rejected bool
	done     bool
}

func (w *memoryWriter) Schema() *feature.Schema { return w.said }

func (w *memoryWriter) Write(f *feature.Feature) error {
	if w.rejected && w.ds.broken() == "stops after a rejection" {
		return errors.New("a transaction that has failed")
	}
	if len(f.Geoms) > 0 && f.Geoms[0] != nil && f.Geoms[0].Check() != nil {
		w.rejected = true
		err := errors.New("a malformed geometry")
		if w.ds.broken() == "rejects without saying so" {
			return err
		}
		return &layer.RejectedError{FID: f.FID, Err: err}
	}
	c := f.Clone()
	if w.ds.broken() == "keeps the values" {
		copy(c.Values, f.Values)
	}
	if w.ds.broken() == "keeps the geometries" {
		copy(c.Geoms, f.Geoms)
	}
	if c.FID == feature.NullFID || w.ds.broken() == "another FID" {
		c.FID = int64(len(w.t.rows) + len(w.rows) + 1)
		if w.ds.broken() != "another FID" {
			f.FID = c.FID
		}
	}
	if w.appends && w.ds.broken() == "appends one FID again" {
		c.FID = w.t.rows[0].FID
	}
	if len(w.rows) == 1 && w.ds.broken() == "loses a null" {
		c.Values[0] = feature.Null()
	}
	if w.ds.broken() == "writes at once" {
		if len(w.t.rows) == 0 {
			w.ds.layers = append(w.ds.layers, w.t)
		}
		w.t.rows = append(w.t.rows, c)
		return nil
	}
	w.rows = append(w.rows, c)
	if len(w.rows) == 3 && w.ds.broken() == "loses a row" {
		w.rows = w.rows[:2]
	}
	return nil
}

func (w *memoryWriter) Commit() error {
	w.done, w.ds.writing = true, false
	if w.ds.broken() == "writes at once" {
		return nil
	}
	if !w.appends {
		w.ds.layers = append(w.ds.layers, w.t)
	}
	if len(w.rows) == 0 && w.ds.broken() == "no empty layers" {
		w.ds.layers = w.ds.layers[:len(w.ds.layers)-1]
	}
	w.t = w.ds.own(w.t)
	w.t.rows = append(w.t.rows[:len(w.t.rows):len(w.t.rows)], w.rows...)
	return nil
}

// own replaces a layer by a copy, so that the stored one stays as it is until the dataset is closed.
func (ds *memoryDataset) own(t *table) *table {
	c := *t
	for i := range ds.layers {
		if ds.layers[i] == t {
			ds.layers[i] = &c
		}
	}
	return &c
}

func (w *memoryWriter) Close() error {
	if w.done {
		if w.ds.broken() == "close after commit" {
			return fs.ErrClosed
		}
		return nil
	}
	w.done, w.ds.writing = true, false
	if w.ds.mode != driver.Update && w.ds.broken() != "publishes the uncommitted" {
		w.ds.spoiled = true
	}
	if w.ds.broken() == "close commits" {
		w.ds.spoiled = false
		return w.Commit()
	}
	return nil
}
