// Package feature is the data model: a [Feature] is one row of a layer, described by a [Schema].
//
// A Feature holds an FID, its geometries and its values. A geometry travels as raw ISO WKB bytes ([WKB]) and is decoded
// only by who needs it: bounds, type and validity are read from the bytes, and the packages orbgeom, twgeom and sfgeom
// beside this one turn them into the types of three geometry libraries and back. A [Value] is a tagged union without
// boxing. A [Batch] packs rows so that they can be handed to another goroutine.
//
// Coordinates are x (longitude or easting) first and y (latitude or northing) second, in every format and every SRS.
//
// This package imports the standard library only.
package feature
