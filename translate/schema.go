package translate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// plan says what of a source's schema goes into the target's layer, and where from.
type plan struct {
	schema *feature.Schema // what a new layer is asked to be
	fields []int           // for each of its fields, the source's
	geoms  []int           // for each of its geometry columns, the source's
}

// plan chooses the fields and geometry columns, and gives these their types.
func (o *Options) plan(src *feature.Schema) (plan, error) {
	keep := make([]bool, len(src.Fields))
	for _, name := range o.Select {
		i := src.FieldIndex(name)
		if i < 0 {
			return plan{}, layer.UnknownField(src, name)
		}
		keep[i] = true
	}
	p := plan{schema: &feature.Schema{FIDColumn: src.FIDColumn}, fields: []int{}, geoms: []int{}}
	for i, f := range src.Fields {
		if o.Select == nil || keep[i] {
			p.schema.Fields = append(p.schema.Fields, f)
			p.fields = append(p.fields, i)
		}
	}
	if o.NoGeometry {
		return p, nil
	}
	for i, g := range src.Geoms {
		g.Type = o.geomType(g.Type)
		if o.AssignSRS != nil {
			g.SRS = *o.AssignSRS
		}
		p.schema.Geoms = append(p.schema.Geoms, g)
		p.geoms = append(p.geoms, i)
	}
	return p, nil
}

// geomType returns the type that a column of type t is to have in the target.
func (o *Options) geomType(t feature.GeomType) feature.GeomType {
	if o.GeomType != nil {
		from := t
		if t = *o.GeomType; !t.HasZ() && !t.HasM() {
			t = t.WithDims(from.HasZ(), from.HasM())
		}
	}
	if o.PromoteToMulti {
		t = t.Multi()
	}
	return o.Dims.of(t)
}

// of returns t with the dimensions.
func (d Dims) of(t feature.GeomType) feature.GeomType {
	if d == DimsKept {
		return t
	}
	return t.WithDims(d == XYZ || d == XYZM, d == XYM || d == XYZM)
}

// FieldsError says that fields of the source have no place in an existing layer of the target.
type FieldsError struct {
	Missing []string // fields that the target does not have
	Other   []string // fields of a type that does not go into the target's, with both types
}

// Error lists the fields.
func (e *FieldsError) Error() string {
	var parts []string
	if len(e.Missing) > 0 {
		parts = append(parts, "the target has no field "+strings.Join(e.Missing, ", "))
	}
	if len(e.Other) > 0 {
		parts = append(parts, strings.Join(e.Other, ", "))
	}
	return strings.Join(parts, "; ")
}

// appendTo turns the plan, which is for a new layer, into one for the layer with the schema dst.
func (p plan) appendTo(dst *feature.Schema) (plan, error) {
	to := plan{schema: dst, fields: make([]int, len(dst.Fields)), geoms: make([]int, len(dst.Geoms))}
	for i := range to.fields {
		to.fields[i] = -1
	}
	for i := range to.geoms {
		to.geoms[i] = -1
	}
	var wrong FieldsError
	for i, f := range p.schema.Fields {
		j := dst.FieldIndex(f.Name)
		if j < 0 {
			wrong.Missing = append(wrong.Missing, f.Name)
			continue
		}
		if to.fields[j] >= 0 {
			return to, fmt.Errorf("two fields of the source are called %s, and the target has one", dst.Fields[j].Name)
		}
		if !fits(f, dst.Fields[j]) {
			wrong.Other = append(wrong.Other, fmt.Sprintf("field %s is %s in the source and %s in the target", f.Name,
				f.TypeName(), dst.Fields[j].TypeName()))
		}
		to.fields[j] = p.fields[i]
	}
	if wrong.Missing != nil || wrong.Other != nil {
		return to, &wrong
	}
	for i, g := range p.schema.Geoms {
		j := dst.GeomIndex(g.Name)
		if j < 0 || to.geoms[j] >= 0 {
			j = i // a single column is the same column whatever it is called
		}
		switch {
		case len(dst.Geoms) == 0:
			return to, errors.New("the target has no geometry, and the source has")
		case j >= len(dst.Geoms) || to.geoms[j] >= 0:
			return to, fmt.Errorf("the target has %d geometry columns and the source %d", len(dst.Geoms), len(p.schema.Geoms))
		}
		if t := dst.Geoms[j].SRS; g.SRS.Authority != "" && t.Authority != "" && !g.SRS.Equal(t) {
			return to, fmt.Errorf("the source is in %s and the target in %s: coordinates are not transformed", g.SRS, t)
		}
		to.geoms[j] = p.geoms[i]
	}
	return to, nil
}

// fits tells whether every value of field f can stand in field g.
func fits(f, g feature.Field) bool {
	if g.Subtype == feature.Boolean && f.Subtype != feature.Boolean {
		return false
	}
	switch {
	case f.Type == g.Type:
		return true
	case f.Type == feature.Integer:
		return g.Type == feature.Integer64 || g.Type == feature.Real
	case f.Type == feature.Integer64:
		// A DBF field of ten digits is Integer64 and may be appended to what was Integer: a value that is too wide is
		// the target's to reject.
		return g.Type == feature.Integer
	case f.Type == feature.IntegerList:
		return g.Type == feature.Integer64List
	}
	return false
}

// columns returns the names of the source's fields that the plan needs, or nil for all.
func (p plan) columns(src *feature.Schema) []string {
	names := make([]string, 0, len(src.Fields))
	for i, f := range src.Fields {
		if slices.Contains(p.fields, i) {
			names = append(names, f.Name)
		}
	}
	if len(names) == len(src.Fields) {
		return nil
	}
	return names
}
