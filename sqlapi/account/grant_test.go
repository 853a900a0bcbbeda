package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

func TestParseGrant(t *testing.T) {
	for _, test := range []struct {
		text string
		want *account.Grant // nil for an error
	}{
		{"roads:select", &account.Grant{Table: "roads", Privileges: []string{"select"}}},
		{"roads:insert,SELECT , insert", &account.Grant{Table: "roads", Privileges: []string{"select", "insert"}}},
		{" survey.roads : delete,update", &account.Grant{Table: "survey.roads", Privileges: []string{"update", "delete"}}},
		{`survey."a:b.""c":select`, &account.Grant{Table: `survey."a:b.""c"`, Privileges: []string{"select"}}},
		{`"Über":select`, &account.Grant{Table: `"Über"`, Privileges: []string{"select"}}},
		{`über$1:select`, &account.Grant{Table: `über$1`, Privileges: []string{"select"}}},
		{"", nil},
		{"roads", nil},
		{"roads:", nil},
		{"roads:own", nil},
		{"roads:select,", nil},
		{":select", nil},
		{".roads:select", nil},
		{"a.b.c:select", nil},
		{"a b:select", nil},
		{"1a:select", nil},
		{"a-b:select", nil},
		{`"":select`, nil},
		{`"roads:select`, nil},
		{"\"a\x00\":select", nil},
	} {
		got, err := account.ParseGrant(test.text)
		if test.want == nil {
			if err == nil {
				t.Errorf("%q: %+v, want an error", test.text, got)
			}
			continue
		}
		if diff := cmp.Diff(*test.want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", test.text, err, diff)
		}
	}
}

func FuzzParseGrant(f *testing.F) {
	for _, s := range []string{"roads:select", `survey."a:b.""c":select,insert`, `"`, "a.b.c:x", ":", "\x00:select", "é:delete"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := account.ParseGrant(text)
		if err != nil {
			return
		}
		again := g.Table + ":" + g.Privileges[0]
		if h, err := account.ParseGrant(again); err != nil || h.Table != g.Table {
			t.Errorf("%q: %+v, %v", again, h, err)
		}
	})
}
