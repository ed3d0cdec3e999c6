package watchdog

import (
	"os"
	"syscall"
)

// signals are sent to the first process, but the watchdog ignores them.
var signals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// Windows API, process creation flags.
const (
	detachedProcess       = 0x00000008
	createNewProcessGroup = 0x00000200
)

// processAttributes keeps the console's events away from the watchdog, and gives it no console.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: createNewProcessGroup | detachedProcess}
}
