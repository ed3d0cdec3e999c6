package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"lotse/tunnel"
)

// TestNumberIsHidden: other users cannot read the number from the command line of a running
// program; if the program reads the number from its input, not even while it is starting.
func TestNumberIsHidden(t *testing.T) {
	t.Parallel()
	_, a, login := joinedSession(t)
	for _, given := range []string{a.number.Digits(), a.number.Grouped(), "-"} {
		v := begin(t, nil, append([]string{"view", given, "--listen", "127.0.0.1:0"}, login...)...)
		if given == "-" {
			_ = v.Program.Write(a.number.Grouped())
		}
		v.connect()
		a.seal(a.recv(tunnel.TypeCall)) // the program has read the number
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", v.PID()))
		if err != nil || !strings.Contains(string(line), "view") || strings.Contains(string(line), given) && given != "-" {
			t.Errorf("%q, %v", line, err)
		}
	}
	if code, _, errs := run(t, nil, append([]string{"view", "-"}, login...)...); code != exitUsage || !strings.Contains(errs, "standard input") {
		t.Errorf("no number: code %d, %s", code, errs)
	}
}
