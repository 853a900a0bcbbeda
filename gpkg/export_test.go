package gpkg

import (
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// IndexBoxes returns the entries of the layer's R-tree by FID, or nil where it has none.
func (l *Layer) IndexBoxes() (map[int64]feature.Bounds, error) {
	if l.rtree == "" {
		return nil, nil
	}
	boxes := make(map[int64]feature.Bounds)
	err := l.d.conn.Query("SELECT id, minx, maxx, miny, maxy FROM "+quote(l.rtree), func(s *sqlite.Stmt) error {
		boxes[s.Int(0)] = feature.Bounds{MinX: s.Float(1), MaxX: s.Float(2), MinY: s.Float(3), MaxY: s.Float(4)}
		return nil
	})
	return boxes, err
}
