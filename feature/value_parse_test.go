package feature

import (
	"testing"
	"time"
)

// TestDaysSince1970 compares the count of days with package time's, over the 400 years after which all repeats.
func TestDaysSince1970(t *testing.T) {
	for _, from := range []int{-400, 1800} {
		day := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
		for end := day.AddDate(400, 0, 1); day.Before(end); day = day.AddDate(0, 0, 1) {
			y, m, d := day.Date()
			if got := daysSince1970(y, int(m), d); got != day.Unix()/86_400 {
				t.Fatalf("%s is day %d, want %d", day.Format(time.DateOnly), got, day.Unix()/86_400)
			}
			if d > daysIn(y, int(m)) {
				t.Fatalf("%s: the month has %d days", day.Format(time.DateOnly), daysIn(y, int(m)))
			}
		}
	}
}
