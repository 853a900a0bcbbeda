package shapefile

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// The files that the tests read are written here, independently of the reader.

type xy [2]float64

// shpBuilder makes a .shp and its .shx of records' contents.
type shpBuilder struct {
	typ  shapeType
	recs [][]byte
	box  [4]float64
}

func le(values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		if n, ok := v.(int); ok {
			v = int32(n)
		}
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// add adds a record of the file's type.
func (s *shpBuilder) add(body ...[]byte) *shpBuilder {
	s.recs = append(s.recs, append(le(int32(s.typ)), bytes.Join(body, nil)...))
	return s
}

func (s *shpBuilder) null() *shpBuilder {
	s.recs = append(s.recs, le(int32(nullShape)))
	return s
}

func (s *shpBuilder) raw(content []byte) *shpBuilder {
	s.recs = append(s.recs, content)
	return s
}

func (s *shpBuilder) fileHeader(size int) []byte {
	h := make([]byte, 0, headerSize)
	h = binary.BigEndian.AppendUint32(h, fileCode)
	h = append(h, make([]byte, 20)...)
	h = binary.BigEndian.AppendUint32(h, uint32(size/2))
	h = append(h, le(fileVersion, int32(s.typ), s.box, [4]float64{})...)
	return h
}

func (s *shpBuilder) build() (shp, shx []byte) {
	var body, index []byte
	for i, r := range s.recs {
		index = binary.BigEndian.AppendUint32(index, uint32(headerSize+len(body))/2)
		index = binary.BigEndian.AppendUint32(index, uint32(len(r))/2)
		body = binary.BigEndian.AppendUint32(body, uint32(i+1))
		body = binary.BigEndian.AppendUint32(body, uint32(len(r))/2)
		body = append(body, r...)
	}
	return append(s.fileHeader(headerSize+len(body)), body...), append(s.fileHeader(headerSize+len(index)), index...)
}

// partsBody is the body of a PolyLine or Polygon record, without Z and M.
func partsBody(parts ...[]xy) []byte {
	box := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	var starts, pts []byte
	n := 0
	for _, p := range parts {
		starts = append(starts, le(n)...)
		n += len(p)
		for _, v := range p {
			pts = append(pts, le(v)...)
			box = [4]float64{min(box[0], v[0]), min(box[1], v[1]), max(box[2], v[0]), max(box[3], v[1])}
		}
	}
	return append(append(le(box, len(parts), n), starts...), pts...)
}

// block is a Z or M block: the range and a number for each point.
func block(values ...float64) []byte { return le([2]float64{}, values) }

// square returns a clockwise square, as an outer ring is.
func square(x, y, size float64) []xy {
	return []xy{{x, y}, {x, y + size}, {x + size, y + size}, {x + size, y}, {x, y}}
}

// hole returns a counter-clockwise square.
func hole(x, y, size float64) []xy { return reversed(square(x, y, size)) }

func reversed(r []xy) []xy {
	out := make([]xy, len(r))
	for i, v := range r {
		out[len(r)-1-i] = v
	}
	return out
}

// dbfColumn is a field of a .dbf that is made.
type dbfColumn struct {
	name       string
	typ        byte
	width, dec int
}

// makeDBF makes a .dbf. A row that begins with "*" is deleted; its other cells follow.
func makeDBF(ldid byte, cols []dbfColumn, rows ...[]string) []byte {
	size := 1
	for _, c := range cols {
		size += c.width
	}
	b := make([]byte, 32, 32+32*len(cols)+1+size*len(rows)+1)
	b[0], b[1], b[2], b[3], b[29] = 3, 126, 1, 2, ldid
	binary.LittleEndian.PutUint32(b[4:], uint32(len(rows)))
	binary.LittleEndian.PutUint16(b[8:], uint16(33+32*len(cols)))
	binary.LittleEndian.PutUint16(b[10:], uint16(size))
	for _, c := range cols {
		d := make([]byte, 32)
		copy(d[:11], c.name)
		d[11], d[16], d[17] = c.typ, byte(c.width), byte(c.dec)
		b = append(b, d...)
	}
	b = append(b, 0x0D)
	for _, row := range rows {
		flag := byte(' ')
		if len(row) > len(cols) {
			flag, row = '*', row[1:]
		}
		b = append(b, flag)
		for i, c := range cols {
			cell := bytes.Repeat([]byte{' '}, c.width)
			copy(cell, row[i])
			b = append(b, cell...)
		}
	}
	return append(b, 0x1A)
}

// files is a set of files with one Shapefile, named t.
func (s *shpBuilder) files() memSet {
	shp, shx := s.build()
	return memSet{"t.shp": shp, "t.shx": shx}
}

// openMem opens a set of files in memory.
func openMem(t testing.TB, set fileSet, o driver.Options) *dataset {
	t.Helper()
	opt, err := parseOptions(o)
	if err != nil {
		t.Fatal(err)
	}
	ds, err := openDataset("mem", set, opt, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ds.Close() })
	return ds
}

func openLayerOf(t testing.TB, ds driver.Dataset, name string) layer.Layer {
	t.Helper()
	l, err := ds.Layer(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// readAll reads all features, and returns those that came before an error with it.
func readAll(l layer.Layer, q layer.Query) ([]*feature.Feature, error) {
	var all []*feature.Feature
	for f, err := range l.Features(context.Background(), q) {
		if err != nil {
			return all, err
		}
		all = append(all, f.Clone())
	}
	return all, nil
}

// write puts files into a folder.
func write(t testing.TB, dir string, set memSet) {
	t.Helper()
	for name, b := range set {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// wkt prints a geometry as text, for tests to compare.
func wkt(t testing.TB, g feature.WKB) string {
	t.Helper()
	if g == nil {
		return "null"
	}
	var v textVisitor
	if err := g.Walk(&v); err != nil {
		t.Fatalf("geometry: %v", err)
	}
	return string(v.b)
}

// textVisitor prints nested parentheses, with the type's name in front of the outermost.
type textVisitor struct {
	b     []byte
	depth int
	first bool
}

func (v *textVisitor) Begin(t feature.GeomType, _ int) error {
	if v.depth == 0 {
		v.b = append(v.b, t.String()...)
		v.b = append(v.b, ' ')
	} else if !v.first {
		v.b = append(v.b, ',')
	}
	v.b = append(v.b, '(')
	v.depth++
	v.first = true
	return nil
}

func (v *textVisitor) Coords(c feature.Coords) error {
	dims := 2
	for _, has := range []bool{c.HasZ(), c.HasM()} {
		if has {
			dims++
		}
	}
	for i, o := range c.Append(nil) {
		switch {
		case i > 0 && i%dims == 0:
			v.b = append(v.b, ',')
		case i > 0:
			v.b = append(v.b, ' ')
		}
		v.b = feature.Float(o).AppendString(v.b)
	}
	return nil
}

func (v *textVisitor) End() error {
	v.b = append(v.b, ')')
	v.depth--
	v.first = false
	return nil
}
