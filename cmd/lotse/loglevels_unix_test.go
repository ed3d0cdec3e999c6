//go:build unix

package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLogLevels: the levels of areas are set by the file and the command line, and a signal
// switches a running gateway to debug and back.
func TestLogLevels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ level, want string }{
		"area":  {"info,tunel=debug", `"tunel" is not an area; there are gateway`},
		"level": {"loud", `"loud" is not a level`},
	} {
		code, _, errs := run(t, nil, "gateway", "--dev", "--data", t.TempDir(), "--log-level", c.level)
		if code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: %d %s", name, code, errs)
		}
	}
	settings := filepath.Join(t.TempDir(), "gateway.toml")
	err := os.WriteFile(settings, []byte("[log]\nlevel = \"error,gateway=warn\"\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p := begin(t, nil, "gateway", "--dev", "--listen", "127.0.0.1:0", "--data", t.TempDir(),
		"--metrics", "", "--config", settings)
	address := strings.TrimPrefix(p.line("listening on https://"), "listening on https://")
	// stranger makes only the area http write a line at debug.
	stranger := func() {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "not TLS\n")
		_, _ = io.Copy(io.Discard, conn)
	}
	lines := func(what string) int { return strings.Count(p.errs.String(), what) }
	stranger()
	if n := lines("area=http"); n != 0 {
		t.Errorf("%d lines at debug", n)
	}
	for round := range 2 {
		_ = p.Signal(syscall.SIGUSR1)
		waitFor(t, "debug", func() bool { return lines("levels=debug") == round+1 })
		before := lines("area=http")
		stranger()
		waitFor(t, "a line of the area http", func() bool { return lines("area=http") > before })
		_ = p.Signal(syscall.SIGUSR1)
		waitFor(t, "the levels of the file", func() bool {
			return lines(`levels="error,gateway=warn"`) == round+1
		})
	}
	if errs := p.errs.String(); strings.Contains(errs, "gateway started") {
		t.Errorf("a level of an area is not heeded:\n%s", errs)
	}
}
