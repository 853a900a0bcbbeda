package pgvalue_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

func TestCSV(t *testing.T) {
	columns := []pgvalue.Column{
		{Name: "id", OID: oidInt8},
		{Name: "a,b", OID: oidText},
		{Name: "the_geom", OID: oidGeometry},
		{Name: "ok", OID: oidBool},
		{Name: "skipped", OID: oidText},
		{Name: "many", OID: oidBools},
		{Name: "id", OID: oidText},
	}
	e := pgvalue.NewEncoder(columns, oidGeometry, oidGeography, map[string]bool{"skipped": true})
	if got, want := string(e.AppendCSVHeader(nil)), "the_geom,id,\"a,b\",ok,many,id\r\n"; got != want {
		t.Errorf("header: got %q, want %q", got, want)
	}
	tests := []struct {
		values []string // NULL is null
		want   string
	}{
		{[]string{"9007199254740993", "x", "0101", "t", "s", "{t,f}", "y"}, "0101,9007199254740993,x,true,\"{t,f}\",y\r\n"},
		{[]string{"NULL", "NULL", "NULL", "NULL", "s", "NULL", "NULL"}, ",,,,,\r\n"},
		{[]string{"1", "", "", "f", "s", "{}", ""}, "\"\",1,\"\",false,{},\"\"\r\n"},
		{[]string{"1", `a"b`, "x", "odd", "s", "a,b", "c"}, "x,1,\"a\"\"b\",odd,\"a,b\",c\r\n"},
		{[]string{"1", "a\nb", "x", "t", "s", "a\r", " a"}, "x,1,\"a\nb\",true,\"a\r\",\" a\"\r\n"},
		{[]string{"1", "a ", "x", "t", "s", "a b", `"`}, "x,1,\"a \",true,a b,\"\"\"\"\r\n"},
		{[]string{"1"}, ",1,,,,\r\n"},
	}
	for _, test := range tests {
		var values [][]byte
		for _, v := range test.values {
			if v == "NULL" {
				values = append(values, nil)
			} else {
				values = append(values, []byte(v))
			}
		}
		if got := string(e.AppendCSVRow(nil, values)); got != test.want {
			t.Errorf("%q: got %q, want %q", test.values, got, test.want)
		}
	}
}

func TestCSVWithoutGeometry(t *testing.T) {
	e := pgvalue.NewEncoder([]pgvalue.Column{{Name: "b", OID: oidText}, {Name: "a", OID: oidText}}, 0, 0, nil)
	got := e.AppendCSVRow(e.AppendCSVHeader(nil), [][]byte{[]byte("1"), []byte("2")})
	if want := "b,a\r\n1,2\r\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzCSV has encoding/csv read what was written.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("a"), []byte("b\"c, d"))
	f.Add([]byte(" "), []byte("\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		e := pgvalue.NewEncoder([]pgvalue.Column{{Name: string(a), OID: oidText}, {Name: "the_geom", OID: oidGeometry}}, oidGeometry, 0, nil)
		text := e.AppendCSVRow(e.AppendCSVHeader(nil), [][]byte{a, b})
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q: %v, %q", text, err, rows)
		}
		// encoding/csv reads \r\n in a value as \n.
		same := func(got, want string) bool { return got == strings.ReplaceAll(want, "\r\n", "\n") }
		want := []string{"the_geom", string(a), string(b), string(a)}
		if string(a) == "the_geom" {
			want = []string{string(a), "the_geom", string(a), string(b)}
		}
		if !same(rows[0][0], want[0]) || !same(rows[0][1], want[1]) || !same(rows[1][0], want[2]) || !same(rows[1][1], want[3]) {
			t.Fatalf("%q was read as %q, want %q", text, rows, want)
		}
	})
}

func BenchmarkAppendCSVRow(b *testing.B) {
	columns, values := sevenColumns()
	e := pgvalue.NewEncoder(columns, oidGeometry, oidGeography, nil)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = e.AppendCSVRow(dst[:0], values)
	}
	b.SetBytes(int64(len(dst)))
}
