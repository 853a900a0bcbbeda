package drivertest

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// checkOrder compares the layer's order with the reference's: of each field, of several with ties, with a box, a filter,
// an offset and a limit.
func checkOrder(t testing.TB, s *subject) {
	n := int64(len(s.rows))
	failed, orders := 0, s.orders()
	step := 1 + 8*len(orders)/s.affordable()
	for i := 0; i < len(orders); i += step {
		order := orders[i]
		queries := []layer.Query{
			{OrderBy: order},
			{OrderBy: order, Columns: []string{}, NoGeometry: true},
			{OrderBy: order, Limit: 2},
			{OrderBy: order, Offset: n / 2, Limit: 3, NoGeometry: true},
			{OrderBy: order, Offset: 1},
			{OrderBy: order, Where: remainder(2, int64(i%2)), Limit: 1 + n/4},
			{OrderBy: order, Limit: math.MaxInt64, Offset: n + 1},
		}
		if len(s.schema().Geoms) > 0 {
			all := s.boxes()
			queries = append(queries, layer.Query{OrderBy: order, Box: &all[len(all)-1]}, layer.Query{OrderBy: order, Box: &all[i%len(all)], Offset: 1, Limit: 4})
		}
		for _, q := range queries {
			if !s.agrees(t, q) {
				failed++
			}
		}
		if failed >= enough {
			return
		}
	}
}

// orders returns orders of the layer: by each field both ways, by pairs of fields, and by FID.
func (s *subject) orders() [][]layer.Order {
	const most = 30
	var fields []string
	for _, f := range s.schema().Fields {
		if hasOrder(f) && len(fields) < most {
			fields = append(fields, f.Name)
		}
	}
	var list [][]layer.Order
	if s.schema().FieldIndex("fid") < 0 {
		list = append(list, []layer.Order{{Field: "FID"}}, []layer.Order{{Field: "fid", Desc: true}})
	}
	for i, f := range fields {
		next := fields[(i+1)%len(fields)]
		list = append(list, []layer.Order{{Field: f}}, []layer.Order{{Field: f, Desc: true}},
			[]layer.Order{{Field: f, Desc: i%2 == 0}, {Field: next}}, []layer.Order{{Field: next, Desc: true}, {Field: f, Desc: i%2 == 1}})
	}
	return list
}

// hasOrder tells whether the field's values can be compared.
func hasOrder(f feature.Field) bool {
	return f.Type < feature.Binary && f.Subtype != feature.JSONText
}

// order sorts rows by the plan's keys: null behind all, NaN behind all numbers, Desc the other way round, ties as they are.
func order(rows []*feature.Feature, p *layer.Plan) {
	slices.SortStableFunc(rows, func(a, b *feature.Feature) int {
		for _, k := range p.Order {
			c := cmp.Compare(a.FID, b.FID)
			if k.Field >= 0 {
				c = compareValues(p.Schema.Fields[k.Field], a.Values[k.Field], b.Values[k.Field])
			}
			if k.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

func compareValues(f feature.Field, a, b feature.Value) int {
	behind := func(v feature.Value) int {
		switch {
		case v.IsNull():
			return 2
		case math.IsNaN(v.Float()):
			return 1
		}
		return 0
	}
	if c := cmp.Compare(behind(a), behind(b)); c != 0 || behind(a) > 0 {
		return c
	}
	switch f.Type {
	case feature.String:
		return slices.Compare([]rune(a.Text()), []rune(b.Text()))
	case feature.Real:
		return cmp.Compare(a.Float(), b.Float())
	case feature.DateField, feature.DateTimeField:
		return cmp.Compare(a.Instant(), b.Instant())
	case feature.TimeField:
		return cmp.Compare(a.Micros(), b.Micros())
	}
	return cmp.Compare(a.Int(), b.Int())
}
