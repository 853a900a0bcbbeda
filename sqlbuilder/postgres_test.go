package sqlbuilder_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlbuilder"
)

// script runs SQL in a database with PostGIS and returns what each statement yields, a line a row, columns separated by
// |.
func script(t testing.TB, sql string) (string, error) {
	t.Helper()
	url := testpeer.PostGIS(t)
	cmd := exec.Command(testpeer.Command(t, "psql"), url, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-")
	cmd.Stdin = strings.NewReader("SET statement_timeout = '20s';\n" + sql)
	// The session's settings must not matter.
	cmd.Env = append(os.Environ(), "PGTZ=Asia/Kathmandu", "PGDATESTYLE=German", "PGCLIENTENCODING=UTF8",
		"PGOPTIONS=-c client_min_messages=warning -c extra_float_digits=3")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), err
}

func mustScript(t testing.TB, sql string) string {
	t.Helper()
	out, err := script(t, sql)
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, sql)
	}
	return out
}

// executed returns the statement as psql runs it: psql 15 has no arguments, so it is prepared and executed.
func executed(st sqlbuilder.Statement) string {
	if len(st.Args) == 0 {
		return st.SQL + ";\n"
	}
	args := make([]string, len(st.Args))
	for i, a := range st.Args {
		args[i] = argument(a)
	}
	return "PREPARE s AS " + st.SQL + ";\nEXECUTE s(" + strings.Join(args, ", ") + ");\nDEALLOCATE s;\n"
}

func argument(a any) string {
	switch a := a.(type) {
	case nil:
		return "NULL"
	case bool:
		return strconv.FormatBool(a)
	case int64:
		return "'" + strconv.FormatInt(a, 10) + "'"
	case float64:
		switch {
		case math.IsInf(a, 1):
			return "'Infinity'"
		case math.IsInf(a, -1):
			return "'-Infinity'"
		}
		return "'" + strconv.FormatFloat(a, 'g', -1, 64) + "'"
	case string: // not by the code that is tested
		return "convert_from(decode('" + hex.EncodeToString([]byte(a)) + "', 'hex'), 'UTF8')"
	case []byte:
		return "decode('" + hex.EncodeToString(a) + "', 'hex')"
	}
	panic(fmt.Sprintf("an argument of type %T", a))
}
