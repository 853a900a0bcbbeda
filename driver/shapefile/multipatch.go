package shapefile

import (
	"encoding/binary"
	"fmt"

	"github.com/ogrcarto/ogrcarto/feature"
)

// The types of a MultiPatch's parts, ESRI Shapefile Technical Description p. 20; triangles are from "The Multipatch Geometry
// Type", ESRI 2008, p. 5.
const (
	triangleStrip = 0
	triangleFan   = 1
	outerRing     = 2
	innerRing     = 3
	firstRing     = 4
	plainRing     = 5
	triangles     = 6
)

// multiPatch reads box, counts, part starts, part types, points, Z, p. 20-22, as a MultiPolygon Z: each triangle is a
// polygon, an outer ring with the inner rings behind it is one, and so is a first ring with the rings behind it. Rings
// may stand upright, so nothing is made of their direction or area.
func (d *shapeDecoder) multiPatch(dst, body []byte) ([]byte, error) {
	numParts, points, err := d.counts(body, 8)
	if err != nil || numParts == 0 {
		return dst, err
	}
	parts, err := d.readParts(body[40:40+4*numParts], points)
	if err != nil {
		return dst, err
	}
	if int64(len(parts)) != numParts {
		return dst, fmt.Errorf("a part of a MultiPatch has no points")
	}
	types := body[40+4*numParts : 40+8*numParts]
	c, err := d.run(body, 40+8*numParts, points)
	if err != nil {
		return dst, err
	}
	dst = feature.AppendHeader(dst, feature.MultiPolygon.WithDims(true, false), 0)
	countAt := len(dst) - 4
	polygons := uint32(0)
	// ringsAt is where the number of rings of the polygon that takes further rings stands, and opener what began it.
	ringsAt, opener := -1, uint32(0)
	header := func(rings int) {
		dst = feature.AppendHeader(dst, feature.Polygon.WithDims(true, false), rings)
		polygons++
	}
	triangle := func(i, j, k int) {
		header(1)
		dst = binary.LittleEndian.AppendUint32(dst, 4)
		for _, v := range [4]int{i, j, k, i} {
			dst = d.appendCoords(dst, &c, v, 1)
		}
	}
	for i, p := range parts {
		typ := binary.LittleEndian.Uint32(types[4*i:])
		switch typ {
		case triangleStrip:
			for v := p.start; v+2 < p.start+p.n; v++ {
				triangle(v, v+1, v+2)
			}
		case triangleFan:
			for v := p.start + 1; v+1 < p.start+p.n; v++ {
				triangle(p.start, v, v+1)
			}
		case triangles:
			for v := p.start; v+2 < p.start+p.n; v += 3 {
				triangle(v, v+1, v+2)
			}
		case outerRing, firstRing, innerRing, plainRing:
			follows := ringsAt >= 0 && (typ == innerRing && opener == outerRing || typ == plainRing && opener == firstRing)
			if follows {
				binary.LittleEndian.PutUint32(dst[ringsAt:], binary.LittleEndian.Uint32(dst[ringsAt:])+1)
			} else {
				header(1)
				ringsAt, opener = len(dst)-4, typ
			}
			dst = d.appendRing(dst, &c, p)
			continue
		default:
			return dst, fmt.Errorf("part %d is of type %d, want 0 to 6 (triangles or rings)", i+1, typ)
		}
		ringsAt = -1
	}
	binary.LittleEndian.PutUint32(dst[countAt:], polygons)
	return dst, nil
}
