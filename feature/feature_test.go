package feature_test

import (
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

func TestFeature(t *testing.T) {
	f := New(batchSchema)
	if f.FID != NullFID || len(f.Geoms) != 2 || len(f.Values) != 4 || f.Geometry() != nil || !f.Values[0].IsUnset() {
		t.Errorf("New gives %v", f)
	}
	if (&Feature{}).Geometry() != nil {
		t.Error("a feature without geometry columns has a geometry")
	}
	fill(f, 3, 0)
	c := f.Clone()
	if !c.Equal(f) || !f.Equal(c) {
		t.Errorf("the clone is %v, want %v", c, f)
	}
	if f.Size() < 21+len("row 3 of some") || c.Size() != f.Size() {
		t.Errorf("Size is %d, of the clone %d", f.Size(), c.Size())
	}
	spoil(f)
	if c.Equal(f) || string(c.Values[0].Bytes()) != "row 3 of some" {
		t.Errorf("the clone shares memory: %v", c)
	}
	for name, change := range map[string]func(*Feature){
		"another FID":        func(f *Feature) { f.FID++ },
		"another geometry":   func(f *Feature) { f.Geoms[0] = AppendPoint(nil, 9, 9) },
		"empty for none":     func(f *Feature) { f.Geoms[1] = nil },
		"another value":      func(f *Feature) { f.Values[2] = Int(99) },
		"unset for null":     func(f *Feature) { f.Values[1] = Null() },
		"one value less":     func(f *Feature) { f.Values = f.Values[:3] },
		"one geometry less":  func(f *Feature) { f.Geoms = f.Geoms[:1] },
		"one geometry added": func(f *Feature) { f.Geoms = append(f.Geoms, nil) },
	} {
		other := c.Clone()
		if change(other); c.Equal(other) || other.Equal(c) {
			t.Errorf("%s is equal", name)
		}
	}
	geoms, values := &f.Geoms[0], &f.Values[0]
	f.Reset(batchSchema)
	if !f.Equal(New(batchSchema)) || &f.Geoms[0] != geoms || &f.Values[0] != values {
		t.Errorf("Reset gives %v, or new memory", f)
	}
	f.Reset(&Schema{Fields: make([]Field, 50)})
	if len(f.Geoms) != 0 || len(f.Values) != 50 {
		t.Errorf("Reset to a larger schema gives %v", f)
	}
}
