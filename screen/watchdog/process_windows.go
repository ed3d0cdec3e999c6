package watchdog

import (
	"os"
	"syscall"
)

// signals are those that the first process gets and its watchdog outlives.
var signals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// Windows API, process creation flags.
const (
	detachedProcess       = 0x00000008
	createNewProcessGroup = 0x00000200
)

// processAttributes keeps the console's events from the watchdog, and a console too.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: createNewProcessGroup | detachedProcess}
}
