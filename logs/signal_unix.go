//go:build unix

package logs

import (
	"os"
	"syscall"
)

// toggleSignals are the signals that switch the log to debug and back.
var toggleSignals = []os.Signal{syscall.SIGUSR1}
