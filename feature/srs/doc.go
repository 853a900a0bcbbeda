// Package srs knows the coordinate reference systems of the EPSG dataset and those of ESRI: it looks them up by code and
// tells which one a well-known text means, such as the one in the .prj file of a Shapefile.
//
// The definitions are those of PostGIS' table spatial_ref_sys (version 3.3.2: 6,184 codes of EPSG and 2,315 of ESRI), as
// OGC 01-009 well-known text, which is what GeoPackage and PostGIS store. Two hundred systems that WKT 1 has no form for,
// three-dimensional geographic ones, are WKT 2, as the table has them, and 14 codes have no definition at all. The table is
// embedded in 153 KB; nothing is unpacked before it is asked for, and then only the part that is needed.
//
// The package compares definitions; it does not transform coordinates. Whatever a definition says about axes, x is
// longitude or easting and y latitude or northing in this module, so systems that differ only in the order of their axes
// count as the same.
package srs

//go:generate sh -c "psql -c \"COPY (SELECT srid, auth_name, auth_srid, srtext FROM spatial_ref_sys ORDER BY srid) TO STDOUT\" | go run ./gen -datums gen/datum_names.txt -out data.bin -sum data.sum"
