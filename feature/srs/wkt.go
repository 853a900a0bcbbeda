package srs

import "github.com/ogrcarto/ogrcarto/feature/srs/internal/crs"

// Name returns the name that the root of a well-known text has, as it is written: "RGF_1993_Lambert_93". It is "" for text
// that cannot be parsed.
func Name(wkt string) string {
	roots, err := crs.Parse(wkt)
	if err != nil {
		return ""
	}
	return crs.Source(roots[0]).Name()
}

// IsGeographic tells whether coordinates in the system of a well-known text are longitudes and latitudes: whether it, or
// its horizontal part, is a geographic system. It is false for text that cannot be parsed.
func IsGeographic(wkt string) bool {
	roots, err := crs.Parse(wkt)
	if err != nil {
		return false
	}
	k := crs.KindOf(crs.Horizontal(roots[0]))
	return k == crs.Geographic2D || k == crs.Geographic3D
}

// Horizontal returns the part of a well-known text that is about x and y: of a compound system, or of the pair that ESRI
// writes (PROJCS[...],VERTCS[...]), the first part, and of other systems all of it. It is "" for text that cannot be parsed.
//
// The height reference is lost: use it where only x and y matter, for instance to find a code for a compound system that
// has none.
func Horizontal(wkt string) string {
	roots, err := crs.Parse(wkt)
	if err != nil {
		return ""
	}
	n := crs.Horizontal(roots[0])
	return wkt[n.Start:n.End]
}
