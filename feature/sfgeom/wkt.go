package sfgeom

import (
	"fmt"

	"github.com/peterstace/simplefeatures/geom"

	"github.com/ogrcarto/ogrcarto/feature"
)

// ParseWKT reads well-known text as simplefeatures has it: POINT, POLYGON Z, GEOMETRYCOLLECTION, EMPTY and so on, without
// curves. The geometry is not validated; see Validate.
func ParseWKT(text string) (feature.WKB, error) {
	depth := 0
	for i := range len(text) { // the library's parser would follow brackets as deep as they go
		switch text[i] {
		case '(':
			if depth++; depth > feature.MaxDepth {
				return nil, fmt.Errorf("WKT is nested deeper than %d at byte %d", feature.MaxDepth, i)
			}
		case ')':
			depth--
		}
	}
	g, err := geom.UnmarshalWKT(text, geom.NoValidate{})
	if err != nil {
		return nil, fmt.Errorf("WKT: %w", err)
	}
	return Encode(g)
}

// Validate returns an error that says what is wrong with a geometry by the rules of OGC 06-103r4: a ring that crosses
// itself, a line of one point, a coordinate that is not finite.
func Validate(w feature.WKB) error {
	g, err := Decode(w)
	if err != nil {
		return err
	}
	return g.Validate()
}
