package shapefile

import (
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/drivertest"
)

// contractFiles are layers of every kind: many rows, deleted rows, all dimensions, a .dbf alone, no .dbf, no .shx.
func contractFiles() memSet {
	set := memSet{}
	for name, b := range oddFiles() {
		switch base, _ := splitExt(name); base {
		case "deleted", "polygonz", "pointsz", "linezm", "types", "rings", "patch":
			set[name] = b
		}
	}
	grid := &shpBuilder{typ: point, box: [4]float64{0, 0, 49, 15}}
	areas := &shpBuilder{typ: polygon, box: [4]float64{0, 0, 50, 16}}
	var rows [][]string
	for i := range 800 {
		x, y := float64(i%50), float64(i/50)
		grid.add(le(xy{x, y}))
		areas.add(partsBody(square(x, y, 0.75), hole(x+0.25, y+0.25, 0.25)))
		row := []string{string(rune('a' + i%26)), "12"}
		if i%7 == 3 {
			row = append([]string{"*"}, row...)
		}
		rows = append(rows, row)
	}
	table := makeDBF(0, []dbfColumn{{"letter", 'C', 10, 0}, {"number", 'N', 5, 0}}, rows...)
	set["grid.shp"], set["grid.shx"] = grid.build()
	set["grid.dbf"] = table
	set["areas.shp"], set["areas.shx"] = areas.build()
	set["scanned.shp"] = set["areas.shp"]
	set["scanned.dbf"] = table
	set["table.dbf"] = table
	return set
}

func TestContract(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, contractFiles())
	broken := t.TempDir()
	s := &shpBuilder{typ: polygon}
	for i := range 20 {
		if i%5 == 2 {
			s.raw(le(int32(point), xy{1, 2}))
			continue
		}
		s.add(partsBody(square(0, 0, 1)))
	}
	write(t, broken, s.files())
	drivertest.Run(t, drivertest.Config{
		Driver: New(),
		Name:   dir,
		Rows:   map[string]int{"grid": 800 - 114, "areas": 800, "scanned": 800 - 114, "table": 800 - 114, "deleted": 2},
		Damaged: []drivertest.Damaged{
			{Name: filepath.Join(broken, "t.shp"), Good: 16, Bad: 4},
		},
		Missing: filepath.Join(dir, "nothing.shp"),
	})
}

func TestContractFile(t *testing.T) {
	for _, file := range append(sharedFiles(t, "*.shp"), sharedFiles(t, "corpus/shp/*poly.shp")...) {
		if filepath.Base(file) == "buggymultipoly.shp" {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			drivertest.Run(t, drivertest.Config{Driver: New(), Name: file})
		})
	}
}

func TestContractSingle(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, contractFiles())
	drivertest.Run(t, drivertest.Config{
		Driver: New(), Name: filepath.Join(dir, "areas.shp"), LooseTypes: true,
		Options: driver.Options{"PROMOTE_TO_MULTI": "NO", "ADJUST_GEOM_TYPE": "ALL_SHAPES"},
	})
}
