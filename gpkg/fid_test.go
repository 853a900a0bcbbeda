package gpkg_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
)

// TestFIDField writes layers with a field that bears the name of the FID column.
func TestFIDField(t *testing.T) {
	t.Parallel()
	integer := feature.Field{Name: "fid", Type: feature.Integer64}
	name := feature.Field{Name: "name", Type: feature.String}
	n, s := feature.Int, feature.Text
	vals := func(v ...feature.Value) row { return row{fid: null, vals: v} }
	for _, c := range []struct {
		name     string
		fields   []feature.Field
		fid      string // the option
		rows     []row
		columns  string // of the table, as SQLite lists them
		want     string
		warnings []string
	}{
		{
			name:    "unique integers are the FID",
			fields:  []feature.Field{integer, name},
			rows:    []row{vals(n(5), s("a")), vals(n(7), s("b")), vals(n(100), s("c"))},
			columns: "fid,geom,name",
			want:    "5|a\n7|b\n100|c\n",
		},
		{
			name:    "unordered but unique",
			fields:  []feature.Field{name, integer},
			rows:    []row{vals(s("a"), n(50)), vals(s("b"), n(7)), vals(s("c"), n(100)), vals(s("d"), n(-3))},
			columns: "fid,geom,name",
			want:    "-3|d\n7|b\n50|a\n100|c\n",
		},
		{
			name:     "duplicated in order",
			fields:   []feature.Field{integer, name},
			rows:     []row{vals(n(5), s("a")), vals(n(6), s("b")), vals(n(6), s("c")), vals(n(7), s("d"))},
			columns:  "fid,geom,name,fid_1",
			want:     "5|a|5\n6|b|6\n7|c|6\n8|d|7\n",
			warnings: []string{"6 occurs twice"},
		},
		{
			name:     "duplicated out of order",
			fields:   []feature.Field{integer, name},
			rows:     []row{vals(n(9), s("a")), vals(n(2), s("b")), vals(n(9), s("c")), vals(n(2), s("d"))},
			columns:  "fid,geom,name,fid_1",
			want:     "2|b|2\n9|a|9\n10|c|9\n11|d|2\n",
			warnings: []string{"9 occurs twice"},
		},
		{
			name:     "null in the middle",
			fields:   []feature.Field{integer, name},
			rows:     []row{vals(n(5), s("a")), vals(feature.Null(), s("b")), vals(n(6), s("c"))},
			columns:  "fid,geom,name,fid_1",
			want:     "5|a|5\n6|b|(null)\n7|c|6\n",
			warnings: []string{"a feature has none"},
		},
		{
			name:     "null from the start",
			fields:   []feature.Field{integer},
			rows:     []row{vals(feature.Null()), vals(n(6)), {fid: null}},
			columns:  "fid,geom,fid_1",
			want:     "1|(null)\n2|6\n3|(null)\n",
			warnings: []string{"a feature has none"},
		},
		{
			name:   "the source's FIDs do not get in the way of new ones",
			fields: []feature.Field{integer},
			rows: []row{
				{fid: 1, vals: []feature.Value{n(4)}},
				{fid: 2, vals: []feature.Value{n(5)}},
				{fid: 3, vals: []feature.Value{n(5)}},
				{fid: 4, vals: []feature.Value{n(9)}},
				{fid: 5, vals: []feature.Value{n(10)}},
			},
			columns:  "fid,geom,fid_1",
			want:     "4|4\n5|5\n6|5\n7|9\n8|10\n",
			warnings: []string{"5 occurs twice"},
		},
		{
			name:     "both names taken",
			fields:   []feature.Field{integer, {Name: "FID_1", Type: feature.String}},
			rows:     []row{vals(n(1), s("a")), vals(n(1), s("b"))},
			columns:  "fid,geom,FID_1,fid_2",
			want:     "1|a|1\n2|b|1\n",
			warnings: []string{"stored as fid_2"},
		},
		{
			name:     "real",
			fields:   []feature.Field{{Name: "fid", Type: feature.Real}, name},
			rows:     []row{vals(feature.Float(1.5), s("a")), vals(feature.Float(1.5), s("b"))},
			columns:  "fid,geom,fid_1,name",
			want:     "1|1.5|a\n2|1.5|b\n",
			warnings: []string{"field fid is stored as fid_1"},
		},
		{
			name:     "text in capitals",
			fields:   []feature.Field{{Name: "FID", Type: feature.String}},
			rows:     []row{vals(s("x"))},
			columns:  "fid,geom,FID_1",
			want:     "1|x\n",
			warnings: []string{"field FID is stored as FID_1"},
		},
		{
			name:     "boolean",
			fields:   []feature.Field{{Name: "fid", Type: feature.Integer, Subtype: feature.Boolean}},
			rows:     []row{vals(feature.Bool(true)), vals(feature.Bool(true))},
			columns:  "fid,geom,fid_1",
			want:     "1|1\n2|1\n",
			warnings: []string{"field fid is stored as fid_1"},
		},
		{
			name:    "option FID names a field",
			fields:  []feature.Field{{Name: "Code", Type: feature.Integer}, integer},
			fid:     "code",
			rows:    []row{vals(n(30), n(1)), vals(n(40), n(1))},
			columns: "code,geom,fid",
			want:    "30|1\n40|1\n",
		},
		{
			name:    "option FID names none",
			fields:  []feature.Field{integer},
			fid:     "key",
			rows:    []row{vals(n(3)), vals(n(3))},
			columns: "key,geom,fid",
			want:    "1|3\n2|3\n",
		},
		{
			name:     "names that differ in case",
			fields:   []feature.Field{{Name: "Name"}, {Name: "NAME"}, {Name: "name_1"}, {Name: "name"}},
			rows:     []row{vals(s("a"), s("b"), s("c"), s("d"))},
			columns:  "fid,geom,Name,NAME_1,name_1_1,name_2",
			want:     "1|a|b|c|d\n",
			warnings: []string{"NAME is stored as NAME_1"},
		},
		{
			name:     "a field called geom",
			fields:   []feature.Field{{Name: "geom"}, {Name: "Geom_1"}},
			rows:     []row{vals(s("a"), s("b"))},
			columns:  "fid,geom,geom_1,Geom_1_1",
			want:     "1|a|b\n",
			warnings: []string{"field geom is stored as geom_1"},
		},
		{
			name:   "a unique field apart from the FID",
			fields: []feature.Field{integer, {Name: "u", Type: feature.Integer64, Unique: true}},
			rows: []row{
				vals(n(1), n(1)), vals(n(2), n(1)), vals(n(3), n(3)),
			},
			columns: "fid,geom,u",
			want:    "1|1\n3|3\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			schema := &feature.Schema{Geoms: []feature.GeomField{{Type: feature.Point, SRS: wgs84}}, Fields: c.fields}
			for i := range c.rows {
				c.rows[i].geom = pointAt(float64(i), 0)
			}
			var lco driver.Options
			if c.fid != "" {
				lco = driver.Options{"FID": c.fid}
			}
			_, warnings := newFile(t, file, "t", schema, nil, lco, c.rows)
			if len(warnings) > len(c.warnings) {
				warnings = warnings[:len(c.warnings)+min(1, len(warnings)-len(c.warnings))]
			}
			for i, w := range c.warnings {
				if i >= len(warnings) || !strings.Contains(warnings[i], w) {
					t.Errorf("warnings are %q, want one that says %q", warnings, w)
				}
			}
			if len(c.warnings) == 0 && len(warnings) > 0 {
				t.Errorf("warnings are %q, want none", warnings)
			}
			if got := sql(t, file, "SELECT group_concat(name, ',') FROM pragma_table_info('t')"); got != c.columns {
				t.Errorf("columns are %s, want %s", got, c.columns)
			}
			if diff := cmp.Diff(c.want, table(t, mustLayer(t, mustOpen(t, file, driver.Read, nil), "t"))); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			sound(t, file)
		})
	}
}

// TestGeometryName names the geometry column, by option and by schema.
func TestGeometryName(t *testing.T) {
	for _, c := range []struct{ name, schema, option, want string }{
		{"default", "", "", "geom"},
		{"schema", "shape", "", "shape"},
		{"option", "shape", "the geom", "the geom"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			schema := &feature.Schema{Geoms: []feature.GeomField{{Name: c.schema, Type: feature.Point, SRS: wgs84}}}
			lco := driver.Options{}
			if c.option != "" {
				lco["GEOMETRY_NAME"] = c.option
			}
			newFile(t, file, "t", schema, nil, lco, []row{{fid: null, geom: pointAt(1, 2)}})
			if got := mustLayer(t, mustOpen(t, file, driver.Read, nil), "t").Schema().Geoms[0].Name; got != c.want {
				t.Errorf("the column is %s, want %s", got, c.want)
			}
			sound(t, file)
		})
	}
	ds := mustOpen(t, filepath.Join(t.TempDir(), "x.gpkg"), driver.Create, nil)
	schema := &feature.Schema{Geoms: []feature.GeomField{{Type: feature.Point}}}
	if _, err := ds.Create(context.Background(), "t", schema, driver.Options{"FID": "Geom"}); err == nil {
		t.Error("a column was to be both the FID and the geometry, and there is no error")
	}
}

// TestPreserveFID writes rows with FIDs of their own in every order.
func TestPreserveFID(t *testing.T) {
	t.Parallel()
	ordered := make([]int64, 2000)
	for i := range ordered {
		ordered[i] = int64(3*i + 1)
	}
	swapped := append([]int64{}, ordered...)
	swapped[1500], swapped[1501] = swapped[1501], swapped[1500] // after many pages are filled
	backwards := append([]int64{}, ordered...)
	for i, j := 0, len(backwards)-1; i < j; i, j = i+1, j-1 {
		backwards[i], backwards[j] = backwards[j], backwards[i]
	}
	for _, c := range []struct {
		name     string
		fids     []int64
		rejected []int // indexes
		want     []int64
	}{
		{name: "ordered", fids: ordered, want: ordered},
		{name: "two swapped", fids: swapped, want: ordered},
		{name: "backwards", fids: backwards, want: ordered},
		{name: "duplicates", fids: []int64{1, 2, 2, 3, 1}, rejected: []int{2, 4}, want: []int64{1, 2, 3}},
		{name: "negative", fids: []int64{-5, -4, 0, 3}, want: []int64{-5, -4, 0, 3}},
		{name: "negative, then new ones", fids: []int64{-5, null, null}, want: []int64{-5, 1, 2}},
		{name: "the least", fids: []int64{math.MinInt64 + 1, -1}, want: []int64{math.MinInt64 + 1, -1}},
		{name: "the greatest", fids: []int64{7, math.MaxInt64}, want: []int64{7, math.MaxInt64}},
		{
			name: "no more after the greatest", fids: []int64{math.MaxInt64, null, 5}, rejected: []int{1},
			want: []int64{5, math.MaxInt64},
		},
		{name: "some new", fids: []int64{10, null, 20, null, 15, null}, want: []int64{10, 11, 15, 20, 21, 22}},
	} {
		for _, existing := range []bool{false, true} {
			if existing && len(c.fids) > 100 && c.name != "backwards" {
				continue // SQL in any case
			}
			t.Run(fmt.Sprintf("%s/existing=%v", c.name, existing), func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "x.gpkg")
				mode := driver.Create
				if existing {
					writePoints(t, file, 10, nil, nil)
					mode = driver.Update
				}
				ds := mustOpen(t, file, mode, nil)
				schema := &feature.Schema{
					Geoms:  []feature.GeomField{{Type: feature.Point, SRS: wgs84}},
					Fields: []feature.Field{{Name: "n", Type: feature.Integer64}},
				}
				list := make([]row, len(c.fids))
				for i, fid := range c.fids {
					list[i] = row{fid: fid, vals: []feature.Value{feature.Int(int64(i))}, geom: pointAt(float64(i%90), 0)}
				}
				errs, fids := createRows(t, ds, "t", schema, nil, list)
				mustClose(t, ds)
				var rejected []int
				for i, err := range errs {
					if err != nil {
						rejected = append(rejected, i)
					} else if list[i].fid != null && fids[i] != list[i].fid {
						t.Errorf("row %d was given FID %d, want %d", i, fids[i], list[i].fid)
					}
				}
				if diff := cmp.Diff(c.rejected, rejected); diff != "" {
					t.Errorf("rejected rows (-want +got):\n%s", diff)
				}
				l := mustLayer(t, mustOpen(t, file, driver.Read, nil), "t")
				var got []int64
				for _, f := range rows(t, l, layer.Query{}) {
					got = append(got, f.FID)
					if i := f.Values[0].Int(); fids[i] != f.FID {
						t.Errorf("FID %d has the values of row %d, whose FID is %d", f.FID, i, fids[i])
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("FIDs (-want +got):\n%s", diff)
				}
				sound(t, file)
			})
		}
	}
}

// oddNames are names that an SQL statement has to quote with care.
var oddNames = []string{
	`semi;colon`, `quote"d`, `it's`, `a b`, ` lead and trail `, `select`, `table`, `Größe`, `名前`, `🌍 emoji`, `[x]`, "back`tick",
	`drop table t; --`, `percent%_`, `new
line`, `a.b`, `1st`, `rowid`, `?1`, `:p`, `$x`, `null`, strings.Repeat("long ", 40),
}

// TestOddNames writes layers and fields with odd names and reads them here and with ogrinfo.
func TestOddNames(t *testing.T) {
	t.Parallel()
	oddNames := oddNames
	if testing.Short() {
		oddNames = oddNames[:6]
	}
	file := filepath.Join(t.TempDir(), "x.gpkg")
	ds := mustOpen(t, file, driver.Create, nil)
	schema := &feature.Schema{Geoms: []feature.GeomField{{Name: `g"e;om`, Type: feature.Point, SRS: wgs84}}, FIDColumn: `f"i d`}
	for _, n := range oddNames {
		schema.Fields = append(schema.Fields, feature.Field{Name: n, Type: feature.String, Comment: "about " + n})
	}
	list := make([]row, 3)
	for i := range list {
		list[i] = row{fid: null, geom: pointAt(float64(i), 0)}
		for k := range schema.Fields {
			list[i].vals = append(list[i].vals, feature.Text(fmt.Sprint(i, " ", k)))
		}
	}
	for i, n := range oddNames {
		s := schema
		if i > 0 {
			s = &feature.Schema{Geoms: schema.Geoms, Fields: schema.Fields[i-1 : i]}
		}
		l := append([]row{}, list...)
		if i > 0 {
			for k := range l {
				l[k].vals = l[k].vals[i-1 : i]
			}
		}
		createRows(t, ds, n, s, nil, l)
	}
	mustClose(t, ds)
	onlyWarnings(t, ds.Warnings())
	sound(t, file)

	up := mustOpen(t, file, driver.Update, nil)
	names, err := up.LayerNames(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(oddNames, names); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	ctx := context.Background()
	for _, n := range oddNames {
		l := mustLayer(t, up, n)
		if len(rows(t, l, layer.Query{Box: &feature.Bounds{MinX: 0.5, MaxX: 1.5, MinY: -1, MaxY: 1}})) != 1 {
			t.Errorf("layer %q: the box finds something else than one feature", n)
		}
		w, err := up.Append(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		f := rows(t, l, layer.Query{Limit: 1})[0]
		f.FID = null
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		l = mustLayer(t, up, n)
		if err := l.DeleteFeature(ctx, 2); err != nil {
			t.Fatal(err)
		}
		if err := l.RenameField(ctx, l.Schema().Fields[0].Name, n+"!"); err != nil {
			t.Fatal(err)
		}
		if err := l.CreateField(ctx, feature.Field{Name: n + "?", Type: feature.Real}); err != nil {
			t.Fatal(err)
		}
		if count, err := layer.Count(ctx, l, layer.Query{}); err != nil || count != 3 {
			t.Errorf("layer %q: %d features (%v), want 3", n, count, err)
		}
	}
	first := mustLayer(t, up, oddNames[0])
	if got := first.Schema().Fields[1].Comment; got != "about "+oddNames[1] {
		t.Errorf("the comment is %q", got)
	}
	mustClose(t, up)
	sound(t, file)
	out := testpeer.Output(t, "ogrinfo", "-ro", "-al", "-so", file)
	if got := strings.Count(out, "Feature Count: 3\n"); got != len(oddNames) {
		t.Errorf("ogrinfo counts 3 features in %d layers, want in all %d:\n%s", got, len(oddNames), out)
	}
	for _, n := range oddNames {
		if err := mustOpen(t, file, driver.Update, nil).DeleteLayer(ctx, n); err != nil {
			t.Error(err)
		}
	}
	sound(t, file)
}

// TestRefusedNames: names that would break the file, or that it keeps for itself.
func TestRefusedNames(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gpkg")
	ds := mustOpen(t, file, driver.Create, nil)
	for _, n := range []string{"", "gpkg_x", "GPKG_contents", "sqlite_x", "rtree_t_geom", "a\x00b"} {
		if _, err := ds.Create(context.Background(), n, pointSchema, nil); err == nil {
			t.Errorf("a layer called %q was made", n)
		}
	}
	for _, n := range []string{"", "a\x00b"} {
		s := &feature.Schema{Fields: []feature.Field{{Name: n}}}
		if _, err := ds.Create(context.Background(), "t", s, nil); err == nil {
			t.Errorf("a field called %q was made", n)
		}
	}
	// None of that spoils the file.
	createRows(t, ds, "t", &feature.Schema{Fields: []feature.Field{{Name: "a"}}}, nil, []row{{fid: null}})
	mustClose(t, ds)
	if got := table(t, mustLayer(t, mustOpen(t, file, driver.Read, nil), "t")); got != "1|(null)\n" {
		t.Errorf("rows are %q", got)
	}
}
