package driver

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/ogrcarto/ogrcarto/feature"
)

// Error says where something went wrong, after fs.PathError. Parts that do not apply are left empty; FID is
// feature.NullFID then. It matches whatever Err matches: fs.ErrNotExist, fs.ErrExist, errors.ErrUnsupported, ...
type Error struct {
	Op     string // what was tried: "open", "read", "create"
	Driver string // the driver's folder: "shapefile"
	Name   string // the dataset, without any secret; see Redact
	Layer  string
	FID    int64
	Field  string
	Err    error
}

// Wrap returns err as an Error, or nil for nil. An error that is an Error already, and the end of a context, are
// returned as they are. The name goes through Redact.
func Wrap(op, driver, name, layerName string, err error) error {
	var de *Error
	if err == nil || errors.As(err, &de) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if clean := Redact(name); clean != name {
		err, name = &redactedError{err, name}, clean
	}
	return &Error{Op: op, Driver: driver, Name: name, Layer: layerName, FID: feature.NullFID, Err: err}
}

// redactedError is a cause whose message may have the dataset's name in it, secrets and all.
type redactedError struct {
	err  error
	name string
}

func (e *redactedError) Error() string { return redactName(e.err.Error(), e.name) }
func (e *redactedError) Unwrap() error { return e.err }

// redactName redacts a message in which the name may stand, as it is or quoted as %q does.
func redactName(msg, name string) string {
	if clean := Redact(name); clean != name {
		quoted := strconv.Quote(name)
		msg = strings.ReplaceAll(msg, name, clean)
		msg = strings.ReplaceAll(msg, quoted[1:len(quoted)-1], clean)
	}
	return redactText(msg)
}

// Error returns "shapefile: open roads.shp: layer roads: feature 7: field name: cause". The name and the cause's message go
// through Redact's eyes.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Driver != "" {
		b.WriteString(e.Driver + ": ")
	}
	if head := strings.TrimSpace(e.Op + " " + Redact(e.Name)); head != "" {
		b.WriteString(head + ": ")
	}
	if e.Layer != "" && e.Layer != e.Name {
		b.WriteString("layer " + e.Layer + ": ")
	}
	if e.FID != feature.NullFID {
		b.WriteString("feature " + strconv.FormatInt(e.FID, 10) + ": ")
	}
	if e.Field != "" {
		b.WriteString("field " + e.Field + ": ")
	}
	switch pe, ok := e.Err.(*fs.PathError); {
	case e.Err == nil:
		return strings.TrimSuffix(b.String(), ": ")
	case ok && pe.Path == e.Name: // the system's errors name the file again
		b.WriteString(pe.Err.Error())
	default:
		b.WriteString(redactName(e.Err.Error(), e.Name))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
