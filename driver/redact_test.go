package driver_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
)

func TestRedact(t *testing.T) {
	for name, want := range map[string]string{
		// Nothing to hide.
		"":                                    "",
		"roads.shp":                           "roads.shp",
		"/data/a b/c@d.gpkg":                  "/data/a b/c@d.gpkg",
		"PG:dbname=x user=y":                  "PG:dbname=x user=y",
		"postgres://host/db":                  "postgres://host/db",
		"postgres://user@host/db":             "postgres://user@host/db",
		"https://example.org:8080/a?q=a@b":    "https://example.org:8080/a?q=a@b",
		"https://example.org/a:b?q=a@b":       "https://example.org/a:b?q=a@b",
		"https://[2001:db8::1]:8080/":         "https://[2001:db8::1]:8080/",
		"unexpected token: want a number":     "unexpected token: want a number",
		"tokens.csv":                          "tokens.csv",
		"secrets/password.shp":                "secrets/password.shp",
		"https://example.org/sql?key=a&pw=no": "https://example.org/sql?key=a&pw=no",

		// URLs.
		"postgres://user:hunter2@host/db":                       "postgres://user:xxxxx@host/db",
		"postgres://user:hunter2@host:5432/db?sslmode=require":  "postgres://user:xxxxx@host:5432/db?sslmode=require",
		"postgres://:hunter2@host/db":                           "postgres://:xxxxx@host/db",
		"postgres://user:hun@ter2@host/db":                      "postgres://user:xxxxx@host/db",
		"postgres://user:hun:ter2@host/db":                      "postgres://user:xxxxx@host/db",
		"postgres://user:hun/ter2@host/db":                      "postgres://user:xxxxx@host/db",
		"postgres://user:12/hunter2@host/db":                    "postgres://user:xxxxx@host/db",
		"postgres://user:hun?ter2@host/db":                      "postgres://user:xxxxx@host/db",
		"postgres://user:hun#ter2@host/db":                      "postgres://user:xxxxx@host/db",
		"postgres://user:hun ter2@host/db":                      "postgres://user:xxxxx@host/db",
		"postgres://user:hun%zzter2@host/db":                    "postgres://user:xxxxx@host/db",
		"PG:postgres://user:hunter2@host/db":                    "PG:postgres://user:xxxxx@host/db",
		"postgres://host/db?user=u&password=hunter2&x=1":        "postgres://host/db?user=u&password=xxxxx&x=1",
		"https://x.carto.com/api/v2/sql?q=SELECT+1&api_key=abc": "https://x.carto.com/api/v2/sql?q=SELECT+1&api_key=xxxxx",
		"https://x.carto.com/?API_KEY=abc&q=1":                  "https://x.carto.com/?API_KEY=xxxxx&q=1",
		"https://x.carto.com/?Api-Key=abc#top":                  "https://x.carto.com/?Api-Key=xxxxx#top",
		"https://x/?access_token=abc&id=1":                      "https://x/?access_token=xxxxx&id=1",
		"https://x/?sv=1&sig=abc%2F&se=2":                       "https://x/?sv=1&sig=xxxxx&se=2",

		// Connection strings.
		"PG:host=h password=hunter2 dbname=d":       "PG:host=h password=xxxxx dbname=d",
		"PG:host=h PASSWORD = hunter2 dbname=d":     "PG:host=h PASSWORD = xxxxx dbname=d",
		"PG:password='hun ter2' dbname=d":           "PG:password=xxxxx dbname=d",
		`PG:password='hun\'ter 2' dbname=d`:         "PG:password=xxxxx dbname=d",
		`PG:password=hun\ ter2 dbname=d`:            "PG:password=xxxxx dbname=d",
		"PG:password='hun ter2":                     "PG:password=xxxxx",
		`password="hun ter2" dbname=d`:              "password=xxxxx dbname=d",
		"password=hun&ter,2;3 dbname=d":             "password=xxxxx dbname=d",
		"host=h sslpassword=hunter2":                "host=h sslpassword=xxxxx",
		"PGPASSWORD=hunter2 psql":                   "PGPASSWORD=xxxxx psql",
		"MSSQL:server=s;uid=u;PWD={hun;ter 2};x=1":  "MSSQL:server=s;uid=u;PWD=xxxxx;x=1",
		"Carto:me api_key=abc":                      "Carto:me api_key=xxxxx",
		"Carto:me apikey=abc":                       "Carto:me apikey=xxxxx",
		"CARTO_API_KEY=abc":                         "CARTO_API_KEY=xxxxx",
		"AccountName=a AccountKey=abc==":            "AccountName=a AccountKey=xxxxx",
		"AWS_SECRET_ACCESS_KEY=abc":                 "AWS_SECRET_ACCESS_KEY=xxxxx",
		"password: hunter2":                         "password: xxxxx",
		`{"password": "hun\"ter2", "a": 1}`:         `{"password": xxxxx, "a": 1}`,
		`{"access_token": "abc", "a": 1}`:           `{"access_token": xxxxx, "a": 1}`,
		"X-Api-Key: abc":                            "X-Api-Key: xxxxx",
		"Authorization: Bearer abc":                 "Authorization: xxxxx",
		"Authorization: Basic YTpi and more":        "Authorization: xxxxx and more",
		"password=hunter2 sslpassword=hunter2 user": "password=xxxxx sslpassword=xxxxx user",
	} {
		if got := driver.Redact(name); got != want {
			t.Errorf("Redact(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestErrorRedacts: neither the name nor the cause shows a secret.
func TestErrorRedacts(t *testing.T) {
	const key = "hun_ter2"
	for _, name := range []string{
		"postgres://user:" + key + "@host/db", "https://x.carto.com/sql?api_key=" + key, "PG:host=h password=" + key,
		"postgres://user:two words and " + key + "@host/db",
	} {
		for what, cause := range map[string]error{
			"plain":        errors.New("no route to host"),
			"with name":    fmt.Errorf("parse %q: no", name),
			"with the URL": &url.Error{Op: "Get", URL: name, Err: errors.New("timeout")},
			"with another": errors.New("dial postgres://me:" + key + "@h/d?x=a@b, then https://x/?token=" + key + ": refused"),
			"in prose":     errors.New("cannot connect with password=" + key),
		} {
			wrapped := driver.Wrap("open", "postgis", name, "", cause)
			for form, err := range map[string]error{
				"Wrap":  wrapped,
				"Error": &driver.Error{Op: "open", Driver: "postgis", Name: name, FID: feature.NullFID, Err: cause},
				"twice": fmt.Errorf("again: %w", wrapped),
			} {
				for _, format := range []string{"%v", "%s", "%q", "%+v"} {
					if s := fmt.Sprintf(format, err); strings.Contains(s, key) {
						t.Errorf("%s, %s, %s: %s", form, what, format, s)
					}
				}
			}
			var de *driver.Error
			if what != "with another" && errors.As(wrapped, &de) && strings.Contains(de.Name, key) {
				t.Errorf("Wrap keeps the name %s", de.Name)
			}
		}
	}
	// But an error says what it can.
	err := driver.Wrap("open", "carto", "https://x/?api_key=abc", "", errors.New(`Get "https://x/?api_key=abc": status 403, see https://x/help`))
	if want := `carto: open https://x/?api_key=xxxxx: Get "https://x/?api_key=xxxxx": status 403, see https://x/help`; err.Error() != want {
		t.Errorf("%s, want %s", err, want)
	}
}

// FuzzRedact puts a secret into every kind of name. It never survives.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"hunter2", "p@ss/word", "a:b?c#d", "it's \"quoted\"", `back\slash`, "Zürich 1", "50%25;x=y&z", "{a;b}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		if len(secret) > 100 || strings.ContainsAny(secret, "\x00\n\r") {
			return
		}
		// A mark in the secret's midst and at its ends, which nothing else has.
		const mark = "Q7q"
		secret = mark + secret + mark + secret + mark
		libpq := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(secret)
		names := []string{
			"postgres://user:" + secret + "@host/db", // as it was typed
			(&url.URL{Scheme: "postgres", User: url.UserPassword("user", secret), Host: "host:5432", Path: "/db"}).String(),
			"https://x.carto.com/api/v2/sql?q=1&api_key=" + url.QueryEscape(secret) + "&format=csv",
			"PG:host=h password='" + libpq + "' dbname=d",
		}
		if strings.Trim(secret, alphabet+"!$&()*+,-./:;<=>?@[]^_`|~#%") == "" {
			names = append(names, "PG:host=h password="+secret+" dbname=d", "api_key="+secret)
		}
		for _, name := range names {
			if got := driver.Redact(name); strings.Contains(got, mark) {
				t.Errorf("Redact(%q) = %q", name, got)
			}
			err := driver.Wrap("open", "x", name, "", fmt.Errorf("cannot open %s", name))
			if strings.Contains(err.Error(), mark) {
				t.Errorf("the error for %q is %q", name, err)
			}
		}
	})
}
