package carto

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
)

func TestParseSettings(t *testing.T) {
	const url = "https://alice.carto.com/api/v2/sql"
	base := settings{datasetName: datasetName{account: "alice"}, url: url}
	with := func(change func(*settings)) *settings {
		s := base
		change(&s)
		return &s
	}
	for _, test := range []struct {
		name    string
		options driver.Options
		env     map[string]string
		want    *settings
		err     string
	}{
		{"Carto:alice", nil, nil, &base, ""},
		{"CARTODB:alice", nil, nil, &base, ""},
		{"carto:", driver.Options{"ACCOUNT": "alice"}, nil, &base, ""},
		{"Carto:alice", driver.Options{"account": "alice"}, nil, &base, ""},
		{"Carto:alice tables=a,b schema=s", nil, nil, with(func(s *settings) { s.tables, s.schema = []string{"a", "b"}, "s" }), ""},
		{"Carto:tables=a", driver.Options{"ACCOUNT": "alice"}, nil, with(func(s *settings) { s.tables = []string{"a"} }), ""},
		{"Carto:alice", driver.Options{"API_KEY": "k"}, map[string]string{"CARTO_API_KEY": "other"}, with(func(s *settings) { s.key = "k" }), ""},
		{"Carto:alice", nil, map[string]string{"CARTO_API_KEY": "k", "CARTODB_API_KEY": "old"}, with(func(s *settings) { s.key = "k" }), ""},
		{"Carto:alice", nil, map[string]string{"CARTODB_API_KEY": "old"}, with(func(s *settings) { s.key = "old" }), ""},
		{"Carto:alice", nil, map[string]string{"CARTO_HTTPS": "no"}, with(func(s *settings) { s.url = "http" + url[5:] }), ""},
		{
			"Carto:alice", nil,
			map[string]string{"CARTO_API_URL": "http://127.0.0.1:8080/user/alice/api/v2/sql/"},
			with(func(s *settings) { s.url = "http://127.0.0.1:8080/user/alice/api/v2/sql" }), "",
		},
		{"Carto:", nil, nil, nil, "no account"},
		{"Carto:alice", driver.Options{"ACCOUNT": "bob"}, nil, nil, "want one of them"},
		{"Carto:alice nonsense", nil, nil, nil, "tables=NAME"},
		{"Carto:alice table=a", nil, nil, nil, "unknown"},
		{"Carto:alice tables=", nil, nil, nil, "no value"},
		{"Carto:alice.evil.org/", nil, nil, nil, "CARTO_API_URL"},
		{"Carto:alice", driver.Options{"KEY": "k"}, nil, nil, "KEY"},
		{"Carto:alice", nil, map[string]string{"CARTO_API_URL": "alice.carto.com"}, nil, "want http"},
		{"Carto:alice", nil, map[string]string{"CARTO_API_URL": "ftp://h/sql?api_key=hush"}, nil, "want http"},
		{"Carto:alice", nil, map[string]string{"CARTO_API_URL": "https://u:hush@h/api/v2/sql"}, nil, "CARTO_API_KEY"},
		{"Carto:alice", nil, map[string]string{"CARTO_API_URL": "https://h/sql?api_key=hush"}, nil, "CARTO_API_KEY"},
	} {
		got, err := parseSettings(test.name, test.options, func(name string) string { return test.env[name] })
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s %v %v: %v, want an error with %q", test.name, test.options, test.env, err, test.err)
			}
			continue
		}
		if err != nil || !cmp.Equal(got, test.want, cmp.AllowUnexported(settings{}, datasetName{})) {
			t.Errorf("%s %v %v: %+v, %v; want %+v", test.name, test.options, test.env, got, err, test.want)
		}
	}
}
