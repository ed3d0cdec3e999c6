//go:build unix

package watchdog

import (
	"os"
	"syscall"
)

// signals are those that the first process gets and its watchdog outlives.
var signals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// processAttributes keeps the terminal's signals from the watchdog.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
