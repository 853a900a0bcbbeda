package pgvalue

import "strings"

// kind says how a value is shown.
type kind uint8

const (
	kindString kind = iota
	kindNumber
	kindBool
	kindDate
	kindTimestamp
	kindTimestamptz
	kindJSON
	kindBytea
	kindInterval
)

// pgType is a type that the API knows by name.
type pgType struct {
	name  string // what the API calls pgtype: PostgreSQL's typname, but for JSON
	kind  kind
	array bool // of the kind
}

// types are the types that the API knows, by their OIDs, which are the same in every database (PostgreSQL,
// src/include/catalog/pg_type.dat). Those that CARTO names as well but whose name its rule would take for another type
// (point and int4range contain "int") are left out.
var types = map[uint32]pgType{
	16:   {name: "bool", kind: kindBool},
	17:   {name: "bytea", kind: kindBytea},
	18:   {name: "char"},
	19:   {name: "name"},
	20:   {name: "int8", kind: kindNumber},
	21:   {name: "int2", kind: kindNumber},
	23:   {name: "int4", kind: kindNumber},
	25:   {name: "text"},
	26:   {name: "oid", kind: kindNumber},
	114:  {name: "JSON", kind: kindJSON},
	142:  {name: "xml"},
	650:  {name: "cidr"},
	700:  {name: "float4", kind: kindNumber},
	701:  {name: "float8", kind: kindNumber},
	705:  {name: "unknown"},
	790:  {name: "money"},
	829:  {name: "macaddr"},
	869:  {name: "inet"},
	1042: {name: "bpchar"},
	1043: {name: "varchar"},
	1082: {name: "date", kind: kindDate},
	1083: {name: "time"},
	1114: {name: "timestamp", kind: kindTimestamp},
	1184: {name: "timestamptz", kind: kindTimestamptz},
	1186: {name: "interval", kind: kindInterval},
	1266: {name: "timetz"},
	1560: {name: "bit"},
	1562: {name: "varbit"},
	1700: {name: "numeric", kind: kindNumber},
	2205: {name: "regclass"},
	2206: {name: "regtype"},
	2278: {name: "void"},
	2950: {name: "uuid"},
	3614: {name: "tsvector"},
	3615: {name: "tsquery"},
	3802: {name: "jsonb", kind: kindJSON},

	143:  {name: "_xml", array: true},
	199:  {name: "_json", kind: kindJSON, array: true},
	651:  {name: "_cidr", array: true},
	791:  {name: "_money", array: true},
	1000: {name: "_bool", kind: kindBool, array: true},
	1001: {name: "_bytea", kind: kindBytea, array: true},
	1002: {name: "_char", array: true},
	1003: {name: "_name", array: true},
	1005: {name: "_int2", kind: kindNumber, array: true},
	1007: {name: "_int4", kind: kindNumber, array: true},
	1009: {name: "_text", array: true},
	1014: {name: "_bpchar", array: true},
	1015: {name: "_varchar", array: true},
	1016: {name: "_int8", kind: kindNumber, array: true},
	1021: {name: "_float4", kind: kindNumber, array: true},
	1022: {name: "_float8", kind: kindNumber, array: true},
	1028: {name: "_oid", kind: kindNumber, array: true},
	1040: {name: "_macaddr", array: true},
	1041: {name: "_inet", array: true},
	1115: {name: "_timestamp", kind: kindTimestamp, array: true},
	1182: {name: "_date", kind: kindDate, array: true},
	1183: {name: "_time", array: true},
	1185: {name: "_timestamptz", kind: kindTimestamptz, array: true},
	1187: {name: "_interval", kind: kindInterval, array: true},
	1231: {name: "_numeric", kind: kindNumber, array: true},
	1270: {name: "_timetz", array: true},
	2951: {name: "_uuid", array: true},
	3807: {name: "_jsonb", kind: kindJSON, array: true},
}

// shown returns what the API calls the type. The rule is CARTO's, which goes by what the name contains: an interval is a
// number, an array of uuids a _uuid[].
func (t pgType) shown() string {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(t.name, p) {
				return true
			}
		}
		return false
	}
	s := t.name
	switch {
	case has("bool"):
		s = "boolean"
	case has("int", "float", "numeric"):
		s = "number"
	case has("text", "char", "unknown"):
		s = "string"
	case has("date", "time"):
		s = "date"
	}
	if t.array {
		s += "[]"
	}
	return s
}
