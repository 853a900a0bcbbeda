package gpkg_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/layer"
)

// appendPoints appends n features to the layer "points" of ds, with x between 1000 and 1001.
func appendPoints(tb testing.TB, ds driver.Dataset, n int) {
	tb.Helper()
	w, err := ds.Append(context.Background(), "points")
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Close()
	p := newPoints()
	for i := range n {
		f := p.next(i)
		f.Geoms[0] = pointAt(1000+p.rng.Float64(), 0)
		if err := w.Write(f); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
}

// ogrSays fails the test unless ogrinfo's summary of a layer has each of the lines.
func ogrSays(tb testing.TB, name, layerName string, lines ...string) {
	tb.Helper()
	out := testpeer.Output(tb, "ogrinfo", "-ro", "-so", name, layerName)
	for _, want := range lines {
		if !strings.Contains(out, want+"\n") {
			tb.Errorf("ogrinfo does not say %q:\n%s", want, out)
		}
	}
}

// TestUpdate changes a file in every way, one after the other, and looks at it after each.
func TestUpdate(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.2", "1.4"} {
		t.Run(version, func(t *testing.T) {
			ctx := context.Background()
			file := filepath.Join(t.TempDir(), "x.gpkg")
			writePoints(t, file, 1000, driver.Options{"VERSION": version}, nil)
			step := func(name string, change func(t *testing.T, ds driver.Dataset, points layer.Layer), lines ...string) {
				t.Run(name, func(t *testing.T) {
					ds := mustOpen(t, file, driver.Update, nil)
					change(t, ds, mustLayer(t, ds, "points"))
					consistent(t, file) // while ds is still open
					mustClose(t, ds)
					onlyWarnings(t, ds.Warnings())
					onlyFiles(t, filepath.Dir(file), "x.gpkg")
					sound(t, file)
					ogrSays(t, file, "points", lines...)
				})
			}
			step("append a few rows", func(t *testing.T, ds driver.Dataset, _ layer.Layer) {
				appendPoints(t, ds, 10) // less than repackShare: inserted
			}, "Feature Count: 1010")
			step("append many rows", func(t *testing.T, ds driver.Dataset, _ layer.Layer) {
				appendPoints(t, ds, 2000) // the R-tree is packed anew
			}, "Feature Count: 3010")
			step("append none", func(t *testing.T, ds driver.Dataset, _ layer.Layer) {
				appendPoints(t, ds, 0)
			}, "Feature Count: 3010")
			step("set features", func(t *testing.T, _ driver.Dataset, l layer.Layer) {
				f, err := layer.Get(ctx, l, 1)
				if err != nil {
					t.Fatal(err)
				}
				f.Geoms[0] = pointAt(2000, 3000) // grows the extent
				f.Values[1] = feature.Text("moved")
				f.Values[2] = feature.Null()
				f.Values[3] = feature.Value{}
				class := f.Values[3]
				if err := l.(layer.Updater).SetFeature(ctx, f); err != nil {
					t.Fatal(err)
				}
				got, err := layer.Get(ctx, l, 1)
				if err != nil {
					t.Fatal(err)
				}
				if got.Values[1].Text() != "moved" || !got.Values[2].IsNull() || got.Values[3].Equal(class) || got.Values[3].Kind() != feature.KindInt {
					t.Errorf("values are %v", got.Values)
				}
			}, "Feature Count: 3010")
			step("take the extent back", func(t *testing.T, _ driver.Dataset, l layer.Layer) {
				f, err := layer.Get(ctx, l, 1)
				if err != nil {
					t.Fatal(err)
				}
				f.Geoms[0] = nil
				if err := l.(layer.Updater).SetFeature(ctx, f); err != nil {
					t.Fatal(err)
				}
				f.Geoms[0] = feature.AppendPoint(nil, 5, 5) // from null to a point
				f.FID = 2
				if err := l.(layer.Updater).SetFeature(ctx, f); err != nil {
					t.Fatal(err)
				}
			}, "Feature Count: 3010")
			step("delete features", func(t *testing.T, _ driver.Dataset, l layer.Layer) {
				for _, fid := range []int64{1, 2, 500, 1010, 3010} {
					if err := l.(layer.Updater).DeleteFeature(ctx, fid); err != nil {
						t.Fatal(err)
					}
				}
				if err := l.(layer.Updater).DeleteFeature(ctx, 500); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("deleting a feature twice: %v, want fs.ErrNotExist", err)
				}
				f := feature.New(l.Schema())
				f.FID = 500
				if err := l.(layer.Updater).SetFeature(ctx, f); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("setting a feature that is not there: %v, want fs.ErrNotExist", err)
				}
			}, "Feature Count: 3005")
			step("fields", func(t *testing.T, _ driver.Dataset, l layer.Layer) {
				e := l.(layer.SchemaEditor)
				for _, f := range []feature.Field{
					{Name: "extra", Type: feature.String, Default: "'it''s'", NotNull: true, Comment: "one more"},
					{Name: "list", Type: feature.StringList},
					{Name: "when", Type: feature.DateTimeField, Alias: "When"},
				} {
					if err := e.CreateField(ctx, f); err != nil {
						t.Fatal(err)
					}
				}
				if err := e.RenameField(ctx, "extra", "more"); err != nil {
					t.Fatal(err)
				}
				if err := e.RenameField(ctx, "more", "MORE"); err != nil {
					t.Fatal(err)
				}
				if err := e.DeleteField(ctx, "day"); err != nil {
					t.Fatal(err)
				}
				for name, err := range map[string]error{
					"create a name that is taken":  e.CreateField(ctx, feature.Field{Name: "NAME"}),
					"create the FID":               e.CreateField(ctx, feature.Field{Name: "Fid"}),
					"rename to a name taken":       e.RenameField(ctx, "name", "value"),
					"rename to the geometry":       e.RenameField(ctx, "name", "GEOM"),
					"create a field without name":  e.CreateField(ctx, feature.Field{}),
					"rename to nothing":            e.RenameField(ctx, "name", ""),
					"rename one that is not there": e.RenameField(ctx, "nope", "x"),
					"delete one that is not there": e.DeleteField(ctx, "nope"),
					"not null without default":     e.CreateField(ctx, feature.Field{Name: "nn", NotNull: true}),
				} {
					if err == nil {
						t.Errorf("%s: no error", name)
					}
				}
				f := rows(t, l, layer.Query{Limit: 1})[0]
				got := ""
				for i, fd := range l.Schema().Fields {
					got += fd.Name + ":" + fd.TypeName() + "=" + f.Values[i].Kind().String() + " "
				}
				want := "id:Integer64=integer name:String=text value:Real=real class:Integer=integer MORE:String=text " +
					"list:String(JSON)=null when:DateTime=null "
				if got != want {
					t.Errorf("fields are %s\nwant %s", got, want)
				}
				if s := l.Schema().Fields; f.Values[4].Text() != "it's" || s[4].Comment != "one more" || s[6].Alias != "When" || s[4].Default != "'it''s'" {
					t.Errorf("fields are %+v, the default is %s", s, f.Values[4])
				}
			}, "MORE: String (0.0) NOT NULL DEFAULT 'it''s'", "when: DateTime (0.0)")
			step("second layer", func(t *testing.T, ds driver.Dataset, _ layer.Layer) {
				s := &feature.Schema{
					Geoms:  []feature.GeomField{{Type: feature.LineString, SRS: feature.SRS{Authority: "EPSG", Code: 3857}}},
					Fields: []feature.Field{{Name: "a"}},
				}
				line := lineTo(0, 0, 10, 10)
				createRows(t, ds, "lines", s, nil, []row{{fid: null, vals: []feature.Value{feature.Text("x")}, geom: line}, {fid: 7}})
				createRows(t, ds, "plain", &feature.Schema{Fields: s.Fields}, nil, []row{{fid: 3}})
			}, "Feature Count: 3005")
			step("overwrite", func(t *testing.T, ds driver.Dataset, _ layer.Layer) {
				if _, err := ds.Create(ctx, "LINES", pointSchema, nil); !errors.Is(err, fs.ErrExist) {
					t.Errorf("creating a layer that is there: %v, want fs.ErrExist", err)
				}
				createRows(t, ds, "lines", pointSchema, driver.Options{"OVERWRITE": "YES"}, []row{{fid: null, geom: pointAt(1, 1)}})
				names, err := ds.LayerNames(ctx)
				if diff := cmp.Diff([]string{"points", "plain", "lines"}, names); diff != "" || err != nil {
					t.Errorf("layers (-want +got): %s%v", diff, err)
				}
			}, "Feature Count: 3005")
			step("delete layers", func(t *testing.T, ds driver.Dataset, _ layer.Layer) {
				for _, n := range []string{"Lines", "plain"} {
					if err := ds.(driver.LayerDeleter).DeleteLayer(ctx, n); err != nil {
						t.Fatal(err)
					}
				}
				if err := ds.(driver.LayerDeleter).DeleteLayer(ctx, "lines"); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("deleting a layer twice: %v, want fs.ErrNotExist", err)
				}
			}, "Feature Count: 3005")
			if out := sql(t, file, "SELECT name FROM sqlite_master WHERE name LIKE '%lines%' OR name LIKE '%plain%'",
				"SELECT * FROM gpkg_extensions WHERE table_name NOT IN ('points', 'gpkg_data_columns', 'gpkg_data_column_constraints')",
				"SELECT * FROM gpkg_ogr_contents WHERE table_name <> 'points'"); out != "" {
				t.Errorf("left of deleted layers: %s", out)
			}
		})
	}
}

// TestEmptied deletes all features of a layer, and a layer of empty geometries.
func TestEmptied(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 3, nil, nil)
	ds := mustOpen(t, file, driver.Update, nil)
	l := mustLayer(t, ds, "points")
	for fid := range int64(3) {
		if err := l.DeleteFeature(ctx, fid+1); err != nil {
			t.Fatal(err)
		}
	}
	consistent(t, file)
	if out := sql(t, file, "SELECT min_x, feature_count FROM gpkg_contents JOIN gpkg_ogr_contents USING (table_name)"); out != "|0" {
		t.Errorf("the extent and count are %q, want none and 0", out)
	}
	appendPoints(t, ds, 5) // FIDs are not given out twice
	if got := rows(t, l, layer.Query{}); len(got) != 5 || got[0].FID != 4 {
		t.Errorf("%d features that begin with %d, want 5 that begin with 4", len(got), got[0].FID)
	}
	mustClose(t, ds)
	sound(t, file)
}

// TestStaleLayer changes a table through a Layer that was made before others changed it too.
func TestStaleLayer(t *testing.T) {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 10, nil, nil)
	ds, other := mustOpen(t, file, driver.Update, nil), mustOpen(t, file, driver.Update, nil)
	l := mustLayer(t, ds, "points")
	appendPoints(t, other, 10)
	f, err := l.Get(ctx, 5)
	if err != nil {
		t.Fatal(err)
	}
	f.Geoms[0] = pointAt(0, 0)
	if err := l.SetFeature(ctx, f); err != nil {
		t.Fatal(err)
	}
	consistent(t, file)
	// A column that another connection has added is there to append to.
	if err := mustLayer(t, other, "points").CreateField(ctx, feature.Field{Name: "new"}); err != nil {
		t.Fatal(err)
	}
	w, err := ds.Append(ctx, "points")
	if err != nil {
		t.Fatal(err)
	}
	if w.Schema().FieldIndex("new") < 0 {
		t.Error("Append does not see the new column")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// So is a layer.
	createRows(t, other, "more", &feature.Schema{}, nil, nil)
	if w, err = ds.Append(ctx, "more"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	mustClose(t, ds)
	mustClose(t, other)
	sound(t, file)
}

// TestRollback closes Writers that were not committed, and compares the file's whole content with what it was.
func TestRollback(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, ds driver.Dataset)
	}{
		{"append", func(t *testing.T, ds driver.Dataset) {
			w, err := ds.Append(ctx, "points")
			if err != nil {
				t.Fatal(err)
			}
			p := newPoints()
			for i := range 5000 { // more than SQLite's cache: pages are in the file
				if err := w.Write(p.next(i)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}},
		{"create", func(t *testing.T, ds driver.Dataset) {
			s := pointSchema.Clone()
			s.Geoms[0].SRS.Code = 2154
			s.Fields = append(s.Fields, feature.Field{Name: "list", Type: feature.StringList})
			w, err := ds.Create(ctx, "new", s, nil)
			if err != nil {
				t.Fatal(err)
			}
			writeRows(t, w, []row{{fid: null, geom: pointAt(1, 2)}})
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := ds.Layer(ctx, "new"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Layer of what was rolled back: %v, want fs.ErrNotExist", err)
			}
		}},
		{"overwrite", func(t *testing.T, ds driver.Dataset) {
			w, err := ds.Create(ctx, "points", &feature.Schema{}, driver.Options{"OVERWRITE": "YES"})
			if err != nil {
				t.Fatal(err)
			}
			writeRows(t, w, []row{{fid: 1}})
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			mustLayer(t, ds, "points")
		}},
		{"the dataset is closed with the Writer open", func(t *testing.T, ds driver.Dataset) {
			w, err := ds.Append(ctx, "points")
			if err != nil {
				t.Fatal(err)
			}
			writeRows(t, w, []row{{fid: null, geom: pointAt(1, 2)}})
			if err := ds.Close(); err != nil {
				t.Fatal(err)
			}
			if err := w.Commit(); err == nil {
				t.Error("Commit after the dataset was closed: no error")
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}},
		{"a mistake of the caller", func(t *testing.T, ds driver.Dataset) {
			w, err := ds.Append(ctx, "points")
			if err != nil {
				t.Fatal(err)
			}
			writeRows(t, w, []row{{fid: null, geom: pointAt(1, 2)}})
			if err := w.Write(&feature.Feature{}); err == nil {
				t.Error("a feature without values was written")
			}
			if err := w.Write(feature.New(w.Schema())); err == nil {
				t.Error("Write goes on after an error")
			}
			if err := w.Commit(); err == nil {
				t.Error("Commit after an error: no error")
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}},
		{"a second Writer is refused", func(t *testing.T, ds driver.Dataset) {
			w, err := ds.Append(ctx, "points")
			if err != nil {
				t.Fatal(err)
			}
			writeRows(t, w, []row{{fid: 77, geom: pointAt(1, 2)}})
			l := mustLayer(t, ds, "points")
			_, aerr := ds.Append(ctx, "points")
			_, cerr := ds.Create(ctx, "new", &feature.Schema{}, nil)
			f := feature.New(l.Schema())
			f.FID = 1
			for what, err := range map[string]error{
				"Append": aerr, "Create": cerr, "SetFeature": l.SetFeature(ctx, f), "DeleteFeature": l.DeleteFeature(ctx, 1),
				"DeleteLayer": ds.(driver.LayerDeleter).DeleteLayer(ctx, "points"),
				"CreateField": l.CreateField(ctx, feature.Field{Name: "x"}),
			} {
				if err == nil || !strings.Contains(err.Error(), "still being written") {
					t.Errorf("%s while a Writer is open: %v", what, err)
				}
			}
			// The first goes on: nothing of it was lost.
			if _, err := l.Get(ctx, 77); err != nil {
				t.Errorf("what the first Writer wrote: %v", err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}},
		{"unknown names and options", func(t *testing.T, ds driver.Dataset) {
			if _, err := ds.Append(ctx, "nope"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Append: %v, want fs.ErrNotExist", err)
			}
			if _, err := ds.Create(ctx, "new", &feature.Schema{}, driver.Options{"NOPE": "1"}); err == nil {
				t.Error("an unknown option was taken")
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			writePoints(t, file, 50, nil, nil)
			before := dump(t, file)
			ds := mustOpen(t, file, driver.Update, nil)
			c.run(t, ds)
			mustClose(t, ds)
			if diff := cmp.Diff(before, dump(t, file)); diff != "" {
				t.Errorf("the file's content changed (-before +after):\n%s", diff)
			}
			onlyFiles(t, filepath.Dir(file), "x.gpkg")
		})
	}
}

// TestReadDuringWrite reads a file that another dataset is writing to.
func TestReadDuringWrite(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 1000, nil, nil)
	up := mustOpen(t, file, driver.Update, nil)
	w, err := up.Append(ctx, "points")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	p := newPoints()
	for i := range 100 {
		if err := w.Write(p.next(i)); err != nil {
			t.Fatal(err)
		}
	}
	rd := mustOpen(t, file, driver.Read, nil)
	l := mustLayer(t, rd, "points")
	if n := len(rows(t, l, layer.Query{})); n != 1000 {
		t.Errorf("the reader sees %d rows, want the 1000 of before", n)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := len(rows(t, l, layer.Query{})); n != 1100 {
		t.Errorf("the reader sees %d rows after the commit, want 1100", n)
	}
	// An iteration that stands still keeps the writer from committing; it is told so in time.
	if w, err = up.Append(ctx, "points"); err != nil {
		t.Fatal(err)
	}
	writeRows(t, w, []row{{fid: null, geom: pointAt(0, 0)}})
	for _, err := range l.Features(ctx, layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if testing.Short() {
			break
		}
		start := time.Now()
		err := w.Commit()
		if err == nil || !strings.Contains(err.Error(), "locked") {
			t.Errorf("Commit while another reads: %v, want that the database is locked", err)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("that took %v", d)
		}
		break
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	mustClose(t, up)
	if n := len(rows(t, l, layer.Query{})); n != 1100 && !testing.Short() {
		t.Errorf("%d rows after the rollback, want 1100", n)
	}
	sound(t, file)
}

// TestUpdateOGR updates files that ogr2ogr wrote: its triggers remain as they were, and keep working.
func TestUpdateOGR(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shp := testpeer.Shared(t, "data/naturalearth_lowres.shp")
	for _, version := range []string{"1.0", "1.2", "1.3"} {
		t.Run(version, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gpkg")
			testpeer.Output(t, "ogr2ogr", "-f", "GPKG", "-dsco", "VERSION="+version, "-nlt", "PROMOTE_TO_MULTI", "-nln", "countries",
				"-unsetFid", file, shp)
			const triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
			before := sql(t, file, triggers)
			ds := mustOpen(t, file, driver.Update, nil)
			l := mustLayer(t, ds, "countries")
			if n := len(rows(t, l, layer.Query{})); n != 177 {
				t.Fatalf("%d features, want 177", n)
			}
			if _, ok, err := l.Extent(ctx, 0); !ok || err != nil {
				t.Errorf("OGR's extent is not believed: %v, %v", ok, err)
			}
			w, err := ds.Append(ctx, "countries")
			if err != nil {
				t.Fatal(err)
			}
			f := rows(t, l, layer.Query{Limit: 1})[0]
			f.FID = null
			f.Geoms[0] = boxAt(feature.MultiPolygon, 200, 0, 1)
			for range 100 {
				f.FID = null
				if err := w.Write(f); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			consistent(t, file)
			l = mustLayer(t, ds, "countries")
			if err := l.DeleteFeature(ctx, 5); err != nil {
				t.Fatal(err)
			}
			f.FID = 6
			if err := l.SetFeature(ctx, f); err != nil {
				t.Fatal(err)
			}
			mustClose(t, ds)
			sound(t, file)
			ogrSays(t, file, "countries", "Feature Count: 276")
			if diff := cmp.Diff(before, sql(t, file, triggers)); diff != "" {
				t.Errorf("triggers (-before +after):\n%s", diff)
			}
		})
	}
}

// TestOGRUpdates lets ogr2ogr and ogrinfo change files of ours.
func TestOGRUpdates(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.2", "1.3", "1.4"} {
		t.Run(version, func(t *testing.T) {
			dir := t.TempDir()
			file, more := filepath.Join(dir, "x.gpkg"), filepath.Join(dir, "more.gpkg")
			writePoints(t, file, 500, driver.Options{"VERSION": version}, nil)
			writePoints(t, more, 50, nil, nil)
			say := func(statement, count string) {
				t.Helper()
				testpeer.Output(t, "ogrinfo", "-q", file, "-sql", statement)
				if got := sql(t, file, "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = 'points'"); got != count {
					t.Errorf("after %s the count is %s, want %s", statement, got, count)
				}
				consistent(t, file)
			}
			testpeer.Output(t, "ogr2ogr", "-append", file, more, "points")
			ogrSays(t, file, "points", "Feature Count: 550")
			sound(t, file)
			say("DELETE FROM points WHERE fid % 7 = 0", "472")
			say("UPDATE points SET geom = NULL WHERE fid % 7 = 1", "472")
			say("UPDATE points SET geom = (SELECT geom FROM points WHERE fid = 2) WHERE fid % 7 = 1 OR fid = 3", "472")
			say("UPDATE points SET fid = fid + 100000 WHERE fid % 7 = 2", "472")
			say("UPDATE points SET fid = fid + 200000, geom = NULL WHERE fid = 4", "472")
			say("INSERT INTO points (geom, name) SELECT geom, 'new' FROM points WHERE fid < 10", "477")
			testpeer.Output(t, "ogr2ogr", "-update", "-nln", "second", file, more, "points")
			ogrSays(t, file, "second", "Feature Count: 50")
			ogrSays(t, file, "points", "Feature Count: 477")
			testpeer.Output(t, "ogrinfo", "-q", file, "-sql", "ALTER TABLE points RENAME COLUMN name TO title")
			if version == "1.4" { // OGR 3.6 knows that version not, and gives a new layer the triggers of older ones
				consistent(t, file)
			} else {
				sound(t, file)
			}
		})
	}
}

// TestUpsert runs an UPSERT through the triggers of version 1.4, which were made so that it works.
func TestUpsert(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x.gpkg")
	writePoints(t, file, 100, driver.Options{"VERSION": "1.4"}, nil)
	testpeer.Output(t, "ogrinfo", "-q", file, "-sql", "INSERT INTO points (fid, geom, name) SELECT fid, geom, 'again' FROM points "+
		"WHERE fid IN (1, 2, 3) ON CONFLICT (fid) DO UPDATE SET geom = excluded.geom, name = excluded.name")
	if got := sql(t, file, "SELECT count(*), sum(name = 'again') FROM points"); got != "100|3" {
		t.Errorf("rows are %s, want 100|3", got)
	}
	sound(t, file)
}

// TestRandomUpdates applies random changes to a layer and to a map, and compares the two.
func TestRandomUpdates(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			file := filepath.Join(t.TempDir(), "x.gpkg")
			schema := &feature.Schema{
				Geoms:  []feature.GeomField{{Type: feature.Geometry, SRS: wgs84}},
				Fields: []feature.Field{{Name: "n", Type: feature.Integer64}},
			}
			want := map[int64]*feature.Feature{}
			random := func() *feature.Feature {
				f := feature.New(schema)
				f.Values[0] = feature.Int(rng.Int64N(1000))
				switch rng.IntN(10) {
				case 0: // null
				case 1:
					f.Geoms[0] = feature.AppendHeader(nil, feature.GeometryCollection, 0)
				case 2:
					x, y := rng.Float64()*1000, rng.Float64()*1000
					f.Geoms[0] = lineTo(x, y, x+1, y+1)
				default:
					f.Geoms[0] = pointAt(rng.Float64()*100, rng.Float64()*100)
				}
				return f
			}
			add := func(w layer.Writer, n int) {
				for range n {
					f := random()
					if rng.IntN(4) == 0 {
						if f.FID = rng.Int64N(1000); want[f.FID] != nil {
							f.FID = null
						}
					}
					if err := w.Write(f); err != nil {
						t.Fatal(err)
					}
					want[f.FID] = f
				}
				if err := w.Commit(); err != nil {
					t.Fatal(err)
				}
			}
			version := []string{"1.2", "1.4"}[seed%2]
			ds := mustOpen(t, file, driver.Create, driver.Options{"VERSION": version})
			w, err := ds.Create(ctx, "t", schema, nil)
			if err != nil {
				t.Fatal(err)
			}
			add(w, 300)
			mustClose(t, ds)
			ds = mustOpen(t, file, driver.Update, nil)
			for range 60 {
				l := mustLayer(t, ds, "t")
				var fid int64
				for fid = range want {
					break
				}
				switch rng.IntN(8) {
				case 0:
					w, err := ds.Append(ctx, "t")
					if err != nil {
						t.Fatal(err)
					}
					add(w, rng.IntN(100))
				case 1, 2, 3:
					if err := l.DeleteFeature(ctx, fid); err != nil {
						t.Fatal(err)
					}
					delete(want, fid)
				default:
					f := random()
					f.FID = fid
					if err := l.SetFeature(ctx, f); err != nil {
						t.Fatal(err)
					}
					want[fid] = f
				}
			}
			got := rows(t, mustLayer(t, ds, "t"), layer.Query{})
			if len(got) != len(want) {
				t.Errorf("%d features, want %d", len(got), len(want))
			}
			for _, f := range got {
				if w := want[f.FID]; w == nil || !w.Equal(f) {
					t.Errorf("feature %d is %v, want %v", f.FID, f, w)
				}
			}
			mustClose(t, ds)
			intact(t, file)
		})
	}
}
