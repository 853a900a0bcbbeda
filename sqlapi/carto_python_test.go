package sqlapi_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// TestCartoPython: CARTO's own Python client works with the server. OGRCARTO_TEST_CARTO_PYTHON is the folder where it is.
func TestCartoPython(t *testing.T) {
	t.Parallel()
	path := os.Getenv("OGRCARTO_TEST_CARTO_PYTHON")
	if path == "" {
		testpeer.Unavailable(t, "OGRCARTO_TEST_CARTO_PYTHON is not set: want the folder with CARTO's Python client")
	}
	s := serve(t)
	cmd := exec.Command("/usr/bin/python3", "-W", "ignore", "testdata/carto_python.py", s.URL+"/", s.Master, t.TempDir())
	cmd.Env = append(os.Environ(), "PYTHONPATH="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
