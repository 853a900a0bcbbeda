package shapefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// blob is the content of a file, which can be read at any place.
type blob interface {
	io.ReaderAt
	Size() int64
	close() // of what was only read nothing can fail that matters
}

// fileSet is where the files of a dataset are: a folder, an archive, or memory.
type fileSet interface {
	// list returns the names of the files, with slashes.
	list() ([]string, error)
	open(name string) (blob, error)
	close()
}

// dirSet is a folder, without those below it.
type dirSet string

func (d dirSet) list() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, pathCause(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (d dirSet) open(name string) (blob, error) {
	f, err := os.Open(filepath.Join(string(d), name))
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return diskFile{f, st.Size()}, nil
}

func (d dirSet) close() {}

type diskFile struct {
	*os.File
	size int64
}

func (f diskFile) Size() int64 { return f.size }
func (f diskFile) close()      { f.File.Close() }

// memSet is a set of files in memory, by name.
type memSet map[string][]byte

func (m memSet) list() ([]string, error) {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (m memSet) open(name string) (blob, error) {
	b, ok := m[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return memFile{bytes.NewReader(b)}, nil
}

func (m memSet) close() {}

type memFile struct{ *bytes.Reader }

func (memFile) close() {}

// parts are the files of one layer; "" for one that is missing.
type parts struct {
	name                         string // of the layer
	shp, shx, dbf, prj, cpg, cst string
}

// groupParts finds the layers among the files: one for each .shp, and one for each .dbf that belongs to none.
//
// A sibling has the same name but for its extension, in any case: the one that matches exactly is preferred, so that
// roads.shp and ROADS.SHP in one folder each have their own.
func groupParts(files []string) []parts {
	sibling := func(base, ext string) string {
		found := ""
		for _, f := range files {
			fb, fe := splitExt(f)
			if !strings.EqualFold(fe, ext) || !strings.EqualFold(fb, base) {
				continue
			}
			if fb == base {
				return f
			}
			if found == "" {
				found = f
			}
		}
		return found
	}
	if len(files) > 64 {
		sibling = siblingIndex(files)
	}
	var all []parts
	taken := make(map[string]bool)
	for _, ext := range []string{".shp", ".dbf"} {
		for _, f := range files {
			base, e := splitExt(f)
			if !strings.EqualFold(e, ext) || taken[f] {
				continue
			}
			p := parts{name: path.Base(base), cpg: sibling(base, ".cpg"), cst: sibling(base, ".cst")}
			if ext == ".shp" {
				p.shp, p.shx, p.dbf, p.prj = f, sibling(base, ".shx"), sibling(base, ".dbf"), sibling(base, ".prj")
				taken[p.dbf] = true
			} else {
				p.dbf = f
			}
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b parts) int { return strings.Compare(a.main(), b.main()) })
	uniqueNames(all)
	return all
}

// siblingIndex is groupParts' search by map, for big folders.
func siblingIndex(files []string) func(base, ext string) string {
	exact, folded := make(map[string]string), make(map[string]string)
	for _, f := range files {
		base, ext := splitExt(f)
		for key, m := range map[string]map[string]string{
			base + strings.ToLower(ext): exact, strings.ToLower(f): folded,
		} {
			if _, ok := m[key]; !ok {
				m[key] = f
			}
		}
	}
	return func(base, ext string) string {
		if f, ok := exact[base+ext]; ok {
			return f
		}
		return folded[strings.ToLower(base)+ext]
	}
}

func (p parts) main() string {
	if p.shp != "" {
		return p.shp
	}
	return p.dbf
}

// uniqueNames gives layers of the same name, which an archive may have in two folders, their folder's name as well.
func uniqueNames(all []parts) {
	count := make(map[string]int)
	for _, p := range all {
		count[p.name]++
	}
	for i, p := range all {
		if count[p.name] > 1 {
			all[i].name, _ = splitExt(p.main())
		}
	}
	seen := make(map[string]bool)
	for i, p := range all {
		for n := 2; seen[all[i].name]; n++ { // a.shp and a.SHP
			all[i].name = fmt.Sprintf("%s_%d", p.name, n)
		}
		seen[all[i].name] = true
	}
}

// splitExt cuts a name before its extension. A name that is nothing but an extension has none.
func splitExt(name string) (base, ext string) {
	ext = path.Ext(name)
	if path.Base(name) == ext {
		return name, ""
	}
	return strings.TrimSuffix(name, ext), ext
}

// maxSmallFile is how much of a .prj, .cpg or .cst is read: far more than any has.
const maxSmallFile = 64 << 10

// readSmall returns the content of a small file.
func readSmall(set fileSet, name string) ([]byte, error) {
	b, err := set.open(name)
	if err != nil {
		return nil, err
	}
	defer b.close()
	buf := make([]byte, min(b.Size(), maxSmallFile))
	n, err := b.ReadAt(buf, 0)
	if n == len(buf) || errors.Is(err, io.EOF) {
		err = nil
	}
	return buf[:n], err
}

// pathCause returns what lies behind the system's error, whose path the driver's error names anyway.
func pathCause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
