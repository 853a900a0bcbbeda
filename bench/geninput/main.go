// Command geninput writes the Shapefiles that are copied in the benchmark: points.shp, a million points with five
// attributes, and polygons.shp, 300,000 polygons of 5 to 40 vertices with three. The same bytes come out each time.
//
// It writes them straight, not by the drivers of this module: what is measured must not depend on what measures it.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"
)

// Shape types, ESRI Shapefile Technical Description p. 4.
const (
	typePoint   = 1
	typePolygon = 5
)

const wgs84 = `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],` +
	`PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`

func main() {
	points := flag.Int("points", 1_000_000, "number of points")
	polygons := flag.Int("polygons", 300_000, "number of polygons")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: geninput [flags] FOLDER")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := generate(flag.Arg(0), *points, *polygons); err != nil {
		fmt.Fprintln(os.Stderr, "geninput:", err)
		os.Exit(1)
	}
}

func generate(folder string, points, polygons int) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := writePoints(filepath.Join(folder, "points"), points); err != nil {
		return err
	}
	return writePolygons(filepath.Join(folder, "polygons"), polygons)
}

// writePoints spreads points evenly over the world, in no order: the hardest input for a spatial index that is built row by
// row, and a common one.
func writePoints(stem string, n int) error {
	w, err := create(stem, typePoint, n, []field{
		{"id", 'N', 10, 0},
		{"name", 'C', 24, 0},
		{"value", 'N', 15, 6},
		{"class", 'N', 4, 0},
		{"day", 'D', 8, 0},
	})
	if err != nil {
		return err
	}
	r := random(1)
	epoch := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	var shape, row []byte
	for i := range n {
		x, y := r.between(-180, 180), r.between(-90, 90)
		shape = binary.LittleEndian.AppendUint32(shape[:0], typePoint)
		shape = appendFloats(shape, x, y)
		row = fmt.Appendf(row[:0], "%10d%-24s%15.6f%4d", i+1, r.name(), r.between(-1e6, 1e6), r.below(1000))
		row = epoch.AddDate(0, 0, r.below(12_000)).AppendFormat(row, "20060102")
		w.add(shape, row, x, y, x, y)
	}
	return w.close()
}

// writePolygons puts one star-shaped polygon into each cell of a grid, off its middle by chance. None touches another.
func writePolygons(stem string, n int) error {
	w, err := create(stem, typePolygon, n, []field{
		{"id", 'N', 10, 0},
		{"name", 'C', 24, 0},
		{"area", 'N', 18, 9},
	})
	if err != nil {
		return err
	}
	r := random(2)
	columns := 2
	for columns*(columns/2) < n { // the world is twice as wide as high
		columns++
	}
	cell := 360 / float64(columns)
	var shape, row []byte
	var ring []float64
	for i := range n {
		cx := -180 + cell*(float64(i%columns)+r.between(0.45, 0.55))
		cy := -90 + cell*(float64(i/columns)+r.between(0.45, 0.55))

		// The angle falls from corner to corner, by less than a half turn: clockwise, as an outer ring is, and valid.
		ring = ring[:0]
		for corners, k := 5+r.below(36), 0; k < corners; k++ {
			a := -2 * math.Pi * (float64(k) + r.between(0, 1)) / float64(corners)
			radius := cell * r.between(0.2, 0.4)
			ring = append(ring, cx+radius*math.Cos(a), cy+radius*math.Sin(a))
		}
		ring = append(ring, ring[0], ring[1])

		minX, minY, maxX, maxY := bounds(ring)
		shape = binary.LittleEndian.AppendUint32(shape[:0], typePolygon)
		shape = appendFloats(shape, minX, minY, maxX, maxY)
		shape = binary.LittleEndian.AppendUint32(shape, 1)                   // rings
		shape = binary.LittleEndian.AppendUint32(shape, uint32(len(ring)/2)) // points
		shape = binary.LittleEndian.AppendUint32(shape, 0)                   // the first ring begins at point 0
		shape = appendFloats(shape, ring...)
		row = fmt.Appendf(row[:0], "%10d%-24s%18.9f", i+1, r.name(), area(ring))
		w.add(shape, row, minX, minY, maxX, maxY)
	}
	return w.close()
}

func bounds(ring []float64) (minX, minY, maxX, maxY float64) {
	minX, minY, maxX, maxY = ring[0], ring[1], ring[0], ring[1]
	for i := 2; i < len(ring); i += 2 {
		minX, maxX = min(minX, ring[i]), max(maxX, ring[i])
		minY, maxY = min(minY, ring[i+1]), max(maxY, ring[i+1])
	}
	return minX, minY, maxX, maxY
}

// area returns the area of a ring in square degrees.
func area(ring []float64) float64 {
	x0, y0, sum := ring[0], ring[1], 0.0
	for i := 2; i < len(ring); i += 2 {
		sum += (ring[i-2]-x0)*(ring[i+1]-y0) - (ring[i]-x0)*(ring[i-1]-y0)
	}
	return math.Abs(sum) / 2
}

func appendFloats(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// random is the generator splitmix64: the same numbers on every machine and with every version of Go.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) between(low, high float64) float64 {
	return low + (high-low)*float64(r.next()>>11)/(1<<53)
}

func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// name returns two made-up words of together 8 to 24 letters.
func (r *random) name() string {
	syllables := [...]string{"ba", "den", "el", "fur", "gra", "hol", "in", "ka", "lo", "mar", "nes", "or", "pel", "ri", "sto", "ul"}
	b := make([]byte, 0, 24)
	for word := range 2 {
		if word > 0 {
			b = append(b, ' ')
		}
		start := len(b)
		for range 2 + r.below(2) {
			b = append(b, syllables[r.below(len(syllables))]...)
		}
		b[start] -= 'a' - 'A'
	}
	return string(b)
}

// field is a column of the .dbf.
type field struct {
	name            string
	kind            byte
	width, decimals int
}

// writer writes the files of one Shapefile. The first error is kept, and returned by close.
type writer struct {
	kind                   int
	shp, shx, dbf          *output
	number                 int // of the last record, from 1
	offset                 int // of the next record in the .shp, in bytes
	minX, minY, maxX, maxY float64
	scratch                []byte
}

type output struct {
	*bufio.Writer
	file *os.File
}

// create opens the files and leaves room for the headers of .shp and .shx, which need what is known at the end only.
func create(stem string, kind, rows int, fields []field) (*writer, error) {
	w := &writer{
		kind: kind, offset: 100,
		minX: math.Inf(1), minY: math.Inf(1), maxX: math.Inf(-1), maxY: math.Inf(-1),
	}
	for extension, content := range map[string]string{".prj": wgs84, ".cpg": "UTF-8"} {
		if err := os.WriteFile(stem+extension, []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	for extension, out := range map[string]**output{".shp": &w.shp, ".shx": &w.shx, ".dbf": &w.dbf} {
		file, err := os.Create(stem + extension)
		if err != nil {
			return nil, err
		}
		*out = &output{bufio.NewWriterSize(file, 1<<20), file}
	}
	w.shp.Write(make([]byte, 100))
	w.shx.Write(make([]byte, 100))
	w.dbf.Write(dbfHeader(rows, fields))
	return w, nil
}

// dbfHeader is that of a dBASE III table, dated 2024-01-01 so that the bytes never differ.
func dbfHeader(rows int, fields []field) []byte {
	width := 1
	for _, f := range fields {
		width += f.width
	}
	b := []byte{3, 124, 1, 1}
	b = binary.LittleEndian.AppendUint32(b, uint32(rows))
	b = binary.LittleEndian.AppendUint16(b, uint16(32+32*len(fields)+1))
	b = binary.LittleEndian.AppendUint16(b, uint16(width))
	b = append(b, make([]byte, 20)...)
	for _, f := range fields {
		d := make([]byte, 32)
		copy(d[:10], f.name)
		d[11], d[16], d[17] = f.kind, byte(f.width), byte(f.decimals)
		b = append(b, d...)
	}
	return append(b, '\r')
}

// add appends one record. bufio keeps the first error for Flush, so the writes need no check.
func (w *writer) add(shape, row []byte, minX, minY, maxX, maxY float64) {
	w.minX, w.maxX = min(w.minX, minX), max(w.maxX, maxX)
	w.minY, w.maxY = min(w.minY, minY), max(w.maxY, maxY)

	w.number++
	words := len(shape) / 2 // lengths and offsets count 16-bit words
	w.scratch = binary.BigEndian.AppendUint32(w.scratch[:0], uint32(w.number))
	w.scratch = binary.BigEndian.AppendUint32(w.scratch, uint32(words))
	w.shp.Write(w.scratch)
	w.shp.Write(shape)

	w.scratch = binary.BigEndian.AppendUint32(w.scratch[:0], uint32(w.offset/2))
	w.scratch = binary.BigEndian.AppendUint32(w.scratch, uint32(words))
	w.shx.Write(w.scratch)
	w.offset += 8 + len(shape)

	w.dbf.WriteByte(' ') // not deleted
	w.dbf.Write(row)
}

// close writes the headers and returns the first error of all.
func (w *writer) close() error {
	w.dbf.WriteByte(0x1a)
	var errs []error
	for _, out := range []*output{w.shp, w.shx, w.dbf} {
		errs = append(errs, out.Flush())
	}
	_, err := w.shp.file.WriteAt(w.header(w.offset), 0)
	errs = append(errs, err)
	_, err = w.shx.file.WriteAt(w.header(100+8*w.number), 0)
	errs = append(errs, err)
	for _, out := range []*output{w.shp, w.shx, w.dbf} {
		errs = append(errs, out.file.Close())
	}
	return errors.Join(errs...)
}

// header is the first 100 bytes of a .shp or .shx of that many bytes, ESRI Shapefile Technical Description p. 3.
func (w *writer) header(length int) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 100), 9994)
	b = append(b, make([]byte, 20)...)
	b = binary.BigEndian.AppendUint32(b, uint32(length/2))
	b = binary.LittleEndian.AppendUint32(b, 1000)
	b = binary.LittleEndian.AppendUint32(b, uint32(w.kind))
	b = appendFloats(b, w.minX, w.minY, w.maxX, w.maxY)
	return append(b, make([]byte, 100-len(b))...) // no Z, no M
}
