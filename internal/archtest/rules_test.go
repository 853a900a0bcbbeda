package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// modulePath is what every package path of this module begins with.
const modulePath = "github.com/ogrcarto/ogrcarto"

// rule says what one package, or one family of packages, may import besides the standard library.
type rule struct {
	// pkg is a path inside the module: "." is the root, "gpkg/..." is gpkg and all below it. The first rule that matches a
	// package holds.
	pkg string
	// house lists packages of this module, in the same notation. A package may always import what is below itself in its
	// own internal folder.
	house []string
	// libs lists packages of other modules: a path stands for itself and all below it.
	libs []string
}

// What many rules share.
var (
	model   = []string{"feature/..."}
	drivers = []string{"driver/shapefile", "driver/carto", "gpkg"}
	sqlite  = []string{"modernc.org/sqlite", "modernc.org/libc"}
)

// rules is the house: feature <- layer/filter <- layer <- sqlbuilder, driver <- the drivers and gpkg <- driver/all <- cmd; translate
// knows the contract of drivers and none of them. No driver imports
// another, and sqlbuilder and driver do not know each other. A package without a rule is an error: whoever adds a package
// says here what it may import.
//
// The same rules stand in .golangci.yml (depguard), where an editor shows them; this table is the one that counts, because
// it also sees files that are built on other platforms only.
var rules = []rule{
	{pkg: "feature"},
	{pkg: "feature/orbgeom", house: []string{"feature"}, libs: []string{"github.com/paulmach/orb"}},
	{pkg: "feature/twgeom", house: []string{"feature"}, libs: []string{"github.com/twpayne/go-geom"}},
	{pkg: "feature/sfgeom", house: []string{"feature"}, libs: []string{"github.com/peterstace/simplefeatures"}},
	{pkg: "feature/geojson", house: []string{"feature"}},
	{pkg: "feature/srs/...", house: []string{"feature", "feature/srs/..."}},
	{pkg: "layer/filter", house: model, libs: []string{"github.com/peterstace/simplefeatures"}},
	{pkg: "layer", house: all(model, "layer/filter")},
	{pkg: "sqlbuilder", house: all(model, "layer/...")},
	{pkg: "driver", house: all(model, "layer/...")},
	{pkg: "driver/drivertest", house: all(model, "layer/...", "driver"), libs: []string{"github.com/google/go-cmp"}},

	{pkg: "driver/shapefile/...", house: driverMay, libs: []string{"golang.org/x/text"}},
	{pkg: "driver/carto/...", house: driverMay, libs: []string{"github.com/cenkalti/backoff/v5"}},
	{pkg: "gpkg/...", house: driverMay, libs: sqlite},

	{pkg: "driver/all", house: all(drivers, "driver")},
	{pkg: "sqlquery", house: all(model, "layer/...", "driver", "internal/..."), libs: sqlite},
	{pkg: "translate", house: all(model, "layer/...", "driver", "sqlquery")},
	{pkg: "sqlapi/account", libs: []string{"github.com/jackc/pgx/v5"}},
	{pkg: "sqlapi/internal/...", house: all(model, "internal/..."), libs: []string{"github.com/jackc/pgx/v5"}},
	{pkg: "sqlapi/sqlapitest", house: []string{"sqlapi", "sqlapi/account", "internal/testpeer"}, libs: []string{"github.com/jackc/pgx/v5"}},
	{pkg: "sqlapi", house: all(model, "layer/...", "driver", "gpkg", "sqlapi/account", "internal/..."), libs: []string{
		"github.com/jackc/pgx/v5", "github.com/VictoriaMetrics/metrics", "golang.org/x/sync",
	}},
	{pkg: "cmd/...", house: all(model, "layer/...", "driver", "driver/all", "sqlquery", "translate", "sqlapi", "sqlapi/account"), libs: []string{
		"github.com/BurntSushi/toml", "github.com/jackc/pgx/v5", "github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/schollz/progressbar/v3",
		"golang.org/x/term", "golang.org/x/sys",
	}},
	{pkg: ".", house: []string{}},
	{pkg: "internal/archtest"},
	{pkg: "internal/sqlite", libs: sqlite},
	{pkg: "internal/geosql", house: all(model, "layer/...", "internal/gpb", "internal/sqlite"), libs: []string{"github.com/peterstace/simplefeatures"}},
	{pkg: "internal/...", house: model, libs: []string{"golang.org/x/text"}},
	{pkg: "bench/...", house: all(model, drivers, "layer/...", "driver", "driver/all")},
}

// driverMay is what every driver may import of this module. Its own libraries stand in its own rule.
var driverMay = all(model, "layer/...", "sqlbuilder", "driver", "internal/...")

// all joins lists and single strings to one list.
func all(parts ...any) []string {
	var out []string
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			out = append(out, p)
		case []string:
			out = append(out, p...)
		}
	}
	return out
}

// pkg is what "go list -json" says of a package, as far as it matters here.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// check returns one line for each import that breaks a rule, sorted. pkgs holds the packages of the module and, so that the
// standard library is known from the rest, those that they import.
func check(rules []rule, pkgs []pkg) []string {
	standard := map[string]bool{"C": true, "unsafe": true} // import "C" has its own test
	for _, p := range pkgs {
		if p.Standard {
			standard[p.ImportPath] = true
		}
	}
	var broken []string
	for _, p := range pkgs {
		name, ours := inModule(p.ImportPath)
		if !ours {
			continue
		}
		i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.pkg, name) })
		if i < 0 {
			broken = append(broken, fmt.Sprintf("%s has no rule: add one to internal/archtest/rules_test.go", name))
			continue
		}
		for _, imported := range p.Imports {
			if !standard[imported] && !allowed(rules[i], name, imported) {
				broken = append(broken, fmt.Sprintf("%s imports %s: its rule allows %s", name, imported, rules[i]))
			}
		}
	}
	slices.Sort(broken)
	return slices.Compact(broken)
}

// String lists what a rule allows, for a message.
func (r rule) String() string {
	return strings.Join(all("the standard library", r.house, r.libs), ", ")
}

// allowed tells whether the package called name, which r is about, may import the package imported.
func allowed(r rule, name, imported string) bool {
	target, ours := inModule(imported)
	if !ours {
		return slices.ContainsFunc(r.libs, func(lib string) bool { return below(lib, imported) })
	}
	// gpkg and what is inside gpkg may import gpkg/internal; the packages of one family share it, and the compiler keeps
	// others out.
	if root := strings.TrimSuffix(r.pkg, "/..."); below(path.Join(root, "internal"), target) && below(root, name) {
		return true
	}
	return slices.ContainsFunc(r.house, func(p string) bool { return matches(p, target) })
}

// inModule returns the path of a package inside the module, "." for its root.
func inModule(importPath string) (string, bool) {
	if importPath == modulePath {
		return ".", true
	}
	return strings.CutPrefix(importPath, modulePath+"/")
}

// matches tells whether a package is meant by a pattern: its name, or "folder/..." for a folder and all below.
func matches(pattern, name string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return below(folder, name)
	}
	return pattern == name
}

// below tells whether a path is a folder or something in it.
func below(folder, name string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}
