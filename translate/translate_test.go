package translate_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/translate"
)

var (
	wgs84 = feature.SRS{Authority: "EPSG", Code: 4326, Name: "WGS 84"}
	utm31 = feature.SRS{Authority: "EPSG", Code: 32631, Name: "WGS 84 / UTM zone 31N"}
)

// places has n points on the diagonal, with FIDs from 10.
func places(n int) *table {
	t := &table{name: "places", schema: &feature.Schema{
		Geoms: []feature.GeomField{{Type: feature.Point, SRS: wgs84}},
		Fields: []feature.Field{
			{Name: "name"},
			{Name: "rank", Type: feature.Integer},
			{Name: "height", Type: feature.Real},
		},
	}}
	for i := range n {
		t.rows = append(t.rows, &feature.Feature{
			FID:    int64(i) + 10,
			Geoms:  []feature.WKB{feature.AppendPoint(nil, float64(i), float64(i))},
			Values: []feature.Value{feature.Text(fmt.Sprint("p", i)), feature.Int(int64(i)), feature.Float(float64(i) / 2)},
		})
	}
	return t
}

// notes is a table without geometry.
func notes(n int) *table {
	t := &table{name: "notes", schema: &feature.Schema{Fields: []feature.Field{{Name: "text"}}}}
	for i := range n {
		t.rows = append(t.rows, &feature.Feature{FID: int64(i), Values: []feature.Value{feature.Text("note")}})
	}
	return t
}

// store returns a driver with a source "mem:src" of the tables, and the registry that has it.
func store(tables ...*table) (*memory, driver.Registry) {
	m := &memory{stored: map[string][]*table{"mem:src": tables}}
	return m, driver.Registry{m}
}

// dump prints a dataset, a line a row.
func (m *memory) dump(name string) []string {
	tables, ok := m.stored[name]
	if !ok {
		return nil
	}
	lines := []string{}
	for _, t := range tables {
		head := t.name
		for _, g := range t.schema.Geoms {
			head += fmt.Sprintf(" %s/%s", strings.ReplaceAll(g.Type.String(), " ", ""), g.SRS)
		}
		for _, f := range t.schema.Fields {
			head += " " + f.Name
		}
		lines = append(lines, head)
		for _, f := range t.rows {
			line := fmt.Sprintf("%d", f.FID)
			for _, g := range f.Geoms {
				wkt, err := feature.AppendWKT(nil, g)
				if g == nil {
					wkt, err = []byte("nil"), nil
				}
				line += fmt.Sprintf(" %s", wkt)
				if err != nil {
					line += err.Error()
				}
			}
			for _, v := range f.Values {
				line += " " + v.String()
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func run(t *testing.T, reg driver.Registry, o translate.Options) translate.Report {
	t.Helper()
	r, err := translate.Run(t.Context(), reg, "mem:src", "mem:dst", o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func typ(t feature.GeomType) *feature.GeomType { return &t }

func TestRun(t *testing.T) {
	tests := []struct {
		name string
		src  []*table
		o    translate.Options
		want []string
	}{
		{"everything", []*table{places(2), notes(1)}, translate.Options{}, []string{
			"places POINT/EPSG:4326 name rank height", "1 POINT (0 0) p0 0 0", "2 POINT (1 1) p1 1 0.5",
			"notes text", "1 note",
		}},
		{"one layer under a new name", []*table{places(1), notes(1)}, translate.Options{Layers: []string{"notes"}, NewLayerName: "memos"}, []string{
			"memos text", "1 note",
		}},
		{"select keeps the source's order", []*table{places(1)}, translate.Options{Select: []string{"HEIGHT", "name"}}, []string{
			"places POINT/EPSG:4326 name height", "1 POINT (0 0) p0 0",
		}},
		{"select nothing", []*table{places(1)}, translate.Options{Select: []string{}}, []string{
			"places POINT/EPSG:4326", "1 POINT (0 0)",
		}},
		{"limit, offset", []*table{places(5)}, translate.Options{Offset: 2, Limit: 2, Select: []string{}}, []string{
			"places POINT/EPSG:4326", "1 POINT (2 2)", "2 POINT (3 3)",
		}},
		{"schema only", []*table{places(5)}, translate.Options{SchemaOnly: true}, []string{
			"places POINT/EPSG:4326 name rank height",
		}},
		{"box, and a layer that has no place for it", []*table{places(5), notes(1)}, translate.Options{
			Box: &feature.Bounds{MinX: 1, MinY: 0, MaxX: 2, MaxY: 9}, Select: nil, Layers: []string{"places", "notes"},
		}, []string{
			"places POINT/EPSG:4326 name rank height", "1 POINT (1 1) p1 1 0.5", "2 POINT (2 2) p2 2 1", "notes text", "1 note",
		}},
		{"multi", []*table{places(1)}, translate.Options{PromoteToMulti: true, Select: []string{}}, []string{
			"places MULTIPOINT/EPSG:4326", "1 MULTIPOINT ((0 0))",
		}},
		{"a type and dimensions", []*table{places(1)}, translate.Options{GeomType: typ(feature.MultiPoint), Dims: translate.XYZ, Select: []string{}}, []string{
			"places MULTIPOINTZ/EPSG:4326", "1 MULTIPOINT Z ((0 0 0))",
		}},
		{"any type", []*table{places(1)}, translate.Options{GeomType: typ(feature.Geometry), Select: []string{}}, []string{
			"places GEOMETRY/EPSG:4326", "1 POINT (0 0)",
		}},
		{"no geometry", []*table{places(1)}, translate.Options{NoGeometry: true}, []string{
			"places name rank height", "1 p0 0 0",
		}},
		{"no geometry in a box", []*table{places(4)}, translate.Options{NoGeometry: true, Select: []string{"name"}, Box: &feature.Bounds{MinX: 2.5, MinY: 2.5, MaxX: 9, MaxY: 9}}, []string{
			"places name", "1 p3",
		}},
		{"an SRS", []*table{places(1)}, translate.Options{AssignSRS: &utm31, Select: []string{}}, []string{
			"places POINT/EPSG:32631", "1 POINT (0 0)",
		}},
		{"FIDs are kept when asked", []*table{places(2)}, translate.Options{FIDs: translate.KeepFIDs, Select: []string{}}, []string{
			"places POINT/EPSG:4326", "10 POINT (0 0)", "11 POINT (1 1)",
		}},
		{"FIDs of a column are kept", []*table{withFIDColumn(places(1))}, translate.Options{Select: []string{}}, []string{
			"places POINT/EPSG:4326", "10 POINT (0 0)",
		}},
		{"unless new ones are asked for", []*table{withFIDColumn(places(1))}, translate.Options{FIDs: translate.NewFIDs, Select: []string{}}, []string{
			"places POINT/EPSG:4326", "1 POINT (0 0)",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, reg := store(test.src...)
			run(t, reg, test.o)
			if diff := cmp.Diff(test.want, m.dump("mem:dst")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func withFIDColumn(t *table) *table {
	t.schema.FIDColumn = "id"
	return t
}

// mixed has a column of any geometry, with one of each.
func mixed(t *testing.T, wkts ...feature.WKB) *table {
	t.Helper()
	m := &table{name: "mixed", schema: &feature.Schema{Geoms: []feature.GeomField{{Name: "geom"}}}}
	for i, w := range wkts {
		m.rows = append(m.rows, &feature.Feature{FID: int64(i), Geoms: []feature.WKB{w}})
	}
	return m
}

func pointZ(t *testing.T) feature.WKB {
	t.Helper()
	w, err := feature.AppendAs(nil, feature.AppendPoint(nil, 1, 2), feature.Point.WithDims(true, false))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestMixedGeometries(t *testing.T) {
	line := feature.AppendHeader(nil, feature.LineString, 0)
	tests := []struct {
		name string
		o    translate.Options
		want []string
		err  string
	}{
		{"as they are", translate.Options{}, []string{"mixed GEOMETRY/unknown", "1 POINT (1 2)", "2 POINT Z (1 2 0)", "3 LINESTRING EMPTY", "4 nil"}, ""},
		{"promoted", translate.Options{PromoteToMulti: true}, []string{"mixed GEOMETRY/unknown", "1 MULTIPOINT ((1 2))", "2 MULTIPOINT Z ((1 2 0))", "3 MULTILINESTRING EMPTY", "4 nil"}, ""},
		{"flattened", translate.Options{Dims: translate.XY}, []string{"mixed GEOMETRY/unknown", "1 POINT (1 2)", "2 POINT (1 2)", "3 LINESTRING EMPTY", "4 nil"}, ""},
		{"of one type with Z", translate.Options{GeomType: typ(feature.GeometryCollection), Dims: translate.XYZ}, []string{"mixed GEOMETRYCOLLECTIONZ/unknown", "1 GEOMETRYCOLLECTION Z (POINT Z (1 2 0))", "2 GEOMETRYCOLLECTION Z (POINT Z (1 2 0))", "3 GEOMETRYCOLLECTION Z EMPTY", "4 nil"}, ""},
		{"of one type that would lose Z", translate.Options{GeomType: typ(feature.GeometryCollection)}, nil, "feature 1: a POINT Z would lose Z"},
		{"of one type, passing over those", translate.Options{GeomType: typ(feature.Point), SkipFailures: true}, []string{"mixed POINT/unknown", "1 POINT (1 2)", "2 nil"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, reg := store(mixed(t, feature.AppendPoint(nil, 1, 2), pointZ(t), line, nil))
			_, err := translate.Run(t.Context(), reg, "mem:src", "mem:dst", test.o)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, want %s", err, test.err)
				}
			} else if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.want, m.dump("mem:dst")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAccess(t *testing.T) {
	old := func() []*table { return []*table{{name: "Places", schema: places(0).schema, rows: places(1).rows}} }
	oldLines := []string{"Places POINT/EPSG:4326 name rank height", "10 POINT (0 0) p0 0 0"}
	newLines := []string{"places POINT/EPSG:4326 name rank height", "1 POINT (0 0) p0 0 0", "2 POINT (1 1) p1 1 0.5"}
	tests := []struct {
		name   string
		access translate.Access
		target []*table // nil for none
		o      translate.Options
		want   []string
		is     error
	}{
		{"new", translate.New, nil, translate.Options{}, newLines, nil},
		{"new, exists", translate.New, old(), translate.Options{}, oldLines, fs.ErrExist},
		{"overwrite", translate.Overwrite, []*table{notes(3)}, translate.Options{}, newLines, nil},
		{"overwrite nothing", translate.Overwrite, nil, translate.Options{}, newLines, nil},
		{"update", translate.Update, []*table{notes(0)}, translate.Options{}, append([]string{"notes text"}, newLines...), nil},
		{"update, layer exists", translate.Update, old(), translate.Options{}, oldLines, fs.ErrExist},
		{"update nothing", translate.Update, nil, translate.Options{}, nil, fs.ErrNotExist},
		{"overwrite layers", translate.OverwriteLayers, []*table{{name: "places", schema: &feature.Schema{}}, notes(0)}, translate.Options{
			LayerOptions: driver.Options{"overwrite": "no", "INDEX": "1"},
		}, append(newLines, "notes text"), nil},
		{"append", translate.Append, old(), translate.Options{}, append(oldLines, "11 POINT (0 0) p0 0 0", "12 POINT (1 1) p1 1 0.5"), nil},
		{"append, a new layer", translate.Append, []*table{notes(0)}, translate.Options{}, append([]string{"notes text"}, newLines...), nil},
		{"append to nothing", translate.Append, nil, translate.Options{}, newLines, nil},
		{"append, FIDs taken", translate.Append, old(), translate.Options{FIDs: translate.KeepFIDs}, oldLines, errAny},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, reg := store(places(2))
			if test.target != nil {
				m.stored["mem:dst"] = test.target
			}
			test.o.Access = test.access
			_, err := translate.Run(t.Context(), reg, "mem:src", "mem:dst", test.o)
			switch {
			case test.is == nil && err != nil:
				t.Error(err)
			case test.is == errAny && err != nil:
			case !errors.Is(err, test.is):
				t.Errorf("got error %v, want one that matches %v", err, test.is)
			}
			if diff := cmp.Diff(test.want, m.dump("mem:dst")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// errAny stands for any error.
var errAny = errors.New("any")

func TestOverwriteLayerByDeleting(t *testing.T) {
	m, reg := store(places(1))
	m.noOver = true
	m.stored["mem:dst"] = []*table{{name: "places", schema: &feature.Schema{}}}
	run(t, reg, translate.Options{Access: translate.OverwriteLayers, Select: []string{}})
	if diff := cmp.Diff([]string{"places POINT/EPSG:4326", "1 POINT (0 0)"}, m.dump("mem:dst")); diff != "" {
		t.Error(diff)
	}
}

func TestAppendMapsFields(t *testing.T) {
	target := func() *table {
		return &table{name: "places", schema: &feature.Schema{
			Geoms:  []feature.GeomField{{Name: "geom", Type: feature.MultiPoint, SRS: wgs84}},
			Fields: []feature.Field{{Name: "extra"}, {Name: "RANK", Type: feature.Integer64}, {Name: "Name"}},
		}}
	}
	m, reg := store(places(1))
	m.stored["mem:dst"] = []*table{target()}
	_, err := translate.Run(t.Context(), reg, "mem:src", "mem:dst", translate.Options{Access: translate.Append})
	var fe *translate.FieldsError
	if !errors.As(err, &fe) || !slices.Equal(fe.Missing, []string{"height"}) {
		t.Errorf("got %v, want a FieldsError for height", err)
	}
	run(t, reg, translate.Options{Access: translate.Append, Select: []string{"name", "rank"}})
	want := []string{"places MULTIPOINT/EPSG:4326 extra RANK Name", "1 MULTIPOINT ((0 0)) (unset) 0 p0"}
	if diff := cmp.Diff(want, m.dump("mem:dst")); diff != "" {
		t.Error(diff)
	}
}

func TestAppendRefuses(t *testing.T) {
	tests := []struct {
		name   string
		schema func(*feature.Schema)
		o      translate.Options
		want   string
	}{
		{"another type", func(s *feature.Schema) { s.Fields[0].Type = feature.DateField }, translate.Options{}, "field name is String in the source and Date in the target"},
		{"a real into an integer", func(s *feature.Schema) { s.Fields[2].Type = feature.Integer }, translate.Options{}, "field height is Real in the source and Integer in the target"},
		{"an integer into a boolean", func(s *feature.Schema) { s.Fields[1].Subtype = feature.Boolean }, translate.Options{}, "field rank is Integer in the source and Integer(Boolean) in the target"},
		{"another SRS", func(s *feature.Schema) { s.Geoms[0].SRS = utm31 }, translate.Options{}, "EPSG:4326"},
		{"another SRS, said to be the same", func(s *feature.Schema) { s.Geoms[0].SRS = utm31 }, translate.Options{AssignSRS: &utm31}, ""},
		{"no geometry", func(s *feature.Schema) { s.Geoms = nil }, translate.Options{}, "the target has no geometry"},
		{"no geometry wanted", func(s *feature.Schema) { s.Geoms = nil }, translate.Options{NoGeometry: true}, ""},
		{"a line", func(s *feature.Schema) { s.Geoms[0].Type = feature.LineString }, translate.Options{}, "a POINT does not go into a column of type LINESTRING"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, reg := store(places(1))
			s := places(0).schema
			test.schema(s)
			m.stored["mem:dst"] = []*table{{name: "places", schema: s}}
			before := m.dump("mem:dst")
			test.o.Access = translate.Append
			_, err := translate.Run(t.Context(), reg, "mem:src", "mem:dst", test.o)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if diff := cmp.Diff(before, m.dump("mem:dst")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name string
		prep func(*memory)
		o    translate.Options
		want string
		is   error
	}{
		{"unknown layer", nil, translate.Options{Layers: []string{"roads"}}, "layer roads", fs.ErrNotExist},
		{"a layer twice", nil, translate.Options{Layers: []string{"notes", "notes"}}, "layer notes is to be copied twice", nil},
		{"one name for two", nil, translate.Options{NewLayerName: "x"}, "2 layers cannot all be called x", nil},
		{"unknown field", nil, translate.Options{Layers: []string{"places"}, Select: []string{"age"}}, `layer places: no field "age": the layer has name, rank, height`, nil},
		{"unknown format", nil, translate.Options{Format: "DGN"}, `"DGN"`, driver.ErrUnknownFormat},
		{"one layer a dataset", func(m *memory) { m.single = true }, translate.Options{}, "2 are to be copied", errors.ErrUnsupported},
		{"no layers", func(m *memory) { m.stored["mem:src"] = nil }, translate.Options{}, "no layers", nil},
		{"open option", nil, translate.Options{OpenOptions: driver.Options{"X": "1"}}, `"X"`, nil},
		{"dataset option", nil, translate.Options{DatasetOptions: driver.Options{"X": "1"}}, `"X"`, nil},
		{"layer option", nil, translate.Options{LayerOptions: driver.Options{"X": "1"}}, `"X"`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, reg := store(places(1), notes(1))
			if test.prep != nil {
				test.prep(m)
			}
			_, err := translate.Run(t.Context(), reg, "mem:src", "mem:dst", test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %q that matches %v", err, test.want, test.is)
			}
			if d := m.dump("mem:dst"); d != nil {
				t.Errorf("there is a target: %q", d)
			}
		})
	}
}

// TestFailureLeavesTarget fails after some rows were written, in every way to treat a target.
func TestFailureLeavesTarget(t *testing.T) {
	broken := places(3000)
	broken.broken = errors.New("the disk is gone")
	for access := translate.New; access <= translate.Append; access++ {
		m, reg := store(notes(2), broken)
		if access != translate.New {
			m.stored["mem:dst"] = []*table{{name: "places", schema: broken.schema, rows: places(1).rows}}
		}
		o := translate.Options{Access: access}
		if access == translate.Update {
			o.Layers, o.NewLayerName = []string{"places"}, "other"
		}
		before := m.dump("mem:dst")
		r, err := translate.Run(t.Context(), reg, "mem:src", "mem:dst", o)
		if err == nil || !strings.Contains(err.Error(), "layer places: the disk is gone") {
			t.Errorf("access %d: got %v", access, err)
		}
		want := before
		if access == translate.Append || access == translate.OverwriteLayers { // the first layer was complete
			want = append(slices.Clone(before), "notes text", "1 note", "2 note")
			if len(r.Layers) != 1 || r.Layers[0].Rows != 2 {
				t.Errorf("access %d: report of %+v", access, r.Layers)
			}
		} else if len(r.Layers) != 0 {
			t.Errorf("access %d: report of %+v, and none is there", access, r.Layers)
		}
		if diff := cmp.Diff(want, m.dump("mem:dst")); diff != "" {
			t.Errorf("access %d: %s", access, diff)
		}
	}
}

func TestCancel(t *testing.T) {
	m, reg := store(places(5000))
	ctx, cancel := context.WithCancel(t.Context())
	o := translate.Options{Progress: func(p translate.Progress) {
		if p.Rows > 0 {
			cancel()
		}
	}}
	_, err := translate.Run(ctx, reg, "mem:src", "mem:dst", o)
	if !errors.Is(err, context.Canceled) || m.dump("mem:dst") != nil {
		t.Errorf("got %v and a target of %d lines", err, len(m.dump("mem:dst")))
	}
	if _, err := translate.Run(ctx, reg, "mem:src", "mem:dst", o); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
}

func TestSkipFailures(t *testing.T) {
	src := places(300)
	src.bad = map[int64]bool{12: true}
	for _, f := range src.rows[100:] {
		f.Geoms[0] = feature.AppendHeader(nil, feature.LineString, 0)
	}
	m, reg := store(src)
	if _, err := translate.Run(t.Context(), reg, "mem:src", "mem:dst", translate.Options{}); err == nil || m.dump("mem:dst") != nil {
		t.Errorf("without SkipFailures: %v", err)
	}
	r := run(t, reg, translate.Options{SkipFailures: true})
	l := r.Layers[0]
	if l.Rows != 99 || l.Skipped != 201 || len(l.Skips) != translate.MaxSkips {
		t.Errorf("%d rows, %d skipped, %d listed", l.Rows, l.Skipped, len(l.Skips))
	}
	if s := l.Skips[0]; !strings.Contains(s.Err.Error(), "feature 12") {
		t.Errorf("the first that was skipped: %+v", s)
	}
	if s := l.Skips[1]; s.FID != 110 || s.Err == nil {
		t.Errorf("the second that was skipped: %+v", s)
	}
}

func TestProgressAndReport(t *testing.T) {
	first := places(1200)
	first.count = true
	m, reg := store(first, notes(3))
	var got []string
	r := run(t, reg, translate.Options{Offset: 100, Limit: 1000, Progress: func(p translate.Progress) {
		got = append(got, fmt.Sprintf("%s %d/%d %d/%d", p.Layer, p.Index, p.Layers, p.Rows, p.Total))
	}})
	want := []string{
		"places 0/2 0/1000", "places 0/2 500/1000", "places 0/2 1000/1000", "places 0/2 1000/1000",
		"notes 1/2 0/-1", "notes 1/2 0/-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r.Driver != "Memory" || len(r.Layers) != 2 || r.Layers[0].Rows != 1000 || r.Duration <= 0 {
		t.Errorf("report %+v", r)
	}
	if diff := cmp.Diff([]string{"layer places was made (2 times; this is the first)"}, r.Warnings); diff != "" {
		t.Error(diff)
	}
	_ = m
}

func TestOptionsThatAreNotUsed(t *testing.T) {
	m, reg := store(places(1))
	m.stored["mem:dst"] = []*table{places(0)}
	r := run(t, reg, translate.Options{
		Access: translate.Append, DatasetOptions: driver.Options{"VERSION": "1"}, LayerOptions: driver.Options{"INDEX": "1"},
	})
	if len(r.Warnings) != 2 || !strings.Contains(r.Warnings[0], "dataset creation options") || !strings.Contains(r.Warnings[1], "layer creation options") {
		t.Errorf("warnings %q", r.Warnings)
	}
}

func TestSameDataset(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.mem")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for access := translate.Overwrite; access <= translate.Append; access++ {
		m, _ := store()
		m.stored[name] = []*table{places(1)}
		_, err := translate.Run(t.Context(), driver.Registry{fileMemory{m}}, name, name, translate.Options{Access: access, NewLayerName: "b"})
		if !errors.Is(err, translate.ErrSameDataset) || len(m.stored[name]) != 1 {
			t.Errorf("access %d: got %v, want ErrSameDataset", access, err)
		}
	}
}

// fileMemory knows its datasets by their extension.
type fileMemory struct{ *memory }

func (m fileMemory) Probe(name string, _ []byte) driver.Confidence {
	if driver.HasExtension(name, "mem") {
		return driver.ByName
	}
	return driver.No
}

func TestNaNGeometry(t *testing.T) {
	m, reg := store(mixed(t, feature.AppendPoint(nil, math.NaN(), math.NaN())))
	run(t, reg, translate.Options{PromoteToMulti: true})
	if diff := cmp.Diff([]string{"mixed GEOMETRY/unknown", "1 MULTIPOINT EMPTY"}, m.dump("mem:dst")); diff != "" {
		t.Error(diff)
	}
}
