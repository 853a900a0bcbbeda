package carto_test

import (
	"testing"

	"github.com/ogrcarto/ogrcarto/driver/carto"
	"github.com/ogrcarto/ogrcarto/driver/drivertest"
	"github.com/ogrcarto/ogrcarto/sqlapi/sqlapitest"
)

// TestContract reads tables of many kinds: with all types, with many rows, without a key, without geometry, with two geometries,
// with odd names, and a view.
func TestContract(t *testing.T) {
	s := sqlapitest.Start(t)
	s.Exec(t, everything+`;
		CREATE TABLE many AS SELECT a AS cartodb_id, ST_SetSRID(ST_MakePoint(a % 90, a % 45), 4326)::geometry(Point,4326) AS the_geom, 'row ' || a AS name,
			a % 7 AS class, CASE WHEN a % 5 > 0 THEN a / 8.0::float8 END AS value, '2020-01-01'::date + a AS day FROM generate_series(1, 1201) a;
		ALTER TABLE many ADD PRIMARY KEY (cartodb_id);
		CREATE TABLE nokey AS SELECT 'x' || a AS name, a FROM generate_series(1, 50) a;
		CREATE TABLE "Odd ""name"" 'é" ("Column 1" int, "select" text, "the_geom" geometry(Geometry,3857));
		INSERT INTO "Odd ""name"" 'é" VALUES (1, 'a', null), (2, null, ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))', 3857));
		CREATE VIEW seen AS SELECT * FROM many WHERE class = 1;
		DO $$ DECLARE r record; BEGIN FOR r IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND relname NOT LIKE '%\_%' LOOP
			EXECUTE format('ALTER TABLE %I OWNER TO %I', r.relname, '`+s.Owner()+`'); END LOOP; END $$`)
	// Random filters are long, and compiling them takes PostgreSQL half a second each.
	s.Exec(t, "ALTER ROLE "+s.Owner()+" SET jit = off")
	t.Setenv("CARTO_API_URL", s.URL+"/api/v2/sql")
	t.Setenv("CARTO_API_KEY", s.Master)
	layers := []string{"many", "nokey", `Odd "name" 'é`, "everything"}
	if testing.Short() {
		layers = layers[1:2]
	}
	drivertest.Run(t, drivertest.Config{
		Driver: carto.New(),
		Name:   "Carto:" + s.Name,
		Layers: layers,
		Rows:   map[string]int{"everything": 2, "many": 1201, "nokey": 50, `Odd "name" 'é`: 2},
	})
	drivertest.Run(t, drivertest.Config{
		Driver: carto.New(), Name: "Carto:" + s.Name + " tables=seen", Rows: map[string]int{"seen": 172},
	})
}
