// Package carto is the driver for CARTO accounts, and for whatever else answers CARTO's SQL API, such as "ogrcarto serve".
package carto
