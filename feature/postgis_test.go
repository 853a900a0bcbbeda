package feature_test

import (
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
)

// postgisGeometry is a line of testdata/geometries.tsv, which testdata/make-geometries.sh had PostGIS write.
type postgisGeometry struct {
	text          string
	little, big   feature.WKB
	ewkb, bigEWKB []byte // with SRID 4326
	bounds        feature.Bounds
}

// postgis returns geometries of every type with every dimension, full and empty.
func postgis(t testing.TB) []postgisGeometry {
	t.Helper()
	data, err := os.ReadFile("testdata/geometries.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list []postgisGeometry
	for line := range strings.Lines(string(data)) {
		cols := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		g := postgisGeometry{text: cols[0], bounds: feature.EmptyBounds()}
		var bin [4][]byte
		for i := range bin {
			if bin[i], err = hex.DecodeString(cols[1+i]); err != nil {
				t.Fatal(err)
			}
		}
		g.little, g.big, g.ewkb, g.bigEWKB = bin[0], bin[1], bin[2], bin[3]
		if cols[5] != "" {
			for i, p := range []*float64{&g.bounds.MinX, &g.bounds.MinY, &g.bounds.MaxX, &g.bounds.MaxY} {
				if *p, err = strconv.ParseFloat(cols[5+i], 64); err != nil {
					t.Fatal(err)
				}
			}
		}
		list = append(list, g)
	}
	if len(list) < 100 {
		t.Fatalf("geometries.tsv has %d lines", len(list))
	}
	return list
}

// typeOfText returns the type that a well-known text begins with.
func typeOfText(t testing.TB, text string) feature.GeomType {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimSuffix(text, " EMPTY"), "(")
	typ, err := feature.ParseGeomType(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}
