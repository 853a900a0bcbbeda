package faultproxy

import (
	"net/http"
	"strings"
	"time"
)

// Fault is what may happen to a request.
type Fault string

// The faults.
const (
	None Fault = "none"

	// Not run: the server does not see the request.
	DropBefore  Fault = "drop before"       // the connection ends, with the request's body read or not
	RateAfter   Fault = "429, Retry-After"  // the rate limit, with Retry-After
	Rate        Fault = "429"               // the rate limit, without it
	Timeout     Fault = "429, timeout"      // the statement took too long
	Unavailable Fault = "503, Retry-After"  // with Retry-After
	Denied      Fault = "403"               // permission denied
	BadRequest  Fault = "400"               // a syntax error
	PlainBad    Fault = "400, without JSON" // what Node says of a header that is too long

	// Lost: the server may have run the statement.
	DropAnswer Fault = "drop answer"  // the connection ends before the answer
	DropMiddle Fault = "drop middle"  // the connection breaks within the answer's body
	Truncated  Fault = "truncated"    // the answer's body ends early, and HTTP does not show it: no length, connection closed
	Reset      Fault = "reset"        // the connection is reset: before the request was forwarded, before the answer, or within it
	Error500   Fault = "500"          // JSON; the statement was run or not
	HTML502    Fault = "502, HTML"    // a gateway's page; the statement was run or not
	HTML200    Fault = "200, HTML"    // a page that asks for a login; the statement was not run
	JSON502    Fault = "502, JSON"    // our server's word for a database that is gone; the statement was run or not
	ErrorInRow Fault = "error in 200" // "error" beside the rows, or behind the data; only reads are run, and their result is cut

	// Slow sends the answer in small pieces, with pauses. Nothing is wrong with it.
	Slow Fault = "slow"
)

// Faults are all of them but None.
var Faults = []Fault{
	DropBefore, RateAfter, Rate, Timeout, Unavailable, Denied, BadRequest, PlainBad, DropAnswer, DropMiddle, Truncated, Reset,
	Error500, HTML502, HTML200, JSON502, ErrorInRow, Slow,
}

// Rule says how often a fault happens.
type Rule struct {
	Fault Fault
	// Probability is between 0 and 1. Those of all rules that match a request are added up; what is left of 1 is for None.
	Probability float64
	// Endpoint is "sql", "copyto" or "copyfrom"; any with "".
	Endpoint string
	// Match has the last word on whether the rule is for a request. Its body is not there to be read.
	Match func(*http.Request) bool
	// Times is how often the rule applies at most; always with 0.
	Times int
	// After is how many bytes of an answer's body come through, for DropMiddle, Truncated and Reset (which then happens within
	// the body); with 0 any number. Where the answer is not so long, some of it.
	After int
	// RetryAfter is the header of RateAfter and Unavailable ("1").
	RetryAfter string
	// Pause is between the pieces of Slow (1 ms); Piece is their size (500).
	Pause time.Duration
	Piece int
}

// matches says whether a rule is for a request.
func (r *Rule) matches(req *http.Request) bool {
	return (r.Endpoint == "" || r.Endpoint == endpoint(req)) && (r.Match == nil || r.Match(req))
}

// endpoint is the last part of a request's path.
func endpoint(r *http.Request) string {
	path := strings.TrimRight(r.URL.Path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// prepared is an answer that the proxy gives itself.
type prepared struct {
	status int
	kind   string
	body   string
}

const (
	typeJSON = "application/json; charset=utf-8"
	typeHTML = "text/html"
)

// answers are CARTO's own words, as observed.
var answers = map[Fault]prepared{
	RateAfter:   {429, typeJSON, rateLimit},
	Rate:        {429, typeJSON, rateLimit},
	Timeout:     {429, typeJSON, `{"error":["You are over platform's limits: SQL query timeout error. Refactor your query before running again or contact CARTO support for more details."],"context":"limit","detail":"datasource"}`},
	Unavailable: {503, typeHTML, "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n"},
	Denied:      {403, typeJSON, `{"error":["permission denied for table m"]}`},
	BadRequest:  {400, typeJSON, `{"error":["syntax error at or near \"selec\""]}`},
	PlainBad:    {400, "", ""},
	Error500:    {500, typeJSON, `{"error":["Internal error"]}`},
	HTML502:     {502, typeHTML, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"},
	HTML200:     {200, typeHTML, "<!DOCTYPE html><html><body><form>Please log in to the network</form></body></html>"},
	JSON502:     {502, typeJSON, `{"error":["The database cannot be reached. Try again later."]}`},
}

const rateLimit = `{"error":["You are over platform's limits. Please contact us to know more details"],"context":"limit","detail":"rate-limit"}`

// addedError is what stands beside rows and behind data.
const addedError = `"error":["division by zero"]}`
