package geosql

import (
	"errors"
	"fmt"
	"math"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/sfgeom"
	"github.com/ogrcarto/ogrcarto/internal/gpb"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
)

// BoxFunctions are the functions of two geometries that are true only where the bounds of both have a point in common.
var BoxFunctions = []string{"ST_Intersects", "ST_Within", "ST_Contains", "MbrIntersects"}

// Register makes the functions known to the connection.
func Register(c *sqlite.Conn) error {
	s := &session{}
	type fn struct {
		name string
		args int
		f    sqlite.Func
	}
	var fns []fn
	add := func(name string, f sqlite.Func, args ...int) {
		for _, n := range args {
			fns = append(fns, fn{name, n, f})
		}
	}
	add("ST_AsText", s.asText, 1)
	add("ST_GeomFromText", s.geomFromText, 1, 2)
	add("ST_Point", s.point, 2, 3)
	add("ST_MakeEnvelope", s.makeEnvelope, 4, 5)
	add("ST_MinX", ordinate(func(b feature.Bounds) float64 { return b.MinX }), 1)
	add("ST_MaxX", ordinate(func(b feature.Bounds) float64 { return b.MaxX }), 1)
	add("ST_MinY", ordinate(func(b feature.Bounds) float64 { return b.MinY }), 1)
	add("ST_MaxY", ordinate(func(b feature.Bounds) float64 { return b.MaxY }), 1)
	add("ST_IsEmpty", isEmpty, 1)
	add("ST_GeometryType", s.geometryType, 1)
	add("ST_SRID", srid, 1)
	add("ST_Area", s.measure("ST_Area", func(g geom.Geometry) (float64, bool) { return g.Area(), true }), 1)
	add("ST_Length", s.measure("ST_Length", func(g geom.Geometry) (float64, bool) { return g.Length(), true }), 1)
	add("ST_X", s.measure("ST_X", pointOrdinate(func(c geom.Coordinates) float64 { return c.X })), 1)
	add("ST_Y", s.measure("ST_Y", pointOrdinate(func(c geom.Coordinates) float64 { return c.Y })), 1)
	add("ST_Centroid", s.centroid, 1)
	add("ST_Distance", s.distance, 2)
	add("MbrIntersects", mbrIntersects, 2)
	add("ST_Intersects", s.predicate(&predicate{
		name: "ST_Intersects", boxes: feature.Bounds.Intersects,
		plain:     func(a, b geom.Geometry) (bool, error) { return geom.Intersects(a, b), nil },
		preparedA: geom.PreparedGeometry.Intersects, preparedB: geom.PreparedGeometry.Intersects,
	}), 2)
	add("ST_Within", s.predicate(&predicate{
		name: "ST_Within", boxes: func(a, b feature.Bounds) bool { return b.Contains(a) },
		plain:     func(a, b geom.Geometry) (bool, error) { return contains(b, a) },
		preparedB: geom.PreparedGeometry.Contains,
	}), 2)
	add("ST_Contains", s.predicate(&predicate{
		name: "ST_Contains", boxes: feature.Bounds.Contains,
		plain: contains, preparedA: geom.PreparedGeometry.Contains,
	}), 2)
	for _, f := range fns {
		if err := c.CreateFunction(f.name, f.args, f.f); err != nil {
			return err
		}
	}
	return nil
}

// contains tells whether a contains b. What the library does with two geometries that are not prepared is wrong for some
// that touch a multipolygon where its parts touch each other; prepared ones it judges right, but for collections.
func contains(a, b geom.Geometry) (bool, error) {
	if !isPolygonal(a) || b.IsGeometryCollection() {
		return geom.Contains(a, b)
	}
	p, err := geom.Prepare(a)
	if err != nil {
		return false, err
	}
	return p.Contains(b)
}

func isPolygonal(g geom.Geometry) bool { return g.IsPolygon() || g.IsMultiPolygon() }

// session is what the functions of a connection share.
type session struct {
	memo memo
	buf  []byte
	text []byte
}

// blob returns an argument that is a geometry blob, and its header.
func blob(call *sqlite.Call, i int) ([]byte, gpb.Header, bool) {
	b, ok := call.Blob(i)
	if !ok {
		return nil, gpb.Header{}, false
	}
	h, err := gpb.Parse(b)
	return b, h, err == nil
}

// bounds returns the bounds of an argument; ok is false when it is no geometry.
func bounds(call *sqlite.Call, i int) (blobBytes []byte, box feature.Bounds, ok bool) {
	b, h, ok := blob(call, i)
	if !ok {
		return nil, box, false
	}
	box, err := h.Bounds(b)
	return b, box, err == nil
}

func ordinate(get func(feature.Bounds) float64) sqlite.Func {
	return func(call *sqlite.Call) {
		if _, box, ok := bounds(call, 0); ok && !box.IsEmpty() {
			call.ReturnFloat(get(box))
		}
	}
}

func isEmpty(call *sqlite.Call) {
	if _, box, ok := bounds(call, 0); ok {
		call.ReturnBool(box.IsEmpty())
	}
}

func srid(call *sqlite.Call) {
	if _, h, ok := blob(call, 0); ok {
		call.ReturnInt(int64(h.SRSID))
	}
}

func mbrIntersects(call *sqlite.Call) {
	_, a, ok := bounds(call, 0)
	if _, b, ok2 := bounds(call, 1); ok && ok2 {
		call.ReturnBool(a.Intersects(b))
	}
}

func (s *session) asText(call *sqlite.Call) {
	b, h, ok := blob(call, 0)
	if !ok {
		return
	}
	text, err := feature.AppendWKT(s.text[:0], feature.WKB(b[h.Size:]))
	s.text = text
	if err == nil {
		call.ReturnText(text)
	}
}

func (s *session) geometryType(call *sqlite.Call) {
	b, h, ok := blob(call, 0)
	if !ok {
		return
	}
	if t, err := feature.WKB(b[h.Size:]).Type(); err == nil {
		s.text = append(s.text[:0], t.Name()...)
		call.ReturnText(s.text)
	}
}

func (s *session) geomFromText(call *sqlite.Call) {
	text, ok := call.Text(0)
	id, idOK := sridArg(call, 1)
	if !ok || !idOK {
		return
	}
	w, err := sfgeom.ParseWKT(string(text))
	if err != nil {
		call.ReturnError(fmt.Errorf("ST_GeomFromText: %w", err))
		return
	}
	s.returnGeometry(call, w, id)
}

func (s *session) point(call *sqlite.Call) {
	x, ok := call.Number(0)
	y, ok2 := call.Number(1)
	id, ok3 := sridArg(call, 2)
	if ok && ok2 && ok3 {
		var w [21]byte
		s.returnGeometry(call, feature.AppendPoint(w[:0], x, y), id)
	}
}

func (s *session) makeEnvelope(call *sqlite.Call) {
	var v [4]float64
	for i := range v {
		f, ok := call.Number(i)
		if !ok {
			return
		}
		v[i] = f
	}
	if id, ok := sridArg(call, 4); ok {
		s.returnGeometry(call, feature.AppendBounds(nil, feature.Bounds{
			MinX: min(v[0], v[2]), MinY: min(v[1], v[3]), MaxX: max(v[0], v[2]), MaxY: max(v[1], v[3]),
		}), id)
	}
}

// sridArg returns an SRID that may be left out; ok is false when it is none.
func sridArg(call *sqlite.Call, i int) (id int32, ok bool) {
	if i >= call.Len() {
		return 0, true
	}
	if call.Type(i) != sqlite.Integer {
		return 0, false
	}
	n := call.Int(i)
	return int32(n), n >= math.MinInt32 && n <= math.MaxInt32
}

// returnGeometry makes w the result.
func (s *session) returnGeometry(call *sqlite.Call, w feature.WKB, id int32) {
	box, err := w.Bounds()
	if err != nil {
		call.ReturnError(err)
		return
	}
	t, _ := w.Type()
	s.buf = gpb.Append(s.buf[:0], w, id, box, t.Base() == feature.Point)
	call.ReturnBlob(s.buf, nil)
}

// measure returns a function that computes a number from a geometry; ok is false for null.
func (s *session) measure(name string, f func(geom.Geometry) (v float64, ok bool)) sqlite.Func {
	return func(call *sqlite.Call) {
		b, h, ok := blob(call, 0)
		if !ok {
			return
		}
		err := try(func() error {
			g, err := sfgeom.Decode(feature.WKB(b[h.Size:]))
			if err != nil {
				return err
			}
			if v, ok := f(g); ok {
				call.ReturnFloat(v)
			}
			return nil
		})
		failed(call, name, err)
	}
}

func pointOrdinate(get func(geom.Coordinates) float64) func(geom.Geometry) (float64, bool) {
	return func(g geom.Geometry) (float64, bool) {
		p, ok := g.AsPoint()
		if !ok {
			return 0, false
		}
		c, ok := p.Coordinates()
		return get(c), ok
	}
}

func (s *session) centroid(call *sqlite.Call) {
	b, h, ok := blob(call, 0)
	if !ok {
		return
	}
	err := try(func() error {
		g, err := sfgeom.Decode(feature.WKB(b[h.Size:]))
		if err != nil {
			return err
		}
		if xy, ok := g.Centroid().XY(); ok {
			var w [21]byte
			s.returnGeometry(call, feature.AppendPoint(w[:0], xy.X, xy.Y), h.SRSID)
		}
		return nil
	})
	failed(call, "ST_Centroid", err)
}

func (s *session) distance(call *sqlite.Call) {
	a, _, okA := blob(call, 0)
	b, _, okB := blob(call, 1)
	if !okA || !okB {
		return
	}
	err := try(func() error {
		ga, err := s.memo.get(a)
		if err != nil {
			return err
		}
		gb, err := s.memo.get(b)
		if err != nil {
			return err
		}
		if d, ok := geom.Distance(ga.geom, gb.geom); ok {
			call.ReturnFloat(d)
		}
		return nil
	})
	failed(call, "ST_Distance", err)
}

// predicate is a relation of two geometries.
type predicate struct {
	name  string
	boxes func(a, b feature.Bounds) bool // must hold of the bounds
	plain func(a, b geom.Geometry) (bool, error)
	// What a prepared geometry is asked about the other one, where it is the first or the second; nil where that is of no use.
	preparedA, preparedB func(geom.PreparedGeometry, geom.Geometry) (bool, error)
}

func (s *session) predicate(p *predicate) sqlite.Func {
	return func(call *sqlite.Call) {
		a, boxA, okA := bounds(call, 0)
		b, boxB, okB := bounds(call, 1)
		switch {
		case !okA || !okB:
			return
		case !p.boxes(boxA, boxB):
			call.ReturnBool(false)
			return
		}
		err := try(func() error {
			holds, err := s.holds(p, a, b)
			if err == nil {
				call.ReturnBool(holds)
			}
			return err
		})
		failed(call, p.name, err)
	}
}

func (s *session) holds(p *predicate, a, b []byte) (bool, error) {
	ga, err := s.memo.get(a)
	if err != nil {
		return false, err
	}
	gb, err := s.memo.get(b)
	if err != nil {
		return false, err
	}
	// The one that comes up again and again is prepared.
	one, other, ask := gb, ga, p.preparedB
	if ga.hits > gb.hits {
		one, other, ask = ga, gb, p.preparedA
	}
	if ask != nil {
		if prep, ok := one.prepare(); ok {
			if holds, err := ask(prep, other.geom); err == nil {
				return holds, nil
			}
		}
	}
	return p.plain(ga.geom, gb.geom)
}

// failed makes an error the statement's, unless it says that a blob is no geometry: that is null.
func failed(call *sqlite.Call, name string, err error) {
	if err != nil && !errors.Is(err, feature.ErrWKB) {
		call.ReturnError(fmt.Errorf("%s: %w", name, err))
	}
}

// try turns a panic of the geometry library into an error. Geometries from files are not valid always.
func try(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the geometry cannot be computed with: %v", p)
		}
	}()
	return f()
}
