package sqlapi

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/geojson"
	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

// geometryColumn is the column that a feature's geometry comes from; webmercatorColumn repeats it and is left out.
const (
	geometryColumn    = "the_geom"
	webmercatorColumn = "the_geom_webmercator"
)

// geojsonOutput writes a FeatureCollection (RFC 7946). Its geometries are the column the_geom. Coordinates that are not in
// EPSG:4326 are named by a member "crs", which GeoJSON had before it was an RFC, rather than passed off as degrees.
type geojsonOutput struct {
	answer *sqlAnswer
	enc    *pgvalue.Encoder // of the properties
	geom   int              // the index of the_geom
	rows   int64
	srid   int32
	hex    []byte
	wkb    []byte
}

func (o *geojsonOutput) columns(c []pgproto3.FieldDescription) error {
	if o.enc != nil {
		return errOneResult(o.answer)
	}
	o.geom = slices.IndexFunc(c, func(f pgproto3.FieldDescription) bool { return string(f.Name) == geometryColumn })
	if o.geom < 0 {
		return refuse(http.StatusBadRequest, "column %q does not exist", geometryColumn)
	}
	skip := map[string]bool{geometryColumn: true, webmercatorColumn: true}
	for name := range o.answer.opts.skip {
		skip[name] = true
	}
	o.enc = o.answer.encoder(c, skip)
	return nil
}

func (o *geojsonOutput) row(dst []byte, values [][]byte) ([]byte, error) {
	var g feature.WKB
	srid := int32(4326)
	if v := values[o.geom]; v != nil {
		var err error
		if o.hex, err = pgvalue.DecodeHexEWKB(o.hex[:0], v); err != nil {
			return dst, refuse(http.StatusBadRequest, "column %q: %v", geometryColumn, err)
		}
		if o.wkb, srid, err = feature.FromEWKB(o.wkb[:0], o.hex); err != nil {
			return dst, refuse(http.StatusBadRequest, "column %q: %v", geometryColumn, err)
		}
		g = o.wkb
	}
	if o.rows == 0 {
		o.srid = srid
		dst = o.begin(dst)
	} else {
		dst = append(dst, ',')
	}
	if g != nil && srid != o.srid {
		return dst, refuse(http.StatusBadRequest, "column %q: SRID %d after SRID %d: one GeoJSON has one reference system", geometryColumn, srid, o.srid)
	}
	o.rows++
	dst = append(dst, `{"type":"Feature","geometry":`...)
	if g == nil {
		dst = append(dst, "null"...)
	} else {
		var err error
		if dst, err = geojson.AppendGeometry(dst, g, o.answer.opts.decimals); err != nil {
			return dst, refuse(http.StatusBadRequest, "column %q: %v", geometryColumn, err)
		}
	}
	dst = append(dst, `,"properties":`...)
	return append(o.enc.AppendRow(dst, values), '}'), nil
}

func (o *geojsonOutput) begin(dst []byte) []byte {
	if cb := o.answer.opts.callback; cb != "" {
		dst = append(append(dst, cb...), '(')
	}
	dst = append(dst, `{"type":"FeatureCollection",`...)
	if o.srid != 4326 && o.srid > 0 {
		dst = append(dst, `"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::`...)
		dst = strconv.AppendInt(dst, int64(o.srid), 10)
		dst = append(dst, `"}},`...)
	}
	return append(dst, `"features":[`...)
}

func (o *geojsonOutput) finish(dst []byte) ([]byte, error) {
	if o.enc == nil {
		return dst, refuse(http.StatusBadRequest, "The format geojson needs rows with a column %q", geometryColumn)
	}
	if o.rows == 0 {
		o.srid = 4326
		dst = o.begin(dst)
	}
	dst = append(dst, "]}"...)
	if o.answer.opts.callback != "" {
		dst = append(dst, ')')
	}
	return dst, nil
}

func (o *geojsonOutput) fail(dst []byte, _ *answer) ([]byte, bool) { return dst, false }
func (o *geojsonOutput) close()                                    {}
