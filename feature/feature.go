package feature

import "math"

// NullFID is the FID of a feature that has none yet. It is the smallest int64 and not OGR's -1, which is a key that a
// table may hold.
const NullFID int64 = math.MinInt64

// Feature is one row of a layer. Geoms has a geometry for each of the schema's geometry columns and Values a value for
// each of its fields.
//
// A Feature from an iteration is reused: it, its geometries and its values are valid until the next step. Clone keeps it.
type Feature struct {
	FID    int64
	Geoms  []WKB   // nil where the feature has no geometry
	Values []Value // unset where the source said nothing
}

// New returns a feature without FID, geometry and values, for layers of the schema.
func New(s *Schema) *Feature {
	f := &Feature{}
	f.Reset(s)
	return f
}

// Reset makes f what New returns, and keeps its slices' memory.
func (f *Feature) Reset(s *Schema) {
	f.FID = NullFID
	f.Geoms = resize(f.Geoms, len(s.Geoms))
	f.Values = resize(f.Values, len(s.Fields))
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// Geometry returns the first geometry, or nil.
func (f *Feature) Geometry() WKB {
	if len(f.Geoms) == 0 {
		return nil
	}
	return f.Geoms[0]
}

// Clone returns a copy that shares no memory.
func (f *Feature) Clone() *Feature {
	c := &Feature{FID: f.FID, Geoms: make([]WKB, len(f.Geoms)), Values: make([]Value, len(f.Values))}
	for i, g := range f.Geoms {
		c.Geoms[i] = g.Clone()
	}
	for i, v := range f.Values {
		c.Values[i] = v.Clone()
	}
	return c
}

// Equal tells whether both have the same FID, the same geometries byte by byte, and the same values.
func (f *Feature) Equal(o *Feature) bool {
	if f.FID != o.FID || len(f.Geoms) != len(o.Geoms) || len(f.Values) != len(o.Values) {
		return false
	}
	for i, g := range f.Geoms {
		if (g == nil) != (o.Geoms[i] == nil) || string(g) != string(o.Geoms[i]) {
			return false
		}
	}
	for i, v := range f.Values {
		if !v.Equal(o.Values[i]) {
			return false
		}
	}
	return true
}

// Size returns about how many bytes the feature has in its geometries and values.
func (f *Feature) Size() int {
	n := 16
	for _, g := range f.Geoms {
		n += len(g)
	}
	for i := range f.Values {
		n += 9 + f.Values[i].Size()
	}
	return n
}
