package walview

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
)

// The write-ahead log, section 4.1. All numbers are big-endian.
const (
	walHeaderSize   = 32
	frameHeaderSize = 24

	walMagic   = 0x377f0682 // and the lowest bit: checksums of big-endian words
	walVersion = 3007000

	// readBuffer is the number of bytes read at once. A frame may be larger.
	readBuffer = 256 << 10
)

// log is what is valid in a write-ahead log: the frames up to the last commit.
type log struct {
	pageSize int
	salts    [8]byte
	frames   map[uint32]uint32 // from a page to the last frame that holds it, counted from 0
	count    uint32            // of valid frames up to the last commit
	pages    uint32            // size of the database after the last commit, in pages
	marks    []mark            // what tells of a later commit
}

// offset returns the position of a frame in the file.
func (l *log) offset(frame uint32) int64 {
	return walHeaderSize + int64(frame)*int64(frameHeaderSize+l.pageSize)
}

// readLog reads a log of size bytes. As in SQLite the log ends before the first frame whose salts or checksum are wrong:
// from there on it is what a former generation or an interrupted write left. A log that cannot be one has no frames.
func readLog(r io.ReaderAt, size int64) (*log, error) {
	l := &log{}
	in := bufio.NewReaderSize(io.NewSectionReader(r, 0, size), int(min(size, readBuffer)))
	header := make([]byte, walHeaderSize)
	n, err := readUpTo(in, header)
	if err != nil {
		return nil, err
	}
	l.marks = []mark{{0, walHeaderSize, header[:n]}}
	magic := binary.BigEndian.Uint32(header)
	pageSize := binary.BigEndian.Uint32(header[8:])
	if n < walHeaderSize || magic&^1 != walMagic || bits.OnesCount32(pageSize) != 1 || pageSize < 512 || pageSize > 65536 {
		return l, nil
	}
	sum := checksum{words: binary.LittleEndian}
	if magic&1 != 0 {
		sum.words = binary.BigEndian
	}
	sum.add(header[:24])
	if !sum.is(header[24:]) {
		return l, nil
	}
	if v := binary.BigEndian.Uint32(header[4:]); v != walVersion {
		return nil, fmt.Errorf("version %d, want %d", v, walVersion)
	}
	l.pageSize = int(pageSize)
	l.salts = [8]byte(header[16:])
	return l, l.readFrames(in, sum)
}

// readFrames reads the frames up to the first one that is not valid.
func (l *log) readFrames(in io.Reader, sum checksum) error {
	l.frames = make(map[uint32]uint32)
	frame := make([]byte, frameHeaderSize+l.pageSize)
	var open []uint32               // the pages of the frames since the last commit
	var first [frameHeaderSize]byte // of these frames the header of the first
	for uint64(l.count)+uint64(len(open)) < math.MaxUint32 {
		n, err := readUpTo(in, frame)
		if err != nil {
			return err
		}
		if n < len(frame) || !l.valid(frame, &sum) {
			l.markEnd(frame[:n], first[:], uint32(len(open)))
			return nil
		}
		if len(open) == 0 {
			copy(first[:], frame)
		}
		open = append(open, binary.BigEndian.Uint32(frame))
		if pages := binary.BigEndian.Uint32(frame[4:]); pages != 0 { // a commit
			for i, page := range open {
				l.frames[page] = l.count + uint32(i)
			}
			l.count += uint32(len(open))
			l.pages = pages
			open = open[:0]
		}
	}
	return nil
}

// valid reports whether a frame continues the log, and adds it to the checksum.
func (l *log) valid(frame []byte, sum *checksum) bool {
	if binary.BigEndian.Uint32(frame) == 0 || [8]byte(frame[8:]) != l.salts {
		return false
	}
	sum.add(frame[:8])
	sum.add(frame[frameHeaderSize:])
	return sum.is(frame[16:])
}

// readUpTo fills b, or less of it at the end of the file.
func readUpTo(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// checksum is the sum of a log up to a frame, section 4.2: each frame continues that of the frame before.
type checksum struct {
	words  binary.ByteOrder
	s0, s1 uint32
}

// add adds bytes, whose number is a multiple of 8.
func (c *checksum) add(b []byte) {
	s0, s1 := c.s0, c.s1
	if c.words == binary.LittleEndian { // apart, as a call for each word takes ten times as long
		for ; len(b) >= 8; b = b[8:] {
			s0 += binary.LittleEndian.Uint32(b) + s1
			s1 += binary.LittleEndian.Uint32(b[4:]) + s0
		}
	} else {
		for ; len(b) >= 8; b = b[8:] {
			s0 += binary.BigEndian.Uint32(b) + s1
			s1 += binary.BigEndian.Uint32(b[4:]) + s0
		}
	}
	c.s0, c.s1 = s0, s1
}

// is compares the sum with that in a header, whose byte order is fixed.
func (c *checksum) is(b []byte) bool {
	return c.s0 == binary.BigEndian.Uint32(b) && c.s1 == binary.BigEndian.Uint32(b[4:])
}
