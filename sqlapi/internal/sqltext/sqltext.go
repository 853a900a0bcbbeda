// Package sqltext looks at the text of SQL for PostgreSQL without understanding it: where statements begin, what they begin
// with, which names they use.
package sqltext
