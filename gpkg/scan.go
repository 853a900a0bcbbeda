package gpkg

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/gpkg/internal/btree"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// scan reads a table from its pages, without SQL: all of it, or the rows that the R-tree names. SQLite holds the lock that
// keeps the file as it is. Whatever is odd about a page or a row ends the scan, and SQLite goes on from there.
type scan struct {
	l     *Layer
	plan  *layer.Plan
	end   func() // gives the lock back
	file  *sqlite.File
	table *btree.Table
	at    []int // the table's column that each column of a record is; see pageRecord

	byTree bool
	tree   sqlbuilder.Statement // finds the FIDs, where byTree
	fids   []int64              // what it found, in ascending order
}

// How much a worker reads at a time: enough rows to be worth handing over, and few enough for a limit to end it soon.
const (
	unitLeaves = 64
	unitFIDs   = 512
)

// maxUnitBytes is how much of the rows a unit holds. Where geometries are large, the goroutine that yields the rows reads
// the rest of the unit itself.
var maxUnitBytes = 2 << 20 // a test makes it small

// maxTreeFIDs is how many FIDs of an R-tree are held in memory.
const maxTreeFIDs = 1 << 20

// openScan returns a scan for the plan, or nil where SQL is the better way, or the only one: for a view, a file that is
// being changed or has a write-ahead log, an order, a limit without a filter, a filter on FIDs, or on a column that has an
// index.
func (l *Layer) openScan(ctx context.Context, p *layer.Plan) *scan {
	d, q := l.d, &p.Query
	switch {
	case d.mode != driver.Read, d.snapshot != nil, !d.conn.IsUTF8(), l.view, l.fid == "", len(l.generated) > 0, len(p.Order) > 0:
		return nil
	case !q.HasFilter() && (q.Limit > 0 || q.Offset > 0), p.Filter != nil && !p.Filter.FIDs().All():
		return nil
	}
	s := &scan{l: l, plan: p}
	var err error
	if s.end, err = d.conn.BeginRead(); err != nil {
		return nil
	}
	if err := s.open(ctx); err != nil { // SQLite will find out what it is, if it matters
		s.close()
		return nil
	}
	return s
}

func (s *scan) close() {
	if s.file != nil {
		_ = s.file.Close() // it was only read
	}
	s.end()
}

// errSQL says that SQL is the better way.
var errSQL = errors.New("better by SQL")

func (s *scan) open(ctx context.Context) error {
	c, l := s.l.d.conn, s.l
	if s.plan.Filter != nil && len(s.plan.Filter.Fields) > 0 {
		indexed, err := l.indexedFields()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(s.plan.Filter.Fields, func(i int) bool { return indexed[i] }) {
			return errSQL
		}
	}
	root, ok, err := c.Int("SELECT rootpage FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", l.name)
	if err != nil || !ok {
		return errors.Join(err, errSQL)
	}
	if err := s.findColumns(); err != nil {
		return err
	}
	if s.file, err = c.File(); err != nil {
		return err
	}
	r, err := btree.OpenReader(s.file, s.file.Size())
	if err != nil {
		return err
	}
	if s.table, err = r.Table(uint32(root)); err != nil {
		return err
	}
	if l.usesTree(s.plan) {
		return s.searchTree(ctx)
	}
	return nil
}

// indexedFields tells for each field whether an index begins with its column.
func (l *Layer) indexedFields() ([]bool, error) {
	indexed := make([]bool, len(l.schema.Fields))
	err := l.d.conn.Query(`SELECT ii.name FROM pragma_index_list(?) il JOIN pragma_index_info(il.name) ii WHERE ii.seqno = 0`,
		func(row *sqlite.Stmt) error {
			if row.Type(0) == sqlite.Null { // of an expression
				return errSQL
			}
			if i := l.schema.FieldIndex(row.Text(0)); i >= 0 {
				indexed[i] = true
			}
			return nil
		}, l.name)
	return indexed, err
}

// findColumns finds where in a stored row the columns are that the plan reads.
func (s *scan) findColumns() error {
	// An index for the primary key: it is not the rowid, as that of a table WITHOUT ROWID, or INTEGER PRIMARY KEY DESC.
	if _, hasIndex, err := s.l.d.conn.Int("SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'", s.l.name); err != nil || hasIndex {
		return errors.Join(err, errSQL)
	}
	byName := make(map[string]int)
	err := s.l.d.conn.Query("SELECT name, hidden FROM pragma_table_xinfo(?) ORDER BY cid", func(row *sqlite.Stmt) error {
		if row.Int(1) != 0 {
			return errSQL
		}
		byName[row.Text(0)] = len(byName)
		return nil
	}, s.l.name)
	if err != nil {
		return err
	}
	s.at = append(s.at, -1) // the rowid
	add := func(name string) {
		at, ok := byName[name]
		if !ok {
			err = errSQL
		}
		s.at = append(s.at, at)
	}
	for i, read := range s.plan.ReadGeoms {
		if read {
			add(s.l.schema.Geoms[i].Name)
		}
	}
	for i, read := range s.plan.Read {
		if read {
			add(s.l.schema.Fields[i].Name)
		}
	}
	return err
}

// searchTree asks the R-tree which rows meet the boxes.
func (s *scan) searchTree(ctx context.Context) error {
	s.byTree = true
	s.tree.SQL = "SELECT id FROM " + sqlbuilder.QuoteIdent(s.l.rtree)
	sep := " WHERE "
	for _, b := range s.plan.Boxes {
		if b.Geom == 0 {
			s.tree.SQL += sep + "minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?"
			s.tree.Args = append(s.tree.Args, b.Bounds.MaxX, b.Bounds.MinX, b.Bounds.MaxY, b.Bounds.MinY)
			sep = " AND "
		}
	}
	stmt, err := s.l.prepare(ctx, s.tree)
	if err != nil {
		return err
	}
	defer stmt.Finalize()
	for {
		ok, err := stmt.Step()
		if err != nil {
			return err
		}
		if !ok {
			slices.Sort(s.fids)
			return nil
		}
		if len(s.fids) == maxTreeFIDs {
			return errSQL
		}
		s.fids = append(s.fids, stmt.Int(0))
	}
}

// explain says how the rows are found.
func (s *scan) explain() layer.Explanation {
	e := layer.Explanation{Residual: s.plan.Query.Where, ResidualBox: s.plan.Query.Box != nil}
	if !s.byTree {
		e.Uses = []string{"the table's pages, without SQL"}
		return e
	}
	e.SQL = s.tree.SQL
	for _, a := range s.tree.Args {
		e.Args = append(e.Args, strconv.FormatFloat(a.(float64), 'g', -1, 64))
	}
	e.Uses = []string{"R-tree " + s.l.rtree, "the table's pages, by FID"}
	if e.ResidualBox {
		e.RecheckBox, e.ResidualBox = true, false
	}
	return e
}

// cursor returns the rows of a part of the table.
func (s *scan) cursor(c *btree.Cursor, p *layer.Plan) (*rows, *pageRecord) {
	rec := &pageRecord{cursor: c, row: c.Row(), at: s.at}
	return newRows(s.l, rec, p), rec
}

// rows yields the rows that the filter keeps.
func (s *scan) rows(ctx context.Context) iter.Seq2[*feature.Feature, error] {
	if s.plan.Query.HasFilter() {
		return func(yield func(*feature.Feature, error) bool) { s.parallel(ctx, yield) }
	}
	return func(yield func(*feature.Feature, error) bool) {
		u := &unit{last: feature.NullFID}
		if s.finish(ctx, u, yield) {
			s.settle(ctx, u, u.last, yield)
		}
	}
}

// settle tells whether to go on after the unit's rows were yielded; otherwise it has yielded what was to be said. last is
// the FID of the last row that was looked at.
func (s *scan) settle(ctx context.Context, u *unit, last int64, yield func(*feature.Feature, error) bool) bool {
	switch {
	case ctx.Err() != nil:
		yield(nil, ctx.Err())
	case len(u.bad) > 0 && s.plan.Query.OnBadRow == nil:
		yield(nil, u.bad[0])
	case u.odd != nil:
		s.goOn(ctx, last, yield)
	default:
		return true
	}
	return false
}

// goOn yields by SQL the rows behind FID last.
func (s *scan) goOn(ctx context.Context, last int64, yield func(*feature.Feature, error) bool) {
	q := s.plan.Query
	q.Offset, q.Limit = 0, 0
	if last != feature.NullFID {
		q.Where = q.Where.And(filter.FID().Gt(last))
	}
	// What is read of a row besides what is wanted goes later.
	q.Columns, q.NoGeometry = nil, false
	for i, read := range s.plan.Read {
		if read {
			q.Columns = append(q.Columns, s.l.schema.Fields[i].Name)
		}
	}
	if q.Columns == nil {
		q.Columns = []string{}
	}
	rows, rest, err := s.l.query(ctx, q)
	if err != nil {
		yield(nil, s.l.d.wrap("read", s.l.name, err))
		return
	}
	defer rows.stmt.Finalize()
	layer.Filter(rows.seq(ctx), rest)(yield)
}

// unit is a part of the table that a worker reads: leaf pages, or rows by their FIDs; with neither it is all of it. The units of a scan go round, with
// the memory of their rows, between the goroutine that hands them out, a worker, and the one that yields their rows.
type unit struct {
	leaves []uint32
	fids   []int64

	rows feature.Batch // that the filter keeps
	bad  []error
	last int64         // the FID of the last row that was looked at, or feature.NullFID
	more bool          // rows is full, and there may be others behind last
	odd  error         // ended the unit early
	done chan struct{} // takes one
}

// parts yields the parts of the table in their order.
func (s *scan) parts() (iter.Seq2[[]uint32, []int64], error) {
	if s.byTree {
		return func(yield func([]uint32, []int64) bool) {
			for fids := range slices.Chunk(s.fids, unitFIDs) {
				if !yield(nil, fids) {
					return
				}
			}
		}, nil
	}
	all, err := s.table.Leaves()
	return func(yield func([]uint32, []int64) bool) {
		for leaves := range slices.Chunk(all, unitLeaves) {
			if !yield(leaves, nil) {
				return
			}
		}
	}, err
}

// parallel reads with as many workers as there are processors, and yields the rows that the filter keeps in the order of
// their FIDs.
func (s *scan) parallel(ctx context.Context, yield func(*feature.Feature, error) bool) {
	parts, err := s.parts()
	if err != nil {
		s.goOn(ctx, feature.NullFID, yield)
		return
	}
	workers := min(runtime.GOMAXPROCS(0), 8)
	all := 3 * workers // units
	todo, order, free := make(chan *unit, all), make(chan *unit, all), make(chan *unit, all)
	for range all {
		free <- &unit{done: make(chan struct{}, 1)}
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		defer close(todo)
		defer close(order)
		for leaves, fids := range parts {
			select {
			case u := <-free:
				u.leaves, u.fids = leaves, fids
				order <- u // there are no more units than places
				todo <- u
			case <-ctx.Done():
				return
			}
		}
	})
	for range workers {
		running.Go(func() { s.work(ctx, todo) })
	}
	// The lock must not be given back, nor the file closed, while anybody reads.
	defer running.Wait()
	defer cancel()

	f := feature.New(s.l.schema)
	last := int64(feature.NullFID)
	for u := range order {
		<-u.done // a worker looks at ctx
		if ctx.Err() != nil {
			break
		}
		if report := s.plan.Query.OnBadRow; report != nil {
			for _, bad := range u.bad {
				report(bad)
			}
		}
		for i := range u.rows.Len() {
			u.rows.Row(i, f)
			if !yield(f, nil) {
				return
			}
		}
		if u.more {
			if !s.finish(ctx, u, yield) {
				return
			}
		}
		if u.last != feature.NullFID {
			last = u.last
		}
		if !s.settle(ctx, u, last, yield) {
			return
		}
		free <- u
	}
	if ctx.Err() != nil {
		yield(nil, ctx.Err())
	}
}

// work reads units until there are no more.
func (s *scan) work(ctx context.Context, todo <-chan *unit) {
	// A filter has memory of its own, and bad rows are reported by the goroutine that ranges over the rows.
	q := s.plan.Query
	var u *unit
	q.OnBadRow = func(err error) { u.bad = append(u.bad, err) }
	plan, planErr := q.Plan(s.l.schema)
	var r *rows
	var rec *pageRecord
	for u = range todo {
		u.rows.Reset()
		u.bad, u.last, u.more, u.odd = u.bad[:0], feature.NullFID, false, planErr
		if planErr == nil {
			switch {
			case r != nil && u.leaves != nil:
				rec.cursor.Reuse(u.leaves)
			case r != nil:
			case u.leaves != nil:
				r, rec = s.cursor(s.table.CursorOf(u.leaves), plan)
			default:
				r, rec = s.cursor(s.table.Cursor(), plan)
			}
			keep := func() bool {
				u.rows.Append(&r.f)
				u.more = u.rows.Size() >= maxUnitBytes
				return !u.more
			}
			if u.odd = s.readUnit(ctx, u, r, rec, feature.NullFID, keep); u.odd != nil {
				r = nil
			}
		}
		u.done <- struct{}{}
	}
}

// finish yields the rows of a unit behind u.last without holding them, and tells whether to go on.
func (s *scan) finish(ctx context.Context, u *unit, yield func(*feature.Feature, error) bool) bool {
	plan, err := s.plan.Query.Plan(s.l.schema) // a filter is for one goroutine
	if err != nil {
		yield(nil, err)
		return false
	}
	c := s.table.Cursor()
	if u.leaves != nil {
		c = s.table.CursorOf(u.leaves)
	}
	r, rec := s.cursor(c, plan)
	goOn := true
	u.bad = u.bad[:0]
	u.odd = s.readUnit(ctx, u, r, rec, u.last, func() bool {
		r.given = true
		goOn = yield(&r.f, nil)
		return goOn
	})
	return goOn
}

// readUnit reads the rows of a unit whose FIDs are greater than after, until keep, which is called for each that the
// filter keeps, says that it is enough. The error is why the unit ended early otherwise.
func (s *scan) readUnit(ctx context.Context, u *unit, r *rows, rec *pageRecord, after int64, keep func() bool) error {
	c := rec.cursor
	for n := 0; ; n++ {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var ok bool
		var err error
		if u.fids != nil {
			if n == len(u.fids) {
				return nil
			}
			if after != feature.NullFID && u.fids[n] <= after {
				continue
			}
			if ok, err = c.SeekRow(u.fids[n]); err == nil && !ok {
				continue // the index has a row that the table has not
			}
		} else if ok, err = c.Next(); err == nil && !ok {
			return nil
		}
		if err != nil {
			return err
		}
		if after != feature.NullFID && c.RowID() <= after {
			continue
		}
		pass, rejected := r.read()
		if err := rec.odd(); err != nil {
			return err
		}
		u.last = c.RowID()
		switch {
		case rejected != nil:
			if err := r.reject(rejected); err != nil {
				u.bad = append(u.bad, err)
				return nil
			}
			if s.plan.Query.OnBadRow == nil {
				return nil
			}
		case pass && !keep():
			return nil
		}
	}
}
