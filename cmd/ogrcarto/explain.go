package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/ogrcarto/ogrcarto/layer"
)

// explain prints how each layer's features would be found.
func (p *program) explain(ctx context.Context, in info, layers []layer.Layer) error {
	w := bufio.NewWriter(p.stdout)
	for i, l := range layers {
		q := in.query(l.Schema())
		e, err := layer.Explain(ctx, l, q)
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "Layer name: %s\n", l.Name())
		printExplanation(w, e, q)
	}
	return w.Flush()
}

func printExplanation(w *bufio.Writer, e layer.Explanation, q layer.Query) {
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%s: %s\n", name, text)
		}
	}
	line("Statement", e.SQL)
	line("Arguments", strings.Join(e.Args, ", "))
	line("Uses", strings.Join(e.Uses, ", "))
	box := ""
	if q.Box != nil {
		box = "bounds that touch " + corners(*q.Box)
	}
	parts := func(where fmt.Stringer, has, hasBox bool) string {
		var list []string
		if has {
			list = append(list, where.String())
		}
		if hasBox && box != "" {
			list = append(list, box)
		}
		return strings.Join(list, "; ")
	}
	line("Checked again", parts(e.Recheck, e.Recheck != nil, e.RecheckBox))
	left := parts(e.Residual, e.Residual != nil, e.ResidualBox)
	if e.Sorted {
		if left != "" {
			left += "; "
		}
		left += "the order"
	}
	if left == "" {
		left = "nothing"
	}
	line("Left to this program", left)
}
