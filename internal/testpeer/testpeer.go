// Package testpeer finds what tests are held against: other people's programs, and data that is not part of the module.
// A test that cannot find its peer skips and says so; where OGRCARTO_TEST_REQUIRE is 1, as under "make test", it fails.
package testpeer

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Required tells whether a missing program fails a test.
func Required() bool { return os.Getenv("OGRCARTO_TEST_REQUIRE") == "1" }

// Command returns the path of a program.
func Command(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Unavailable(t, "%s is not on PATH", name)
	}
	return path
}

// Output runs a program and returns what it wrote to its standard output; a failure fails the test with what it wrote
// to standard error.
func Output(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(Command(t, name), args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// Unavailable skips the test, or fails it where every peer is required.
func Unavailable(t testing.TB, format string, args ...any) {
	t.Helper()
	if Required() {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Python returns a Python that can import GDAL's module osgeo, which need not be the first on PATH: Debian's GDAL
// belongs to Debian's Python.
func Python(t testing.TB) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "from osgeo import osr").Run() == nil {
			return python
		}
	}
	Unavailable(t, "there is no python3 that can import osgeo")
	return ""
}

// PostGIS returns the URL of a database with PostGIS.
func PostGIS(t testing.TB) string {
	t.Helper()
	address := os.Getenv("OGRCARTO_TEST_POSTGIS")
	if address == "" {
		Unavailable(t, "OGRCARTO_TEST_POSTGIS is not set: want the URL of a PostGIS database")
	}
	return address
}

// Validate runs GDAL's validator on a GeoPackage and fails the test with what it finds.
//
// GDAL 3.6 is older than GeoPackage 1.4 and misses the triggers that 1.4 took away. Files of that version are validated
// by newer utilities, whose path is in OGRCARTO_TEST_GDAL_UTILS.
func Validate(t testing.TB, file string) {
	t.Helper()
	// Debian's GDAL belongs to Debian's Python, which need not be the first on PATH.
	python := "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		python = Command(t, "python3")
	}
	missing := func(format string, args ...any) {
		t.Helper()
		if Required() {
			t.Fatalf(format, args...)
		}
		t.Logf(format+": not validated", args...)
	}
	env := os.Environ()
	if userVersion(t, file) >= 10400 {
		newer := os.Getenv("OGRCARTO_TEST_GDAL_UTILS")
		if newer == "" {
			missing("%s is of version 1.4 and OGRCARTO_TEST_GDAL_UTILS is not set", filepath.Base(file))
			return
		}
		env = append(env, "PYTHONPATH="+newer)
	}
	const module = "osgeo_utils.samples.validate_gpkg"
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command(python, args...)
		cmd.Env = env
		return cmd.CombinedOutput()
	}
	if out, err := run("-c", "import "+module); err != nil {
		missing("%s cannot be imported: %v: %s", module, err, out)
		return
	}
	if out, err := run("-m", module, "-k", "--extra", file); err != nil || len(out) > 0 {
		t.Errorf("validate_gpkg %s: %v\n%s", filepath.Base(file), err, out)
	}
}

// userVersion returns the user_version in the header of an SQLite file (https://www.sqlite.org/fileformat2.html, 1.3).
func userVersion(t testing.TB, file string) uint32 {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [4]byte
	if _, err := f.ReadAt(b[:], 60); err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint32(b[:])
}

// Shared returns the path of a file or folder of the shared data, which lies beside the module's root. It is not part
// of the module, so a test skips without it.
func Shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(root(t), "..", "shared", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("../shared/%s is not there: it is not part of the module", name)
	}
	return path
}

// Database is a database with PostGIS that a test has for itself.
type Database struct {
	// Name is the database's, and what the names of its roles should begin with (Name and an underscore).
	Name string
	// URL has a superuser's login.
	URL string
}

// NewDatabase makes a database on the server of PostGIS. When the test ends, the database is dropped, with its sessions and
// with all roles whose names begin with its name.
func NewDatabase(t testing.TB) Database {
	t.Helper()
	server, err := url.Parse(PostGIS(t))
	if err != nil {
		t.Fatal(err)
	}
	random := make([]byte, 5)
	rand.Read(random)
	db := Database{Name: fmt.Sprintf("t%x", random)}
	own := *server
	own.Path = "/" + db.Name
	db.URL = own.String()
	// A copy of a database that has PostGIS already takes a tenth of the time.
	create := "CREATE DATABASE " + db.Name
	if Output(t, "psql", server.String(), "-X", "-A", "-t", "-c", "SELECT 1 FROM pg_database WHERE datname = 'template_postgis'") != "" {
		create += " TEMPLATE template_postgis"
	}
	Output(t, "psql", server.String(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", create)
	t.Cleanup(func() {
		Output(t, "psql", server.String(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", "DROP DATABASE "+db.Name+" WITH (FORCE)", "-c",
			`DO $$ DECLARE r name; BEGIN FOR r IN SELECT rolname FROM pg_roles WHERE starts_with(rolname, '`+db.Name+`_') LOOP
			EXECUTE format('DROP ROLE %I', r); END LOOP; END $$`)
	})
	Output(t, "psql", db.URL, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", "SET client_min_messages = warning", "-c", "CREATE EXTENSION IF NOT EXISTS postgis")
	return db
}

// Server is a PostgreSQL with PostGIS that a test has for itself, to kill it.
type Server struct {
	// URL has a superuser's login to a database with PostGIS.
	URL string
	ctl string
}

// NewServer starts a server, by the script that starts the one for all tests. It is stopped when the test ends.
func NewServer(t testing.TB) *Server {
	t.Helper()
	PostGIS(t) // where the one for all tests could be started, this one can be, too
	script := filepath.Join(root(t), "scripts", "with-servers.sh")
	cmd := exec.Command(script, "sh", "-c", `echo "$OGRCARTO_TEST_POSTGIS"; echo "$OGRCARTO_TEST_PGCTL"; sleep 1000000`)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	var s Server
	for _, to := range []*string{&s.URL, &s.ctl} {
		if !lines.Scan() {
			t.Fatal("the server did not start")
		}
		*to = lines.Text()
	}
	return &s
}

// Control runs pg_ctl on the server: "stop", "-m", "immediate", or "start".
func (s *Server) Control(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command(s.ctl, args...).CombinedOutput(); err != nil {
		t.Fatalf("pg_ctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// root returns the module's folder.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("the module's root was not found")
		}
		dir = parent
	}
	return dir
}
