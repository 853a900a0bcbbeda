package sqlapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// request is what a client asks: HTTP taken apart.
type request struct {
	user     string // from the path or the host name; "" for the account of this server
	endpoint string // "sql", "copyfrom", "copyto", "job", "version"
	id       string // of a job
}

// apiPath is the path of an endpoint.
var apiPath = regexp.MustCompile(`^(?:/user/([^/]+))?/api/v[0-9]+/(?:(version)|sql(?:/(copyfrom|copyto|job)(?:/([^/]+))?)?)/?$`)

// route reads the path and the host. ok is false where there is nothing at that path.
func (c *Config) route(r *http.Request) (q request, ok bool) {
	m := apiPath.FindStringSubmatch(r.URL.Path)
	if m == nil || m[4] != "" && m[3] != "job" {
		return request{}, false
	}
	q.user, q.endpoint, q.id = m[1], m[3], m[4]
	switch {
	case m[2] != "":
		q.endpoint = m[2]
	case q.endpoint == "":
		q.endpoint = string(EndpointSQL)
	}
	if q.user == "" {
		q.user = c.hostUser(r.Host)
	}
	return q, true
}

// hostUser returns the account that a host name means.
func (c *Config) hostUser(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if c.Domain != "" {
		if user, ok := strings.CutSuffix(host, "."+strings.ToLower(c.Domain)); ok {
			return user
		}
		return ""
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	label, _, dots := strings.Cut(host, ".")
	if !dots {
		return ""
	}
	return label
}

// parameters returns the parameters of a request: those of the query string, and those of the body, which win.
func parameters(r *http.Request, body []byte) (url.Values, error) {
	values := parseForm(r.URL.RawQuery)
	more, err := parseBody(r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, err
	}
	for k, v := range more {
		values[k] = v
	}
	return values, nil
}

// readBody reads a body of at most limit bytes, whose client may pause for so long as idle.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, idle time.Duration) ([]byte, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, refuse(http.StatusUnsupportedMediaType, "Content-Encoding %q is for copyfrom only", e)
	}
	var buf bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= limit {
		buf.Grow(int(n) + bytes.MinRead)
	}
	src := &progressReader{r: http.MaxBytesReader(w, r.Body, limit), rc: http.NewResponseController(w), idle: idle}
	if _, err := buf.ReadFrom(src); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, refuse(http.StatusRequestEntityTooLarge, "The body is larger than %d bytes", limit)
		}
		return nil, err
	}
	return buf.Bytes(), nil
}

// parseBody reads parameters from a body.
func parseBody(contentType string, body []byte) (url.Values, error) {
	if len(body) == 0 {
		return nil, nil
	}
	kind, options, _ := mime.ParseMediaType(contentType)
	switch kind {
	case "application/json":
		return parseJSON(body)
	case "multipart/form-data":
		return parseMultipart(body, options["boundary"])
	case "application/x-www-form-urlencoded", "":
		return parseForm(string(body)), nil
	default:
		return nil, nil
	}
}

// parseJSON reads an object whose members are strings, numbers or booleans. Others are left to who knows them.
func parseJSON(body []byte) (url.Values, error) {
	var members map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil {
		return nil, refuse(http.StatusBadRequest, "The body is not a JSON object: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, refuse(http.StatusBadRequest, "The body has more than one JSON value")
	}
	values := url.Values{}
	for k, v := range members {
		switch v := v.(type) {
		case string:
			values.Set(k, v)
		case json.Number:
			values.Set(k, v.String())
		case bool:
			values.Set(k, map[bool]string{true: "true", false: "false"}[v])
		}
	}
	return values, nil
}

func parseMultipart(body []byte, boundary string) (url.Values, error) {
	values := url.Values{}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "The body is not multipart/form-data: %v", err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "The body is not multipart/form-data: %v", err)
		}
		values.Add(part.FormName(), string(value))
	}
}

// parseForm reads urlencoded parameters. A percent sign that begins no escape stands for itself: OGR's Carto driver does not
// escape it.
func parseForm(text string) url.Values {
	values := url.Values{}
	for text != "" {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		values.Add(unescape(key), unescape(value))
	}
	return values
}

func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			b = append(b, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// query returns the SQL of a request.
func query(values url.Values) (string, error) {
	q := values["q"]
	if len(q) != 1 || q[0] == "" {
		return "", errNoQuery
	}
	return q[0], checkText(q[0])
}

// checkText refuses a NUL, which would end the text on its way to PostgreSQL.
func checkText(sql string) error {
	if strings.IndexByte(sql, 0) >= 0 {
		return refuse(http.StatusBadRequest, `invalid byte sequence for encoding "UTF8": 0x00`)
	}
	return nil
}

// apiKey returns the API key of a request: HTTP Basic's password, or the parameter api_key. Basic's user must be the account.
func apiKey(r *http.Request, values url.Values, account string) (string, error) {
	if user, password, ok := r.BasicAuth(); ok {
		if user != account {
			return "", errOtherUser
		}
		return password, nil
	}
	keys := values["api_key"]
	if len(keys) > 1 {
		return "", errUnauthorized
	}
	return values.Get("api_key"), nil
}

// client returns the address that a request comes from.
func (c *Config) client(r *http.Request) netip.Addr {
	addr := parseAddr(r.RemoteAddr)
	if !contains(c.TrustedProxies, addr) {
		return addr
	}
	// The nearest address that is not a proxy of ours: whatever stands before it, the client may have made up.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := parseAddr(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		addr = hop
		if !contains(c.TrustedProxies, hop) {
			break
		}
	}
	return addr
}

func parseAddr(text string) netip.Addr {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap()
	}
	addr, _ := netip.ParseAddr(text)
	return addr.Unmap()
}

func contains(networks []netip.Prefix, addr netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
