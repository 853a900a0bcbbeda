//go:build !race

package walview_test

// raceDetector is off.
const raceDetector = false
