package pgvalue_test

import (
	"encoding/json"
	"testing"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

func TestAppendFields(t *testing.T) {
	tests := []struct {
		oid    uint32
		typmod int32
		want   string
	}{
		{oidGeometry, -1, `{"type":"geometry","dims":4,"srid":-1}`},
		// TestPostgreSQLTypMod has PostGIS make these.
		{oidGeometry, 1107460, `{"type":"geometry","wkbtype":"Point","dims":2,"srid":4326}`},              // geometry(Point,4326)
		{oidGeometry, 1107456, `{"type":"geometry","wkbtype":"Unknown","dims":2,"srid":4326}`},            // geometry(Geometry,4326)
		{oidGeometry, 987416, `{"type":"geometry","wkbtype":"MultiPolygon","dims":2,"srid":3857}`},        // geometry(MultiPolygon,3857)
		{oidGeometry, 1107466, `{"type":"geometry","wkbtype":"LineString","dims":3,"srid":4326}`},         // geometry(LineStringZ,4326)
		{oidGeometry, 13, `{"type":"geometry","wkbtype":"Polygon","dims":3,"srid":0}`},                    // geometry(PolygonM)
		{oidGeometry, 1107487, `{"type":"geometry","wkbtype":"GeometryCollection","dims":4,"srid":4326}`}, // geometry(GeometryCollectionZM,4326)
		{oidGeometry, 52, `{"type":"geometry","wkbtype":"PolyhedralSurface","dims":2,"srid":0}`},          // geometry(PolyhedralSurface)
		{oidGeometry, 62, `{"type":"geometry","wkbtype":"Tin","dims":3,"srid":0}`},                        // geometry(TinZ)
		{oidGeometry, 63<<2 | 1<<8, `{"type":"geometry","dims":2,"srid":1}`},                              // no such type
		{oidGeometry, 0x1fffff00, `{"type":"geometry","wkbtype":"Unknown","dims":2,"srid":-1}`},           // a negative SRID
		{oidGeometry, 0x0fffff04, `{"type":"geometry","wkbtype":"Point","dims":2,"srid":1048575}`},        // the largest
		{oidGeometry, 999999<<8 | 4, `{"type":"geometry","wkbtype":"Point","dims":2,"srid":999999}`},      // SRID_MAXIMUM
		{oidGeography, 1107460, `{"type":"geography","wkbtype":"Point","dims":2,"srid":4326}`},            // geography(Point,4326)
		{oidText, -1, `{"type":"string","pgtype":"text"}`},
		{oidVarchar, 14, `{"type":"string","pgtype":"varchar"}`},
		{oidBpchar, 14, `{"type":"string","pgtype":"bpchar"}`},
		{oidName, -1, `{"type":"name","pgtype":"name"}`},
		{oidUUID, -1, `{"type":"uuid","pgtype":"uuid"}`},
		{oidMoney, -1, `{"type":"money","pgtype":"money"}`},
		{oidXML, -1, `{"type":"xml","pgtype":"xml"}`},
		{oidInet, -1, `{"type":"inet","pgtype":"inet"}`},
		{oidBytea, -1, `{"type":"bytea","pgtype":"bytea"}`},
		{oidOID, -1, `{"type":"oid","pgtype":"oid"}`},
		{oidInt2, -1, `{"type":"number","pgtype":"int2"}`},
		{oidInt4, -1, `{"type":"number","pgtype":"int4"}`},
		{oidInt8, -1, `{"type":"number","pgtype":"int8"}`},
		{oidFloat4, -1, `{"type":"number","pgtype":"float4"}`},
		{oidFloat8, -1, `{"type":"number","pgtype":"float8"}`},
		{oidNumeric, -1, `{"type":"number","pgtype":"numeric"}`},
		{oidBool, -1, `{"type":"boolean","pgtype":"bool"}`},
		{oidDate, -1, `{"type":"date","pgtype":"date"}`},
		{oidTimestamp, -1, `{"type":"date","pgtype":"timestamp"}`},
		{oidTimestamptz, -1, `{"type":"date","pgtype":"timestamptz"}`},
		{oidTime, -1, `{"type":"date","pgtype":"time"}`},
		{oidTimetz, -1, `{"type":"date","pgtype":"timetz"}`},
		{oidJSON, -1, `{"type":"JSON","pgtype":"JSON"}`},
		{oidJSONB, -1, `{"type":"jsonb","pgtype":"jsonb"}`},
		{oidInterval, -1, `{"type":"number","pgtype":"interval"}`},
		{oidInt4s, -1, `{"type":"number[]","pgtype":"_int4"}`},
		{oidNumerics, -1, `{"type":"number[]","pgtype":"_numeric"}`},
		{oidTexts, -1, `{"type":"string[]","pgtype":"_text"}`},
		{oidBpchars, -1, `{"type":"string[]","pgtype":"_bpchar"}`},
		{oidBools, -1, `{"type":"boolean[]","pgtype":"_bool"}`},
		{oidDates, -1, `{"type":"date[]","pgtype":"_date"}`},
		{oidTimestamptzs, -1, `{"type":"date[]","pgtype":"_timestamptz"}`},
		{oidUUIDs, -1, `{"type":"_uuid[]","pgtype":"_uuid"}`},
		{600, -1, `{"type":"unknown(600)"}`},
		{4294967295, -1, `{"type":"unknown(4294967295)"}`},
		{0, -1, `{"type":"unknown(0)"}`},
	}
	for _, test := range tests {
		e := pgvalue.NewEncoder([]pgvalue.Column{{Name: "a", OID: test.oid, TypMod: test.typmod}}, oidGeometry, oidGeography, nil)
		got, want := e.AppendFields([]byte("<")), `<{"a":`+test.want+"}"
		if string(got) != want {
			t.Errorf("type %d, typmod %d: got %s, want %s", test.oid, test.typmod, got, want)
		}
		if !json.Valid(got[1:]) {
			t.Errorf("type %d: not JSON: %s", test.oid, got)
		}
	}
	// Without PostGIS its OIDs are 0, which no column has.
	e := pgvalue.NewEncoder([]pgvalue.Column{{Name: "a"}}, 0, 0, nil)
	if got, want := string(e.AppendFields(nil)), `{"a":{"type":"unknown(0)"}}`; got != want {
		t.Errorf("without PostGIS: got %s, want %s", got, want)
	}
}

func TestGeometryType(t *testing.T) {
	if name, z, m, srid, ok := pgvalue.GeometryType(4326<<8 | 6<<2 | 2); name != "MultiPolygon" || !z || m || srid != 4326 || !ok {
		t.Errorf("geometry(MultiPolygonZ,4326): got %s, %v, %v, %d, %v", name, z, m, srid, ok)
	}
	if name, _, _, _, ok := pgvalue.GeometryType(-1); name != "" || ok {
		t.Errorf("no typmod: got %s, %v", name, ok)
	}
}
