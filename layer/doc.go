// Package layer is what a driver gives and what a program works with: a [Layer] of features, a [Query] that says which
// of them are wanted, a [Writer] that takes them, and [Copy], which moves them from the one to the other in pages.
//
// What only some layers can do is an optional interface with a function that falls back on iterating: [Counter] and
// [Count], [Extenter] and [Extent], [Getter] and [Get].
//
// A query's filter is an expression of package layer/filter. A driver resolves a query with [Query.Plan] and may push it
// down to its store as far as it likes; what it yields must be what [Plan.Matches] keeps. What it leaves, [Filter] does.
// [Explain] says who does what.
package layer
