package geosql_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ogrcarto/ogrcarto/feature"
	"github.com/ogrcarto/ogrcarto/internal/geosql"
	"github.com/ogrcarto/ogrcarto/internal/sqlite"
	"github.com/ogrcarto/ogrcarto/layer"
)

func Example() {
	c, err := sqlite.OpenMemory()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := geosql.Register(c); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	l, err := geosql.New(ctx, &geosql.Source{
		Conn:   func() (*sqlite.Conn, error) { return c, nil },
		Origin: func(_, _, _ string) (geosql.Origin, bool) { return geosql.Origin{}, false },
		SRS:    func(int32) feature.SRS { return feature.SRS{} },
		Wrap:   func(err error) error { return err },
	}, "SELECT 'box' AS name, ST_Area(ST_MakeEnvelope(0, 0, 3, 2)) AS area, ST_Point(1, 2) AS place")
	if err != nil {
		log.Fatal(err)
	}
	for f, err := range l.Features(ctx, layer.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		text, _ := feature.AppendWKT(nil, f.Geometry())
		fmt.Printf("%s: %s, %s: %s, %s\n", l.Schema().Fields[0].Name, f.Values[0], l.Schema().Fields[1].Name, f.Values[1], text)
	}
	// Output:
	// name: box, area: 6, POINT (1 2)
}
