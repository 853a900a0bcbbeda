package sqlbuilder

import (
	"fmt"
	"math"
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// Selection is a query as a statement, and what is left of it.
type Selection struct {
	// Statement yields the FID (if the table has one), and then the geometry columns and the fields that Rest reads, each
	// in the schema's order. Rows come in the order of the query where Rest has no order, else in that of the FID.
	Statement
	// Rest is what the program has to do to the rows: it is for layer.Filter. Its Read and ReadGeoms say which columns
	// there are.
	Rest *layer.Plan
	// Exactly is what the store does of the query's expression, and the program does not look at again.
	Exactly *filter.Expr
	// Recheck is what the store is asked for and may let too much through, Residual what only the program looks at. Both
	// are in Rest.
	Recheck, Residual *filter.Expr
	RecheckBox        bool // of the query's box
	ResidualBox       bool
	// Uses says which indexes the statement names.
	Uses []string
}

// Explanation returns the selection for people.
func (s *Selection) Explanation() layer.Explanation {
	e := layer.Explanation{
		SQL: s.SQL, Uses: s.Uses, Recheck: s.Recheck, Residual: s.Residual,
		RecheckBox: s.RecheckBox, ResidualBox: s.ResidualBox, Sorted: len(s.Rest.Order) > 0,
	}
	for _, a := range s.Args {
		e.Args = append(e.Args, printArg(a))
	}
	return e
}

func printArg(a any) string {
	switch a := a.(type) {
	case string:
		return strconv.Quote(a)
	case []byte:
		if len(a) > 32 {
			return fmt.Sprintf("x'%x'... (%d bytes)", a[:32], len(a))
		}
		return fmt.Sprintf("x'%x'", a)
	case float64:
		return postgresFloat(a)
	}
	return fmt.Sprint(a)
}

// Select returns the statement for a plan, and what is left of it.
func (d Dialect) Select(t Table, p *layer.Plan) (*Selection, error) {
	return d.selection(t, p, nil)
}

// Page returns the statement for the next page of a plan's rows: the first rows of those behind the one with FID after, in
// the order of the FID (or against it, where the plan asks for that first). After feature.NullFID comes the first page.
// The last page is the first that has fewer rows than were asked for. Offset, limit and any other order of the plan are
// always left to the program, but a page is not greater than both need. The table must have a column of the FID.
func (d Dialect) Page(t Table, p *layer.Plan, after int64, rows int) (*Selection, error) {
	if t.FID == "" {
		return nil, fmt.Errorf("table %s has no column of the FID to page by", t.Name)
	}
	return d.selection(t, p, &page{after: after, rows: rows})
}

// page is a part of a table.
type page struct {
	after int64
	rows  int
}

func (d Dialect) selection(t Table, p *layer.Plan, pg *page) (*Selection, error) {
	// The conditions come first: what columns there must be depends on what is left of the filter.
	where := builder{d: d}
	r := renderer{builder: &where, t: &t}
	// A row's number depends on the rows before it.
	numbered := t.FID == ""
	sel, err := r.filter(p, !numbered)
	if err != nil {
		return nil, err
	}
	rest := sel.Rest

	order := builder{d: d}
	o := renderer{builder: &order, t: &t}
	down := false // against the order of the FID
	if keys := rest.Order; len(keys) > 0 && !numbered && (pg == nil || keys[0].Field < 0) && o.order(keys) {
		down = keys[0].Field < 0 && keys[0].Desc
		if sel.Rest, err = restOf(rest, func(q *layer.Query) { q.OrderBy = nil }); err != nil {
			return nil, err
		}
		rest = sel.Rest
	} else if !numbered {
		order.reset(mark{})
		order.ident(t.FID)
	}

	b := builder{d: d, args: where.args} // the first placeholders are those of the conditions, which are made already
	b.write("SELECT ")
	b.columns(&t, rest)
	b.write(" FROM ")
	b.table(t.Namespace, t.Name)
	if pg != nil && pg.after != feature.NullFID {
		where.and()
		where.ident(t.FID)
		if down {
			where.write(" < ")
		} else {
			where.write(" > ")
		}
		where.int(pg.after)
		b.args = where.args
	}
	if len(where.sql) > 0 {
		b.write(" WHERE ", string(where.sql))
	}
	if len(order.sql) > 0 {
		b.write(" ORDER BY ", string(order.sql))
	}
	if err := sel.limit(&b, pg, numbered); err != nil {
		return nil, err
	}
	for _, err := range []error{where.err, order.err} {
		if err != nil {
			return nil, err
		}
	}
	sel.Statement, err = b.statement()
	return sel, err
}

// columns adds the list of columns that a plan reads.
func (b *builder) columns(t *Table, p *layer.Plan) {
	start := len(b.sql)
	column := func(name string) {
		if len(b.sql) > start {
			b.write(", ")
		}
		b.ident(name)
	}
	if t.FID != "" {
		column(t.FID)
	}
	for i, g := range t.Schema.Geoms {
		if p.ReadGeoms[i] {
			column(g.Name)
		}
	}
	for i, f := range t.Schema.Fields {
		if p.Read[i] {
			column(f.Name)
		}
	}
	if len(b.sql) == start {
		b.write("1")
	}
}

// limit adds limit and offset where nothing else is left to do, or the size of a page.
func (s *Selection) limit(b *builder, pg *page, numbered bool) error {
	q := s.Rest.Query
	clean := !q.HasFilter() && len(s.Rest.Order) == 0
	limit, offset := q.Limit, q.Offset
	switch {
	case pg != nil:
		limit, offset = int64(pg.rows), 0
		if sum := max(q.Offset, 0) + q.Limit; clean && q.Limit > 0 && sum > 0 {
			limit = min(limit, sum)
		}
	case !clean, numbered && offset > 0:
		return nil
	default:
		var err error
		if s.Rest, err = restOf(s.Rest, func(q *layer.Query) { q.Limit, q.Offset = 0, 0 }); err != nil {
			return err
		}
	}
	switch {
	case limit > 0:
		b.write(" LIMIT ", strconv.FormatInt(limit, 10))
	case offset > 0 && !b.d.postgres:
		b.write(" LIMIT -1")
	}
	if offset > 0 {
		b.write(" OFFSET ", strconv.FormatInt(offset, 10))
	}
	return nil
}

// restOf returns the plan for what is left of p's query after change.
func restOf(p *layer.Plan, change func(*layer.Query)) (*layer.Plan, error) {
	q := p.Query
	change(&q)
	if q.Where != p.Query.Where || (q.Box == nil) != (p.Query.Box == nil) || len(q.OrderBy) != len(p.Query.OrderBy) {
		return q.Plan(p.Schema)
	}
	rest := *p
	rest.Query = q
	return &rest, nil
}

// Count returns the statement that counts the rows that a plan keeps, its offset and limit reckoned in. It is false if
// the store cannot tell them exactly.
func (d Dialect) Count(t Table, p *layer.Plan) (Statement, bool, error) {
	b := builder{d: d}
	q := p.Query
	part := q.Limit > 0 || q.Offset > 0
	if part {
		b.write("SELECT count(*) FROM (SELECT 1 AS one FROM ")
	} else {
		b.write("SELECT count(*) FROM ")
	}
	ok, err := b.fromExactly(&t, p)
	if err != nil || !ok {
		return Statement{}, false, err
	}
	if part {
		switch {
		case q.Limit > 0:
			b.write(" LIMIT ", strconv.FormatInt(q.Limit, 10))
		case !d.postgres:
			b.write(" LIMIT -1")
		}
		if q.Offset > 0 {
			b.write(" OFFSET ", strconv.FormatInt(q.Offset, 10))
		}
		b.write(") AS part")
	}
	st, err := b.statement()
	return st, err == nil, err
}

// Extent returns the statement for the bounds of the geometries in column geom of the rows that a plan keeps: a row of
// MinX, MinY, MaxX and MaxY, which are null if there are none. It is false if the store cannot tell the rows exactly, or
// offset or limit leave some out. In SQLite it wants the functions ST_MinX and so on that a GeoPackage's triggers call.
func (d Dialect) Extent(t Table, p *layer.Plan, geom int) (Statement, bool, error) {
	if geom < 0 || geom >= len(t.Schema.Geoms) || p.Query.Limit > 0 || p.Query.Offset > 0 ||
		d.postgres && !t.geom(geom).isGeometry() {
		return Statement{}, false, nil
	}
	b := builder{d: d}
	names := [...]string{"ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY"}
	if d.postgres {
		names = [...]string{"ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax"}
	}
	for i, f := range names {
		b.write([...]string{"SELECT min(", ", min(", ", max(", ", max("}[i], f, "(")
		b.ident(t.Schema.Geoms[geom].Name)
		b.write("))")
	}
	b.write(" FROM ")
	ok, err := b.fromExactly(&t, p)
	if err != nil || !ok {
		return Statement{}, false, err
	}
	st, err := b.statement()
	return st, err == nil, err
}

// fromExactly adds the table and the plan's conditions; it is false if some cannot be told exactly.
func (b *builder) fromExactly(t *Table, p *layer.Plan) (bool, error) {
	b.table(t.Namespace, t.Name)
	where := builder{d: b.d, args: b.args}
	r := renderer{builder: &where, t: t}
	sel, err := r.filter(p, true)
	if err != nil {
		return false, err
	}
	if sel.Rest.Query.HasFilter() {
		return false, nil
	}
	if len(where.sql) > 0 {
		b.write(" WHERE ", string(where.sql))
	}
	b.args = where.args
	return true, nil
}

// order adds a plan's order, and that of the FID at its end. It is false if the store's would be another.
func (r *renderer) order(keys []layer.Key) bool {
	for i, k := range keys {
		if i > 0 {
			r.write(", ")
		}
		if k.Field < 0 {
			r.ident(r.t.FID)
		} else if !r.d.postgres || !r.postgresKey(k.Field) {
			return false
		}
		if k.Desc {
			r.write(" DESC") // with nulls first, as it is with PostgreSQL unless told otherwise
		}
		if k.Field < 0 {
			return true // there are no equals
		}
	}
	r.write(", ")
	r.ident(r.t.FID)
	return r.err == nil
}

// maxConjunct is how many bytes a conjunct may take. Nested expressions can grow in SQL, as a part is said twice.
const maxConjunct = 128 << 10

// renderer turns conditions into SQL.
type renderer struct {
	*builder
	t *Table
}

// filter adds the conditions of a plan as far as the dialect goes, and returns what became of each. push is false if none
// is to be added.
func (r *renderer) filter(p *layer.Plan, push bool) (*Selection, error) {
	s := &Selection{}
	var left *filter.Expr // of the filter
	boxes := make([][]feature.Bounds, len(r.t.Schema.Geoms))
	boxDone := false
	if q := &p.Query; q.Box != nil {
		exact, ok := false, false
		if push {
			exact, ok = r.box(q.Geom, *q.Box, boxes)
		}
		boxDone = ok && exact
		s.RecheckBox, s.ResidualBox = ok && !exact, !ok
	}
	if p.Filter != nil {
		for _, c := range p.Filter.Conjuncts {
			exact, ok := false, false
			if push {
				exact, ok = r.conjunct(c.Node)
				if !ok {
					r.derived(c, boxes)
				}
			}
			switch {
			case exact && ok:
				s.Exactly = s.Exactly.And(c.Expr)
				continue
			case ok:
				s.Recheck = s.Recheck.And(c.Expr)
			default:
				s.Residual = s.Residual.And(c.Expr)
			}
			left = left.And(c.Expr)
		}
	}
	for i, list := range boxes {
		if len(list) > 0 {
			r.boxes(i, list, s)
		}
	}
	var err error
	s.Rest, err = restOf(p, func(q *layer.Query) {
		if boxDone {
			q.Box = nil
		}
		if s.Exactly != nil { // else nothing was taken away, and what is bound can stay
			q.Where = left
		}
	})
	return s, err
}

// and begins a condition that is joined to those before it.
func (b *builder) and() {
	if len(b.sql) > 0 {
		b.write(" AND ")
	}
}

// conjunct adds a conjunct. Where it is not ok nothing was added; where it is not exact too many rows may come.
func (r *renderer) conjunct(n *filter.Node) (exact, ok bool) {
	m := r.mark()
	r.and()
	if r.d.postgres {
		exact, ok = r.postgresConjunct(n)
	} else {
		exact, ok = r.superset(n, 0)
	}
	if !ok || r.err != nil || len(r.sql)-m.sql > maxConjunct || len(r.args) > r.d.maxArgs()/2 {
		r.reset(m)
		return false, false
	}
	return exact, true
}

// derived collects the boxes that follow from a conjunct that is not expressed.
func (r *renderer) derived(c filter.Conjunct, boxes [][]feature.Bounds) {
	one := filter.Bound{Conjuncts: []filter.Conjunct{c}}
	for i := range boxes {
		boxes[i] = append(boxes[i], one.Boxes(i)...)
	}
}

// box adds the query's box, or puts it with those that an index is asked for.
func (r *renderer) box(geom int, box feature.Bounds, boxes [][]feature.Bounds) (exact, ok bool) {
	if r.d.postgres {
		return r.postgresBox(geom, box)
	}
	if r.t.geom(geom).RTree == "" {
		return false, false
	}
	boxes[geom] = append(boxes[geom], box)
	return false, true
}

// boxes asks the index for geometries that may have something in common with each of the boxes.
func (r *renderer) boxes(geom int, list []feature.Bounds, s *Selection) {
	if r.d.postgres {
		for _, box := range list {
			r.indexBox(geom, box)
		}
		return
	}
	tree := r.t.geom(geom).RTree
	if tree == "" {
		return
	}
	least, most := list[0], list[0] // least: the right and upper sides, most: the left and lower ones
	for _, b := range list[1:] {
		least.MaxX, least.MaxY = min(least.MaxX, b.MaxX), min(least.MaxY, b.MaxY)
		most.MinX, most.MinY = max(most.MinX, b.MinX), max(most.MinY, b.MinY)
	}
	r.and()
	r.ident(r.t.FID)
	r.write(" IN (SELECT id FROM ")
	r.table(r.t.Namespace, tree)
	for i, c := range [...]struct {
		sql string
		v   float64
	}{
		{" WHERE minx <= ", least.MaxX},
		{" AND maxx >= ", most.MinX},
		{" AND miny <= ", least.MaxY},
		{" AND maxy >= ", most.MinY},
	} {
		if math.IsNaN(c.v) { // SQLite has none: to compare with it is never true
			c.v = math.Inf(i%2*2 - 1)
		}
		r.write(c.sql)
		r.float(c.v)
	}
	r.write(")")
	s.Uses = append(s.Uses, "R-tree "+tree)
}

// joined adds parts with an operator between them, each made by one call of part. Long lists become a tree: SQLite
// counts the depth of a chain.
func (r *renderer) joined(n int, op string, part func(int) bool) bool {
	return r.joinedFrom(0, n, op, part)
}

func (r *renderer) joinedFrom(from, to int, op string, part func(int) bool) bool {
	const chain = 64
	if to-from <= chain {
		for i := from; i < to; i++ {
			if i > from {
				r.write(op)
			}
			if !part(i) || len(r.sql) > 8*maxConjunct {
				return false
			}
		}
		return true
	}
	half := (from + to) / 2
	r.write("(")
	if !r.joinedFrom(from, half, op, part) {
		return false
	}
	r.write(")", op, "(")
	ok := r.joinedFrom(half, to, op, part)
	r.write(")")
	return ok
}
