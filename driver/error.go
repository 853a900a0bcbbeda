package driver

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"regexp"
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
// returned as they are.
func Wrap(op, driver, name, layerName string, err error) error {
	var de *Error
	if err == nil || errors.As(err, &de) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Op: op, Driver: driver, Name: name, Layer: layerName, FID: feature.NullFID, Err: err}
}

// Error returns "shapefile: open roads.shp: layer roads: feature 7: field name: cause".
func (e *Error) Error() string {
	var b strings.Builder
	if e.Driver != "" {
		b.WriteString(e.Driver + ": ")
	}
	if e.Op != "" {
		b.WriteString(e.Op + " ")
	}
	name := Redact(e.Name)
	b.WriteString(name + ": ")
	if e.Layer != "" && e.Layer != e.Name {
		b.WriteString("layer " + e.Layer + ": ")
	}
	if e.FID != feature.NullFID {
		b.WriteString("feature " + strconv.FormatInt(e.FID, 10) + ": ")
	}
	if e.Field != "" {
		b.WriteString("field " + e.Field + ": ")
	}
	// The system's errors name the file again.
	var pe *fs.PathError
	if errors.As(e.Err, &pe) && pe == e.Err && pe.Path == e.Name {
		b.WriteString(pe.Err.Error())
	} else {
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var secret = regexp.MustCompile(`(?i)\b(password|passwd|pwd|api_?key|apikey|token|secret)(\s*[=:]\s*)('[^']*'|"[^"]*"|[^\s&;,]+)`)

// Redact returns a dataset's name without passwords and API keys, for messages and logs.
func Redact(name string) string {
	if strings.Contains(name, "://") {
		if u, err := url.Parse(name); err == nil && u.User != nil {
			if _, has := u.User.Password(); has {
				// Not u.Redacted: that would also escape and reorder what the user typed.
				if i, j := strings.Index(name, "://")+3, strings.LastIndex(name, "@"); i < j {
					if k := strings.Index(name[i:j], ":"); k >= 0 {
						name = name[:i+k+1] + "xxxxx" + name[j:]
					}
				}
			}
		} else if err != nil {
			if i, j := strings.Index(name, "://")+3, strings.LastIndex(name, "@"); i < j {
				name = name[:i] + "xxxxx" + name[j:]
			}
		}
	}
	return secret.ReplaceAllString(name, "${1}${2}xxxxx")
}
