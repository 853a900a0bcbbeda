package shapefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"slices"

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

	geom   bool             // the geometry is read
	box    *feature.Bounds  // the query's: geometries that do not meet it are passed over
	boxes  []feature.Bounds // records that do not meet all of them are passed over
	fields []int            // fields of the schema that are read of every record that is kept, in the end
	filter *rowFilter       // nil for none

	byTable bool    // the records are those of the .dbf, and the .shp is read only for those that its values let through
	k       int64   // the next record
	n       int64   // and how many there are, where no .shp is scanned
	last    int64   // the last record that the filter may keep
	list    []int64 // the records that are left of those that it may keep, where it says which
	listed  bool    // it does

	// textBuf holds the row's texts that had to be decoded.
	textBuf []byte
}

func (l *shpLayer) newRowReader(p *layer.Plan) *rowReader {
	r := &rowReader{l: l, geom: l.shp != nil && slices.Contains(p.ReadGeoms, true), last: math.MaxInt64, box: p.Query.Box}
	for _, b := range p.Boxes {
		r.boxes = append(r.boxes, b.Bounds)
	}
	early := make([]bool, len(p.Read)) // read for the filter
	if p.Filter != nil {
		r.filter = newRowFilter(p, early)
		fids := p.Filter.FIDs()
		r.k, r.last = max(0, fids.Min), fids.Max
		if fids.List != nil {
			from, _ := slices.BinarySearch(fids.List, 0) // there are no negative ones
			r.list, r.listed = fids.List[from:], true
		}
	}
	for i, read := range p.Read {
		if read && !early[i] {
			r.fields = append(r.fields, i)
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
	r.byTable = r.shapes == nil || !l.scan && r.filter != nil && r.filter.byAttributes
	return r
}

// Features yields the rows in the order of the records. A feature's FID is the number of its record, from 0.
//
// What the filter rejects is not read further than it takes to reject it: a record that is broken behind that goes
// unnoticed.
func (l *shpLayer) Features(ctx context.Context, q layer.Query) iter.Seq2[*feature.Feature, error] {
	return func(yield func(*feature.Feature, error) bool) {
		p, err := q.Plan(l.schema)
		if err == nil {
			err = l.acquire()
		}
		if err != nil {
			yield(nil, l.ds.wrap("read", l.parts.name, err))
			return
		}
		defer l.release()
		r := l.newRowReader(p)
		if !q.HasFilter() && len(q.OrderBy) == 0 {
			r.page(ctx, q, yield)
			return
		}
		rows := func(yield func(*feature.Feature, error) bool) {
			if err := r.begin(); err != nil {
				yield(nil, err)
				return
			}
			r.page(ctx, layer.Query{OnBadRow: q.OnBadRow}, yield)
		}
		p.Query.Box, p.Query.Where, p.Filter = nil, nil, nil // page has seen to them
		i := 0
		for f, err := range layer.Filter(rows, p) {
			if i++; i%checkEvery == 0 && err == nil && ctx.Err() != nil { // rows that were sorted do not come from page
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(nil, l.ds.wrap("read", l.parts.name, err))
				return
			}
			if !yield(f, nil) {
				return
			}
		}
	}
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
	case r.shapes != nil && !r.byTable:
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

// begin goes to the first record that the filter may keep.
func (r *rowReader) begin() error {
	if r.shapes == nil || r.byTable || r.k == 0 || r.listed {
		return nil
	}
	if err := r.shapes.seek(r.k); err != nil && err != io.EOF {
		return r.l.ds.wrap("read", r.l.parts.name, err)
	}
	return nil
}

// next reads the next record into r.f. ok is false for one that is deleted or rejected. The error is io.EOF at the end, and
// a *recordError for a record that others may follow.
func (r *rowReader) next() (ok bool, err error) {
	if r.listed {
		if len(r.list) == 0 {
			return false, io.EOF
		}
		r.k, r.list = r.list[0], r.list[1:]
		if !r.byTable {
			if err := r.shapes.seek(r.k); err != nil {
				return false, err
			}
			if r.shapes.k != r.k { // lost
				return false, nil
			}
		}
	}
	if r.k > r.last {
		return false, io.EOF
	}
	s := span{k: r.k, off: -1}
	switch {
	case !r.byTable:
		if s, err = r.shapes.next(); err != nil {
			r.k = r.shapes.k
			return false, err
		}
		if s.k > r.last {
			return false, io.EOF
		}
	case r.k >= r.n:
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

// row reads one record, the cheapest first: what the filter wants of the table, the box, the shape, and then what is left.
func (r *rowReader) row(s span) (ok bool, err error) {
	var rec []byte
	if d := r.l.dbf; d != nil {
		if off, there := d.record(s.k); there {
			n := d.recLen
			if len(r.fields) == 0 && r.filter == nil {
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
	r.textBuf = r.textBuf[:0]
	if r.filter != nil {
		r.read(r.filter.first, rec)
		if !r.filter.bound.MatchAttributes(f) {
			return false, nil
		}
	}
	if r.geom {
		if r.byTable {
			if s, err = r.shapes.find(s.k); err != nil {
				return false, err
			}
		}
		if ok, err := r.readShape(s); !ok || err != nil {
			return false, err
		}
	} else {
		clear(f.Geoms)
	}
	if r.filter != nil {
		r.read(r.filter.second, rec)
		if ok, err := r.filter.bound.MatchGeometry(f); !ok || err != nil {
			if err != nil {
				err = &recordError{s.k, s.off, err.Error(), err}
			}
			return false, err
		}
		for _, i := range r.filter.unread {
			f.Values[i] = feature.Value{}
		}
	} else if len(r.fields) < len(f.Values) {
		clear(f.Values)
	}
	r.read(r.fields, rec)
	return true, nil
}

// read reads fields of a row of the .dbf, or of none.
func (r *rowReader) read(fields []int, rec []byte) {
	for _, i := range fields {
		if rec == nil {
			r.f.Values[i] = feature.Null()
			continue
		}
		r.f.Values[i] = r.value(&r.l.dbf.fields[r.l.column[i]], rec)
	}
}

// lostRow is the error for a row that the .dbf's header announces and that is behind the end of the file.
func (l *shpLayer) lostRow(k, off int64) error {
	return &recordError{k: k, off: -1, text: fmt.Sprintf("its row of %s bytes begins at byte %s of the .dbf, which has %s bytes and announces %s rows",
		commas(l.dbf.recLen), commas(off), commas(l.dbfBlob.Size()), commas(l.dbf.n))}
}

// boxPrefix is as much of a record as recordBox looks at.
const boxPrefix = 36

// readShape decodes the shape. ok is false if it lies outside of a box.
func (r *rowReader) readShape(s span) (ok bool, err error) {
	if len(r.boxes) > 0 {
		head, err := r.shapes.prefix(s, boxPrefix)
		if err != nil {
			return false, fmt.Errorf("%s: %w", r.l.parts.shp, err)
		}
		if b, ok := recordBox(head); ok && !meetsAll(b, r.boxes) {
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
		return false, &recordError{k: s.k, off: s.off, text: err.Error()}
	}
	r.wkb = wkb
	r.f.Geoms[0] = wkb
	if len(wkb) == 0 {
		r.f.Geoms[0] = nil
	}
	if r.box != nil { // the record's own may be larger
		if r.f.Geoms[0] == nil {
			return false, nil
		}
		b, err := r.f.Geoms[0].Bounds()
		if err != nil {
			return false, &recordError{k: s.k, off: s.off, text: err.Error()}
		}
		return r.box.Intersects(b), nil
	}
	return true, nil
}

func meetsAll(b feature.Bounds, boxes []feature.Bounds) bool {
	for i := range boxes {
		if !boxes[i].Intersects(b) {
			return false
		}
	}
	return true
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
		p, err := (&layer.Query{}).Plan(l.schema)
		if err != nil {
			return nil, err
		}
		l.getter = l.newRowReader(p)
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
