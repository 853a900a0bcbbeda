package drivertest

import "time"

// longAgo is a deadline that is over.
var longAgo = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// settles waits until done says so, for things that end a little after they are told to.
func settles(done func() bool) bool {
	for range 100 {
		if done() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}
