package driver_test

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ogrcarto/ogrcarto/driver"
)

func ExampleParseOptions() {
	specs := []driver.OptionSpec{
		{Name: "SPATIAL_INDEX", Type: driver.BoolOption, Default: "YES", Doc: "make an index"},
		{Name: "VERSION", Type: driver.ChoiceOption, Choices: []string{"1.2", "1.3"}, Default: "1.2", Doc: "version to write"},
	}
	set, err := driver.ParseOptions("creation option", specs, driver.Options{"spatial_index": "off"})
	fmt.Println(set.Bool("SPATIAL_INDEX"), set.String("VERSION"), err)
	_, err = driver.ParseOptions("creation option", specs, driver.Options{"VERSIO": "1.3"})
	fmt.Println(err)
	// Output:
	// false 1.2 <nil>
	// unknown creation option "VERSIO": known are SPATIAL_INDEX, VERSION
}

func ExampleError() {
	err := driver.Wrap("open", "gpkg", "postgres://me:secret@host/db", "roads", fs.ErrNotExist)
	fmt.Println(err)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// gpkg: open postgres://me:xxxxx@host/db: layer roads: file does not exist
	// true
}
