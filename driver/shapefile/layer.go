package shapefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// shpLayer is one Shapefile: a .shp with what belongs to it, or a .dbf alone.
type shpLayer struct {
	ds     *dataset
	parts  parts
	prefix string // of warnings: formats that begin with it are counted apart
	schema *feature.Schema
	header fileHeader // of the .shp
	hasM   bool       // the layer's type has M
	dbf    *dbfFile   // nil without a .dbf
	enc    *textEncoding
	column []int // the field of the .dbf that each field of the schema is

	shp, shx, dbfBlob blob // nil where there is none, or while closed
	isOpen            bool
	users             int // iterations under way

	scan     bool // the .shx is not used
	shxCount int64
	index    scanIndex
	deleted  int64 // rows that are marked as deleted; -1 until counted

	getter *rowReader // for Get
	passed atomic.Int64
	bytes  int64 // of the .shp, or of the .dbf without one
}

var (
	_ layer.Layer      = (*shpLayer)(nil)
	_ layer.Counter    = (*shpLayer)(nil)
	_ layer.Extenter   = (*shpLayer)(nil)
	_ layer.Getter     = (*shpLayer)(nil)
	_ layer.Explainer  = (*shpLayer)(nil)
	_ layer.Progresser = (*shpLayer)(nil)
)

// openLayer opens the files and reads their headers.
func openLayer(ds *dataset, p parts) (*shpLayer, error) {
	l := &shpLayer{ds: ds, parts: p, schema: &feature.Schema{}, deleted: -1}
	l.prefix = strings.ReplaceAll(p.name, "%", "%%") + ": "
	l.index.total = -1
	if err := l.acquire(); err != nil {
		return nil, err
	}
	err := l.readHeaders()
	l.release()
	if err != nil {
		l.closeFiles()
		return nil, err
	}
	return l, nil
}

func (l *shpLayer) readHeaders() error {
	var err error
	if l.dbfBlob != nil {
		l.bytes = l.dbfBlob.Size()
		if l.dbf, err = readDBF(l.dbfBlob); err != nil {
			return fmt.Errorf("%s: %w", l.parts.dbf, err)
		}
		if l.enc, err = l.findEncoding(); err != nil {
			return err
		}
		l.makeFields()
	}
	if l.shp == nil {
		return nil
	}
	l.bytes = l.shp.Size()
	if l.header, err = readFileHeader(l.shp); err != nil {
		return fmt.Errorf("%s: %w", l.parts.shp, err)
	}
	if _, err = layerType(l.header.typ, false, l.ds.opt.multi); err != nil {
		return fmt.Errorf("%s: %w", l.parts.shp, err)
	}
	if err = l.useIndex(); err != nil {
		return err
	}
	if l.hasM, err = l.findMeasures(); err != nil {
		return err
	}
	t, _ := layerType(l.header.typ, l.hasM, l.ds.opt.multi)
	l.schema.Geoms = []feature.GeomField{{Type: t, SRS: l.readSRS()}}
	l.compareCounts()
	return nil
}

// compareCounts warns where the .shp and the .dbf have another number of records. The .shp's counts.
func (l *shpLayer) compareCounts() {
	n, ok := l.knownCount()
	if l.dbf == nil || !ok {
		return
	}
	switch {
	case l.dbf.n > n:
		l.warn("the .dbf has %s records and the .shp %s: those without a shape are left out", commas(l.dbf.n), commas(n))
	case l.dbf.n < n:
		l.warn("the .dbf has %s records and the .shp %s: the fields of the others are null", commas(l.dbf.n), commas(n))
	}
}

// makeFields makes the schema's fields of the .dbf's: names decoded and unique.
func (l *shpLayer) makeFields() {
	taken := make(map[string]bool)
	for i := range l.dbf.fields {
		f := &l.dbf.fields[i]
		var name []byte
		if raw := []byte(f.name); plainASCII(raw) && l.enc.ascii {
			name = raw
		} else {
			var ok bool
			if name, ok = l.enc.decode(nil, raw); !ok {
				l.warn("the name of field %d is not %s: %q", i+1, l.enc.name, raw)
			}
		}
		c := &f.column
		c.Name = uniqueField(taken, string(trimBlanks(name)), i)
		if !f.stays {
			l.warn("field %s is left out: it is the system's own (type %q)", c.Name, f.typ)
			continue
		}
		switch {
		case f.unknown:
			l.warn("field %s is null: its type %q of %d bytes is unsupported", c.Name, f.typ, f.width)
		case f.wide:
			l.warn("field %s is read as a real, of 15 to 17 digits: its %d digits are more than an integer has",
				c.Name, f.width)
		}
		if int64(f.off+f.width) > l.dbf.recLen {
			l.warn("field %s is null: it lies behind the record's %d bytes", c.Name, l.dbf.recLen)
		}
		l.schema.Fields = append(l.schema.Fields, *c)
		l.column = append(l.column, i)
	}
}

// uniqueField gives a field a name that no other has.
func uniqueField(taken map[string]bool, name string, i int) string {
	if name == "" {
		name = fmt.Sprintf("field_%d", i+1)
	}
	unique := name
	for n := 1; taken[unique]; n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	taken[unique] = true
	return unique
}

// findMeasures tells whether the layer's type has M: what OGR calls ADJUST_GEOM_TYPE.
func (l *shpLayer) findMeasures() (bool, error) {
	t := l.header.typ
	if !t.mayHaveM() {
		return false, nil
	}
	if l.ds.opt.adjust == adjustNo {
		return true, nil
	}
	r := newRecordReader(l)
	d := shapeDecoder{typ: t, warn: func(string, ...any) {}}
	for {
		s, err := r.next()
		var bad *recordError
		switch {
		case err == io.EOF:
			return false, nil
		case errors.As(err, &bad):
			continue
		case err != nil:
			return false, err
		}
		content, err := r.content(s)
		if err != nil {
			return false, err
		}
		d.droppedM = false
		b, err := d.append(nil, content)
		switch {
		case err != nil || len(b) == 0: // says nothing: the next one may
		case d.droppedM:
			return true, nil
		case l.ds.opt.adjust == adjustFirst:
			return false, nil
		}
	}
}

// maxOpen is how many layers keep their files open while nobody iterates over them.
const maxOpen = 32

// acquire opens the files unless they are open, and keeps them so until release.
func (l *shpLayer) acquire() error {
	if l.ds.closed {
		return fs.ErrClosed
	}
	l.users++
	if l.isOpen {
		return nil
	}
	l.isOpen = true
	l.ds.open++
	for _, f := range []struct {
		name string
		to   *blob
	}{{l.parts.shp, &l.shp}, {l.parts.shx, &l.shx}, {l.parts.dbf, &l.dbfBlob}} {
		if f.name == "" {
			continue
		}
		b, err := l.ds.set.open(f.name)
		if err != nil {
			l.users--
			l.closeFiles()
			return fmt.Errorf("%s: %w", f.name, pathCause(err))
		}
		*f.to = b
	}
	return nil
}

func (l *shpLayer) release() {
	l.users--
	if l.users == 0 && l.ds.open > maxOpen {
		l.closeFiles()
	}
}

func (l *shpLayer) closeFiles() {
	if !l.isOpen {
		return
	}
	l.isOpen = false
	l.ds.open--
	for _, b := range []*blob{&l.shp, &l.shx, &l.dbfBlob} {
		if *b != nil {
			(*b).close()
			*b = nil
		}
	}
	l.getter = nil
}

// warn notes a warning, once for each layer.
func (l *shpLayer) warn(format string, args ...any) { l.ds.Warn(l.prefix+format, args...) }

// Name returns the base name of the files.
func (l *shpLayer) Name() string { return l.parts.name }

// Schema describes the features.
func (l *shpLayer) Schema() *feature.Schema { return l.schema }

// knownCount returns the number of records, deleted ones included, if no scan is needed for it.
func (l *shpLayer) knownCount() (int64, bool) {
	switch {
	case l.parts.shp == "":
		return l.dbf.there, true
	case !l.scan:
		return l.shxCount, true
	}
	return l.index.total, l.index.total >= 0
}

// Count returns the number of rows: without a filter that is the number of records less those that are deleted.
func (l *shpLayer) Count(ctx context.Context, q layer.Query) (int64, bool, error) {
	if q.HasFilter() {
		return 0, false, nil
	}
	if _, err := q.Plan(l.schema); err != nil {
		return 0, false, l.ds.wrap("count", l.parts.name, err)
	}
	n, ok, err := l.count(ctx)
	if err != nil || !ok {
		return 0, false, l.ds.wrap("count", l.parts.name, err)
	}
	n = max(0, n-max(0, q.Offset))
	if q.Limit > 0 {
		n = min(n, q.Limit)
	}
	return n, true, nil
}

func (l *shpLayer) count(ctx context.Context) (int64, bool, error) {
	if err := l.acquire(); err != nil {
		return 0, false, err
	}
	defer l.release()
	n, ok := l.knownCount()
	if !ok {
		r := newRecordReader(l)
		for i := 1; ; i++ {
			_, err := r.next()
			if err == io.EOF {
				break
			}
			var bad *recordError
			if err != nil && !errors.As(err, &bad) {
				return 0, false, err
			}
			if i%checkEvery == 0 && ctx.Err() != nil {
				return 0, false, context.Cause(ctx)
			}
		}
		n = r.k
	}
	if l.index.holes || l.dbf != nil && l.dbf.there < min(n, l.dbf.n) || l.parts.shp == "" && l.dbf.there < l.dbf.n {
		return 0, false, nil // rows are lost or broken: only an iteration knows how many there are
	}
	if l.deleted < 0 && l.dbf != nil {
		w := newWindow(l.dbfBlob)
		var deleted int64
		for k := range min(n, l.dbf.there) {
			off, _ := l.dbf.record(k)
			b, err := w.at(off, 1)
			if err != nil {
				return 0, false, err
			}
			if b[0] == dbfDeleted {
				deleted++
			}
			if k%checkEvery == 0 && ctx.Err() != nil {
				return 0, false, context.Cause(ctx)
			}
		}
		l.deleted = deleted
	}
	return n - max(0, l.deleted), true, nil
}

// Extent returns the bounds in the .shp's header. Where it has none, or all zeros, it would have to iterate.
func (l *shpLayer) Extent(ctx context.Context, geom int) (feature.Bounds, bool, error) {
	if geom != 0 || l.parts.shp == "" {
		return feature.EmptyBounds(), false, l.ds.wrap("extent", l.parts.name,
			fmt.Errorf("geometry column %d of %d", geom, len(l.schema.Geoms)))
	}
	if n, ok := l.knownCount(); ok && n == 0 {
		return feature.EmptyBounds(), true, nil
	}
	b := l.header.box
	if b.IsEmpty() || b == (feature.Bounds{}) || b.MinX < noData || b.MinY < noData || b.MaxX > -noData || b.MaxY > -noData {
		return feature.EmptyBounds(), false, ctx.Err()
	}
	return b, true, nil
}

// Progress returns how many bytes of the .shp, or of the .dbf where there is no .shp, the last iteration has passed.
func (l *shpLayer) Progress() (done, total int64) {
	return l.passed.Load(), l.bytes
}
