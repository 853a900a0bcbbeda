package main

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// oddDriver reads "odd:", a dataset of layers that no file would hold: two geometry columns, curves, values of every kind,
// a layer that breaks off, rows that cannot be read.
type oddDriver struct{}

func (oddDriver) Info() driver.Info {
	return driver.Info{
		Name: "Odd", LongName: "Odd things", Prefixes: []string{"odd:"}, Caps: driver.CanRead | driver.MultiLayer,
		Open: []driver.OptionSpec{
			{Name: "HOW", Type: driver.ChoiceOption, Choices: []string{"VERY", "HARDLY"}, Default: "VERY", Doc: "how odd"},
			{Name: "LOUD", Type: driver.BoolOption, Doc: "say so"},
		},
		Help: "It is odd.",
	}
}

func (oddDriver) Probe(name string, _ []byte) driver.Confidence {
	if strings.HasPrefix(name, "odd:") {
		return driver.Certain
	}
	return driver.No
}

func (oddDriver) Open(_ context.Context, name string, _ driver.Mode, o driver.Options) (driver.Dataset, error) {
	if _, err := driver.ParseOptions("open option of Odd", oddDriver{}.Info().Open, o); err != nil {
		return nil, driver.Wrap("open", "odd", name, "", err)
	}
	d := &oddDataset{}
	d.Warn("one thing is odd")
	d.Warn("so is another")
	return d, nil
}

type oddDataset struct{ driver.WarningLog }

func (*oddDataset) LayerNames(context.Context) ([]string, error) {
	return []string{"odd", "table"}, nil
}

func (*oddDataset) Layer(_ context.Context, name string) (layer.Layer, error) {
	l := &oddLayer{name: name}
	switch name {
	case "odd":
		l.schema, l.rows = oddRows()
	case "table":
		l.schema = &feature.Schema{Fields: []feature.Field{{Name: "n", Type: feature.Integer}}}
		l.rows = []*feature.Feature{{FID: 5, Values: []feature.Value{feature.Int(1)}}}
	case "broken", "holes":
		l.schema = &feature.Schema{
			Geoms: []feature.GeomField{{Type: feature.Point}}, Fields: []feature.Field{{Name: "n", Type: feature.Integer64}},
		}
		for i := range int64(50) {
			l.rows = append(l.rows, &feature.Feature{
				FID: i, Geoms: []feature.WKB{feature.AppendPoint(nil, float64(i), 0)}, Values: []feature.Value{feature.Int(i)},
			})
		}
	default:
		return nil, &driver.Error{Op: "read", Name: "odd:", Layer: name, FID: feature.NullFID, Err: fs.ErrNotExist}
	}
	return l, nil
}

func oddRows() (*feature.Schema, []*feature.Feature) {
	s := &feature.Schema{
		FIDColumn: "id",
		Geoms: []feature.GeomField{
			{Name: "shape", Type: feature.Geometry, SRS: feature.SRS{Authority: "EPSG", Code: 4326, Name: "WGS 84", WKT: `GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]`}},
			{Name: "label", Type: feature.Point.WithDims(true, false), NotNull: true},
		},
		Fields: []feature.Field{
			{Name: "text", Width: 12, NotNull: true, Unique: true, Default: "'none'", Alias: "Text", Comment: "a \"text\""},
			{Name: "yes", Type: feature.Integer, Subtype: feature.Boolean},
			{Name: "price", Type: feature.Real, Width: 10, Precision: 2},
			{Name: "small", Type: feature.Real, Subtype: feature.Float32},
			{Name: "when", Type: feature.DateTimeField},
			{Name: "blob", Type: feature.Binary},
			{Name: "list", Type: feature.StringList},
			{Name: "reals", Type: feature.RealList},
			{Name: "doc", Subtype: feature.JSONText},
		},
	}
	pointZ, _ := feature.AppendAs(nil, feature.AppendPoint(nil, 1, 2), feature.Point.WithDims(true, false))
	var arc feature.Builder
	_ = arc.Begin(feature.CircularString, 3)
	_ = arc.XY(0, 0)
	_ = arc.XY(1, 1)
	_ = arc.XY(2, 0)
	_ = arc.End()
	curve, _ := arc.WKB()
	return s, []*feature.Feature{
		{
			FID: -1, Geoms: []feature.WKB{feature.AppendPoint(nil, 0.1, -0.5), pointZ},
			Values: []feature.Value{
				feature.Text("a \"b\"\tc\x01\xff"), feature.Bool(true), feature.Float(9.5), feature.Float(float64(float32(0.1))),
				feature.DateTime(time.Date(2018, 2, 13, 23, 59, 59, 5e8, time.UTC)), feature.Bytes([]byte{0, 171}),
				feature.TextList("a", "b,c"), feature.FloatList(0.5, math.NaN()), feature.JSON([]byte(`{"a":[1,null]}`)),
			},
		},
		{
			FID: 1 << 60, Geoms: []feature.WKB{curve, nil},
			Values: []feature.Value{
				{},
				feature.Null(), feature.Float(math.Inf(1)), feature.Float(math.NaN()), feature.Null(), feature.Bytes([]byte{}),
				feature.TextList(), feature.FloatList(), feature.JSON([]byte(`{"a":`)),
			},
		},
	}
}

func (d *oddDataset) Create(context.Context, string, *feature.Schema, driver.Options) (layer.Writer, error) {
	return nil, errors.ErrUnsupported
}

func (d *oddDataset) Append(context.Context, string) (layer.Writer, error) {
	return nil, errors.ErrUnsupported
}
func (d *oddDataset) Close() error { return nil }

type oddLayer struct {
	name   string
	schema *feature.Schema
	rows   []*feature.Feature
}

func (l *oddLayer) Name() string            { return l.name }
func (l *oddLayer) Schema() *feature.Schema { return l.schema }

// Count lets the broken layer be described.
func (l *oddLayer) Count(context.Context, layer.Query) (int64, bool, error) {
	return int64(len(l.rows)), true, nil
}

// Extent does the same.
func (l *oddLayer) Extent(_ context.Context, geom int) (feature.Bounds, bool, error) {
	b := feature.EmptyBounds()
	for _, f := range l.rows {
		if f.Geoms[geom] != nil {
			gb, err := f.Geoms[geom].Bounds()
			if err != nil {
				return b, true, err
			}
			b = b.Union(gb)
		}
	}
	return b, true, nil
}

func (l *oddLayer) Features(_ context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	p, err := q.Plan(l.schema)
	if err != nil {
		return func(yield func(*feature.Feature, error) bool) { yield(nil, err) }
	}
	return layer.Filter(func(yield func(*feature.Feature, error) bool) {
		for i, f := range l.rows {
			if l.name == "holes" && i%3 == 1 && q.OnBadRow != nil {
				q.OnBadRow(&layer.RejectedError{FID: f.FID, Err: errors.New("there is a hole")})
				continue
			}
			f = f.Clone()
			for j := range f.Values {
				if !p.Read[j] {
					f.Values[j] = feature.Value{}
				}
			}
			if !yield(f, nil) {
				return
			}
		}
		if l.name == "broken" {
			yield(nil, errors.New("the tape tore"))
		}
	}, p)
}
