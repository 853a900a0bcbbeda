// Package layer is what a driver gives and what a program works with: a [Layer] of features, a [Query] that says which
// of them are wanted, a [Writer] that takes them, and [Copy], which moves them from the one to the other in pages.
//
// What only some layers can do is an optional interface with a function that falls back on iterating: [Counter] and
// [Count], [Extenter] and [Extent], [Getter] and [Get].
//
// The filters of this package are the reference. A driver may push a query down to its store as far as it likes; what it
// yields must be what [Query.Matches] keeps.
package layer
