package carto

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
)

// openOptions are the options of opening. OGR's names.
var openOptions = []driver.OptionSpec{
	{Name: "ACCOUNT", Type: driver.StringOption, Doc: "name of the account, where the dataset's name has none"},
	{Name: "API_KEY", Type: driver.StringOption, Doc: "API key; others can see a command line: CARTO_API_KEY in the environment is better"},
}

// settings are what a dataset is opened with.
type settings struct {
	datasetName
	url string // of the endpoint sql
	key string
}

// parseSettings reads a dataset's name, its options and the environment, in this order: what is nearer wins.
func parseSettings(name string, o driver.Options, getenv func(string) string) (*settings, error) {
	set, err := driver.ParseOptions("open option of Carto", openOptions, o)
	if err != nil {
		return nil, err
	}
	n, err := parseName(name)
	if err != nil {
		return nil, err
	}
	s := &settings{datasetName: n}
	// CARTODB_* are the names that OGR's driver had before.
	env := func(name string) string {
		if v := getenv("CARTO_" + name); v != "" {
			return v
		}
		return getenv("CARTODB_" + name)
	}
	if account := set.String("ACCOUNT"); account != "" {
		if s.account != "" && s.account != account {
			return nil, fmt.Errorf("account %q and ACCOUNT=%s: want one of them", s.account, account)
		}
		s.account = account
	}
	if s.account == "" {
		return nil, errors.New("no account: want Carto:ACCOUNT")
	}
	if s.key = set.String("API_KEY"); s.key == "" {
		s.key = env("API_KEY")
	}
	if s.url, err = apiURL(env, s.account); err != nil {
		return nil, err
	}
	return s, nil
}

// apiURL returns the URL of the endpoint sql.
func apiURL(env func(string) string, account string) (string, error) {
	text := env("API_URL")
	if text == "" {
		if strings.ContainsAny(account, "/:@?#. ") {
			return "", fmt.Errorf("account %q: want a name without a point, or CARTO_API_URL", account)
		}
		scheme := "https"
		if v := env("HTTPS"); v != "" && !isYes(v) {
			scheme = "http"
		}
		return scheme + "://" + account + ".carto.com/api/v2/sql", nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil: // the message would repeat the URL, with what may be in it
		return "", errors.New("CARTO_API_URL is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", errors.New("CARTO_API_URL: want http://HOST/PATH or https://HOST/PATH")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("CARTO_API_URL: want the endpoint alone, as in https://alice.carto.com/api/v2/sql; the key belongs into CARTO_API_KEY")
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

func isYes(v string) bool {
	switch strings.ToUpper(v) {
	case "YES", "TRUE", "ON", "1":
		return true
	}
	return false
}

// environment is where settings come from that are not options.
var environment = os.Getenv
