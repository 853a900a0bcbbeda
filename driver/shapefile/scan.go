package shapefile

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// scanNext is next without an .shx: records follow each other without gaps.
func (r *recordReader) scanNext() (span, error) {
	if r.lost {
		if err := r.resync(); err != nil {
			return span{}, err
		}
	}
	if left := r.shp.size - r.pos; left < recordHeader {
		// Less than a record is left. That is the end, if it is not the place where the file was cut off.
		if r.pos < r.l.header.length && !r.cut {
			if left > 0 || r.l.shxCount > r.k {
				r.cut, r.l.index.holes = true, true
				return span{}, &recordError{k: r.k, off: r.pos, text: fmt.Sprintf("the file ends at byte %s, its header announces %s bytes",
					commas(r.shp.size), commas(r.l.header.length))}
			}
			r.cut = true
			r.l.warn("the .shp ends at byte %s, its header announces %s bytes", commas(r.shp.size), commas(r.l.header.length))
		}
		r.l.scanned(r.k)
		return span{}, io.EOF
	}
	_, n, ok, err := r.header(r.pos)
	if err != nil {
		return span{}, err
	}
	if !ok {
		if r.pos >= r.l.header.length { // padding behind what the file's header counts
			r.l.scanned(r.k)
			return span{}, io.EOF
		}
		r.lost, r.l.index.holes = true, true
		return span{}, &recordError{k: r.k, off: r.pos, text: fmt.Sprintf("%s bytes of content are announced, %s are left in the file, "+
			"or the content is not a shape", commas(n), commas(r.shp.size-r.pos-recordHeader))}
	}
	s := span{r.k, r.pos, n}
	r.l.index.note(s.k, s.off)
	r.k, r.pos = s.k+1, s.off+recordHeader+n
	return s, nil
}

// scanned notes that a scan has come to the end of n records.
func (l *shpLayer) scanned(n int64) {
	if l.index.total < 0 {
		l.index.total = n
		l.compareCounts()
	}
}

// resync goes on to the next place that looks like a record behind the lost one: with a greater number that can be
// right, a length that fits, a type that the file has, and a record or the end of the file behind it. The FIDs in between are
// lost.
func (r *recordReader) resync() error {
	const piece = 64 << 10
	for off := r.pos + 2; ; {
		left := r.shp.size - off
		if left < recordHeader+4 {
			return io.EOF
		}
		b, err := r.shp.at(off, min(left, piece))
		if err != nil {
			return err
		}
		b = slices.Clone(b) // the checks below move the window
		for i := 0; i+recordHeader+4 <= len(b); i += 2 {
			number := int64(binary.BigEndian.Uint32(b[i:]))
			// At least 12 bytes were needed for each of the records that were passed over.
			if number < r.k+2 || number > r.k+2+(off+int64(i)-r.pos)/12 || !r.sameType(b[i+recordHeader:]) {
				continue
			}
			at := off + int64(i)
			_, n, ok, err := r.header(at)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			follower, _, ok, err := r.header(at + recordHeader + n)
			if err != nil {
				return err
			}
			if (ok && follower == number+1) || at+recordHeader+n == r.shp.size {
				r.l.warn("records %d to %d are lost: they are not where the record before them ends", r.k+1, number-1)
				r.k, r.pos, r.lost = number-1, at, false
				return nil
			}
		}
		if left <= piece {
			return io.EOF
		}
		off += int64(len(b)) - recordHeader - 4 + 2
	}
}

func (r *recordReader) sameType(content []byte) bool {
	t := shapeType(binary.LittleEndian.Uint32(content))
	return t == nullShape || t == r.l.header.typ
}

// markStep is how many records lie between two marks: a file of a hundred million records has a megabyte or so of marks.
const markStep = 1024

type mark struct{ k, off int64 }

// scanIndex remembers where some of the records of a file without .shx begin, so that a seek need not scan all of it.
type scanIndex struct {
	marks []mark
	total int64 // number of records, once a scan has come to the end; else -1
	holes bool  // there are places where no record was found
}

func (x *scanIndex) note(k, off int64) {
	if k%markStep == 0 && (len(x.marks) == 0 || x.marks[len(x.marks)-1].k < k) {
		x.marks = append(x.marks, mark{k, off})
	}
}

// before returns the last mark that is not behind record k.
func (x *scanIndex) before(k int64) mark {
	i, found := slices.BinarySearchFunc(x.marks, k, func(m mark, k int64) int {
		switch {
		case m.k < k:
			return -1
		case m.k > k:
			return 1
		}
		return 0
	})
	if found {
		return x.marks[i]
	}
	if i == 0 {
		return mark{0, headerSize}
	}
	return x.marks[i-1]
}
