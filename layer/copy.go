package layer

import (
	"context"
	"errors"
	"fmt"

	"github.com/ogrcarto/ogrcarto/feature"
)

// CopyOptions says how Copy copies. The zero value copies all of the source, field by field in order.
type CopyOptions struct {
	// Query says what to read of the source. Copy sets its OnBadRow when Skip is set; another is called by the goroutine
	// that reads.
	Query Query
	// Fields has, for each field of the target, the index of the source's field, or -1 for none. Nil is one to one.
	Fields []int
	// Geoms has the same for the geometry columns.
	Geoms []int
	// Convert turns each geometry into the type of its target column as feature.AppendAs does: a polygon into a
	// multipolygon of one. What cannot be turned is rejected.
	Convert bool
	// PreserveFID asks the target to keep the source's FIDs. Otherwise it assigns new ones.
	PreserveFID bool
	// Skip is told of each feature that could not be read or was rejected by the target, with the FID where it is known
	// (else feature.NullFID), and the copy goes on. It is called by the goroutine that called Copy. Nil: the first one ends
	// the copy.
	Skip func(fid int64, err error)
	// PageRows and PageBytes bound a page: it is full when it has reached either. 0 is PageSize rows and 4 MiB.
	PageRows, PageBytes int
	// Progress is called after each page that was written, by the goroutine that called Copy.
	Progress func(Progress)
}

// Progress says how far a copy has come.
type Progress struct {
	Rows int64 // written so far
	// Bytes of the source that were read, and their total; both 0 where the source does not tell.
	Bytes, TotalBytes int64
}

// CopyStats says what a copy did.
type CopyStats struct {
	Rows    int64 // written
	Skipped int64 // could not be read or were rejected
}

const defaultPageBytes = 4 << 20

// pagesInFlight is how many pages go round between the reader and the writer: one that is being filled, one that is
// being emptied, and one between them, so that neither waits for a hiccup of the other.
const pagesInFlight = 3

type page struct {
	rows feature.Batch
	bad  []error // rows that could not be read, met while the page was filled
}

// Copy reads features from src and writes them to dst: one goroutine reads pages, the calling one writes them, and a few
// pages are all that is held in memory. It does not commit; that is the caller's, who may have more to write. When it
// returns, nothing of it goes on.
//
// An error of the source ends the copy after what was read before it has been written; an error of the target ends it at
// once. A done context ends it with the context's error, at the latest when a page has been written.
func Copy(ctx context.Context, dst Writer, src Layer, o CopyOptions) (CopyStats, error) {
	c, err := newCopier(dst, src, o)
	if err != nil {
		return CopyStats{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // also when a callback panics: the reader must not wait forever
	full := make(chan *page, pagesInFlight)
	free := make(chan *page, pagesInFlight)
	for range pagesInFlight {
		free <- new(page)
	}
	var readErr error // written before full is closed, read after
	go func() {
		defer close(full)
		readErr = c.read(ctx, full, free)
	}()
	var writeErr error
	for p := range full {
		if writeErr == nil {
			if writeErr = c.write(ctx, p); writeErr != nil {
				cancel()
			}
		}
		free <- p
	}
	switch {
	case writeErr != nil:
		return c.stats, writeErr
	case readErr != nil:
		return c.stats, readErr
	}
	return c.stats, nil
}

type copier struct {
	dst   Writer
	src   Layer
	o     CopyOptions
	stats CopyStats

	types []feature.GeomType // of the target's geometry columns, where Convert is set
	in    feature.Feature    // a row of the page
	out   feature.Feature    // what is written
	wkb   [][]byte           // converted geometries, by target column
}

func newCopier(dst Writer, src Layer, o CopyOptions) (*copier, error) {
	if o.PageRows <= 0 {
		o.PageRows = PageSize
	}
	if o.PageBytes <= 0 {
		o.PageBytes = defaultPageBytes
	}
	c := &copier{dst: dst, src: src, o: o}
	to, from := dst.Schema(), src.Schema()
	if err := checkMapping("field", o.Fields, len(to.Fields), len(from.Fields)); err != nil {
		return nil, err
	}
	if err := checkMapping("geometry column", o.Geoms, len(to.Geoms), len(from.Geoms)); err != nil {
		return nil, err
	}
	c.out.Reset(to)
	if o.Convert {
		c.wkb = make([][]byte, len(to.Geoms))
		for _, g := range to.Geoms {
			c.types = append(c.types, g.Type)
		}
	}
	return c, nil
}

func checkMapping(what string, m []int, to, from int) error {
	if m == nil {
		if to != from {
			return fmt.Errorf("copy: the target has %d %ss and the source %d", to, what, from)
		}
		return nil
	}
	if len(m) != to {
		return fmt.Errorf("copy: %d %ss are mapped and the target has %d", len(m), what, to)
	}
	for _, i := range m {
		if i < -1 || i >= from {
			return fmt.Errorf("copy: %s %d is mapped and the source has %d", what, i, from)
		}
	}
	return nil
}

// read fills free pages and sends them on. Sending never blocks: there are no more pages than places.
func (c *copier) read(ctx context.Context, full chan<- *page, free <-chan *page) error {
	var p *page
	next := func() bool {
		select {
		case p = <-free:
			p.rows.Reset()
			clear(p.bad)
			p.bad = p.bad[:0]
			return true
		case <-ctx.Done():
			p = nil
			return false
		}
	}
	if !next() {
		return ctx.Err()
	}
	q := c.o.Query
	if c.o.Skip != nil {
		q.OnBadRow = func(err error) {
			if p == nil { // the context is done, and the source is about to notice
				return
			}
			// Nothing but bad rows must not fill the memory either.
			if p.bad = append(p.bad, err); len(p.bad) >= c.o.PageRows {
				full <- p
				next()
			}
		}
	}
	for f, err := range c.src.Features(ctx, q) {
		if p == nil {
			return ctx.Err()
		}
		if err != nil {
			full <- p
			return err
		}
		p.rows.Append(f)
		if p.rows.Len() >= c.o.PageRows || p.rows.Size() >= c.o.PageBytes {
			full <- p
			if !next() {
				return ctx.Err()
			}
		}
	}
	if p == nil {
		return ctx.Err()
	}
	full <- p
	return nil
}

// write empties a page into the target.
func (c *copier) write(ctx context.Context, p *page) error {
	for _, err := range p.bad {
		c.skip(feature.NullFID, err)
	}
	for i := range p.rows.Len() {
		p.rows.Row(i, &c.in)
		err := c.writeRow()
		if err == nil {
			c.stats.Rows++
			continue
		}
		var rejected *RejectedError
		if c.o.Skip == nil || !errors.As(err, &rejected) {
			return err
		}
		c.skip(c.in.FID, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.o.Progress != nil {
		pr := Progress{Rows: c.stats.Rows}
		if s, ok := c.src.(Progresser); ok {
			pr.Bytes, pr.TotalBytes = s.Progress()
		}
		c.o.Progress(pr)
	}
	return nil
}

func (c *copier) skip(fid int64, err error) {
	c.stats.Skipped++
	var rejected *RejectedError
	if errors.As(err, &rejected) && fid == feature.NullFID {
		fid = rejected.FID
	}
	c.o.Skip(fid, err)
}

func (c *copier) writeRow() error {
	in, out := &c.in, &c.out
	out.FID = feature.NullFID
	if c.o.PreserveFID {
		out.FID = in.FID
	}
	for i := range out.Values {
		if from := mapped(c.o.Fields, i); from >= 0 {
			out.Values[i] = in.Values[from]
		}
	}
	for i := range out.Geoms {
		from := mapped(c.o.Geoms, i)
		if from < 0 {
			continue
		}
		g := in.Geoms[from]
		if c.types != nil && g != nil {
			if t, err := g.Type(); err != nil || !c.types[i].Holds(t) {
				c.wkb[i], err = feature.AppendAs(c.wkb[i][:0], g, c.types[i])
				if err != nil {
					return &RejectedError{FID: in.FID, Err: fmt.Errorf("feature %d: %w", in.FID, err)}
				}
				g = c.wkb[i]
			}
		}
		out.Geoms[i] = g
	}
	return c.dst.Write(out)
}

func mapped(m []int, i int) int {
	if m == nil {
		return i
	}
	return m[i]
}
