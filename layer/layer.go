package layer

import (
	"context"
	"fmt"
	"io/fs"
	"iter"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

// Layer is a table of features. It holds no cursor and no filter, so it can be iterated any number of times.
//
// A Layer belongs to its dataset and, like that, to one goroutine at a time.
type Layer interface {
	// Name returns the layer's name within its dataset.
	Name() string
	// Schema describes the layer's features. It is shared: clone it before changing it.
	Schema() *feature.Schema
	// Features yields exactly the rows that satisfy q, in FID order unless q says otherwise. The *Feature is reused: it
	// is valid until the next step. It always has the layout of Schema; what q leaves out is unset or nil. An error
	// comes once, as (nil, err), and ends the sequence; it is never mistaken for the end. Breaking out of the loop
	// releases everything. A context that is done ends the sequence with its error, before the first row, in the midst,
	// and of a layer without rows.
	Features(ctx context.Context, q Query) iter.Seq2[*feature.Feature, error]
}

// Writer appends features to a layer.
type Writer interface {
	// Schema describes the features that Write takes. It is what the store made of the schema that was asked for: names
	// may have been laundered and types widened, but the order and number of columns stay.
	Schema() *feature.Schema
	// Write appends f, keeps no reference to it, and sets f.FID where the store assigns it. An error that matches
	// *RejectedError concerns f alone, and the Writer goes on; after any other the Writer is of no more use but to be
	// closed.
	Write(f *feature.Feature) error
	// Commit makes all that was written durable. Nothing is before it returns nil.
	Commit() error
	// Close gives up what was not committed, as far as it can be rolled back, and releases everything. After Commit it
	// does nothing, so "defer w.Close()" is right.
	Close() error
}

// RejectedError says that a store refused one feature and holds all others still. Copy with a Skip passes over it.
type RejectedError struct {
	FID int64 // the feature's FID in its source, or feature.NullFID
	Err error
}

// Error returns the cause's message; it names the feature itself where it can.
func (e *RejectedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RejectedError) Unwrap() error { return e.Err }

// Counter is a layer that knows better than by iterating how many features satisfy a query.
type Counter interface {
	// Count returns the number of features that Features would yield for q, its offset and limit reckoned in. ok is false
	// when it would have to iterate.
	Count(ctx context.Context, q Query) (n int64, ok bool, err error)
}

// Count returns how many features l has for q, its offset and limit reckoned in: by Counter, or else by iterating.
func Count(ctx context.Context, l Layer, q Query) (int64, error) {
	if n, ok, err := FastCount(ctx, l, q); ok || err != nil {
		return n, err
	}
	q.Columns, q.NoGeometry, q.OrderBy = []string{}, true, nil // nobody looks at more than the filter does
	var n int64
	for _, err := range l.Features(ctx, q) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// FastCount returns the count if the layer knows it without iterating.
func FastCount(ctx context.Context, l Layer, q Query) (n int64, ok bool, err error) {
	if c, is := l.(Counter); is {
		return c.Count(ctx, q)
	}
	return 0, false, nil
}

// Extenter is a layer that knows better than by iterating where its features are.
type Extenter interface {
	// Extent returns the bounds of geometry column geom. ok is false when it would have to iterate. Bounds that are not
	// empty may be larger than they need to be where the store says only so much.
	Extent(ctx context.Context, geom int) (b feature.Bounds, ok bool, err error)
}

// Extent returns the bounds of all geometries in geometry column geom of l: by Extenter, or else by iterating. They are
// empty where there is none.
func Extent(ctx context.Context, l Layer, geom int) (feature.Bounds, error) {
	if n := len(l.Schema().Geoms); geom < 0 || geom >= n {
		return feature.EmptyBounds(), fmt.Errorf("extent: the layer has %d geometry columns and no number %d", n, geom)
	}
	if e, is := l.(Extenter); is {
		if b, ok, err := e.Extent(ctx, geom); ok || err != nil {
			return b, err
		}
	}
	b := feature.EmptyBounds()
	for f, err := range l.Features(ctx, Query{Columns: []string{}}) {
		if err != nil {
			return b, err
		}
		if g := f.Geoms[geom]; g != nil {
			gb, err := g.Bounds()
			if err != nil {
				return b, fmt.Errorf("feature %d: %w", f.FID, err)
			}
			b = b.Union(gb)
		}
	}
	return b, nil
}

// Getter is a layer that finds a feature by its FID.
type Getter interface {
	// Get returns the feature, the caller's to keep. An FID that the layer does not have gives an error that matches
	// fs.ErrNotExist.
	Get(ctx context.Context, fid int64) (*feature.Feature, error)
}

// Get returns the feature of l with the given FID: by Getter, or else by iterating. The error for an FID that is not
// there matches fs.ErrNotExist.
func Get(ctx context.Context, l Layer, fid int64) (*feature.Feature, error) {
	if g, is := l.(Getter); is {
		return g.Get(ctx, fid)
	}
	for f, err := range l.Features(ctx, Query{Where: filter.FID().Eq(fid)}) {
		if err != nil {
			return nil, err
		}
		return f.Clone(), nil
	}
	return nil, fmt.Errorf("feature %d: %w", fid, fs.ErrNotExist)
}

// Updater is a layer whose features can be changed in place. Every call is a transaction of its own.
type Updater interface {
	// SetFeature replaces the feature that has f's FID. Unset values leave the column as it is. An FID that the layer
	// does not have gives an error that matches fs.ErrNotExist.
	SetFeature(ctx context.Context, f *feature.Feature) error
	// DeleteFeature removes a feature, with the same error.
	DeleteFeature(ctx context.Context, fid int64) error
}

// SchemaEditor is a layer whose fields can be changed.
type SchemaEditor interface {
	// CreateField adds a field, which is null (or its default) in every feature.
	CreateField(ctx context.Context, f feature.Field) error
	// DeleteField removes a field. An unknown name gives an error that matches fs.ErrNotExist.
	DeleteField(ctx context.Context, name string) error
	// RenameField gives a field another name, with the same error.
	RenameField(ctx context.Context, from, to string) error
}

// Progresser is a layer that knows how far an iteration has come, for sources that cannot be counted beforehand.
type Progresser interface {
	// Progress returns how many bytes of the source the iteration that is under way has passed, and how many there are.
	// It may be called from another goroutine.
	Progress() (done, total int64)
}
