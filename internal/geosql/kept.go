package geosql

import (
	"context"
	"iter"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// row is a row of a result: a statement's present one, or one that was kept.
type row interface {
	Type(i int) sqlite.Type
	Int(i int) int64
	Float(i int) float64
	Bytes(i int) []byte
	TextBytes(i int) []byte // of a text or a number
}

// keepBytes bounds the memory of a result that is kept.
const keepBytes = 4 << 20

// keptRows is a whole result, read once: what was summed up over a million rows is not summed up again for each count,
// extent and iteration.
type keptRows struct {
	columns int
	values  []keptValue
	data    []byte
	at      int // the first value of the present row
}

type keptValue struct {
	class    sqlite.Type
	n        int64
	f        float64
	from, to int // of data: the text or blob, or the number as text
}

// add keeps the statement's row; it is false when there is no room for it.
func (k *keptRows) add(s *sqlite.Stmt) bool {
	for i := range k.columns {
		v := keptValue{class: s.Type(i), from: len(k.data)}
		switch v.class {
		case sqlite.Integer:
			v.n = s.Int(i)
			v.f = float64(v.n)
		case sqlite.Float:
			v.f = s.Float(i)
		}
		switch v.class {
		case sqlite.Blob:
			k.data = append(k.data, s.Bytes(i)...)
		case sqlite.Null:
		default:
			k.data = append(k.data, s.TextBytes(i)...)
		}
		v.to = len(k.data)
		k.values = append(k.values, v)
		if len(k.data) > keepBytes {
			return false
		}
	}
	return true
}

func (k *keptRows) value(i int) *keptValue { return &k.values[k.at+i] }

// Type returns the storage class of column i.
func (k *keptRows) Type(i int) sqlite.Type { return k.value(i).class }

// Int returns an integer.
func (k *keptRows) Int(i int) int64 { return k.value(i).n }

// Float returns a number as a real.
func (k *keptRows) Float(i int) float64 { return k.value(i).f }

// Bytes returns a text or blob, or a number as text.
func (k *keptRows) Bytes(i int) []byte {
	v := k.value(i)
	return k.data[v.from:v.to:v.to]
}

// TextBytes is Bytes.
func (k *keptRows) TextBytes(i int) []byte { return k.Bytes(i) }

// keptRows yields the rows that were kept.
func (l *Layer) keptRows(ctx context.Context, plan *layer.Plan) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(nil, l.src.Wrap(err))
			return
		}
		f := feature.New(l.schema)
		row := *l.kept // iterations may be nested
		for n := int64(0); row.at < len(row.values); n++ {
			if !l.yield(&row, n, f, plan, yield) {
				return
			}
			row.at += row.columns
		}
	}
}
