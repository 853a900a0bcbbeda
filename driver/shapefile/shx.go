package shapefile

import (
	"encoding/binary"
	"fmt"
)

// useIndex looks at the .shx and settles whether it is used. It reads a sample: what an iteration meets is held against
// the .shp record by record anyhow.
//
// Source: ESRI Shapefile Technical Description p. 23.
func (l *shpLayer) useIndex() error {
	l.scan = true
	if l.shx == nil {
		l.warn("there is no .shx, the .shp is scanned instead")
		return nil
	}
	h, err := readFileHeader(l.shx)
	if err != nil {
		l.warn("the .shx cannot be used, the .shp is scanned instead: %v", err)
		return nil
	}
	l.shxCount = (l.shx.Size() - headerSize) / 8
	announced := max(0, (h.length-headerSize)/8)
	if announced < l.shxCount && announced > 0 {
		l.shxCount = announced // OGR believes the header; what is behind it is rubbish, or was not finished
	}
	l.scan = false
	reason, err := l.checkIndex(announced)
	if err != nil {
		return err
	}
	if reason != "" {
		l.scan = true
		l.warn("the .shx cannot be used, the .shp is scanned instead: %s", reason)
	}
	return nil
}

// checkIndex returns what is wrong with the .shx, or "".
func (l *shpLayer) checkIndex(announced int64) (string, error) {
	n := l.shxCount
	if announced > n {
		return fmt.Sprintf("it announces %s records and has %s", commas(announced), commas(n)), nil
	}
	r := newRecordReader(l)
	if n == 0 {
		if _, _, ok, err := r.header(headerSize); err != nil || !ok {
			return "", err
		}
		return "it has no records, and the .shp has some", nil
	}
	// The first and last sixteen, and thirty-two in between.
	var checked, bad int64
	var firstBad int64 = -1
	var last mark
	check := func(k int64) error {
		e, err := r.shx.at(headerSize+8*k, 8)
		if err != nil {
			return err
		}
		off, length := int64(binary.BigEndian.Uint32(e))*2, int64(binary.BigEndian.Uint32(e[4:]))*2
		number, n, ok, err := r.header(off)
		if err != nil {
			return err
		}
		checked++
		if !ok || (n != length && number != k+1) {
			bad++
			if firstBad < 0 {
				firstBad = k
			}
		} else if off+recordHeader+n > last.off {
			last = mark{k, off + recordHeader + n}
		}
		return nil
	}
	for k := int64(0); k < n; {
		if err := check(k); err != nil {
			return "", err
		}
		switch {
		case k < 16 || k >= n-16:
			k++
		default:
			k = min(max(k+1, k+(n-32)/32), n-16)
		}
	}
	if bad*2 > checked {
		return fmt.Sprintf("of %d entries that were looked at %d do not point to a record in the .shp, the first being %s",
			checked, bad, commas(firstBad)), nil
	}
	if last.k == n-1 { // nothing lies behind the last record, unless entries are missing
		number, _, ok, err := r.header(last.off)
		if err != nil {
			return "", err
		}
		if ok && number == n+1 {
			return fmt.Sprintf("it has %s records, and the .shp has more", commas(n)), nil
		}
	}
	return "", nil
}
