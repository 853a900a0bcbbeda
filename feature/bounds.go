package feature

import (
	"fmt"
	"math"
)

// Bounds is a rectangle in the units of the layer's SRS, borders included: OGC's envelope, OGR's extent.
//
// The zero value is the point (0, 0). EmptyBounds has no point at all.
type Bounds struct {
	MinX, MinY, MaxX, MaxY float64
}

// EmptyBounds returns bounds that contain nothing; Extend grows them.
func EmptyBounds() Bounds {
	return Bounds{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
}

// IsEmpty tells whether the bounds contain no point. Bounds with a NaN are empty.
func (b Bounds) IsEmpty() bool { return !(b.MinX <= b.MaxX && b.MinY <= b.MaxY) }

// Intersects tells whether the two have a point in common; touching counts. Empty bounds intersect nothing.
func (b Bounds) Intersects(o Bounds) bool {
	return b.MinX <= o.MaxX && o.MinX <= b.MaxX && b.MinY <= o.MaxY && o.MinY <= b.MaxY && !b.IsEmpty() && !o.IsEmpty()
}

// Contains tells whether o is not empty and lies wholly in b.
func (b Bounds) Contains(o Bounds) bool {
	return b.MinX <= o.MinX && o.MaxX <= b.MaxX && b.MinY <= o.MinY && o.MaxY <= b.MaxY && !o.IsEmpty()
}

// Union returns the smallest bounds that contain both.
func (b Bounds) Union(o Bounds) Bounds {
	if o.IsEmpty() {
		return b
	}
	if b.IsEmpty() {
		return o
	}
	return Bounds{min(b.MinX, o.MinX), min(b.MinY, o.MinY), max(b.MaxX, o.MaxX), max(b.MaxY, o.MaxY)}
}

// Extend returns the smallest bounds that contain b and the point. A NaN ordinate changes nothing on its axis.
func (b Bounds) Extend(x, y float64) Bounds {
	b.extend(x, y)
	return b
}

func (b *Bounds) extend(x, y float64) {
	if x < b.MinX {
		b.MinX = x
	}
	if x > b.MaxX {
		b.MaxX = x
	}
	if y < b.MinY {
		b.MinY = y
	}
	if y > b.MaxY {
		b.MaxY = y
	}
}

// String returns "(xmin, ymin) - (xmax, ymax)", ogrinfo's way with extents, or "empty".
func (b Bounds) String() string {
	if b.IsEmpty() {
		return "empty"
	}
	return fmt.Sprintf("(%f, %f) - (%f, %f)", b.MinX, b.MinY, b.MaxX, b.MaxY)
}
