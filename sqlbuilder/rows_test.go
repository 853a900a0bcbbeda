package sqlbuilder_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

func ExampleDialect_NewInserter() {
	in, err := sqlbuilder.PostgreSQL.NewInserter(sqlbuilder.Table{Name: "roads"}, []string{"name", "lanes"}, 1<<20)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, name := range []string{"Ring", "High Street"} {
		if _, err := in.Add(name, int64(i)); err != nil {
			fmt.Println(err)
			return
		}
	}
	st, err := in.Statement()
	fmt.Println(st.SQL, st.Args, err)
	// Output: INSERT INTO "roads" ("name", "lanes") VALUES ($1, $2), ($3, $4) [Ring 0 High Street 1] <nil>
}

func TestInserterSizes(t *testing.T) {
	row := []any{strings.Repeat("x", 100), int64(1)}
	for _, c := range []struct {
		name     string
		dialect  sqlbuilder.Dialect
		maxBytes int
		want     int // rows of the first statement
	}{
		{"arguments of SQLite", sqlbuilder.SQLite, 0, 32766 / 2},
		{"arguments of PostgreSQL", sqlbuilder.PostgreSQL, 0, 65535 / 2},
		{"bytes of arguments", sqlbuilder.PostgreSQL, 1500, 12},
		{"bytes of literals", sqlbuilder.PostgreSQL.WithLiterals(), 1500, 13},
		{"a row is always taken", sqlbuilder.PostgreSQL, 10, 1},
	} {
		in, err := c.dialect.NewInserter(sqlbuilder.Table{Name: "t"}, []string{"a", "b"}, c.maxBytes)
		if err != nil {
			t.Fatal(err)
		}
		for range 40000 {
			ok, err := in.Add(row...)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
		}
		n := in.Len()
		st, err := in.Statement()
		if err != nil {
			t.Fatal(err)
		}
		if n != c.want || c.maxBytes > 200 && len(st.SQL) > c.maxBytes {
			t.Errorf("%s: %d rows of %d bytes, want %d", c.name, n, len(st.SQL), c.want)
		}
		if ok, err := in.Add(row...); !ok || err != nil || in.Len() != 1 {
			t.Errorf("%s: the next statement: %t, %v", c.name, ok, err)
		}
	}
}

func TestValues(t *testing.T) {
	point := feature.WKB(feature.AppendPoint(nil, 1, 2))
	when := feature.DateTime(time.Date(2020, 2, 29, 12, 0, 0, 1e6, time.FixedZone("", 2*3600)))
	for _, c := range []struct {
		v              any
		sqlite, postgr string
	}{
		{nil, "NULL", "NULL"},
		{true, "1", "TRUE"},
		{int64(math.MinInt64), "(-9223372036854775807 - 1)", "'-9223372036854775808'"},
		{2.0, "2e+00", "'2'"},
		{math.NaN(), "NULL", "'NaN'"},
		{math.Inf(-1), "-9e999", "'-Infinity'"},
		{`it's \`, `'it''s \'`, ` E'it''s \\'`},
		{[]byte{1, 255}, "x'01ff'", "decode('01ff', 'hex')"},
		{feature.Date(-43, 3, 15), "'-0043-03-15'", "'0044-03-15 BC'"},
		{feature.TimeOfDay(45000_000_001), "'12:30:00.000001'", "'12:30:00.000001'"},
		{when, "'2020-02-29T10:00:00.001Z'", "'2020-02-29 10:00:00.001000+00'"},
		{feature.IntList(1, 2), "'[1,2]'", "'{1,2}'"},
		{feature.TextList(`a"b`, `c,d'`), `'["a\"b","c,d''"]'`, ` E'{"a\\"b","c,d''"}'`},
		{feature.JSON([]byte(`{"a":1}`)), `'{"a":1}'`, `'{"a":1}'`},
		{feature.Value{}, "", "DEFAULT"},
		{sqlbuilder.Geometry{WKB: point, SRID: 4326}, "", "'0101000020e6100000000000000000f03f0000000000000040'"},
		{sqlbuilder.Geometry{}, "", "NULL"},
	} {
		for d, want := range map[sqlbuilder.Dialect]string{sqlbuilder.SQLite.WithLiterals(): c.sqlite, sqlbuilder.PostgreSQL.WithLiterals(): c.postgr} {
			st, err := d.Update(sqlbuilder.Table{Name: "t", FID: "id"}, 1, []string{"a"}, []any{c.v})
			got, _ := strings.CutPrefix(st.SQL, `UPDATE "t" SET "a" = `)
			got, _, _ = strings.Cut(got, ` WHERE "id" = `)
			if got != want || (err != nil) != (want == "") {
				t.Errorf("%s: %v is %s, %v; want %s", d, c.v, got, err, want)
			}
		}
	}
}

func TestStatements(t *testing.T) {
	table := sqlbuilder.Table{
		Namespace: "s", Name: "t", FID: "fid", Geoms: []sqlbuilder.GeomColumn{{SRID: 4326}},
		Schema: &feature.Schema{
			FIDColumn: "fid",
			Geoms:     []feature.GeomField{{Name: "geom", Type: feature.Polygon.WithDims(true, false), NotNull: true}},
			Fields: []feature.Field{
				{Name: "fid", Type: feature.Integer64},
				{Name: "name", Width: 20, NotNull: true, Unique: true, Default: "'it''s'"},
				{Name: "n", Type: feature.Integer, Subtype: feature.Boolean, Default: "1"},
				{Name: "at", Type: feature.DateTimeField, Default: "CURRENT_TIMESTAMP"},
				{Name: "list", Type: feature.RealList},
			},
		},
	}
	pg, lite := sqlbuilder.PostgreSQL, sqlbuilder.SQLite
	sql := func(st sqlbuilder.Statement, err error) string {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return st.SQL
	}
	copied := func(s string, err error) string { return sql(sqlbuilder.Statement{SQL: s}, err) }
	for _, c := range []struct{ name, got, want string }{
		{"create", sql(pg.CreateTable(table)), `CREATE TABLE "s"."t" (
  "fid" bigserial PRIMARY KEY,
  "geom" geometry(polygonz, 4326) NOT NULL,
  "name" varchar(20) NOT NULL UNIQUE DEFAULT ('it''s'),
  "n" bool DEFAULT (TRUE),
  "at" timestamptz DEFAULT (CURRENT_TIMESTAMP),
  "list" float8[]
)`},
		{"create", sql(lite.CreateTable(table)), `CREATE TABLE "s"."t" (
  "fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  "geom" POLYGON NOT NULL,
  "name" TEXT(20) NOT NULL UNIQUE DEFAULT ('it''s'),
  "n" BOOLEAN DEFAULT (1),
  "at" DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  "list" TEXT
)`},
		{"index", sql(pg.CreateIndex(table, 0)), `CREATE INDEX ON "s"."t" USING gist ("geom")`},
		{"add", sql(pg.AddColumn(table, feature.Field{Name: "x", Type: feature.Integer64})), `ALTER TABLE "s"."t" ADD COLUMN "x" int8`},
		{"drop column", sql(lite.DropColumn(table, "x")), `ALTER TABLE "s"."t" DROP COLUMN "x"`},
		{"rename column", sql(lite.RenameColumn(table, "x", "y")), `ALTER TABLE "s"."t" RENAME COLUMN "x" TO "y"`},
		{"rename", sql(lite.RenameTable(table, "y")), `ALTER TABLE "s"."t" RENAME TO "y"`},
		{"drop", sql(pg.DropTable(table, true)), `DROP TABLE IF EXISTS "s"."t" CASCADE`},
		{"drop", sql(lite.DropTable(table, true)), `DROP TABLE IF EXISTS "s"."t"`},
		{"truncate", sql(pg.Truncate(table)), `TRUNCATE "s"."t"`},
		{"truncate", sql(lite.Truncate(table)), `DELETE FROM "s"."t"`},
		{"delete", sql(pg.Delete(table, 1)), `DELETE FROM "s"."t" WHERE "fid" = $1::int8`},
		{"delete", sql(lite.Delete(table, 1, 2)), `DELETE FROM "s"."t" WHERE "fid" IN (?, ?)`},
		{"update", sql(pg.Update(table, 1, []string{"a", "b"}, []any{"x", nil})), `UPDATE "s"."t" SET "a" = $1, "b" = $2 WHERE "fid" = $3::int8`},
		{"copy from", copied(pg.CopyFrom(table, []string{"a", "b"}, sqlbuilder.CopyBinary)), `COPY "s"."t" ("a", "b") FROM STDIN WITH (FORMAT binary)`},
		{"copy to", copied(pg.CopyTo(sqlbuilder.Statement{SQL: "SELECT 1"}, sqlbuilder.CopyText)), `COPY (SELECT 1) TO STDOUT WITH (FORMAT text)`},
		{"insert", sqlbuilder.Insert("t", []string{"a", `b"c`}), `INSERT INTO "t" ("a", "b""c") VALUES (?, ?)`},
		{"update", sqlbuilder.Update("t", []string{"a", "b"}, "id"), `UPDATE "t" SET "a" = ?, "b" = ? WHERE "id" = ?`},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if _, err := lite.CopyFrom(table, nil, sqlbuilder.CopyText); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("COPY in SQLite: %v", err)
	}
	if _, err := pg.CopyTo(sqlbuilder.Statement{SQL: "SELECT $1", Args: []any{int64(1)}}, sqlbuilder.CopyText); err == nil {
		t.Error("COPY with arguments is taken")
	}
}

func TestDefault(t *testing.T) {
	for _, c := range []struct {
		text, sqlite, postgres string
		typ                    feature.FieldType
	}{
		{"'a'", "'a'", "'a'", feature.String},
		{" ( 'it''s' ) ", "'it''s'", "'it''s'", feature.String},
		{`'a\'`, `'a\'`, ` E'a\\'`, feature.String},
		{"'a'::character varying(10)", "'a'", "'a'", feature.String},
		{"-1.5e3", "-1.5e3", "-1.5e3", feature.Real},
		{"(0)::numeric", "", "", feature.Real},
		{"0::numeric(10,2)", "0", "0", feature.Real},
		{"true", "1", "TRUE", feature.Integer},
		{"NULL", "NULL", "NULL", feature.Integer},
		{"now()", "strftime('%Y-%m-%dT%H:%M:%fZ','now')", "CURRENT_TIMESTAMP", feature.DateTimeField},
		{"CURRENT_TIMESTAMP", "strftime('%Y-%m-%dT%H:%M:%fZ','now')", "CURRENT_TIMESTAMP", feature.DateTimeField},
		{"strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", "strftime('%Y-%m-%dT%H:%M:%fZ','now')", "CURRENT_TIMESTAMP", feature.DateTimeField},
		{"'2020/01/02 03:04:05'", "'2020-01-02T03:04:05.000Z'", "'2020-01-02 03:04:05+00'", feature.DateTimeField},
		{"'2020/01/02'", "'2020-01-02'", "'2020-01-02'", feature.DateField},
		{"gen_random_uuid()", "", "gen_random_uuid()", feature.String},
		{"1; DROP TABLE t", "", "", feature.Integer},
		{"1) --", "", "", feature.Integer},
		{"'a' || pg_sleep(10)", "", "", feature.String},
		{"'a'); DROP TABLE t; --'", "", "", feature.String},
		{"'a'::text); DROP TABLE t; --", "", "", feature.String},
		{"nextval('s')", "", "", feature.Integer},
		{"a", "", "", feature.String},
		{"'a", "", "", feature.String},
		{"$$a$$", "", "", feature.String},
		{"E'a'", "", "", feature.String},
	} {
		for d, want := range map[sqlbuilder.Dialect]string{sqlbuilder.SQLite: c.sqlite, sqlbuilder.PostgreSQL: c.postgres} {
			got, err := d.Default(feature.Field{Name: "f", Type: c.typ, Default: c.text})
			if got != want || (err != nil) != (want == "") {
				t.Errorf("%s: %s is %s, %v; want %s", d, c.text, got, err, want)
			}
		}
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 70)
	latin1 := func(s string) int { return len([]rune(s)) }
	for _, c := range []struct {
		name     string
		launder  *sqlbuilder.Launderer
		in, want []string
	}{
		{
			"PostgreSQL", sqlbuilder.PostgreSQLNames(),
			[]string{"Name", "Pop. (2020)", "Größe", "日本", "1st", "user", "", "ctid", "a-b#c'd"},
			[]string{"name", "pop___2020_", "grosse", "__", "_1st", "_user", "_", "_ctid", "a_b_c_d"},
		},
		{"duplicates", sqlbuilder.PostgreSQLNames("the_geom"), []string{"A", "a", "A", "a_1", "The_Geom"}, []string{"a_2", "a", "a_3", "a_1", "the_geom_1"}},
		{"63 bytes", sqlbuilder.PostgreSQLNames(), []string{long, long + "b"}, []string{long[:63], long[:61] + "_1"}},
		{"63 bytes at a rune", sqlbuilder.CutNames(), []string{strings.Repeat("é", 40), "A b"}, []string{strings.Repeat("é", 31), "A b"}},
		{"DBF", sqlbuilder.DBFNames(nil), []string{"POPULATION", "population_2020", "Größengröße", "name", "NAME"}, []string{"POPULATION", "populati_1", "Größengr", "name", "NAME_1"}},
		{"DBF in Latin 1", sqlbuilder.DBFNames(latin1), []string{"Größengröße", "Größengröß", ""}, []string{"Größengr_1", "Größengröß", "_"}},
	} {
		if diff := cmp.Diff(c.want, c.launder.Names(c.in)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
