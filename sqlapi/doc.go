// Package sqlapi serves CARTO's SQL API over a PostGIS database: what OGR's Carto driver, carto-python and scripts speak, with
// nothing but this server and PostgreSQL behind it.
//
// A Server is an http.Handler for one account, which is one database; package account prepares it and keeps its API keys.
//
//	/api/v2/sql            SQL, answered as JSON, CSV, GeoJSON or a GeoPackage
//	/api/v2/sql/copyfrom   COPY ... FROM STDIN, with the request's body as the data
//	/api/v2/sql/copyto     COPY ... TO STDOUT
//	/api/v2/sql/job        batch queries
//	/api/v1/version        versions
//	/health, /metrics      for those who run the server
//
// Any version number will do, and /user/NAME may stand before /api. Parameters, headers, statuses and bodies are CARTO's, as
// docs/serve.md lists them, with what differs on purpose.
//
// # How a statement runs
//
// SQL runs in a session that is logged in as the API key's own role, by the simple query protocol, so several statements in
// one request behave as in psql. The server adds nothing to it and interprets none of it: what a key may do is for PostgreSQL
// to say. Sessions are kept for the next request of the same role, and cleaned in between (ROLLBACK, DISCARD ALL). Rows are
// sent while they come, so memory does not grow with the result. A client that goes away, and a limit of time that passes,
// cancel the statement in PostgreSQL.
//
// An error before the first row has a status of its own. Behind the first row the status is 200 already: JSON tells the error
// beside its rows, as CARTO does; CSV, GeoJSON and copyto end without the sign that they are complete.
package sqlapi
