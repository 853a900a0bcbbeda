package gpkg

import (
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// addFunctions makes known to the connection the SQL functions that the triggers of a GeoPackage call (OGC 12-128r18,
// F.3 "RTree Spatial Indexes", minimal runtime SQL functions). All are null for what is not a geometry blob.
func addFunctions(c *sqlite.Conn) error {
	ordinate := func(get func(feature.Bounds) float64) sqlite.Func {
		return func(call *sqlite.Call) {
			if b, ok := blobBounds(call); ok && !b.IsEmpty() {
				call.ReturnFloat(get(b))
			} else {
				call.ReturnNull()
			}
		}
	}
	for name, f := range map[string]sqlite.Func{
		"ST_MinX": ordinate(func(b feature.Bounds) float64 { return b.MinX }),
		"ST_MaxX": ordinate(func(b feature.Bounds) float64 { return b.MaxX }),
		"ST_MinY": ordinate(func(b feature.Bounds) float64 { return b.MinY }),
		"ST_MaxY": ordinate(func(b feature.Bounds) float64 { return b.MaxY }),
		"ST_IsEmpty": func(call *sqlite.Call) {
			b, ok := blobBounds(call)
			switch {
			case !ok:
				call.ReturnNull()
			case b.IsEmpty():
				call.ReturnInt(1)
			default:
				call.ReturnInt(0)
			}
		},
	} {
		if err := c.CreateFunction(name, f); err != nil {
			return err
		}
	}
	return nil
}

func blobBounds(call *sqlite.Call) (feature.Bounds, bool) {
	blob, ok := call.Blob()
	if !ok {
		return feature.Bounds{}, false
	}
	h, err := gpb.Parse(blob)
	if err != nil {
		return feature.Bounds{}, false
	}
	b, err := h.Bounds(blob)
	return b, err == nil
}
