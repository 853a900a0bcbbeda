package walview_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"
)

func TestFS(t *testing.T) {
	w := newWriter(t, 1024)
	w.run(t, rows(20))
	p := readPair(t, w.name)
	v, err := p.view()
	if err != nil {
		t.Fatal(err)
	}
	system := v.FS("folder/test.db")
	for name, want := range map[string]error{
		"folder/test.db-wal": fs.ErrNotExist, "folder/test.db-journal": fs.ErrNotExist, "test.db": fs.ErrNotExist, "/test.db": fs.ErrInvalid,
		"folder/../folder/test.db": fs.ErrInvalid, "folder/test.db": nil,
	} {
		if _, err := system.Open(name); !errors.Is(err, want) {
			t.Errorf("Open(%q): %v, want %v", name, err, want)
		}
		if _, err := fs.Stat(system, name); !errors.Is(err, want) {
			t.Errorf("Stat(%q): %v, want %v", name, err, want)
		}
	}
	file, err := system.Open("folder/test.db")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	want := p.checkpointed(t)
	if info.Size() != int64(len(want)) || info.IsDir() || info.Mode() != 0o444 || info.Name() != "folder/test.db" {
		t.Errorf("Stat: %d bytes, mode %v, name %q", info.Size(), info.Mode(), info.Name())
	}
	if err := iotest.TestReader(file, want); err != nil { // Read, Seek and ReadAt
		t.Error(err)
	}
	seeker := file.(io.Seeker)
	if at, err := seeker.Seek(-5, io.SeekEnd); at != int64(len(want)-5) || err != nil {
		t.Errorf("Seek = %d, %v", at, err)
	}
	if at, err := seeker.Seek(2, io.SeekCurrent); at != int64(len(want)-3) || err != nil {
		t.Errorf("Seek = %d, %v", at, err)
	}
	for _, whence := range []int{io.SeekStart, 7} {
		if _, err := seeker.Seek(-1, whence); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Seek(-1, %d): %v, want %v", whence, err, fs.ErrInvalid)
		}
	}
}
