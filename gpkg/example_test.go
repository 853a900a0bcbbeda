package gpkg_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/layer"
)

// A GeoPackage is made, and those of its features that lie in a box are read.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, name := context.Background(), filepath.Join(dir, "cities.gpkg")

	if err := writeCities(ctx, name); err != nil {
		log.Fatal(err)
	}

	ds, err := gpkg.New().Open(ctx, name, driver.Read, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ds.Close()
	cities, err := ds.Layer(ctx, "cities")
	if err != nil {
		log.Fatal(err)
	}
	alps := feature.Bounds{MinX: 5, MinY: 44, MaxX: 17, MaxY: 48}
	for f, err := range cities.Features(ctx, layer.Query{Box: &alps}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.FID, f.Values[0], f.Values[1])
	}
	// Output:
	// 1 Grenoble 157477
	// 3 Bolzano (null)
}

func writeCities(ctx context.Context, name string) error {
	ds, err := gpkg.New().Open(ctx, name, driver.Create, nil)
	if err != nil {
		return err
	}
	defer func() { _ = driver.Discard(ds) }() // after Close it does nothing

	w, err := ds.Create(ctx, "cities", &feature.Schema{
		Geoms: []feature.GeomField{{Type: feature.Point, SRS: feature.SRS{Authority: "EPSG", Code: 4326}}},
		Fields: []feature.Field{
			{Name: "name", Type: feature.String},
			{Name: "population", Type: feature.Integer},
		},
	}, nil)
	if err != nil {
		return err
	}
	defer w.Close()

	f := feature.New(w.Schema())
	for _, city := range []struct {
		name       string
		lon, lat   float64
		population feature.Value
	}{
		{"Grenoble", 5.72, 45.18, feature.Int(157_477)},
		{"Oslo", 10.75, 59.91, feature.Int(717_710)},
		{"Bolzano", 11.35, 46.50, feature.Null()},
	} {
		f.FID = feature.NullFID // the table gives one out
		f.Geoms[0] = feature.AppendPoint(nil, city.lon, city.lat)
		f.Values[0], f.Values[1] = feature.Text(city.name), city.population
		if err := w.Write(f); err != nil {
			return err
		}
	}
	if err := w.Commit(); err != nil {
		return err
	}
	return ds.Close() // now the file is there
}
