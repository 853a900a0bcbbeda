package gpkg

import (
	"math"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// pageSink fills a new table page by page.
type pageSink struct {
	w     *Writer
	tree  *btree.Tree
	roots treeRoots // of the R-tree, where the table has one
	rec   btree.Record
	enc   encoder
}

// startPages ends the transaction that made the table, and opens the file to fill it.
func (w *Writer) startPages() error {
	s := &pageSink{w: w}
	root, err := rootPage(w.d.conn, w.table.Name)
	if err != nil {
		return err
	}
	if w.table.RTree != "" {
		if s.roots, err = rtreeRoots(w.d.conn, w.table.RTree); err != nil {
			return err
		}
	}
	if err := w.d.commit(); err != nil {
		return err
	}
	if err := w.d.openPages(); err != nil {
		return err
	}
	if s.tree, err = w.d.pages.pages.Tree(root); err != nil {
		return err
	}
	w.sink = s
	return nil
}

// outOfOrder: a b-tree is filled in the order of its keys.
func (s *pageSink) outOfOrder(fid int64) bool {
	last, ok := s.tree.Last()
	return ok && fid <= last
}

func (s *pageSink) insert(fid int64, g *geometry, vals []feature.Value) (int64, error) {
	if fid == feature.NullFID {
		last, ok := s.tree.Last()
		if !ok || last < 0 {
			last = 0
		}
		if last == math.MaxInt64 {
			return 0, noFIDLeft()
		}
		fid = last + 1
	}
	r := &s.rec
	r.Reset()
	r.Null() // the FID is the row's key
	if s.w.table.Geom != "" {
		if g.wkb == nil {
			r.Null()
		} else {
			gpb.Append(r.BlobSpace(gpb.Size(g.wkb, g.bounds, g.isPoint))[:0], g.wkb, int32(s.w.table.srsID), g.bounds, g.isPoint)
		}
	}
	for i := range vals {
		if i == s.w.fidField {
			continue
		}
		switch c := s.enc.cell(&vals[i]); c.class {
		case sqlite.Integer:
			r.Int(c.n)
		case sqlite.Float:
			r.Real(c.r)
		case sqlite.Text:
			r.TextBytes(c.b)
		case sqlite.Blob:
			r.Blob(c.b)
		default:
			r.Null()
		}
	}
	return fid, s.tree.Append(fid, r.Bytes())
}

// leavePages goes on by SQL with a table that was being filled page by page: for rows that come out of order.
func (w *Writer) leavePages() error {
	s, ok := w.sink.(*pageSink)
	if !ok {
		return nil
	}
	if err := s.tree.Finish(); err != nil {
		return err
	}
	if err := w.d.closePages(); err != nil {
		return err
	}
	if err := w.d.begin(); err != nil {
		return err
	}
	if w.table.RTree != "" { // which startPages emptied: without a root the engine takes it for damaged
		if err := w.d.conn.Execf("INSERT INTO "+quote(w.table.RTree+"_node")+" (nodeno, data) VALUES (1, zeroblob(?))", nodeSize); err != nil {
			return err
		}
	}
	var err error
	w.sink, err = newSQLSink(w)
	return err
}
