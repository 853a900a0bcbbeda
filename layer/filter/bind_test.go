package filter

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/feature"
)

func bindText(t *testing.T, text string) *Bound {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Bind(testSchema())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b
}

// dump prints a node as Op(args), with what was resolved.
func dump(n *Node) string {
	switch n.Op {
	case Literal:
		if n.Type == Geometry {
			return "geometry"
		}
		return fmt.Sprintf("%s:%s", n.Type, n.Value)
	case FieldValue:
		return fmt.Sprintf("$%d:%s", n.Field, n.Type)
	case FIDValue:
		return "fid"
	case GeomValue:
		return fmt.Sprintf("geom%d", n.Geom)
	}
	var args []string
	for _, a := range n.Args {
		args = append(args, dump(a))
	}
	return fmt.Sprintf("%d(%s)", n.Op, strings.Join(args, " "))
}

func op(o Op, args string) string { return fmt.Sprintf("%d(%s)", o, args) }

func TestBind(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string // the conjuncts
	}{
		{"i = 1", []string{op(Eq, "$0:integer integer:1")}},
		{"I = 1 AND 2.5 < R", []string{op(Eq, "$0:integer integer:1"), op(Lt, "real:2.5 $2:real")}},
		{"TRUE", nil},
		{"TRUE AND 1 = 1", nil},
		{"1 = 2", []string{"boolean:0"}},
		{"i = NULL", []string{"boolean:(null)"}},
		{"NOT i = NULL", []string{"boolean:(null)"}},
		{"i = 1 OR TRUE", nil},
		{"i = 1 OR FALSE", []string{op(Eq, "$0:integer integer:1")}},
		{"b", []string{"$4:boolean"}},
		{"NOT b", []string{op(Not, "$4:boolean")}},
		{"NOT NOT b", []string{"$4:boolean"}},
		{"b = 1", []string{op(Eq, "$4:boolean boolean:1")}},
		{"b = 2", []string{op(Eq, op(Cast, "$4:boolean")+" integer:2")}},
		{"b = (i = 1)", []string{op(Eq, "$4:boolean "+op(Eq, "$0:integer integer:1"))}},
		{"NOT (i < 1 OR s = 'x' AND n IS NULL)", []string{op(Ge, "$0:integer integer:1"), op(Or, op(Ne, "$3:text text:x")+" "+op(IsNotNull, "$1:integer"))}},
		{"NOT r < 1", []string{op(Not, op(Lt, "$2:real integer:1"))}},
		{"NOT r = 1", []string{op(Ne, "$2:real integer:1")}},
		{"i NOT BETWEEN 1 AND 2", []string{op(Or, op(Lt, "$0:integer integer:1")+" "+op(Gt, "$0:integer integer:2"))}},
		{"i BETWEEN 1 AND 2", []string{op(Ge, "$0:integer integer:1"), op(Le, "$0:integer integer:2")}},
		{"s NOT IN ('a', NULL)", []string{op(Not, op(In, "$3:text text:a text:(null)"))}},
		{"i + 1 = 2.5", []string{op(Eq, op(Add, "$0:integer integer:1")+" real:2.5")}},
		{"i + 1.5 = 2", []string{op(Eq, op(Add, op(Cast, "$0:integer")+" real:1.5")+" integer:2")}},
		{"r = 2 + 3 * 4", []string{op(Eq, "$2:real integer:14")}},
		{"n > 9223372036854775807 + 1", []string{"boolean:(null)"}},
		{"d > '2024-02-29'", []string{op(Gt, "$5:date date:2024/02/29")}},
		{"'2024-02-29' < d", []string{op(Lt, "date:2024/02/29 $5:date")}},
		{"d > '2024-02-29 12:00'", []string{op(Gt, op(Cast, "$5:date")+" timestamp:2024/02/29 12:00:00")}},
		{"dt > '2024-02-29'", []string{op(Gt, "$7:timestamp timestamp:2024/02/29 00:00:00")}},
		{"dt > DATE '2024-02-29'", []string{op(Gt, "$7:timestamp timestamp:2024/02/29 00:00:00+00")}},
		{"d = dt", []string{op(Eq, op(Cast, "$5:date")+" $7:timestamp")}},
		{"d IN ('2024-02-29', '2024-02-29 12:00')", []string{op(In, op(Cast, "$5:date")+" timestamp:2024/02/29 00:00:00+00 timestamp:2024/02/29 12:00:00")}},
		{"1 IN (b, 2, TRUE)", []string{op(In, "integer:1 "+op(Cast, "$4:boolean")+" integer:2 integer:1")}},
		{"1 IN (b, 0, NULL)", []string{op(In, "boolean:1 $4:boolean boolean:0 boolean:(null)")}},
		{"2 IN (b, TRUE)", []string{op(In, "integer:2 "+op(Cast, "$4:boolean")+" integer:1")}},
		{"COALESCE(b, 3) = 1", []string{op(Eq, op(Coalesce, op(Cast, "$4:boolean")+" integer:3")+" integer:1")}},
		{"t < '12:30'", []string{op(Lt, "$6:time time:12:30:00")}},
		{"d = CAST('2024-02-29' AS date)", []string{op(Eq, "$5:date date:2024/02/29")}},
		{"fid = 1 AND OGC_FID = 2", []string{op(Eq, "fid integer:1"), op(Eq, "fid integer:2")}},
		{"fid IS NULL", []string{"boolean:0"}},
		{"geom IS NULL AND center IS NOT NULL", []string{op(IsNull, "geom0"), op(IsNotNull, "geom1")}},
		{"j IS NULL OR bin IS NULL OR list IS NULL", []string{op(Or, op(IsNull, "$8:opaque")+" "+op(IsNull, "$9:opaque")+" "+op(IsNull, "$10:opaque"))}},
		{"COALESCE(i, 2.5) = 1", []string{op(Eq, op(Coalesce, op(Cast, "$0:integer")+" real:2.5")+" integer:1")}},
		{"COALESCE('2024-02-29', d) = d", []string{op(Eq, op(Coalesce, "date:2024/02/29 $5:date")+" $5:date")}},
		{"COALESCE(NULL, NULL) IS NULL", nil},
		{"NULLIF(i, 2.5) = 1", []string{op(Eq, op(NullIf, "$0:integer real:2.5")+" integer:1")}},
		{"LOWER('ÄB') = s", []string{op(Eq, "text:äb $3:text")}},
		{"CAST(n AS bigint) = 1", []string{op(Eq, "$1:integer integer:1")}},
		{"CAST(n AS integer) = 1", []string{op(Eq, op(Cast, "$1:integer")+" integer:1")}},
		{"ogr_geometry = 'POINT' AND OGR_GEOM_AREA > 1 AND i = 1", []string{
			op(Eq, "$0:integer integer:1"), op(Eq, op(GeomTypeName, "")+" text:POINT"), op(Gt, op(GeomArea, "")+" integer:1"),
		}},
		{"ST_Intersects(center, ST_Point(1, 2))", []string{op(Intersects, "geom1 geometry")}},
		{"NOT ST_Within(ST_Point(1, 2, 4326), geom)", []string{op(Not, op(Within, "geometry geom0"))}},
		{"ST_DWithin(geom, center, 3)", []string{op(DWithin, "geom0 geom1")}},
		{"ST_Intersects(geom, NULL)", []string{"boolean:(null)"}},
		{"ST_Intersects(ST_Point(1, 1), ST_MakeEnvelope(0, 0, 2, 2))", nil},
		{"s LIKE NULL", []string{"boolean:(null)"}},
		{`Twice = 'a' AND TWICE = 'b' AND "odd ""name""" = 'c'`, []string{op(Eq, "$11:text text:a"), op(Eq, "$12:text text:b"), op(Eq, "$13:text text:c")}},
	} {
		b := bindText(t, c.text)
		var got []string
		for _, p := range b.Conjuncts {
			got = append(got, dump(p.Node))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
}

func TestBindErrors(t *testing.T) {
	for _, c := range []struct{ text, msg string }{
		{"poplation > 3", "there is no field poplation; did you mean population?"},
		{"pop = 1", "there is no field pop; did you mean population?"},
		{"xyzzy = 1", "there is no field xyzzy; there are FID, i, n, r,"},
		{"twice = 'x'", "twice may be any of the fields Twice, TWICE"},
		{"s = 1", "text cannot be compared with integer; numbers stand without quotes"},
		{"i > 'x'", "integer cannot be compared with text"},
		{"i > '5'", "integer cannot be compared with text"},
		{"d > 'soon'", "'soon' is compared with a date and is not one such as '2024-02-29'"},
		{"d > 5", "date cannot be compared with integer"},
		{"t = d", "time cannot be compared with date"},
		{"b = 'true'", "boolean cannot be compared with text"},
		{"b IN (TRUE, 2.5)", "boolean cannot be compared with real"},
		{"d IN ('2024-02-29', s)", "cannot be compared with text"},
		{"j = 'x'", "opaque"},
		{"geom = center", "geometries are compared by ST_Intersects"},
		{"i", "integer was found, a condition was expected: write what it is compared with, such as <> 0"},
		{"i AND b", "integer was found, a condition was expected"},
		{"s", "text was found, a condition was expected"},
		{"NOT 'x'", "text was found, a condition was expected"},
		{"s + 1 = 2", "text was found, a number was expected"},
		{"d - 1 = d", "date was found, a number was expected"},
		{"-s = 2", "text was found, a number was expected"},
		{"r % 2 = 0", "the remainder is one of integers"},
		{"i || 'x' = 'y'", "integer was found, a text was expected; CAST(... AS character) makes one"},
		{"i LIKE '5%'", "integer was found, a text was expected"},
		{"s LIKE s", "LIKE takes a constant pattern"},
		{"s LIKE 'x!' ESCAPE '!'", "escape"},
		{"s IN ('a', 1)", "text cannot be compared with integer"},
		{"LOWER(i) = 'x'", "integer was found, a text was expected"},
		{"LOWER(s, s) = 'x'", "LOWER has 2 arguments and takes a text"},
		{"SUBSTR(s, 'x') = 'x'", "text was found, an integer was expected"},
		{"LOVER(s) = 'x'", "there is no function LOVER; did you mean LOWER?"},
		{"pg_sleep(1)", "there is no function PG_SLEEP; there are ABS,"},
		{"CAST(d AS integer) = 1", "date cannot be cast to integer"},
		{"CAST(bin AS character) = 'x'", "opaque cannot be cast to text"},
		{"COALESCE(i, s) = 1", "cannot be compared with"},
		{"ST_Intersects(geom, 'POINT (1 2)')", "write ST_GeomFromText('POINT (1 2)')"},
		{"ST_Intersects(s, center)", "text was found, a geometry was expected"},
		{"ST_Intersects(geom)", "ST_INTERSECTS has 1 arguments and takes two geometries"},
		{"ST_Intersects(geom, ST_GeomFromText('POINT (1'))", "WKT"},
		{"ST_Intersects(geom, ST_GeomFromText('POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))'))", "not valid"},
		{"ST_Intersects(geom, ST_GeomFromText('POINT (1 2)', 3857))", "the geometry is in SRID 3857, the column in EPSG:4326"},
		{"ST_Intersects(geom, ST_Point(1, 1e999))", "+Inf is no coordinate"},
		{"ST_Intersects(geom, ST_Point(r, 1))", "ST_POINT takes constant numbers"},
		{"ST_DWithin(geom, center, -1)", "a distance of -1, want 0 or more"},
		{"ST_DWithin(geom, center, r)", "ST_DWithin takes a constant distance"},
		{"ROUND(r, i) = 1", "ROUND takes a constant number of digits"},
	} {
		e, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		_, err = e.Bind(testSchema())
		var fe *Error
		if !errors.As(err, &fe) || !strings.Contains(err.Error(), c.msg) || !strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %s", c.text, err, c.msg)
		}
	}
}

func TestBindBuilt(t *testing.T) {
	for _, c := range []struct {
		e   *Expr
		msg string
	}{
		{Field("i").Eq([]int{1}), "a []int is no value of a filter"},
		{Field("i").Eq(uint64(math.MaxUint64)), "beyond the integers"},
		{Field("i").Eq(math.NaN()), "NaN is no constant"},
		{Field("i").Eq((*Expr)(nil)), "an expression is nil"},
		{(*Expr)(nil).Eq(1), "nil"},
		{Field("s").Eq(feature.Bytes(nil)), "a value of kind binary is no constant"},
		{Field("i").CastTo("money").Eq(1), `"money" is no type`},
		{Field("geom").Intersects(feature.WKB("nonsense")), "not valid"},
		{Field("nobody").Eq(1), "there is no field nobody"},
	} {
		if _, err := c.e.Bind(testSchema()); err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%s: got %v, want %s", c.e, err, c.msg)
		}
	}
	none := &feature.Schema{Fields: []feature.Field{{Name: "fid"}}}
	if _, err := Field("OGR_GEOMETRY").Eq("POINT").Bind(none); err == nil {
		t.Error("a layer without geometry has OGR_GEOMETRY")
	}
	if b, err := Field("FID").Eq("x").Bind(none); err != nil || !slices.Equal(b.Fields, []int{0}) {
		t.Errorf("a field that is named fid is not taken: %v", err)
	}
	if _, err := FID().Eq(1).Bind(none); err != nil {
		t.Error(err)
	}
	unnamed := &feature.Schema{Geoms: []feature.GeomField{{}}}
	for _, name := range []string{"geometry", "_OGR_geometry_"} {
		if _, err := Field(name).IsNull().Bind(unnamed); err != nil {
			t.Error(err)
		}
	}
}

// TestUses: a driver reads no more than what the filter looks at.
func TestUses(t *testing.T) {
	b := bindText(t, "i = 1 AND (n = 2 OR ST_Intersects(center, ST_Point(5, 5))) AND i < 3")
	if !slices.Equal(b.Fields, []int{0, 1}) || !slices.Equal(b.Geoms, []bool{false, true}) {
		t.Errorf("fields %v, geometries %v", b.Fields, b.Geoms)
	}
}

func TestFIDs(t *testing.T) {
	const least, most = math.MinInt64, math.MaxInt64
	for _, c := range []struct {
		text string
		want FIDs
	}{
		{"i = 1", FIDs{least, most, nil}},
		{"fid = 7", FIDs{7, 7, []int64{7}}},
		{"7 = fid AND i = 1", FIDs{7, 7, []int64{7}}},
		{"fid > 3 AND 10 > fid", FIDs{3, 10, nil}},
		{"fid BETWEEN 3 AND 10 AND fid IN (12, 4, 3, 4, 2)", FIDs{3, 4, []int64{3, 4}}},
		{"fid IN (5, NULL, 1)", FIDs{1, 5, []int64{1, 5}}},
		{"fid IN (NULL)", FIDs{0, -1, []int64{}}},
		{"fid IN (1, 2) AND fid IN (2, 3)", FIDs{2, 2, []int64{2}}},
		{"fid = 1 AND fid = 2", FIDs{0, -1, []int64{}}},
		{"fid = 1 OR fid IN (9, 3)", FIDs{1, 9, []int64{1, 3, 9}}},
		{"fid = 1 OR i = 1", FIDs{least, most, nil}},
		{"fid = 1 OR fid > 5", FIDs{least, most, nil}},
		{"fid IN (1, 2.5)", FIDs{least, most, nil}},
		{"NOT fid = 7", FIDs{least, most, nil}},
		{"NOT (fid < 7 OR fid > 9)", FIDs{7, 9, nil}},
		{"fid % 2 = 0", FIDs{least, most, nil}},
		{"1 = 2 AND i = 1", FIDs{0, -1, []int64{}}},
		{"fid = 3 OR NULL", FIDs{3, 3, []int64{3}}},
	} {
		got := bindText(t, c.text).FIDs()
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
		if got.All() != (c.want.List == nil && c.want.Min == least && c.want.Max == most) {
			t.Errorf("%s: All is %v", c.text, got.All())
		}
	}
}

func TestBoxes(t *testing.T) {
	for _, c := range []struct {
		text string
		want []feature.Bounds
	}{
		{"i = 1", nil},
		{"ST_Intersects(geom, ST_MakeEnvelope(1, 2, 3, 4))", []feature.Bounds{{MinX: 1, MinY: 2, MaxX: 3, MaxY: 4}}},
		{"ST_Within(ST_Point(1, 2), geom) AND i = 1", []feature.Bounds{{MinX: 1, MinY: 2, MaxX: 1, MaxY: 2}}},
		{"ST_Intersects(center, ST_Point(1, 2))", nil},
		{"ST_Intersects(geom, center)", nil},
		{"ST_Intersects(geom, ST_Point(1, 2)) OR i = 1", nil},
		{"NOT ST_Intersects(geom, ST_Point(1, 2))", nil},
	} {
		if diff := cmp.Diff(c.want, bindText(t, c.text).Boxes(0)); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
	got := bindText(t, "ST_DWithin(geom, ST_Point(1, 2), 0.1)").Boxes(0)[0]
	if !(got.MinX < 0.9 && got.MinX > 0.89 && got.MaxY > 2.1 && got.MaxY < 2.11) {
		t.Errorf("the box of a distance is %v", got)
	}
}
