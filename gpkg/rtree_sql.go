package gpkg

import (
	"errors"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/sqlite"
)

// clearRTree empties an R-tree, its root node included.
func clearRTree(c *sqlite.Conn, tree string) error {
	for _, suffix := range []string{"_node", "_rowid", "_parent"} {
		if err := c.Exec("DELETE FROM " + quote(tree+suffix)); err != nil {
			return err
		}
	}
	return nil
}

// repackShare is the share of new entries from which on an R-tree is packed anew. Inserting an entry costs about ten
// times as much as packing one.
const repackShare = 0.1

// indexBySQL adds the entries of the rows that were written to the R-tree, within the transaction: a few are inserted,
// many make it worth packing the tree anew.
func (w *Writer) indexBySQL() error {
	c, tree := w.d.conn, w.table.RTree
	if len(w.tree.ids) == 0 {
		return nil
	}
	old, _, err := c.Int("SELECT count(*) FROM " + quote(tree+"_rowid"))
	if err != nil {
		return err
	}
	if float64(len(w.tree.ids)) < repackShare*float64(old) {
		st, err := c.Prepare("INSERT INTO " + quote(tree) + " VALUES (?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer st.Finalize()
		for i, id := range w.tree.ids {
			b := w.tree.boxes[i]
			err := st.BindInt(1, id)
			for k, v := range [4]float32{b.minX, b.maxX, b.minY, b.maxY} {
				err = errors.Join(err, st.BindFloat(k+2, float64(v)))
			}
			if err = errors.Join(err, st.Run()); err != nil {
				return err
			}
		}
		return nil
	}
	err = c.Query("SELECT id, minx, maxx, miny, maxy FROM "+quote(tree), func(s *sqlite.Stmt) error {
		w.tree.ids = append(w.tree.ids, s.Int(0))
		w.tree.boxes = append(w.tree.boxes, box{
			float32(s.Float(1)), float32(s.Float(2)), float32(s.Float(3)), float32(s.Float(4)),
		})
		return nil
	})
	if err != nil {
		return err
	}
	if old > 0 {
		w.tree.sorted = false
	}
	if err := clearRTree(c, tree); err != nil {
		return err
	}
	out := sqlRTree{}
	defer out.close()
	for _, x := range []struct {
		suffix, columns string
		st              **sqlite.Stmt
	}{{"_node", "nodeno, data", &out.nodes}, {"_rowid", "rowid, nodeno", &out.rowids}, {"_parent", "nodeno, parentnode", &out.parents}} {
		if *x.st, err = c.Prepare("INSERT INTO " + quote(tree+x.suffix) + " (" + x.columns + ") VALUES (?, ?)"); err != nil {
			return err
		}
	}
	err = w.tree.pack(&out)
	w.tree = rtree{}
	return err
}

// sqlRTree writes an R-tree's tables by SQL.
type sqlRTree struct{ nodes, rowids, parents *sqlite.Stmt }

func (t *sqlRTree) close() {
	for _, st := range []*sqlite.Stmt{t.nodes, t.rowids, t.parents} {
		if st != nil {
			st.Finalize()
		}
	}
}

func (t *sqlRTree) node(number int64, data []byte) error {
	return errors.Join(t.nodes.BindInt(1, number), t.nodes.BindBlob(2, data), t.nodes.Run())
}

func (t *sqlRTree) rowid(id, node int64) error      { return pair(t.rowids, id, node) }
func (t *sqlRTree) parent(node, parent int64) error { return pair(t.parents, node, parent) }

func pair(st *sqlite.Stmt, key, value int64) error {
	return errors.Join(st.BindInt(1, key), st.BindInt(2, value), st.Run())
}
