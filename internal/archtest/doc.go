// Package archtest holds the house in order: its tests check who imports whom, that nothing registers itself in init, and
// that there is no cgo. The rules are one table, in rules_test.go; docs/architecture.md has the picture that belongs to it.
package archtest
