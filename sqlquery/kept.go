package sqlquery

import (
	"context"
	"math"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// maxKept is the size up to which a table that is read again and again is kept in memory.
const maxKept = 256 << 20

// kept is a table in memory, for a join: what a plan reads of all its rows.
type kept struct {
	batch feature.Batch
	all   []int32
	fids  map[int64]int32     // rows by FID
	texts map[string][]int32  // rows by the field's value, of a String field
	nums  map[float64][]int32 // of a number field
	boxes []feature.Bounds
	geom  int // that boxes are of
	field int // that texts or nums are of
}

// keepRows reads the table. It returns nil for one that is too large.
func keepRows(ctx context.Context, t *table, p *plan) (*kept, error) {
	k := &kept{geom: -1, field: -1}
	for _, x := range p.terms {
		switch {
		case x.in:
		case x.op >= sqlite.FuncOp && k.geom < 0:
			k.geom = t.cols[x.col].index
		case x.op == sqlite.OpEq && t.isFID(x.col):
			k.fids = make(map[int64]int32)
		case x.op == sqlite.OpEq && k.field < 0:
			k.field = t.cols[x.col].index
		}
	}
	q := layer.Query{Columns: p.columns, NoGeometry: p.noGeometry}
	if k.field >= 0 {
		if q.Columns != nil { // it may be looked at nowhere else
			q.Columns = append(append([]string{}, q.Columns...), t.schema.Fields[k.field].Name)
		}
		if t.schema.Fields[k.field].Type == feature.String {
			k.texts = make(map[string][]int32)
		} else {
			k.nums = make(map[float64][]int32)
		}
	}
	q.NoGeometry = q.NoGeometry && k.geom < 0
	for f, err := range t.layer.Features(ctx, q) {
		if err != nil {
			return nil, err
		}
		if k.batch.Size() > maxKept || k.batch.Len() == math.MaxInt32 {
			return nil, nil
		}
		if err := k.add(f); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (k *kept) add(f *feature.Feature) error {
	n := int32(k.batch.Len())
	k.batch.Append(f)
	k.all = append(k.all, n)
	if k.fids != nil {
		k.fids[f.FID] = n
	}
	if k.geom >= 0 {
		box := feature.EmptyBounds()
		if g := f.Geoms[k.geom]; g != nil {
			var err error
			if box, err = g.Bounds(); err != nil {
				return err
			}
		}
		k.boxes = append(k.boxes, box)
	}
	if k.field < 0 {
		return nil
	}
	switch v := &f.Values[k.field]; {
	case v.IsNull():
	case k.texts != nil:
		k.texts[string(v.Bytes())] = append(k.texts[string(v.Bytes())], n)
	case v.Kind() == feature.KindFloat:
		if r := v.Float(); r == r {
			k.nums[r] = append(k.nums[r], n)
		}
	default:
		// Two integers beyond 2^53 may share a real; SQLite looks again.
		k.nums[v.Float()] = append(k.nums[v.Float()], n)
	}
	return nil
}

// find returns the rows that may satisfy a reading. They are not to be changed.
func (k *kept) find(a *ask) []int32 {
	switch {
	case a.hasFID && k.fids != nil:
		if n, ok := k.fids[a.fid]; ok {
			return []int32{n}
		}
		return nil
	case a.eqCol >= 0 && a.eqCol == k.field:
		switch {
		case k.texts != nil:
			return k.texts[a.eqText]
		case a.eq == sqlite.Integer:
			return k.nums[float64(a.eqInt)]
		default:
			return k.nums[a.eqReal]
		}
	case a.box != nil && a.geom == k.geom:
		found := make([]int32, 0, 16)
		for i := range k.boxes {
			if k.boxes[i].Intersects(*a.box) {
				found = append(found, int32(i))
			}
		}
		return found
	}
	return k.all
}
