package crs

import (
	"math"
	"testing"
)

// EPSG guidance note 7-2, Polar Stereographic (variant B): WGS 84 / Australian Antarctic, true to scale at 71 degrees
// south, has a scale of 0.97276901 at the pole.
func TestPolarScale(t *testing.T) {
	for _, test := range []struct{ lat, rf, want float64 }{
		{71, 298.257223563, 0.97276901},
		{90, 298.257223563, 1},
		{90, 0, 1},
		{30, 0, 0.75}, // (1 + sin φ) / 2 on a sphere
	} {
		if got := polarScale(test.lat, test.rf); math.Abs(got-test.want) > 1e-8 {
			t.Errorf("polarScale(%v, %v) = %.9f, want %.9f", test.lat, test.rf, got, test.want)
		}
	}
}

// Netherlands East Indies: EPSG:3001 has its Mercator by scale 0.997, EPSG:21100 by a parallel of 4°27'14.586".
func TestMercatorScale(t *testing.T) {
	if got := radiusOfParallel(4.45405154589751, 299.1528128); math.Abs(got-0.997) > 1e-9 {
		t.Errorf("%.10f, want 0.997", got)
	}
}

func TestTurn(t *testing.T) {
	for in, want := range map[float64]float64{0: 0, 180: 180, -180: 180, 337.25: -22.75, -22.75: -22.75, 360: 0, 540: 180} {
		if got := turn(in); math.Abs(got-want) > 1e-9 {
			t.Errorf("turn(%v) = %v, want %v", in, got, want)
		}
	}
}

const (
	geog = `GEOGCS["g",DATUM["D_WGS_1984",SPHEROID["s",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]`
	grad = `GEOGCS["g",DATUM["D_NTF",SPHEROID["s",6378249.2,293.4660212936269]],PRIMEM["Paris",2.5969213],UNIT["Grad",0.01570796326794897]]`
	deg  = `GEOGCS["g",DATUM["D_NTF",SPHEROID["s",6378249.2,293.466021]],PRIMEM["Paris",2.33722917],UNIT["Grad",0.0157079632679489]]`
)

func define(t *testing.T, wkt string) *Definition {
	t.Helper()
	roots, err := Parse(wkt)
	if err != nil {
		t.Fatal(err)
	}
	return Define(roots, NewDatums("wgs1984 wgs84\n"))
}

// Two ways to write one system are equal and have one key.
func TestEqual(t *testing.T) {
	unit := `,UNIT["m",1]]`
	for _, test := range []struct {
		name, a, b string
		want       bool
	}{
		{
			"Lambert of one and of two parallels", `PROJCS["x",` + geog + `,PROJECTION["Lambert_Conformal_Conic_1SP"],PARAMETER["latitude_of_origin",46]` + unit,
			`PROJCS["y",` + geog + `,PROJECTION["Lambert_Conformal_Conic"],PARAMETER["Standard_Parallel_1",46],PARAMETER["Latitude_Of_Origin",46]` + unit, true,
		},
		{
			"parallels in either order", `PROJCS["x",` + geog + `,PROJECTION["Albers"],PARAMETER["standard_parallel_1",46],PARAMETER["standard_parallel_2",40]` + unit,
			`PROJCS["y",` + geog + `,PROJECTION["Albers_Conic_Equal_Area"],PARAMETER["standard_parallel_1",40],PARAMETER["standard_parallel_2",46]` + unit, true,
		},
		{
			"azimuth and its complement", `PROJCS["x",` + geog + `,PROJECTION["Hotine_Oblique_Mercator"],PARAMETER["azimuth",337.25],PARAMETER["rectified_grid_angle",337.25]` + unit,
			`PROJCS["y",` + geog + `,PROJECTION["Hotine_Oblique_Mercator_Azimuth_Natural_Origin"],PARAMETER["Azimuth",-22.75]` + unit, true,
		},
		{
			"Hotine by centre and by natural origin", `PROJCS["x",` + geog + `,PROJECTION["Hotine_Oblique_Mercator"],PARAMETER["azimuth",30]` + unit,
			`PROJCS["y",` + geog + `,PROJECTION["Hotine_Oblique_Mercator_Azimuth_Center"],PARAMETER["Azimuth",30]` + unit, false,
		},
		{
			"Krovak by axes and by rotation", `PROJCS["x",` + geog + `,PROJECTION["Krovak"],PARAMETER["azimuth",30]` + `,UNIT["m",1],AXIS["X",EAST],AXIS["Y",NORTH]]`,
			`PROJCS["y",` + geog + `,PROJECTION["Krovak"],PARAMETER["Azimuth",30],PARAMETER["X_Scale",-1],PARAMETER["Y_Scale",1],PARAMETER["XY_Plane_Rotation",90]` + unit, true,
		},
		{
			"Krovak and Krovak East North", `PROJCS["x",` + geog + `,PROJECTION["Krovak"],PARAMETER["azimuth",30]` + `,UNIT["m",1],AXIS["X",SOUTH],AXIS["Y",WEST]]`,
			`PROJCS["y",` + geog + `,PROJECTION["Krovak"],PARAMETER["Azimuth",30],PARAMETER["X_Scale",-1],PARAMETER["Y_Scale",1],PARAMETER["XY_Plane_Rotation",90]` + unit, false,
		},
		{
			"westings and eastings", `PROJCS["x",` + geog + `,PROJECTION["Cassini_Soldner"],UNIT["m",1],AXIS["X",SOUTH],AXIS["Y",WEST]]`,
			`PROJCS["y",` + geog + `,PROJECTION["Cassini"]` + unit, false,
		},
		{"the prime meridian in either unit", grad, deg, true},
		{
			"the two feet", `PROJCS["x",` + geog + `,PROJECTION["Gauss_Kruger"],UNIT["ft",0.3048]]`,
			`PROJCS["x",` + geog + `,PROJECTION["Gauss_Kruger"],UNIT["ft",0.304800609601219]]`, false,
		},
		{
			"the false easting in its own unit", `PROJCS["x",` + geog + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",1000],UNIT["ft",0.3048]]`,
			`PROJCRS["x",BASEGEOGCRS["g",DATUM["D_WGS_1984",ELLIPSOID["s",6378137,298.257223563]]],CONVERSION["c",METHOD["Transverse Mercator"],` +
				`PARAMETER["False easting",304.8,LENGTHUNIT["metre",1]]],CS[Cartesian,2],AXIS["e",east],AXIS["n",north],LENGTHUNIT["foot",0.3048]]`, true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := define(t, test.a), define(t, test.b)
			if a == nil || b == nil {
				t.Fatalf("not defined: %v, %v", a, b)
			}
			if got := a.Equal(b); got != test.want || got != b.Equal(a) {
				t.Errorf("equal %t and %t, want %t", got, b.Equal(a), test.want)
			}
			if test.want && a.Key() != b.Key() {
				t.Errorf("keys %d and %d", a.Key(), b.Key())
			}
		})
	}
}

func TestUndefined(t *testing.T) {
	for _, wkt := range []string{
		`LOCAL_CS["x",UNIT["m",1]]`,
		`GEOGCS["x"]`,
		`GEOGCS["x",DATUM["y"],UNIT["Degree",0.017]]`,
		`GEOGCS["x",DATUM["y",SPHEROID["s",0,298]],UNIT["Degree",0.017]]`,
		`GEOGCS["x",DATUM["y",SPHEROID["s",6378137,298]]]`,
		`PROJCS["x",` + geog + `]`,
		`PROJCS["x",` + geog + `,PROJECTION["Gauss_Kruger"]]`,
		`PROJCS["x",` + geog + `,PROJECTION["Gauss_Kruger"],PARAMETER["Unheard_Of",1],UNIT["m",1]]`,
		`PROJCS["x",` + geog + `,PROJECTION["Stereographic_South_Pole"],PARAMETER["Standard_Parallel_1",71],UNIT["m",1]]`,
		geog + "," + geog,
	} {
		if d := define(t, wkt); d != nil {
			t.Errorf("%s: %+v, want nil", wkt, d)
		}
	}
}
