package feature

import (
	"encoding/json"
	"math"
	"testing"
)

func TestValueJSON(t *testing.T) {
	for _, c := range []struct {
		name string
		v    Value
		sub  Subtype
		want string
	}{
		{"unset", Value{}, NoSubtype, `null`},
		{"null", Null(), NoSubtype, `null`},
		{"true", Bool(true), Boolean, `true`},
		{"one as boolean", Int(1), Boolean, `true`},
		{"greatest integer", Int(math.MaxInt64), NoSubtype, `9223372036854775807`},
		{"third", Float(1.0 / 3), NoSubtype, `0.3333333333333333`},
		{"third of 32 bits", Float(float64(float32(1.0 / 3))), Float32, `0.33333334`},
		{"large", Float(1e300), NoSubtype, `1e+300`},
		{"minus zero", Float(math.Copysign(0, -1)), NoSubtype, `-0`},
		{"NaN", Float(math.NaN()), NoSubtype, `null`},
		{"infinity", Float(math.Inf(-1)), NoSubtype, `null`},
		{"text", Text("a\"b\\c\n\x01é"), NoSubtype, `"a\"b\\c\n\u0001é"`},
		{"not UTF-8", TextBytes([]byte("a\xffb")), NoSubtype, `"a` + "\ufffd" + `b"`},
		{"bytes", Bytes([]byte{0, 255}), NoSubtype, `"AP8="`},
		{"JSON", JSON([]byte(`{"a":[1]}`)), JSONText, `{"a":[1]}`},
		{"broken JSON", JSON([]byte(`{"a":`)), JSONText, `"{\"a\":"`},
		{"date", Date(2020, 2, 29), NoSubtype, `"2020/02/29"`},
		{"integers", IntList(1, -2), NoSubtype, `[1,-2]`},
		{"booleans", IntList(1, 0), Boolean, `[true,false]`},
		{"reals", FloatList(1.5, math.Inf(1)), NoSubtype, `[1.5,null]`},
		{"texts", TextList("a", ""), NoSubtype, `["a",""]`},
		{"no texts", TextList(), NoSubtype, `[]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.v.AppendJSON(nil, c.sub)
			if string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if !json.Valid(got) {
				t.Error("not valid")
			}
		})
	}
}
