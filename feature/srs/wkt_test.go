package srs

import (
	"strings"
	"testing"
)

func TestNameAndKind(t *testing.T) {
	for _, test := range []struct {
		wkt, name  string
		geographic bool
		horizontal string
	}{
		{gcsWGS84, "GCS_WGS_1984", true, gcsWGS84},
		{"\ufeff  " + utm31 + "\x00", "WGS_1984_UTM_Zone_31N", false, utm31},
		{utm31 + `,VERTCS["h",VDATUM["v"],UNIT["Meter",1]]`, "WGS_1984_UTM_Zone_31N", false, utm31},
		{`COMPD_CS["both",` + gcsWGS84 + `,VERT_CS["h",VERT_DATUM["v",2005],UNIT["metre",1]]]`, "both", true, gcsWGS84},
		{`VERT_CS["h",VERT_DATUM["v",2005],UNIT["metre",1]]`, "h", false, `VERT_CS["h",VERT_DATUM["v",2005],UNIT["metre",1]]`},
		{`LOCAL_CS["say ""hello""",UNIT["metre",1]]`, `say "hello"`, false, `LOCAL_CS["say ""hello""",UNIT["metre",1]]`},
		{`GEOGCS[`, "", false, ""},
		{"", "", false, ""},
	} {
		if got := Name(test.wkt); got != test.name {
			t.Errorf("Name(%q) = %q, want %q", test.wkt, got, test.name)
		}
		if got := IsGeographic(test.wkt); got != test.geographic {
			t.Errorf("IsGeographic(%q) = %t", test.wkt, got)
		}
		if got := Horizontal(test.wkt); got != test.horizontal {
			t.Errorf("Horizontal(%q) = %q, want %q", test.wkt, got, test.horizontal)
		}
	}
	// A three-dimensional system of the table, in WKT 2, some of them bound to WGS 84.
	for _, code := range []int{4979, 4883, 4937} {
		s, _ := EPSG(code)
		if !IsGeographic(s.WKT) || Name(s.WKT) == "" {
			t.Errorf("%v: geographic %t, name %q", s, IsGeographic(s.WKT), Name(s.WKT))
		}
	}
}

// FuzzIdentify looks for panics and hangs, and for a match that is not in the table.
func FuzzIdentify(f *testing.F) {
	for _, code := range []int{4326, 4979, 4883, 2154, 3857, 5514, 7415, 4978, 2065, 3031, 2056} {
		s, _ := EPSG(code)
		f.Add(s.WKT)
		f.Add(withoutID(s.WKT))
	}
	for line := range strings.Lines(esriPrj) {
		if _, wkt, ok := strings.Cut(line, "\t"); ok {
			f.Add(wkt)
		}
	}
	for _, s := range []string{
		"", "\ufeff", "\x00", "[", "A[", "A[]", `A["`, `A[""""]`, `A[1e999]`, `A[--1]`, `A(B(C(D)))`, `A[1),B`, `A[2010-01-01]`,
		strings.Repeat("A[", 100), strings.Repeat("A[", 63) + "1" + strings.Repeat("]", 63),
		`PROJCS["x",GEOGCS["y",DATUM["z",SPHEROID["s",0,0]]],PROJECTION["Mercator"],UNIT["m",0]]`,
		`PROJCS["x",GEOGCS["y",DATUM["z",SPHEROID["s",1,1]]],PROJECTION["Polar_Stereographic"],PARAMETER["latitude_of_origin",1e300],UNIT["m",1e-300]]`,
		`COMPD_CS["x",COMPD_CS["y"],VERT_CS["z",VERT_DATUM["w"]]]`,
		`BOUNDCRS[SOURCECRS[BOUNDCRS[SOURCECRS[GEOGCRS["x",ID["EPSG",4326]]]]]]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, wkt string) {
		if s, ok := Identify(wkt); ok {
			if known, ok := Lookup(s.Authority, s.Code); !ok || known != s {
				t.Errorf("%v is not in the table", s)
			}
		}
		name, horizontal := Name(wkt), Horizontal(wkt)
		if horizontal == "" && (name != "" || IsGeographic(wkt)) {
			t.Errorf("name %q without a system", name)
		}
		if s, err := Parse(wkt); err == nil && s.IsZero() {
			t.Error("neither a system nor an error")
		}
	})
}
