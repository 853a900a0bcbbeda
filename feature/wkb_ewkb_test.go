package feature_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

// TestPostGISEWKB reads and writes what PostGIS writes, for every type.
func TestPostGISEWKB(t *testing.T) {
	for _, g := range postgis(t) {
		for _, test := range []struct {
			name  string
			bytes []byte
			srid  int32
		}{
			{"EWKB", g.ewkb, 4326}, {"big-endian EWKB", g.bigEWKB, 4326}, {"WKB", g.little, 0}, {"big-endian WKB", g.big, 0},
		} {
			got, srid, err := FromEWKB([]byte("before"), test.bytes)
			if err != nil || srid != test.srid || string(got) != "before"+string(g.little) {
				t.Errorf("%s: FromEWKB(%s) = %X, %d, %v; want %X", g.text, test.name, got, srid, err, []byte(g.little))
			}
		}
		for _, w := range []WKB{g.little, g.big} {
			got, err := AppendEWKB([]byte("before"), w, 4326)
			if err != nil || string(got) != "before"+string(g.ewkb) {
				t.Errorf("%s: AppendEWKB = %X, %v; want %X", g.text, got, err, g.ewkb)
			}
			got, err = AppendEWKB(nil, w, 0)
			if err != nil || len(got) != len(g.ewkb)-4 {
				t.Errorf("%s: AppendEWKB without SRID = %X, %v", g.text, got, err)
			}
			if back, srid, err := FromEWKB(nil, got); err != nil || srid != 0 || !bytes.Equal(back, g.little) {
				t.Errorf("%s: and back = %X, %d, %v", g.text, back, srid, err)
			}
		}
	}
}

func TestFromEWKBSpecial(t *testing.T) {
	for name, test := range map[string]struct {
		hex, want string // want is an error when it is no hexadecimal
		srid      int32
	}{
		// SELECT ST_AsEWKB('SRID=-1;POINT(1 2)'): PostGIS makes it 0; others write what they are given.
		"a negative SRID": {"0101000020FFFFFFFF000000000000F03F0000000000000040", "0101000000000000000000F03F0000000000000040", -1},
		// OGR's wkb25D, as OGR wrote it before 2.0: ogr2ogr -lco GEOMETRY_FORMAT... and Spatialite still do.
		"2.5D": {"0101000080000000000000F03F00000000000000400000000000000840", "01E9030000000000000000F03F00000000000000400000000000000840", 0},
		// A member with an SRID of its own, which PostGIS does not write but reads.
		"an SRID inside":  {"0104000000" + "01000000" + "0101000020E6100000000000000000F03F0000000000000040", "010400000001000000" + "0101000000000000000000F03F0000000000000040", 4326},
		"both notations":  {"01E9030080000000000000F03F00000000000000400000000000000840", "has both EWKB and ISO dimensions", 0},
		"no SRID follows": {"0101000020E610", "want 4 for the SRID", 0},
		"unknown":         {"0119000020E6100000", "geometry type 25 is unknown", 0},
		"member in 2D":    {"0104000080" + "01000000" + "0101000000000000000000F03F0000000000000040", "a POINT in a MULTIPOINT Z", 0},
	} {
		data, err := hex.DecodeString(test.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, srid, err := FromEWKB(nil, data)
		if want, bad := hex.DecodeString(test.want); bad != nil {
			if !errors.Is(err, ErrWKB) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %q", name, err, test.want)
			}
		} else if err != nil || srid != test.srid || !bytes.Equal(got, want) {
			t.Errorf("%s: %X, %d, %v; want %X, %d", name, got, srid, err, want, test.srid)
		}
	}
}

func TestEWKBAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 1000)
	for _, g := range postgis(t) {
		n := testing.AllocsPerRun(10, func() {
			if _, _, err := FromEWKB(dst, g.ewkb); err != nil {
				t.Fatal(err)
			}
			if _, err := AppendEWKB(dst, g.little, 4326); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", g.text, n)
		}
	}
}

// FuzzEWKB reads anything and writes it again: what is read is well-formed, and comes back as it was.
func FuzzEWKB(f *testing.F) {
	for _, g := range postgis(f) {
		f.Add(g.ewkb)
		f.Add(g.bigEWKB)
	}
	f.Add([]byte(deep(MaxDepth)))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, srid, err := FromEWKB([]byte("before"), data)
		if string(w[:6]) != "before" {
			t.Fatalf("dst became %q", w)
		}
		w = w[6:]
		if err != nil {
			if !errors.Is(err, ErrWKB) || len(w) > 0 {
				t.Fatalf("%v, and %X was added", err, w)
			}
			return
		}
		if err := WKB(w).Check(); err != nil {
			t.Fatalf("%X: %v", w, err)
		}
		out, err := AppendEWKB(nil, w, srid)
		if err != nil {
			t.Fatal(err)
		}
		if back, backSRID, err := FromEWKB(nil, out); err != nil || backSRID != srid || !bytes.Equal(back, w) {
			t.Fatalf("%X with SRID %d comes back as %X, %d, %v", w, srid, back, backSRID, err)
		}
	})
}

func BenchmarkFromEWKB(b *testing.B) {
	ewkb, err := AppendEWKB(nil, polygon(20), 4326)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 1000)
	for b.Loop() {
		if _, _, err := FromEWKB(dst, ewkb); err != nil {
			b.Fatal(err)
		}
	}
}
