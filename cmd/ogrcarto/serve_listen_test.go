package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/driver/all"
)

// safeBuffer may be written by one goroutine and read by another.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// eventually asks again and again until it is well, and then returns "", or what was wrong after 10 s.
func eventually(ask func() (string, bool)) string {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		what, well := ask()
		if well {
			return ""
		}
		if time.Now().After(deadline) {
			return what
		}
	}
}

// runningServer is "ogrcarto serve" in this process.
type runningServer struct {
	address string
	log     safeBuffer
	signal  context.CancelFunc
	status  chan int
}

var listeningAt = regexp.MustCompile(`msg=listening address=(\S+)`)

// startServer runs "ogrcarto serve" with more arguments until it listens.
func startServer(t *testing.T, args ...string) *runningServer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &runningServer{signal: cancel, status: make(chan int, 1)}
	go func() { s.status <- run(ctx, all.Drivers(), append([]string{"serve"}, args...), io.Discard, &s.log) }()
	t.Cleanup(cancel)
	if log := eventually(func() (string, bool) {
		m := listeningAt.FindStringSubmatch(s.log.String())
		if m != nil {
			s.address = m[1]
		}
		return s.log.String(), m != nil
	}); log != "" {
		t.Fatalf("it does not listen: %s", log)
	}
	return s
}

// get returns the body that answers a request.
func (s *runningServer) get(t *testing.T, path string) string {
	t.Helper()
	body, err := fetch(http.DefaultClient, "http://"+s.address+path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return body
}

func fetch(c *http.Client, url string) (string, error) {
	r, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return string(body), err
}

// stop sends the signal to stop and waits for the end.
func (s *runningServer) stop(t *testing.T) {
	t.Helper()
	s.signal()
	select {
	case status := <-s.status:
		if status != exitOK || !strings.Contains(s.log.String(), "msg=stopped") {
			t.Errorf("status %d, %s", status, s.log.String())
		}
	case <-time.After(20 * time.Second):
		t.Errorf("it does not stop: %s", s.log.String())
	}
}

// fakeService answers "done" once it is let go.
type fakeService struct {
	began, goOn chan struct{}
	shutdown    chan time.Duration // how much time was left
}

func newFakeService() *fakeService {
	return &fakeService{began: make(chan struct{}, 10), goOn: make(chan struct{}), shutdown: make(chan time.Duration, 1)}
}

func (f *fakeService) Account() string { return "alice" }

func (f *fakeService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.began <- struct{}{}
	if r.URL.Path == "/slow" {
		select {
		case <-f.goOn:
		case <-r.Context().Done():
			return
		}
	}
	fmt.Fprint(w, r.Proto+" done")
}

func (f *fakeService) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "up 1") })
}

func (f *fakeService) Shutdown(ctx context.Context) error {
	deadline, _ := ctx.Deadline()
	f.shutdown <- time.Until(deadline)
	return ctx.Err()
}

// serveFake serves a fakeService with settings.
func serveFake(t *testing.T, s *serveSettings) (f *fakeService, address string, signal func(), ended chan error, log *safeBuffer) {
	t.Helper()
	l, err := s.openListeners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	f, log, ended = newFakeService(), &safeBuffer{}, make(chan error, 1)
	go func() {
		ended <- l.serve(ctx, f, s.shutdownTimeout, slog.New(slog.NewTextHandler(log, nil)), "database", "h/d")
	}()
	return f, l.api.Addr().String(), cancel, ended, log
}

func TestServeShutdown(t *testing.T) {
	f, address, signal, ended, log := serveFake(t, &serveSettings{listen: "127.0.0.1:0", shutdownTimeout: time.Minute})
	body := make(chan string, 1)
	go func() {
		b, err := fetch(http.DefaultClient, "http://"+address+"/slow")
		if err != nil {
			b = err.Error()
		}
		body <- b
	}()
	<-f.began
	signal()
	if what := eventually(func() (string, bool) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return "it still listens", err != nil
	}); what != "" {
		t.Fatal(what)
	}
	select {
	case err := <-ended:
		t.Fatalf("it ended (%v) before the request", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(f.goOn)
	if b := <-body; b != "HTTP/1.1 done" {
		t.Errorf("the request got %s", b)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if left := <-f.shutdown; left < 50*time.Second {
		t.Errorf("%s are left for the rest", left)
	}
	for _, want := range []string{`msg=listening address=` + address + ` account=alice tls=no database=h/d`, "msg=stopped took="} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s, want %s", log, want)
		}
	}
}

func TestServeShutdownTimeout(t *testing.T) {
	f, address, signal, ended, log := serveFake(t, &serveSettings{listen: "127.0.0.1:0", shutdownTimeout: 50 * time.Millisecond})
	go func() { _, _ = fetch(http.DefaultClient, "http://"+address+"/slow") }()
	<-f.began
	signal()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
	if !strings.Contains(log.String(), "cut off") || !strings.Contains(log.String(), "msg=stopped") {
		t.Error(log)
	}
}

func TestServeMetricsListener(t *testing.T) {
	s := &serveSettings{listen: "127.0.0.1:0", metricsListen: "127.0.0.1:0", shutdownTimeout: time.Second}
	_, _, signal, ended, log := serveFake(t, s)
	at := regexp.MustCompile(`metrics=(\S+)`)
	if what := eventually(func() (string, bool) { return log.String(), at.MatchString(log.String()) }); what != "" {
		t.Fatal(what)
	}
	body, err := fetch(http.DefaultClient, "http://"+at.FindStringSubmatch(log.String())[1]+"/metrics")
	if err != nil || body != "up 1\n" {
		t.Errorf("%s, %v", body, err)
	}
	signal()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeBounds(t *testing.T) {
	_, address, signal, ended, _ := serveFake(t, &serveSettings{listen: "127.0.0.1:0", shutdownTimeout: time.Second})
	r, err := http.Get("http://" + address + "/?q=" + strings.Repeat("x", 2*headerBytes))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d for a line of %d bytes", r.StatusCode, 2*headerBytes)
	}
	signal()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// certificate writes a certificate that ca signs, or that signs itself, and its key. It returns the files' names.
func certificate(t *testing.T, dir, name string, ca *tls.Certificate) (tls.Certificate, string, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: ca == nil, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, any(key)
	if ca != nil {
		parent, signer = ca.Leaf, ca.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	for file, b := range map[string][]byte{certFile: certPEM, keyFile: keyPEM} {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return pair, certFile, keyFile
}

func TestServeTLS(t *testing.T) {
	dir := t.TempDir()
	ca, caFile, _ := certificate(t, dir, "ca", nil)
	_, certFile, keyFile := certificate(t, dir, "server", &ca)
	known, _, _ := certificate(t, dir, "known", &ca)
	stranger, _, _ := certificate(t, dir, "stranger", nil)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Leaf)
	client := func(certs ...tls.Certificate) *http.Client {
		return &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certs}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		}}
	}
	for _, test := range []struct {
		name, clientCA, log        string
		nobody, stranger, trustees bool // may come in
	}{
		{"server", "", "tls=yes", true, true, true},
		{"client certificates", caFile, `tls="with client certificates"`, false, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &serveSettings{listen: "127.0.0.1:0", tlsCert: certFile, tlsKey: keyFile, tlsClientCA: test.clientCA, shutdownTimeout: 10 * time.Second}
			_, address, signal, ended, log := serveFake(t, s)
			for who, c := range map[string]struct {
				client *http.Client
				may    bool
			}{"nobody": {client(), test.nobody}, "stranger": {client(stranger), test.stranger}, "known": {client(known), test.trustees}} {
				body, err := fetch(c.client, "https://"+address+"/")
				if c.may && (err != nil || body != "HTTP/2.0 done") || !c.may && err == nil {
					t.Errorf("%s: %s, %v", who, body, err)
				}
			}
			// Without TLS there is nothing to be had. What the server has to say about it goes through the log.
			if body, err := fetch(http.DefaultClient, "http://"+address+"/"); err == nil && !strings.Contains(body, "HTTPS server") {
				t.Errorf("without TLS: %s", body)
			}
			signal()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), test.log) || !test.nobody && !strings.Contains(log.String(), "level=WARN msg=\"http: TLS handshake error") {
				t.Error(log)
			}
		})
	}
}

// TestServeStartErrors: what cannot be opened is an error with a hint, before the database is asked.
func TestServeStartErrors(t *testing.T) {
	cleanEnv(t)
	dir := t.TempDir()
	ca, caFile, caKey := certificate(t, dir, "ca", nil)
	_, certFile, keyFile := certificate(t, dir, "server", &ca)
	empty := writeFile(t, "empty.pem", "")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Setenv("OGRCARTO_SERVE_POSTGRES", "postgres://me:hunter2@127.0.0.1:1/gis")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--listen", taken.Addr().String()}, "another program listens there: end it, or give --listen another address"},
		{[]string{"--listen", "127.0.0.1:0", "--metrics-listen", taken.Addr().String()}, "or give --metrics-listen another address"},
		{[]string{"--listen", "192.0.2.1:0"}, "this machine does not have that address"},
		{[]string{"--listen", "127.0.0.1:http-no"}, "http-no"},
		{[]string{"--tls-cert", "/no/such", "--tls-key", keyFile}, "--tls-cert /no/such, --tls-key " + keyFile + ": open /no/such: no such file"},
		{[]string{"--tls-cert", certFile, "--tls-key", caKey}, "private key does not match"},
		{[]string{"--tls-cert", certFile, "--tls-key", keyFile, "--tls-client-ca", "/no/such"}, "--tls-client-ca: open /no/such"},
		{[]string{"--tls-cert", certFile, "--tls-key", keyFile, "--tls-client-ca", empty}, "no certificate in PEM form"},
		{[]string{"--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile, "--tls-client-ca", caFile}, "connect to 127.0.0.1:1/gis"},
	} {
		r := runArgs(t, append([]string{"serve"}, test.args...)...)
		if r.status != exitFailure || !strings.Contains(r.stderr, test.want) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%v: %+v, want %s", test.args, r, test.want)
		}
	}
}

// TestServeLetsStatementsEnd stops a real server while a statement runs.
func TestServeLetsStatementsEnd(t *testing.T) {
	_, master := preparedDatabase(t)
	s := startServer(t, "--listen", "127.0.0.1:0")
	body := make(chan string, 1)
	go func() {
		b, err := fetch(http.DefaultClient, "http://"+s.address+"/api/v2/sql?q=SELECT+'asleep'+AS+was+FROM+pg_sleep(1)&api_key="+master)
		if err != nil {
			b = err.Error()
		}
		body <- b
	}()
	asleep := "/api/v2/sql?q=SELECT+count(*)+AS+n+FROM+pg_stat_activity+WHERE+query+LIKE+'SELECT+%25asleep%25pg_sleep(1)'&api_key=" + master
	if b := eventually(func() (string, bool) { b := s.get(t, asleep); return b, strings.Contains(b, `"n":1`) }); b != "" {
		t.Errorf("the statement does not run: %s", b)
	}
	s.stop(t)
	if b := <-body; !strings.Contains(b, `{"rows":[{"was":"asleep"}]`) {
		t.Error(b)
	}
}
