// Package table packs definitions of coordinate reference systems into some 150 KB and unpacks single ones quickly.
//
// The definitions repeat each other: the text of a projected system contains the whole text of a geographic one, and all
// systems of one projection differ in names and numbers only. So a definition is stored as the number of a template, with
// the strings and numbers that fill its places, and a base system is stored as the number of the row that has its text.
// Names, templates, references, numbers and other strings are five streams of lines, because like compresses best beside
// like. Blocks of blockRows rows are deflated one by one, so that one definition costs one or two blocks.
//
// The file is the magic and then sections, each a length (uvarint) and as many deflated bytes:
//
//	head       counts and codes, see head
//	templates  one a line
//	keys       two bytes, little endian, for each row with a code: crs.Definition.Key, or 0 for one that has none
//	datums     the text for crs.NewDatums
//	blocks     the five streams, parted by NUL
//
// Rows are sorted by authority, in the order of the head, and code. The hidden rows that follow have no code: they are
// base systems that the table itself does not list.
package table

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

const (
	magic     = "SRS1"
	blockRows = 1024
)

// The places in a template. A text that contains one of these bytes cannot be packed.
const (
	placeName   = '\x01' // the name of the system itself, in quotes
	placeString = '\x02' // another string that varies
	placeNumber = '\x03'
	placeRow    = '\x04' // the text of another row
	placeCode   = '\x05' // the code of the row itself
	sameName    = '\x06' // in a name: the name of the row's first reference and " / "

	places = "\x01\x02\x03\x04\x05\x06"
)

// The streams of a block.
const (
	streamNames = iota
	streamTemplates
	streamRows
	streamNumbers
	streamStrings
	streams
)

// A Row is a definition with the code that an authority gave it.
type Row struct {
	Authority string // in the case that its owner writes it
	Code      int
	WKT       string // may be empty: a code whose definition WKT 1 cannot express
	Key       uint16
}

// head is the first section: for each authority its name and codes, as differences, and the number of hidden rows.
type head struct {
	authorities []authority
	rows        int // with a code
	hidden      int
}

type authority struct {
	name  string
	first int // row
	codes []int
}

func (h *head) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(h.hidden))
	b = binary.AppendUvarint(b, uint64(len(h.authorities)))
	for _, a := range h.authorities {
		b = binary.AppendUvarint(b, uint64(len(a.name)))
		b = append(b, a.name...)
		b = binary.AppendUvarint(b, uint64(len(a.codes)))
		last := 0
		for _, c := range a.codes {
			b = binary.AppendUvarint(b, uint64(c-last))
			last = c
		}
	}
	return b
}

func (h *head) read(b []byte) {
	next := func() int {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			panic("srs: embedded table: short head")
		}
		b = b[n:]
		return int(v)
	}
	h.hidden = next()
	for range next() {
		n := next()
		a := authority{name: string(b[:n]), first: h.rows}
		b = b[n:]
		a.codes = make([]int, next())
		last := 0
		for i := range a.codes {
			last += next()
			a.codes[i] = last
		}
		h.rows += len(a.codes)
		h.authorities = append(h.authorities, a)
	}
}

func appendSection(b, raw []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	b = binary.AppendUvarint(b, uint64(packed.Len()))
	return append(b, packed.Bytes()...), nil
}

// inflate unpacks a section. The data is part of the program, so damage is a bug and panics.
func inflate(section []byte) string {
	var s strings.Builder
	s.Grow(6 * len(section))
	if _, err := io.Copy(&s, flate.NewReader(bytes.NewReader(section))); err != nil {
		panic(fmt.Sprintf("srs: embedded table: %v", err))
	}
	return s.String()
}
