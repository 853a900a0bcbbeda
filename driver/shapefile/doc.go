// Package shapefile reads ESRI Shapefiles: a .shp, alone or with its .shx, .dbf, .prj and .cpg, a .dbf alone, a folder of
// them, or a .zip with them in it.
//
// The sources are the ESRI Shapefile Technical Description (July 1998), cited by page where it settles something, and what
// OGR makes of files that it does not describe. Where this package differs from OGR on purpose, ogr_test.go says so and why.
//
// What the reader trusts and what it does not: every length is held against the size of the file before memory is
// allocated for it; the .shx is held against the .shp, record by record, and the .shp wins. The bounding box that stands
// in a record is believed: a [github.com/ogrcarto/ogrcarto/layer.Query] with a Box passes over a record whose own box does
// not meet it without decoding the record.
package shapefile
