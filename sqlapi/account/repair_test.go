package account_test

import (
	"testing"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

// Every role may lock others out of its own login.
func TestRepairRole(t *testing.T) {
	f := prepared(t)
	key := f.add(t, "k")
	public, _ := f.Authenticate("")
	for name, l := range map[string]account.Login{"master": f.key(t, f.master), "public": public, "jobs": f.Jobs(), "k": f.key(t, key)} {
		t.Run(name, func(t *testing.T) {
			want := run(t, f.login(t, l), settingsSQL)
			spoil := `ALTER ROLE ` + l.Role + ` SET search_path = cartodb; ALTER ROLE ` + l.Role + ` IN DATABASE ` + f.Name + ` SET search_path = cartodb;
				ALTER ROLE ` + l.Role + ` SET statement_timeout = 1000; ALTER ROLE ` + l.Role + ` IN DATABASE ` + f.Name + ` SET datestyle = 'German, DMY'`
			if got := run(t, f.login(t, l), "RESET ROLE; SET ROLE NONE; "+spoil+`; ALTER ROLE `+l.Role+` PASSWORD 'mine'`); got != "" {
				t.Fatal(got)
			}
			if _, err := f.tryLogin(t, l); err == nil {
				t.Fatal("the password was not changed")
			}
			if err := account.RepairRole(t.Context(), f.admin, l); err != nil {
				t.Fatal(err)
			}
			if got := run(t, f.login(t, l), settingsSQL); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

const settingsSQL = `SELECT current_user, string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings
	WHERE source IN ('user', 'database user', 'client') AND name <> 'role'`
