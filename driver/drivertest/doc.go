// Package drivertest is the contract of packages driver and layer as a test suite. Every driver's tests run it:
//
//	func TestContract(t *testing.T) {
//		drivertest.Run(t, drivertest.Config{
//			Driver: shapefile.New(),
//			Name:   "testdata/roads.shp",
//			Target: func(t testing.TB) string { return filepath.Join(t.TempDir(), "out.shp") },
//		})
//	}
//
// What it checks is what the doc comments of [driver.Dataset], [layer.Layer] and [layer.Writer] promise, no more: a
// driver that keeps the promises passes, whatever it pushes down. The reference for filters is
// [layer.Plan.Matches] over all rows, and for orders a stable sort of what it keeps. Random filters are the same ones each
// time; OGRCARTO_TEST_SEED has the number of the first, to repeat a failure alone or to try others.
package drivertest
