// Package pgvalue turns values from PostgreSQL's text format into what the SQL API shows.
package pgvalue
