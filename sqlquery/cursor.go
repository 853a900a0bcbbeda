package sqlquery

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// cursor reads a table. It pulls rows from the layer's iteration: a step costs a tenth of a microsecond or two, less than
// copying rows to pages would. From the third reading on the rows come from memory, if they are not too large.
type cursor struct {
	t     *table
	next  func() (*feature.Feature, error, bool)
	stop  func()
	row   *feature.Feature // nil at the end
	one   feature.Feature  // what row points to, when it is not the iteration's
	found []int32          // rows of kept that are still to come
	times int              // that Filter was called
	buf   []byte

	kept     *kept
	keptPlan int // that kept is of
}

// keepFrom is the reading from which on rows are kept in memory.
const keepFrom = 3

// Filter begins a reading.
func (c *cursor) Filter(planNumber int, args *sqlite.Args) error {
	c.Close()
	c.times++
	if c.kept != nil && c.keptPlan != planNumber {
		c.kept = nil
	}
	p := &c.t.plans[planNumber]
	a, err := c.t.ask(p, args, c.kept == nil)
	if err != nil || a.none {
		return err
	}
	ctx := args.Context()
	if c.kept == nil && c.times == keepFrom && !(a.hasFID && c.t.getter != nil) {
		if c.kept, err = keepRows(ctx, c.t, p); err != nil {
			return err
		}
		c.keptPlan = planNumber
	}
	switch {
	case c.kept != nil:
		c.found = c.kept.find(a)
		c.next = c.fromMemory
	case a.hasFID && c.t.getter != nil:
		f, err := c.t.getter.Get(ctx, a.fid)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		c.row = f // nil where there is none
		return nil
	default:
		c.next, c.stop = iter.Pull2(c.t.layer.Features(ctx, a.query()))
	}
	return c.Next()
}

// Next goes to the next row.
func (c *cursor) Next() error {
	c.row = nil
	if c.next == nil {
		return nil
	}
	f, err, ok := c.next()
	if err != nil {
		c.Close()
		return err
	}
	if ok {
		c.row = f
	}
	return nil
}

func (c *cursor) fromMemory() (*feature.Feature, error, bool) {
	if len(c.found) == 0 {
		return nil, nil, false
	}
	c.kept.batch.Row(int(c.found[0]), &c.one)
	c.found = c.found[1:]
	return &c.one, nil, true
}

// EOF tells that there is no row any more.
func (c *cursor) EOF() bool { return c.row == nil }

// RowID returns the FID.
func (c *cursor) RowID() int64 { return c.row.FID }

// Close ends the reading.
func (c *cursor) Close() {
	if c.stop != nil {
		c.stop()
	}
	c.row, c.next, c.stop = nil, nil, nil
}

// Column returns a value of the row.
func (c *cursor) Column(i int, r *sqlite.Result) {
	switch col := &c.t.cols[i]; col.kind {
	case fidColumn:
		r.ReturnInt(c.row.FID)
	case geomColumn:
		g := c.row.Geoms[col.index]
		if g == nil {
			return
		}
		box, err := g.Bounds()
		if err != nil {
			r.ReturnError(fmt.Errorf("layer %s: feature %d: %w", c.t.layer.Name(), c.row.FID, err))
			return
		}
		t, _ := g.Type()
		c.buf = gpb.Append(c.buf[:0], nil, c.t.srsIDs[col.index], box, t.Base() == feature.Point)
		r.ReturnBlob(c.buf, g)
	case fieldColumn:
		c.value(&c.row.Values[col.index], r)
	}
}

func (c *cursor) value(v *feature.Value, r *sqlite.Result) {
	switch v.Kind() {
	case feature.KindBool, feature.KindInt:
		r.ReturnInt(v.Int())
	case feature.KindFloat:
		r.ReturnFloat(v.Float())
	case feature.KindText, feature.KindJSON:
		r.ReturnText(v.Bytes())
	case feature.KindBytes:
		r.ReturnBlob(v.Bytes(), nil)
	case feature.KindDate, feature.KindDateTime, feature.KindTime:
		c.buf = appendISO(c.buf[:0], *v)
		r.ReturnText(c.buf)
	case feature.KindIntList, feature.KindFloatList, feature.KindTextList:
		c.buf = v.AppendJSON(c.buf[:0], feature.NoSubtype)
		r.ReturnText(c.buf)
	}
}

// appendISO prints a date or time as ISO 8601 has it. A date-time keeps its zone: Z, an offset, or none.
func appendISO(dst []byte, v feature.Value) []byte {
	t := v.Time()
	if v.Kind() == feature.KindDate {
		return t.AppendFormat(dst, "2006-01-02")
	}
	if v.Kind() == feature.KindTime {
		if v.Micros()%1000 == 0 && v.Micros()%1_000_000 != 0 {
			return t.AppendFormat(dst, "15:04:05.000")
		}
		return v.AppendString(dst)
	}
	dst = t.AppendFormat(dst, "2006-01-02T15:04:05")
	switch micros := v.Micros() % 1_000_000; {
	case micros == 0:
	case micros%1000 == 0:
		dst = t.AppendFormat(dst, ".000")
	default:
		dst = t.AppendFormat(dst, ".000000")
	}
	switch v.Zone() {
	case feature.ZoneUnknown, feature.ZoneLocal:
		return dst
	}
	return t.AppendFormat(dst, "Z07:00")
}

// ask is a reading: the plan's conditions with their values.
type ask struct {
	q      layer.Query
	none   bool // no row can satisfy it
	hasFID bool
	fid    int64
	box    *feature.Bounds
	geom   int
	eqCol  int         // the field of a condition with "=", or -1
	eq     sqlite.Type // of its value
	eqInt  int64
	eqReal float64
	eqText string
	where  bool // wheres are wanted
	wheres []*filter.Expr
}

// query returns what the layer is asked.
func (a *ask) query() layer.Query {
	q := a.q
	q.Box, q.Geom = a.box, a.geom
	if len(a.wheres) > 0 {
		q.Where = a.wheres[0].And(a.wheres[1:]...)
	}
	return q
}

// ask makes a reading of a plan. where tells whether the layer will be asked; rows in memory need no expressions.
func (t *table) ask(p *plan, args *sqlite.Args, where bool) (*ask, error) {
	a := &ask{q: layer.Query{Columns: p.columns, NoGeometry: p.noGeometry}, where: where, eqCol: -1}
	for i := range p.terms {
		if err := a.add(t, &p.terms[i], args, i); err != nil || a.none {
			return a, err
		}
	}
	return a, nil
}

// maxIn is how many values of an IN the layer is asked for. SQLite looks them up itself when there are more.
const maxIn = 1000

// add adds the condition for argument i.
func (a *ask) add(t *table, x *term, args *sqlite.Args, i int) error {
	switch {
	case x.op == sqlite.OpIsNull || x.op == sqlite.OpIsNotNull:
		if !a.where {
			return nil
		}
		e := filter.Field(t.schema.Fields[t.cols[x.col].index].Name)
		if x.op == sqlite.OpIsNull {
			a.wheres = append(a.wheres, e.IsNull())
		} else {
			a.wheres = append(a.wheres, e.IsNotNull())
		}
		return nil
	case x.in:
		var values []any
		all := true
		err := args.In(i, func(v *sqlite.Args) {
			if v.Type(0) == sqlite.Null {
				return
			}
			value, ok := t.operand(x.col, v, 0)
			all = all && ok && len(values) < maxIn
			if all {
				values = append(values, value)
			}
		})
		switch {
		case err != nil || !all:
		case len(values) == 0:
			a.none = true
		default:
			if a.where {
				a.wheres = append(a.wheres, t.expr(x.col).In(values...))
			}
		}
		return err
	case args.Type(i) == sqlite.Null: // is never true
		a.none = true
		return nil
	case x.op >= sqlite.FuncOp:
		b, _ := args.Blob(i)
		h, err := gpb.Parse(b)
		if err != nil {
			a.none = true // null
			return nil
		}
		box, err := h.Bounds(b)
		if err != nil || box.IsEmpty() {
			a.none = true
		} else if a.box == nil {
			a.box, a.geom = &box, t.cols[x.col].index
		}
		return nil
	}
	v, ok := t.operand(x.col, args, i)
	if !ok {
		return nil
	}
	if n, isInt := v.(int64); x.op == sqlite.OpEq && isInt && t.isFID(x.col) {
		a.hasFID, a.fid = true, n
	} else if x.op == sqlite.OpEq && !t.isFID(x.col) && a.eqCol < 0 {
		a.eqCol, a.eq = t.cols[x.col].index, args.Type(i)
		switch v := v.(type) {
		case int64:
			a.eqInt = v
		case float64:
			a.eqReal = v
		case string:
			a.eqText = v
		}
	}
	if !a.where {
		return nil
	}
	e := t.expr(x.col)
	switch x.op {
	case sqlite.OpEq:
		e = e.Eq(v)
	case sqlite.OpNe:
		e = e.Ne(v)
	case sqlite.OpLt:
		e = e.Lt(v)
	case sqlite.OpLe:
		e = e.Le(v)
	case sqlite.OpGt:
		e = e.Gt(v)
	case sqlite.OpGe:
		e = e.Ge(v)
	}
	a.wheres = append(a.wheres, e)
	return nil
}

func (t *table) expr(col int) *filter.Expr {
	if t.isFID(col) {
		return filter.FID()
	}
	return filter.Field(t.schema.Fields[t.cols[col].index].Name)
}

// operand returns an argument that is compared with a column, if the layer compares the two as SQL does. SQL turns a text
// that looks like a number into one before it compares it with a number column, and the other way round: that is left
// to it.
func (t *table) operand(col int, args *sqlite.Args, i int) (v any, ok bool) {
	isText := !t.isFID(col) && t.schema.Fields[t.cols[col].index].Type == feature.String
	switch args.Type(i) {
	case sqlite.Integer:
		return args.Int(i), !isText
	case sqlite.Float:
		return args.Float(i), !isText
	case sqlite.Text:
		b, _ := args.Text(i)
		return string(b), isText
	}
	return nil, false
}
