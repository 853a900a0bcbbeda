package gpkg

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// dateTimeForms are texts that stand in DATETIME columns, with what is read: the clock's reading and zone as
// feature.Value prints them ("" is null), and how ogrinfo differs: "ms" cuts to milliseconds, "other" takes the form for
// something else or for nothing.
var dateTimeForms = []struct{ text, want, ogr string }{
	{"2018-02-13T23:59:59.000Z", "2018/02/13 23:59:59+00", ""},
	{"2018-02-13T23:59:59Z", "2018/02/13 23:59:59+00", ""},
	{"2018-02-13T23:59:59.5Z", "2018/02/13 23:59:59.500+00", ""},
	{"2018-02-13T23:59:59.12Z", "2018/02/13 23:59:59.120+00", ""},
	{"2018-02-13T23:59:59.123Z", "2018/02/13 23:59:59.123+00", ""},
	{"2018-02-13T23:59:59.1234Z", "2018/02/13 23:59:59.123400+00", "ms"},
	{"2018-02-13T23:59:59.123456Z", "2018/02/13 23:59:59.123456+00", "ms"},
	{"2018-02-13T23:59:59.123456789Z", "2018/02/13 23:59:59.123456+00", "ms"},
	{"2018-02-13T23:59:59.999999999Z", "2018/02/13 23:59:59.999999+00", "other"},
	{"2018-02-13T23:59Z", "2018/02/13 23:59:00+00", "other"}, // OGR 3.6 loses the Z,
	{"2018-02-13T23:59", "2018/02/13 23:59:00", ""},
	{"2018-02-13T23:59:59", "2018/02/13 23:59:59", ""},
	{"2018-02-13T23:59:59.25", "2018/02/13 23:59:59.250", ""},
	{"2018-02-13 23:59:59", "2018/02/13 23:59:59", ""},
	{"2018-02-13 23:59", "2018/02/13 23:59:00", ""},
	{"2018-02-13 23:59:59Z", "2018/02/13 23:59:59+00", ""},
	{"2018-02-13t23:59:59z", "2018/02/13 23:59:59+00", "other"},
	{"2018/02/13 23:59:59", "2018/02/13 23:59:59", ""},
	{"2018-02-13", "2018/02/13 00:00:00", ""},
	{"2018-02-13T23:59:59+02:00", "2018/02/13 23:59:59+02", ""},
	{"2018-02-13T23:59:59+02", "2018/02/13 23:59:59+02", ""},
	{"2018-02-13T23:59:59-0330", "2018/02/13 23:59:59-0330", ""},
	{"2018-02-13T23:59:59.5+05:45", "2018/02/13 23:59:59.500+0545", ""},
	{"2018-02-13 23:59:59 +02:00", "2018/02/13 23:59:59+02", "other"},
	{"2018-02-13T23:59+14:00", "2018/02/13 23:59:00+14", ""},
	{"2018-02-13T23:59:59-00:00", "2018/02/13 23:59:59+00", ""},
	{" 2018-02-13T23:59:59Z ", "2018/02/13 23:59:59+00", "other"},
	{"2018-02-13T23:59:59,5Z", "2018/02/13 23:59:59.500+00", "other"}, // ISO 8601 has the comma too
	{"2016-02-29T00:00:00Z", "2016/02/29 00:00:00+00", ""},
	{"2000-02-29T00:00:00Z", "2000/02/29 00:00:00+00", ""},
	{"1969-12-31T23:59:59.999Z", "1969/12/31 23:59:59.999+00", ""},
	{"0001-01-01T00:00:00Z", "0001/01/01 00:00:00+00", ""},
	{"0000-02-29T00:00:00Z", "0000/02/29 00:00:00+00", ""},
	{"9999-12-31T23:59:59.999Z", "9999/12/31 23:59:59.999+00", ""},
	{"12018-02-13T00:00:00Z", "12018/02/13 00:00:00+00", "other"},
	{"+12018-02-13T00:00:00Z", "12018/02/13 00:00:00+00", "other"},
	{"99999-12-31T23:59:59Z", "99999/12/31 23:59:59+00", "other"},
	{"-0044-03-15T12:00:00Z", "-0044/03/15 12:00:00+00", "other"},
	{"-99999-01-01T00:00:00Z", "-99999/01/01 00:00:00+00", "other"},
	{"2018-02-13T24:00:00Z", "2018/02/14 00:00:00+00", "other"}, // the end of a day is the start of the next
	{"2016-12-31T23:59:60Z", "2017/01/01 00:00:00+00", "other"}, // and so is a leap second

	{"", "", "other"},
	{" ", "", "other"},
	{"2018", "", "other"},
	{"2018-02", "", "other"},
	{"20180213T235959Z", "", "other"},
	{"13.02.2018 23:59", "", "other"},
	{"18-02-13T00:00:00Z", "", "other"},
	{"2018-2-13T00:00:00Z", "", "other"},
	{"2018-02-30T00:00:00Z", "", "other"},
	{"2017-02-29T00:00:00Z", "", "other"},
	{"1900-02-29T00:00:00Z", "", "other"},
	{"2018-04-31T00:00:00Z", "", "other"},
	{"2018-13-01T00:00:00Z", "", "other"},
	{"2018-00-01T00:00:00Z", "", "other"},
	{"2018-01-00T00:00:00Z", "", "other"},
	{"2018-01-32T00:00:00Z", "", "other"},
	{"2018-02-13T25:00:00Z", "", "other"},
	{"2018-02-13T24:00:01Z", "", "other"},
	{"2018-02-13T23:60:00Z", "", "other"},
	{"2018-02-13T23:59:61Z", "", "other"},
	{"2018-02-13T23", "", "other"},
	{"2018-02-13T", "", "other"},
	{"2018-02-13Z", "", "other"},
	{"2018-02-13T23:59:5", "", "other"},
	{"2018-02-13T23:59:59.", "", "other"},
	{"2018-02-13T23:59:59.Z", "", "other"},
	{"2018-02-13T23:59:59+", "", "other"},
	{"2018-02-13T23:59:59+2", "", "other"},
	{"2018-02-13T23:59:59+02:", "", "other"},
	{"2018-02-13T23:59:59+02:0", "", "other"},
	{"2018-02-13T23:59:59+02:60", "", "other"},
	{"2018-02-13T23:59:59+19:00", "", "other"},
	{"2018-02-13T23:59:59 UTC", "", "other"},
	{"2018-02-13T23:59:59ZZ", "", "other"},
	{"2018-02/13T23:59:59Z", "", "other"},
	{"999999-01-01T00:00:00Z", "", "other"}, // microseconds in an int64 do not go that far
	{"-999999-01-01T00:00:00Z", "", "other"},
	{"1234567-01-01", "", "other"},
	{"now", "", "other"},
	{"--01-01-01", "", "other"},
	{"+-0044-03-15", "", "other"},
}

func TestDateTimeForms(t *testing.T) {
	for _, c := range dateTimeForms {
		v, ok := feature.ParseDateTime([]byte(c.text))
		if !ok {
			v = feature.Null()
		}
		want := c.want
		if want == "" {
			want = "(null)"
		}
		if got := v.String(); got != want {
			t.Errorf("%q is read as %s, want %s", c.text, got, want)
		}
	}
}

// TestDateTimeOGR compares what is read of each form with what ogrinfo reads, where it reads it at all.
func TestDateTimeOGR(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gpkg")
	var insert strings.Builder
	for i, c := range dateTimeForms {
		fmt.Fprintf(&insert, "INSERT INTO t (fid, d) VALUES (%d, '%s');\n", i, c.text)
	}
	layerWithSQL(t, file, &feature.Schema{Fields: []feature.Field{{Name: "d", Type: feature.DateTimeField}}}, insert.String())
	out := testpeer.Output(t, "ogrinfo", "-ro", "-al", "-q", file)
	for i, c := range dateTimeForms {
		_, rest, found := strings.Cut(out, fmt.Sprintf("OGRFeature(t):%d\n", i))
		if !found {
			t.Fatalf("ogrinfo does not list feature %d", i)
		}
		got := "(null)"
		if line, _, _ := strings.Cut(rest, "\n"); strings.Contains(line, "d (DateTime) = ") {
			_, got, _ = strings.Cut(line, " = ")
		}
		want := c.want
		if c.ogr == "ms" { // OGR 3.6 has milliseconds
			dot := strings.LastIndexByte(want, '.')
			want = want[:dot+4] + want[dot+7:]
		}
		if c.ogr != "other" && got != want {
			t.Errorf("ogrinfo reads %q as %s, we as %s", c.text, got, c.want)
		}
	}
}

func TestDateForms(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2018-02-13", "2018/02/13"},
		{"2018/02/13", "2018/02/13"},
		{" 2018-02-13 ", "2018/02/13"},
		{"2018-02-13T00:00:00Z", "2018/02/13"},
		{"2018-02-13 00:00", "2018/02/13"},
		{"0001-01-01", "0001/01/01"},
		{"9999-12-31", "9999/12/31"},
		{"-0044-03-15", "-0044/03/15"},
		{"1600-02-29", "1600/02/29"},
		{"2018-02-13T12:00:00Z", "(null)"}, // a time that would be lost
		{"2018-02-29", "(null)"},
		{"2018-02", "(null)"},
		{"", "(null)"},
		{"2018-02-13x", "(null)"},
	} {
		v, ok := feature.ParseDate([]byte(c.text))
		if !ok {
			v = feature.Null()
		}
		if v.String() != c.want {
			t.Errorf("%q is read as %s, want %s", c.text, v, c.want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"23:59:59", "23:59:59"},
		{"23:59", "23:59:00"},
		{"23:59:59.5", "23:59:59.500"},
		{"23:59:59.123456", "23:59:59.123456"},
		{"00:00:00", "00:00:00"},
		{"24:00:00", "24:00:00"},
		{"25:00:00", "(null)"},
		{"12:00:00Z", "(null)"}, // a zone that would be lost
		{"12", "(null)"},
		{"", "(null)"},
		{strings.Repeat("1", 100), "(null)"},
	} {
		v, ok := feature.ParseTime([]byte(c.text))
		if !ok {
			v = feature.Null()
		}
		if v.String() != c.want {
			t.Errorf("time %q is read as %s, want %s", c.text, v, c.want)
		}
	}
}

func TestWriteDateTime(t *testing.T) {
	at := func(s string) feature.Value {
		v, ok := feature.ParseDateTime([]byte(s))
		if !ok {
			t.Fatalf("%q is no date-time", s)
		}
		return v
	}
	for _, c := range []struct {
		v    feature.Value
		want string
	}{
		{at("2018-02-13T23:59:59Z"), "2018-02-13T23:59:59.000Z"},
		{at("2018-02-13T23:59:59"), "2018-02-13T23:59:59.000Z"},
		{at("2018-02-13T23:59:59+02:00"), "2018-02-13T21:59:59.000Z"},
		{at("2018-02-13T23:59:59-03:30"), "2018-02-14T03:29:59.000Z"},
		{at("2018-02-13T23:59:59.5Z"), "2018-02-13T23:59:59.500Z"},
		{at("2018-02-13T23:59:59.123456Z"), "2018-02-13T23:59:59.123456Z"},
		{at("1969-12-31T23:59:59.999999Z"), "1969-12-31T23:59:59.999999Z"},
		{at("0001-01-01"), "0001-01-01T00:00:00.000Z"},
		{at("9999-12-31T23:59:59.999Z"), "9999-12-31T23:59:59.999Z"},
		{at("-0044-03-15"), "-0044-03-15T00:00:00.000Z"},
		{at("99999-12-31"), "99999-12-31T00:00:00.000Z"},
		{feature.DateTime(time.Date(2020, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600))), "2020-01-02T02:04:05.000006Z"},
	} {
		if got := string(appendDateTime(nil, c.v)); got != c.want {
			t.Errorf("%s is written as %s, want %s", c.v, got, c.want)
		}
	}
	for _, c := range []struct {
		micros int64
		want   string
	}{
		{0, "00:00:00"}, {86_399_999_999, "23:59:59.999999"}, {43_200_500_000, "12:00:00.500"}, {86_400_000_000, "24:00:00"},
	} {
		if got := string(appendTime(nil, feature.TimeOfDay(c.micros))); got != c.want {
			t.Errorf("time %d is written as %s, want %s", c.micros, got, c.want)
		}
	}
}

// TestDateTimeRoundTrip writes random moments and reads them: the instant stays.
func TestDateTimeRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50_000 {
		micros := rng.Int64N(2*3_000_000_000_000_000_000) - 3_000_000_000_000_000_000
		if rng.IntN(2) == 0 { // some thousand years around ours
			micros /= 20
		}
		if rng.IntN(2) == 0 {
			micros -= micros % 1000
		}
		v := feature.WallClock(micros, feature.Zone(rng.IntN(1500)-750))
		text := appendDateTime(nil, v)
		got, ok := feature.ParseDateTime(text)
		if !ok || got.Instant() != v.Instant() || got.Zone() != feature.ZoneUTC {
			t.Fatalf("%s becomes %q becomes %s (%v)", v, text, got, ok)
		}
		day := feature.Days(micros / 86_400_000_000)
		if got, ok := feature.ParseDate(appendDate(nil, day)); !ok || !got.Equal(day) {
			t.Fatalf("%s becomes %q becomes %s (%v)", day, appendDate(nil, day), got, ok)
		}
		clock := feature.TimeOfDay(rng.Int64N(86_400_000_001))
		if got, ok := feature.ParseTime(appendTime(nil, clock)); !ok || !got.Equal(clock) {
			t.Fatalf("%s becomes %q becomes %s (%v)", clock, appendTime(nil, clock), got, ok)
		}
	}
}

func FuzzDateTime(f *testing.F) {
	for _, c := range dateTimeForms {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = feature.ParseTime(b)
		if v, ok := feature.ParseDate(b); ok {
			if got, ok := feature.ParseDate(appendDate(nil, v)); !ok || !got.Equal(v) {
				t.Fatalf("%q is %s, which is written as %q", b, v, appendDate(nil, v))
			}
		}
		v, ok := feature.ParseDateTime(b)
		if !ok {
			return
		}
		text := appendDateTime(nil, v)
		got, ok := feature.ParseDateTime(text)
		if !ok || got.Instant() != v.Instant() {
			t.Fatalf("%q is %s, which is written as %q and read as %s (%v)", b, v, text, got, ok)
		}
		// What package time reads, it reads as the same.
		if want, err := time.Parse(time.RFC3339Nano, string(b)); err == nil && want.UnixMicro() != v.Instant() {
			t.Fatalf("%q is %s, package time says %s", b, v, want)
		}
	})
}

// layerWithSQL makes a GeoPackage with a layer t, and runs statements on it.
func layerWithSQL(t *testing.T, file string, s *feature.Schema, statements string) {
	t.Helper()
	ctx := context.Background()
	ds, err := open(ctx, file, driver.Create, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ds.Create(ctx, "t", s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Commit(), ds.conn.Exec(statements), ds.Close()); err != nil {
		t.Fatal(err)
	}
}
