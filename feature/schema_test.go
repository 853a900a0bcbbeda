package feature_test

import (
	"reflect"
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

func TestFieldIndex(t *testing.T) {
	s := &Schema{
		Fields: []Field{{Name: "Name"}, {Name: "NAME"}, {Name: "id"}, {Name: "Straße"}, {Name: "nAME"}},
		Geoms:  []GeomField{{Name: "geom"}, {Name: "Other"}},
	}
	for name, want := range map[string]int{
		"Name": 0, "NAME": 1, "nAME": 4, "name": -1, "naMe": -1, "id": 2, "ID": 2, "strasse": -1, "STRAßE": 3, "": -1, "x": -1,
	} {
		if got := s.FieldIndex(name); got != want {
			t.Errorf("FieldIndex(%q) = %d, want %d", name, got, want)
		}
	}
	for name, want := range map[string]int{"geom": 0, "GEOM": 0, "other": 1, "name": -1} {
		if got := s.GeomIndex(name); got != want {
			t.Errorf("GeomIndex(%q) = %d, want %d", name, got, want)
		}
	}
	if got := (&Schema{}).FieldIndex("a"); got != -1 {
		t.Errorf("FieldIndex in no fields = %d", got)
	}
}

func TestSchemaClone(t *testing.T) {
	s := &Schema{FIDColumn: "fid", Fields: []Field{{Name: "a"}}, Geoms: []GeomField{{Name: "g"}}}
	c := s.Clone()
	if !reflect.DeepEqual(s, c) {
		t.Errorf("the clone is %v", c)
	}
	c.Fields[0].Name, c.Geoms[0].Name, c.FIDColumn = "b", "h", "id"
	if s.Fields[0].Name != "a" || s.Geoms[0].Name != "g" || s.FIDColumn != "fid" {
		t.Errorf("the clone shares memory: %v", s)
	}
}

// TestTypeNames has the names of "ogrinfo -so".
func TestTypeNames(t *testing.T) {
	for want, f := range map[string]Field{
		"String": {}, "Integer(Boolean)": {Type: Integer, Subtype: Boolean}, "Integer(Int16)": {Type: Integer, Subtype: Int16},
		"Integer64": {Type: Integer64}, "Real(Float32)": {Type: Real, Subtype: Float32}, "Date": {Type: DateField},
		"Time": {Type: TimeField}, "DateTime": {Type: DateTimeField}, "Binary": {Type: Binary},
		"IntegerList": {Type: IntegerList}, "Integer64List": {Type: Integer64List}, "RealList": {Type: RealList},
		"StringList": {Type: StringList}, "String(JSON)": {Subtype: JSONText}, "String(UUID)": {Subtype: UUID},
		"FieldType(99)": {Type: 99}, "String(Subtype(99))": {Subtype: 99},
	} {
		if got := f.TypeName(); got != want {
			t.Errorf("TypeName = %q, want %q", got, want)
		}
	}
	if got := NoSubtype.String(); got != "None" {
		t.Errorf("NoSubtype is called %q", got)
	}
}

func TestSRS(t *testing.T) {
	wgs84 := SRS{Authority: "EPSG", Code: 4326}
	const wkt = `GEOGCS["WGS 84"]`
	for _, test := range []struct {
		a, b SRS
		want bool
	}{
		{SRS{}, SRS{}, true},
		{wgs84, SRS{Authority: "epsg", Code: 4326, Name: "WGS 84", WKT: wkt}, true},
		{wgs84, SRS{Authority: "EPSG", Code: 4258}, false},
		{wgs84, SRS{Authority: "ESRI", Code: 4326}, false},
		{wgs84, SRS{}, false},
		{wgs84, SRS{Name: "WGS 84"}, false},
		{SRS{Authority: "EPSG", Code: 4326, WKT: wkt}, SRS{WKT: wkt}, true},
		{SRS{WKT: wkt}, SRS{WKT: wkt, Name: "WGS 84"}, true},
		{SRS{WKT: wkt}, SRS{WKT: "LOCAL_CS[]"}, false},
		{SRS{WKT: wkt}, SRS{}, false},
		{SRS{Name: "a"}, SRS{Name: "a"}, true},
		{SRS{Name: "a"}, SRS{Name: "b"}, false},
	} {
		if test.a.Equal(test.b) != test.want || test.b.Equal(test.a) != test.want {
			t.Errorf("%+v equals %+v: %v and %v, want %v", test.a, test.b, test.a.Equal(test.b), test.b.Equal(test.a), test.want)
		}
	}
	for want, s := range map[string]SRS{
		"unknown": {}, "EPSG:4326": {Authority: "EPSG", Code: 4326, Name: "WGS 84"}, "a": {Name: "a", WKT: wkt}, "custom": {WKT: wkt},
	} {
		if got := s.String(); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
	}
	if !(SRS{}).IsZero() || wgs84.IsZero() {
		t.Error("IsZero")
	}
}
