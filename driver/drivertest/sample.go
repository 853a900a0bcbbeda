package drivertest

import (
	"math"
	"strings"
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
)

// everyField has a field of every type.
var everyField = []feature.Field{
	{Name: "text"},
	{Name: "json", Subtype: feature.JSONText},
	{Name: "uuid", Subtype: feature.UUID},
	{Name: "int", Type: feature.Integer},
	{Name: "bool", Type: feature.Integer, Subtype: feature.Boolean},
	{Name: "int16", Type: feature.Integer, Subtype: feature.Int16},
	{Name: "int64", Type: feature.Integer64},
	{Name: "real", Type: feature.Real},
	{Name: "real32", Type: feature.Real, Subtype: feature.Float32},
	{Name: "date", Type: feature.DateField},
	{Name: "time", Type: feature.TimeField},
	{Name: "datetime", Type: feature.DateTimeField},
	{Name: "binary", Type: feature.Binary},
	{Name: "ints", Type: feature.IntegerList},
	{Name: "int64s", Type: feature.Integer64List},
	{Name: "reals", Type: feature.RealList},
	{Name: "texts", Type: feature.StringList},
}

// everyGeom has the types of OGC Simple Features with every dimension, and a column that takes any.
func everyGeom() []feature.GeomType {
	list := []feature.GeomType{feature.Geometry}
	for base := feature.Point; base <= feature.GeometryCollection; base++ {
		for dims := range feature.GeomType(4) {
			list = append(list, base+dims*1000)
		}
	}
	return list
}

// sampleValues returns values for a field: the plain, and the extreme. None is null.
func sampleValues(f feature.Field) []feature.Value {
	day := feature.Date(2020, time.February, 29).Micros()
	const clock = ((15*60+4)*60 + 5) * 1_000_000
	switch {
	case f.Type == feature.String && f.Subtype == feature.JSONText:
		return []feature.Value{feature.JSON([]byte(`{"a":[1,2]}`)), feature.JSON([]byte(`"x"`))}
	case f.Type == feature.String && f.Subtype == feature.UUID:
		return []feature.Value{feature.Text("6ba7b810-9dad-11d1-80b4-00c04fd430c8")}
	case f.Type == feature.Integer && f.Subtype == feature.Boolean:
		return []feature.Value{feature.Bool(true), feature.Bool(false)}
	case f.Type == feature.Integer && f.Subtype == feature.Int16:
		return ints(f, 0, 1, -1, math.MaxInt16, math.MinInt16)
	case f.Type == feature.Real && f.Subtype == feature.Float32:
		return []feature.Value{feature.Float(0), feature.Float(0.5), feature.Float(-1234.25)}
	}
	switch f.Type {
	case feature.String:
		var list []feature.Value
		for _, s := range []string{
			"a", "", "it's; a \"test\", \\ 100 %", "Zürich, Ελλάδα, 東京, 🗺", "two\nlines", "0", "NULL", strings.Repeat("long ", 40) + ".",
		} {
			if f.Width == 0 || len(s) <= f.Width {
				list = append(list, feature.Text(s))
			}
		}
		return list
	case feature.Integer:
		return ints(f, 0, 1, -1, 123_456, math.MaxInt32, math.MinInt32)
	case feature.Integer64:
		return ints(f, 0, -1, 1<<53+1, math.MaxInt64, math.MinInt64)
	case feature.Real:
		if f.Width > 0 {
			return []feature.Value{feature.Float(0), feature.Float(1.5), feature.Float(-7)}
		}
		return []feature.Value{
			feature.Float(0), feature.Float(-1.5), feature.Float(0.1), feature.Float(1.0 / 3), feature.Float(123456789.125),
			feature.Float(1e-300), feature.Float(math.MaxFloat64), feature.Float(-1e22),
		}
	case feature.DateField:
		return []feature.Value{
			feature.Date(2020, time.February, 29), feature.Date(1970, time.January, 1), feature.Date(1899, time.December, 31),
			feature.Date(9999, time.December, 31), feature.Date(1, time.January, 1),
		}
	case feature.TimeField:
		return []feature.Value{feature.TimeOfDay(0), feature.TimeOfDay(clock), feature.TimeOfDay(clock + 123_000)}
	case feature.DateTimeField:
		return []feature.Value{
			feature.WallClock(day+clock, feature.ZoneUTC), feature.WallClock(day+clock+123_000, feature.ZoneUTC),
			feature.WallClock(day+clock, feature.ZoneUnknown), feature.WallClock(day+clock, 60),
			feature.WallClock(day+clock, -210), feature.WallClock(-1_000_000, feature.ZoneUTC),
		}
	case feature.Binary:
		return []feature.Value{feature.Bytes([]byte{0, 1, 254, 255}), feature.Bytes([]byte{}), feature.Bytes([]byte("text"))}
	case feature.IntegerList:
		return []feature.Value{feature.IntList(1, -2, math.MaxInt32), feature.IntList(7), feature.IntList()}
	case feature.Integer64List:
		return []feature.Value{feature.IntList(1, math.MaxInt64, math.MinInt64), feature.IntList()}
	case feature.RealList:
		return []feature.Value{feature.FloatList(0.1, -2.5, 1e300), feature.FloatList()}
	}
	return []feature.Value{feature.TextList("a", "", "b,c \"d\""), feature.TextList("ö"), feature.TextList()}
}

// ints returns those of the numbers that the field's width takes.
func ints(f feature.Field, list ...int64) []feature.Value {
	var out []feature.Value
	for _, n := range list {
		if v := feature.Int(n); f.Width == 0 || len(v.String()) <= f.Width {
			out = append(out, v)
		}
	}
	return out
}

// sampleGeometry returns the i-th geometry for a column of type t. Rings are closed, those outside clockwise.
func sampleGeometry(t feature.GeomType, i int) feature.WKB {
	var b feature.Builder
	s := sampler{b: &b, z: t.HasZ(), m: t.HasM(), x: float64(i) + 0.25, y: 47.5 - float64(i%90)}
	s.geometry(t.Base(), i)
	w, err := b.WKB()
	if err != nil {
		panic("drivertest: " + err.Error())
	}
	return w
}

// sampler builds geometries that lie side by side.
type sampler struct {
	b    *feature.Builder
	z, m bool
	x, y float64
	n    float64
}

func (s *sampler) begin(t feature.GeomType) { _ = s.b.Begin(t.WithDims(s.z, s.m), 0) }
func (s *sampler) end()                     { _ = s.b.End() }

func (s *sampler) points(offsets ...float64) {
	for i := 0; i < len(offsets); i += 2 {
		x, y := offsets[i], offsets[i+1]
		// The same Z and M wherever x and y are the same, so that rings close in all of them.
		_ = s.b.XYZM(s.x+s.n+x, s.y+y, 100+s.n+x, 0.5+s.n+y)
	}
}

func (s *sampler) ring(offsets ...float64) {
	_ = s.b.Begin(feature.LinearRing, 0)
	s.points(offsets...)
	s.end()
}

func (s *sampler) geometry(t feature.GeomType, i int) {
	members := func(member feature.GeomType) {
		for range i%3 + 1 { // so that there are collections of one
			s.geometry(member, i)
			s.n += 5
		}
	}
	switch t {
	case feature.Geometry:
		s.geometry([...]feature.GeomType{
			feature.Point, feature.Polygon, feature.LineString, feature.MultiPolygon, feature.MultiPoint,
		}[i%5], i)
		return
	case feature.Curve:
		s.geometry(feature.LineString, i)
		return
	case feature.Surface:
		s.geometry(feature.Polygon, i)
		return
	}
	s.begin(t)
	defer s.end()
	switch t {
	case feature.Point:
		s.points(0, 0)
	case feature.LineString:
		s.points(0, 0, 1, 1, 2, -1)
	case feature.CircularString:
		s.points(0, 0, 1, 1, 2, 0)
	case feature.Triangle:
		s.ring(0, 0, 0, 2, 2, 0, 0, 0)
	case feature.Polygon:
		s.ring(0, 0, 0, 4, 4, 4, 4, 0, 0, 0)
		if i%2 == 1 {
			s.ring(1, 1, 2, 1, 2, 2, 1, 2, 1, 1)
		}
	case feature.MultiPoint:
		members(feature.Point)
	case feature.MultiLineString:
		members(feature.LineString)
	case feature.MultiPolygon, feature.PolyhedralSurface:
		members(feature.Polygon)
	case feature.TIN:
		members(feature.Triangle)
	case feature.CompoundCurve:
		s.geometry(feature.CircularString, i)
		s.begin(feature.LineString)
		s.points(2, 0, 3, 0)
		s.end()
	case feature.CurvePolygon:
		s.begin(feature.CircularString)
		s.points(0, 0, 2, 2, 4, 0, 2, -2, 0, 0)
		s.end()
	case feature.MultiCurve:
		s.geometry(feature.CompoundCurve, i)
		s.n += 5
		s.geometry(feature.LineString, i)
	case feature.MultiSurface:
		s.geometry(feature.CurvePolygon, i)
		s.n += 5
		s.geometry(feature.Polygon, i)
	case feature.GeometryCollection:
		s.geometry(feature.Point, i)
		s.n += 5
		s.geometry(feature.LineString, i)
		s.n += 5
		s.geometry(feature.MultiPolygon, i)
	}
}

// sampleRows returns features for a layer: every value of every field, all null, all unset, without geometry.
func sampleRows(s *feature.Schema) []*feature.Feature {
	const n = 12 // more than any field has values
	var rows []*feature.Feature
	for i := range n {
		f := feature.New(s)
		for j, g := range s.Geoms {
			f.Geoms[j] = sampleGeometry(g.Type, i)
		}
		for j, field := range s.Fields {
			values := sampleValues(field)
			f.Values[j] = values[(i+j)%len(values)].Clone()
		}
		rows = append(rows, f)
	}
	null, unset := feature.New(s), feature.New(s)
	for j, field := range s.Fields {
		if null.Values[j] = feature.Null(); field.NotNull {
			null.Values[j] = sampleValues(field)[0].Clone()
			unset.Values[j] = null.Values[j].Clone()
		}
	}
	for j, g := range s.Geoms {
		if g.NotNull {
			null.Geoms[j], unset.Geoms[j] = sampleGeometry(g.Type, n), sampleGeometry(g.Type, n+1)
		}
	}
	return append(rows, null, unset, rows[0].Clone())
}
