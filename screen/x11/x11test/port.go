//go:build unix

package x11test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// FirstPort and Ports are a range from which the system gives no port to a connection or
// to a listener that takes any.
const (
	FirstPort = 21000
	Ports     = 400
)

// portLocks is where test programs tell each other of their ports, also when a test has
// a folder for temporary files of its own.
var portLocks = os.TempDir()

// FreePort is a free TCP port of n from first on. It is the test's alone until the test
// ends: test programs that run at the same time lock a file for each of their ports.
func FreePort(t testing.TB, first, n int) int {
	t.Helper()
	for _, i := range rand.Perm(n) {
		port := first + i
		mine, err := os.OpenFile(filepath.Join(portLocks, fmt.Sprintf("lotse-test-port-%d", port)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			continue // another user's
		}
		if syscall.Flock(int(mine.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
				l.Close()
				t.Cleanup(func() { mine.Close() })
				return port
			}
		}
		mine.Close()
	}
	t.Fatalf("no port of %d from %d on is free", n, first)
	return 0
}
