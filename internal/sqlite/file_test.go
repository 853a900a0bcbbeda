package sqlite

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// newFile makes a database of some megabytes and returns its name and bytes.
func newFile(t *testing.T) (string, []byte) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.db")
	c, err := Open(name, Create, "")
	if err != nil {
		t.Fatal(err)
	}
	err = c.Exec(`create table t(a, b);
		with recursive n(i) as (select 1 union all select i+1 from n where i<3000) insert into t select i, randomblob(1000) from n`)
	if err := errors.Join(err, c.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return name, data
}

func openWithFile(t *testing.T, name string) (*Conn, *File) {
	t.Helper()
	c, err := Open(name, ReadOnly, "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.File()
	if errors.Is(err, errors.ErrUnsupported) {
		c.Close()
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	})
	return c, f
}

func TestFileReadAt(t *testing.T) {
	name, data := newFile(t)
	_, f := openWithFile(t, name)
	size := len(data)
	if f.Size() != int64(size) {
		t.Fatalf("size %d, want %d", f.Size(), size)
	}
	for _, test := range []struct {
		name string
		off  int64
		n    int
		want int
		err  error
	}{
		{"header", 0, 100, 100, nil},
		{"page", 4096, 4096, 4096, nil},
		{"odd", 4711, 123457, 123457, nil},
		{"all", 0, size, size, nil},
		{"nothing", 5, 0, 0, nil},
		{"at the end", int64(size) - 10, 10, 10, nil},
		{"over the end", int64(size) - 10, 20, 10, io.EOF},
		{"behind the end", int64(size), 1, 0, io.EOF},
		{"far behind the end", 1 << 40, 1, 0, io.EOF},
		{"before the beginning", -1, 1, 0, fs.ErrInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := bytes.Repeat([]byte{0xaa}, test.n+1)
			n, err := f.ReadAt(p[:test.n], test.off)
			if n != test.want || !errors.Is(err, test.err) || (err != nil) != (test.err != nil) {
				t.Fatalf("%d, %v, want %d, %v", n, err, test.want, test.err)
			}
			if n > 0 && !bytes.Equal(p[:n], data[test.off:test.off+int64(n)]) {
				t.Error("other bytes than those of the file")
			}
			if bytes.Count(p[n:], []byte{0xaa}) != len(p)-n {
				t.Error("more was written")
			}
		})
	}
}

// TestFileReadAtTogether reads from several goroutines, beside a statement, into memory that may lie on a stack.
func TestFileReadAtTogether(t *testing.T) {
	name, data := newFile(t)
	c, f := openWithFile(t, name)
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 1))
			for range 500 {
				var p [700]byte
				off := rnd.IntN(len(data) - len(p))
				if _, err := f.ReadAt(p[:], int64(off)); err != nil || !bytes.Equal(p[:], data[off:off+len(p)]) {
					t.Error(off, err)
					return
				}
			}
		})
	}
	for range 3 {
		if n, _, err := c.Int("select sum(length(b)) from t"); n != 3_000_000 || err != nil {
			t.Error(n, err)
		}
	}
	wait.Wait()
}

func TestFileAllocations(t *testing.T) {
	name, _ := newFile(t)
	_, f := openWithFile(t, name)
	p := make([]byte, 4096)
	if n := testing.AllocsPerRun(100, func() { _, _ = f.ReadAt(p, 8192) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestFileCloses(t *testing.T) {
	name, _ := newFile(t)
	c, f := openWithFile(t, name)
	var p [1]byte
	if _, err := f.ReadAt(p[:], 0); err != nil {
		t.Fatal(err)
	}
	other, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadAt(p[:], 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.ReadAt(p[:], 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after the connection's Close: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.File(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("of a closed connection: %v", err)
	}
}

func TestFileOfMemory(t *testing.T) {
	c, err := OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.File(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error %v, want one that matches errors.ErrUnsupported", err)
	}
}

// TestBeginRead has a second connection that cannot write meanwhile, although the file was read and closed beside it.
func TestBeginRead(t *testing.T) {
	name, _ := newFile(t)
	c, f := openWithFile(t, name)
	writer, err := Open(name, ReadWrite, "")
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	writer.SetBusyTimeout(time.Millisecond)
	const write = "insert into t values(1, 2)"

	end, err := c.BeginRead()
	if err != nil {
		t.Fatal(err)
	}
	nested, err := c.BeginRead()
	if err != nil {
		t.Fatal(err)
	}
	var p [4096]byte
	if _, err := f.ReadAt(p[:], 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := writer.Exec(write); !IsBusy(err) {
		t.Errorf("while reading: %v, want a lock", err)
	}
	end()
	if err := writer.Exec(write); !IsBusy(err) {
		t.Errorf("while still reading: %v, want a lock", err)
	}
	nested()
	nested()
	if err := writer.Exec(write); err != nil {
		t.Errorf("afterwards: %v", err)
	}

	if err := writer.Exec("begin; " + write); err != nil {
		t.Fatal(err)
	}
	if _, err := writer.BeginRead(); err == nil {
		t.Error("a connection that writes began to read, want an error")
	}
	if err := writer.Exec("rollback"); err != nil {
		t.Fatal(err)
	}
	if end, err := writer.BeginRead(); err != nil {
		t.Error(err)
	} else {
		end()
	}
}

// TestBeginReadOfEmpty has no table to read from.
func TestBeginReadOfEmpty(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	c, err := Open(name, Create, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec("pragma user_version = 1"); err != nil {
		t.Fatal(err)
	}
	writer, err := Open(name, ReadWrite, "")
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	writer.SetBusyTimeout(time.Millisecond)
	end, err := c.BeginRead()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Exec("create table t(a)"); !IsBusy(err) {
		t.Errorf("while reading: %v, want a lock", err)
	}
	end()
	if err := writer.Exec("create table t(a)"); err != nil {
		t.Error(err)
	}
}
