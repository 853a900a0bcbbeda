// Package ogrcarto is the root of a module that reads, writes and copies vector data as OGR does, in pure Go.
//
// It has no code of its own. The parts are:
//
//	feature       the data model: Feature, Value, Schema, WKB, SRS
//	feature/srs   the definitions of reference systems, and which one a text means
//	layer         Layer, Writer, Query, and copying from one to the other
//	layer/filter  the language of filters
//	sqlbuilder    queries and statements as the SQL of SQLite and PostgreSQL
//	sqlquery      SQL over the layers of any dataset
//	driver        what a format has to offer; driver/all is the list of all drivers
//	translate     whole datasets copied, as ogr2ogr does
//	sqlapi        a server of CARTO's SQL API over PostGIS; sqlapi/account prepares its database
//	cmd/ogrcarto  the command: info, copy, serve, drivers
//
// The drivers:
//
//	driver           package            reads  writes  updates
//	Carto            driver/carto       yes    no      no
//	ESRI Shapefile   driver/shapefile   yes    no      no
//	GPKG             gpkg               yes    yes     yes
//
// A dataset is opened through the list of drivers; its layers are iterated with a query, as the example shows. To copy,
// call translate.Run:
//
//	report, err := translate.Run(ctx, all.Drivers(), "countries.shp", "world.gpkg", translate.Options{})
//
// docs/architecture.md says how it all hangs together.
package ogrcarto
