package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestImports checks the module as it is, on every operating system that it is built for: a file for one of them must not
// import what the others may not. Imports of tests are free.
func TestImports(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "windows"} {
		t.Run(goos, func(t *testing.T) {
			t.Parallel()
			for _, line := range check(rules, goList(t, goos)) {
				t.Error(line)
			}
		})
	}
}

// TestFeatureDependsOnStandardLibraryOnly follows the imports of package feature to their end.
func TestFeatureDependsOnStandardLibraryOnly(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", modulePath+"/feature")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", withStderr(err))
	}
	if got := strings.Fields(string(out)); !slices.Equal(got, []string{modulePath + "/feature"}) {
		t.Errorf("feature depends on %q, want only the standard library", got)
	}
}

// TestSource looks into every file, whatever its build constraints.
func TestSource(t *testing.T) {
	files := sourceFiles(t, filepath.Join("..", ".."))
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	for _, name := range files {
		for _, line := range checkFile(t, name, nil) {
			t.Error(line)
		}
	}
}

// checkFile returns what is wrong with one source file: an init function, cgo. There is no list of exceptions. A driver that
// registers itself makes it depend on the order of imports which one opens a file, and cgo would end "one static binary".
func checkFile(t *testing.T, name string, src any) []string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			wrong = append(wrong, set.Position(f.Pos()).String()+": func init: driver/all lists the drivers, nothing registers itself")
		}
	}
	for _, imp := range file.Imports {
		if imp.Path.Value == `"C"` {
			wrong = append(wrong, set.Position(imp.Pos()).String()+": cgo: the module is pure Go")
		}
	}
	return wrong
}

// sourceFiles lists the Go files of the module, tests left out.
func sourceFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root:
			_, err := os.Stat(filepath.Join(name, "go.mod"))
			otherModule := err == nil
			if otherModule || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") {
				return fs.SkipDir
			}
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// goList returns the packages of the module and all that they depend on. -e keeps a package that does not build from hiding
// the imports of the others: that it does not build, the compiler says.
func goList(t *testing.T, goos string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Standard,Imports", modulePath+"/...")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", withStderr(err))
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// withStderr shows what the command said, not only that it failed.
func withStderr(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return errors.New(exit.Error() + ": " + string(exit.Stderr))
	}
	return err
}

// TestCheck makes up packages that break each rule, so that the tests above are known to be able to fail.
func TestCheck(t *testing.T) {
	ours := func(name string, imports ...string) pkg {
		p := pkg{ImportPath: modulePath + "/" + name}
		for _, i := range imports {
			if rest, ok := strings.CutPrefix(i, "./"); ok {
				i = modulePath + "/" + rest
			}
			p.Imports = append(p.Imports, i)
		}
		return p
	}
	tests := []struct {
		name string
		pkg  pkg
		want string // how the one complaint begins; empty for none
	}{
		{"standard library", ours("feature", "fmt", "unsafe"), ""},
		{"feature imports a library", ours("feature", "github.com/paulmach/orb"), "feature imports github.com/paulmach/orb"},
		{"feature imports layer", ours("feature", "./layer"), "feature imports " + modulePath + "/layer"},
		{"feature imports its adapter", ours("feature", "./feature/orbgeom"), "feature imports "},
		{"adapter imports its library", ours("feature/orbgeom", "./feature", "github.com/paulmach/orb/clip"), ""},
		{"adapter imports another library", ours("feature/orbgeom", "github.com/twpayne/go-geom"), "feature/orbgeom imports "},
		{"a library whose name only begins alike", ours("feature/orbgeom", "github.com/paulmach/orbit"), "feature/orbgeom imports "},
		{"layer imports feature", ours("layer", "./feature"), ""},
		{"layer imports driver", ours("layer", "./driver"), "layer imports "},
		{"sqlbuilder imports driver", ours("sqlbuilder", "./driver"), "sqlbuilder imports "},
		{"driver imports sqlbuilder", ours("driver", "./sqlbuilder"), "driver imports "},
		{"driver imports a driver", ours("driver", "./driver/shapefile"), "driver imports "},
		{"a driver imports what it may", ours("driver/shapefile", "./feature", "./feature/srs", "./layer", "./driver", "golang.org/x/text/encoding"), ""},
		{"a driver imports another", ours("driver/shapefile", "./gpkg"), "driver/shapefile imports "},
		{"gpkg imports a driver", ours("gpkg", "./driver/shapefile"), "gpkg imports "},
		{"a driver imports the list of drivers", ours("gpkg", "./driver/all"), "gpkg imports "},
		{"a driver imports its own internal", ours("gpkg", "./gpkg/internal/btree", "modernc.org/sqlite/lib"), ""},
		{"internal of a driver imports its own internal", ours("gpkg/internal/rtree", "./gpkg/internal/btree"), ""},
		{"internal of a driver imports another driver", ours("gpkg/internal/rtree", "./driver/shapefile"), "gpkg/internal/rtree imports "},
		{"a driver imports cobra", ours("gpkg", "github.com/spf13/cobra"), "gpkg imports "},
		{"the command imports cobra", ours("cmd/ogrcarto", "github.com/spf13/cobra", "./driver/all"), ""},
		{"the command imports a driver", ours("cmd/ogrcarto", "./gpkg"), "cmd/ogrcarto imports "},
		{"a package without a rule", ours("helper", "fmt"), "helper has no rule"},
		{"a package of another module", pkg{ImportPath: "example.com/x", Imports: []string{"example.com/y"}}, ""},
	}
	standard := []pkg{{ImportPath: "fmt", Standard: true}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := check(rules, append(standard, test.pkg))
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("got %q, want no complaint", got)
			case test.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], test.want)):
				t.Errorf("got %q, want one complaint that begins with %q", got, test.want)
			}
		})
	}
}

func TestCheckFile(t *testing.T) {
	tests := []struct {
		name, src string
		want      int
	}{
		{"neither", "package p\nfunc start() {}\n", 0},
		{"init", "package p\nfunc init() {}\n", 1},
		{"two of them", "package p\nfunc init() {}\nfunc init() {}\n", 2},
		{"a method called init", "package p\ntype t int\nfunc (t) init() {}\n", 0},
		{"cgo", "package p\n// int x;\nimport \"C\"\n", 1},
		{"cgo behind a build constraint", "//go:build never\n\npackage p\nimport \"C\"\n", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := checkFile(t, "made-up.go", test.src); len(got) != test.want {
				t.Errorf("got %q, want %d complaints", got, test.want)
			}
		})
	}
}
