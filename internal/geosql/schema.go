package geosql

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

// column is a column of the result.
type column struct {
	name    string // in the result, unique
	kind    columnKind
	index   int  // among the schema's fields or geometry columns
	guessed bool // from the first rows

	origin    Origin
	hasOrigin bool
	seen      sample
	buf       []byte // of a number that is printed
}

type columnKind uint8

const (
	isField columnKind = iota
	isGeom
	isFID
)

// sample is what the first rows have in a column.
type sample struct {
	rows, ints, reals, texts, blobs int
	notGeom                         bool // some blob is no geometry
	geomType                        feature.GeomType
	srs                             int32
	mixedSRS                        bool
	misfit                          bool // with the type of the origin
	rising                          bool // integers, each greater than the one before
	last                            int64
}

// describe makes the schema.
func (l *Layer) describe(ctx context.Context) error {
	s, err := l.prepare(ctx)
	if err != nil {
		return err
	}
	defer s.Finalize()
	l.cols = make([]column, s.Columns())
	taken := make(map[string]bool)
	fid, known := -1, true
	for i := range l.cols {
		c := &l.cols[i]
		c.name = uniqueName(s.Name(i), i, taken)
		c.seen.rising = true
		if table, name := s.Origin(i); name != "" {
			c.origin, c.hasOrigin = l.src.Origin(table, name, s.DeclType(i))
		}
		known = known && c.hasOrigin
		// OGR takes a column that is a table's FID for the FID whatever its name, and any integer called FID or OGC_FID.
		// It does not ask whether the numbers are unique, or in what order they come.
		if fid < 0 && (c.origin.FID || !c.hasOrigin && (strings.EqualFold(c.name, "fid") || strings.EqualFold(c.name, "ogc_fid"))) {
			fid = i
		}
	}
	if !known || fid >= 0 {
		if err := l.sample(s); err != nil {
			return err
		}
	}
	l.schema = &feature.Schema{}
	for i := range l.cols {
		c := &l.cols[i]
		if i == fid && c.seen.rising {
			c.kind = isFID
			l.schema.FIDColumn = c.name
			continue
		}
		l.add(c)
	}
	return nil
}

// sample looks at the first page of rows, and keeps them if they are all.
func (l *Layer) sample(s *sqlite.Stmt) error {
	kept := &keptRows{columns: len(l.cols)}
	for range layer.PageSize {
		ok, err := s.Step()
		if err != nil {
			return err
		}
		if !ok {
			l.kept = kept
			return nil
		}
		if kept != nil && !kept.add(s) {
			kept = nil
		}
		for i := range l.cols {
			l.cols[i].look(s, i)
		}
	}
	return nil // there may be more
}

// look notes what the row has in column i.
func (c *column) look(s row, i int) {
	p := &c.seen
	p.rows++
	switch s.Type(i) {
	case sqlite.Integer:
		p.ints++
		n := s.Int(i)
		p.rising = p.rising && (p.rows == 1 || n > p.last)
		p.last = n
	case sqlite.Float:
		p.reals++
		p.rising = false
	case sqlite.Text:
		p.texts++
		p.rising = false
	case sqlite.Blob:
		p.blobs++
		p.rising = false
		if !c.hasOrigin {
			c.lookAtBlob(s.Bytes(i))
		}
	default:
		p.rising = false
	}
	if c.origin.Field != nil && !p.misfit {
		f := plainField(*c.origin.Field, c.name)
		_, err := c.value(s, i, &f)
		p.misfit = err != nil
	}
}

// lookAtBlob notes whether a blob is a geometry, and of which type.
func (c *column) lookAtBlob(b []byte) {
	p := &c.seen
	if p.notGeom {
		return
	}
	h, err := gpb.Parse(b)
	if err != nil {
		p.notGeom = true
		return
	}
	w := feature.WKB(b[h.Size:])
	t, err := w.Type()
	if err != nil || w.Check() != nil {
		p.notGeom = true
		return
	}
	if p.blobs == 1 {
		p.geomType, p.srs = t, h.SRSID
		return
	}
	if t != p.geomType {
		p.geomType = feature.Geometry
	}
	p.mixedSRS = p.mixedSRS || h.SRSID != p.srs
}

// add adds the column to the schema.
func (l *Layer) add(c *column) {
	if g := c.origin.Geom; g != nil {
		field := *g
		field.Name, field.NotNull = c.name, false
		l.addGeom(c, field)
		return
	}
	p := &c.seen
	if !c.hasOrigin && p.blobs > 0 && !p.notGeom && p.ints+p.reals+p.texts == 0 {
		c.guessed = true
		field := feature.GeomField{Name: c.name, Type: p.geomType}
		if !p.mixedSRS {
			field.SRS = l.src.SRS(p.srs)
		}
		l.addGeom(c, field)
		return
	}
	f := feature.Field{Name: c.name}
	switch {
	case c.origin.Field != nil && !p.misfit:
		f = plainField(*c.origin.Field, c.name)
	case c.origin.FID, p.ints > 0 && p.reals+p.texts+p.blobs == 0:
		f.Type = feature.Integer64
	case p.reals > 0 && p.texts+p.blobs == 0:
		f.Type = feature.Real
	case p.blobs > 0:
		f.Type = feature.Binary
	}
	c.kind, c.index = isField, len(l.schema.Fields)
	l.schema.Fields = append(l.schema.Fields, f)
}

func (l *Layer) addGeom(c *column, g feature.GeomField) {
	c.kind, c.index = isGeom, len(l.schema.Geoms)
	l.schema.Geoms = append(l.schema.Geoms, g)
}

// plainField is a table's field in a result, where it may be null, come twice, and has no default. Lists are JSON in SQL.
func plainField(f feature.Field, name string) feature.Field {
	f.Name, f.NotNull, f.Unique, f.Default = name, false, false, ""
	if f.Type >= feature.IntegerList {
		f.Type, f.Subtype, f.Width, f.Precision = feature.String, feature.JSONText, 0, 0
	}
	return f
}

// uniqueName returns the name of column i, counted up where another column has it. OGR lets two fields have the same name,
// and most formats do not.
func uniqueName(name string, i int, taken map[string]bool) string {
	if name == "" {
		name = "column_" + strconv.Itoa(i+1)
	}
	base := name
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = base + "_" + strconv.Itoa(n)
	}
	taken[strings.ToLower(name)] = true
	return name
}

// exactFloat tells whether a float64 holds n.
func exactFloat(n int64) bool {
	f := float64(n)
	return f < -math.MinInt64 && int64(f) == n
}
