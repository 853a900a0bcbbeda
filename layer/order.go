package layer

import (
	"fmt"
	"strings"
)

// ParseOrder reads an order as SQL has it behind ORDER BY: names of fields with commas between them, each perhaps with
// ASC or DESC behind it. A name may stand in double quotes.
func ParseOrder(text string) ([]Order, error) {
	var list []Order
	rest := text
	for {
		name, after, err := cutName(strings.TrimLeft(rest, " \t\r\n"))
		if err != nil {
			return nil, fmt.Errorf("order %q: %w", text, err)
		}
		o := Order{Field: name}
		word, more, comma := strings.Cut(after, ",")
		switch strings.ToUpper(strings.TrimSpace(word)) {
		case "", "ASC":
		case "DESC":
			o.Desc = true
		default:
			return nil, fmt.Errorf("order %q: %q follows %s, want ASC, DESC or a comma", text, strings.TrimSpace(word), name)
		}
		list = append(list, o)
		if !comma {
			return list, nil
		}
		rest = more
	}
}

// cutName cuts the name that s begins with.
func cutName(s string) (name, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, " \t\r\n,")
		if end < 0 {
			end = len(s)
		}
		if end == 0 {
			return "", "", fmt.Errorf("the name of a field is missing")
		}
		return s[:end], s[end:], nil
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], `""`, `"`), s[i+1:], nil
	}
	return "", "", fmt.Errorf("the closing quote is missing")
}
