//go:build race

package walview_test

// raceDetector is on: sync.Pool then forgets at random.
const raceDetector = true
