package sqlbuilder

import (
	"strconv"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer/filter"
)

var spatialNames = map[filter.Op]string{
	filter.Intersects: "ST_Intersects", filter.Within: "ST_Within", filter.Contains: "ST_Contains",
}

// spatial writes a predicate of a geometry column and a constant. PostGIS cannot be asked about collections of several
// dimensions: GEOS overlooks the points of one that has lines. Their parts are asked about, or the program judges them,
// which is only said where too many rows may come.
func (p *postgres) spatial(n *filter.Node, mayBeMore bool) bool {
	column, constant := n.Args[0], n.Args[1]
	if column.Op == filter.Literal {
		column, constant = constant, column
	}
	if column.Op != filter.GeomValue || constant.Op != filter.Literal || constant.WKB == nil {
		return false
	}
	c := p.t.geom(column.Geom)
	columnType := p.t.Schema.Geoms[column.Geom].Type.Base()
	t, err := constant.WKB.Type()
	if err != nil || !c.isGeometry() || !isSimple(t) || !isSimple(columnType) && columnType != feature.Geometry &&
		columnType != feature.GeometryCollection {
		return false
	}
	name := p.t.Schema.Geoms[column.Geom].Name
	placeholder := ""
	predicate := func(g func()) {
		w := func() {
			if placeholder != "" {
				p.write(placeholder)
				return
			}
			start := len(p.sql)
			p.geometry(constant.WKB, c.SRID)
			if !p.d.literals { // it can be said again
				placeholder = string(p.sql[start:])
			}
		}
		first, second := g, w
		if n.Args[0].Op == filter.Literal {
			first, second = w, g
		}
		p.write(spatialNames[n.Op], "(")
		first()
		p.write(", ")
		second()
		p.write(")")
	}
	all := func() { p.ident(name) }
	if isSimple(columnType) {
		predicate(all)
		return true
	}
	box, err := constant.WKB.Bounds()
	if err != nil || n.Op != filter.Intersects && !mayBeMore {
		return false
	}
	p.write("(")
	if box.IsEmpty() {
		p.ident(name)
		p.write(" IS NULL AND NULL)")
		return true
	}
	p.envelope(column.Geom, box) // no index is used for what stands in CASE
	p.write(" AND CASE WHEN ST_GeometryType(")
	p.ident(name)
	p.write(") = 'ST_GeometryCollection' THEN ")
	if n.Op == filter.Intersects {
		p.write("EXISTS (SELECT 1 FROM ST_Dump(")
		p.ident(name)
		p.write(") AS part WHERE ")
		predicate(func() { p.write("part.geom") })
		p.write(")")
	} else {
		p.write("TRUE")
		p.more = true
	}
	p.write(" ELSE ")
	predicate(all)
	p.write(" END)")
	return true
}

// isSimple tells whether geometries of the type are judged alike by PostGIS and the program. Where a column takes any type,
// curves and surfaces, of which the program cannot judge, are left to PostGIS.
func isSimple(t feature.GeomType) bool {
	return t.Base() >= feature.Point && t.Base() <= feature.MultiPolygon
}

// geometry adds a constant geometry.
func (b *builder) geometry(w feature.WKB, srid int32) {
	b.write("ST_GeomFromWKB(")
	b.bytes(w)
	b.write(", ", strconv.Itoa(int(srid)), ")")
}

// postgresBox adds the condition that a geometry's bounds have a point in common with the box. The operator && compares
// in float32, rounded outwards, and uses the index; the bounds that the functions have are exact.
func (r *renderer) postgresBox(geom int, box feature.Bounds) (exact, ok bool) {
	if !r.t.geom(geom).isGeometry() || r.err != nil {
		return false, false
	}
	r.and()
	if box.IsEmpty() {
		r.write("FALSE")
		return true, true
	}
	name := r.t.Schema.Geoms[geom].Name
	r.envelope(geom, box)
	for _, c := range [...]struct {
		f, op string
		v     float64
	}{
		{"ST_XMin", " <= ", box.MaxX},
		{"ST_XMax", " >= ", box.MinX},
		{"ST_YMin", " <= ", box.MaxY},
		{"ST_YMax", " >= ", box.MinY},
	} {
		r.write(" AND ", c.f, "(")
		r.ident(name)
		r.write(")", c.op)
		r.float(c.v)
	}
	return true, true
}

// envelope adds the condition on the index.
func (r *renderer) envelope(geom int, box feature.Bounds) {
	r.ident(r.t.Schema.Geoms[geom].Name)
	r.write(" && ST_MakeEnvelope(")
	for _, v := range [...]float64{box.MinX, box.MinY, box.MaxX, box.MaxY} {
		r.float(v)
		r.write(", ")
	}
	r.write(strconv.Itoa(int(r.t.geom(geom).SRID)), ")")
}

// indexBox asks the index for geometries that may have something in common with the box.
func (r *renderer) indexBox(geom int, box feature.Bounds) {
	if !r.t.geom(geom).isGeometry() {
		return
	}
	r.and()
	if box.IsEmpty() {
		r.write("FALSE")
		return
	}
	r.envelope(geom, box)
}
