package driver

import (
	"regexp"
	"strings"
)

// redacted stands for what must not be seen.
const redacted = "xxxxx"

// secretKey finds the keys whose values are secret, in connection strings, URLs, headers and JSON: password, sslpassword,
// PGPASSWORD, api_key, X-Api-Key, access_token, AccountKey, ... "unexpected token: x" is prose, and "token=x" is not.
const secretKey = `(?i)(` +
	`[\w-]*(?:passw(?:or)?d|passphrase|pwd|(?:api|account|access|private|secret)[_-]?key)[\w-]*["']?\s*[=:]\s*|` +
	`(?:[\w-]*(?:token|secret|credential|signature)[\w-]*|\bsig)(?:["']?\s*=\s*|["']\s*:\s*|:))`

// The values of such keys: in quotes, in which a backslash may stand before a quote, or in ODBC's braces; else up to the
// next blank, for libpq and others take "&", "," and ";" for a part of it; in a URL up to the next "&".
const (
	quotedValue = `\\?'(?:[^'\\]|\\.)*(?:'|\\?$)|\\?"(?:[^"\\]|\\.)*(?:"|\\?$)|\{[^}]*(?:\}|$)`
	plainValue  = `(?:[^\s\\]|\\(?s:.))+`
	urlValue    = `[^\s&#"]+`
)

var (
	secretInText  = regexp.MustCompile(secretKey + `(?:` + quotedValue + `|` + plainValue + `)`)
	secretInURL   = regexp.MustCompile(secretKey + `(?:` + quotedValue + `|` + urlValue + `)`)
	authorization = regexp.MustCompile(`(?i)(authorization["']?\s*[=:]\s*)(?:(?:basic|bearer|digest|negotiate)\s+)?[^\s"']+`)
	urlInText     = regexp.MustCompile(`[A-Za-z][\w+.-]*://[^\s"'<>]+`)
)

// Redact returns a dataset's name without passwords and API keys, for messages and logs. In doubt more is taken away than
// need be.
func Redact(name string) string {
	if strings.Contains(name, "://") {
		return authorization.ReplaceAllString(secretInURL.ReplaceAllString(redactUser(name), "${1}"+redacted), "${1}"+redacted)
	}
	return authorization.ReplaceAllString(secretInText.ReplaceAllString(name, "${1}"+redacted), "${1}"+redacted)
}

// redactText does the same in a message, which may have several names in it.
func redactText(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		at := urlInText.FindStringIndex(s)
		if at == nil {
			at = []int{len(s), len(s)}
		}
		b.WriteString(Redact(s[:at[0]]))
		b.WriteString(Redact(s[at[0]:at[1]]))
		s = s[at[1]:]
	}
	return b.String()
}

// redactUser takes the password out of a URL. What a user typed is not always a URL that package net/url accepts: a
// password may have any character in it.
func redactUser(name string) string {
	start := strings.Index(name, "://") + len("://")
	rest := name[start:]
	at, colon := strings.LastIndexByte(rest, '@'), strings.IndexByte(rest, ':')
	if at < 0 || colon < 0 || colon > at {
		return name
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 && end < at && strings.IndexByte(rest, '@') > end {
		// The first "@" comes after a slash. "https://example.org:8080/?q=a@b" has no password; "pg://user:12/3@host" has.
		port := end < colon || strings.Trim(rest[colon+1:end], "0123456789") == ""
		if query := strings.IndexByte(rest, '?'); port && (end < colon || query >= 0 && query < strings.IndexByte(rest, '@')) {
			return name
		}
	}
	return name[:start+colon+1] + redacted + rest[at:]
}
