// Package crs reads the well-known text of coordinate reference systems and reduces it to what can be compared: a datum,
// an ellipsoid, a projection with its parameters, and units. It knows no codes; package srs looks those up by Key.
package crs

import (
	"math"
	"strings"
)

// Kind is the sort of a coordinate reference system.
type Kind uint8

// The kinds that can be compared. Vertical, local and fitted systems on their own are Unknown.
const (
	Unknown Kind = iota
	Geographic2D
	Geographic3D
	Geocentric
	Projected
	Compound // a horizontal system and a vertical one
)

// A Definition is a coordinate reference system without the accidents of how it was written.
type Definition struct {
	Kind       Kind
	Horizontal Kind   // of a Compound its first part, else the same as Kind
	Name       string // as written
	Datum      string // the key that Datums gives
	DatumKnown bool
	A, RF      float64
	// PM is the prime meridian in degrees from Greenwich, read as degrees and read in the angular unit: OGC 01-009 asks
	// for the latter, and most writers do the former.
	PM         [2]float64
	Unit       float64 // metres or radians of one unit of the coordinates
	projection projection
	reversed   bool // the coordinates are southings and westings, which the method does not say
	vertical   vertical
}

type vertical struct {
	name, datum string
	unit        float64
}

var (
	geographicWords = []string{"GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS", "BASEGEOGCRS", "BASEGEODCRS"}
	projectedWords  = []string{"PROJCS", "PROJCRS", "PROJECTEDCRS"}
	verticalWords   = []string{"VERT_CS", "VERTCS", "VERTCRS", "VERTICALCRS"}
	compoundWords   = []string{"COMPD_CS", "COMPOUNDCRS"}
	datumWords      = []string{"DATUM", "GEODETICDATUM", "TRF", "ENSEMBLE"}
	unitWords       = []string{"UNIT", "ANGLEUNIT", "LENGTHUNIT", "SCALEUNIT"}
)

func in(word string, words []string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// Source returns the system that a BOUNDCRS binds to another by a transformation, and any other node as it is. The
// transformation is not part of the system.
func Source(n *Node) *Node {
	if n != nil && n.Keyword == "BOUNDCRS" {
		if s := n.Child("SOURCECRS"); s != nil && len(s.Args) > 0 && s.Args[0].Kind == Child {
			return s.Args[0].Node
		}
	}
	return n
}

// KindOf tells the kind from the keyword and the axes.
func KindOf(n *Node) Kind {
	n = Source(n)
	switch {
	case n == nil:
		return Unknown
	case in(n.Keyword, projectedWords):
		return Projected
	case in(n.Keyword, compoundWords):
		return Compound
	case n.Keyword == "GEOCCS":
		return Geocentric
	case in(n.Keyword, geographicWords):
		cs := n.Child("CS")
		if cs != nil && len(cs.Args) > 1 && strings.EqualFold(cs.Args[0].Text, "Cartesian") {
			return Geocentric
		}
		if dims, _ := cs.Num(1); dims == 3 || n.Child("LINUNIT") != nil || countChildren(n, "AXIS") == 3 {
			return Geographic3D
		}
		return Geographic2D
	}
	return Unknown
}

func countChildren(n *Node, keyword string) (count int) {
	for _, a := range n.Args {
		if a.Kind == Child && a.Node.Keyword == keyword {
			count++
		}
	}
	return count
}

// Define reduces what Parse returned. It returns nil for what it cannot compare: an unknown keyword, a missing part, a
// parameter it has never heard of.
func Define(roots []*Node, d *Datums) *Definition {
	if len(roots) == 0 {
		return nil
	}
	root := Source(roots[0])
	def := &Definition{Name: root.Name(), Kind: KindOf(root)}
	horizontal, vert := root, (*Node)(nil)
	switch {
	case def.Kind == Compound && len(roots) == 1:
		horizontal, vert = Horizontal(root), root.Child(verticalWords...)
	case len(roots) == 2 && in(roots[1].Keyword, verticalWords):
		def.Kind, vert = Compound, roots[1]
	case len(roots) > 1:
		return nil
	}
	if def.Kind == Compound && (vert == nil || !def.readVertical(vert)) {
		return nil
	}
	def.Horizontal = KindOf(horizontal)
	ok := false
	switch def.Horizontal {
	case Projected:
		ok = def.readProjected(horizontal, d)
	case Geographic2D, Geographic3D:
		ok = def.readGeodetic(horizontal, d) && def.readUnit(horizontal, math.Pi/180)
	case Geocentric:
		ok = def.readGeodetic(horizontal, d) && def.readUnit(horizontal, 1)
	}
	if !ok {
		return nil
	}
	return def
}

func (def *Definition) readVertical(n *Node) bool {
	datum := n.Child("VERT_DATUM", "VDATUM", "VERTICALDATUM", "VRF", "DATUM", "ENSEMBLE")
	def.vertical = vertical{name: n.Name(), datum: FoldDatum(datum.Name()), unit: unitOf(n, 1)}
	return datum != nil
}

// unitOf returns the factor of a system's unit, which WKT 2 may have in the axes.
func unitOf(n *Node, fallback float64) float64 {
	if u := n.Child(unitWords...); u != nil {
		if f, ok := u.Num(1); ok && f > 0 {
			return f
		}
	}
	if u := n.Child("AXIS").Child(unitWords...); u != nil {
		if f, ok := u.Num(1); ok && f > 0 {
			return f
		}
	}
	return fallback
}

// readUnit takes the unit of the coordinates. WKT 1 must have one; in WKT 2 it may be left out of a base system.
func (def *Definition) readUnit(n *Node, fallback float64) bool {
	def.Unit = unitOf(n, 0)
	if def.Unit == 0 && (n.Keyword == "BASEGEOGCRS" || n.Keyword == "BASEGEODCRS") {
		def.Unit = fallback
	}
	return def.Unit > 0
}

// readGeodetic takes datum, ellipsoid and prime meridian.
func (def *Definition) readGeodetic(n *Node, d *Datums) bool {
	datum := n.Child(datumWords...)
	ellipsoid := datum.Child("SPHEROID", "ELLIPSOID")
	a, okA := ellipsoid.Num(1)
	rf, okRF := ellipsoid.Num(2)
	if !okA || !okRF || a <= 0 || rf != 0 && rf < 1 {
		return false
	}
	a *= unitOf(ellipsoid, 1)
	if rf > 1e10 { // some writers put an infinite inverse flattening for a sphere
		rf = 0
	}
	def.A, def.RF = a, rf
	def.Datum, def.DatumKnown = d.Key(datum.Name())
	if !def.DatumKnown {
		if key, ok := d.coded(datum.ID()); ok {
			def.Datum, def.DatumKnown = key, true
		}
	}
	pm := n.Child("PRIMEM", "PRIMEMERIDIAN")
	if pm == nil {
		return true // Greenwich
	}
	v, ok := pm.Num(1)
	if !ok {
		return false
	}
	const degree = math.Pi / 180
	if pm.Child(unitWords...) != nil {
		v *= unitOf(pm, degree) / degree
		def.PM = [2]float64{v, v}
		return true
	}
	def.PM = [2]float64{v, v * unitOf(n, degree) / degree}
	return true
}

func (def *Definition) readProjected(n *Node, d *Datums) bool {
	base := n.Child(geographicWords...)
	conversion, method := n, n.Child("PROJECTION")
	if c := n.Child("CONVERSION"); c != nil {
		conversion, method = c, c.Child("METHOD", "PROJECTION")
	}
	if base == nil || method == nil || !def.readGeodetic(base, d) || !def.readUnit(n, 1) {
		return false
	}
	const degree = math.Pi / 180
	angle := unitOf(base, degree) / degree
	p := &def.projection
	p.method = Fold(method.Name())
	for _, a := range conversion.Args {
		if a.Kind != Child || a.Node.Keyword != "PARAMETER" {
			continue
		}
		v, ok := a.Node.Num(1)
		if !ok {
			return false
		}
		s, known := parameterSlots[Fold(a.Node.Name())]
		switch {
		case !known && v == 0:
			continue
		case !known:
			return false
		case s.angular():
			v *= unitOf(a.Node, angle*degree) / degree
		case s.linear():
			v *= unitOf(a.Node, def.Unit)
		case s == scale:
			v *= unitOf(a.Node, 1) // EPSG:6996 has parts per million
		}
		p.value[s], p.set[s] = v, true
	}
	if !p.unify(def.A, def.RF) {
		return false
	}
	switch east, south := axes(n); {
	case p.method == methodKrovak && !p.set[xScale] && east:
		p.method = methodKrovakEN
	case p.method != methodKrovak && p.method != methodKrovakEN && p.method != methodTMSouth:
		def.reversed = south
	}
	def.settleWebMercator(n, d)
	for _, v := range p.value {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// axes tells whether the first two axes are said to point east and north, or south and west in either order.
func axes(n *Node) (eastNorth, southWest bool) {
	var toward []string
	for _, a := range n.Args {
		if a.Kind == Child && a.Node.Keyword == "AXIS" && len(a.Node.Args) > 1 {
			toward = append(toward, strings.ToUpper(a.Node.Args[1].Text))
		}
	}
	if len(toward) < 2 {
		return false, false
	}
	x, y := toward[0], toward[1]
	return x == "EAST" && y == "NORTH", x == "SOUTH" && y == "WEST" || x == "WEST" && y == "SOUTH"
}

const (
	webRadius    = 6378137.0
	wgs84RF      = 298.257223563
	wgs84Datum   = "wgs1984"
	sphericalVis = "popularvisualisationdatum"
)

// settleWebMercator recognises the ways to write EPSG:3857 other than by its own method: WKT 1 has no name for it.
//
// Written as Mercator, it is web Mercator if it has its parameters (scale 1, no false origin, metres) on WGS 84 and
// either the ellipsoid is the sphere of 6,378,137 m, or an EXTENSION says that, or the name does. A Mercator on the
// ellipsoid that says nothing of the kind is EPSG:3395.
func (def *Definition) settleWebMercator(n *Node, d *Datums) {
	p := &def.projection
	if p.method != methodMercator && p.method != methodWeb {
		return
	}
	wgs84, _ := d.Key(wgs84Datum)
	spherical, _ := d.Key(sphericalVis)
	onWGS84 := def.Datum == wgs84 || def.Datum == spherical
	if !onWGS84 || math.Abs(def.A-webRadius) > axisTolerance || math.Abs(p.value[scale]-1) > scaleTolerance ||
		p.value[lon0] != 0 || p.value[lat0] != 0 || p.value[easting] != 0 || p.value[northing] != 0 || def.Unit != 1 {
		return
	}
	name := Fold(def.Name)
	if def.Kind == Compound {
		name = Fold(n.Name())
	}
	extension := ""
	if e := n.Child("EXTENSION"); e != nil && len(e.Args) > 1 {
		extension = e.Args[1].Text
	}
	switch {
	case p.method == methodWeb:
	case def.RF == 0:
	case strings.Contains(extension, "+a=6378137 ") && strings.Contains(extension, "+b=6378137 "):
	case strings.Contains(name, "pseudomercator"), strings.Contains(name, "webmercator"):
	default:
		return
	}
	p.method = methodWeb
	p.value[sp1] = 0
	def.Datum, def.DatumKnown = wgs84, true
	def.RF = wgs84RF
}

// Horizontal returns the part of a compound system that is about x and y, and any other node as it is.
func Horizontal(n *Node) *Node {
	n = Source(n)
	if KindOf(n) != Compound {
		return n
	}
	for _, a := range n.Args {
		if a.Kind == Child && !in(a.Node.Keyword, verticalWords) {
			if k := KindOf(a.Node); k != Unknown && k != Compound {
				return Source(a.Node)
			}
		}
	}
	return n
}

// IsSystem tells whether the node is a coordinate reference system of some kind, comparable or not.
func IsSystem(n *Node) bool {
	switch n.Keyword {
	case "BOUNDCRS", "LOCAL_CS", "FITTED_CS", "ENGCRS", "ENGINEERINGCRS", "PARAMETRICCRS", "TIMECRS", "DERIVEDPROJCRS":
		return true
	}
	return KindOf(n) != Unknown || in(n.Keyword, verticalWords)
}
