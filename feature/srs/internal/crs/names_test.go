package crs

import "testing"

func TestFoldDatum(t *testing.T) {
	for in, want := range map[string]string{
		"D_WGS_1984":                             "wgs1984",
		"World Geodetic System 1984 ensemble":    "worldgeodeticsystem1984",
		"CH1903+":                                "ch1903+",
		"Nouvelle_Triangulation_Francaise_Paris": "nouvelletriangulationfrancaise",
		"D_Madrid_1870":                          "madrid1870",
		"Madrid_1870_Madrid":                     "madrid1870",
		"Bogota":                                 "bogota",
		"D_":                                     "d",
		"":                                       "",
	} {
		if got := FoldDatum(in); got != want {
			t.Errorf("FoldDatum(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSameName(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"NAD_1983_UTM_Zone_10N", "NAD83 / UTM zone 10N", true},
		{"RGF_1993_Lambert_93", "RGF93 / Lambert-93", true},
		{"GCS_WGS_1984", "WGS 84", true},
		{"NAD27 / UTM zone 10N (deprecated)", "NAD_1927_UTM_Zone_10N", true},
		{"CH1903+_LV95", "CH1903+ / LV95", true},
		{"CH1903_LV95", "CH1903+ / LV95", false},
		{"NAD83 / UTM zone 10N", "NAD83 / UTM zone 11N", false},
		{"", "", false},
	} {
		if got := SameName(test.a, test.b); got != test.want {
			t.Errorf("SameName(%q, %q) = %t", test.a, test.b, got)
		}
	}
}

func TestNearness(t *testing.T) {
	plain := Nearness("ETRS_1989_UTM_Zone_32N", "ETRS89 / UTM zone 32N")
	other := Nearness("ETRS_1989_UTM_Zone_32N", "ETRS89 / UTM zone 32N (N-zE)")
	if plain != 1 || other >= plain || other <= 0 {
		t.Errorf("nearness %v and %v, want 1 and less", plain, other)
	}
	if got := Nearness("", ""); got != 0 {
		t.Errorf("nearness of nothing %v", got)
	}
}

func TestDatums(t *testing.T) {
	d := NewDatums("wgs1984 wgs84\nch1903+\n")
	for in, want := range map[string]string{"D_WGS_1984": "wgs1984", "WGS 84": "wgs1984", "CH1903+": "ch1903+"} {
		if got, known := d.Key(in); got != want || !known {
			t.Errorf("Key(%q) = %q, %t, want %q", in, got, known, want)
		}
	}
	if got, known := d.Key("D_Of_Nobody"); got != "ofnobody" || known {
		t.Errorf("%q, %t, want an unknown datum", got, known)
	}
}
