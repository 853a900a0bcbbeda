package all_test

import (
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/all"
)

// TestDrivers checks what the command and the registry rely on.
func TestDrivers(t *testing.T) {
	reg := all.Drivers()
	names := make(map[string]bool)
	for _, d := range reg {
		info := d.Info()
		if info.Name == "" || names[strings.ToLower(info.Name)] {
			t.Errorf("the name %q is empty or taken", info.Name)
		}
		names[strings.ToLower(info.Name)] = true
		if reg.ByName(strings.ToLower(info.Name)) == nil {
			t.Errorf("%s is not found by its name", info.Name)
		}
		for _, specs := range [][]driver.OptionSpec{info.Open, info.Dataset, info.Layer} {
			for _, s := range specs {
				if s.Name != strings.ToUpper(s.Name) || s.Doc == "" {
					t.Errorf("%s: option %q is not in upper case or has no text", info.Name, s.Name)
				}
			}
		}
	}
}

func TestFind(t *testing.T) {
	tests := []struct {
		name string
		mode driver.Mode
		want string
	}{
		{"new.gpkg", driver.Create, "GPKG"},
		{"carto:alice tables=a,b", driver.Read, "Carto"},
		{"CartoDB:alice", driver.Read, "Carto"},
		{"../../testdata/countries.shp", driver.Read, "ESRI Shapefile"},
		{"../../testdata/countries.dbf", driver.Read, "ESRI Shapefile"},
	}
	for _, test := range tests {
		d, err := all.Drivers().Find(test.name, test.mode)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if got := d.Info().Name; got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}
