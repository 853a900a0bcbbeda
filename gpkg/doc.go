// Package gpkg reads and writes GeoPackages (OGC 12-128r18): the driver "GPKG", and the store that this module embeds.
//
// It reads any conformant file from version 1.0 to 1.4, never writes while reading, and sees what is in a file's
// write-ahead log even where it may not write. It writes version 1.2 unless asked for another.
//
// A file that is made anew is written under another name beside its target and takes its place when the dataset is
// closed, complete. (A process that is killed leaves it behind: .NAME.gpkg.*.tmp.) Its large tables are not inserted row by row: their pages are made directly, and so is the packed
// R-tree; see docs/architecture.md. Changes to an existing file are SQL, in one transaction for each layer.
package gpkg
