package sqlapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs"
	"github.com/ogrcarto/ogrcarto/gpkg"
	"github.com/ogrcarto/ogrcarto/internal/pgcopy"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

// gpkgOutput writes a GeoPackage with one layer into a temporary folder, and sends it when it is complete. Its geometry is the
// column the_geom, or else the first geometry column; the_geom_webmercator is left out.
type gpkgOutput struct {
	answer *sqlAnswer
	dir    string
	file   string
	ds     driver.Dataset
	w      layer.Writer

	columnsOf []gpkgColumn // of the result, in its order
	schema    feature.Schema
	geom      int // the index of the geometry's column, -1 for none
	f         *feature.Feature
	hex, wkb  []byte
}

// gpkgColumn says what becomes of a column.
type gpkgColumn struct {
	field int // its index in the schema; -1 where it is the geometry or left out
	value func(text []byte) feature.Value
}

func (o *gpkgOutput) columns(cols []pgproto3.FieldDescription) error {
	if o.columnsOf != nil {
		return errOneResult(o.answer)
	}
	geometry, geography := o.answer.srv.types.numbers(o.answer.ctx, cols)
	o.geom = -1
	for i, c := range cols {
		if name := string(c.Name); (c.DataTypeOID == geometry || c.DataTypeOID == geography) && !o.answer.opts.skip[name] && name != webmercatorColumn &&
			(o.geom < 0 || name == geometryColumn) {
			o.geom = i
		}
	}
	used := map[string]bool{}
	if o.geom >= 0 {
		used[strings.ToLower(string(cols[o.geom].Name))] = true
	}
	unique := func(name string) string {
		for i := 0; ; i++ {
			n := name
			if i > 0 {
				n += "_" + strconv.Itoa(i)
			}
			if key := strings.ToLower(n); !used[key] {
				used[key] = true
				return n
			}
		}
	}
	o.columnsOf = make([]gpkgColumn, len(cols))
	for i, c := range cols {
		o.columnsOf[i].field = -1
		name := string(c.Name)
		if i == o.geom || name == webmercatorColumn || o.answer.opts.skip[name] {
			continue
		}
		f, value := gpkgField(c)
		f.Name = unique(name)
		o.columnsOf[i] = gpkgColumn{len(o.schema.Fields), value}
		o.schema.Fields = append(o.schema.Fields, f)
	}
	var err error
	if o.dir, err = os.MkdirTemp(o.answer.srv.cfg.TempDir, "ogrcarto-export-"); err != nil {
		return err
	}
	o.file = filepath.Join(o.dir, "export.gpkg")
	if o.geom >= 0 {
		o.addGeometry(cols[o.geom])
	}
	return nil
}

// addGeometry puts the geometry into the schema where the column's type says all; else the first geometry does.
func (o *gpkgOutput) addGeometry(c pgproto3.FieldDescription) {
	g := feature.GeomField{Name: string(c.Name), Type: feature.Geometry}
	if name, z, m, srid, ok := pgvalue.GeometryType(c.TypeModifier); ok {
		if t, err := feature.ParseGeomType(name); err == nil {
			g.Type = t.WithDims(z, m)
		}
		g.SRS = sridSystem(srid)
	}
	o.schema.Geoms = []feature.GeomField{g}
}

// sridSystem is the reference system of an SRID as PostGIS numbers them: EPSG's codes.
func sridSystem(srid int32) feature.SRS {
	if srid <= 0 {
		return feature.SRS{}
	}
	if s, ok := srs.EPSG(int(srid)); ok {
		return s
	}
	s, _ := srs.Lookup("ESRI", int(srid))
	return s
}

func (o *gpkgOutput) create(fid string) error {
	ctx := o.answer.ctx
	ds, err := gpkg.New().Open(ctx, o.file, driver.Create, nil)
	if err != nil {
		return err
	}
	o.ds = ds
	name := o.answer.opts.filename
	if name == "" {
		name = "cartodb_query"
	}
	if o.w, err = ds.Create(ctx, name, &o.schema, driver.Options{"FID": fid}); err != nil {
		return err
	}
	o.f = feature.New(o.w.Schema())
	return nil
}

// fidName returns a name for the column of FIDs that no field has.
func (o *gpkgOutput) fidName() string {
	for i := 0; ; i++ {
		name := "fid"
		if i > 0 {
			name += strconv.Itoa(i)
		}
		taken := slices.ContainsFunc(o.schema.Fields, func(f feature.Field) bool { return strings.EqualFold(f.Name, name) }) ||
			slices.ContainsFunc(o.schema.Geoms, func(g feature.GeomField) bool { return strings.EqualFold(g.Name, name) })
		if !taken {
			return name
		}
	}
}

func (o *gpkgOutput) row(dst []byte, values [][]byte) ([]byte, error) {
	var (
		g    feature.WKB
		srid int32
		err  error
	)
	if o.geom >= 0 && values[o.geom] != nil {
		if o.hex, err = pgvalue.DecodeHexEWKB(o.hex[:0], values[o.geom]); err == nil {
			o.wkb, srid, err = feature.FromEWKB(o.wkb[:0], o.hex)
			g = o.wkb
		}
		if err != nil {
			return dst, refuse(http.StatusBadRequest, "column %q: %v", o.schema.Geoms[0].Name, err)
		}
	}
	if o.w == nil {
		if o.geom >= 0 && o.schema.Geoms[0].SRS.IsZero() {
			o.schema.Geoms[0].SRS = sridSystem(srid)
		}
		if err := o.create(o.fidName()); err != nil {
			return dst, notFit(err)
		}
	}
	o.f.FID = feature.NullFID
	for i, v := range values {
		c := o.columnsOf[i]
		switch {
		case c.field < 0:
		case v == nil:
			o.f.Values[c.field] = feature.Null()
		default:
			o.f.Values[c.field] = c.value(v)
		}
	}
	if o.geom >= 0 {
		o.f.Geoms[0] = g
	}
	if err := o.w.Write(o.f); err != nil {
		return dst, notFit(err)
	}
	return dst, nil
}

// notFit tells of an error of the GeoPackage, without the name of the temporary file.
func notFit(err error) error {
	var de *driver.Error
	if errors.As(err, &de) && de.Err != nil {
		err = de.Err
	}
	return refuse(http.StatusBadRequest, "The rows do not fit into a GeoPackage: %v", err)
}

func (o *gpkgOutput) finish(dst []byte) ([]byte, error) {
	if o.columnsOf == nil {
		return dst, refuse(http.StatusBadRequest, "The format gpkg needs a statement that returns rows")
	}
	if o.w == nil {
		if err := o.create(o.fidName()); err != nil {
			return dst, notFit(err)
		}
	}
	if err := o.w.Commit(); err != nil {
		return dst, notFit(err)
	}
	ds := o.ds
	o.ds = nil
	if err := ds.Close(); err != nil {
		return dst, notFit(err)
	}
	f, err := os.Open(o.file)
	if err != nil {
		return dst, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return dst, err
	}
	resp := o.answer.resp
	resp.w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	resp.begin(http.StatusOK)
	for {
		dst = slices.Grow(dst[:0], flushSize)[:flushSize]
		n, err := io.ReadFull(f, dst)
		resp.buf = dst[:n]
		if sendErr := resp.send(); sendErr != nil {
			return dst[:0], sendErr
		}
		switch {
		case err == io.EOF, err == io.ErrUnexpectedEOF:
			return dst[:0], nil
		case err != nil:
			return dst[:0], err
		}
	}
}

func (o *gpkgOutput) fail(dst []byte, _ *answer) ([]byte, bool) { return dst, false }

func (o *gpkgOutput) close() {
	if o.w != nil {
		_ = o.w.Close()
	}
	if o.ds != nil {
		_ = driver.Discard(o.ds)
	}
	if o.dir != "" {
		_ = os.RemoveAll(o.dir)
	}
}

// gpkgField returns the field that a column becomes, and how the text of its values is read. What does not look as expected is null in
// a field that is not text: infinite dates, for one. Lists are text, as PostgreSQL writes them.
func gpkgField(c pgproto3.FieldDescription) (feature.Field, func([]byte) feature.Value) {
	parsed := func(parse func([]byte) (feature.Value, bool)) func([]byte) feature.Value {
		return func(b []byte) feature.Value {
			if v, ok := parse(b); ok {
				return v
			}
			return feature.Null()
		}
	}
	f, _, _ := pgcopy.DecoderOf(c.DataTypeOID, c.TypeModifier)
	switch {
	case f.Type == feature.Integer && f.Subtype == feature.Boolean:
		return f, func(b []byte) feature.Value { return feature.Bool(len(b) == 1 && b[0] == 't') }
	case f.Type == feature.Integer, f.Type == feature.Integer64:
		return f, parsed(func(b []byte) (feature.Value, bool) {
			n, err := strconv.ParseInt(string(b), 10, 64)
			return feature.Int(n), err == nil
		})
	case f.Type == feature.Real:
		return f, parsed(func(b []byte) (feature.Value, bool) {
			n, err := strconv.ParseFloat(string(b), 64)
			return feature.Float(n), err == nil || errors.Is(err, strconv.ErrRange)
		})
	case f.Type == feature.DateField:
		return f, parsed(feature.ParseDate)
	case f.Type == feature.DateTimeField:
		return f, parsed(feature.ParseDateTime)
	case f.Type == feature.String && f.Subtype == feature.JSONText:
		return f, feature.JSON
	case f.Type == feature.Binary:
		var buf []byte
		return f, parsed(func(b []byte) (feature.Value, bool) {
			digits, ok := bytes.CutPrefix(b, []byte(`\x`))
			if !ok {
				return feature.Value{}, false
			}
			var err error
			buf, err = pgvalue.DecodeHexEWKB(buf[:0], digits)
			return feature.Bytes(buf), err == nil
		})
	case f.Type == feature.String:
		return f, feature.TextBytes
	default:
		return feature.Field{Type: feature.String}, feature.TextBytes
	}
}
