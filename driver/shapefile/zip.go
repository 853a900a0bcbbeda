package shapefile

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// What is taken from an archive. Deflate packs a long run of one byte 1,032 times and a .dbf full of blanks some hundred
// times: a large member that is packed better than maxRatio is a bomb, or may as well be one.
const (
	inMemory = 16 << 20  // members up to here are unpacked into memory, larger ones into a temporary file
	anyRatio = 256 << 20 // members up to here may be packed however well
	maxRatio = 250
	maxSize  = 8 << 30 // a .shp and a .shx count 16-bit words in 32 bits
)

// zipSet is the files of a .zip. Those in folders count too; what macOS and others put beside them does not.
type zipSet struct {
	file    *os.File
	members map[string]*zip.File
	names   []string
}

func openZip(name string) (*zipSet, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, pathCause(err)
	}
	z, err := readZip(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return z, nil
}

func readZip(f *os.File) (*zipSet, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, pathCause(err)
	}
	r, err := zip.NewReader(f, st.Size())
	if err != nil {
		if errors.Is(err, zip.ErrFormat) {
			return nil, errors.New("neither a Shapefile nor a zip archive with one in it")
		}
		return nil, err
	}
	z := &zipSet{file: f, members: make(map[string]*zip.File)}
	for _, m := range r.File {
		name := strings.ToValidUTF8(path.Clean(strings.ReplaceAll(m.Name, `\`, "/")), "_")
		if m.FileInfo().IsDir() || isHidden(name) || z.members[name] != nil {
			continue
		}
		z.members[name] = m
		z.names = append(z.names, name)
	}
	return z, nil
}

// isHidden tells what a system has put into an archive: resource forks in __MACOSX, names that begin with a point.
func isHidden(name string) bool {
	for _, part := range strings.Split(name, "/") {
		if part == "__MACOSX" || strings.HasPrefix(part, ".") {
			return true
		}
	}
	return false
}

func (z *zipSet) list() ([]string, error) { return z.names, nil }

func (z *zipSet) close() { z.file.Close() }

func (z *zipSet) open(name string) (blob, error) {
	m := z.members[name]
	if m == nil {
		return nil, fs.ErrNotExist
	}
	size := m.UncompressedSize64
	switch {
	case m.Flags&1 != 0:
		return nil, fmt.Errorf("it is encrypted: %w", errors.ErrUnsupported)
	case size > maxSize:
		return nil, fmt.Errorf("%d bytes when unpacked, want at most %d", size, int64(maxSize))
	case size > anyRatio && size/maxRatio > m.CompressedSize64:
		return nil, fmt.Errorf("%d bytes unpack to %d, more than %d times as much: that looks like a zip bomb", m.CompressedSize64,
			size, maxRatio)
	}
	if m.Method == zip.Store && m.CompressedSize64 == size {
		if off, err := m.DataOffset(); err == nil {
			return storedMember{io.NewSectionReader(z.file, off, int64(size))}, nil
		}
	}
	return unpack(m)
}

// storedMember is a member that is not packed: it is read where it stands.
type storedMember struct{ *io.SectionReader }

func (storedMember) close() {}

// unpack unpacks a member into memory or into a temporary file. It reads no more than the member is said to have.
func unpack(m *zip.File) (blob, error) {
	r, err := m.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // Read says what is wrong
	size := int64(m.UncompressedSize64)
	if size <= inMemory {
		b, err := io.ReadAll(io.LimitReader(r, size+1))
		if err == nil && int64(len(b)) != size {
			err = fmt.Errorf("%d bytes or more are in it, the archive says %d", len(b), size)
		}
		if err != nil {
			return nil, err
		}
		return memSet{"": b}.open("")
	}
	f, err := os.CreateTemp("", "ogrcarto-*.tmp")
	if err != nil {
		return nil, err
	}
	// Where an open file can be removed it is gone at once, and even a killed process leaves nothing.
	t := tempFile{diskFile{f, size}, os.Remove(f.Name()) != nil}
	n, err := io.Copy(f, io.LimitReader(r, size+1))
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes or more are in it, the archive says %d", n, size)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// tempFile is a file that is removed when it is closed.
type tempFile struct {
	diskFile
	remove bool
}

func (t tempFile) close() {
	t.diskFile.close()
	if t.remove {
		_ = os.Remove(t.Name())
	}
}
