package carto

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/carto/internal/api"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

var _ driver.SQLer = (*Dataset)(nil)

// resultName is the name of the layer that a statement's result is.
const resultName = "SELECT"

// Query returns the result of one statement that only reads, in the server's SQL, as a layer. The statement runs anew for each
// iteration. A column cartodb_id is the FID; otherwise rows are numbered from 0.
func (d *Dataset) Query(ctx context.Context, sql string) (layer.Layer, error) {
	l, err := d.query(ctx, sql)
	if err != nil {
		return nil, d.wrap("query", "", err)
	}
	return l, nil
}

func (d *Dataset) query(ctx context.Context, sql string) (*result, error) {
	if d.closed {
		return nil, fs.ErrClosed
	}
	// A line break ends a comment that the statement may end with.
	sql = strings.TrimRight(strings.TrimSpace(sql), "; \n\t") + "\n"
	r, err := d.client.Query(ctx, "SELECT * FROM ("+sql+") AS q LIMIT 0", api.Repeat)
	if err != nil {
		return nil, err
	}
	t := d.newTable(resultName)
	t.describe(r.Fields)
	if err := d.findSRS(ctx, t, "("+sql+") AS q"); err != nil {
		return nil, err
	}
	return &result{Layer: Layer{ds: d, t: t}, sql: sql}, nil
}

// Exec is not supported by a dataset that is open for reading.
func (d *Dataset) Exec(context.Context, string) (int64, error) {
	return 0, d.wrap("execute", "", fmt.Errorf("the dataset is open for reading: %w", errors.ErrUnsupported))
}

// result is the result of a statement.
type result struct {
	Layer
	sql string
}

// Features runs the statement; filter, order and limit are the program's.
func (r *result) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		sel, err := r.selection(q)
		if err != nil {
			yield(nil, r.ds.wrap("read", resultName, err))
			return
		}
		r.iterate(ctx, sel, yield)
	}
}

// selection is the statement, and the whole query, for the program.
func (r *result) selection(q layer.Query) (*sqlbuilder.Selection, error) {
	p, err := q.Plan(r.t.Schema)
	if err != nil {
		return nil, err
	}
	return &sqlbuilder.Selection{Statement: sqlbuilder.Statement{SQL: r.sql}, Rest: p}, nil
}

// Count leaves counting to whoever iterates.
func (r *result) Count(context.Context, layer.Query) (int64, bool, error) { return 0, false, nil }

// Extent leaves the bounds to whoever iterates.
func (r *result) Extent(context.Context, int) (feature.Bounds, bool, error) {
	return feature.Bounds{}, false, nil
}

// Explain shows the statement.
func (r *result) Explain(_ context.Context, q layer.Query) (layer.Explanation, error) {
	sel, err := r.selection(q)
	if err != nil {
		return layer.Explanation{}, err
	}
	return layer.Explanation{SQL: r.sql, Residual: sel.Rest.Query.Where, ResidualBox: sel.Rest.Query.Box != nil, Sorted: len(q.OrderBy) > 0}, nil
}
