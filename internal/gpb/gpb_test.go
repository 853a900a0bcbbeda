package gpb

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
)

// geometry is what a header is made for.
type geometry struct {
	wkb     feature.WKB
	bounds  feature.Bounds
	isPoint bool
}

// blobOf returns a header with the envelope before the WKB.
func blobOf(order binary.AppendByteOrder, flags byte, srsID int32, envelope []float64, wkb []byte) []byte {
	b := []byte{'G', 'P', 0, flags}
	b = order.AppendUint32(b, uint32(srsID))
	for _, v := range envelope {
		b = order.AppendUint64(b, math.Float64bits(v))
	}
	return append(b, wkb...)
}

func TestParse(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	point := feature.AppendPoint(nil, 3, 4)
	empty := feature.AppendPoint(nil, nan, nan)
	collection := feature.AppendHeader(nil, feature.GeometryCollection, 0)
	pointBounds := feature.Bounds{MinX: 3, MinY: 4, MaxX: 3, MaxY: 4}
	given := feature.Bounds{MinX: 1, MinY: 3, MaxX: 2, MaxY: 4}
	none := feature.EmptyBounds()
	for _, c := range []struct {
		name     string
		flags    byte // without the byte order
		envelope []float64
		wkb      []byte
		want     feature.Bounds
		err      string // of Parse
		wkbErr   bool   // of bounds
	}{
		{name: "no envelope", wkb: point, want: pointBounds},
		{name: "XY", flags: 1 << 1, envelope: []float64{1, 2, 3, 4}, wkb: point, want: given},
		{name: "XYZ", flags: 2 << 1, envelope: []float64{1, 2, 3, 4, 5, 6}, wkb: point, want: given},
		{name: "XYM", flags: 3 << 1, envelope: []float64{1, 2, 3, 4, 5, 6}, wkb: point, want: given},
		{name: "XYZM", flags: 4 << 1, envelope: []float64{1, 2, 3, 4, 5, 6, 7, 8}, wkb: point, want: given},
		{name: "reserved indicator 5", flags: 5 << 1, envelope: make([]float64, 8), wkb: point, err: "envelope indicator 5"},
		{name: "reserved indicator 6", flags: 6 << 1, envelope: make([]float64, 8), wkb: point, err: "envelope indicator 6"},
		{name: "reserved indicator 7", flags: 7 << 1, envelope: make([]float64, 8), wkb: point, err: "envelope indicator 7"},
		{name: "empty", flags: flagEmpty, wkb: empty, want: none},
		{name: "empty with an envelope of NaN", flags: flagEmpty | 1<<1, envelope: []float64{nan, nan, nan, nan}, wkb: empty, want: none},
		{name: "empty with an envelope", flags: flagEmpty | 1<<1, envelope: []float64{1, 2, 3, 4}, wkb: collection, want: none},
		{name: "envelope of NaN", flags: 1 << 1, envelope: []float64{nan, nan, nan, nan}, wkb: point, want: pointBounds},
		{name: "envelope with a NaN", flags: 1 << 1, envelope: []float64{1, nan, 3, 4}, wkb: point, want: pointBounds},
		{name: "envelope inside out", flags: 1 << 1, envelope: []float64{inf, -inf, inf, -inf}, wkb: point, want: pointBounds},
		{name: "infinite envelope", flags: 1 << 1, envelope: []float64{-inf, inf, 3, 4}, wkb: point, want: feature.Bounds{MinX: -inf, MinY: 3, MaxX: inf, MaxY: 4}},
		{name: "NaN in Z does not matter", flags: 2 << 1, envelope: []float64{1, 2, 3, 4, nan, nan}, wkb: point, want: given},
		{name: "empty without the flag", wkb: empty, want: none},
		{name: "empty collection without the flag", wkb: collection, want: none},
		{name: "the two reserved bits", flags: 3 << 6, wkb: point, want: pointBounds},
		{name: "extended", flags: flagExtended, wkb: point, err: "extended GeoPackage geometry"},
		{name: "no WKB", wkb: nil, wkbErr: true},
		{name: "no WKB but an envelope", flags: 1 << 1, envelope: []float64{1, 2, 3, 4}, want: given},
		{name: "WKB cut off", wkb: point[:10], wkbErr: true},
	} {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			t.Run(c.name+"/"+fmt.Sprint(order), func(t *testing.T) {
				flags := c.flags
				if order == binary.AppendByteOrder(binary.LittleEndian) {
					flags |= flagLittleEndian
				}
				b := blobOf(order, flags, -4326, c.envelope, c.wkb)
				h, err := Parse(b)
				if c.err != "" {
					if err == nil || !strings.Contains(err.Error(), c.err) {
						t.Errorf("the error is %v, want %q", err, c.err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if h.SRSID != -4326 {
					t.Errorf("srs_id is %d", h.SRSID)
				}
				if string(b[h.Size:]) != string(c.wkb) {
					t.Errorf("the header is %d bytes long, want %d", h.Size, len(b)-len(c.wkb))
				}
				got, err := h.Bounds(b)
				if (err != nil) != c.wkbErr {
					t.Fatalf("bounds: %v", err)
				}
				if err == nil && got != c.want && !(got.IsEmpty() && c.want.IsEmpty()) {
					t.Errorf("bounds are %v, want %v", got, c.want)
				}
				for n := range b[:h.Size] {
					if _, err := Parse(b[:n:n]); err == nil {
						t.Errorf("the first %d bytes of a header of %d are taken", n, h.Size)
					}
				}
			})
		}
	}
	for _, b := range []string{"GQ\x00\x00\x00\x00\x00\x00", "PG\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if _, err := Parse([]byte(b)); err == nil || !strings.Contains(err.Error(), "magic") {
			t.Errorf("%q: the error is %v, want one about the magic", b, err)
		}
	}
}

func TestAppendBlob(t *testing.T) {
	square := feature.WKB(feature.AppendBounds(nil, feature.Bounds{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4}))
	for _, c := range []struct {
		name   string
		wkb    feature.WKB
		header int
		flags  byte
	}{
		{"a point is its own envelope", feature.AppendPoint(nil, 1, 2), 8, flagLittleEndian},
		{"empty point", feature.AppendPoint(nil, math.NaN(), math.NaN()), 8, flagLittleEndian | flagEmpty},
		{"polygon", square, 40, flagLittleEndian | 1<<1},
		{"empty polygon", feature.AppendBounds(nil, feature.EmptyBounds()), 8, flagLittleEndian | flagEmpty},
		{"big-endian WKB", feature.WKB{0, 0, 0, 0, 2, 0, 0, 0, 0}, 8, flagLittleEndian | flagEmpty},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := geometry{wkb: c.wkb}
			var err error
			if g.bounds, err = c.wkb.Bounds(); err != nil {
				t.Fatal(err)
			}
			typ, err := c.wkb.Type()
			if err != nil {
				t.Fatal(err)
			}
			g.isPoint = typ.Base() == feature.Point
			b := Append([]byte("before"), g.wkb, 4326, g.bounds, g.isPoint)[6:]
			if len(b) != Size(g.wkb, g.bounds, g.isPoint) {
				t.Errorf("%d bytes, blobSize says %d", len(b), Size(g.wkb, g.bounds, g.isPoint))
			}
			if b[3] != c.flags {
				t.Errorf("flags are %08b, want %08b", b[3], c.flags)
			}
			h, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if h.Size != c.header || h.SRSID != 4326 || h.Empty != g.bounds.IsEmpty() || string(b[h.Size:]) != string(c.wkb) {
				t.Errorf("the header is read as %+v", h)
			}
			if got, err := h.Bounds(b); err != nil || got != g.bounds && !got.IsEmpty() {
				t.Errorf("bounds are %v (%v), want %v", got, err, g.bounds)
			}
		})
	}
}

// TestBlobAllocs: there is a header to read for every row.
func TestBlobAllocs(t *testing.T) {
	g := geometry{wkb: feature.AppendBounds(nil, feature.Bounds{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4})}
	g.bounds, _ = g.wkb.Bounds()
	var b []byte
	withEnvelope := Append(nil, g.wkb, 4326, g.bounds, false)
	without := Append(nil, g.wkb, 4326, g.bounds, true)
	if n := testing.AllocsPerRun(100, func() {
		b = Append(b[:0], g.wkb, 4326, g.bounds, false)
		for _, x := range [...][]byte{withEnvelope, without} {
			h, err := Parse(x)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := h.Bounds(x); err != nil || got != g.bounds {
				t.Fatal(got, err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzBlob(f *testing.F) {
	point := feature.AppendPoint(nil, 1, 2)
	for flags := range 64 {
		f.Add(blobOf(binary.LittleEndian, byte(flags), 4326, make([]float64, 8), point))
	}
	f.Add(Append(nil, feature.AppendBounds(nil, feature.Bounds{MaxX: 1, MaxY: 1}), 0, feature.Bounds{MaxX: 1, MaxY: 1}, false))
	f.Add([]byte("GP\x00\x01\x00\x00\x00\x00\x01\x07\x00\x00\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Parse(b)
		if err != nil {
			return
		}
		if h.Size > len(b) {
			t.Fatalf("a header of %d bytes in %d", h.Size, len(b))
		}
		bounds, err := h.Bounds(b)
		if err != nil {
			return
		}
		if h.HasBox && bounds.IsEmpty() {
			t.Fatal("empty bounds are taken from the header")
		}
		// What we make of the same geometry has the bounds of its WKB.
		w := feature.WKB(b[h.Size:])
		typ, err := w.Type()
		if err != nil {
			return
		}
		wb, err := w.Bounds()
		if err != nil {
			return
		}
		again := Append(nil, w, h.SRSID, wb, typ.Base() == feature.Point)
		h2, err := Parse(again)
		if err != nil {
			t.Fatal(err)
		}
		if b2, err := h2.Bounds(again); err != nil || b2 != wb && !(b2.IsEmpty() && wb.IsEmpty()) || h2.SRSID != h.SRSID {
			t.Fatalf("bounds %v become %v (%v)", wb, b2, err)
		}
	})
}

// TestRandomBlobs writes bounds and reads them.
func TestRandomBlobs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		b := feature.Bounds{MinX: rng.NormFloat64(), MinY: rng.NormFloat64()}
		b.MaxX, b.MaxY = b.MinX+rng.Float64(), b.MinY+rng.Float64()
		blob := Append(nil, feature.AppendBounds(nil, b), int32(rng.Uint32()), b, false)
		h, err := Parse(blob)
		if err != nil || h.Box != b {
			t.Fatalf("%v is read as %v (%v)", b, h.Box, err)
		}
	}
}
