// Package gpb reads and writes the geometry blobs of a GeoPackage: a header, with the SRS and mostly the bounds, and ISO
// WKB behind it.
package gpb

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Header is the header of a geometry blob, GeoPackageBinaryHeader (OGC 12-128r18, 2.1.3.1).
type Header struct {
	Size   int // of the header in bytes; the WKB begins there
	SRSID  int32
	Empty  bool
	HasBox bool
	Box    feature.Bounds
}

// envelopeSize is the size of the envelope by its indicator: none, XY, XYZ, XYM, XYZM.
var envelopeSize = [...]int{0, 32, 48, 48, 64}

const (
	flagLittleEndian = 1 << 0
	flagEmpty        = 1 << 4
	flagExtended     = 1 << 5
)

// Parse reads the header of a geometry blob.
func Parse(b []byte) (Header, error) {
	var h Header
	if len(b) < 8 {
		return h, fmt.Errorf("geometry of %d bytes, want at least 8 for a GeoPackage header", len(b))
	}
	if b[0] != 'G' || b[1] != 'P' {
		return h, fmt.Errorf("geometry begins with %#02x %#02x, want the GeoPackage magic GP", b[0], b[1])
	}
	flags := b[3]
	if flags&flagExtended != 0 {
		return h, fmt.Errorf("geometry is an extended GeoPackage geometry, of which nothing is known but its SRS")
	}
	indicator := int(flags >> 1 & 7)
	if indicator >= len(envelopeSize) {
		return h, fmt.Errorf("geometry has envelope indicator %d, want 0 to 4", indicator)
	}
	h.Size = 8 + envelopeSize[indicator]
	if len(b) < h.Size {
		return h, fmt.Errorf("geometry of %d bytes, want at least %d for its header", len(b), h.Size)
	}
	var order binary.ByteOrder = binary.BigEndian
	if flags&flagLittleEndian != 0 {
		order = binary.LittleEndian
	}
	h.SRSID = int32(order.Uint32(b[4:]))
	h.Empty = flags&flagEmpty != 0
	if indicator > 0 && !h.Empty {
		f := func(i int) float64 { return math.Float64frombits(order.Uint64(b[8+8*i:])) }
		h.Box = feature.Bounds{MinX: f(0), MaxX: f(1), MinY: f(2), MaxY: f(3)}
		h.HasBox = !h.Box.IsEmpty() // an envelope of NaNs says nothing
	}
	return h, nil
}

// Bounds returns the bounds of the geometry whose header h is: from the header where it has them, else from the WKB.
func (h *Header) Bounds(b []byte) (feature.Bounds, error) {
	switch {
	case h.Empty:
		return feature.EmptyBounds(), nil
	case h.HasBox:
		return h.Box, nil
	}
	return feature.WKB(b[h.Size:]).Bounds()
}

// Append adds w as a geometry blob to dst: a little-endian header with the bounds as its envelope, but for points,
// which are their own, and empty geometries, which have none.
func Append(dst []byte, w feature.WKB, srsID int32, box feature.Bounds, isPoint bool) []byte {
	flags := byte(flagLittleEndian)
	empty := box.IsEmpty()
	if empty {
		flags |= flagEmpty
	} else if !isPoint {
		flags |= 1 << 1
	}
	dst = append(dst, 'G', 'P', 0, flags)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(srsID))
	if !empty && !isPoint {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(box.MinX))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(box.MaxX))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(box.MinY))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(box.MaxY))
	}
	return append(dst, w...)
}

// Size returns the size of what Append makes of a geometry with the bounds.
func Size(w feature.WKB, box feature.Bounds, isPoint bool) int {
	if box.IsEmpty() || isPoint {
		return 8 + len(w)
	}
	return 8 + 32 + len(w)
}
