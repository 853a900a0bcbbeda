// Package sqlapi serves CARTO's SQL API over a PostGIS database.
package sqlapi
