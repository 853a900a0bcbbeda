package filter

import (
	"fmt"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Nearest returns the name of the field or geometry column that may have been meant by a name that the schema does not
// have, or "".
func Nearest(s *feature.Schema, name string) string { return nearest(name, namesOf(s)) }

// namesOf returns the names of the fields and geometry columns.
func namesOf(s *feature.Schema) []string {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	for i := range s.Geoms {
		names = append(names, GeomName(s, i))
	}
	return names
}

// unknownField says that there is no such field, which one may have been meant, or which there are.
func unknownField(s *feature.Schema, name string) string {
	names := namesOf(s)
	if near := nearest(name, names); near != "" {
		return fmt.Sprintf("there is no field %s; did you mean %s?", name, near)
	}
	const most = 20
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return fmt.Sprintf("there is no field %s; there are FID, %s", name, strings.Join(names, ", "))
}

// nearest returns the name that is the fewest edits away from what was written, if those are few for its length, or the
// only one that begins with it.
func nearest(written string, names []string) string {
	const longest = 200
	if len(written) > longest {
		return ""
	}
	best, least := "", len([]rune(written))/3+1
	for _, name := range names {
		if len(name) > longest {
			continue
		}
		if d := edits([]rune(strings.ToLower(written)), []rune(strings.ToLower(name))); d < least {
			best, least = name, d
		}
	}
	if best != "" || written == "" {
		return best
	}
	for _, name := range names {
		if len(name) > len(written) && strings.EqualFold(name[:len(written)], written) {
			if best != "" {
				return ""
			}
			best = name
		}
	}
	return best
}

// edits returns how many characters must be put in, taken out, replaced or swapped with their neighbour to turn a into b.
func edits(a, b []rune) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[0] {
		rows[0][j] = j
	}
	before, last, row := rows[2], rows[0], rows[1]
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
