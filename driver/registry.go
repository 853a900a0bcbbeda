package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Registry is an ordered list of drivers. The order settles which of two equally confident drivers opens a name.
type Registry []Driver

// ErrUnknownFormat is matched by the error for a name that no driver knows.
var ErrUnknownFormat = errors.New("no driver recognises it")

// ByName returns the driver of that short name, in any case, or nil.
func (r Registry) ByName(name string) Driver {
	for _, d := range r {
		if strings.EqualFold(d.Info().Name, name) {
			return d
		}
	}
	return nil
}

// Find returns the driver for a name: the one whose Probe is the most confident and that can do what the mode asks. A
// file that exists is shown to the drivers by its first ProbeSize bytes.
func (r Registry) Find(name string, m Mode) (Driver, error) {
	head, err := readHead(name)
	isConn := r.isConnection(name)
	if err != nil && !isConn && m != Create && m != Replace {
		return nil, &Error{Op: "open", Name: Redact(name), FID: feature.NullFID, Err: cause(err)}
	}
	if m == Create || m == Replace {
		head = nil // what stands there says nothing about what is to be made
	}
	var best Driver
	var confidence Confidence
	var cannot []string
	for _, d := range r {
		c := d.Probe(name, head)
		if c == No {
			continue
		}
		if !d.Info().Caps.Has(m.needs()) {
			cannot = append(cannot, d.Info().Name)
			continue
		}
		if c > confidence {
			best, confidence = d, c
		}
	}
	if best == nil {
		e := &Error{Op: m.String(), Name: Redact(name), FID: feature.NullFID}
		names := r.names(m.needs())
		switch {
		case len(cannot) > 0:
			e.Err = fmt.Errorf("%s cannot %s: %w", strings.Join(cannot, ", "), m, errors.ErrUnsupported)
		case len(names) > 0:
			e.Err = fmt.Errorf("%w; there are %s", ErrUnknownFormat, strings.Join(names, ", "))
		default:
			e.Err = ErrUnknownFormat
		}
		return nil, e
	}
	return best, nil
}

// Open finds the driver for a name and opens it.
func (r Registry) Open(ctx context.Context, name string, m Mode, o Options) (Dataset, error) {
	d, err := r.Find(name, m)
	if err != nil {
		return nil, err
	}
	return d.Open(ctx, name, m, o)
}

func (m Mode) needs() Caps {
	switch m {
	case Update:
		return CanUpdate
	case Create, Replace:
		return CanCreate
	}
	return CanRead
}

func (r Registry) names(c Caps) []string {
	var names []string
	for _, d := range r {
		if info := d.Info(); info.Caps.Has(c) {
			names = append(names, info.Name)
		}
	}
	return names
}

func (r Registry) isConnection(name string) bool {
	for _, d := range r {
		for _, p := range d.Info().Prefixes {
			if HasPrefixFold(name, p) {
				return true
			}
		}
	}
	return false
}

// HasPrefixFold tells whether s begins with prefix, without regard to case. Probes use it for connection prefixes.
func HasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// HasExtension tells whether name's extension is one of the list, without regard to case. Probes use it.
func HasExtension(name string, extensions ...string) bool {
	return slices.Contains(extensions, strings.ToLower(strings.TrimPrefix(filepath.Ext(name), ".")))
}

// readHead reads the first bytes of a file. A folder has none.
func readHead(name string) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil || !st.Mode().IsRegular() {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, ProbeSize)
	n, err := io.ReadFull(f, head)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	return head[:n], err
}

func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
