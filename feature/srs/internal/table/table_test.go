package table

import (
	"fmt"
	"strings"
	"testing"
)

func TestPackAndOpen(t *testing.T) {
	geog := func(name string, code int) string {
		return fmt.Sprintf(`GEOGCS["%s",DATUM["%s",SPHEROID["s",6378137,298.25]],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","%d"]]`, name, name, code)
	}
	var rows []Row
	for i := range 3000 {
		name := fmt.Sprintf("base %d", i%7)
		rows = append(rows, Row{"EPSG", 2*i + 1, fmt.Sprintf(
			`PROJCS["%s / zone %d",%s,PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",%d.5],UNIT["metre",1],AUTHORITY["EPSG","%d"]]`,
			name, i, geog(name, 9000+i%7), i-90, 2*i+1), uint16(i % 1000)})
	}
	rows = append(rows,
		Row{"EPSG", 9003, geog("base 3", 9003), 77},
		Row{"EPSG", 9500, "", 0},
		Row{"Other", 1, `COMPD_CS["a -1e5 ~",` + rows[5].WKT + `,VERT_CS["h"],DATE[-1.5e+10]]`, 5})
	data, err := Pack(rows, []string{"EPSG", "Other"}, "a b\nc\n")
	if err != nil {
		t.Fatal(err)
	}
	table := Open(string(data))
	if table.Len() != len(rows) || table.Datums() != "a b\nc\n" || strings.Join(table.Authorities(), " ") != "EPSG Other" {
		t.Errorf("%d rows, datums %q, authorities %q", table.Len(), table.Datums(), table.Authorities())
	}
	for _, r := range rows {
		i, ok := table.Find(strings.ToLower(r.Authority), r.Code)
		if !ok {
			t.Fatalf("%s:%d: lost", r.Authority, r.Code)
		}
		if wkt, name := table.WKT(i); wkt != r.WKT || name != rootName(r.WKT) {
			t.Fatalf("%s:%d: %q, name %q, want %q", r.Authority, r.Code, wkt, name, r.WKT)
		}
		if a, c := table.Code(i); a != r.Authority || c != r.Code {
			t.Errorf("row %d is %s:%d, want %s:%d", i, a, c, r.Authority, r.Code)
		}
		found := false
		for _, k := range table.WithKey(r.Key) {
			found = found || k == i
		}
		if !found {
			t.Errorf("%s:%d: not found by its key %d", r.Authority, r.Code, r.Key)
		}
	}
	for _, c := range []int{0, 2, 9001, 1 << 40} {
		if _, ok := table.Find("EPSG", c); ok {
			t.Errorf("code %d found", c)
		}
	}
}

func TestPackErrors(t *testing.T) {
	for want, rows := range map[string][]Row{
		"EPSG:1: listed twice":                        {{"EPSG", 1, "A", 0}, {"EPSG", 1, "B", 0}},
		"EPSG:2: control character in the definition": {{"EPSG", 2, "A\nB", 0}},
		`X:3: authority, want one of ["EPSG"]`:        {{"X", 3, "A", 0}},
	} {
		if _, err := Pack(rows, []string{"EPSG"}, ""); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestOpenDamaged(t *testing.T) {
	for _, data := range []string{"", "SRS0", magic + "\x7f", magic + "\x01\x00"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: no panic", data)
				}
			}()
			Open(data).Len()
		}()
	}
}
