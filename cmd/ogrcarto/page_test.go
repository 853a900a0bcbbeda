//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ogrcarto/ogrcarto/internal/testpeer"
)

// pageCommand is a command of a page, and what the page says that it prints.
type pageCommand struct {
	line   int
	text   string // more than one line where it goes on after "> "
	output string
}

// pageCommands returns the commands of the blocks that are marked console: a line with "$ " begins one, lines with "> " right
// behind it go on with it, and what follows is its output.
func pageCommands(page string) []pageCommand {
	var list []pageCommand
	inBlock, inCommand := false, false
	n := 0
	for line := range strings.Lines(page) {
		n++
		text := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(text, "```"):
			inBlock, inCommand = text == "```console", false
		case !inBlock:
		case strings.HasPrefix(text, "$ "):
			list, inCommand = append(list, pageCommand{line: n, text: text[2:]}), true
		case inCommand && strings.HasPrefix(text, "> "):
			list[len(list)-1].text += "\n" + text[2:]
		case len(list) > 0:
			list[len(list)-1].output += line
			inCommand = false
		}
	}
	return list
}

// pageMasks are what differs from run to run in the outputs of a page, and what stands for it when they are compared.
var pageMasks = []struct {
	what *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`\b[0-9a-f]{40,64}\b`), "KEY"}, // API keys
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`"time":[0-9.e-]+`), `"time":T`},                                  // of a query, in seconds
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)`), "WHEN"}, // moments
	{regexp.MustCompile(`\btook=\S+`), "took=T"},
	{timing, "in T s"},                // what copy tells
	{regexp.MustCompile(`  +`), "  "}, // columns of a table, which are as wide as names are long
}

func maskPage(s string) string {
	for _, m := range pageMasks {
		s = m.what.ReplaceAllString(s, m.to)
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \r\n") + "\n")
	}
	return strings.Trim(b.String(), "\n")
}

// runPage runs the commands of a page as they stand there, one after the other in one bash, in a folder that holds the countries,
// and compares what they print. A line "..." stands for any lines. Every command must end with status 0. Of the texts in replace, in pairs, the first is what the
// page has and the second what this machine has for it.
func runPage(t *testing.T, file string, replace ...string) {
	t.Helper()
	bash := testpeer.Command(t, "bash")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	testpeer.Output(t, "go", "build", "-o", filepath.Join(bin, "ogrcarto"), ".")
	workFolder(t)

	back := make([]string, 0, len(replace))
	for i := 0; i < len(replace); i += 2 {
		back = append(back, replace[i+1], replace[i])
	}
	here, there := strings.NewReplacer(replace...), strings.NewReplacer(back...)

	commands := pageCommands(string(page))
	if len(commands) == 0 {
		t.Fatalf("%s has no commands", file)
	}
	var script strings.Builder
	for i, c := range commands { // each output ends with the mark \001, the command's number and its status
		fmt.Fprintf(&script, "%s\npage_status=$?; printf '\\001%d %%d\\001' $page_status; ((page_status == 0)) || exit 0\n", here.Replace(c.text), i)
	}
	out, err := os.CreateTemp(t.TempDir(), "out") // and not a pipe, which a server in the background would keep open
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bash, "-c", script.String())
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	killAll := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // what runs in the background, too
	cmd.Cancel = killAll
	runErr := cmd.Run()
	_ = killAll()
	printed, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	if runErr != nil {
		t.Errorf("bash: %v", runErr)
	}
	logs, _ := filepath.Glob("*.log")
	for _, name := range logs {
		log, _ := os.ReadFile(name)
		defer func() {
			if t.Failed() {
				t.Logf("%s:\n%s", name, log)
			}
		}()
	}
	for i, c := range commands {
		output, rest, ok := bytes.Cut(printed, fmt.Appendf(nil, "\x01%d ", i))
		if !ok {
			t.Fatalf("%s:%d: %s: did not end: %s", file, c.line, c.text, printed)
		}
		status, rest, _ := bytes.Cut(rest, []byte{1})
		printed = rest
		got, want := maskPage(there.Replace(string(output))), maskPage(c.output)
		if head, tail, ok := strings.Cut(want, "\n...\n"); ok && len(got) > len(head)+len(tail) {
			want = head + got[len(head):len(got)-len(tail)] + tail
		}
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s:%d: %s: (-page +here)\n%s\nhere:\n%s", file, c.line, c.text, diff, got)
		}
		if n, err := strconv.Atoi(string(status)); n != 0 || err != nil {
			t.Fatalf("%s:%d: %s: status %s", file, c.line, c.text, status)
		}
	}
}

// TestReadme runs README.md.
func TestReadme(t *testing.T) {
	file, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	runPage(t, file)
}
