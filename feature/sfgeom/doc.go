// Package sfgeom turns geometries into the type of github.com/peterstace/simplefeatures and back.
//
// simplefeatures has predicates (does it touch, contain, cross), validity and well-known text. It holds Z and M, but no
// curves, no triangle and no surfaces of patches: these are an error that matches errors.ErrUnsupported, and no arc is
// made straight.
//
// Decode does not validate: a bow-tie of a polygon comes through, as it does through the rest of this module. Call
// [geom.Geometry.Validate] before asking for a predicate.
package sfgeom
