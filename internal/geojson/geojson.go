// Package geojson writes geometries as GeoJSON (RFC 7946).
package geojson
