//go:build unix

package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi/sqlapitest"
)

// TestCartoPage runs docs/carto.md, over an account with the countries.
func TestCartoPage(t *testing.T) {
	s := sqlapitest.Start(t)
	cleanEnv(t)
	t.Setenv("CARTO_API_URL", s.URL+"/api/v2/sql")
	t.Setenv("CARTO_API_KEY", s.Master)
	upload := exec.Command(testpeer.Command(t, "ogr2ogr"), "-f", "Carto", "-nlt", "PROMOTE_TO_MULTI", "Carto:"+s.Name, "../../testdata/countries.shp")
	if out, err := upload.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file, err := filepath.Abs("../../docs/carto.md")
	if err != nil {
		t.Fatal(err)
	}
	runPage(t, file, "http://127.0.0.1:8080", s.HTTP.URL, "KEY-OF-ALICE", s.Master, "alice", s.Name)
}
