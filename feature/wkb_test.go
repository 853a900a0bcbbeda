package feature_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

// TestPostGISGeometries holds what is read from the bytes against what PostGIS says of every type.
func TestPostGISGeometries(t *testing.T) {
	for _, g := range postgis(t) {
		for order, w := range map[string]WKB{"little": g.little, "big": g.big} {
			if err := w.Check(); err != nil {
				t.Errorf("%s (%s): Check: %v", g.text, order, err)
			}
			if typ, err := w.Type(); typ != typeOfText(t, g.text) || err != nil {
				t.Errorf("%s (%s): Type = %v, %v", g.text, order, typ, err)
			}
			if got := w.IsEmpty(); got != g.bounds.IsEmpty() {
				t.Errorf("%s (%s): IsEmpty = %v", g.text, order, got)
			}
			b, err := w.Bounds()
			if err != nil || !near(b, g.bounds) {
				t.Errorf("%s (%s): Bounds = %v, %v; want %v", g.text, order, b, err, g.bounds)
			}
		}
	}
}

// near tells whether bounds agree but for what reckoning in float64 loses, or are both empty.
func near(a, b Bounds) bool {
	if a.IsEmpty() || b.IsEmpty() {
		return a.IsEmpty() == b.IsEmpty()
	}
	const eps = 1e-8
	return math.Abs(a.MinX-b.MinX) < eps && math.Abs(a.MinY-b.MinY) < eps &&
		math.Abs(a.MaxX-b.MaxX) < eps && math.Abs(a.MaxY-b.MaxY) < eps
}

// TestTruncated cuts every geometry at every byte, and adds one.
func TestTruncated(t *testing.T) {
	for _, g := range postgis(t) {
		for _, w := range []WKB{g.little, g.big} {
			for n := range len(w) {
				checkMalformed(t, w[:n])
			}
			checkMalformed(t, append(w.Clone(), 0))
		}
	}
}

// checkMalformed fails the test unless all that reads w agrees that it is malformed.
func checkMalformed(t *testing.T, w WKB) {
	t.Helper()
	err := w.Check()
	var we *WKBError
	if !errors.Is(err, ErrWKB) || !errors.As(err, &we) || we.Offset < 0 || we.Offset > len(w) {
		t.Errorf("%X: Check = %v, want an error that matches ErrWKB", []byte(w), err)
	}
	if _, err := w.Bounds(); !errors.Is(err, ErrWKB) {
		t.Errorf("%X: Bounds = %v", []byte(w), err)
	}
	if w.IsEmpty() {
		t.Errorf("%X is empty, want malformed", []byte(w))
	}
	if err := w.Walk(new(Builder)); !errors.Is(err, ErrWKB) {
		t.Errorf("%X: Walk = %v", []byte(w), err)
	}
	dst := []byte("as it was")
	if out, _, err := FromEWKB(dst, w); !errors.Is(err, ErrWKB) || string(out) != "as it was" {
		t.Errorf("%X: FromEWKB = %q, %v", []byte(w), out, err)
	}
	if out, err := AppendEWKB(dst, w, 4326); !errors.Is(err, ErrWKB) || string(out) != "as it was" {
		t.Errorf("%X: AppendEWKB = %q, %v", []byte(w), out, err)
	}
}

func TestMalformed(t *testing.T) {
	u32 := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	head := func(typ GeomType, n uint32) string { return "\x01" + u32(uint32(typ)) + u32(n) }
	point := string(AppendPoint(nil, 1, 2))
	xy := strings.Repeat("\x00", 16)
	for name, test := range map[string]struct{ bytes, want string }{
		"no geometry":               {"", "byte 0: 0 bytes left"},
		"byte order":                {"\x02" + point[1:], "byte 0: byte order 2"},
		"unknown type":              {"\x01" + u32(18) + u32(0), "byte 1: geometry type 18 is unknown"},
		"a ring's type":             {"\x01" + u32(101) + u32(0), "byte 1: geometry type 101 is unknown"},
		"dimensions beyond ZM":      {"\x01" + u32(4001) + xy, "byte 1: geometry type 4001 is unknown"},
		"EWKB flags":                {"\x01" + u32(0x80000001) + xy + "12345678", "is unknown"},
		"abstract geometry":         {head(Geometry, 0), "GEOMETRY is abstract"},
		"abstract curve":            {head(Curve+1000, 0), "CURVE Z is abstract"},
		"abstract surface":          {head(Surface, 0), "SURFACE is abstract"},
		"huge count of points":      {head(LineString, 0xFFFFFFFF), "byte 5: 4294967295 points take at least 68719476720 bytes, 0 are left"},
		"huge count of rings":       {head(Polygon, 0xFFFFFFFF) + xy, "4294967295 rings"},
		"huge count in a ring":      {head(Polygon, 1) + u32(0x10000000) + xy, "268435456 points"},
		"huge count of members":     {head(GeometryCollection, 0x7FFFFFFF) + xy, "2147483647 members"},
		"one member too few":        {head(MultiPoint, 2) + point, "byte 30: 0 bytes left"},
		"one member too many":       {head(MultiPoint, 1) + point + point, "byte 30: 21 bytes after the end"},
		"a line in a multipoint":    {head(MultiPoint, 1) + head(LineString, 0), "byte 9: a LINESTRING in a MULTIPOINT"},
		"a polygon in a tin":        {head(TIN, 1) + head(Polygon, 0), "a POLYGON in a TIN"},
		"a triangle in a surface":   {head(PolyhedralSurface, 1) + head(Triangle, 0), "a TRIANGLE in a POLYHEDRALSURFACE"},
		"a point in a curve":        {head(CompoundCurve, 1) + point, "a POINT in a COMPOUNDCURVE"},
		"a polygon as a ring":       {head(CurvePolygon, 1) + head(Polygon, 0), "a POLYGON in a CURVEPOLYGON"},
		"a multi in a multi":        {head(MultiPolygon, 1) + head(MultiPolygon, 0), "a MULTIPOLYGON in a MULTIPOLYGON"},
		"other dimensions inside":   {head(MultiPoint+1000, 1) + point, "a POINT in a MULTIPOINT Z"},
		"other dimensions inside a": {head(GeometryCollection, 1) + head(LineString+2000, 0), "a LINESTRING M in a GEOMETRYCOLLECTION"},
	} {
		w := WKB(test.bytes)
		if err := w.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Check = %v, want %q", name, err, test.want)
		}
		if err := w.Walk(new(Builder)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Walk = %v, want %q", name, err, test.want)
		}
		if name != "EWKB flags" {
			checkMalformed(t, w)
		}
	}
}

// TestMixedByteOrders gives each geometry of a collection its own.
func TestMixedByteOrders(t *testing.T) {
	little := WKB(AppendHeader(nil, LineString, 2))
	little = append(little, AppendPoint(nil, 1, 2)[5:]...)
	little = append(little, AppendPoint(nil, 3, 4)[5:]...)
	big := WKB{0, 0, 0, 0, 2, 0, 0, 0, 2}
	for _, f := range []float64{1, 2, 3, 4} {
		big = binary.BigEndian.AppendUint64(big, math.Float64bits(f))
	}
	inner := append(append(WKB{0, 0, 0, 0, 7, 0, 0, 0, 2}, little...), big...)
	mixed := append(append(append(AppendHeader(nil, GeometryCollection, 3), big...), inner...), little...)
	want := append(append(append(AppendHeader(nil, GeometryCollection, 3), little...),
		append(append(AppendHeader(nil, GeometryCollection, 2), little...), little...)...), little...)
	if b, err := WKB(mixed).Bounds(); b != (Bounds{1, 2, 3, 4}) || err != nil {
		t.Errorf("Bounds = %v, %v", b, err)
	}
	var build Builder
	if err := WKB(mixed).Walk(&build); err != nil {
		t.Fatal(err)
	}
	if got, err := build.WKB(); !bytes.Equal(got, want) || err != nil {
		t.Errorf("Walk into a Builder = %X, %v; want %X", []byte(got), err, want)
	}
	if got, _, err := FromEWKB(nil, mixed); !bytes.Equal(got, want) || err != nil {
		t.Errorf("FromEWKB = %X, %v; want %X", got, err, want)
	}
}

// deep returns a geometry n deep: collections around a point.
func deep(n int) WKB {
	return AppendPoint(bytes.Repeat(AppendHeader(nil, GeometryCollection, 1), n-1), 3, 4)
}

func TestDepth(t *testing.T) {
	for _, n := range []int{1, 2, MaxDepth - 1, MaxDepth} {
		w := deep(n)
		if b, err := w.Bounds(); err != nil || b != (Bounds{3, 4, 3, 4}) {
			t.Errorf("%d deep: Bounds = %v, %v", n, b, err)
		}
		var build Builder
		if err := w.Walk(&build); err != nil {
			t.Errorf("%d deep: Walk: %v", n, err)
		} else if got, err := build.WKB(); !bytes.Equal(got, w) || err != nil {
			t.Errorf("%d deep: Walk gives other bytes, %v", n, err)
		}
	}
	for _, n := range []int{MaxDepth + 1, 100_000} {
		w := deep(n)
		checkMalformed(t, w)
		if err := w.Check(); !strings.Contains(err.Error(), "nested more than 128 deep") {
			t.Errorf("%d deep: %v", n, err)
		}
	}
	// What a Builder makes can be read, up to the same depth.
	var b Builder
	for range MaxDepth {
		if err := b.Begin(GeometryCollection, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Begin(Point, 1); err == nil {
		t.Error("a Builder nests deeper than can be read")
	}
	b.Reset(nil)
	for range MaxDepth {
		_ = b.Begin(GeometryCollection, 0)
	}
	for range MaxDepth {
		_ = b.End()
	}
	w, err := b.WKB()
	if err != nil || w.Check() != nil || !w.IsEmpty() {
		t.Errorf("%d collections: %v, Check %v", MaxDepth, err, w.Check())
	}
}

func TestNaNCoordinates(t *testing.T) {
	nan := math.NaN()
	for name, w := range map[string]WKB{
		"both": AppendPoint(nil, nan, nan), "x": AppendPoint(nil, nan, 1), "y": AppendPoint(nil, 1, nan),
	} {
		if b, err := w.Bounds(); !w.IsEmpty() || !b.IsEmpty() || err != nil {
			t.Errorf("a point with NaN in %s: IsEmpty %v, Bounds %v, %v", name, w.IsEmpty(), b, err)
		}
	}
	line := WKB(AppendHeader(nil, LineString, 3))
	for _, p := range [][2]float64{{1, 2}, {nan, 7}, {3, nan}} {
		line = append(line, AppendPoint(nil, p[0], p[1])[5:]...)
	}
	if b, err := line.Bounds(); b != (Bounds{1, 2, 3, 7}) || err != nil || line.IsEmpty() {
		t.Errorf("a line with NaN: Bounds %v, %v", b, err)
	}
}

// TestNestedEmpty looks for coordinates in collections that have members and none.
func TestNestedEmpty(t *testing.T) {
	inner := multi(GeometryCollection, AppendPoint(nil, math.NaN(), math.NaN()), AppendHeader(nil, LineString, 0),
		multi(Polygon, WKB{0, 0, 0, 0}))
	w := multi(GeometryCollection, inner, inner)
	if b, err := w.Bounds(); !w.IsEmpty() || !b.IsEmpty() || err != nil {
		t.Errorf("IsEmpty %v, Bounds %v, %v", w.IsEmpty(), b, err)
	}
	w = multi(GeometryCollection, inner, AppendPoint(nil, 1, 2))
	if b, err := w.Bounds(); w.IsEmpty() || b != (Bounds{1, 2, 1, 2}) || err != nil {
		t.Errorf("with a point: IsEmpty %v, Bounds %v, %v", w.IsEmpty(), b, err)
	}
}

func arc(points ...float64) WKB {
	w := AppendHeader(nil, CircularString, len(points)/2)
	for i := 0; i < len(points); i += 2 {
		w = append(w, AppendPoint(nil, points[i], points[i+1])[5:]...)
	}
	return w
}

// TestArcBounds holds the bounds of random arcs against a thousand points of each.
func TestArcBounds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		cx, cy, r := rnd.Float64()*100-50, rnd.Float64()*100-50, rnd.Float64()*10+0.1
		from, sweep := rnd.Float64()*7, (rnd.Float64()*2-1)*2*math.Pi*0.999
		at := func(f float64) (x, y float64) {
			sin, cos := math.Sincos(from + sweep*f)
			return cx + r*cos, cy + r*sin
		}
		x0, y0 := at(0)
		x1, y1 := at(0.1 + 0.8*rnd.Float64()) // the middle point is anywhere on the arc
		x2, y2 := at(1)
		got, err := arc(x0, y0, x1, y1, x2, y2).Bounds()
		if err != nil {
			t.Fatal(err)
		}
		want := EmptyBounds()
		const n = 1000
		for i := range n + 1 {
			want = want.Extend(at(float64(i) / n))
		}
		// Between two samples the arc goes out by this at most.
		eps := r*(1-math.Cos(sweep/n/2)) + 1e-6*r
		if math.Abs(got.MinX-want.MinX) > eps || math.Abs(got.MinY-want.MinY) > eps ||
			math.Abs(got.MaxX-want.MaxX) > eps || math.Abs(got.MaxY-want.MaxY) > eps {
			t.Fatalf("arc %v %v, %v %v, %v %v: Bounds %+v, want %+v", x0, y0, x1, y1, x2, y2, got, want)
		}
	}
}

// TestArcBoundsNearlyStraight has arcs whose centers are so far away that their distance says nothing exact: the bounds are
// those of the three points, or hardly more.
func TestArcBoundsNearlyStraight(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		x, y, size := rnd.Float64()*200-100, rnd.Float64()*200-100, math.Pow(10, rnd.Float64()*4-2)
		sag := size * math.Pow(10, -8-rnd.Float64()*10)
		// Along an axis, or so nearly that the arc passes one of its circle's extremes.
		sin, cos := math.Sincos(float64(rnd.IntN(4))*math.Pi/2 + rnd.Float64()*sag/size)
		along := rnd.Float64()*0.8 + 0.1
		x1, y1 := x+size*along*cos-sag*sin, y+size*along*sin+sag*cos
		x2, y2 := x+size*cos, y+size*sin
		want := EmptyBounds().Extend(x, y).Extend(x1, y1).Extend(x2, y2)
		got, err := arc(x, y, x1, y1, x2, y2).Bounds()
		// Between the given points it goes out by as much again, or a few times that.
		eps := 20*sag + 1e-12
		if err != nil || !got.Contains(want) || want.MinX-got.MinX > eps || want.MinY-got.MinY > eps ||
			got.MaxX-want.MaxX > eps || got.MaxY-want.MaxY > eps {
			t.Fatalf("arc %v %v, %v %v, %v %v (sagitta %g): Bounds %+v, %v; want %+v", x, y, x1, y1, x2, y2, sag, got, err, want)
		}
	}
}

func TestArcBoundsSpecial(t *testing.T) {
	for name, test := range map[string]struct {
		w    WKB
		want Bounds
	}{
		"a whole circle":        {arc(0, 0, 2, 0, 0, 0), Bounds{0, -1, 2, 1}},
		"a whole circle, askew": {arc(0, 0, 6, 8, 0, 0), Bounds{-2, -1, 8, 9}},
		"a circle of no size":   {arc(5, 5, 5, 5, 5, 5), Bounds{5, 5, 5, 5}},
		"a straight line":       {arc(0, 0, 1, 1, 2, 2), Bounds{0, 0, 2, 2}},
		"a half":                {arc(0, 0, 1, -1, 2, 0), Bounds{0, -1, 2, 0}},
		"two arcs":              {arc(0, 0, 1, 1, 2, 0, 3, -1, 4, 0), Bounds{0, -1, 4, 1}},
		"an even number":        {arc(0, 0, 1, 1, 2, 0, 3, -1), Bounds{0, -1, 3, 1}},
		"two points":            {arc(0, 0, 1, 1), Bounds{0, 0, 1, 1}},
		"one point":             {arc(7, 8), Bounds{7, 8, 7, 8}},
		"infinite":              {arc(0, 0, math.Inf(1), 1, 2, 0), Bounds{0, 0, math.Inf(1), 1}},
		// SELECT ST_Extent('CIRCULARSTRING(10 0,0 -10,-6 8)'::geometry): BOX(-10 -10,10 8)
		"three quarters": {arc(10, 0, 0, -10, -6, 8), Bounds{-10, -10, 10, 8}},
	} {
		if got, err := test.w.Bounds(); err != nil || got != test.want && !near(got, test.want) {
			t.Errorf("%s: Bounds = %+v, %v; want %+v", name, got, err, test.want)
		}
	}
}

func TestWKBNil(t *testing.T) {
	var w WKB
	if w.Clone() != nil || w.IsEmpty() {
		t.Error("no geometry is not an empty one, and its clone is none")
	}
	if c := (WKB{}).Clone(); c == nil {
		t.Error("the clone of what is not nil is nil")
	}
	if _, err := w.Type(); !errors.Is(err, ErrWKB) {
		t.Errorf("Type = %v", err)
	}
}

func polygon(n int) WKB {
	w := AppendHeader(nil, Polygon, 1)
	w = binary.LittleEndian.AppendUint32(w, uint32(n))
	for i := range n {
		sin, cos := math.Sincos(float64(i%(n-1)) / float64(n-1) * 2 * math.Pi)
		w = append(w, AppendPoint(nil, cos, sin)[5:]...)
	}
	return w
}

func TestScanAllocatesNothing(t *testing.T) {
	list := []WKB{AppendPoint(nil, 1, 2), polygon(20), deep(100)}
	for _, g := range postgis(t) {
		list = append(list, g.little, g.big)
	}
	n := testing.AllocsPerRun(10, func() {
		for _, w := range list {
			if w.Check() != nil {
				t.Fatal("malformed")
			}
			_, _ = w.Bounds()
			w.IsEmpty()
			_, _ = w.Type()
		}
	})
	if n != 0 {
		t.Errorf("Check, Bounds, IsEmpty and Type allocate %v times", n)
	}
}

func BenchmarkBounds(b *testing.B) {
	for name, w := range map[string]WKB{"point": AppendPoint(nil, 1, 2), "polygon20": polygon(20)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(w)))
			for b.Loop() {
				if _, err := w.Bounds(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
