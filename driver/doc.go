// Package driver is what a format has to offer: a [Driver] opens a [Dataset], whose layers package layer describes. A
// [Registry] finds the driver for a name; package driver/all has the registry of all drivers.
//
//	ds, err := all.Drivers().Open(ctx, "roads.shp", driver.Read, nil)
//	if err != nil { ... }
//	defer ds.Close()
//	names, err := ds.LayerNames(ctx)
//	roads, err := ds.Layer(ctx, names[0])
//	for f, err := range roads.Features(ctx, layer.Query{}) { ... }
//
// What only some datasets can do is an optional interface: [LayerDeleter], [Discarder], [Warner].
package driver
