//go:build unix

package main

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// freeAddress returns an address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestServePage runs docs/serve.md.
func TestServePage(t *testing.T) {
	for _, program := range []string{"curl", "ogr2ogr", "ogrinfo"} {
		testpeer.Command(t, program)
	}
	db := testpeer.NewDatabase(t)
	cleanEnv(t)
	// The page goes by the defaults. But roles belong to the whole server, which other tests use, too, and so does the port.
	address := freeAddress(t)
	t.Setenv("OGRCARTO_SERVE_PUBLIC_ROLE", db.Name+"_public")
	t.Setenv("OGRCARTO_SERVE_LISTEN", address)
	file, err := filepath.Abs("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	runPage(t, file,
		"postgres://postgres:secret@127.0.0.1:5432/gis", db.URL,
		"127.0.0.1:8080", address,
		"publicuser", db.Name+"_public",
		"alice", db.Name)
}
