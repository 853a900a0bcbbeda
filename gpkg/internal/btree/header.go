package btree

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Offsets in the database header, section 1.3.
const (
	headerSize = 100

	offPageSize      = 16
	offWriteVersion  = 18
	offReadVersion   = 19
	offReserved      = 20
	offFractions     = 21
	offChangeCounter = 24
	offPageCount     = 28
	offSchemaFormat  = 44
	offLargestRoot   = 52
	offEncoding      = 56
	offVersionValid  = 92
)

const magic = "SQLite format 3\x00"

// minUsable is the least usable size of a page, section 1.3.4.
const minUsable = 480

// header is the database header.
type header [headerSize]byte

func (h *header) uint32(at int) uint32       { return binary.BigEndian.Uint32(h[at:]) }
func (h *header) putUint32(at int, v uint32) { binary.BigEndian.PutUint32(h[at:], v) }

// pageSize returns the size of a page; 65536 does not fit into the two bytes and is written as 1.
func (h *header) pageSize() int {
	if n := int(binary.BigEndian.Uint16(h[offPageSize:])); n != 1 {
		return n
	}
	return 65536
}

// usable returns the bytes of a page without those reserved at its end.
func (h *header) usable() int { return h.pageSize() - int(h[offReserved]) }

// pageCount returns the number of pages of the database. Section 1.3.7: that in the header is valid only if the change
// counter tells that whoever wrote last knew the field; otherwise the size of the file says it.
func (h *header) pageCount(fileSize int64) int64 {
	if n := h.uint32(offPageCount); n != 0 && h.uint32(offChangeCounter) == h.uint32(offVersionValid) {
		return int64(n)
	}
	return fileSize / int64(h.pageSize())
}

// check returns why pages cannot be appended to the database, or nil.
func (h *header) check() error {
	if string(h[:len(magic)]) != magic {
		return fmt.Errorf("not a SQLite database: it begins with %q", h[:len(magic)])
	}
	if n := h.pageSize(); n < 512 || bits.OnesCount(uint(n)) != 1 {
		return fmt.Errorf("page size %d, want a power of two between 512 and 65536", n)
	}
	if h.usable() < minUsable {
		return fmt.Errorf("%d of the %d bytes of a page are reserved, want at least %d left", h[offReserved], h.pageSize(), minUsable)
	}
	if w, r := h[offWriteVersion], h[offReadVersion]; w == 2 || r == 2 {
		return errors.New("database is in WAL mode, want a rollback journal (PRAGMA journal_mode = DELETE)")
	} else if w != 1 || r != 1 {
		return fmt.Errorf("file format versions %d to write and %d to read, want 1", w, r)
	}
	if f := h[offFractions:]; f[0] != 64 || f[1] != 32 || f[2] != 32 {
		return fmt.Errorf("payload fractions %d, %d, %d, want 64, 32, 32", f[0], f[1], f[2])
	}
	if h.uint32(offLargestRoot) != 0 {
		return errors.New("database has auto-vacuum, whose pointer map pages are not supported (PRAGMA auto_vacuum = NONE; VACUUM)")
	}
	// The serial types 8 and 9 came with format 4, section 2.1. An empty database has format 0, and no table to fill.
	if n := h.uint32(offSchemaFormat); n != 4 {
		return fmt.Errorf("schema format %d, want 4", n)
	}
	if n := h.uint32(offEncoding); n != 1 {
		return fmt.Errorf("text encoding %d, want 1 (UTF-8)", n)
	}
	return nil
}
