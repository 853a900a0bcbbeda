package layer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/layer"
)

func TestParseOrder(t *testing.T) {
	for _, c := range []struct {
		text string
		want []layer.Order // nil: an error
	}{
		{"name", []layer.Order{{Field: "name"}}},
		{" pop_est desc , name ASC,fid", []layer.Order{{Field: "pop_est", Desc: true}, {Field: "name"}, {Field: "fid"}}},
		{`"odd, ""name""" DESC`, []layer.Order{{Field: `odd, "name"`, Desc: true}}},
		{"größe", []layer.Order{{Field: "größe"}}},
		{"", nil},
		{"a,", nil},
		{"a descending", nil},
		{`"a`, nil},
	} {
		got, err := layer.ParseOrder(c.text)
		if (err != nil) != (c.want == nil) {
			t.Errorf("%q: %v", c.text, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.text, diff)
		}
	}
}
