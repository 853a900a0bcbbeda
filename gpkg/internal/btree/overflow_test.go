package btree_test

import (
	"fmt"
	"testing"
)

// blobOf returns a blob that makes the record of a row (NULL, blob, NULL) size bytes long.
func blobOf(size int) []byte {
	for headerLen := 4; ; headerLen++ {
		n := size - headerLen
		typeLen := 1
		for v := 12 + 2*n; v >= 128; v >>= 7 {
			typeLen++
		}
		if 3+typeLen == headerLen {
			blob := make([]byte, n)
			for i := range blob {
				blob[i] = byte(i*7 + i>>8 + 1)
			}
			return blob
		}
		if headerLen > 9 {
			return make([]byte, n) // no blob makes exactly this size
		}
	}
}

// TestOverflow has payloads of all lengths at which the number of overflow pages or the part in the leaf changes, section
// 1.6 of the file format, and one byte less and more.
func TestOverflow(t *testing.T) {
	for pageSize := 512; pageSize <= 65536; pageSize *= 2 {
		for _, reserved := range []int{0, 20} {
			t.Run(fmt.Sprintf("page=%d/reserved=%d", pageSize, reserved), func(t *testing.T) {
				t.Parallel()
				u := pageSize - reserved
				x := u - 35
				m := (u-12)*32/255 - 23
				sizes := []int{10, 3_000_000}
				for _, at := range []int{x, m + u - 4, x + u - 4, m + 2*(u-4), x + 2*(u-4), x + 3*(u-4), m + 50*(u-4), x + 50*(u-4)} {
					for d := -3; d <= 3; d++ {
						sizes = append(sizes, at+d)
					}
				}
				if pageSize == 512 {
					for size := 10; size < 2500; size++ {
						sizes = append(sizes, size)
					}
				}
				name := newDatabase(t, fmt.Sprintf("PRAGMA page_size = %d", pageSize), "PRAGMA user_version = 1")
				if reserved > 0 {
					reserveBytes(t, name, pageSize, reserved)
				}
				exec(t, name, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
				want := make([]row, len(sizes))
				for i, size := range sizes {
					want[i] = row{int64(i), blobOf(size), nil}
				}
				_, f := open(t, name)
				fill(t, f, 2, want)
				if err := f.Commit(); err != nil {
					t.Fatal(err)
				}
				db := connect(t, name)
				defer db.Close()
				checkIntegrity(t, db)
				compareRows(t, db, "t", want)
				if _, err := db.Exec("DELETE FROM t WHERE id % 2 = 0"); err != nil {
					t.Fatal(err)
				}
				checkIntegrity(t, db)
			})
		}
	}
}
