// Package leaktest makes a package's tests fail if they leave a goroutine running. It is for
// tests only.
package leaktest

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long Main waits for goroutines that are still ending.
const patience = time.Minute

// Main runs the tests and exits. A package's TestMain calls it. Before it looks for goroutines,
// it calls last, which ends what the tests have shared.
func Main(m *testing.M, last ...func()) {
	code := m.Run()
	for _, end := range last {
		end()
	}
	// The fuzzing engine has goroutines of its own.
	if f := flag.Lookup("test.fuzz"); code == 0 && (f == nil || f.Value.String() == "") {
		if left := leftBehind(); left != "" {
			fmt.Fprintf(os.Stderr, "FAIL: goroutines left behind:\n\n%s\n", left)
			code = 1
		}
	}
	os.Exit(code)
}

func leftBehind() string {
	var left []string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		left = left[:0]
		buf := make([]byte, 1<<20)
		stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		for _, s := range stacks[1:] { // the first is this goroutine
			if !strings.Contains(s, "os/signal.loop") {
				left = append(left, s)
			}
		}
		if len(left) == 0 {
			return ""
		}
	}
	return strings.Join(left, "\n\n")
}
