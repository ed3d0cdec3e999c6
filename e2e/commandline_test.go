package e2e

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"lotse/rfb/rfbtest"
)

// TestAgentCommandLine checks the agent's exit codes, and that its errors say what to do.
func TestAgentCommandLine(t *testing.T) {
	s := newStack(t)
	d := customerDisplay(t, "640x480")
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	number := []string{"--number", "482 193 057", "--answer", "deny", "--panel", "terminal"}
	for name, test := range map[string]struct {
		args []string
		env  []string
		code int
		says string
	}{
		"help":    {args: []string{"--help"}, code: 0, says: "Exit codes"},
		"version": {args: []string{"--version"}, code: 0, says: "lotse-agent"},
		// TestTypedGateway covers the case without --answer and number: the agent then asks the
		// customer.
		"no gateway":           {args: []string{"--answer", "view"}, code: 2, says: "which gateway?"},
		"number, no gateway":   {args: number, code: 2, says: "which gateway?"},
		"unknown flag":         {args: []string{"--nonsense"}, code: 2, says: "nonsense"},
		"no https":             {args: []string{"--gateway", "http://support.example.com"}, code: 2, says: "https"},
		"bad number":           {args: []string{"--gateway", s.url, "--number", "12345"}, code: 2, says: "--number"},
		"bad answer":           {args: []string{"--gateway", s.url, "--answer", "yes"}, code: 2, says: "view, control or deny"},
		"settings with a typo": {args: []string{"--config", write("typo.toml", "\ngatway = \"https://x.example\"\n")}, code: 2, says: `"gateway"`},
		"no such CA file":      {args: []string{"--gateway", s.url, "--ca-file", filepath.Join(dir, "none.pem")}, code: 2, says: "--ca-file"},
		"CA file without one":  {args: []string{"--gateway", s.url, "--ca-file", write("empty.pem", "")}, code: 2, says: "no certificate"},
		"no such display":      {args: append([]string{"--gateway", s.url, "--display", ":4711"}, number...), code: 6, says: ":4711"},
		"nobody listens":       {args: append([]string{"--gateway", "https://127.0.0.1:" + strconv.Itoa(freePort(t)), "--display", d.name}, number...), code: 3, says: "127.0.0.1"},
		"unknown authority":    {args: append([]string{"--gateway", s.url, "--display", d.name}, number...), env: []string{"LOTSE_CA_FILE="}, code: 3, says: "certificate"},
		// This case needs its own number: no program tries a number again that did not match.
		"unknown number": {args: []string{"--gateway", s.url, "--display", d.name, "--number", "482 193 058", "--answer", "deny", "--panel", "terminal"},
			code: 5, says: "no longer valid"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := tryRun(append(s.env(), test.env...), ours(t, "lotse-agent"), test.args...)
			code := 0
			if exit := (&exec.ExitError{}); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != test.code || !strings.Contains(out, test.says) {
				t.Errorf("exit code %d, want %d, and %q in:\n%s", code, test.code, test.says, out)
			}
		})
	}
}

// TestViewAsksForControl checks that `lotse view --control` asks for control as soon as its
// viewer is admitted.
func TestViewAsksForControl(t *testing.T) {
	s := newStack(t)
	customer := customerDisplay(t, "640x480")
	ses := s.newSession()
	s.agent(customer, ses.number, "--answer", "control")
	ses.Line(`"state":"joined"`)
	_, port := s.view(ses.number, "--control")
	v, err := rfbtest.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), rfbtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	ses.Line(`"given","right":"control"`)
}
