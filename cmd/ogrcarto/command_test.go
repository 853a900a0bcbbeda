package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/all"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// drivers are all drivers and the one of this package's tests.
func drivers() driver.Registry { return append(all.Drivers(), oddDriver{}) }

// result is what a run of the command left behind.
type result struct {
	status         int
	stdout, stderr string
}

func runArgs(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), drivers(), args, &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// workFolder makes a folder with the countries in it the current one.
func workFolder(t *testing.T) {
	t.Helper()
	from, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, ext := range []string{".shp", ".shx", ".dbf", ".prj", ".cpg"} {
		b, err := os.ReadFile(filepath.Join(from, "countries"+ext))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("countries"+ext, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// timing is what differs from run to run.
var timing = regexp.MustCompile(`in [0-9.]+ s( \([0-9,]+ rows/s\))?`)

// TestTranscripts runs the command lines of each file in testdata/transcripts, one after the other in a folder that holds
// the countries, and compares what they print. A line begins with "| " on standard output, with "! " on standard error;
// "= " is the exit status where it is not 0. "go test ./cmd/ogrcarto -update" writes them anew.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			file, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			workFolder(t)
			var got strings.Builder
			for line := range strings.Lines(string(want)) {
				line = strings.TrimSuffix(line, "\n")
				switch {
				case strings.HasPrefix(line, "$ ogrcarto"):
					r := runArgs(t, words(strings.TrimPrefix(line, "$ ogrcarto"))...)
					fmt.Fprintln(&got, line)
					marked(&got, "| ", r.stdout)
					marked(&got, "! ", timing.ReplaceAllString(r.stderr, "in T s"))
					if r.status != 0 {
						fmt.Fprintf(&got, "= %d\n", r.status)
					}
				case line == "" || strings.HasPrefix(line, "#"):
					fmt.Fprintln(&got, line)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func marked(b *strings.Builder, mark, text string) {
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(mark+strings.TrimSuffix(line, "\n"), " ") + "\n")
	}
}

// words splits a command line at blanks, but for those in double quotes.
func words(line string) []string {
	var list []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}

func TestJSON(t *testing.T) {
	workFolder(t)
	if r := runArgs(t, "copy", "countries.shp", "world.gpkg", "--limit", "3", "--quiet"); r.status != 0 || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	for _, args := range [][]string{
		{"info", "world.gpkg", "--json"},
		{"info", "world.gpkg", "--json", "--features"},
		{"info", "countries.shp", "-json", "-al"},
		{"info", "odd:", "--json", "--features"},
		{"info", "world.gpkg", "countries", "--json", "--fid", "2", "--geom", "no", "--select", "name"},
		{"info", "world.gpkg", "--json", "--limit", "0"},
	} {
		r := runArgs(t, args...)
		var v struct {
			Driver string `json:"driverShortName"`
			Layers []struct {
				Name       string           `json:"name"`
				Geometries []map[string]any `json:"geometryFields"`
				Count      *int64           `json:"featureCount"`
				Fields     []map[string]any `json:"fields"`
				Features   []map[string]any `json:"features"`
			} `json:"layers"`
			Metadata, Domains map[string]any
		}
		if err := json.Unmarshal([]byte(r.stdout), &v); err != nil || r.status != 0 {
			t.Errorf("%v: status %d, %s, %v in %s", args, r.status, r.stderr, err, r.stdout)
			continue
		}
		if v.Driver == "" || len(v.Layers) == 0 || v.Metadata == nil || v.Domains == nil {
			t.Errorf("%v: got %s", args, r.stdout)
		}
		for _, l := range v.Layers {
			for _, g := range l.Geometries {
				if g["type"] == nil || g["nullable"] == nil {
					t.Errorf("%v: geometry field %v", args, g)
				}
			}
			for _, f := range l.Features {
				if _, ok := f["geometry"]; !ok || f["type"] != "Feature" || f["fid"] == nil || f["properties"] == nil {
					t.Errorf("%v: feature %v", args, f)
				}
			}
			if l.Name == "" || l.Count == nil || l.Fields == nil {
				t.Errorf("%v: layer %+v", args, l)
			}
		}
	}
}

// TestJSONCutShort holds output that an error ended against what would look complete.
func TestJSONCutShort(t *testing.T) {
	r := runArgs(t, "info", "odd:", "broken", "--json", "--features")
	if r.status != exitFailure || !strings.Contains(r.stderr, "the tape tore") || json.Valid([]byte(r.stdout)) {
		t.Errorf("status %d, %s, %s", r.status, r.stderr, r.stdout)
	}
	// What can be known beforehand leaves standard output empty.
	r = runArgs(t, "info", "odd:", "odd", "nolayer", "--json")
	if r.status != exitFailure || r.stdout != "" {
		t.Errorf("status %d, %s", r.status, r.stdout)
	}
}

func TestCancelled(t *testing.T) {
	workFolder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	status := run(ctx, drivers(), []string{"copy", "countries.shp", "world.gpkg"}, &stdout, &stderr)
	if status != exitFailure || stderr.String() != "ogrcarto: interrupted\n" || exists("world.gpkg") {
		t.Errorf("status %d, %s, world.gpkg exists: %v", status, stderr.String(), exists("world.gpkg"))
	}
}

// TestFullDisk is a standard output that takes nothing.
func TestFullOutput(t *testing.T) {
	workFolder(t)
	for _, args := range [][]string{
		{"info", "countries.shp"},
		{"info", "countries.shp", "--all"},
		{"info", "countries.shp", "--json", "--features"},
		{"drivers"},
		{"drivers", "GPKG"},
	} {
		var stderr bytes.Buffer
		if status := run(t.Context(), drivers(), args, fullWriter{}, &stderr); status != exitFailure || !strings.Contains(stderr.String(), "no space") {
			t.Errorf("%v: status %d, %s", args, status, stderr.String())
		}
	}
}

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left") }

func TestConfig(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "") // restored at the end
	workFolder(t)
	for _, name := range []string{"a.gpkg", "b.gpkg"} {
		if r := runArgs(t, "copy", "countries.shp", name, "--config", "SOURCE_DATE_EPOCH=86400"); r.status != 0 {
			t.Fatalf("%+v", r)
		}
	}
	a, errA := os.ReadFile("a.gpkg")
	b, errB := os.ReadFile("b.gpkg")
	if errA != nil || errB != nil || !bytes.Equal(a, b) || !bytes.Contains(a, []byte("1970-01-02T00:00:00")) {
		t.Errorf("the files differ, or do not have the time: %v, %v", errA, errB)
	}
}

func TestVersion(t *testing.T) {
	defer func(v string) { version = v }(version)
	version = "v9.8.7"
	if r := runArgs(t, "--version"); r.status != 0 || !strings.HasPrefix(r.stdout, "ogrcarto v9.8.7 (go") {
		t.Errorf("%+v", r)
	}
}

func TestDrivers(t *testing.T) {
	r := runArgs(t, "drivers")
	for _, want := range []string{`(?m)^NAME +CAN +EXTENSIONS +FORMAT$`, `(?m)^GPKG +read, write, update +gpkg +GeoPackage$`, `(?m)^ESRI Shapefile +read`} {
		if !regexp.MustCompile(want).MatchString(r.stdout) || r.status != 0 {
			t.Errorf("status %d, %s, want %s", r.status, r.stdout, want)
		}
	}
	r = runArgs(t, "drivers", "gpkg")
	for _, want := range []string{"(--oo)", "(--dsco)", "(--lco)", "SPATIAL_INDEX", "YES|NO"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%s, want %s", r.stdout, want)
		}
	}
	workFolder(t)
	r = runArgs(t, "copy", "countries.shp", "new.gpkg", "--lco", "NO_SUCH=1")
	if want := `unknown layer creation option of GPKG "NO_SUCH": known are `; r.status != exitFailure || !strings.Contains(r.stderr, want) || exists("new.gpkg") {
		t.Errorf("%+v, want %s", r, want)
	}
}

// TestHelp wants a text, examples and a line for every flag.
func TestHelp(t *testing.T) {
	for _, cmd := range []string{"info", "copy", "drivers"} {
		r := runArgs(t, cmd, "--help")
		if r.status != 0 || !strings.Contains(r.stdout, "Examples:") || strings.Count(r.stdout, "\n") < 15 {
			t.Errorf("%s: status %d, %s", cmd, r.status, r.stdout)
		}
	}
}

func TestCompletion(t *testing.T) {
	workFolder(t)
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"__complete", "info", "countries.shp", ""}, "countries\n"},
		{[]string{"__complete", "copy", "--format", ""}, "GPKG\n"},
		{[]string{"__complete", "drivers", ""}, "Carto\nESRI Shapefile\nGPKG\n"},
		{[]string{"completion", "bash"}, "# bash completion"},
	}
	for _, test := range tests {
		if r := runArgs(t, test.args...); r.status != 0 || !strings.HasPrefix(r.stdout, test.want) {
			t.Errorf("%v: status %d, %s, want %q", test.args, r.status, r.stdout, test.want)
		}
	}
}
