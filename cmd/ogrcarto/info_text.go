package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
)

// infoText prints layers in full, as ogrinfo does.
func (p *program) infoText(ctx context.Context, in info, list []described) error {
	w := bufio.NewWriterSize(p.stdout, 64<<10)
	for i, l := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if len(in.filter.fids.list) == 0 {
			printLayer(w, l)
		}
		pr := newFeaturePrinter(l, in.geom)
		for f, err := range in.rows(ctx, l) {
			if err == nil {
				err = pr.print(w, f)
			}
			if err != nil {
				return errors.Join(err, w.Flush())
			}
		}
	}
	return w.Flush()
}

// printLayer prints what ogrinfo -so says of a layer.
func printLayer(w *bufio.Writer, l described) {
	s := l.schema
	fmt.Fprintf(w, "Layer name: %s\n", l.layer.Name())
	// With several geometry columns, each line says which it is about.
	of := func(i int) string {
		if len(s.Geoms) == 1 {
			return ""
		}
		return " (" + s.Geoms[i].Name + ")"
	}
	if len(s.Geoms) == 0 {
		fmt.Fprintln(w, "Geometry: None")
	}
	for i, g := range s.Geoms {
		fmt.Fprintf(w, "Geometry%s: %s\n", of(i), g.Type.OGRName())
	}
	fmt.Fprintf(w, "Feature Count: %d\n", l.count)
	for i, b := range l.extents {
		if !b.IsEmpty() {
			fmt.Fprintf(w, "Extent%s: %s\n", of(i), b)
		}
	}
	for i, g := range s.Geoms {
		system := g.SRS.String()
		if g.SRS.Name != "" && g.SRS.Name != system {
			system += " - " + g.SRS.Name
		}
		fmt.Fprintf(w, "Layer SRS%s: %s\n", of(i), system)
		wkt := "(unknown)"
		if g.SRS.WKT != "" {
			wkt = indentWKT(g.SRS.WKT)
		}
		fmt.Fprintf(w, "Layer SRS WKT%s:\n%s\n", of(i), wkt)
	}
	if s.FIDColumn != "" {
		fmt.Fprintf(w, "FID Column = %s\n", s.FIDColumn)
	}
	for i, g := range s.Geoms {
		if len(s.Geoms) == 1 && g.Name == "" && !g.NotNull {
			break
		}
		fmt.Fprint(w, "Geometry Column ")
		if len(s.Geoms) > 1 {
			fmt.Fprintf(w, "%d ", i+1)
		}
		if g.NotNull {
			fmt.Fprint(w, "NOT NULL ")
		}
		fmt.Fprintf(w, "= %s\n", g.Name)
	}
	for _, f := range s.Fields {
		fmt.Fprintf(w, "%s: %s (%d.%d)", f.Name, f.TypeName(), f.Width, f.Precision)
		if f.Unique {
			fmt.Fprint(w, " UNIQUE")
		}
		if f.NotNull {
			fmt.Fprint(w, " NOT NULL")
		}
		if f.Default != "" {
			fmt.Fprintf(w, " DEFAULT %s", f.Default)
		}
		if f.Alias != "" {
			fmt.Fprintf(w, ", alternative name=%q", f.Alias)
		}
		if f.Comment != "" {
			fmt.Fprintf(w, ", comment=%s", f.Comment)
		}
		fmt.Fprintln(w)
	}
}

// indentWKT puts each part of a definition that has parts of its own on a line, as far in as it is deep.
func indentWKT(wkt string) string {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(wkt); i++ {
		c := wkt[i]
		b.WriteByte(c)
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			depth--
		case c == ',' && opensPart(wkt[i+1:]):
			b.WriteByte('\n')
			for range depth {
				b.WriteString("    ")
			}
			for i+1 < len(wkt) && (wkt[i+1] == ' ' || wkt[i+1] == '\n' || wkt[i+1] == '\r' || wkt[i+1] == '\t') {
				i++
			}
		}
	}
	return b.String()
}

// opensPart tells whether the text begins with a keyword and a bracket.
func opensPart(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '[' || c == '(':
			return i > 0
		case c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return false
}

// featurePrinter prints the features of a layer as ogrinfo does.
type featurePrinter struct {
	name   string
	schema *feature.Schema
	heads  []string // "  field (Type) = "
	geom   geomFlag
	buf    []byte
}

func newFeaturePrinter(l described, geom geomFlag) *featurePrinter {
	p := &featurePrinter{name: l.layer.Name(), schema: l.schema, geom: geom}
	for _, f := range l.schema.Fields {
		p.heads = append(p.heads, "  "+f.Name+" ("+f.TypeName()+") = ")
	}
	return p
}

func (p *featurePrinter) print(w *bufio.Writer, f *feature.Feature) error {
	b := fmt.Appendf(p.buf[:0], "OGRFeature(%s):%d\n", p.name, f.FID)
	for i, v := range f.Values {
		if !v.IsUnset() {
			b = append(appendValue(append(b, p.heads[i]...), v, &p.schema.Fields[i]), '\n')
		}
	}
	for i, g := range f.Geoms {
		if g == nil || p.geom == "no" {
			continue
		}
		b = append(b, "  "...)
		if len(f.Geoms) > 1 {
			b = append(append(b, p.schema.Geoms[i].Name...), " = "...)
		}
		print := feature.AppendWKT
		if p.geom == "summary" {
			print = feature.AppendSummary
		}
		var err error
		if b, err = print(b, g); err != nil {
			return fmt.Errorf("layer %s: feature %d: %w", p.name, f.FID, err)
		}
		b = append(b, '\n')
	}
	p.buf = append(b, '\n')
	_, err := w.Write(p.buf)
	return err
}

// appendValue prints a value as OGR does for its field: a real with the digits that the field declares.
func appendValue(b []byte, v feature.Value, f *feature.Field) []byte {
	if x := v.Float(); v.Kind() == feature.KindFloat && !math.IsNaN(x) && !math.IsInf(x, 0) {
		switch {
		case f.Width > 0:
			return strconv.AppendFloat(b, x, 'f', f.Precision, 64)
		case f.Subtype == feature.Float32:
			return strconv.AppendFloat(b, x, 'g', -1, 32)
		}
	}
	return v.AppendString(b)
}
