package crs

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	roots, err := Parse("\ufeff GeogCS ( \"a \"\"b\"\"\" , Unit[\"degree\",.5e-1], AXIS[x,NORTH], EPOCH[2010-01-01] ) \x00\x00")
	if err != nil || len(roots) != 1 {
		t.Fatalf("%v, %d roots", err, len(roots))
	}
	n := roots[0]
	if n.Keyword != "GEOGCS" || n.Name() != `a "b"` || len(n.Args) != 4 {
		t.Errorf("%s %q with %d arguments", n.Keyword, n.Name(), len(n.Args))
	}
	if f, ok := n.Child("UNIT").Num(1); !ok || f != 0.05 {
		t.Errorf("unit %v, %t", f, ok)
	}
	if a := n.Child("AXIS").Args[1]; a.Kind != Symbol || a.Text != "NORTH" {
		t.Errorf("axis %v", a)
	}
	if a := n.Child("EPOCH").Args[0]; a.Kind != Symbol || a.Text != "2010-01-01" {
		t.Errorf("epoch %v", a)
	}
	if roots, err = Parse(`A["x"],B["y"]`); err != nil || len(roots) != 2 || roots[1].Start != 7 || roots[1].End != 13 {
		t.Errorf("%v, %v", roots, err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "byte 0: the end of the text, want a keyword"},
		{"  7", `byte 2: "7", want a keyword`},
		{"A", "byte 1: the end of the text, want [ or ( after A"},
		{"a x", `byte 2: "x", want [ or ( after A`},
		{"A[", "byte 2: the end of the text, want an argument"},
		{"A[]", `byte 2: "]", want a string, a number or a keyword`},
		{`A["x`, `byte 2: "\"x", want a string that is closed`},
		{`A["x""`, `byte 2: "\"x\"\"", want a string that is closed`},
		{`A["x")`, `byte 5: ")", want a comma or ]`},
		{`A("x"]`, `byte 5: "]", want a comma or )`},
		{"A[1,", "byte 4: the end of the text, want an argument"},
		{"A[1 2]", `byte 4: "2]", want a comma or ]`},
		{"A[1e999]", `byte 2: "1e999]", want a finite number`},
		{"A[-]", `byte 2: "-]", want a finite number`},
		{"A[0x10]", `byte 2: "0x10]", want a finite number`},
		{"A[1]B", `byte 4: "B", want the end, or a comma and another system`},
		{"A[1],", "byte 5: the end of the text, want a keyword"},
		{strings.Repeat("A[", 65) + "1", "byte 128: nested deeper than 64"},
		{strings.Repeat(" ", MaxBytes+1), "text of 1048577 bytes, want at most 1048576"},
	} {
		_, err := Parse(test.in)
		if err == nil || err.Error() != test.want {
			in := test.in
			if len(in) > 40 {
				in = in[:40] + "..."
			}
			t.Errorf("Parse(%q): %v, want %s", in, err, test.want)
		}
	}
}

func TestID(t *testing.T) {
	for _, test := range []struct {
		in, authority string
		code          int
	}{
		{`A["x",AUTHORITY["epsg","4326"]]`, "EPSG", 4326},
		{`A["x",AUTHORITY["EPSG",4326]]`, "EPSG", 4326},
		{`A["x",ID["EPSG",1],ID["ESRI",2]]`, "ESRI", 2},
		{`A["x",B["y",ID["EPSG",1]]]`, "", 0},
		{`A["x",AUTHORITY["EPSG","x"]]`, "", 0},
		{`A["x",AUTHORITY["EPSG"]]`, "", 0},
		{`A["x",AUTHORITY["EPSG","-5"]]`, "", 0},
	} {
		roots, err := Parse(test.in)
		if err != nil {
			t.Fatal(err)
		}
		if authority, code, ok := roots[0].ID(); authority != test.authority || code != test.code || ok != (code != 0) {
			t.Errorf("%s: %s:%d, %t, want %s:%d", test.in, authority, code, ok, test.authority, test.code)
		}
	}
}
