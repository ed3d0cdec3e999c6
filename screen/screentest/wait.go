package screentest

import (
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Patience limits every wait for another process.
const Patience = 3 * time.Minute

// Eventually waits until ok returns true for another process.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", Patience, what)
		}
	}
}

// BlockedIn waits until a goroutine is blocked in a function, named as in a stack trace.
func BlockedIn(t testing.TB, function string) {
	t.Helper()
	Eventually(t, "a goroutine waits in "+function, func() bool {
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

// Log returns a log for a test that was started with -v; otherwise nil.
func Log(t testing.TB) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
