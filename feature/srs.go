package feature

import (
	"fmt"
	"strings"
)

// An SRS names a spatial reference system.
//
// Whatever the authority says about the order of axes, coordinates in this module are always x (longitude or easting)
// first and y (latitude or northing) second.
//
// An SRS is a value: two of them are the same system when Equal says so. Package feature/srs has the EPSG definitions.
type SRS struct {
	// Authority that issued Code, in upper case: "EPSG", "ESRI". It is empty for a custom system.
	Authority string
	// Code within the authority, for example 4326. It is 0 for a custom system.
	Code int
	// Name, for example "WGS 84 / UTM zone 31N".
	Name string
	// WKT is the definition as OGC 01-009 well-known text ("WKT 1"), or as the source had it when no authority is known.
	WKT string
}

// IsZero tells whether nothing is known of the system.
func (s SRS) IsZero() bool { return s == SRS{} }

// Equal tells whether both are the same system: by authority and code where both have them, else by definition, else by
// name. What is known of one and not of the other does not make them equal.
func (s SRS) Equal(o SRS) bool {
	switch {
	case s.Authority != "" && o.Authority != "":
		return strings.EqualFold(s.Authority, o.Authority) && s.Code == o.Code
	case s.WKT != "" || o.WKT != "":
		return s.WKT == o.WKT
	}
	return s.Authority == o.Authority && s.Name == o.Name
}

// String returns "EPSG:4326", or the name of a system that has no code, or "unknown".
func (s SRS) String() string {
	switch {
	case s.Authority != "":
		return fmt.Sprintf("%s:%d", s.Authority, s.Code)
	case s.Name != "":
		return s.Name
	case s.WKT != "":
		return "custom"
	}
	return "unknown"
}
