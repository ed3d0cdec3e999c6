//go:build unix

package watchdog

import (
	"os"
	"syscall"
)

// signals are sent to the first process, but the watchdog ignores them.
var signals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// processAttributes keeps the terminal's signals away from the watchdog.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
