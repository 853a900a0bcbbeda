package gpkg

import "math"

// curve maps boxes to their places on a Hilbert curve that fills the bounds, so that entries that are near each other on
// the ground come near each other on the curve.
type curve struct{ x0, y0, sx, sy float64 }

const curveSide = 1<<16 - 1

func newCurve(bounds box) curve {
	scale := func(lo, hi float32) (float64, float64) {
		if d := float64(hi) - float64(lo); d > 0 && !math.IsInf(d, 0) {
			return float64(lo), curveSide / d
		}
		return 0, 0
	}
	var c curve
	c.x0, c.sx = scale(bounds.minX, bounds.maxX)
	c.y0, c.sy = scale(bounds.minY, bounds.maxY)
	return c
}

// place returns the distance along the curve of the middle of the box.
func (c curve) place(b box) uint32 {
	return hilbert(onAxis(b.minX, b.maxX, c.x0, c.sx), onAxis(b.minY, b.maxY, c.y0, c.sy))
}

// onAxis is careful with infinite boxes: what a conversion makes of a number out of range differs between processors.
func onAxis(lo, hi float32, origin, scale float64) uint32 {
	v := ((float64(lo)+float64(hi))/2 - origin) * scale
	switch {
	case v >= curveSide:
		return curveSide
	case v > 0:
		return uint32(v)
	}
	return 0
}

// hilbert returns the distance along a Hilbert curve of order 16 of the cell (x, y).
func hilbert(x, y uint32) uint32 {
	var d uint32
	for s := uint32(1 << 15); s > 0; s >>= 1 {
		var rx, ry uint32
		if x&s != 0 {
			rx = 1
		}
		if y&s != 0 {
			ry = 1
		}
		d += s * s * ((3 * rx) ^ ry)
		if ry == 0 { // turn the quadrant
			if rx == 1 {
				x, y = s-1-x&(s-1), s-1-y&(s-1)
			}
			x, y = y, x
		}
		x &= s - 1
		y &= s - 1
	}
	return d
}

// radixSort sorts by the upper 32 bits; it is stable, so equal positions stay in the order of their indexes.
func radixSort(keys []uint64) {
	const bits = 11
	buf := make([]uint64, len(keys))
	from, to := keys, buf
	for shift := 32; shift < 64; shift += bits {
		var count [1 << bits]int
		for _, k := range from {
			count[k>>shift&(1<<bits-1)]++
		}
		sum := 0
		for i, c := range count {
			count[i] = sum
			sum += c
		}
		for _, k := range from {
			b := k >> shift & (1<<bits - 1)
			to[count[b]] = k
			count[b]++
		}
		from, to = to, from
	}
	// Three passes: what is sorted now stands in the buffer.
	copy(keys, from)
}
