// Package sqltext looks at the text of SQL for PostgreSQL without understanding it: where statements begin, what they begin
// with, which names they use.
//
// It knows how PostgreSQL splits a text into tokens (PostgreSQL documentation, "SQL Syntax: Lexical Structure") and only as
// much of the grammar as the questions need. It assumes standard_conforming_strings = on, which is PostgreSQL's default: a
// session in which it is off reads backslashes otherwise. What it answers helps to be polite and fast; what a statement may do
// is PostgreSQL's to decide, by the permissions of its role.
//
// Every function takes time in proportion to the text and accepts any text. A literal, a comment or a quoted name without an
// end goes to the end of the text; PostgreSQL refuses such a text as a whole.
package sqltext
