package srs

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs/internal/crs"
	"github.com/ogrcarto/ogrcarto/feature/srs/internal/table"
)

//go:embed data.bin
var data string

var (
	systems = table.Open(data)
	datums  = sync.OnceValue(func() *crs.Datums { return crs.NewDatums(systems.Datums()) })
)

// EPSG returns the system with a code of the EPSG dataset, for example 4326. It is false for a code that is not in the
// table. Vertical systems are not in it.
//
// A few codes, such as 8857 (Equal Earth), are known but have no definition as OGC well-known text: their WKT and Name are
// empty.
func EPSG(code int) (feature.SRS, bool) { return Lookup("EPSG", code) }

// Lookup returns the system to which an authority, "EPSG" or "ESRI" in any case, gave the code. It is false for an
// authority or a code that is not in the table. See EPSG.
func Lookup(authority string, code int) (feature.SRS, bool) {
	row, ok := systems.Find(authority, code)
	if !ok {
		return feature.SRS{}, false
	}
	return system(row), true
}

func system(row int) feature.SRS {
	authority, code := systems.Code(row)
	wkt, name := systems.WKT(row)
	return feature.SRS{Authority: authority, Code: code, Name: name, WKT: wkt}
}

// Codes returns the codes of an authority in ascending order, or nil for an unknown authority.
func Codes(authority string) []int {
	return systems.Codes(authority)
}

// authorities is the list of known authorities for messages.
func authorities() string { return strings.Join(systems.Authorities(), ", ") }
