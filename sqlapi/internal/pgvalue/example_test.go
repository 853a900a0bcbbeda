package pgvalue_test

import (
	"fmt"

	"github.com/ogrcarto/ogrcarto/sqlapi/internal/pgvalue"
)

func Example() {
	e := pgvalue.NewEncoder([]pgvalue.Column{
		{Name: "id", OID: 20, TypMod: -1}, {Name: "seen", OID: 1184, TypMod: -1}, {Name: "tags", OID: 1009, TypMod: -1},
	}, 0, 0, nil)
	row := [][]byte{[]byte("9007199254740993"), []byte("2020-01-02 03:04:05.678+00"), []byte(`{a,"b c",NULL}`)}
	fmt.Println(string(e.AppendRow(nil, row)))
	fmt.Println(string(e.AppendFields(nil)))
	fmt.Printf("%q\n", e.AppendCSVRow(e.AppendCSVHeader(nil), row))
	// Output:
	// {"id":9007199254740993,"seen":"2020-01-02T03:04:05Z","tags":["a","b c",null]}
	// {"id":{"type":"number","pgtype":"int8"},"seen":{"type":"date","pgtype":"timestamptz"},"tags":{"type":"string[]","pgtype":"_text"}}
	// "id,seen,tags\r\n9007199254740993,2020-01-02 03:04:05.678+00,\"{a,\"\"b c\"\",NULL}\"\r\n"
}
