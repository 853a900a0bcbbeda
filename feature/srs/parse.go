package srs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs/internal/crs"
)

// ErrUnknown is matched by the errors of Parse for an authority or a code that is not in the table.
var ErrUnknown = errors.New("unknown reference system")

// wellKnown are names that stand for a code. OGC:CRS84 is WGS 84 with longitude first, which is how this module has
// EPSG:4326 anyway; likewise CRS83 and CRS27.
var wellKnown = map[string]int{
	"CRS84": 4326, "OGC:CRS84": 4326, "WGS84": 4326,
	"CRS83": 4269, "OGC:CRS83": 4269, "NAD83": 4269,
	"CRS27": 4267, "OGC:CRS27": 4267, "NAD27": 4267,
}

const forms = `want EPSG:4326, 4326, urn:ogc:def:crs:EPSG::4326, http://www.opengis.net/def/crs/EPSG/0/4326, ` +
	`CRS84, WGS84, NAD83, NAD27 or well-known text`

// Parse reads a system as people write it: "EPSG:4326" or "ESRI:54009", "4326" for EPSG's code,
// "urn:ogc:def:crs:EPSG::4326", "http://www.opengis.net/def/crs/EPSG/0/4326", "CRS84", "WGS84", "NAD83", "NAD27", in any
// case, or well-known text.
//
// Well-known text that Identify cannot match is returned as a custom system, with its name and the text as it is. The error
// says what was found and what was expected, with the byte for text that cannot be parsed. It matches ErrUnknown if the
// form is right and the code is not known.
func Parse(s string) (feature.SRS, error) {
	t := strings.Trim(strings.TrimPrefix(s, "\ufeff"), " \t\r\n\x00")
	switch {
	case t == "":
		return feature.SRS{}, errors.New("reference system: empty, " + forms)
	case strings.ContainsAny(t, "[("):
		return parseWKT(t)
	case strings.HasPrefix(t, "+"):
		return feature.SRS{}, fmt.Errorf("reference system: PROJ string %q, %s", clip(t), forms)
	}
	if code, ok := wellKnown[strings.ToUpper(t)]; ok {
		return lookup(s, "EPSG", strconv.Itoa(code))
	}
	authority, code, ok := split(t)
	if !ok {
		return feature.SRS{}, fmt.Errorf("reference system: %q, %s", clip(t), forms)
	}
	if known, ok := wellKnown[strings.ToUpper(code)]; ok && strings.EqualFold(authority, "OGC") {
		authority, code = "EPSG", strconv.Itoa(known)
	}
	return lookup(t, authority, code)
}

// split takes a code out of the forms that have one.
func split(t string) (authority, code string, ok bool) {
	lower := strings.ToLower(t)
	for _, prefix := range []string{"http://", "https://"} {
		if rest, ok := strings.CutPrefix(lower, prefix+"www.opengis.net/gml/srs/epsg.xml#"); ok {
			return "EPSG", rest, true
		}
		if rest, ok := strings.CutPrefix(lower, prefix+"www.opengis.net/def/crs/"); ok {
			f := strings.Split(rest, "/") // authority, version, code
			return f[0], f[len(f)-1], len(f) == 3
		}
	}
	for _, prefix := range []string{"urn:ogc:def:crs:", "urn:x-ogc:def:crs:"} {
		if rest, ok := strings.CutPrefix(lower, prefix); ok {
			f := strings.Split(rest, ":") // authority, version which is usually empty, code
			return f[0], f[len(f)-1], len(f) == 2 || len(f) == 3
		}
	}
	if authority, code, ok = strings.Cut(t, ":"); ok {
		return authority, code, !strings.Contains(code, ":")
	}
	_, err := strconv.Atoi(t)
	return "EPSG", t, err == nil
}

func lookup(text, authority, code string) (feature.SRS, error) {
	n, err := strconv.Atoi(code)
	if err != nil {
		return feature.SRS{}, fmt.Errorf("reference system %q: code %q, want a number", clip(text), clip(code))
	}
	codes := systems.Codes(authority)
	if codes == nil {
		return feature.SRS{}, fmt.Errorf("reference system %q: %w: authority %q, want one of %s", clip(text), ErrUnknown,
			clip(authority), authorities())
	}
	if s, ok := Lookup(authority, n); ok {
		return s, nil
	}
	authority = strings.ToUpper(authority)
	hint := ""
	for _, other := range systems.Authorities() {
		if s, ok := Lookup(other, n); ok {
			hint = fmt.Sprintf("; there is %s:%d, %s", other, n, s.Name)
		}
	}
	return feature.SRS{}, fmt.Errorf("reference system %q: %w: %s:%d is not among the %d codes of %s%s", clip(text), ErrUnknown,
		authority, n, len(codes), authority, hint)
}

func parseWKT(t string) (feature.SRS, error) {
	roots, err := crs.Parse(t)
	if err != nil {
		return feature.SRS{}, fmt.Errorf("reference system: well-known text: %w", err)
	}
	if s, ok := identify(roots); ok {
		return s, nil
	}
	if kind := roots[0].Keyword; !crs.IsSystem(roots[0]) {
		return feature.SRS{}, fmt.Errorf("reference system: well-known text: %s, want a coordinate system such as GEOGCS or PROJCS",
			clip(kind))
	}
	return feature.SRS{Name: roots[0].Name(), WKT: t}, nil
}

// clip keeps a message short.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
