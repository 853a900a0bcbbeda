package srs

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs/internal/crs"
)

// Identify tells which system of the table a well-known text defines. The text is OGC WKT 1, ESRI WKT 1 (what a .prj file
// holds, with its own names and without codes) or WKT 2. A byte order mark, NULs at the end, odd white space, parentheses
// and any case are taken. Text that cannot be parsed is not identified; Parse says what is wrong with it.
//
// The rules, in this order:
//
//  1. A root AUTHORITY or ID is believed if it is in the table with a system of the same kind. What ESRI calls
//     EPSG:102100 is therefore not believed, and goes on to the comparison.
//  2. Otherwise everything that determines coordinates must agree: the kind, the ellipsoid, the prime meridian, the unit,
//     the method of projection and each of its parameters, within tolerances of a centimetre on the ground. Names of
//     methods and parameters are those of OGC, ESRI and EPSG; what is left out has its usual default; ways to write the same
//     projection are brought to one. The order of axes does not count. Southings and westings are another system than
//     eastings and northings.
//  3. The datum must agree too: its name, in one of the spellings of EPSG, OGC and ESRI, or else its code. If both are
//     unknown to the table, the name of the whole system must agree instead, "ETRS_1989_Poland_CS92" with
//     "ETRS89 / Poland CS92". A known name that differs is no match, however small the difference on the ground.
//  4. A system with a vertical part matches only systems with the same unit and the same vertical datum, or name. See Horizontal.
//  5. If several systems remain they have the same definition, and the choice is: EPSG before ESRI; one that is not
//     deprecated; one with the same name; the nearest name; the shorter name; the lower code.
//
// Web Mercator has no name in OGC WKT 1. It is EPSG:3857 if the method is Mercator_Auxiliary_Sphere (of type 0), or if it
// is a Mercator without offsets on WGS 84 in metres whose ellipsoid is a sphere of 6,378,137 m, or whose EXTENSION says so,
// or whose name contains "Pseudo-Mercator" or "Web Mercator".
//
// Nothing is guessed: without a match the result is false, and the caller keeps the text as a custom system, as Parse does.
func Identify(wkt string) (feature.SRS, bool) {
	roots, err := crs.Parse(wkt)
	if err != nil {
		return feature.SRS{}, false
	}
	return identify(roots)
}

func identify(roots []*crs.Node) (feature.SRS, bool) {
	if row, ok := stated(roots); ok {
		return system(row), true
	}
	def := crs.Define(roots, datums())
	if def == nil {
		return feature.SRS{}, false
	}
	matches := sameDatum(def)
	if len(matches) == 0 && !def.DatumKnown {
		matches = sameName(def)
	}
	if len(matches) == 0 {
		return feature.SRS{}, false
	}
	return system(choose(def.Name, matches)), true
}

// stated returns the row whose code the root carries.
func stated(roots []*crs.Node) (row int, ok bool) {
	if len(roots) != 1 {
		return 0, false
	}
	root := crs.Source(roots[0])
	authority, code, ok := root.ID()
	if !ok {
		return 0, false
	}
	if row, ok = systems.Find(authority, code); !ok {
		return 0, false
	}
	wkt, _ := systems.WKT(row)
	known, err := crs.Parse(wkt)
	if err != nil {
		return row, wkt == "" // a code without a definition
	}
	return row, crs.KindOf(known[0]) == crs.KindOf(root)
}

// A match is a row of the table that defines the same system.
type match struct {
	row  int
	name string
}

// find returns the rows with the key of def that have its definition and pass the test.
func find(def *crs.Definition, test func(*crs.Definition) bool) []match {
	var found []match
	for _, row := range systems.WithKey(def.Key()) {
		wkt, name := systems.WKT(row)
		roots, err := crs.Parse(wkt)
		if err != nil {
			continue
		}
		if d := crs.Define(roots, datums()); d != nil && d.Equal(def) && test(d) {
			found = append(found, match{row, name})
		}
	}
	return found
}

func sameDatum(def *crs.Definition) []match {
	return find(def, def.SameDatum)
}

// sameName is for a datum that the table does not know.
//
// A projected system is found by its parameters, so that the name can be compared. A geographic one is found by its datum:
// its own name is tried as the name of one, as in GEOGCS["WGS 84",DATUM["unknown", ...]].
func sameName(def *crs.Definition) []match {
	if def.Horizontal != crs.Projected {
		key, known := datums().Key(strings.TrimPrefix(strings.ToUpper(def.Name), "GCS_"))
		if !known {
			return nil
		}
		def = def.AsDatum(key)
	}
	return find(def, func(d *crs.Definition) bool { return crs.SameName(d.Name, def.Name) })
}

// choose settles between systems of one definition; see Identify.
func choose(name string, matches []match) (row int) {
	preference := systems.Authorities()
	type rank struct {
		match
		authority, code  int
		other, withdrawn int // 0 or 1
		near             float64
	}
	ranks := make([]rank, len(matches))
	for i, m := range matches {
		authority, code := systems.Code(m.row)
		ranks[i] = rank{match: m, authority: slices.Index(preference, authority), code: code, near: crs.Nearness(name, m.name)}
		if !crs.SameName(name, m.name) {
			ranks[i].other = 1
		}
		if strings.HasSuffix(m.name, "(deprecated)") {
			ranks[i].withdrawn = 1
		}
	}
	best := slices.MinFunc(ranks, func(a, b rank) int {
		return cmp.Or(
			cmp.Compare(a.authority, b.authority),
			cmp.Compare(a.withdrawn, b.withdrawn),
			cmp.Compare(a.other, b.other),
			cmp.Compare(b.near, a.near),
			cmp.Compare(len(a.name), len(b.name)),
			cmp.Compare(a.code, b.code),
		)
	})
	return best.row
}
