package sqlquery_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ogrcarto/ogrcarto/driver"
	"github.com/ogrcarto/ogrcarto/driver/shapefile"
	"github.com/ogrcarto/ogrcarto/layer"
	"github.com/ogrcarto/ogrcarto/sqlquery"
)

func Example() {
	ctx := context.Background()
	ds, err := shapefile.New().Open(ctx, "../testdata/countries.shp", driver.Read, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ds.Close()
	result, err := sqlquery.Query(ctx, ds, `
		SELECT upper(substr(name, 1, 1)) AS letter, count(*) AS n, round(sum(area_deg2)) AS area
		FROM countries
		GROUP BY letter
		ORDER BY n DESC
		LIMIT 3`)
	if err != nil {
		log.Fatal(err)
	}
	defer result.Close()
	for f, err := range result.Features(ctx, layer.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.Values[0], f.Values[1], f.Values[2])
	}
	// Output:
	// S 19 769
	// C 15 3145
	// B 15 958
}
