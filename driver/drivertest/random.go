package drivertest

import (
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// RandomFilter returns an expression over the schema's fields, nested as deep as depth, with constants that are often values
// of the rows. It is the same for the same seed. Few of them do not bind.
func RandomFilter(seed uint64, s *feature.Schema, rows []*feature.Feature, depth int) *filter.Expr {
	return newRandomFilter(seed, s, rows).condition(depth)
}

// Shrink returns the smallest expression that it finds below one for which fails is true, by leaving parts out for as long
// as it stays true.
func Shrink(e *filter.Expr, fails func(*filter.Expr) bool) *filter.Expr {
	for {
		smaller := shrinkOnce(e, fails)
		if smaller == nil {
			return e
		}
		e = smaller
	}
}

func shrinkOnce(e *filter.Expr, fails func(*filter.Expr) bool) *filter.Expr {
	for _, c := range reductions(e, 0) {
		if fails(c) {
			return c
		}
	}
	return nil
}

// reductions returns expressions that are e with one part left out.
func reductions(e *filter.Expr, depth int) []*filter.Expr {
	args := e.Args()
	list := append([]*filter.Expr{}, args...)
	if len(args) > 2 {
		for i := range args {
			list = append(list, e.WithArgs(append(append([]*filter.Expr{}, args[:i]...), args[i+1:]...)...))
		}
	}
	if depth > 20 {
		return list
	}
	for i, a := range args {
		for _, r := range reductions(a, depth+1) {
			changed := append([]*filter.Expr{}, args...)
			changed[i] = r
			list = append(list, e.WithArgs(changed...))
		}
	}
	return list
}
