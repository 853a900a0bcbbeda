package gpkg_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
)

// show prints a value with its kind, so that 1, 1.0, true and "1" differ.
func show(v feature.Value) string {
	switch v.Kind() {
	case feature.KindNull, feature.KindUnset:
		return v.String()
	case feature.KindFloat:
		return fmt.Sprintf("real %v", v.Float())
	case feature.KindText, feature.KindJSON:
		return fmt.Sprintf("%s %q", v.Kind(), v.Bytes())
	case feature.KindBool:
		return fmt.Sprintf("boolean %v", v.Bool())
	}
	return v.Kind().String() + " " + v.String()
}

// TestForeignValues reads values of every storage class in columns of every type. What can be had without loss is, and
// nothing becomes null, or something else, without a warning.
func TestForeignValues(t *testing.T) {
	for _, c := range []struct {
		sqlType, sql, want string
		warning            string
	}{
		{"INTEGER", "7", "integer 7", ""},
		{"INTEGER", "9223372036854775807", "integer 9223372036854775807", ""},
		{"INTEGER", "-9223372036854775808", "integer -9223372036854775808", ""},
		{"INTEGER", "9007199254740993", "integer 9007199254740993", ""},
		{"INTEGER", "'12'", "integer 12", ""},
		{"INTEGER", "' 12 '", "integer 12", ""},
		{"INTEGER", "'12 apples'", "(null)", "is not a Integer64 and was read as null"},
		{"INTEGER", "1.5", "(null)", "is not a Integer64"},
		{"INTEGER", "2.0", "integer 2", ""},
		{"INTEGER", "1e300", "(null)", "is not a Integer64"},
		{"INTEGER", "9223372036854775808", "(null)", "is not a Integer64"}, // SQLite makes it a real
		{"INTEGER", "-9223372036854775809.0", "integer -9223372036854775808", ""},
		{"INTEGER", "x'31'", "(null)", "is not a Integer64"},
		{"INTEGER", "''", "(null)", "is not a Integer64"},
		{"MEDIUMINT", "99999999999", "integer 99999999999", ""},
		{"BOOLEAN", "1", "boolean true", ""},
		{"BOOLEAN", "0", "boolean false", ""},
		{"BOOLEAN", "2", "integer 2", ""},
		{"BOOLEAN", "1.0", "boolean true", ""},
		{"BOOLEAN", "'true'", "boolean true", ""},
		{"BOOLEAN", "'F'", "boolean false", ""},
		{"BOOLEAN", "x'00'", "(null)", "is not a Integer"},
		{"BOOLEAN", "'maybe'", "(null)", "is not a Integer"},

		{"REAL", "1.5", "real 1.5", ""},
		{"REAL", "3", "real 3", ""},
		{"REAL", "9e999", "real +Inf", ""},
		{"REAL", "-9e999", "real -Inf", ""},
		{"REAL", "-0.0", "real 0", ""}, // SQLite stores whole reals as integers
		{"REAL", "4.9e-324", "real 5e-324", ""},
		{"REAL", "'1.5'", "real 1.5", ""},
		{"REAL", "'1,5'", "(null)", "is not a Real"},
		{"REAL", "x'312e35'", "(null)", "is not a Real"},
		{"NUMERIC(10,2)", "12.25", "real 12.25", ""},
		{"NUMERIC(20)", "9007199254740992", "real 9.007199254740992e+15", ""},
		{"NUMERIC(20)", "9007199254740993", "real 9.007199254740992e+15", "nearest Real"},
		{"NUMERIC(20)", "9223372036854775807", "real 9.223372036854776e+18", "nearest Real"},

		{"TEXT", "'a'", `text "a"`, ""},
		{"TEXT", "''", `text ""`, ""},
		{"TEXT", "NULL", "(null)", ""},
		{"TEXT", "12", `text "12"`, ""},
		{"STRING", "12", `text "12"`, ""}, // no affinity to text: the integer stays one
		{"STRING", "0.1 + 0.2", `text "0.30000000000000004"`, ""},
		{"STRING", "1e300", `text "1e+300"`, ""},
		{"STRING", "1234567.5", `text "1234567.5"`, ""},
		{"TEXT", "x'c3a9'", `text "é"`, ""},
		{"TEXT", "x'ff00'", "(null)", "a blob that is not UTF-8"},
		{"TEXT", "CAST(x'61ff62' AS TEXT)", "text \"a\uFFFDb\"", "is not UTF-8"},
		{"TEXT", "'a' || char(0) || 'b'", `text "a\x00b"`, ""},
		{"TEXT(3)", "'longer'", `text "longer"`, ""},
		{"BLOB", "x'00ff'", "binary 00FF", ""},
		{"BLOB", "x''", "binary ", ""},
		{"BLOB", "'ab'", "binary 6162", ""},
		{"BLOB", "NULL", "(null)", ""},
		{"DATE", "'2020-02-03'", "date 2020/02/03", ""},
		{"DATE", "'03.02.2020'", "(null)", "is not a Date"},
		{"DATE", "20200203", "(null)", "is not a Date"},
		{"DATETIME", "'2020-02-03T04:05:06Z'", "date-time 2020/02/03 04:05:06+00", ""},
		{"DATETIME", "1580702706", "(null)", "is not a DateTime"},
		{"DATETIME", "x'32'", "(null)", "is not a DateTime"},
		{"TIMESTAMP", "'2020-02-03 04:05'", "date-time 2020/02/03 04:05:00", ""},
		{"TIME", "'04:05:06'", "time 04:05:06", ""},
		{"TIME", "'4 pm'", "(null)", "is not a Time"},
	} {
		for _, encoding := range []string{"UTF-8", "UTF-16le", "UTF-16be"} {
			if encoding != "UTF-8" && strings.Contains(c.sql, "61ff62") {
				continue // is converted, there
			}
			t.Run(encoding+"/"+c.sqlType+"/"+c.sql, func(t *testing.T) {
				t.Parallel()
				file := encoded(t, encoding, "INSERT INTO t VALUES (1, "+c.sql+")", c.sqlType)
				ds := mustOpen(t, file, driver.Read, nil)
				got := rows(t, mustLayer(t, ds, "t"), layer.Query{})
				if len(got) != 1 || show(got[0].Values[0]) != c.want {
					t.Errorf("%s in a column %s is read as %s, want %s", c.sql, c.sqlType, show(got[0].Values[0]), c.want)
				}
				if c.warning == "" {
					onlyWarnings(t, ds.Warnings())
				} else {
					onlyWarnings(t, ds.Warnings(), c.warning)
				}
			})
		}
	}
}

// encoded makes a small GeoPackage whose text has that encoding, with a table t (fid, v).
func encoded(t *testing.T, encoding, insert, sqlType string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	sql(t, file, "PRAGMA encoding = '"+encoding+"'", "PRAGMA application_id = 1196444487", "PRAGMA user_version = 10200",
		`CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY NOT NULL, organization TEXT NOT NULL,
		organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)`,
		`CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
		description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER)`,
		`INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES ('t', 'attributes', 'Größe', '2020-01-01T00:00:00.000Z')`,
		`CREATE TABLE t (fid INTEGER PRIMARY KEY, v `+sqlType+`)`, insert)
	return file
}

// TestUTF16 reads from and writes to a database whose text is UTF-16.
func TestUTF16(t *testing.T) {
	ctx := context.Background()
	for _, encoding := range []string{"UTF-16le", "UTF-16be"} {
		t.Run(encoding, func(t *testing.T) {
			file := encoded(t, encoding, "INSERT INTO t VALUES (1, 'Zürich 🌍')", "TEXT")
			ds := mustOpen(t, file, driver.Update, nil)
			l := mustLayer(t, ds, "t")
			if l.Identifier() != "Größe" {
				t.Errorf("the identifier is %q", l.Identifier())
			}
			w, err := ds.Append(ctx, "t")
			if err != nil {
				t.Fatal(err)
			}
			writeRows(t, w, []row{{fid: null, vals: []feature.Value{feature.Text("東京")}}})
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := mustLayer(t, ds, "t").CreateField(ctx, feature.Field{Name: "Größe", Type: feature.Binary}); err != nil {
				t.Fatal(err)
			}
			createRows(t, ds, "bytes", &feature.Schema{Fields: []feature.Field{{Name: "b", Type: feature.Binary}}}, nil,
				[]row{{fid: null, vals: []feature.Value{feature.Bytes([]byte{0xd8, 0, 1, 2})}}})
			mustClose(t, ds)
			ds = mustOpen(t, file, driver.Read, nil)
			if got := table(t, mustLayer(t, ds, "t")); got != "1|Zürich 🌍|(null)\n2|東京|(null)\n" {
				t.Errorf("rows are %q", got)
			}
			if got := table(t, mustLayer(t, ds, "bytes")); got != "1|D8000102\n" {
				t.Errorf("bytes are %q", got)
			}
			consistent(t, file)
		})
	}
}

// TestExtremeValues writes values at the ends of their ranges, by pages and by SQL, and reads them.
func TestExtremeValues(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	fields := []feature.Field{
		{Name: "i", Type: feature.Integer64},
		{Name: "r", Type: feature.Real},
		{Name: "s"},
		{Name: "b", Type: feature.Binary},
		{Name: "f", Type: feature.Integer, Subtype: feature.Boolean},
		{Name: "d", Type: feature.DateField},
		{Name: "j", Subtype: feature.JSONText},
		{Name: "w", Type: feature.DateTimeField},
	}
	n := feature.Null()
	in := [][]feature.Value{
		{feature.Int(math.MaxInt64), feature.Float(math.Inf(1)), feature.Text(""), feature.Bytes([]byte{}), feature.Bool(true), feature.Days(0), feature.JSON([]byte("{}")), n},
		{feature.Int(math.MinInt64), feature.Float(math.Inf(-1)), feature.Text("a\x00b"), feature.Bytes([]byte{0}), feature.Bool(false), feature.Days(-719162), feature.JSON([]byte("")), n},
		{feature.Int(1<<53 + 1), feature.Float(math.Copysign(0, -1)), feature.Text(long), feature.Bytes([]byte(long)), n, feature.Days(2932896), n, n},
		{feature.Int(-1), feature.Float(math.MaxFloat64), feature.Text("\U0010FFFF\uFEFF"), n, n, n, n, n},
		{feature.Int(0), feature.Float(math.SmallestNonzeroFloat64), feature.Text("'); DROP TABLE t; --"), n, n, n, n, n},
		{n, feature.Float(0.1), n, n, n, n, n, n},
		{{}, {}, {}, {}, {}, {}, {}, {}},
		{feature.Int(127), feature.Float(1 << 53), n, n, n, n, n, n},
		{feature.Int(32768), feature.Float(-7), n, n, n, n, n, n},
		{feature.Int(1 << 23), feature.Float(math.NaN()), n, n, n, n, n, n},
		{feature.Int(1 << 47), n, n, n, n, n, n, n},
	}
	for _, mode := range []driver.Mode{driver.Create, driver.Update} {
		t.Run(mode.String(), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			if mode == driver.Update {
				writePoints(t, file, 1, nil, nil)
			}
			ds := mustOpen(t, file, mode, nil)
			var list []row
			for _, v := range in {
				list = append(list, row{fid: null, vals: v})
			}
			createRows(t, ds, "t", &feature.Schema{Fields: fields}, nil, list)
			mustClose(t, ds)
			got := rows(t, mustLayer(t, mustOpen(t, file, driver.Read, nil), "t"), layer.Query{})
			for i, vals := range in {
				for k, want := range vals {
					if mode == driver.Update && want.Kind() == feature.KindFloat && want.Float() == 0 {
						want = feature.Float(0) // SQLite stores whole reals as integers: -0 is lost
					}
					if want.IsUnset() || want.Kind() == feature.KindFloat && math.IsNaN(want.Float()) {
						want = n
					}
					if v := got[i].Values[k]; !v.Equal(want) {
						t.Errorf("row %d, field %s: %.60s is read as %.60s", i, fields[k].Name, show(want), show(v))
					}
				}
			}
			sound(t, file)
		})
	}
}

// TestConversions writes values of another kind than their field's: what goes without loss is turned, the rest refused.
func TestConversions(t *testing.T) {
	moment := feature.WallClock(86_400_000_000*365+1_500_000, feature.ZoneUTC)
	for _, c := range []struct {
		field feature.Field
		in    feature.Value
		want  string // "" is refused
	}{
		{feature.Field{Type: feature.Integer}, feature.Float(7), "integer 7"},
		{feature.Field{Type: feature.Integer}, feature.Float(7.5), ""},
		{feature.Field{Type: feature.Integer}, feature.Bool(true), "integer 1"},
		{feature.Field{Type: feature.Integer64}, feature.Float(1 << 63), ""},
		{feature.Field{Type: feature.Integer64}, feature.Float(-1 << 63), "integer -9223372036854775808"},
		{feature.Field{Type: feature.Integer64}, feature.Float(math.NaN()), ""},
		{feature.Field{Type: feature.Integer64}, feature.Text("7"), ""},
		{feature.Field{Type: feature.Integer, Subtype: feature.Boolean}, feature.Int(1), "boolean true"},
		{feature.Field{Type: feature.Real}, feature.Int(7), "real 7"},
		{feature.Field{Type: feature.Real}, feature.Int(1<<53 + 1), ""},
		{feature.Field{Type: feature.Real}, feature.Int(math.MaxInt64), ""},
		{feature.Field{Type: feature.Real}, feature.Text("7"), ""},
		{feature.Field{}, feature.Int(7), `text "7"`},
		{feature.Field{}, feature.Float(0.30000000000000004), `text "0.30000000000000004"`},
		{feature.Field{}, feature.Float(1e6), `text "1000000"`},
		{feature.Field{}, feature.Days(1), `text "1970/01/02"`},
		{feature.Field{}, feature.TimeOfDay(1_000_000), `text "00:00:01"`},
		{feature.Field{}, feature.Bytes([]byte("a")), ""},
		{feature.Field{}, feature.IntList(1), ""},
		{feature.Field{}, feature.Text("a\xffb"), ""},
		{feature.Field{}, feature.JSON([]byte("{}")), `text "{}"`},
		{feature.Field{Subtype: feature.JSONText}, feature.Text("{}"), `JSON "{}"`},
		{feature.Field{Type: feature.TimeField}, feature.TimeOfDay(86_399_999_999), `text "23:59:59.999999"`},
		{feature.Field{Type: feature.IntegerList}, feature.IntList(), `JSON "[]"`},
		{feature.Field{Type: feature.Integer64List}, feature.IntList(1, -2, math.MaxInt64), `JSON "[1,-2,9223372036854775807]"`},
		{feature.Field{Type: feature.RealList}, feature.FloatList(0.1, math.NaN(), math.Inf(1), 1e300), `JSON "[0.1,null,null,1e+300]"`},
		{feature.Field{Type: feature.StringList}, feature.TextList("a", `"b\`, "\n\x01é🌍", ""), `JSON "[\"a\",\"\\\"b\\\\\",\"\\n\\u0001é🌍\",\"\"]"`},
		{feature.Field{Type: feature.DateField}, moment, ""},
		{feature.Field{Type: feature.DateTimeField}, feature.Days(365), "date-time 1971/01/01 00:00:00+00"},
		{feature.Field{Type: feature.DateTimeField}, moment, "date-time 1971/01/01 00:00:01.500+00"},
		{feature.Field{Type: feature.DateTimeField}, feature.Text("2020-01-01"), ""},
		{feature.Field{Type: feature.Binary}, feature.Text("a"), ""},
		{feature.Field{NotNull: true}, feature.Null(), ""},
		{feature.Field{NotNull: true}, feature.Value{}, ""},
		{feature.Field{Type: feature.Real, NotNull: true}, feature.Float(math.NaN()), ""},
	} {
		c.field.Name = "v"
		t.Run(c.field.TypeName()+"/"+show(c.in), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "x.gpkg")
			other := feature.Text("x")
			switch {
			case c.field.NotNull && c.field.Type == feature.Real:
				other = feature.Float(1)
			case c.field.Type != feature.String || c.field.Subtype != feature.NoSubtype:
				other = feature.Null()
			}
			errs, _ := newFile(t, file, "t", &feature.Schema{Fields: []feature.Field{c.field}}, nil, nil,
				[]row{{fid: 5, vals: []feature.Value{c.in}}, {fid: 6, vals: []feature.Value{other}}})
			got := rows(t, mustLayer(t, mustOpen(t, file, driver.Read, nil), "t"), layer.Query{})
			if last := got[len(got)-1]; last.FID != 6 {
				t.Errorf("the Writer did not go on: the last feature is %d", last.FID)
			}
			if c.want == "" {
				var rejected *layer.RejectedError
				if !errors.As(errs[0], &rejected) || len(got) != 1 {
					t.Fatalf("the error is %v and there are %d rows, want the value refused", errs[0], len(got))
				}
				if rejected.FID != 5 || !strings.Contains(rejected.Error(), "feature 5") || !strings.Contains(rejected.Error(), "field v") {
					t.Errorf("the error is %v, of feature %d", rejected, rejected.FID)
				}
			} else if errs[0] != nil || show(got[0].Values[0]) != c.want {
				t.Errorf("it is read as %s (%v), want %s", show(got[0].Values[0]), errs[0], c.want)
			}
		})
	}
}

// TestColumnProperties writes fields with all that a field may have, and reads them here and by ogrinfo.
func TestColumnProperties(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	fields := []feature.Field{
		{Name: "plain", Alias: "A title", Comment: "A 'comment'"},
		{Name: "width", Width: 12, NotNull: true, Default: "'it''s'"},
		{Name: "number", Type: feature.Integer, Default: "7"},
		{Name: "sum", Type: feature.Real, Default: "1 + 0.5"},
		{Name: "now", Type: feature.DateTimeField, Default: "CURRENT_TIMESTAMP"},
		{Name: "then", Type: feature.DateTimeField, Default: "'2017/02/03 04:05:06'"},
		{Name: "today", Type: feature.DateField, Default: "CURRENT_DATE"},
		{Name: "day", Type: feature.DateField, Default: "'2017/02/03'"},
		{Name: "key", Type: feature.Integer64, Unique: true},
		{Name: "json", Subtype: feature.JSONText, Comment: "an object"},
		{Name: "foreign", Default: "nextval('x'::regclass)"},
		{Name: "unknown", Default: "now()"},
		{Name: "evil", Default: "1); DROP TABLE gpkg_contents; --"},
	}
	_, warnings := newFile(t, file, "t", &feature.Schema{Fields: fields}, nil, nil, []row{
		{fid: null, vals: []feature.Value{{}, {}, {}, {}, {}, {}, {}, {}, feature.Int(1)}},
		{fid: null, vals: []feature.Value{{}, {}, feature.Null(), feature.Null()}},
	})
	onlyWarnings(t, warnings, "the default nextval('x'::regclass) is left out")
	if !strings.Contains(strings.Join(warnings, ""), "3 times") {
		t.Errorf("warnings are %q, want the other two counted", warnings)
	}
	ds := mustOpen(t, file, driver.Read, nil)
	l := mustLayer(t, ds, "t")
	fields[5].Default, fields[7].Default = "'2017-02-03T04:05:06.000Z'", "'2017-02-03'"
	fields[10].Default, fields[11].Default, fields[12].Default = "", "", ""
	if diff := cmp.Diff(fields, l.Schema().Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	got := rows(t, l, layer.Query{})
	v := got[0].Values
	for i, want := range []string{"(null)", `text "it's"`, "integer 7", "real 1.5", "", "date-time 2017/02/03 04:05:06+00", "", "date 2017/02/03", "integer 1", "(null)"} {
		if want != "" && show(v[i]) != want {
			t.Errorf("an unset %s is read as %s, want %s", fields[i].Name, show(v[i]), want)
		}
	}
	if v[4].Kind() != feature.KindDateTime || v[4].Zone() != feature.ZoneUTC || v[6].Kind() != feature.KindDate {
		t.Errorf("the times of insertion are %s and %s", show(v[4]), show(v[6]))
	}
	if v := got[1].Values; !v[2].IsNull() || !v[3].IsNull() {
		t.Errorf("null takes the default: %s, %s", show(v[2]), show(v[3]))
	}
	sound(t, file)
	ogrSays(t, file, "t", "width: String (12.0) NOT NULL DEFAULT 'it''s'", "number: Integer (0.0) DEFAULT 7",
		"now: DateTime (0.0) DEFAULT CURRENT_TIMESTAMP", "then: DateTime (0.0) DEFAULT '2017/02/03 04:05:06.000'",
		"key: Integer64 (0.0) UNIQUE", "json: String(JSON) (0.0)")
	// Another writer finds the same.
	up := mustOpen(t, file, driver.Update, nil)
	w, err := up.Append(ctx, "t")
	if err != nil {
		t.Fatal(err)
	}
	errs, _ := writeRows(t, w, []row{
		{fid: null, vals: []feature.Value{{}, {}, {}, {}, {}, {}, {}, {}, feature.Int(1)}}, // taken
		{fid: null, vals: []feature.Value{{}, {}, {}, {}, {}, {}, {}, {}, feature.Int(2)}},
		{fid: null, vals: []feature.Value{{}, {}, {}, {}, {}, {}, {}, {}, feature.Int(2)}}, // taken
		{fid: null, vals: []feature.Value{{}, feature.Null()}},
		{fid: null, vals: []feature.Value{feature.Text("last")}},
	})
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	var refused []int
	for i, err := range errs {
		if err != nil {
			refused = append(refused, i)
		}
	}
	if diff := cmp.Diff([]int{0, 2, 3}, refused); diff != "" {
		t.Errorf("refused rows (-want +got):\n%s", diff)
	}
	mustClose(t, up)
	sound(t, file)
	if n := len(rows(t, l, layer.Query{})); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
}

// TestUnique writes equal values to a unique column of a new file: the second is refused and the Writer goes on.
func TestUnique(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gpkg")
	schema := &feature.Schema{
		Geoms:  []feature.GeomField{{Type: feature.Point, SRS: wgs84}},
		Fields: []feature.Field{{Name: "u", Unique: true}, {Name: "n", Type: feature.Integer64}},
	}
	var list []row
	for i := range 1000 {
		list = append(list, row{
			fid: null, geom: pointAt(float64(i%100), 1),
			vals: []feature.Value{feature.Text(fmt.Sprint(i % 700)), feature.Int(int64(i))},
		})
	}
	errs, warnings := newFile(t, file, "t", schema, nil, nil, list)
	onlyWarnings(t, warnings)
	for i, err := range errs {
		if (err != nil) != (i >= 700) {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	sound(t, file)
	ogrSays(t, file, "t", "Feature Count: 700")
}

// TestDataColumns reads titles, descriptions and mime types as other writers have them.
func TestDataColumns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gpkg")
	s := &feature.Schema{Fields: []feature.Field{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "n", Type: feature.Real}, {Name: "z", Comment: "x"}}}
	newFile(t, file, "t", s, nil, nil, nil)
	sql(t, file, `INSERT INTO gpkg_data_columns VALUES ('T', 'A', 'short', 'Title', 'About it', NULL, NULL),
		('t', 'b', 'b2', NULL, NULL, 'application/json', NULL), ('t', 'c', 'c', NULL, NULL, 'text/plain', NULL),
		('t', 'n', NULL, NULL, NULL, 'application/json', NULL), ('t', 'gone', 'x', 'y', 'z', NULL, NULL),
		('other', 'a', 'x', 'wrong', 'wrong', NULL, NULL)`)
	var got []string
	for _, f := range mustLayer(t, mustOpen(t, file, driver.Read, nil), "t").Schema().Fields {
		got = append(got, fmt.Sprintf("%s %s %q %q", f.Name, f.TypeName(), f.Alias, f.Comment))
	}
	want := []string{`a String "Title" "About it"`, `b String(JSON) "b2" ""`, `c String "" ""`, `n Real "" ""`, `z String "" "x"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}
