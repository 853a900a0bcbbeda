package srs

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"EPSG:4326", "EPSG:4326"},
		{"epsg:4326", "EPSG:4326"},
		{" EPSG:4326\n", "EPSG:4326"},
		{"4326", "EPSG:4326"},
		{"esri:54009", "ESRI:54009"},
		{"urn:ogc:def:crs:EPSG::4326", "EPSG:4326"},
		{"urn:ogc:def:crs:EPSG:9.8:3857", "EPSG:3857"},
		{"URN:OGC:DEF:CRS:epsg::3857", "EPSG:3857"},
		{"urn:x-ogc:def:crs:EPSG:4326", "EPSG:4326"},
		{"urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"},
		{"http://www.opengis.net/def/crs/EPSG/0/4326", "EPSG:4326"},
		{"https://www.opengis.net/def/crs/EPSG/0/2154", "EPSG:2154"},
		{"http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326"},
		{"http://www.opengis.net/gml/srs/epsg.xml#4326", "EPSG:4326"},
		{"CRS84", "EPSG:4326"},
		{"OGC:CRS84", "EPSG:4326"},
		{"OGC:CRS83", "EPSG:4269"},
		{"wgs84", "EPSG:4326"},
		{"NAD83", "EPSG:4269"},
		{"NAD27", "EPSG:4267"},
		{gcsWGS84, "EPSG:4326"},
		{utm31, "EPSG:32631"},
		{"\ufeff" + utm31 + "\x00", "EPSG:32631"},
	} {
		s, err := Parse(test.in)
		if err != nil || s.String() != test.want {
			t.Errorf("Parse(%q) = %v, %v, want %s", test.in, s, err, test.want)
		}
	}
}

func TestParseCustom(t *testing.T) {
	wkt := change(t, utm31, `"Central_Meridian",3.0`, `"Central_Meridian",3.5`)
	s, err := Parse("\ufeff" + wkt + "\n")
	if err != nil || s.Authority != "" || s.Code != 0 || s.Name != "WGS_1984_UTM_Zone_31N" || s.WKT != wkt {
		t.Errorf("%#v, %v, want the text as a custom system", s, err)
	}
	if s, err := Parse(`LOCAL_CS["paper",UNIT["metre",1]]`); err != nil || s.Name != "paper" {
		t.Errorf("%#v, %v, want a custom system named paper", s, err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		in, want string // part of the message
		unknown  bool
	}{
		{"", "empty", false},
		{"\x00\x00", "empty", false},
		{"the usual one", `"the usual one", want EPSG:4326`, false},
		{"EPSG:", `code "", want a number`, false},
		{"EPSG:abc", `code "abc", want a number`, false},
		{"EPSG:99999", "EPSG:99999 is not among the 6184 codes of EPSG", true},
		{"99999999999999999999", "want EPSG:4326", false},
		{"EPSG:54009", "there is ESRI:54009, World_Mollweide", true},
		{"54009", "there is ESRI:54009, World_Mollweide", true},
		{"IGNF:LAMB93", `code "LAMB93", want a number`, false},
		{"IGNF:93", `authority "IGNF", want one of EPSG, ESRI`, true},
		{"urn:ogc:def:crs:EPSG::", `code "", want a number`, false},
		{"urn:ogc:def:crs:a:b:c:d", "want EPSG:4326", false},
		{"http://www.opengis.net/def/crs/EPSG/4326", "want EPSG:4326", false},
		{"+proj=longlat +datum=WGS84", "PROJ string", false},
		{`GEOGCS["WGS 84"`, `byte 15: the end of the text, want a comma or ]`, false},
		{`SPHEROID["x",1,2]`, "SPHEROID, want a coordinate system", false},
		{strings.Repeat("x", 500), "xxx...", false},
	} {
		s, err := Parse(test.in)
		switch {
		case err == nil || !s.IsZero():
			t.Errorf("Parse(%q) = %v, %v, want an error", test.in, s, err)
		case !strings.Contains(err.Error(), test.want):
			t.Errorf("Parse(%q): %v, want %q in it", test.in, err, test.want)
		case errors.Is(err, ErrUnknown) != test.unknown:
			t.Errorf("Parse(%q): %v: ErrUnknown %t, want %t", test.in, err, !test.unknown, test.unknown)
		case len(err.Error()) > 400:
			t.Errorf("Parse(%q): message of %d bytes", test.in, len(err.Error()))
		}
	}
}
