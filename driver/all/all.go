// Package all has the list of all drivers. It is the one place that knows them all: nothing registers itself.
package all

import (
	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/carto"
	"github.com/ogrcarto/ogrcarto/driver/shapefile"
	"github.com/ogrcarto/ogrcarto/gpkg"
)

// Drivers returns the drivers in the order in which they are asked about a name: of two that are equally sure that it is
// theirs, the first opens it.
func Drivers() driver.Registry {
	return driver.Registry{
		carto.New(),
		shapefile.New(),
		gpkg.New(),
	}
}
