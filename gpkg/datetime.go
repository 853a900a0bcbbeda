package gpkg

import (
	"time"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Dates and times are text (OGC 12-128r18, table 1): DATE is 2018-02-13, DATETIME is 2018-02-13T23:59:59.000Z. Other
// writers leave out seconds, fraction or Z, put a blank for the T, or an offset for the Z: feature.ParseDateTime reads
// all of that.

// appendDate writes a DATE.
func appendDate(dst []byte, v feature.Value) []byte { return v.Time().AppendFormat(dst, "2006-01-02") }

// appendDateTime writes a DATETIME in UTC, with milliseconds as the standard has it, or with microseconds where there
// are any.
func appendDateTime(dst []byte, v feature.Value) []byte {
	micros := v.Instant()
	layout := "2006-01-02T15:04:05.000Z"
	if micros%1000 != 0 {
		layout = "2006-01-02T15:04:05.000000Z"
	}
	return time.UnixMicro(micros).UTC().AppendFormat(dst, layout)
}

// appendTime writes a time of day, with a fraction where there is one.
func appendTime(dst []byte, v feature.Value) []byte { return v.AppendString(dst) }
