package pgcopy_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/pgcopy"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// server is a session whose settings are none that anything here may depend on.
type server struct {
	t    testing.TB
	conn *pgconn.PgConn
}

func connect(t testing.TB) *server {
	t.Helper()
	config, err := pgconn.ParseConfig(testpeer.PostGIS(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"DateStyle": "German", "TimeZone": "Asia/Kolkata", "bytea_output": "escape", "extra_float_digits": "-5"} {
		config.RuntimeParams[name] = value
	}
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return &server{t: t, conn: conn}
}

// query returns the rows of the last statement, as text.
func (s *server) query(sql string) [][][]byte {
	s.t.Helper()
	results, err := s.conn.Exec(s.t.Context(), sql).ReadAll()
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return results[len(results)-1].Rows
}

func (s *server) copyIn(table string, data []byte) {
	s.t.Helper()
	if _, err := s.conn.CopyFrom(s.t.Context(), bytes.NewReader(data), "COPY "+table+" FROM STDIN"); err != nil {
		s.t.Fatalf("COPY %s FROM: %v\n%.2000s", table, err, data)
	}
}

// copyOut returns a query's rows as binary data, and its columns.
func (s *server) copyOut(query string) ([]byte, []pgconn.FieldDescription) {
	s.t.Helper()
	described, err := s.conn.Prepare(s.t.Context(), "", query, nil)
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	var b bytes.Buffer
	if _, err := s.conn.CopyTo(s.t.Context(), &b, "COPY ("+query+") TO STDOUT (FORMAT binary)"); err != nil {
		s.t.Fatalf("COPY (%s) TO: %v", query, err)
	}
	return b.Bytes(), described.Fields
}

// typeCase is a value as PostgreSQL's own text and as a feature's. Values that one-way cases have do not go up.
type typeCase struct {
	literal string // what stands between quotes, NULL for NULL
	value   feature.Value
	oneWay  bool
}

// down is a case of a value that only comes down: what goes up is another one.
func down(literal string, v feature.Value) typeCase { return typeCase{literal, v, true} }

func both(literal string, v feature.Value) typeCase { return typeCase{literal, v, false} }

func day(year, month, d int) int64 {
	return feature.DateTime(timeOf(year, month, d)).Micros() / 86_400_000_000
}

const (
	microsPerDay = int64(86_400_000_000)
	epoch        = 946_684_800_000_000 // 2000-01-01
)

// typeCases are columns of every type that there is a decoder for.
var typeCases = []struct {
	typ   string
	field feature.Field
	// made says that sqlbuilder makes such a column of the field.
	made  bool
	cases []typeCase
}{
	{"bool", feature.Field{Type: feature.Integer, Subtype: feature.Boolean}, true, []typeCase{
		both("t", feature.Bool(true)), both("f", feature.Bool(false)),
	}},
	{"int2", feature.Field{Type: feature.Integer, Subtype: feature.Int16}, true, []typeCase{
		both("-32768", feature.Int(math.MinInt16)), both("32767", feature.Int(math.MaxInt16)), both("0", feature.Int(0)),
	}},
	{"int4", feature.Field{Type: feature.Integer}, true, []typeCase{
		both("-2147483648", feature.Int(math.MinInt32)), both("2147483647", feature.Int(math.MaxInt32)), both("-1", feature.Int(-1)),
	}},
	{"int8", feature.Field{Type: feature.Integer64}, true, []typeCase{
		both("-9223372036854775808", feature.Int(math.MinInt64)), both("9223372036854775807", feature.Int(math.MaxInt64)),
		both("9007199254740993", feature.Int(1<<53+1)),
	}},
	{"oid", feature.Field{Type: feature.Integer64}, false, []typeCase{both("4294967295", feature.Int(math.MaxUint32))}},
	{"float4", feature.Field{Type: feature.Real, Subtype: feature.Float32}, true, []typeCase{
		both("0.1", feature.Float(float64(float32(0.1)))), both("-0", feature.Float(math.Copysign(0, -1))), both("NaN", feature.Float(math.NaN())),
		both("Infinity", feature.Float(math.Inf(1))), both("-Infinity", feature.Float(math.Inf(-1))),
		both("1e-45", feature.Float(math.SmallestNonzeroFloat32)), both("3.4028235e38", feature.Float(math.MaxFloat32)), both("16777217", feature.Float(16777216)),
	}},
	{"float8", feature.Field{Type: feature.Real}, true, []typeCase{
		both("0.1", feature.Float(0.1)), both("-0", feature.Float(math.Copysign(0, -1))), both("NaN", feature.Float(math.NaN())),
		both("Infinity", feature.Float(math.Inf(1))), both("-Infinity", feature.Float(math.Inf(-1))),
		both("5e-324", feature.Float(math.SmallestNonzeroFloat64)), both("2.2250738585072009e-308", feature.Float(2.2250738585072009e-308)),
		both("1.7976931348623157e308", feature.Float(math.MaxFloat64)), both("0.30000000000000004", feature.Float(0.30000000000000004)),
		both("9007199254740993", feature.Float(9007199254740992)), both("1e15", feature.Float(1e15)), both("1e23", feature.Float(1e23)),
	}},
	{"numeric", feature.Field{Type: feature.Real}, false, []typeCase{
		both("0", feature.Float(0)), both("1", feature.Float(1)), both("-1.5", feature.Float(-1.5)), both("0.1", feature.Float(0.1)), both("0.0001", feature.Float(0.0001)),
		both("10000", feature.Float(1e4)), both("NaN", feature.Float(math.NaN())), both("Infinity", feature.Float(math.Inf(1))), both("-Infinity", feature.Float(math.Inf(-1))),
		both("9007199254740992", feature.Float(9007199254740992)), both("123456789.12345679", feature.Float(123456789.12345679)),
		down("123456789.123456789", feature.Float(123456789.123456789)), both("1e22", feature.Float(1e22)), both("1e23", feature.Float(1e23)), both("1e-22", feature.Float(1e-22)), both("1e-23", feature.Float(1e-23)),
		down("1e308", feature.Float(1e308)), down("1e400", feature.Float(math.Inf(1))), down("-1e400", feature.Float(math.Inf(-1))), down("1e-400", feature.Float(0)),
		down("5e-324", feature.Float(5e-324)), down("1e131071", feature.Float(math.Inf(1))),
		// Between two reals, and a little more: the last digit counts.
		down("9007199254740993", feature.Float(9007199254740992)), down("9007199254740993.00000000000000000000000000000001", feature.Float(9007199254740994)),
		down("0.1000000000000000055511151231257827021181583404541015625", feature.Float(0.1)), down("1.50", feature.Float(1.5)), down("-0.0", feature.Float(0)),
	}},
	{"numeric(12,3)", feature.Field{Type: feature.Real, Width: 12, Precision: 3}, false, []typeCase{
		both("123456789.125", feature.Float(123456789.125)), both("-0.001", feature.Float(-0.001)), down("1e8", feature.Float(1e8)), both("NaN", feature.Float(math.NaN())),
	}},
	{"numeric(18)", feature.Field{Type: feature.Integer64, Width: 18}, false, []typeCase{
		both("999999999999999999", feature.Int(999999999999999999)), both("-999999999999999999", feature.Int(-999999999999999999)),
		both("0", feature.Int(0)), both("10000", feature.Int(10000)), both("100000000", feature.Int(1e8)), both("100000000000000000", feature.Int(1e17)), both("20001", feature.Int(20001)),
		down("NaN", feature.Null()), down("1.4", feature.Int(1)),
	}},
	{"numeric(19)", feature.Field{Type: feature.Real, Width: 19}, false, []typeCase{both("1000000000000000000", feature.Float(1e18))}},
	{"numeric(3,-2)", feature.Field{Type: feature.Real}, false, []typeCase{both("12300", feature.Float(12300))}},
	{"numeric(2,4)", feature.Field{Type: feature.Real}, false, []typeCase{both("0.0012", feature.Float(0.0012))}},
	{"text", feature.Field{}, true, []typeCase{
		both("", feature.Text("")), both("a", feature.Text("a")), both("NULL", feature.Text("NULL")), both(`\N`, feature.Text(`\N`)), both(`\.`, feature.Text(`\.`)),
		both("a\tb\nc\rd\be\ff\vg\\h\"i''j", feature.Text("a\tb\nc\rd\be\ff\vg\\h\"i'j")), both("\r\n", feature.Text("\r\n")), both("\\", feature.Text("\\")),
		both("\x01\x1f\x7f", feature.Text("\x01\x1f\x7f")), both("🦊 Zürich 日本\u2028\ufffd\U0010ffff", feature.Text("🦊 Zürich 日本\u2028\ufffd\U0010ffff")),
		both(`\x41\101\n`, feature.Text(`\x41\101\n`)), both(strings.Repeat("long ", 100_000), feature.Text(strings.Repeat("long ", 100_000))),
	}},
	{"varchar", feature.Field{}, false, []typeCase{both("a b ", feature.Text("a b "))}},
	{"varchar(5)", feature.Field{Width: 5}, true, []typeCase{both("12345", feature.Text("12345")), both("äöüßé", feature.Text("äöüßé"))}},
	{"char(3)", feature.Field{Width: 3}, false, []typeCase{both("a", feature.Text("a  "))}},
	{"name", feature.Field{}, false, []typeCase{both("pg_class", feature.Text("pg_class"))}},
	{`"char"`, feature.Field{}, false, []typeCase{both("x", feature.Text("x")), both("", feature.Text("")), both(`\377`, feature.Text(`\377`)), both(`\`, feature.Text(`\`))}},
	{"date", feature.Field{Type: feature.DateField}, true, []typeCase{
		both("2000-01-01", feature.Date(2000, 1, 1)), both("1970-01-01", feature.Days(0)), both("1969-12-31", feature.Days(-1)), both("2024-02-29", feature.Date(2024, 2, 29)),
		both("0001-01-01", feature.Date(1, 1, 1)), both("0001-12-31 BC", feature.Date(0, 12, 31)), both("0005-02-29 BC", feature.Date(-4, 2, 29)),
		both("4714-11-24 BC", feature.Days(-2_440_588)), both("9999-12-31", feature.Date(9999, 12, 31)), both("10000-01-01", feature.Date(10000, 1, 1)),
		both("5874897-12-31", feature.Days(2_145_042_905)), down("infinity", feature.Null()), down("-infinity", feature.Null()),
	}},
	{"time", feature.Field{Type: feature.TimeField}, true, []typeCase{
		both("00:00:00", feature.TimeOfDay(0)), both("24:00:00", feature.TimeOfDay(microsPerDay)), both("23:59:59.999999", feature.TimeOfDay(microsPerDay-1)),
		both("12:34:56.5", feature.TimeOfDay(45_296_500_000)), both("00:00:00.000001", feature.TimeOfDay(1)),
	}},
	{"timetz", feature.Field{}, false, []typeCase{
		both("12:34:56.5+05:30", feature.Text("12:34:56.5+05:30")), both("12:34:56+00", feature.Text("12:34:56+00")),
		both("24:00:00-03:30", feature.Text("24:00:00-03:30")), both("01:02:03-15:59:59", feature.Text("01:02:03-15:59:59")),
	}},
	{"timestamp", feature.Field{Type: feature.DateTimeField}, false, []typeCase{
		both("2000-01-01 00:00:00", feature.WallClock(epoch, feature.ZoneUnknown)), both("1999-12-31 23:59:59.999999", feature.WallClock(epoch-1, feature.ZoneUnknown)),
		both("1970-01-01 00:00:00.1", feature.WallClock(100_000, feature.ZoneUnknown)), both("1969-12-31 23:59:59.25", feature.WallClock(-750_000, feature.ZoneUnknown)),
		both("4714-11-24 00:00:00 BC", feature.WallClock(-2_440_588*microsPerDay, feature.ZoneUnknown)),
		both("0044-03-15 12:00:00.5 BC", feature.WallClock(day(-43, 3, 15)*microsPerDay+microsPerDay/2+500_000, feature.ZoneUnknown)),
		both("294246-12-31 23:59:59.999999", feature.WallClock((day(294246, 12, 31)+1)*microsPerDay-1, feature.ZoneUnknown)),
		both("294247-01-10 04:00:54.775807", feature.WallClock(math.MaxInt64, feature.ZoneUnknown)),
		down("294247-01-10 04:00:54.775808", feature.Null()), down("294276-12-31 23:59:59.999999", feature.Null()),
		down("infinity", feature.Null()), down("-infinity", feature.Null()),
	}},
	{"timestamptz", feature.Field{Type: feature.DateTimeField}, true, []typeCase{
		both("2000-01-01 00:00:00+00", feature.WallClock(epoch, feature.ZoneUTC)), both("2024-06-01 12:00:00.123456+05:30", feature.WallClock(1_717_223_400_123_456, feature.ZoneUTC)),
		both("4714-11-24 00:00:00+00 BC", feature.WallClock(-2_440_588*microsPerDay, feature.ZoneUTC)),
		both("294247-01-10 04:00:54.775807+00", feature.WallClock(math.MaxInt64, feature.ZoneUTC)),
		down("infinity", feature.Null()), down("-infinity", feature.Null()),
	}},
	{"bytea", feature.Field{Type: feature.Binary}, true, []typeCase{
		both(`\x`, feature.Bytes([]byte{})), both(`\x00ff5c4e0a09`, feature.Bytes([]byte("\x00\xff\\N\n\t"))),
	}},
	{"uuid", feature.Field{Subtype: feature.UUID}, true, []typeCase{both("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", feature.Text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"))}},
	{"json", feature.Field{Subtype: feature.JSONText}, true, []typeCase{
		both("{\"a\" : \"b\\n\\\"\",\n\t\"a\":1.0}", feature.JSON([]byte("{\"a\" : \"b\\n\\\"\",\n\t\"a\":1.0}"))), both("null", feature.JSON([]byte("null"))),
	}},
	{"jsonb", feature.Field{Subtype: feature.JSONText}, false, []typeCase{both(`{"a": ["ü\\", 1e3]}`, feature.JSON([]byte(`{"a": ["ü\\", 1000]}`)))}},
	{"bool[]", feature.Field{Type: feature.IntegerList, Subtype: feature.Boolean}, true, []typeCase{
		both("{t,f}", feature.IntList(1, 0)), both("{}", feature.IntList()), both("{{t,NULL},{f,t}}", feature.JSON([]byte("[[true,null],[false,true]]"))),
	}},
	{"int2[]", feature.Field{Type: feature.IntegerList, Subtype: feature.Int16}, true, []typeCase{both("{-32768,32767}", feature.IntList(math.MinInt16, math.MaxInt16))}},
	{"int4[]", feature.Field{Type: feature.IntegerList}, true, []typeCase{
		both("{}", feature.IntList()), both("{1,-2}", feature.IntList(1, -2)), both("{1,NULL}", feature.JSON([]byte("[1,null]"))),
		both("{{1,2},{3,4}}", feature.JSON([]byte("[[1,2],[3,4]]"))), down("[5:6]={1,2}", feature.IntList(1, 2)),
	}},
	{"int8[]", feature.Field{Type: feature.Integer64List}, true, []typeCase{
		both("{-9223372036854775808,9007199254740993}", feature.IntList(math.MinInt64, 1<<53+1)),
		both("{{9223372036854775807},{9007199254740993}}", feature.JSON([]byte("[[9223372036854775807],[9007199254740993]]"))),
	}},
	{"float4[]", feature.Field{Type: feature.RealList, Subtype: feature.Float32}, true, []typeCase{
		both("{0.1,NaN,-0}", feature.FloatList(float64(float32(0.1)), math.NaN(), math.Copysign(0, -1))), both("{{0.1}}", feature.JSON([]byte("[[0.1]]"))),
	}},
	{"float8[]", feature.Field{Type: feature.RealList}, true, []typeCase{
		both("{0.1,NaN,Infinity,-Infinity,5e-324}", feature.FloatList(0.1, math.NaN(), math.Inf(1), math.Inf(-1), 5e-324)),
		both("{NaN,-Infinity,0.5,NULL}", feature.JSON([]byte(`["NaN","-Infinity",0.5,null]`))), both("{{{1},{2}},{{3},{4}}}", feature.JSON([]byte("[[[1],[2]],[[3],[4]]]"))),
	}},
	{"numeric[]", feature.Field{Type: feature.RealList}, false, []typeCase{both("{0.1,-1.5,NaN}", feature.FloatList(0.1, -1.5, math.NaN()))}},
	{"numeric(5,2)[]", feature.Field{Type: feature.RealList}, false, []typeCase{both("{0.10,-1.50}", feature.FloatList(0.1, -1.5))}},
	{"text[]", feature.Field{Type: feature.StringList}, true, []typeCase{
		both("{}", feature.TextList()), both(`{"",a,"NULL","a b","a,b","{}"}`, feature.TextList("", "a", "NULL", "a b", "a,b", "{}")),
		both(`{"\"","\\","\\N","a\\\"b"}`, feature.TextList(`"`, `\`, `\N`, `a\"b`)), both("{\"\t\n\r\v\f\b\",🦊}", feature.TextList("\t\n\r\v\f\b", "🦊")),
		both(`{NULL,"NULL","a\"\\b"}`, feature.JSON([]byte(`[null,"NULL","a\"\\b"]`))), both(`{{a,b},{c,"d\\"}}`, feature.JSON([]byte(`[["a","b"],["c","d\\"]]`))),
	}},
	{"varchar(3)[]", feature.Field{Type: feature.StringList}, false, []typeCase{both("{abc,ä}", feature.TextList("abc", "ä"))}},
	{"char(3)[]", feature.Field{Type: feature.StringList}, false, []typeCase{both("{a}", feature.TextList("a  "))}},
	{"name[]", feature.Field{Type: feature.StringList}, false, []typeCase{both("{a}", feature.TextList("a"))}},
}

// TestTypes sends each value up by the Encoder beside one that the server reads from its own text, compares them there, and brings
// both down again.
func TestTypes(t *testing.T) {
	s := connect(t)
	for _, c := range typeCases {
		t.Run(c.typ, func(t *testing.T) {
			s := &server{t: t, conn: s.conn}
			cases := append(c.cases, typeCase{"NULL", feature.Null(), false})
			s.query("DROP TABLE IF EXISTS pg_temp.own, pg_temp.sent; CREATE TEMP TABLE own (id int, v " + c.typ + "); CREATE TEMP TABLE sent (LIKE own)")
			schema := &feature.Schema{Fields: []feature.Field{c.field}}
			schema.Fields[0].Name = "v"
			e := pgcopy.NewEncoder(schema, true, nil, nil, []int{0})
			var up []byte
			for i, one := range cases {
				literal := "'" + one.literal + "'"
				if one.literal == "NULL" && one.value.Kind() == feature.KindNull {
					literal = "NULL"
				}
				s.query(fmt.Sprintf("SET DateStyle = ISO; INSERT INTO own VALUES (%d, %s); SET DateStyle = German", i, literal))
				if one.oneWay {
					continue
				}
				var err error
				if up, err = e.AppendRow(up, &feature.Feature{FID: int64(i), Values: []feature.Value{one.value}}); err != nil {
					t.Fatal(err)
				}
			}
			s.copyIn("sent", up)
			different := s.query("SET extra_float_digits = 1; SELECT id, own.v, sent.v FROM own JOIN sent USING (id) WHERE own.v::text IS DISTINCT FROM sent.v::text")
			for _, d := range different {
				t.Errorf("case %s: the server's %.200q, the Encoder's %.200q", d[0], d[1], d[2])
			}
			if made := sqlbuilder.PostgreSQL.ColumnType(c.field); made == c.typ != c.made {
				t.Errorf("sqlbuilder makes %s of a column that was %s", made, c.typ)
			}

			for _, table := range []string{"own", "sent"} {
				data, columns := s.copyOut("SELECT id, v FROM " + table + " ORDER BY id")
				field, decode, ok := pgcopy.DecoderOf(columns[1].DataTypeOID, columns[1].TypeModifier)
				if want := c.field; !ok || field != want {
					t.Fatalf("the field is %+v, %v; want %+v", field, ok, want)
				}
				r := pgcopy.NewReader(bytes.NewReader(data), 1<<20)
				for i, one := range cases {
					if one.oneWay && table == "sent" {
						continue
					}
					row, err := r.Next()
					if err != nil {
						t.Fatal(err)
					}
					v, err := decode(row[1])
					if err != nil || !v.Equal(one.value) {
						t.Errorf("case %d of table %s, %.100s: %v %.200q, %v; want %v %.200q", i, table, one.literal, v.Kind(), v, err, one.value.Kind(), one.value)
					}
				}
				if _, err := r.Next(); err != io.EOF {
					t.Errorf("%v, want the end", err)
				}
			}
		})
	}
}

// TestGeometries sends geometries up, for the server to print them, and brings them down.
func TestGeometries(t *testing.T) {
	s := connect(t)
	for _, c := range []struct{ typ, in, out string }{
		{"Point", "POINT(1 2)", "POINT(1 2)"},
		{"Point", "POINT(-0.1 1e300)", "POINT(-0.1 1e+300)"},
		{"Point", "POINT EMPTY", "POINT EMPTY"},
		{"MultiPolygon", "POLYGON((0 0,1 0,1 1,0 0))", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"},
		{"MultiPolygon", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"},
		{"MultiLineString Z", "LINESTRING(0 0,1 1)", "MULTILINESTRING Z ((0 0 0,1 1 0))"},
		{"LineString", "LINESTRING M (0 0 5,1 1 6)", "LINESTRING(0 0,1 1)"},
		{"Geometry", "CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0))", "CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0))"},
		{"Geometry", "GEOMETRYCOLLECTION ZM (POINT ZM (1 2 3 4))", "GEOMETRYCOLLECTION ZM (POINT ZM (1 2 3 4))"},
		{"Geometry", "TIN(((0 0,0 1,1 1,0 0)))", "TIN(((0 0,0 1,1 1,0 0)))"},
	} {
		for _, srid := range []int32{0, 4326} {
			typ, err := feature.ParseGeomType(c.typ)
			if err != nil {
				t.Fatal(err)
			}
			rows := s.query("SELECT encode(ST_AsBinary('" + c.in + "'::geometry, 'XDR'), 'hex')")
			w := unhex(t, rows[0][0])
			schema := &feature.Schema{Geoms: []feature.GeomField{{Name: "other"}, {Name: "g", Type: typ}}}
			e := pgcopy.NewEncoder(schema, false, []int{1}, []int32{srid}, nil)
			up, err := e.AppendRow(nil, &feature.Feature{Geoms: []feature.WKB{nil, w}})
			if err != nil {
				t.Errorf("%s: %v", c.in, err)
				continue
			}
			if up, err = e.AppendRow(up, &feature.Feature{Geoms: []feature.WKB{w, nil}}); err != nil {
				t.Error(err)
			}
			s.query("DROP TABLE IF EXISTS pg_temp.g; CREATE TEMP TABLE g (g geometry)")
			s.copyIn("g", up)
			rows = s.query("SELECT ST_AsText(g), ST_SRID(g), encode(ST_AsBinary(g, 'NDR'), 'hex') FROM g ORDER BY g IS NULL")
			if got := string(rows[0][0]); got != c.out || string(rows[0][1]) != strconv.Itoa(int(srid)) || rows[1][0] != nil {
				t.Errorf("%s with SRID %d: %s with SRID %s, then %q", c.in, srid, got, rows[0][1], rows[1][0])
			}
			data, _ := s.copyOut("SELECT g FROM g ORDER BY g IS NULL")
			row, err := pgcopy.NewReader(bytes.NewReader(data), 1<<20).Next()
			if err != nil {
				t.Fatal(err)
			}
			if iso, got, err := feature.FromEWKB(nil, row[0]); err != nil || got != srid || !bytes.Equal(iso, unhex(t, rows[0][2])) {
				t.Errorf("%s comes down as %x with SRID %d, %v", c.in, iso, got, err)
			}
		}
	}
}

func unhex(t testing.TB, s []byte) []byte {
	t.Helper()
	b, err := hex.AppendDecode(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestManyRows copies a table with a column of each type, many buffers long, up from what came down.
func TestManyRows(t *testing.T) {
	const rows = 20_000
	s := connect(t)
	var types, fields []string
	for i, c := range typeCases {
		if c.typ == "text" {
			c.cases = c.cases[:len(c.cases)-1] // the long one
		}
		var values []string
		for _, one := range c.cases {
			if !one.oneWay {
				values = append(values, "'"+one.literal+"'")
			}
		}
		types = append(types, fmt.Sprintf("c%d %s", i, c.typ))
		fields = append(fields, fmt.Sprintf("(ARRAY[%s,NULL])[1 + (n * 7919 + %d) %% %d]::%s", strings.Join(values, ","), i, len(values)+1, c.typ))
	}
	s.query("SET DateStyle = ISO; CREATE TEMP TABLE a (id int8, " + strings.Join(types, ",") + "); CREATE TEMP TABLE b (LIKE a);" +
		fmt.Sprintf("INSERT INTO a SELECT n, %s FROM generate_series(1, %d) n", strings.Join(fields, ","), rows))
	data, columns := s.copyOut("SELECT * FROM a ORDER BY id")

	schema := &feature.Schema{}
	var decoders []pgcopy.Decoder
	var all []int
	for i, c := range columns[1:] {
		field, decode, ok := pgcopy.DecoderOf(c.DataTypeOID, c.TypeModifier)
		if !ok {
			t.Fatalf("no decoder for %s", c.Name)
		}
		field.Name = c.Name
		schema.Fields = append(schema.Fields, field)
		decoders = append(decoders, decode)
		all = append(all, i)
	}
	e := pgcopy.NewEncoder(schema, true, nil, nil, all)
	r := pgcopy.NewReader(bytes.NewReader(data), 1<<20)
	f := feature.New(schema)
	var up []byte
	for {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		id, err := int8Decoder(row[0])
		if err != nil {
			t.Fatal(err)
		}
		f.FID = id.Int()
		for i, decode := range decoders {
			if f.Values[i], err = decode(row[i+1]); err != nil {
				t.Fatalf("%s: %v", columns[i+1].Name, err)
			}
		}
		if up, err = e.AppendRow(up, f); err != nil {
			t.Fatal(err)
		}
	}
	if r.Rows() != rows {
		t.Errorf("%d rows, want %d", r.Rows(), rows)
	}
	s.copyIn("b", up)
	counts := s.query("SELECT count(*), count(*) FILTER (WHERE a::text IS DISTINCT FROM b::text) FROM a FULL JOIN b USING (id)")
	if string(counts[0][0]) != strconv.Itoa(rows) || string(counts[0][1]) != "0" {
		t.Errorf("%s rows, of which %s differ", counts[0][0], counts[0][1])
	}

	// The stream of a server may break off anywhere.
	for i := 0; i < len(data); i += 1 + i/10 {
		r := pgcopy.NewReader(bytes.NewReader(data[:i]), 1<<20)
		var err error
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("the first %d of %d bytes: %v", i, len(data), err)
		}
	}
}

var _, int8Decoder, _ = pgcopy.DecoderOf(20, -1)

// TestServerTruncated breaks off what a server sent at every byte.
func TestServerTruncated(t *testing.T) {
	data, _ := connect(t).copyOut("SELECT 1, 'text', NULL, 1.5::numeric, '{1,2}'::int[], now() FROM generate_series(1, 20)")
	for i := range data {
		if _, err := readAll(pgcopy.NewReader(bytes.NewReader(data[:i]), 1<<20)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d of %d bytes: %v", i, len(data), err)
		}
	}
	if rows, err := readAll(pgcopy.NewReader(bytes.NewReader(data), 1<<20)); len(rows) != 20 || err != nil {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// TestMoments has date-times with zones, which a column with or without one takes as an instant.
func TestMoments(t *testing.T) {
	s := connect(t)
	fields := []feature.Field{{Name: "tz", Type: feature.DateTimeField}, {Name: "ts", Type: feature.DateTimeField}, {Name: "text"}, {Name: "date", Type: feature.DateField}}
	e := pgcopy.NewEncoder(&feature.Schema{Fields: fields}, false, nil, nil, []int{0, 1, 2, 3})
	clock := timeOf(2024, 6, 1).UnixMicro() + 3_600_000_000
	for _, c := range []struct {
		v    feature.Value
		want string
	}{
		{feature.WallClock(clock, feature.ZoneUTC), "2024-06-01 01:00:00|2024-06-01 01:00:00|2024-06-01 01:00:00+00|2024-06-01"},
		{feature.WallClock(clock, feature.ZoneUnknown), "2024-06-01 01:00:00|2024-06-01 01:00:00|2024-06-01 01:00:00|2024-06-01"},
		{feature.WallClock(clock, feature.ZoneLocal), "2024-06-01 01:00:00|2024-06-01 01:00:00|2024-06-01 01:00:00|2024-06-01"},
		{feature.WallClock(clock, 5*60+30), "2024-05-31 19:30:00|2024-05-31 19:30:00|2024-06-01 01:00:00+05:30|2024-06-01"},
		{feature.WallClock(clock, -3*60-30), "2024-06-01 04:30:00|2024-06-01 04:30:00|2024-06-01 01:00:00-03:30|2024-06-01"},
		{feature.Date(2024, 6, 1), "2024-06-01 00:00:00|2024-06-01 00:00:00|2024-06-01|2024-06-01"},
	} {
		up, err := e.AppendRow(nil, &feature.Feature{Values: []feature.Value{c.v, c.v, c.v, c.v}})
		if err != nil {
			t.Fatal(err)
		}
		s.query("SET DateStyle = ISO; DROP TABLE IF EXISTS pg_temp.m; CREATE TEMP TABLE m (tz timestamptz, ts timestamp, text text, date date)")
		s.copyIn("m", up)
		rows := s.query("SELECT (tz AT TIME ZONE 'UTC') || '|' || ts || '|' || text || '|' || date FROM m")
		if string(rows[0][0]) != c.want {
			t.Errorf("%v in zone %d: %s, want %s", c.v, c.v.Zone(), rows[0][0], c.want)
		}
	}
}
