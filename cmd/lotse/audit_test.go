package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAuditVerify: the trail of a gateway that ran is whole, a line that is changed is
// named with file and line, and a hash noted before is looked for.
func TestAuditVerify(t *testing.T) {
	gw, _, _, data := devGateway(t)
	_ = gw.cmd.Process.Signal(syscall.SIGTERM)
	if code := gw.exit(); code != exitOK {
		t.Fatalf("gateway: exit code %d", code)
	}
	check := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := run(t, nil, append([]string{"audit"}, args...)...)
		if code != want {
			t.Errorf("%v: exit code %d, want %d: %s%s", args, code, want, out, errs)
		}
		return out + errs
	}
	said := check(exitOK, "verify", "--data", data)
	if !strings.HasPrefix(said, "audit trail whole: 3 lines in 1 files\n") {
		t.Errorf("%q", said)
	}
	_, hash, _ := strings.Cut(strings.TrimSpace(said), "hash of the last line: ")
	check(exitOK, "verify", "--data", data, "--expect", hash)
	check(exitFailure, "verify", "--data", data, "--expect", strings.Repeat("ab", 32))
	check(exitUsage, "verify", "--data", data, "--expect", "x")
	check(exitUsage, "read")
	check(exitUsage)
	if said := check(exitOK, "--help"); !strings.Contains(said, "What it cannot know") {
		t.Errorf("%q", said)
	}
	path := filepath.Join(data, "audit.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte("gateway_started"), []byte("gateway_stopped"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := check(exitFailure, "verify", "--data", data); !strings.Contains(said, "audit.jsonl:2: ") {
		t.Errorf("%q", said)
	}
	check(exitFailure, "verify", "--data", t.TempDir())
}
