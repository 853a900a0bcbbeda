package shapefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// checkEvery is how many rows pass between two looks at the context.
const checkEvery = 256

// errInterrupted marks what is no fault of the record that was being read.
var errInterrupted = errors.New("interrupted")

// rowReader is one iteration over a layer.
type rowReader struct {
	l      *shpLayer
	shapes *recordReader // nil where the .shp need not be read
	dbf    window
	shape  shapeDecoder
	enc    *textEncoding
	f      feature.Feature
	geoms  []feature.WKB // f's
	values []feature.Value
	wkb    []byte

	geom   bool            // the geometry is read
	box    *feature.Bounds // records that do not meet it are passed over
	fields []int           // fields of the schema that are read
	hide   []int           // of those, the ones that are only for the filter
	k      int64           // the next record, where no .shp is read
	n      int64           // and how many there are

	// textBuf holds the row's texts that had to be decoded.
	textBuf []byte
}

func (l *shpLayer) newRowReader(q layer.Query, sel layer.Select) *rowReader {
	r := &rowReader{l: l, geom: l.shp != nil && (sel.Geoms || q.HasFilter()), box: q.Box}
	for i := range l.schema.Fields {
		if sel.Fields[i] || q.Where != nil {
			r.fields = append(r.fields, i)
			if !sel.Fields[i] {
				r.hide = append(r.hide, i)
			}
		}
	}
	r.f.Reset(l.schema)
	r.geoms, r.values = r.f.Geoms, r.f.Values
	if l.shp != nil {
		// With an .shx the number of records is known without the .shp. Without one, only the .shp tells.
		if r.geom || l.scan {
			r.shapes = newRecordReader(l)
		}
		r.shape = shapeDecoder{typ: l.header.typ, hasM: l.hasM, multi: l.ds.opt.multi, warn: l.warn}
	}
	r.n, _ = l.knownCount()
	if l.dbf != nil {
		r.dbf = newWindow(l.dbfBlob)
		// A transformer has a state, and iterations may be nested.
		r.enc = l.enc.clone()
	}
	return r
}

// Features yields the rows in the order of the records. A feature's FID is the number of its record, from 0.
func (l *shpLayer) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		sel, err := q.Select(l.schema)
		if err == nil {
			err = l.acquire()
		}
		if err != nil {
			yield(nil, l.ds.wrap("read", l.parts.name, err))
			return
		}
		defer l.release()
		r := l.newRowReader(q, sel)
		if !q.HasFilter() {
			r.page(ctx, q, yield)
			return
		}
		q.OnBadRow = l.wrapBadRow(q.OnBadRow)
		rows := func(yield func(*feature.Feature, error) bool) { r.page(ctx, layer.Query{OnBadRow: q.OnBadRow}, yield) }
		for f, err := range layer.Filter(rows, q) {
			if err != nil {
				yield(nil, l.ds.wrap("read", l.parts.name, err))
				return
			}
			for _, i := range r.hide {
				f.Values[i] = feature.Value{}
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

// wrapBadRow makes what a filter says of a row an error of this driver.
func (l *shpLayer) wrapBadRow(onBadRow func(error)) func(error) {
	if onBadRow == nil {
		return nil
	}
	return func(err error) { onBadRow(l.ds.wrap("read", l.parts.name, err)) }
}

// page yields rows from q's offset to its limit.
func (r *rowReader) page(ctx context.Context, q layer.Query, yield func(*feature.Feature, error) bool) {
	r.shape.rings.interrupt = func() error {
		if ctx.Err() == nil {
			return nil
		}
		return fmt.Errorf("%w: %w", errInterrupted, context.Cause(ctx))
	}
	skip, left := q.Offset, q.Limit
	if skip > 0 && q.OnBadRow == nil {
		if err := r.skip(ctx, skip); err != nil {
			yield(nil, r.l.ds.wrap("read", r.l.parts.name, err))
			return
		}
		skip = 0
	}
	for i := 0; ; i++ {
		if i%checkEvery == 0 {
			r.progress()
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
		}
		ok, err := r.next()
		switch {
		case err == io.EOF:
			r.l.passed.Store(r.l.bytes)
			if ctx.Err() != nil { // whoever cancelled must not take these rows for all
				yield(nil, context.Cause(ctx))
			}
			return
		case err != nil:
			var bad *recordError
			isBad := errors.As(err, &bad)
			err = r.wrap(err, bad)
			if isBad && q.OnBadRow != nil {
				q.OnBadRow(err)
				continue
			}
			yield(nil, err)
			return
		case !ok:
			continue
		case skip > 0:
			skip--
			continue
		}
		if !yield(&r.f, nil) {
			return
		}
		if left > 0 {
			if left--; left == 0 {
				return
			}
		}
	}
}

// wrap names the file, and the feature where one is to blame.
func (r *rowReader) wrap(err error, bad *recordError) error {
	err = r.l.ds.wrap("read", r.l.parts.name, err)
	var de *driver.Error
	if bad != nil && errors.As(err, &de) {
		de.FID = bad.k
	}
	return err
}

func (r *rowReader) progress() {
	switch {
	case r.shapes != nil:
		r.l.passed.Store(min(max(0, r.shapes.pos), r.l.bytes))
	case r.l.dbf != nil && r.n > 0:
		r.l.passed.Store(r.l.bytes * r.k / r.n)
	}
}

// skip passes over n rows without decoding them.
func (r *rowReader) skip(ctx context.Context, n int64) error {
	total, known := r.l.knownCount()
	if known {
		n = min(n, total)
	}
	to := n
	if r.l.dbf != nil && r.l.deleted != 0 {
		to = 0
		for ; n > 0; to++ {
			off, ok := r.l.dbf.record(to)
			if !ok { // there are no more rows that may be deleted
				to += min(n, math.MaxInt64-to)
				break
			}
			flag, err := r.dbf.at(off, 1)
			if err != nil {
				return err
			}
			if flag[0] != dbfDeleted {
				n--
			}
			if to%checkEvery == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	r.k = to
	if r.shapes == nil {
		return nil
	}
	if err := r.shapes.seek(to); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// next reads the next record into r.f. ok is false for one that is deleted or outside the box. The error is io.EOF at the
// end, and a *recordError for a record that others may follow.
func (r *rowReader) next() (ok bool, err error) {
	s := span{k: r.k}
	if r.shapes != nil {
		if s, err = r.shapes.next(); err != nil {
			return false, err
		}
	} else if r.k >= r.n {
		if d := r.l.dbf; r.l.parts.shp == "" && d.there < d.n && r.k == d.there {
			off, _ := d.record(r.k)
			r.k++ // to say it once, whatever the header announces
			return false, r.l.lostRow(d.there, off)
		}
		return false, io.EOF
	}
	r.k = s.k + 1
	return r.row(s)
}

// row reads one record.
func (r *rowReader) row(s span) (ok bool, err error) {
	var rec []byte
	if d := r.l.dbf; d != nil {
		if off, there := d.record(s.k); there {
			n := d.recLen
			if len(r.fields) == 0 {
				n = 1
			}
			if rec, err = r.dbf.at(off, n); err != nil {
				return false, fmt.Errorf("%s: %w", r.l.parts.dbf, err)
			}
			if rec[0] == dbfDeleted {
				return false, nil
			}
		} else if s.k < d.n {
			return false, r.l.lostRow(s.k, off)
		}
	}
	// Whoever had the row before may have changed it.
	f := &r.f
	f.FID, f.Geoms, f.Values = s.k, r.geoms, r.values
	if !r.geom {
		clear(f.Geoms)
	}
	if len(r.fields) < len(f.Values) {
		clear(f.Values)
	}
	if r.geom {
		if ok, err := r.readShape(s); !ok || err != nil {
			return false, err
		}
	}
	r.textBuf = r.textBuf[:0]
	for _, i := range r.fields {
		if rec == nil {
			f.Values[i] = feature.Null()
			continue
		}
		f.Values[i] = r.value(&r.l.dbf.fields[r.l.column[i]], rec)
	}
	return true, nil
}

// lostRow is the error for a row that the .dbf's header announces and that is behind the end of the file.
func (l *shpLayer) lostRow(k, off int64) error {
	return &recordError{k, -1, fmt.Sprintf("its row of %s bytes begins at byte %s of the .dbf, which has %s bytes and announces %s rows",
		commas(l.dbf.recLen), commas(off), commas(l.dbfBlob.Size()), commas(l.dbf.n))}
}

// boxPrefix is as much of a record as recordBox looks at.
const boxPrefix = 36

// readShape decodes the shape. ok is false if it lies outside the box.
func (r *rowReader) readShape(s span) (ok bool, err error) {
	if r.box != nil {
		head, err := r.shapes.prefix(s, boxPrefix)
		if err != nil {
			return false, fmt.Errorf("%s: %w", r.l.parts.shp, err)
		}
		if b, ok := recordBox(head); ok && !r.box.Intersects(b) {
			return false, nil
		}
	}
	content, err := r.shapes.content(s)
	if err != nil {
		return false, fmt.Errorf("%s: %w", r.l.parts.shp, err)
	}
	wkb, err := r.shape.append(r.wkb[:0], content)
	if err != nil {
		if errors.Is(err, errInterrupted) {
			return false, err
		}
		return false, &recordError{s.k, s.off, err.Error()}
	}
	r.wkb = wkb
	r.f.Geoms[0] = wkb
	if len(wkb) == 0 {
		r.f.Geoms[0] = nil
	}
	return true, nil
}

// Get returns the feature of record fid.
func (l *shpLayer) Get(ctx context.Context, fid int64) (*feature.Feature, error) {
	f, err := l.get(ctx, fid)
	if err != nil {
		err = l.ds.wrap("read", l.parts.name, err)
		var de *driver.Error
		if errors.As(err, &de) {
			de.FID = fid
		}
		return nil, err
	}
	return f, nil
}

func (l *shpLayer) get(ctx context.Context, fid int64) (*feature.Feature, error) {
	if err := l.acquire(); err != nil {
		return nil, err
	}
	defer l.release()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if fid < 0 {
		return nil, fs.ErrNotExist
	}
	if l.getter == nil {
		q := layer.Query{}
		sel, _ := q.Select(l.schema) // asks for everything: there is no unknown name
		l.getter = l.newRowReader(q, sel)
	}
	r := l.getter
	r.k = fid
	if r.shapes != nil {
		if err := r.shapes.seek(fid); err != nil {
			if err == io.EOF {
				err = fs.ErrNotExist
			}
			return nil, err
		}
		if r.shapes.k != fid { // lost
			return nil, fs.ErrNotExist
		}
	}
	ok, err := r.next()
	if err == io.EOF || (err == nil && (!ok || r.f.FID != fid)) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return r.f.Clone(), nil
}
