package carto

import "time"

// HurryUp makes the pauses between attempts short.
func HurryUp() { firstWait, longestWait = time.Millisecond, 20*time.Millisecond }
