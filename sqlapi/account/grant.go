package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// privileges lists what a key may be granted on a table, in the order of Grant.Privileges.
var privileges = []string{"select", "insert", "update", "delete"}

// ParseGrant reads TABLE:PRIVILEGE[,PRIVILEGE...]. Privileges may be of any case and order, and there may be spaces around
// all parts.
func ParseGrant(text string) (Grant, error) {
	_, rest, err := parseTable(text)
	if err != nil {
		return Grant{}, fmt.Errorf("grant %q: %w", text, err)
	}
	list, ok := strings.CutPrefix(strings.TrimSpace(rest), ":")
	if !ok {
		return Grant{}, fmt.Errorf("grant %q: want TABLE:PRIVILEGE[,PRIVILEGE...], and the table's name quoted as in SQL where it must be", text)
	}
	p, err := sortPrivileges(strings.Split(list, ","))
	if err != nil {
		return Grant{}, fmt.Errorf("grant %q: %w", text, err)
	}
	return Grant{Table: strings.TrimSpace(strings.TrimSuffix(text, rest)), Privileges: p}, nil
}

// sortPrivileges returns privileges in lower case, in order and without repetition.
func sortPrivileges(list []string) ([]string, error) {
	given := make([]bool, len(privileges))
	for _, p := range list {
		i := slices.Index(privileges, strings.ToLower(strings.TrimSpace(p)))
		if i < 0 {
			return nil, fmt.Errorf("the privilege %q is none of %s", strings.TrimSpace(p), strings.Join(privileges, ", "))
		}
		given[i] = true
	}
	var sorted []string
	for i, p := range privileges {
		if given[i] {
			sorted = append(sorted, p)
		}
	}
	if sorted == nil {
		return nil, fmt.Errorf("no privilege is given: want some of %s", strings.Join(privileges, ", "))
	}
	return sorted, nil
}

// tableName is the name of a table as the catalog has it.
type tableName struct{ schema, name string }

func (t tableName) String() string { return quoteName(t.schema) + "." + quoteName(t.name) }

// parseTable reads the name of a table as SQL does, and returns what follows. A name without a schema is of schema public.
func parseTable(text string) (t tableName, rest string, err error) {
	first, rest, err := parseName(strings.TrimLeft(text, " \t"))
	if err != nil {
		return t, "", err
	}
	after, dotted := strings.CutPrefix(rest, ".")
	if !dotted {
		return tableName{schema: "public", name: first}, rest, nil
	}
	second, rest, err := parseName(after)
	if err != nil {
		return t, "", err
	}
	return tableName{schema: first, name: second}, rest, nil
}

// parseName reads an identifier, https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS.
func parseName(text string) (name, rest string, err error) {
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		var b strings.Builder
		for {
			part, after, ok := strings.Cut(quoted, `"`)
			if !ok {
				return "", "", errors.New("the table's name has no closing quotation mark")
			}
			b.WriteString(part)
			if !strings.HasPrefix(after, `"`) {
				if b.Len() == 0 || strings.ContainsRune(b.String(), 0) {
					return "", "", errors.New("the table's name is empty or has a zero byte")
				}
				return b.String(), after, nil
			}
			b.WriteByte('"')
			quoted = after[1:]
		}
	}
	n := 0
	for n < len(text) {
		c := text[n]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
		if !letter && (n == 0 || (c < '0' || c > '9') && c != '$') {
			break
		}
		n++
	}
	if n == 0 {
		return "", "", errors.New("the table's name is missing, or must be quoted as in SQL")
	}
	// As PostgreSQL does where a character has several bytes: only ASCII's letters become small.
	lower := []byte(text[:n])
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower), text[n:], nil
}

// grant gives a role the privileges of a grant.
func grant(ctx context.Context, tx pgx.Tx, role string, g Grant) error {
	table, rest, err := parseTable(g.Table)
	if err == nil && strings.TrimSpace(rest) != "" {
		err = fmt.Errorf("%q follows the table's name: must it be quoted as in SQL?", rest)
	}
	var list []string
	if err == nil {
		list, err = sortPrivileges(g.Privileges)
	}
	if err != nil {
		return fmt.Errorf("grant on %q: %w", g.Table, err)
	}
	if table.schema == internalSchema {
		return fmt.Errorf("grant on %q: the schema %s is not for API keys", g.Table, internalSchema)
	}
	var oid uint32
	var isTable bool
	err = tx.QueryRow(ctx, `SELECT c.oid, c.relkind IN ('r', 'v', 'm', 'f', 'p') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = $2`, mode, table.schema, table.name).Scan(&oid, &isTable)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("grant on %q: there is no table %s", g.Table, table)
	case err != nil:
		return fmt.Errorf("grant on %q: %w", g.Table, err)
	case !isTable:
		return fmt.Errorf("grant on %q: %s is neither a table nor a view", g.Table, table)
	}

	to := " TO " + quoteName(role)
	statements := []string{"GRANT " + strings.Join(list, ", ") + " ON TABLE " + table.String() + to}
	var usage bool
	if err := tx.QueryRow(ctx, `SELECT has_schema_privilege($1::name, $2::text, 'USAGE')`, mode, role, table.schema).Scan(&usage); err != nil {
		return fmt.Errorf("grant on %q: %w", g.Table, err)
	}
	if !usage { // without it the privileges on the table are none
		statements = append(statements, "GRANT USAGE ON SCHEMA "+quoteName(table.schema)+to)
	}
	if slices.Contains(list, "insert") {
		sequences, err := sequencesOf(ctx, tx, oid)
		if err != nil {
			return fmt.Errorf("grant on %q: %w", g.Table, err)
		}
		for _, s := range sequences {
			statements = append(statements, "GRANT USAGE ON SEQUENCE "+s+to)
		}
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s); err != nil {
			return fmt.Errorf("grant on %q: %w", g.Table, err)
		}
	}
	return nil
}

// sequencesOf returns the quoted names of the sequences that a table's columns own, or take their defaults from.
func sequencesOf(ctx context.Context, tx pgx.Tx, table uint32) ([]string, error) {
	return texts(ctx, tx, `SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
		FROM pg_depend d LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
		JOIN pg_class c ON c.oid = CASE WHEN a.oid IS NULL THEN d.objid ELSE d.refobjid END AND c.relkind = 'S'
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND d.deptype IN ('a', 'i')
		OR a.adrelid = $1 AND d.refclassid = 'pg_class'::regclass
		ORDER BY 1`, table)
}
