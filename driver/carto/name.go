package carto

import (
	"fmt"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
)

// prefixes begin the names of datasets, in any case.
var prefixes = []string{"Carto:", "CartoDB:"}

// datasetName is the name of a dataset taken apart: Carto:account tables=a,b schema=s.
type datasetName struct {
	account string
	tables  []string // those that are listed; nil for all that the key may read
	schema  string   // "" for the account's own
}

// parseName reads the name of a dataset. Its parts stand behind the account, separated by white space.
func parseName(name string) (n datasetName, err error) {
	rest := ""
	for _, p := range prefixes {
		if driver.HasPrefixFold(name, p) {
			rest = name[len(p):]
		}
	}
	parts := strings.Fields(rest)
	if len(parts) == 0 {
		return n, nil
	}
	if !strings.Contains(parts[0], "=") {
		n.account, parts = parts[0], parts[1:]
	}
	for _, part := range parts {
		key, value, ok := strings.Cut(part, "=")
		switch key = strings.ToLower(key); {
		case !ok:
			return n, fmt.Errorf("%q behind the account: want tables=NAME,NAME or schema=NAME", part)
		case value == "":
			return n, fmt.Errorf("%s= has no value", key)
		case key == "tables":
			for table := range strings.SplitSeq(value, ",") {
				if table != "" {
					n.tables = append(n.tables, table)
				}
			}
		case key == "schema":
			n.schema = value
		default:
			return n, fmt.Errorf("%s= behind the account is unknown: want tables=NAME,NAME or schema=NAME", key)
		}
	}
	return n, nil
}
