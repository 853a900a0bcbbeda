package gpkg_test

import (
	"os"
	"syscall"
	"testing"
)

// TestMain lets the tests write to memory where there is enough of it, unless TMPDIR says where: on a disk they would
// spend most of their time waiting for it to sync.
func TestMain(m *testing.M) {
	const shm, enough = "/dev/shm", 1 << 30
	var st syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(shm, &st) == nil && st.Bavail*uint64(st.Bsize) > enough {
		if err := os.Setenv("TMPDIR", shm); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
