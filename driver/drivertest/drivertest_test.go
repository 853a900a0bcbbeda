package drivertest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ogrcarto/ogrcarto/feature"
)

// recorder is a testing.TB that keeps what a check reports instead of failing the test.
type recorder struct {
	testing.TB // for TempDir, Context and Helper
	mu         sync.Mutex
	messages   []string
	skipped    bool
	cleanups   []func()
}

func (r *recorder) add(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, s)
}

func (r *recorder) Error(args ...any)            { r.add(fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, args ...any) { r.add(fmt.Sprintf(f, args...)) }
func (r *recorder) Fatal(args ...any)            { r.add(fmt.Sprint(args...)); runtime.Goexit() }
func (r *recorder) Fatalf(f string, args ...any) { r.add(fmt.Sprintf(f, args...)); runtime.Goexit() }
func (r *recorder) Fail()                        { r.add("failed") }
func (r *recorder) FailNow()                     { r.add("failed"); runtime.Goexit() }
func (r *recorder) Skip(...any)                  { r.skipped = true; runtime.Goexit() }
func (r *recorder) Skipf(string, ...any)         { r.skipped = true; runtime.Goexit() }
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.messages) > 0
}

// record runs one check and returns what it reported.
func record(t *testing.T, run func(testing.TB)) (messages []string, skipped bool) {
	r := &recorder{TB: t}
	var wg sync.WaitGroup
	wg.Go(func() { // Goexit ends this goroutine alone
		defer func() {
			for _, f := range slices.Backward(r.cleanups) {
				f()
			}
		}()
		// A panic fails a test too.
		defer func() {
			if p := recover(); p != nil {
				r.add(fmt.Sprint("panic: ", p))
			}
		}()
		run(r)
	})
	wg.Wait()
	return r.messages, r.skipped
}

// failures runs the checks of that name, "" being all, and returns the messages of each that failed.
func failures(t *testing.T, c *Config, only string) map[string][]string {
	failed := make(map[string][]string)
	note := func(name string, run func(testing.TB)) {
		if only != "" && only != name && name != "LayerNames" {
			return
		}
		if messages, _ := record(t, run); len(messages) > 0 {
			failed[name] = append(failed[name], messages...)
		}
	}
	for _, ch := range c.checks() {
		note(ch.name, func(t testing.TB) { ch.run(t, c) })
	}
	if !c.reads() {
		return failed
	}
	names := c.Layers
	note("LayerNames", func(t testing.TB) { names = c.layerNames(t) })
	for _, name := range names {
		for _, ch := range readChecks {
			note(ch.name, func(t testing.TB) { ch.run(t, newSubject(t, c, name)) })
		}
	}
	return failed
}

func readConfig(t *testing.T, broken string) *Config {
	d, name := newMemory(t.TempDir(), broken)
	return &Config{
		Driver: d, Name: name, Rows: map[string]int{"places": 40},
		Damaged: []Damaged{{Name: filepath.Join(filepath.Dir(name), "damaged.mem"), Good: 38, Bad: 2}},
	}
}

// writeConfig is readConfig with a target.
func writeConfig(t *testing.T, broken string) *Config {
	c := readConfig(t, broken)
	// A malformed geometry is the only thing that the driver does not take.
	c.Reject = &feature.Feature{FID: 7, Geoms: []feature.WKB{feature.WKB("malformed")}, Values: []feature.Value{feature.Text("a")}}
	c.NoGeometry = true
	c.SRS = feature.SRS{Authority: "EPSG", Code: 4326}
	c.Geoms = []feature.GeomType{feature.Geometry, feature.MultiSurface, feature.Polygon + 3000}
	c.Target = func(t testing.TB) string { return filepath.Join(t.TempDir(), "new.mem") }
	return c
}

// TestRun runs the suite over a driver that keeps all promises.
func TestRun(t *testing.T) {
	t.Run("read", func(t *testing.T) { Run(t, *readConfig(t, "")) })
	t.Run("write", func(t *testing.T) {
		c := writeConfig(t, "")
		c.Name, c.Damaged, c.Geoms = "", nil, nil
		Run(t, *c)
	})
	t.Run("write into what exists", func(t *testing.T) {
		c := writeConfig(t, "")
		c.Name, c.Damaged, c.TargetExists = "", nil, true
		target := c.Target
		c.Target = func(t testing.TB) string {
			name := target(t)
			if err := os.WriteFile(name, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			return name
		}
		Run(t, *c)
	})
}

// TestSamples: what the suite writes is well-formed, and of the type that the column declares.
func TestSamples(t *testing.T) {
	for base := feature.Geometry; base <= feature.Triangle; base++ {
		for dims := range feature.GeomType(4) {
			for i := range 6 {
				g := sampleGeometry(base+dims*1000, i)
				typ, _ := g.Type()
				if err := g.Check(); err != nil || !(base + dims*1000).Holds(typ) || g.IsEmpty() {
					t.Errorf("sample %d of type %s is a %s: %v", i, base+dims*1000, typ, err)
				}
			}
		}
	}
	for _, f := range everyField {
		for _, v := range sampleValues(f) {
			if err := fits(f, v); err != nil {
				t.Errorf("field %s: %v", f.Name, err)
			}
		}
	}
}

// TestBroken runs the suite over drivers that break one promise each: the check that guards the promise must fail.
func TestBroken(t *testing.T) {
	for broken, want := range map[string]string{
		"extension with a point":       "Info",
		"bad default":                  "Info",
		"claims everything":            "Probe",
		"claims nothing":               "Probe",
		"layers beyond its capability": "LayerNames",
		"layer names":                  "LayerNames",
		"any layer":                    "UnknownLayer",
		"plain errors":                 "UnknownLayer",
		"any option":                   "UnknownOption",
		"makes what is missing":        "UnknownFile",
		"close twice":                  "CloseTwice",
		"touches the file":             "ReadChangesNothing",
		"passes over damage":           "Damaged",
		"two errors":                   "Damaged",
		"two fields of one name":       "Schema",
		"row of another type":          "Rows",
		"malformed geometry":           "Rows",
		"value of another kind":        "Rows",
		"null in NOT NULL":             "Rows",
		"not UTF-8":                    "Rows",
		"FID order":                    "Rows",
		"same FID":                     "Rows",
		"extra row":                    "Rows",
		"neither":                      "Twice",
		"shared state":                 "Interleaved",
		"goroutine":                    "EarlyBreak",
		"cancelled is the end":         "Cancelled",
		"not cancelled":                "Cancelled",
		"cancelled before only":        "Cancelled",
		"wraps without Unwrap":         "Cancelled",
		"values share":                 "Reuse",
		"geometries share":             "Reuse",
		"hands out its rows":           "Reuse",
		"all columns":                  "Columns",
		"null columns":                 "Columns",
		"geometry left in":             "Columns",
		"any column":                   "UnknownColumn",
		"box of float32":               "Box",
		"box does not touch":           "Box",
		"box ignored":                  "Box",
		"where ignored":                "Where",
		"where sees wanted columns":    "Where",
		"where without geometry":       "Where",
		"null is empty":                "Where",
		"LIKE folds case":              "Where",
		"less is at most":              "Where",
		"or is and":                    "Where",
		"zone is ignored":              "Where",
		"integers as reals":            "Where",
		"FIDs twice":                   "Where",
		"FIDs end too early":           "Where",
		"box for the predicate":        "Where",
		"box instead of where":         "Where",
		"limit before where":           "Where",
		"count without where":          "Where",
		"LIKE folds case at random":    "RandomWhere",
		"less is at most at random":    "RandomWhere",
		"null is empty at random":      "RandomWhere",
		"where only once":              "WhereIsAValue",
		"where keeps its rows":         "WhereIsAValue",
		"any where":                    "WhereErrors",
		"where wrong after a row":      "WhereErrors",
		"where told to OnBadRow":       "WhereErrors",
		"where not cancelled":          "WhereCancelled",
		"where cancelled before only":  "WhereCancelled",
		"order ignored":                "Order",
		"order ascending":              "Order",
		"order of the first key":       "Order",
		"null first":                   "Order",
		"NaN first":                    "Order",
		"ties the other way round":     "Order",
		"text in no case's order":      "Order",
		"order by wanted columns":      "Order",
		"limit before order":           "Order",
		"order of the clock":           "Order",
		"limit":                        "LimitOffset",
		"offset":                       "LimitOffset",
		"limit before the box":         "LimitOffset",
		"count":                        "Count",
		"extent":                       "Extent",
		"get":                          "Get",
		"get shares":                   "Get",

		"writes what is read":          "ReadOnly",
		"loses a row":                  "RoundTrip",
		"loses a null":                 "RoundTrip",
		"keeps the values":             "RoundTrip",
		"keeps the geometries":         "RoundTrip",
		"changes the schema":           "RoundTrip",
		"schema without a field":       "RoundTrip",
		"other names":                  "RoundTrip",
		"forgets the SRS":              "RoundTrip",
		"no empty layers":              "EmptyLayer",
		"another FID":                  "FIDs",
		"close after commit":           "CloseAfterCommit",
		"writes at once":               "AppendNoCommit",
		"close commits":                "NoCommit",
		"publishes the uncommitted":    "NoCommit",
		"discard completes":            "Discard",
		"completes what was cancelled": "CancelledDataset",
		"creates over a file":          "ExistingDataset",
		"makes the file at once":       "NoCommit",
		"replaces at once":             "Replace",
		"adds to what it replaces":     "Replace",
		"any dataset option":           "CreateOptions",
		"any layer option":             "CreateOptions",
		"layer twice":                  "DuplicateLayer",
		"two writers":                  "OneWriter",
		"forgets to write":             "SeveralLayers",
		"append overwrites":            "Append",
		"appends to anything":          "Append",
		"appends one FID again":        "Append",
		"stops after a rejection":      "Rejected",
		"rejects without saying so":    "Rejected",
	} {
		t.Run(broken, func(t *testing.T) {
			if failed := failures(t, writeConfig(t, broken), want); len(failed[want]) == 0 {
				t.Errorf("the check %s does not notice; failed: %v", want, failures(t, writeConfig(t, broken), ""))
			}
		})
	}
}

// TestWrongCount tells the suite a number of features that the layer does not have.
func TestWrongCount(t *testing.T) {
	c := readConfig(t, "")
	c.Rows["places"] = 41
	failed := failures(t, c, "")
	if m := failed["Schema"]; len(m) == 0 || !strings.Contains(m[0], "40 features, want 41") {
		t.Errorf("the suite does not notice: %v", failed)
	}
}
