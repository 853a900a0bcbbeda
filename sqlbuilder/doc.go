// Package sqlbuilder writes SQL for the stores that speak it: a layer's query, as far as a dialect can express it, and the
// statements that make, fill and change tables.
//
// # Queries
//
// Select turns a plan into a statement and the plan that is left, which the driver hands to layer.Filter. What a filter
// means is fixed by package filter; each of its conjuncts is rendered as a whole or left to the program:
//
//	PostgreSQL  what is rendered means exactly what the filter means, and is not checked again. Only where a column may
//	            hold geometry collections is the store asked for more than ST_Within and ST_Contains keep. ST_DWithin is
//	            the program's, behind a box.
//	SQLite      any value can stand in any column. What is rendered is true wherever the filter is, whatever the column
//	            holds, and the program checks the rows that come. Exact are conditions on the FID alone.
//
// Limit and offset go to the store when nothing is left to check.
//
// # Text
//
// Names are always quoted, values are arguments, or literals where a dialect has no arguments (Dialect.WithLiterals).
// What cannot be said in a dialect, such as a NUL in a name, is an error and never a statement that says something else.
package sqlbuilder
