package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/geojson"
	"github.com/ogrcarto/ogrcarto/feature/srs"
)

// The objects below have the names of ogrinfo -json: GDAL, apps/data/ogrinfo_output.schema.json.

type jsonGeomField struct {
	Name     string      `json:"name"`
	Type     string      `json:"type"`
	Nullable bool        `json:"nullable"`
	Extent   *[4]float64 `json:"extent,omitempty"`
	SRS      *jsonSRS    `json:"coordinateSystem"`
}

type jsonSRS struct {
	WKT string `json:"wkt"`
	// Which axis of the definition each ordinate belongs to, from 1. Ordinates are x, y, so a definition that begins with
	// the latitude gives 2, 1.
	Axes [2]int `json:"dataAxisToSRSAxisMapping"`
}

type jsonField struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Subtype   string `json:"subType,omitempty"`
	Width     int    `json:"width,omitempty"`
	Precision int    `json:"precision,omitempty"`
	Nullable  bool   `json:"nullable"`
	Unique    bool   `json:"uniqueConstraint"`
	Default   string `json:"defaultValue,omitempty"`
	Alias     string `json:"alias,omitempty"`
	Comment   string `json:"comment,omitempty"`
}

// infoJSON prints layers as JSON. Features are printed while they are read; the last brackets are printed when all went
// well, so that what an error cut short does not pass for complete.
func (p *program) infoJSON(ctx context.Context, in info, d driver.Info, list []described) error {
	w := bufio.NewWriterSize(p.stdout, 64<<10)
	err := printJSON(ctx, w, in, d, list)
	return errors.Join(err, w.Flush())
}

func printJSON(ctx context.Context, w *bufio.Writer, in info, d driver.Info, list []described) error {
	fmt.Fprintf(w, "{\n  \"description\":%s,\n  \"driverShortName\":%s,\n  \"driverLongName\":%s,\n  \"layers\":[",
		quoted(driver.Redact(in.src)), quoted(d.Name), quoted(d.LongName))
	for i, l := range list {
		if i > 0 {
			w.WriteByte(',')
		}
		if err := printLayerJSON(ctx, w, in, l); err != nil {
			return err
		}
	}
	_, err := w.WriteString("\n  ],\n  \"metadata\":{},\n  \"domains\":{},\n  \"relationships\":{}\n}\n")
	return err
}

func printLayerJSON(ctx context.Context, w *bufio.Writer, in info, l described) error {
	fmt.Fprintf(w, "\n    {\n      \"name\":%s,\n      \"metadata\":{},\n      \"geometryFields\":[", quoted(l.layer.Name()))
	for i := range l.schema.Geoms {
		if err := printItem(w, i, geomField(l, i)); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\n      ],\n      \"featureCount\":%d,", l.count)
	if c := l.schema.FIDColumn; c != "" {
		fmt.Fprintf(w, "\n      \"fidColumnName\":%s,", quoted(c))
	}
	fmt.Fprint(w, "\n      \"fields\":[")
	for i, f := range l.schema.Fields {
		j := jsonField{
			Name: f.Name, Type: f.Type.String(), Width: f.Width, Precision: f.Precision, Nullable: !f.NotNull, Unique: f.Unique,
			Default: f.Default, Alias: f.Alias, Comment: f.Comment,
		}
		if f.Subtype != feature.NoSubtype {
			j.Subtype = f.Subtype.String()
		}
		if err := printItem(w, i, j); err != nil {
			return err
		}
	}
	fmt.Fprint(w, "\n      ]")
	if in.features {
		fmt.Fprint(w, ",\n      \"features\":[")
		sep := "\n        "
		var buf []byte
		for f, err := range in.rows(ctx, l) {
			if err == nil {
				buf, err = appendFeature(append(buf[:0], sep...), f, l.schema, in.geom)
			}
			if err == nil {
				_, err = w.Write(buf)
			}
			if err != nil {
				return err
			}
			sep = ",\n        "
		}
		fmt.Fprint(w, "\n      ]")
	}
	_, err := w.WriteString("\n    }")
	return err
}

// printItem prints member i of an array on a line of its own.
func printItem(w *bufio.Writer, i int, v any) error {
	if i > 0 {
		w.WriteByte(',')
	}
	w.WriteString("\n        ")
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// geomField describes geometry column i.
func geomField(l described, i int) jsonGeomField {
	g := l.schema.Geoms[i]
	j := jsonGeomField{Name: g.Name, Type: camelType(g.Type), Nullable: !g.NotNull}
	if b := l.extents[i]; !b.IsEmpty() && !math.IsInf(b.MinX, 0) && !math.IsInf(b.MinY, 0) && !math.IsInf(b.MaxX, 0) && !math.IsInf(b.MaxY, 0) {
		j.Extent = &[4]float64{b.MinX, b.MinY, b.MaxX, b.MaxY}
	}
	if g.SRS.WKT != "" {
		j.SRS = &jsonSRS{WKT: g.SRS.WKT, Axes: [2]int{1, 2}}
		if latitudeFirst(g.SRS) {
			j.SRS.Axes = [2]int{2, 1}
		}
	}
	return j
}

// latitudeFirst tells whether a definition has the latitude before the longitude: where it says so, or else where it is one
// of EPSG's geographic systems, all of which have.
func latitudeFirst(s feature.SRS) bool {
	upper := strings.ToUpper(s.WKT)
	if _, axis, ok := strings.Cut(upper, "AXIS["); ok && strings.HasPrefix(upper, "GEOG") {
		axis, _, _ = strings.Cut(axis, "]")
		return strings.Contains(axis, "NORTH")
	}
	return s.Authority == "EPSG" && srs.IsGeographic(s.WKT)
}

var camelTypes = [...]string{
	"Geometry", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection",
	"CircularString", "CompoundCurve", "CurvePolygon", "MultiCurve", "MultiSurface", "Curve", "Surface",
	"PolyhedralSurface", "Tin", "Triangle",
}

// camelType returns the type's name as OGC has it: "MultiPolygonZ".
func camelType(t feature.GeomType) string {
	if !t.IsValid() {
		return t.String()
	}
	s := camelTypes[t.Base()]
	if t.HasZ() {
		s += "Z"
	}
	if t.HasM() {
		s += "M"
	}
	return s
}

// appendFeature prints a GeoJSON Feature. Fields that are unset are left out. A geometry that GeoJSON has no form for is
// null, and stands as text in "wkt_geometry".
func appendFeature(b []byte, f *feature.Feature, s *feature.Schema, geom geomFlag) ([]byte, error) {
	b = append(b, `{"type":"Feature",`...)
	if f.FID != feature.NullFID {
		b = append(strconv.AppendInt(append(b, `"fid":`...), f.FID, 10), ',')
	}
	b = append(b, `"properties":{`...)
	some := false
	for i, v := range f.Values {
		if v.IsUnset() {
			continue
		}
		if some {
			b = append(b, ',')
		}
		some = true
		b = append(feature.AppendJSONString(b, s.Fields[i].Name), ':')
		b = v.AppendJSON(b, s.Fields[i].Subtype)
	}
	b = append(b, '}')
	if geom == "no" || len(f.Geoms) == 0 {
		return append(b, `,"geometry":null}`...), nil
	}
	b, wkt, err := appendGeometry(append(b, `,"geometry":`...), f.Geoms[0])
	if wkt != nil {
		b = feature.AppendJSONString(append(b, `,"wkt_geometry":`...), string(wkt))
	}
	if len(f.Geoms) > 1 {
		b = append(b, `,"geometries":[`...)
		for i, g := range f.Geoms {
			if err != nil {
				break
			}
			if i > 0 {
				b = append(b, ',')
			}
			at := len(b)
			if b, wkt, err = appendGeometry(b, g); wkt != nil {
				b = feature.AppendJSONString(b[:at], string(wkt))
			}
		}
		b = append(b, ']')
	}
	if err != nil {
		return b, fmt.Errorf("feature %d: %w", f.FID, err)
	}
	return append(b, '}'), nil
}

// appendGeometry prints a geometry, or null for none. One that GeoJSON has no form for is null, too, and is returned as
// text.
func appendGeometry(b []byte, g feature.WKB) ([]byte, []byte, error) {
	if g == nil {
		return append(b, "null"...), nil, nil
	}
	out, err := geojson.AppendGeometry(b, g, -1)
	if err == nil || !errors.Is(err, errors.ErrUnsupported) {
		return out, nil, err
	}
	wkt, err := feature.AppendWKT(nil, g)
	return append(b, "null"...), wkt, err
}

func quoted(s string) []byte { return feature.AppendJSONString(nil, s) }
