package sqltext

import (
	"slices"
	"strings"
)

// UsesSystemCatalog tells whether a text names a system table or view outside of literals and comments, and which. These are
//
//   - everything in the schemas information_schema, pg_toast and ogrcarto, and in other sessions' schemas of temporary tables;
//   - the tables and views of pg_catalog, with or without its name, and those of pg_stat_statements;
//   - cdb_tablemetadata, cdb_tablemetadata_text and cdb_conf, without a schema or in the schema cartodb.
//
// Functions (pg_sleep(1), pg_catalog.now()) and types (x::pg_lsn) are not meant, nor are names behind AS, or behind another name
// and a dot: t.pg_class is a column. A column that is named like a system table and has no table's name before it is taken for
// the table.
//
// It is a courtesy beside the permissions of the role, and easily got round: it looks into no text that is run as SQL
// elsewhere, as in DO, in the bodies of functions that are strings, in query_to_xml('select ...') or behind UESCAPE.
func UsesSystemCatalog(sql string) (name string, ok bool) {
	s := scanner{text: sql}
	// The name is parts[0], or parts[0].parts[1] and so on; before is the token before it.
	var before token
	t := s.next()
	for t.kind != end {
		if t.kind != word && t.kind != quoted {
			before, t = t, s.next()
			continue
		}
		var parts [4]token // more are no name of a relation
		n := 0
		var last token
		for {
			if n < len(parts) {
				parts[n] = t
			}
			n++
			last = t
			if t = s.next(); !s.isSymbol(t, '.') {
				break
			}
			if t = s.next(); t.kind != word && t.kind != quoted { // a.*
				break
			}
		}
		// Behind INTO and COPY a parenthesis has columns, elsewhere a function's arguments.
		isFunction := s.isSymbol(t, '(') && !s.among(before, "INTO", "COPY")
		if n <= len(parts) && !s.isCast(before) && !s.is(before, "AS") {
			if name, ok := s.system(parts[:n], isFunction); ok {
				return name, true
			}
		}
		before = last
	}
	return "", false
}

// system tells whether a name, which may have several parts, is a system table's.
func (s *scanner) system(parts []token, isFunction bool) (string, bool) {
	if !slices.ContainsFunc(parts, s.maySystem) {
		return "", false
	}
	if len(parts) == 1 {
		name := s.name(parts[0])
		return name, !isFunction && (isCatalog(name) || isCarto(name))
	}
	// schema.table, schema.table.column or database.schema.table
	for i := range min(len(parts)-1, 2) {
		schema, name := s.name(parts[i]), s.name(parts[i+1])
		isFunction := isFunction && i+2 == len(parts)
		found := false
		switch schema {
		case "information_schema":
			found = !isFunction
		case "pg_catalog":
			found = !isFunction && isCatalog(name)
		case "cartodb":
			found = !isFunction && isCarto(name)
		case "ogrcarto":
			found = i == 0
		default:
			found = !isFunction && (schema == "pg_toast" || strings.HasPrefix(schema, "pg_toast_") || strings.HasPrefix(schema, "pg_temp_"))
		}
		if found {
			return schema + "." + name, true
		}
	}
	return "", false
}

// maySystem spares most names the closer look.
func (s *scanner) maySystem(t token) bool {
	switch c := lower(s.text[t.pos]); {
	case t.kind == quoted:
		return c == 'u' || t.pos+1 < t.end && strings.IndexByte("pico", s.text[t.pos+1]) >= 0
	default:
		return strings.IndexByte("pico", c) >= 0
	}
}

func isCatalog(name string) bool {
	if !strings.HasPrefix(name, "pg_") {
		return false
	}
	_, ok := slices.BinarySearch(catalogNames, name)
	return ok || name == "pg_stat_statements" || name == "pg_stat_statements_info"
}

func isCarto(name string) bool {
	return name == "cdb_tablemetadata" || name == "cdb_tablemetadata_text" || name == "cdb_conf"
}
