package main

import (
	"bytes"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ogrcarto/ogrcarto/sqlapi"
)

// cleanEnv takes what the settings are read from out of the environment.
func cleanEnv(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, "PG") {
			t.Setenv(name, "") // restored at the end
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// settingsOf returns what "ogrcarto serve" with these arguments would go by.
func settingsOf(t *testing.T, args ...string) (*serveSettings, error) {
	t.Helper()
	s := newServeSettings()
	cmd := &cobra.Command{Use: "serve", RunE: func(cmd *cobra.Command, _ []string) error { return s.resolve(cmd) }}
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	s.addTo(cmd)
	cmd.SetArgs(args)
	return s, cmd.Execute()
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestServeSettingsOrder(t *testing.T) {
	cleanEnv(t)
	file := writeFile(t, "serve.toml", `
listen = ":1"
domain = "file.example"
account = "filed"
max_wait = "7s"
max-body = 1000
allow = ["192.0.2.0/24", "10.0.0.0/8"]
`)
	t.Setenv("OGRCARTO_SERVE_CONFIG", file)
	t.Setenv("OGRCARTO_SERVE_LISTEN", ":2")
	t.Setenv("OGRCARTO_SERVE_DOMAIN", "env.example")
	t.Setenv("OGRCARTO_SERVE_ACCOUNT", "")
	t.Setenv("OGRCARTO_SERVE_TRUSTED_PROXY", "127.0.0.1, ::1")
	t.Setenv("OGRCARTO_SERVE_NO_SUCH", "x")
	s, err := settingsOf(t, "--listen", ":3", "--trusted-proxy", "10.1.2.3/16", "--trusted-proxy", "fd00::/8")
	if err != nil {
		t.Fatal(err)
	}
	if s.listen != ":3" {
		t.Errorf("listen %s, want the command line's", s.listen)
	}
	if s.logFormat != "text" || s.shutdownTimeout != 30*time.Second {
		t.Errorf("log format %s, shutdown timeout %s, want the defaults", s.logFormat, s.shutdownTimeout)
	}
	want := sqlapi.Config{
		Domain: "env.example", Account: "filed", MaxWait: 7 * time.Second, MaxBody: 1000,
		Allow:          []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8")},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")},
	}
	if diff := cmp.Diff(want, s.config, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	s, err = settingsOf(t, "--config", writeFile(t, "empty.toml", ""))
	if err != nil || s.listen != ":2" || s.config.Domain != "env.example" || s.config.Account != "" {
		t.Errorf("%v, listen %s, domain %s, account %s", err, s.listen, s.config.Domain, s.config.Account)
	}
}

// TestServeSettingsEverywhere gives every setting in each of the three ways.
func TestServeSettingsEverywhere(t *testing.T) {
	cleanEnv(t)
	values := map[string]string{
		"postgres": "postgres://u:p@h/d", "account": "alice", "listen": ":81", "domain": "example.org", "allow": "10.0.0.0/8",
		"trusted-proxy": "127.0.0.1/32", "tls-cert": "c.pem", "tls-key": "k.pem", "tls-client-ca": "ca.pem", "metrics-listen": ":82",
		"max-connections": "5", "max-wait": "2s", "timeout": "3s", "copy-timeout": "4s", "job-timeout": "off", "rate": "15/s:30",
		"copy-rate": "3/m", "concurrent": "6", "quota": "50GB", "max-body": "1MiB", "max-copy": "3gb", "max-row": "2MB", "max-idle": "5s",
		"temp-dir": "/var/tmp", "job-workers": "0", "log-format": "JSON", "log-level": "warn", "shutdown-timeout": "1h",
	}
	one := netip.MustParsePrefix
	want := serveSettings{
		config: sqlapi.Config{
			Postgres: "postgres://u:p@h/d", Account: "alice", Domain: "example.org", Allow: []netip.Prefix{one("10.0.0.0/8")},
			TrustedProxies: []netip.Prefix{one("127.0.0.1/32")}, MaxConnections: 5, MaxWait: 2 * time.Second, Quota: 50e9,
			MaxBody: 1 << 20, MaxCopy: 3e9, MaxRow: 2e6, MaxIdle: 5 * time.Second, JobWorkers: -1, TempDir: "/var/tmp",
			Limits: []sqlapi.Rule{
				{Endpoint: "sql", Limit: sqlapi.Limit{Timeout: 3 * time.Second}},
				{Endpoint: "copyfrom", Limit: sqlapi.Limit{Timeout: 4 * time.Second}},
				{Endpoint: "copyto", Limit: sqlapi.Limit{Timeout: 4 * time.Second}},
				{Endpoint: "job", Limit: sqlapi.Limit{Timeout: -1}},
				{Endpoint: "sql", Limit: sqlapi.Limit{Rate: sqlapi.Rate{Count: 15, Per: time.Second, Burst: 30}}},
				{Endpoint: "copyfrom", Limit: sqlapi.Limit{Rate: sqlapi.Rate{Count: 3, Per: time.Minute}}},
				{Endpoint: "copyto", Limit: sqlapi.Limit{Rate: sqlapi.Rate{Count: 3, Per: time.Minute}}},
				{Limit: sqlapi.Limit{Concurrent: 6}},
			},
		},
		listen: ":81", metricsListen: ":82", tlsCert: "c.pem", tlsKey: "k.pem", tlsClientCA: "ca.pem", shutdownTimeout: time.Hour,
		logFormat: "json", logLevel: slog.LevelWarn, timeout: 3 * time.Second, copyTimeout: 4 * time.Second, jobTimeout: -1,
		rate: sqlapi.Rate{Count: 15, Per: time.Second, Burst: 30}, copyRate: sqlapi.Rate{Count: 3, Per: time.Minute}, concurrent: 6,
	}
	var args []string
	var file strings.Builder
	newServeSettings().flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "config" || f.Name == "public-role" {
			return
		}
		if values[f.Name] == "" {
			t.Fatalf("--%s is not tested", f.Name)
		}
		args = append(args, "--"+f.Name, values[f.Name])
		file.WriteString(f.Name + ` = "` + values[f.Name] + "\"\n")
	})
	check := func(t *testing.T, args ...string) {
		t.Helper()
		s, err := settingsOf(t, args...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, *s, cmp.AllowUnexported(serveSettings{}), cmpopts.EquateComparable(netip.Prefix{}),
			cmpopts.IgnoreFields(serveSettings{}, "flags", "from", "file")); diff != "" {
			t.Error(diff)
		}
	}
	t.Run("flags", func(t *testing.T) { check(t, args...) })
	t.Run("file", func(t *testing.T) { check(t, "--config", writeFile(t, "serve.toml", file.String())) })
	t.Run("environment", func(t *testing.T) {
		for name, value := range values {
			t.Setenv(envName(name), value)
		}
		check(t)
	})
}

func TestServeLimits(t *testing.T) {
	cleanEnv(t)
	file := writeFile(t, "serve.toml", `
timeout = "20s"
[limits."*".sql]
timeout = "10s"
rate = "off"
[limits.reader.copyto]
rate = "3/m"
concurrent = 1
[limits."map tiles"."*"]
concurrent = "off"
timeout = "off"
`)
	s, err := settingsOf(t, "--config", file, "--rate", "5/s")
	if err != nil {
		t.Fatal(err)
	}
	want := []sqlapi.Rule{
		{Endpoint: "sql", Limit: sqlapi.Limit{Timeout: 10 * time.Second, Rate: sqlapi.Rate{Count: -1}}},
		{Key: "map tiles", Limit: sqlapi.Limit{Concurrent: -1, Timeout: -1}},
		{Key: "reader", Endpoint: "copyto", Limit: sqlapi.Limit{Concurrent: 1, Rate: sqlapi.Rate{Count: 3, Per: time.Minute}}},
		// What is not in a table comes behind and wins.
		{Endpoint: "sql", Limit: sqlapi.Limit{Timeout: 20 * time.Second}},
		{Endpoint: "sql", Limit: sqlapi.Limit{Rate: sqlapi.Rate{Count: 5, Per: time.Second}}},
	}
	if diff := cmp.Diff(want, s.config.Limits); diff != "" {
		t.Error(diff)
	}
}

func TestServeBadValues(t *testing.T) {
	cleanEnv(t)
	for _, test := range []struct{ flag, value, want string }{
		{"listen", "8080", `"8080" is not an address: want HOST:PORT`},
		{"listen", "localhost", "is not an address"},
		{"metrics-listen", "127.0.0.1:", "is not an address"},
		{"allow", "10.0.0.0/40", `"10.0.0.0/40" is not a network`},
		{"allow", "", `"" is not a network`},
		{"trusted-proxy", "127.0.0.1,proxy.example", `"proxy.example" is not a network`},
		{"max-connections", "0", `"0" is not a number from 1 on`},
		{"max-connections", "many", `"many" is not a number from 1 on`},
		{"concurrent", "-1", `"-1" is not a number from 1 on, or off`},
		{"job-workers", "-1", `"-1" is not a number from 0 on`},
		{"timeout", "5", `"5" is not a time: want one such as 500ms, 30s, 5m or 12h, or off`},
		{"timeout", "0s", "is not a time"},
		{"max-idle", "off", "is not a time"},
		{"shutdown-timeout", "-1s", "is not a time"},
		{"rate", "fast", `rate "fast": want COUNT/UNIT`},
		{"copy-rate", "3/m:0", "is not a positive number"},
		{"quota", "-1", "is not a size"},
		{"quota", "1e9", "is not a size"},
		{"quota", "1PB", `"1PB" is not a size: want one such as 500kB, 32MiB or 2GB`},
		{"quota", "9999999999999GB", "is too large"},
		{"max-body", "0", "0 would allow nothing"},
		{"max-row", "2GiB", "2GiB is more than PostgreSQL has in a field, 1GiB"},
		{"log-format", "xml", `"xml" is none of text, json`},
		{"log-level", "loud", `"loud" is none of debug, info, warn, error`},
	} {
		t.Run(test.flag+" "+test.value, func(t *testing.T) {
			r := runArgs(t, "serve", "--"+test.flag+"="+test.value)
			if r.status != exitUsage || !strings.Contains(r.stderr, "ogrcarto: --"+test.flag+": ") || !strings.Contains(r.stderr, test.want) {
				t.Errorf("flag: status %d, %s, want %s", r.status, r.stderr, test.want)
			}
			r = runArgs(t, "serve", "--config", writeFile(t, "s.toml", "\n"+test.flag+" = '"+test.value+"'\n"))
			if r.status != exitUsage || !strings.Contains(r.stderr, "s.toml:2: "+test.flag+": ") || !strings.Contains(r.stderr, test.want) {
				t.Errorf("file: status %d, %s, want %s", r.status, r.stderr, test.want)
			}
			if test.value == "" {
				return // means none
			}
			t.Setenv(envName(test.flag), test.value)
			r = runArgs(t, "serve")
			if r.status != exitUsage || !strings.Contains(r.stderr, "ogrcarto: "+envName(test.flag)+": ") || !strings.Contains(r.stderr, test.want) {
				t.Errorf("environment: status %d, %s, want %s", r.status, r.stderr, test.want)
			}
		})
	}
}

func TestServeBadFile(t *testing.T) {
	cleanEnv(t)
	for _, test := range []struct{ text, want string }{
		{"lisen = ':80'\n", "serve.toml:1: unknown key lisen: known are account, allow, "},
		{"listen = ':80'\n\nlisten_ = 1\nport = 80\n", "serve.toml:3: unknown key listen_: "},
		{"listen = ':80'\n\nlisten_ = 1\nport = 80\n", "serve.toml:4: unknown key port: "},
		{"config = 'a'\n", "serve.toml:1: unknown key config: "},
		{"[serve]\nlisten = ':80'\n", "serve.toml:2: unknown key serve.listen: "},
		{"[server]\n", "unknown key server: "},
		{"listen = 80\n", "serve.toml:1: listen: a number, want a text"},
		{"\nmax-connections = 1.5\n", "serve.toml:2: max-connections: a number with a fraction, want a number or a text"},
		{"max-connections = [1]\n", "serve.toml:1: max-connections: a list, want a number or a text"},
		{"quota = -1\n", `serve.toml:1: quota: "-1" is not a size`},
		{"account = true\n", "serve.toml:1: account: a boolean, want a text"},
		{"account = 2020-01-02\n", "serve.toml:1: account: a date or a time, want a text"},
		{"timeout = 30\n", "serve.toml:1: timeout: a number, want a text"},
		{"allow = 10\n", "serve.toml:1: allow: a number, want a text or a list of texts"},
		{"allow = ['10.0.0.0/8', 10]\n", "serve.toml:1: allow: a number in the list, want texts"},
		{"max-wait = '1s'\nmax_wait = '2s'\n", "serve.toml:2: max-wait: line 1 has it already"},
		{"listen = ':80'\nlisten = ':81'\n", "serve.toml:2: this is not TOML"},
		{"listen = :80\n", `serve.toml:1: this is not TOML, at column 10: a text stands in quotes, as in listen = ":8080"`},
		{"[limits]\nsql = 1\n", "serve.toml:2: limits.sql: want a table limits.KEY.ENDPOINT"},
		{"[limits.reader]\ntimeout = '1s'\n", "serve.toml:2: limits.reader.timeout: want a table limits.KEY.ENDPOINT"},
		{"[limits.reader.sql]\n\ntimeuot = '1s'\n", "serve.toml:3: unknown key limits.reader.sql.timeuot: known are timeout, rate, concurrent"},
		{"[limits.reader.tiles]\ntimeout = '1s'\n", `unknown endpoint tiles: known are sql, copyfrom, copyto, job and "*"`},
		{"[limits.reader.sql]\ntimeout = 1\n", "serve.toml:2: limits.reader.sql.timeout: a number, want a text"},
		{"[limits.reader.sql]\nrate = '1'\n", `serve.toml:2: limits.reader.sql.rate: rate "1"`},
		{"[limits.\"*\".sql]\nconcurrent = 0\n", `serve.toml:2: limits."*".sql.concurrent: "0" is not a number from 1 on, or off`},
		{"tls-cert = 'a'\n", "--tls-cert and --tls-key go together"},
		{"tls-client-ca = 'a'\n", "--tls-client-ca needs --tls-cert and --tls-key"},
	} {
		r := runArgs(t, "serve", "--config", writeFile(t, "serve.toml", test.text))
		if r.status != exitUsage || !strings.Contains(r.stderr, test.want) {
			t.Errorf("%q: status %d, %s, want %s", test.text, r.status, r.stderr, test.want)
		}
	}
	r := runArgs(t, "serve", "--config", "/no/such.toml")
	if r.status != exitUsage || !strings.Contains(r.stderr, "--config: open /no/such.toml: no such file") {
		t.Errorf("%+v", r)
	}
	// A value that does not count is checked all the same.
	r = runArgs(t, "serve", "--listen", ":0", "--config", writeFile(t, "serve.toml", "listen = 'x'"))
	if r.status != exitUsage || !strings.Contains(r.stderr, "serve.toml:1: listen: ") {
		t.Errorf("%+v", r)
	}
}

func TestServeUsage(t *testing.T) {
	cleanEnv(t)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"serve"}, "no database: want OGRCARTO_SERVE_POSTGRES in the environment"},
		{[]string{"serve", "key", "list"}, "no database: want OGRCARTO_SERVE_POSTGRES in the environment"},
		{[]string{"serve", "init", "--postgres", "postgres://h/d"}, "no --account NAME"},
		{[]string{"serve", "inti"}, `unknown command "inti"; did you mean init?`},
		{[]string{"serve", "key", "ad"}, `unknown command "ad"; did you mean add?`},
		{[]string{"serve", "key", "add"}, "no NAME"},
		{[]string{"serve", "key", "add", "a", "b"}, `unexpected argument "b"`},
		{[]string{"serve", "key", "list", "a"}, `unexpected argument "a"`},
		{[]string{"serve", "key", "add", "a", "--listen", ":80"}, "unknown flag: --listen"},
		{[]string{"serve", "-config", "a"}, "unknown shorthand flag"},
	} {
		r := runArgs(t, test.args...)
		if r.status != exitUsage || !strings.Contains(r.stderr, test.want) || !strings.Contains(r.stderr, "\nTry 'ogrcarto serve") {
			t.Errorf("%v: status %d, %s, want %s", test.args, r.status, r.stderr, test.want)
		}
	}
}

func TestServeHelp(t *testing.T) {
	for _, args := range [][]string{
		{"serve"}, {"serve", "init"}, {"serve", "key"}, {"serve", "key", "add"}, {"serve", "key", "list"}, {"serve", "key", "revoke"}, {"serve", "key", "regenerate"},
	} {
		r := runArgs(t, append(args, "--help")...)
		if r.status != exitOK || !strings.Contains(r.stdout, "Examples:") {
			t.Errorf("%v: status %d, %s", args, r.status, r.stdout)
		}
	}
}

func TestServeSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "12": 12, "12B": 12, "500kB": 5e5, "500 KB": 5e5, "2GB": 2e9, "2gb": 2e9, "32MiB": 32 << 20, "1KiB": 1024, "3TB": 3e12, "1TiB": 1 << 40,
		"9223372036854775807": math.MaxInt64,
	} {
		if n, err := parseSize(text); n != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", text, n, err, want)
		}
	}
	for _, n := range []int64{1, 1000, 32 << 20, 2e9, 1 << 10, sqlapi.DefaultMaxCopy} {
		if m, err := parseSize(sizeText(n)); m != n || err != nil {
			t.Errorf("%d comes back from %s as %d, %v", n, sizeText(n), m, err)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 90 * time.Second: "1m30s", 5 * time.Hour: "5h", 30 * time.Second: "30s", time.Hour + time.Second: "1h0m1s", 90 * time.Minute: "1h30m",
	} {
		if got := durationText(d); got != want {
			t.Errorf("%s is shown as %s, want %s", d, got, want)
		}
	}
}

// TestServeDocumented holds the page's table of options against the flags.
func TestServeDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `--([a-z-]+)(?: [^`]*)?` \\|([^|]*)\\|").FindAllStringSubmatch(string(page), -1)
	defaults := map[string]string{}
	for _, row := range rows {
		defaults[row[1]] = strings.Trim(row[2], "` ")
	}
	newServeSettings().flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "public-role" {
			return // a flag of init
		}
		got, ok := defaults[f.Name]
		if !ok {
			t.Errorf("docs/serve.md does not have --%s", f.Name)
		} else if got != f.DefValue {
			t.Errorf("docs/serve.md: default of --%s: %q, want %q", f.Name, got, f.DefValue)
		}
		delete(defaults, f.Name)
	})
	for name := range defaults {
		t.Errorf("docs/serve.md has --%s, which there is not", name)
	}
}

func TestServeLogFormat(t *testing.T) {
	for format, want := range map[string]string{"text": `level=WARN msg="a b" n=1`, "json": `"level":"WARN","msg":"a b","n":1}`} {
		var b bytes.Buffer
		s := &serveSettings{logFormat: format, logLevel: slog.LevelWarn}
		log := s.logger(&b)
		log.Info("no")
		log.Warn("a b", "n", 1)
		if !strings.Contains(b.String(), want) || strings.Contains(b.String(), "no") {
			t.Errorf("%s: %s, want %s", format, b.String(), want)
		}
	}
}
