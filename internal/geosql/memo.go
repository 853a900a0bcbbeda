package geosql

import (
	"bytes"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/sfgeom"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
)

// memo keeps the geometries that functions were called with last, decoded, and prepared once they have come up several
// times. SQLite's auxiliary data (sqlite3_set_auxdata) would do that for arguments that are constants in the text; here
// it is done by content, which also finds the geometry of a subquery, or of the outer table of a join.
type memo struct {
	entries [4]memoEntry
	clock   int
}

type memoEntry struct {
	blob     []byte
	geom     geom.Geometry
	hits     int // how often it was found
	used     int // when it was last
	prepared *geom.PreparedGeometry
	refused  bool // it cannot be prepared
}

// prepareAfter is how often a geometry must have come up again before it is prepared.
const prepareAfter = 2

// get returns the geometry of a blob, which must have a valid header. The entry is valid until the call after the next.
func (m *memo) get(blob []byte) (*memoEntry, error) {
	m.clock++
	oldest := &m.entries[0]
	for i := range m.entries {
		e := &m.entries[i]
		if e.blob != nil && bytes.Equal(e.blob, blob) {
			e.hits++
			e.used = m.clock
			return e, nil
		}
		if e.used < oldest.used {
			oldest = e
		}
	}
	h, err := gpb.Parse(blob)
	if err != nil {
		return nil, err
	}
	g, err := sfgeom.Decode(feature.WKB(blob[h.Size:]))
	if err != nil {
		return nil, err
	}
	*oldest = memoEntry{blob: append(oldest.blob[:0], blob...), geom: g, used: m.clock}
	return oldest, nil
}

// prepare returns the geometry prepared; ok is false when that is not worth it yet, or not possible.
func (e *memoEntry) prepare() (p geom.PreparedGeometry, ok bool) {
	if e.prepared == nil {
		if e.hits < prepareAfter || e.refused {
			return p, false
		}
		prepared, err := geom.Prepare(e.geom)
		if err != nil {
			e.refused = true
			return p, false
		}
		e.prepared = &prepared
	}
	return *e.prepared, true
}
