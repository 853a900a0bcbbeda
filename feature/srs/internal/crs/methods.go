package crs

import "math"

// A slot is a parameter of a projection under the one name that this package gives it.
type slot uint8

const (
	lat0 slot = iota
	lon0
	sp1
	sp2
	scale
	azimuth
	skew // angle from the rectified to the skew grid
	lat1
	lon1
	lat2
	lon2
	height
	easting
	northing
	auxSphere
	xScale
	yScale
	rotation
	option
	slots
)

// angular and linear tell in which unit a slot is written; the others are bare numbers.
func (s slot) angular() bool {
	return s <= sp2 || s >= azimuth && s <= lon2 || s == rotation
}

func (s slot) linear() bool { return s >= height && s <= northing }

// parameterSlots maps the folded names of parameters in OGC WKT 1, ESRI WKT 1 and WKT 2 (EPSG's names).
var parameterSlots = map[string]slot{
	"latitudeoforigin":                    lat0,
	"latitudeofcenter":                    lat0,
	"latitudeofcentre":                    lat0,
	"latitudeofnaturalorigin":             lat0,
	"latitudeoffalseorigin":               lat0,
	"latitudeofprojectioncentre":          lat0,
	"centralparallel":                     lat0,
	"centralmeridian":                     lon0,
	"longitudeofcenter":                   lon0,
	"longitudeofcentre":                   lon0,
	"longitudeoforigin":                   lon0,
	"longitudeofnaturalorigin":            lon0,
	"longitudeoffalseorigin":              lon0,
	"longitudeofprojectioncentre":         lon0,
	"standardparallel1":                   sp1,
	"standardparallel":                    sp1,
	"pseudostandardparallel1":             sp1,
	"latitudeof1ststandardparallel":       sp1,
	"latitudeofstandardparallel":          sp1,
	"latitudeofpseudostandardparallel":    sp1,
	"standardparallel2":                   sp2,
	"latitudeof2ndstandardparallel":       sp2,
	"scalefactor":                         scale,
	"scalefactoratnaturalorigin":          scale,
	"scalefactoroninitialline":            scale,
	"scalefactoratprojectioncentre":       scale,
	"scalefactoronpseudostandardparallel": scale,
	"azimuth":                             azimuth,
	"azimuthofinitialline":                azimuth,
	"azimuthatprojectioncentre":           azimuth,
	"colatitudeofconeaxis":                azimuth,
	"rectifiedgridangle":                  skew,
	"anglefromrectifiedtoskewgrid":        skew,
	"latitudeofpoint1":                    lat1,
	"latitudeof1stpoint":                  lat1,
	"longitudeofpoint1":                   lon1,
	"longitudeof1stpoint":                 lon1,
	"latitudeofpoint2":                    lat2,
	"latitudeof2ndpoint":                  lat2,
	"longitudeofpoint2":                   lon2,
	"longitudeof2ndpoint":                 lon2,
	"satelliteheight":                     height,
	"height":                              height,
	"falseeasting":                        easting,
	"eastingatfalseorigin":                easting,
	"eastingatprojectioncentre":           easting,
	"falsenorthing":                       northing,
	"northingatfalseorigin":               northing,
	"northingatprojectioncentre":          northing,
	"auxiliaryspheretype":                 auxSphere,
	"xscale":                              xScale,
	"yscale":                              yScale,
	"xyplanerotation":                     rotation,
	"option":                              option,
}

// The methods that are more than their folded name.
const (
	methodTM            = "transversemercator"
	methodTMSouth       = "transversemercatorsouthorientated"
	methodLCC           = "lambertconformalconic"
	methodMercator      = "mercator"
	methodWeb           = "pseudomercator"
	methodPolar         = "polarstereographic"
	methodObliqueStereo = "obliquestereographic"
	methodStereo        = "stereographic"
	methodHotineA       = "hotineobliquemercator"
	methodHotineB       = "hotineobliquemercatorazimuthcenter"
	methodAlbers        = "albersconicequalarea"
	methodLAEA          = "lambertazimuthalequalarea"
	methodKrovak        = "krovak"
	methodKrovakEN      = "krovakeastnorth"
	methodCEA           = "cylindricalequalarea"
	methodCassini       = "cassinisoldner"
	methodPolyconic     = "polyconic"
	methodPlate         = "equirectangular"
	methodEquiConic     = "equidistantconic"
	methodLaborde       = "labordeobliquemercator"
	methodAux           = "mercatorauxiliarysphere"
	methodNorthPole     = "stereographicnorthpole"
	methodSouthPole     = "stereographicsouthpole"
)

// methodNames maps the folded names of OGC WKT 1, ESRI WKT 1 and WKT 2 to one. A name that is missing here stands for
// itself: the methods that few systems use are spelt alike everywhere.
var methodNames = map[string]string{
	"gausskruger":                               methodTM,
	"gaussboaga":                                methodTM,
	"transversemercatorcomplex":                 methodTM,
	"transversemercatorsouthoriented":           methodTMSouth,
	"lambertconformalconic1sp":                  methodLCC,
	"lambertconformalconic2sp":                  methodLCC,
	"lambertconicconformal1sp":                  methodLCC,
	"lambertconicconformal2sp":                  methodLCC,
	"lambertconicconformal2spbelgium":           "lambertconformalconic2spbelgium",
	"mercator1sp":                               methodMercator,
	"mercator2sp":                               methodMercator,
	"mercatorvarianta":                          methodMercator,
	"mercatorvariantb":                          methodMercator,
	"popularvisualisationpseudomercator":        methodWeb,
	"polarstereographicvarianta":                methodPolar,
	"polarstereographicvariantb":                methodPolar,
	"doublestereographic":                       methodObliqueStereo,
	"hotineobliquemercatorvarianta":             methodHotineA,
	"hotineobliquemercatorazimuthnaturalorigin": methodHotineA,
	"rectifiedskeworthomorphicnaturalorigin":    methodHotineA,
	"hotineobliquemercatorvariantb":             methodHotineB,
	"rectifiedskeworthomorphiccenter":           methodHotineB,
	"swissobliquecylindrical":                   methodHotineB,
	"swissobliquemercator":                      methodHotineB,
	"albers":                                    methodAlbers,
	"albersequalarea":                           methodAlbers,
	"krovaknorthorientated":                     methodKrovakEN,
	"lambertcylindricalequalarea":               methodCEA,
	"cassini":                                   methodCassini,
	"americanpolyconic":                         methodPolyconic,
	"equidistantcylindrical":                    methodPlate,
	"platecarree":                               methodPlate,
	"behrmann":                                  methodCEA,
	"tunisiamappinggrid":                        "tunisiamininggrid",
	"vandergrinteni":                            "vandergrinten",
}

// A projection is what PROJECTION or METHOD and the parameters say, before and after unify.
type projection struct {
	method string
	value  [slots]float64 // degrees, metres, bare numbers
	set    [slots]bool
}

// unify brings the ways to write one projection to one: defaults are filled in, Lambert's one parallel becomes two equal
// ones, and a parallel of true scale becomes a scale factor where that is the same thing. It returns false where the
// method cannot be told.
func (p *projection) unify(a, rf float64) bool {
	fill := func(s slot, v float64) {
		if !p.set[s] {
			p.value[s], p.set[s] = v, true
		}
	}
	if p.method == "behrmann" {
		fill(sp1, 30) // the parallel that gives the projection its name
	}
	if m, ok := methodNames[p.method]; ok {
		p.method = m
	}
	fill(scale, 1)
	switch p.method {
	case methodLCC, methodAlbers, methodEquiConic, "lambertconformalconic2spbelgium":
		// Both parallels play the same part, so their order says nothing.
		fill(sp1, p.value[lat0])
		fill(sp2, p.value[sp1])
		if p.value[sp1] < p.value[sp2] {
			p.value[sp1], p.value[sp2] = p.value[sp2], p.value[sp1]
		}
	case methodAux:
		// Type 0 projects geographic coordinates as if they were on a sphere with the semi-major axis: that is EPSG's
		// pseudo-Mercator. The other types use other spheres.
		if p.value[auxSphere] != 0 || p.value[sp1] != 0 {
			return true
		}
		p.method = methodWeb
	case methodMercator:
		// EPSG guidance note 7-2, Mercator (variant B): the scale at the equator follows from the standard parallel.
		p.value[scale] *= radiusOfParallel(p.value[sp1], rf)
		p.value[sp1] = 0
	case methodNorthPole, methodSouthPole, methodPolar:
		return p.unifyPolar(rf)
	case methodStereo:
		if near(math.Abs(p.value[lat0]), 90, angleTolerance) {
			return p.unifyPolar(rf)
		}
	case methodLaborde:
		p.value[skew] = 0 // writers put what they like: the formulas do not have it
	case methodHotineA, methodHotineB:
		if !p.set[azimuth] { // the Swiss names imply it
			p.value[azimuth] = 90
		}
		// ESRI has the skew as XY_Plane_Rotation, and leaves it out where it equals the azimuth.
		if !p.set[skew] {
			p.value[skew] = p.value[azimuth]
			if p.set[rotation] {
				p.value[skew] = p.value[rotation]
			}
		}
		p.value[rotation] = 0
		p.value[azimuth] = turn(p.value[azimuth])
		p.value[skew] = turn(p.value[skew])
	case methodKrovak:
		// ESRI turns the axes by scale and rotation.
		switch {
		case p.value[xScale] == -1 && near(p.value[rotation], 90, angleTolerance):
			p.method = methodKrovakEN
		case p.set[xScale] && p.value[xScale] != 1 || !near(p.value[rotation], 0, angleTolerance):
			return false
		}
		p.value[xScale], p.value[yScale], p.value[rotation] = 0, 0, 0
	}
	p.value[lon0] = turn(p.value[lon0])
	return true
}

// unifyPolar writes a polar stereographic projection as EPSG's variant A: the latitude of its pole and the scale there.
func (p *projection) unifyPolar(rf float64) bool {
	trueScale := p.value[lat0] // OGC WKT 1 has the parallel of true scale as latitude_of_origin
	if p.set[sp1] {
		trueScale = p.value[sp1]
	}
	switch {
	case p.method == methodNorthPole && !p.set[sp1]:
		trueScale = 90
	case p.method == methodSouthPole && !p.set[sp1]:
		trueScale = -90
	case p.method == methodSouthPole && trueScale > 0, p.method == methodNorthPole && trueScale < 0, trueScale == 0:
		return false
	}
	p.method = methodPolar
	p.value[scale] *= polarScale(math.Abs(trueScale), rf)
	p.value[lat0] = math.Copysign(90, trueScale)
	p.value[sp1] = 0
	p.value[lon0] = turn(p.value[lon0])
	return true
}

// turn brings an angle into (-180, 180].
func turn(deg float64) float64 {
	deg = math.Remainder(deg, 360)
	if deg < -180+angleTolerance {
		deg += 360
	}
	return deg
}

// eccentricity2 is e², from the inverse flattening, 0 standing for a sphere.
func eccentricity2(rf float64) float64 {
	if rf == 0 {
		return 0
	}
	f := 1 / rf
	return f * (2 - f)
}

// radiusOfParallel is the radius of a parallel in units of the semi-major axis.
func radiusOfParallel(lat, rf float64) float64 {
	sin, cos := math.Sincos(lat * math.Pi / 180)
	return cos / math.Sqrt(1-eccentricity2(rf)*sin*sin)
}

// polarScale is the scale at the pole of a polar stereographic projection that is true to scale on a northern parallel:
// EPSG guidance note 7-2, Polar Stereographic (variant B).
func polarScale(lat, rf float64) float64 {
	if lat >= 90-angleTolerance {
		return 1
	}
	e := math.Sqrt(eccentricity2(rf))
	phi := lat * math.Pi / 180
	es := e * math.Sin(phi)
	t := math.Tan(math.Pi/4-phi/2) * math.Pow((1+es)/(1-es), e/2)
	return radiusOfParallel(lat, rf) * math.Sqrt(math.Pow(1+e, 1+e)*math.Pow(1-e, 1-e)) / (2 * t)
}
