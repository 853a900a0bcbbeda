package gpkg

import (
	"errors"

	"github.com/ogrcarto/ogrcarto/internal/sqlite"
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
	if w.tree.n == 0 {
		return nil
	}
	old, _, err := c.Int("SELECT count(*) FROM " + quote(tree+"_rowid"))
	if err != nil {
		return err
	}
	if float64(w.tree.n) < repackShare*float64(old) {
		st, err := c.Prepare("INSERT INTO " + quote(tree) + " VALUES (?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer st.Finalize()
		return w.tree.each(func(e entry) error {
			err := st.BindInt(1, e.id)
			for k, v := range [4]float32{e.box.minX, e.box.maxX, e.box.minY, e.box.maxY} {
				err = errors.Join(err, st.BindFloat(k+2, float64(v)))
			}
			return errors.Join(err, st.Run())
		})
	}
	err = c.Query("SELECT id, minx, maxx, miny, maxy FROM "+quote(tree), func(s *sqlite.Stmt) error {
		f := func(i int) float32 { return float32(s.Float(i)) }
		return w.tree.addEntry(entry{s.Int(0), box{f(1), f(2), f(3), f(4)}})
	})
	if err != nil {
		return err
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
	defer w.tree.close()
	return w.tree.pack(&out)
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
