//go:build !unix

package logs

import "os"

// toggleSignals would switch the log to debug, and back; this system has no signal for it.
var toggleSignals []os.Signal
