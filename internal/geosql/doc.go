// Package geosql gives SQLite geometry functions, and makes the result of a SELECT a layer.
//
// A geometry in SQL is a GeoPackage blob, as package gpb reads and writes it. Register makes these functions known:
//
//	ST_AsText(g)                      well-known text, as ogrinfo prints it
//	ST_GeomFromText(wkt[, srid])      a geometry; the SRID is 0 unless given
//	ST_Point(x, y[, srid])            a point
//	ST_MakeEnvelope(x0, y0, x1, y1[, srid])   a rectangle, from any two corners that face each other
//	ST_MinX, ST_MaxX, ST_MinY, ST_MaxY (g)    the bounds; null for an empty geometry
//	ST_IsEmpty(g)                     1 or 0
//	ST_GeometryType(g)                the name of the type without dimensions: MULTIPOLYGON
//	ST_SRID(g)                        the SRID that the blob bears
//	ST_Area(g), ST_Length(g)          in the plane, in the units of the SRS; a polygon has no length, a line no area
//	ST_Centroid(g)                    a point; null for an empty geometry
//	ST_X(g), ST_Y(g)                  of a point; null for all else
//	ST_Intersects, ST_Within, ST_Contains (a, b)   1 or 0, in the plane; 0 where one is empty
//	ST_Distance(a, b)                 in the plane; null where one is empty
//	MbrIntersects(a, b)               whether the bounds have a point in common
//
// Names and results are those of GDAL's SQL functions of a GeoPackage and of Spatialite, where they have them, with these
// exceptions. Null gives null, and so does what is no geometry, where Spatialite's predicates give -1. Text that is not
// well-known text is an error, where Spatialite gives null and the statement no rows. A geometry that cannot be computed
// with, having curves, is an error too. SRIDs are not compared.
package geosql
