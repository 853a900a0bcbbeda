package gpkg

import (
	"errors"

	"github.com/ogrcarto/ogrcarto/internal/geosql"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// addFunctions makes known to the connection the SQL functions of geometries, those that the triggers of a GeoPackage call
// among them (OGC 12-128r18, F.3 "RTree Spatial Indexes", minimal runtime SQL functions). Views and triggers of the file
// may call these and SQLite's own, and nothing that does more than compute.
func addFunctions(c *sqlite.Conn) error {
	return errors.Join(geosql.Register(c), c.Harden())
}
