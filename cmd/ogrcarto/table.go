package main

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// table is text in columns, as wide as their widest cell.
type table struct {
	rows  [][]string
	right map[int]bool // columns that are aligned on the right
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the table. Nothing stands behind the last cell of a line.
func (t *table) print(w io.Writer) error {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	b := bufio.NewWriter(w)
	for _, row := range t.rows {
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if t.right[i] {
				b.WriteString(pad)
				pad = ""
			}
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(pad + "  ")
			}
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}
