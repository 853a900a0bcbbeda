package feature_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/ogrcarto/ogrcarto/feature"
)

// TestWalkIntoBuilder copies geometries of every type: the bytes are PostGIS' own.
func TestWalkIntoBuilder(t *testing.T) {
	var b Builder
	for _, g := range postgis(t) {
		for _, w := range []WKB{g.little, g.big} {
			b.Reset(nil)
			if err := w.Walk(&b); err != nil {
				t.Errorf("%s: %v", g.text, err)
				continue
			}
			if got, err := b.WKB(); !bytes.Equal(got, g.little) || err != nil {
				t.Errorf("%s: %X, %v; want %X", g.text, []byte(got), err, []byte(g.little))
			}
		}
	}
}

// printer is a Visitor that writes down its calls, and fails at one of them.
type printer struct {
	calls  []string
	failAt int
}

var errPrinter = errors.New("enough")

func (p *printer) call(format string, args ...any) error {
	p.calls = append(p.calls, fmt.Sprintf(format, args...))
	if len(p.calls) == p.failAt {
		return errPrinter
	}
	return nil
}

func (p *printer) Begin(t GeomType, n int) error { return p.call("%v %d", t, n) }
func (p *printer) End() error                    { return p.call("end") }

func (p *printer) Coords(c Coords) error {
	var s []string
	for i := range c.Len() {
		x, y := c.XY(i)
		s = append(s, fmt.Sprint(x, " ", y, " ", c.Z(i), " ", c.M(i)))
	}
	if all := c.Append(nil); len(all) != c.Len()*(2+btoi(c.HasZ())+btoi(c.HasM())) {
		return fmt.Errorf("Append gives %d ordinates of %d coordinates", len(all), c.Len())
	}
	return p.call("%s", strings.Join(s, ", "))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestWalk(t *testing.T) {
	for text, want := range map[string][]string{
		"POINT ZM(1.5 -2.25 10 1.5)": {"POINT ZM 1", "1.5 -2.25 10 1.5", "end"},
		"POINT M EMPTY":              {"POINT M 0", "end"},
		"LINESTRING EMPTY":           {"LINESTRING 0", "end"},
		"MULTIPOINT M((1 2 1.5),EMPTY)": {
			"MULTIPOINT M 2", "POINT M 1", "1 2 0 1.5", "end", "POINT M 0", "end", "end",
		},
		"TRIANGLE Z((0 0 10,0 9 20,9 0 30,0 0 10))": {
			"TRIANGLE Z 1", "LINEARRING 4", "0 0 10 0, 0 9 20 0, 9 0 30 0, 0 0 10 0", "end", "end",
		},
		"COMPOUNDCURVE(CIRCULARSTRING(0 0,1 1,2 0),(2 0,3 0))": {
			"COMPOUNDCURVE 2", "CIRCULARSTRING 3", "0 0 0 0, 1 1 0 0, 2 0 0 0", "end", "LINESTRING 2", "2 0 0 0, 3 0 0 0",
			"end", "end",
		},
	} {
		i := slices.IndexFunc(postgis(t), func(g postgisGeometry) bool { return g.text == text })
		if i < 0 {
			t.Fatalf("geometries.tsv has no %s", text)
		}
		g := postgis(t)[i]
		for _, w := range []WKB{g.little, g.big} {
			var p printer
			if err := w.Walk(&p); err != nil || !slices.Equal(p.calls, want) {
				t.Errorf("%s: calls %q, %v; want %q", text, p.calls, err, want)
			}
		}
		// An error at any call is returned, and is the last call.
		for n := 1; n <= len(want); n++ {
			p := printer{failAt: n}
			if err := g.little.Walk(&p); err != errPrinter || len(p.calls) != n {
				t.Errorf("%s: an error at call %d: %v after %d calls", text, n, err, len(p.calls))
			}
		}
	}
}

func TestBuilder(t *testing.T) {
	var b Builder
	_ = b.Begin(GeometryCollection+3000, 0)
	_ = b.Begin(Point+3000, 0)
	_ = b.XYZM(1.5, -2.25, 10, 1.5)
	_ = b.End()
	_ = b.Begin(Polygon+3000, 0)
	_ = b.Begin(LinearRing, 0)
	for range 4 {
		_ = b.XY(7, 8)
	}
	_ = b.End()
	_ = b.End()
	_ = b.Begin(Point+3000, 0)
	_ = b.End()
	if err := b.End(); err != nil {
		t.Fatal(err)
	}
	got, err := b.WKB()
	if err != nil {
		t.Fatal(err)
	}
	var p printer
	if err := got.Walk(&p); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GEOMETRYCOLLECTION ZM 3", "POINT ZM 1", "1.5 -2.25 10 1.5", "end", "POLYGON ZM 1", "LINEARRING 4",
		"7 8 0 0, 7 8 0 0, 7 8 0 0, 7 8 0 0", "end", "end", "POINT ZM 0", "end", "end",
	}
	if !slices.Equal(p.calls, want) {
		t.Errorf("built %q, want %q", p.calls, want)
	}
}

// TestBuilderMisuse: the first mistake is an error of its own call, of every later one, and of WKB.
func TestBuilderMisuse(t *testing.T) {
	begin := func(typ GeomType) func(b *Builder) error { return func(b *Builder) error { return b.Begin(typ, 1) } }
	end := (*Builder).End
	xy := func(b *Builder) error { return b.XY(1, 2) }
	coords := func(typ GeomType) func(b *Builder) error {
		return func(b *Builder) error { return WKB(appendPointOf(nil, typ)).Walk(coordsOnly{b}) }
	}
	for name, test := range map[string]struct {
		calls []func(*Builder) error
		want  string
	}{
		"nothing":                       {nil, "nothing was built"},
		"not ended":                     {[]func(*Builder) error{begin(Point), xy}, "POINT is not ended"},
		"a ring not ended":              {[]func(*Builder) error{begin(Polygon), begin(LinearRing)}, "LINEARRING is not ended"},
		"End alone":                     {[]func(*Builder) error{end}, "End without Begin"},
		"one End too many":              {[]func(*Builder) error{begin(Point), end, end}, "End without Begin"},
		"two geometries":                {[]func(*Builder) error{begin(Point), end, begin(Point)}, "a second geometry"},
		"an abstract type":              {[]func(*Builder) error{begin(Curve)}, "CURVE cannot be built"},
		"no type":                       {[]func(*Builder) error{begin(Geometry)}, "GEOMETRY cannot be built"},
		"an unknown type":               {[]func(*Builder) error{begin(4321)}, "cannot be built"},
		"a ring alone":                  {[]func(*Builder) error{begin(LinearRing)}, "a ring outside a polygon"},
		"a ring in a line":              {[]func(*Builder) error{begin(LineString), begin(LinearRing)}, "a ring outside a polygon"},
		"a ring in a ring":              {[]func(*Builder) error{begin(Polygon), begin(LinearRing), begin(LinearRing)}, "a ring outside a polygon"},
		"a point in a polygon":          {[]func(*Builder) error{begin(Polygon), begin(Point)}, "a POINT in a POLYGON"},
		"a point in a ring":             {[]func(*Builder) error{begin(Polygon), begin(LinearRing), begin(Point)}, "a POINT in a LINEARRING"},
		"a point in a point":            {[]func(*Builder) error{begin(Point), begin(Point)}, "a POINT in a POINT"},
		"a line in a multipolygon":      {[]func(*Builder) error{begin(MultiPolygon), begin(LineString)}, "a LINESTRING in a MULTIPOLYGON"},
		"other dimensions":              {[]func(*Builder) error{begin(MultiPoint + 1000), begin(Point)}, "a POINT in a MULTIPOINT Z"},
		"a coordinate alone":            {[]func(*Builder) error{xy}, "a coordinate outside"},
		"a coordinate in a polygon":     {[]func(*Builder) error{begin(Polygon), xy}, "a coordinate outside"},
		"two coordinates in a point":    {[]func(*Builder) error{begin(Point), xy, xy, end}, "a point with 2 coordinates"},
		"coordinates of other dims":     {[]func(*Builder) error{begin(LineString), coords(Point + 1000)}, "coordinates of a POINT Z in a LINESTRING"},
		"coordinates of other dims (r)": {[]func(*Builder) error{begin(Polygon + 1000), begin(LinearRing), coords(Point)}, "coordinates of a POINT in a POLYGON Z"},
	} {
		var b Builder
		var err error
		for i, call := range test.calls {
			if err = call(&b); err != nil && i < len(test.calls)-1 {
				t.Errorf("%s: an error at call %d: %v", name, i, err)
			}
		}
		w, got := b.WKB()
		if got == nil || !strings.Contains(got.Error(), test.want) || w != nil {
			t.Errorf("%s: WKB = %v, %v; want %q", name, w, got, test.want)
		}
		if err == nil {
			continue // only WKB could tell
		}
		for what, later := range map[string]error{
			"Begin": b.Begin(Point, 1), "End": b.End(), "XY": b.XY(1, 2), "Coords": b.Coords(Coords{}),
		} {
			if later != err {
				t.Errorf("%s: %s after it gives %v", name, what, later)
			}
		}
		b.Reset(nil)
		if err := deep(3).Walk(&b); err != nil {
			t.Errorf("%s: after Reset: %v", name, err)
		}
	}
}

// coordsOnly hands only coordinates on.
type coordsOnly struct{ b *Builder }

func (coordsOnly) Begin(GeomType, int) error { return nil }
func (c coordsOnly) Coords(co Coords) error  { return c.b.Coords(co) }
func (coordsOnly) End() error                { return nil }

// appendPointOf adds a point whose ordinates are 1, 2, 3, 4.
func appendPointOf(dst []byte, t GeomType) []byte {
	dst = AppendHeader(dst, t, 1)
	for i := range t.Dims() {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(float64(i+1)))
	}
	return dst
}

func TestBuilderReset(t *testing.T) {
	buf := make([]byte, 0, 1000)
	var b Builder
	n := testing.AllocsPerRun(100, func() {
		b.Reset(buf)
		_ = b.Begin(Polygon, 1)
		_ = b.Begin(LinearRing, 4)
		for range 4 {
			_ = b.XY(1, 2)
		}
		_ = b.End()
		_ = b.End()
	})
	if n != 0 {
		t.Errorf("%v allocations with a buffer that is large enough", n)
	}
	if w, err := b.WKB(); err != nil || &w[0] != &buf[:1][0] {
		t.Errorf("the buffer is not used: %v", err)
	}
}

func TestAppend(t *testing.T) {
	nan := math.NaN()
	for name, test := range map[string]struct {
		got  []byte
		want string // the text in geometries.tsv
	}{
		"a point":          {AppendPoint(nil, 1.5, -2.25), "POINT(1.5 -2.25)"},
		"an empty point":   {AppendPoint(nil, nan, nan), "POINT EMPTY"},
		"a header":         {AppendHeader(nil, MultiPolygon+3000, 0), "MULTIPOLYGON ZM EMPTY"},
		"empty bounds":     {AppendBounds(nil, EmptyBounds()), "POLYGON EMPTY"},
		"bounds of no NaN": {AppendBounds(nil, Bounds{nan, 1, 2, 3}), "POLYGON EMPTY"},
	} {
		i := slices.IndexFunc(postgis(t), func(g postgisGeometry) bool { return g.text == test.want })
		if want := postgis(t)[i].little; !bytes.Equal(test.got, want) {
			t.Errorf("%s: %X, want %X", name, test.got, []byte(want))
		}
	}
	b := Bounds{-1, -2, 3, 4}
	w := WKB(AppendBounds([]byte("before"), b)[len("before"):])
	if got, err := w.Bounds(); got != b || err != nil {
		t.Errorf("the bounds of AppendBounds: %v, %v", got, err)
	}
}

// FuzzWKB holds together all that reads WKB: what Check takes, Walk takes into a Builder, whose bytes stay as they are from
// then on; what Check refuses, all refuse.
func FuzzWKB(f *testing.F) {
	for _, g := range postgis(f) {
		f.Add([]byte(g.little))
		f.Add([]byte(g.big))
	}
	f.Add([]byte(deep(MaxDepth)))
	f.Add([]byte(deep(MaxDepth + 1)))
	f.Add(AppendPoint(nil, 1, math.NaN()))
	f.Add([]byte(arc(0, 0, 1, 1e-17, 2, 0)))
	f.Add([]byte("\x01\x07\x00\x00\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := WKB(bytes.Clone(data))
		checked := w.Check()
		bounds, err := w.Bounds()
		if (err == nil) != (checked == nil) {
			t.Fatalf("Check = %v, Bounds = %v", checked, err)
		}
		var b Builder
		err = w.Walk(&b)
		if (err == nil) != (checked == nil) {
			t.Fatalf("Check = %v, Walk = %v", checked, err)
		}
		multi, _ := AppendMulti(nil, w)
		for _, typ := range []GeomType{1000, 2000, 3001, Polygon, MultiPolygon + 1000, GeometryCollection, Curve, MultiSurface} {
			if out, err := AppendAs(nil, w, typ); err == nil && checked == nil {
				got, _ := WKB(out).Type()
				if err := WKB(out).Check(); err != nil || !typ.Holds(got) {
					t.Fatalf("AppendAs(%v) gives a %v: %v", typ, got, err)
				}
			}
		}
		if !bytes.Equal(w, data) {
			t.Fatal("the bytes were changed")
		}
		if checked != nil {
			if !errors.Is(checked, ErrWKB) || w.IsEmpty() || !bounds.IsEmpty() {
				t.Fatalf("malformed: %v, IsEmpty %v, Bounds %v", checked, w.IsEmpty(), bounds)
			}
			return
		}
		if err := WKB(multi).Check(); err != nil {
			t.Fatalf("AppendMulti: %v", err)
		}
		built, err := b.WKB()
		if err != nil {
			t.Fatalf("Builder: %v", err)
		}
		again, err := built.Bounds()
		if cap(built) > 4*len(w)+64 {
			t.Fatalf("%d bytes were set aside for %d", cap(built), len(w))
		}
		if err != nil || len(built) != len(w) || built.IsEmpty() != w.IsEmpty() || !same(bounds, again) {
			t.Fatalf("built %X: Bounds %v, %v; want %v", []byte(built), again, err, bounds)
		}
		var c Builder
		if err := built.Walk(&c); err != nil {
			t.Fatal(err)
		}
		if stable, err := c.WKB(); err != nil || !bytes.Equal(stable, built) {
			t.Fatalf("%X is built again as %X, %v", []byte(built), []byte(stable), err)
		}
	})
}

// same tells whether bounds are the same to the bit, NaN included.
func same(a, b Bounds) bool { return fmt.Sprint(a) == fmt.Sprint(b) && a.IsEmpty() == b.IsEmpty() }
