package gpkg

import (
	"errors"
	"fmt"
	"os"

	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// pageFile is a new file while its tables are filled page by page. No connection is open then.
type pageFile struct {
	file  *os.File
	pages *btree.File
}

// openPages closes the connection of a new file and opens it as pages.
func (d *Dataset) openPages() error {
	if err := d.conn.Close(); err != nil {
		return err
	}
	d.conn = nil
	f, err := os.OpenFile(d.tmp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	pages, err := btree.Open(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.pages = &pageFile{f, pages}
	return nil
}

// closePages makes the filled tables part of the new file and opens its connection again.
func (d *Dataset) closePages() error {
	err := d.pages.pages.Commit()
	err = errors.Join(err, d.pages.file.Close())
	d.pages = nil
	if err != nil {
		return err
	}
	return d.reopen()
}

// Close gives the pages up.
func (p *pageFile) Close() error { return p.file.Close() }

// rootPage returns the number of a table's root page.
func rootPage(c *sqlite.Conn, table string) (uint32, error) {
	n, ok, err := c.Int("SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?", table)
	if err == nil && !ok {
		err = fmt.Errorf("table %s does not exist", table)
	}
	return uint32(n), err
}

// treeRoots are the root pages of an R-tree's tables.
type treeRoots struct{ node, rowid, parent uint32 }

// rtreeRoots returns the root pages of the tables of an R-tree that was just made, and empties them: a new R-tree has
// one row, its empty root node.
func rtreeRoots(c *sqlite.Conn, tree string) (treeRoots, error) {
	var r treeRoots
	if err := clearRTree(c, tree); err != nil {
		return r, err
	}
	for suffix, root := range map[string]*uint32{"_node": &r.node, "_rowid": &r.rowid, "_parent": &r.parent} {
		n, err := rootPage(c, tree+suffix)
		if err != nil {
			return r, err
		}
		*root = n
	}
	return r, nil
}

// pagedRTree writes an R-tree's tables as pages.
type pagedRTree struct {
	nodes, rowids, parents *btree.Tree
	rec                    btree.Record
}

func (p *pageFile) rtree(r treeRoots) (*pagedRTree, error) {
	var t pagedRTree
	for _, x := range []struct {
		root uint32
		tree **btree.Tree
	}{{r.node, &t.nodes}, {r.rowid, &t.rowids}, {r.parent, &t.parents}} {
		tree, err := p.pages.Tree(x.root)
		if err != nil {
			return nil, err
		}
		*x.tree = tree
	}
	return &t, nil
}

func (t *pagedRTree) node(number int64, data []byte) error {
	t.rec.Reset()
	t.rec.Null()
	t.rec.Blob(data)
	return t.nodes.Append(number, t.rec.Bytes())
}

func (t *pagedRTree) rowid(id, node int64) error      { return t.pair(t.rowids, id, node) }
func (t *pagedRTree) parent(node, parent int64) error { return t.pair(t.parents, node, parent) }

func (t *pagedRTree) pair(tree *btree.Tree, key, value int64) error {
	t.rec.Reset()
	t.rec.Null()
	t.rec.Int(value)
	return tree.Append(key, t.rec.Bytes())
}

func (t *pagedRTree) finish() error {
	return errors.Join(t.nodes.Finish(), t.rowids.Finish(), t.parents.Finish())
}
