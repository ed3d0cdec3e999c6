//go:build linux || windows

package native

import (
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"
)

// eventually waits for a condition of another process.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

// blockedIn waits until a goroutine waits in a function, named as in a stack trace.
func blockedIn(t testing.TB, function string) {
	t.Helper()
	eventually(t, "a goroutine waits in "+function, func() bool {
		buf := make([]byte, 1<<20)
		for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			state, calls, _ := strings.Cut(g, "\n")
			if strings.Contains(calls, function+"(") && !strings.Contains(state, "[run") {
				return true
			}
		}
		return false
	})
}

func testLog(t testing.TB) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
