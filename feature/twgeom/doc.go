// Package twgeom turns geometries into the types of github.com/twpayne/go-geom and back.
//
// go-geom holds flat coordinates with Z, M or both. It has no curves, no triangle and no surfaces of patches: these are an
// error that matches errors.ErrUnsupported, and no arc is made straight. Rings stay as they are, closed or not. WKB
// carries no SRID, so Decode leaves it 0; the layer's schema has it.
package twgeom
