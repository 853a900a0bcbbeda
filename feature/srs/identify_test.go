package srs

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

//go:embed testdata/esri_prj.txt
var esriPrj string

func TestIdentifyESRI(t *testing.T) {
	n := 0
	for line := range strings.Lines(esriPrj) {
		code, wkt, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || code[0] == '#' {
			continue
		}
		n++
		if s, _ := Identify(wkt); s.String() != "EPSG:"+code {
			t.Errorf("%s: %v (%s), want EPSG:%s", Name(wkt), s, s.Name, code)
		}
	}
	if n < 60 {
		t.Errorf("%d systems, want at least 60", n)
	}
}

const (
	gcsWGS84 = `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],` +
		`PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	gcsNAD83 = `GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],` +
		`PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	gcsMajor = `GEOGCS["GCS_WGS_1984_Major_Auxiliary_Sphere",DATUM["D_WGS_1984_Major_Auxiliary_Sphere",` +
		`SPHEROID["WGS_1984_Major_Auxiliary_Sphere",6378137.0,0.0]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	utm31 = `PROJCS["WGS_1984_UTM_Zone_31N",` + gcsWGS84 + `,PROJECTION["Transverse_Mercator"],` +
		`PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",3.0],` +
		`PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`
	california3 = `PROJCS["NAD_1983_StatePlane_California_III_FIPS_0403_Feet",` + gcsNAD83 +
		`,PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",6561666.666666666],` +
		`PARAMETER["False_Northing",1640416.666666667],PARAMETER["Central_Meridian",-120.5],` +
		`PARAMETER["Standard_Parallel_1",37.06666666666667],PARAMETER["Standard_Parallel_2",38.43333333333333],` +
		`PARAMETER["Latitude_Of_Origin",36.5],UNIT["Foot_US",0.3048006096012192]]`
	mercator = `,PROJECTION["Mercator"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],` +
		`PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0],UNIT["Meter",1.0]]`
	auxiliary = `,PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],` +
		`PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0],PARAMETER["Auxiliary_Sphere_Type",0.0],` +
		`UNIT["Meter",1.0]]`
)

// change replaces what must occur once.
func change(t *testing.T, s, old, with string) string {
	t.Helper()
	if strings.Count(s, old) != 1 {
		t.Fatalf("%q occurs %d times in %s", old, strings.Count(s, old), s)
	}
	return strings.Replace(s, old, with, 1)
}

func TestIdentify(t *testing.T) {
	for _, test := range []struct {
		name, wkt, want string
	}{
		{"byte order mark", "\ufeff" + gcsWGS84, "EPSG:4326"},
		{"NULs and a line end", gcsWGS84 + "\r\n\x00\x00", "EPSG:4326"},
		{"lower case", strings.ToLower(utm31), "EPSG:32631"},
		{"parentheses", strings.NewReplacer("[", "(", "]", ")").Replace(utm31), "EPSG:32631"},
		{"white space", strings.ReplaceAll(strings.ReplaceAll(utm31, ",", " ,\r\n\t"), "[", " [ "), "EPSG:32631"},
		{"another name", change(t, utm31, "WGS_1984_UTM_Zone_31N", "My own grid"), "EPSG:32631"},
		{"no name", change(t, utm31, "WGS_1984_UTM_Zone_31N", ""), "EPSG:32631"},
		{"defaults left out", change(t, change(t, utm31, `PARAMETER["False_Northing",0.0],`, ""),
			`PARAMETER["Latitude_Of_Origin",0.0],`, ""), "EPSG:32631"},
		{"no prime meridian", change(t, gcsWGS84, `PRIMEM["Greenwich",0.0],`, ""), "EPSG:4326"},
		{"WGS84 in one word", `GEOGCS["WGS84",DATUM["WGS84",SPHEROID["WGS84",6378137,298.257223563]],PRIMEM["Greenwich",0],` +
			`UNIT["degree",0.0174532925199433]]`, "EPSG:4326"},
		{"unknown datum under a known name", `GEOGCS["WGS 84",DATUM["unknown",SPHEROID["WGS84",6378137,298.257223563]],` +
			`PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`, "EPSG:4326"},
		{"datum by code", `GEOGCS["x",DATUM["y",SPHEROID["z",6378137,298.257223563],AUTHORITY["EPSG","6326"]],` +
			`PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`, "EPSG:4326"},
		{"projected, datum by code", change(t, change(t, change(t, utm31, `]],PRIMEM`, `],AUTHORITY["EPSG","6326"]],PRIMEM`),
			"D_WGS_1984", "y"), "WGS_1984_UTM_Zone_31N", "x"), "EPSG:32631"},
		{"unknown datum, known projected name", change(t, utm31, "D_WGS_1984", "D_of_nobody"), "EPSG:32631"},

		{"root authority", `GEOGCS["whatever",DATUM["?",SPHEROID["?",1,2]],AUTHORITY["EPSG","4267"]]`, "EPSG:4267"},
		{"root authority as a number", change(t, gcsWGS84, `433]]`, `433],AUTHORITY["EPSG",4326]]`), "EPSG:4326"},
		{"root authority unknown", change(t, gcsWGS84, `433]]`, `433],AUTHORITY["EPSG","99999"]]`), "EPSG:4326"},
		{"root authority of another kind", change(t, utm31, `"Meter",1.0]]`, `"Meter",1.0],AUTHORITY["EPSG","4326"]]`), "EPSG:32631"},
		{"EPSG:102100", change(t, `PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",`+gcsWGS84+auxiliary, `"Meter",1.0]]`,
			`"Meter",1.0],AUTHORITY["EPSG",102100]]`), "EPSG:3857"},
		{
			"WKT 2 root id", `GEOGCRS["x",DATUM["y",ELLIPSOID["z",1,2]],CS[ellipsoidal,2],AXIS["a",north],AXIS["b",east],ID["EPSG",4258]]`,
			"EPSG:4258",
		},

		{"state plane with the full digits", california3, "EPSG:2227"},
		{"state plane in metres", `PROJCS["NAD_1983_StatePlane_California_III_FIPS_0403",` + gcsNAD83 +
			`,PROJECTION["Lambert_Conformal_Conic"],PARAMETER["False_Easting",2000000.0],PARAMETER["False_Northing",500000.0],` +
			`PARAMETER["Central_Meridian",-120.5],PARAMETER["Standard_Parallel_1",37.06666666666667],` +
			`PARAMETER["Standard_Parallel_2",38.43333333333333],PARAMETER["Latitude_Of_Origin",36.5],UNIT["Meter",1.0]]`, "EPSG:26943"},
		{
			"Lambert-93 on D_RGF93", `PROJCS["RGF93 / Lambert-93",GEOGCS["RGF93",DATUM["D_RGF93",SPHEROID["GRS_1980",6378137,298.257222101]],` +
				`PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]],PROJECTION["Lambert_Conformal_Conic_2SP"],` +
				`PARAMETER["standard_parallel_1",49],PARAMETER["standard_parallel_2",44],PARAMETER["latitude_of_origin",46.5],` +
				`PARAMETER["central_meridian",3],PARAMETER["false_easting",700000],PARAMETER["false_northing",6600000],UNIT["Meter",1]]`,
			"EPSG:2154",
		},
		{"British National Grid of OGC", `PROJCS["OSGB 1936 / British National Grid",GEOGCS["OSGB 1936",DATUM["OSGB_1936",` +
			`SPHEROID["Airy 1830",6377563.396,299.3249646]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],` +
			`PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",49],PARAMETER["central_meridian",-2],` +
			`PARAMETER["scale_factor",0.9996012717],PARAMETER["false_easting",400000],PARAMETER["false_northing",-100000],` +
			`UNIT["metre",1]]`, "EPSG:27700"},
		{"North America Albers is ESRI's", `PROJCS["North_America_Albers_Equal_Area_Conic",` + gcsNAD83 + `,PROJECTION["Albers"],` +
			`PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-96.0],` +
			`PARAMETER["Standard_Parallel_1",20.0],PARAMETER["Standard_Parallel_2",60.0],PARAMETER["Latitude_Of_Origin",40.0],` +
			`UNIT["Meter",1.0]]`, "ESRI:102008"},
		{"World Mollweide", `PROJCS["World_Mollweide",` + gcsWGS84 + `,PROJECTION["Mollweide"],PARAMETER["False_Easting",0.0],` +
			`PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],UNIT["Meter",1.0]]`, "ESRI:54009"},
		{"UPS North by its parallel of true scale", `PROJCS["x",` + gcsWGS84 + `,PROJECTION["Stereographic_North_Pole"],` +
			`PARAMETER["False_Easting",2000000.0],PARAMETER["False_Northing",2000000.0],PARAMETER["Central_Meridian",0.0],` +
			`PARAMETER["Standard_Parallel_1",81.11452777777778],UNIT["Meter",1.0]]`, "EPSG:5041"},
		{"UPS South by its scale", `PROJCS["WGS_1984_UPS_South",` + gcsWGS84 + `,PROJECTION["Stereographic"],` +
			`PARAMETER["False_Easting",2000000.0],PARAMETER["False_Northing",2000000.0],PARAMETER["Central_Meridian",0.0],` +
			`PARAMETER["Scale_Factor",0.994],PARAMETER["Latitude_Of_Origin",-90.0],UNIT["Meter",1.0]]`, "EPSG:5042"},

		{"web Mercator of ESRI", `PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",` + gcsWGS84 + auxiliary, "EPSG:3857"},
		{"web Mercator of ESRI, older", `PROJCS["WGS_1984_Web_Mercator",` + gcsMajor + mercator, "EPSG:3857"},
		{"web Mercator on a sphere called WGS 84", `PROJCS["Google",` + change(t, gcsWGS84, "298.257223563", "0") + mercator, "EPSG:3857"},
		{"web Mercator by name", `PROJCS["WGS 84 / Pseudo-Mercator",` + gcsWGS84 + mercator, "EPSG:3857"},
		{"web Mercator by its EPSG method", `PROJCS["x",` + gcsWGS84 + strings.Replace(mercator, `"Mercator"`,
			`"Popular_Visualisation_Pseudo_Mercator"`, 1), "EPSG:3857"},
		{
			"web Mercator by extension", change(t, `PROJCS["Google Maps Global Mercator",`+gcsWGS84+mercator, `"Meter",1.0]]`,
				`"Meter",1.0],EXTENSION["PROJ4","+proj=merc +a=6378137 +b=6378137 +lat_ts=0.0 +lon_0=0.0 +units=m +nadgrids=@null"]]`),
			"EPSG:3857",
		},
		{"World Mercator is not web Mercator", `PROJCS["WGS_1984_World_Mercator",` + gcsWGS84 + mercator, "EPSG:3395"},
		{"Mercator with an auxiliary sphere of another type", `PROJCS["x",` + gcsWGS84 + change(t, auxiliary,
			`"Auxiliary_Sphere_Type",0.0`, `"Auxiliary_Sphere_Type",2.0`), "none"},
		{"Mercator on another sphere", `PROJCS["WGS_1984_Web_Mercator",` + change(t, gcsMajor, "6378137.0", "6371000.0") + mercator, "none"},
		{"Mercator on a sphere of no datum", `PROJCS["x",` + strings.ReplaceAll(gcsMajor, "WGS_1984_Major_Auxiliary_Sphere", "Sphere") +
			mercator, "none"},
		{"Mercator on a sphere, shifted", `PROJCS["WGS_1984_Web_Mercator",` + gcsMajor + change(t, mercator,
			`"Central_Meridian",0.0`, `"Central_Meridian",10.0`), "none"},

		{"compound of OGC", `COMPD_CS["x",` + california3 + `,VERT_CS["NAVD88 height",VERT_DATUM["North American Vertical Datum 1988",2005],` +
			`UNIT["metre",1]]]`, "none"},
		{"compound of ESRI", utm31 + `,VERTCS["EGM2008_Geoid",VDATUM["EGM2008_Geoid"],PARAMETER["Vertical_Shift",0.0],` +
			`PARAMETER["Direction",1.0],UNIT["Meter",1.0]]`, "none"},

		{"empty", "", "none"},
		{"not WKT", "EPSG:4326", "none"},
		{"cut off", utm31[:len(utm31)-20], "none"},
		{"local", `LOCAL_CS["paper",UNIT["metre",1]]`, "none"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, ok := Identify(test.wkt)
			got := "none"
			if ok {
				got = s.String()
			}
			if got != test.want {
				t.Errorf("%s (%s), want %s", got, s.Name, test.want)
			}
		})
	}
}

// What differs in one thing that matters is not the system.
func TestIdentifyNearMisses(t *testing.T) {
	for _, test := range []struct {
		name, wkt, old, with string
	}{
		{"central meridian", utm31, `"Central_Meridian",3.0`, `"Central_Meridian",3.5`},
		{"central meridian by a second", utm31, `"Central_Meridian",3.0`, `"Central_Meridian",3.000277777`},
		{"false easting", utm31, `500000.0`, `500001.0`},
		{"false easting by 5 cm", utm31, `500000.0`, `500000.05`},
		{"false northing", utm31, `"False_Northing",0.0`, `"False_Northing",1000000.0`},
		{"scale", utm31, `0.9996`, `0.9999`},
		{"no scale", utm31, `PARAMETER["Scale_Factor",0.9996],`, ``},
		{"origin", utm31, `"Latitude_Of_Origin",0.0`, `"Latitude_Of_Origin",0.001`},
		{"unit", utm31, `UNIT["Meter",1.0]`, `UNIT["Foot_US",0.3048006096012192]`},
		{"method", utm31, `"Transverse_Mercator"`, `"Transverse_Mercator_South_Orientated"`},
		{"parameter nobody knows", utm31, `UNIT["Meter"`, `PARAMETER["Wobble",1],UNIT["Meter"`},
		{"ellipsoid", utm31, `298.257223563`, `298.3`},
		{"ellipsoid of GRS 1980", gcsWGS84, `298.257223563`, `298.257222101`},
		{"sphere", gcsWGS84, `298.257223563`, `0`},
		{"semi-major axis", gcsWGS84, `6378137.0`, `6378137.1`},
		{"angular unit", gcsWGS84, `0.0174532925199433`, `0.015707963267949`},
		{"prime meridian", gcsWGS84, `PRIMEM["Greenwich",0.0]`, `PRIMEM["Paris",2.337229166666667]`},
		{"datum", gcsWGS84, `D_WGS_1984`, `D_North_American_1983`},
		{"datum unknown", gcsWGS84, `D_WGS_1984`, `D_of_nobody`},
		{"datum of another system", utm31, `D_WGS_1984`, `D_Pulkovo_1942`},
		{"feet and metres mixed", california3, `UNIT["Foot_US",0.3048006096012192]`, `UNIT["Meter",1.0]`},
		{"survey feet and feet mixed", california3, `UNIT["Foot_US",0.3048006096012192]`, `UNIT["Foot",0.3048]`},
		{"standard parallel", california3, `38.43333333333333`, `38.5`},
	} {
		t.Run(test.name, func(t *testing.T) {
			wkt := change(t, test.wkt, test.old, test.with)
			if test.name == "datum unknown" {
				// With the name of the system, it would be EPSG:4326: see TestIdentify.
				wkt = change(t, wkt, "GCS_WGS_1984", "GCS_of_nobody")
			}
			if s, ok := Identify(wkt); ok {
				t.Errorf("%v (%s), want no match", s, s.Name)
			}
		})
	}
}

// Every definition is found again without its code, as itself or as a system of equal definition.
func TestIdentifyOwnDefinitions(t *testing.T) {
	for _, c := range everything() {
		s, _ := Lookup(c.authority, c.code)
		if s.WKT == "" || c.authority == "spatialreferencing.org" { // 900913 says in its middle that it is EPSG:3785
			continue
		}
		got, ok := Identify(withoutID(s.WKT))
		if !ok {
			t.Errorf("%s:%d: %s: no match", c.authority, c.code, s.Name)
			continue
		}
		again, ok := Identify(withoutID(got.WKT))
		if !ok || again != got {
			t.Errorf("%s:%d is %v, which is %v", c.authority, c.code, got, again)
		}
	}
}

// withoutID cuts the code off the root.
func withoutID(wkt string) string {
	for _, word := range []string{",AUTHORITY[", ",ID["} {
		if i := strings.LastIndex(wkt, word); i >= 0 && strings.IndexByte(wkt[i:], ']') == len(wkt)-i-2 {
			return wkt[:i] + "]"
		}
	}
	return wkt
}

// The .prj files of the sample data, where they lie beside the project.
func TestIdentifySamples(t *testing.T) {
	data := testpeer.Shared(t, "data")
	for name, want := range map[string]string{
		"naturalearth_lowres.prj":                      "EPSG:4326",
		"ne_50m_populated_places.prj":                  "EPSG:4326",
		"corpus/shp/cb_2022_us_county_20m_extract.prj": "EPSG:4269",
		"corpus/shp/CoHI_GCS12.prj":                    "EPSG:4269",
		"corpus/shp/prjwithutf8bom.prj":                "EPSG:4269",
	} {
		text, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Logf("skipped: %v", err)
			continue
		}
		if s, _ := Identify(string(text)); s.String() != want {
			t.Errorf("%s: %v, want %s", name, s, want)
		}
	}
}

func BenchmarkIdentify(b *testing.B) {
	for _, bench := range []struct{ name, wkt string }{
		{"geographic", gcsWGS84}, {"utm", utm31}, {"stateplane", california3},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := Identify(bench.wkt); !ok {
					b.Fatal("lost")
				}
			}
		})
	}
}
