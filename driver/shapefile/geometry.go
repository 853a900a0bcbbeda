package shapefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ogrcarto/ogrcarto/feature"
)

// noData is the bound below which a measure stands for none, p. 2.
const noData = -1e38

// shapeDecoder turns the content of records into WKB. Both are little-endian doubles, so that ordinates are copied as
// bytes; only a polygon of several rings is looked at as numbers.
type shapeDecoder struct {
	typ   shapeType // of the file
	hasM  bool      // measures are read: the layer's type has M
	multi bool      // polylines and polygons of one part are collections too
	rings assembler
	parts []partRange
	warn  func(format string, args ...any)

	droppedM bool // a valid measure was left out, as has been warned of
}

// partRange is the points of one part of a shape.
type partRange struct{ start, n int }

// layerType returns the geometry type of a layer with shapes of type t.
func layerType(t shapeType, hasM, multi bool) (feature.GeomType, error) {
	var g feature.GeomType
	switch t.base() {
	case point:
		g = feature.Point
	case polyLine:
		g = feature.LineString
	case polygon:
		g = feature.Polygon
	case multiPoint:
		g = feature.MultiPoint
	case multiPatch:
		return feature.MultiPolygon.WithDims(true, false), nil
	case nullShape:
		return feature.Geometry, nil
	}
	if !t.known() {
		return g, fmt.Errorf("shape type %s at byte 32, want one such as 1 (Point) or 5 (Polygon)", t)
	}
	if multi && g != feature.Point {
		g = g.Multi()
	}
	return g.WithDims(t.hasZ(), hasM), nil
}

// errShort is for a record that is shorter than what it announces.
func errShort(what string, have, want int64) error {
	return fmt.Errorf("%s take %s bytes, the record has %s", what, commas(want), commas(have))
}

// append adds the shape in a record's content to dst as WKB. A null shape, and one without parts or points, adds nothing.
func (d *shapeDecoder) append(dst, content []byte) ([]byte, error) {
	if len(content) < 4 {
		return dst, fmt.Errorf("%d bytes of content, want at least 4 for the shape type", len(content))
	}
	typ := shapeType(binary.LittleEndian.Uint32(content))
	if typ == nullShape {
		return dst, nil
	}
	if typ != d.typ {
		return dst, fmt.Errorf("shape of type %s in a file of type %s", typ, d.typ)
	}
	body := content[4:]
	switch typ.base() {
	case point:
		return d.point(dst, body)
	case multiPoint:
		return d.multiPoint(dst, body)
	case polyLine:
		return d.polyLine(dst, body)
	case polygon:
		return d.polygon(dst, body)
	case multiPatch:
		return d.multiPatch(dst, body)
	}
	return dst, fmt.Errorf("shape type %s cannot be read", typ)
}

// point reads X, Y, with Z and M behind them in the same order as WKB has them, p. 6, 11, 15.
func (d *shapeDecoder) point(dst, body []byte) ([]byte, error) {
	n := 16
	if d.typ != point {
		n = 24
	}
	if d.typ == pointM && len(body) >= 16 && len(body) < n {
		n = 16
	}
	if len(body) < n {
		return dst, errShort("the coordinates of a point", int64(len(body)), int64(n))
	}
	hasM := d.typ == pointM && n == 24 || d.typ == pointZ && len(body) >= 32
	z := d.typ == pointZ
	dst = append(dst, 1)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(feature.Point.WithDims(z, d.hasM)))
	dst = append(dst, body[:16]...)
	at := 16
	if z {
		dst = append(dst, body[16:24]...)
		at = 24
	}
	switch {
	case d.hasM && hasM:
		dst = append(dst, body[at:at+8]...)
	case d.hasM:
		dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	case hasM && !d.droppedM:
		d.noteDropped(body[at : at+8])
	}
	return dst, nil
}

// run is the coordinates of a shape with many: all points, then all Z, then all M.
type run struct {
	pts  []byte // 16 bytes a point
	z, m []byte // 8 bytes a point, or nil
	n    int
}

// run takes the n points at body[at:], with the Z and M blocks behind them, p. 12, 17. Both blocks begin with the range.
func (d *shapeDecoder) run(body []byte, at, n int64) (run, error) {
	size := int64(len(body))
	c := run{n: int(n)}
	end := at + 16*n
	if end > size {
		return c, errShort(fmt.Sprintf("%s points", commas(n)), size+4, end+4)
	}
	c.pts = body[at:end:end]
	if d.typ.hasZ() {
		zEnd := end + 16 + 8*n
		if zEnd > size {
			return c, errShort(fmt.Sprintf("%s points with Z", commas(n)), size+4, zEnd+4)
		}
		c.z = body[end+16 : zEnd : zEnd]
		end = zEnd
	}
	if mEnd := end + 16 + 8*n; d.typ.mayHaveM() && mEnd <= size {
		c.m = body[end+16 : mEnd : mEnd]
		if !d.hasM && !d.droppedM {
			d.noteDropped(c.m)
		}
	}
	return c, nil
}

// noteDropped warns, once, of valid measures that are left out because the layer's type has none.
func (d *shapeDecoder) noteDropped(m []byte) {
	if hasMeasure(m) {
		d.droppedM = true
		d.warn("measures are left out, as the first shape has none: ADJUST_GEOM_TYPE=%s reads them", adjustAll)
	}
}

// hasMeasure tells whether one of the measures is not "no data".
func hasMeasure(m []byte) bool {
	for ; len(m) >= 8; m = m[8:] {
		if f64(m) > noData {
			return true
		}
	}
	return false
}

// appendCoords adds the coordinates of the points [start, start+n) to dst.
func (d *shapeDecoder) appendCoords(dst []byte, c *run, start, n int) []byte {
	if c.z == nil && !d.hasM {
		return append(dst, c.pts[start*16:(start+n)*16]...)
	}
	dims := 2
	if c.z != nil {
		dims++
	}
	if d.hasM {
		dims++
	}
	at := len(dst)
	dst = slices.Grow(dst, n*dims*8)[:at+n*dims*8]
	out := dst[at:]
	for i := start; i < start+n; i++ {
		copy(out[:16], c.pts[i*16:])
		out = out[16:]
		if c.z != nil {
			copy(out[:8], c.z[i*8:])
			out = out[8:]
		}
		if d.hasM {
			var m uint64 // 0 where the record has no measures, as OGR has it
			if c.m != nil {
				m = binary.LittleEndian.Uint64(c.m[i*8:])
			}
			binary.LittleEndian.PutUint64(out, m)
			out = out[8:]
		}
	}
	return dst
}

func (d *shapeDecoder) geomType(t feature.GeomType) feature.GeomType {
	return t.WithDims(d.typ.hasZ(), d.hasM)
}

// multiPoint reads box, count, points, p. 7.
func (d *shapeDecoder) multiPoint(dst, body []byte) ([]byte, error) {
	if len(body) < 36 {
		return dst, errShort("the box and the number of points", int64(len(body))+4, 40)
	}
	n := int64(binary.LittleEndian.Uint32(body[32:]))
	c, err := d.run(body, 36, n)
	if err != nil || n == 0 {
		return dst, err
	}
	t := d.geomType(feature.Point)
	dst = slices.Grow(dst, 9+c.n*(5+8*t.Dims()))
	dst = feature.AppendHeader(dst, d.geomType(feature.MultiPoint), c.n)
	for i := range c.n {
		dst = feature.AppendHeader(dst, t, 1)
		dst = d.appendCoords(dst, &c, i, 1)
	}
	return dst, nil
}

// counts reads the number of parts and of points behind the box, p. 7-8, and holds them against the record's length.
func (d *shapeDecoder) counts(body []byte, perPart int64) (parts, points int64, err error) {
	if len(body) < 40 {
		return 0, 0, errShort("the box and the numbers of parts and points", int64(len(body))+4, 44)
	}
	parts, points = int64(binary.LittleEndian.Uint32(body[32:])), int64(binary.LittleEndian.Uint32(body[36:]))
	if want := 40 + parts*perPart + points*16; want > int64(len(body)) {
		what := fmt.Sprintf("%s parts and %s points", commas(parts), commas(points))
		return 0, 0, errShort(what, int64(len(body))+4, want+4)
	}
	return parts, points, nil
}

var errPartOrder = errors.New("parts are not in order")

// readParts reads where the parts begin. Parts without a point are left out.
func (d *shapeDecoder) readParts(starts []byte, points int64) ([]partRange, error) {
	d.parts = d.parts[:0]
	for i := 0; i < len(starts); i += 4 {
		start := int64(binary.LittleEndian.Uint32(starts[i:]))
		end := points
		if i+4 < len(starts) {
			end = int64(binary.LittleEndian.Uint32(starts[i+4:]))
		}
		if start > end || end > points {
			return nil, fmt.Errorf("%w: part %d begins at point %d and ends at %d, of %d points", errPartOrder, i/4+1, start, end,
				points)
		}
		if start == end {
			if points > 0 {
				d.warn("a part has no points and is left out")
			}
			continue
		}
		d.parts = append(d.parts, partRange{int(start), int(end - start)})
	}
	return d.parts, nil
}

// partsAndCoords reads what lines and polygons have in common: box, counts, part starts, points. ok is false
// for a record that announces no parts, which is a shape without geometry; there may also be none that has points.
func (d *shapeDecoder) partsAndCoords(body []byte) (parts []partRange, c run, ok bool, err error) {
	numParts, points, err := d.counts(body, 4)
	if err != nil || numParts == 0 {
		return nil, c, false, err
	}
	if parts, err = d.readParts(body[40:40+4*numParts], points); err != nil {
		return nil, c, false, err
	}
	c, err = d.run(body, 40+4*numParts, points)
	return parts, c, err == nil, err
}

// polyLine reads box, counts, part starts, points, p. 7, 12, 17.
func (d *shapeDecoder) polyLine(dst, body []byte) ([]byte, error) {
	parts, c, ok, err := d.partsAndCoords(body)
	if err != nil || !ok {
		return dst, err
	}
	if d.multi || len(parts) > 1 {
		dst = feature.AppendHeader(dst, d.geomType(feature.MultiLineString), len(parts))
	} else if len(parts) == 0 {
		return feature.AppendHeader(dst, d.geomType(feature.LineString), 0), nil
	}
	for _, p := range parts {
		if p.n == 1 {
			d.warn("a line has a single point")
		}
		dst = feature.AppendHeader(dst, d.geomType(feature.LineString), p.n)
		dst = d.appendCoords(dst, &c, p.start, p.n)
	}
	return dst, nil
}

// polygon reads what polyLine reads and sorts the rings into polygons, p. 8.
func (d *shapeDecoder) polygon(dst, body []byte) ([]byte, error) {
	parts, c, ok, err := d.partsAndCoords(body)
	if err != nil || !ok {
		return dst, err
	}
	if len(parts) < 2 {
		if d.multi {
			dst = feature.AppendHeader(dst, d.geomType(feature.MultiPolygon), len(parts))
			if len(parts) == 0 {
				return dst, nil
			}
		}
		dst = feature.AppendHeader(dst, d.geomType(feature.Polygon), len(parts))
		for _, p := range parts {
			dst = d.appendRing(dst, &c, p)
		}
		return dst, nil
	}
	polygons, err := d.rings.assemble(c.pts, parts)
	if err != nil {
		return dst, err
	}
	if d.multi || polygons > 1 {
		dst = feature.AppendHeader(dst, d.geomType(feature.MultiPolygon), polygons)
	}
	for _, g := range d.rings.groups {
		dst = feature.AppendHeader(dst, d.geomType(feature.Polygon), len(g))
		for _, i := range g {
			dst = d.appendRing(dst, &c, parts[i])
		}
	}
	return dst, nil
}

// appendRing adds a ring with its count, and closes it if need be.
func (d *shapeDecoder) appendRing(dst []byte, c *run, p partRange) []byte {
	closed := isClosed(c.pts, p)
	if d.typ == multiPatch { // a ring may stand upright and go up like a spiral
		closed = closed && sameOrdinate(c.z[p.start*8:], c.z[(p.start+p.n-1)*8:])
	}
	n := p.n
	if !closed {
		n++
		d.warn("a ring is not closed; it is closed")
	}
	if n < 4 {
		d.warn("a ring has fewer than 4 points")
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	dst = d.appendCoords(dst, c, p.start, p.n)
	if !closed {
		dst = d.appendCoords(dst, c, p.start, 1)
	}
	return dst
}

// isClosed tells whether a part ends where it begins, in x and y. NaN counts as equal to itself: closing such a ring
// would not make it any better.
func isClosed(pts []byte, p partRange) bool {
	a, b := pts[p.start*16:], pts[(p.start+p.n-1)*16:]
	return sameOrdinate(a, b) && sameOrdinate(a[8:], b[8:])
}

func sameOrdinate(a, b []byte) bool {
	x, y := binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(b)
	return x == y || math.Float64frombits(x) == math.Float64frombits(y)
}

// recordBox returns the box that stands in a record, which begins every shape but a point and a null shape. ok is false
// where there is none, or none that says anything.
func recordBox(content []byte) (b feature.Bounds, ok bool) {
	if len(content) < 20 {
		return b, false
	}
	switch typ := shapeType(binary.LittleEndian.Uint32(content)); typ.base() {
	case point:
		b.MinX, b.MinY = f64(content[4:]), f64(content[12:])
		b.MaxX, b.MaxY = b.MinX, b.MinY
		return b, b.MinX == b.MinX && b.MinY == b.MinY
	case nullShape:
		return b, false
	default:
		if len(content) < 36 || !typ.known() {
			return b, false
		}
	}
	b = feature.Bounds{MinX: f64(content[4:]), MinY: f64(content[12:]), MaxX: f64(content[20:]), MaxY: f64(content[28:])}
	return b, !b.IsEmpty()
}
