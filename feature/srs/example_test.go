package srs_test

import (
	"fmt"

	"github.com/ogrcarto/ogrcarto/feature/srs"
)

func ExampleEPSG() {
	s, ok := srs.EPSG(2154)
	fmt.Println(s, s.Name, ok)
	// Output: EPSG:2154 RGF93 / Lambert-93 true
}

func ExampleIdentify() {
	// A .prj file as ESRI writes it: no codes, names of its own.
	prj := `PROJCS["NAD_1983_UTM_Zone_10N",GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",` +
		`SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],` +
		`PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],` +
		`PARAMETER["Central_Meridian",-123.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],` +
		`UNIT["Meter",1.0]]`
	s, ok := srs.Identify(prj)
	fmt.Println(s, s.Name, ok)
	// Output: EPSG:26910 NAD83 / UTM zone 10N true
}

func ExampleParse() {
	for _, text := range []string{"epsg:4326", "CRS84", "urn:ogc:def:crs:EPSG::3857", "EPSG:54009"} {
		s, err := srs.Parse(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(s, s.Name)
	}
	// Output:
	// EPSG:4326 WGS 84
	// EPSG:4326 WGS 84
	// EPSG:3857 WGS 84 / Pseudo-Mercator
	// reference system "EPSG:54009": unknown reference system: EPSG:54009 is not among the 6184 codes of EPSG; there is ESRI:54009, World_Mollweide
}
