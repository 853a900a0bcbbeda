package sqlbuilder

import "strings"

// QuoteIdent returns a name as an SQL identifier in double quotes, which all dialects here take.
func QuoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// QuoteText returns a text as an SQL literal in single quotes.
func QuoteText(text string) string { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }
