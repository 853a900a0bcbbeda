package shapefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/ogrcarto/ogrcarto/feature"
)

// The main file's header, ESRI Shapefile Technical Description p. 3.
const (
	fileCode     = 9994
	fileVersion  = 1000
	headerSize   = 100
	recordHeader = 8 // number and length, p. 5
)

// shapeType is the type of shapes, p. 4. A file has shapes of one type, and null shapes.
type shapeType int32

const (
	nullShape   shapeType = 0
	point       shapeType = 1
	polyLine    shapeType = 3
	polygon     shapeType = 5
	multiPoint  shapeType = 8
	pointZ      shapeType = 11
	polyLineZ   shapeType = 13
	polygonZ    shapeType = 15
	multiPointZ shapeType = 18
	pointM      shapeType = 21
	polyLineM   shapeType = 23
	polygonM    shapeType = 25
	multiPointM shapeType = 28
	multiPatch  shapeType = 31
)

var shapeTypeNames = map[shapeType]string{
	nullShape: "Null Shape", point: "Point", polyLine: "PolyLine", polygon: "Polygon", multiPoint: "MultiPoint",
	pointZ: "PointZ", polyLineZ: "PolyLineZ", polygonZ: "PolygonZ", multiPointZ: "MultiPointZ", pointM: "PointM",
	polyLineM: "PolyLineM", polygonM: "PolygonM", multiPointM: "MultiPointM", multiPatch: "MultiPatch",
}

func (t shapeType) String() string {
	if n, ok := shapeTypeNames[t]; ok {
		return fmt.Sprintf("%d (%s)", int32(t), n)
	}
	return fmt.Sprintf("%d (unknown)", int32(t))
}

func (t shapeType) known() bool {
	switch t {
	case nullShape, point, polyLine, polygon, multiPoint, pointZ, polyLineZ, polygonZ, multiPointZ, pointM, polyLineM,
		polygonM, multiPointM, multiPatch:
		return true
	}
	return false
}

// base returns the type without Z and M.
func (t shapeType) base() shapeType {
	if t == multiPatch {
		return t
	}
	return t % 10
}

func (t shapeType) hasZ() bool { return t/10 == 1 || t == multiPatch }

// mayHaveM tells whether records may have measures. Those of a Z type may leave them out, p. 15.
func (t shapeType) mayHaveM() bool { return t/10 == 1 || t/10 == 2 }

// fileHeader is the header that the .shp and the .shx have alike.
type fileHeader struct {
	typ    shapeType
	length int64 // of the file, in bytes, as the header has it
	box    feature.Bounds
}

func readFileHeader(b blob) (fileHeader, error) {
	var h fileHeader
	if b.Size() < headerSize {
		return h, fmt.Errorf("file of %d bytes, want at least %d for the header", b.Size(), headerSize)
	}
	var buf [headerSize]byte
	if n, err := b.ReadAt(buf[:], 0); n < headerSize {
		return h, err
	}
	if code := binary.BigEndian.Uint32(buf[:]); code != fileCode {
		return h, fmt.Errorf("file code %d at byte 0, want %d", code, fileCode)
	}
	// The length counts 16-bit words. Taken as unsigned it reaches 8 GB, and writers use it so.
	h.length = int64(binary.BigEndian.Uint32(buf[24:])) * 2
	h.typ = shapeType(binary.LittleEndian.Uint32(buf[32:]))
	h.box = feature.Bounds{MinX: f64(buf[36:]), MinY: f64(buf[44:]), MaxX: f64(buf[52:]), MaxY: f64(buf[60:])}
	return h, nil
}

func f64(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// recordError says that one record cannot be read, and that those behind it may well be.
type recordError struct {
	k    int64 // record from 0: the FID
	off  int64 // of the record's header, or -1
	text string
	err  error // what text says, or nil
}

// Unwrap returns the cause, if there is one beside the text.
func (e *recordError) Unwrap() error { return e.err }

// Error counts records from 1, as the file does.
func (e *recordError) Error() string {
	if e.off < 0 {
		return fmt.Sprintf("record %s: %s", commas(e.k+1), e.text)
	}
	return fmt.Sprintf("record %s at byte %s: %s", commas(e.k+1), commas(e.off), e.text)
}

// span is where a record's content is.
type span struct {
	k   int64 // the record, from 0
	off int64 // of the record's header; the content follows it
	n   int64 // bytes of content
}

// recordReader finds the records of a .shp one after the other: by the .shx where there is one that can be used, and
// otherwise by the lengths in the records' headers.
type recordReader struct {
	l    *shpLayer
	shp  window
	shx  window
	k    int64 // the next record
	pos  int64 // where it begins, when scanning; where the last one ended, or -1, with an .shx
	lost bool  // scanning only: at pos is no record
	cut  bool  // scanning only: it was said that the file ends too early
}

func newRecordReader(l *shpLayer) *recordReader {
	r := &recordReader{l: l, shp: newWindow(l.shp), pos: headerSize}
	if !l.scan {
		r.shx = newWindow(l.shx)
	}
	return r
}

// next finds the next record. It returns io.EOF behind the last, and a *recordError for a record that cannot be found;
// the call after that goes on behind it.
func (r *recordReader) next() (span, error) {
	if r.l.scan {
		return r.scanNext()
	}
	if r.k >= r.l.shxCount {
		return span{}, io.EOF
	}
	k := r.k
	r.k++
	e, err := r.shx.at(headerSize+8*k, 8)
	if err != nil {
		return span{}, err
	}
	off, n := int64(binary.BigEndian.Uint32(e))*2, int64(binary.BigEndian.Uint32(e[4:]))*2
	if off >= headerSize && off+recordHeader+n <= r.shp.size {
		h, err := r.shp.at(off, recordHeader)
		if err != nil {
			return span{}, err
		}
		if int64(binary.BigEndian.Uint32(h[4:]))*2 == n {
			r.pos = off + recordHeader + n
			return span{k, off, n}, nil
		}
	}
	return r.repair(k, off, n)
}

// repair finds record k where the .shx entry (off, n) and the .shp disagree.
func (r *recordReader) repair(k, off, n int64) (span, error) {
	if err := r.findPos(k); err != nil {
		return span{}, err
	}
	for _, at := range [2]int64{off, r.pos} { // where the .shx says, or right behind the record before
		number, length, ok, err := r.header(at)
		if err != nil {
			return span{}, err
		}
		if ok && number == k+1 {
			r.l.warn("the .shx has record %d at byte %s with %s bytes, the .shp has it at byte %s with %s; the .shp is believed",
				k+1, commas(off), commas(n), commas(at), commas(length))
			r.pos = at + recordHeader + length
			return span{k, at, length}, nil
		}
	}
	return span{}, &recordError{k: k, off: off, text: fmt.Sprintf("the .shx has %s bytes there, the .shp of %s bytes has no such record",
		commas(n), commas(r.shp.size))}
}

// maxBack is how many wrong entries of an .shx findPos goes back over.
const maxBack = 1 << 16

// findPos finds where the record before k ends, after a seek: back to an entry that is right, and forward from there by the
// records' headers.
func (r *recordReader) findPos(k int64) error {
	if r.pos >= 0 {
		return nil
	}
	i := k - 1
	for ; i >= max(0, k-maxBack); i-- {
		e, err := r.shx.at(headerSize+8*i, 8)
		if err != nil {
			return err
		}
		off, length := int64(binary.BigEndian.Uint32(e))*2, int64(binary.BigEndian.Uint32(e[4:]))*2
		number, n, ok, err := r.header(off)
		if err != nil {
			return err
		}
		if ok && (n == length || number == i+1) {
			r.pos = off + recordHeader + n
			break
		}
	}
	if i < 0 {
		r.pos = headerSize
	}
	for i++; i < k && r.pos >= 0; i++ {
		number, n, ok, err := r.header(r.pos)
		if err != nil {
			return err
		}
		if ok && number == i+1 {
			r.pos += recordHeader + n
		}
	}
	return nil
}

// header reads a record header; ok tells whether it can be one: it and the content lie in the file, and the content
// begins with a known type.
func (r *recordReader) header(off int64) (number, n int64, ok bool, err error) {
	if off < headerSize || off+recordHeader+4 > r.shp.size {
		return 0, 0, false, nil
	}
	h, err := r.shp.at(off, recordHeader+4)
	if err != nil {
		return 0, 0, false, err
	}
	number, n = int64(binary.BigEndian.Uint32(h)), int64(binary.BigEndian.Uint32(h[4:]))*2
	typ := shapeType(binary.LittleEndian.Uint32(h[8:]))
	return number, n, n >= 4 && off+recordHeader+n <= r.shp.size && typ.known(), nil
}

// content returns a record's content, valid until the next call of the reader.
func (r *recordReader) content(s span) ([]byte, error) { return r.shp.at(s.off+recordHeader, s.n) }

// prefix returns the first bytes of a record's content, up to n.
func (r *recordReader) prefix(s span, n int64) ([]byte, error) {
	return r.shp.at(s.off+recordHeader, min(s.n, n))
}

// find finds record k.
func (r *recordReader) find(k int64) (span, error) {
	if r.k != k {
		if err := r.seek(k); err != nil {
			return span{}, err
		}
	}
	return r.next()
}

// seek makes record k the next one.
func (r *recordReader) seek(k int64) error {
	if !r.l.scan {
		r.k, r.pos = k, -1
		return nil
	}
	if k < r.k || r.lost {
		r.k, r.pos, r.lost = 0, headerSize, false
	}
	if m := r.l.index.before(k); m.k > r.k {
		r.k, r.pos = m.k, m.off
	}
	for r.k < k {
		if r.lost { // what is found behind may be record k
			if err := r.resync(); err != nil {
				return err
			}
			continue
		}
		if _, err := r.scanNext(); err != nil {
			var bad *recordError
			if errors.As(err, &bad) {
				continue
			}
			return err
		}
	}
	return nil
}
