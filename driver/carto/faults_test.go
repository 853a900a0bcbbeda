package carto_test

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/carto"
	"github.com/ogrcarto/ogrcarto/driver/carto/internal/faultproxy"
	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlapi/sqlapitest"
)

// faultyService has two tables, one of them without a key.
func faultyService(t *testing.T) *sqlapitest.Service {
	t.Helper()
	carto.HurryUp()
	s := sqlapitest.Start(t)
	s.Exec(t, `CREATE TABLE many AS SELECT a AS cartodb_id, ST_SetSRID(ST_MakePoint(a, 1), 4326) AS the_geom, 'row ' || a AS name FROM generate_series(1, 5000) a;
		ALTER TABLE many ADD PRIMARY KEY (cartodb_id);
		CREATE TABLE nokey AS SELECT a, repeat('x', 100) AS text FROM generate_series(1, 2000) a;
		ALTER TABLE many OWNER TO `+s.Owner()+`; ALTER TABLE nokey OWNER TO `+s.Owner())
	return s
}

// through opens the account by way of a proxy.
func through(t *testing.T, s *sqlapitest.Service, seed uint64, rules ...faultproxy.Rule) (driver.Dataset, *faultproxy.Proxy) {
	t.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := faultproxy.New(target, seed, rules...)
	server := httptest.NewServer(proxy)
	t.Cleanup(func() {
		server.Close()
		proxy.Close()
	})
	t.Setenv("CARTO_API_URL", server.URL+target.Path+"/api/v2/sql")
	t.Setenv("CARTO_API_KEY", s.Master)
	ds, err := carto.New().Open(t.Context(), "Carto:"+s.Name, driver.Read, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ds, proxy
}

// numbers reads the FIDs of a layer, or its first field where the layer has no key.
func numbers(t *testing.T, ds driver.Dataset, name string) ([]int64, error) {
	t.Helper()
	l, err := ds.Layer(t.Context(), name)
	if err != nil {
		return nil, err
	}
	var list []int64
	for f, err := range l.Features(t.Context(), layer.Query{}) {
		if err != nil {
			return nil, err
		}
		n := f.FID
		if l.Schema().FIDColumn == "" {
			n = f.Values[0].Int()
		}
		list = append(list, n)
	}
	return list, nil
}

// TestFaults reads through a proxy that breaks things, with many seeds: what comes is all there is, once and in order, or an error.
// OGRCARTO_TEST_CASES is the number of seeds.
func TestFaults(t *testing.T) {
	s := faultyService(t)
	seeds := 60
	if testing.Short() {
		seeds = 15
	}
	if n, err := strconv.Atoi(os.Getenv("OGRCARTO_TEST_CASES")); err == nil {
		seeds = n
	}
	var rules []faultproxy.Rule
	for _, fault := range faultproxy.Faults {
		rules = append(rules, faultproxy.Rule{Fault: fault, Probability: 0.4 / float64(len(faultproxy.Faults)), RetryAfter: "0"})
	}
	whole, failed := 0, 0
	for seed := range seeds {
		ds, proxy := through(t, s, uint64(seed), rules...)
		for name, want := range map[string]int{"many": 5000, "nokey": 2000} {
			list, err := numbers(t, ds, name)
			switch {
			case err != nil:
				failed++
				if strings.Contains(err.Error(), s.Master) {
					t.Errorf("seed %d: the error has the key: %v", seed, err)
				}
			case len(list) != want:
				t.Errorf("seed %d: %s: %d rows and no error, want %d; faults %v", seed, name, len(list), want, proxy.Counts())
			default:
				whole++
				slices.Sort(list)
				if len(slices.Compact(list)) != want || list[0] != 1 {
					t.Errorf("seed %d: %s: rows are missing or double", seed, name)
				}
			}
		}
		if places := proxy.Find(s.Master); len(places) > 0 {
			t.Errorf("seed %d: the key is in %v", seed, places)
		}
	}
	t.Logf("%d layers whole, %d errors", whole, failed)
	if whole == 0 || failed == 0 {
		t.Errorf("%d layers whole, %d errors: the test shows nothing", whole, failed)
	}
}

// The faults of OGR's driver, each by its number in its list. (The second to the fifth are faults of writing.)

// TestOGRFault1: an answer that breaks off is not the end of the data.
func TestOGRFault1(t *testing.T) {
	s := faultyService(t)
	for _, fault := range []faultproxy.Fault{faultproxy.DropMiddle, faultproxy.Truncated, faultproxy.Timeout, faultproxy.Rate} {
		ds, _ := through(t, s, 1, faultproxy.Rule{Fault: fault, Probability: 1, Endpoint: "copyto"})
		if list, err := numbers(t, ds, "many"); err == nil {
			t.Errorf("%s: %d rows and no error", fault, len(list))
		}
	}
}

// TestOGRFault6: the key is in no URL.
func TestOGRFault6(t *testing.T) {
	s := faultyService(t)
	ds, proxy := through(t, s, 1)
	if _, err := ds.LayerNames(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := numbers(t, ds, "many"); err != nil {
		t.Fatal(err)
	}
	if places := proxy.Find(s.Master); len(places) > 0 || len(proxy.Records()) < 3 {
		t.Errorf("the key is in %v; %d requests", places, len(proxy.Records()))
	}
}

// TestOGRFault7: a table without a key is read whole, while it is changed.
func TestOGRFault7(t *testing.T) {
	s := faultyService(t)
	ds, _ := through(t, s, 1)
	l, err := ds.Layer(t.Context(), "nokey")
	if err != nil {
		t.Fatal(err)
	}
	conn := s.Connect(t)
	seen := map[int64]int{}
	for f, err := range l.Features(t.Context(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[f.Values[0].Int()]++
		if len(seen) == 10 { // every row moves to another place
			if _, err := conn.Exec(t.Context(), "UPDATE nokey SET text = text || 'y'"); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n := range int64(2000) {
		if seen[n+1] != 1 {
			t.Fatalf("row %d comes %d times", n+1, seen[n+1])
		}
	}
}

// TestOGRFault8: no digit is lost.
func TestOGRFault8(t *testing.T) {
	s := faultyService(t)
	ds, _ := through(t, s, 1)
	l, err := ds.(driver.SQLer).Query(t.Context(), "SELECT 9007199254740993::int8 AS a, 0.1::float8 + 0.2::float8 AS b, '2020-01-02 03:04:05.678901'::timestamp AS c")
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range l.Features(t.Context(), layer.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Values[0].Int() != 9007199254740993 || !f.Values[1].Equal(feature.Float(0.30000000000000004)) || f.Values[2].String() != "2020/01/02 03:04:05.678901" {
			t.Errorf("got %v", f.Values)
		}
	}
}

// TestOGRFault9: an error behind rows that came is an error.
func TestOGRFault9(t *testing.T) {
	s := faultyService(t)
	ds, _ := through(t, s, 1)
	l, err := ds.(driver.SQLer).Query(t.Context(), "SELECT a, 1/(1500-a) AS b FROM nokey")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	var failed error
	for _, err := range l.Features(t.Context(), layer.Query{}) {
		if failed = err; err == nil {
			rows++
		}
	}
	var e *driver.Error
	if failed == nil || !strings.Contains(failed.Error(), "division by zero") || !errors.As(failed, &e) {
		t.Errorf("%d rows, then %v", rows, failed)
	}
}
