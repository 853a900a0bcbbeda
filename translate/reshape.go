package translate

import (
	"context"
	"fmt"
	"iter"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// reshape returns the layer with those geometries promoted, or given other dimensions, whose column says nothing of them: a
// column of type Geometry holds points and multipolygons, with and without Z, so that the target's type does not tell what
// to turn them into. Where every column has a type, layer.Copy does it by that, and the layer is returned as it is.
func (o *Options) reshape(l layer.Layer, geoms []int) layer.Layer {
	r := reshaped{Layer: l, promote: o.PromoteToMulti, dims: o.Dims}
	if o.GeomType != nil && o.Dims == DimsKept && *o.GeomType != feature.Geometry {
		r.keepsZ, r.keepsM = o.GeomType.HasZ(), o.GeomType.HasM()
		r.typed = o.GeomType.Base() != feature.Geometry
	}
	for _, from := range geoms {
		if from >= 0 && l.Schema().Geoms[from].Type == feature.Geometry {
			r.geoms = append(r.geoms, from)
		}
	}
	if r.geoms == nil || !r.promote && r.dims == DimsKept && !r.typed {
		return l
	}
	return &r
}

// reshaped is a layer whose geometries are changed on the way.
type reshaped struct {
	layer.Layer
	geoms   []int // the columns concerned
	promote bool
	dims    Dims
	// typed says that all go into one type that a user named without saying what is to become of Z and M beyond these.
	typed, keepsZ, keepsM bool
}

// Features yields the layer's features with their geometries changed.
func (r *reshaped) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		// The layer's own slices are left alone: it may go on to use them.
		var out feature.Feature
		bufs := make([][]byte, len(r.geoms))
		for f, err := range r.Layer.Features(ctx, q) {
			if err == nil {
				out.FID, out.Values = f.FID, f.Values
				out.Geoms = append(out.Geoms[:0], f.Geoms...)
				for i, column := range r.geoms {
					if g := f.Geoms[column]; g != nil && err == nil {
						bufs[i], err = r.change(bufs[i][:0], g)
						out.Geoms[column] = bufs[i]
					}
				}
				f = &out
				if err != nil {
					err = &layer.RejectedError{FID: out.FID, Err: fmt.Errorf("feature %d: %w", out.FID, err)}
					if q.OnBadRow != nil {
						q.OnBadRow(err)
						continue
					}
				}
			}
			if err != nil {
				f = nil
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

func (r *reshaped) change(dst []byte, g feature.WKB) ([]byte, error) {
	t, err := g.Type()
	if err != nil {
		return dst, err
	}
	if r.typed {
		if t.HasZ() && !r.keepsZ || t.HasM() && !r.keepsM {
			return dst, fmt.Errorf("a %s would lose %s: say which dimensions are wanted", t, lost(t, r.keepsZ, r.keepsM))
		}
		return append(dst, g...), nil
	}
	want := r.dims.of(t)
	if r.promote {
		want = want.Multi()
	}
	return feature.AppendAs(dst, g, want)
}

func lost(t feature.GeomType, keepsZ, keepsM bool) string {
	switch z, m := t.HasZ() && !keepsZ, t.HasM() && !keepsM; {
	case z && m:
		return "Z and M"
	case z:
		return "Z"
	}
	return "M"
}

// Progress is the layer's, if it has one.
func (r *reshaped) Progress() (done, total int64) {
	if p, ok := r.Layer.(layer.Progresser); ok {
		return p.Progress()
	}
	return 0, 0
}

var _ layer.Progresser = (*reshaped)(nil)
