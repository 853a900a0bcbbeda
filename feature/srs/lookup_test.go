package srs

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// data.sum has the number of rows and their checksum, as the generator read them.
//
//go:embed data.sum
var dataSum string

type coded struct {
	authority string
	code      int
}

// everything lists all codes in the generator's order: by code, then by authority.
func everything() []coded {
	var all []coded
	for _, a := range systems.Authorities() {
		for _, c := range Codes(a) {
			all = append(all, coded{a, c})
		}
	}
	slices.SortStableFunc(all, func(a, b coded) int {
		if a.code != b.code {
			return a.code - b.code
		}
		return strings.Compare(a.authority, b.authority)
	})
	return all
}

func TestLookupReturnsWhatWasPacked(t *testing.T) {
	h := sha256.New()
	all := everything()
	for _, c := range all {
		s, ok := Lookup(c.authority, c.code)
		if !ok || s.Authority != c.authority || s.Code != c.code {
			t.Fatalf("Lookup(%q, %d) = %v, %t", c.authority, c.code, s, ok)
		}
		fmt.Fprintf(h, "%s\t%d\t%s\n", s.Authority, s.Code, s.WKT)
	}
	if got := fmt.Sprintf("%d %x\n", len(all), h.Sum(nil)); got != dataSum {
		t.Errorf("checksum of all rows %s, want %s", got, dataSum)
	}
}

func TestLookup(t *testing.T) {
	for _, test := range []struct {
		authority string
		code      int
		want      string // name; "-" for unknown
	}{
		{"EPSG", 4326, "WGS 84"},
		{"epsg", 4326, "WGS 84"},
		{"EPSG", 2154, "RGF93 / Lambert-93"},
		{"EPSG", 7415, "Amersfoort / RD New + NAP height"},
		{"EPSG", 4979, "WGS 84"},
		{"ESRI", 54009, "World_Mollweide"},
		{"EPSG", 8857, ""}, // known, without a definition
		{"EPSG", 0, "-"},
		{"EPSG", -1, "-"},
		{"EPSG", 1, "-"},
		{"EPSG", 5703, "-"}, // vertical
		{"EPSG", 54009, "-"},
		{"", 4326, "-"},
		{"IGNF", 4326, "-"},
	} {
		s, ok := Lookup(test.authority, test.code)
		if ok != (test.want != "-") || ok && s.Name != test.want {
			t.Errorf("Lookup(%q, %d) = %q, %t, want %q", test.authority, test.code, s.Name, ok, test.want)
		}
		if !ok && !s.IsZero() {
			t.Errorf("Lookup(%q, %d) = %v besides false", test.authority, test.code, s)
		}
	}
}

// The text is the table's own, to the letter.
func TestLookupText(t *testing.T) {
	// psql -Atc "SELECT srtext FROM spatial_ref_sys WHERE srid = 4326", PostGIS 3.3.2
	want := feature.SRS{Authority: "EPSG", Code: 4326, Name: "WGS 84", WKT: `GEOGCS["WGS 84",DATUM["WGS_1984",` +
		`SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],` +
		`PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],` +
		`AUTHORITY["EPSG","4326"]]`}
	if got, ok := EPSG(4326); !ok || got != want {
		t.Errorf("EPSG(4326) = %#v, want %#v", got, want)
	}
}

func TestCodes(t *testing.T) {
	codes := Codes("epsg")
	if len(codes) != 6184 || codes[0] != 2000 || !slices.IsSorted(codes) {
		t.Errorf("%d codes from %d, want 6184 from 2000 in order", len(codes), codes[0])
	}
	if Codes("IGNF") != nil {
		t.Error("codes of an unknown authority, want nil")
	}
}

// TestPostGIS compares every row with a server of the version that the table was made from. The table of another version is
// another table.
func TestPostGIS(t *testing.T) {
	url := testpeer.PostGIS(t)
	testpeer.Command(t, "psql")
	const query = `COPY (SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys ORDER BY srid) TO STDOUT`
	cmd := exec.Command("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c",
		`SELECT postgis_lib_version()`, "-At")
	version, err := cmd.Output()
	if err != nil {
		t.Fatalf("psql: %v", err)
	}
	if !strings.HasPrefix(string(version), "3.3.") {
		t.Skipf("PostGIS %s, want 3.3: the table changes with the version", strings.TrimSpace(string(version)))
	}
	out, err := exec.Command("psql", "-X", "-q", "-d", url, "-c", query).Output()
	if err != nil {
		t.Fatalf("psql: %v", err)
	}
	rows := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		code, err := strconv.Atoi(f[1])
		if err != nil || len(f) != 3 {
			t.Fatalf("row %q", line)
		}
		rows++
		if s, ok := Lookup(f[0], code); !ok || s.WKT != strings.ReplaceAll(f[2], `\\`, `\`) {
			t.Errorf("%s:%d: %q, %t, want %q", f[0], code, s.WKT, ok, f[2])
		}
	}
	if want := len(everything()); rows != want {
		t.Errorf("%d rows on the server, %d here", rows, want)
	}
}

func BenchmarkLookup(b *testing.B) {
	codes := Codes("EPSG")
	b.ReportAllocs()
	for i := range b.N {
		if _, ok := EPSG(codes[i%len(codes)]); !ok {
			b.Fatal("lost")
		}
	}
}
