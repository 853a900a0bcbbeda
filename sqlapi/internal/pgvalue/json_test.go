package pgvalue_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
)

// TestEmbeddedJSON changes bytes of valid JSON and holds the decision to embed it against json.Valid.
func TestEmbeddedJSON(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	seeds := []string{
		`{"a": [1, -2.5e+10, 0.0, true, false, null], "b\u00e9\n": {"": "x"}}`, `[[], {}, [{}], "\"\\\/\b\f\n\r\t"]`, ` -0 `, `"a"`, `[1,2,3]`,
		`{"a":1,"b":2,"a":3}`, `123`, `0`, `1e5`, `true`, "\t[\n1 ,\r2 ] ",
	}
	const alphabet = `{}[]",:\/ 0123456789.-+eEtrufalsn` + "\t\n\x01\x7f"
	valid := 0
	for range 100_000 {
		text := []byte(seeds[rnd.IntN(len(seeds))])
		for range 1 + rnd.IntN(2) {
			i := rnd.IntN(len(text))
			switch rnd.IntN(3) {
			case 0:
				text[i] = alphabet[rnd.IntN(len(alphabet))]
			case 1:
				if len(text) > 1 {
					text = append(text[:i], text[i+1:]...)
				}
			case 2:
				text = append(text[:i], append([]byte{alphabet[rnd.IntN(len(alphabet))]}, text[i:]...)...)
			}
		}
		want := json.Valid(text)
		if want {
			valid++
		}
		if got := one(oidJSON, string(text)) == string(text); got != want {
			t.Fatalf("%q: embedded %v, want %v", text, got, want)
		}
	}
	if valid < 5_000 {
		t.Errorf("%d of the texts were valid, want more", valid)
	}
}
