//go:build unix

package sqlapi_test

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
	"github.com/ogrcarto/ogrcarto/sqlapi"
	"github.com/ogrcarto/ogrcarto/sqlapi/sqlapitest"
)

// TestPgBouncer: everything works where PgBouncer stands before the database, in transaction mode, as docs/serve.md sets it up.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	direct := sqlapitest.Start(t) // prepares the database
	s := &service{direct.Another(t, startPgBouncer(t, direct.DB.URL), func(c *sqlapi.Config) {
		c.Limits = []sqlapi.Rule{{Limit: sqlapi.Limit{Timeout: time.Second}}}
	})}
	s.must(t, "CREATE TABLE t(a int, b text)")
	if got := s.must(t, "SELECT session_user::text AS u").value(t); got != s.Name+"_owner" {
		t.Errorf("the master key is %s", got)
	}
	for range 20 { // more than one server connection, and more than one role
		if got := s.sql(t, "", "SELECT session_user::text AS u").value(t); got != s.Name+"_public" {
			t.Fatalf("no key is %s", got)
		}
		s.must(t, "BEGIN; INSERT INTO t VALUES (1, 'x')")
		s.must(t, "SET search_path = nowhere; PREPARE p AS SELECT 1")
		if got := s.must(t, "SELECT (SELECT count(*) FROM t)::text || current_schema() AS n").value(t); got != "0public" {
			t.Fatalf("something is left: %s", got)
		}
	}
	if r := s.copyFrom(t, s.Master, "COPY t FROM STDIN", strings.NewReader(strings.Repeat("1\tx\n", 100000))); r.status != 200 {
		t.Errorf("copyfrom: %s", r.body)
	}
	if r := s.copyTo(t, s.Master, "COPY t TO STDOUT"); r.status != 200 || len(r.body) != 400000 {
		t.Errorf("copyto: %d, %d bytes", r.status, len(r.body))
	}
	if r := s.sql(t, s.Master, "SELECT pg_sleep(60)"); r.status != 429 {
		t.Errorf("timeout: %d %s", r.status, r.body)
	}
	s.quiet(t)
	id := s.submit(t, `{"query": "CREATE TABLE by_job AS SELECT 1 AS a"}`)
	if status := s.wait(t, id); status != "done" {
		t.Errorf("job: %s", status)
	}
	if got := s.must(t, "SELECT tableowner::text AS o FROM pg_tables WHERE tablename = 'by_job'").value(t); got != s.Name+"_owner" {
		t.Errorf("the job's table is %s's", got)
	}
}

// startPgBouncer starts PgBouncer before a server and returns the URL of the same database by way of it.
func startPgBouncer(t *testing.T, server string) string {
	t.Helper()
	program := testpeer.Command(t, "pgbouncer")
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	dir, err := os.MkdirTemp("", "pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	password, _ := u.User.Password()
	write("users.txt", fmt.Sprintf("%q %q\n", u.User.Username(), password))
	write("pgbouncer.ini", fmt.Sprintf(`[databases]
* = host=%s port=%s auth_user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %s
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
pool_mode = transaction
server_reset_query_always = 1
logfile = %s
`, u.Hostname(), u.Port(), u.User.Username(), port, filepath.Join(dir, "users.txt"), filepath.Join(dir, "log")))
	cmd := exec.Command(program, filepath.Join(dir, "pgbouncer.ini"))
	if os.Geteuid() == 0 { // it refuses to run as root
		if err := exec.Command("chown", "-R", "postgres", dir).Run(); err != nil {
			t.Fatal(err)
		}
		cmd = exec.Command("runuser", append([]string{"-u", "postgres", "--"}, cmd.Args...)...)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		_ = cmd.Wait()
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			u.Host = address
			return u.String()
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	t.Fatalf("PgBouncer does not answer\n%s", log)
	return ""
}
