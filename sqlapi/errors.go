package sqlapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// answer is what a request is refused with: a status and CARTO's JSON body.
type answer struct {
	status int
	// Errors is a list for the sake of clients; it has one element.
	Errors  []string `json:"error"`
	Detail  string   `json:"detail,omitempty"`
	Hint    string   `json:"hint,omitempty"`
	Context string   `json:"context,omitempty"`
}

func (a *answer) Error() string { return strings.Join(a.Errors, "; ") }

// body is the answer as JSON.
func (a *answer) body() []byte {
	b, err := json.Marshal(a)
	if err != nil { // strings marshal
		panic(err)
	}
	return b
}

func refuse(status int, format string, args ...any) *answer {
	return &answer{status: status, Errors: []string{fmt.Sprintf(format, args...)}}
}

// The refusals that CARTO has a fixed text for.
var (
	errNoQuery      = refuse(http.StatusBadRequest, "You must indicate a sql query")
	errUnauthorized = refuse(http.StatusUnauthorized, "Unauthorized")
	errOtherUser    = refuse(http.StatusForbidden, "permission denied")
	errSystemTables = refuse(http.StatusForbidden, "system tables are forbidden")
	errQuota        = refuse(http.StatusBadRequest, "DB Quota exceeded")
	errNoRows       = refuse(http.StatusBadRequest, "No rows copied")
	errCopyMissing  = refuse(http.StatusBadRequest, "SQL is missing")
	errNotCopy      = refuse(http.StatusBadRequest, "SQL must start with COPY")
	errTimeout      = &answer{
		status: http.StatusTooManyRequests, Context: "limit", Detail: "datasource",
		Errors: []string{"You are over platform's limits: SQL query timeout error. Refactor your query before running again or contact CARTO support for more details."},
	}
	errRate = &answer{
		status: http.StatusTooManyRequests, Context: "limit", Detail: "rate-limit",
		Errors: []string{"You are over platform's limits. Please contact us to know more details"},
	}
	errTooMany = &answer{
		status: http.StatusTooManyRequests, Context: "limit", Detail: "concurrency",
		Errors: []string{"You are over platform's limits: too many queries at once. Try again later."},
	}
	errNoServer = refuse(http.StatusBadGateway, "The database cannot be reached. Try again later.")
)

// errGone says that the client went away.
var errGone = errors.New("the client went away")

// rowTooLargeError says that a row, or another message of PostgreSQL, is over Config.MaxRow.
type rowTooLargeError struct{ size, limit int }

func (e *rowTooLargeError) Error() string {
	return fmt.Sprintf("Row too large: %d bytes, at most %d are allowed", e.size, e.limit)
}

// answerTo says how an error is told to the client.
func answerTo(err error) *answer {
	var (
		a        *answer
		pg       *pgconn.PgError
		login    *loginError
		lost     *connectionError
		body     *bodyError
		tooLarge *rowTooLargeError
	)
	switch {
	case errors.As(err, &a):
		return a
	case errors.As(err, &tooLarge):
		return refuse(http.StatusBadRequest, "%s", tooLarge.Error())
	case errors.Is(err, errBusy):
		return errTooMany
	case errors.As(err, &login): // whatever PostgreSQL says about a login is not the client's business
		return errNoServer
	case errors.As(err, &pg):
		return answerToPostgres(pg)
	case errors.As(err, &lost):
		return errNoServer
	case errors.As(err, &body):
		return refuse(http.StatusBadRequest, "The body ended early")
	case errors.Is(err, errGone), errors.Is(err, context.Canceled):
		return &answer{status: statusClientClosed, Errors: []string{errGone.Error()}}
	case errors.Is(err, context.DeadlineExceeded):
		return errTimeout
	default:
		return refuse(http.StatusInternalServerError, "Internal error")
	}
}

// statusClientClosed is what the log says of a request whose client did not wait: nginx's number.
const statusClientClosed = 499

// answerToPostgres says how an error of PostgreSQL is told. SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html.
func answerToPostgres(pg *pgconn.PgError) *answer {
	switch {
	case pg.Code == "57014" && strings.Contains(pg.Message, "timeout"): // the role's own statement_timeout
		return errTimeout
	case strings.HasPrefix(pg.Code, "57P"), strings.HasPrefix(pg.Code, "08"), pg.Code == "53300":
		// shutdown, crash, cannot connect now; connection exception; too many connections
		return errNoServer
	}
	a := &answer{status: http.StatusBadRequest, Errors: []string{pg.Message}, Detail: pg.Detail, Hint: pg.Hint, Context: pg.Where}
	if pg.Code == "42501" { // insufficient_privilege
		a.status = http.StatusForbidden
	}
	return a
}
