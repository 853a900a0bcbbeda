// Package orbgeom turns geometries into the types of github.com/paulmach/orb and back.
//
// orb is for work in the plane: clipping, simplifying, tiles. It has neither Z nor measures, no curves, no surfaces of
// patches, and no empty point. What it cannot hold is an error that matches errors.ErrUnsupported: nothing is dropped,
// and no arc is made straight. Drop Z and M first with [feature.AppendAs] if that is wanted. Rings stay as they are,
// closed or not and whichever way they turn.
package orbgeom
