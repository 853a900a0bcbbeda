package account_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/sqlapi/account"
)

func TestLoginHidesPassword(t *testing.T) {
	l := account.Login{Key: "k", Kind: account.Regular, Role: "alice_k", Password: "hush"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "login", l)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "login", l)
	text := fmt.Sprintf("%v %+v %#v %s %q %d %v", l, l, l, l, l, l, &l) + log.String()
	if strings.Contains(text, "hush") || strings.Count(text, "alice_k") != 9 {
		t.Error(text)
	}
}
