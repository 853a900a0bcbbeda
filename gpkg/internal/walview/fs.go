package walview

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// FS returns a file system whose only file is the view, under this name: what vfs.New of modernc.org/sqlite/vfs takes. It
// has no folder, not even a root: SQLite, which looks for a journal and a log beside the database, finds neither.
func (v *View) FS(name string) fs.FS { return fileSystem{v, name} }

type fileSystem struct {
	view *View
	name string
}

// Open implements fs.FS.
func (s fileSystem) Open(name string) (fs.File, error) {
	if err := s.has("open", name); err != nil {
		return nil, err
	}
	return &File{view: s.view, name: name}, nil
}

// Stat implements fs.StatFS.
func (s fileSystem) Stat(name string) (fs.FileInfo, error) {
	if err := s.has("stat", name); err != nil {
		return nil, err
	}
	return fileInfo{s.view, name}, nil
}

func (s fileSystem) has(op, name string) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name != s.name {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return nil
}

// File is the view as an open file, for one goroutine; ReadAt is for several.
type File struct {
	view *View
	name string
	at   int64
}

var (
	_ fs.StatFS     = fileSystem{}
	_ fs.File       = (*File)(nil)
	_ io.ReadSeeker = (*File)(nil)
	_ io.ReaderAt   = (*File)(nil)
)

// Stat implements fs.File. The time of the file is not known.
func (f *File) Stat() (fs.FileInfo, error) { return fileInfo{f.view, f.name}, nil }

// Read implements io.Reader.
func (f *File) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := f.view.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) { // the next call tells it
		err = nil
	}
	return n, err
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) { return f.view.ReadAt(p, off) }

// Seek implements io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.view.size
	default:
		return 0, &fs.PathError{Op: "seek", Path: f.name, Err: fs.ErrInvalid}
	}
	if offset < 0 {
		return 0, &fs.PathError{Op: "seek", Path: f.name, Err: fmt.Errorf("offset %d: %w", offset, fs.ErrInvalid)}
	}
	f.at = offset
	return offset, nil
}

// Close implements fs.File. The files given to Open of this package stay open.
func (f *File) Close() error { return nil }

// fileInfo tells the size of the view.
type fileInfo struct {
	view *View
	name string
}

func (i fileInfo) Name() string     { return i.name }
func (fileInfo) Mode() fs.FileMode  { return 0o444 }
func (i fileInfo) Size() int64      { return i.view.size }
func (fileInfo) ModTime() time.Time { return time.Time{} }
func (fileInfo) IsDir() bool        { return false }
func (fileInfo) Sys() any           { return nil }
