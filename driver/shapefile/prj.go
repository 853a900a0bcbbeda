package shapefile

import (
	"strings"
	"unicode/utf8"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/feature/srs"
)

// readSRS reads the .prj: a coordinate system as ESRI's well-known text.
func (l *shpLayer) readSRS() feature.SRS {
	if l.parts.prj == "" {
		return feature.SRS{}
	}
	b, err := readSmall(l.ds.set, l.parts.prj)
	if err != nil {
		l.warn("%s: %v; the SRS is unknown", l.parts.prj, err)
		return feature.SRS{}
	}
	text := strings.TrimSpace(strings.TrimRight(strings.TrimPrefix(string(b), "\uFEFF"), "\x00"))
	if text == "" {
		return feature.SRS{}
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return identify(text)
}

// identify finds the system that a text means. One that is not known is kept as it is and not guessed.
func identify(text string) feature.SRS {
	if s, ok := srs.Identify(text); ok {
		return s
	}
	return feature.SRS{Name: srs.Name(text), WKT: text}
}
