// Package sqlquery answers SELECT statements over any dataset.
//
// A dataset that has SQL of its own, such as a GeoPackage, is asked in it. For all others the layers appear as tables that
// can be read in an SQLite database in memory, so that joins, groups and window functions work on a Shapefile. What a
// statement asks of a table is handed on to its layer: which columns, the box of ST_Intersects(geometry, constant), and
// comparisons of a field or the FID with a value.
//
// # Tables
//
// A table has the layer's name. SQL does not tell upper from lower case (of ASCII): where the names of several layers
// differ in nothing else, a statement may name one of them, spelled as it is, or each by its name with its number among
// them behind: roads_1, roads_2. The columns are
//
//   - the FID, first, where the schema names its column; it is the rowid too. Where it does not, the FID is rowid, or fid,
//     which SELECT * leaves out. (OGR has rowid only.)
//   - the fields by their names, counted up where SQL cannot tell them apart;
//   - the geometries, as blobs of GeoPackage; one without a name is called GEOMETRY, as in OGR.
//
// Integers are integers, booleans 0 and 1, dates and times text in ISO 8601: 2024-02-29, 12:30:00.500,
// 2024-02-29T12:30:00Z, as in a GeoPackage and in OGR's SQLite dialect. Lists are JSON. NaN is null. A column of the result
// that is a column of a layer has its type again.
//
// Functions of geometries are those of a GeoPackage: ST_AsText, ST_Area, ST_Intersects and others. A name in double quotes
// is always the name of a column; SQLite would take one that no column has for a text.
//
// # Joins
//
// A table that is read again for each row of another one is kept in memory, if it is not larger than 256 MiB, and its rows
// are found by a hash of the column that is compared. A larger one is read from its source each time: let the statement
// read it from a WITH ... AS MATERIALIZED, for which SQLite makes an index.
package sqlquery
